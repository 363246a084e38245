"""Wishes of one moment share a call; each gets its own pattern and its share of the bill, and spoils no other."""

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.attempt import Trip
from router.budget import PICO, parse_usd
from router.call import FINISHED, Done, Usage
from router.company import LINGER_S, MOST, Company, shares
from router.config import RouterConfig
from router.dispatch import Router
from router.errors import Busy
from router.providers.scripted import Scripted, says
from router.request import GrooveRequest
from router.route import Attempt
from router.stores.cache import Cache
from router.stores.nulls import NullLedger
from router.tasks import TASKS
from router.work import Music
from tests.support import clockwork
from tests.support.faultserver import GROOVE

WISH = "gravel rolling down a long staircase, then somebody remembers the tune"

KIND = ("pattern_generation", "balanced", None, "api")


def wishes(count, **more):
    """Return so many different wishes."""
    return [GrooveRequest(prompt=WISH, seed=seed, tier="balanced", **more) for seed in range(count)]


def numbers(call):
    """Return the numbers of the patterns that a call asks for; [] for a call for one."""
    return re.findall(r"^# (\d+)$", call.turns[-1][1], re.MULTILINE)


def writes(*, without=(), broken=()):
    """Return a script that writes every pattern that is asked, but for some parts of calls for several."""

    def play(call):
        asked = numbers(call)
        if not asked:
            return says(GROOVE)
        parts = [
            f"# {one}\n{'I forgot.' if int(one) in broken else GROOVE}\n" for one in asked if int(one) not in without
        ]
        return ("".join(parts), Done(FINISHED, Usage(1001, 1003), ""))

    return play


def play(requests, script, *, listen=False, config=None, limit=PICO):
    """Route all at once; return answers, the calls that were made, and what the ledger holds."""

    async def main():
        ledger = NullLedger(monthly_budget_picousd=limit)
        provider = Scripted("groq", [script])
        settings = config or RouterConfig(keys={"groq": "k"}, max_tier="balanced")
        router = Router(settings, ledger=ledger, providers={"groq": provider})
        await router.start()
        on_bars = (lambda _pattern: None) if listen else None
        answers = await asyncio.gather(*(router.route(one, on_bars=on_bars) for one in requests))
        budget = await ledger.budget()
        await router.aclose()
        return answers, provider.calls, parse_usd(budget["spent_usd"])

    return asyncio.run(main())


def test_wishes_of_one_moment_are_one_call():
    """Four together make one call; each gets a whole pattern, and the shares add up to the bill exactly."""
    answers, calls, spent = play(wishes(MOST), writes())
    assert [numbers(call) for call in calls] == [["1", "2", "3", "4"]]
    assert all(answer.pattern.hits and answer.route.provider == "groq" for answer in answers)
    assert sum(answer.route.cost_picousd for answer in answers) == spent > 0
    assert sum(answer.route.input_tokens for answer in answers) == 1001
    assert sum(answer.route.output_tokens for answer in answers) == 1003
    assert all("batching" in answer.route.saved for answer in answers)


@pytest.mark.parametrize(("apart_s", "together"), [(0.005, 4), (1.0, 0)], ids=["a moment", "too long"])
def test_wishes_that_are_known_to_come_are_waited_for_a_moment(apart_s, together):
    """A batch's wishes look into the cache one after the other; who takes longer than a moment goes alone."""

    class Slow(Cache):
        looks = 0

        async def get(self, _cls, _key):
            self.looks += 1
            await asyncio.sleep(apart_s * self.looks)

    async def main():
        provider = Scripted("groq", [writes()])
        config = RouterConfig(keys={"groq": "k"}, max_tier="balanced")
        router = Router(config, cache=Slow(None), providers={"groq": provider})
        await asyncio.gather(*map(router.route, wishes(4)))
        return [len(numbers(call)) for call in provider.calls]

    assert clockwork.run(main()) == ([together] if together else [0] * 4)


