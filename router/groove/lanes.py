"""Reads the lanes of a style sheet: bar-line text becomes a groove, cells with a chance each.

Sheets are written by hand or by `scripts/fit_groove.py`; both speak the same notation, so a fitted groove can be read
(and argued with) like a written one. A cell is `.` never, `1`-`9` tenths of a chance that the take has it (`-` one in
twenty, `,` one in fifty), `x` a hit, `X` an accent, `g` a ghost, `o` open, `O` open and loud, `u` half open. One group
per beat, `|` between bars. A lane named `k~` holds the velocities of lane `k`: `a` is 3, and 5 more a letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import cycle
from typing import Final, NamedTuple

from router.pattern import VOICE_INDEX, Meter

GHOST: Final = -1
PLAIN: Final = 0
ACCENT: Final = 1

LANES: Final = {
    "k": "kick", "s": "snare", "g": "snare", "x": "rim", "h": "hat_closed", "o": "hat_open", "p": "hat_pedal",
    "r": "ride", "b": "ride_bell", "c": "crash", "y": "china", "a": "splash", "t": "tom_high", "m": "tom_mid",
    "l": "tom_low", "f": "tom_floor", "w": "cowbell", "d": "tambourine", "q": "shaker", "v": "clap",
}  # fmt: skip
"""One letter for a lane; every voice may also be written out. `g` is the snare's ghosts."""


class Cell(NamedTuple):
    """A place where a groove may have a stroke: `chance` 0..1 is drawn once per take, not once per bar.

    `steady` is in how many of a take's bars the stroke returns, `turns` in how many it goes to the voice `other`.
    """

    tick: int
    voice: str
    chance: float
    level: int
    openness: int | None
    velocity: int | None = None
    steady: float = 1.0
    other: str = ""
    turns: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Groove:
    """One way to play a style: the cells of one or more bars in its own metre.

    `options` are the sheet's: `swing` or `swing16`, `late` and `spread` (ms) and `doubles` where it was fitted.
    """

    meter: Meter
    bars: int
    cells: tuple[Cell, ...]
    options: Mapping[str, str] = field(default_factory=dict)

    def number(self, name: str, default: float) -> float:
        """Return an option of the groove as a number."""
        return float(self.options.get(name, default))


_LEVELS: Final = {"x": PLAIN, "X": ACCENT, "g": GHOST, "o": PLAIN, "O": ACCENT, "u": PLAIN}
_RARE: Final = {",": 0.02, "-": 0.05}
_OPEN: Final = {"o": 33, "O": 25, "u": 62}
"""Pedal as CC 4: 90 is closed and 33 open on the kit that was measured."""


def _lane(label: str, text: str, meter: Meter) -> tuple[int, list[Cell]]:
    """Read one lane; returns its length in ticks and its cells, ticks from the groove's start."""
    voice = LANES.get(label, label)
    if voice not in VOICE_INDEX:
        raise ValueError(f"unknown lane {label!r}")
    cells: list[Cell] = []
    start = 0
    for group, beat_ticks in zip(text.replace("|", " ").split(), cycle(meter.beats), strict=False):
        length = beat_ticks // len(group)
        for index, sign in enumerate(group):
            if sign == ".":
                continue
            chance = int(sign) / 10 if sign.isdecimal() else _RARE.get(sign, 1.0)
            level = GHOST if label == "g" else _LEVELS.get(sign, PLAIN)
            name, openness = voice, None
            if voice in {"hat_closed", "hat_open"}:
                openness = _OPEN.get(sign, 33 if voice == "hat_open" else 90)
                name = "hat_open" if sign in "oOu" else voice
            cells.append(Cell(start + index * length, name, chance, level, openness))
        start += beat_ticks
    return start, cells


def _loudness(text: str, meter: Meter) -> dict[int, int]:
    """Read a `~` lane: velocities by tick."""
    out, start = {}, 0
    for group, beat_ticks in zip(text.replace("|", " ").split(), cycle(meter.beats), strict=False):
        for index, sign in enumerate(group):
            if sign != ".":
                out[start + index * (beat_ticks // len(group))] = 3 + 5 * (ord(sign) - ord("a"))
        start += beat_ticks
    return out


Rows = tuple[tuple[str, str], ...]


@lru_cache(maxsize=512)
def read_cells(rows: Rows, meter: Meter) -> tuple[int, tuple[Cell, ...]]:
    """Return the bars and the cells of some lanes, each a (label, text); a shorter lane repeats under a longer one.

    Raises:
        ValueError: If a lane's name is unknown; sheets are part of the program, so this is a bug.
    """
    loud = {label[:-1]: _loudness(text, meter) for label, text in rows if label.endswith("~")}
    lanes = []
    for label, text in rows:
        if not label.endswith("~"):
            ticks, cells = _lane(label, text, meter)
            velocities = loud.get(label, {})
            lanes.append((ticks, [cell._replace(velocity=velocities.get(cell.tick)) for cell in cells]))
    length = max(ticks for ticks, _ in lanes)
    whole: list[Cell] = []
    for ticks, cells in lanes:
        for start in range(0, length, ticks):
            whole += [cell._replace(tick=cell.tick + start) for cell in cells]
    bars = max(1, length // meter.bar_ticks)
    inside = [cell for cell in _one_hat(whole) if cell.tick < bars * meter.bar_ticks]
    return bars, tuple(sorted(inside, key=place))


def _one_hat(cells: list[Cell]) -> list[Cell]:
    """Return the cells with the hat closed only as often as it is not open at the same place."""
    opened = {cell.tick: cell.chance for cell in cells if cell.voice == "hat_open"}
    out = []
    for cell in cells:
        closed = min(cell.chance, 1 - opened.get(cell.tick, 0)) if cell.voice == "hat_closed" else cell.chance
        if closed > 0:
            out.append(cell._replace(chance=closed))
    return out


def place(cell: Cell) -> tuple[int, int, int]:
    """Return the key by which cells are in order: time, then voice, then level."""
    return cell.tick, VOICE_INDEX[cell.voice], cell.level
