"""How much each stroke matters to a groove: what thins last, what repair keeps, what variation leaves alone. Pure."""

from __future__ import annotations

from typing import Final

from router.pattern import RESOLUTION, Hit, Meter

_VOICE: Final = {
    "kick": 0.75, "snare": 0.78, "rim": 0.66, "clap": 0.7, "hat_closed": 0.5, "hat_pedal": 0.34, "hat_open": 0.52,
    "ride": 0.5,
    "ride_bell": 0.5, "crash": 0.72, "crash2": 0.7, "china": 0.6, "splash": 0.4, "tom_high": 0.5, "tom_mid": 0.5,
    "tom_low": 0.5,
    "tom_floor": 0.54,
}  # fmt: skip

HANDS_FREE: Final = frozenset({"kick", "hat_pedal"})
"""Voices of the feet; all others need a hand."""


def metrical(tick: int, meter: Meter) -> float:
    """Return how strong a place in a bar is: 1 the downbeat, .8 a beat, .5 an eighth, .2 a sixteenth, 0 beside all."""
    at = 0
    tick %= meter.bar_ticks
    for beat in meter.beats:
        if tick < at + beat:
            offset = tick - at
            break
        at += beat
    else:
        offset = tick
    if tick == 0:
        return 1.0
    if offset == 0:
        return 0.8
    if offset % (RESOLUTION // 2) == 0:
        return 0.5
    if offset % 320 == 0:
        return 0.4
    return 0.2 if offset % (RESOLUTION // 4) == 0 else 0.0


def importance(hit: Hit, meter: Meter) -> float:
    """Return 0..1 for one stroke: its voice, its place and how loud it is.

    A backbeat and the first kick are near 1, a ghost or an extra sixteenth of the hat near 0.
    """
    place = metrical(hit.tick, meter)
    value = _VOICE.get(hit.voice, 0.35) * 0.6 + place * 0.25 + (hit.velocity - 60) / 67 * 0.2
    if hit.voice in {"kick", "snare", "rim", "clap"} and hit.velocity >= 70 and place >= 0.8:
        value += 0.2
    if hit.velocity < 50:
        value -= 0.25
    if hit.ornament and hit.velocity < 70:
        value -= 0.1
    return max(0.0, min(1.0, value))
