"""The control channel's document, AsyncAPI 3, made from the very models that validate. Reads them; decides nothing."""

from __future__ import annotations

from typing import Any

from bridge import __version__
from bridge.events import TOPICS
from bridge.protocol import METHODS
from bridge.rpc import MAX_BATCH, MAX_MESSAGE
from bridge.words import API, ERROR_CODES


def asyncapi(url: str = "ws://127.0.0.1:8765/ws") -> dict[str, Any]:
    """Return the AsyncAPI 3 document of the control channel."""
    host = url.removeprefix("wss://").removeprefix("ws://").removesuffix("/ws")
    messages: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for name, (model, words) in METHODS.items():
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        parts |= schema.pop("$defs", {})
        messages[name] = {
            "name": name,
            "summary": words,
            "payload": {
                "type": "object",
                "required": ["jsonrpc", "method"],
                "properties": {
                    "jsonrpc": {"const": "2.0"},
                    "id": {"type": ["string", "number", "null"]},
                    "method": {"const": name},
                    "params": schema,
                },
            },
        }
    received = {
        "hello": {"name": "hello", "summary": "the server's first message"},
        "event": {
            "name": "event",
            "summary": "what happened",
            "payload": {
                "type": "object",
                "properties": {
                    "sub": {"type": "string"},
                    "topic": {"enum": list(TOPICS)},
                    "rev": {"type": "integer"},
                    "t": {"type": "number", "description": "the server's monotonic clock, seconds"},
                    "data": {},
                },
            },
        },
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "drumbridge control channel", "version": API, "x-server-version": __version__},
        "servers": {"local": {"host": host, "protocol": "ws"}},
        "channels": {
            "control": {
                "address": "/ws",
                "description": f"Text frames. A message holds {MAX_MESSAGE >> 20} MiB at most: a longer one is "
                f"answered `too_large`, with id null, and the socket closes (1009). A batch: {MAX_BATCH} requests.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in (*messages, *received)},
            }
        },
        "operations": {
            "call": {
                "action": "receive",
                "channel": {"$ref": "#/channels/control"},
                "messages": [{"$ref": f"#/channels/control/messages/{name}"} for name in messages],
            },
            "tell": {
                "action": "send",
                "channel": {"$ref": "#/channels/control"},
                "messages": [{"$ref": f"#/channels/control/messages/{name}"} for name in received],
            },
        },
        "components": {
            "messages": {**messages, **received},
            "schemas": parts,
            "x-error-codes": dict(ERROR_CODES),
        },
    }
