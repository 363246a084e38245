#!/usr/bin/env python3
"""Fits the nets that judge tempo and bar lines to generated grooves and, where given, to human takes.

    python3 scripts/fit_pulse.py [--songs 4000] [--epochs 30] [--go-on] [FOLDER_OF_GROOVE_MIDI_DATASET]

No sound is rendered: strokes are dropped, added and moved as a transcription would. The Groove MIDI Dataset is CC BY
4.0: Gillick, Roberts, Engel, Eck, Bamman, "Learning to Groove with Inverse Sequence Transformations", ICML 2019.
Seeds from 500,000 on.

The net of tempo there is came of 4,500 songs, a quarter of them patterns of a step sequencer. That of bars was fitted
without these: with them it found more of their bars, and less of 6/8 and 12/8. Both then went on for eight epochs, with
`--go-on`, of 1,600 such songs, 1,300 human windows and 2,150 takes of drum machines (`tests/support/drum_machine.py`).
"""

from __future__ import annotations

import argparse
import csv
import itertools
import random
import sys
import time
from pathlib import Path

import mido
import numpy as np
from hearing_corpus import CLASSES, machine_song, plain_song, song
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from router.hearing.bars import HYPOTHESES, folded
from router.hearing.beats import fine_beat_s, positions, track
from router.hearing.pulse import GRID_BPM, STREAMS, Net, evidence

OUT = Path(__file__).resolve().parent.parent / "router" / "hearing"
FIRST_SEED = 500_000
PLAIN, MACHINE = 0.25, 0.45
Doubles = NDArray[np.float64]
Piece = tuple[
    float, float, str, list[tuple[float, str, int]]
]  # felt beats a minute, seconds of bar one, metre, strokes
METERS = ("4/4",) * 16 + ("3/4", "3/4", "6/8", "6/8", "12/8", "5/4", "7/8")
STREAM = {"kick": "kick", "snare": "snare", "hat": "hat", "cymbal": "other", "tom": "other", "shaken": "other"}
NOTES = {
    36: "kick", 35: "kick", 38: "snare", 40: "snare", 37: "rim", 42: "hat_closed",
    22: "hat_closed", 44: "hat_pedal", 46: "hat_open", 26: "hat_open", 51: "ride", 59: "ride",
    53: "ride_bell", 49: "crash", 55: "crash2", 57: "crash2", 52: "china", 48: "tom_high",
    50: "tom_high", 45: "tom_mid", 47: "tom_mid", 43: "tom_floor", 58: "tom_floor",
}  # fmt: skip


def generated(seed: int) -> Piece:
    """Return a generated groove, a step sequencer's pattern or a drum machine's, with its felt tempo."""
    rng = random.Random(f"pulse {seed}")
    if random.Random(f"machine {seed}").random() < MACHINE:
        piece = machine_song(seed)
        felt = piece.bpm / 1.5 if str(piece.meter) == "6/8" else piece.bpm
        return felt, piece.lead_s, str(piece.meter), list(piece.strokes)
    if rng.random() < PLAIN:
        piece = plain_song(seed, seconds=rng.uniform(10, 45))
        return piece.bpm, piece.lead_s, "4/4", list(piece.strokes)
    meter = rng.choice(METERS)
    piece = song(seed, seconds=rng.uniform(10, 45), meter=meter, band=False)
    felt = piece.bpm / 1.5 if meter in {"6/8", "12/8"} else piece.bpm
    return felt, piece.lead_s, meter, list(piece.strokes)


