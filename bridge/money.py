"""The money side of the daemon: ledger, cache and metrics, opened after the ready line and told of every answer.

Holds no rule of its own; limits are the ledger's, thresholds the metrics'. Looks at them after answers, a few times a
second at most, and by itself every few seconds: an alert must end, and closed spending be told, while nobody asks.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bridge.events import Events
from router.config import RouterConfig
from router.stores.metrics import Metrics
from router.stores.purse import Purse

_log = logging.getLogger(__name__)

LOOK_S: Final = 0.25
"""Between two looks: percentiles of thousands of answers are too dear for each of them."""

IDLE_S: Final = 5.0

OPENS_S: Final = 5.0
"""How long an early question waits for the files; opening takes a fifth of a second."""


class Money:
    """What was paid, what was saved, what may still be spent."""

    def __init__(
        self,
        folder: Path,
        config: RouterConfig,
        events: Events,
        shared_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
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
        self._events, self._clock = events, clock
        self._last_budget: Mapping[str, Any] = {}
        self._own: dict[str, dict[str, Any]] = {}
        self._news = asyncio.Event()
        self._blind = ""
        self._watch: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()
        events.source("metrics", self.snapshot)
        events.source("alerts", lambda: {"alerts": self._standing()})

    async def open(self) -> None:
        """Open the files. A bad one closes the paid tiers and says so; it never keeps the music from starting."""
        try:
            await self.purse.open()
        finally:
            self._opened.set()
        self._watch = asyncio.create_task(self._look_after(), name="money-watch")

    async def close(self) -> None:
        """Finish what is being written."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await self.purse.close()

    def record(self, route: Mapping[str, Any]) -> None:
        """Count an answer; what it changes is told soon."""
        self.metrics.record(route, now=self._clock())
        self._news.set()

    async def _look_after(self) -> None:
        while True:
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001  whatever a store did: the next look comes
                self._cannot_look(f"{type(error).__name__}: {error}")
            else:
                self._cannot_look("")
            await asyncio.sleep(LOOK_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await self._news.wait()

    def _cannot_look(self, why: str) -> None:
        """Say once that looking fails, not at every turn, and once that it works again."""
        if why and why != self._blind:
            _log.error(
                "the money cannot be looked at (%s): alerts and figures stay as they were, budgets still hold. "
                "It is tried again by itself; if this stays, look at the home's disk, then restart the daemon", why
            )  # fmt: skip
        elif self._blind and not why:
            _log.info("the money can be looked at again")
        self._blind = why

    async def _look(self) -> None:
        """Tell of alerts that were raised or ended, of spending that was closed or opened, of new figures."""
        news = self._news.is_set()
        self._news.clear()
        await self.budget()
        closed = self.ledger.closed
        self._stand("spending_closed", "critical", closed and f"spending is closed: {closed}")
        self._stand("clock_set_back", "warning", self._last_budget.get("clock"))
        for alert in self.metrics.alerts(self._clock()):
            news = True
            _log.log(
                logging.WARNING if alert["state"] == "raised" else logging.INFO,
                "alert %s: %s (%s; %g, the line is %g)",
                alert["state"], alert["message"], alert["level"], alert["value"], alert["threshold"],
            )  # fmt: skip
            self._events.publish("alerts", alert)
        if news and self._events.wanted("metrics"):
            self._events.publish("metrics", self.snapshot())

    def _stand(self, name: str, level: str, why: str | None) -> None:
        """Tell of a state that is not a figure when it begins, changes or ends."""
        before = self._own.get(name)
        if why and (before is None or before["message"] != why):
            self._own[name] = {"name": name, "level": level, "state": "raised", "message": why}
            _log.error("alert raised: %s (%s)", why, level)
            self._events.publish("alerts", self._own[name])
        elif not why and before is not None:
            del self._own[name]
            _log.info("alert cleared: %s", before["message"])
            self._events.publish("alerts", {**before, "state": "cleared"})

    def _standing(self) -> list[dict[str, Any]]:
        return [*self._own.values(), *self.snapshot()["alerts"]]

    def snapshot(self) -> dict[str, Any]:
        """Return the contract's metrics object."""
        return {**self.metrics.snapshot(self._clock()), "cache": self.cache.stats()}

    def prometheus(self) -> str:
        """Return the metrics as Prometheus text."""
        return self.metrics.prometheus_text(self._clock(), self._last_budget or None)

    async def budget(self) -> Mapping[str, Any]:
        """Return the month, its limit, what is spent, reserved and left."""
        await self._known()
        self._last_budget = await self.ledger.budget()
        closed = self.ledger.closed
        return {**self._last_budget, **({"closed": closed} if closed else {})}

    async def costs(self, since: str | float | None, by: Sequence[str]) -> list[dict[str, Any]]:
        """Return totals since a day, grouped by tier, provider, model or day."""
        await self._known()
        return await self.ledger.totals(since=since, by=by)

    async def _known(self) -> None:
        """Wait for the files, which open after the ready line: "$0.00" to an early question would be a lie."""
        with suppress(TimeoutError):
            async with asyncio.timeout(OPENS_S):
                await self._opened.wait()
