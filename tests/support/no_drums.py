"""Sounds in which nobody drums: noise, tones, something like speech, weather, a lone click; drawn from a seed."""

from __future__ import annotations

import numpy as np

from tests.support.drum_machine import RATES, Random, Wave, band

KINDS = ("white", "brown", "sine", "drone", "speech", "weather", "click", "sweep")


def sound(kind: str, seed: int, *, seconds: float | None = None, rate: int | None = None) -> tuple[Wave, int]:
    """Return samples and their rate."""
    rng = np.random.default_rng((seed, KINDS.index(kind)))
    rate = rate or int(rng.choice(RATES))
    t = np.arange(int((seconds or rng.uniform(4, 20)) * rate)) / rate
    made = {"white": _white, "brown": _brown, "sine": _sine, "drone": _drone, "speech": _speech, "weather": _weather,
            "click": _click, "sweep": _sweep}[kind](rng, t, rate)  # fmt: skip
    return (rng.uniform(0.05, 0.9) * made / np.abs(made).max()).astype(np.float32), rate


def _white(rng: Random, t: Wave, rate: int) -> Wave:
    return rng.normal(size=t.size)


def _brown(rng: Random, t: Wave, rate: int) -> Wave:
    return band(np.cumsum(rng.normal(size=t.size)), rate, 20)


def _sine(rng: Random, t: Wave, rate: int) -> Wave:
    return np.sin(2 * np.pi * rng.uniform(40, 4_000) * t)


def _drone(rng: Random, t: Wave, rate: int) -> Wave:
    root = rng.uniform(50, 200)
    tones = [np.sin(2 * np.pi * root * k * (1 + rng.normal(0, 0.002)) * t) / k for k in (1, 1.5, 2, 3, 4, 5)]
    return sum(tones) * (1 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.05, 0.5) * t))


def _speech(rng: Random, t: Wave, rate: int) -> Wave:
    """Syllables of uneven length: a buzz through two formants, hisses between them, and pauses."""
    out, at = np.zeros(t.size), 0.1
    while at < t[-1] - 0.4:
        length = rng.uniform(0.09, 0.3)
        part = np.arange(int(length * rate)) / rate
        pitch = rng.uniform(90, 220) * (1 + 0.2 * rng.normal() * part)
        buzz = 2 * (np.cumsum(pitch) / rate % 1) - 1
        voiced = sum(band(buzz, rate, 0.8 * hz, 1.2 * hz, 2) for hz in (rng.uniform(300, 900), rng.uniform(900, 2_500)))
        hiss = band(rng.normal(size=part.size), rate, rng.uniform(1_500, 4_000), 7_500, 2)
        rise = rng.uniform(0.01, 0.06)
        shape = np.minimum(1, part / rise) * np.minimum(1, (length - part) / 0.04)
        start = int(at * rate)
        out[start : start + part.size] += shape * (hiss * 0.3 if rng.random() < 0.3 else 3 * voiced)
        at += length + rng.choice((rng.uniform(-0.02, 0.1), rng.uniform(0.2, 0.8)), p=(0.85, 0.15))
    return out + 1e-4 * rng.normal(size=t.size)


def _weather(rng: Random, t: Wave, rate: int) -> Wave:
    """Noise whose strength wanders."""
    steps = np.cumsum(rng.normal(size=t.size // (rate // 5) + 3))
    swell = np.interp(t, np.arange(steps.size) / 5, (steps - steps.min()) / (np.ptp(steps) + 1e-9))
    return band(rng.normal(size=t.size), rate, rng.uniform(50, 800), rng.uniform(1_500, 6_000), 1) * (0.1 + swell)


def _click(rng: Random, t: Wave, rate: int) -> Wave:
    out = np.zeros(t.size)
    out[rng.integers(t.size // 10, t.size // 2)] = 1
    return out


def _sweep(rng: Random, t: Wave, rate: int) -> Wave:
    return np.sin(2 * np.pi * (100 * t + rng.uniform(50, 300) * t**2 / 2))
