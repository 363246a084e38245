"""Errand: what one caller wants, and the way it went if the call that equal wishes share was made for this one.

Pure. Decides what a shared call that did not bring what was wanted means for others: who may ask again by itself, and
whether whoever comes next need not ask at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from router.attempt import Trip
from router.errors import NoAnswer
from router.policy import Plan
from router.request import GrooveRequest
from router.route import LOCAL, Answer, Attempt, Reply

LEAST_LEFT_S: Final = 1.0
"""With less time than this left nobody is asked again."""

_OWN: Final = frozenset(
    {"busy", "failed", "refused", "model_gone", "provider_off", "filtered", "garbled", "cut", "unusable"}
)
"""Outcomes that are the provider's own doing; time, money and cancelling are the caller's."""


@dataclass(slots=True, eq=False)
class Errand:
    """One caller's wish and its terms. Times are the event loop's seconds, amounts pico-dollars.

    Attributes:
        trip: Its way, once the call has begun.
        arrived: Says that others need not wait for it any more.
        late: Its call ended without an answer when its time was up, or nearly.
        over: The call has ended, and its way is complete.
        past: Attempts of calls that others made, that it has to tell of and that brought it less than it may have.
    """

    request: GrooveRequest
    plan: Plan
    key: str
    source: str
    limit: int | None
    began: float
    seconds: float
    arrived: Callable[[], None]
    trip: Trip | None = None
    late: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    past: list[Attempt] = field(default_factory=list)

    @property
    def ends(self) -> float:
        """When its time is up."""
        return self.began + self.seconds

    def may_more_than(self, host: Errand | None, now: float) -> bool:
        """Say whether this wish can still get what the call made for `host` had not the time or the money for."""
        if host is None or host is self or self.ends - now < LEAST_LEFT_S:
            return False
        richer = host.limit is not None and (self.limit is None or self.limit > host.limit)
        refused = host.trip is not None and bool(host.trip.money_refused)
        return (host.late and self.seconds > host.seconds) or (refused and richer)

    def inherit(self, host: Errand) -> None:
        """Take over what another's call cost: it stands in this wish's own way, and comes off its ceiling."""
        attempts = host.trip.attempts if host.trip is not None else []
        self.past += attempts
        if self.limit is not None:
            self.limit = max(0, self.limit - sum(one.cost_picousd for one in attempts))


def came_to_nothing(made: object) -> bool:
    """Say whether all who were asked failed by themselves: the same call a moment later would find them no better."""
    outcomes: set[object] = set()
    if isinstance(made, NoAnswer):
        rows: Any = made.route.get("attempts", ())
        outcomes = {row["outcome"] for row in rows}
    elif isinstance(made, Answer | Reply) and made.route.tier == LOCAL:
        outcomes = {one.outcome for one in made.route.attempts}
    return bool(outcomes) and outcomes <= _OWN
