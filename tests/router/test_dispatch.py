"""The router as a whole, with scripted providers in clockwork time: what a caller gets and what the route tells."""

from __future__ import annotations

import asyncio
import json
import random
import re

import pytest

from router import groove
from router.budget import PICO, Usage, parse_usd
from router.call import CUT, FINISHED, Done
from router.config import RouterConfig
from router.dispatch import Router
from router.errors import BudgetRefused, Busy, InvalidRequest, ModelGone, NoAnswer, Refused
from router.providers.scripted import Scripted, says
from router.request import GrooveRequest
from router.stores.cache import Cache
from router.stores.nulls import NullLedger
from tests.support import clockwork
from tests.support.faultserver import CHOICE, GROOVE

FREE = "gravel rolling down a long staircase, then somebody remembers the tune"
WISH = GrooveRequest(prompt=FREE, seed=1)
GOOD = says(GROOVE)
DOWN = [Refused("no")]


def twins(**scripts):
    """Scripted providers by name; each value is a list of scripts."""
    return {name: Scripted(name, list(script)) for name, script in scripts.items()}


def play(providers, *requests, config=None, ledger=None, cache=None, together=False, jitter=lambda: 0.5, **options):
    """Route requests in clockwork time; returns the answers (or errors) in order."""

    async def main():
        keys = dict.fromkeys(providers, "k")
        settings = RouterConfig(**{"keys": keys, **(config or {})})
        router = Router(settings, providers=providers, ledger=ledger, cache=cache, jitter=jitter)
        if together:
            return await asyncio.gather(*(router.route(one, **options) for one in requests), return_exceptions=True)
        answers = []
        for one in requests:
            try:
                answers.append(await router.route(one, **options))
            except (NoAnswer, BudgetRefused) as error:
                answers.append(error)
        await router.aclose()
        return answers

    return clockwork.run(main())


def outcomes(answer):
    """Return (provider, outcome) of every attempt."""
    return [(one.provider, one.outcome) for one in answer.route.attempts]


def test_without_keys_the_drummer_answers_at_no_cost():
    """Local, complete, not degraded, nothing tried."""
    (answer,) = play({}, WISH)

    assert answer.route.as_dict() == {
        "tier": "local", "provider": "local", "model": "embedded", "workflow": "single", "cache": "off",
        "degraded": False, "attempts": [], "input_tokens": 0, "output_tokens": 0, "cost_usd": "0.00", "latency_ms": 0,
        "notes": [], "saved_usd": {},
    }  # fmt: skip
    assert answer.pattern.bars == 2


def test_an_answer_is_the_models_music_in_the_requests_frame():
    """The notes are the model's; tempo, name and seed the request's; the cost is the tokens'."""
    (answer,) = play(twins(openai=[GOOD]), GrooveRequest(prompt=FREE, tempo=97, seed=5))

    assert answer.pattern.tempo == 97
    assert answer.pattern.meta["generator"] == "openai/gpt-6.1-terra"
    assert answer.pattern.meta["seed"] == 5
    assert [hit.tick for hit in answer.pattern.hits if hit.voice == "kick" and hit.tick < 3840] == [0, 1440, 1920]
    attempt = answer.route.attempts[0]
    assert attempt.cost_picousd == attempt.input_tokens * PICO // 10**6 + attempt.output_tokens * 5 * PICO // 10**6


def test_the_second_equal_request_is_a_hit_and_costs_nothing():
    """Same wish, same pattern, no call."""
    providers = twins(openai=[GOOD])
    first, second, other = play(providers, WISH, WISH, GrooveRequest(prompt=FREE, seed=2))

    assert (first.route.cache, second.route.cache, other.route.cache) == ("miss", "hit", "miss")
    assert second.pattern == first.pattern
    assert second.route.cost_picousd == 0
    assert second.route.model == "gpt-6.1-terra"
    assert len(providers["openai"].calls) == 2


def test_the_cache_can_be_off():
    """AI_CACHE_ENABLED=false: every request is asked anew and the route says so."""
    providers = twins(openai=[GOOD])
    first, second = play(providers, WISH, WISH, config={"cache_enabled": False})

    assert (first.route.cache, second.route.cache) == ("off", "off")
    assert len(providers["openai"].calls) == 2


