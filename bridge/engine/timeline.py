"""Timeline: what sounds when. A looping base, switches waiting for their boundary, overlays (fills), note-offs.

Pure; time is ticks of the song. Never leaves a note without its note-off, never plays a tick twice, never looks at
seconds. Messages of one instant: first the hits (a note that still sounds gets its off before), then the offs.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from bridge.engine.chain import Chain
from bridge.engine.link import CONTROL_CHANGE, NOTE_ON, Row
from bridge.engine.meter import MeterMap

BOUNDARIES: Final = ("now", "beat", "bar", "2bars", "4bars", "end")
MAX_PATTERNS: Final = 1024
MAX_QUEUED: Final = 256


class Out(NamedTuple):
    """A message at a tick; `row` and `pattern` say what it was struck for, None for a note-off."""

    tick: int
    data: bytes
    row: Row | None = None
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A pattern compiled to MIDI, rows in the order of leaving."""

    id: str
    ticks: int
    bar_ticks: int
    beats: tuple[int, ...]
    rows: tuple[Row, ...]
    starts: tuple[int, ...] = field(repr=False)

    @classmethod
    def build(cls, identity: str, ticks: int, bar_ticks: int, beats: Sequence[int], rows: Iterable[Row]) -> Loaded:
        """Check and compile.

        Raises:
            ValueError: If a number is out of range, in words.
        """
        if not 0 < bar_ticks <= ticks <= 2**24 or ticks % bar_ticks:
            raise ValueError(f"a pattern of {ticks} ticks does not hold whole bars of {bar_ticks}")
        if sum(beats) != bar_ticks or any(beat <= 0 for beat in beats):
            raise ValueError(f"beats {list(beats)} do not fill a bar of {bar_ticks} ticks")
        kept: dict[tuple[int, int, int], Row] = {}
        for row in rows:
            _check(row, ticks)
            key = (row.tick, row.status, row.data1)
            if (
                key not in kept or kept[key].data2 < row.data2
            ):  # one drum struck twice at once is one stroke, the louder
                kept[key] = row
        ordered = tuple(sorted(kept.values(), key=lambda row: (row.tick, row.status & 0xF0 == NOTE_ON)))
        return cls(identity, ticks, bar_ticks, tuple(beats), ordered, tuple(row.tick for row in ordered))


def _check(row: Row, ticks: int) -> None:
    kind = row.status & 0xF0
    if kind not in {NOTE_ON, CONTROL_CHANGE} or row.data1 > 127 or row.data2 > 127:
        raise ValueError(f"{row} is no note and no controller")
    if not 0 <= row.tick < ticks:
        raise ValueError(f"{row} lies outside the pattern")
    if kind == NOTE_ON and not row.data2:
        raise ValueError(f"{row} has no velocity")


@dataclass(slots=True)
class Queued:
    """A switch that waits for `tick`. `origin` is where the pattern's first bar lies; `chain` is the song it begins.

    A `standing` one was asked for while nothing played: wherever the song begins, it is in place already. After one of
    `goes_on` (ids) it goes on at that one's place in the phrase, instead of with its own first bar.
    """

    pattern: Loaded
    at: str
    once: bool
    tag: str
    tick: int
    origin: int
    chain: Chain[Loaded] | None = None
    standing: bool = False
    goes_on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Overlay:
    """A pattern that plays once, from `start` to `end`, instead of the base."""

    pattern: Loaded
    origin: int
    start: int
    end: int


