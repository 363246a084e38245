"""What is counted, what is told, and when an alert is raised and cleared."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from router.budget import PICO
from router.stores.metrics import WINDOW_S, Metrics


def route(cost="0.01", cache="miss", outcomes=("ok",), latency_ms=100, tier="balanced", **more):
    """Return a route as the contract writes it; the last attempt costs it all."""
    attempts = [
        {"provider": "groq", "model": f"m{number}", "tier": tier, "outcome": outcome, "ms": 40, "input_tokens": 300,
         "output_tokens": 50, "cost_usd": cost if number == len(outcomes) - 1 else "0.00"}
        for number, outcome in enumerate(outcomes)
    ]  # fmt: skip
    return {
        "tier": tier, "provider": "groq", "model": "m0", "cache": cache, "degraded": False, "attempts": attempts,
        "cost_usd": cost, "latency_ms": latency_ms, **more,
    }  # fmt: skip


HIT = {"cost": "0.00", "cache": "hit", "outcomes": ()}
LOCAL = {"cost": "0.00", "cache": "off", "outcomes": (), "tier": "local", "latency_ms": 2}


def fed(*groups, now=0.0):
    """Return metrics that have seen so many of such routes."""
    metrics = Metrics()
    for count, fields in groups:
        for _ in range(count):
            metrics.record(route(**fields), now=now)
    return metrics


def test_a_snapshot_tells_cost_tokens_latency_hits_and_fallbacks():
    """The contract's `metrics`, figure by figure."""
    metrics = fed((8, {}), (1, {"outcomes": ("busy", "ok"), "cost": "0.03", "latency_ms": 900}), (11, HIT), (5, LOCAL))
    told = metrics.snapshot(1.0)
    assert told["requests"] == 25
    assert told["cost_per_request"]["balanced"] == {"requests": 20, "mean_usd": "0.0055", "max_usd": "0.03"}
    assert told["cost_per_request"]["local"]["max_usd"] == "0.00"
    assert told["cost_usd"] == "0.11"
    assert told["tokens"] == {"input": 3000, "output": 500}
    assert told["latency_ms"]["by_tier"]["balanced"] == {"p50": 100, "p95": 100, "p99": 900}
    assert told["cache_hit_rate"] == pytest.approx(11 / 20)
    assert told["fallback_rate"] == pytest.approx(1 / 9)
    assert told["alerts"] == []


def test_percentiles_are_by_nearest_rank():
    """Of 1..100 ms, p50 is 50, p95 is 95, p99 is 99; of nothing, 0."""
    metrics = Metrics()
    assert metrics.snapshot(0)["latency_ms"]["p95"] == 0
    for ms in range(100, 0, -1):
        metrics.record(route(latency_ms=ms), now=0)
    told = metrics.snapshot(0)["latency_ms"]
    assert [told[name] for name in ("p50", "p95", "p99")] == [50, 95, 99]


def test_a_degraded_answer_is_a_fallback():
    """Nobody answered and the embedded generator played: that counts, and a plain local request does not."""
    metrics = fed((1, {"outcomes": ("busy",), "cost": "0.00", "degraded": True}), (9, LOCAL))
    assert metrics.snapshot(0)["fallback_rate"] == 1.0


def test_an_attempt_that_was_never_made_is_no_call():
    """A refusal of the budget is neither a call nor a fallback by itself."""
    metrics = fed((1, {"outcomes": ("budget", "ok")}))
    assert metrics.snapshot(0)["fallback_rate"] == 0.0
    assert sum(metrics.attempts.values()) == 1


