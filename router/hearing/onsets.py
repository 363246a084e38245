"""Activations to strokes: peaks that stand out become onsets between the frames, with a voice and a velocity.

Pure arithmetic on arrays; never looks at samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from router.hearing.analysis import VOICES, Onset
from router.hearing.ear import Floats, loudness
from router.hearing.pulse import Doubles
from router.hearing.spectrum import FRAME_S

_CLEAR: Final = 0.5
_HEIGHTS: Final = {"kick": (0.4, 0.3), "snare": (-0.4, 0.8), "hat": (0.5, 0.7)}
_LOWEST, _HIGHEST = 0.15, 0.55
"""A peak's threshold: log odds at one clear frame a second, and how much less at e times as many; set on songs of seeds
from 300,000 on, plain ones of 400,000, other fonts and human takes together."""
_OTHERS: Final = 0.5
_SUDDEN: Final = 4.0
"""Rise of an attack, summed over frequencies: in music 9 and more, of drones and of sines that sweep 3 at most."""
_LOW_BANDS: Final = 12
"""Below about 300 Hz: where a bass plays."""
_APART_FRAMES: Final = 3
"""A hand or foot strikes the same drum again after 30 ms at the earliest; a flam's two strokes are as close."""


def strokes(odds: Floats, hard: Floats) -> list[Onset]:
    """Return every stroke in order of time; `odds` and `hard` come from `Ear.listen`."""
    columns = {voice: odds[:, column] for column, voice in enumerate(VOICES)}
    return as_onsets(
        {
            voice: peaks(curve, hard[:, column], threshold(curve, voice))
            for column, (voice, curve) in enumerate(columns.items())
        }
    )


def as_onsets(found: Mapping[str, tuple[Doubles, Floats]]) -> list[Onset]:
    """Return times and velocities (0..1) of each drum as strokes in order of time."""
    out = [
        Onset(round(float(at), 4), voice, max(1, min(127, round(float(velocity) * 127))))
        for voice, (times, velocities) in found.items()
        for at, velocity in zip(times, velocities, strict=True)
    ]
    return sorted(out, key=lambda onset: (onset.t_s, VOICES.index(onset.voice)))


def threshold(curve: Floats, voice: str) -> float:
    """Return the activation that a peak must reach: who strikes a drum often strikes it softly too.

    Lower the more of the file is clearly that drum: a snare heard twice in a bar has few ghosts to be found, and where
    it is heard all the time, what looks like half a stroke is one.
    """
    clear = np.count_nonzero(curve >= _CLEAR) / max(curve.size * FRAME_S, 1.0)
    height, fall = _HEIGHTS[voice]
    odds = height - fall * np.log(clear + 0.1)
    return float(np.clip(1 / (1 + np.exp(-odds)), _LOWEST, _HIGHEST))


def strikes(heard: list[Onset], odds: Floats) -> dict[str, tuple[Doubles, Doubles]]:
    """Return the strokes as the pulse wants them: times and weights for kick, snare, hat and all others."""
    out: dict[str, tuple[Doubles, Doubles]] = {}
    for voice in VOICES:
        own = [onset for onset in heard if onset.voice == voice]
        out[voice] = np.array([o.t_s for o in own]), np.array([o.velocity / 127 for o in own])
    rest = odds[:, len(VOICES) :].max(axis=1)
    out["other"] = peaks(rest, rest, _OTHERS)[0], np.full(peaks(rest, rest, _OTHERS)[0].size, 0.7)
    return out


def attacks(bands: Floats) -> dict[str, tuple[Doubles, Doubles]]:
    """Return attacks of music without drums in place of strokes: low ones as kicks, the rest as others.

    Half-wave rectified rise of log magnitude (Bello et al., IEEE TSAP 13(5), 2005), peaks above a moving median.
    """
    loud = loudness(bands)
    rise = np.maximum(0, np.diff(loud, axis=0, prepend=loud[:1], n=1))
    out: dict[str, tuple[Doubles, Doubles]] = {s: (np.zeros(0), np.zeros(0)) for s in (*VOICES, "other")}
    for stream, part in (("kick", rise[:, :_LOW_BANDS]), ("other", rise[:, _LOW_BANDS:])):
        curve = np.convolve(part.sum(axis=1), np.ones(3) / 3, "same").astype(np.float32)
        wide = np.lib.stride_tricks.sliding_window_view(np.pad(curve, 50, mode="edge"), 101)
        above = curve - np.median(wide[:, ::4], axis=1) - 0.5 * curve.std()
        top = float(np.percentile(above, 99))
        if top < _SUDDEN:
            continue
        times, weights = peaks(above / top, np.clip(above / top, 0, 1), 0.2)
        out[stream] = times, weights.astype(np.float64)
    return out


def peaks(curve: Floats, hard: Floats, threshold: float) -> tuple[NDArray[np.float64], Floats]:
    """Return times in seconds and velocities of the local maxima above the threshold."""
    wide = np.pad(curve, _APART_FRAMES, constant_values=0)
    window = np.lib.stride_tricks.sliding_window_view(wide, 2 * _APART_FRAMES + 1)
    top = np.flatnonzero((curve >= threshold) & (curve >= window.max(axis=1)))
    top = top[np.diff(top, prepend=-10) > 1]  # a plateau is one stroke
    before, here, after = (wide[top + _APART_FRAMES + step].astype(np.float64) for step in (-1, 0, 1))
    # The centre of the three is steadier than a parabola here: the activation was taught as a triangle.
    lean = (after - before) / np.maximum(before + here + after, 1e-9)
    return np.maximum(0.0, (top + lean) * FRAME_S), hard[top]
