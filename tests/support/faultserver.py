"""A loopback server that speaks the four providers' streaming protocols byte by byte and misbehaves on request.

For what no third-party fake can do: error events inside a stream, drips, half bodies, 200 with {} or HTML, cached-token
usage, x_groq usage, early-close detection. Not a model: it says what it is told, and remembers what it saw and when.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

GROOVE = """@ 4/4 grid=16 bpm=120
1 c X... .... .... ....|k X... ..x. X... ....|s .... X..g .... X...|h x.x. x.x. x.x. x.o.
2 =1|s .... X..g .g.. X.gg
"""
CHOICE = (
    '{"fits": true, "genre": "funk", "style": "", "drummer": "", "complexity": 0.5, "density": 0.5, "swing": 0,'
    ' "humanize": 0.5, "suggestions": ["play it slower", "leave beat one empty", "brushes"]}'
)


@dataclass(frozen=True)
class Fault:
    """What one answer does wrong. Times in seconds, `after` in text pieces.

    Attributes:
        kind: ok, status, body, reset, silence, slow, cut (mid-frame), close (clean end, no end mark), stall, malformed,
            no_end, no_done, open (all said, connection left open), drip, half, error_event, length, filter,
            whole (one JSON body, for servers that do not stream; without usage when `after` is 0).
    """

    kind: str = "ok"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 30.0
    after: int = 3
    text: str | None = None
    model: str | None = None


OK = Fault()


@dataclass
class Seen:
    """One request as it came; `closed` is set when the caller hangs up before the end."""

    protocol: str
    model: str
    at: float
    body: dict[str, Any]
    headers: dict[str, str]
    closed: asyncio.Event = field(default_factory=asyncio.Event)


def sse(data: Any, event: str = "") -> bytes:
    """Return one server-sent event."""
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def frames(protocol: str, pieces: list[str], model: str, reason: str = "stop") -> tuple[list[bytes], list[bytes]]:
    """Return (text frames, end frames) of a good stream: 400 prompt tokens, 100 of them cached, 60 answer tokens."""
    if protocol == "anthropic":
        usage: dict[str, Any] = {
            "input_tokens": 300,
            "output_tokens": 1,
            "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 0,
        }
        message = {"id": "m", "type": "message", "role": "assistant", "content": [], "model": model, "usage": usage}
        message |= {"stop_reason": None, "stop_sequence": None}
        start = sse({"type": "message_start", "message": message}, "message_start")
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        text = [
            sse({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}},
                "content_block_delta")
            for piece in pieces
        ]  # fmt: skip
        text[0] = start + sse(block, "content_block_start") + text[0]
        why = {"stop": "end_turn", "length": "max_tokens", "filter": "refusal"}[reason]
        delta = {"type": "message_delta", "delta": {"stop_reason": why, "stop_sequence": None},
                 "usage": {"output_tokens": 60}}  # fmt: skip
        return text, [sse(delta, "message_delta"), sse({"type": "message_stop"}, "message_stop")]
    if protocol == "cohere":
        text = [
            sse(
                {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": piece}}}},
                "content-delta",
            )
            for piece in pieces
        ]
        head = {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant", "content": []}}}
        text[0] = sse(head, "message-start") + text[0]
        why = {"stop": "COMPLETE", "length": "MAX_TOKENS", "filter": "ERROR"}[reason]
        units = {"input_tokens": 400.0, "output_tokens": 60.0}
        end = {
            "type": "message-end",
            "delta": {"finish_reason": why, "usage": {"billed_units": units, "tokens": units}},
        }
        return text, [sse(end, "message-end")]
    base = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model}
    text = [
        sse({**base, "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}) for piece in pieces
    ]
    why = {"stop": "stop", "length": "length", "filter": "content_filter"}[reason]
    last: dict[str, Any] = {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": why}]}
    usage: dict[str, Any] = {"prompt_tokens": 400, "completion_tokens": 60, "total_tokens": 460}
    usage |= {"prompt_tokens_details": {"cached_tokens": 100}, "completion_tokens_details": {"reasoning_tokens": 10}}
    if protocol == "groq":
        last["x_groq"] = {"id": "r", "usage": usage}
        return text, [sse(last), sse("[DONE]")]
    return text, [sse(last), sse({**base, "choices": [], "usage": usage}), sse("[DONE]")]


def whole(protocol: str, text: str, model: str) -> dict[str, Any]:
    """Return the same answer as `frames`, as the one body that a server gives which does not stream."""
    if protocol == "anthropic":
        usage = {"input_tokens": 300, "output_tokens": 60, "cache_read_input_tokens": 100}
        said = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": text}]
        return {"type": "message", "model": model, "content": said, "stop_reason": "end_turn", "usage": usage}
    if protocol == "cohere":
        units = {"billed_units": {"input_tokens": 400, "output_tokens": 60}}
        return {"message": {"content": [{"type": "text", "text": text}]}, "finish_reason": "COMPLETE", "usage": units}
    said_once = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    tokens = {"prompt_tokens": 400, "completion_tokens": 60, "prompt_tokens_details": {"cached_tokens": 100}}
    return {"object": "chat.completion", "model": model, "choices": [said_once], "usage": tokens}


class FaultServer:
    """Answers as planned: `plan` maps "provider", "provider/model" or "*" to faults in order, the last repeating."""

    def __init__(
        self, plan: dict[str, list[Fault]] | None = None, *, answer: Callable[[Seen], str] | None = None
    ) -> None:
        self.plan = plan or {}
        self.seen: list[Seen] = []
        self.arrived = asyncio.Event()
        self.headers: dict[str, str] = {}
        self.split = 0
        self._answer = answer or (lambda seen: CHOICE if "drum machine" in json.dumps(seen.body)[:4000] else GROOVE)
        self._counts: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def env(self, *names: str) -> dict[str, str]:
        """Return keys and base URLs for the named providers, or all four."""
        whole = {
            "anthropic": {"ANTHROPIC_API_KEY": "canary-a", "ANTHROPIC_BASE_URL": self.url},
            "openai": {"OPENAI_API_KEY": "canary-o", "OPENAI_BASE_URL": f"{self.url}/v1"},
            "groq": {"GROQ_API_KEY": "canary-g", "GROQ_BASE_URL": self.url},
            "cohere": {"CO_API_KEY": "canary-c", "CO_API_URL": self.url},
        }
        return {key: value for name in (names or tuple(whole)) for key, value in whole[name].items()}

    def asked(self, provider: str) -> list[Seen]:
        """Return the requests that one provider saw."""
        return [seen for seen in self.seen if seen.protocol == provider]

    def _fault(self, seen: Seen) -> Fault:
        for key in (f"{seen.protocol}/{seen.model}", seen.protocol, "*"):
            if key in self.plan:
                index = self._counts[key] = self._counts.get(key, -1) + 1
                return self.plan[key][min(index, len(self.plan[key]) - 1)]
        return OK

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or b"{}")
        path = head[0].split()[1]
        protocol = ("anthropic" if "/messages" in path else "cohere" if "/v2/chat" in path
                    else "groq" if path.startswith("/openai/") else "openai")  # fmt: skip
        if head[0].startswith("GET"):
            await self._whole(writer, 200, {}, '{"object":"list","data":[],"models":[],"has_more":false}')
            return True
        seen = Seen(protocol, body.get("model", ""), time.monotonic(), body, headers)
        self.seen.append(seen)
        self.arrived.set()
        fault = self._fault(seen)
        gone = asyncio.create_task(self._watch(reader, seen))
        try:
            return await self._act(fault, seen, writer)
        finally:
            gone.cancel()

    async def _watch(self, reader: asyncio.StreamReader, seen: Seen) -> None:
        while not reader.at_eof():  # a StreamReader has no event for its end
            await asyncio.sleep(0.003)
        seen.closed.set()

    async def _act(self, fault: Fault, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        kind = fault.kind
        if kind == "reset":
            socket = writer.get_extra_info("socket")
            socket.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER 0: a reset instead of a polite close
            writer.transport.abort()
            return False
        if kind == "silence":
            await asyncio.sleep(fault.seconds)
            return False
        if kind == "half":
            writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"id":')
            await writer.drain()
            return False
        if kind in {"status", "body"}:
            await self._whole(
                writer, fault.status, fault.headers, fault.body or json.dumps({"error": {"message": "no"}})
            )
            return True
        text = fault.text if fault.text is not None else self._answer(seen)
        if kind == "whole":
            said = whole(seen.protocol, text, fault.model or seen.model)
            if not fault.after:
                del said["usage"]
            await self._whole(writer, 200, fault.headers, json.dumps(said))
            return True
        size = max(1, len(text) // 8)
        pieces = [text[at : at + size] for at in range(0, len(text), size)] or [""]
        reason = kind if kind in {"length", "filter"} else "stop"
        parts, end = frames(seen.protocol, pieces, fault.model or seen.model, reason)
        lines = ["HTTP/1.1 200 OK", "content-type: text/event-stream", "transfer-encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in {**self.headers, **fault.headers}.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await writer.drain()
        if kind == "slow":
            await asyncio.sleep(fault.seconds)
        for index, part in enumerate(parts):
            if index == fault.after and kind == "stall":
                await asyncio.sleep(fault.seconds)
                return False
            if index == fault.after and kind == "cut":
                writer.write(f"{len(part):x}\r\n".encode() + part[: len(part) // 2])
                await writer.drain()
                return False
            if index == fault.after and kind == "close":
                return await self._last(writer)
            if index == fault.after and kind == "malformed":
                broken = fault.body or 'data: {"type": "content-delta", "choices": [{"del'
                part = f"{broken}\n\n".encode()  # noqa: PLW2901
            if index == fault.after and kind == "error_event":
                await self._chunk(writer, fault.body.encode())
                return await self._last(writer)
            await self._chunk(writer, part)
            if kind == "drip":
                await asyncio.sleep(fault.seconds)
        for part in end[: 0 if kind == "no_end" else None]:
            if not (kind in {"no_done", "open"} and b"[DONE]" in part):
                await self._chunk(writer, part)
        if kind == "open":
            await asyncio.sleep(fault.seconds)
        return await self._last(writer)

    async def _chunk(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        step = self.split or len(data) or 1
        for at in range(0, len(data), step):
            piece = data[at : at + step]
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            if self.split:
                await writer.drain()
        await writer.drain()

    async def _last(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _whole(self, writer: asyncio.StreamWriter, status: int, headers: dict[str, str], body: str) -> None:
        data = body.encode()
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(data)}"]
        lines += [
            f"{name}: {value}"
            for name, value in {"content-type": "application/json", **self.headers, **headers}.items()
        ]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + data)
        await writer.drain()


def main() -> None:
    """Serve until killed; print the address first. For benchmarks, which want the server in a process of its own."""

    async def serve() -> None:
        async with FaultServer() as server:
            server.headers = {"x-ratelimit-limit-tokens": "1000000000", "x-ratelimit-remaining-tokens": "1000000000"}
            sys.stdout.write(f"{server.url}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
