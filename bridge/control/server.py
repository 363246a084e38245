"""The listener: HTTP and WebSocket on one port. Lets in who may enter, carries messages, throws out who misbehaves.

Decides nothing about music. A client that floods, stalls or never reads costs itself, not the others and not the beat.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidUpgrade
from websockets.frames import CloseCode
from websockets.headers import parse_subprotocol
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from bridge import rpc
from bridge.control.access import PROTOCOL, Denied, Gate, target
from bridge.control.http import Site, answer, refuse
from bridge.methods import Client, Then

_log = logging.getLogger(__name__)

MAX_CLIENTS: Final = 32
_MAX_UNREAD: Final = 8 << 20
"""Bytes that wait for one client at most; a pattern of 10,000 hits in a few events must still pass."""
_STALLED_S: Final = 10.0
"""A client that takes nothing for so long, while something waits for it, is dropped."""
_WRITE_BUFFER: Final = 64 << 10
_MESSAGES_PER_S: Final = 1000.0
_BURST: Final = 2000.0
_BYTES_PER_S: Final = 4 << 20
_PATIENCE_S: Final = 5.0
"""A client that stays over its rate for so long is thrown out."""
_CALLS_AT_ONCE: Final = 2048
_GOODBYE_S: Final = 0.1
"""A script may send and close: how long what it asked for last may still take. A `job.wait` ends with its client."""

_TOO_LARGE: Final = rpc.RpcError(
    rpc.INVALID_REQUEST, "too_large", f"a message holds {rpc.MAX_MESSAGE >> 20} MiB at most; this one is longer",
    "send a pattern by its id, a recording by its path; the socket is closed",
)  # fmt: skip

Call = Callable[[str, Mapping[str, Any], Client], Awaitable[Any]]


class _Bucket:
    """A token bucket; `debt` is what a client has overdrawn."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._at = burst, time.monotonic()

    def take(self, amount: float) -> float:
        """Take `amount`; return the seconds until the bucket is whole again, 0 when it was there."""
        now = time.monotonic()
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level >= amount:
            self._level -= amount
            return 0.0
        return (amount - self._level) / self._rate


class _Line(ServerConnection):
    """A connection that says in our own words why it ends, when a message is too long even to be read."""

    def __init__(self, protocol: ServerProtocol, server: Server, **options: Any) -> None:
        super().__init__(protocol, server, **options)
        self._end = protocol.fail
        protocol.fail = self._fail  # type: ignore[method-assign]  # the one hook before its close frame

    def _fail(self, code: int, reason: str = "") -> None:
        if code == CloseCode.MESSAGE_TOO_BIG and self.protocol.state is State.OPEN:
            self.protocol.send_text(rpc.write(rpc.failure(None, _TOO_LARGE)).encode())
        self._end(code, reason)


