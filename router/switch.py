"""The switch: AI on or off. While it is off nobody is asked, and who is being asked is left at once.

Belongs to one event loop. Never ends anything but what is done under it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class SwitchedOff(Exception):
    """The switch is off, or went off meanwhile."""


class Switch:
    """Turned by hand; what is done under it ends when it goes off."""

    def __init__(self) -> None:
        self.on = True
        self._under: set[asyncio.Timeout] = set()

    def __repr__(self) -> str:
        return f"<Switch {'on' if self.on else 'off'}, {len(self._under)} under it>"

    def turn(self, *, on: bool) -> None:
        """Turn it; off ends at once whatever is done under it."""
        self.on = on
        if not on:
            now = asyncio.get_running_loop().time()
            for limit in self._under:
                if not limit.expired():  # it can expire only once
                    limit.reschedule(now)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Do something for as long as the switch is on.

        Raises:
            SwitchedOff: If it is off, or went off meanwhile.
        """
        if not self.on:
            raise SwitchedOff
        try:
            async with asyncio.timeout(None) as limit:
                self._under.add(limit)
                try:
                    yield
                finally:
                    self._under.discard(limit)
        except TimeoutError:
            raise SwitchedOff from None