def test_fifty_equal_requests_at_once_are_one_call():
    """One leads, the others share and pay nothing."""
    providers = twins(openai=[(0.5, *GOOD)])
    answers = play(providers, *[WISH] * 50, together=True)

    assert len(providers["openai"].calls) == 1
    assert sorted(answer.route.cache for answer in answers) == ["coalesced"] * 49 + ["miss"]
    assert sum(answer.route.cost_picousd > 0 for answer in answers) == 1
    assert len({answer.pattern.id for answer in answers}) == 1


def test_a_leader_who_leaves_does_not_take_the_answer_along():
    """The shared call outlives the one who asked first."""

    async def main():
        providers = twins(openai=[(1.0, *GOOD)])
        router = Router(RouterConfig(keys={"openai": "k"}), providers=providers)
        leader = asyncio.create_task(router.route(WISH))
        await asyncio.sleep(0.1)
        follower = asyncio.create_task(router.route(WISH))
        await asyncio.sleep(0.1)
        leader.cancel()
        return await follower, len(providers["openai"].calls), providers["openai"].closed

    answer, calls, closed = clockwork.run(main())
    assert answer.route.model == "gpt-6.1-terra"
    assert (calls, closed) == (1, 0)


def test_when_everybody_leaves_the_call_ends():
    """Nobody waits: the upstream is closed."""

    async def main():
        providers = twins(openai=[("1 k", 5.0, *GOOD)])
        router = Router(RouterConfig(keys={"openai": "k"}), providers=providers)
        only = asyncio.create_task(router.route(WISH))
        await asyncio.sleep(0.1)
        only.cancel()
        await asyncio.gather(only, return_exceptions=True)
        await asyncio.sleep(0.1)
        return providers["openai"].closed

    assert clockwork.run(main()) == 1


def test_a_poor_answer_is_repaired_with_its_own_complaint():
    """The second call shows the model what was wrong with the first."""
    providers = twins(openai=[says("I would rather not."), GOOD])
    (answer,) = play(providers, WISH)

    assert outcomes(answer) == [("openai", "unusable"), ("openai", "repaired")]
    turns = providers["openai"].calls[1].turns
    assert [role for role, _ in turns] == ["user", "assistant", "user"]
    assert "no bar of drums could be read" in turns[-1][1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GROOVE + "3 =1\n", "3 bars came"),
        (GROOVE.split("2 =1")[0], "1 bars came"),
        (GROOVE.replace("4/4", "3/4"), "metre is 3/4"),
        ("1 k .... .... .... ....\n2 =1\n", "no stroke"),
        ("1 k ?.?. ?... .... ....|s .... x... .... x...\n2 =1\n", "unknown"),
    ],
)
def test_what_does_not_hold_the_request_is_no_answer(text, complaint):
    """Bars, metre, emptiness, garble: each has its own complaint."""
    (answer,) = play(twins(openai=[says(text), GOOD]), WISH)

    assert complaint in answer.route.attempts[0].note


def test_twice_poor_goes_one_tier_up():
    """Repair first, then the next tier; the answer is better, not degraded."""
    providers = twins(openai=[says("no"), says("no"), GOOD])
    (answer,) = play(providers, WISH)

    assert [(one.tier, one.outcome) for one in answer.route.attempts] == [
        ("balanced", "unusable"), ("balanced", "unusable"), ("advanced", "ok"),
    ]  # fmt: skip
    assert answer.route.tier == "advanced"
    assert not answer.route.degraded


def test_escalation_stops_at_the_cap():
    """AI_MAX_TIER holds for quality too; then the drummer plays."""
    providers = twins(openai=[says("no")])
    (answer,) = play(providers, WISH, config={"max_tier": "balanced"})

    assert {one.tier for one in answer.route.attempts} == {"balanced"}
    assert (answer.route.tier, answer.route.degraded) == ("local", True)


