"""How the off-beats lie: straight, swung eighths or swung sixteenths, read from where strokes fall inside the beat.

Pure arithmetic, standard library only. Swing is the place of the off-beat in its pair: 0.5 straight, 0.667 triplets,
0.75 dotted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

STRAIGHT: Final = 0.5
_MOST: Final = 0.75
_STEPS: Final = 51
_TOLERANCE: Final = 0.05
"""Of a beat: beyond this a stroke belongs to no point of the grid, however far it lies."""
_WORTH: Final = 0.05
"""A swung grid must explain this much more than the straight one: sixteenths have more places to be near to."""


def points(swing: float, of: int) -> tuple[float, ...]:
    """Return where the four sixteenths of a beat fall, 0..1: the warp moves what lies between as well."""
    if of == 16:
        return 0.0, swing / 2, 0.5, 0.5 + swing / 2
    return 0.0, swing / 2, swing, (1 + swing) / 2


def measure(places: Sequence[float], weights: Sequence[float]) -> tuple[float, int]:
    """Return (swing, 8 or 16) for positions in beats.

    Args:
        places: In beats; only the part after the point counts.
        weights: How much each counts.
    """
    total = sum(weights)
    if total <= 0:
        return STRAIGHT, 8
    # A histogram of 96 bins does for thousands of strokes what one look at each would cost.
    bins = [0.0] * 96
    for place, weight in zip(places, weights, strict=True):
        bins[int(place % 1 * 96) % 96] += weight / total
    straight = _cost(bins, points(STRAIGHT, 8))
    best = (straight - _WORTH, STRAIGHT, 8)
    for of in (8, 16):
        for step in range(3, _STEPS):
            swing = STRAIGHT + (_MOST - STRAIGHT) * step / (_STEPS - 1)
            cost = _cost(bins, points(swing, of))
            if cost < best[0]:
                best = (cost, swing, of)
    return round(best[1], 3), best[2]


def _cost(bins: Sequence[float], grid: Sequence[float]) -> float:
    """Return the mean squared distance to the grid, each stroke's at most 1."""
    total = 0.0
    for index, weight in enumerate(bins):
        if weight:
            place = (index + 0.5) / len(bins)
            away = min(min(abs(place - point), 1 - abs(place - point)) for point in grid)
            total += weight * min(1.0, (away / _TOLERANCE) ** 2)
    return total
