"""What comes in: bytes become whole messages, floods become latest values, our own echo is not input.

Pure and bounded: whatever arrives, nothing raises and nothing grows. System exclusive, time code and sensing are
dropped; clock and transport messages are never thinned.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bridge.ports.base import LENGTHS

MAX_WAITING: Final = 2048
ECHO_SECONDS: Final = 0.02
TRANSPORT_ECHO_SECONDS: Final = 0.1
ECHOES_TO_MUTE: Final = 8
MUTE_SECONDS: Final = 10.0
_EDGE: Final = 64
_KNOWN: Final = frozenset({0xF8, 0xFA, 0xFB, 0xFC})
_BEGINS: Final = frozenset({0xFA, 0xFB})


class Splitter:
    """Cuts a byte stream into messages: running status, clocks inside other messages, cut and wild bytes."""

    def __init__(self) -> None:
        self._status = 0
        self._data = bytearray()
        self._wanted = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield each whole message that is of use to us."""
        for byte in data:
            if byte >= 0xF8:
                if byte in _KNOWN:
                    yield bytes((byte,))
            elif byte >= 0x80:
                self._status, self._wanted = byte, 2 if byte == 0xF2 else LENGTHS.get(byte & 0xF0, 1) - 1
                self._data.clear()
            elif self._wanted:
                self._data.append(byte)
                if len(self._data) == self._wanted:
                    yield bytes((self._status, *self._data))
                    self._data.clear()
                    if self._status >= 0xF0:
                        self._wanted = 0


@dataclass(slots=True)
class _Entry:
    at: float
    data: bytes


class Intake:
    """Collects what arrives between two looks of the engine."""

    def __init__(self) -> None:
        self.dropped = 0
        self._urgent: list[tuple[float, bytes]] = []
        self._queue: deque[_Entry] = deque()
        self._latest: dict[int, _Entry] = {}
        self._splitter = Splitter()

    def __repr__(self) -> str:
        return f"<Intake {len(self._urgent)} urgent, {len(self._queue)} waiting, {self.dropped} dropped>"

    def put(self, at: float, data: bytes) -> bool:
        """Take bytes in; True when the engine should look at once (clock, transport, panic)."""
        status = data[0] if data else 0
        if len(data) == 1 and status in _KNOWN:
            if len(self._urgent) < 4 * MAX_WAITING:
                self._urgent.append((at, data))
            return True
        if len(data) == 3 and 0x80 <= status < 0xF0 and not (data[1] | data[2]) & 0x80 and LENGTHS[status & 0xF0] == 3:
            return self._message(at, data)
        urgent = False
        for message in self._splitter.feed(data):
            urgent = self._message(at, message) or urgent
        return urgent

    def _message(self, at: float, data: bytes) -> bool:
        status = data[0]
        if status >= 0xF0:
            if len(self._urgent) < MAX_WAITING:
                self._urgent.append((at, data))
            return True
        if status & 0xF0 == 0xB0:
            return self._controller(at, data)
        self._keep(_Entry(at, data))
        return False

    def _controller(self, at: float, data: bytes) -> bool:
        """Of a moving controller only the last value counts, but each crossing of 64 is an edge of a button."""
        if data[1] in {120, 123} and len(self._urgent) < MAX_WAITING:
            self._urgent.append((at, data))
        key = data[0] << 7 | data[1]
        entry = self._latest.get(key)
        if entry is not None and (entry.data[2] >= _EDGE) == (data[2] >= _EDGE):
            entry.data = data
            self.dropped += 1
            return data[1] in {120, 123}
        entry = _Entry(at, data)
        if self._keep(entry):
            self._latest[key] = entry
        return data[1] in {120, 123}

    def _keep(self, entry: _Entry) -> bool:
        if len(self._queue) >= MAX_WAITING:
            self.dropped += 1
            return False
        self._queue.append(entry)
        return True

    @property
    def waiting(self) -> bool:
        """Whether channel messages wait to be forwarded."""
        return bool(self._queue)

    def urgent(self) -> list[tuple[float, bytes]]:
        """Hand out clock, transport and panic messages, oldest first."""
        taken, self._urgent = self._urgent, []
        return taken

    def drain(self) -> tuple[list[tuple[float, bytes]], int]:
        """Hand out the channel messages, oldest first, and how many were thinned since the last look."""
        taken = [(entry.at, entry.data) for entry in self._queue]
        self._queue.clear()
        self._latest.clear()
        dropped, self.dropped = self.dropped, 0
        return taken, dropped


class EchoGuard:
    """Knows what we sent lately, so that an output wired to our input is not taken for a player or a master."""

    def __init__(self) -> None:
        self._sent: dict[bytes, float] = {}
        self._pulse_at = -1.0
        self._delays: deque[float] = deque(maxlen=24)
        self._echoes = 0
        self._muted_until = -1.0
        self._led = False  # a master outside started or went on: its pulses are no echo, however steady beside ours
        self.says = ""

    def sent(self, data: bytes, at: float) -> None:
        """Remember a message that leaves at `at`."""
        if data[0] == 0xF8:
            self._pulse_at = at
            return
        if data[0] in _BEGINS:
            self._led = False
        self._sent.pop(data, None)
        self._sent[data] = at
        if len(self._sent) > 512:
            del self._sent[next(iter(self._sent))]

    def is_echo(self, data: bytes, at: float) -> bool:
        """Tell whether what came in is our own."""
        status = data[0]
        if status == 0xF8:
            return not self._led and self._pulse_echo(at)
        sent = self._sent.get(data)
        window = TRANSPORT_ECHO_SECONDS if status >= 0xF0 else ECHO_SECONDS
        if sent is not None and -0.005 <= at - sent <= window:
            self._echoes += 1
            if self._echoes >= ECHOES_TO_MUTE and status < 0xF0:
                if at >= self._muted_until:  # said once, however long it goes on
                    self.says = "our own output comes back on the input: notes from there are ignored until it ends"
                self._muted_until = at + MUTE_SECONDS
                self._echoes = 0
            return True
        self._led = status in _BEGINS or (self._led and status != 0xFC)
        return at < self._muted_until and status & 0xE0 == 0x80

    def _pulse_echo(self, at: float) -> bool:
        """Our own clock comes back at a steady delay; a foreign one drifts through ours."""
        delay = at - self._pulse_at
        if self._pulse_at < 0 or delay > 0.25:
            self._delays.clear()
            return False
        self._delays.append(delay)
        return max(self._delays) - min(self._delays) < 0.0025
