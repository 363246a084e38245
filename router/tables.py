"""Tables: what a model drew with other signs, or as a table, rewritten line by line into bar lines and lane tabs.

Pure. Never looks ahead, so that bars still come as they are written; a line that is no part of a table stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

from router.labels import voice_of

_SIGNS: Final = str.maketrans(
    {
        **dict.fromkeys("\u2502\u2503\u00a6\uff5c\u2016", "|"),  # box lines, broken bars
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),  # dashes
        **dict.fromkeys("\u2022\u25cf\u25a0\u2713\u2714\u00d7\u2715\u2717", "x"),  # bullets, ticks, crosses
        **dict.fromkeys("\t\u00a0\u2003", " "),
        **dict.fromkeys("\u200b\ufeff", ""),
    }
)
_RULE: Final = re.compile(r"[\s|:=+-]*")
_LEAST_STEPS: Final = 6
"""So many cells of one sign each are steps of a bar; fewer could be anything."""


def plain(line: str) -> str:
    """Return a line with lookalikes replaced: box lines, long dashes, bullets and ticks, odd spaces."""
    return line if line.isascii() and "\t" not in line else line.translate(_SIGNS)


class Table:
    """Rewrites the rows of a table: lanes down the side become lane tabs, lanes along the top become bar lines."""

    def __init__(self) -> None:
        self._lanes: dict[int, str] = {}
        self._rows = 0

    def __repr__(self) -> str:
        return f"<Table {', '.join(self._lanes.values()) or 'of rows'}>"

    def line(self, line: str) -> str:
        """Return a line as the reader understands it; what is no row ends the table."""
        text = line.strip().strip("`")
        if text.count("|") < 2 or text[0] != "|":
            self._lanes, self._rows = {}, 0
            return line
        if _RULE.fullmatch(text):
            return ""
        cells = [cell.strip().strip("*` ") for cell in text.removeprefix("|").removesuffix("|").split("|")]
        lanes = {index: cell for index, cell in enumerate(cells) if index and voice_of(cell)}
        if not self._lanes and len(lanes) > 1 and voice_of(cells[0]) is None:
            self._lanes = lanes
            return ""
        if self._lanes:
            return self._bar(cells)
        return self._tab(cells) or line

    def _bar(self, cells: list[str]) -> str:
        self._rows += 1
        number = re.search(r"\d{1,3}", cells[0])
        lanes = [f"{name} {cells[index]}" for index, name in self._lanes.items() if index < len(cells) and cells[index]]
        return f"{number[0] if number else self._rows} {'|'.join(lanes)}"

    def _tab(self, cells: list[str]) -> str:
        """Return a row that begins with a lane as a tab; empty cells are rests where each cell is one step."""
        name, steps = cells[0].rstrip(":"), cells[1:]
        if voice_of(name) is None:
            return ""
        if len(steps) >= _LEAST_STEPS and all(len(step) <= 1 for step in steps):
            return f"{name}: {''.join(step or '-' for step in steps)}"
        return f"{name}: {'|'.join(''.join(step.split()) for step in steps)}"
