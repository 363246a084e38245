"""Every fault at every provider, on the wire: the caller gets a complete right pattern within the tier's timeout.

One provider at a time with the embedded drummer behind it, so that nobody else can rescue; and each provider's fault
with a healthy neighbour, so that somebody does.
"""

from __future__ import annotations

import asyncio

import pytest

from router.bench import Bench
from router.config import RouterConfig
from router.dispatch import Router
from router.request import PROVIDERS, GrooveRequest
from tests.support.faultserver import GROOVE, OK, Fault, FaultServer
from tests.support.timing import own_s

pytestmark = pytest.mark.wire

WISH = "gravel rolling down a long staircase, then somebody remembers the tune"
TIMEOUT_S = 2.0

FAULTS = {
    "429": Fault("status", 429),
    "429 for an hour": Fault("status", 429, {"retry-after": "3600"}),
    "429 with a date": Fault("status", 429, {"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}),
    "500": Fault("status", 500),
    "503": Fault("status", 503),
    "529": Fault("status", 529),
    "HTML for an error": Fault("status", 502, {"content-type": "text/html"}, body="<html>Bad gateway</html>"),
    "reset": Fault("reset"),
    "silence": Fault("silence", seconds=10),
    "slow first word": Fault("slow", seconds=10),
    "cut in a frame": Fault("cut"),
    "clean end too early": Fault("close"),
    "stall": Fault("stall", seconds=10),
    "malformed chunk": Fault("malformed"),
    "a chunk of which little is left": Fault("malformed", body="data: {oops"),
    "no end mark": Fault("no_end"),
    "drip": Fault("drip", seconds=0.35),
    "half a body": Fault("half"),
    "cut by the cap": Fault("length"),
    "filtered in the stream": Fault("filter"),
    "context length": Fault("status", 400, body='{"error": {"code": "context_length_exceeded", "message": "no"}}'),
    "content filter": Fault("status", 400, body='{"error": {"code": "content_policy_violation", "message": "x"}}'),
    "empty object": Fault("body", 200, body="{}"),
    "nothing": Fault("body", 200, body=""),
    "HTML for an answer": Fault("body", 200, {"content-type": "text/html"}, body="<html>Welcome</html>"),
    "prose for a pattern": Fault(text="I would love to play that, but I am a language model."),
    "empty answer": Fault(text=""),
    "cut JSON": Fault(text='{"bars": 2, "hits": [{"tick": 0, "voice": "ki'),
    "wrong JSON": Fault(text='{"fits": "perhaps", "genre": 7, "hits": 12}'),
    "three bars for two": Fault(text=GROOVE + "3 =1\n"),
    "another metre": Fault(text=GROOVE.replace("4/4", "3/4")),
    "401": Fault("status", 401),
    "402": Fault("status", 402),
    "403": Fault("status", 403),
    "404": Fault("status", 404),
    "410": Fault("status", 410),
    "redirect": Fault("status", 307, {"location": "http://127.0.0.1:9/elsewhere"}),
}  # fmt: skip

ERROR_EVENTS = {
    "anthropic": 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    "openai": 'data: {"error":{"message":"The server had an error","type":"server_error","code":null}}\n\n',
    "groq": 'event: error\ndata: {"error":{"message":"over capacity","type":"internal_server_error"}}\n\n',
    "cohere": 'event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"no"}}\n\n',
}


@pytest.fixture(scope="module", autouse=True)
def warm():
    """Load and rehearse all four SDKs once: their first call takes longer than these tests' first word may."""

    async def main():
        async with FaultServer() as server:
            bench = Bench(RouterConfig.from_env(server.env()))
            for name in PROVIDERS:
                await (await bench.get(name)).warm()
            await bench.aclose()

    asyncio.run(main())


def route(plan, *names, tier="balanced", timeout_s=TIMEOUT_S):
    """Route one wish through real sockets; returns (answer, seconds, server)."""

    async def main():
        async with FaultServer(plan) as server:
            env = server.env(*names) | {f"AI_TIMEOUT_{tier.upper()}": str(timeout_s), "AI_PROVIDER": names[0]}
            router = Router(RouterConfig.from_env(env))
            await router._bench.get(names[0])
            began = own_s()
            answer = await router.route(GrooveRequest(prompt=WISH, tier=tier, seed=1))
            seconds = own_s() - began
            await router.aclose()
            return answer, seconds, server

    return asyncio.run(main())


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_never_silence(name, fault):
    """With one provider misbehaving for good, a complete pattern comes within the timeout and the route says why."""
    answer, seconds, server = route({name: [FAULTS[fault]]}, name)

    assert answer.pattern.bars == 2
    assert str(answer.pattern.meter) == "4/4"
    assert answer.pattern.hits
    assert seconds < TIMEOUT_S + 0.25
    assert answer.route.tier == "local"
    assert answer.route.degraded
    assert answer.route.attempts
    assert all(one.outcome not in {"ok", "repaired"} for one in answer.route.attempts)
    assert 1 <= len(server.seen) <= 6


@pytest.mark.parametrize("name", PROVIDERS)
def test_an_error_event_inside_a_good_answer_is_a_failure(name):
    """Each provider has its own way to fail inside a 200 stream; none is taken for success."""
    answer, _, _ = route({name: [Fault("error_event", body=ERROR_EVENTS[name])]}, name)

    assert answer.route.tier == "local"
    assert answer.route.attempts[0].outcome in {"cut", "failed", "busy"}


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("fault", ["429", "503", "reset", "cut in a frame", "malformed chunk", "401", "404", "silence"])
def test_a_healthy_neighbour_rescues(name, fault):
    """With somebody else healthy, the wanted tier is kept and the answer is whole."""
    other = "groq" if name != "groq" else "openai"
    answer, seconds, _ = route({name: [FAULTS[fault]], other: [OK]}, name, other)

    assert answer.route.provider == other
    assert answer.route.tier == "balanced"
    assert not answer.route.degraded
    assert seconds < TIMEOUT_S + 0.25


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("tier", ["fast", "balanced", "advanced", "expert"])
def test_each_provider_answers_in_each_tier(name, tier):
    """Four providers, four tiers: each answers by itself, and its usage is read back with cached tokens told apart."""
    answer, _, server = route({}, name, tier=tier, timeout_s=60.0)

    assert (answer.route.provider, answer.route.tier) == (name, tier)
    assert answer.route.attempts[0].outcome == "ok"
    assert (answer.route.input_tokens, answer.route.output_tokens) == (400, 60)
    assert answer.route.cost_picousd > 0
    assert len(server.seen) == 1


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("split", [1, 7])
def test_frames_may_be_split_anywhere(name, split):
    """Chunks of one byte are as good as whole frames."""

    async def main():
        async with FaultServer() as server:
            server.split = split
            router = Router(RouterConfig.from_env(server.env(name)))
            answer = await router.route(GrooveRequest(prompt=WISH, tier="balanced"))
            await router.aclose()
            return answer

    assert asyncio.run(main()).route.attempts[0].outcome == "ok"


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_cancelled_request_ends_its_upstream_call(name):
    """Who stops waiting stops the call: the server sees the close at once."""

    async def main():
        async with FaultServer({name: [Fault("stall", seconds=20)]}) as server:
            router = Router(RouterConfig.from_env(server.env(name)))
            await router.start()
            task = asyncio.create_task(router.route(GrooveRequest(prompt=WISH, tier="balanced")))
            async with asyncio.timeout(60):
                await server.arrived.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            began = own_s()
            async with asyncio.timeout(60):
                await server.seen[0].closed.wait()
            waited = own_s() - began
            await router.aclose()
            return waited

    assert asyncio.run(main()) < 0.1
