#!/usr/bin/env python3
"""Measures hearing on rendered songs whose truth is known, and prints what the product promises beside what was found.

    python3 scripts/bench_hearing.py [--files 50] [--first-seed 1] [--font FILE.sf2] [--seconds 25]
        [--plain | --machine] [--json] [--no-long]

Needs fluidsynth, fluid-soundfont-gm and mir_eval. The songs differ in kit, tempo (spread evenly over 70 to 180),
style, feel and accompaniment; the ear was fitted on seeds from 100,000 on and the nets of tempo and bars on seeds
from 500,000 on. Octave errors are a half, a double, a third or three times the tempo, within 1 %.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np
from hearing_corpus import FLUID, Song, machine_song, plain_song, render, song

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from router.hearing import Analysis, analyze_file, hear

VOICES = ("kick", "snare", "hat")
WANTED = {"kick": 0.90, "snare": 0.85, "hat": 0.75}
OCTAVES = (0.5, 2.0, 1 / 3, 3.0)


@dataclass
class Sums:
    """Counts over all files."""

    tempo: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    matched: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    wanted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    found: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    velocity: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    late_ms: list[float] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)
    bars: list[float] = field(default_factory=list)
    meters: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def kind_of_tempo(found: float, true: float) -> str:
    """Return "right" within 1 %, "octave", or "wrong"."""
    if abs(found / true - 1) <= 0.01:
        return "right"
    return "octave" if any(abs(found / true / ratio - 1) <= 0.01 for ratio in OCTAVES) else "wrong"


def count(piece: Song, heard: Analysis, sums: Sums) -> str:
    """Add one file to the sums; return its line of the report."""
    kind = kind_of_tempo(heard.tempo_bpm, piece.bpm)
    sums.tempo[kind] += 1
    words = [f"{kind:6} {heard.tempo_bpm:6.1f} for {piece.bpm:6.1f} ({heard.tempo_confidence:.2f})"]
    for voice in VOICES:
        true = np.array(piece.truth(voice))
        own = [o for o in heard.onsets if o.voice == voice]
        times = np.array([o.t_s for o in own])
        pairs = mir_eval.util.match_events(true, times, 0.05) if len(true) and len(times) else []
        sums.matched[voice] += len(pairs)
        sums.wanted[voice] += len(true)
        sums.found[voice] += len(times)
        words.append(f"{voice} {f_measure(len(pairs), len(true), len(times)):.2f}")
        loud = {round(at, 6): v for at, name, v in piece.strokes if name in {voice, "hat_closed"}}
        both = [(loud[round(true[a], 6)], own[b].velocity) for a, b in pairs if round(true[a], 6) in loud]
        if len({a for a, _ in both}) > 4 and len({b for _, b in both}) > 1:
            sums.velocity[voice].append(float(np.corrcoef(np.array(both).T)[0, 1]))
        sums.late_ms += [1000 * float(times[b] - true[a]) for a, b in pairs]
    bar_s = piece.meter.bar_ticks / 960 * 60 / piece.bpm
    lines = np.arange(piece.lead_s, heard.duration_s - 0.3, bar_s)
    beats = np.concatenate(
        [
            lines + np.cumsum([0, *piece.meter.beats[:-1]])[n] / 960 * 60 / piece.bpm
            for n in range(len(piece.meter.beats))
        ]
    )
    sums.beats.append(mir_eval.beat.f_measure(np.sort(beats), np.array(heard.beats_s)))
    sums.bars.append(mir_eval.beat.f_measure(lines, np.array(heard.downbeats_s)))
    sums.meters.append(heard.meter == str(piece.meter))
    words.append(
        f"beats {sums.beats[-1]:.2f} bars {sums.bars[-1]:.2f} {heard.meter} swing {heard.swing:.2f}/{heard.swing_of}"
    )
    words.append(f"{piece.name} kit {piece.kit}{' band' if piece.notes else ''}")
    return "  ".join(words)


def f_measure(pairs: int, wanted: int, found: int) -> float:
    """Return the harmonic mean of precision and recall, 1 where nothing was to be found and nothing was."""
    return 2 * pairs / (wanted + found) if wanted + found else 1.0


def measure(chosen: argparse.Namespace, folder: Path, *, talk: bool = True) -> Sums:
    """Render and hear every song."""
    sums = Sums()
    tempi = np.linspace(70, 180, chosen.files)
    for n in range(chosen.files):
        tempo = round(float(tempi[(n * 7) % chosen.files] if chosen.files % 7 else tempi[n]), 1)
        seed = chosen.first_seed + n
        if chosen.machine:
            piece = machine_song(seed)
        elif chosen.plain:
            piece = plain_song(seed, bpm=tempo, seconds=chosen.seconds, font=chosen.font)
        else:
            piece = song(seed, bpm=tempo, seconds=chosen.seconds, font=chosen.font, meter=chosen.meter)
        path = render(piece, folder)
        started = time.perf_counter()
        heard = analyze_file(path)
        sums.seconds.append(time.perf_counter() - started)
        line = count(piece, heard, sums)
        path.unlink()
        if talk:
            print(line, flush=True)
    return sums


def report(sums: Sums) -> dict[str, Any]:
    """Return the figures."""
    files = sum(sums.tempo.values())
    folded = sums.tempo["right"] + sums.tempo["octave"]
    return {
        "files": files,
        "tempo_within_1_percent": sums.tempo["right"] / files,
        "tempo_within_1_percent_octaves_folded": folded / files,
        "octave_errors": sums.tempo["octave"] / files,
        **{f"f_{v}": round(f_measure(sums.matched[v], sums.wanted[v], sums.found[v]), 4) for v in VOICES},
        **{f"precision_{v}": round(sums.matched[v] / max(1, sums.found[v]), 4) for v in VOICES},
        **{f"recall_{v}": round(sums.matched[v] / max(1, sums.wanted[v]), 4) for v in VOICES},
        **{f"velocity_r_{v}": round(float(np.mean(sums.velocity[v] or [0])), 3) for v in VOICES},
        "onset_late_ms_mean": round(float(np.mean(sums.late_ms)), 2),
        "onset_late_ms_sd": round(float(np.std(sums.late_ms)), 2),
        "beat_f": round(float(np.mean(sums.beats)), 3),
        "downbeat_f": round(float(np.mean(sums.bars)), 3),
        "meter_right": round(float(np.mean(sums.meters)), 3),
        "seconds_a_file": round(float(np.mean(sums.seconds)), 2),
    }


def long_file(folder: Path) -> dict[str, Any]:
    """Hear three minutes through the worker process; return the seconds and how often progress was told."""
    piece = song(77, bpm=112, seconds=180, genre="rock", band=True)
    path = render(piece, folder)
    told: list[float] = []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    heard = asyncio.run(hear(path, on_progress=lambda _stage, done: told.append(done)))
    took = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "long_s": round(heard.duration_s, 1),
        "long_took_s": round(took, 2),
        "long_cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "long_progress_reports": len(told),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--font", type=Path, default=FLUID)
    parser.add_argument("--meter", default="4/4")
    parser.add_argument("--plain", action="store_true", help="drums alone, on the grid, as a step sequencer has them")
    parser.add_argument("--machine", action="store_true", help="sounds that no font has, in all metres, 4 to 30 s")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-long", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = report(measure(chosen, Path(name), talk=not chosen.json))
        if not chosen.no_long:
            figures |= long_file(Path(name))
    if chosen.json:
        print(json.dumps(figures))
        return
    for key, value in figures.items():
        print(f"{key:40} {value}")
    print(f"wanted: tempo .95, octave errors .10 at most, F {WANTED}, three minutes in 20 s")


if __name__ == "__main__":
    main()
