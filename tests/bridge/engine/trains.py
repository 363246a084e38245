"""Named pulse trains: difficult clocks, kept. Each is (when pulses are seen, when beat k truly is).

A pulse is a pair (true time, seen time or None when it was lost); a double adds a seen time that was never true.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

PPQ = 24


@dataclass
class Train:
    """`seen` are arrivals in order; `beats` are the true times of beats 0, 1, 2 ..."""

    name: str
    seen: list[float] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)


def train(
    name: str,
    *,
    beats: int = 64,
    bpm: Callable[[float], float] | float = 120.0,
    jitter: float = 0.0,
    grid: float = 0.0,
    lost: float = 0.0,
    doubled: float = 0.0,
    frame: float = 1 / 48000,
    held_up: float = 0.0,
    seed: int = 1,
) -> Train:
    """Build a train; `bpm` may be a function of the beat. `jitter` is uniform +-, `grid` a quantum of arrival."""
    chance = random.Random(seed)
    out = Train(name)
    at, raw = 1.0, []
    for index in range(beats * PPQ + 1):
        if index % PPQ == 0:
            out.beats.append(at)
        seen = at + chance.uniform(-jitter, jitter)
        if grid:
            seen = (seen // grid + 1) * grid - grid / 2  # the mean is kept: only the shape of the error is wanted
        if index == 0 or chance.random() >= lost:
            raw.append(round(seen / frame) * frame if frame else seen)
        if doubled and chance.random() < doubled:
            raw.append(seen + 0.001)
        if held_up and index % 300 == 299:
            at += held_up
        at += 60 / (bpm(index / PPQ) if callable(bpm) else bpm) / PPQ
    out.seen = sorted(raw)
    return out


def everyday() -> Iterator[Train]:
    """Yield the trains that every follower must hold."""
    yield train("friendly")
    yield train("jitter 1 ms", jitter=0.001)
    yield train("jitter 3 ms", jitter=0.003)
    yield train("daw, JACK 256 frames", grid=256 / 48000)
    yield train("rough, JACK 512 frames", grid=512 / 48000)
    yield train("dropped 2 %", lost=0.02)
    yield train("dropped 2 %, jitter 1 ms", lost=0.02, jitter=0.001)
    yield train("doubled 2 %", doubled=0.02)
    yield train("step 120 to 140", bpm=lambda b: 120 if b < 24 else 140)
    yield train("step 120 to 140, jitter 1 ms", bpm=lambda b: 120 if b < 24 else 140, jitter=0.001)
    yield train("step 120 to 60", bpm=lambda b: 120 if b < 24 else 60)
    yield train("step 60 to 150", bpm=lambda b: 60 if b < 24 else 150)
    yield train("step 120 to 240", bpm=lambda b: 120 if b < 24 else 240)
    yield train("ramp 2 bpm a beat", bpm=lambda b: 120 + 2 * max(0, min(b - 16, 30)))
    yield train("ramp, jitter 1 ms", bpm=lambda b: 120 + 2 * max(0, min(b - 16, 30)), jitter=0.001)
    yield train("ramp down", bpm=lambda b: 180 - 2 * max(0, min(b - 16, 30)))
    yield train("held up 5 ms by xruns", held_up=0.005, jitter=0.0007)
    yield train("held up 10 ms by xruns", held_up=0.01, jitter=0.0007)
    yield train("40 bpm", bpm=40, jitter=0.001)
    yield train("240 bpm", bpm=240, jitter=0.001)
    yield train("20 bpm", bpm=20)
    yield train("300 bpm", bpm=300, jitter=0.001)
