"""Company: wishes of one short moment go out together as one call and come back apart.

Never delays a wish that somebody watches bar by bar, never holds one up for another's failure: a part that is missing
or bad is asked for by itself with the time that is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from router import prompt
from router.attempt import Trip
from router.batching import TOKENS_PER_BAR, Several
from router.budget import Price
from router.catalog import load
from router.route import Attempt
from router.work import Music, Written

WINDOW_S: Final = 0.0
"""How long a wish waits for company: one turn of the loop. Wishes of one batch arrive in the same turn; a lone one, the
usual case, must not pay milliseconds for company that does not come."""

PATIENCE_S: Final = 0.02
"""How long it waits for those who are known to be coming: a batch's wishes look into the cache one after the other."""

LINGER_S: Final = 0.001
"""How long it stays after the last of them has come: wishes that were sent one by one follow a moment behind."""

LEAST_LEFT_S: Final = 1.0
"""With less time than this a wish goes alone: an answer for several is longer."""

MOST: Final = 4
"""Wishes in one call; the last of them is heard only after the others."""

POOR_S: Final = 600.0
"""After a call that came back incomplete, its kind goes out one by one for so long: some models cannot count."""

_SYSTEM_TOKENS: Final = len(prompt.NOTES) // 4

Kind = tuple[str, str, str | None, str]
"""Task, tier, provider and source: wishes of equal kind may share a call."""

Climb = Callable[[Trip, Several], Awaitable[list[Written | None] | None]]
"""Asks the candidates of one tier for all parts, without repairs."""


@dataclass(slots=True, eq=False)
class _Seat:
    """One wish that travels with others."""

    trip: Trip
    music: Music
    place: asyncio.Future[Written | None]


@dataclass(slots=True, eq=False)
class _Coach:
    """A call for several wishes that waits for more of them."""

    climb: Climb
    seats: list[_Seat] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None

    @property
    def bars(self) -> int:
        return sum(seat.music.request.bars for seat in self.seats)


