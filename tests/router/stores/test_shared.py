"""The shared store: cache, budget and valves of several machines; away, it costs money's use and never the music."""

import asyncio

import pytest

from router.budget import PICO, Usage, parse_usd
from router.errors import BudgetRefused
from router.stores.cache import Cache, Kind
from router.stores.shared import Shared, SharedAway, SharedShelf, SharedValves
from router.stores.shared_ledger import SharedLedger

CENT = PICO // 100
NOBODY = "redis://:secret-canary@127.0.0.1:1/0"
NAMES = {"tier": "fast", "provider": "groq", "model": "m", "task": "pattern", "request_limit_picousd": None}
SIZES = {"pattern": 3, "modification_map": 2}
NOW = 1_795_000_000.0


def drive(url, story):
    """Run a story with as many connections as it asks for; all are closed after it."""

    async def main():
        made = []

        def connect():
            made.append(Shared(url))
            return made[-1]

        try:
            return await story(connect)
        finally:
            for shared in made:
                await shared.aclose()

    return asyncio.run(main())


def ledger_of(shared, **more):
    """Return a shared ledger of one cent."""
    return SharedLedger(shared, **{"monthly_budget_picousd": CENT, "wait_s": 0, **more})


@pytest.mark.wire
def test_three_machines_share_one_budget(redis_url):
    """Three ledgers, 600 calls at once: never over, and not one more would have fitted."""
    worst, cost = CENT // 60, CENT // 300

    async def story(connect):
        ledgers = [ledger_of(connect(), wait_s=110) for _ in range(3)]

        async def call(number):
            ledger = ledgers[number % 3]
            try:
                row = await ledger.reserve(request_id=f"r{number}", worst_picousd=worst, **NAMES)
            except BudgetRefused:
                return 0
            await asyncio.sleep(0)
            await ledger.settle(row, cost_picousd=cost, usage=Usage(1, 1), outcome="ok", ms=1)
            return 1

        served = sum(await asyncio.gather(*(call(number) for number in range(600))))
        return served, await ledgers[0].budget()

    served, budget = drive(redis_url, story)
    assert parse_usd(budget["spent_usd"]) == served * cost
    assert CENT - worst < served * cost <= CENT


@pytest.mark.wire
def test_amounts_beyond_what_a_double_holds_stay_exact(redis_url):
    """A million dollars less one pico-dollar: the next call of one is paid, of two it is not."""
    limit = 1_000_000 * PICO

    async def story(connect):
        ledger = ledger_of(connect(), monthly_budget_picousd=limit)
        row = await ledger.reserve(request_id="r", worst_picousd=limit - 1, **NAMES)
        await ledger.settle(row, cost_picousd=limit - 1, usage=Usage(1, 1), outcome="ok", ms=1)
        with pytest.raises(BudgetRefused):
            await ledger.reserve(request_id="r", worst_picousd=2, **NAMES)
        await ledger.reserve(request_id="r", worst_picousd=1, **NAMES)
        return await ledger.budget(), await ledger.totals()

    budget, (total,) = drive(redis_url, story)
    assert (budget["spent_usd"], budget["reserved_usd"]) == ("999999.999999999999", "0.000000000001")
    assert total["cost_usd"] == "999999.999999999999"


