"""Reads the chunks of a chat completion, which OpenAI and Groq stream alike; usage comes last, if at all.

Imports no SDK. Never calls an answer finished without its finish reason.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from router.budget import Usage
from router.call import CUT, FILTERED, FINISHED, Done, Event
from router.providers import sdk, whole

_REASONS: Final = {"stop": FINISHED, "length": CUT, "content_filter": FILTERED}


async def events(stream: Any) -> AsyncGenerator[Event, None]:
    """Yield text, then `Done` without usage at the finish reason, then `Done` with it when the usage comes.

    The chunks are plain dicts; see `sdk.post`.
    Some servers count along in every chunk instead: their last count stands when none follows the finish reason.
    """
    model, reason = "", ""
    counted: Usage | None = None
    async for chunk in stream:
        model = sdk.name_of(chunk.get("model"), model)
        choices = chunk.get("choices")
        if choices:
            choice = choices[0]
            text = (choice.get("delta") or {}).get("content")
            if text:
                yield text
            if said := choice.get("finish_reason"):
                reason = _REASONS.get(said, str(said))
        told = usage_of(chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage"))
        counted = told or counted
        if reason and told:
            yield Done(reason, told, model)
            reason = ""
        elif reason and choices:
            yield Done(reason, None, model)
    if reason and counted:
        yield Done(reason, counted, model)


def whole_events(body: Mapping[str, Any]) -> str:
    """Write a whole chat completion as the stream it was asked to be."""
    if "error" in body:
        return whole.event({"error": body["error"]})
    choice = body["choices"][0]
    delta = {"role": "assistant", "content": whole.text_of(choice["message"]["content"])}
    said = {"index": 0, "delta": delta, "finish_reason": choice.get("finish_reason")}
    head = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": body.get("model") or ""}
    return whole.event({**head, "choices": [said], "usage": body.get("usage")}) + "data: [DONE]\n\n"


def usage_of(told: Any) -> Usage | None:
    """Bring the counts to our meaning; cached tokens are part of the prompt here. None where nothing was counted."""
    if not told:
        return None
    try:
        prompt = told.get("prompt_tokens_details") or {}
        answer = told.get("completion_tokens_details") or {}
        return Usage(
            sdk.tokens(told.get("prompt_tokens")),
            sdk.tokens(told.get("completion_tokens")),
            cached_tokens=sdk.tokens(prompt.get("cached_tokens")),
            cache_write_tokens=sdk.tokens(prompt.get("cache_write_tokens")),
            reasoning_tokens=sdk.tokens(answer.get("reasoning_tokens")),
        )
    except (AttributeError, TypeError):  # a good answer is not thrown away for a bill that nobody can read
        return None


REHEARSAL: Final = (
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
    '"delta":{"role":"assistant","content":"x"},"finish_reason":null}]}\n\n'
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},'
    '"finish_reason":"stop"}],"x_groq":{"id":"r","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}}\n\n'
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],'
    '"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n'
    "data: [DONE]\n\n"
)
