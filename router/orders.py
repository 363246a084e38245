"""Reading a musician's words as orders: which act, which drums, how much, at which places, in which bars.

Pure. Every word of a clause must be known, else the clause is not understood: what is half understood is said, never
half done.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Final

from router import forms, phrases
from router.constraints import places_of, read_rule
from router.kit import CRASHES, HATS, KEEPERS, SNARES, as_said, drum_name, refused_voices, spoken_voices
from router.order import ARTICLES, Order, drums, placed, strange
from router.pattern import VOICES
from router.phrases import NUMBERS
from router.regex import regex
from router.sayings import reworded
from router.slips import mended
from router.spans import Bars, bars_in, is_section, strokes_in, within_section
from router.spellings import SHORT, SPELLINGS, WISHED

_INHERITED: Final = frozenset({"keep", "drop", "more", "less", "loud", "soft"})
_PICKING: Final = frozenset(
    {"drop", "loud", "soft", "swap", "open", "close", "slide", "nudge", "level", "move", "ornament", "plain", ""}
)
"""Acts that can be about some strokes of a drum only."""
_NARROWED: Final = frozenset({"more", "less", "loud", "soft", "swell"})
_FINDERS: Final = tuple((act, regex(rf"(?<!\S)(?:{words})(?!\S)")) for act, words in phrases.ACTS)
_SAME_ACT: Final = {
    act: regex(rf"(?<!\S)(?:{'|'.join(words for other, words in phrases.ACTS if other == act)})(?!\S)")
    for act, _ in phrases.ACTS
}
_LONGEST: Final = 300
"""Characters of a clause that is read; sixteen places in a row are half of it. What is longer only takes time."""
_JOINED: Final = 32
"""How often "and" may stand in one."""
_SCOPE: Final = frozenset({"", "only", "change", "in", "and"})
_AND: Final = regex(r"\band\b")
_GRADED: Final = regex(r"er\b|\bmore\b|\btoo\b|\bup\b|accent|emphasi|raise|boost")
"""What changes a stroke that is there."""
_LIST: Final = regex(r"((?:add|bring in|introduce|put in|more|double) )(.+?) and (.+)")
_CONFINED: Final = regex(r"(?:,|,? but|,? and) (not|only|just) ((?:in|during|for) [^,;.]+)")
"""What confines the clause before: "louder, but not in bar 2"."""
_PAIR: Final = regex(r"((?:add|put|place|play|hit) |)(.+?) and (?=\D)(.+?)((?: in| of| (?:bars? \d+))* (?:on|at) .+)")
"""One place for two drums; a rule would be content with either of them."""


@dataclass(slots=True)
class _Clause:
    text: str
    bars: tuple[Bars, ...]
    joined: bool
    """It follows its neighbour after a mere "and"."""
    outside: bool = False


Whole = Callable[[str], bool]


def spelled(text: str) -> str:
    """Return the words in one spelling: lower case, "hat" for every hi-hat, "rim" for a side-stick."""
    text = " ".join(text.lower().replace("_", " ").replace("\n", ", ").split())
    # "bar 3: ..." holds for all that follows; "hats: ..." does not.
    text = re.sub(r"(^|[,;.]) ?([^,;:.]+):", lambda m: m[0][:-1] + ";" if _is_scope(m[2]) else m[0], text)
    text = " ".join(reworded(text, SHORT, SPELLINGS).split())
    return _CONFINED.sub(_joined, text)


def _joined(found: re.Match[str]) -> str:
    """Join a place to the clause before, where it is nothing but a place."""
    return f" {'except' if found[1] == 'not' else 'only'} {found[2]}" if _is_scope(found[2]) else found[0]


def _is_scope(words: str) -> bool:
    return bars_in(words)[0] in _SCOPE or is_section(words)


def own_words(words: str, instruction: str, section: str | None = None) -> str:
    """Return the musician's own words for a clause that was read in others, or without the section that is played."""
    return _read_from(instruction, section).get(words, as_said(words))


@lru_cache(maxsize=64)
def _read_from(instruction: str, section: str | None) -> dict[str, str]:
    """Return the clauses of an instruction, and what "and" joins in them, by the words in which they are read."""
    text = " ".join(instruction.lower().split())
    stops = list(phrases.STOP.finditer(text))
    starts, ends = [0, *(stop.end() for stop in stops)], [*(stop.start() for stop in stops), len(text)]
    alone = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    two = [text[start:end] for start, end in zip(starts, ends[1:], strict=False)]  # "louder, but not in bar 2"
    out: dict[str, str] = {}
    for part in dict.fromkeys((*two, *alone, *(half for one in alone for half in one.split(" and ")))):
        own = part.strip(" ,.")
        read = spelled(within_section(own, section))
        barless = bars_in(read)[0]
        out |= {barless: own, barless.removesuffix(" except"): own, read: own}
    return out


