"""Random numbers of the drummer: one stream for notes, a field of noise for feel.

Nothing here may depend on the platform: only integer mixing and IEEE additions, so that the same seed gives the same
bytes everywhere. Feel noise is a function of *where* a stroke lies, not of how many strokes were drawn before it:
thinning a pattern or turning a knob leaves every other stroke's noise as it was.
"""

from __future__ import annotations

import random
from typing import Final

_MASK: Final = (1 << 64) - 1
_SCALE: Final = 3.0**0.5 / 65535.0
"""Four uniforms on 0..65535 have a joint spread of 65535 / sqrt(3)."""


def stream(seed: int, *names: str | int) -> random.Random:
    """Return the note stream for a seed and a purpose; strings are seeded by SHA-512, stable across versions."""
    return random.Random(f"{seed}/{'/'.join(map(str, names))}")


def mix(*parts: int) -> int:
    """Return 64 well mixed bits of some integers (the finaliser of SplitMix64, Steele et al. 2014)."""
    z = 0x9E3779B97F4A7C15
    for part in parts:
        z = (z + part + 0x9E3779B97F4A7C15) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        z ^= z >> 31
    return z


def bell(*parts: int) -> float:
    """Return a bell-shaped number, mean 0, spread 1, never beyond 3.5: the sum of four uniforms."""
    z = mix(*parts)
    return ((z & 65535) + (z >> 16 & 65535) + (z >> 32 & 65535) + (z >> 48) - 131070) * _SCALE


def uniform(*parts: int) -> float:
    """Return a number from 0 up to but without 1."""
    return (mix(*parts) >> 11) / (1 << 53)


_STEPS: Final = (
    0x9E3779B97F4A7C15, 0x6A09E667F3BCC909, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1,
    0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0xCBBB9D5DC1059ED9, 0x629A292A367CD507, 0x9159015A3070DD17,
    0x152FECD8F70E5939, 0x67332667FFC00B31, 0x8EB44A8768581511, 0xDB0C2E0D64F98FA7,
)  # fmt: skip
"""The golden ratio and the square roots of small primes, as fractions of 2**64: odd, and far from any common ratio."""


def spread_out(seed: int, which: int, part: int = 0) -> float:
    """Return 0..1 so that neighbouring seeds lie far apart and a run of seeds, or of parts, covers the range evenly.

    Who presses "next" wants something else, not by chance nearly the same again (Kronecker's sequence).
    """
    return ((seed * _STEPS[which % len(_STEPS)] + part * _STEPS[1] + mix(which)) & _MASK) / (_MASK + 1)


def spread_bell(seed: int, which: int, part: int = 0) -> float:
    """Return a bell-shaped number like `bell`, spread 1, evenly covered by neighbouring seeds and by a take's parts."""
    u = spread_out(seed, which, part) * 2 - 1
    # The logistic quantile needs a logarithm; this odd polynomial is within 0.1 of the normal one up to two spreads.
    return u * (1.2533 + u * u * (0.3281 + u * u * (0.118 + u * u * u * u * 0.95)))
