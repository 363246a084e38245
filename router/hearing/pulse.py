"""Strokes to tempo: every beat length from 50 to 220 a minute is judged by how the music repeats around it.

The evidence is autocorrelation at simple fractions and multiples of the length, one curve for each drum (a comb as in
Scheirer, JASA 103(1), 1998, and Klapuri, Eronen and Astola, IEEE TASLP 14(1), 2006); which multiple is the beat is
judged by a small net over all of them, fitted by `scripts/fit_pulse.py`. Never listens to sound itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Strikes = Mapping[str, tuple[Doubles, Doubles]]
"""For each of `STREAMS`: times in seconds, weights 0..1."""

STREAMS: Final = ("kick", "snare", "hat", "other")
RATIOS: Final = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 5 / 2, 3, 4, 5, 6, 7, 8)
STEP_S: Final = 0.01
GRID_BPM: Final = 50 * 1.01 ** np.arange(150)
"""50 to 220 beats per minute, 1 % apart."""
_WINDOW_S: Final = 40.0
"""Tempo is taken to hold this long; longer files are the mean of such windows."""
_LONGEST_LAG_S: Final = 10.0
_BLUR_S: Final = 0.012
"""How far human strokes lie from their grid: the drift of the Groove MIDI Dataset has an SD of 13 ms."""
_SLACK: Final = 0.012


def densities(strikes: Strikes, duration_s: float) -> Doubles:
    """Return stroke density per stream, and of all together, as (5, steps) on a 10 ms grid, blurred."""
    size = int(duration_s / STEP_S) + 1
    out = np.zeros((len(STREAMS) + 1, size))
    for row, stream in enumerate(STREAMS):
        times, weights = strikes[stream]
        place = times / STEP_S
        low = np.clip(place.astype(np.int64), 0, size - 2)
        part = np.clip(place - low, 0, 1)
        np.add.at(out[row], low, weights * (1 - part))
        np.add.at(out[row], low + 1, weights * part)
    out[-1] = out[:-1].sum(axis=0)
    reach = np.arange(-4, 5) * STEP_S
    kernel = np.exp(-0.5 * (reach / _BLUR_S) ** 2)
    return np.stack([np.convolve(row, kernel, "same") for row in out])


def repetition(density: Doubles) -> Doubles:
    """Return normalised autocovariance per row up to 10 s: 1 at lag 0, 0 where nothing repeats, (5, lags)."""
    lags = int(_LONGEST_LAG_S / STEP_S) + 8
    window = int(_WINDOW_S / STEP_S)
    size = density.shape[1]
    starts = range(0, max(1, size - window // 2), window // 2)
    total = np.zeros((density.shape[0], lags))
    for start in starts:
        part = density[:, start : start + window]
        part = part - part.mean(axis=1, keepdims=True)
        length = 1 << (part.shape[1] + lags).bit_length()
        spectrum = np.fft.rfft(part, length, axis=1)
        curve = np.fft.irfft(np.abs(spectrum) ** 2, length, axis=1)[:, :lags]
        overlap = np.maximum(part.shape[1] - np.arange(lags), part.shape[1] * 0.2) / part.shape[1]
        total += curve / overlap
    result: Doubles = total / np.maximum(total[:, :1], 1e-9)
    return result


def evidence(strikes: Strikes, duration_s: float) -> Doubles:
    """Return what is known about each beat length of `GRID_BPM`: (150, features)."""
    curves = repetition(densities(strikes, duration_s))
    beat_s = 60 / GRID_BPM
    columns = []
    for ratio in RATIOS:
        lag = ratio * beat_s / STEP_S
        # The best of five places within the slack: a grid of 1 % and a drifting hand both miss the exact lag.
        places = lag[:, None] * (1 + _SLACK * np.linspace(-1, 1, 5))
        places = np.minimum(places, curves.shape[1] - 2)
        low = places.astype(np.int64)
        part = places - low
        values = curves[:, low] * (1 - part) + curves[:, low + 1] * part
        columns.append(values.max(axis=2))
    counts = [strikes[stream][0].size / max(duration_s, 1.0) for stream in STREAMS]
    crowd = np.log1p(np.array(counts)[:, None] * beat_s[None, :])
    height = np.log(GRID_BPM / 110)
    bumps = np.exp(-0.5 * ((height[None, :] - np.linspace(-0.8, 0.7, 8)[:, None]) / 0.2) ** 2)
    return np.concatenate((np.concatenate(columns), crowd, bumps)).T


@dataclass(frozen=True)
class Net:
    """A small net of dense layers with the inputs' mean and spread."""

    mean: Doubles
    spread: Doubles
    layers: tuple[tuple[Doubles, Doubles], ...]

    @classmethod
    def load(cls, name: str) -> Net:
        """Read `name`.npz of this package."""
        with resources.files("router.hearing").joinpath(f"{name}.npz").open("rb") as file, np.load(file) as data:
            kept = {key: data[key].astype(np.float64) for key in data.files}
        count = sum(key.startswith("w") for key in kept)
        return cls(kept["mean"], kept["spread"], tuple((kept[f"w{n}"], kept[f"b{n}"]) for n in range(count)))

    def score(self, rows: Doubles) -> Doubles:
        """Return one number a row; a softmax over them gives odds."""
        x = (rows - self.mean) / self.spread
        for weights, offset in self.layers[:-1]:
            x = np.maximum(x @ weights + offset, 0)
        out: Doubles = (x @ self.layers[-1][0] + self.layers[-1][1])[:, 0]
        return out


def odds_of_tempo(strikes: Strikes, duration_s: float, net: Net) -> Doubles:
    """Return the probability of each tempo of `GRID_BPM`."""
    scores = net.score(evidence(strikes, duration_s))
    odds = np.exp(scores - scores.max())
    result: Doubles = odds / odds.sum()
    return result