def test_a_cut_answer_is_never_a_success():
    """Cut by the cap, or ended without a finish reason."""
    cut = [GROOVE, Done(CUT, None)]
    (answer,) = play(twins(openai=[cut, [GROOVE]], groq=[GOOD]), WISH, config={"provider": "openai"})

    assert outcomes(answer)[:2] == [("openai", "unusable"), ("openai", "cut")]
    assert "cut at 1024 tokens" in answer.route.attempts[0].note
    assert answer.pattern.meta["generator"].startswith("groq/")


@pytest.mark.parametrize("then", [GOOD, DOWN], ids=["repaired", "local"])
def test_a_token_budget_says_what_it_saved(then):
    """What was cut would have gone on, at most to the largest budget of all: told whoever plays in the end."""
    script = [GROOVE, Done(CUT, None)]
    (answer,) = play(twins(openai=[script, then]), WISH, config={"max_tier": "balanced"})

    assert answer.route.saved["token_budget"] == (4096 - 1024) * 5 * PICO // 10**6


def test_the_bars_stream_out_as_they_are_written():
    """Each whole bar becomes part of a growing draft; the last bar makes it the answer."""
    four = GROOVE + "3 =1\n4 =2\n"
    drafts = []
    (answer,) = play(twins(openai=[says(four, pieces=40)]), GrooveRequest(prompt=FREE, bars=4), on_bars=drafts.append)

    assert [draft.bars for draft in drafts] == [1, 2, 3]
    assert all(draft.meta["draft"] for draft in drafts)
    assert answer.pattern.bars == 4


def test_bars_of_a_stream_that_dies_stay_a_draft():
    """The fallback delivers the whole."""
    drafts = []
    broken = [GROOVE[:130], Busy("openai", 0, "not reachable or broke off")]
    (answer,) = play(twins(openai=[broken], groq=[GOOD]), WISH, config={"provider": "openai"}, on_bars=drafts.append)

    assert outcomes(answer) == [("openai", "cut"), ("openai", "cut"), ("groq", "ok")]
    assert drafts[0].bars == 1
    assert answer.pattern.bars == 2


def test_the_route_is_told_as_it_changes():
    """The page sees who is asked, and the final story."""
    routes = []
    play(twins(openai=[DOWN], groq=[GOOD]), WISH, config={"provider": "openai"}, on_route=routes.append)

    assert [route.provider for route in routes] == ["openai", "groq", "groq"]


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


def test_stand_ins_for_many_leave_the_loop_to_others(monkeypatch):
    """The drummer plays once in a turn of the loop: an answer that is just coming in waits for one bar, not for 200."""
    turns, played, draw = [0], [], groove.generate

    def generate(request):
        played.append(turns[0])
        return draw(request)

    async def main():
        async def count():
            while True:
                turns[0] += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        router = Router(RouterConfig(keys={"openai": "k"}, batch=False), providers=twins(openai=[DOWN]))
        wishes = (GrooveRequest(prompt=FREE, bars=1, seed=seed) for seed in range(200))
        answers = await asyncio.gather(*(router.route(wish) for wish in wishes))
        counting.cancel()
        return answers

    monkeypatch.setattr(groove, "generate", generate)
    assert {answer.route.tier for answer in asyncio.run(main())} == {"local"}
    assert len(played) == len(set(played)) == 200


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


def test_only_who_is_asked_first_is_loaded_for_a_single_wish(monkeypatch):
    """Four SDKs take seconds to load: a command that ends after one wish waits for one, and for none to play itself."""

    async def main():
        router = Router(RouterConfig(keys=dict.fromkeys(("anthropic", "openai", "groq", "cohere"), "k")))
        loaded = []

        async def ready(name):
            loaded.append(name)

        monkeypatch.setattr(router._bench, "ready", ready)
        await router.start_for([GrooveRequest(prompt="funk")])
        assert loaded == []
        await router.start_for([WISH, GrooveRequest(prompt=FREE, seed=2)])
        await router.start_for([GrooveRequest(prompt=FREE, tier="expert", provider="anthropic")])
        return loaded

    assert clockwork.run(main()) == ["groq", "anthropic"]


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


def test_everybody_failing_with_the_drummer_forbidden_says_so():
    """NoAnswer carries the whole route."""
    (error,) = play(twins(openai=[DOWN]), WISH, config={"local": False})

    assert isinstance(error, NoAnswer)
    assert error.route["attempts"][0]["outcome"] == "refused"


