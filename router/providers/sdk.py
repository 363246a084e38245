"""What the four SDK files share: headers, one HTTP client without redirects, HTTP statuses as our errors.

Imports no SDK. Never puts a provider's raw body, a prompt or a key into a message.
"""

from __future__ import annotations

import json
import logging
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Final

from router.call import Call, Limits, Provider, Wire
from router.errors import AttemptFailed, Busy, ContentFiltered, Garbled, ModelGone, ProviderOff, Refused

MAX_RETRY_AFTER_S: Final = 3600.0

BACKSTOP_S: Final = 700.0
"""The SDKs' own timeout, above every deadline of ours: theirs is no deadline, but ours must be the one that fires."""

_MOST_TOKENS: Final = 1 << 40
_GONE: Final = re.compile(
    r"end[- ]of[- ]life|deprecat|retired|decommission|no longer (?:available|supported|served)|sunset|shut ?down",
    re.IGNORECASE,
)
_NO_MODEL: Final = re.compile(
    r"model.{0,80}(?:not|n't|no).{0,20}(?:exist|found|available)|(?:unknown|no such|invalid) model|model_not_found",
    re.IGNORECASE | re.DOTALL,
)
_FILTER: Final = re.compile(r"content[_ -]?(?:policy|filter)|safety|moderation|blocked by", re.IGNORECASE)
_CONTEXT: Final = re.compile(
    r"context[_ -]?(?:length|window)|too (?:long|many tokens)|maximum.{0,20}tokens", re.IGNORECASE
)
_MONEY: Final = re.compile(
    r"insufficient_quota|billing|credit balance|spend(?:ing)?[_ -]limit|payment|exceeded your current quota",
    re.IGNORECASE,
)
_DURATION: Final = re.compile(
    r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?"
)

_WIRE: Final[ContextVar[Wire | None]] = ContextVar("wire", default=None)
"""The wire of the call that a task makes: no SDK hands anything of ours on to its HTTP library."""


@cache
def tls() -> ssl.SSLContext:
    """Return one TLS context for all clients: making one costs 25 ms, sharing it 0.2."""
    return ssl.create_default_context()


def quiet(*names: str) -> None:
    """Keep SDK and HTTP loggers at warnings, whatever their own variables say: at debug they print prompts."""
    for name in names:
        logging.getLogger(name).setLevel(logging.WARNING)


async def post(client: Any, stream: Any, path: str, body: Mapping[str, Any]) -> Any:
    """Return the stream of an answer whose events are plain dicts: the SDKs' own way for those who want no objects.

    Their `create` would walk the body type by type, and make objects of each event: a third of the whole call.
    """
    return await client.post(path, body=body, cast_to=object, stream=True, stream_cls=stream[object])


def wire() -> Wire:
    """Return what tells, while this task makes its call, whether anything was sent."""
    mine = Wire()
    _WIRE.set(mine)
    return mine


async def watch(request: Any) -> None:
    """Watch a request (hook of httpx and httpx2): until its connection stands, TLS included, nothing has been sent."""
    mine = _WIRE.get()
    if mine is not None:
        mine.sent = False

        async def trace(event: str, _info: Mapping[str, Any]) -> None:
            mine.sent = mine.sent or not event.startswith("connection.")

        request.extensions["trace"] = trace


def tokens(told: object) -> int:
    """Return a count of tokens, 0 where none was given.

    Raises:
        TypeError: If it is no number from 0 on, as it may be from a server that only speaks alike.
    """
    if told is None:
        return 0
    if not isinstance(told, int | float) or not 0 <= told <= _MOST_TOKENS:
        raise TypeError("no count of tokens")
    return int(told)


def name_of(told: object, otherwise: str = "") -> str:
    """Return the name of the model that answers."""
    return told if isinstance(told, str) and told else otherwise


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float:
    """Return the wait that an answer asks for, in seconds, 0 when it names none.

    Args:
        headers: Names in lower case. `retry-after-ms` counts before `retry-after` (seconds or a date).
        now_s: Seconds since the epoch, for a date.
    """
    wait = _number(headers.get("retry-after-ms"))
    if wait is not None:
        return min(max(wait / 1000, 0.0), MAX_RETRY_AFTER_S)
    text = headers.get("retry-after", "")
    wait = _number(text)
    if wait is None and text:
        try:
            wait = parsedate_to_datetime(text).timestamp() - now_s
        except (ValueError, TypeError, OverflowError):
            wait = None
    return min(max(wait or 0.0, 0.0), MAX_RETRY_AFTER_S)


