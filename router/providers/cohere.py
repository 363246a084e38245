"""Cohere: its SDK, its quirks, its errors translated. Imports the SDK only when a client is made.

The base URL is bound when the SDK is first loaded, so it is always passed. The SDK skips a corrupt chunk and reports
COMPLETE: the bytes are watched here, and such an answer is refused. Tokens are billed as `billed_units`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from router.budget import Usage
from router.call import CUT, FINISHED, Call, Done, Event
from router.errors import AttemptFailed
from router.providers import sdk, whole

BASE_URL: Final = "https://api.cohere.com"
_REASONS: Final = {"COMPLETE": FINISHED, "STOP_SEQUENCE": FINISHED, "MAX_TOKENS": CUT}

REHEARSAL: Final = (
    'event: message-start\ndata: {"type":"message-start","id":"m",'
    '"delta":{"message":{"role":"assistant","content":[]}}}\n\n'
    'event: content-delta\ndata: {"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"x"}}}}\n\n'
    'event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":'
    '{"input_tokens":1,"output_tokens":1},"tokens":{"input_tokens":1,"output_tokens":1}}}}\n\n'
)


class Cohere:
    """Command models over the official SDK."""

    name = "cohere"
    close_ends_bill = True

    def __init__(self, key: str, base_url: str | None = None, *, transport: Any = None) -> None:
        """Load the SDK and make a client; do it in a worker thread.

        Args:
            key: The account's key.
            base_url: The host's root, or None for Cohere's own.
            transport: Stands in for the network in rehearsals.
        """
        import cohere  # noqa: PLC0415  only when its key is set
        import httpx  # noqa: PLC0415  comes with it
        from cohere.core.api_error import ApiError  # noqa: PLC0415  likewise

        self._http, self._api_error = httpx, ApiError
        sdk.quiet("cohere", "httpx", "httpcore")
        logging.getLogger().addFilter(_no_raw_words)
        self._http_client = httpx.AsyncClient(
            verify=sdk.tls(),
            follow_redirects=False,
            timeout=sdk.BACKSTOP_S,
            transport=transport,
            event_hooks={
                "request": [sdk.watch],
                "response": [sdk.corruption_check(httpx), whole.hook(httpx, whole_events)],
            },
        )
        self._base_url = base_url or BASE_URL
        self._client = cohere.AsyncClientV2(
            api_key=key, base_url=self._base_url, max_retries=0, httpx_client=self._http_client
        )

    def __repr__(self) -> str:
        return f"<Cohere {self._base_url}>"

    async def warm(self) -> None:
        """Walk through one call without a network: the first call loads types that the later ones find loaded."""
        transport = sdk.rehearsal(self._http, REHEARSAL)
        await sdk.rehearse(Cohere("rehearsal", "http://rehearsal.invalid", transport=transport))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http_client.aclose()

    async def models(self) -> Mapping[str, str]:
        """Return the lifecycle of every model in the provider's list."""
        try:
            listed = await self._client.models.list(page_size=1000)
            # Deprecated is not gone: it still answers, and a model that does not says so itself.
            return {model.name: "ending:" if model.is_deprecated else "active" for model in listed.models if model.name}
        except Exception as error:  # noqa: BLE001  every foreign error ends here
            raise self._translated(error, "") from None

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Send the call and yield its events; see `router.call.Provider`."""
        stream: Any = self._client.chat_stream(**self._arguments(call))
        try:
            yield sdk.wire()
            async for event in self._events(stream, call.model):
                yield event
        except Exception as error:  # noqa: BLE001  every foreign error ends here
            raise self._translated(error, call.model) from None
        finally:
            await stream.aclose()

    def _arguments(self, call: Call) -> dict[str, Any]:
        out: dict[str, Any] = {
            "model": call.model,
            "max_tokens": call.max_tokens,
            "messages": [
                {"role": "system", "content": call.system},
                *({"role": role, "content": text} for role, text in call.turns),
            ],
        }
        if call.temperature is not None:
            out["temperature"] = call.temperature
        if call.schema is not None:
            out["response_format"] = {"type": "json_object", "json_schema": call.schema}
        return out

    async def _events(self, stream: Any, asked: str) -> AsyncGenerator[Event, None]:
        async for event in stream:
            if event.type == "content-delta":
                content = event.delta.message.content
                if content is not None and content.text:
                    yield content.text
            elif event.type == "message-end":
                reason = event.delta.finish_reason or ""
                if reason == "ERROR":
                    raise sdk.failure(self.name, asked, 200, str(event.delta.error), {}, time.time())
                if reason:
                    yield Done(_REASONS.get(reason, reason.lower()), _usage(event.delta.usage))

    def _translated(self, error: Exception, model: str) -> AttemptFailed:
        if isinstance(error, AttemptFailed):
            return error
        if isinstance(error, self._api_error):
            headers = {name.lower(): value for name, value in (error.headers or {}).items()}
            if error.status_code == 200:  # the SDK's way to say that a body was no JSON
                return sdk.unreadable(self.name)
            return sdk.failure(self.name, model, error.status_code or 500, str(error.body), headers, time.time())
        if isinstance(error, self._http.TimeoutException):
            return sdk.dropped(self.name, "silent")
        if isinstance(error, self._http.HTTPError):
            return sdk.dropped(self.name, "not reachable or broke off")
        if isinstance(error, json.JSONDecodeError | AttributeError | TypeError | KeyError | ValueError):
            return sdk.unreadable(self.name)
        return sdk.dropped(self.name, f"failing ({type(error).__name__})")


def whole_events(body: Mapping[str, Any]) -> str:
    """Write a whole answer as the stream it was asked to be."""
    reason, said = body.get("finish_reason"), body.get("message")
    if "error" in body or isinstance(said, str):  # a message that is plain words is an error's
        reason, said = "ERROR", {"content": ""}
    text = {"message": {"content": {"text": whole.text_of(said["content"])}}}  # type: ignore[index]  # else no answer
    end = {"finish_reason": reason, "usage": body.get("usage"), "error": str(body.get("error") or body.get("message"))}
    parts = (
        {"type": "content-delta", "index": 0, "delta": text},
        {"type": "message-end", "delta": end},
    )
    return "".join(whole.event(part, str(part["type"])) for part in parts)


def _no_raw_words(record: logging.LogRecord) -> bool:
    """Keep out what the SDK tells the root logger of a corrupt chunk: the provider's own words, keys and all."""
    return not str(record.msg).startswith("Skipping SSE event")


def _usage(told: Any) -> Usage | None:
    if told is None or (told.billed_units is None and told.tokens is None):
        return None
    billed = told.billed_units or told.tokens
    # What is billed decides the cost; cached tokens are reported, not discounted.
    return Usage(int(billed.input_tokens or 0), int(billed.output_tokens or 0))
