"""Which tier a wish needs and whom to ask in which order."""

from __future__ import annotations

import pytest

from router import catalog, groove, policy
from router.config import PAID_TIERS, RouterConfig
from router.policy import Desk, candidates, plan
from router.request import GrooveRequest
from router.tasks import TASKS
from router.windows import read_windows

KEYS = dict.fromkeys(("anthropic", "openai", "groq", "cohere"), "k")
FREE = "gravel rolling down a long staircase, then somebody remembers the tune"


def planned(request, **config):
    """Plan a request by its own words."""
    return plan(request, groove.describe(request.prompt), RouterConfig(**{"keys": KEYS, **config}))


def asked(tier="balanced", *, provider=None, success=lambda *_: 1.0, window=None, gone=(), task=None, **config):
    """Return the providers in the order they are asked."""
    desk = Desk(RouterConfig(**{"keys": KEYS, **config}), catalog.load(), "2026-11-23", gone, success, window)
    found, notes = candidates(desk, tier, TASKS[task or "pattern_generation"], provider=provider)
    return [one.provider for one in found], found, notes


def test_without_a_key_the_embedded_drummer_plays():
    """No key is a supported way to run and needs no remark."""
    assert planned(GrooveRequest(prompt=FREE), keys={}).tier == "local"
    assert planned(GrooveRequest(prompt=FREE), keys={}).notes == ()


def test_without_a_key_an_explicit_tier_says_why_it_is_not_kept():
    """Who asks for a model hears that there is none."""
    assert "no key" in planned(GrooveRequest(tier="expert"), keys={}).notes[0]


@pytest.mark.parametrize(
    "request_",
    [GrooveRequest(), GrooveRequest(prompt="funk"), GrooveRequest(prompt="lazy half-time shuffle"),
     GrooveRequest(genre="jazz", density=0.3), GrooveRequest(prompt="funk", constraints=("no crash",))],
    ids=str,
)  # fmt: skip
def test_what_the_drummer_understands_fully_never_costs_a_cent(request_):
    """Plain words and knobs are met by the embedded generator, keys or not."""
    assert planned(request_).tier == "local"


def test_free_words_go_to_the_default_tier():
    """A wish beyond the drummer's vocabulary is written by a model."""
    assert planned(GrooveRequest(prompt=FREE)).tier == "balanced"
    assert planned(GrooveRequest(prompt=FREE), default_tier="fast").tier == "fast"


def test_between_sure_and_unsure_the_fast_tier_is_asked_first():
    """Half understood: one cheap question before a dear answer."""
    between = plan(GrooveRequest(prompt="x"), {"confidence": 0.6}, RouterConfig(keys=KEYS))

    assert (between.tier, between.classify) == ("balanced", True)


@pytest.mark.parametrize("tier", PAID_TIERS)
def test_an_explicit_tier_is_kept(tier):
    """Even for a plain wish."""
    assert planned(GrooveRequest(prompt="funk", tier=tier)).tier == tier


def test_an_explicit_tier_above_the_cap_is_capped_and_said():
    """AI_MAX_TIER holds for everybody."""
    capped = planned(GrooveRequest(tier="expert"), max_tier="advanced")

    assert capped.tier == "advanced"
    assert "AI_MAX_TIER" in capped.notes[0]


@pytest.mark.parametrize("request_", [GrooveRequest(tier="local"), GrooveRequest(provider="local")], ids=str)
def test_local_means_local(request_):
    """AI off is off."""
    assert planned(request_).tier == "local"


def test_a_named_provider_without_a_key_is_said():
    """Somebody stands in, and the route tells."""
    assert "no key" in planned(GrooveRequest(provider="cohere"), keys={"groq": "k"}).notes[0]


def test_auto_asks_the_cheapest_first():
    """By expected cost: price x tokens."""
    names, found, _ = asked("balanced")

    assert set(names[:2]) == {"groq", "cohere"}
    assert names[2:] == ["openai", "anthropic"]
    assert [one.usual_picousd for one in found] == sorted(one.usual_picousd for one in found)


def test_a_model_that_seldom_succeeds_is_not_cheap():
    """Expected cost counts the tries that a usable answer takes."""
    names, _, _ = asked("fast", success=lambda provider, _: 0.1 if provider == "cohere" else 1.0)

    assert asked("fast")[0][0] == "cohere"
    assert names[0] != "cohere"