@pytest.mark.parametrize("comes", [True, False])
def test_a_wish_waits_until_the_last_of_those_announced_is_there_or_elsewhere(comes):
    """It leaves a moment after, with whoever came: the next of a row of requests may follow."""

    async def main():
        loop, company = asyncio.get_running_loop(), Company(lambda _model: None)
        left = []

        async def climb(_way, _work):
            left.append(loop.time())

        async def wish(after_s, *, boards=True):
            with company.coming() as arrived:
                trip = Trip("r", loop.time(), loop.time() + 9, None, arrived=arrived)
                await asyncio.sleep(after_s)
                if boards:
                    await company.write(trip, Music(wishes(1)[0], TASKS["pattern_generation"]), KIND, climb)
                    left.append(loop.time())

        began = loop.time()
        await asyncio.gather(wish(0.001), wish(0.0032), wish(0.0055, boards=comes))
        return [round(at - began, 6) for at in left]

    assert clockwork.run(main()) == [0.0055 + LINGER_S] * (4 if comes else 3)


def test_a_wish_alone_waits_for_nobody():
    """Nobody else is coming: it leaves in the same turn of the clock."""

    async def main():
        provider = Scripted("groq", [writes()])
        router = Router(RouterConfig(keys={"groq": "k"}, max_tier="balanced"), providers={"groq": provider})
        began = asyncio.get_running_loop().time()
        await router.route(wishes(1)[0])
        return asyncio.get_running_loop().time() - began

    assert clockwork.run(main()) == 0


def test_it_costs_less_than_one_by_one():
    """The guide to the notation is paid once: what is reported as saved was saved."""
    config = RouterConfig(keys={"groq": "k"}, max_tier="balanced", batch=False)
    answers, calls, _ = play(wishes(MOST), writes(), config=config)
    assert [numbers(call) for call in calls] == [[]] * MOST
    assert not any(answer.route.saved for answer in answers)


def test_more_than_fit_go_in_the_next_call():
    """Ten wishes: four, four and two."""
    _, calls, _ = play(wishes(10), writes())
    assert [len(numbers(call)) for call in calls] == [4, 4, 2]


def test_long_patterns_do_not_share_a_token_budget_that_is_too_small():
    """Eight bars and eight bars fit into one answer's tokens, a third does not; sixteen bars go alone."""
    _, calls, _ = play(wishes(3, bars=8), says(GROOVE))
    assert max(len(numbers(call)) for call in calls) == 2
    _, calls, _ = play(wishes(2, bars=16), says(GROOVE))
    assert all(numbers(call) == [] for call in calls)


def test_a_wish_alone_is_asked_as_ever():
    """Nobody came along: one ordinary call."""
    _, calls, _ = play(wishes(1), writes())
    assert [numbers(call) for call in calls] == [[]]


def test_who_watches_bar_by_bar_is_not_kept_waiting():
    """A listener to the stream gets a call of its own."""
    _, calls, _ = play(wishes(3), writes(), listen=True)
    assert [numbers(call) for call in calls] == [[]] * 3


@pytest.mark.parametrize("fault", [{"without": (2,)}, {"broken": (2,)}, {"without": (3,), "broken": (1,)}])
def test_a_bad_part_is_asked_for_by_itself(fault):
    """The others stand; the bad one costs its share and its own call, and its receipt shows both."""
    answers, calls, spent = play(wishes(3), writes(**fault))
    bad = len(fault.get("without", ())) + len(fault.get("broken", ()))
    assert sorted(len(numbers(call)) for call in calls) == [0] * bad + [3]
    assert all(answer.route.provider == "groq" for answer in answers)
    assert sum(answer.route.cost_picousd for answer in answers) == spent
    tried = sorted([attempt.outcome for attempt in answer.route.attempts] for answer in answers)
    assert tried == [["ok"]] * (3 - bad) + [["unusable", "ok"]] * bad


