#!/usr/bin/env python3
"""Fits the nets that judge half-heard strokes again and writes router/hearing/again_*.npz.

    python3 scripts/fit_again.py [--songs 800] [--cache FOLDER] [TAKES]

Songs as `fit_hearing.py` makes them, with seeds from 110,000 on, which the ear was not fitted to: of what it has
learnt by heart it is too sure. One in ten keeps some of its drums only, or none: what is not there must not be heard.
TAKES is a folder of the Groove MIDI Dataset: one take for each twenty songs then.

The nets there are came of 690 such songs and of 202 of `hearing_corpus.py` with seeds from 300,000 on.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from fit_hearing import FLUID, OTHER_FONTS, Adam, Floats, listened, one, performed
from hearing_corpus import CLASSES, song
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from router.errors import InvalidRequest
from router.hearing import again
from router.hearing.analysis import VOICES
from router.hearing.ear import KINDS, Ear
from router.hearing.listen import follow
from router.hearing.spectrum import FRAME_S

OUT = Path(__file__).resolve().parent.parent / "router" / "hearing"
FIRST_SEED = 110_000
UNITS, EPOCHS, BATCH = 24, 20, 256
NEAR_S, AS_GOOD = 0.04, 0.002
Doubles = NDArray[np.float64]
Case = tuple[Doubles, NDArray[np.bool_], int]
"""Rows of evidence, which of them are strokes, and how many strokes have no row."""


def some_drums(seed: int, folder: Path) -> tuple[Floats, Floats]:
    """Return bands and strokes of a song that lacks some of its drums, or all."""
    rng = random.Random(f"some {seed}")
    font = rng.choice((FLUID, FLUID, *(font for font in OTHER_FONTS if font.exists())))
    kept = set(
        rng.choice(((), ("kick",), ("hat", "shaken"), ("kick", "hat"), ("snare",), [k for k in KINDS if k != "snare"]))
    )
    piece = song(seed, seconds=20, font=font, band=None if kept else True)
    return listened(replace(piece, strokes=tuple(one for one in piece.strokes if CLASSES.get(one[1]) in kept)), folder)


def cases(ear: Ear, bands: Floats, strokes: Floats) -> dict[str, Case]:
    """Return for each drum what may be its strokes and which are; the surest of two near one stroke is it."""
    odds, hard = ear.listen(bands)
    duration_s = len(bands) * FRAME_S
    _, found = follow(bands, odds, hard, duration_s)
    out = {}
    for voice, (times, _, rows) in again.evidence(bands, odds, hard, found.grid).items():
        kind = KINDS.index(voice)
        true = np.unique(strokes[strokes[:, 1] == kind, 0]) if len(strokes) else np.zeros(0)
        true = true[np.diff(true, prepend=-1) > 0.003]
        free, right = np.ones(true.size, bool), np.zeros(times.size, bool)
        for row in np.argsort(-rows[:, 0]):
            near = np.flatnonzero(free & (np.abs(true - times[row]) <= NEAR_S))
            if near.size:
                free[near[np.abs(true[near] - times[row]).argmin()]], right[row] = False, True
        out[voice] = rows, right, int(free.sum())
    return out


def fit(rows: Doubles, right: NDArray[np.bool_]) -> dict[str, Floats]:
    """Return a net of one hidden layer after Adam on cross-entropy."""
    rng = np.random.default_rng(11)
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    x, wanted = ((rows - mean) / spread).astype(np.float32), right.astype(np.float32)[:, None]
    width = x.shape[1]
    params: list[Floats] = [
        rng.normal(0, (2 / width) ** 0.5, (width, UNITS)).astype(np.float32),
        np.zeros(UNITS, np.float32),
        rng.normal(0, 0.2, (UNITS, 1)).astype(np.float32),
        np.zeros(1, np.float32),
    ]
    adam = Adam(params)
    for epoch in range(EPOCHS):
        order = rng.permutation(len(x))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            part = order[start : start + BATCH]
            blurred = x[part] + rng.normal(0, 0.05, (BATCH, width)).astype(np.float32)
            units = np.maximum(0, blurred @ params[0] + params[1])
            odds = 1 / (1 + np.exp(-np.clip(units @ params[2] + params[3], -30, 30)))
            back = (odds - wanted[part]) / BATCH
            inner = (back @ params[2].T) * (units > 0)
            grads = [blurred.T @ inner + 1e-3 * params[0], inner.sum(0), units.T @ back + 1e-3 * params[2], back.sum(0)]
            adam.step(grads, 3e-3 * (1 - epoch / EPOCHS) ** 0.7 + 1e-5)
    return dict(zip(("mean", "spread", "w0", "b0", "w1", "b1"), (mean, spread, *params), strict=True))


def best_f(scores: Doubles, right: NDArray[np.bool_], missing: int) -> tuple[float, float]:
    """Return the highest F measure that a threshold reaches, and the lowest threshold that as good as reaches it.

    Of equals the one that hears more: a backbeat that is missed is the worse fault.
    """
    order = np.argsort(-scores)
    hits, taken = np.cumsum(right[order]), np.arange(1, scores.size + 1)
    f = 2 * hits / (taken + right.sum() + missing)
    return float(f.max()), float(scores[order][np.flatnonzero(f >= f.max() - AS_GOOD)[-1]])


def main() -> None:
    """Render, fit, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--songs", type=int, default=800)
    parser.add_argument("--cache", type=Path, help="bands and strokes of songs, kept there or read from there")
    parser.add_argument("takes", nargs="?", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = chosen.cache or Path(name)
        for n in range(chosen.songs):
            if not (folder / f"{n}.npz").exists():
                if n % 10 == 9:
                    bands, strokes = some_drums(FIRST_SEED + n, Path(name))
                elif chosen.takes and n % 20 == 8:
                    bands, strokes = performed(FIRST_SEED + n, chosen.takes, Path(name))
                else:
                    bands, strokes = one(FIRST_SEED + n, Path(name))
                np.savez(folder / f"{n}.npz", bands=bands, strokes=strokes)
                print(f"\r{n + 1} songs", end="", flush=True)
        ear, found = Ear.load(), []
        for path in sorted(folder.glob("*.npz")):
            with np.load(path) as data:
                try:
                    found.append(cases(ear, data["bands"], data["strokes"]))
                except InvalidRequest:  # no pulse in it
                    continue
    for voice in VOICES:
        rows, right = (np.concatenate([case[voice][n] for case in found]) for n in (0, 1))
        missing = sum(case[voice][2] for case in found)
        net = fit(rows, right)
        hidden = np.maximum(0, (rows - net["mean"]) / net["spread"] @ net["w0"] + net["b0"])
        f, line = best_f((hidden @ net["w1"] + net["b1"])[:, 0], right, missing)
        net["b1"] = net["b1"] - line
        np.savez_compressed(OUT / f"again_{voice}.npz", **{key: value.astype(np.float32) for key, value in net.items()})
        print(f"{voice}: F {f:.4f} of {right.sum() + missing} strokes")


if __name__ == "__main__":
    main()
