"""The embedded drummer among other work: one groove at a time, and the loop answers meanwhile.

Decides nothing of music. A thousand wishes at once wait here, each for its turn, instead of holding up a stop, a signal
or an answer that is just coming in; who is cancelled waits no more and costs nothing.
"""

from __future__ import annotations

import asyncio
from typing import Final

from router import drummer
from router.pattern import Pattern
from router.request import GrooveRequest

INLINE_BARS: Final = 8
"""Longer grooves are drawn in a thread: they take longer than anybody shall wait for the loop."""


class Drawing:
    """Draws for one event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def generate(self, request: GrooveRequest) -> Pattern:
        """Return the groove of a request; see `drummer.draw`."""
        async with self._turn:
            if request.bars > INLINE_BARS:
                return await asyncio.to_thread(drummer.draw, request)
            await asyncio.sleep(0)
            return drummer.draw(request)
