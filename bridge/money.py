"""The money side of the daemon: ledger, cache and metrics, opened after the ready line and told of every answer.

Holds no rule of its own; limits are the ledger's, thresholds the metrics'.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.events import Events
from router.config import RouterConfig
from router.stores.metrics import Metrics
from router.stores.purse import Purse

_log = logging.getLogger(__name__)


class Money:
    """What was paid, what was saved, what may still be spent."""

    def __init__(self, folder: Path, config: RouterConfig, events: Events, shared_url: str | None = None) -> None:
        self.purse = Purse(
            folder,
            monthly_budget_picousd=config.monthly_budget_picousd,
            cache_enabled=config.cache_enabled,
            cache_ttl_s=config.cache_ttl_s,
            shared_url=shared_url,
            valves=config.valves,
        )
        self.ledger, self.cache = self.purse.ledger, self.purse.cache
        self.metrics = Metrics()
        self._events = events
        self._last_budget: Mapping[str, Any] = {}
        events.source("metrics", self.snapshot)
        events.source("alerts", lambda: {"alerts": self.snapshot().get("alerts", [])})

    async def open(self) -> None:
        """Open the files. A bad one closes the paid tiers and says so; it never keeps the music from starting."""
        await self.purse.open()
        if self.ledger.closed:
            _log.error("paid tiers are closed: %s", self.ledger.closed)

    async def close(self) -> None:
        """Finish what is being written."""
        await self.purse.close()

    def record(self, route: Mapping[str, Any]) -> None:
        """Count an answer; tell of alerts that it raises or ends."""
        now = time.monotonic()
        self.metrics.record(route, now=now)
        for alert in self.metrics.alerts(now):
            _log.warning("alert: %s", alert)
            self._events.publish("alerts", alert)
        if self._events.wanted("metrics"):
            self._events.publish("metrics", self.snapshot())

    def snapshot(self) -> dict[str, Any]:
        """Return the contract's metrics object."""
        return {**self.metrics.snapshot(time.monotonic()), "cache": self.cache.stats()}

    def prometheus(self) -> str:
        """Return the metrics as Prometheus text."""
        return self.metrics.prometheus_text(time.monotonic(), self._last_budget or None)

    async def budget(self) -> Mapping[str, Any]:
        """Return the month, its limit, what is spent, reserved and left."""
        self._last_budget = await self.ledger.budget()
        closed = self.ledger.closed
        return {**self._last_budget, **({"closed": closed} if closed else {})}

    async def costs(self, since: str | float | None, by: Sequence[str]) -> list[dict[str, Any]]:
        """Return totals since a day, grouped by tier, provider, model or day."""
        return await self.ledger.totals(since=since, by=by)