@pytest.mark.wire
def test_a_machine_that_is_gone_is_settled_at_its_reservations(redis_url):
    """Its calls count as spent and are listed as lost; the user's word gives back what they did not cost."""

    async def story(connect):
        dead = ledger_of(connect())
        row = await dead.reserve(request_id="r", worst_picousd=CENT // 2, **NAMES)
        living = ledger_of(connect())
        await living.open()
        early = await living.lost()
        await dead._shared.do("DEL", f"{{drumbridge}}:alive:{dead._owner}")  # as when its time has run out
        await living.open()
        lost = await living.lost()
        before = await living.budget()
        done = await living.reconcile(row, CENT // 10), await living.reconcile(row, 0)
        return early, lost, before, done, await living.budget(), await living.totals(), await living.lost()

    early, lost, before, done, after, (total,), left = drive(redis_url, story)
    assert (early, left) == ([], [])
    assert [(found["outcome"], found["state"]) for found in lost] == [("lost", "unknown")]
    assert (before["spent_usd"], before["reserved_usd"]) == ("0.005", "0.00")
    assert done == (True, False)
    assert (after["spent_usd"], total["cost_usd"]) == ("0.001", "0.001")


@pytest.mark.wire
def test_what_one_machine_paid_for_the_other_finds(redis_url):
    """The cache over the shared shelf: found across machines, bounded, gone after `clear`."""
    kinds = {name: Kind(1000, size) for name, size in SIZES.items()}

    async def story(connect):
        one, two = (Cache(None, shelf=SharedShelf(connect(), SIZES), wall=lambda: NOW, kinds=kinds) for _ in range(2))
        for number in range(5):
            await one.put("pattern", f"k{number}", f"kept {number} ü", ttl_s=500 + number)
        await one.close()
        found = [await two.get("pattern", f"k{number}") for number in range(5)]
        await two.clear()
        third = Cache(None, shelf=SharedShelf(connect(), SIZES), wall=lambda: NOW, kinds=kinds)
        return found, await third.get("pattern", "k4"), await third.get("modification_map", "k4")

    found, cleared, other = drive(redis_url, story)
    assert found == [None, None, "kept 2 ü", "kept 3 ü", "kept 4 ü"]
    assert (cleared, other) == (None, None)


@pytest.mark.wire
def test_valves_count_the_calls_of_all_machines(redis_url):
    """Six a minute together, sixty an hour; a source without a size has no valve."""

    async def story(connect):
        valves = [SharedValves(connect(), {"cc": (6, 10), "off": (0, 0)}) for _ in range(2)]
        minute = [await valves[number % 2].take("cc", NOW + number) for number in range(8)]
        hour = [await valves[0].take("cc", NOW + 100 + number * 61) for number in range(5)]
        later = await valves[1].take("cc", NOW + 3600)
        return minute, hour, later, await valves[0].take("off", NOW), await valves[0].take("page", NOW)

    minute, hour, later, off, free = drive(redis_url, story)
    assert minute == [0, 0, 0, 0, 0, 0, 54, 53]
    assert hour[:4] == [0, 0, 0, 0]
    assert hour[4] == 3600 - (100 + 4 * 61)
    assert (later, off, free) == (0, 3600, 0)


def test_a_store_that_is_away_closes_spending_and_shows_no_password():
    """Nothing raises but the refusal; no message holds the address."""

    async def story(connect):
        shared = connect()
        ledger = ledger_of(shared)
        await ledger.open()
        with pytest.raises(BudgetRefused) as caught:
            await ledger.reserve(request_id="r", worst_picousd=1, **NAMES)
        await ledger.settle(1, cost_picousd=1, usage=Usage(1, 1), outcome="ok", ms=1)
        await ledger.settle_unknown(2, "timeout", 1)
        cache = Cache(None, shelf=SharedShelf(shared, {"pattern": 1}))
        await cache.put("pattern", "k", "kept")
        found = await cache.get("pattern", "k"), await cache.get("pattern", "none")
        await cache.clear()
        told = [await ledger.totals(), await ledger.rows_of("r"), await ledger.lost()]
        budget = await ledger.budget()
        await cache.close()
        await ledger.close()
        return str(caught.value), found, told, budget, cache.stats()["trouble"], repr(shared), repr(ledger)

    said, found, told, budget, trouble, *shown = drive(NOBODY, story)
    assert "spending is closed" in said
    assert "plays on" in said
    assert found == ("kept", None)
    assert told == [[], [], []]
    assert "canary" not in str((said, budget, trouble, shown))
    assert budget["closed"]
    assert trouble


def test_a_thousand_who_ask_at_once_stand_in_line(monkeypatch):
    """No more commands are under way than there are connections: nobody is told that the store is away for a queue."""

    class Client:
        def __init__(self):
            self.under_way = self.most = 0

        async def execute_command(self, *_command):
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            await asyncio.sleep(0)
            self.under_way -= 1
            return "PONG"

        async def aclose(self):
            pass

    client = Client()

    async def story(connect):
        shared = connect()
        monkeypatch.setattr(shared, "_redis", lambda: client)
        return await asyncio.gather(*(shared.do("PING") for _ in range(1000)))

    assert drive(NOBODY, story) == ["PONG"] * 1000
    assert 1 < client.most <= 8


def test_an_address_that_is_none_is_told_without_it():
    """A misspelt scheme is named by its variable, its value is not shown."""

    async def story(connect):
        with pytest.raises(SharedAway, match="DRUMBRIDGE_SHARED_URL") as caught:
            await connect().do("PING")
        return str(caught.value)

    assert "canary" not in drive("http://secret-canary", story)


@pytest.mark.wire
def test_a_bill_the_store_did_not_take_goes_with_the_next_command(redis_url):
    """The store goes away between reserving and settling; once it is back, the amount is written."""

    async def story(connect):
        ledger = ledger_of(connect())
        row = await ledger.reserve(request_id="r", worst_picousd=CENT, **NAMES)
        await ledger.budget()
        home, ledger._shared = ledger._shared, Shared(NOBODY)
        blind = await ledger.budget()
        await ledger.settle(row, cost_picousd=CENT // 4, usage=Usage(1, 1), outcome="ok", ms=1)
        during = ledger.closed
        await ledger._shared.aclose()
        ledger._shared = home
        assert (await ledger.budget())["closed"] is None  # whoever looks finds it open, before anybody pays
        await ledger.settle(
            await ledger.reserve(request_id="s", worst_picousd=CENT // 2, **NAMES),
            cost_picousd=0, usage=Usage(1, 1), outcome="ok", ms=1,
        )  # fmt: skip
        return during, blind, await ledger.budget()

    during, blind, budget = drive(redis_url, story)
    assert during
    assert (blind["reserved_usd"], blind["closed"]) == ("0.01", during)  # as last known, not $0.00
    assert (budget["spent_usd"], budget["closed"]) == ("0.0025", None)
