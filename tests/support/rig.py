"""The player in virtual time: no threads, no sleeps. What it puts out is kept as (seconds, bytes)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bridge.engine.link import Row
from bridge.engine.player import Player, Sent
from bridge.engine.timeline import Loaded

BAR = 3840
QUARTERS = (960, 960, 960, 960)


def pattern(
    identity: str,
    hits: Iterable[tuple[int, int]],
    *,
    bars: int = 1,
    bar_ticks: int = BAR,
    beats: Sequence[int] = QUARTERS,
) -> Loaded:
    """Compile (tick, note) pairs; each sounds for 100 ticks."""
    rows = [Row(tick, 100, 0x99, note, 100, 0) for tick, note in hits]
    return Loaded.build(identity, bars * bar_ticks, bar_ticks, beats, rows)


ON_QUARTERS = pattern("quarters", [(0, 36), (960, 37), (1920, 38), (2880, 39)])
ON_EIGHTHS = pattern("eighths", [(tick, 42) for tick in range(0, BAR, 480)])
LEAD = 0.004
"""Seconds from a start to the first note where nobody else leads."""


class Rig:
    """A player, a clock that only moves when told, and what a synthesizer would hear."""

    def __init__(
        self,
        *patterns: Loaded,
        sync: str = "auto",
        bpm: float = 120.0,
        clock_out: bool = False,
        lookahead: float = 0.0,
    ) -> None:
        self.player = Player(bpm, sync)
        self.player.clock_out = clock_out
        self.player.lookahead = lookahead
        self.player.take_back = self._give_back
        self.pending: list[Sent] = []  # handed over ahead of its time, as JACK takes it
        self.now = 100.0
        self.heard: list[tuple[float, bytes]] = []
        self.events: list[dict[str, object]] = []
        self.sounding: Counter[tuple[int, int]] = Counter()
        self.worst = 0  # the most note-ons without their off that one drum ever had
        for loaded in patterns:
            self.player.timeline.load(loaded)

    def ask(self, command: str, **head: object) -> dict[str, object]:
        """Send a command now."""
        reply = self.player.command({"c": command, **head}, (), self.now)
        self._settle()
        return reply

    def midi(self, *data: int) -> None:
        """Let a message come in now."""
        self.player.incoming(bytes(data), self.now, self.now)
        self._settle()

    def run(self, seconds: float) -> None:
        """Let time pass, waking when the player asks to."""
        end = self.now + seconds
        for _ in range(100_000):
            due = self.player.advance(self.now)
            self._keep()
            if due is None or due > end:
                break
            self.now = max(self.now, due)
        else:
            raise AssertionError("the player spins")
        self.now = end
        self._settle()

    def clocks(self, count: int, bpm: float = 120.0) -> None:
        """Let clocks come in, the first now."""
        for _ in range(count):
            self.midi(0xF8)
            self.run(60 / bpm / 24)

    def _settle(self) -> None:
        self.player.advance(self.now)
        self._keep()

    def _keep(self) -> None:
        self.pending += self.player.out
        self.player.out.clear()
        self._leave()
        self.events += self.player.events
        self.player.events.clear()

    def _leave(self) -> None:
        for at, data, _ in [message for message in self.pending if message[0] <= self.now]:
            self.heard.append((at, data))
            key = (data[0] & 15, data[1] if len(data) > 1 else 0)
            if data[0] & 0xF0 == 0x90:
                self.sounding[key] += 1
                self.worst = max(self.worst, self.sounding[key])
            elif data[0] & 0xF0 == 0x80:
                self.sounding[key] = 0
        self.pending = [message for message in self.pending if message[0] > self.now]

    def _give_back(self) -> list[Sent]:
        self._leave()  # what is due by now has left, whether or not the player woke for anything since
        given, self.pending = self.pending, []
        return given

    def ons(self, since: float = 0.0) -> list[tuple[float, int]]:
        """(seconds since `since`, note) of each note-on."""
        return [(round(at - since, 4), data[1]) for at, data in self.heard if data[0] & 0xF0 == 0x90]

    def hanging(self) -> list[tuple[int, int]]:
        """Return notes that still sound."""
        return [key for key, count in self.sounding.items() if count]
