"""Rhythms as drummers write them, in words and signs: "kick snare kick snare", "hat x.x.x.x.".

Pure. Each is a row of strokes (x) and rests (-) for a drum, and "3:8" is the third of eight steps in a bar of any
metre; what fills no bar evenly has no place in it, and whoever sets strokes says so.
"""

from __future__ import annotations

from typing import Final

from router.kit import drum_name
from router.pattern import RESOLUTION, Meter

_SHORTEST: Final = RESOLUTION // 4
_RESTS: Final = 4
"""Fewer signs without a stroke are no bar of silence: "kick ... louder"."""


def in_turn(words: str) -> str:
    """Return a row for each drum of those that are named one after the other, one of them twice at least."""
    names = drum_name().findall(words)
    each = dict.fromkeys(names)
    if len(each) == len(names):
        return words
    return ", ".join(f"{one} {''.join('x' if name == one else '-' for name in names)}" for one in each)


def in_steps(words: str) -> str:
    """Return a row of signs as one word, for dots end clauses; of rests alone, that the drum is not there."""
    named = drum_name().match(words)
    signs = [sign for sign in words[named.end() :] if sign in "x.-"] if named else []
    if named is None or len(signs) < (2 if "x" in signs else _RESTS):
        return words
    return f"{named[0]} {''.join(signs).replace('.', '-')}" if "x" in signs else f"no {named[0]}"


def struck(row: str) -> tuple[str, ...]:
    """Return the places of the strokes of a row."""
    return tuple(f"{step}:{len(row)}" for step, sign in enumerate(row, 1) if sign == "x")


def _fitting(meter: Meter) -> tuple[int, ...]:
    """Return how many steps fill a bar: its beats as written, halves of them, and so on to sixteenths."""
    return tuple(meter.numerator * parts for parts in (1, 2, 4, 8) if meter.unit_ticks // parts >= _SHORTEST)


def fit_in_words(meter: Meter) -> str:
    """Return how many steps fill a bar: "4, 8 or 16"."""
    *some, last = map(str, _fitting(meter))
    return f"{', '.join(some)} or {last}" if some else last


def step_ticks(meter: Meter, place: str) -> tuple[int, ...]:
    """Return where in a bar the place of a step is, or () where so many steps do not fill it."""
    step, steps = map(int, place.split(":"))
    return ((step - 1) * meter.bar_ticks // steps,) if steps in _fitting(meter) else ()
