"""Beats to bars: which metre, and where each bar begins, judged by the shape of all bars laid over one another.

Every metre known at every place of its first beat is one hypothesis; a small net fitted by `scripts/fit_pulse.py`
scores them together. Never moves a beat, save by half of one when the beats were found to lie between the true ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from router.hearing.beats import positions
from router.hearing.pulse import STREAMS, Doubles, Net, Strikes


@dataclass(frozen=True)
class Shape:
    """A metre as it lies on felt beats: beats in a bar, slots in a beat, and the steps its first beat is tried at."""

    meter: str
    beats: float
    slots: int
    step: float

    @property
    def size(self) -> int:
        """Slots in a bar."""
        return round(self.beats * self.slots)

    @property
    def quarters(self) -> float:
        """Quarter notes in one felt beat."""
        return 1.5 if self.meter in {"6/8", "12/8"} else 1.0


SHAPES: Final = (
    Shape("4/4", 4, 4, 0.5),
    Shape("3/4", 3, 4, 0.5),
    Shape("6/8", 2, 6, 1),
    Shape("12/8", 4, 6, 1),
    Shape("5/4", 5, 4, 0.5),
    Shape("7/8", 3.5, 4, 0.5),
)
HYPOTHESES: Final = tuple((s, k * s.step) for s in SHAPES for k in range(round(s.beats / s.step)))
"""(shape, phase): the first bar line lies `phase` beats after the first beat."""
_EXTRA: Final = 4
_COMPOUND_MARGIN: Final = ((80.0, 100.0), (2.0, 6.0))
"""Log odds at felt beats a minute. Slow songs in three are 6/8 ballads and 12/8 blues; faster ones are counted in four:
the tempo of a shuffle is its quarters, as every sequencer has it."""
_FASTEST_COMPOUND_BPM: Final = 140.0
"""Dotted quarters a minute: seven eighths a second, about what a hand can play of them for long."""
_PARTS: Final = ((1 / 3, 2 / 3), (1 / 4, 1 / 2, 3 / 4))
_NEAR: Final = 0.07
"""Of a beat; thirds and quarters lie 0.083 apart."""
_FEW: Final = 0.04
WIDTH: Final = sum(s.size * len(STREAMS) + _EXTRA for s in SHAPES)


def judged(scores: Doubles, felt_bpm: float) -> tuple[Shape, float]:
    """Return the shape and phase that win; a bar of triplet beats must win clearly over a shuffle in four.

    Musicians write 4/4 when in doubt, and the two sound alike. The margin of slow songs was set on seeds from 300,000
    on: it loses one compound song in twenty and wins one in sixty of the others.
    """
    price = float(np.interp(felt_bpm, *_COMPOUND_MARGIN)) if felt_bpm <= _FASTEST_COMPOUND_BPM else np.inf
    margin = np.array([price if shape.quarters != 1 else 0.0 for shape, _ in HYPOTHESES])
    return HYPOTHESES[int((scores - margin).argmax())]


def in_three(scores: Doubles) -> bool:
    """Say whether every beat is played in three: such music can be written in 4/4 with triplets or in 6/8 and 12/8."""
    return HYPOTHESES[int(scores.argmax())][0].quarters != 1


def scored(strikes: Strikes, beats: Doubles, net: Net) -> Doubles:
    """Return one score a hypothesis; beats in which nothing is struck at a third are not felt in three."""
    scores = net.score(folded(strikes, beats))
    if not _thirds(strikes, beats):
        scores[[shape.quarters != 1 for shape, _ in HYPOTHESES]] = -np.inf
    return scores


def _thirds(strikes: Strikes, beats: Doubles) -> bool:
    """Say whether more is struck at thirds of the beat than at its halves and quarters."""
    places = np.concatenate([positions(strikes[stream][0], beats) % 1 for stream in STREAMS])
    weights = np.concatenate([strikes[stream][1] for stream in STREAMS])
    near = [sum(float(weights[np.abs(places - at) < _NEAR].sum()) for at in part) for part in _PARTS]
    return near[0] > max(near[1], _FEW * float(weights.sum()))


def folded(strikes: Strikes, beats: Doubles) -> Doubles:
    """Return one row a hypothesis: its mean bar in its metre's own columns, and how alike its bars are."""
    places = [positions(strikes[stream][0], beats) for stream in STREAMS]
    weights = [strikes[stream][1] for stream in STREAMS]
    rows = np.zeros((len(HYPOTHESES), WIDTH))
    columns = np.cumsum([0, *(s.size * len(STREAMS) + _EXTRA for s in SHAPES)])
    for row, (shape, phase) in enumerate(HYPOTHESES):
        bars = _bars(places, weights, shape, phase, beats.size)
        start = columns[SHAPES.index(shape)]
        width = shape.size * len(STREAMS)
        rows[row, start : start + width] = np.log1p(4 * bars.mean(axis=0)).ravel()
        rows[row, start + width : start + width + _EXTRA] = (1, _alike(bars, 1), _alike(bars, 2), _alike(bars, 4))
    return rows


def _bars(places: list[Doubles], weights: list[Doubles], shape: Shape, phase: float, count: int) -> Doubles:
    """Return (bars, streams, slots): the weight that falls on each slot."""
    most = max(1, int((count - phase) // shape.beats))
    out = np.zeros((most, len(STREAMS), shape.size))
    for stream, (place, weight) in enumerate(zip(places, weights, strict=True)):
        slot = (place - phase) * shape.slots
        low = np.floor(slot).astype(np.int64)
        part = slot - low
        for at, share in ((low, 1 - part), (low + 1, part)):
            inside = (at >= 0) & (at < most * shape.size)
            bar, place_in_bar = np.divmod(at[inside], shape.size)
            np.add.at(out[:, stream], (bar, place_in_bar), (share * weight)[inside])
    return out


def _alike(bars: Doubles, lag: int) -> float:
    """Return the mean cosine of bars `lag` apart, 0 where there are too few."""
    if len(bars) <= lag:
        return 0.0
    flat = bars.reshape(len(bars), -1)
    flat = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)
    return float((flat[:-lag] * flat[lag:]).sum(axis=1).mean())
