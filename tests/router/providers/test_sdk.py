"""What the four SDK files share: headers read, statuses understood, nothing raw passed on."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys

import pytest

from router.bench import Bench
from router.budget import Usage
from router.call import Call, Done, Limits
from router.config import RouterConfig
from router.errors import Busy, ContentFiltered, ModelGone, ProviderOff, Refused
from router.notation import Reader
from router.providers import sdk
from router.providers.local import Local
from router.request import PROVIDERS, GrooveRequest
from router.stores import tombstones
from tests.support.faultserver import CHOICE, Fault, FaultServer, sse

NOW = 1_764_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Mon, 24 Nov 2025 16:00:10 GMT"}, 10),
        ({"retry-after": "Mon, 24 Nov 2025 15:00:00 GMT"}, 0),
        ({"retry-after": "99999999"}, 3600),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "soon"}, 0),
        ({}, 0),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers, seconds):
    """Milliseconds first, then seconds or a date; nonsense is no wait."""
    assert sdk.retry_after_s(headers, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (429, "slow down", Busy), (529, "", Busy), (500, "", Busy), (503, "", Busy), (408, "", Busy),
        (200, "overloaded_error", Busy), (401, "", ProviderOff), (403, "", ProviderOff), (402, "", ProviderOff),
        (429, "insufficient_quota", ProviderOff), (404, "", ModelGone), (410, "", ModelGone),
        (400, "the model x does not exist", ModelGone), (400, "context_length_exceeded", Refused),
        (400, "content_policy_violation", ContentFiltered), (400, "bad field", Refused), (307, "", Refused),
        (418, "", Refused),
    ],
)  # fmt: skip
def test_a_status_says_whether_trying_again_helps(status, text, kind):
    """Each becomes the type that answers the question."""
    error = sdk.failure("openai", "m", status, text, {}, NOW)

    assert type(error) is kind


@pytest.mark.parametrize(
    ("status", "text", "certain"),
    [(404, "", False), (410, "", True), (404, "this model is deprecated", True), (400, "retired model", True)],
)
def test_only_plain_words_bury_a_model_at_once(status, text, certain):
    """A bare 404 may be a typing error of somebody's proxy."""
    assert sdk.failure("openai", "m", status, text, {}, NOW).certain is certain


def test_no_raw_words_reach_a_message():
    """A provider that echoes the key puts it into its error; ours leaves it there."""
    error = sdk.failure("openai", "m", 401, "Incorrect API key provided: canary-key", {}, NOW)

    assert "canary" not in str(error)


def test_rate_limit_headers_of_both_families_are_read():
    """The names that openai and groq share, and those of anthropic; durations with units."""
    ours = sdk.limits({"x-ratelimit-limit-tokens": "30000", "x-ratelimit-remaining-tokens": "29000",
                       "x-ratelimit-reset-tokens": "1m2.5s", "x-ratelimit-reset-requests": "120ms"})  # fmt: skip

    assert ours == Limits(tokens_limit=30000, tokens_left=29000, tokens_reset_s=62.5, requests_reset_s=0.12)
    assert sdk.limits({"anthropic-ratelimit-requests-remaining": "4"}) == Limits(requests_left=4)
    assert sdk.limits({"content-type": "x"}) is None


def wire(name, faults, call):
    """Send one call to the fault server through an SDK; returns (events, server)."""

    async def main():
        async with FaultServer({name: faults}) as server:
            bench = Bench(RouterConfig.from_env(server.env(name)))
            provider = await bench.get(name)
            try:
                return [event async for event in provider.stream(call)], server
            finally:
                await bench.aclose()

    return asyncio.run(main())


CALL = Call("some-model", "be brief", (("user", "hello"),), 64, 0.5, "low", {"type": "object", "properties": {}})


@pytest.mark.wire
@pytest.mark.parametrize("name", PROVIDERS)
def test_usage_is_brought_to_one_meaning(name):
    """The whole prompt is input, cached tokens are a part of it; cohere bills what it says."""
    events, _ = wire(name, [Fault()], CALL)
    usage = next(event.usage for event in reversed(events) if isinstance(event, Done))

    assert (usage.input_tokens, usage.output_tokens) == (400, 60)
    assert usage.cached_tokens == (0 if name == "cohere" else 100)
    assert usage.reasoning_tokens == (10 if name in {"openai", "groq"} else 0)


@pytest.mark.wire
@pytest.mark.parametrize(
    ("name", "has", "lacks"),
    [
        ("anthropic", {"max_tokens", "output_config", "system"}, {"temperature", "max_completion_tokens"}),
        ("openai", {"max_completion_tokens", "reasoning_effort", "stream_options", "response_format"}, {"temperature"}),
        ("groq", {"max_completion_tokens", "reasoning_effort", "temperature"}, {"stream_options"}),
        ("cohere", {"max_tokens", "temperature", "response_format"}, {"reasoning_effort"}),
    ],
)
def test_each_is_sent_what_it_takes(name, has, lacks):
    """Parameters differ by provider; what one refuses is never sent to it."""
    _, server = wire(name, [Fault()], CALL)

    assert has <= set(server.seen[0].body)
    assert not lacks & set(server.seen[0].body)
    assert server.seen[0].body["messages"][-1] == {"role": "user", "content": "hello"}
    assert server.seen[0].body["stream"] is True
    assert "be brief" in str(server.seen[0].body)