def test_a_model_that_cannot_count_is_asked_one_by_one_from_then_on():
    """After an incomplete answer the next wishes of that kind go alone."""

    async def main():
        provider = Scripted("groq", [says(GROOVE)])
        router = Router(RouterConfig(keys={"groq": "k"}, max_tier="balanced"), providers={"groq": provider})
        await router.start()
        await asyncio.gather(*(router.route(one) for one in wishes(3)))
        first = len(provider.calls)
        await asyncio.gather(*(router.route(one) for one in wishes(6)[3:]))
        await router.aclose()
        return [len(numbers(call)) for call in provider.calls[:first]], [
            numbers(call) for call in provider.calls[first:]
        ]

    first, then = asyncio.run(main())
    assert sorted(first) == [0, 0, 3]  # a text without numbers is the first one's
    assert then == [[]] * 3


def test_when_the_call_fails_everyone_is_asked_for_alone():
    """A provider that is busy for the batch and then answers."""
    turns = [(Busy("groq"),), (Busy("groq"),)]

    def script(call):
        return turns.pop() if numbers(call) and turns else says(GROOVE)

    answers, _, spent = play(wishes(3), script)
    assert all(answer.pattern.hits for answer in answers)
    assert sum(answer.route.cost_picousd for answer in answers) == spent


def test_what_a_share_cost_counts_against_the_ceiling():
    """Each trip may spend afterwards only what its own limit leaves; the call itself may cost their limits together."""
    limits = []

    async def climb(common, several):
        limits.append(common.limit_picousd)
        common.attempts.append(Attempt("groq", "m", "balanced", "unusable", cost_picousd=601))
        return [None] * len(several.requests)

    async def main():
        company = Company(lambda _model: None)
        now = asyncio.get_running_loop().time()
        trips = [Trip(name, now, now + 30, 1000) for name in "ab"]
        works = [Music(one, TASKS["pattern_generation"]) for one in wishes(2)]
        written = await asyncio.gather(*(company.write(*pair, KIND, climb) for pair in zip(trips, works, strict=True)))
        return written, [trip.limit_picousd for trip in trips]

    assert asyncio.run(main()) == ([None, None], [699, 700])
    assert limits == [2000]


def test_one_who_leaves_takes_nobody_along():
    """A cancelled wish leaves the others their call; when all leave, the call ends."""

    async def main(leave):
        gate = 0.2

        def script(call):
            return (gate, *writes()(call))

        provider = Scripted("groq", [script])
        router = Router(RouterConfig(keys={"groq": "k"}, max_tier="balanced"), providers={"groq": provider})
        await router.start()
        tasks = [asyncio.create_task(router.route(one)) for one in wishes(3)]
        while not provider.calls:
            await asyncio.sleep(0.001)
        for task in tasks[:leave]:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        await router.aclose()
        return (
            [getattr(getattr(one, "route", None), "provider", None) for one in found],
            len(provider.calls),
            provider.closed,
        )

    assert asyncio.run(main(1)) == ([None, "groq", "groq"], 1, 0)
    assert asyncio.run(main(3)) == ([None, None, None], 1, 1)


@given(st.integers(0, 10**9), st.integers(0, 5000), st.lists(st.booleans(), min_size=1, max_size=8))
def test_shares_add_up(cost, tokens, good):
    """No pico-dollar and no token is lost or made, and shares differ by one at most."""
    attempt = Attempt("groq", "m", "balanced", "ok", input_tokens=tokens, output_tokens=tokens + 1, cost_picousd=cost)
    parts = shares(attempt, good)
    assert sum(part.cost_picousd for part in parts) == cost
    assert sum(part.input_tokens for part in parts) == tokens
    assert sum(part.output_tokens for part in parts) == tokens + 1
    assert max(part.cost_picousd for part in parts) - min(part.cost_picousd for part in parts) <= 1
    assert [part.outcome == "ok" for part in parts] == good
