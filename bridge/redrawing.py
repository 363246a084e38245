"""Knobs at work on what plays: draw the groove again, a sweep as a few drawings and not as a hundred.

Never loses a stroke for good: what cannot be drawn from its request is turned from its source each time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from bridge.supervisor import EngineDown
from bridge.takes import Take
from bridge.wishes import as_asked
from router import drummer, groove

_log = logging.getLogger(__name__)
_PAUSE_S: Final = 0.06
"""Shorter than any beat."""
_REST: Final = 3.0
"""How many times as long as a drawing the pause is at least: 64 bars must not take the whole loop for a sweep."""


class Redrawing:
    """Calls `draw` at once, then again after a pause for as long as it was asked meanwhile."""

    def __init__(self, draw: Callable[[], None]) -> None:
        self._draw = draw
        self._pausing = False
        self._again = False

    def soon(self) -> None:
        """Draw now, or when the pause after the last drawing is over."""
        if self._pausing:
            self._again = True
            return
        self._pausing = True
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            self._draw()
        finally:
            loop.call_later(max(_PAUSE_S, _REST * (loop.time() - began)), self._over)

    def _over(self) -> None:
        self._pausing = False
        if self._again:
            self._again = False
            try:
                self.soon()
            except EngineDown as error:
                _log.warning("the engine hears of the knobs when it is back: %s", error)


def redraw(take: Take, takes: Mapping[str, Take], knobs: Mapping[str, Any], tempo: float) -> Iterator[Take]:
    """Change a take (or all parts of its song) as knobs were turned, and yield what must be loaded again.

    Args:
        take: The current take.
        takes: All takes by id, for the parts of a song.
        knobs: Those that were turned, with their values; the others stay as they were asked for.
        tempo: Quarter notes per minute, for feel that depends on it.
    """
    for part in (takes[identity] for identity in take.parts) if take.parts else (take,):
        if part.request is not None:
            part.request = replace(part.request, **as_asked(knobs), tempo=tempo)
            part.pattern = drummer.draw(part.request)
        else:
            part.turned |= knobs
            part.source = part.source or part.pattern
            part.pattern = groove.turn(part.source, part.turned, tempo=tempo)
        yield part
