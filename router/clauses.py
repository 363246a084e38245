"""A wish for a groove cut into clauses: which of them are orders about single drums, and what the rules read in each.

Pure. A clause is an order, wholly read or not; whatever speaks of no drum is left to those who read styles and feel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from router import groove
from router.constraints import read_rule
from router.kit import CRASHES, drum_name, spoken_voices
from router.order import Order
from router.regex import regex
from router.sayings import reworded
from router.spans import Bars, bars_in
from router.spellings import OF_GROOVES, SHORT

LONGEST: Final = 400
"""Longer texts are questions put together for a model, not a player's words."""
MOST: Final = 24
"""More orders than that in one wish are a text about something else."""
_PLACE: Final = r"(?:[1-9][&ea]?(?![\w/:.%-]| ?(?:bars?|bpm)\b)|(?:and|e|a|&) of\b)"
_PARTS: Final = regex(
    r";|\.(?!\d)|,(?!(?:(?<=[\d&],)|(?<=\d[ea],)) ?(?:and |& ?)?(?:the )?" + _PLACE + r")"
    r"|(?<!nothing )(?<!everything )(?<!anything )(?<!all )\b(?:but|plus|also)\b"
    r"|(?<!first bar )(?<!second bar )(?<!third bar )(?<!fourth bar )(?<!last bar )(?<! half )(?<!bar \d )"
    r"\b(?=(?:with|without|no|using|featuring|having|(?:only|just) (?!on\b|at\b|a\b|in\b|during\b)\w+)\b)"
)
_LOOSE: Final = str.maketrans({'"': "", "(": ", ", ")": ","})
"""Quotes around a place, and remarks in brackets."""
_NOTHING_ELSE: Final = regex(
    r",? ?\b(?:and |but |with )*(?:nothing else|no other drums?|that'?s (?:it|all)|only th(?:at|ese|ose))\b"
)
_WITHOUT: Final = regex(r"\b(?:not using|(?:don'?t|do not) use|not any|with out)\b")
_FRAME: Final = regex(
    r"^.*\b(?:(?:beat|groove|pattern|loop|rhythm|part|section|intro|outro|verse|chorus|breakdown)"
    r" (?=(?:on|with|in|starting|ending|that)\b)|where )"
)
_WITH: Final = regex(
    r"^(?:(?:and|that|which|with|using|featuring|having|has|have|give it|give me|some|lots of|a lot of|an?|the"
    r"|keep(?!.* (?:out|off|away|down|minimum|minimal|simple|plain|basic|sparse|light|low)\b)) )+"
)
_ON_KNOBS: Final = regex(
    rf"\b(?:(?:half[ -])?(?:open|closed)[ -]hats?\b(?! [x-]+\b){groove.SOMEWHERE}"
    r"|(?:no|without|many|lots of|few|more) fills\b|(?:no|without)(?: any)? ghost"
    r"|(?<!more )ghost(?:ed|y)?\b(?!(?: ?notes?)? (?:only |just )?on (?!(?:the )?snares?\b)))"
)
"""The drummer's own knobs answer these; see `router.groove.words`."""
_HUSHED: Final = r"\b(?:stop|pause|rest|silence|silent|break|drop out|space|gap)\b"
HUSH: Final = regex(_HUSHED)
_SHAPES: Final = regex(
    rf"{groove.TIME_IN_BARS.pattern}|"
    r"\bfill\b|\bflams?\b|\b(?:de)?crescendo\b|\bdiminuendo\b|\bget(?:s|ting)? (?:louder|softer|quieter)\b"
    r"|\bfad(?:e|es|ing) (?:in|out)\b|\baccents?\b|\b(?:buzz|press|drum|snare|tom) rolls?\b"
    r"|\b(?:drag|ruff|buzz)s? (?=on\b)"
    rf"|{_HUSHED}(?= (?:on|at|in|after|before|for)\b)"
)
"""What is asked of strokes without naming a drum."""
_HAT_ROLLS: Final = regex(r"\bhats? rolls?\b|\broll(?:ing|ed) ")
"""What trap's hats do by themselves; a roll by order is a fill."""
_NOUN: Final = regex(r"(?<!every)(?<!each)(?<!the)(?<!last)(?<!first) (?:beat|groove|pattern|part|rhythm)$")
ALONE: Final = frozenset({"", "a", "an", "the", "and", "some"})
_FELT: Final = regex(r"\b(?:feel|vibe|groove|style|shuffle|swing)\b")
"""What is said of all of it, though "and" joins it to a drum."""
_HALVES: Final = regex(r" and (?!\d|of\b)")
_EVEN: Final = frozenset({"beat", "8th", "16th", "3rd"})
"""What keeps the time."""
_OPEN: Final = regex(r"\bopen (?:hi[- ]?)?hats? on\b")
_ADDED: Final = regex(r"\b(?:add|extra|another|more|additional|too|as well|an?(?! of\b))\b")
"""With these a place is one more; without, it says where the drum is: "kick on 1 and 3"."""
_RINGS: Final = frozenset(CRASHES)
"""What is struck for an event: "a crash on 1" is not all of them."""
_REFUSED: Final = regex(r"(?:no|without|drop|remove|never|don'?t)\b")
_SETTING: Final = regex(
    r"(?<!on )\b(?:in |at )?(?:(?:[2-9]\d?|1\d)/\d{1,2}(?! notes?)|\d{2,3} ?bpm)(?!\w)|(?<=ths) at \d{2,3}$"
    r"|^\w+ bars? of |\bfor \w+ bars?\b"
)
"""Metre, tempo and length, which are read from the whole wish."""
_SECTION: Final = regex(r",? ?\b(?:in|for|during) (?:the |an? |my )?(pre-?chorus|\w+)\b")
_PLACES: Final = regex(
    r"(?:one|two|three|four|five|six|seven|eight|once|twice|start|beginning|end|first|last|beats?|bars?|[1-9][&ea]?)"
)
_AROUND: Final = regex(
    r"(?:an?|the|and|or|not|but|also|then|too|never|except|only|just|on|at|in|to|of|for|please|ok|thanks)"
)


