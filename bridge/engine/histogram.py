"""Histogram: how late things left, in bins that keep their precision from 10 us to 1 s.

Pure, and of constant size however long the night is.
"""

from __future__ import annotations

from math import log10
from typing import Any, Final

_PER_DECADE: Final = 20
_LOWEST_US: Final = 10.0
_BINS: Final = 5 * _PER_DECADE + 2


class Histogram:
    """Counts of signed values in seconds; quantiles are of the size, the mean keeps the sign."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self.count = 0
        self.over = 0
        self._sum = 0.0
        self._most = 0.0
        self._bins = [0] * _BINS

    def add(self, seconds: float, limit: float = 0.005) -> None:
        """Count one value; beyond `limit` it also counts as missed."""
        size_us = abs(seconds) * 1e6
        index = 0 if size_us <= _LOWEST_US else min(_BINS - 1, 1 + int(_PER_DECADE * log10(size_us / _LOWEST_US)))
        self._bins[index] += 1
        self.count += 1
        self.over += seconds > limit
        self._sum += seconds
        self._most = max(self._most, abs(seconds))

    def quantile_ms(self, share: float) -> float:
        """Return the size that `share` of all values stay below, in ms (upper edge of its bin, 12 % wide)."""
        wanted, seen = share * self.count, 0
        for index, number in enumerate(self._bins):
            seen += number
            if number and seen >= wanted:
                return round(min(self._edge_ms(index), self._most * 1000), 4)
        return 0.0

    @staticmethod
    def _edge_ms(index: int) -> float:
        return float(round(_LOWEST_US * 10 ** (index / _PER_DECADE) / 1000, 4))

    def as_dict(self) -> dict[str, Any]:
        """Return count, mean, p50, p95, p99 and max in ms, how many were missed, and `bins`: [up to ms, how many]."""
        return {
            "count": self.count,
            "mean_ms": round(self._sum / self.count * 1000, 4) if self.count else 0.0,
            "p50_ms": self.quantile_ms(0.5),
            "p95_ms": self.quantile_ms(0.95),
            "p99_ms": self.quantile_ms(0.99),
            "max_ms": round(self._most * 1000, 4),
            "missed": self.over,
            "bins": [[self._edge_ms(index), number] for index, number in enumerate(self._bins) if number],
        }
