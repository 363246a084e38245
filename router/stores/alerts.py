"""The routing document's five alerts, with hysteresis: raised above one line, cleared only below a lower one.

Pure: figures in, changes out. A figure that is not known (too few requests) changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from router.budget import PICO


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert: which figure, where it is raised, where it is cleared, what to tell."""

    name: str
    figure: str
    level: str
    raise_at: float
    clear_at: float
    says: str

    @property
    def is_floor(self) -> bool:
        """Whether low is bad."""
        return self.clear_at > self.raise_at

    def is_past(self, value: float, line: float) -> bool:
        """Whether a value is on the bad side of a line."""
        return value < line if self.is_floor else value > line


RULES: Final = (
    Rule("cost_per_request_warning", "cost_per_request", "warning", PICO // 10, PICO * 8 // 100,
         "a request cost more than $0.10"),
    Rule("cost_per_request_critical", "cost_per_request", "critical", PICO // 2, PICO * 4 // 10,
         "a request cost more than $0.50"),
    Rule("latency_p95", "latency_p95_ms", "warning", 30_000, 24_000,
         "one answer in twenty takes longer than 30 s"),
    Rule("fallback_rate", "fallback_rate", "warning", 0.10, 0.08,
         "more than one request in ten needed another provider than the first"),
    Rule("cache_hit_rate", "cache_hit_rate", "review", 0.20, 0.25,
         "fewer than one request in five is answered from the cache: review the caching strategy"),
)  # fmt: skip
"""Costs in pico-dollars, times in milliseconds, rates 0..1. The lower lines are ours: a fifth or so away."""


class Alerts:
    """Which alerts stand. `now` is seconds of any clock that goes forward."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def judge(self, figures: Mapping[str, float | None], now: float) -> list[dict[str, Any]]:
        """Return the alerts that were raised or cleared by these figures."""
        changes = []
        for rule in RULES:
            value = figures.get(rule.figure)
            stands = rule.name in self._since
            if value is None or stands == rule.is_past(value, rule.clear_at if stands else rule.raise_at):
                continue
            if stands:
                since = self._since.pop(rule.name)
            else:
                since = self._since[rule.name] = now
            changes.append(_told(rule, "cleared" if stands else "raised", value, since))
        return changes

    def standing(self, figures: Mapping[str, float | None]) -> list[dict[str, Any]]:
        """Return the alerts that stand now, with the present figures."""
        return [
            _told(rule, "raised", figures.get(rule.figure), self._since[rule.name])
            for rule in RULES
            if rule.name in self._since
        ]


def _told(rule: Rule, state: str, value: float | None, since: float) -> dict[str, Any]:
    scale = PICO if rule.figure == "cost_per_request" else 1
    return {
        "name": rule.name,
        "level": rule.level,
        "state": state,
        "value": None if value is None else value / scale,
        "threshold": rule.raise_at / scale,
        "message": rule.says,
        "since": since,
    }
