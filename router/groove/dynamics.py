"""How hard each stroke of a groove is meant, before a hand makes it uneven.

Velocities here are means; the spread around them is feel and belongs to `feel.py`. They are set
by ear beside the means of the Groove MIDI Dataset.
"""

from __future__ import annotations

from typing import Final

from router.groove.lanes import ACCENT, GHOST
from router.pattern import RESOLUTION

_PLAIN: Final = {
    "kick": 84, "snare": 98, "rim": 78, "clap": 100, "hat_closed": 70, "hat_open": 82, "hat_pedal": 62, "ride": 74,
    "ride_bell": 86, "crash": 104, "crash2": 104, "china": 104, "splash": 92, "tom_high": 92, "tom_mid": 92,
    "tom_low": 92,
    "tom_floor": 94,
}  # fmt: skip
_ACCENT: Final = 14
_GHOST: Final = 34

_HANDS: Final = frozenset({"hat_closed", "ride", "shaker", "tambourine", "cabasa", "maracas"})
_WAVE: Final = (6, -34, -14, -34)
"""Timekeepers by sixteenth of the beat: about 2:1 between eighths and the sixteenths between (measured)."""


def intended(voice: str, level: int, tick: int) -> int:
    """Return the velocity a stroke is meant to have; `tick` counts from its bar."""
    if level == GHOST:
        return _GHOST
    velocity = _PLAIN.get(voice, 80) + (_ACCENT if level == ACCENT else 0)
    if voice in _HANDS and level != ACCENT:
        velocity += _WAVE[tick % RESOLUTION * 4 // RESOLUTION]
    return velocity