@lru_cache(maxsize=256)
def orders(instruction: str, whole: Whole) -> tuple[Order, ...]:
    """Return the clauses of an instruction in order; `act` is "?" for those that are not understood.

    Args:
        instruction: A musician's words.
        whole: Says of a clause whether it is about the whole groove (feel, time, fills) and understood there.
    """
    clauses = list(_clauses(spelled(instruction), whole))
    out: list[Order] = []
    last: Order | None = None
    everywhere: tuple[Bars, ...] = ()
    section = ""
    for index, clause in enumerate(clauses):
        if not clause.text:
            everywhere = clause.bars  # "in bar 3: ...": for all that follows
            if out and index + 1 == len(clauses) and not out[-1].bars:
                out[-1] = replace(out[-1], bars=clause.bars)  # "louder, in bar 3"
            continue
        if is_section(clause.text):
            section = clause.text  # another one than plays
            if out and index + 1 == len(clauses):
                out[-1] = Order(f"{out[-1].text}, {section}", "?")  # "louder, only in the verse"
            continue
        if section:
            out.append(Order(f"{section}, {clause.text}", "?"))
            continue
        order = _order(clause.text, last, whole)
        for meant in (reworded(clause.text, WISHED), mended(clause.text)) if order.act == "?" else ():
            if order.act == "?" and meant != clause.text and (read := _order(meant, last, whole)).act != "?":
                order = read
        if order.act == "only" and last is not None and not last.voices and last.act in _NARROWED and not clause.joined:
            out[-1] = last = replace(last, voices=order.voices)  # "louder, hats only"
            continue
        order = _cymbal(replace(order, bars=clause.bars or order.bars, outside=order.outside or clause.outside))
        if not order.voices and order.act in {"more", "less", "loud", "soft"}:
            follows = clauses[index + 1] if index + 1 < len(clauses) else None
            order = _lent(order, clause, last, follows)
        order = replace(order, bars=order.bars or everywhere)
        out.append(order)
        if order.act != "?":
            last = order
    return tuple(out)


def _cymbal(order: Order) -> Order:
    """Put a crash that comes without a place on the first beat, once; "every two bars" begins with the first."""
    if order.act not in {"more", "rule"} or not order.voices or not set(order.voices) <= set(CRASHES):
        return order
    bars = tuple(replace(one, low=1) if one.step > 1 else one for one in order.bars)
    if order.act == "rule" or order.places or order.count:
        return replace(order, bars=bars)
    return replace(order, act="rule", text=f"{order.voices[0].replace('_', ' ')} on 1", bars=bars or (Bars(1, 1),))


def _lent(order: Order, clause: _Clause, last: Order | None, follows: _Clause | None) -> Order:
    """Give "hats busier and louder", "busier and louder hats in bar 4" the drums and bars of their neighbour."""
    if clause.joined and last is not None:
        return replace(order, voices=last.voices, bars=order.bars or last.bars)
    if follows is not None and follows.joined and not clause.joined:
        return replace(order, voices=spoken_voices(follows.text)[0], bars=order.bars or follows.bars)
    return order


def _clauses(text: str, whole: Whole) -> list[_Clause]:
    out: list[_Clause] = []
    for piece in phrases.STOP.split(text):
        rest, joined = piece.strip(" ,."), False
        while rest:
            head, tail = (rest, "") if forms.copied(rest) else _cut(rest, whole)
            bound = forms.copied(head) or forms.confined(head)  # these read their bars themselves
            plain, bars = (head, ()) if bound else bars_in(head)
            outside = plain.endswith(" except") and not bars_in(head.rpartition(" except ")[0])[1]
            out.append(_Clause(plain.removesuffix(" except") if outside else plain, bars, joined, outside))
            rest, joined = tail, True
    return out


