"""Anthropic: its SDK, its quirks, its errors translated. Imports the SDK only when a client is made.

No temperature (the SDK has none, newer models refuse it); effort instead. The prompt's tokens are told first, so a
broken stream's cost is half known. Never retries, never follows a redirect.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from router.budget import Usage
from router.call import CUT, FILTERED, FINISHED, Call, Done, Event, Metered
from router.errors import AttemptFailed
from router.providers import sdk, whole

CACHEABLE_BYTES: Final = 5000
"""About 1,024 tokens of English: below that Anthropic's prompt cache keeps nothing."""

_REASONS: Final = {"end_turn": FINISHED, "stop_sequence": FINISHED, "max_tokens": CUT, "refusal": FILTERED}

REHEARSAL: Final = (
    'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant",'
    '"content":[],"model":"m","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n'
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    '"delta":{"type":"text_delta","text":"x"}}\n\n'
    'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
    '"usage":{"output_tokens":1}}\n\n'
    'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)


class Anthropic:
    """Claude models over the official SDK."""

    name = "anthropic"
    close_ends_bill = True

    def __init__(self, key: str, base_url: str | None = None, *, transport: Any = None) -> None:
        """Load the SDK and make a client; takes a second the first time, so do it in a worker thread.

        Args:
            key: The account's key.
            base_url: The host's root, or None for the SDK's own.
            transport: Stands in for the network in rehearsals.
        """
        import anthropic  # noqa: PLC0415  the SDK costs a second and 3,000 modules: only when its key is set
        import httpx2  # noqa: PLC0415  comes with it

        self._sdk, self._http = anthropic, httpx2
        sdk.quiet("anthropic", "httpx2")
        self._refused: set[tuple[str, str]] = set()
        http = httpx2.AsyncClient(
            verify=sdk.tls(),
            follow_redirects=False,
            timeout=None,
            transport=transport,
            event_hooks={
                "request": [sdk.watch],
                "response": [sdk.corruption_check(httpx2), whole.hook(httpx2, whole_events)],
            },
        )
        self._client = anthropic.AsyncAnthropic(
            api_key=key, base_url=base_url, max_retries=0, timeout=sdk.BACKSTOP_S, http_client=http
        )

    def __repr__(self) -> str:
        return f"<Anthropic {self._client.base_url}>"

    async def warm(self) -> None:
        """Walk through one call without a network: the first call loads types that the later ones find loaded."""
        transport = sdk.rehearsal(self._http, REHEARSAL)
        await sdk.rehearse(Anthropic("rehearsal", "http://rehearsal.invalid", transport=transport))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def models(self) -> Mapping[str, str]:
        """Return the lifecycle of every model in the provider's list."""
        found: dict[str, str] = {}
        try:
            async for model in self._client.models.list(limit=100):
                ends = f"ending:{model.retires_at:%Y-%m-%d}" if model.retires_at else "active"
                found[model.id] = "retired" if model.lifecycle == "retired" else ends
        except Exception as error:  # noqa: BLE001  every foreign error ends here
            raise self._translated(error, "") from None
        return found

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Send the call and yield its events; see `router.call.Provider`."""
        try:
            yield sdk.wire()
            stream = await self._create(call)
            async with stream:
                headers = sdk.limits(stream.response.headers)
                if headers is not None:
                    yield headers
                async for event in self._events(stream):
                    yield event
        except Exception as error:  # noqa: BLE001  every foreign error ends here
            raise self._translated(error, call.model) from None

    async def _create(self, call: Call) -> Any:
        try:
            return await self._post(call)
        except self._sdk.BadRequestError as error:
            refused = sdk.refused_parameter(str(error.body), ("output_config", "effort", "cache_control"))
            if refused is None:
                raise
            self._refused.add((call.model, "output_config" if refused == "effort" else refused))
            return await self._post(call)

    async def _post(self, call: Call) -> Any:
        return await sdk.post(self._client, self._sdk.AsyncStream, "/v1/messages", self._body(call))

    def _body(self, call: Call) -> dict[str, Any]:
        output: dict[str, Any] = {}
        if call.effort:
            output["effort"] = call.effort
        if call.schema is not None:
            output["format"] = {"type": "json_schema", "schema": call.schema}
        system: Any = call.system
        if len(call.system) > CACHEABLE_BYTES and (call.model, "cache_control") not in self._refused:
            system = [{"type": "text", "text": call.system, "cache_control": {"type": "ephemeral"}}]
        body: dict[str, Any] = {
            "model": call.model,
            "max_tokens": call.max_tokens,
            "system": system,
            "messages": [{"role": role, "content": text} for role, text in call.turns],
            "stream": True,
        }
        if output and (call.model, "output_config") not in self._refused:
            body["output_config"] = output
        return body

    async def _events(self, stream: Any) -> AsyncGenerator[Event, None]:
        usage, model, reason = Usage(0, 0), "", ""
        counted = False
        async for event in stream:
            kind = event.get("type")
            if kind == "content_block_delta":
                if event["delta"]["type"] == "text_delta":
                    yield event["delta"]["text"]
            elif kind == "message_start":
                model = sdk.name_of(event["message"].get("model"))
                if told := _usage(event["message"].get("usage"), usage):
                    counted, usage = True, told
                    yield Metered(usage)
            elif kind == "message_delta":
                if told := _usage(event.get("usage"), usage):
                    counted, usage = True, told
                reason = str(event["delta"].get("stop_reason") or reason)
            elif kind == "message_stop" and reason:
                yield Done(_REASONS.get(reason, reason), usage if counted else None, model)

    def _translated(self, error: Exception, model: str) -> AttemptFailed:
        if isinstance(error, AttemptFailed):
            return error
        if isinstance(error, self._sdk.APIStatusError):
            return sdk.failure(
                self.name, model, error.status_code, str(error.body), error.response.headers, time.time()
            )
        if isinstance(error, self._sdk.APITimeoutError | self._http.TimeoutException):
            return sdk.dropped(self.name, "silent")
        if isinstance(error, self._sdk.APIConnectionError | self._http.HTTPError):
            return sdk.dropped(self.name, "not reachable or broke off")
        if isinstance(error, json.JSONDecodeError | AttributeError | TypeError | KeyError | ValueError):
            return sdk.unreadable(self.name)
        return sdk.dropped(self.name, f"failing ({type(error).__name__})")


def whole_events(body: Mapping[str, Any]) -> str:
    """Write a whole message as the stream it was asked to be."""
    if "error" in body:
        return whole.event({"type": "error", "error": body["error"]}, "error")
    text = {"type": "text_delta", "text": whole.text_of(body["content"])}
    end = {"stop_reason": body.get("stop_reason"), "stop_sequence": None}
    parts = (
        {"type": "message_start", "message": {**body, "content": [], "stop_reason": None}},
        {"type": "content_block_delta", "index": 0, "delta": text},
        {"type": "message_delta", "delta": end, "usage": body.get("usage")},
        {"type": "message_stop"},
    )
    return "".join(whole.event(part, str(part["type"])) for part in parts)


def _usage(told: Any, before: Usage) -> Usage | None:
    """Bring Anthropic's counts to our meaning: its input tokens leave out what the cache read or kept."""
    if not told:
        return None
    try:
        read, kept, plain, out = (
            sdk.tokens(told.get(name))
            for name in ("cache_read_input_tokens", "cache_creation_input_tokens", "input_tokens", "output_tokens")
        )
    except (AttributeError, TypeError):  # a good answer is not thrown away for a bill that nobody can read
        return None
    whole = before.input_tokens if told.get("input_tokens") is None else plain + read + kept
    return Usage(
        max(before.input_tokens, whole),
        max(before.output_tokens, out),
        max(before.cached_tokens, read),
        max(before.cache_write_tokens, kept),
    )
