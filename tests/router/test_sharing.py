"""Equal wishes that share one call: what it cost is told once, and nobody gets less than by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from router import groove, keeping
from router.budget import PICO, format_usd, parse_usd
from router.config import RouterConfig
from router.dispatch import Router
from router.drawing import Drawing
from router.errors import BudgetRefused, NoAnswer
from router.providers.scripted import says
from router.request import GrooveRequest
from router.route import Route
from router.stores.cache import Cache
from router.stores.flight import STAYS_S
from router.stores.nulls import NullLedger
from tests.support import clockwork
from tests.support.scripts import DOWN, FREE, GOOD, WISH, outcomes, twins

POOR = says("no music")
SLOW = (2.0, *GOOD)
DRIPS = (0.2, "@ 4/4 grid=16 bpm=120\n", *[0.2, " "] * 200)


def told(answer):
    """Return what an answer, or a failure, says that it has cost, in pico-dollars."""
    if isinstance(answer, BudgetRefused):
        return 0
    route = answer.route if isinstance(answer, NoAnswer) else answer.route.as_dict()
    return parse_usd(route["cost_usd"])


def share(providers, story, *, cache=None, **config):
    """Run a story with a router and its ledger in clockwork time; what its answers tell must be what was booked."""

    async def main():
        ledger = NullLedger(monthly_budget_picousd=PICO)
        settings = RouterConfig(keys=dict.fromkeys(providers, "k"), **{"batch": False, **config})
        router = Router(settings, providers=providers, ledger=ledger, cache=cache)
        answers = await story(router)
        await router.aclose()
        assert format_usd(sum(map(told, answers))) == (await ledger.budget())["spent_usd"]
        return answers

    return clockwork.run(main())


@pytest.mark.parametrize("leader", ["stays", "goes"])
@pytest.mark.parametrize("kind", ["wish", "question"])
def test_a_shared_failure_tells_its_cost_once(kind, leader):
    """The first of those still waiting tells it; the others shared a call that was none of theirs."""

    async def story(router):
        def ask():
            return router.route(WISH) if kind == "wish" else router.ask("music_theory", {"text": "why?"})

        tasks = [asyncio.create_task(ask()) for _ in range(5)]
        await asyncio.sleep(1.0)
        if leader == "goes":
            tasks.pop(0).cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, *others = share(twins(openai=[(2.0, *POOR)]), story, local=False)

    assert all(isinstance(error, NoAnswer) for error in (first, *others))
    assert told(first) > 0
    assert {error.route["cache"] for error in others} == {"coalesced"}
    assert all(error.route["attempts"] == [] and error.route["output_tokens"] == 0 for error in others)


@pytest.mark.parametrize("local", [True, False])
def test_who_waited_alone_for_anothers_call_tells_what_it_cost(local):
    """The leader has gone, the deadline of the last one ends the call: its cost is in that one's route."""

    async def story(router):
        leader = asyncio.create_task(router.route(WISH))
        last = asyncio.create_task(router.route(GrooveRequest(prompt=FREE, seed=1, deadline_ms=2000)))
        await asyncio.sleep(1.0)
        leader.cancel()
        return await asyncio.gather(last, return_exceptions=True)

    (answer,) = share(twins(openai=[(5.0, *GOOD)]), story, local=local)

    assert told(answer) > 0
    if local:
        assert outcomes(answer) == [("openai", "cancelled")]


def test_who_leaves_a_call_that_others_wait_for_tells_nothing_of_it():
    """It goes on for them; the first of those who see its end tells what it cost."""

    async def story(router):
        leader = asyncio.create_task(router.route(WISH))
        hasty = asyncio.create_task(router.route(GrooveRequest(prompt=FREE, seed=1, deadline_ms=2000)))
        patient = asyncio.create_task(router.route(WISH))
        await asyncio.sleep(1.0)
        leader.cancel()
        return await asyncio.gather(hasty, patient)

    hasty, patient = share(twins(openai=[(5.0, *GOOD)]), story)

    assert (hasty.route.tier, outcomes(hasty)) == ("local", [])
    assert outcomes(patient) == [("openai", "ok")]


