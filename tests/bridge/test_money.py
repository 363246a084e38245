"""The daemon's money watch: alerts begin and end by themselves, closed spending is told, nobody's answer is lost."""

import asyncio
import logging
import time

import pytest

from bridge import money
from bridge.events import Events
from bridge.money import Money
from router.budget import PICO, Usage
from router.config import RouterConfig

ROUTE = {"tier": "expert", "cache": "miss", "degraded": False, "latency_ms": 900, "cost_usd": "0.60", "attempts": []}


class Watched:
    """A money side in its own time, and the alerts it tells."""

    def __init__(self, folder):
        self.now, self.heard, self.said = 1000.0, [], asyncio.Event()
        events = Events(lambda: self.now)
        self.money = Money(folder, RouterConfig.from_env({}), events, clock=lambda: self.now)
        events.subscribe(1, "me", ["alerts"], self._hear)

    def _hear(self, params):
        alerts = params["data"].get("alerts", [params["data"]])
        self.heard += [(alert["name"], alert["state"]) for alert in alerts]
        self.said.set()

    async def until(self, *wanted):
        """Wait until these alerts were told."""
        async with asyncio.timeout(30):
            while not set(wanted) <= set(self.heard):
                self.said.clear()
                await self.said.wait()


@pytest.fixture
def watch(tmp_path, monkeypatch):
    """Runs a story with an open money side that looks all the time."""
    monkeypatch.setattr(money, "LOOK_S", 0.0)
    monkeypatch.setattr(money, "IDLE_S", 0.01)

    def run(story):
        async def main():
            watched = Watched(tmp_path)
            await watched.money.open()
            try:
                return await story(watched)
            finally:
                await watched.money.close()

        return asyncio.run(main())

    return run


def test_an_alert_is_told_and_ends_by_itself(watch, caplog):
    """A request of $0.60 raises both cost alerts, told in the log; ten minutes later they end though nobody asks."""
    caplog.set_level(logging.WARNING)

    async def story(watched):
        names = "cost_per_request_warning", "cost_per_request_critical"
        watched.money.record(ROUTE)
        await watched.until(*((name, "raised") for name in names))
        standing = [alert["name"] for alert in watched.money.snapshot()["alerts"]]
        watched.now += 601
        await watched.until(*((name, "cleared") for name in names))
        return standing, watched.money.snapshot()["alerts"]

    assert watch(story) == (["cost_per_request_warning", "cost_per_request_critical"], [])
    assert "alert raised: a request cost more than $0.50 (critical; 0.6, the line is 0.5)" in caplog.text


def test_closed_spending_is_told_and_so_is_its_end(watch, caplog):
    """While no call can be paid an alert stands, for late subscribers too, and the log says why, once."""

    async def story(watched):
        await watched.money.ledger._do(lambda books: books.set_meta("closed", "the ledger was damaged"), None)
        await watched.until(("spending_closed", "raised"))
        late = []
        watched.money._events.subscribe(2, "late", ["alerts"], lambda params: late.append(params["data"]))
        await watched.money.ledger.reopen()
        await watched.until(("spending_closed", "cleared"))
        return late[0]["alerts"]

    (standing,) = watch(story)
    assert standing["message"] == "spending is closed: the ledger was damaged"
    assert caplog.text.count("alert raised: spending is closed: the ledger was damaged (critical)") == 1


def test_a_clock_set_back_is_told(watch):
    """The later month goes on counting, which nobody would guess: an alert says so while it lasts."""

    async def story(watched):
        ahead = time.time() + 40 * 86_400
        names = {"tier": "fast", "provider": "groq", "model": "m", "task": "pattern", "request_limit_picousd": None}
        watched.money.ledger._wall = lambda: ahead
        await watched.money.ledger.reserve(request_id="r", worst_picousd=1, **names)
        watched.money.ledger._wall = time.time
        await watched.until(("clock_set_back", "raised"))
        (standing,) = watched.money._standing()
        await watched.money.ledger.accept_clock()
        await watched.until(("clock_set_back", "cleared"))
        return standing["message"]

    assert "goes on counting" in watch(story)


def test_the_scraped_budget_is_the_present_one(watch):
    """`/metrics` has the month's money without anybody asking for the status first."""

    async def story(watched):
        async with asyncio.timeout(30):
            while "drumbridge_budget_left_usd 100.0" not in watched.money.prometheus():
                await asyncio.sleep(0.01)

    watch(story)


def test_figures_that_cannot_be_read_are_told_once(watch, monkeypatch, caplog):
    """A store that fails at every look is one line in the log, with the reason, and one more when it is well again."""
    looks = []

    async def story(watched):
        async def budget():
            looks.append(len(looks))
            if len(looks) < 5:
                raise OSError("the folder is gone")
            return {"left_usd": "1.00"}

        monkeypatch.setattr(watched.money.ledger, "budget", budget)
        async with asyncio.timeout(30):
            while len(looks) < 6:
                await asyncio.sleep(0.01)

    with caplog.at_level(logging.INFO):
        watch(story)
    assert caplog.text.count("the money cannot be looked at (OSError: the folder is gone)") == 1
    assert caplog.text.count("the money can be looked at again") == 1


def test_who_asks_before_the_files_are_open_waits_for_them(watch, tmp_path):
    """The ready line comes first: an early `costs` or `status` never says that nothing was paid when something was."""

    async def spend(watched):
        names = {"tier": "fast", "provider": "groq", "model": "m", "task": "pattern", "request_limit_picousd": None}
        row = await watched.money.ledger.reserve(request_id="r", worst_picousd=PICO, **names)
        await watched.money.ledger.settle(row, cost_picousd=PICO, usage=Usage(1, 1), outcome="ok", ms=1)

    async def ask():
        early = Watched(tmp_path).money
        asked = asyncio.gather(early.budget(), early.costs(None, ["tier"]))
        await asyncio.sleep(0)
        await early.open()
        budget, (row,) = await asked
        await early.close()
        return budget["spent_usd"], row["cost_usd"]

    watch(spend)
    assert asyncio.run(ask()) == ("1.00", "1.00")
