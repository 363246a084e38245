"""The embedded drummer told in words: a groove, and what a wish says of single drums beyond its style and its knobs.

Pure. "rock, no crash, claps on 2 and 4" is the drummer's rock with two orders. They are those that `router.refine`
understands; a clause that names no drum is never one, and what is not understood changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from router import clauses as reading
from router import groove
from router.constraints import GHOST_BELOW, counted, place_ticks, read_rule
from router.kit import KEEPERS, PERCUSSION, as_said, drum_name, spoken_voices
from router.pattern import COMMON_TIME, MAX_BARS, VOICES, Hit, Meter, Pattern
from router.regex import regex
from router.request import GrooveRequest
from router.spans import Bars, runs

_ABOUT_ALL: Final = regex(r"\b(?:all|but|except|everything|anything|never|no|not|without)\b")
_IDLE: Final = regex(r"so it is already\b|^no strokes of ")
"""What was asked for and needed nothing done."""
_ONLY: Final = regex(r"\b(?:only|just|nothing but)\b(?! in\b)")
_BACKBONE: Final = frozenset({"kick", "snare", "rim"})
_SHORT: Final = 2
"""Bars of a loop whose kick and snare were spelled out: a fill in every other bar is not what was spelled."""
_GRACE: Final = {"flam": ((-100, 0),), "drag": ((-100, 0),), "buzz": ((0, 190),)}
"""Where the small strokes of an ornament lie, in ticks from the stroke that they belong to."""
_MIDDLE: Final = 0.5
_KEEPERS: Final = {"ride": ("ride", "ride_bell"), "hats": ("hat_closed", "hat_open")}
"""What can keep the time; one hand does."""
_TELLING: Final = (
    "genre", "style", "drummer", "section", "meter", "bars", "tempo", "time", "feel", "blend", "polyrhythm", "evolve",
)  # fmt: skip
"""Without any of these, words may be known one by one and yet ask for nothing: "surprise me"."""


class _Told(NamedTuple):
    """A groove after a clause: what was done, and which parts of the clause were not, a sentence each."""

    pattern: Pattern
    done: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


def details(prompt: str) -> tuple[str, ...]:
    """Return the clauses of a wish that speak of single drums or of a fill's place, as they were said."""
    return reading.parted(prompt)[0]


def _in_section(prompt: str, section: str | None = None) -> tuple[tuple[str, ...], str]:
    """Return the orders of a wish and its other words for the section that is set, else for the one that is named."""
    return reading.parted(reading.for_section(prompt, section or groove.describe(prompt)["section"]))


def rules(prompt: str) -> tuple[str, ...]:
    """Return those of `details` that are rules in the sense of `router.constraints`, for music that is put together."""
    return tuple(as_said(bare) for clause in details(prompt) if read_rule(bare := reading.bare(clause)) is not None)


def unread(prompt: str, genre: str | None = None, *, single: bool = False) -> tuple[str, ...]:
    """Return what the words say that the drummer could not follow, beside orders, a sentence each.

    Args:
        prompt: A musician's words.
        genre: What is set beside them and wins over the genre that they name.
        single: One groove is wanted, no song of many sections.
    """
    if len(prompt) > reading.LONGEST:
        return (f"of {len(prompt)} characters only style and feel are read; orders about drums in {reading.LONGEST}",)
    told = groove.unread(prompt, reading.parted(prompt)[1], genre, single=single)
    if (many := reading.orders_in(prompt)) > reading.MOST:
        told += (f"not done: {many} orders about drums, of which {reading.MOST} can be given at a time",)
    return (*told, *(f'not understood: "{words}"' for words in reading.leftover(prompt)))


def describe(prompt: str, meter: Meter = COMMON_TIME) -> dict[str, Any]:
    """Return what `groove.describe` does; words that are followed to the last are sure, drums and all.

    Clauses about drums that can all be followed, in the metre that is set or said, do not lower the confidence in the
    rest.
    """
    said = groove.describe(prompt)
    clauses, rest = _in_section(prompt)
    if clauses:
        if not all(map(reading.followed, clauses)) or _limited(
            clauses, said["meter"] if said["meter"] and meter == COMMON_TIME else str(meter)
        ):
            return said
        said["confidence"] = groove.describe(rest)["confidence"] if rest.strip(" ,") else 1.0
    if (clauses or any(map(said.get, _TELLING))) and not unread(prompt, single=True):
        said["confidence"] = 1.0
    return said