class Timeline:
    """Everything before `cursor` has been played; nothing after it has."""

    def __init__(self) -> None:
        self.meters = MeterMap()
        self.patterns: dict[str, Loaded] = {}
        self.base: Loaded | None = None
        self.origin = 0
        self.overlay: Overlay | None = None
        self.queue: list[Queued] = []
        self.chain: Chain[Loaded] | None = None
        self.anchored = False  # the song position is somebody else's: a song lies at its tick 0
        self.finished = False  # a song came to its end; the owner sees and clears
        self.cursor = 0
        self.changed = False  # what plays or waits is not what it was; the owner tells and clears
        self._swap: tuple[int, Loaded] | None = None  # the base's next version, and from when on it plays
        self._offs: list[tuple[int, int, int]] = []
        self._sounding: dict[tuple[int, int], int] = {}
        self._struck_already: tuple[int, frozenset[tuple[int, int]]] = (-1, frozenset())

    def __repr__(self) -> str:
        base = self.base.id if self.base else None
        return f"<Timeline at {self.cursor}: {base}, {len(self.queue)} queued, {len(self._sounding)} sounding>"

    @property
    def sounding(self) -> int:
        """How many notes sound."""
        return len(self._sounding)

    # -- the shelf -----------------------------------------------------------------------------------------------

    def load(self, pattern: Loaded, *, past: int | None = None, at_beat: bool = False) -> None:
        """Keep a pattern; the same id replaces it wherever it plays or waits, in phase.

        Args:
            pattern: What to keep.
            past: The tick up to which the music is over; what the new version has before it is not made up for.
            at_beat: What plays changes at the next beat, where feel moves least: no stroke is heard twice.
        """
        if len(self.patterns) >= MAX_PATTERNS and pattern.id not in self.patterns:
            self.forget([next(iter(self.patterns))])
        self.patterns[pattern.id] = pattern
        following = self.next_tick()
        if past is not None and (following is None or following >= past):
            self.cursor = max(self.cursor, past)
        if self.base is not None and self.base.id == pattern.id:
            if at_beat and self.chain is None and self.base.bar_ticks == pattern.bar_ticks:
                self._swap = (self.meters.next_beat(self.cursor), pattern)
            else:
                self.base, self._swap = pattern, None
        for entry in self.queue:
            if entry.pattern.id == pattern.id:
                entry.pattern = pattern
        for chain in (self.chain, *(entry.chain for entry in self.queue)):
            if chain is not None:
                chain.replace(pattern)

    def forget(self, ids: Iterable[str]) -> None:
        """Drop patterns from the shelf; what plays or waits goes on."""
        for identity in ids:
            self.patterns.pop(identity, None)

    # -- queueing ------------------------------------------------------------------------------------------------

    def enqueue(
        self,
        pattern: Loaded,
        at: str,
        *,
        once: bool = False,
        tag: str = "",
        after: int | None = None,
        chain: Chain[Loaded] | None = None,
        standing: bool = False,
        goes_on: frozenset[str] = frozenset(),
    ) -> Queued:
        """Let a pattern take over at the first boundary at or after tick `after` (default: what is not played yet).

        A later wish for the same boundary replaces the earlier one.
        """
        tick = max(0, self.cursor if after is None else after)
        if self.base is None and not once and not self.meters.given:
            self.meters.reset(pattern.bar_ticks, pattern.beats)
        entry = Queued(pattern, at, once, tag, *self._boundary(pattern, at, tick, once=once), chain, standing, goes_on)
        self.queue = [
            old for old in self.queue if (old.tick, old.once) != (entry.tick, once) and not (tag and old.tag == tag)
        ]
        self.queue.append(entry)
        self.queue.sort(key=lambda item: (item.tick, item.once))
        del self.queue[:-MAX_QUEUED]
        self.changed = True
        return entry

    def _boundary(self, pattern: Loaded, at: str, tick: int, *, once: bool) -> tuple[int, int]:
        """Return (tick of the switch, tick where the pattern's first bar lies)."""
        meters = self.meters
        span = meters.at(tick)
        same_meter = span.bar_ticks == pattern.bar_ticks
        if at in {"now", "beat"} and same_meter:
            take_over = meters.next_beat(tick) if at == "beat" or once else tick
            return take_over, meters.bar_start(take_over)
        if at == "end" and self.base is not None:
            found = tick + (self.origin - tick) % self.base.ticks
        else:
            found = meters.next_bar(tick, {"2bars": 2, "4bars": 4}.get(at, 1))
        return found, found

    def cancel(self, tag: str) -> int:
        """Take back what waits under a tag; returns how many."""
        kept = [entry for entry in self.queue if entry.tag != tag]
        gone, self.queue = len(self.queue) - len(kept), kept
        self.changed = self.changed or bool(gone)
        return gone

    # -- playing -------------------------------------------------------------------------------------------------

    def next_tick(self) -> int | None:
        """Return the first tick from the cursor on where something happens, or None."""
        edges = [entry.tick for entry in self.queue[:1]]
        if self.overlay is not None:
            edges += [edge for edge in (self.overlay.start, self.overlay.end) if edge >= self.cursor]
        if self._offs:
            edges.append(self._offs[0][0])
        if self._swap is not None:
            edges.append(self._swap[0])
        if self.chain is not None and (edge := self.chain.edge(self.cursor)) is not None:
            edges.append(edge)
        row = self._next_row(min(edges, default=None))
        if row is not None:
            edges.append(row)
        return max(self.cursor, min(edges)) if edges else None

    def _active(self, tick: int) -> tuple[Loaded | None, int, str]:
        overlay = self.overlay
        if overlay is not None and overlay.start <= tick < overlay.end:
            return overlay.pattern, overlay.origin, overlay.pattern.id
        return self.base, self.origin, self.base.id if self.base else ""

    def _next_row(self, before: int | None) -> int | None:
        pattern, origin, _ = self._active(self.cursor)
        if pattern is None or not pattern.rows:
            return None
        phase = (self.cursor - origin) % pattern.ticks
        index = bisect_left(pattern.starts, phase)
        distance = (
            pattern.starts[index] - phase if index < len(pattern.starts) else pattern.ticks + pattern.starts[0] - phase
        )
        found = self.cursor + distance
        return found if before is None or found < before else None

    def take(self, tick: int) -> list[Out]:
        """Play what happens at `tick`, the next one that has something; returns messages in the order of leaving."""
        self.cursor = tick
        cut = self._switch(tick)
        out: list[Out] = []
        self._strike(tick, tick, out)
        ended: list[tuple[int, int]] = []
        while self._offs and self._offs[0][0] <= tick:
            _, channel, note = heapq.heappop(self._offs)
            ended.append((channel, note))
        for key in [*cut, *ended]:
            due = self._sounding.get(key)
            if due is not None and (due <= tick or (key in cut and not self._struck(key, out))):
                del self._sounding[key]
                out.append(Out(tick, bytes((0x80 | key[0], key[1], 0))))
        self.cursor = tick + 1
        return out

    @staticmethod
    def _struck(key: tuple[int, int], out: list[Out]) -> bool:
        on = bytes((NOTE_ON | key[0], key[1]))
        return any(message.data[:2] == on for message in out)

    def _switch(self, tick: int) -> list[tuple[int, int]]:
        """Apply what is due at `tick`; returns the notes that sound and belong to what was before."""
        self._renew(tick)
        before = self._active(tick - 1)
        if self.overlay is not None and tick >= self.overlay.end:
            self.overlay, self.changed = None, True
        while self.queue and self.queue[0].tick <= tick:
            entry = self.queue.pop(0)
            self._take_over(entry, tick)
            self.changed = True
        self._follow(tick)
        return list(self._sounding) if self._active(tick) != before else []

    def _renew(self, tick: int | None = None) -> None:
        """Let the base's next version play, if its beat has come (`tick` None: whenever it would have)."""
        if self._swap is None or (tick is not None and tick < self._swap[0]):
            return
        if self.base is not None and self.base.id == self._swap[1].id:
            self.base = self._swap[1]
        self._swap = None

    def _take_over(self, entry: Queued, tick: int) -> None:
        pattern = entry.pattern
        entry.origin = self._origin(entry)
        if entry.once:
            self.overlay = Overlay(pattern, entry.origin, tick, entry.origin + pattern.ticks)
            return
        if self.overlay is not None and self.overlay.start < tick:
            self.overlay = None  # a new groove does not wait behind an old fill
        self.base, self.origin, self.chain = pattern, entry.origin, entry.chain
        if entry.chain is not None:
            if entry.chain.origin is None:
                entry.chain.origin = 0 if self.anchored else entry.tick
            self._follow(tick)
            return
        self.meters.change(entry.tick, pattern.bar_ticks, pattern.beats)

    def _origin(self, entry: Queued) -> int:
        """Return where a waiting pattern's first bar will lie."""
        base = self.base
        goes_on = base is not None and base.id in entry.goes_on and base.bar_ticks == entry.pattern.bar_ticks
        return self.origin if goes_on else entry.origin

    def _follow(self, tick: int) -> None:
        """Let the part of the song that lies at `tick` play; at its end nothing does."""
        if self.chain is None:
            return
        found = self.chain.at(tick)
        if found is None:
            if self.base is not None:
                self.base, self.finished, self.changed = None, True, True
            return
        _, part, start = found
        if self.base is not part or self.origin != start:
            self.base, self.origin, self.changed = part, start, True
        line = min(start, tick)  # a part that joins late has begun before
        if self.meters.bar_start(line) == line:  # a metre can change at a bar line only
            self.meters.change(line, part.bar_ticks, part.beats)

    def _strike(self, tick: int, source: int, out: list[Out]) -> None:
        """Play the rows that lie at song tick `source`, now, at `tick`."""
        pattern, origin, identity = self._active(source)
        if pattern is None:
            return
        phase = (source - origin) % pattern.ticks
        index = bisect_left(pattern.starts, phase)
        while index < len(pattern.rows) and pattern.starts[index] == phase:
            row = pattern.rows[index]
            index += 1
            if row.status & 0xF0 == NOTE_ON:
                key = (row.status & 0x0F, row.data1)
                already = source == self._struck_already[0] and key in self._struck_already[1]
                if key in self._sounding and not already:
                    out.append(Out(tick, bytes((0x80 | key[0], key[1], 0))))
                off = tick + max(1, row.length)
                self._sounding[key] = off
                heapq.heappush(self._offs, (off, *key))
                if already:
                    continue
            out.append(Out(tick, bytes((row.status, row.data1, row.data2)), row, identity))

    def join_late(self, entry: Queued) -> list[Out]:
        """Let an entry whose boundary just passed take over now; what it would have played since leaves at once."""
        self.queue = [old for old in self.queue if old is not entry]
        tick = self.cursor
        cut = list(self._sounding)
        self._take_over(entry, tick)
        if entry.once and self.overlay is not None:
            self.overlay = Overlay(self.overlay.pattern, entry.origin, entry.tick, self.overlay.end)
        out: list[Out] = []
        pattern = entry.pattern
        for start in sorted(set(pattern.starts[: bisect_left(pattern.starts, tick - entry.origin)])):
            if entry.origin + start >= entry.tick:
                self._strike(tick, entry.origin + start, out)
        for key in cut:
            if key in self._sounding and not self._struck(key, out):
                del self._sounding[key]
                out.append(Out(tick, bytes((0x80 | key[0], key[1], 0))))
        self.changed = True
        return out

    def release(self, but: frozenset[tuple[int, int]] = frozenset()) -> list[Out]:
        """Return the note-off of everything that sounds; nothing sounds afterwards, `but` these."""
        out = [Out(self.cursor, bytes((0x80 | channel, note, 0))) for channel, note in self._sounding.keys() - but]
        self._sounding = {key: due for key, due in self._sounding.items() if key in but}
        self._offs.clear()
        return out

    def jump(self, tick: int, *, top: bool = False, fresh: frozenset[tuple[int, int]] = frozenset()) -> list[Out]:
        """Go to another position; `top` is a start from the beginning. Returns the releases.

        What waits moves to the first boundary of its kind from there on; the base stays in phase with the song. Drums
        in `fresh` were struck this very moment: where the new position strikes them too, they are not struck twice.
        """
        self.overlay = None
        self._place(tick, top=top)
        held = frozenset(key for key in self.keys_at(tick) if key in fresh)
        self._struck_already = (tick, held)
        return self.release(held)

    def keys_at(self, tick: int) -> list[tuple[int, int]]:
        """Return (channel, note) of what would be struck at a tick if it were gone to."""
        pattern, origin = self.base, self.origin
        for entry in self.queue:
            if entry.tick == tick and not entry.once:
                pattern, origin = entry.pattern, self._origin(entry)
        if pattern is None:
            return []
        phase = (tick - origin) % pattern.ticks
        return [
            (row.status & 0x0F, row.data1) for row in pattern.rows if row.tick == phase and row.status & 0xF0 == NOTE_ON
        ]

    def _place(self, tick: int, *, top: bool) -> None:
        self._renew()
        self.cursor = tick
        waiting = self.queue
        self.queue = []
        for entry in [entry for entry in waiting if entry.standing]:
            waiting.remove(entry)
            self.base, self.origin, self.chain, self.changed = entry.pattern, 0, entry.chain, True
        self._align(top=top)
        for entry in waiting:
            if self.base is None and not entry.once:
                self.meters.reset(entry.pattern.bar_ticks, entry.pattern.beats)
            self.enqueue(
                entry.pattern, entry.at, once=entry.once, tag=entry.tag, chain=entry.chain, goes_on=entry.goes_on
            )

    def _align(self, *, top: bool) -> None:
        if self.chain is not None:
            self._align_song(self.chain, top=top)
            return
        if self.base is None:
            return
        offset = self.origin % self.base.bar_ticks
        if top or offset:
            self.origin = 0
        self.meters.reset(self.base.bar_ticks, self.base.beats)

    def _align_song(self, chain: Chain[Loaded], *, top: bool) -> None:
        """Find the part at the cursor, and the bars as the song counts them."""
        if top or self.anchored:
            chain.origin = 0
        first = chain.parts[0]
        self.meters.reset(first.bar_ticks, first.beats)
        for tick, part in chain.until(self.cursor):
            self.meters.change(tick, part.bar_ticks, part.beats)
        found = chain.at(self.cursor)
        self.base, self.origin = (None, self.origin) if found is None else (found[1], found[2])
        self.changed = True