@pytest.mark.wire
@pytest.mark.parametrize(
    ("name", "parameter", "call"),
    [
        ("anthropic", "output_config", CALL),
        ("openai", "reasoning_effort", CALL),
        ("openai", "temperature", Call("m", "s", (("user", "u"),), 64, 0.5, "none")),
        ("groq", "reasoning_effort", CALL),
    ],
)
def test_a_parameter_that_a_model_refuses_is_left_out_from_then_on(name, parameter, call):
    """One 400 that names it is enough; the same call goes on without it."""
    body = f'{{"error": {{"message": "Unsupported parameter: {parameter}", "param": "{parameter}"}}}}'
    events, server = wire(name, [Fault("status", 400, body=body), Fault()], call)

    assert isinstance(events[-1], Done)
    assert parameter in server.seen[0].body
    assert parameter not in server.seen[1].body


@pytest.mark.wire
@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("name", PROVIDERS)
def test_a_call_is_unsent_until_its_connection_stands(name, scheme):
    """A server that never finishes the handshake has got no prompt; one that took the request may bill it."""

    async def main():
        came, looked = asyncio.Event(), asyncio.Event()

        async def mute(reader, writer):
            await reader.read(1)
            came.set()
            await looked.wait()
            writer.transport.abort()

        async with await asyncio.start_server(mute, "127.0.0.1", 0) as server:
            address = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            bench = Bench(RouterConfig(keys={name: "key"}, base_urls={name: address}))
            events = (await bench.get(name)).stream(Call("m", "s", (("user", "u"),), 16))
            wire = await anext(events)
            rest = asyncio.create_task(anext(events))
            async with asyncio.timeout(20):
                await came.wait()
            sent = wire.sent
            looked.set()
            with pytest.raises(Busy):
                await rest
            await bench.aclose()
            return sent

    assert asyncio.run(main()) is (scheme == "http")


@pytest.mark.parametrize("name", PROVIDERS)
def test_redirects_are_not_followed(name):
    """A redirect would carry the prompt to a stranger."""
    with pytest.raises(Refused, match="redirect"):
        wire(name, [Fault("status", 307, {"location": "http://127.0.0.1:9/x"})], CALL)


@pytest.mark.wire
@pytest.mark.parametrize("name", PROVIDERS)
def test_a_model_list_can_be_read(name):
    """An empty list is a list."""

    async def main():
        async with FaultServer() as server:
            bench = Bench(RouterConfig.from_env(server.env(name)))
            provider = await bench.get(name)
            models = await provider.models()
            await bench.aclose()
            return models

    assert asyncio.run(main()) == {}


@pytest.mark.wire
@pytest.mark.parametrize("name", PROVIDERS)
def test_sdk_logs_stay_quiet(name):
    """At debug they would print prompts."""
    wire(name, [Fault(text=CHOICE)], CALL)

    assert logging.getLogger(name).level == logging.WARNING


@pytest.mark.wire
def test_a_providers_own_words_are_in_no_log(caplog):
    """Cohere's SDK tells the root logger of an event that it cannot read, event and all."""
    odd = sse({"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": "the canary"}}, "message-end")
    headers = {"content-type": "text/event-stream"}
    events, _ = wire("cohere", [Fault("body", headers=headers, body=odd.decode())], CALL)

    assert not any(isinstance(event, Done) for event in events)
    assert "canary" not in caplog.text
    logging.getLogger().warning("other words")
    assert "other words" in caplog.text


def test_an_sdk_that_cannot_be_loaded_is_one_provider_off(monkeypatch):
    """The others go on."""

    def broken(*_):
        raise ImportError("no module")

    monkeypatch.setattr("router.bench._make", broken)

    async def main():
        bench = Bench(RouterConfig(keys={"openai": "k"}))
        await bench.start()
        await bench.get("openai")

    with pytest.raises(ProviderOff, match="cannot be loaded"):
        asyncio.run(main())


@pytest.mark.parametrize(("others", "loaded"), [("groq", "True False"), ("cohere", "True False"), ("", "False False")])
def test_openai_is_ready_only_when_nobody_can_half_load_httpx_behind_it(others, loaded):
    """Its SDK fails in every call while another thread is loading httpx; groq's and cohere's load it."""
    lines = f"""
import asyncio, sys
from router.bench import Bench
from router.config import RouterConfig

async def main():
    await Bench(RouterConfig(keys=dict.fromkeys(["openai", {others!r}], "k"))).get("openai")
    print("httpx" in sys.modules, {others!r} in sys.modules)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == loaded


def test_the_drummer_can_stand_behind_a_providers_face():
    """Its own notation, read back: the same bars as any provider's."""
    request = GrooveRequest(prompt="funk", bars=2)

    async def main():
        return [event async for event in Local(request).stream(CALL)]

    events = asyncio.run(main())
    reader = Reader(request.meter, 2)
    for event in events:
        if isinstance(event, str):
            reader.feed(event)
    assert len(reader.close().bars) == 2
    assert events[-1] == Done("stop", Usage(0, 0), "embedded")


@pytest.mark.parametrize("text", ["", "no json", "[1]", '[{"provider": "x"}]', "{}"])
def test_a_broken_memory_of_tombstones_is_an_empty_one(tmp_path, text):
    """Never fatal."""
    path = tmp_path / "models.json"
    path.write_text(text, "utf-8")

    assert tombstones.load(path) == {}


def test_tombstones_are_written_whole_and_read_back(tmp_path):
    """Private, and the same after a restart; a disk that refuses is left alone."""
    path, gone = tmp_path / "models.json", {("openai", "m"): "said to be gone"}
    tombstones.save(path, gone)
    tombstones.save(tmp_path / "absent" / "models.json", gone)

    assert tombstones.load(path) == gone
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