def _limited(clauses: Sequence[str], meter: str) -> bool:
    """Say whether a clause asks for what no bar of this metre has: "snare on 6"."""
    from router.refine import limit  # noqa: PLC0415 - its tables of words load when there are words for them

    empty = Pattern(Meter.parse(meter), MAX_BARS, ())
    return any(limit(empty, order) for clause in clauses for order in reading.orders_of(clause))


def draw(request: GrooveRequest) -> Pattern:
    """Return the drummer's groove for a request, with what its words say of single drums.

    `meta["asked"]` has a sentence for each order that changed something, and for each that was not done. See
    `groove.generate` for the rest and the errors.
    """
    clauses = reading.in_turn(_in_section(request.prompt, request.section)[0])
    if not clauses:
        return groove.generate(request)
    done: list[str] = []
    asked = {voice for clause in clauses if "cymbals proper" not in clause for voice in spoken_voices(clause)[0]}
    taken_back, placed = reading.taken_back(clauses), reading.placed(clauses)
    spelled = {voice for said in placed.values() for one in said for voice in one.voices}
    pattern = groove.generate(_unfilled(request, clauses, spelled))
    for clause in clauses:
        if clause in taken_back:
            done.append(f'not done: "{clause}", for "{taken_back[clause]}" comes after it')
            continue
        pattern, said, missed = _told(_keeping(pattern, clause, asked), clause, request, asked)
        done += (one for one in said if not _IDLE.search(one))
        done += (f"not done: {one}" for one in missed)
        for one in placed.get(clause, ()) if said else ():
            before, pattern = pattern, _nowhere_else(pattern, one, request)
            if out := len(before.hits) - len(pattern.hits):
                done.append(f"{counted(out)} of {', '.join(one.voices).replace('_', ' ')} left out elsewhere")
    pattern, _ = groove.repair(pattern, tempo=float(request.tempo), asked=asked)  # a cowbell takes a hand from the hat
    told = [as_said(one) for one in done]
    return replace(pattern, meta={**pattern.meta, **({"asked": told} if told else {})}, id="")


def _unfilled(request: GrooveRequest, clauses: Sequence[str], spelled: set[str]) -> GrooveRequest:
    """Return the request without fills, where a short loop or all of it was spelled and nothing is said of them."""
    if request.fill_amount is not None or "fill" in request.prompt.lower():
        return request
    short = bool(_BACKBONE & spelled) and groove.length(request) <= _SHORT
    only = any(_ONLY.search(clause) or reading.only_there(clause) for clause in clauses)
    return replace(request, fill_amount=0.0) if short or only else request


def _keeping(pattern: Pattern, clause: str, asked: set[str]) -> Pattern:
    """Return the groove with its time on the drum that a clause gives it to: "ride in eighths" takes it from the hats.

    Only from drums that nothing else is said of.
    """
    keeper = reading.keeper(clause)
    other = {"ride": "hats", "hats": "ride"}.get(keeper, "")
    if not other or asked & {*_KEEPERS[other]}:
        return pattern
    mine, theirs = (sum(hit.voice in _KEEPERS[one] for hit in pattern.hits) for one in (keeper, other))
    if theirs <= mine:
        return pattern
    target = _KEEPERS[keeper][0]
    taken = {hit.tick for hit in pattern.hits if hit.voice in _KEEPERS[keeper]}
    return pattern.with_hits(
        replace(hit, voice=target, openness=None) if hit.voice in _KEEPERS[other] else hit
        for hit in pattern.hits
        if hit.voice not in _KEEPERS[other] or hit.tick not in taken
    )


