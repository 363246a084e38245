"""The chunks of a chat completion, as the SDKs hand them on, become our events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from router.budget import Usage
from router.call import FINISHED, Done
from router.providers import chunks
from router.providers.anthropic import Anthropic

HI = {"model": "m", "choices": [{"delta": {"content": "hi"}, "finish_reason": None}]}
END = {"model": "m", "choices": [{"delta": {}, "finish_reason": "stop"}]}
COUNT = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 3}}
COUNTED = Done(FINISHED, Usage(9, 4, cached_tokens=3), "m")


def heard(*told: Any) -> list[Any]:
    """Return the events of a stream of chunks."""

    async def stream() -> AsyncIterator[Any]:
        for one in told:
            yield one

    async def listen() -> list[Any]:
        return [event async for event in chunks.events(stream())]

    return asyncio.run(listen())


@pytest.mark.parametrize(
    "last",
    [
        {"model": "m", "choices": [], "usage": COUNT},
        {"model": "m", "choices": None, "usage": COUNT},
        {"model": "m", "x_groq": {"id": "r", "usage": COUNT}},
    ],
)
def test_usage_that_comes_last_is_told_after_the_end(last: dict[str, Any]) -> None:
    """The end is told at once; the count follows it, wherever the server puts it."""
    assert heard(HI, END, last) == ["hi", Done(FINISHED, None, "m"), COUNTED]


def test_a_count_in_every_chunk_stands_when_none_follows() -> None:
    """Some servers count along instead of at the end: their last count is the bill."""
    assert heard({**HI, "usage": COUNT}, END) == ["hi", Done(FINISHED, None, "m"), COUNTED]


@pytest.mark.parametrize("usage", [None, {}])
def test_an_empty_count_is_no_count(usage: object) -> None:
    """What nobody counted is estimated, not free."""
    assert heard(HI, {**END, "usage": usage}) == ["hi", Done(FINISHED, None, "m")]


@pytest.mark.parametrize("odd", ["words", 7, None, {"choices": ["x"]}, {"choices": [{"delta": "x"}]}])
def test_what_is_no_chunk_is_an_error(odd: object) -> None:
    """A provider's file takes these errors for a garbled answer."""
    with pytest.raises((AttributeError, TypeError, KeyError)):
        heard(HI, odd)


@pytest.mark.parametrize("odd", ["9", ["x"], {"a": 1}, -3, float("nan"), 1e308])
def test_counts_that_are_no_numbers_are_no_count(odd: object) -> None:
    """A server that only speaks alike may bill in words: its answer is good, and its tokens are estimated."""
    plain = {**COUNT, "prompt_tokens": odd}
    cached = {**COUNT, "prompt_tokens_details": {"cached_tokens": odd}}
    for usage in (plain, cached, [odd]):
        assert heard(HI, {**END, "usage": usage}) == ["hi", Done(FINISHED, None, "m")]


@pytest.mark.parametrize("odd", [5, True, 2.5])
def test_a_reason_that_is_no_word_is_one_that_nobody_knows(odd: object) -> None:
    """It is no finish, and no fault of ours either."""
    end = {"model": ["x"], "choices": [{"delta": {}, "finish_reason": odd}]}
    assert heard(HI, end)[-1] == Done(str(odd), None, "m")


@pytest.mark.parametrize("odd", ["9", ["x"], {"a": 1}, -3])
def test_what_anthropic_cannot_have_counted_is_estimated(odd: object) -> None:
    """The same holds for a server that speaks like Anthropic's: names, reasons and counts of any kind."""

    async def stream() -> AsyncIterator[Any]:
        yield {"type": "message_start", "message": {"model": odd, "usage": {"input_tokens": odd}}}
        yield {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "hi"}}
        yield {"type": "message_delta", "delta": {"stop_reason": 5}, "usage": {"output_tokens": odd}}
        yield {"type": "message_stop"}

    async def listen() -> list[Any]:
        reader = Anthropic.__new__(Anthropic)  # what is read needs no SDK
        return [event async for event in reader._events(stream())]

    assert asyncio.run(listen()) == ["hi", Done("5", None, odd if isinstance(odd, str) else "")]