def _cut(text: str, whole: Whole) -> tuple[str, str]:
    """Cut at the first "and" behind which something new is asked for; "kick and snare", "2 and 4" stay together."""
    if (at_once := _at_once(text) if len(text) <= _LONGEST else None) is not None:
        return at_once
    for found in islice(_AND.finditer(text), _JOINED):
        head, tail = text[: found.start()].strip(), text[found.end() :].strip()
        if not head or not tail or re.match(r"(?:(?:and|of) )*(?:\d|of\b|and\b)", tail):
            continue
        until, there = bars_in(_AND.split(tail, maxsplit=1)[0].strip())
        if there and bars_in(head)[1] and _order(until, None, whole).act != "?":
            return head, tail  # each has bars of its own: "hats off in bar 2 and a crash on bar 3"
        if strokes_in(head, drum_name())[1] and strokes_in(tail, drum_name())[1]:
            return head, tail  # "the first kick and the last snare"
        if (_acts(until) or whole(until)) and (_acts(head) or whole(bars_in(head)[0])):
            if re.match(r"(?:swap|exchange|switch|trade) ", text) and not _acts(tail):
                continue
            return head, tail
    return text, ""


def _at_once(text: str) -> tuple[str, str] | None:
    """Return the halves of what is said of two drums at once, or all of a rule."""
    if (pair := _PAIR.fullmatch(text)) and drums(pair[2]) and not set(drums(pair[2])) & set(drums(pair[3])):
        return f"{pair[1]}{pair[2]}{pair[4]}", f"{pair[3]}{pair[4]}"
    if (listed := _LIST.fullmatch(text)) and drums(listed[2]) and drums(listed[3]):
        return f"{listed[1]}{listed[2]}", f"{listed[1]}{listed[3]}"
    return (text, "") if read_rule(text) is not None else None


def _acts(text: str) -> bool:
    return _found(text) is not None or read_rule(text) is not None or forms.shaped(text) is not None


def _found(text: str) -> tuple[str, re.Match[str]] | None:
    """Return the act that a clause names, and where."""
    hidden = _hidden(text)
    return next(((act, found) for act, finder in _FINDERS if (found := finder.search(hidden))), None)


def _hidden(text: str) -> str:
    """Return the text with names of drums that hold an act's word ("open hat") made one word."""
    return re.sub(r"\b(open|closed)\s+hats?\b", r"\1-hat", text)


def _order(clause: str, last: Order | None, whole: Whole) -> Order:
    unknown = Order(clause, "?", spared=spoken_voices(clause.partition(" except ")[2])[0])
    if len(clause) > _LONGEST:
        return unknown
    if (found := phrases.DONT.fullmatch(clause)) and not ((act := _found(clause)) and act[1].start() == 0):
        # What shall not come needs nothing done, as far as it is understood.
        return Order(clause, "keep") if _order(found["what"], last, whole).act != "?" else unknown
    if phrases.SOUND.search(clause):
        return Order(clause, "sound")
    parts = _excepted(clause)
    if parts is None:
        return unknown
    text, spared, but = parts
    text, ms, ticks = _timed(text)
    text, pick = strokes_in(text, drum_name())
    amount = 0.5 if phrases.SOME.search(text) else 1.7 if phrases.MUCH.search(text) else 1.0
    for reader in (forms.copied, forms.confined, forms.kept, forms.formed, forms.ruled, forms.stepped, forms.shaped):
        if (order := reader(text)) is not None:
            break
    else:
        order = Order(text, "", places=placed(text)[1]) if whole(text) else _plain(text, last)
    if order.act == "?" or (pick and (order.act not in _PICKING or _several(text))) or ((ms or ticks) and order.act):
        return unknown
    if spared and order.act == "keep":  # to keep all but some is to leave those open
        order = replace(order, voices=tuple(voice for voice in VOICES if voice not in spared))
    rule = read_rule(order.text) if but and order.act == "rule" else None
    if but and (order.act == "steps" or (rule and rule.places)):
        return unknown  # "hats in eighths except on 4": an order holds one list of places
    return replace(
        order,
        amount=order.amount * amount,
        spared=spared,
        places=but or order.places,
        elsewhere=order.elsewhere or bool(but),
        pick=pick,
        ms=ms,
        ticks=order.ticks or ticks,
    )


def _timed(text: str) -> tuple[str, float, int]:
    """Return the words without a time, and the time in milliseconds or in ticks."""
    found = phrases.TIME.search(text)
    if found is None:
        return text, 0.0, 0
    rest = " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
    return (rest, float(found[1]), 0) if found[2] == "ms" else (rest, 0.0, round(float(found[1])))


