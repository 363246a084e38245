#!/usr/bin/env python3
"""Fits the ear to rendered songs whose strokes are known and writes router/hearing/ear.npz.

    python3 scripts/fit_hearing.py [--songs 300] [--epochs 14] [--cache FOLDER] [--go-on [--share 0.4] | --machine]
        [TAKES]

Needs fluidsynth and fluid-soundfont-gm; the fonts of timgm6mb-soundfont and musescore-general-soundfont-small join in
where they are installed. TAKES is a folder of the Groove MIDI Dataset (CC BY 4.0; Gillick, Roberts, Engel, Eck, Bamman,
"Learning to Groove with Inverse Sequence Transformations", ICML 2019): one take for each seven songs then. With --share
the weights are the mean of those there were and the new ones (Wortsman et al., "Model soups", ICML 2022), so that what
900 songs taught is not forgotten over a few hundred others.

The weights there are came of 900 songs with 96 and 48 units, then nine epochs of 442 and five of 584 of today's drummer
with the units widened by small random ones; all these songs have seeds from 100,000 on, `bench_hearing.py` reports on
others.

`ear_machine.npz` came of `--machine` in two rounds, of 558 of the songs: six epochs with 420 takes of drum machines
(`tests/support/drum_machine.py`, seeds from 700,000 on) and five with 840. It hears machines far better and ghost notes
of rendered kits worse, so there are two ears (`router/hearing/ear.py`).
"""

from __future__ import annotations

import argparse
import csv
import itertools
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import soundfile
from fit_pulse import NOTES
from hearing_corpus import CLASSES, FLUID, OTHER_FONTS, Song, machine_song, plain_song, render, song
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from router.hearing.ear import CONTEXT, KINDS, VOICED, Ear, gathered, loudness, padded
from router.hearing.spectrum import BANDS, FRAME_S, band_frames
from tests.support import no_drums

OUT = Path(__file__).resolve().parent.parent / "router" / "hearing" / "ear.npz"
FIRST_SEED, FIRST_MACHINE = 100_000, 700_000
SLOPES = (1.2, 1.7)  # the triangle's height, then cut at 1, and frames to fall by 1
SOFT_BELOW, SOFT_WORTH = 0.42, 1.3
"""A ghost note is missed more often than a snare is made up: a soft one counts this much more."""
SIZES = (len(CONTEXT) * BANDS, 224, 64, len(KINDS) + VOICED)
Floats = NDArray[np.float32]


def one(seed: int, folder: Path) -> tuple[Floats, Floats]:
    """Return bands and strokes (seconds, index of `KINDS`, velocity 0..1) of one song."""
    rng = random.Random(f"ear {seed}")
    font = rng.choice((FLUID, FLUID, *(font for font in OTHER_FONTS if font.exists())))
    piece = plain_song(seed, seconds=16, font=font) if rng.random() < 0.4 else song(seed, seconds=22, font=font)
    return listened(with_hand_drums(piece, rng) if rng.random() < 0.25 else piece, folder)


def with_hand_drums(piece: Song, rng: random.Random) -> Song:
    """Return the song with hand drums over it, in place of its snare or with it, and shaken ones beside them or not.

    Few styles have them, and they sound like soft snares.
    """
    hands = rng.choice(
        (("bongo_high", "bongo_low"), ("conga_mute", "conga_high", "conga_low"), ("timbale_high", "timbale_low"))
    )
    shaken = rng.choice((None, None, "maracas", "shaker", "cabasa", "tambourine"))
    often, beat_s, end = rng.uniform(0.25, 0.8), 60 / piece.bpm, max(at for at, _, _ in piece.strokes)
    bar = [(n, rng.choice(hands), rng.randrange(30, 115)) for n in range(16) if rng.random() < often]
    if shaken:
        step, loud = rng.choice((1, 2)), rng.randrange(40, 100)
        bar += [(n, shaken, loud - (n % 4 > 0) * rng.randrange(30)) for n in range(0, 16, step)]
    strokes = [
        (piece.lead_s + (16 * turn + step) * beat_s / 4 + rng.gauss(0, 0.006), voice, hard)
        for turn in range(int(end / beat_s / 4) + 1)
        for step, voice, hard in bar
    ]
    own = piece.strokes
    if rng.random() < 0.4:
        own = tuple(stroke for stroke in own if CLASSES.get(stroke[1]) != "snare")
    return replace(piece, strokes=tuple(sorted((*own, *(one for one in strokes if 0 <= one[0] < end)))))