def human(root: Path) -> list[Piece]:
    """Return the 4/4 takes of ten seconds and more, cut into windows that start on a bar line."""
    out: list[Piece] = []
    rng = random.Random(3)
    with (root / "info.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["beat_type"] == "beat" and r["time_signature"] == "4-4"]
    for row in rows:
        bpm = float(row["bpm"])
        now, strokes = 0.0, []
        for message in mido.MidiFile(root / row["midi_filename"]):
            now += message.time
            if message.type == "note_on" and message.velocity and message.note in NOTES:
                strokes.append((now, NOTES[message.note], message.velocity))
        bar_s = 240 / bpm
        start = 0
        while strokes and start * bar_s + 10 < strokes[-1][0]:
            bars = max(5, round(rng.uniform(10, 45) / bar_s))
            low, high = start * bar_s - 0.05, (start + bars) * bar_s - 0.05
            part = [(at - low, voice, velocity) for at, voice, velocity in strokes if low <= at < high]
            if len(part) > 20:
                stretch = rng.uniform(0.85, 1.15) if 70 <= bpm <= 180 else 1.0
                out.append((bpm / stretch, 0.05 * stretch, "4/4", [(a * stretch, v, w) for a, v, w in part]))
            start += bars
    return out


def heard(piece: Piece, rng: np.random.Generator) -> tuple[dict[str, tuple[Doubles, Doubles]], float]:
    """Return the strokes as a transcription would have them, and the duration."""
    lists: dict[str, list[tuple[float, float]]] = {stream: [] for stream in STREAMS}
    miss, swap = rng.uniform(0.01, 0.15), rng.uniform(0, 0.06)
    end = max(at for at, _, _ in piece[3]) + 0.4
    for at, voice, velocity in piece[3]:
        stream = STREAM.get(CLASSES.get(voice, ""))
        if stream is None:
            stream = rng.choice(["hat", "other", ""]) if rng.random() < 0.4 else ""
        if not stream or rng.random() < miss + 0.35 * max(0.0, 1 - velocity / 45):
            continue
        if rng.random() < swap:
            stream = STREAMS[rng.integers(4)]
        lists[stream].append((at + rng.normal(0, 0.004), max(0.05, velocity / 127 + rng.normal(0, 0.08))))
    for _ in range(int(len(piece[3]) * rng.uniform(0, 0.06))):
        lists[STREAMS[rng.integers(4)]].append((rng.uniform(0, end), rng.uniform(0.1, 0.7)))
    out = {}
    for stream, rows in lists.items():
        rows.sort()
        out[stream] = (np.array([r[0] for r in rows]), np.array([r[1] for r in rows]))
    return out, end


def bar_case(piece: Piece, strikes: dict[str, tuple[Doubles, Doubles]], duration: float) -> tuple[Doubles, Doubles]:
    """Return the bar hypotheses on beats tracked at the true tempo, and 1 for those that are true."""
    beat_s = fine_beat_s(strikes, duration, 60 / piece[0])
    beats = track(strikes, duration, beat_s)
    if beats.size < 6:
        return np.zeros((1, 1)), np.zeros(1)
    # The bar line nearest the middle of the piece: what the beats drifted by at its start does not count.
    shape = next(s for s, _ in HYPOTHESES if s.meter == piece[2])
    bar_s = shape.beats * 60 / piece[0]
    middle = piece[1] + round((duration / 2 - piece[1]) / bar_s) * bar_s
    place = float(positions(np.array([middle]), beats)[0])
    wanted = np.zeros(len(HYPOTHESES))
    for row, (tried, phase) in enumerate(HYPOTHESES):
        off = (place - phase + tried.beats / 2) % tried.beats - tried.beats / 2
        wanted[row] = tried.meter == piece[2] and abs(off) < 0.2
    return folded(strikes, beats).astype(np.float32), wanted


def fit_net(
    groups: list[Doubles], wants: list[Doubles], start: Net | tuple[int, ...], epochs: int, held: int
) -> dict[str, Doubles]:
    """Fit a scorer so that a softmax over each group's rows meets the wanted odds; Adam, early rows held out.

    Starts from a net with steps half as big, or from nothing with these sizes.
    """
    rng = np.random.default_rng(5)
    params: list[NDArray[np.float32]] = []
    if isinstance(start, Net):
        mean, spread = start.mean, start.spread
        params += [part.astype(np.float32) for layer in start.layers for part in layer]
    else:
        flat = np.concatenate(groups)
        mean, spread = flat.mean(axis=0), flat.std(axis=0) + 1e-3
        for low, high in itertools.pairwise((flat.shape[1], *start, 1)):
            params += [rng.normal(0, (2 / low) ** 0.5, (low, high)).astype(np.float32), np.zeros(high, np.float32)]
    x = [((g - mean) / spread).astype(np.float32) for g in groups]
    moment, spreads, step = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params], 0
    train = np.arange(held, len(groups))
    for epoch in range(epochs):
        rate = (1e-3 if isinstance(start, Net) else 2e-3) * (1 - epoch / epochs) + 2e-5
        rng.shuffle(train)
        for at in range(0, len(train), 16):
            batch = train[at : at + 16]
            grads = [np.zeros_like(p) for p in params]
            for index in batch:
                _add_gradient(params, x[index], wants[index], grads, rng)
            step += 1
            for n, grad in enumerate(grads):
                g = grad / len(batch) + (1e-4 * params[n] if n % 2 == 0 else 0)
                moment[n] += 0.1 * (g - moment[n])
                spreads[n] += 0.001 * (g * g - spreads[n])
                params[n] -= rate * (moment[n] / (1 - 0.9**step)) / (np.sqrt(spreads[n] / (1 - 0.999**step)) + 1e-8)
        if epoch % 5 == 4 or epoch == epochs - 1:
            right = [wants[n][_forward(params, x[n])[-1][:, 0].argmax()] > 0 for n in range(held)]
            seen = [wants[n][_forward(params, x[n])[-1][:, 0].argmax()] > 0 for n in train[:held]]
            print(f"epoch {epoch}: right on held out {np.mean(right):.3f}, on seen {np.mean(seen):.3f}", flush=True)
    out = {"mean": mean, "spread": spread}
    for n, p in enumerate(params):
        out[f"{'wb'[n % 2]}{n // 2}"] = p.astype(np.float64)
    return out


