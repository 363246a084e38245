"""The router and its money: ceilings, budgets, receipts, valves, and who waits for what others hold."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import replace

import pytest

from router import groove
from router.budget import PICO, Usage, parse_usd
from router.call import CUT, FINISHED, Done, Wire
from router.config import RouterConfig
from router.dispatch import Router
from router.errors import BudgetRefused, Busy, InvalidRequest, Refused
from router.providers.scripted import Scripted, says
from router.request import GrooveRequest
from router.stores.nulls import NullLedger
from tests.support import clockwork
from tests.support.faultserver import GROOVE
from tests.support.scripts import DOWN, FREE, GOOD, WISH, outcomes, play, twins


def test_a_bill_goes_to_the_disk_while_the_music_is_made(monkeypatch):
    """Making it takes as long as the disk does; of a rule it is made before, for only then is it judged."""
    told = []

    class Told(NullLedger):
        async def settle(self, row, *, outcome, **bill):
            told.append(outcome)
            await super().settle(row, outcome=outcome, **bill)

        async def flush(self):
            told.append("flush")

    wear = groove.wear
    monkeypatch.setattr(groove, "wear", lambda *music: told.append("music") or wear(*music))
    ruled = replace(WISH, constraints=("kick at least 60 per bar",))

    play(twins(openai=[GOOD]), WISH, ledger=Told())
    play(twins(openai=[GOOD]), ruled, ledger=Told(), config={"max_tier": "balanced"})

    assert told[:3] == ["ok", "music", "flush"]
    assert told[3:5] == ["music", "unusable"]


def test_the_route_says_why_the_drummer_plays():
    """Each failure once, and of the refusals of money the cheapest call's, in words for whoever reads the notes."""
    broke = NullLedger(monthly_budget_picousd=1000)
    providers = {"groq": [[Busy("groq", 0, "in trouble (HTTP 500)")]], "openai": [says("no music")]}
    (failed,) = play(twins(**providers), WISH, config={"max_tier": "balanced"})
    (refused,) = play(twins(openai=[GOOD], groq=[GOOD]), WISH, ledger=broke)

    assert failed.route.notes.count("groq is in trouble (HTTP 500)") == 1
    assert "openai: no bar of drums could be read" in failed.route.notes
    assert sum("monthly budget" in note for note in refused.route.notes) == 1


@pytest.mark.parametrize("ends", ["deadline", "cancelled"])
@pytest.mark.parametrize("sent", [False, True])
def test_a_call_that_never_left_costs_nothing(sent, ends):
    """Without a connection nobody can bill; as soon as it may have been sent, the worst case stands."""
    ledger = NullLedger()
    router = Router(
        RouterConfig(keys={"openai": "k"}, max_tier="balanced"),
        providers=twins(openai=[(Wire(sent=sent), 99.0)]),
        ledger=ledger,
    )

    async def main():
        task = asyncio.create_task(router.route(replace(WISH, deadline_ms=900)))
        if ends == "cancelled":
            await asyncio.sleep(0.3)
            task.cancel()
        (answer,) = await asyncio.gather(task, return_exceptions=True)
        await router.aclose()
        return answer, parse_usd((await ledger.budget())["spent_usd"])

    answer, spent = clockwork.run(main())

    assert (spent > 0) is sent
    if ends == "deadline":
        assert answer.route.cost_picousd == spent
        assert any("no connection within" in note for note in answer.route.notes) is not sent


@pytest.mark.parametrize("then", [GOOD, DOWN], ids=["repaired", "local"])
def test_a_token_budget_says_what_it_saved(then):
    """What was cut would have gone on, at most to the largest budget of all: told whoever plays in the end."""
    script = [GROOVE, Done(CUT, None)]
    (answer,) = play(twins(openai=[script, then]), WISH, config={"max_tier": "balanced"})

    assert answer.route.saved["token_budget"] == (4096 - 1024) * 5 * PICO // 10**6


@pytest.mark.parametrize("wish", [WISH, GrooveRequest(prompt="a wonky halting funk thing", seed=1)])
@pytest.mark.parametrize("error", [Busy("x", 0, "in trouble (HTTP 500)"), Busy("x", 0, "rate limited"), Refused("no")])
def test_500_equal_wishes_make_three_calls_while_everybody_is_down(error, wish):
    """The failure is shared too, whether the fast tier is asked first or not; one wish alone asks all four."""
    crowd, single = (
        {name: Scripted(name, [[error]]) for name in ("openai", "groq", "cohere", "anthropic")} for _ in "ab"
    )
    answers = play(crowd, *[wish] * 500, together=True)
    play(single, wish)

    assert {answer.route.tier for answer in answers} == {"local"}
    assert sum(len(one.calls) for one in crowd.values()) == 3
    assert sum(bool(one.calls) for one in single.values()) == 4


