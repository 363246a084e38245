"""OpenAI: its SDK, its quirks, its errors translated. Imports the SDK only when a client is made.

The base URL includes `/v1`. Temperature goes only with reasoning off; usage comes only when asked for, last of all.
Never retries, never follows a redirect.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from typing import Any

from router.call import Call, Event
from router.errors import AttemptFailed
from router.providers import chunks, sdk, whole


class OpenAI:
    """GPT models over the official SDK."""

    name = "openai"
    close_ends_bill = True

    def __init__(self, key: str, base_url: str | None = None, *, transport: Any = None) -> None:
        """Load the SDK and make a client; takes half a second the first time, so do it in a worker thread.

        Args:
            key: The account's key.
            base_url: Including `/v1`, or None for the SDK's own.
            transport: Stands in for the network in rehearsals.
        """
        import httpx2  # noqa: PLC0415  comes with the SDK
        import openai  # noqa: PLC0415  only when its key is set

        self._sdk, self._http = openai, httpx2
        sdk.quiet("openai", "httpx2")
        self._refused: set[tuple[str, str]] = set()
        http = httpx2.AsyncClient(
            verify=sdk.tls(),
            follow_redirects=False,
            timeout=None,
            transport=transport,
            event_hooks={"request": [sdk.watch], "response": [whole.hook(httpx2, chunks.whole_events)]},
        )
        self._client = openai.AsyncOpenAI(
            api_key=key, base_url=base_url, max_retries=0, timeout=sdk.BACKSTOP_S, http_client=http
        )

    def __repr__(self) -> str:
        return f"<OpenAI {self._client.base_url}>"

    async def warm(self) -> None:
        """Walk through one call without a network: the first call loads types that the later ones find loaded."""
        transport = sdk.rehearsal(self._http, chunks.REHEARSAL)
        await sdk.rehearse(OpenAI("rehearsal", "http://rehearsal.invalid/v1", transport=transport))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def models(self) -> Mapping[str, str]:
        """Return the lifecycle of every model in the provider's list."""
        today = datetime.now(UTC).date().isoformat()
        found: dict[str, str] = {}
        try:
            async for model in self._client.models.list():
                ends = getattr(model, "shutdown_date", None)
                found[model.id] = "active" if not ends else "retired" if ends <= today else f"ending:{ends[:10]}"
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
                async for event in chunks.events(stream):
                    yield event
        except Exception as error:  # noqa: BLE001  every foreign error ends here
            raise self._translated(error, call.model) from None

    async def _create(self, call: Call) -> Any:
        for _ in range(3):  # one more for each of the two parameters that a model may refuse
            try:
                return await self._post(call)
            except self._sdk.BadRequestError as error:
                refused = sdk.refused_parameter(f"{error.param} {error.body}", ("temperature", "reasoning_effort"))
                if refused is None or (call.model, refused) in self._refused:
                    raise
                self._refused.add((call.model, refused))
        return await self._post(call)

    async def _post(self, call: Call) -> Any:
        return await sdk.post(self._client, self._sdk.AsyncStream, "/chat/completions", self._body(call))

    def _body(self, call: Call) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": call.model,
            "messages": [
                {"role": "system", "content": call.system},
                *({"role": role, "content": text} for role, text in call.turns),
            ],
            "max_completion_tokens": call.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if call.schema is not None:
            form = {"name": call.schema_name, "schema": call.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        if call.effort and (call.model, "reasoning_effort") not in self._refused:
            body["reasoning_effort"] = call.effort
        # With reasoning on, newer models refuse a temperature.
        warm = call.temperature is not None and call.effort in {"", "none"}
        if warm and (call.model, "temperature") not in self._refused:
            body["temperature"] = call.temperature
        return body

    def _translated(self, error: Exception, model: str) -> AttemptFailed:
        if isinstance(error, AttemptFailed):
            return error
        if isinstance(error, self._sdk.APIStatusError):
            text = f"{error.code} {error.type} {error.body}"
            return sdk.failure(self.name, model, error.status_code, text, error.response.headers, time.time())
        if isinstance(error, self._sdk.APITimeoutError | self._http.TimeoutException):
            return sdk.dropped(self.name, "silent")
        if isinstance(error, self._sdk.APIConnectionError | self._http.HTTPError):
            return sdk.dropped(self.name, "not reachable or broke off")
        if isinstance(error, self._sdk.APIError):  # an error event inside a 200 stream
            return sdk.failure(self.name, model, 200, f"{error.code} {error.type} {error.body}", {}, time.time())
        if isinstance(error, json.JSONDecodeError | AttributeError | TypeError | KeyError | ValueError):
            return sdk.unreadable(self.name)
        return sdk.dropped(self.name, f"failing ({type(error).__name__})")