def test_savings_are_counted_by_strategy():
    """A hit saves what this tier's paid requests cost on the mean; other strategies say theirs."""
    metrics = fed((2, {"cost": "0.02"}), (2, {"cost": "0.04"}), (3, HIT), (1, {**HIT, "cache": "coalesced"}))
    metrics.record(route(**LOCAL), now=0, saved={"cascade": PICO // 100, "batching": -5})
    assert metrics.snapshot(0)["savings_usd"] == {
        "batching": "0.00", "cache": "0.09", "cascade": "0.01", "single_flight": "0.03",
    }  # fmt: skip


def test_a_route_may_say_what_it_saved():
    """Its own figures come before the mean."""
    metrics = fed((2, {"cost": "0.02"}))
    metrics.record(route(**HIT, saved_usd={"cache": "0.5", "cascade": "0.25"}), now=0)
    assert metrics.snapshot(0)["savings_usd"] == {"cache": "0.50", "cascade": "0.25"}


def levels(metrics, now):
    """Return what the alerts did, briefly."""
    return [(alert["name"], alert["state"]) for alert in metrics.alerts(now)]


@pytest.mark.parametrize(
    ("bad", "fields", "good", "name", "level"),
    [
        (1, {"cost": "0.11"}, {"cost": "0.07"}, "cost_per_request_warning", "warning"),
        (20, {"latency_ms": 30_001}, {"latency_ms": 10}, "latency_p95", "warning"),
        (20, {"outcomes": ("busy", "ok")}, {}, "fallback_rate", "warning"),
        (20, {}, HIT, "cache_hit_rate", "review"),
    ],
)
def test_each_threshold_is_raised_once_and_cleared_once(bad, fields, good, name, level):
    """Raised when it is passed, silent while it stands, cleared when the window is good again."""
    metrics = fed((30, HIT)) if name != "cache_hit_rate" else Metrics()
    assert levels(metrics, 0) == []
    for _ in range(bad):
        metrics.record(route(**fields), now=WINDOW_S + 1)
    if name != "cache_hit_rate":
        for _ in range(10):
            metrics.record(route(**HIT), now=WINDOW_S + 1)
    (raised,) = metrics.alerts(WINDOW_S + 2)
    assert (raised["name"], raised["state"], raised["level"]) == (name, "raised", level)
    assert raised["since"] == WINDOW_S + 2
    assert levels(metrics, WINDOW_S + 3) == []
    assert [alert["name"] for alert in metrics.snapshot(WINDOW_S + 3)["alerts"]] == [name]
    for _ in range(30):
        metrics.record(route(**good), now=3 * WINDOW_S)
        metrics.record(route(**HIT), now=3 * WINDOW_S)
    assert levels(metrics, 3 * WINDOW_S + 1) == [(name, "cleared")]
    assert metrics.snapshot(3 * WINDOW_S + 2)["alerts"] == []


def test_a_very_dear_request_is_critical_too():
    """Above half a dollar both lines are passed."""
    metrics = fed((1, {"cost": "0.51"}))
    assert levels(metrics, 0) == [("cost_per_request_warning", "raised"), ("cost_per_request_critical", "raised")]


def test_the_thresholds_are_the_document_s():
    """Exactly at a threshold nothing is raised; "greater than" means greater."""
    metrics = fed((18, HIT), (1, {"cost": "0.10", "latency_ms": 30_000}), (1, {"outcomes": ("busy", "ok")}))
    for _ in range(8):
        metrics.record(route(), now=0)
    assert metrics.snapshot(0)["fallback_rate"] == pytest.approx(0.1)
    assert levels(metrics, 0) == []


def test_between_the_lines_an_alert_neither_comes_nor_goes():
    """Hysteresis: at 9 % of fallbacks a standing alert stands and a new one is not raised."""

    def with_rate(metrics, bad, now):
        for number in range(100):
            metrics.record(route(outcomes=("busy", "ok") if number < bad else ("ok",)), now=now)
            metrics.record(route(**HIT), now=now)
        return levels(metrics, now)

    metrics = Metrics()
    steps = [9, 11, 9, 10, 9, 7, 9]
    told = [with_rate(metrics, bad, 1000.0 * index) for index, bad in enumerate(steps)]
    assert told == [[], [("fallback_rate", "raised")], [], [], [], [("fallback_rate", "cleared")], []]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({**HIT, "cost": "0.11"}, "cost_per_request_warning"),
        ({**HIT, "latency_ms": 30_001}, "latency_p95"),
        ({"outcomes": ("busy", "ok"), "cache": "off"}, "fallback_rate"),
        ({}, "cache_hit_rate"),
    ],
)
def test_each_alert_ends_by_itself_when_its_figures_are_old(fields, name):
    """Whoever stops playing after a bad hour does not find its alert standing the next morning."""
    metrics = fed((20, fields))
    assert levels(metrics, 0) == [(name, "raised")]
    assert levels(metrics, WINDOW_S - 1) == []
    assert levels(metrics, WINDOW_S + 1) == [(name, "cleared")]


def test_a_few_requests_are_no_rate():
    """The first miss of the day is no reason to review the cache, nor the first fallback one to warn."""
    assert levels(fed((9, {"outcomes": ("busy", "ok")})), 0) == []


def test_prometheus_reads_what_is_exposed():
    """The text parses; names follow the gen_ai conventions; the sums are those of the snapshot."""
    metrics = fed((3, {"cost": "0.2"}), (1, HIT))
    metrics.alerts(0)
    text = metrics.prometheus_text(
        0, {"limit_usd": "1.00", "spent_usd": "0.60", "reserved_usd": "0.00", "left_usd": None}
    )
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["gen_ai_client_token_usage_sum", "chat", "groq", "input", "m0"] == 900
    assert samples["gen_ai_client_operation_duration_seconds_count", "chat", "groq", "m0"] == 3
    assert samples["drumbridge_requests_total", "balanced", "false", "miss"] == 3
    assert samples["drumbridge_cost_usd_total", "balanced", "groq", "m0"] == pytest.approx(0.6)
    assert samples["drumbridge_saved_usd_total", "cache"] == pytest.approx(0.2)
    assert samples["drumbridge_alert", "cost_per_request_warning", "warning"] == 1
    assert samples["drumbridge_budget_spent_usd",] == pytest.approx(0.6)
    assert ("drumbridge_budget_left_usd",) not in samples


def test_labels_and_memory_are_bounded():
    """A thousand model names and a hundred thousand requests do not grow without end."""
    metrics = Metrics()
    for number in range(1000):
        metrics.record(route(attempts=[{"provider": "groq", "model": f"m{number}", "outcome": "ok"}]), now=number)
    for number in range(10_000):
        metrics.record(route(), now=1000 + number / 1000)
    assert len(metrics.attempts) <= 102
    assert len(metrics._recent) <= 5000
