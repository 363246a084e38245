"""AI on or off: off, nobody is asked any more, whatever was under way."""

from __future__ import annotations

import asyncio

import pytest

from router.config import RouterConfig
from router.dispatch import Router
from router.errors import Busy, NoAnswer
from router.request import GrooveRequest
from tests.support import clockwork
from tests.support.scripts import FREE, GOOD, WISH, outcomes, twins


def turned_off(providers, after_s, ask, **config):
    """Ask, turn AI off after so many seconds; returns (answer, seconds it took, calls in all)."""

    async def main():
        router = Router(RouterConfig(keys=dict.fromkeys(providers, "k"), **config), providers=providers)
        clock = asyncio.get_running_loop().time
        began = clock()
        asked = asyncio.create_task(ask(router))
        await asyncio.sleep(after_s)
        router.switch(on=False)
        answer = await asked
        return answer, clock() - began, sum(len(one.calls) for one in providers.values())

    return clockwork.run(main())


def test_off_ends_the_call_under_way_and_asks_nobody_else():
    """The one who is being asked is left at once, the drummer plays, and the route says why."""
    providers = twins(groq=[(60.0,)], openai=[GOOD], anthropic=[GOOD])
    answer, seconds, calls = turned_off(providers, 1.0, lambda router: router.route(WISH))

    assert (answer.route.tier, outcomes(answer), calls) == ("local", [("groq", "cancelled")], 1)
    assert seconds < 1.1
    assert "AI was switched off" in answer.route.notes


def test_off_ends_the_wait_for_a_second_try():
    """Who has asked for a moment's patience is not asked again after it."""
    providers = twins(groq=[[Busy("groq", 2.0)], GOOD])
    answer, seconds, calls = turned_off(providers, 1.0, lambda router: router.route(WISH))

    assert (answer.route.tier, outcomes(answer), calls) == ("local", [("groq", "failed")], 1)
    assert seconds < 1.1


def test_off_ends_a_hedge_with_both_its_calls():
    """Neither of two calls goes on."""
    providers = twins(groq=[(60.0,)], openai=[(60.0,)])
    answer, _, calls = turned_off(providers, 6.0, lambda router: router.route(WISH), hedge=True)

    assert (answer.route.tier, calls) == ("local", 2)
    assert {outcome for _, outcome in outcomes(answer)} == {"cancelled"}


def test_on_again_asks_again():
    """The switch leaves no trace: the model that was left is healthy and answers the next wish."""

    async def main():
        router = Router(RouterConfig(keys={"groq": "k"}), providers=twins(groq=[GOOD]))
        router.switch(on=False)
        off = await router.route(WISH)
        router.switch(on=True)
        return off, await router.route(GrooveRequest(prompt=FREE, seed=2))

    off, on = clockwork.run(main())
    assert (off.route.tier, off.route.attempts) == ("local", ())
    assert outcomes(on) == [("groq", "ok")]


def test_off_ends_a_question():
    """What no rule can answer is refused at once, with the reason and what was paid."""

    async def ask(router):
        with pytest.raises(NoAnswer, match="AI was switched off") as refused:
            await router.ask("music_theory", {"text": "why?"})
        return refused.value

    refused, seconds, calls = turned_off(twins(groq=[(60.0,)]), 1.0, ask)

    assert (calls, [one["outcome"] for one in refused.route["attempts"]]) == (1, ["cancelled"])
    assert seconds < 1.1
