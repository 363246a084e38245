"""Sound to bands: what the ear's filter bank would say every 10 ms, at any sample rate and in little memory.

Never holds the samples of more than one block; needs numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

FRAME_S: Final = 0.01
"""Seconds from one frame to the next."""
WINDOWS_S: Final = (0.0464, 0.0232)
"""Seconds a frame looks at, below and above `SPLIT_HZ`: 2,048 samples at 44.1 kHz tell a kick at 50 Hz from a bass
at 80; half of that keeps the two strokes of a flam apart."""
SPLIT_HZ: Final = 645.0

# Edges in Hz: every 21.5 and then 43 Hz where drums and bass meet, seven an octave above, where only colour counts.
EDGES_HZ: Final = tuple(
    [21.5 * k for k in range(1, 11)]
    + [215.0 + 43.0 * k for k in range(1, 11)]
    + [645.0 * 2 ** (k / 7) for k in range(1, 34)]
)
BANDS: Final = len(EDGES_HZ) - 2

Floats = NDArray[np.float32]


def filter_bank(rate_hz: int, size: int, bands: range) -> Floats:
    """Return overlapping triangles as a (bins, BANDS) matrix; other bands, and those above half the rate, are empty."""
    bins = np.fft.rfftfreq(size, 1 / rate_hz)
    bank = np.zeros((bins.size, BANDS), np.float32)
    for band in bands:
        low, mid, high = EDGES_HZ[band : band + 3]
        rise, fall = (bins - low) / (mid - low), (high - bins) / (high - mid)
        bank[:, band] = np.clip(np.minimum(rise, fall), 0, None)
        if not bank[:, band].any() and mid < rate_hz / 2:
            bank[np.argmin(np.abs(bins - mid)), band] = 1.0  # narrower than a bin
    return bank


def band_frames(blocks: Iterable[Floats], rate_hz: int) -> Iterator[Floats]:
    """Turn blocks of mono samples into blocks of (frames, BANDS) magnitudes.

    Frame n is centred on n * FRAME_S; the sound is taken to be silent before it starts and after it ends. Frames are
    laid at the nearest sample, so no rate needs resampling.
    """
    sizes = [2 * round(seconds * rate_hz / 2) for seconds in WINDOWS_S]
    split = next(band for band in range(BANDS) if EDGES_HZ[band] >= SPLIT_HZ)
    looks = [
        (size, np.hanning(size).astype(np.float32) * np.float32(2 / size), filter_bank(rate_hz, size, bands))
        for size, bands in zip(sizes, (range(split), range(split, BANDS)), strict=True)
    ]
    half = sizes[0] // 2
    hop = FRAME_S * rate_hz
    rest = np.zeros(half, np.float32)
    first = -half  # the sample that rest[0] is
    frame = 0
    for block in _with_tail(blocks, half):
        rest = np.concatenate((rest, block))
        last = int((first + rest.size - half) / hop)  # frames before this one lie wholly inside
        if last > frame:
            centres = np.rint(np.arange(frame, last) * hop).astype(np.int64) - first
            out = np.zeros((last - frame, BANDS), np.float32)
            for size, window, bank in looks:
                view = np.lib.stride_tricks.sliding_window_view(rest, size)[centres - size // 2]
                out += np.abs(np.fft.rfft(view * window, axis=1)).astype(np.float32) @ bank
            yield out
            frame = last
            drop = round(frame * hop) - half - first
            rest, first = rest[drop:].copy(), first + drop


def _with_tail(blocks: Iterable[Floats], half: int) -> Iterator[Floats]:
    yield from blocks
    yield np.zeros(half + 1, np.float32)
