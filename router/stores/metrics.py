"""Metrics: what the requests cost, how long they took, how often the cache or a fallback answered.

Counts routes and nothing else; holds no prompt, no key, and a bounded number of requests and labels. Never reads a
clock: `now` is seconds of one that goes forward.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from router.budget import format_usd, parse_usd
from router.stores.alerts import Alerts

WINDOW_S: Final = 600.0
"""Rates, percentiles and alerts look at the last ten minutes."""

_MOST_SEEN: Final = 5000
_MOST_LABELS: Final = 100
_FEWEST_FOR_RATE: Final = 10
_FEWEST_FOR_P95: Final = 5
_NOTHING_MISSED: Final = 1.0
"""The hit rate where nobody asked the cache: an alert about older figures must end."""

_NO_CALL: Final = frozenset({"budget", "skipped"})
_GOOD: Final = frozenset({"ok", "repaired"})

# The boundaries that OpenTelemetry's gen_ai conventions advise.
TOKEN_BOUNDS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536)
SECOND_BOUNDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)


class _Seen(NamedTuple):
    at: float
    tier: str
    cost: int
    latency_ms: int
    cache: str
    tried: bool
    fell_back: bool


@dataclass(slots=True)
class Spread:
    """A histogram: counts by upper bound, the last one without."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Metrics:
    """Everything that is counted about requests in this process."""

    def __init__(self) -> None:
        self.requests: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        """(tier, cache, degraded) to requests."""
        self.attempts: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        """(provider, model, outcome) to attempts."""
        self.cost: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        """(tier, provider, model) to pico-dollars."""
        self.tokens: dict[tuple[str, str, str], Spread] = {}
        """(provider, model, input or output) to tokens of an attempt."""
        self.seconds: dict[tuple[str, str], Spread] = {}
        """(provider, model) to the length of an attempt."""
        self.latency: dict[tuple[str], Spread] = {}
        """(tier,) to the length of a request in seconds."""
        self.saved: defaultdict[str, int] = defaultdict(int)
        """Strategy to pico-dollars that it saved."""
        self._paid: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self._recent: deque[_Seen] = deque(maxlen=_MOST_SEEN)
        self._alerts = Alerts()
        self._labels: set[tuple[str, str]] = set()

    def __repr__(self) -> str:
        return f"<Metrics {sum(self.requests.values())} requests>"

    def record(self, route: Mapping[str, Any], *, now: float, saved: Mapping[str, int] | None = None) -> None:
        """Count one answered request.

        Args:
            route: The contract's `route`, as JSON; without a tier when nobody answered.
            now: Seconds.
            saved: Strategy (cache, cascade, batching, token_budget, fallback, time_of_day) to the pico-dollars it
                saved, when the route does not say it. For a cache hit without a figure, the mean of what this
                tier's paid requests cost is taken.
        """
        tier, cache = str(route["tier"]) or "none", str(route.get("cache", "off"))
        cost, latency_ms = parse_usd(str(route.get("cost_usd", "0"))), int(route.get("latency_ms", 0))
        made = [attempt for attempt in route.get("attempts", ()) if attempt.get("outcome") not in _NO_CALL]
        degraded = bool(route.get("degraded"))
        fell_back = degraded or any(attempt.get("outcome") not in _GOOD for attempt in made)
        self.requests[tier, cache, str(degraded).lower()] += 1
        self._spread(self.latency, (tier,), SECOND_BOUNDS).add(latency_ms / 1000)
        while self._recent and now - self._recent[0].at > WINDOW_S:
            self._recent.popleft()
        self._recent.append(_Seen(now, tier, cost, latency_ms, cache, bool(made) or degraded, fell_back))
        for attempt in made:
            self._attempt(attempt)
        if cost:
            paid = self._paid[tier]
            paid[0], paid[1] = paid[0] + cost, paid[1] + 1
        if saved is None and route.get("saved_usd"):
            saved = {strategy: parse_usd(str(amount)) for strategy, amount in route["saved_usd"].items()}
        for strategy, amount in (self._saved_by(tier, cache) if saved is None else saved).items():
            self.saved[strategy] += max(0, amount)

    def _saved_by(self, tier: str, cache: str) -> dict[str, int]:
        total, number = self._paid[tier]
        if not number or cache not in {"hit", "coalesced"}:
            return {}
        return {"cache" if cache == "hit" else "single_flight": total // number}

    def _attempt(self, attempt: Mapping[str, Any]) -> None:
        provider, model = self._known(str(attempt.get("provider", "")), str(attempt.get("model", "")))
        self.attempts[provider, model, str(attempt.get("outcome"))] += 1
        self.cost[str(attempt.get("tier", "")), provider, model] += parse_usd(str(attempt.get("cost_usd", "0")))
        self._spread(self.seconds, (provider, model), SECOND_BOUNDS).add(int(attempt.get("ms", 0)) / 1000)
        for kind in ("input", "output"):
            count = int(attempt.get(f"{kind}_tokens") or 0)
            self._spread(self.tokens, (provider, model, kind), TOKEN_BOUNDS).add(count)

    def _known(self, provider: str, model: str) -> tuple[str, str]:
        """Return the labels, or "other" once there are too many: model names come from settings and answers."""
        if (provider, model) not in self._labels:
            if len(self._labels) >= _MOST_LABELS:
                return provider, "other"
            self._labels.add((provider, model))
        return provider, model

    @staticmethod
    def _spread(spreads: dict[Any, Spread], name: tuple[str, ...], bounds: tuple[float, ...]) -> Spread:
        spread = spreads.get(name)
        if spread is None:
            spread = spreads[name] = Spread(bounds)
        return spread

    def alerts(self, now: float) -> list[dict[str, Any]]:
        """Return the alerts raised or cleared since the last call: {name, level, state, value, threshold, ...}."""
        return self._alerts.judge(self._figures(self._window(now)), now)

    def snapshot(self, now: float) -> dict[str, Any]:
        """Return the contract's `metrics`: sums since the start, rates and percentiles of the last ten minutes."""
        window = self._window(now)
        figures = self._figures(window)
        by_tier = sorted({seen.tier for seen in window})
        return {
            "requests": sum(self.requests.values()),
            "window_s": WINDOW_S,
            "cost_per_request": {tier: _costs([s.cost for s in window if s.tier == tier]) for tier in by_tier},
            "cost_usd": format_usd(sum(self.cost.values())),
            "tokens": {
                kind: int(sum(spread.total for name, spread in self.tokens.items() if name[2] == kind))
                for kind in ("input", "output")
            },
            "latency_ms": _percentiles(seen.latency_ms for seen in window)
            | {"by_tier": {tier: _percentiles(s.latency_ms for s in window if s.tier == tier) for tier in by_tier}},
            "cache_hit_rate": _hit_rate(window),
            "fallback_rate": _fallback_rate(window),
            "savings_usd": {strategy: format_usd(amount) for strategy, amount in sorted(self.saved.items())},
            "alerts": self._alerts.standing(figures),
        }

    def prometheus_text(self, now: float, budget: Mapping[str, Any] | None = None) -> str:
        """Return everything counted as Prometheus text; see `exposition.prometheus_text`."""
        from router.stores.exposition import prometheus_text  # noqa: PLC0415  loaded by the first scrape

        return prometheus_text(self, now, budget)

    def _window(self, now: float) -> list[_Seen]:
        return [seen for seen in self._recent if now - seen.at <= WINDOW_S]

    @staticmethod
    def _figures(window: list[_Seen]) -> dict[str, float | None]:
        looked = sum(seen.cache in {"hit", "miss", "coalesced"} for seen in window)
        tried = sum(seen.tried for seen in window)
        slow = _percentiles(seen.latency_ms for seen in window)["p95"]
        return {
            # The dearest one: a mean would hide one dear request among many cheap ones.
            "cost_per_request": max((seen.cost for seen in window), default=0),
            "latency_p95_ms": slow if len(window) >= _FEWEST_FOR_P95 or not window else None,
            "fallback_rate": _fallback_rate(window) if tried >= _FEWEST_FOR_RATE or not tried else None,
            "cache_hit_rate": _NOTHING_MISSED
            if not looked
            else _hit_rate(window)
            if looked >= _FEWEST_FOR_RATE
            else None,
        }


def _costs(amounts: list[int]) -> dict[str, Any]:
    return {
        "requests": len(amounts),
        "mean_usd": format_usd(sum(amounts) // len(amounts)),
        "max_usd": format_usd(max(amounts)),
    }


def _hit_rate(window: Iterable[_Seen]) -> float | None:
    looked = [seen.cache != "miss" for seen in window if seen.cache in {"hit", "miss", "coalesced"}]
    return sum(looked) / len(looked) if looked else None


def _fallback_rate(window: Iterable[_Seen]) -> float:
    tried = [seen.fell_back for seen in window if seen.tried]
    return sum(tried) / len(tried) if tried else 0.0


def _percentiles(values: Iterable[float]) -> dict[str, Any]:
    """Return p50, p95 and p99 by nearest rank; 0 for nothing."""
    ordered = sorted(values)
    most = len(ordered) - 1
    return {f"p{rank}": ordered[-(-rank * (most + 1) // 100) - 1] if ordered else 0 for rank in (50, 95, 99)}
