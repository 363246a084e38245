"""Groq: its SDK, its quirks, its errors translated. Imports the SDK only when a client is made.

Usage comes in `x_groq` of the last chunk (`stream_options` is a TypeError). Closing a stream does not stop the bill, so
an abandoned call is counted at its reservation. Never retries, never follows a redirect.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from router.call import Call, Event
from router.errors import AttemptFailed
from router.providers import chunks, sdk, whole

# Strict schemas work on some models only; where they do not, the prompt's own words must do.
_STRICT: Final = ("openai/gpt-oss-",)


class Groq:
    """Open models on Groq's hardware, over the official SDK."""

    name = "groq"
    close_ends_bill = False

    def __init__(self, key: str, base_url: str | None = None, *, transport: Any = None) -> None:
        """Load the SDK and make a client; do it in a worker thread.

        Args:
            key: The account's key.
            base_url: The host's root, or None for the SDK's own.
            transport: Stands in for the network in rehearsals.
        """
        import groq  # noqa: PLC0415  only when its key is set
        import httpx  # noqa: PLC0415  comes with it

        self._sdk, self._http = groq, httpx
        sdk.quiet("groq", "httpx", "httpcore")
        self._refused: set[tuple[str, str]] = set()
        http = httpx.AsyncClient(
            verify=sdk.tls(),
            follow_redirects=False,
            timeout=sdk.BACKSTOP_S,
            transport=transport,
            event_hooks={"request": [sdk.watch], "response": [whole.hook(httpx, chunks.whole_events)]},
        )
        self._client = groq.AsyncGroq(
            api_key=key, base_url=base_url, max_retries=0, timeout=sdk.BACKSTOP_S, http_client=http
        )

    def __repr__(self) -> str:
        return f"<Groq {self._client.base_url}>"

    async def warm(self) -> None:
        """Walk through one call without a network: the first call loads types that the later ones find loaded."""
        transport = sdk.rehearsal(self._http, chunks.REHEARSAL)
        await sdk.rehearse(Groq("rehearsal", "http://rehearsal.invalid", transport=transport))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def models(self) -> Mapping[str, str]:
        """Return the models listed; Groq's list has no lifecycle, what is in it is active."""
        try:
            listed = await self._client.models.list()
            return {model.id: "active" for model in listed.data or ()}
        except Exception as error:  # noqa: BLE001  every foreign error ends here
            raise self._translated(error, "") from None

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Send the call and yield its events; see `router.call.Provider`."""
        try:
            yield sdk.wire()
            stream = await self._create(call)
            async with stream:
                headers = sdk.limits(stream.response.headers)
                if headers is not None:
                    yield headers
                async for event in chunks.events(stream):
                    yield event
        except Exception as error:  # noqa: BLE001  every foreign error ends here
            raise self._translated(error, call.model) from None

    async def _create(self, call: Call) -> Any:
        for _ in range(3):  # one more for each parameter that a model may refuse
            try:
                return await self._post(call)
            except self._sdk.BadRequestError as error:
                refused = sdk.refused_parameter(str(error.body), ("temperature", "reasoning_effort", "response_format"))
                if refused is None or (call.model, refused) in self._refused:
                    raise
                self._refused.add((call.model, refused))
        return await self._post(call)

    async def _post(self, call: Call) -> Any:
        return await sdk.post(self._client, self._sdk.AsyncStream, "/openai/v1/chat/completions", self._body(call))

    def _body(self, call: Call) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": call.model,
            "messages": [
                {"role": "system", "content": call.system},
                *({"role": role, "content": text} for role, text in call.turns),
            ],
            "max_completion_tokens": call.max_tokens,
            "stream": True,
        }
        if call.effort:
            body["reasoning_effort"] = call.effort
        if call.temperature is not None:
            body["temperature"] = call.temperature
        if call.schema is not None and call.model.startswith(_STRICT):
            form = {"name": call.schema_name, "schema": call.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return {name: part for name, part in body.items() if (call.model, name) not in self._refused}

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
        if isinstance(error, self._sdk.APIError):  # an error event inside a 200 stream
            return sdk.failure(self.name, model, 200, str(error.body), {}, time.time())
        if isinstance(error, json.JSONDecodeError | AttributeError | TypeError | KeyError | ValueError):
            return sdk.unreadable(self.name)
        return sdk.dropped(self.name, f"failing ({type(error).__name__})")
