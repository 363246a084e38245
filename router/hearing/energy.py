"""Loudness by section: stretches of whole bars that keep one level, so that a form can be followed.

Needs numpy; works on the level of 100 ms steps, never on samples.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from router.hearing.analysis import Section
from router.hearing.pulse import Doubles

LEVEL_S: Final = 0.1
_RANGE_DB: Final = 40.0
_MOST: Final = 16
"""Sections in a file: a ten-minute song with its bridge and its breaks has fewer."""
_BARS: Final = 4


def sections(levels: Doubles, downbeats: Doubles, duration_s: float) -> tuple[Section, ...]:
    """Return sections from 0 to the end.

    Bars in groups of four are merged with the neighbour that is nearest in level until no two neighbours are within
    1.5 dB and no more than 16 are left.

    Args:
        levels: RMS of every 100 ms, full scale 1.
        downbeats: Bar lines in seconds.
        duration_s: Length of the file.
    """
    lines = [0.0, *(float(at) for at in downbeats[_BARS::_BARS] if at < duration_s - 1), duration_s]
    if len(lines) > 2 and lines[1] - lines[0] < 0.5:
        del lines[1]
    parts = [[low, high, _mean_square(levels, low, high)] for low, high in pairwise(lines)]
    while len(parts) > 1:
        steps = [abs(_db(a[2]) - _db(b[2])) for a, b in pairwise(parts)]
        least = int(np.argmin(steps))
        if steps[least] > 1.5 and len(parts) <= _MOST:
            break
        a, b = parts[least], parts[least + 1]
        power = (a[2] * (a[1] - a[0]) + b[2] * (b[1] - b[0])) / (b[1] - a[0])
        parts[least : least + 2] = [[a[0], b[1], power]]
    loudest = max(_db(part[2]) for part in parts)
    return tuple(
        Section(round(low, 3), round(high, 3), round(max(0.0, 1 + (_db(power) - loudest) / _RANGE_DB), 3))
        for low, high, power in parts
    )


def _mean_square(levels: Doubles, low_s: float, high_s: float) -> float:
    part = levels[int(low_s / LEVEL_S) : max(int(low_s / LEVEL_S) + 1, int(high_s / LEVEL_S))]
    return float((part**2).mean()) if part.size else 0.0


def _db(power: float) -> float:
    return 10 * float(np.log10(power + 1e-9))
