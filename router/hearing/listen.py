"""One file from samples to numbers: the walk through decode, spectrum, ear, pulse, beats and bars.

Blocking and heavy (numpy): runs in the worker's own process, never in the daemon or the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from router.errors import InvalidRequest
from router.hearing import again, bars, beats, energy, onsets, pulse, swing
from router.hearing.again import Grid
from router.hearing.analysis import LIMITS, Analysis, Limits, Onset
from router.hearing.decode import SHORTEST_S, SILENCE, Source, blocks, examine
from router.hearing.ear import Floats, best_ear
from router.hearing.pulse import Doubles, Strikes
from router.hearing.spectrum import band_frames

Progress = Callable[[str, float], None]
"""Called with what is being done and how much of everything is done, 0..1, never falling."""

_FEWEST: Final = (4, 12)
"""Strokes in a short file, one a second, and in any; with fewer the file is taken to have no drums and its attacks are
followed instead."""
_UNSURE: Final = 0.5
_COMES_AGAIN: Final = (0.13, 0.3)
"""Of what is followed, so many beats later: on the average and at best; with less of both there is no beat. Noises,
tones and voices have up to 0.11 and 0.26; music without drums 0.16 and 0.27 or more; human drummers 0.14 or more on the
average; a kick alone, once a bar, far more at best."""
_BARS_TO_COMPARE: Final = 1.9
_PADDING_S: Final = 0.2
"""Compressed formats are longer or shorter than they say by a frame or two."""


def analyze_file(path: str | Path, *, on_progress: Progress | None = None, limits: Limits = LIMITS) -> Analysis:
    """Hear a file; blocks for seconds and fills up to a few hundred megabytes.

    Raises:
        InvalidRequest: If the file is missing, empty, cut off, no audio, silent, too short or too long.
    """
    tell = on_progress or (lambda _stage, _done: None)
    tell("reading", 0.0)
    source = examine(Path(path), limits)
    bands, levels, duration_s = _read(source, limits, tell)
    tell("drums", 0.75)
    odds, hard, of_machine = best_ear(bands)
    tell("tempo", 0.85)
    strikes, found = follow(bands, odds, hard, duration_s)
    tell("bars", 0.95)
    heard = onsets.strokes(odds, hard)
    # The nets that judge again know the faults of the other ear; machines have few that are half heard.
    # One bar has nothing that comes again, and of each drum a few strokes: there the first hearing stands.
    if not of_machine and duration_s >= _BARS_TO_COMPARE * found.grid.per_bar * beats.mean_beat_s(found.grid.beats_s):
        heard = again.judged(bands, odds, hard, found.grid, again.load())
    notes = _of_the_file(source, duration_s)
    if found.of_music:
        notes.append("hardly any drums were heard; tempo and bars follow the attacks of the music")
    result = _write_down(found, heard, strikes, levels, duration_s, notes)
    tell("done", 1.0)
    return result


def _read(source: Source, limits: Limits, tell: Progress) -> tuple[Floats, Doubles, float]:
    """Return bands, RMS levels and seconds; the samples are gone by then."""
    levels: list[float] = []
    count, peak = 0, 0.0

    def watched() -> Iterator[Floats]:
        nonlocal count, peak
        for block in blocks(source, limits):
            step = max(1, round(energy.LEVEL_S * source.rate_hz))
            levels.extend(float(np.sqrt(np.mean(block[k : k + step] ** 2))) for k in range(0, len(block), step))
            count += len(block)
            peak = max(peak, float(np.abs(block).max()))
            tell("reading", min(0.75, 0.75 * count / max(source.frames, count, 1)))
            yield block

    parts = list(band_frames(watched(), source.rate_hz))
    duration_s = count / source.rate_hz
    name = source.path.name
    if duration_s < SHORTEST_S:
        raise InvalidRequest(
            "audio", f"{name} lasts {duration_s:.2f} s; at least {SHORTEST_S:g} are needed", "use a longer piece"
        )
    if peak < SILENCE:
        raise InvalidRequest("audio", f"{name} is silent", "check the export's tracks and levels")
    return np.concatenate(parts), np.array(levels), duration_s


def _of_the_file(source: Source, duration_s: float) -> list[str]:
    """Return what the listener should know of a file that is not as it should be."""
    if source.other_hz is not None:
        where = f"behind {duration_s:.1f} s of {source.rate_hz}"
        told = f"another mp3, of {source.other_hz} samples a second, is joined {where} and was not heard"
        return [f"{told}; convert both to one rate"]
    if source.early:
        return [f"the file ends early, after {duration_s:.1f} s: what is there was heard"]
    if source.damaged_s is not None:
        return [f"the file is damaged at {source.damaged_s:.1f} s: the rest was heard"]
    missing_s = source.duration_s - duration_s
    return [f"{missing_s:.1f} s of the file could not be read: the rest was heard"] if missing_s > _PADDING_S else []


@dataclass(frozen=True)
class Found:
    """Beats, and the bars that lie on them.

    Attributes:
        sure: 0..1, how likely the tempo is. in_three: every beat is played in three.
        of_music: Not of drums: there were hardly any.
    """

    grid: Grid
    shape: bars.Shape
    sure: float
    in_three: bool
    of_music: bool


def follow(bands: Floats, odds: Floats, hard: Floats, duration_s: float) -> tuple[Strikes, Found]:
    """Return what was struck, and the beats and bars in it.

    Raises:
        InvalidRequest: If nothing in the file repeats.
    """
    strikes = onsets.strikes(onsets.strokes(odds, hard), odds)
    few, many = _FEWEST
    if sum(times.size for times, _ in strikes.values()) >= max(min(max(few, duration_s), many), duration_s / 4):
        return strikes, _pulse(strikes, duration_s, of_music=False)
    strikes = onsets.attacks(bands)
    return strikes, _pulse(strikes, duration_s, of_music=True)


def _pulse(strikes: Strikes, duration_s: float, *, of_music: bool) -> Found:
    """Return the most likely beats and bars.

    Raises:
        InvalidRequest: If nothing in the file repeats.
    """
    odds = pulse.odds_of_tempo(strikes, duration_s, pulse.Net.load("tempo"))
    best = int(np.convolve(odds, np.ones(3), "same").argmax())
    sure = float(odds[max(0, best - 3) : best + 4].sum())
    beat_s = beats.fine_beat_s(strikes, duration_s, 60 / float(pulse.GRID_BPM[best]))
    again_later = beats.comes_again(strikes, duration_s, beat_s)
    if all(found < least for found, least in zip(again_later, _COMES_AGAIN, strict=True)):
        raise InvalidRequest(
            "audio",
            "no drums were heard, nor anything else that comes again in time",
            "use a recording with a beat, or the drums alone and louder",
        )
    grid = beats.track(strikes, duration_s, beat_s)
    if grid.size < 4:
        raise InvalidRequest("audio", "no steady pulse was heard", "use a longer piece with a beat")
    scores = bars.scored(strikes, grid, pulse.Net.load("bars"))
    shape, phase = bars.judged(scores, 60 / beats.mean_beat_s(grid))
    return Found(Grid(grid, shape.beats, phase), shape, sure, bars.in_three(scores), of_music)


def _write_down(
    found: Found, heard: list[Onset], strikes: Strikes, levels: Doubles, duration_s: float, notes: list[str]
) -> Analysis:
    shape, phase, grid_s = found.shape, found.grid.phase, found.grid.beats_s
    shift = phase % 1
    # From the file's start to its end, so that a fill before the first found beat has its bar.
    first, last = beats.positions(np.array([0.0, duration_s]), grid_s)
    felt = np.arange(np.ceil(first - shift) + shift, last, 1.0)
    lines = np.arange(phase + np.ceil((first - phase) / shape.beats) * shape.beats, last, shape.beats)
    beats_s = beats.seconds(felt, grid_s)
    downbeats = beats.seconds(lines, grid_s)
    bpm = 60 / beats.mean_beat_s(grid_s) * shape.quarters
    swung, of = swing.STRAIGHT, 8
    if shape.quarters == 1:
        times = np.concatenate([strikes[s][0] for s in pulse.STREAMS])
        weights = np.concatenate([strikes[s][1] for s in pulse.STREAMS])
        swung, of = swing.measure((beats.positions(times, grid_s) - shift).tolist(), weights.tolist())
    if found.in_three and shape.meter in {"4/4", "6/8", "12/8"}:
        beat_bpm = 60 / beats.mean_beat_s(grid_s)
        other = f"12/8 at {1.5 * beat_bpm:.1f}" if shape.quarters == 1 else f"4/4 with triplets at {beat_bpm:.1f}"
        notes.append(f"every beat is played in three: {other} quarters a minute is the same music")
    if found.sure < _UNSURE:
        notes.append("the tempo is uncertain: half, double or another multiple may be meant")
    return Analysis(
        duration_s=round(duration_s, 3),
        tempo_bpm=round(float(bpm), 2),
        tempo_confidence=round(found.sure, 3),
        beats_s=_seconds(beats_s),
        downbeats_s=_seconds(downbeats),
        meter=shape.meter,
        swing=swung,
        swing_of=of,
        energy=energy.sections(levels, downbeats, duration_s),
        onsets=tuple(heard),
        notes=tuple(notes),
    )


def _seconds(times: Doubles) -> tuple[float, ...]:
    return tuple(round(float(at), 4) for at in times if at >= 0)
