"""The embedded drummer told in words: a groove, and what a wish says of single drums beyond its style and its knobs.

Pure. "rock, no crash, claps on 2 and 4" is the drummer's rock with two orders. They are those that `router.refine`
understands; a clause that names no drum is never one, and what is not understood changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from router import groove
from router.constraints import read_rule, spoken_voices
from router.pattern import Pattern
from router.request import GrooveRequest

LONGEST: Final = 400
"""Longer texts are questions put together for a model, not a player's words."""
_PARTS: Final = re.compile(
    r"[,;.]|(?<!nothing )(?<!everything )(?<!anything )(?<!all )\b(?:but|plus|also)\b"
    r"|\b(?=(?:with|without|no|using|featuring|having|only (?!on\b|at\b)\w)\b)"
)
_WITHOUT: Final = re.compile(r"\b(?:not using|(?:don'?t|do not) use|not any|with out)\b")
MOST_CLAUSES: Final = 8
"""More orders than that in one wish are a text about something else."""
_FRAME: Final = re.compile(r"^.*\b(?:beat|groove|pattern|loop|rhythm) (?=(?:on|with|in|starting|ending)\b)")
_WITH: Final = re.compile(
    r"^(?:(?:and|with|using|featuring|having|has|have|give it|give me|some|lots of|a lot of|an?|the) )+"
)
_ON_KNOBS: Final = re.compile(
    r"\b(?:(?:half[ -])?(?:open|closed)[ -]hats?\b(?! (?:only |just )?on\b)"
    r"|(?:no|without|many|lots of|few|more) fills\b|(?:no|without)(?: any)? ghost"
    r"|(?<!more )ghost(?:ed|y)?\b(?!(?: ?notes?)? (?:only |just )?on (?!(?:the )?snares?\b)))"
)
"""The drummer's own knobs answer these; see `router.groove.words`."""
_FILL: Final = re.compile(r"\bfill\b")
_HAT_ROLLS: Final = re.compile(r"\bhats? rolls?\b|\broll(?:ing|ed) ")
"""What trap's hats do by themselves; a roll by order is a fill."""
_ABOUT_ALL: Final = re.compile(r"\b(?:all|but|except|everything|anything|never|no|not|without)\b")
_ALONE: Final = frozenset({"", "a", "an", "the", "and", "some"})


@lru_cache(maxsize=64)
def _parted(prompt: str) -> tuple[tuple[str, ...], str]:
    """Return the clauses that speak of single drums or of a fill's place, and the other words."""
    text = _WITHOUT.sub("without", " ".join(prompt.lower().split()))
    clauses: list[str] = []
    rest: list[str] = []
    for part in _PARTS.split(text) if len(text) <= LONGEST else ():
        ours = (one for one in part.split(" and ") if not _ON_KNOBS.search(one)) if _ON_KNOBS.search(part) else (part,)
        clause = re.sub(r"^ ?and | and ?$", " ", " ".join(" and ".join(ours).split())).strip()
        if (spoken_voices(clause)[0] or _FILL.search(clause)) and not _HAT_ROLLS.search(clause):
            clauses.append(clause)
            rest += _FRAME.findall(clause)
        else:
            rest.append(part)
    if not clauses or len(clauses) > MOST_CLAUSES:
        return (), prompt
    return tuple(clauses), ", ".join(rest)


def details(prompt: str) -> tuple[str, ...]:
    """Return the clauses of a wish that speak of single drums or of a fill's place, as they were said."""
    return _parted(prompt)[0]


def rules(prompt: str) -> tuple[str, ...]:
    """Return those of `details` that are rules in the sense of `router.constraints`, for music that is put together."""
    return tuple(bare for clause in details(prompt) if read_rule(bare := _WITH.sub("", clause)) is not None)


def describe(prompt: str) -> dict[str, Any]:
    """Return what `groove.describe` does; clauses about drums that can all be followed do not lower its confidence."""
    said = groove.describe(prompt)
    clauses, rest = _parted(prompt)
    if clauses and all(_followed(clause) for clause in clauses):
        said["confidence"] = groove.describe(rest)["confidence"] if rest.strip(" ,") else 1.0
    return said


@lru_cache(maxsize=64)
def _followed(clause: str) -> bool:
    """Say whether the rules understand a clause: what they can do to one plain groove, they can do to any."""
    plain = GrooveRequest(genre="rock", style="straight")
    return bool(_told(groove.generate(plain), clause, plain)[1])


def draw(request: GrooveRequest) -> Pattern:
    """Return the drummer's groove for a request, with what its words say of single drums.

    `meta["asked"]` has a sentence for each order that changed something. See `groove.generate` for the rest and the
    errors.
    """
    pattern = groove.generate(request)
    done: list[str] = []
    for clause in details(request.prompt):
        pattern, said = _told(pattern, clause, request)
        done += [one for one in said if not one.endswith("so it is already")] if said else [f'not done: "{clause}"']
    if not done:
        return pattern
    asked = {voice for clause in details(request.prompt) for voice in spoken_voices(clause)[0]}
    pattern, _ = groove.repair(pattern, tempo=float(request.tempo), asked=asked)  # a cowbell takes a hand from the hat
    return replace(pattern, meta={**pattern.meta, "asked": done}, id="")


def _told(pattern: Pattern, clause: str, request: GrooveRequest) -> tuple[Pattern, tuple[str, ...]]:
    """Follow a clause as a whole; else its halves, each for itself: "claps on 2 and 4 and a shaker"."""
    from router.refine import refine  # noqa: PLC0415 - its tables of words load when there are words for them

    bare = _WITH.sub("", _FRAME.sub("", clause))
    voices, around = spoken_voices(bare)
    halves = [half for half in re.split(r" and (?!\d|of\b)", bare) if spoken_voices(half)[0]]
    halves = halves if len(halves) <= MOST_CLAUSES else []
    listed = len(halves) > 1 and set(around.split()) <= _ALONE and len(voices) > 1
    there = {hit.voice for hit in pattern.hits}
    more = () if _ABOUT_ALL.search(bare) or there & set(voices) else (f"add {bare}",)
    for words in () if listed else dict.fromkeys((bare, clause, *more)):
        made = refine(pattern, words, seed=request.seed, tempo=float(request.tempo))
        whole = not made.unknown and not made.beyond and _bars_struck(made.pattern) >= _bars_struck(pattern)
        if whole and made.done and not made.done[0].startswith("0 "):
            return made.pattern, made.done
    done: tuple[str, ...] = ()
    for half in halves if len(halves) > 1 else ():
        pattern, said = _told(pattern, half, request)
        done += said
    return pattern, done


def _bars_struck(pattern: Pattern) -> int:
    """Return how many bars have a stroke; no order may leave one silent."""
    return len({hit.tick // pattern.meter.bar_ticks for hit in pattern.hits})
