"""The daemon's end of the link: starts the engine process, speaks to it, starts it again when it dies.

Never waits for the engine without a bound, and never lets a failing engine take the daemon with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from bridge.engine.link import BrokenLink, Row, Unpacker, pack

_log = logging.getLogger(__name__)

_CALL_S: Final = 2.0
_GRACE_S: Final = 0.25
"""When this process was the one that was held up, the answer is in the pipe already and needs a turn to be read."""
_CALLS: Final = 512
_BACKLOG: Final = 8 << 20
"""Bytes that wait for the engine to read them; the longest song takes a few of them."""
_READY_S: Final = 8.0
_BACK_OFF_S: Final = (0.0, 0.1, 0.3, 1.0, 5.0)
_FAILURES: Final = 5
_WITHIN_S: Final = 60.0


class EngineDown(Exception):
    """The engine is not there to be asked, or refused; the message says why."""


class EngineBusy(EngineDown):
    """The engine has more to do than it can take in; the same call may succeed in a moment."""


class MidiUnusable(EngineDown):
    """The engine ended because no MIDI system can be used as asked (exit code 7)."""


class EngineLink(Protocol):
    """What a session needs of the engine."""

    def tell(self, command: str, rows: list[Row] = ..., **params: Any) -> int:
        """Send a command and do not wait."""
        ...

    async def call(self, command: str, rows: list[Row] = ..., **params: Any) -> dict[str, Any]:
        """Send a command and return the reply."""
        ...


class Engine:
    """One engine process at a time, and the numbered calls to it.

    Args:
        arguments: Flags of `bridge.engine.process`.
        sounding: File of the table of sounding notes that a successor releases from.
        on_event: Takes each event's head; must not block.
        on_restart: Awaited after a new engine is ready, to load it with what was playing.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        sounding: Path,
        on_event: Callable[[dict[str, Any]], None],
        on_restart: Callable[[], Awaitable[None]],
    ) -> None:
        self._arguments = arguments
        self._sounding = sounding
        self._on_event = on_event
        self._on_restart = on_restart
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[dict[str, Any]] | None = None
        self._closing = False
        self._why = ""
        self.restarts = 0
        self.given_up = ""

    def __repr__(self) -> str:
        return f"<Engine pid {self.pid}, restarts {self.restarts}>"

    @property
    def pid(self) -> int | None:
        """Process id, or None while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> dict[str, Any]:
        """Start the process and return its `ready` event.

        Raises:
            EngineDown: If it does not come up. MidiUnusable: If it says that MIDI is the reason.
        """
        ready = await self._spawn()
        self._watcher = asyncio.create_task(self._watch(), name="engine-watch")
        return ready

    async def _spawn(self) -> dict[str, Any]:
        self._ready = asyncio.get_running_loop().create_future()
        # -P keeps a folder that happens to hold a "bridge" from being imported as ours.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "bridge.engine.process", "--sounding", str(self._sounding), *self._arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        reader = asyncio.create_task(self._read(self._process), name="engine-read")
        either: set[asyncio.Future[Any]] = {self._ready, reader}
        await asyncio.wait(either, timeout=_READY_S, return_when=asyncio.FIRST_COMPLETED)
        if self._ready.done():
            return self._ready.result()
        if not reader.done():
            self._process.kill()
            raise EngineDown(f"the playing process did not come up within {_READY_S:g} s")
        code = await self._process.wait()
        if code == 7:
            raise MidiUnusable(self._why or "no MIDI system can be used; `drumbridge doctor` says what is missing")
        raise EngineDown(f"the playing process ended with code {code} before it was ready")

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            raise EngineDown("the playing process has no output pipe")
        unpacker = Unpacker()
        while data := await process.stdout.read(1 << 16):
            try:
                for head, _ in unpacker.feed(data):
                    self._take(head)
            except BrokenLink as error:
                _log.error("link to the engine broke: %s", error)
                process.kill()
                break

    def _take(self, head: dict[str, Any]) -> None:
        kind = head.get("e")
        if kind == "reply":
            waiting = self._waiting.pop(head.get("n", 0), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(head)
            return
        if kind == "error":
            self._why = str(head.get("text")) + (f" ({head['fix']})" if head.get("fix") else "")
        if kind == "ready" and self._ready is not None and not self._ready.done():
            self._ready.set_result(head)
        try:
            self._on_event(head)
        except Exception:  # noqa: BLE001 - one bad event must not end the reading of all others; it is logged whole
            _log.exception("an engine event could not be handled")

    async def _watch(self) -> None:
        """Wait for the process to end; start a new one, ever more slowly, until five failures in a minute."""
        loop = asyncio.get_running_loop()
        deaths: list[float] = []
        while not self._closing and self._process is not None:
            code = await self._process.wait()
            self._fail_waiting(f"the playing process ended (code {code})")
            if self._closing:
                return
            now = loop.time()
            deaths = [at for at in deaths if now - at < _WITHIN_S] + [now]
            if len(deaths) >= _FAILURES:
                self.given_up = f"the playing process ended {len(deaths)} times in a minute; restart drumbridge"
                _log.error("%s", self.given_up)
                self._on_event({"e": "down", "why": self.given_up})
                return
            _log.warning("the engine ended with code %s; starting a new one", code)
            self._on_event({"e": "down", "why": f"the playing process ended (code {code}); a new one is starting"})
            await asyncio.sleep(_BACK_OFF_S[min(len(deaths) - 1, len(_BACK_OFF_S) - 1)])
            try:
                self.restarts += 1
                await self._spawn()
                await self._on_restart()
            except EngineDown as error:
                _log.warning("the engine did not come back: %s", error)

    def _fail_waiting(self, why: str) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(EngineDown(why))
        self._waiting.clear()

    def tell(self, command: str, rows: Iterable[Row] = (), **params: Any) -> int:
        """Send a command and do not wait.

        Raises:
            EngineDown: If there is no engine to hear it. EngineBusy: If a pattern finds a long line before it.
        """
        number = next(self._numbers)
        if self._process is None or self._process.stdin is None or self._process.returncode is not None:
            raise EngineDown(self.given_up or "the playing process is being restarted; try again in a second")
        if rows and self._process.stdin.transport.get_write_buffer_size() > _BACKLOG:
            raise EngineBusy("the playing process is still taking in the patterns before this one")
        self._process.stdin.write(pack({"c": command, "n": number, **params}, rows))
        return number

    async def call(self, command: str, rows: Iterable[Row] = (), **params: Any) -> dict[str, Any]:
        """Send a command and return the engine's reply.

        Raises:
            EngineDown: If it cannot be asked, does not answer within two seconds, or refuses.
            EngineBusy: If too many ask at once; nothing was sent then.
        """
        if len(self._waiting) >= _CALLS:
            raise EngineBusy(f"{_CALLS} requests wait for the playing process")
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        number = self.tell(command, rows, **params)
        self._waiting[number] = waiting
        try:
            done, _ = await asyncio.wait([waiting], timeout=_CALL_S)
            if not done and not (await asyncio.wait([waiting], timeout=_GRACE_S))[0]:
                raise EngineDown(f"the playing process did not answer {command!r} in {_CALL_S:g} s")
        finally:
            self._waiting.pop(number, None)
        reply = waiting.result()
        if "error" in reply:
            raise EngineDown(str(reply["error"]))
        return reply

    async def close(self, bound_s: float = 1.0) -> None:
        """Let the engine release every note and end; kill it when it takes longer than `bound_s`."""
        self._closing = True
        if self._watcher is not None:
            self._watcher.cancel()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(EngineDown, ConnectionError):
            self.tell("quit")
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(bound_s):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        self._fail_waiting("the daemon is closing")