class Company:
    """Gathers wishes by their kind. Belongs to one event loop."""

    def __init__(self, price_of: Callable[[str], Price | None], *, on: bool = True) -> None:
        """Take what tells a model's price, for what sharing its system text saves; switched off, all go alone."""
        self._price_of, self._on = price_of, on
        self._waiting: dict[Kind, _Coach] = {}
        self._poor_until: dict[Kind, float] = {}
        self._count = self._coming = 0

    def __repr__(self) -> str:
        return f"<Company {sum(len(coach.seats) for coach in self._waiting.values())} waiting>"

    @contextmanager
    def coming(self) -> Iterator[Callable[[], None]]:
        """Announce a wish that may come here; yields what says that it has come, or goes another way."""
        self._coming += 1
        here = False

        def arrived() -> None:
            nonlocal here
            self._coming -= not here
            here = True
            if self._waiting and not self._coming:
                asyncio.get_running_loop().call_later(LINGER_S, self._leave_all)

        try:
            yield arrived
        finally:
            arrived()

    async def write(self, trip: Trip, music: Music, kind: Kind, climb: Climb) -> Written | None:
        """Return a pattern that came in company, or None: alone in its moment, or its part was bad.

        What the call cost stands in the trip's attempts as this part's share.

        Args:
            trip: The request's way.
            music: What is wanted.
            kind: Whom it may travel with.
            climb: Asks for several at once; that of the first one is used.
        """
        trip.arrived()
        loop = asyncio.get_running_loop()
        now, room = loop.time(), load().tiers[kind[1]].max_tokens // TOKENS_PER_BAR
        if not self._on or music.on_draft is not None or kind[1] == "fast" or 2 * music.request.bars > room:
            return None  # watched bar by bar, answered in presets, or too long for two
        if now < self._poor_until.get(kind, 0.0) or trip.deadline - now < LEAST_LEFT_S:
            return None
        coach = self._waiting.get(kind)
        if coach is not None and coach.bars + music.request.bars > room:
            self._leave(kind, coach)
            coach = None
        if coach is None:
            coach = self._waiting[kind] = _Coach(climb)
            coach.timer = loop.call_later(PATIENCE_S if self._coming else WINDOW_S, self._leave, kind, coach)
        place: asyncio.Future[Written | None] = loop.create_future()
        coach.seats.append(_Seat(trip, music, place))
        if len(coach.seats) == MOST:
            self._leave(kind, coach)
        try:
            return await place
        finally:
            if coach.task is not None and all(seat.place.cancelled() for seat in coach.seats):
                coach.task.cancel()  # nobody waits for any part any more

    def _leave_all(self) -> None:
        """Leave, unless somebody was announced meanwhile: then that one's arrival, or the timer, decides."""
        if self._coming:
            return
        for kind, coach in tuple(self._waiting.items()):
            self._leave(kind, coach)

    def _leave(self, kind: Kind, coach: _Coach) -> None:
        if coach.timer is not None:
            coach.timer.cancel()
        if self._waiting.get(kind) is coach:
            del self._waiting[kind]
        coach.seats = [seat for seat in coach.seats if not seat.place.done()]
        if len(coach.seats) > 1:
            coach.task = asyncio.create_task(self._travel(kind, coach), name="company")
        else:
            for seat in coach.seats:
                seat.place.set_result(None)

    async def _travel(self, kind: Kind, coach: _Coach) -> None:
        common = self._common([seat.trip for seat in coach.seats])
        found: list[Written | None] = [None] * len(coach.seats)
        try:
            work = Several([seat.music.request for seat in coach.seats], coach.seats[0].music.task)
            found = await coach.climb(common, work) or found
        finally:
            if not all(found) and any(one.outcome in {"ok", "unusable"} for one in common.attempts):
                self._poor_until[kind] = asyncio.get_running_loop().time() + POOR_S
            self._share_out(common, [seat.trip for seat in coach.seats], found)
            for seat, written in zip(coach.seats, found, strict=True):
                if not seat.place.done():
                    seat.place.set_result(written)

    def _common(self, trips: Sequence[Trip]) -> Trip:
        """Return the way of the call: the soonest deadline, and a ceiling at which no share breaks its own trip's."""
        self._count += 1
        limits = [trip.limit_picousd for trip in trips if trip.limit_picousd is not None]
        limit = min(limits) * len(trips) if limits else None
        name = f"{trips[0].request_id}+{self._count}"
        return Trip(name, min(t.started for t in trips), min(t.deadline for t in trips), limit, trips[0].slack)

    def _share_out(self, common: Trip, trips: Sequence[Trip], found: Sequence[Written | None]) -> None:
        good = [written is not None for written in found]
        for attempt in common.attempts:
            for trip, share in zip(trips, shares(attempt, good), strict=True):
                trip.attempts.append(share)
                if trip.limit_picousd is not None:
                    trip.limit_picousd = max(0, trip.limit_picousd - share.cost_picousd)
        for trip, written in zip(trips, found, strict=True):
            trip.note(*common.notes)
            price = self._price_of(written.model) if written is not None else None
            if price is not None:
                trip.saved["batching"] = _SYSTEM_TOKENS * price.input_picousd * (len(trips) - 1) // len(trips)


def shares(attempt: Attempt, good: Sequence[bool]) -> list[Attempt]:
    """Return each part's share of a call: tokens and cost divided exactly, the first ones bear what is left over."""
    count = len(good)

    def share(amount: int, index: int) -> int:
        whole, rest = divmod(amount, count)
        return whole + (index < rest)

    return [
        replace(
            attempt,
            outcome=attempt.outcome if fine or attempt.outcome != "ok" else "unusable",
            input_tokens=share(attempt.input_tokens, index),
            output_tokens=share(attempt.output_tokens, index),
            cost_picousd=share(attempt.cost_picousd, index),
            note=attempt.note or f"one of {count} patterns in one call",
        )
        for index, fine in enumerate(good)
    ]
