"""The scripted port: what tests, `--midi none` and replays open instead of a MIDI system.

Everything sent is kept in `sent` (bounded) and counts as gone at once. Never touches a device.
"""

from __future__ import annotations

from collections import deque

from bridge.ports.base import Incoming, Listing, Parcel, PortError, Wish, legal


class ScriptedPort:
    """A port without wires. `fail` makes it look dead; `feed` plays the outside world."""

    backend = "none"

    def __init__(self, why: str = "", keep: int = 4096) -> None:
        self.why = why
        self.out = ""
        self.in_ = ""
        self.lookahead = 0.0
        self.loop_delay = 0.0
        self.pending: deque[Parcel] = deque()
        self.gone: deque[Parcel] = deque(maxlen=65_536)
        self.sent: deque[Parcel] = deque(maxlen=keep)
        self.fail = ""
        self._incoming: Incoming | None = None
        self._now = 0.0

    def open(self, wish: Wish, incoming: Incoming) -> None:
        """Open; raises PortError while `fail` says so."""
        if self.fail:
            raise PortError(self.fail)
        self.out, self.in_ = f"{wish.client}:out", f"{wish.client}:in"
        self._incoming = incoming

    def send(self, parcel: Parcel) -> None:
        """Keep it; it left the moment it was handed over."""
        if legal(parcel.data):
            parcel.left = max(parcel.at, self._now)
            self.sent.append(parcel)
            self.gone.append(parcel)

    def clock(self, monotonic: float) -> float:
        """Return the monotonic clock itself."""
        self._now = monotonic
        return monotonic

    def alive(self) -> str:
        """Return what `fail` says."""
        return self.fail

    def ports(self) -> Listing:
        """Return nothing: there is no system."""
        return Listing()

    def close(self) -> None:
        """Close."""
        self._incoming = None

    def feed(self, *messages: tuple[float, bytes]) -> None:
        """Play messages into the input, as a backend's thread would."""
        if self._incoming is not None:
            self._incoming(messages)