def leftover(prompt: str) -> tuple[str, ...]:
    """Return what was cut off from orders and is nothing but places or counts: "four", "not on 3", "the end"."""
    clauses, rest = parted(prompt)
    out = []
    for piece in re.split("[,;.]", rest) if clauses else ():
        words = [word.strip("!?") for word in piece.split()]
        somewhere = any(map(_PLACES.fullmatch, words))
        strange = not all(_PLACES.fullmatch(word) or _AROUND.fullmatch(word) for word in words)
        told = groove.describe(piece)
        if somewhere and not (strange or told["meter"] or told["bars"] or told["tempo"]):
            out.append(" ".join(words))
    return tuple(out)


def for_section(prompt: str, section: str | None) -> str:
    """Return a wish without "in the verse", where it is the verse that is played."""
    if section is None:
        return prompt
    return _SECTION.sub(
        lambda found: " " if section in groove.describe(found[1])["sections"] else found[0], prompt.lower()
    )


def parted(prompt: str) -> tuple[tuple[str, ...], str]:
    """Return the clauses that speak of single drums or of a fill's place, and the other words."""
    clauses, rest = _parted(prompt)
    return (clauses, rest) if 0 < len(clauses) <= MOST else ((), prompt)


def orders_in(prompt: str) -> int:
    """Return how many clauses of a wish are orders, also where they are more than are done."""
    return len(_parted(prompt)[0])