@pytest.mark.parametrize("local", [True, False])
def test_a_longer_deadline_outlives_a_shorter_one_that_it_shared_a_call_with(local):
    """The call ends with the deadline of the one who made it; who has more time asks again, together."""

    async def story(router):
        wishes = GrooveRequest(prompt=FREE, seed=1, deadline_ms=1000), WISH, WISH
        return await asyncio.gather(*map(router.route, wishes), return_exceptions=True)

    providers = twins(openai=[SLOW])
    hasty, *patient = share(providers, story, local=local)

    assert isinstance(hasty, NoAnswer) or hasty.route.tier == "local"
    assert [(one.route.tier, one.route.cache) for one in patient] == [("balanced", "miss"), ("balanced", "coalesced")]
    assert len(providers["openai"].calls) == 2


@pytest.mark.parametrize("local", [True, False])
def test_who_inherits_a_hasty_call_asks_again_and_tells_of_both(local):
    """Its leader has gone, so what the first call cost is the heir's to tell; the others only share the second."""

    async def story(router):
        hasty = GrooveRequest(prompt=FREE, seed=1, deadline_ms=1000)
        leader, *heirs = (asyncio.create_task(router.route(wish)) for wish in (hasty, WISH, WISH))
        await asyncio.sleep(0.5)
        leader.cancel()
        return await asyncio.gather(*heirs)

    heir, other = share(twins(openai=[SLOW]), story, local=local)

    assert outcomes(heir) == [("openai", "timeout"), ("openai", "ok")]
    assert (heir.route.tier, heir.route.degraded) == ("balanced", False)
    assert (other.route.cache, outcomes(other)) == ("coalesced", [])


@pytest.mark.parametrize("local", [True, False])
def test_an_heir_whose_time_is_up_as_well_tells_of_both(local):
    """However it ends, the first call's cost is not lost: nobody else is there to tell it."""

    async def story(router):
        wishes = (GrooveRequest(prompt=FREE, seed=1, deadline_ms=ms) for ms in (1000, 2500))
        leader, heir = (asyncio.create_task(router.route(wish)) for wish in wishes)
        await asyncio.sleep(0.5)
        leader.cancel()
        return await asyncio.gather(heir, return_exceptions=True)

    (heir,) = share(twins(openai=[(9.0, *GOOD)]), story, local=local)

    attempts = heir.route["attempts"] if isinstance(heir, NoAnswer) else heir.route.as_dict()["attempts"]
    assert [one["outcome"] for one in attempts] == ["timeout", "timeout"]


def test_what_an_heir_inherited_is_told_once_though_it_leaves_its_own_call_to_another(monkeypatch):
    """Its time is up while the drummer still draws for both: the one who goes on waiting tells of all of it."""
    draw = Drawing.generate

    async def slowly(drawing, request):
        await asyncio.sleep(0.06)
        return await draw(drawing, request)

    async def story(router):
        wishes = (GrooveRequest(prompt=FREE, seed=1, deadline_ms=ms) for ms in (1000, 2500, 2700))
        leader, heir, other = (asyncio.create_task(router.route(wish)) for wish in wishes)
        await asyncio.sleep(0.5)
        leader.cancel()
        return await asyncio.gather(heir, other)

    monkeypatch.setattr(Drawing, "generate", slowly)
    heir, other = share(twins(openai=[DRIPS]), story, max_tier="balanced")

    assert outcomes(heir) == []
    assert outcomes(other) == [("openai", "timeout"), ("openai", "timeout")]


def test_an_heir_that_finds_its_answer_in_the_cache_after_all_tells_of_the_call_it_inherited():
    """Another's call may come back in the very moment in which it would ask again."""

    class Late(Cache):
        looks = 0

        async def peek(self, _cls, _key):
            self.looks += 1
            found = keeping.pack(groove.generate(WISH), Route("balanced", "openai", "m"))
            return found if self.looks == 2 else None

    async def story(router):
        hasty = GrooveRequest(prompt=FREE, seed=1, deadline_ms=1000)
        leader, heir = (asyncio.create_task(router.route(wish)) for wish in (hasty, WISH))
        await asyncio.sleep(0.5)
        leader.cancel()
        return [await heir]

    (heir,) = share(twins(openai=[SLOW]), story, cache=Late(None))

    assert (heir.route.cache, outcomes(heir)) == ("hit", [("openai", "timeout")])


def test_an_attempt_is_told_though_the_ledger_takes_longer_than_there_is_time(monkeypatch):
    """A store on the network may wait: who is cancelled in that moment has the attempt in its route by then."""
    settle = NullLedger.settle_unknown

    async def slowly(ledger, *bill):
        await settle(ledger, *bill)
        await asyncio.sleep(9.0)

    monkeypatch.setattr(NullLedger, "settle_unknown", slowly)
    hasty = GrooveRequest(prompt=FREE, seed=1, deadline_ms=1000)
    (answer,) = share(twins(openai=[DRIPS]), lambda router: asyncio.gather(router.route(hasty)))

    assert outcomes(answer) == [("openai", "timeout")]


