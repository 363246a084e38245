"""Rhythms as drummers write them, in words and signs: "kick snare kick snare", "hat x.x.x.x.".

Pure. What fills no bar of four beats evenly stays as it is, for whoever says what was not understood.
"""

from __future__ import annotations

from typing import Final

from router.kit import drum_name

_PARTS: Final = {4: ("",), 8: ("", "&"), 16: ("", "e", "&", "a")}
"""The parts of a beat that so many steps of a bar name."""


def _places(steps: int) -> list[str]:
    parts = _PARTS[steps]
    return [f"{1 + step // len(parts)}{parts[step % len(parts)]}" for step in range(steps)]


def in_turn(words: str) -> str:
    """Return where each drum is of those that are named one after the other, one of them twice at least."""
    names = drum_name().findall(words)
    if len(names) not in _PARTS or len({*names}) == len(names):
        return words
    where: dict[str, list[str]] = {}
    for name, place in zip(names, _places(len(names)), strict=True):
        where.setdefault(name, []).append(place)
    return ", ".join(f"{name} only on {' and '.join(places)}" for name, places in where.items())


def in_steps(words: str) -> str:
    """Return where a drum is that strokes (x) and rests (. or -) of a bar are written for."""
    named = drum_name().match(words)
    steps = [sign for sign in words[named.end() :] if sign in "x.-"] if named else []
    if named is None or len(steps) not in _PARTS:
        return words
    struck = [place for place, sign in zip(_places(len(steps)), steps, strict=True) if sign == "x"]
    return f"{named[0]} only on {' and '.join(struck)}" if struck else f"no {named[0]}"
