"""The embedded drummer told in words: a groove, and what a wish says of single drums beyond its style and its knobs.

Pure. "rock, no crash, claps on 2 and 4" is the drummer's rock with two orders. They are those that `router.refine`
understands; a clause that names no drum is never one, and what is not understood changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from router import groove, phrases
from router.constraints import GHOST_BELOW, counted, drum_name, place_ticks, read_rule, spoken_voices
from router.order import CRASHES, Order
from router.pattern import VOICES, Hit, Meter, Pattern
from router.regex import regex
from router.request import GrooveRequest

LONGEST: Final = 400
"""Longer texts are questions put together for a model, not a player's words."""
_PLACE: Final = r"(?:[1-9][&ea]?(?![\w/:.%-]| ?(?:bars?|bpm)\b)|(?:and|e|a|&) of\b)"
_PARTS: Final = regex(
    r"[;]|\.(?!\d)|,(?!(?<=[\d&],) ?(?:and |& ?)?(?:the )?" + _PLACE + r")"
    r"|(?<!nothing )(?<!everything )(?<!anything )(?<!all )\b(?:but|plus|also)\b"
    r"|(?<!first bar )(?<!second bar )(?<!third bar )(?<!fourth bar )(?<!last bar )(?<! half )(?<!bar \d )"
    r"\b(?=(?:with|without|no|using|featuring|having|only (?!on\b|at\b)\w)\b)"
)
_WITHOUT: Final = regex(r"\b(?:not using|(?:don'?t|do not) use|not any|with out)\b")
_SAID: Final = tuple(
    (regex(found), instead)
    for found, instead in (
        (r",? ?(?:and |but )?(?:plus|also) (?:on |at )(?=the |\d)", " and "),
        (r"\b(?:plus|also)\b", ", add"),
        (r"\bfour on the floor\b(?: kick\b)?", ", kick on every beat,"),
        (r" / ", ", "),
        (r"\b(?:just|only) (?:a |the )?([a-z]+(?: [a-z]+)?) on (?=the |beats? |every |\d)", r"\1 only on "),
        (r"\b(?:end|finish)(?:s|es|ing)? (?:with|on) (?:an? )?(crash|china|splash)\b", r", \1 at the end"),
        (r"\b(?:start|begin|open)(?:s|n?ing)? with (?:an? )?((?:\w+ )?fill)\b", r", \1 in bar 1"),
        (r"\b(?:everything|all(?: drums)?|anything) (?:but|except) (?:the )?", "no "),
        (r"\b([a-z]{2,}) ?& ?(?=[a-z]{2})", r"\1 and "),
    )
)
"""How a wish for a whole groove says what `refine` has other words for."""
MOST_CLAUSES: Final = 8
"""More orders than that in one wish are a text about something else."""
_FRAME: Final = regex(r"^.*\b(?:beat|groove|pattern|loop|rhythm) (?=(?:on|with|in|starting|ending|that)\b)")
_WITH: Final = regex(
    r"^(?:(?:and|that|which|with|using|featuring|having|has|have|give it|give me|some|lots of|a lot of|an?|the) )+"
)
_ON_KNOBS: Final = regex(
    r"\b(?:(?:half[ -])?(?:open|closed)[ -]hats?\b(?! (?:only |just )?on\b)"
    r"|(?:no|without|many|lots of|few|more) fills\b|(?:no|without)(?: any)? ghost"
    r"|(?<!more )ghost(?:ed|y)?\b(?!(?: ?notes?)? (?:only |just )?on (?!(?:the )?snares?\b)))"
)
"""The drummer's own knobs answer these; see `router.groove.words`."""
_HUSH: Final = r"\b(?:stop|pause|rest|silence|silent|break|drop out)\b"
_SHAPES: Final = regex(
    r"\bfill\b|\bflams?\b|\b(?:de)?crescendo\b|\bdiminuendo\b|\bget(?:s|ting) (?:louder|softer|quieter)\b"
    r"|\bfade (?:in|out)\b|\baccents?\b|" + _HUSH + r"(?= (?:on|at|in|after|before|for)\b)"
)
"""What is asked of strokes without naming a drum."""
_HAT_ROLLS: Final = regex(r"\bhats? rolls?\b|\broll(?:ing|ed) ")
"""What trap's hats do by themselves; a roll by order is a fill."""
_ABOUT_ALL: Final = regex(r"\b(?:all|but|except|everything|anything|never|no|not|without)\b")
_IDLE: Final = regex(r"so it is already\b|^no strokes of ")
"""What was asked for and needed nothing done."""
_NOUN: Final = regex(r"(?<!every)(?<!each)(?<!the)(?<!last)(?<!first) (?:beat|groove|pattern|part|rhythm)$")
_ONLY: Final = regex(r"\b(?:only|just|nothing but)\b(?! in\b)")
_OPEN: Final = regex(r"\bopen (?:hi[- ]?)?hats? on\b")
_ALONE: Final = frozenset({"", "a", "an", "the", "and", "some"})
_ADDED: Final = regex(r"\b(?:add|extra|another|more|additional|too|as well|an?(?! of\b))\b")
"""With these a place is one more; without, it says where the drum is: "kick on 1 and 3"."""
_RINGS: Final = frozenset(CRASHES)
"""What is struck for an event: "a crash on 1" is not all of them."""
_BACKBONE: Final = frozenset({"kick", "snare", "rim"})
_SHORT: Final = 2
"""Bars of a loop whose kick and snare were spelled out: a fill in every other bar is not what was spelled."""
_SETTING: Final = regex(
    r"(?<!on )\b(?:in |at )?(?:[2-9]\d?/\d{1,2}(?! notes?)|\d{2,3} ?bpm)(?!\w)|^\w+ bars? of |\bfor \w+ bars?\b"
)
"""Metre, tempo and length, which are read from the whole wish."""
_GRACE: Final = {"flam": ((-100, 0),), "drag": ((-100, 0),), "buzz": ((0, 190),)}
"""Where the small strokes of an ornament lie, in ticks from the stroke that they belong to."""
_MIDDLE: Final = 0.5


