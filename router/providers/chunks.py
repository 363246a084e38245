"""Reads the chunks of a chat completion, which OpenAI and Groq stream alike; usage comes last, if at all.

Imports no SDK. Never calls an answer finished without its finish reason.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from router.budget import Usage
from router.call import CUT, FILTERED, FINISHED, Done, Event
from router.providers import whole

_REASONS: Final = {"stop": FINISHED, "length": CUT, "content_filter": FILTERED}


async def events(stream: Any) -> AsyncGenerator[Event, None]:
    """Yield text, then `Done` without usage at the finish reason, then `Done` with it when the usage comes.

    Some servers count along in every chunk instead: their last count stands when none follows the finish reason.
    """
    model, reason = "", ""
    counted: Any = None
    async for chunk in stream:
        model = chunk.model or model
        if chunk.choices:
            choice = chunk.choices[0]
            text = choice.delta.content if choice.delta is not None else None
            if text:
                yield text
            if choice.finish_reason:
                reason = _REASONS.get(choice.finish_reason, choice.finish_reason)
        told = chunk.usage or getattr(getattr(chunk, "x_groq", None), "usage", None)
        counted = told or counted
        if reason and told is not None:
            yield Done(reason, usage_of(told), model)
            reason = ""
        elif reason and chunk.choices:
            yield Done(reason, None, model)
    if reason and counted is not None:
        yield Done(reason, usage_of(counted), model)


def whole_events(body: Mapping[str, Any]) -> str:
    """Write a whole chat completion as the stream it was asked to be."""
    if "error" in body:
        return whole.event({"error": body["error"]})
    choice = body["choices"][0]
    delta = {"role": "assistant", "content": whole.text_of(choice["message"]["content"])}
    said = {"index": 0, "delta": delta, "finish_reason": choice.get("finish_reason")}
    head = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": body.get("model") or ""}
    return whole.event({**head, "choices": [said], "usage": body.get("usage")}) + "data: [DONE]\n\n"


def usage_of(told: Any) -> Usage:
    """Bring the counts to our meaning; cached tokens are part of the prompt here."""
    prompt = getattr(told, "prompt_tokens_details", None)
    answer = getattr(told, "completion_tokens_details", None)
    return Usage(
        told.prompt_tokens or 0,
        told.completion_tokens or 0,
        cached_tokens=getattr(prompt, "cached_tokens", None) or 0,
        cache_write_tokens=getattr(prompt, "cache_write_tokens", None) or 0,
        reasoning_tokens=getattr(answer, "reasoning_tokens", None) or 0,
    )


REHEARSAL: Final = (
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
    '"delta":{"role":"assistant","content":"x"},"finish_reason":null}]}\n\n'
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},'
    '"finish_reason":"stop"}],"x_groq":{"id":"r","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}}\n\n'
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],'
    '"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n'
    "data: [DONE]\n\n"
)
