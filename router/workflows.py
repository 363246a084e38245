"""Workflows: plans as generators. Each yields what it wants done, all of a tuple at once, and is sent the results.

No event loop, no clock, no provider: the dispatcher runs them. A plan that returns None leaves the music to the
embedded drummer.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

from router.policy import Plan
from router.request import GrooveRequest
from router.work import Written


class Choose(NamedTuple):
    """Ask the fast tier whether a preset fits; the result is the pattern as `Written`, or None when it does not."""

    request: GrooveRequest


class Write(NamedTuple):
    """Ask a tier (and from there up, or aside) for a pattern; the result is `Written`, or None when nobody could."""

    request: GrooveRequest
    tier: str
    kind: str = "pattern_generation"


Want = Choose | Write
Job = Generator[tuple[Want, ...], tuple[Written | None, ...], Written | None]


def single(request: GrooveRequest, plan: Plan) -> Job:
    """One pattern: classified first where the rules were unsure, then written by the wanted tier."""
    if plan.classify:
        (chosen,) = yield (Choose(request),)
        if chosen is not None:
            return chosen
    (written,) = yield (Write(request, plan.tier, plan.kind),)
    return written