@lru_cache(maxsize=64)
def _parted(prompt: str) -> tuple[tuple[str, ...], str]:
    text = _WITHOUT.sub("without", groove.signed(", ".join(prompt.translate(_LOOSE).split("\n"))))
    label, colon, orders = text.partition(": ")
    if colon and not _about_drums(label) and not bars_in(label)[1]:
        text = f"{label}, {orders}"  # "techno: kick on every beat"
    text = reworded(text, SHORT, OF_GROOVES)
    clauses: list[str] = []
    rest: list[str] = []
    text, only = _NOTHING_ELSE.subn(" ", text)
    for part in _PARTS.split(text) if len(text) <= LONGEST else ():
        ours = (one for one in part.split(" and ") if not _ON_KNOBS.search(one)) if _ON_KNOBS.search(part) else (part,)
        clause = re.sub(r"^ ?and | and ?$", " ", " ".join(" and ".join(ours).split())).strip()
        if not _about_drums(clause) or _HAT_ROLLS.search(clause):
            rest.append(part)
            continue
        mine, others = _shared(clause)
        clauses += mine
        rest += [*others, *_FRAME.findall(clause)]
    named = [name for clause in clauses if not _REFUSED.match(clause) for name in drum_name().findall(clause)]
    if only and named:
        clauses.append(f"only {' and '.join(dict.fromkeys(named))}")
    return tuple(clauses), ", ".join(rest)


def _about_drums(clause: str) -> bool:
    return bool(spoken_voices(clause)[0] or _SHAPES.search(clause))


def _shared(clause: str) -> tuple[list[str], list[str]]:
    """Return an order, and what is joined to it without being one: "claps on 2 and 4 and a jazzy feel"."""
    pieces = _HALVES.split(clause)
    whole = not any(_FELT.search(one) and not _about_drums(one) for one in pieces)
    if len(pieces) == 1 or (whole and any(understood(words) for words in wordings(clause))):
        return [clause], []
    mine = [one for one in pieces if _about_drums(one)]
    return [" and ".join(mine)], [one for one in pieces if not _about_drums(one)]


def halves(clause: str) -> list[str]:
    """Return the parts of a clause that "and" joins, each to be read by itself; none where there is only one."""
    found = [half for half in _HALVES.split(clause) if _about_drums(half)]
    return found if 1 < len(found) <= MOST else []


def bare(clause: str) -> str:
    """Return a clause without what leads it in, and without metre, tempo and length."""
    return " ".join(_WITH.sub("", _FRAME.sub("", _SETTING.sub(" ", clause).strip())).split())


@lru_cache(maxsize=256)
def plain(clause: str) -> str:
    """Return the bare clause without names of styles: "hip hop snare on 3"."""
    return _NOUN.sub("", groove.nameless(bare(clause)))


def wordings(clause: str) -> tuple[str, ...]:
    """Return the ways to read a clause, the nearest to what was said first."""
    return tuple(dict.fromkeys((bare(clause), clause, plain(clause))))


def read(words: str) -> tuple[Order, ...]:
    """Return the orders of a clause; their act is "?" where it is not understood."""
    from router.orders import orders  # noqa: PLC0415 - its tables of words load when there are words for them
    from router.whole import is_whole  # noqa: PLC0415 - likewise

    return orders(words, is_whole)


def understood(words: str) -> bool:
    """Say whether every word of a clause is known."""
    found = read(words)
    return bool(found) and all(order.act != "?" for order in found)


def alone(clause: str) -> bool:
    """Say whether a clause names drums and nothing else, each once: they are to be there, in no order."""
    return not _in_order(clause) and set(spoken_voices(plain(clause))[1].split()) <= ALONE


def _in_order(clause: str) -> bool:
    """Say whether a drum is named twice: "kick snare kick snare" is a rhythm in words, which nobody here reads."""
    named = drum_name().findall(plain(clause))
    return len({*named}) < len(named)


def followed(clause: str) -> bool:
    """Say whether all of a clause is understood, as a whole or each half for itself."""
    added = () if _in_order(clause) else (f"add {bare(clause)}", f"add {plain(clause)}")
    if alone(clause) or any(map(understood, (*wordings(clause), *added))):
        return True
    parts = halves(bare(clause))
    return bool(parts) and all(map(followed, parts))


