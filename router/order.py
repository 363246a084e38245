"""An order: what one clause of a musician's words asks for, the places that its words name, and what takes it back.

Pure vocabulary; nothing is read here but names of drums and places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from router.constraints import places_of
from router.kit import SNARES, spoken_voices
from router.pattern import VOICES
from router.phrases import NOISE
from router.regex import regex
from router.spans import Bars, Pick

ARTICLES: Final = frozenset({"the", "and", "a", "or", "play", "use", "drums", "too", "as", "well"})

_AGAINST: Final = {
    "drop": {"more", "less", "loud", "soft"}, "more": {"drop", "less"}, "less": {"drop", "more"},
    "loud": {"drop", "soft"}, "soft": {"drop", "loud"},
}  # fmt: skip
"""Acts that take back what an earlier one did."""
_NEAR: Final = regex(r"\b(?:right |just |directly )?(before|after) (?:beats? |the |each |every )*(\S.*)$")
_ON: Final = regex(r"\b(?:only )?(?:on|at)\s+(.+)$")
_BARE_PLACE: Final = regex(r"\b(?:the |every |all |each )*((?:back|off|down)-?beats?|last beat|first beat)\b")


@dataclass(frozen=True, slots=True)
class Order:
    """What one clause asks for.

    Attributes:
        text: The clause itself.
        act: What `router.refine` does, "" for what is about the whole groove and read elsewhere, "?" if not understood.
        voices: The drums it is about; () for the whole groove. spared: those it is not about.
        amount: 1 as usual, less for "a bit", more for "much". share: so much of it, as 0.5 for half.
        count: So many in each bar, a velocity, a bar, or None.
        onto: The drums that the strokes go to.
        places: Where in the bar, as in `router.constraints`. elsewhere: everywhere but there. origin: from where.
        ticks: How far. ornament: flam, drag or buzz.
        bars: Which bars; () for all. outside: all but these.
        pick: Which of the strokes, in order of time; None for all. ms: how far in time.
    """

    text: str
    act: str
    voices: tuple[str, ...] = ()
    amount: float = 1.0
    onto: tuple[str, ...] = ()
    ghosts: bool = False
    places: tuple[str, ...] = ()
    bars: tuple[Bars, ...] = ()
    count: int | None = None
    share: float | None = None
    spared: tuple[str, ...] = ()
    elsewhere: bool = False
    origin: tuple[str, ...] = ()
    ticks: int = 0
    ornament: str = ""
    outside: bool = False
    pick: Pick | None = None
    ms: float = 0.0


def placed(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the words without those that name places in the bar, and the places."""
    if found := _NEAR.search(text):
        sign = "<" if found[1] == "before" else ">"
        near = places_of(found[2]) or drums(found[2])[:1]
        if near:
            return text[: found.start()].strip(), tuple(f"{sign}{one}" for one in near)
    if found := _ON.search(text):
        words = found[1].split()
        for end in range(len(words), 0, -1):  # "on 2 and 4 late": what follows the places is no place
            if places := places_of(" ".join(words[:end])):
                return " ".join((*text[: found.start()].split(), *words[end:])), places
    if found := _BARE_PLACE.search(text):
        return f"{text[: found.start()]} {text[found.end() :]}".strip(), places_of(found[1])
    return text, ()


def strange(rest: str) -> bool:
    """Say whether words are left over that nobody knows."""
    return any(word not in NOISE for word in re.findall(r"[^\s,]+", rest))


def drums(words: str) -> tuple[str, ...]:
    """Return the drums that words name, or () when they say anything else as well."""
    if re.fullmatch(r"(?:the |my )?backbeats?", words):
        return SNARES
    voices, rest = spoken_voices(words)
    return () if strange(rest) else voices


def overruled(found: Sequence[Order]) -> dict[int, str]:
    """Return, by their numbers, the orders that a later one takes back ("no hats, busy hats"), with its words."""
    return {
        index: later.text
        for index, first in enumerate(found)
        for later in found[index + 1 :]
        if later.act in _AGAINST.get(first.act, ()) and _about_all(first, later)
    }


def _about_all(first: Order, later: Order) -> bool:
    """Say whether a later order is about all that the first is about: neither is about some bars or strokes only."""
    if any(_confined(one) or one.count or one.share for one in (first, later)) or first.ghosts != later.ghosts:
        return False
    mine, others = (set(one.voices or VOICES) for one in (first, later))
    return mine == others or (later.act == "drop" and mine <= others)  # "no open hats, more hats" go together


def _confined(order: Order) -> bool:
    return bool(order.bars or order.places or order.spared or order.pick)
