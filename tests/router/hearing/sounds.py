"""Small sounds with a known truth, made in numpy: a drum machine of three noises and the files that hold them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 44_100


def drum_loop(bpm: float, bars: int, rate: int = RATE) -> np.ndarray:
    """Return a plain rock beat in 4/4: kick on 1 and 3, snare on 2 and 4, hats on eighths."""
    beat = 60 / bpm
    out = np.zeros(int((bars * 4 * beat + 0.5) * rate), np.float32)
    noise = np.random.default_rng(3)
    for step in range(bars * 8):
        at = int(step * beat / 2 * rate)
        _add(out, at, hat(noise, rate))
        if step % 8 in {0, 4}:
            _add(out, at, kick(rate))
        if step % 4 == 2:
            _add(out, at, snare(noise, rate))
    return out


def kick(rate: int) -> np.ndarray:
    """A falling sine."""
    t = np.arange(int(0.25 * rate)) / rate
    return (0.8 * np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-t * 30)))) * np.exp(-t * 14)).astype(np.float32)


def snare(noise: np.random.Generator, rate: int) -> np.ndarray:
    """A tone and noise."""
    t = np.arange(int(0.2 * rate)) / rate
    body = np.sin(2 * np.pi * 190 * t) * np.exp(-t * 25)
    return (0.35 * body + 0.3 * noise.normal(size=t.size) * np.exp(-t * 22)).astype(np.float32)


def hat(noise: np.random.Generator, rate: int) -> np.ndarray:
    """Bright noise."""
    t = np.arange(int(0.06 * rate)) / rate
    white = noise.normal(size=t.size)
    return (0.15 * np.diff(np.diff(white, prepend=0), prepend=0) * np.exp(-t * 70)).astype(np.float32)


def _add(out: np.ndarray, at: int, part: np.ndarray) -> None:
    part = part[: max(0, out.size - at)]
    out[at : at + part.size] += part


def save(path: Path, samples: np.ndarray, rate: int = RATE, **how: str) -> Path:
    """Write a file and return its path."""
    soundfile.write(path, samples, rate, **how)
    return path