def _forward(params: list[NDArray[np.float32]], x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    values = [x]
    for n in range(0, len(params) - 2, 2):
        values.append(np.maximum(values[-1] @ params[n] + params[n + 1], 0))
    values.append(values[-1] @ params[-2] + params[-1])
    return values


def _add_gradient(
    params: list[NDArray[np.float32]],
    x: NDArray[np.float32],
    want: Doubles,
    grads: list[NDArray[np.float32]],
    rng: np.random.Generator,
) -> None:
    x = x * (rng.random(x.shape[1], np.float32) > 0.03) + rng.normal(0, 0.05, x.shape).astype(np.float32)
    values = _forward(params, x)
    score = values[-1][:, 0]
    odds = np.exp(score - score.max())
    odds /= odds.sum()
    back = (odds - want)[:, None].astype(np.float32)
    for n in range(len(params) - 2, -1, -2):
        grads[n] += values[n // 2].T @ back
        grads[n + 1] += back.sum(axis=0)
        if n:
            back = (back @ params[n].T) * (values[n // 2] > 0)


def save(name: str, params: dict[str, Doubles]) -> None:
    """Write half-precision weights."""
    path = OUT / f"{name}.npz"
    np.savez_compressed(path, **{key: value.astype(np.float16) for key, value in params.items()})
    print(f"{name}: {path.stat().st_size} bytes")


def main() -> None:
    """Make strokes, fit, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--songs", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--go-on", action="store_true", help="start from the nets there are, with smaller steps")
    parser.add_argument("takes", nargs="?", type=Path)
    chosen = parser.parse_args()
    rng = np.random.default_rng(11)
    started = time.monotonic()
    pieces = [generated(FIRST_SEED + n) for n in range(chosen.songs)]
    if chosen.takes:
        pieces += human(chosen.takes)
    pieces = [p for p in pieces if len(p[3]) > 12]
    random.Random(1).shuffle(pieces)
    print(f"{len(pieces)} pieces, {time.monotonic() - started:.0f} s", flush=True)
    groups, wants, bars, lines = [], [], [], []
    misled = 0
    for piece in pieces:
        strikes, duration = heard(piece, rng)
        rows, wanted = bar_case(piece, strikes, duration)
        if wanted.sum():
            bars.append(rows)
            lines.append(wanted / wanted.sum())
        else:
            misled += 1
        near = np.exp(-0.5 * (np.log(GRID_BPM / piece[0]) / 0.008) ** 2) * (np.abs(np.log(GRID_BPM / piece[0])) < 0.02)
        if near.sum() > 0:
            groups.append(evidence(strikes, duration).astype(np.float32).astype(np.float64))
            wants.append(near / near.sum())
    print(f"evidence after {time.monotonic() - started:.0f} s", flush=True)
    print(f"beats off both beat and half beat: {misled}")
    starts = (Net.load("bars"), Net.load("tempo")) if chosen.go_on else ((24,), (32, 16))
    save("bars", fit_net(bars, lines, starts[0], chosen.epochs, max(20, len(bars) // 10)))
    save("tempo", fit_net(groups, wants, starts[1], chosen.epochs, max(20, len(groups) // 10)))


if __name__ == "__main__":
    main()