@lru_cache(maxsize=64)
def _parted(prompt: str) -> tuple[tuple[str, ...], str]:
    """Return the clauses that speak of single drums or of a fill's place, and the other words."""
    text = _WITHOUT.sub("without", " ".join(", ".join(prompt.lower().split("\n")).split()))
    for found, instead in (*phrases.SHORT, *_SAID):
        text = found.sub(instead, text)
    clauses: list[str] = []
    rest: list[str] = []
    for part in _PARTS.split(text) if len(text) <= LONGEST else ():
        ours = (one for one in part.split(" and ") if not _ON_KNOBS.search(one)) if _ON_KNOBS.search(part) else (part,)
        clause = re.sub(r"^ ?and | and ?$", " ", " ".join(" and ".join(ours).split())).strip()
        if (spoken_voices(clause)[0] or _SHAPES.search(clause)) and not _HAT_ROLLS.search(clause):
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
    return tuple(bare for clause in details(prompt) if read_rule(bare := _bare(clause)) is not None)


def unread(prompt: str) -> tuple[str, ...]:
    """Return what the words say that the drummer could not follow, beside orders, a sentence each."""
    return groove.unread(prompt, _parted(prompt)[1]) if len(prompt) <= LONGEST else ()


def describe(prompt: str) -> dict[str, Any]:
    """Return what `groove.describe` does; clauses about drums that can all be followed do not lower its confidence."""
    said = groove.describe(prompt)
    clauses, rest = _parted(prompt)
    if clauses and all(_followed(clause, said["meter"] or "4/4") for clause in clauses):
        said["confidence"] = groove.describe(rest)["confidence"] if rest.strip(" ,") else 1.0
    return said


@lru_cache(maxsize=64)
def _followed(clause: str, meter: str) -> bool:
    """Say whether the rules understand a clause: what they can do to one plain groove, they can do to any."""
    plain = GrooveRequest(genre="rock", style="straight", meter=Meter.parse(meter))
    return bool(_told(groove.generate(plain), clause, plain)[1])


