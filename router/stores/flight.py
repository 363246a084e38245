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
    """One call under way and those who wait for it; `outcome` once it has come back."""

    task: asyncio.Task[Any]
    waiters: dict[asyncio.Future[Any], None] = field(default_factory=dict)
    end_alone: bool = True
    landed: bool = False
    outcome: Any = None


class Flight:
    """Calls under way, by key. One event loop only."""

    def __init__(self, *, end_when_alone: bool = True, stays: Callable[[Any], bool] = lambda _outcome: False) -> None:
        """Say what becomes of a call.

        Args:
            end_when_alone: When its last waiter has gone it ends; else it finishes (and may be cached).
            stays: Whether what it brought, an answer or an error, is a failure that the rest of a crowd should share.
        """
        self._end_when_alone, self._stays = end_when_alone, stays
        self._trips: dict[str, _Trip] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return sum(not trip.landed for trip in self._trips.values())

    def __repr__(self) -> str:
        return f"<Flight {len(self)} under way>"

    async def share(
        self, key: str, make: Callable[[], Awaitable[T]], *, end_when_alone: bool | None = None
    ) -> tuple[T, bool]:
        """Return what `make` gives, and whether it is this caller's: whose of those who still wait came first.

        A failure reaches everyone who waits for it; after a single one's the next caller starts anew, a crowd's stays
        for `STAYS_S`. What it cost, it tells one of them.

        Args:
            key: Equal keys share one call.
            make: Starts the call; it runs in a task of its own.
            end_when_alone: Overrides the flight's own rule for this call (the starter's word counts).
        """
        trip = self._trips.get(key)
        if trip is None:
            trip = self._start(key, make, self._end_when_alone if end_when_alone is None else end_when_alone)
        if trip.landed:
            outcome, led = trip.outcome, False
        else:
            arrival: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            trip.waiters[arrival] = None
            try:
                outcome, led = await arrival
            finally:
                self._leave(key, trip, arrival)
        if isinstance(outcome, _Failed):
            error = outcome.error if led or not isinstance(outcome.error, NoAnswer) else outcome.error.shared()
            # Shared by all who wait: a fresh traceback for each, or it would grow by every one of them.
            raise error.with_traceback(None)
        return cast("T", outcome), led

    async def aclose(self) -> None:
        """End every call that is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def forget(self) -> None:
        """Let nobody board what is under way any more; who waits for it goes on waiting."""
        self._trips.clear()

    def _start(self, key: str, make: Callable[[], Awaitable[T]], end_alone: bool) -> _Trip:
        async def run() -> T:
            return await make()

        trip = _Trip(asyncio.create_task(run(), name=f"flight {key}"), end_alone=end_alone)
        self._trips[key] = trip
        self._tasks.add(trip.task)
        trip.task.add_done_callback(self._tasks.discard)
        trip.task.add_done_callback(lambda task: self._land(key, trip, task))
        return trip

    def _drop(self, key: str, trip: _Trip) -> None:
        if self._trips.get(key) is trip:
            del self._trips[key]

    def _leave(self, key: str, trip: _Trip, arrival: asyncio.Future[Any]) -> None:
        trip.waiters.pop(arrival, None)
        if not trip.waiters and trip.end_alone and not trip.task.done():
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
        for number, arrival in enumerate(waiting):
            arrival.set_result((outcome, number == 0))


@dataclass(slots=True, eq=False)
class _Failed:
    """What a call ended with instead of an answer."""

    error: BaseException
