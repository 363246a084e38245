"""Lane tabs as models often write them: one lane a line, `K: O---|--O-|O---|----`, upper case loud, lower case soft.

Pure. Takes the last block that the answer settled on, not the ones it thought aloud; says what it had to guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from router.regex import regex

_LINE: Final = regex(
    r"""[\s>*`\-]*                                   # list marks and quotes
    (?P<lane>[A-Za-z][A-Za-z _/-]{0,20}?)            # the lane's name
    \s*(?:\([^)]{0,20}\))?[*`]*\s*:\s*[*`]*\s*       # K (Kick): or **K**:
    (?P<cells>[|\[]?[-.xXoOgGfFdDzZ#_~|\s]+?)        # nothing but cells and beat lines
    [\s`*]*""",
    re.VERBOSE,
)
_PIPED: Final = regex(
    r"[\s>*`]*(?P<lane>[A-Za-z][A-Za-z _/-]{0,20}?)[\s*`]*(?P<cells>\|[-.xXoOgGfFdDzZ#_~|\s]+?)[\s`*]*"
)
"""A tab as guitarists write it: `HH|x-x-x-x-|`."""

_LABEL: Final = regex(r"[\s#*>-]*(?:bar|measure)\s*#?(\d{1,2})\b[^|]{0,40}", re.IGNORECASE)
_CELLS: Final = regex(r"[-.xXoOgGfFdDzZ#~]")

GRIDS: Final = (16, 32, 24, 12, 8, 48, 64, 4, 6)
"""Cells in a 4/4 bar that a tab may mean, the likeliest first."""


class TabLine(NamedTuple):
    """One lane of a tab: its name as written and its cells by beat, beat lines taken away."""

    lane: str
    groups: tuple[str, ...]


def read_line(line: str) -> TabLine | None:
    """Return the lane that a line writes, or None when it is prose."""
    found = (_LINE if ":" in line else _PIPED).fullmatch(line) if ":" in line or "|" in line else None
    if found is None:
        return None
    groups = tuple(filter(None, ("".join(part.split()) for part in found["cells"].split("|"))))
    # "S: x" in a sentence is no lane; a lane has at least four cells.
    if sum(map(len, groups)) < 4:
        return None
    return TabLine(found["lane"].strip().lower(), groups)


def read_label(line: str) -> int | None:
    """Return the number of a "Bar 2:" line, or None."""
    found = _LABEL.fullmatch(line)
    return int(found[1]) if found else None


class Tabs:
    """Collects the tab lines of an answer into blocks; `best` gives the block that counts."""

    def __init__(self) -> None:
        self._blocks: list[tuple[int, dict[str, TabLine], bool]] = []
        self._open: dict[str, TabLine] = {}
        self._number = 0
        self._fenced = False
        self._aside: list[tuple[int, dict[str, TabLine], bool]] = []

    def line(self, line: str) -> bool:
        """Take one line of the answer; True when it was a lane."""
        text = line.strip()
        if text.startswith("@@@"):
            self._close()
            self._fenced = not self._fenced
            return True
        tab = read_line(line)
        if tab is None:
            self._close()
            label = read_label(line)
            self._number = label if label is not None else self._number if not text else 0
            return False
        if tab.lane in self._open:
            self._close()
        self._open[tab.lane] = tab
        return True

    def forget(self) -> None:
        """Set aside what was collected: it was thinking aloud, and counts only if nothing else comes."""
        self._close()
        self._aside, self._blocks = self._blocks or self._aside, []

    def _close(self) -> None:
        if self._open:
            self._blocks.append((self._number, self._open, self._fenced))
            self._open = {}

    def best(self, bars: int) -> list[dict[str, TabLine]]:
        """Return the blocks that make up the answer, in order: numbered bars, else the fenced, else the last."""
        self._close()
        self._blocks = self._blocks or self._aside
        numbered = {number: block for number, block, _ in self._blocks if number}
        if len(numbered) == bars and sorted(numbered) == list(range(1, bars + 1)):
            return [numbered[number] for number in sorted(numbered)]
        fenced = [block for _, block, inside in self._blocks if inside]
        whole = fenced or [block for _, block, _ in self._blocks]
        # A lane alone is a model quoting itself; the tab is the last block of several lanes.
        several = [block for block in whole if len(block) > 1] or whole
        return several[-1:]


def cells_of(lines: Iterable[TabLine]) -> int:
    """Return the commonest number of cells among the lanes of a block."""
    counts = [sum(map(len, line.groups)) for line in lines]
    return max(set(counts), key=lambda count: (counts.count(count), count)) if counts else 0


def grid_of(cells: int, bars: int, quarters: float) -> int | None:
    """Return the grid (cells in a whole note) of a tab with so many cells in all, or None when none fits."""
    per_whole = cells * 4 / (bars * quarters)
    return int(per_whole) if per_whole in GRIDS else None
