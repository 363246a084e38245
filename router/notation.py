"""Bar-line text <-> Pattern, bar by bar as it streams.

Pure and tolerant: what cannot be read is mended and the mend is named, with its bar, lane and beat; what is missing is
said. Never guesses a metre, never invents a bar. Microtiming is not in the text; the feel engine makes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from router.errors import InvalidRequest
from router.labels import LANES, LETTER, voice_of
from router.pattern import MAX_BARS, RESOLUTION, VOICE_INDEX, Hit, Meter, Pattern
from router.score import Bar, Mend, Score
from router.tables import Table, plain
from router.tabs import TabLine, Tabs, cells_of, grid_of

WHOLE: Final = RESOLUTION * 4
MAX_LINE: Final = 4000
"""Longer lines are prose or an attack; 64 lanes of 16 beats stay below."""

GHOST: Final = 32
HIT: Final = 84
ACCENT: Final = 112
_GRACE_TICKS: Final = 45
"""About 23 ms at 120: where a flam is heard as one stroke."""

_BAR: Final = re.compile(
    r"[\s>*`+-]*(?:bar\s+|b)?(\d{1,3})(?:-(\d{1,3}))?\**\s*(!?)\s*\**[:.)|]?\**\s+(\S.*)", re.IGNORECASE
)
_COPY: Final = re.compile(r"=\s*(\d{1,3})\s*\|?\s*(.*)")
_HEADER: Final = re.compile(r"[\s>*`]*@(?!@)\s*(?:(\d{1,2}/\d{1,2})(?=\s|$))?\s*(.*)")
_TOKEN: Final = re.compile(r"\([^()|]*\)|\[[^\[\]|]*\]|[^\s()\[\]|]+")
_REST: Final = frozenset(".-_·,0~")
_PEDAL: Final = {"o": 33, "O": 25, "u": 62}
"""CC 4 as the measured kit sends it: 90 closed, 33 open, 55 pedal; the drum map turns it for other kits."""


class Reader:
    """Reads an answer as it streams. Feed it text; it knows how many bars are whole; `close` gives the score."""

    def __init__(self, meter: Meter, bars: int) -> None:
        self._asked = meter
        self._wanted = bars
        self._rest = ""
        self._mends: list[Mend] = []
        self._feel: dict[str, str] = {}
        self._tabs = Tabs()
        self._table = Table()
        self._restart()

    def __repr__(self) -> str:
        return f"<Reader {self._meter}, {len(self._bars)} of {self._wanted} bars>"

    @property
    def bars(self) -> int:
        """How many bars are whole so far."""
        return len(self._bars)

    def feed(self, text: str) -> int:
        """Take a piece of the answer; returns how many bars are whole now."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._line(line)
        if len(self._rest) > MAX_LINE:
            self._rest = ""
            self._mends.append(Mend("line-too-long"))
        return len(self._bars)

    def draft(self) -> Score:
        """Return what is whole so far."""
        return Score(self._meter, tuple(self._bars), tuple(self._mends), dict(self._feel), tuple(self._others))

    def close(self) -> Score:
        """Return the whole answer; the last line counts as ended."""
        if self._rest:
            self._line(self._rest)
            self._rest = ""
        if not self._bars:
            self._read_tabs()
        return self.draft()

    def _restart(self) -> None:
        self._meter = self._asked
        self._grid = 16
        self._bars: list[Bar] = []
        self._by_number: dict[int, Bar] = {}
        self._others: list[str] = []
        self._open = False  # the last line was of a bar: a line of lanes after it belongs to that bar

    def _line(self, line: str) -> None:
        line = self._table.line(plain(line))
        open_bar, self._open = self._open, False
        if "</think" in line:  # what came before was thinking aloud
            self._restart()
            self._mends.clear()
            self._tabs.forget()
            line = line.rpartition(">")[2]
        if len(line) > MAX_LINE or not line.strip():
            self._tabs.line("")
            return
        found = _BAR.fullmatch(line)
        if found is not None and self._bar(found, going_on=open_bar):
            self._open = True
            return
        if open_bar and self._more_lanes(line):
            self._open = True
            return
        if "@" in line:
            header = _HEADER.fullmatch(line)
            if header is not None and (header[1] or "=" in header[2]):
                self._header(header[1], header[2])
                return
        self._tabs.line(line)

    def _header(self, meter: str | None, words: str) -> None:
        pairs = dict(word.split("=", 1) for word in words.split() if "=" in word)
        if meter:
            try:
                read = Meter.parse(meter, pairs.pop("group", ""))
            except InvalidRequest:
                self._mends.append(Mend("meter-unreadable"))
                read = self._meter
            if (read.numerator, read.denominator) != (self._asked.numerator, self._asked.denominator):
                self._others.append(str(read))
            elif read.groups or not self._asked.groups:
                self._meter = read if read.groups else self._asked
        grid = pairs.pop("grid", "16")
        cells = int(grid) if grid.isdecimal() and len(grid) < 3 else 0
        if cells and WHOLE % cells == 0 and all(beat % (WHOLE // cells) == 0 for beat in self._meter.beats):
            self._grid = cells
        else:
            self._mends.append(Mend("grid-unfit"))
        self._feel.update({name: value[:40] for name, value in list(pairs.items())[:8]})

    def _more_lanes(self, line: str) -> bool:
        """Take a line of lanes alone as part of the bar before it, where it holds lanes that the bar has not."""
        mends: list[Mend] = []
        number = self._bars[-1].number if self._bars else 0
        lanes = _lanes(line.strip().lstrip("|"), self._meter, self._grid, number, mends)
        return self._join(lanes, mends) if lanes else False

    def _join(self, lanes: Mapping[str, tuple[Hit, ...]], mends: list[Mend]) -> bool:
        bar = self._bars[-1]
        if lanes.keys() & bar.lanes.keys():
            return False
        self._mends += [Mend("lanes-joined", bar.number), *mends]
        self._bars[-1] = self._by_number[bar.number] = Bar(bar.number, {**bar.lanes, **lanes}, bar.fill)
        return True

    def _bar(self, found: re.Match[str], *, going_on: bool) -> bool:
        first, last, body = int(found[1]), int(found[2] or found[1]), found[4].lstrip("|")
        copied: Mapping[str, tuple[Hit, ...]] = {}
        copy = _COPY.match(body)
        mends: list[Mend] = []
        if copy is not None:
            source = self._by_number.get(int(copy[1]))
            if source is None:
                mends.append(Mend("copy-of-unknown", first))
                source = self._bars[-1] if self._bars else None
            copied = source.lanes if source else {}
            body = copy[2]
        lanes = _lanes(body, self._meter, self._grid, first, mends)
        if lanes is None or (copy is None and not lanes):
            return False
        if going_on and first == last == self._bars[-1].number and copy is None and self._join(lanes, mends):
            return True
        if first < 2 and self._bars and first in self._by_number:
            self._mends.append(Mend("started-again"))
            self._bars, self._by_number = [], {}
        if not first <= last <= MAX_BARS or len(self._bars) + last - first >= MAX_BARS:
            self._mends.append(Mend("too-many-bars", first))
            return True
        self._mends += mends
        for number in range(first, last + 1):
            bar = Bar(number, {**copied, **lanes}, found[3] == "!")
            self._bars.append(bar)
            self._by_number[number] = bar
        return True

    def _read_tabs(self) -> None:
        blocks = self._tabs.best(self._wanted)
        if not blocks:
            return
        bars = self._wanted // len(blocks)
        quarters = self._asked.bar_ticks / RESOLUTION
        for index, block in enumerate(blocks):
            grid = grid_of(cells_of(block.values()), bars, quarters)
            if grid is None:
                bars, grid = 1, grid_of(cells_of(block.values()), 1, quarters)
            if grid is None:
                self._mends.append(Mend("tab-unfit", index + 1))
                return
            self._mends.append(Mend("lane-tab", len(self._bars) + 1))
            self._bars += _tab_bars(block.values(), self._asked, grid, bars, len(self._bars), self._mends)


def _lanes(body: str, meter: Meter, grid: int, bar: int, mends: list[Mend]) -> dict[str, tuple[Hit, ...]] | None:
    """Read the lanes of one bar; None when the line is no bar at all."""
    lanes: dict[str, tuple[Hit, ...]] = {}
    label, parts = "", list[tuple[str, str]]()
    for chunk in body.rstrip("`* \t\r").split("|"):
        head, _, rest = chunk.strip().partition(" ")
        voice = voice_of(head) if head else None
        if voice and (rest.strip() or head.endswith(":")):
            label = head.rstrip(":")
            parts.append((label, rest))
        elif parts and chunk.strip():  # `k X...|....|X...`: a bar line where a space was meant
            mends.append(Mend("stray-bar-line", bar, label))
            parts[-1] = (label, f"{parts[-1][1]} {chunk}")
        elif chunk.strip() and not parts:
            return None
    if not all(_looks_like_cells(text) for _, text in parts):
        return None  # "1. Snare (S): kept as it was" is a list in prose
    for name, text in parts:
        voice = voice_of(name)
        if voice is not None:
            lanes[voice] = lanes.get(voice, ()) + _strokes(text, voice, meter, grid, bar, mends)
    return lanes


@lru_cache(maxsize=4096)
def _looks_like_cells(text: str) -> bool:
    signs = [sign for sign in text if not sign.isspace()]
    return sum(sign in _SIGNS for sign in signs) >= 0.75 * len(signs)


def _strokes(text: str, voice: str, meter: Meter, grid: int, bar: int, mends: list[Mend]) -> tuple[Hit, ...]:
    strokes, problems = _lane(text, voice, meter, grid)
    if problems:
        mends += [Mend(code, bar, LETTER.get(voice, voice), beat) for code, beat in problems]
    return strokes


@lru_cache(maxsize=4096)
def _lane(text: str, voice: str, meter: Meter, grid: int) -> tuple[tuple[Hit, ...], tuple[tuple[str, int], ...]]:
    """Read one lane of one bar; bars repeat, so the same text is read once."""
    beats, cell = meter.beats, WHOLE // grid
    groups, problems = _groups(text, [beat // cell for beat in beats])
    strokes: list[Hit] = []
    start = 0
    for beat, (length, group) in enumerate(zip(beats, groups, strict=True), 1):
        strokes += _group(group, voice, start, length, cell, beat, problems)
        start += length
    return tuple(strokes), tuple(problems)


def _groups(text: str, sizes: list[int]) -> tuple[list[str], list[tuple[str, int]]]:
    """Split a lane into one group for each beat."""
    problems: list[tuple[str, int]] = []
    if "(" in text or "[" in text:
        text = re.sub(r"([(\[][^()\[\]]*[)\]])", lambda found: found[0].replace(" ", ""), text)
        groups = text.split()
    else:
        groups = text.split()
        flat = "".join(groups)
        if len(groups) != len(sizes) and len(flat) == sum(sizes):
            problems.append(("regrouped", 0))
            cut = iter(flat)
            groups = ["".join(next(cut) for _ in range(size)) for size in sizes]
    if len(groups) < len(sizes):
        problems.append(("short-bar", len(groups) + 1))
        groups += [""] * (len(sizes) - len(groups))
    elif len(groups) > len(sizes):
        problems.append(("long-bar", len(sizes)))
        del groups[len(sizes) :]
    return groups, problems


def _group(
    group: str, voice: str, start: int, length: int, cell: int, beat: int, problems: list[tuple[str, int]]
) -> Iterable[Hit]:
    """Read one beat: cells on the grid, `(...)` equal parts, `[...]` 32nds."""
    cells, size = length // cell, float(cell)
    if group[:1] == "(":
        group = group.strip("()")
        cells, size = len(group), length / max(1, len(group))
    elif group[:1] == "[":
        group = group.strip("[]")
        cells, size = length // 120, 120.0
    elif "(" in group or "[" in group:
        problems.append(("bracket-inside", beat))
        head, _, tail = group.replace("[", "(").partition("(")
        tail = tail.rstrip(")]")
        used = min(len(head), cells)
        left = length - used * cell
        yield from _cells(head[:used], voice, start, float(cell), beat, problems)
        yield from _cells(tail, voice, start + used * cell, left / max(1, len(tail)), beat, problems)
        return
    if len(group) < cells:
        problems.append(("short-beat", beat))
    elif len(group) > cells:
        problems.append(("long-beat", beat))
        group = group[:cells]
    yield from _cells(group, voice, start, size, beat, problems)


def _cells(
    group: str, voice: str, start: int, size: float, beat: int, problems: list[tuple[str, int]]
) -> Iterable[Hit]:
    for index, sign in enumerate(group):
        if sign in _REST:
            continue
        hits = _STROKES.get(sign)
        if hits is None:
            problems.append(("unknown-symbol", beat))
            hits = _STROKES["x"]
        tick = start + int(index * size)
        in_hat = voice == "hat_closed"
        for offset, velocity, ornament in hits:
            name, openness = voice, 90 if in_hat else None
            if in_hat and sign in _PEDAL:
                name, openness = "hat_open", _PEDAL[sign]
            elif in_hat and sign == "p":
                name, openness = "hat_pedal", 55
            elif voice == "hat_open":
                openness = _PEDAL["o"]
            yield Hit(tick + offset, name, velocity, 0, openness, ornament)


_STROKES: Final[Mapping[str, tuple[tuple[int, int, str], ...]]] = {
    "g": ((0, GHOST, ""),),
    "G": ((0, GHOST, ""),),
    "x": ((0, HIT, ""),),
    "X": ((0, ACCENT, ""),),
    "o": ((0, HIT, ""),),
    "O": ((0, ACCENT, ""),),
    "u": ((0, HIT, ""),),
    "p": ((0, 64, ""),),
    "#": ((0, ACCENT, ""),),
    "f": ((-_GRACE_TICKS, 44, "flam"), (0, 98, "flam")),
    "d": ((-2 * _GRACE_TICKS, 36, "drag"), (-_GRACE_TICKS, 42, "drag"), (0, 98, "drag")),
    "z": ((0, 80, "buzz"), (60, 52, "buzz"), (120, 44, "buzz"), (180, 36, "buzz")),
    **{str(level): ((0, round(level * 127 / 9), ""),) for level in range(1, 10)},
}


_SIGNS: Final = frozenset(_STROKES) | _REST | frozenset("()[]")


def _tab_bars(
    lines: Iterable[TabLine], meter: Meter, grid: int, bars: int, before: int, mends: list[Mend]
) -> list[Bar]:
    """Cut the lanes of a tab into bars."""
    cell = WHOLE // grid
    size = meter.bar_ticks // cell
    lanes: list[dict[str, tuple[Hit, ...]]] = [{} for _ in range(bars)]
    for line in lines:
        voice = voice_of(line.lane)
        flat = "".join(line.groups)
        if voice is None:
            mends.append(Mend("unknown-lane", 0, line.lane))
            continue
        if len(flat) != size * bars:
            mends.append(Mend("short-bar" if len(flat) < size * bars else "long-bar", 0, line.lane))
            flat = flat.ljust(size * bars, "-")
        for index in range(bars):
            problems: list[tuple[str, int]] = []
            part = flat[index * size : (index + 1) * size]
            hits = tuple(_tab_cells(part, voice, cell, problems))
            lanes[index][voice] = lanes[index].get(voice, ()) + hits
            mends += [Mend(code, before + index + 1, line.lane, beat) for code, beat in problems]
    return [Bar(before + index + 1, lane) for index, lane in enumerate(lanes)]


def _tab_cells(part: str, voice: str, cell: int, problems: list[tuple[str, int]]) -> Iterable[Hit]:
    """Read a tab's cells: in the snare's lane x is a side stick, in the hat's o is open."""
    for hit in _cells(part, voice, 0, float(cell), 1 + 0, problems):
        sign = part[hit.tick // cell] if hit.tick >= 0 else ""
        name = "rim" if voice == "snare" and sign in "xX" else hit.voice
        if voice == "ride" and sign in "oO" and ("x" in part or "X" in part):
            name = "ride_bell"
        velocity = (ACCENT if sign.isupper() else 70) if sign and sign in "xXoO" else hit.velocity
        yield Hit(hit.tick, name, velocity, 0, hit.openness, hit.ornament)


def write(pattern: Pattern, *, grid: int = 16) -> str:
    """Return a pattern as bar-line text; strokes off the grid go to the nearest cell, equal bars become copies."""
    meter, cell = pattern.meter, WHOLE // grid
    group = "group=" + "+".join(map(str, meter.groups)) if meter.groups else ""
    bpm = f"bpm={pattern.tempo:g}" if pattern.tempo else ""
    lines = [" ".join(filter(None, ("@", str(meter), f"grid={grid}", group, bpm)))]
    seen: dict[str, int] = {}
    fills = pattern.meta.get("fills", ())
    for index in range(pattern.bars):
        start = index * meter.bar_ticks
        body = _write_bar(
            [hit for hit in pattern.hits if start <= hit.tick < start + meter.bar_ticks], meter, cell, start
        )
        mark = "!" if index + 1 in fills else ""
        earlier = seen.setdefault(body, index + 1)
        lines.append(f"{index + 1}{mark} " + (f"={earlier}" if earlier <= index else body))
    return "\n".join(lines) + "\n"


def _write_bar(hits: list[Hit], meter: Meter, cell: int, start: int) -> str:
    cells = meter.bar_ticks // cell
    lanes: dict[str, list[str]] = {}
    for hit in hits:
        if hit.ornament and hit.velocity < 70 and (hit.tick - start) % cell:
            continue  # a grace note or a bounce: its stroke says it
        lane, sign = _sign(hit)
        row = lanes.setdefault(lane, ["."] * cells)
        row[min(cells - 1, round((hit.tick - start) / cell))] = sign
    order = sorted(lanes, key=lambda lane: VOICE_INDEX[LANES.get(lane, lane)])
    out = []
    for lane in order:
        cursor, groups = 0, []
        for beat in meter.beats:
            groups.append("".join(lanes[lane][cursor : cursor + beat // cell]))
            cursor += beat // cell
        out.append(f"{lane} {' '.join(groups)}")
    return "|".join(out) or f"k {' '.join('.' * (beat // cell) for beat in meter.beats)}"


def _sign(hit: Hit) -> tuple[str, str]:
    loud = hit.velocity >= 100
    if hit.voice == "hat_open" and hit.openness is not None:
        return "h", "u" if hit.openness > 50 else "O" if loud else "o"
    lane = LETTER.get(hit.voice, hit.voice)
    if hit.ornament in {"flam", "drag", "buzz"}:
        return lane, {"flam": "f", "drag": "d", "buzz": "z"}[hit.ornament]
    for sign, velocity in (("g", GHOST), ("x", HIT), ("X", ACCENT)):
        if abs(hit.velocity - velocity) <= 6:
            return lane, sign
    return lane, str(min(9, max(1, round(hit.velocity * 9 / 127))))
