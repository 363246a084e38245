"""The router against the clock: deadlines, silence, stalls, drips, hedges, and many wishes at once."""

from __future__ import annotations

import asyncio

import pytest

from router import groove
from router.budget import PICO
from router.config import RouterConfig
from router.dispatch import Router
from router.errors import Busy, NoAnswer
from router.request import GrooveRequest
from router.stores.nulls import NullLedger
from tests.support import clockwork
from tests.support.scripts import DOWN, FREE, GOOD, WISH, outcomes, play, twins


@pytest.mark.parametrize("tier", ["fast", "balanced", "advanced", "expert"])
def test_silence_everywhere_ends_in_music_within_the_tiers_timeout(tier):
    """A deadline is a deadline: tier timeout, then the drummer."""

    async def main():
        providers = twins(**{name: [(1000.0,)] for name in ("anthropic", "openai", "groq", "cohere")})
        router = Router(RouterConfig(keys=dict.fromkeys(providers, "k")), providers=providers)
        began = asyncio.get_running_loop().time()
        answer = await router.route(GrooveRequest(prompt=FREE, tier=tier))
        return answer, asyncio.get_running_loop().time() - began

    answer, seconds = clockwork.run(main())
    assert answer.route.tier == "local"
    assert seconds <= {"fast": 5, "balanced": 30, "advanced": 60, "expert": 120}[tier] + 0.25


def test_a_drip_does_not_stretch_the_deadline():
    """A word every now and then is no reason to wait for ever."""

    async def main():
        router = Router(RouterConfig(keys={"openai": "k"}), providers=twins(openai=[("x", 1.0) * 500]))
        began = asyncio.get_running_loop().time()
        answer = await router.route(WISH)
        return answer.route.tier, asyncio.get_running_loop().time() - began

    tier, seconds = clockwork.run(main())
    assert tier == "local"
    assert seconds <= 30.25


@pytest.mark.parametrize("local", [True, False])
def test_who_shares_a_call_and_cannot_wait_for_it_pays_nothing(local):
    """A shorter deadline than the leader's ends in the drummer, or in a refusal where the drummer is forbidden."""
    hasty = GrooveRequest(prompt=FREE, seed=1, deadline_ms=500)
    config = {"local": local, "batch": False}
    slow = twins(openai=[(2.0, *GOOD)])
    leader, follower = play(slow, WISH, hasty, config=config, together=True)

    assert outcomes(leader) == [("openai", "ok")]
    if local:
        assert (follower.route.tier, follower.route.attempts, follower.route.degraded) == ("local", (), True)
        assert "the deadline came first" in follower.route.notes
    else:
        assert isinstance(follower, NoAnswer)
        assert follower.route["cost_usd"] == "0.00"


@pytest.fixture
def turns(monkeypatch):
    """The turns of the loop in which the drummer drew, while something else wants each of them."""
    now, drew, draw = [0], [], groove.generate

    async def count():
        while True:
            now[0] += 1
            await asyncio.sleep(0)

    def generate(request):
        drew.append(now[0])
        return draw(request)

    monkeypatch.setattr(groove, "generate", generate)
    return count, drew


@pytest.mark.parametrize("keys", [{}, {"openai": "k"}], ids=["asked for", "stood in"])
def test_grooves_for_many_leave_the_loop_to_others(turns, keys):
    """The drummer plays once in a turn of the loop: an answer that is just coming in waits for one groove, not 200."""
    count, drew = turns

    async def main():
        counting = asyncio.create_task(count())
        router = Router(RouterConfig(keys=keys, batch=False), providers=twins(openai=[DOWN]) if keys else {})
        wishes = (GrooveRequest(prompt=FREE, bars=1, seed=seed) for seed in range(200))
        answers = await asyncio.gather(*(router.route(wish) for wish in wishes))
        counting.cancel()
        return answers

    assert {answer.route.tier for answer in asyncio.run(main())} == {"local"}
    assert len(drew) == len(set(drew)) == 200


def test_who_is_cancelled_before_its_turn_costs_nothing(turns):
    """The end of the daemon waits for the groove that is being drawn, not for those that nobody will hear."""
    _, drew = turns

    async def main():
        router = Router(RouterConfig())
        tasks = [asyncio.create_task(router.route(GrooveRequest(bars=1, seed=seed))) for seed in range(200)]
        while len(drew) < 3:
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
    assert len(drew) <= 4