@pytest.mark.parametrize(
    ("told", "estimated"),
    [(Usage(0, 0), True), (Usage(10**9, 10**9), True), (Usage(500, 60), False), (None, True)],
)
def test_usage_is_clamped_to_what_is_possible(told, estimated):
    """Nobody is believed who says nothing was used, or more than there was; what is not told is estimated."""
    (answer,) = play(twins(openai=[(GROOVE, Done(FINISHED, told))]), WISH)
    attempt = answer.route.attempts[0]

    assert attempt.estimated is estimated
    assert 100 < attempt.input_tokens < 5000
    assert 10 < attempt.output_tokens <= 1024


def test_money_refused_goes_to_a_cheaper_one_then_to_the_drummer():
    """The ceiling is a wall for each candidate; the drummer costs nothing."""
    providers = twins(anthropic=[GOOD], cohere=[GOOD])
    cheap = GrooveRequest(prompt=FREE, max_cost_usd="0.003")
    nothing = GrooveRequest(prompt=FREE, max_cost_usd="0.00")
    first, second = play(providers, cheap, nothing, config={"provider": "anthropic", "cache_enabled": False})

    assert outcomes(first) == [("anthropic", "budget"), ("cohere", "ok")]
    assert second.route.tier == "local"
    assert second.route.degraded
    assert {outcome for _, outcome in outcomes(second)} == {"budget"}


def test_a_degraded_answer_is_not_kept():
    """A stand-in from a cheaper tier must not be what the next request finds."""
    providers = twins(openai=[GOOD])
    wish = GrooveRequest(prompt=FREE, tier="expert", max_cost_usd="0.005")
    first, second = play(providers, wish, wish)

    assert first.route.tier in {"fast", "balanced"}
    assert first.route.degraded
    assert second.route.cache == "miss"


def test_fifty_quick_requests_fit_into_a_minutes_tokens():
    """What an answer did not use of its reservation is given back to the pace: 30,000 a minute are 60 answers."""

    async def main():
        router = Router(RouterConfig(keys={"openai": "k"}, cache_enabled=False), providers=twins(openai=[GOOD]))
        began = asyncio.get_running_loop().time()
        answers = [await router.route(GrooveRequest(prompt=FREE, seed=seed)) for seed in range(50)]
        return {answer.route.tier for answer in answers}, asyncio.get_running_loop().time() - began

    tiers, seconds = clockwork.run(main())
    assert tiers == {"balanced"}
    assert seconds < 1


def test_a_spent_month_with_the_drummer_forbidden_is_a_refusal_of_money():
    """The caller can tell money from failure."""
    ledger = NullLedger(monthly_budget_picousd=1000)
    (error,) = play(twins(openai=[GOOD]), WISH, config={"local": False}, ledger=ledger)

    assert isinstance(error, BudgetRefused)
    assert "monthly budget" in str(error)


def test_every_attempt_is_reserved_and_settled():
    """Failed, repaired, answered: the ledger has a row for each, none open."""
    ledger = NullLedger(monthly_budget_picousd=None)
    (answer,) = play(twins(openai=[DOWN, GOOD], groq=[says("no"), GOOD]), WISH, ledger=ledger)

    assert len(ledger._rows) == len(answer.route.attempts)
    assert all(row["cost"] is not None for row in ledger._rows)
    assert sum(row["cost"] for row in ledger._rows) == answer.route.cost_picousd
    assert all(row["cost"] <= row["reserved"] for row in ledger._rows)


def test_a_source_has_its_own_valve():
    """The seventh press within a minute costs nothing; another source is not stopped."""
    providers = twins(openai=[GOOD])
    requests = [GrooveRequest(prompt=FREE, seed=seed) for seed in range(8)]
    answers = play(providers, *requests, source="cc")

    assert [answer.route.tier for answer in answers] == ["balanced"] * 6 + ["local"] * 2
    assert "cc has caused enough paid calls" in answers[6].route.notes[0]


def test_a_call_that_money_forbids_does_not_count_against_the_valve():
    """The valve holds back paid calls; what was refused costs nothing, and the next month's calls go through."""
    providers = twins(openai=[GOOD])
    requests = [GrooveRequest(prompt=FREE, seed=seed) for seed in range(10)]
    answers = play(providers, *requests, config={"max_cost_picousd": 10}, source="cc")

    assert providers["openai"].calls == []
    assert {outcome for answer in answers for _, outcome in outcomes(answer)} == {"budget"}
    assert not any("enough paid calls" in note for answer in answers for note in answer.route.notes)


def test_a_hedge_counts_against_the_valve():
    """A second provider is a second paid call: with one left, the first goes on alone."""
    providers = twins(openai=[(5.0, *GOOD)], groq=[GOOD])
    (answer,) = play(
        providers, WISH, config={"provider": "openai", "hedge": True, "valves": {"cc": (1, 60)}}, source="cc"
    )

    assert (answer.route.provider, len(providers["openai"].calls), len(providers["groq"].calls)) == ("openai", 1, 0)


