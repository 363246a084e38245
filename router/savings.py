"""Savings: what each way of paying less has saved on an answer, against what would have been asked without it.

Pure. Estimates on expected costs where nothing was paid, exact where something was; never counts one dollar twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from router import policy
from router.policy import Desk, Plan
from router.request import GrooveRequest
from router.route import Route
from router.tasks import TASKS

_WROTE = frozenset({"ok", "repaired"})


def by_rules(desk: Desk, request: GrooveRequest, plan: Plan) -> Mapping[str, int]:
    """Return what it saves that rules sent a wish to the embedded drummer: the default tier's expected cost."""
    if request.tier != "auto" or not desk.config.providers:
        return {}
    return _positive("cascade", _expected(desk, desk.config.default_tier, plan.kind))


def of_answer(desk: Desk, request: GrooveRequest, plan: Plan, route: Route) -> Mapping[str, int]:
    """Return what a paid answer saved: what its route says, a small model asked first, a cheaper stand-in, the hour."""
    return {**route.saved, **_of_choice(desk, request, plan, route)}


def _of_choice(desk: Desk, request: GrooveRequest, plan: Plan, route: Route) -> Mapping[str, int]:
    usual = _expected(desk, plan.tier, plan.kind, request.provider)
    if plan.classify and route.tier == "fast":
        return _positive("cascade", usual - route.cost_picousd)
    wrote = [attempt for attempt in route.attempts if attempt.outcome in _WROTE]
    found, _ = policy.candidates(desk, plan.tier, TASKS[plan.kind], provider=request.provider)
    if wrote and found and wrote[-1].provider != found[0].provider:
        return _positive("fallback", usual - route.cost_picousd)
    if desk.window is not None:
        by_day = _expected(replace(desk, window=None), plan.tier, plan.kind, request.provider)
        return _positive("time_of_day", by_day - usual)
    return {}


def _expected(desk: Desk, tier: str, kind: str, provider: str | None = None) -> int:
    found, _ = policy.candidates(desk, tier, TASKS[kind], provider=provider)
    # The order weighs prices by success and by the hour; a saving is told in plain money.
    return round(found[0].usual_picousd) if found else 0


def _positive(strategy: str, amount: int) -> Mapping[str, int]:
    return {strategy: amount} if amount > 0 else {}