def _several(text: str) -> bool:
    """Say whether words join drums: the last of which one would be a guess."""
    return re.search(rf"\b(?:and|or|&) (?:the |my )?(?:{drum_name().pattern})", text) is not None


def _excepted(text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    """Return (words without the exception, drums excepted, places excepted); None if it is not understood."""
    head, found, tail = text.partition("except ") if text.startswith("except ") else text.partition(" except ")
    if not found:
        return text, (), ()
    if places := places_of(re.sub(r"^(?:on|for) ", "", tail)):
        return head, (), places
    voices, rest = spoken_voices(tail)
    # "everything except the hats quieter": what follows the drums is the act.
    act = " ".join(word for word in rest.split() if word not in ARTICLES)
    return (f"{head.strip(' ,')} {act}".strip(), voices, ()) if voices else None


# Anything else: an act's word, drums, places ------------------------------------------------------------------------


def _plain(text: str, last: Order | None) -> Order:
    plain = " ".join(phrases.MUCH.sub(" ", phrases.SOME.sub(" ", text)).split())
    found = _found(plain)
    if found is None:
        return _actless(text, plain, last)
    act = found[0]
    around = _SAME_ACT[act].sub(" ", _hidden(plain)).replace("-hat", " hat")
    around = re.sub(r"\b(?:more|less)\b", " ", around) if act not in {"more", "less"} else around
    share = int(percent[1]) / 100 if (percent := phrases.PERCENT.search(around)) else None
    by = phrases.BY.search(around)
    around, places = placed(phrases.BY.sub(" ", phrases.PERCENT.sub(" ", around)))
    if not places and act in {"loud", "soft"} and (places := places_of(around)):
        around = ""
    voices, rest = spoken_voices(around)
    voices = refused_voices(around) if act == "drop" and not places else voices
    count = int(by[1]) if by else None
    if act == "more" and voices and (number := phrases.COUNT.search(rest)):
        count = int(number[1]) if number[1].isdecimal() else NUMBERS[number[1]]
        rest = phrases.COUNT.sub(" ", rest, count=1)
    unknown = Order(text, "?")
    if strange(rest) and not (act == "keep" and voices):  # what is to stay is safe even in strange words
        return unknown
    if not voices and last is not None and re.search(r"\b(?:them|those|these|they)\b", around):
        voices = last.onto or last.voices
    if not voices and "back" in places:
        voices = SNARES
    if "ghost" in around:
        voices = ("snare",)
    if act == "drop" and not voices and re.search(r"\b(?:everything|all|drums)\b", around):
        voices = VOICES
    if act == "loud" and voices and set(voices) <= set(CRASHES) and not _GRADED.search(plain):
        act = "more"  # "a big crash at the start" is one more
    if act in {"open", "close"} and not set(voices) & set(HATS):
        return unknown
    if (act in {"keep", "drop"} and not voices) or (found[1][0] in {"faster", "too fast", "too slow"} and not voices):
        return unknown
    if found[1][0] == "halve" or "as many" in found[1][0]:
        share = share or (0.5 if act == "less" else None)
    return Order(text, act, voices, 1.0, (), "ghost" in around, places, (), count, share)


def _actless(text: str, plain: str, last: Order | None) -> Order:
    """Return what a clause without an act's word asks for: of one drum alone what was asked of the one before."""
    voices, rest = spoken_voices(plain)
    if half := re.match(r"(half open|open|closed) hats?$", plain):
        return Order(text, "close" if half[1] == "closed" else "open", HATS)
    if "ghost" in plain and voices:
        around, places = placed(plain)
        return Order(text, "?" if strange(spoken_voices(around)[1]) else "more", ("snare",), ghosts=True, places=places)
    new = last is not None and last.act in {"drop", "less"} and re.match(r"an? ", plain)  # "no hats, a crash on bar 3"
    if voices and last is not None and not new and set(rest.split()) <= ARTICLES and last.act in _INHERITED:
        return Order(text, last.act, voices, last.amount)
    around, places = placed(plain)
    voices, rest = spoken_voices(around)
    if voices and places == ("&",) and not strange(rest):  # "offbeat hats" are there alone, an "offbeat kick" too
        only = "only " if set(voices) & {*KEEPERS, "shaker", "cowbell"} else ""
        return Order(f"{next(drum_name().finditer(around))[0]} {only}on the offbeats", "rule", voices)
    meant = set(voices) <= set(CRASHES) or (places and places[0][0] in "<>")
    return Order(text, "more" if voices and meant and not strange(rest) else "?", voices, places=places)