def test_the_fast_tier_chooses_presets_and_the_drummer_plays_them():
    """Small models choose, they do not write notes; the knobs the musician set stay."""
    providers = twins(openai=[says(CHOICE)])
    (answer,) = play(providers, GrooveRequest(prompt=FREE, tier="fast", density=0.9))

    assert answer.route.tier == "fast"
    assert answer.pattern.meta["genre"] == "funk"
    assert answer.pattern.meta["generator"].startswith("openai/gpt-6-luna")
    assert providers["openai"].calls[0].schema is not None
    assert providers["openai"].calls[0].max_tokens == 256


def test_a_fast_model_that_writes_notes_is_heard_all_the_same():
    """Whichever way an answer comes, it is read."""
    (answer,) = play(twins(openai=[GOOD]), GrooveRequest(prompt=FREE, tier="fast"))

    assert answer.pattern.meta["generator"] == "openai/gpt-6-luna"


@pytest.mark.parametrize(("fits", "tier"), [("true", "fast"), ("false", "balanced")])
def test_half_understood_words_are_classified_by_the_fast_tier_first(monkeypatch, fits, tier):
    """A preset that fits ends it there; otherwise the default tier writes."""
    monkeypatch.setattr("router.groove.describe", lambda _prompt: {"confidence": 0.6})
    providers = twins(openai=[says(CHOICE.replace("true", fits)), GOOD])
    (answer,) = play(providers, WISH)

    assert answer.route.tier == tier
    assert answer.route.attempts[0].task == "intent_classification"
    assert not answer.route.degraded


def test_a_pattern_in_the_contracts_json_is_read():
    """Some models prefer JSON."""
    hits = [{"tick": tick, "voice": "kick", "velocity": 100} for tick in (0, 1920, 3840, 5760)]
    text = "```json\n" + json.dumps({"meter": "4/4", "bars": 2, "resolution": 960, "hits": hits}) + "\n```"
    (answer,) = play(twins(openai=[says(text)]), WISH)

    assert [hit.tick for hit in answer.pattern.hits] == [0, 1920, 3840, 5760]


def test_constraints_are_held_in_what_a_model_writes():
    """A rule like "no crash" leaves the crash out and says so."""
    (answer,) = play(twins(openai=[GOOD]), GrooveRequest(prompt=FREE, constraints=("no crash",)))

    assert not [hit for hit in answer.pattern.hits if hit.voice == "crash"]
    assert any("no crash" in mend for mend in answer.pattern.meta["mends"])


def test_a_retired_model_is_news_once():
    """One notice, not one a request."""
    first, second = play(
        twins(anthropic=[GOOD]), WISH, GrooveRequest(prompt=FREE, seed=2), config={"cache_enabled": False}
    )

    assert any("claude-sonnet-4-20250514" in note for note in first.route.notes)
    assert second.route.notes == ()


def test_a_model_that_is_gone_is_remembered_across_restarts(tmp_path):
    """The tombstone lasts; the next router does not ask it."""
    memory = tmp_path / "models.json"

    async def main():
        config = RouterConfig(keys={"openai": "k", "groq": "k"}, provider="openai", cache_enabled=False)
        providers = twins(openai=[[ModelGone("openai", "gpt-6.1-terra", certain=True)], GOOD], groq=[GOOD])
        router = Router(config, providers=providers, memory=memory)
        first = await router.route(WISH)
        await router._lore.settle()
        await router.aclose()
        router = Router(config, providers=(again := twins(openai=[GOOD], groq=[GOOD])), memory=memory)
        second = await router.route(WISH)
        return first, second, again["openai"].calls

    first, second, calls = asyncio.run(main())
    assert outcomes(first) == [("openai", "model_gone"), ("groq", "ok")]
    assert outcomes(second) == [("groq", "ok")]
    assert calls == []


