"""The style sheets, read once when first asked for. No name is checked here and nothing is drawn."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from router.groove.sheets import Entry, Style, read_sheet

_SHEETS: Final = Path(__file__).with_name("styles")
_FITTED: Final = Path(__file__).with_name("fitted")
WRITTEN_SHARE: Final = 0.08
"""How much of a genre that was fitted to human takes is left to the hand-written sheets; more where few were fitted."""


@cache
def genre_styles(genre: str) -> tuple[Style, ...]:
    """Return the styles of a genre that exists, in the sheet's order, each with what was fitted to it."""
    written = read_sheet(genre, (_SHEETS / f"{genre}.txt").read_text(encoding="utf-8"))
    path = _FITTED / f"{genre}.txt"
    if not path.exists():
        return written
    fitted = [e for e in read_sheet(genre, path.read_text(encoding="utf-8"))[0].grooves if e.rows]
    total = sum(g.weight for g in fitted)
    written_share = max(WRITTEN_SHARE, 0.6 - 0.1 * len(fitted))
    own = sum(s.weight for s in written)
    added: dict[str, list[Entry]] = {s.name: [] for s in written}
    for groove in fitted:
        added[groove.options["style"]].append(groove)
    out = []
    for style in written:
        share = written_share * style.weight / own / sum(g.weight for g in style.grooves)
        mine = [replace(g, weight=g.weight * share) for g in style.grooves]
        mine += [replace(g, weight=g.weight / total * (1 - written_share)) for g in added[style.name]]
        out.append(replace(style, grooves=tuple(mine), weight=sum(g.weight for g in mine)))
    return tuple(out)


def find_style(genre: str, name: str) -> Style:
    """Return one style of a genre; both names are known to exist."""
    return next(style for style in genre_styles(genre) if style.name == name)
