"""Two grooves in one, and a rhythm across the beat: what a prompt may ask for on top of a style. Pure."""

from __future__ import annotations

from random import Random
from typing import Final

from router.groove.lanes import Cell, Groove, place

_BODY: Final = frozenset({"kick", "snare"})


def _over(groove: Groove, bars: int) -> list[Cell]:
    """The groove's cells, repeated to fill so many bars."""
    ticks = groove.bars * groove.meter.bar_ticks
    return [c._replace(tick=c.tick + r * ticks) for r in range(bars // groove.bars) for c in groove.cells]


def blend(first: Groove, second: Groove, share: float, rng: Random) -> Groove:
    """Return a groove between two of one metre.

    Each voice comes from one of them, the second with chance `share`; kick and snare stay the first's and borrow the
    second's other strokes.
    """
    bars = max(first.bars, second.bars)
    voices = sorted({cell.voice for cell in (*first.cells, *second.cells)})
    lent = {voice for voice in voices if rng.random() < share and voice not in _BODY}
    cells = [cell for cell in _over(first, bars) if cell.voice not in lent]
    have = {(cell.tick, cell.voice) for cell in cells}
    for cell in _over(second, bars):
        if cell.voice in lent:
            cells.append(cell)
        elif cell.voice in _BODY and (cell.tick, cell.voice) not in have:
            cells.append(cell._replace(chance=cell.chance * share))
    return Groove(first.meter, bars, tuple(sorted(cells, key=place)), first.options)