def _nowhere_else(pattern: Pattern, where: reading.Placed, request: GrooveRequest) -> Pattern:
    """Leave out what lies elsewhere; fills are left alone, and so are ghost notes where the wish is for them.

    A stick on the rim is the hand that plays the snare.
    """
    voices, places = where.voices, where.places
    bars = {one for low, high in runs(where.bars or (Bars(),), pattern.bars) for one in range(low, high + 1)}
    bars -= {one for low, high in runs(where.others, pattern.bars) for one in range(low, high + 1)}
    at, fills, bar = place_ticks(pattern, places), pattern.meta.get("fills", ()), pattern.meter.bar_ticks
    spared = bars if where.outside else set()
    bars = set(range(pattern.bars)) - spared if where.outside else bars
    ghosts = max(request.ghosts or 0.0, groove.describe(request.prompt)["feel"].get("ghosts", 0.0)) > _MIDDLE

    def stays(hit: Hit) -> bool:
        if hit.tick // bar in spared:
            return hit.voice not in voices
        if hit.voice not in voices:
            return not ("rim" in voices and hit.voice == "snare" and hit.tick in at)
        return (
            hit.tick in at
            or hit.tick // bar not in bars
            or hit.tick // bar + 1 in fills
            or (ghosts and hit.velocity < GHOST_BELOW)
            or any(low <= hit.tick - tick <= high for tick in at for low, high in _GRACE.get(hit.ornament, ()))
        )

    bare = pattern.with_hits(hit for hit in pattern.hits if stays(hit))
    return bare if _bars_struck(bare) >= _bars_struck(pattern) else pattern


def _told(pattern: Pattern, clause: str, request: GrooveRequest, asked: Collection[str]) -> _Told:
    """Follow a clause as a whole; else its halves, each for itself: "claps on 2 and 4 and a shaker"."""
    from router.refine import ABSENT, NO_HAND, refine  # noqa: PLC0415 - likewise

    bare, plain = reading.bare(clause), reading.plain(clause)
    voices, around = spoken_voices(bare)
    halves = reading.halves(bare)
    listed = halves and set(around.split()) <= reading.ALONE and len(voices) > 1
    there, named = {hit.voice for hit in pattern.hits}, drum_name().findall(bare)
    if reading.alone(clause) and named and all(there & {*spoken_voices(name)[0]} for name in named):
        return _Told(pattern, (f"{bare}: so it is already",))
    whole_kit = pattern
    first = reading.orders_of(clause)[:1]
    add = _ONLY.search(bare) or (first and first[0].act in {"loud", "soft"} and not there & {*voices})
    for name in named if add else ():  # "only kick and claps", "loud claps": the claps must come first
        if not _bars_struck(pattern, spoken_voices(name)[0]) or _bars_struck(pattern, voices) < pattern.bars:
            pattern = refine(pattern, f"add {name}", seed=request.seed, tempo=float(request.tempo)).pattern
    more = () if _ABOUT_ALL.search(bare) or there & set(voices) else (f"add {bare}", f"add {plain}")
    why = ""
    for words in () if listed else dict.fromkeys((*reading.wordings(clause), *more)):
        if not reading.understood(words):
            continue
        made = refine(pattern, words, seed=request.seed, tempo=float(request.tempo))
        why = why or next(iter(made.beyond), "")
        silent = made.pattern.hits and reading.HUSH.search(bare)
        struck = silent or _bars_struck(made.pattern) >= _bars_struck(pattern)
        if struck and not made.beyond and made.done and not made.done[0].startswith(("0 ", ABSENT)):
            return _first(pattern, words, request, asked) if NO_HAND in made.done[0] else _Told(made.pattern, made.done)
    done: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    for half in halves:
        pattern, said, left = _told(pattern, half, request, asked)
        done, missed = (*done, *said), (*missed, *left)
    return _Told(pattern, done, missed) if done else _Told(whole_kit, (), (why or f'"{bare}"',))


def _first(pattern: Pattern, words: str, request: GrooveRequest, asked: Collection[str]) -> _Told:
    """Do what an order asks for first; the time and the percussion that nobody named play where a hand is left."""
    from router.refine import refine  # noqa: PLC0415 - likewise

    tempo = float(request.tempo)
    others = {hit for hit in pattern.hits if hit.voice in {*KEEPERS, *PERCUSSION} - {*asked}}
    made = refine(pattern.with_hits({*pattern.hits} - others), words, seed=request.seed, tempo=tempo)
    whole, _ = groove.repair(made.pattern.with_hits((*made.pattern.hits, *others)), tempo=tempo, asked=asked)
    lost = sorted(Counter(hit.voice.replace("_", " ") for hit in others - {*whole.hits}).items())
    gave = [f"{counted(count)} of {voice} left out: no hand is left for it" for voice, count in lost]
    return _Told(whole, (*made.done, *gave))


def _bars_struck(pattern: Pattern, voices: Sequence[str] = VOICES) -> int:
    """Return how many bars have a stroke of some voices; no order may leave one silent."""
    return len({hit.tick // pattern.meter.bar_ticks for hit in pattern.hits if hit.voice in voices})