@pytest.mark.parametrize(
    ("named", "order"),
    [("anthropic", ["anthropic", "groq", "openai", "cohere"]), ("openai", ["openai", "anthropic", "groq", "cohere"]),
     ("groq", ["groq", "openai", "anthropic", "cohere"]), ("cohere", ["cohere", "openai", "anthropic", "groq"])],
)  # fmt: skip
def test_a_named_provider_comes_first_and_its_chain_after_it(named, order):
    """The document's FALLBACK_CHAINS, by setting or by request."""
    assert asked(provider=named)[0] == order
    desk = Desk(RouterConfig(keys=KEYS, provider=named), catalog.load(), "2026-11-23", (), lambda *_: 1.0)
    assert [one.provider for one in candidates(desk, "balanced", TASKS["pattern_generation"])[0]] == order


def test_a_users_own_model_comes_first():
    """AI_MODEL_* is a wish, whoever is cheaper."""
    names, found, _ = asked("balanced", models={"balanced": "gpt-6.1-sol"})

    assert names[0] == "openai"
    assert found[0].model == "gpt-6.1-sol"


def test_an_unpriced_model_is_refused_until_a_price_is_given():
    """Never counted as free; the note says what to set."""
    names, _, notes = asked("balanced", models={"balanced": "gpt-6-astra"})

    assert "openai" not in names
    assert any("DRUMBRIDGE_PRICES" in note for note in notes)


def test_a_model_that_is_gone_without_successor_is_left_out():
    """Nobody is asked for a tombstone."""
    names, _, notes = asked("balanced", gone={"claude-sonnet-5-5"})

    assert "anthropic" not in names
    assert any("gone" in note for note in notes)


def test_windows_prefer_providers_and_prices_by_the_hour():
    """Time of day changes the order, nothing else."""
    rows = '[{"providers": ["anthropic"]}, {"price_factor": {"anthropic": 0.01}}]'
    preferred, factored = read_windows(rows)

    assert asked(window=preferred)[0][0] == "anthropic"
    assert asked(window=factored)[0][0] == "anthropic"


def test_a_price_factor_is_no_discount():
    """The bill comes at the whole price whatever the table says: what is held for a call must stay what it was."""
    (window,) = read_windows('[{"price_factor": {"anthropic": 0.01, "groq": 100}}]')

    def worst(now):
        return {one.provider: one.worst_picousd(1000) for one in asked(window=now)[1]}

    assert worst(window) == worst(None)


def test_a_window_goes_before_ai_provider_and_behind_what_a_wish_names():
    """Off-peak hours must route elsewhere also where one provider is set for good; a wish's own word stands."""
    (window,) = read_windows('[{"providers": ["cohere"]}]')
    config = RouterConfig(keys=KEYS, provider="anthropic")
    desk = Desk(config, catalog.load(), "2026-11-23", frozenset(), lambda *_: 1.0, window)

    def order(provider):
        found, _ = candidates(desk, "balanced", TASKS["pattern_generation"], provider=provider)
        return [one.provider for one in found]

    assert order(None)[:2] == ["cohere", "anthropic"]
    assert order("groq")[0] == "groq"


def test_parameters_follow_what_a_model_takes():
    """No temperature for Claude, effort none and temperature for GPT, temperature for Command."""
    _, found, _ = asked("balanced")
    sent = {one.provider: (one.temperature, one.effort, one.max_tokens) for one in found}

    assert sent == {
        "anthropic": (None, "low", 1024), "openai": (0.7, "none", 1024), "groq": (0.7, "low", 1024),
        "cohere": (0.7, "", 1024),
    }  # fmt: skip


def test_ladders_stay_below_the_cap():
    """Quality climbs up to AI_MAX_TIER; who stands in is cheaper first."""
    config = RouterConfig(max_tier="advanced")

    assert policy.ladder_up("balanced", config) == ("advanced",)
    assert policy.ladder_aside("balanced", config) == ("fast", "advanced")
    assert policy.ladder_up("advanced", config) == ()


def test_every_use_case_of_the_document_is_a_task_in_its_tier():
    """Twenty kinds, five for each tier, with the tier's own token cap."""
    specs = catalog.load().tiers

    assert len(TASKS) == 20
    assert {tier: sum(task.tier == tier for task in TASKS.values()) for tier in PAID_TIERS} == dict.fromkeys(
        PAID_TIERS, 5
    )
    assert all(task.max_tokens == specs[task.tier].max_tokens for task in TASKS.values())
    assert {task.cache for task in TASKS.values() if task.cache} == {
        "pattern_analysis", "template_selection", "modification_map", "pattern",
    }  # fmt: skip
