"""Answers that come whole although a stream was asked for: some servers and proxies do not stream.

Imports no SDK. Turns the one JSON body into the events that the provider's own stream would have had, so that one
reader serves both; an event stream under another content type passes as it is. Never takes half a body for an answer.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import cache
from typing import Any, Final

MAX_BYTES: Final = 2_000_000
"""Twice the longest answer that is read, escapes included."""

Events = Callable[[Mapping[str, Any]], str]
"""Writes a whole answer as server-sent events; raises KeyError, TypeError or ValueError for what is none."""


def event(data: Mapping[str, Any], name: str = "") -> str:
    """Return one server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n" if name else f"data: {json.dumps(data)}\n\n"


def text_of(content: Any) -> str:
    """Return the words of a message, given as a string or as a list of parts; thoughts are left out."""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part.get("type", "text") == "text")


@cache
def hook(http: Any, events: Events) -> Callable[[Any], Awaitable[None]]:
    """Return a response hook for `http` (httpx or httpx2) that lets a whole answer pass for a stream."""

    class Whole(http.AsyncByteStream):  # type: ignore[misc]  # the base is known only once the SDK is loaded
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        async def __aiter__(self) -> AsyncIterator[bytes]:
            head = b""
            streams = False
            async for part in self._inner:
                head += part
                if streams:
                    yield part
                elif head.lstrip()[:1] not in {b"", b"{"}:
                    streams = True
                    yield head
                elif len(head) > MAX_BYTES:
                    raise ValueError("the body is too long")
            if not streams and head.strip():
                yield events(json.loads(head)).encode()

        async def aclose(self) -> None:
            await self._inner.aclose()

    async def look(response: Any) -> None:
        plain = "event-stream" not in response.headers.get("content-type", "")
        if plain and response.status_code == 200 and response.request.method == "POST":
            response.stream = Whole(response.stream)
            response.headers["content-type"] = "text/event-stream"

    return look
