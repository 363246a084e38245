"""The watcher: looks twice a second whether the ports live, and rebuilds them with back-off when they do not.

Runs in its own thread because asking a MIDI system can be slow. It never plays; the player swaps the port itself.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bridge.ports.base import Listing, PortError, Wish
from bridge.ports.opening import open_port

if TYPE_CHECKING:
    from bridge.engine.process import Engine

LOOK_SECONDS: Final = 0.5
BACKOFF_SECONDS: Final = (0.1, 0.2, 0.4, 0.8, 1.0)


class Watcher:
    """Keeps `listing` fresh, tells the engine of losses and brings it new ports."""

    def __init__(self, engine: Engine, wish: Wish) -> None:
        self.listing = Listing()
        self._engine = engine
        self._wish = wish
        self._ended = threading.Event()
        self._reopen = False
        self._told: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; waits for a look that is going on."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def options(self, head: dict[str, Any]) -> None:
        """Take other port names or connections from the daemon."""
        if "out" in head or "in" in head:
            self._wish = replace(
                self._wish, out=str(head.get("out", self._wish.out)), in_=str(head.get("in", self._wish.in_))
            )
            self._reopen = True
        connections = head.get("connections")
        if isinstance(connections, dict):
            to, come_from = (tuple(map(str, connections.get(way) or ())) for way in ("out", "in"))
            self._wish = replace(self._wish, to=to, come_from=come_from)
            self._reopen = True

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS if not self._reopen else 0.0):
            port = self._engine.port
            if port.backend == "none":
                self._reopen = False
                continue
            why = "asked to open other ports" if self._reopen else port.alive()
            self._reopen = False
            if why:
                self._rebuild(port, why)
            else:
                self._look(port)

    def _look(self, port: Any) -> None:
        self.listing = listing = port.ports()
        connections = (listing.to, listing.come_from)
        if connections != self._told and not port.alive():
            self._told = connections
            self._wish = replace(self._wish, to=listing.to, come_from=listing.come_from)
            self._post("listing", listing)

    def _rebuild(self, port: Any, why: str) -> None:
        engine = self._engine
        self._post("lost", why)
        while engine.port is port and not self._ended.wait(0.002):
            pass  # the player lets go of it first
        if not port.alive():
            self._ended.wait(0.02)  # its last note-offs have to leave
        port.close()
        for attempt in range(1_000_000):
            if self._ended.wait(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)] if attempt else 0.0):
                return
            try:
                fresh = open_port(
                    engine.args.midi if engine.args.midi != "auto" else port.backend, self._wish, engine.incoming
                )
            except PortError:
                continue
            self._told = None
            self._post("port", fresh)
            time.sleep(0.05)
            self._look(fresh)
            return

    def _post(self, kind: str, what: Any) -> None:
        self._engine.inbox.append((kind, what, None))
        self._engine.poke()