def orders_of(clause: str) -> tuple[Order, ...]:
    """Return what a clause asks for, as a whole, or else what each half that is understood asks for."""
    whole = next((read(words) for words in (bare(clause), plain(clause)) if understood(words)), None)
    return tuple(order for half in halves(bare(clause)) for order in orders_of(half)) if whole is None else whole


def in_turn(clauses: Sequence[str]) -> Sequence[str]:
    """Return the clauses with those about open hats last where closed ones are asked for too: one pair of cymbals."""
    if not any("closed h" in clause for clause in clauses):
        return clauses
    return sorted(clauses, key=lambda clause: bool(_OPEN.search(clause)))


def taken_back(clauses: Sequence[str]) -> dict[str, str]:
    """Return the clauses that a later one takes back ("without hats, busy hats"), with its words."""
    from router.order import overruled  # noqa: PLC0415 - likewise

    found = [(clause, order) for clause in clauses for order in orders_of(clause)]
    against = overruled([order for _, order in found])
    return {found[index][0]: words for index, words in against.items() if len(orders_of(found[index][0])) == 1}


def only_there(clause: str) -> bool:
    """Say whether a clause has a drum nowhere but at its places, as a rhythm that is written down has."""
    rules = (read_rule(order.text) for order in orders_of(clause) if order.act == "rule")
    return any(rule is not None and rule.only for rule in rules)


def keeper(clause: str) -> str:
    """Return "ride" or "hats" where a clause lays the time on it ("ride in eighths", no cymbals but hats), else ""."""
    if _ADDED.search(bare(clause)):
        return ""
    if "cymbals proper" in clause:
        return "" if "ride" in spoken_voices(clause.replace("cymbals proper", ""))[0] else "hats"
    for order in orders_of(clause):
        rule = read_rule(order.text) if order.act == "rule" else None
        places = {*order.places} if order.act == "steps" else {*rule.places} if rule and rule.most is None else set()
        if places and places <= _EVEN and not order.bars and not (rule and rule.only):
            return "ride" if {"ride"} <= {*order.voices} else "hats" if {"hat_closed"} <= {*order.voices} else ""
    return ""


class Placed(NamedTuple):
    """Where a drum is said to be, and nowhere else.

    Attributes:
        voices: The drum. places: In the bar, as all clauses together have it.
        bars: In these; () for all, but for `others`, of which something else is said.
        outside: Nowhere in `bars`, and in all others there: "snare on 2 and 4 except in bar 4".
    """

    voices: tuple[str, ...]
    places: set[str]
    bars: tuple[Bars, ...] = ()
    others: tuple[Bars, ...] = ()
    outside: bool = False


def placed(clauses: Sequence[str]) -> dict[str, list[Placed]]:
    """Return, for clauses that say where a drum is ("kick on 1 and 3"), which drum and all places said of it."""
    said: dict[tuple[tuple[str, ...], tuple[Bars, ...]], set[str]] = {}
    found: list[tuple[str, tuple[str, ...], tuple[Bars, ...]]] = []
    out: dict[str, list[Placed]] = {}
    for clause in clauses:
        for order in () if _ADDED.search(bare(clause)) or _RINGS & {*spoken_voices(clause)[0]} else orders_of(clause):
            rule = read_rule(order.text) if order.act == "rule" else None
            if not (rule and rule.places and rule.most is None) or rule.only or rule.ghosts:
                continue
            if order.outside:
                out.setdefault(clause, []).append(Placed(rule.voices, {*rule.places}, order.bars, outside=True))
            else:
                said.setdefault((rule.voices, order.bars), set()).update(rule.places)
                found.append((clause, rule.voices, order.bars))
    for clause, voices, bars in found:
        places = said[voices, bars] | said.get((voices, ()), set())
        others = () if bars else tuple(one for mine, where in said if mine == voices for one in where)
        out.setdefault(clause, []).append(Placed(voices, places, bars, others))
    return out
