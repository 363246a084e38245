"""An event loop whose time is its own: waits take no time, deadlines and cool-downs of minutes run in milliseconds.

For scripted twins only: sockets and threads live in real time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Never waits: where it would, it moves the loop's clock on."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout:
            self.now += timeout
        return ready


class Clockwork(asyncio.SelectorEventLoop):
    """A loop in its own time."""

    def __init__(self) -> None:
        self._own = _Selector()
        super().__init__(self._own)

    def time(self) -> float:
        return self._own.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in clockwork time."""
    loop = Clockwork()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(_leave())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _leave() -> None:
    """End what is left: a test need not close what it does not look at."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