class _Peer:
    """One open socket."""

    def __init__(self, number: int, connection: ServerConnection, source: str) -> None:
        self.connection = connection
        self.client = Client(number, self._event, source)
        self._out: asyncio.Queue[str] = asyncio.Queue()
        self._unsent = 0
        self._moved = time.monotonic()
        self.dropped = False
        self.messages = _Bucket(_MESSAGES_PER_S, _BURST)
        self.volume = _Bucket(_BYTES_PER_S, 2 * rpc.MAX_MESSAGE)
        self.over_since: float | None = None
        self.calls: set[asyncio.Task[None]] = set()
        self.turn = asyncio.Lock()

    def _event(self, params: Mapping[str, Any]) -> None:
        self.send(rpc.write(rpc.notification("event", params)))

    def send(self, text: str) -> None:
        """Queue a message; a client with far too much unread is dropped at once."""
        if self.dropped:
            return
        self._unsent += len(text)
        if self._unsent > _MAX_UNREAD and self._out.qsize() > 1:
            self.drop(f"{self._unsent >> 20} MiB wait for it")
            return
        self._out.put_nowait(text)

    def stalled(self, now: float) -> bool:
        """Return whether something waits for this client and nothing has gone out for too long."""
        waits = self._unsent > 0 or self.connection.transport.get_write_buffer_size() > _WRITE_BUFFER
        self._moved = self._moved if waits else now
        return now - self._moved > _STALLED_S

    def drop(self, why: str) -> None:
        """Cut the connection without ceremony."""
        self.dropped = True
        _log.warning("client %d is dropped: %s", self.client.number, why)
        self.connection.transport.abort()

    async def write(self) -> None:
        """Send what is queued, in order, until the socket closes."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                text = await self._out.get()
                await self.connection.send(text)
                self._unsent -= len(text)
                self._moved = time.monotonic()


class ControlServer:
    """The daemon's one listening port."""

    def __init__(
        self, gate: Gate, site: Site, call: Call, hello: Callable[[], Mapping[str, Any]], gone: Callable[[int], None]
    ) -> None:
        self._gate = gate
        self._site = site
        self._call = call
        self._hello = hello
        self._gone = gone
        self._numbers = itertools.count(1)
        self._peers: dict[int, _Peer] = {}
        self._servers: list[Server] = []
        self._watch: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        """Calls begin one after the other, whoever sent them, and each client has one in the row: however many flood,
        the rounds of the loop stay short, and who asks one thing waits for one call of each of them."""

    def __len__(self) -> int:
        return len(self._peers)

    async def open(self, hosts: tuple[str, ...], port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen on `port` (0: any free one, the same for all hosts) and return it.

        Raises:
            OSError: If the first host's port cannot be had; further hosts (::1) are best effort.
        """
        for index, host in enumerate(hosts):
            try:
                server = await serve(
                    self._handle, host, port, process_request=self._process, select_subprotocol=_select,
                    compression=None, max_size=rpc.MAX_MESSAGE, max_queue=8, open_timeout=5, ping_interval=10,
                    ping_timeout=15, close_timeout=0.3, server_header=None, write_limit=_WRITE_BUFFER, ssl=tls,
                    logger=logging.getLogger("drumbridge.websockets"), create_connection=_Line,
                )  # fmt: skip
            except OSError:
                if index == 0:
                    raise
                _log.info("no listening on %s: this machine has no such address, or the port is taken there", host)
                continue
            self._servers.append(server)
            port = port or next(iter(server.sockets)).getsockname()[1]
            self._gate.port = port
        self._watch = asyncio.create_task(self._look_after(), name="control-watch")
        return port

    async def close(self) -> None:
        """Close every socket."""
        if self._watch is not None:
            self._watch.cancel()
        for server in self._servers:
            server.close(close_connections=True, code=1001, reason="drumbridge is closing")
        for peer in self._peers.values():
            for task in list(peer.calls):
                task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await asyncio.gather(*(server.wait_closed() for server in self._servers))

    # The handshake ----------------------------------------------------------------------------------------------

    def _process(self, _connection: ServerConnection, request: Request) -> Response | None:
        """Answer plain HTTP, refuse strangers; None lets the WebSocket handshake go on."""
        headers = request.headers
        authority, uri = target(request.path)
        denied = self._gate.address(headers.get_all("Host"), headers.get_all("Origin"), authority)
        if denied is not None:
            return refuse(denied.status, denied.message)
        method = getattr(request, "method", "GET")
        if method not in {"GET", "HEAD"}:
            return refuse(405, "only GET and HEAD are answered here")
        path, _, query = uri.partition("?")
        if path != "/ws" and not self._site.needs_token(path):
            return self._plain(path, query, method, headers)
        denied = self._gate.credentials(headers.get_all("Authorization"), _offered(headers), time.monotonic())
        if denied is not None:
            return refuse(denied.status, denied.message)
        if path != "/ws":
            return self._plain(path, query, method, headers)
        denied = self._room(headers)
        return None if denied is None else refuse(denied.status, denied.message)

    def _room(self, headers: Headers) -> Denied | None:
        if headers.get("Upgrade", "").lower() != "websocket":
            return Denied(426, "this path speaks WebSocket only")
        offered = _offered(headers)
        if offered and PROTOCOL not in offered:
            return Denied(400, f"the subprotocol here is {PROTOCOL}")
        if len(self._peers) >= MAX_CLIENTS:
            return Denied(503, f"{MAX_CLIENTS} clients are connected; close one")
        return None

    def _plain(self, path: str, query: str, method: str, headers: Headers) -> Response:
        tags = headers.get_all("If-None-Match")
        body = self._site.get(path, "; ".join(headers.get_all("Cookie")))
        led_by, known = ", ".join(headers.get_all("Sec-Fetch-Site")), tags[0] if tags else None
        return answer(body, head=method == "HEAD", if_none_match=known, query=query, led_by=led_by)

    # Messages ---------------------------------------------------------------------------------------------------

    async def _handle(self, connection: ServerConnection) -> None:
        request = connection.request
        origin = request is not None and request.headers.get("Origin")
        peer = _Peer(next(self._numbers), connection, "page" if origin else "socket")
        self._peers[peer.client.number] = peer
        peer.send(rpc.write(rpc.notification("hello", self._hello())))
        writer = asyncio.create_task(peer.write(), name="control-write")
        try:
            with contextlib.suppress(ConnectionClosed):
                async for message in connection:
                    if isinstance(message, bytes):
                        await connection.close(1003, "text frames only")
                        break
                    await self._receive(peer, message)
            if peer.calls:
                await asyncio.wait(peer.calls, timeout=_GOODBYE_S)
        finally:
            del self._peers[peer.client.number]
            self._gone(peer.client.number)
            writer.cancel()
            for task in list(peer.calls):
                task.cancel()

    async def _receive(self, peer: _Peer, text: str) -> None:
        wait_s = max(peer.messages.take(1), peer.volume.take(len(text)))
        if wait_s:
            await self._slow_down(peer, wait_s)
        else:
            peer.over_since = None
        try:
            value = rpc.parse(text)
        except rpc.RpcError as error:
            peer.send(rpc.write(rpc.failure(None, error)))
            return
        if not isinstance(value, list):
            await self._begin(peer, self._one(peer, value))
        elif not 0 < len(value) <= rpc.MAX_BATCH:
            many = f"a batch holds 1 to {rpc.MAX_BATCH} requests; this one holds {len(value)}"
            peer.send(rpc.write(rpc.failure(None, rpc.invalid_request(many))))
        else:
            await self._begin(peer, self._many(peer, value))

    async def _slow_down(self, peer: _Peer, wait_s: float) -> None:
        """Stop reading for a moment: the client's own socket fills up, nobody else notices."""
        now = time.monotonic()
        peer.over_since = peer.over_since or now
        if now - peer.over_since > _PATIENCE_S:
            error = rpc.RpcError(
                rpc.SERVER_ERROR, "rate_limited", f"more than {_MESSAGES_PER_S:g} messages a second for too long",
                "send less, or wait for answers", retry_after_s=1.0,
            )  # fmt: skip
            peer.send(rpc.write(rpc.failure(None, error)))
            await peer.connection.close(1008, "too many messages")
            return
        await asyncio.sleep(min(wait_s, 0.5))

    async def _begin(self, peer: _Peer, work: Coroutine[Any, Any, None]) -> None:
        """Run one message's work; those of one client overlap, so that a job.wait does not hold up the rest."""
        while len(peer.calls) >= _CALLS_AT_ONCE:
            await asyncio.wait(peer.calls, return_when=asyncio.FIRST_COMPLETED)
        async with self._a_turn_of(peer):
            task = asyncio.create_task(work, name="control-call")
            peer.calls.add(task)
            task.add_done_callback(peer.calls.discard)

    @contextlib.asynccontextmanager
    async def _a_turn_of(self, peer: _Peer) -> AsyncIterator[None]:
        """Begin a call when it is its client's turn, and do its first step before the next begins."""
        async with peer.turn, self._turn:
            yield
            await asyncio.sleep(0)

    async def _one(self, peer: _Peer, value: Any) -> None:
        message, after = await self._answer(peer, value)
        if message is not None:
            peer.send(rpc.write(message))
        if after is not None:
            after()

    async def _many(self, peer: _Peer, values: list[Any]) -> None:
        """Answer a batch with one array, as JSON-RPC has it; notifications alone are answered with nothing."""
        tasks = []
        async with asyncio.TaskGroup() as group:
            for value in values:
                async with self._a_turn_of(peer):
                    tasks.append(group.create_task(self._answer(peer, value)))
        answers = [task.result() for task in tasks]
        messages = [message for message, _ in answers if message is not None]
        if messages:
            peer.send(rpc.write(messages))
        for _, after in answers:
            if after is not None:
                after()

    async def _answer(self, peer: _Peer, value: Any) -> tuple[dict[str, Any] | None, Callable[[], None] | None]:
        """Return the response to one request (None for a notification), and what must follow it."""
        try:
            call = rpc.read_call(value)
        except rpc.RpcError as error:
            identity = value.get("id") if isinstance(value, dict) else None
            return rpc.failure(identity if isinstance(identity, str | int) else None, error), None
        after: Callable[[], None] | None = None
        try:
            result = await self._call(call.method, call.params, peer.client)
            if isinstance(result, Then):
                result, after = result.result, result.after
            message = rpc.result(call.id, result)
        except rpc.RpcError as error:
            message = rpc.failure(call.id, error)
        return (None if call.notify else message), after

    async def _look_after(self) -> None:
        """Once a second: who takes nothing, or pings and never reads the pongs, is dropped."""
        while True:
            await asyncio.sleep(1.0)
            now = time.monotonic()
            for peer in list(self._peers.values()):
                if peer.stalled(now) or peer.connection.transport.get_write_buffer_size() > _MAX_UNREAD:
                    peer.drop("it does not read")


def _offered(headers: Headers) -> list[str]:
    names: list[str] = []
    for line in headers.get_all("Sec-WebSocket-Protocol"):
        with contextlib.suppress(InvalidUpgrade, ValueError):
            names += parse_subprotocol(line)
    return names


def _select(_: ServerConnection, offered: Any) -> Subprotocol | None:
    """Echo our protocol, never the one that carries the token."""
    return Subprotocol(PROTOCOL) if PROTOCOL in offered else None
