"""Tap tempo: a few taps become a tempo. Pure; the time of a tap is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Final

_FORGET_AFTER_S: Final = 3.0
"""A beat at 20 bpm: after a longer pause a new count begins."""
_KEEP: Final = 8
_BOUNCE_S: Final = 0.1
"""Two contacts closer than this are one tap of a bad switch."""


@dataclass(slots=True)
class Tap:
    """Remembers the last taps."""

    _taps: list[float] = field(default_factory=list)

    def tap(self, now: float) -> float | None:
        """Take a tap at `now` seconds; return the tempo in beats per minute, or None until there are two.

        The median of the gaps: one tap that came wrong does not move it.
        """
        if self._taps and now - self._taps[-1] < _BOUNCE_S:
            return self._bpm()
        if self._taps and now - self._taps[-1] > _FORGET_AFTER_S:
            self._taps.clear()
        self._taps = [*self._taps, now][-_KEEP:]
        return self._bpm()

    def _bpm(self) -> float | None:
        gaps = [b - a for a, b in zip(self._taps, self._taps[1:], strict=False)]
        return min(300.0, max(20.0, round(60 / median(gaps), 2))) if gaps else None
