"""What every MIDI port looks like to the engine: five methods, one clock, two queues.

A backend translates its library's errors into `PortError` here and nowhere else; it never decides what sounds,
never blocks the caller and never sends a byte that `legal` refuses.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

LENGTHS: Final = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}
SYSTEM_LENGTHS: Final = {0xF1: 2, 0xF2: 3, 0xF3: 2, 0xF6: 1, 0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1, 0xFE: 1, 0xFF: 1}
MAX_SYSEX: Final = 65_536

Incoming = Callable[[Sequence[tuple[float, bytes]]], None]
"""Called with (engine seconds, bytes) of what came in, from the backend's own thread; must return in microseconds."""


class PortError(Exception):
    """The MIDI system refused; `fix` says in one line what to do about it."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class Unusable(PortError):
    """The installed MIDI library can never work here (a "Dummy" build); trying again does not help."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The ports of the system by name, and what ours are connected to."""

    outputs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    come_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What to open: our client's name, a port's name or "virtual" each way, and old connections to make again."""

    client: str = "drumbridge"
    out: str = "virtual"
    in_: str = "virtual"
    to: tuple[str, ...] = ()
    come_from: tuple[str, ...] = ()


@dataclass(slots=True)
class Parcel:
    """One message on its way: `at` in engine seconds, `left` when it went, `note` what the engine wants to remember."""

    at: float
    data: bytes
    note: Any = None
    left: float = field(default=0.0)


class Port(Protocol):
    """A pair of MIDI ports.

    Attributes:
        backend: jack, jack-rtmidi, alsa, coremidi, winmm or none.
        out, in_: The names as opened.
        lookahead: Seconds ahead of its time at which a message may be handed over; 0 where a message leaves at once.
        loop_delay: Seconds that the graph adds between our input and our output (a JACK feedback loop), else 0.
        pending: Handed over and not yet gone, oldest first; the engine may take from its left to call messages back.
        gone: Messages that left, with `left` set; the engine empties it.
    """

    backend: str
    out: str
    in_: str
    lookahead: float
    loop_delay: float
    pending: deque[Parcel]
    gone: deque[Parcel]

    def open(self, wish: Wish, incoming: Incoming) -> None:
        """Open both ports. Raises PortError."""

    def send(self, parcel: Parcel) -> None:
        """Send at `parcel.at`, or at once where the system cannot wait. Never raises, never blocks."""

    def clock(self, monotonic: float) -> float:
        """Return the engine's seconds at a monotonic instant: the sound card's own clock where there is one."""

    def alive(self) -> str:
        """Return "" while both ports work, else why not. Slow: for the watching thread."""

    def ports(self) -> Listing:
        """Return what the system has. Slow: for the watching thread."""

    def close(self) -> None:
        """Close both ports; harmless when closed."""


def legal(data: bytes) -> bool:
    """Tell whether `data` is exactly one whole MIDI message."""
    if not data:
        return False
    status = data[0]
    if status == 0xF0:
        return 2 <= len(data) <= MAX_SYSEX and data[-1] == 0xF7 and all(byte < 0x80 for byte in data[1:-1])
    wanted = LENGTHS.get(status & 0xF0) if status < 0xF0 else SYSTEM_LENGTHS.get(status)
    return wanted == len(data) and all(byte < 0x80 for byte in data[1:])


_NOISE = re.compile(r"^\d+\s*-\s+|\s*\(\d+\)$|\s+\d+:\d+$|[\s_-]*\d+$|-\d+(?=:)")


def normal_name(name: str) -> str:
    """Return a port's name without what systems add to it: "2- ", " 20:0", " (1)", "-01:" and trailing numbers."""
    seen = ""
    while seen != name:
        seen, name = name, _NOISE.sub("", name, count=1).strip()
    return " ".join(name.lower().split())


def match_name(wanted: str, names: Sequence[str]) -> str | None:
    """Return the port meant by `wanted`: the same name, the same normalised name, or the only one that contains it."""
    if wanted in names:
        return wanted
    key = normal_name(wanted)
    same = [name for name in names if normal_name(name) == key]
    if same:
        return same[0]
    inside = [name for name in names if key and key in normal_name(name)]
    return inside[0] if len(inside) == 1 else None
