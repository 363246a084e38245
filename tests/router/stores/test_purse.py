"""The purse chooses between files and the shared store, and opens and closes whatever it chose."""

import asyncio

import pytest

from router.budget import PICO, parse_usd
from router.config import RouterConfig
from router.dispatch import Router
from router.providers.scripted import Scripted, says
from router.request import GrooveRequest
from router.stores.purse import Purse
from tests.support.faultserver import GROOVE

WISH = "gravel rolling down a long staircase, then somebody remembers the tune"


async def router_on(purse, config):
    """Return a started router on a purse, and its scripted provider."""
    await purse.open()
    provider = Scripted("groq", [says(GROOVE)])
    router = Router(config, ledger=purse.ledger, cache=purse.cache, valve=purse.valve, providers={"groq": provider})
    await router.start()
    return router, provider


def play(folder, url, *wishes, source="api", **more):
    """Route each wish on a machine of its own, in turn; return routes, calls made, what was spent in the end."""
    config = RouterConfig(keys={"groq": "k"}, monthly_budget_picousd=PICO, **more)

    async def main():
        routes, calls = [], 0
        for number, wish in enumerate(wishes):
            home = folder / str(number) if url else folder
            purse = Purse(home, monthly_budget_picousd=PICO, shared_url=url, valves=config.valves)
            router, provider = await router_on(purse, config)
            routes.append((await router.route(wish, source=source)).route)
            calls += len(provider.calls)
            budget = await purse.ledger.budget()
            await router.aclose()
            await purse.close()
        return routes, calls, parse_usd(budget["spent_usd"])

    return asyncio.run(main())


@pytest.mark.parametrize("kind", ["files", pytest.param("shared", marks=pytest.mark.wire)])
def test_the_second_machine_pays_nothing_for_the_same_again(tmp_path, request, kind):
    """One home twice, or two homes with one shared store: one call, one bill, a hit that says so."""
    url = request.getfixturevalue("redis_url") if kind == "shared" else None
    wish = GrooveRequest(prompt=WISH, tier="balanced")
    routes, calls, spent = play(tmp_path, url, wish, wish)
    assert [route.cache for route in routes] == ["miss", "hit"]
    assert calls == 1
    assert spent == routes[0].cost_picousd > 0
    assert list(tmp_path.rglob("*.db")) == [] if kind == "shared" else (tmp_path / "ledger.db").exists()


@pytest.mark.wire
def test_a_source_s_valve_counts_all_machines(tmp_path, redis_url):
    """Two a minute for a source: the third machine's request is played by the embedded drummer."""
    wishes = [GrooveRequest(prompt=WISH, tier="balanced", seed=seed) for seed in range(3)]
    routes, calls, _ = play(tmp_path, redis_url, *wishes, source="cc", valves={"cc": (2, 60)})
    assert [route.provider for route in routes] == ["groq", "groq", "local"]
    assert calls == 2
    assert "cc has caused enough paid calls" in str(routes[2].notes)


def test_a_shared_store_that_is_away_leaves_the_music(tmp_path):
    """No call is paid, the embedded drummer answers, no file is made in its place."""
    wish = GrooveRequest(prompt=WISH, tier="balanced")
    (route,), calls, _ = play(tmp_path, "redis://127.0.0.1:1/0", wish, source="cc")
    assert (route.provider, calls) == ("local", 0)
    assert "spending is closed" in route.attempts[0].note
    assert list(tmp_path.rglob("*.db")) == []
