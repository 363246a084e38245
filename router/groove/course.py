"""What runs across or along a whole groove: a polyrhythm over every bar, a development from plain to full. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from router.groove.hands import repair
from router.groove.knobs import thin
from router.groove.weight import HANDS_FREE
from router.pattern import Hit, Meter, Pattern

CROSS: Final = "cowbell"
"""What plays the polyrhythm: no style leans on it, and it is heard through everything."""
_LOUD, _FIRST = 92, 108
_NEAR: Final = (60, 120, 240, 480, 960)
"""Ticks about a stroke of the polyrhythm within which other hands give way, step by step."""


def cross_ticks(meter: Meter, ratio: tuple[int, int]) -> tuple[int, int]:
    """Return (ticks of one cycle, even strokes in it) of a polyrhythm over a metre's beats.

    5:4 over four beats is five strokes a bar, 7:8 is seven to its eight eighths, 3:2 three to every two beats; 4:3 over
    four beats is three a bar, for the four are there already.
    """
    bar, beats = meter.bar_ticks, len(meter.beats)
    for count, against in (ratio, ratio[::-1]):
        if against in {beats, 2 * beats, meter.numerator}:
            return bar, count
    for count, against in (ratio, ratio[::-1]):
        if beats % against == 0:
            return bar * against // beats, count
    return bar, ratio[0]


def across(pattern: Pattern, ratio: tuple[int, int], *, tempo: float) -> Pattern:
    """Return the pattern with a polyrhythm over it; where hands are short the rest gives way, never the polyrhythm."""
    cycle, count = cross_ticks(pattern.meter, ratio)
    strokes = {
        round(start + cycle * index / count): _LOUD if index else _FIRST
        for start in range(0, pattern.ticks, cycle)
        for index in range(count)
    }
    cross = {Hit(tick, CROSS, velocity) for tick, velocity in strokes.items() if tick < pattern.ticks}
    rest = [hit for hit in pattern.hits if hit.voice != CROSS]
    mended = pattern
    for near in _NEAR:
        mended, _ = repair(pattern.with_hits((*rest, *cross)), tempo=tempo)
        lost = {hit.tick for hit in cross} - {hit.tick for hit in mended.hits if hit.voice == CROSS}
        if not lost:
            break
        rest = [h for h in rest if h.voice in HANDS_FREE or all(abs(h.tick - tick) > near for tick in lost)]
    return mended


def evolved(pattern: Pattern) -> Pattern:
    """Return the pattern developing bar by bar: its frame first, everything and more at the end."""
    bar_ticks, out = pattern.meter.bar_ticks, []
    for bar in range(pattern.bars):
        start = bar * bar_ticks
        inside = tuple(
            replace(hit, tick=hit.tick - start) for hit in pattern.hits if start <= hit.tick < start + bar_ticks
        )
        one = thin(replace(pattern, bars=1, hits=inside, id=""), density=0.18 + 0.6 * bar / max(1, pattern.bars - 1))
        out += [replace(hit, tick=hit.tick + start) for hit in one.hits]
    return pattern.with_hits(out)
