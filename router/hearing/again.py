"""Half-heard strokes are judged again, by what the rest of the file says of them.

Drums repeat, and a drum sounds like itself: a weak stroke that comes again in bars like its own, and whose sound is
made of that of the file's clear strokes, is one; a louder one that is alone, or is better told as another drum's, is
none. Templates from the file's own drums are after Wu and Lerch, "Drum transcription using partially fixed non-negative
matrix factorization with template adaptation" (ISMIR 2015). A small net for each drum weighs the evidence, fitted by
`scripts/fit_again.py`. Never looks at samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from router.hearing.analysis import VOICES, Onset
from router.hearing.beats import positions, seconds
from router.hearing.ear import KINDS, Floats, loudness
from router.hearing.onsets import as_onsets, peaks
from router.hearing.pulse import Doubles, Net
from router.hearing.spectrum import FRAME_S

LOWEST: Final = 0.06
"""Activation of what is judged at all: a twentieth of the strokes of a snare stay below."""
_SURE: Final = 1.39
"""Log odds, four to one: so clear a stroke stands, or a short loop of a few strokes loses its snare."""
_CLEAR: Final = 0.6
_FEWEST: Final = 3
"""Clear strokes that make a template."""
_BARS_AROUND: Final = 16
_SLOTS: Final = 12
"""Places in a beat at which bars are compared: those of sixteenths and of triplets."""
_NEAR_FRAMES: Final = 2
_AROUND_FRAMES: Final = 50
_STEPS: Final = 40
Frames = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Beats in seconds, how many make a bar, and where after the first beat the first bar line lies."""

    beats_s: Doubles
    per_bar: float
    phase: float


def judged(bands: Floats, odds: Floats, hard: Floats, grid: Grid, nets: Mapping[str, Net]) -> list[Onset]:
    """Return the strokes in order of time; `odds` and `hard` are what `Ear.listen` made of `bands`."""
    found = {}
    for voice, (times, velocities, rows) in evidence(bands, odds, hard, grid).items():
        kept = (nets[voice].score(rows) >= 0) | (rows[:, 0] >= _SURE) if times.size else np.zeros(0, bool)
        found[voice] = times[kept], velocities[kept]
    return as_onsets(found)


def load() -> dict[str, Net]:
    """Read the nets that come with the package."""
    return {voice: Net.load(f"again_{voice}") for voice in VOICES}


def evidence(bands: Floats, odds: Floats, hard: Floats, grid: Grid) -> dict[str, tuple[Doubles, Floats, Doubles]]:
    """Return for each drum the times and velocities of what may be its strokes, and a row of evidence for each."""
    wide = _widest(odds, _NEAR_FRAMES)
    sounds = _Sounds(bands, odds, _widest(odds, _NEAR_FRAMES + 1))
    likeness = _Likeness(wide, grid)
    logits = _logit(odds)
    sums = np.cumsum(
        np.pad(logits, ((_AROUND_FRAMES + 1, _AROUND_FRAMES), (0, 0)), mode="edge"), axis=0, dtype=np.float64
    )
    local = (sums[2 * _AROUND_FRAMES + 1 :] - sums[: -2 * _AROUND_FRAMES - 1]) / (2 * _AROUND_FRAMES + 1)
    out = {}
    for column, voice in enumerate(VOICES):
        times, velocities = peaks(odds[:, column], hard[:, column], LOWEST)
        frames = np.clip(np.rint(times / FRAME_S).astype(np.int64), 0, len(odds) - 1)
        places = positions(times, grid.beats_s)
        others = [kind for kind in range(len(KINDS)) if kind != column]
        clear = np.count_nonzero(odds[:, column] >= 0.5) / max(len(odds) * FRAME_S, 1.0)
        rows = np.column_stack(
            (
                logits[frames, column],
                _logit(wide[frames][:, others]),
                np.full(times.size, np.log(clear + 0.1)),
                np.full(times.size, np.percentile(logits[:, column], 75)),
                local[frames, column],
                _logit(likeness.elsewhere(places, column)),
                *(np.abs(places * parts - np.rint(places * parts)) for parts in (4, 3)),
                sounds.told(frames, [column, *others]),
            )
        )
        out[voice] = times, velocities, rows.astype(np.float64)
    return out


def _logit(odds: Floats | Doubles) -> Doubles:
    near = np.clip(odds, 1e-4, 1 - 1e-4).astype(np.float64)
    result: Doubles = np.log(near / (1 - near))
    return result


def _widest(odds: Floats, frames: int) -> Floats:
    """Return the highest activation within so many frames."""
    wide = np.pad(odds, ((frames, frames), (0, 0)))
    out: Floats = np.lib.stride_tricks.sliding_window_view(wide, 2 * frames + 1, axis=0).max(axis=2)
    return out


