"""Buckets: requests and tokens a minute for each model, paid calls for each source.

A pure machine: `now` is an argument, in seconds of any monotonic clock. Starts from the catalogue's figures and
believes the provider's own headers over them. Never waits by itself; it says how long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from router.call import Limits

_MINUTE_S: Final = 60.0


@dataclass(slots=True, eq=False)
class Bucket:
    """Fills evenly up to `size`; `per_s` of it each second."""

    size: float
    per_s: float
    level: float
    at: float = 0.0

    @classmethod
    def of(cls, size: float, over_s: float = _MINUTE_S) -> Bucket:
        """Return a full bucket that empties to be full again after `over_s` seconds."""
        return cls(size, size / over_s, size)

    def wait_s(self, amount: float, now: float) -> float:
        """Return how long until `amount` can be taken; more than the bucket holds waits for it to be full."""
        self._fill(now)
        return max(0.0, (min(amount, self.size) - self.level) / self.per_s) if self.per_s else float("inf")

    def take(self, amount: float, now: float) -> None:
        """Take out; a bucket may run below empty, later callers wait for it."""
        self._fill(now)
        self.level -= amount

    def _fill(self, now: float) -> None:
        if now > self.at:
            self.level = min(self.size, self.level + (now - self.at) * self.per_s) if self.at else self.level
            self.at = now


@dataclass(slots=True, eq=False)
class _Pace:
    """What one model lets through."""

    tokens: Bucket
    requests: Bucket | None = None


class Paces:
    """Tokens and requests a minute, by provider and model."""

    def __init__(self) -> None:
        self._paces: dict[tuple[str, str], _Pace] = {}

    def _pace(self, provider: str, model: str, tokens_per_minute: int) -> _Pace:
        pace = self._paces.get((provider, model))
        if pace is None:
            pace = self._paces[provider, model] = _Pace(Bucket.of(float(tokens_per_minute)))
        return pace

    def wait_s(self, provider: str, model: str, tokens_per_minute: int, tokens: int, now: float) -> float:
        """Return how long a call of so many tokens must wait to stay within the model's limits."""
        pace = self._pace(provider, model, tokens_per_minute)
        wait = pace.tokens.wait_s(tokens, now)
        return max(wait, pace.requests.wait_s(1, now)) if pace.requests else wait

    def take(self, provider: str, model: str, tokens_per_minute: int, tokens: int, now: float) -> None:
        """Count a call that is sent now."""
        pace = self._pace(provider, model, tokens_per_minute)
        pace.tokens.take(tokens, now)
        if pace.requests:
            pace.requests.take(1, now)

    def give_back(self, provider: str, model: str, tokens: int, now: float) -> None:
        """Return what a call did not use after all."""
        pace = self._paces.get((provider, model))
        if pace is not None and tokens > 0:
            pace.tokens.take(-tokens, now)

    def learn(self, provider: str, model: str, told: Limits, now: float) -> None:
        """Believe an answer's headers: they know the account, the catalogue knows only the document."""
        pace = self._paces.get((provider, model))
        if pace is None:
            return
        if told.tokens_limit:
            pace.tokens = _told(pace.tokens, told.tokens_limit, told.tokens_left, told.tokens_reset_s, now)
        if told.requests_limit:
            before = pace.requests or Bucket.of(float(told.requests_limit))
            pace.requests = _told(before, told.requests_limit, told.requests_left, told.requests_reset_s, now)


def _told(before: Bucket, limit: int, left: int | None, reset_s: float | None, now: float) -> Bucket:
    del before
    level = float(limit if left is None else min(left, limit))
    missing = limit - level
    # "Full again in reset_s" gives the pace; a header without it means a minute's window.
    per_s = missing / reset_s if missing > 0 and reset_s else limit / _MINUTE_S
    return Bucket(float(limit), per_s, level, now)


class Valves:
    """Paid calls that one source (a controller, a socket, the page) may cause, a minute and an hour."""

    def __init__(self, sizes: Mapping[str, tuple[int, int]]) -> None:
        self._sizes = sizes
        self._taken: dict[str, list[float]] = {}

    def take(self, source: str, now: float) -> float:
        """Count one paid call; returns 0, or the seconds to wait (and counts nothing) when there were too many."""
        wait = self.wait_s(source, now)
        if not wait and source in self._sizes:
            self._taken[source].append(now)
        return wait

    def wait_s(self, source: str, now: float) -> float:
        """Return how long a source must wait until its next paid call, 0 for not at all; counts nothing."""
        if source not in self._sizes:
            return 0.0
        per_minute, per_hour = self._sizes[source]
        taken = [at for at in self._taken.get(source, []) if now - at < 3600]
        recent = [at for at in taken if now - at < _MINUTE_S]
        wait = 0.0
        if len(taken) >= per_hour:
            wait = 3600 - (now - taken[-per_hour]) if per_hour else 3600.0
        if len(recent) >= per_minute:
            wait = max(wait, _MINUTE_S - (now - recent[-per_minute]) if per_minute else 3600.0)
        self._taken[source] = taken
        return wait