def test_what_an_inherited_call_cost_counts_against_the_heirs_own_ceiling():
    """With the leader's call paid at its worst case there is no room for a second one: told, and not asked."""

    async def story(router):
        hasty = GrooveRequest(prompt=FREE, seed=1, deadline_ms=1000, max_cost_usd="0.0075")
        leader = asyncio.create_task(router.route(hasty))
        heir = asyncio.create_task(router.route(replace(hasty, deadline_ms=20_000)))
        await asyncio.sleep(0.5)
        leader.cancel()
        return [await heir]

    (heir,) = share(twins(openai=[SLOW]), story, max_tier="balanced")

    assert outcomes(heir)[0] == ("openai", "timeout")
    assert {outcome for _, outcome in outcomes(heir)[1:]} == {"budget"}
    assert heir.route.cost_picousd <= parse_usd("0.0075")


@pytest.mark.parametrize("local", [True, False])
def test_who_has_more_time_asks_again_after_a_hasty_crowd_failed_at_once(local):
    """Two hasty wishes are refused; two patient ones share a call of their own, a third its failure; nothing spins."""

    async def story(router):
        hasty = GrooveRequest(prompt=FREE, seed=1, deadline_ms=1100)
        wishes = [asyncio.create_task(router.route(wish)) for wish in (hasty, hasty, WISH, WISH)]
        await asyncio.sleep(1.5)
        return await asyncio.gather(*wishes, router.route(WISH), return_exceptions=True)

    providers = twins(openai=[(0.2, *DOWN)])
    answers = share(providers, story, local=local, max_tier="balanced")

    assert all(isinstance(one, NoAnswer) or one.route.tier == "local" for one in answers)
    assert len(providers["openai"].calls) == 4, "a refused wish is tried twice"


@pytest.mark.parametrize("local", [True, False])
def test_a_higher_ceiling_outlives_a_lower_one_that_it_shared_a_call_with(local):
    """What the first may not pay, the second may."""

    async def story(router):
        wishes = GrooveRequest(prompt=FREE, seed=1, max_cost_usd="0.0001"), WISH
        return await asyncio.gather(*map(router.route, wishes), return_exceptions=True)

    poor, rich = share(twins(openai=[GOOD]), story, local=local)

    assert isinstance(poor, Exception) or poor.route.tier == "local"
    assert (rich.route.tier, outcomes(rich)) == ("balanced", [("openai", "ok")])


def test_equal_terms_share_a_failure():
    """Nobody asks again who had neither more time nor more money: a crowd that fails fails once."""

    async def story(router):
        return await asyncio.gather(*(router.route(WISH) for _ in range(50)))

    providers = twins(openai=[(1000.0,)])
    answers = share(providers, story)

    assert {answer.route.tier for answer in answers} == {"local"}
    assert len(providers["openai"].calls) <= 3


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("script", [DOWN, POOR], ids=["down", "rubbish"])
def test_a_crowd_that_comes_drop_by_drop_fails_once(script, local):
    """500 equal wishes over two seconds, a call that fails at once: three calls at most, told once; then it is new."""

    async def story(router):
        tasks = []
        for _ in range(500):
            tasks.append(asyncio.create_task(router.route(WISH)))
            await asyncio.sleep(0.004)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        made.append(len(providers["openai"].calls))
        await asyncio.sleep(STAYS_S)
        return [*answers, *await asyncio.gather(router.route(WISH), return_exceptions=True)]

    made = []
    providers = twins(openai=[(0.1, *script)])
    *_, last = share(providers, story, local=local, max_tier="balanced")

    assert 1 <= made[0] <= 3
    assert (last.route["cache"] if isinstance(last, NoAnswer) else last.route.cache) == "miss"


def test_off_and_on_again_in_a_moment_asks_anew():
    """Who comes after the switch is on does not board the call that it ended."""

    async def story(router):
        ended = asyncio.create_task(router.route(WISH))
        await asyncio.sleep(1.0)
        router.switch(on=False)
        router.switch(on=True)
        return await asyncio.gather(ended, router.route(WISH))

    ended, anew = share(twins(openai=[(60.0,), GOOD]), story)

    assert (ended.route.tier, outcomes(ended)) == ("local", [("openai", "cancelled")])
    assert (anew.route.tier, outcomes(anew)) == ("balanced", [("openai", "ok")])
