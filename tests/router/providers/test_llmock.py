"""The four SDKs against servers that nobody here wrote: llmock speaks their protocols and judges their client."""

from __future__ import annotations

import asyncio

import pytest

from router.bench import Bench
from router.config import RouterConfig
from router.dispatch import Router
from router.request import PROVIDERS, GrooveRequest
from tests.support.faultserver import GROOVE
from tests.support.timing import own_s

pytestmark = pytest.mark.wire

FREE = "gravel rolling down a long staircase, then somebody remembers the tune"
PATHS = {"anthropic": "/anthropic", "openai": "/v1", "groq": "/groq", "cohere": "/cohere"}

FAULTS = {
    "rate limit": lambda mock: mock.rate_limit(times=1, retry_after=0.1),
    "rate limit for long": lambda mock: mock.rate_limit(times=None, retry_after=60),
    "outage": lambda mock: mock.outage(),
    "overloaded": lambda mock: mock.outage(status=529),
    "context overflow": lambda mock: mock.context_overflow(),
    "disconnect": lambda mock: mock.disconnect(after_chunks=2),
    "truncate": lambda mock: mock.truncate(after_chunks=2),
    "corrupt": lambda mock: mock.corrupt(after_chunks=2),
    "stall": lambda mock: mock.stall(after_chunks=2, seconds=5),
    "slow first token": lambda mock: mock.slow_first_token(5),
}


@pytest.fixture(scope="module", autouse=True)
def warm():
    """Load and rehearse all four SDKs once: their first call takes longer than these tests' first word may."""

    async def main():
        bench = Bench(RouterConfig(keys=dict.fromkeys(PROVIDERS, "k")))
        for name in PROVIDERS:
            await (await bench.get(name)).warm()
        await bench.aclose()

    asyncio.run(main())


def config(mock, *names, timeout_s=2.0):
    """Point the named providers at the fake servers."""
    return RouterConfig(
        keys=dict.fromkeys(names, "llmock-key"),
        base_urls={name: mock.url + PATHS[name] for name in names},
        provider=names[0],
        timeouts_s={"balanced": timeout_s},
    )


def posts(mock):
    """Return the calls, without the look at the list of models."""
    return [request for request in mock.requests if request.method == "POST"]


def route(settings, *requests):
    """Route requests; returns (answers, seconds)."""

    async def main():
        router = Router(settings)
        await asyncio.gather(*(router._bench.get(name) for name in settings.keys))
        began = own_s()
        answers = [await router.route(one) for one in requests]
        seconds = own_s() - began
        await router.aclose()
        return answers, seconds

    return asyncio.run(main())


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_sdk_speaks_with_a_server_not_ours(llmock, name):
    """A whole answer, one request, the provider's own wire format."""
    llmock.reply(GROOVE, times=None)
    (answer,), _ = route(config(llmock, name, timeout_s=60.0), GrooveRequest(prompt=FREE, tier="balanced"))

    assert (answer.route.provider, answer.route.tier) == (name, "balanced")
    assert len(posts(llmock)) == 1


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_client_that_the_judge_calls_resilient(llmock, name, fault):
    """No ignored Retry-After, no retry storm, no truncated stream accepted; the caller gets its pattern in time."""
    llmock.reply(GROOVE, times=None)
    FAULTS[fault](llmock)
    (answer,), seconds = route(config(llmock, name), GrooveRequest(prompt=FREE, tier="balanced"))

    assert answer.pattern.bars == 2
    assert answer.pattern.hits
    assert seconds < 2.25
    assert len(posts(llmock)) <= 6
    llmock.assert_resilient()


def test_an_outage_of_one_is_not_an_outage(llmock):
    """With the primary down for good the neighbour serves, and the primary is soon left alone."""
    llmock.reply(GROOVE, times=None)
    llmock.outage(provider="openai")
    wishes = [GrooveRequest(prompt=FREE, seed=seed) for seed in range(6)]
    answers, _ = route(config(llmock, "openai", "groq", timeout_s=60.0), *wishes)

    assert {answer.route.provider for answer in answers} == {"groq"}
    assert sum("groq" not in request.path for request in posts(llmock)) <= 6