def limits(headers: Mapping[str, str]) -> Limits | None:
    """Return what the rate-limit headers say (openai's and groq's `x-ratelimit-*`, anthropic's own), or None."""
    headers = dict(headers.items())  # once for all: httpx goes through its whole list for each name
    found: dict[str, float | None] = {}
    for kind in ("requests", "tokens"):
        for part, ours in (("limit", "limit"), ("remaining", "left"), ("reset", "reset_s")):
            text = headers.get(f"x-ratelimit-{part}-{kind}") or headers.get(f"anthropic-ratelimit-{kind}-{part}")
            if text:
                found[f"{kind}_{ours}"] = _duration(text) if part == "reset" else _number(text)
    if not any(value is not None for value in found.values()):
        return None
    whole = {
        name: int(value) if value is not None and not name.endswith("_s") else value for name, value in found.items()
    }
    return Limits(**whole)  # type: ignore[arg-type]  # the names are built from the fields' own


def failure(
    provider: str, model: str, status: int, text: str, headers: Mapping[str, str], now_s: float
) -> AttemptFailed:
    """Return what an HTTP status and the error's words mean for us; the words themselves are not kept.

    Args:
        provider: Who was asked.
        model: For what.
        status: The HTTP status; 200 for an error event inside a stream.
        text: The error's type, code and message, read only to tell kinds apart.
        headers: Names in lower case.
        now_s: Seconds since the epoch.
    """
    wait = retry_after_s(headers, now_s)
    if status == 402 or _MONEY.search(text):
        return ProviderOff(f"{provider} will not answer: its account has no money left or a spending limit is reached")
    if status in {401, 403}:
        return ProviderOff(f"{provider} refused the key (HTTP {status})")
    if status == 410 or (status in {400, 404, 422} and _GONE.search(text)):
        return ModelGone(provider, model, certain=True)
    if status == 404 or (status == 400 and _NO_MODEL.search(text)):
        return ModelGone(provider, model, certain=False)
    if status == 429:
        return Busy(provider, wait, "rate limited")
    if status == 529 or "overloaded" in text:
        return Busy(provider, wait, "overloaded")
    if status >= 500 or status in {408, 409, 425}:
        return Busy(provider, wait, f"in trouble (HTTP {status})")
    if status in {400, 413, 422}:
        if _CONTEXT.search(text):
            return Refused(f"{provider} says that the prompt is too long for {model}")
        if _FILTER.search(text):
            return ContentFiltered(f"{provider}'s content filter refused the request")
        return Refused(f"{provider} refused the request as malformed (HTTP {status})")
    if 300 <= status < 400:
        return Refused(f"{provider}'s address answers with a redirect, which is not followed (HTTP {status})")
    if 200 <= status < 300:
        return Busy(provider, wait, "failing inside its answer")
    return Refused(f"{provider} refused the request (HTTP {status})")


def refused_parameter(text: str, names: tuple[str, ...]) -> str | None:
    """Return which of our optional parameters an error's words name, or None: that one is left out from then on."""
    return next((name for name in names if name in text), None)


def rehearsal(http: Any, body: str) -> Any:
    """Return a transport of `http` (httpx or httpx2) that answers every request with one event stream."""
    headers = {"content-type": "text/event-stream"}
    return http.MockTransport(lambda _request: http.Response(200, headers=headers, content=body.encode()))


async def rehearse(provider: Provider) -> None:
    """Walk a provider through one call; what it yields is of no interest."""
    try:
        async for _ in provider.stream(Call("rehearsal", "s", (("user", "u"),), 16)):
            pass
    finally:
        await provider.aclose()


def unreadable(provider: str) -> Garbled:
    """Return the error for an answer that is not what its protocol says."""
    return Garbled(provider, 0.0, "sending garbled answers")


def dropped(provider: str, why: str) -> Busy:
    """Return the error for a connection that could not be made or broke."""
    return Busy(provider, 0.0, why)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < 1e12 else None


def _duration(text: str) -> float | None:
    """Read "6m0s", "1.5s", "120ms" or plain seconds; a date is left alone."""
    plain = _number(text)
    if plain is not None:
        return plain
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds, millis = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + millis / 1000


@cache
def corruption_check(http: Any) -> Callable[[Any], Awaitable[None]]:
    """Return a response hook for `http` (httpx or httpx2) that makes a corrupt chunk an error.

    Two SDKs lose one without a word: Cohere's skips it and reports COMPLETE, Anthropic's drops an event without a name.
    """

    class Checked(http.AsyncByteStream):  # type: ignore[misc]  # the base is known only once the SDK is loaded
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        async def __aiter__(self) -> AsyncIterator[bytes]:
            rest = b""
            async for part in self._inner:
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    data = line[5:].strip() if line.startswith(b"data:") else b""
                    if data and data != b"[DONE]":
                        json.loads(data)
                yield part

        async def aclose(self) -> None:
            await self._inner.aclose()

    async def check(response: Any) -> None:
        if response.status_code == 200 and "event-stream" in response.headers.get("content-type", ""):
            response.stream = Checked(response.stream)

    return check