class _Likeness:
    """Which bars are alike, and what was heard at one place of them."""

    def __init__(self, wide: Floats, grid: Grid) -> None:
        self._wide, self._grid = wide, grid
        first, last = positions(np.array([0.0, len(wide) * FRAME_S]), grid.beats_s)
        self._first = int(np.floor((first - grid.phase) / grid.per_bar))
        self._count = int(np.ceil((last - grid.phase) / grid.per_bar)) - self._first
        slots = np.arange(round(grid.per_bar * _SLOTS)) / _SLOTS
        lines = grid.phase + grid.per_bar * (self._first + np.arange(self._count))
        heard = self._at(lines[:, None] + slots)[:, :, : len(VOICES)].reshape(self._count, -1)
        flat = heard / np.maximum(np.linalg.norm(heard, axis=1, keepdims=True), 1e-9)
        self._alike = flat @ flat.T

    def _at(self, places: Doubles) -> Floats:
        """Return activations at places in beats, 0 outside the file."""
        frames = np.rint(seconds(places.ravel(), self._grid.beats_s) / FRAME_S).astype(np.int64)
        inside = (frames >= 0) & (frames < len(self._wide))
        out: Floats = self._wide[np.clip(frames, 0, len(self._wide) - 1)] * inside[:, None]
        return out.reshape(*places.shape, self._wide.shape[1])

    def elsewhere(self, places: Doubles, column: int) -> Doubles:
        """Return what was heard at these places of the bars around, most of those that are like their own bar."""
        steps = np.array([step for step in range(-_BARS_AROUND, _BARS_AROUND + 1) if step])
        own = np.floor((places - self._grid.phase) / self._grid.per_bar + 1e-6).astype(np.int64) - self._first
        bars = own[:, None] + steps
        there = (bars >= 0) & (bars < self._count)
        alike = self._alike[np.clip(own, 0, self._count - 1)[:, None], np.clip(bars, 0, self._count - 1)]
        worth = there * (np.clip(alike, 0, 1) ** 4 + 1e-9)
        heard = self._at(places[:, None] + self._grid.per_bar * steps)[:, :, column]
        total = worth.sum(axis=1)
        result: Doubles = np.where(total > 0, (worth * heard).sum(axis=1) / np.maximum(total, 1e-12), 0.2)
        return result


class _Sounds:
    """How each drum of this file sounds where it is clearly heard, alone as far as can be."""

    def __init__(self, bands: Floats, odds: Floats, wide: Floats) -> None:
        self._loud = loudness(bands)
        mean = bands.mean(axis=0, dtype=np.float64)
        self._plain: Floats = np.sqrt(bands / (mean + 0.01 * mean.mean() + 1e-9)).astype(np.float32)
        self._templates = np.zeros((len(KINDS), bands.shape[1]), np.float32)
        for kind in range(len(KINDS)):
            frames = np.flatnonzero((odds[:, kind] >= _CLEAR) & (odds[:, kind] >= wide[:, kind]))
            if frames.size >= _FEWEST:
                other = np.delete(wide[frames], kind, axis=1).max(axis=1)
                worth = (1 - other) ** 2 * odds[frames, kind] + 1e-3
                self._templates[kind] = worth @ _rise(self._plain, frames) / worth.sum()

    def told(self, frames: Frames, order: list[int]) -> Doubles:
        """Return for each frame how much of its rise each drum's template tells, what none tells, and how big it is.

        Non-negative least squares by multiplicative updates (Lee and Seung, NIPS 2000).
        """
        rise = _rise(self._plain, frames)
        templates = self._templates[order]
        weights = np.full((frames.size, len(order)), 0.1, np.float32)
        towards, among = rise @ templates.T, templates @ templates.T
        for _ in range(_STEPS):
            weights *= towards / (weights @ among + 1e-6)
        size = np.linalg.norm(rise, axis=1, keepdims=True) + 1e-6
        shares = weights * np.linalg.norm(templates, axis=1) / size
        rest = np.linalg.norm(rise - weights @ templates, axis=1, keepdims=True) / size
        loud = _rise(self._loud, frames).sum(axis=1, keepdims=True) / 10
        return np.concatenate((shares, rest, loud, np.log1p(rise.sum(axis=1, keepdims=True))), axis=1).astype(
            np.float64
        )


def _rise(bands: Floats, frames: Frames) -> Floats:
    """Return by how much each band is louder just after these frames than just before."""
    last = len(bands) - 1
    after = np.max([bands[np.minimum(frames + step, last)] for step in (0, 1, 2)], axis=0)
    before = np.mean([bands[np.maximum(frames - step, 0)] for step in (3, 4)], axis=0)
    rise: Floats = np.maximum(0, after - before).astype(np.float32)
    return rise
