"""The style sheets, read once when first asked for. No name is checked here and nothing is drawn."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from router.groove.lanes import Style, read_sheet

_SHEETS: Final = Path(__file__).with_name("styles")


@cache
def genre_styles(genre: str) -> tuple[Style, ...]:
    """Return the styles of a genre that `names` has already checked, in the sheet's order."""
    return read_sheet(genre, (_SHEETS / f"{genre}.txt").read_text(encoding="utf-8"))


def find_style(genre: str, name: str) -> Style:
    """Return one style of a genre; both names are known to exist."""
    return next(style for style in genre_styles(genre) if style.name == name)
