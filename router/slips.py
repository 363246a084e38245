"""Slips of the finger: words of a clause as they were meant, "snare loudr" as "snare louder". Pure."""

from __future__ import annotations

import difflib
import re
from typing import Final

from router.kit import drum_name
from router.phrases import NOISE
from router.regex import regex

_KNOWN: Final = (
    "louder", "softer", "quieter", "busier", "simpler", "harder", "heavier", "lighter", "tighter", "looser", "later",
    "earlier", "swing", "shuffle", "snare", "closed", "offbeats", "cowbell", "crash", "remove", "without", "instead",
)  # fmt: skip
"""Words that are known though a letter is lacking, or two are in each other's place."""
_WITHIN: Final = 60
"""Characters of a clause in which slips are looked for."""
_ALIKE: Final = 0.83
_TWICE: Final = regex(r"(.)\1")


def mended(clause: str) -> str:
    """Return a clause with the words that a finger slipped on as they were meant."""
    return re.sub(r"[a-z]{4,}", _meant, clause) if len(clause) <= _WITHIN else clause


def _meant(found: re.Match[str]) -> str:
    word = found[0]
    if word in NOISE or drum_name().fullmatch(word):
        return word
    # A letter too many is a slip where it is said twice; else it is another word: "lauter" is not later.
    known = [one for one in _KNOWN if one[0] == word[0] and (len(word) <= len(one) or _TWICE.sub(r"\1", word) in one)]
    swapped = [one for one in known if sorted(one) == sorted(word)]
    return (swapped or difflib.get_close_matches(word, known, 1, _ALIKE) or [word])[0]
