"""Route: how an answer was made, told whole. Vocabulary of the contract; pure data.

Amounts are whole pico-dollars inside and decimal strings on the wire. Never carries a prompt, a key or a raw answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from router.budget import format_usd
from router.pattern import Pattern

LOCAL: Final = "local"
"""The tier and the provider of the embedded drummer."""

EMBEDDED: Final = "embedded"
"""The embedded drummer's name as a model."""


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """One call to one provider, or one refusal to make it.

    Attributes:
        outcome: "ok", "repaired" (ok at the second try), or what went wrong in one word ("busy", "timeout", "unusable",
            "cut", "garbled", "refused", "model_gone", "filtered", "provider_off", "budget", "cancelled").
        ms: Milliseconds from the call to its end.
        estimated: The tokens were counted by us because the provider did not say.
        note: One plain sentence, free of secrets.
        row: The ledger's number for it, 0 where no money was held.
        request: The request that the ledger booked it under; wishes that shared a call share its row.
    """

    provider: str
    model: str
    tier: str
    outcome: str
    ms: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_picousd: int = 0
    task: str = "pattern"
    note: str = ""
    estimated: bool = False
    row: int = 0
    request: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the wire form; `note`, `estimated`, `row` and `request` only when they say something."""
        out: dict[str, Any] = {
            "provider": self.provider,
            "model": self.model,
            "tier": self.tier,
            "task": self.task,
            "outcome": self.outcome,
            "ms": self.ms,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": format_usd(self.cost_picousd),
        }
        if self.note:
            out["note"] = self.note
        if self.estimated:
            out["estimated"] = True
        if self.row:
            out |= {"row": self.row, "request": self.request}
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """How an answer was made.

    Attributes:
        tier, provider, model: Who made the music that is heard.
        cache: "hit", "miss", "coalesced" (shared another caller's answer) or "off".
        degraded: The wanted tier did not answer; this is what could be had.
        notes: Plain sentences: a cap, a retired model, a mend.
        saved: Strategy (cache, single_flight, cascade, batching, token_budget, fallback, time_of_day) to pico-dollars
            that it saved.
    """

    tier: str
    provider: str
    model: str
    workflow: str = "single"
    cache: str = "off"
    degraded: bool = False
    attempts: tuple[Attempt, ...] = ()
    latency_ms: int = 0
    notes: tuple[str, ...] = ()
    saved: Mapping[str, int] = field(default_factory=dict)

    @property
    def cost_picousd(self) -> int:
        """What all attempts cost together."""
        return sum(attempt.cost_picousd for attempt in self.attempts)

    @property
    def input_tokens(self) -> int:
        """Prompt tokens of all attempts."""
        return sum(attempt.input_tokens for attempt in self.attempts)

    @property
    def output_tokens(self) -> int:
        """Answer tokens of all attempts."""
        return sum(attempt.output_tokens for attempt in self.attempts)

    def shared(self, cache: str, latency_ms: int) -> Route:
        """Return the route as a second caller sees it: the same answer, nothing paid."""
        return replace(
            self, cache=cache, attempts=(), latency_ms=latency_ms, saved={"single_flight": self.cost_picousd}
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the wire form of the contract."""
        return {
            "tier": self.tier,
            "provider": self.provider,
            "model": self.model,
            "workflow": self.workflow,
            "cache": self.cache,
            "degraded": self.degraded,
            "attempts": [attempt.as_dict() for attempt in self.attempts],
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": format_usd(self.cost_picousd),
            "latency_ms": self.latency_ms,
            "notes": list(self.notes),
            "saved_usd": {strategy: format_usd(amount) for strategy, amount in self.saved.items()},
        }


class Answer(NamedTuple):
    """A complete pattern and its receipt."""

    pattern: Pattern
    route: Route


class Reply(NamedTuple):
    """The answer to a task that is not a pattern: plain JSON and its receipt."""

    data: dict[str, Any]
    route: Route