def test_what_a_providers_own_list_calls_retired_is_not_asked_again():
    """The list is read once, beside the first request; the catalogue's word gives way to it."""

    async def main():
        listed = Scripted("openai", [GOOD], lifecycle={"gpt-6.1-terra": "retired", "gpt-6.1-sol": "active"})
        router = Router(
            RouterConfig(keys={"openai": "k", "groq": "k"}, provider="openai", cache_enabled=False),
            providers={"openai": listed, **twins(groq=[GOOD])},
        )
        first = await router.route(WISH)
        await router._lore.settle()
        return first, await router.route(GrooveRequest(prompt=FREE, seed=2))

    first, second = clockwork.run(main())
    assert first.route.model == "gpt-6.1-terra"
    assert outcomes(second) == [("groq", "ok")]


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


def test_unknown_names_are_refused_before_anything_is_asked():
    """The nearest names are in the message."""
    with pytest.raises(InvalidRequest, match="funk"):
        play(twins(openai=[GOOD]), GrooveRequest(genre="fnuk"))


def test_an_impossible_ceiling_is_a_bad_parameter():
    """max_cost_usd must be an amount."""
    with pytest.raises(InvalidRequest):
        play(twins(openai=[GOOD]), GrooveRequest(prompt=FREE, max_cost_usd="NaN"))


def test_status_tells_who_is_well_without_secrets():
    """Configured providers, the models in use, health and notices."""

    async def main():
        config = RouterConfig(keys={"openai": "canary-key", "groq": "canary-two"}, provider="openai")
        router = Router(config, providers=twins(openai=[DOWN], groq=[GOOD]))
        await router.route(WISH)
        return router.status()

    status = clockwork.run(main())
    assert status["providers"]["openai"]["models"]["balanced"] == "gpt-6.1-terra"
    assert status["providers"]["groq"]["health"]["openai/gpt-oss-120b"]["state"] == "closed"
    assert any("gpt-4o ends" in notice for notice in status["notices"])
    assert "canary" not in json.dumps(status)


def ask(providers, kind, payload, **options):
    """Ask for data in clockwork time."""

    async def main():
        router = Router(RouterConfig(keys=dict.fromkeys(providers, "k")), providers=providers, cache=Cache(None))
        return [await router.ask(kind, payload, **options) for _ in range(2)]

    return clockwork.run(main())


def test_rules_answer_what_they_are_sure_of():
    """A known genre needs no model."""
    providers = twins(openai=[says("{}")])
    first, _ = ask(providers, "genre_validation", {"genre": "funk"})

    assert first.data == {"valid": True, "genre": "funk", "style": "", "suggestions": []}
    assert first.route.cost_picousd == 0
    assert providers["openai"].calls == []


def test_data_is_checked_repaired_and_cached():
    """A missing field is a complaint; the class's cache keeps the answer."""
    good = '{"genre": "funk", "style": "", "feel": "tight", "busyness": 0.5, "traits": ["ghosts"]}'
    providers = twins(openai=[says('{"genre": "funk"}'), says(f"Here: {good}")])
    first, second = ask(providers, "pattern_analysis", {"pattern": "k x..."})

    assert first.data["traits"] == ["ghosts"]
    assert [one.outcome for one in first.route.attempts] == ["unusable", "repaired"]
    assert (first.route.cache, second.route.cache) == ("miss", "hit")
    assert second.data == first.data


def test_the_cap_holds_for_data_too():
    """An advanced task under AI_MAX_TIER=fast is asked of the fast tier."""
    good = says('{"suggestions": ["a"]}')

    async def main():
        config = RouterConfig(keys={"openai": "k"}, max_tier="fast", default_tier="fast")
        return await Router(config, providers=twins(openai=[good])).ask("creative_suggestions", {"text": "x"})

    assert clockwork.run(main()).route.tier == "fast"


def test_where_no_rule_can_stand_in_nobody_is_nobody():
    """A task only models can do fails clearly."""
    with pytest.raises(NoAnswer):
        ask(twins(openai=[DOWN]), "creative_suggestions", {"text": "x"})


@pytest.mark.parametrize("kind", ["pattern_generation", "juggling"])
def test_only_data_tasks_can_be_asked(kind):
    """Patterns are routed, unknown kinds refused."""
    with pytest.raises(InvalidRequest, match="task"):
        ask({}, kind, {})


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
