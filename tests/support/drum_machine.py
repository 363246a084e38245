"""A drum machine in numpy: takes with a known truth, of sounds that no sound font has, drawn from a seed.

Every draw has a kit of its own (sines that fall, noise in bands, squares, clicks), a metre, a feel, a level, a rate.
Hearing is measured on it (`scripts/bench_hearing.py --machine`) and learns from it, with seeds that never meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

RATES = (16_000, 22_050, 44_100, 48_000)
METERS = ("4/4",) * 6 + ("3/4", "3/4", "6/8", "7/8")
BEATS = {"4/4": 4.0, "3/4": 3.0, "6/8": 3.0, "7/8": 3.5}
"""Quarters in a bar."""
FASTEST_STROKES_S = 0.07
"""No lane is drawn whose strokes follow each other faster: a hand does not play it and a stranger does not write it."""
Wave = np.ndarray
Random = np.random.Generator


@dataclass(frozen=True)
class Take:
    """A rhythm and how it sounds. Strokes are (seconds, voice, velocity 0..1); `bpm` counts quarters.

    Voices are kick, snare, hat, tom, cymbal and shaken, as the ear tells them apart.
    """

    bpm: float
    meter: str
    feel: str
    lead_s: float
    seconds: float
    strokes: tuple[tuple[float, str, float], ...]
    sounds: dict[str, Callable[[float], Wave]]
    rate: int
    level: float
    noise: float
    pan: float | None

    def truth(self, voice: str) -> list[float]:
        """Return when a voice is struck."""
        return [at for at, name, _ in self.strokes if name == voice]

    def samples(self) -> Wave:
        """Return what is heard: mono, or (n, 2) with the hats to one side."""
        size = int(self.seconds * self.rate)
        tracks = {voice: np.zeros(size) for voice in self.sounds}
        for at, voice, hard in self.strokes:
            start, sound = round(at * self.rate), self.sounds[voice](hard)[: max(0, size - round(at * self.rate))]
            tracks[voice][start : start + sound.size] += sound
        hiss = self.noise * np.random.default_rng(size).normal(size=size)
        if self.pan is None:
            mix = sum(tracks.values()) + hiss
        else:
            wide = {"hat": self.pan, "tom": -self.pan}
            mix = np.stack(
                [sum(t * (1 + side * wide.get(v, 0)) for v, t in tracks.items()) + hiss for side in (-1, 1)], axis=1
            )
        return (self.level * mix / max(float(np.abs(mix).max()), 1e-9)).astype(np.float32)


def take(seed: int, **given: Any) -> Take:
    """Return the take of this seed; `bpm`, `meter`, `feel`, `seconds` and `rate` are drawn where they are not given."""
    rng = np.random.default_rng((seed, 77))
    meter = str(rng.choice(METERS))
    bpm = round(float(rng.uniform(60, 200)), 1)
    feel = str(rng.choice(("straight",) * 5 + ("swung", "triplet")))
    seconds, rate = float(rng.uniform(4, 30)), int(rng.choice(RATES))
    meter, bpm, feel = given.get("meter", meter), given.get("bpm", bpm), given.get("feel", feel)
    seconds, rate = given.get("seconds", seconds), given.get("rate", rate)
    if meter in {"6/8", "7/8"}:
        feel = "straight"
    lead = float(rng.choice((0.0, rng.uniform(0, 1.0))))
    bar, loose = _bar(rng, meter, bpm, feel), float(rng.choice((0.0, 0.0, 0.004, 0.008)))
    bar_s = BEATS[meter] * 60 / bpm
    ends = lead + max(1, round((seconds - lead) / bar_s)) * bar_s if rng.random() < 0.7 else seconds
    soft = {voice: rng.uniform(0.5, 1.0) for voice in ("kick", "snare", "hat", "tom", "cymbal", "shaken")}
    strokes = sorted(
        (max(0.0, at + loose * rng.normal()), voice, float(np.clip(hard * (1 + 8 * loose * rng.normal()), 0.15, 1)))
        for n in range(int((ends - lead) / bar_s) + 1)
        for place, voice, loud in bar
        for at, hard in [(lead + n * bar_s + place * 60 / bpm, loud if place % 1 == 0 else loud * soft[voice])]
        if at < ends - 0.02
    )
    tail = float(rng.choice((0.0, 0.3)))
    return Take(
        bpm, meter, feel, lead, ends + tail, tuple(strokes), kit(rng, rate, {v for _, v, _ in strokes}), rate,
        float(rng.choice((0.95, rng.uniform(0.05, 0.9)))), float(rng.choice((0.0, 0.0, 0.001, 0.006))),
        float(rng.uniform(0.1, 0.7)) if rng.random() < 0.4 else None,
    )  # fmt: skip


def without(piece: Take, voices: Iterable[str]) -> Take:
    """Return the take with some of its voices silent."""
    return replace(piece, strokes=tuple(s for s in piece.strokes if s[1] not in set(voices)))


def _bar(rng: Random, meter: str, bpm: float, feel: str) -> list[tuple[float, str, float]]:
    """Return a bar as (place in quarters, voice, velocity)."""
    beats = BEATS[meter]
    swing = float(rng.choice((0.58, 0.62, 2 / 3)))

    def lane(step: float, first: float = 0.0) -> list[float]:
        step *= max(1, 2 ** int(np.ceil(np.log2(FASTEST_STROKES_S / (step * 60 / bpm)))))
        return [float(place) for place in np.arange(first, beats - 1e-6, step)]

    fine = {"triplet": 1 / 3, "swung": 0.5}.get(feel, 0.25 if bpm < 170 else 0.5)
    kicks, backs = {
        "4/4": ([[0, 2], [0, 2.5], [0, 1, 2, 3], [0, 1.5, 2], [0, 2, 2.5], [0]], [[1, 3], [1, 3], [1, 3], [2]]),
        "3/4": ([[0], [0], [0, 1.5]], [[1, 2], [1, 2], [2], [1]]),
        "6/8": ([[0], [0, 1], [0, 2.5]], [[1.5]]),
        "7/8": ([[0, 2], [0, 1, 2], [0], [0, 1.5]], [[1, 3], [1], [2], [1, 2.5]]),
    }[meter]
    kick, snare = list(kicks[rng.integers(len(kicks))]), list(backs[rng.integers(len(backs))])
    if feel == "triplet":
        kick = [place if place % 1 == 0 else int(place) + 2 / 3 for place in kick]
    if rng.random() < 0.3:
        kick.append(float(rng.choice(lane(fine))))
    if rng.random() < 0.15:
        snare.append(float(rng.choice(lane(fine))))
    usual = {"6/8": [0.5], "7/8": [0.5, 0.25], "3/4": [0.5, 1], "4/4": [0.5, 0.5, 0.25, 1]}[meter]
    hats = lane(1 / 3 if feel == "triplet" else 0.5 if feel == "swung" else float(rng.choice(usual)))
    if meter == "4/4" and feel == "straight" and rng.random() < 0.15:
        hats = lane(1, 0.5)
    apart = set(kick) - set(snare) if rng.random() < 0.5 else set(kick)
    lanes = {"kick": sorted(apart) or [0.0], "snare": sorted(set(snare))}
    kind = rng.random()
    if kind < 0.66:
        lanes["hat"] = hats
    elif kind < 0.73:
        lanes["shaken"] = hats
    elif kind < 0.79:
        lanes["cymbal"] = hats
    if rng.random() < 0.12:
        lanes["tom"] = [float(rng.choice(lane(fine)))]
    loud = {voice: rng.uniform(0.6, 1.0) for voice in lanes}

    def swung(place: float) -> float:
        return int(place) + (swing if feel == "swung" and abs(place % 1 - 0.5) < 0.01 else place % 1)

    return sorted((swung(place), voice, loud[voice]) for voice, places in lanes.items() for place in places)


def kit(rng: Random, rate: int, voices: Iterable[str] = ("kick", "snare", "hat")) -> dict[str, Callable[[float], Wave]]:
    """Return a sound for each voice: velocity 0..1 to samples."""
    levels = {"kick": (0.6, 1), "snare": (0.4, 1), "hat": (0.12, 0.6), "tom": (0.3, 0.8), "cymbal": (0.1, 0.5),
              "shaken": (0.1, 0.4)}  # fmt: skip
    makers = {"kick": _kick, "snare": _snare, "hat": _hat, "tom": _tom, "cymbal": _cymbal, "shaken": _shaken}
    return {voice: _scaled(makers[voice](rng, rate), rng.uniform(*levels[voice])) for voice in sorted(voices)}


def _scaled(make: Callable[[], Wave], level: float) -> Callable[[float], Wave]:
    """Return the sound at its level; noise is new at each stroke, as it is in a machine."""
    top = max(float(np.abs(make()).max()), 1e-9)
    return lambda hard: level * hard * make() / top


def _times(rate: int, seconds: float) -> Wave:
    return np.arange(int(seconds * rate)) / rate


def _fall(t: Wave, decay_s: float, attack_s: float = 0.0005) -> Wave:
    return np.exp(-t / decay_s) * np.minimum(1, t / attack_s) * np.minimum(1, (t[-1] - t) / 0.003 + 1e-3)


def _dropping(t: Wave, low_hz: float, high_hz: float, drop_s: float) -> Wave:
    return np.sin(2 * np.pi * (low_hz * t + (high_hz - low_hz) * drop_s * (1 - np.exp(-t / drop_s))))


def band(noise: Wave, rate: int, low_hz: float, high_hz: float = 1e9, slope: float = 4.0) -> Wave:
    """Return what of a short sound lies between two frequencies, with edges of `slope` times 6 dB an octave."""
    hertz = np.fft.rfftfreq(noise.size, 1 / rate) + 1e-3
    keep = 1 / np.sqrt((1 + (low_hz / hertz) ** (2 * slope)) * (1 + (hertz / high_hz) ** (2 * slope)))
    return np.fft.irfft(np.fft.rfft(noise) * keep, noise.size)


def _kick(rng: Random, rate: int) -> Callable[[], Wave]:
    low, ratio = rng.uniform(38, 75), rng.choice((1.0, rng.uniform(1.5, 6)))
    decay, drop = rng.choice((rng.uniform(0.03, 0.15), rng.uniform(0.1, 0.4))), rng.uniform(0.008, 0.06)
    click, drive = rng.choice((0.0, rng.uniform(0.05, 0.5))), rng.choice((1.0, rng.uniform(1, 5)))
    t = _times(rate, min(0.9, 5 * decay))
    body = np.tanh(drive * _dropping(t, low, low * ratio, drop) * _fall(t, decay, 0.001)) / np.tanh(drive)
    return lambda: body + click * rng.normal(size=t.size) * np.exp(-t / 0.003)


def _snare(rng: Random, rate: int) -> Callable[[], Wave]:
    kind, pitch = rng.choice(("drum", "drum", "drum", "burst", "clap", "rim")), rng.uniform(150, 320)
    decay, low = rng.uniform(0.03, 0.14), rng.choice((0.0, rng.uniform(200, 2_000)))
    high, tone = rng.choice((1e9, rng.uniform(5_000, 12_000))), rng.uniform(0.2, 1.2)
    t = _times(rate, min(0.5, 5 * decay))
    envelope = _fall(t, decay)
    if kind == "rim":
        ring = np.sin(2 * np.pi * rng.uniform(400, 1_100) * t) + np.sin(2 * np.pi * rng.uniform(1_200, 2_500) * t)
        return lambda: (ring + 0.4 * rng.normal(size=t.size)) * np.exp(-t / min(decay, 0.03))
    if kind == "clap":
        gap = rng.uniform(0.007, 0.012)
        envelope = sum(np.exp(-np.maximum(0, t - n * gap) / 0.004) * (t >= n * gap) for n in range(3)) + envelope
        return lambda: band(rng.normal(size=t.size), rate, max(low, 700), min(high, 6_000), 2) * envelope
    drum = 0.0 if kind == "burst" else tone * _dropping(t, pitch, pitch * rng.uniform(1, 1.6), 0.015)
    short = np.exp(-t / rng.uniform(0.03, 0.1))
    return lambda: drum * short + 0.5 * band(rng.normal(size=t.size), rate, low, high) * envelope


def _hat(rng: Random, rate: int) -> Callable[[], Wave]:
    kind, decay = rng.choice(("noise", "noise", "metal", "differences")), rng.uniform(0.008, 0.07)
    if rng.random() < 0.12:
        decay = rng.uniform(0.1, 0.3)
    t = _times(rate, min(0.6, 5 * decay))
    low, slope = min(rng.uniform(2_500, 9_500), 0.35 * rate), rng.choice((1.0, 2.0, 4.0, 12.0))
    envelope = _fall(t, decay)
    if kind == "metal":
        pitch = rng.uniform(0.8, 1.6)
        rows = [np.sign(np.sin(2 * np.pi * pitch * hz * t)) for hz in (263, 400, 421, 474, 587, 845)]
        return lambda: band(sum(rows), rate, low, slope=slope) * envelope
    if kind == "differences":
        times = int(rng.integers(1, 3))
        return lambda: np.diff(rng.normal(size=t.size + times), times) * envelope
    return lambda: band(rng.normal(size=t.size), rate, low, slope=slope) * envelope


def _tom(rng: Random, rate: int) -> Callable[[], Wave]:
    t, low = _times(rate, 0.5), rng.uniform(85, 220)
    body = _dropping(t, low, low * rng.uniform(1.1, 2), 0.05) * _fall(t, rng.uniform(0.08, 0.2), 0.001)
    return lambda: body


def _cymbal(rng: Random, rate: int) -> Callable[[], Wave]:
    t, low = _times(rate, 1.5), rng.uniform(2_500, 5_000)
    ring = sum(np.sin(2 * np.pi * rng.uniform(3_000, 0.45 * rate) * t + n) for n in range(12))
    envelope = _fall(t, rng.uniform(0.25, 0.6))
    return lambda: band(ring + 3 * rng.normal(size=t.size), rate, low, slope=2) * envelope


def _shaken(rng: Random, rate: int) -> Callable[[], Wave]:
    t = _times(rate, 0.15)
    if rng.random() < 0.4:
        pitch, decay = rng.uniform(500, 900), rng.uniform(0.02, 0.08)
        bell = np.sign(np.sin(2 * np.pi * pitch * t)) + np.sign(np.sin(2 * np.pi * 1.48 * pitch * t))
        return lambda: band(bell, rate, pitch / 2, 4_000, 2) * _fall(t, decay)
    attack, low = rng.uniform(0.012, 0.03), rng.uniform(3_000, 6_000)
    return lambda: band(rng.normal(size=t.size), rate, low, 2 * low, 2) * _fall(t, rng.uniform(0.02, 0.03), attack)
