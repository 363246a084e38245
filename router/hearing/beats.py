"""A beat length becomes beats: the path through the strokes that is both strong and steady, then smoothed.

Dynamic programming after Ellis, "Beat tracking by dynamic programming", J. New Music Research 36(1), 2007, on stroke
density instead of onset strength. Never decides which beat is the first of a bar.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from router.hearing.pulse import STEP_S, Doubles, Strikes, densities, repetition

WEIGHTS: Final = (1.0, 1.0, 0.45, 0.6)
"""Kick, snare, hat, others: hats mark the off-beats as well."""
_TIGHT: Final = 250.0
"""How much steadiness counts against strength; Ellis uses 100 for music of all kinds, drums allow more."""
_SMOOTH_BEATS: Final = 8


def fine_beat_s(strikes: Strikes, duration_s: float, beat_s: float) -> float:
    """Return the beat length within 2 % of `beat_s` whose multiples, up to 10 s, meet repetition best."""
    curve = repetition(densities(strikes, duration_s))[-1]
    lengths = beat_s * (1 + np.linspace(-0.02, 0.02, 161))
    most = max(2, min(16, int((curve.size - 4) * STEP_S / beat_s / 1.02)))
    return float(lengths[_later(curve, lengths, most).sum(axis=1).argmax()])


def comes_again(strikes: Strikes, duration_s: float, beat_s: float) -> tuple[float, float]:
    """Return how much of everything comes again one beat later, two and so on, 1 all, 0 nothing: the mean and the most.

    At most eight beats later, and not beyond six tenths of the file: too little is left to compare with.
    """
    curve = repetition(densities(strikes, duration_s))[-1]
    most = max(1, min(8, int(min(0.6 * duration_s, (curve.size - 4) * STEP_S) / beat_s / 1.02)))
    # A hand that drifts misses the exact place.
    later = _later(curve, beat_s * np.linspace(0.98, 1.02, 5), most).max(axis=0)
    return float(later.mean()), float(later.max())


def _later(curve: Doubles, lengths: Doubles, most: int) -> Doubles:
    """Return the repetition at the first multiples of each length: (lengths, most)."""
    places = lengths[:, None] * np.arange(1, most + 1)[None, :] / STEP_S
    low = places.astype(np.int64)
    result: Doubles = curve[low] * (1 - (places - low)) + curve[low + 1] * (places - low)
    return result


def track(strikes: Strikes, duration_s: float, beat_s: float) -> Doubles:
    """Return the beats from the first stroke to the last, in seconds."""
    density = densities(strikes, duration_s)
    curve = sum(weight * row for weight, row in zip(WEIGHTS, density[:-1], strict=True))
    curve = curve / max(float(np.std(curve)), 1e-9)
    length = beat_s / STEP_S
    lags = np.arange(max(1, round(length * 0.75)), round(length * 1.35) + 1)
    price = -_TIGHT * np.log(lags / length) ** 2
    size = curve.size
    score = np.concatenate((np.zeros(lags[-1]), curve))
    back = np.zeros(size, np.int64)
    for frame in range(size):
        before = score[frame + lags[-1] - lags] + price
        best = int(before.argmax())
        if before[best] > 0:
            score[frame + lags[-1]] += before[best]
            back[frame] = lags[best]
    body = score[lags[-1] :]
    frame = int(max(0, size - round(length)) + body[max(0, size - round(length)) :].argmax())
    path = [frame]
    while back[frame] and frame - back[frame] >= 0:
        frame = int(frame - back[frame])
        path.append(frame)
    return smooth(np.array(path[::-1], np.float64) * STEP_S, strikes)


def smooth(beats: Doubles, strikes: Strikes) -> Doubles:
    """Return the beats moved to the strokes near them and then onto a local straight line.

    A drummer's hand drifts by 13 ms about a pulse that does not (Groove MIDI Dataset): the line is the pulse.
    """
    if beats.size < 3:
        return beats
    moved = _to_strokes(beats, strikes)
    index = np.arange(beats.size, dtype=np.float64)
    out = np.empty_like(moved)
    for n in range(beats.size):
        low, high = max(0, n - _SMOOTH_BEATS), min(beats.size, n + _SMOOTH_BEATS + 1)
        slope, offset = np.polyfit(index[low:high] - n, moved[low:high], 1)
        out[n] = offset if slope > 0 else moved[n]
    return out


def _to_strokes(beats: Doubles, strikes: Strikes) -> Doubles:
    times = np.concatenate([strikes[s][0] for s in ("kick", "snare", "hat", "other")])
    weights = np.concatenate(
        [strikes[s][1] * w for s, w in zip(("kick", "snare", "hat", "other"), WEIGHTS, strict=True)]
    )
    order = times.argsort()
    times, weights = times[order], weights[order]
    out = beats.copy()
    for n, beat in enumerate(beats):
        low, high = np.searchsorted(times, (beat - 0.035, beat + 0.035))
        if high > low and weights[low:high].sum() > 0:
            out[n] = np.average(times[low:high], weights=weights[low:high])
    return out


def positions(times: Doubles, beats: Doubles) -> Doubles:
    """Return where `times` lie in beats; the first beat is 0, outside the grid goes on at its ends' pace."""
    index = np.arange(beats.size, dtype=np.float64)
    inside = np.interp(times, beats, index)
    head, tail = beats[1] - beats[0], beats[-1] - beats[-2]
    inside = np.where(times < beats[0], (times - beats[0]) / head, inside)
    result: Doubles = np.where(times > beats[-1], index[-1] + (times - beats[-1]) / tail, inside)
    return result


def seconds(places: Doubles, beats: Doubles) -> Doubles:
    """Return when a position in beats sounds: the inverse of `positions`."""
    index = np.arange(beats.size, dtype=np.float64)
    inside = np.interp(places, index, beats)
    head, tail = beats[1] - beats[0], beats[-1] - beats[-2]
    inside = np.where(places < 0, beats[0] + places * head, inside)
    result: Doubles = np.where(places > index[-1], beats[-1] + (places - index[-1]) * tail, inside)
    return result


def mean_beat_s(beats: Doubles) -> float:
    """Return the beat length of a whole file: the slope of a line through its beats, or the median where tempo moves.

    Beats off the line by more than a tenth of their length at the median are a tempo that changes.
    """
    index = np.arange(beats.size, dtype=np.float64)
    slope, offset = np.polyfit(index, beats, 1)
    if np.median(np.abs(beats - (slope * index + offset))) < 0.1 * slope:
        return float(slope)
    return float(np.median(np.diff(beats)))
