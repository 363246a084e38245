"""The metrics as Prometheus text, names after OpenTelemetry's gen_ai conventions. Reads counts, keeps none.

prometheus-client is imported at the first scrape: who never scrapes never loads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from router.budget import PICO, parse_usd
from router.stores.metrics import Metrics, Spread

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_OPERATION = "gen_ai_operation_name"


def prometheus_text(metrics: Metrics, now: float, budget: Mapping[str, Any] | None = None) -> str:
    """Return everything counted in the text format, for `CONTENT_TYPE`.

    Args:
        metrics: The counts.
        now: Seconds of the clock that `Metrics.record` was given.
        budget: What `Ledger.budget` returns, when there is a ledger.
    """
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415  loaded by the first scrape

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(metrics, now, budget))
    return generate_latest(registry).decode()


class _Collector:
    def __init__(self, metrics: Metrics, now: float, budget: Mapping[str, Any] | None) -> None:
        self._metrics, self._now, self._budget = metrics, now, budget

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415  see above

        m = self._metrics
        model = ("gen_ai_provider_name", "gen_ai_request_model")
        yield _histogram(
            "gen_ai_client_token_usage", "Tokens of one call.", (_OPERATION, *model, "gen_ai_token_type"),
            ((("chat", *names), spread) for names, spread in m.tokens.items()),
        )  # fmt: skip
        yield _histogram(
            "gen_ai_client_operation_duration_seconds", "Length of one call.", (_OPERATION, *model),
            ((("chat", *names), spread) for names, spread in m.seconds.items()),
        )  # fmt: skip
        yield _histogram("drumbridge_request_duration_seconds", "Length of one request.", ("tier",), m.latency.items())
        requests = CounterMetricFamily("drumbridge_requests", "Requests.", labels=("tier", "cache", "degraded"))
        for names, count in m.requests.items():
            requests.add_metric(names, count)
        attempts = CounterMetricFamily("drumbridge_attempts", "Calls to providers.", labels=(*model, "outcome"))
        for names, count in m.attempts.items():
            attempts.add_metric(names, count)
        cost = CounterMetricFamily("drumbridge_cost_usd", "Dollars spent.", labels=("tier", *model))
        for names, amount in m.cost.items():
            cost.add_metric(names, amount / PICO)
        saved = CounterMetricFamily("drumbridge_saved_usd", "Dollars not spent.", labels=("strategy",))
        for strategy, amount in m.saved.items():
            saved.add_metric((strategy,), amount / PICO)
        yield from (requests, attempts, cost, saved)
        told = m.snapshot(self._now)
        for name, help_text in (
            ("cache_hit_rate", "Part of the requests answered from the cache, last ten minutes."),
            ("fallback_rate", "Part of the requests that needed more than their first call, last ten minutes."),
        ):
            if told[name] is not None:
                yield GaugeMetricFamily(f"drumbridge_{name}", help_text, value=told[name])
        alert = GaugeMetricFamily("drumbridge_alert", "1 while an alert stands.", labels=("name", "level"))
        for standing in told["alerts"]:
            alert.add_metric((standing["name"], standing["level"]), 1)
        yield alert
        for name in ("limit", "spent", "reserved", "left"):
            dollars = (self._budget or {}).get(f"{name}_usd")
            if dollars is not None:
                yield GaugeMetricFamily(
                    f"drumbridge_budget_{name}_usd", f"The month's money, {name}.", value=parse_usd(dollars) / PICO
                )


def _histogram(
    name: str, help_text: str, labels: tuple[str, ...], spreads: Iterable[tuple[tuple[str, ...], Spread]]
) -> Metric:
    from prometheus_client.core import HistogramMetricFamily  # noqa: PLC0415  see above

    family = HistogramMetricFamily(name, help_text, labels=labels)
    for names, spread in spreads:
        sums = accumulate(spread.counts)
        bounds = (*(f"{bound:g}" for bound in spread.bounds), "+Inf")
        family.add_metric(names, buckets=list(zip(bounds, sums, strict=True)), sum_value=spread.total)
    return family