def test_who_waits_for_money_is_not_slow_to_speak():
    """Hedging asks a second provider when the first says nothing, not while its call could not be made yet."""

    async def main():
        ledger = NullLedger(monthly_budget_picousd=PICO // 100)
        names = {"tier": "fast", "provider": "groq", "model": "m", "task": "pattern", "request_limit_picousd": None}
        row = await ledger.reserve(request_id="other", worst_picousd=PICO // 100, **names)
        keys = {"openai": "k", "groq": "k"}
        config = RouterConfig(keys=keys, provider="openai", hedge=True, timeouts_s={"fast": 1.0})
        router = Router(config, providers=twins(openai=[GOOD], groq=[GOOD]), ledger=ledger)
        answer = asyncio.create_task(router.route(GrooveRequest(prompt=FREE, tier="balanced")))
        await asyncio.sleep(3.5)
        await ledger.settle(row, cost_picousd=0, usage=Usage(0, 0), outcome="ok", ms=1)
        return (await answer).route

    route = clockwork.run(main())

    assert [attempt.outcome for attempt in route.attempts] == ["budget", "budget", "budget", "ok"]
    assert "slow to speak" not in str(route.notes)


def test_not_all_patience_ends_at_once():
    """Money that is never freed is waited for within the deadline, by each as long as chance gives it."""

    async def waited_ms(jitter):
        ledger = NullLedger(monthly_budget_picousd=PICO // 100)
        names = {"tier": "fast", "provider": "groq", "model": "m", "task": "pattern", "request_limit_picousd": None}
        await ledger.reserve(request_id="other", worst_picousd=PICO // 100, **names)
        config = RouterConfig(keys={"groq": "k"})
        router = Router(config, providers=twins(groq=[GOOD]), ledger=ledger, jitter=lambda: jitter)
        route = (await router.route(GrooveRequest(prompt=FREE, tier="balanced"))).route
        assert (route.provider, {attempt.outcome for attempt in route.attempts}) == ("local", {"budget"})
        return route.latency_ms

    short, long = (clockwork.run(waited_ms(jitter)) for jitter in (1.0, 0.0))

    assert 10_000 < short < long - 5_000 < 25_000


@pytest.mark.parametrize("seconds", [0.2, 1.0])
def test_every_affordable_request_is_served_however_slow_the_calls(seconds):
    """Few can be held at once, more can be paid: nobody is refused whom the money that is left would have paid."""
    limit = PICO // 500
    requests = [GrooveRequest(prompt=FREE, seed=seed, tier="balanced") for seed in range(40)]
    ledger = NullLedger(monthly_budget_picousd=limit)
    config = {"max_tier": "balanced", "batch": False}
    chance = random.Random(3).random
    answers = play(
        twins(groq=[(seconds, *GOOD)]), *requests, config=config, ledger=ledger, together=True, jitter=chance
    )

    left = limit - sum(answer.route.cost_picousd for answer in answers)
    refused = [answer.route.attempts[-1].note for answer in answers if answer.route.provider == "local"]
    cheapest = min(parse_usd(re.search(r"may cost [$]([0-9.]+)", note)[1]) for note in refused)
    assert 0 <= left < cheapest
    assert len(refused) < 40


def test_an_impossible_ceiling_is_a_bad_parameter():
    """max_cost_usd must be an amount."""
    with pytest.raises(InvalidRequest):
        play(twins(openai=[GOOD]), GrooveRequest(prompt=FREE, max_cost_usd="NaN"))


@pytest.mark.parametrize(("script", "outcome"), [(says('{"yes": true}'), "ok"), (DOWN, "refused")])
def test_a_provider_can_be_checked_with_one_tiny_call(script, outcome):
    """Its price is known before anything is asked; then it says how it went."""

    async def main():
        providers = twins(openai=[script])
        router = Router(RouterConfig(keys={"openai": "k"}), providers=providers)
        priced = await router.check("openai")
        asked = len(providers["openai"].calls)
        return priced, asked, await router.check("openai", really=True), len(providers["openai"].calls)

    priced, asked, told, calls = clockwork.run(main())
    assert 0 < float(priced["at_most_usd"]) < 0.001
    assert (asked, calls) == (0, 1)
    assert told["outcome"] == outcome
    assert float(told["cost_usd"]) <= float(priced["at_most_usd"])


def test_who_has_no_key_cannot_be_checked():
    """The hint says what to set."""
    with pytest.raises(InvalidRequest, match="no key"):
        clockwork.run(Router(RouterConfig(keys={"openai": "k"}), providers=twins(openai=[GOOD])).check("groq"))
