"""The router as a whole, with scripted providers in clockwork time: what a caller gets and what the route tells."""

from __future__ import annotations

import asyncio
import json

import pytest

from router.budget import PICO
from router.call import CUT, Done
from router.config import RouterConfig
from router.dispatch import Router
from router.errors import Busy, InvalidRequest, ModelGone, NoAnswer
from router.providers.scripted import Scripted, says
from router.request import GrooveRequest
from router.stores.cache import Cache
from tests.support import clockwork
from tests.support.faultserver import CHOICE, GROOVE
from tests.support.scripts import DOWN, FREE, GOOD, WISH, outcomes, play, twins


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


def test_half_a_character_is_no_fault_of_ours():
    """JSON may hold half of a surrogate pair, which is no text: the answer is poor, and is asked for again."""
    providers = twins(openai=[says("\ud83e not a groove"), GOOD])
    (answer,) = play(providers, WISH)

    assert [one.outcome for one in answer.route.attempts] == ["unusable", "repaired"]


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
    monkeypatch.setattr("router.drummer.describe", lambda *_words: {"confidence": 0.6})
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


def test_unknown_names_are_refused_before_anything_is_asked():
    """The nearest names are in the message."""
    with pytest.raises(InvalidRequest, match="funk"):
        play(twins(openai=[GOOD]), GrooveRequest(genre="fnuk"))


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


def test_fifty_equal_questions_at_once_are_one_call():
    """One is paid for, the others share its answer, and what one does to it changes nobody else's."""
    providers = twins(openai=[(0.5, *says('{"answer": "seven is odd"}'))])

    async def main():
        router = Router(RouterConfig(keys={"openai": "k"}), providers=providers)
        return await asyncio.gather(*(router.ask("music_theory", {"text": "why 7?"}) for _ in range(50)))

    replies = clockwork.run(main())
    assert len(providers["openai"].calls) == 1
    assert sorted(reply.route.cache for reply in replies) == ["coalesced"] * 49 + ["miss"]
    assert sum(reply.route.cost_picousd > 0 for reply in replies) == 1
    replies[0].data.clear()
    assert replies[1].data == {"answer": "seven is odd"}


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