def listened(piece: Song, folder: Path) -> tuple[Floats, Floats]:
    """Return bands and strokes of a song as it sounds."""
    path = render(piece, folder)
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    path.unlink()
    bands = np.concatenate(list(band_frames([samples.mean(axis=1)], rate)))
    rows = [(at, KINDS.index(CLASSES[v]), hard / 127) for at, v, hard in piece.strokes if CLASSES.get(v) in KINDS]
    return bands, np.array(rows, np.float32)


def performed(index: int, takes: Path, folder: Path) -> tuple[Floats, Floats]:
    """Return bands and strokes of eighteen seconds of a human take, a third of them with a band."""
    rng = random.Random(f"take {index}")
    with (takes / "info.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["beat_type"] == "beat" and float(r["duration"]) > 12]
    row = rng.choice(rows)
    start, now, strokes = rng.uniform(0, max(0.0, float(row["duration"]) - 20)), 0.0, []
    for message in mido.MidiFile(takes / row["midi_filename"]):
        now += message.time
        if message.type == "note_on" and message.velocity and message.note in NOTES and start <= now < start + 18:
            strokes.append((now - start + 0.05, NOTES[message.note], message.velocity))
    font = rng.choice((FLUID, FLUID, *(font for font in OTHER_FONTS if font.exists())))
    base = song(2 * FIRST_SEED + index, seconds=18, band=rng.random() < 0.35, font=font, bpm=float(row["bpm"]))
    return listened(replace(base, name=f"take-{index}", strokes=tuple(strokes)), folder)


def of_machine(seed: int, folder: Path) -> tuple[Floats, Floats]:
    """Return bands and strokes of a drum machine; of one in fourteen, eight seconds in which nobody drums."""
    if seed % 14 < 13:
        return listened(machine_song(seed), folder)
    samples, rate = no_drums.sound(no_drums.KINDS[seed // 14 % len(no_drums.KINDS)], seed, seconds=8)
    return np.concatenate(list(band_frames([samples], rate))), np.zeros((0, 3), np.float32)


def labels(count: int, strokes: Floats) -> tuple[Floats, Floats]:
    """Return wanted activations, a triangle about each stroke, and velocities, -1 where there is no stroke."""
    wanted = np.zeros((count, len(KINDS)), np.float32)
    hard = np.full((count, VOICED), -1, np.float32)
    frames = np.arange(count)
    for at, kind, velocity in strokes:
        place, column = at / FRAME_S, int(kind)
        near = slice(max(0, int(place) - 2), int(place) + 4)
        slope = np.clip(SLOPES[0] - np.abs(frames[near] - place) / SLOPES[1], 0, 1)
        wanted[near, column] = np.maximum(wanted[near, column], slope)
        if column < VOICED:
            frame = min(round(place), count - 1)
            hard[max(0, frame - 1) : frame + 2, column] = velocity
    return wanted, hard


def coloured(bands: Floats, rng: np.random.Generator) -> Floats:
    """Return the song through another equaliser, pitch and noise floor, so that one font is not learnt by heart."""
    position = np.linspace(0, 1, BANDS)
    curve = rng.normal(0, 5) * (position - 0.5) + rng.normal(0, 4) * np.cos(np.pi * 2 * (position + rng.random()))
    curve = curve + rng.normal(0, 1.5, BANDS)
    out = bands * (10 ** (curve / 20)).astype(np.float32)
    place = np.clip(np.arange(BANDS) - rng.normal(0, 0.8), 0, BANDS - 1)
    low = np.minimum(place.astype(np.int64), BANDS - 2)
    part = (place - low).astype(np.float32)
    out = out[:, low] * (1 - part) + out[:, low + 1] * part
    floor = out.mean() * 10 ** rng.uniform(-4, -1.3)
    return out + np.abs(rng.normal(0, floor, out.shape)).astype(np.float32)


class Set:
    """Frames of many songs in one padded array, with the rows worth training on."""

    def __init__(self, songs: list[tuple[Floats, Floats]], rng: np.random.Generator, *, colour: bool) -> None:
        pads, wants, hards, rows = [], [], [], []
        offset = 0
        for bands, strokes in songs:
            wanted, hard = labels(len(bands), strokes)
            pad = padded(loudness(coloured(bands, rng) if colour else bands)).astype(np.float16)
            busy = wanted.max(axis=1) > 0
            near = np.convolve(busy, np.ones(9), "same") > 0
            rows.append(offset + np.flatnonzero(near | (rng.random(len(bands)) < 0.3)))
            # The padding is longer than the frames: the rows between songs are never asked for.
            fill = ((0, len(pad) - len(bands)), (0, 0))
            pads.append(pad)
            wants.append(np.pad(wanted, fill))
            hards.append(np.pad(hard, fill, constant_values=-1))
            offset += len(pad)
        self.pad, self.wanted, self.hard = np.concatenate(pads), np.concatenate(wants), np.concatenate(hards)
        self.rows = np.concatenate(rows)


class Adam:
    """Moves parameters down their gradients, in place (Kingma and Ba, "Adam", ICLR 2015)."""

    def __init__(self, params: list[Floats]) -> None:
        """Start at rest."""
        self._params, self._steps = params, 0
        self._moment, self._spread = ([np.zeros_like(p) for p in params] for _ in range(2))

    def step(self, grads: list[Floats], rate: float) -> None:
        """Take one step."""
        self._steps += 1
        for param, grad, moment, spread in zip(self._params, grads, self._moment, self._spread, strict=True):
            moment[...] += 0.1 * (grad - moment)
            spread[...] += 0.001 * (grad * grad - spread)
            even = np.sqrt(spread / (1 - 0.999**self._steps)) + 1e-8
            param[...] -= rate * (moment / (1 - 0.9**self._steps)) / even


def fit(songs: list[tuple[Floats, Floats]], epochs: int, rate_at_first: float, params: list[Floats]) -> list[Floats]:
    """Return the weights and offsets after Adam on cross-entropy plus velocity error."""
    rng = np.random.default_rng(7)
    held, train = songs[: max(1, len(songs) // 12)], songs[max(1, len(songs) // 12) :]
    check = Set(held, rng, colour=True)
    adam = Adam(params)
    for epoch in range(epochs):
        if epoch % 3 == 0:
            data = Set(train, rng, colour=True)
        order = rng.permutation(data.rows)
        total, started = 0.0, time.monotonic()
        rate = rate_at_first * (1 - epoch / epochs) ** 0.7 + 2e-5
        for start in range(0, len(order) - 511, 512):
            rows = np.sort(order[start : start + 512])
            loss, grads = gradient(params, data, rows, rng)
            total += loss
            adam.step(grads, rate)
        loss = sum(gradient(params, check, part, None)[0] for part in np.array_split(check.rows, 20)) / 20
        seconds = time.monotonic() - started
        print(f"epoch {epoch}: {total / (len(order) // 512):.4f}, held out {loss:.4f}, {seconds:.0f} s", flush=True)
    return params


def fresh() -> list[Floats]:
    """Return weights and offsets that know nothing yet (He et al., 2015)."""
    rng = np.random.default_rng(8)
    out: list[Floats] = []
    for low, high in itertools.pairwise(SIZES):
        out += [rng.normal(0, (2 / low) ** 0.5, (low, high)).astype(np.float32), np.zeros(high, np.float32)]
    return out


def gradient(
    params: list[Floats], data: Set, rows: NDArray[np.int64], rng: np.random.Generator | None
) -> tuple[float, list[Floats]]:
    """Return the mean loss and its gradient on some rows; dropout of a tenth where a generator is given."""
    x = gathered(data.pad, rows).astype(np.float32)
    if rng is not None:
        x *= rng.random((len(rows), 1, 1), np.float32).reshape(-1, 1) * 0.2 + 0.9
    values, masks = [x], []
    for n in (0, 2):
        z = values[-1] @ params[n] + params[n + 1]
        mask = (z > 0).astype(np.float32)
        if rng is not None:
            mask *= (rng.random(mask.shape, np.float32) > 0.1) / np.float32(0.9)
        masks.append(mask)
        values.append(z * mask)
    out = values[-1] @ params[4] + params[5]
    odds = 1 / (1 + np.exp(-np.clip(out[:, : len(KINDS)], -30, 30)))
    want, hard = data.wanted[rows], data.hard[rows]
    struck = hard >= 0
    off = np.where(struck, out[:, len(KINDS) :] - hard, 0)
    near = np.clip(odds, 1e-6, 1 - 1e-6)
    worth = np.ones_like(want)
    snare = KINDS.index("snare")
    worth[(hard[:, snare] >= 0) & (hard[:, snare] < SOFT_BELOW), snare] = SOFT_WORTH
    loss = -(worth * (want * np.log(near) + (1 - want) * np.log(1 - near))).sum(axis=1).mean()
    back = np.concatenate((worth * (odds - want), off), axis=1).astype(np.float32) / len(rows)
    grads: list[Floats] = []
    for n in (4, 2, 0):
        grads[:0] = [values[n // 2].T @ back, back.sum(axis=0)]
        if n:
            back = (back @ params[n].T) * masks[n // 2 - 1]
    return float(loss), grads


def main() -> None:
    """Render, fit, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--songs", type=int, default=300)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--go-on", action="store_true", help="start from the weights there are, with smaller steps")
    parser.add_argument("--machine", action="store_true", help="go on to the ear that knows drum machines too")
    parser.add_argument("--share", type=float, default=1.0, help="of the new weights in what is written")
    parser.add_argument("takes", nargs="?", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        songs = []
        for n in range(chosen.songs):
            kept = chosen.cache / f"{n}.npz" if chosen.cache else None
            if kept and kept.exists():
                with np.load(kept) as data:
                    songs.append((data["bands"].astype(np.float32), data["strokes"]))
                continue
            if chosen.machine and n % 5 > 1:
                songs.append(of_machine(FIRST_MACHINE + n, Path(name)))
            elif chosen.takes is not None and n % 8 == 7:
                songs.append(performed(n, chosen.takes, Path(name)))
            else:
                songs.append(one(FIRST_SEED + n, Path(name)))
            if kept:
                np.savez(kept, bands=songs[-1][0], strokes=songs[-1][1])
            print(f"\r{n + 1} songs", end="", flush=True)
    going_on = chosen.go_on or chosen.machine
    start = [array for layer in Ear.load().layers for array in layer] if going_on else fresh()
    before = [array.copy() for array in start]
    params = fit(songs, chosen.epochs, 5e-4 if going_on else 1.2e-3, start)
    if going_on:
        params = [(1 - chosen.share) * old + chosen.share * new for old, new in zip(before, params, strict=True)]
    out = OUT.with_name("ear_machine.npz") if chosen.machine else OUT
    np.savez_compressed(
        out,
        **{f"{'wb'[n % 2]}{n // 2}": p.astype(np.float16) for n, p in enumerate(params)},
    )
    print(f"{out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