def draw(request: GrooveRequest) -> Pattern:
    """Return the drummer's groove for a request, with what its words say of single drums.

    `meta["asked"]` has a sentence for each order that changed something. See `groove.generate` for the rest and the
    errors.
    """
    clauses = _in_turn(details(request.prompt))
    if not clauses:
        return groove.generate(request)
    done: list[str] = []
    taken_back, placed = _taken_back(clauses), _placed(clauses)
    spelled = {voice for said in placed.values() for voices, _ in said for voice in voices}
    pattern = _unfilled(request, short=bool(_BACKBONE & spelled), all_of_it=any(map(_ONLY.search, clauses)))
    for clause in clauses:
        if clause in taken_back:
            done.append(f'not done: "{clause}", for "{taken_back[clause]}" comes after it')
            continue
        pattern, said = _told(pattern, clause, request)
        done += [one for one in said if not _IDLE.search(one)] if said else [f"not done: {_why(pattern, clause)}"]
        for voices, places in placed.get(clause, ()) if said else ():
            before, pattern = pattern, _nowhere_else(pattern, voices, places, request)
            if out := len(before.hits) - len(pattern.hits):
                done.append(f"{counted(out)} of {', '.join(voices).replace('_', ' ')} left out elsewhere")
    asked = {voice for clause in clauses for voice in spoken_voices(clause)[0]}
    pattern, _ = groove.repair(pattern, tempo=float(request.tempo), asked=asked)  # a cowbell takes a hand from the hat
    return replace(pattern, meta={**pattern.meta, **({"asked": done} if done else {})}, id="")


def _in_turn(clauses: Sequence[str]) -> Sequence[str]:
    """Return the clauses with those about open hats last where closed ones are asked for too: one pair of cymbals."""
    if not any("closed h" in clause for clause in clauses):
        return clauses
    return sorted(clauses, key=lambda clause: bool(_OPEN.search(clause)))


def _unfilled(request: GrooveRequest, *, short: bool, all_of_it: bool) -> Pattern:
    """Return the drummer's groove, without fills in a short loop or in all of it, unless something is said of them."""
    pattern = groove.generate(request)
    if request.fill_amount is not None or "fill" in request.prompt.lower():
        return pattern
    bare = all_of_it or (short and pattern.bars <= _SHORT)
    return groove.generate(replace(request, fill_amount=0.0)) if bare else pattern


@lru_cache(maxsize=64)
def _read(clause: str) -> tuple[Order, ...]:
    from router.orders import orders  # noqa: PLC0415 - its tables of words load when there are words for them
    from router.whole import is_whole  # noqa: PLC0415 - likewise

    found = orders(_bare(clause), is_whole)
    if all(order.act == "?" for order in found):
        found = orders(groove.nameless(_bare(clause)), is_whole)
    return tuple(found)


def _taken_back(clauses: Sequence[str]) -> dict[str, str]:
    """Return the clauses that a later one takes back ("without hats, busy hats"), with its words."""
    from router.orders import overruled  # noqa: PLC0415 - likewise

    found = [(clause, order) for clause in clauses for order in _read(clause)]
    against = overruled([order for _, order in found])
    return {found[index][0]: words for index, words in against.items() if len(_read(found[index][0])) == 1}


def _placed(clauses: Sequence[str]) -> dict[str, list[tuple[tuple[str, ...], set[str]]]]:
    """Return, for clauses that say where a drum is ("kick on 1 and 3"), its voices and all places said of them."""
    said: dict[tuple[str, ...], set[str]] = {}
    out: dict[str, list[tuple[tuple[str, ...], set[str]]]] = {}
    for clause in clauses:
        for order in () if _ADDED.search(clause) or _RINGS & {*spoken_voices(clause)[0]} else _read(clause):
            rule = read_rule(order.text) if order.act == "rule" and not order.bars else None
            if rule and rule.places and rule.most is None and not (rule.only or rule.ghosts):
                places = said.setdefault(rule.voices, set())
                places.update(rule.places)
                out.setdefault(clause, []).append((rule.voices, places))
    return out


