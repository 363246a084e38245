"""The whole way of the money: through the router, with scripted providers that stream, fail, break off and are slow."""

import asyncio
import itertools
import random
import sqlite3

import pytest

from router import attempt
from router.budget import PICO, parse_usd
from router.call import FINISHED, Done
from router.config import RouterConfig
from router.dispatch import Router
from router.errors import Broken, Busy
from router.providers.scripted import Scripted, says
from router.request import GrooveRequest
from router.stores.cache import Cache
from router.stores.ledger import Ledger
from tests.support.faultserver import GROOVE

CENT = PICO // 100
KEYS = {"anthropic": "k1", "openai": "k2", "groq": "k3", "cohere": "k4"}
WISH = "gravel rolling down a long staircase, then somebody remembers the tune"


def settings(**more):
    """Return a configuration with four keys and a month's budget of one cent."""
    return RouterConfig(**{"keys": KEYS, "monthly_budget_picousd": CENT, **more})


def script(dice):
    """Return what one call does: mostly answers, sometimes busy, cut, garbled, or broken off in the middle."""

    def play(_call):
        chance = dice.random()
        if chance < 0.1:
            return (Busy("groq", 0.001),)
        if chance < 0.2:
            return (GROOVE[: len(GROOVE) // 3], Broken("groq", 0, "broken off"))
        if chance < 0.3:
            return ("I would rather talk about the weather.", Done(FINISHED, None, ""))
        return (0.001, *says(GROOVE))

    return play


def drive(tmp_path, story, *, config=None, scripts=None):
    """Run a story against a router with a real ledger and cache."""

    async def main():
        config_ = config or settings()
        ledger = Ledger(tmp_path / "ledger.db", monthly_budget_picousd=config_.monthly_budget_picousd)
        cache = Cache(tmp_path / "cache.db", enabled=config_.cache_enabled, default_ttl_s=config_.cache_ttl_s)
        await ledger.open()
        await cache.open()
        providers = {name: Scripted(name, [scripts or says(GROOVE)]) for name in config_.keys}
        router = Router(config_, ledger=ledger, cache=cache, providers=providers)
        await router.start()
        try:
            return await story(router, ledger, providers)
        finally:
            await router.aclose()
            await cache.close()
            await ledger.close()

    return asyncio.run(main())


def calls(providers):
    """Return how often any provider was asked."""
    return sum(len(provider.calls) for provider in providers.values())


@pytest.mark.parametrize("seed", range(3))
def test_a_thousand_requests_on_a_cent_spend_no_more_and_each_gets_music(tmp_path, seed):
    """With streaming, retries, repairs, dearer fallbacks: the wall holds, and the receipts are the ledger."""
    dice = random.Random(seed)

    async def story(router, ledger, _providers):
        wishes = (GrooveRequest(prompt=WISH, seed=number, tier="balanced") for number in range(1000))
        answers = await asyncio.gather(*(router.route(wish) for wish in wishes))
        return [answer.route.as_dict() for answer in answers], await ledger.budget(), await ledger.verify()

    routes, budget, flaws = drive(tmp_path, story, scripts=script(dice))
    assert flaws == []
    assert parse_usd(budget["spent_usd"]) <= CENT
    assert budget["reserved_usd"] == "0.00"
    assert sum(parse_usd(route["cost_usd"]) for route in routes) == parse_usd(budget["spent_usd"])
    paid = [route for route in routes if route["provider"] != "local"]
    assert paid
    assert all(route["degraded"] for route in routes if route["provider"] == "local")
    assert len(paid) < 1000


def test_what_is_told_is_on_the_disk_already(tmp_path):
    """A crash in the moment of the answer takes nothing back of what its route says it cost."""

    async def story(router, _ledger, _providers):
        found = []
        for number in range(20):
            answer = await router.route(GrooveRequest(prompt=WISH, seed=number, tier="balanced"))
            rows = sqlite3.connect(tmp_path / "ledger.db")
            (open_rows,) = rows.execute("SELECT count(*) FROM attempts WHERE cost IS NULL").fetchone()
            rows.close()
            found.append((answer.route.provider != "local", open_rows))
        return found

    assert drive(tmp_path, story, config=settings(monthly_budget_picousd=PICO)) == [(True, 0)] * 20


def test_each_route_adds_up_to_its_rows(tmp_path):
    """Attempt by attempt, the receipt in the answer is the receipt in the file."""
    dice = random.Random(5)

    async def story(router, _ledger, _providers):
        routes = []
        for number in range(20):
            answer = await router.route(GrooveRequest(prompt=WISH, seed=number, tier="balanced"))
            routes.append(answer.route.as_dict())
        return routes

    routes = drive(tmp_path, story, config=settings(monthly_budget_picousd=PICO), scripts=script(dice))
    with sqlite3.connect(tmp_path / "ledger.db") as db:
        rows = db.execute(
            "SELECT request_id, provider, model, tier, outcome, ms, cost, id, request_id FROM attempts ORDER BY id"
        ).fetchall()
    db.close()
    kept = [list(group) for _, group in itertools.groupby(rows, key=lambda row: row[0])]
    told = [
        [attempt for attempt in route["attempts"] if attempt["outcome"] not in {"budget", "provider_off"}]
        for route in routes
    ]
    assert [
        [
            (
                *(one[name] for name in ("provider", "model", "tier", "outcome", "ms")),
                parse_usd(one["cost_usd"]),
                one["row"],
                one["request"],
            )
            for one in attempts
        ]
        for attempts in told
        if attempts
    ] == [[row[1:] for row in group] for group in kept]


@pytest.mark.parametrize("leader_goes", [False, True])
def test_five_hundred_equal_requests_are_paid_once(tmp_path, leader_goes):
    """One upstream call, one bill; also when the one who asked first goes away."""

    async def story(router, ledger, providers):
        wish = GrooveRequest(prompt=WISH, tier="balanced")
        callers = [asyncio.create_task(router.route(wish)) for _ in range(500)]
        while not calls(providers):
            await asyncio.sleep(0)
        if leader_goes:
            callers[0].cancel()
        answers = await asyncio.gather(*callers, return_exceptions=True)
        routes = [answer.route for answer in answers if not isinstance(answer, BaseException)]
        return calls(providers), routes, await ledger.totals(by=())

    made, routes, (total,) = drive(tmp_path, story)
    assert (made, total["attempts"]) == (1, 1)
    assert len(routes) == 500 - leader_goes
    assert sum(route.cache in {"coalesced", "hit"} for route in routes) == 499 - leader_goes
    assert sum(route.cost_picousd for route in routes) == parse_usd(total["cost_usd"])


def test_who_looked_too_early_looks_again_before_paying():
    """A caller's look into a slow cache began before another's answer was kept: it finds it, and no call is made."""

    class SlowStore:
        def __init__(self):
            self.kept, self.looks, self.late = {}, 0, asyncio.Event()

        async def get(self, _cls, _key):
            self.looks += 1
            if self.looks == 1:
                await self.late.wait()

        async def peek(self, _cls, key):
            return self.kept.get(key)

        async def put(self, _cls, key, value, ttl_s=None):
            self.kept[key] = value

    async def main():
        store, provider = SlowStore(), Scripted("groq", [says(GROOVE)])
        router = Router(settings(keys={"groq": "k"}), cache=store, providers={"groq": provider})
        await router.start()
        wish = GrooveRequest(prompt=WISH, tier="balanced")
        early = asyncio.create_task(router.route(wish))
        while not store.looks:
            await asyncio.sleep(0)
        await router.route(wish)
        store.late.set()
        route = (await early).route
        await router.aclose()
        return route.cache, route.cost_picousd, len(provider.calls)

    assert asyncio.run(main()) == ("hit", 0, 1)


def test_when_upstream_fails_five_hundred_equal_requests_make_three_calls_at_most(tmp_path):
    """The failure is shared, and so is the embedded drummer's answer."""

    async def story(router, _ledger, providers):
        wish = GrooveRequest(prompt=WISH, tier="balanced")
        answers = await asyncio.gather(*(router.route(wish) for _ in range(500)))
        return calls(providers), {answer.route.provider for answer in answers}

    config = settings(keys={"groq": "k"}, max_tier="balanced")
    made, who = drive(tmp_path, story, config=config, scripts=(Busy("groq"),))
    assert made <= 3
    assert who == {"local"}


def test_the_same_again_costs_nothing_and_something_new_is_asked_anew(tmp_path):
    """A hit says so and is free, also after a restart; another seed is another request."""

    async def ask(router, _ledger, providers):
        wishes = [
            GrooveRequest(prompt=words, tier="balanced", seed=seed) for words, seed in ((WISH, 1), (WISH.upper(), 1))
        ]
        routes = [(await router.route(wish)).route for wish in wishes]
        return [(route.cache, bool(route.cost_picousd)) for route in routes], calls(providers)

    async def ask_anew(router, _ledger, providers):
        route = (await router.route(GrooveRequest(prompt=WISH, tier="balanced", seed=2))).route
        return route.cache, calls(providers)

    assert drive(tmp_path, ask) == ([("miss", True), ("hit", False)], 1)
    assert drive(tmp_path, ask) == ([("hit", False), ("hit", False)], 0)
    assert drive(tmp_path, ask_anew) == ("miss", 1)


def test_a_refusal_is_told_and_the_music_plays(tmp_path):
    """Nothing is left of the month: the embedded drummer answers at once and the route says what stood in the way."""

    async def story(router, _ledger, providers):
        answer = await router.route(GrooveRequest(prompt=WISH, tier="balanced"))
        return answer.route.as_dict(), calls(providers)

    route, made = drive(tmp_path, story, config=settings(monthly_budget_picousd=10))
    assert (made, route["provider"], route["degraded"], route["cost_usd"]) == (0, "local", True, "0.00")
    assert {attempt["outcome"] for attempt in route["attempts"]} == {"budget"}
    assert "AI_MONTHLY_BUDGET" in route["attempts"][0]["note"]


def test_a_damaged_ledger_does_not_stop_the_music(tmp_path):
    """Spending is closed, the groove is there."""
    (tmp_path / "ledger.db").write_bytes(b"this is no database" * 100)

    async def story(router, ledger, providers):
        answer = await router.route(GrooveRequest(prompt=WISH, tier="balanced"))
        return answer, calls(providers), ledger.closed

    answer, made, closed = drive(tmp_path, story)
    assert made == 0
    assert closed
    assert answer.pattern.hits
    assert "spending is closed" in answer.route.attempts[0].note


@pytest.mark.parametrize("words", ["", GROOVE[:100]], ids=["silent", "in the middle"])
def test_a_call_that_times_out_costs_what_was_reserved(tmp_path, monkeypatch, words):
    """Nobody knows what a hung call costs in the end: ledger and receipt both take its worst case."""
    # The call is waited for a moment only, the request has half a minute: a slow disk must not end it before.
    for name, least in (("FIRST_WORD", 0.005), ("FIRST_WORD_LEAST", (0.1, 0.1)), ("GAP", 0.005), ("GAP_LEAST_S", 0.1)):
        monkeypatch.setattr(attempt, name, least)

    async def story(router, ledger, _providers):
        route = (await router.route(GrooveRequest(prompt=WISH, tier="balanced"))).route.as_dict()
        return route, await ledger.budget(), await ledger.totals(by=("task",))

    config = settings(keys={"anthropic": "k"}, monthly_budget_picousd=PICO, max_tier="balanced")
    route, budget, _ = drive(tmp_path, story, config=config, scripts=(*([words] if words else []), 60.0))
    with sqlite3.connect(tmp_path / "ledger.db") as db:
        rows = db.execute("SELECT reserved, cost, known, outcome FROM attempts").fetchall()
    db.close()
    assert {outcome for *_, outcome in rows} == {"timeout"}
    assert all(cost == reserved and not known for reserved, cost, known, _ in rows)
    assert parse_usd(route["cost_usd"]) == parse_usd(budget["spent_usd"]) == sum(cost for _, cost, _, _ in rows) > 0