def test_two_clocks_that_ring_at_once_make_no_noise():
    """With less time left than a first word may take, the attempt's end and its watch fall together: no error."""
    noise = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: noise.append(context))
        router = Router(RouterConfig(keys={"openai": "k"}), providers=twins(openai=[[1000.0]]))
        return await router.route(GrooveRequest(prompt=FREE, seed=1, deadline_ms=1000))

    answer = clockwork.run(main())
    assert outcomes(answer)[0] == ("openai", "timeout")
    assert noise == []


def test_a_stall_is_noticed_between_two_words():
    """An eighth of the tier's timeout may pass between words, not the whole."""
    providers = twins(openai=[("@ 4/4 grid=16\n", 1000.0)], groq=[GOOD])
    (answer,) = play(providers, WISH, config={"provider": "openai"})

    assert outcomes(answer) == [("openai", "timeout"), ("groq", "ok")]
    assert 3700 <= answer.route.attempts[0].ms <= 3800


def test_a_drip_leaves_time_for_a_neighbour():
    """While somebody stands behind, an attempt gets six tenths of the time."""
    providers = twins(openai=[("x", 1.0) * 500], groq=[GOOD])
    (answer,) = play(providers, WISH, config={"provider": "openai"})

    assert outcomes(answer) == [("openai", "timeout"), ("groq", "ok")]
    assert answer.route.attempts[0].ms <= 18_100


def test_the_requests_own_deadline_is_kept():
    """deadline_ms is counted from the request."""

    async def main():
        router = Router(RouterConfig(keys={"openai": "k"}), providers=twins(openai=[(1000.0,)]))
        began = asyncio.get_running_loop().time()
        await router.route(GrooveRequest(prompt=FREE, deadline_ms=800))
        return asyncio.get_running_loop().time() - began

    assert clockwork.run(main()) <= 0.8


def test_a_machine_that_is_held_up_past_the_deadline_still_tells_what_was_paid():
    """Both clocks ring in one turn of the loop then: the way and its cost stand in the route all the same."""

    def held_up(_call):
        yield "1 k X... "
        asyncio.get_running_loop()._own.now += 60
        yield 1.0

    ledger = NullLedger(monthly_budget_picousd=PICO)
    (answer,) = play(twins(openai=[held_up]), WISH, ledger=ledger)

    assert outcomes(answer) == [("openai", "cancelled")]
    assert answer.route.cost_picousd == sum(ledger._spent.values()) > 0
    assert answer.route.tier == "local"
    assert "the deadline came first" in answer.route.notes


def test_a_provider_that_is_down_costs_one_timeout_not_one_each():
    """The second request goes straight to who is well."""
    providers = twins(openai=[(1000.0,)], groq=[GOOD])
    first, second = play(providers, WISH, GrooveRequest(prompt=FREE, seed=2), config={"provider": "openai"})

    assert outcomes(first) == [("openai", "timeout"), ("groq", "ok")]
    assert outcomes(second) == [("groq", "ok")]
    assert len(providers["openai"].calls) == 1


def test_a_slow_first_word_is_hedged_when_that_is_on():
    """The second provider's whole answer wins; the slow one is closed and counted."""
    providers = twins(openai=[(6.0, *GOOD)], groq=[GOOD])
    (answer,) = play(providers, WISH, config={"provider": "openai", "hedge": True})

    assert answer.route.provider == "groq"
    assert sorted(outcomes(answer)) == [("groq", "ok"), ("openai", "cancelled")]
    assert providers["openai"].closed == 1


def test_without_hedging_a_slow_first_word_is_waited_for():
    """The switch is off by default."""
    (answer,) = play(twins(openai=[(6.0, *GOOD)], groq=[GOOD]), WISH, config={"provider": "openai"})

    assert outcomes(answer) == [("openai", "ok")]


def test_when_both_of_a_hedge_fail_the_way_goes_on():
    """A hedge is no dead end."""
    slow = (5.0, Busy("openai", 0, "in trouble"))
    providers = twins(openai=[slow, GOOD], groq=[DOWN])
    (answer,) = play(providers, WISH, config={"provider": "openai", "hedge": True})

    assert answer.route.tier != "local"
    assert {outcome for _, outcome in outcomes(answer)} >= {"failed", "refused", "ok"}
