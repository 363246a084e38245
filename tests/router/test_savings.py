"""Each way of paying less tells what it saved, and none tells more than is true."""

from dataclasses import replace

from router import catalog, policy, savings
from router.config import RouterConfig
from router.policy import Desk, Plan
from router.receipts import whole
from router.request import GrooveRequest
from router.route import Attempt, Route
from router.tasks import TASKS
from router.windows import Window, read_windows

KEYS = {"anthropic": "k", "openai": "k", "groq": "k", "cohere": "k"}
AUTO, ASKED = GrooveRequest(prompt="x"), GrooveRequest(prompt="x", tier="balanced")
NIGHT = '[{"zone": "UTC", "days": ["mon"], "from": "00:00", "to": "23:59", "providers": ["groq"]}]'


def desk(window: Window | None = None, **more):
    """Return a desk with four keys on a day when all of the catalogue lives."""
    config = RouterConfig(keys=KEYS, **more)
    return Desk(config, catalog.load(), "2026-11-23", frozenset(), lambda _provider, _model: 1.0, window)


def usual(provider=None):
    """Return what the balanced tier's first candidate usually costs."""
    found, _ = policy.candidates(desk(), "balanced", TASKS["pattern_generation"], provider=provider)
    return found[0].provider, round(found[0].usual_picousd)


def route(provider, cost, tier="balanced", outcomes=("ok",)):
    """Return a route whose last attempt gave the answer."""
    attempts = tuple(Attempt(provider, "m", tier, outcome) for outcome in outcomes[:-1])
    return Route(
        tier, provider, "m", attempts=(*attempts, Attempt(provider, "m", tier, outcomes[-1], cost_picousd=cost))
    )


def test_rules_save_what_the_default_tier_would_have_cost():
    """Only where the router chose; a wish for "local" by name saves nothing, nor does a run without keys."""
    plan = Plan("local")
    assert savings.by_rules(desk(), AUTO, plan) == {"cascade": usual()[1]}
    assert savings.by_rules(desk(), replace(AUTO, tier="local"), plan) == {}
    assert savings.by_rules(replace(desk(), config=RouterConfig()), AUTO, plan) == {}


def test_asking_the_small_model_first_saves_the_difference():
    """The fast tier's preset met the wish: its own cost is taken off."""
    told = savings.of_answer(desk(), AUTO, Plan("balanced", classify=True), route("groq", 5, "fast"))
    assert told == {"cascade": usual()[1] - 5}


def test_a_dearer_stand_in_saves_nothing():
    """A fallback saves only when it was cheaper than the first in the order would have been."""
    first, cost = usual("anthropic")
    assert first == "anthropic"
    wish, plan = replace(ASKED, provider="anthropic"), Plan("balanced")
    assert savings.of_answer(desk(), wish, plan, route("groq", cost - 9, outcomes=("busy", "ok"))) == {"fallback": 9}
    assert savings.of_answer(desk(), wish, plan, route("groq", cost + 9)) == {}
    assert savings.of_answer(desk(), wish, plan, route("anthropic", 1)) == {}


def test_the_time_of_day_saves_against_the_order_of_the_day():
    """A window that prefers a cheaper provider than AI_PROVIDER tells the difference; a dearer one saves nothing."""
    (window,) = read_windows(NIGHT)
    wish, plan = replace(ASKED, provider=None), Plan("balanced")
    by_night = desk(window, provider="anthropic")
    saved = usual("anthropic")[1] - usual("groq")[1]
    assert saved > 0
    assert savings.of_answer(by_night, wish, plan, route("groq", 1)) == {"time_of_day": saved}
    (dear,) = read_windows(NIGHT.replace("groq", "anthropic"))
    assert savings.of_answer(desk(dear, provider="groq"), wish, plan, route("anthropic", 1)) == {}


def test_the_hour_saves_nothing_where_the_wish_names_its_provider():
    """The window changed nothing then."""
    (window,) = read_windows(NIGHT)
    wish = replace(ASKED, provider="groq")
    assert savings.of_answer(desk(window, provider="anthropic"), wish, Plan("balanced"), route("groq", 1)) == {}


def test_a_workflow_tells_what_its_parts_saved():
    """Each strategy's sum over all parts, so that a song counts like its sections."""
    parts = [
        Route("fast", "groq", "m", saved={"cache": 3}),
        Route("fast", "groq", "m", saved={"cache": 4, "batching": 5}),
    ]

    assert whole(parts[0], "song", parts, (), 1).saved == {"cache": 7, "batching": 5}
