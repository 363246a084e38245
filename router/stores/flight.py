"""Flight: equal requests that are on their way at the same time share one upstream call.

The call belongs to nobody: it outlives the one who asked first, and ends early only when everyone who waits has gone.
Keeps nothing once the call has come back; what shall last goes into the cache.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from router.errors import NoAnswer

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Trip:
    """One call under way and those who wait for it."""

    task: asyncio.Task[Any]
    waiters: dict[asyncio.Future[Any], None] = field(default_factory=dict)
    end_alone: bool = True


class Flight:
    """Calls under way, by key. One event loop only."""

    def __init__(self, *, end_when_alone: bool = True) -> None:
        """Say what happens to a call whose last waiter has gone: it ends, or it finishes (and may be cached)."""
        self._end_when_alone = end_when_alone
        self._trips: dict[str, _Trip] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._trips)

    def __repr__(self) -> str:
        return f"<Flight {len(self)} under way>"

    async def share(
        self, key: str, make: Callable[[], Awaitable[T]], *, end_when_alone: bool | None = None
    ) -> tuple[T, bool]:
        """Return what `make` gives, and whether it is this caller's: whose of those who still wait came first.

        A failure reaches everyone who waits for it and nobody after: the next caller starts anew. What it cost, it
        tells one of them.

        Args:
            key: Equal keys share one call.
            make: Starts the call; it runs in a task of its own.
            end_when_alone: Overrides the flight's own rule for this call (the starter's word counts).
        """
        trip = self._trips.get(key)
        if trip is None:
            trip = self._start(key, make, self._end_when_alone if end_when_alone is None else end_when_alone)
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

    def _leave(self, key: str, trip: _Trip, arrival: asyncio.Future[Any]) -> None:
        trip.waiters.pop(arrival, None)
        if not trip.waiters and trip.end_alone and not trip.task.done():
            if self._trips.get(key) is trip:
                del self._trips[key]  # who comes now starts anew instead of boarding a call that is ending
            trip.task.cancel()

    def _land(self, key: str, trip: _Trip, task: asyncio.Task[Any]) -> None:
        if self._trips.get(key) is trip:
            del self._trips[key]
        failure = asyncio.CancelledError("the shared call was ended") if task.cancelled() else task.exception()
        outcome = _Failed(failure) if failure is not None else task.result()
        waiting = [arrival for arrival in trip.waiters if not arrival.done()]
        for number, arrival in enumerate(waiting):
            arrival.set_result((outcome, number == 0))


@dataclass(slots=True, eq=False)
class _Failed:
    """What a call ended with instead of an answer."""

    error: BaseException