def _nowhere_else(pattern: Pattern, voices: Sequence[str], places: set[str], request: GrooveRequest) -> Pattern:
    """Leave out what lies elsewhere; fills are left alone, and so are ghost notes where the wish is for them.

    A stick on the rim is the hand that plays the snare.
    """
    at, fills, bar = place_ticks(pattern, places), pattern.meta.get("fills", ()), pattern.meter.bar_ticks
    ghosts = max(request.ghosts or 0.0, groove.describe(request.prompt)["feel"].get("ghosts", 0.0)) > _MIDDLE

    def stays(hit: Hit) -> bool:
        if hit.voice not in voices:
            return not ("rim" in voices and hit.voice == "snare" and hit.tick in at)
        return (
            hit.tick in at
            or hit.tick // bar + 1 in fills
            or (ghosts and hit.velocity < GHOST_BELOW)
            or any(low <= hit.tick - tick <= high for tick in at for low, high in _GRACE.get(hit.ornament, ()))
        )

    bare = pattern.with_hits(hit for hit in pattern.hits if stays(hit))
    return bare if _bars_struck(bare) >= _bars_struck(pattern) else pattern


def _bare(clause: str) -> str:
    return " ".join(_WITH.sub("", _FRAME.sub("", _SETTING.sub(" ", clause).strip())).split())


def _told(pattern: Pattern, clause: str, request: GrooveRequest) -> tuple[Pattern, tuple[str, ...]]:
    """Follow a clause as a whole; else its halves, each for itself: "claps on 2 and 4 and a shaker"."""
    from router.refine import refine  # noqa: PLC0415 - likewise

    bare = _bare(clause)
    voices, around = spoken_voices(bare)
    halves = [half for half in re.split(r" and (?!\d|of\b)", bare) if spoken_voices(half)[0]]
    if not 1 < len(halves) <= MOST_CLAUSES:
        halves = []
    listed = halves and set(around.split()) <= _ALONE and len(voices) > 1
    there, named = {hit.voice for hit in pattern.hits}, drum_name().findall(bare)
    whole_kit, plain = pattern, _NOUN.sub("", groove.nameless(bare))
    alone = set(spoken_voices(plain)[1].split()) <= _ALONE
    if alone and named and all(there & {*spoken_voices(name)[0]} for name in named):
        return pattern, (f"{bare}: so it is already",)
    for name in named if _ONLY.search(bare) else ():  # "only kick and claps": the claps must come first
        if not _bars_struck(pattern, spoken_voices(name)[0]) or _bars_struck(pattern, voices) < pattern.bars:
            pattern = refine(pattern, f"add {name}", seed=request.seed, tempo=float(request.tempo)).pattern
    more = () if _ABOUT_ALL.search(bare) or there & set(voices) else (f"add {bare}", f"add {plain}")
    for words in () if listed else dict.fromkeys((bare, clause, plain, *more)):
        made = refine(pattern, words, seed=request.seed, tempo=float(request.tempo))
        silent = made.pattern.hits and re.search(_HUSH, bare)
        struck = silent or _bars_struck(made.pattern) >= _bars_struck(pattern)
        whole = not made.unknown and not made.beyond and struck
        if whole and made.done and not made.done[0].startswith("0 "):
            return made.pattern, made.done
    done: tuple[str, ...] = ()
    for half in halves:
        pattern, said = _told(pattern, half, request)
        done += said
    return pattern if done else whole_kit, done


def _bars_struck(pattern: Pattern, voices: Sequence[str] = VOICES) -> int:
    """Return how many bars have a stroke of some voices; no order may leave one silent."""
    return len({hit.tick // pattern.meter.bar_ticks for hit in pattern.hits if hit.voice in voices})


def _why(pattern: Pattern, clause: str) -> str:
    """Return why a clause was not done: what the rules say of it, if they do, else only that."""
    from router.refine import refine  # noqa: PLC0415 - likewise

    return next(iter(refine(pattern, _bare(clause)).beyond), f'"{clause}"')
