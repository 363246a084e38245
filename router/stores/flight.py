"""Flight: equal requests that are on their way at the same time share one upstream call.

The call belongs to nobody: it outlives the one who asked first, and ends early only when everyone who waits has gone.
Keeps no answer once the call has come back: what shall last goes into the cache. Only a crowd's failure stays for a
moment, for the rest of the crowd.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from router.errors import NoAnswer

T = TypeVar("T")

STAYS_S: Final = 5.0
"""How long the failure of a call that several waited for is the answer to who asks the same: as long as a model that
fails is left alone at first. A crowd does not come in one moment, and a call for each part of it serves nobody."""


@dataclass(slots=True, eq=False)
class _Trip:
    """One call under way and those who wait for it; `outcome` once it has come back, `told` once one tells its cost."""

    task: asyncio.Task[Any]
    host: Any
    waiters: dict[asyncio.Future[None], None] = field(default_factory=dict)
    landed: bool = False
    outcome: Any = None
    told: bool = False

    def claim(self) -> bool:
        """Say whether the caller is the first who asks: that one tells what the call cost."""
        told, self.told = self.told, True
        return not told


@dataclass(slots=True, eq=False)
class Seat:
    """A caller's place in a call.

    Attributes:
        host: The caller, in its own terms; once it shares a call, the one that the call was made for.
        tells: It has to tell what the call cost. Holds for one, whoever leaves in whatever moment.
    """

    host: Any = None
    tells: bool = False
    trip: _Trip | None = None


class Flight:
    """Calls under way, by key. One event loop only."""

    def __init__(self, *, stays: Callable[[Any], bool] = lambda _outcome: False) -> None:
        """Say what lasts.

        Args:
            stays: Whether what a call brought, answer or error, is a failure that the rest of a crowd should share.
        """
        self._stays = stays
        self._trips: dict[str, _Trip] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return sum(not trip.landed for trip in self._trips.values())

    def __repr__(self) -> str:
        return f"<Flight {len(self)} under way>"

    async def share(self, key: str, make: Callable[[], Awaitable[T]], *, seat: Seat | None = None) -> tuple[T, bool]:
        """Return what `make` gives, and whether it is this caller's: whose of those who still wait came first.

        A failure reaches everyone who waits for it; after a single one's the next caller starts anew, a crowd's stays
        for `STAYS_S`. What it cost, it tells one of them.

        Args:
            key: Equal keys share one call.
            make: Starts the call; it runs in a task of its own.
            seat: Says afterwards whose call it was, and who tells its cost, to one whose time was up as well.
        """
        seat = seat or Seat()
        trip = self._trips.get(key)
        if trip is None:
            trip = self._start(key, make, seat.host)
        seat.host, seat.trip = trip.host, trip
        if not trip.landed:
            arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            trip.waiters[arrival] = None
            try:
                await arrival
            except BaseException:
                self._leave(key, trip, arrival)
                seat.tells = not trip.waiters and trip.claim()
                raise
            del trip.waiters[arrival]
        seat.tells, outcome = trip.claim(), trip.outcome
        if isinstance(outcome, _Failed):
            error = outcome.error if seat.tells or not isinstance(outcome.error, NoAnswer) else outcome.error.shared()
            # Shared by all who wait: a fresh traceback for each, or it would grow by every one of them.
            raise error.with_traceback(None)
        return cast("T", outcome), seat.tells

    async def aclose(self) -> None:
        """End every call that is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def leave_behind(self, key: str, seat: Seat | None) -> None:
        """Let nobody board the call of a seat any more: it has come back with less than some may have.

        None leaves any call behind: the next one is the caller's own.
        """
        trip = seat.trip if seat is not None else self._trips.get(key)
        if trip is not None:
            self._drop(key, trip)

    def forget(self) -> None:
        """Let nobody board what is under way any more; who waits for it goes on waiting."""
        self._trips.clear()

    def _start(self, key: str, make: Callable[[], Awaitable[T]], host: Any) -> _Trip:
        async def run() -> T:
            return await make()

        trip = _Trip(asyncio.create_task(run(), name=f"flight {key}"), host)
        self._trips[key] = trip
        self._tasks.add(trip.task)
        trip.task.add_done_callback(self._tasks.discard)
        trip.task.add_done_callback(lambda task: self._land(key, trip, task))
        return trip

    def _drop(self, key: str, trip: _Trip) -> None:
        if self._trips.get(key) is trip:
            del self._trips[key]

    def _leave(self, key: str, trip: _Trip, arrival: asyncio.Future[None]) -> None:
        del trip.waiters[arrival]
        if not trip.waiters and not trip.task.done():
            self._drop(key, trip)  # who comes now starts anew instead of boarding a call that is ending
            trip.task.cancel()

    def _land(self, key: str, trip: _Trip, task: asyncio.Task[Any]) -> None:
        failure = asyncio.CancelledError("the shared call was ended") if task.cancelled() else task.exception()
        outcome = _Failed(failure) if failure is not None else task.result()
        trip.landed, trip.outcome = True, outcome
        waiting = [arrival for arrival in trip.waiters if not arrival.done()]
        if len(waiting) > 1 and self._stays(outcome.error if isinstance(outcome, _Failed) else outcome):
            asyncio.get_running_loop().call_later(STAYS_S, self._drop, key, trip)
        else:
            self._drop(key, trip)
        for arrival in waiting:
            arrival.set_result(None)


@dataclass(slots=True, eq=False)
class _Failed:
    """What a call ended with instead of an answer."""

    error: BaseException
