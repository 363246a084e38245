"""Receipts of workflows: what may be paid at all, what is left to pay, and what a failed part has cost.

Pure. Nothing that was paid is ever left off a receipt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from router.budget import ceiling, format_usd, parse_usd
from router.config import RouterConfig
from router.errors import NoAnswer
from router.request import GrooveRequest
from router.route import EMBEDDED, LOCAL, Attempt, Route


def may_pay(config: RouterConfig, request: GrooveRequest) -> bool:
    """Say whether anybody but the embedded drummer may be asked at all."""
    return bool(config.providers) and LOCAL not in {request.tier, request.provider}


def music_tier(config: RouterConfig, request: GrooveRequest) -> str:
    """Return the tier that writes notes in a workflow."""
    return request.tier if request.tier != "auto" else config.default_tier


def left(config: RouterConfig, own: str | None, routes: Iterable[Route], share: int = 1) -> str | None:
    """Return what a part of a workflow may cost: an equal share of what is left, as dollars; None for no ceiling.

    Args:
        config: Its ceiling for one request holds for the whole workflow.
        own: The request's own ceiling, or None.
        routes: What was paid so far.
        share: How many parts there are to come.
    """
    limit = ceiling(own, config.max_cost_picousd)
    if limit is None:
        return None
    return format_usd(max(0, limit - sum(route.cost_picousd for route in routes)) // share)


def failed(error: Exception) -> Route:
    """Return the receipt of an answer that failed: degraded, with what its attempts cost."""
    story: Mapping[str, Any] = error.route if isinstance(error, NoAnswer) else {}
    rows = story.get("attempts") or ()
    attempts, notes = tuple(_attempt(row) for row in rows), tuple(str(note) for note in story.get("notes") or ())
    return Route(LOCAL, LOCAL, EMBEDDED, degraded=True, attempts=attempts, notes=notes)


def held_back(routes: Iterable[Route]) -> bool:
    """Say whether the valve of paid calls refused one of these answers."""
    return any("enough paid calls" in note for route in routes for note in route.notes)


def whole(route: Route, workflow: str, parts: Sequence[Route], notes: Iterable[str], latency_ms: int) -> Route:
    """Return the receipt of a workflow: who made the music is `route`'s; attempts, notes and savings are the parts'."""
    saved: Counter[str] = Counter()
    for part in parts:
        saved.update(part.saved)
    attempts = tuple(attempt for part in parts for attempt in part.attempts)
    words = [*notes, *(note for part in parts for note in part.notes)]
    return Route(
        route.tier,
        route.provider,
        route.model,
        workflow,
        route.cache if not attempts else "miss",
        route.degraded or any(part.degraded for part in parts),
        attempts,
        latency_ms,
        tuple(dict.fromkeys(words)),
        dict(saved),
    )


def _attempt(row: Mapping[str, Any]) -> Attempt:
    return Attempt(
        row["provider"],
        row["model"],
        row["tier"],
        row["outcome"],
        row["ms"],
        row["input_tokens"],
        row["output_tokens"],
        parse_usd(row["cost_usd"]),
        row["task"],
        row.get("note", ""),
        estimated=bool(row.get("estimated")),
        row=int(row.get("row", 0)),
        request=str(row.get("request", "")),
    )
