"""The daemon's side of the link, for tests: starts an engine process, sends commands, waits for events with a bound."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from bridge.engine.link import Row, Unpacker, pack

BAR = 3840
QUARTERS = [960, 960, 960, 960]


def groove(*, bars: int = 1, step: int = 960, note: int = 36, length: int = 120) -> list[Row]:
    """Return hits on every `step` of a 4/4 pattern; the first of each bar is louder."""
    return [Row(t, length, 0x99, note, 120 if t % BAR == 0 else 90, 0) for t in range(0, bars * BAR, step)]


class EngineProcess:
    """A running engine. `events` keeps all that came, oldest first."""

    def __init__(self, sounding: Path, *arguments: str, env: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "bridge.engine.process", "--sounding", str(sounding), *arguments]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env or dict(os.environ)
        )
        self.events: list[dict[str, Any]] = []
        self._arrived: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.reading = threading.Event()  # cleared: the events are left in the pipe
        self.reading.set()
        self._number = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        unpacker = Unpacker()
        assert self.process.stdout is not None
        with self.process.stdout as pipe:
            while data := os.read(pipe.fileno(), 65536):
                while not self.reading.wait(0.1):
                    pass
                for head, _ in unpacker.feed(data):
                    self._arrived.put(head)
        self._arrived.put(None)

    def wait(self, what: Callable[[dict[str, Any]], bool] | str, timeout: float = 30) -> dict[str, Any]:
        """Return the first event from now on that matches (a name or a question)."""
        matches = (lambda e: e["e"] == what) if isinstance(what, str) else what
        deadline = time.monotonic() + timeout
        while True:
            event = self._arrived.get(timeout=max(0.001, deadline - time.monotonic()))
            assert event is not None, f"the engine ended with {self.process.wait(20)}; it said {self.events[-5:]}"
            self.events.append(event)
            if matches(event):
                return event

    def drain(self) -> list[dict[str, Any]]:
        """Return all events so far."""
        while not self._arrived.empty():
            event = self._arrived.get()
            if event is not None:
                self.events.append(event)
        return self.events

    def send(self, command: str, rows: Iterable[Row] = (), **head: Any) -> int:
        """Send a command; returns its number."""
        self._number += 1
        assert self.process.stdin is not None
        self.process.stdin.write(pack({"c": command, "n": self._number, **head}, rows))
        self.process.stdin.flush()
        return self._number

    def ask(self, command: str, rows: Iterable[Row] = (), **head: Any) -> dict[str, Any]:
        """Send a command and return its reply."""
        number = self.send(command, rows, **head)
        return self.wait(lambda e: e["e"] == "reply" and e.get("n") == number)

    def load(
        self, identity: str, rows: list[Row], *, bars: int = 1, bar_ticks: int = BAR, beats: list[int] | None = None
    ) -> None:
        """Load a pattern."""
        reply = self.ask(
            "load", rows, id=identity, ticks=bars * bar_ticks, bar_ticks=bar_ticks, beats=beats or QUARTERS
        )
        assert "error" not in reply, reply

    def end(self, how: int | None = None, timeout: float = 20) -> int:
        """End by the pipe's end, or by a signal; returns the exit code."""
        assert self.process.stdin is not None
        if how is None:
            self.process.stdin.close()
        else:
            self.process.send_signal(how)
        return self.process.wait(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(5)
        self.reading.set()
        self._thread.join(5)
        assert self.process.stdin is not None
        self.process.stdin.close()
