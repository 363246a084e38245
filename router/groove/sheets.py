"""Reads style sheets: `[name] key=value ...` opens a style, `-- key=value ...` another groove of it, `#` is a remark.

Only the headings are read here. A genre may have two hundred grooves, of which a take plays one: its lanes are read
when it is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.groove.lanes import Groove, Rows, read_cells
from router.pattern import Meter


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A groove in a sheet, its lanes unread. `tempo` is where it was fitted, 0 for a written one."""

    meter: Meter
    rows: Rows
    weight: float = 1.0
    tempo: float = 0.0
    options: Mapping[str, str] = field(default_factory=dict)

    def read(self) -> Groove:
        """Return the groove."""
        bars, cells = read_cells(self.rows, self.meter)
        return Groove(self.meter, bars, cells, self.options)


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """A style: its grooves and what they share. `swing` is 0..1 (.667 is a triplet), on eighths unless `sixteenths`."""

    genre: str
    name: str
    grooves: tuple[Entry, ...]
    tempo: tuple[int, int] = (80, 140)
    swing: float = 0.0
    sixteenths: bool = False
    weight: float = 1.0
    options: Mapping[str, str] = field(default_factory=dict)

    def number(self, name: str, default: float) -> float:
        """Return an option of the sheet as a number."""
        return float(self.options.get(name, default))


def _options(text: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in text.split())


def _style(genre: str, name: str, options: dict[str, str], grooves: list[Entry]) -> Style:
    low, _, high = options.get("tempo", "80-140").partition("-")
    swing = float(options.get("swing16", options.get("swing", 0)))
    weight = float(options.get("weight", 1))
    return Style(genre, name, tuple(grooves), (int(low), int(high)), swing, "swing16" in options, weight, options)


def _entry(rows: list[tuple[str, str]], style: dict[str, str], own: dict[str, str]) -> Entry:
    meter = Meter.parse(own.get("meter", style.get("meter", "4/4")))
    return Entry(meter, tuple(rows), float(own.get("weight", 1)), float(own.get("tempo", 0)), own)


def read_sheet(genre: str, text: str) -> tuple[Style, ...]:
    """Return the styles of a sheet, in its order."""
    styles: list[Style] = []
    for block in ("\n" + text).split("\n[")[1:]:
        head, _, body = block.partition("\n")
        name, _, rest = head.partition("]")
        options, own = _options(rest.partition("#")[0]), dict[str, str]()
        grooves: list[Entry] = []
        rows: list[tuple[str, str]] = []
        for raw in body.splitlines():
            line = raw.partition("#")[0].strip()
            if line.startswith("--"):
                if rows:
                    grooves.append(_entry(rows, options, own))
                rows, own = [], _options(line[2:])
            elif line:
                label, _, cells = line.partition(" ")
                rows.append((label, cells))
        grooves.append(_entry(rows, options, own))
        styles.append(_style(genre, name, options, grooves))
    return tuple(styles)
