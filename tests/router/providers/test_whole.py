"""Servers that answer in one body although a stream was asked for, and streams that are labelled as something else."""

from __future__ import annotations

import asyncio
import json

import pytest

from router.config import RouterConfig
from router.dispatch import Router
from router.request import PROVIDERS, GrooveRequest
from tests.support.faultserver import GROOVE, Fault, FaultServer, frames

pytestmark = pytest.mark.wire

ERRORS = {
    "anthropic": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    "openai": {"error": {"message": "The server had an error", "type": "server_error", "code": None}},
    "groq": {"error": {"message": "over capacity", "type": "internal_server_error"}},
    "cohere": {"message": "internal error"},
}


def route(name, fault):
    """Route one wish through a provider that has this fault for good."""

    async def main():
        async with FaultServer({name: [fault]}) as server:
            router = Router(RouterConfig.from_env(server.env(name)))
            answer = await router.route(GrooveRequest(prompt="gravel on a long staircase", tier="balanced", seed=1))
            await router.aclose()
            return answer

    return asyncio.run(main())


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_whole_body_is_as_good_as_a_stream(name):
    """Its words, its end and its usage are read, cached tokens included."""
    answer = route(name, Fault("whole"))

    assert [one.outcome for one in answer.route.attempts] == ["ok"]
    assert answer.pattern.bars == 2
    assert (answer.route.input_tokens, answer.route.output_tokens) == (400, 60)
    assert answer.route.cost_picousd > 0


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_whole_body_without_usage_is_estimated_and_never_free(name):
    """Tokens that nobody counted are counted here, and marked."""
    answer = route(name, Fault("whole", after=0))

    (attempt,) = answer.route.attempts
    assert attempt.outcome == "ok"
    assert attempt.estimated
    assert attempt.cost_picousd > 0


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("label", ["application/json", "text/plain"])
def test_a_stream_under_another_label_is_read_as_it_comes(name, label):
    """What the body is decides, not what its header calls it."""
    pieces = [GROOVE[at : at + 20] for at in range(0, len(GROOVE), 20)]
    body = b"".join(part for half in frames(name, pieces, "m") for part in half).decode()
    answer = route(name, Fault("body", 200, {"content-type": label}, body=body))

    assert [one.outcome for one in answer.route.attempts] == ["ok"]


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("body", [None, "{}", "[]", "null", '{"choices": []}', '{"content": null}', '{"id":'])
def test_a_body_that_is_no_answer_is_a_failure(name, body):
    """An error inside a 200, an empty object, half a body: the drummer plays; what may be billed is estimated."""
    answer = route(name, Fault("body", 200, body=json.dumps(ERRORS[name]) if body is None else body))

    assert answer.route.tier == "local"
    assert {one.outcome for one in answer.route.attempts} <= {"failed", "garbled", "busy"}
    assert all(one.estimated for one in answer.route.attempts if one.cost_picousd)
    assert len(answer.route.attempts) <= 3
