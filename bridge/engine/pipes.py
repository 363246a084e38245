"""The two ends of the link inside the engine: a thread that reads commands, a thread that writes events.

Neither ever makes the player wait: commands are unpacked here, events that the daemon does not read are dropped and
counted.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from bridge.engine.link import BrokenLink, Row, Unpacker, pack, rows
from bridge.engine.timeline import Loaded

MAX_EVENTS: Final = 2048


class Writer:
    """Writes events to a file descriptor; `put` never blocks."""

    def __init__(self, handle: int) -> None:
        self.dropped = 0
        self._handle = handle
        self._waiting: deque[dict[str, Any]] = deque()
        self._wake = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def put(self, event: dict[str, Any]) -> None:
        """Queue an event, or drop it while the daemon does not read; a reply somebody waits for is never dropped."""
        if len(self._waiting) >= MAX_EVENTS and event["e"] != "reply":
            self.dropped += 1
            return
        self._waiting.append(event)
        self._wake.release()

    def _run(self) -> None:
        while True:
            self._wake.acquire()
            try:
                event = self._waiting.popleft()
            except IndexError:
                return
            if not self._write(pack(event)):
                return

    def _write(self, frame: bytes) -> bool:
        view = memoryview(frame)
        while view:
            try:
                view = view[os.write(self._handle, view) :]
            except OSError:
                self._waiting.clear()
                return False  # nobody listens any more; the reader will see the end
        return True

    def close(self, seconds: float) -> None:
        """Write what waits, for at most `seconds`."""
        self._wake.release()
        self._thread.join(seconds)


class Reader:
    """Reads commands from a file descriptor; hands (head, rows or Loaded or error) to `deliver`, None at the end."""

    def __init__(self, handle: int, deliver: Callable[[dict[str, Any] | None, Any], None]) -> None:
        self._handle = handle
        self._deliver = deliver
        threading.Thread(target=self._run, name="commands", daemon=True).start()

    def _run(self) -> None:
        unpacker = Unpacker()
        try:
            while data := os.read(self._handle, 65_536):
                for head, payload in unpacker.feed(data):
                    self._deliver(head, _prepare(head, payload))
        except (OSError, BrokenLink):
            pass  # a link that broke has ended
        self._deliver(None, None)


def _prepare(head: dict[str, Any], payload: bytes) -> Loaded | tuple[Row, ...] | str:
    """Compile patterns here, where it holds up no note; an error is told as text."""
    if head.get("c") != "load":
        return ()
    try:
        beats = [int(beat) for beat in head["beats"]]
        return Loaded.build(str(head["id"]), int(head["ticks"]), int(head["bar_ticks"]), beats, rows(payload))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        return f"load: {error!s:.300}"
