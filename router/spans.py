"""Which bars words mean ("bars 1 and 3", "the second half"), which section of a song, which strokes ("the last two").

Pure. Says nothing of what happens there; a pattern's length and its strokes are arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from router import groove
from router.regex import regex


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of a pattern of any length: from `low` to `high`, every `step`-th.

    Bars count from 1, negative ones from the end. A `half` of 1 or 2 is that half of the pattern instead.
    """

    low: int = 1
    high: int = -1
    step: int = 1
    half: int = 0

    def of(self, count: int) -> range:
        """Return the bars meant, from 0, of a pattern with `count` bars; none where it has none such."""
        if self.half:
            return range(count // 2) if self.half == 1 else range(max(1, count // 2), count)
        low = self.low - 1 if self.low > 0 else max(0, count + self.low)
        high = self.high - 1 if self.high > 0 else count + self.high
        return range(low, min(high, count - 1) + 1, self.step)


def runs(bars: Sequence[Bars], count: int, *, outside: bool = False) -> list[tuple[int, int]]:
    """Return the bars meant, or all but these, as first and last of each unbroken run, from 0."""
    named = {bar for one in bars for bar in one.of(count)}
    meant = sorted(set(range(count)) - named if outside else named)
    edges = [n for n, (a, b) in enumerate(pairwise(meant), 1) if b != a + 1]
    return [(meant[a], meant[b - 1]) for a, b in pairwise([0, *edges, len(meant)])] if meant else []


@dataclass(frozen=True, slots=True)
class Pick:
    """Some strokes of a drum: `count` of them from the `first`, which counts from 1, or from the end where negative."""

    first: int
    count: int = 1
    each_bar: bool = False

    def of(self, ticks: Iterable[int], bar_ticks: int) -> set[int]:
        """Return those meant of the ticks at which a drum is struck, of all of them or in each bar."""
        out: set[int] = set()
        for _, inside in groupby(sorted(set(ticks)), key=lambda tick: tick // bar_ticks if self.each_bar else 0):
            struck = list(inside)
            start = self.first - 1 if self.first > 0 else max(0, len(struck) + self.first)
            out.update(struck[start : start + self.count])
        return out


_COUNTS: Final = {word: number for word, number in groove.NUMBERS.items() if number}
_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
                    "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "6th": 6, "7th": 7, "8th": 8}  # fmt: skip
_N: Final = rf"(\d{{1,2}}|{'|'.join(sorted(_COUNTS, key=len, reverse=True))})"
_TH: Final = rf"({'|'.join(_ORDINALS)}|last|final)"
_BAR: Final = r"(?:the )?(?:bars?|measures?)"
_AT: Final = r"\b(?:only )?(?:change )?(?:(?:in|on|of|for|during|from|at|within|over|across) )?(?:only )?(?:the )?"


def _int(word: str) -> int:
    return _COUNTS.get(word) or _ORDINALS.get(word) or int(word)


def _before(bar: str) -> Bars:
    """All before a bar; the first one is led into by the last, for a groove goes round."""
    if bar in {"last", "final"}:
        return Bars(1, -2)
    return Bars(1, _int(bar) - 1) if _int(bar) > 1 else Bars(-1, -1)


def _many(which: str, count: str | None) -> Bars:
    number = _int(count) if count else 1
    if which in {"last", "final"}:
        return Bars(-number, -1)
    return Bars(1, number) if which in {"first", "1st"} else Bars(_int(which), _int(which))


Found = Callable[[re.Match[str]], Sequence[Bars]]
_BEFORE: Final = r"\b(?:(?:leading )?(?:into|to|towards|before|until|till)|leading up to|up to)"
_WAYS: Final[tuple[tuple[re.Pattern[str], Found], ...]] = tuple(
    (regex(words), found)
    for words, found in (
        (rf"{_AT}(?:bars?|measures?) {_N} ?(?:-|to|through|until|till) ?(?:bar )?{_N}\b",
         lambda m: [Bars(_int(m[1]), max(_int(m[1]), _int(m[2])))]),
        (rf"{_AT}every (?:{_TH}|{_N}) (?:bars?|measures?)\b",
         lambda m: [Bars(step, -1, step) for step in [_int(m[1] or m[2])] if step]),
        (rf"\b(?:from|starting (?:in|from|at)) {_BAR} {_N}(?: on(?:wards?)?| to the end)?\b",
         lambda m: [Bars(_int(m[1]), -1)]),
        (rf"\bafter {_BAR} {_N}\b", lambda m: [Bars(_int(m[1]) + 1, -1)]),
        (rf"{_BEFORE} (?:{_BAR} {_N}|(?:the )?(last|final) bar)\b", lambda m: [_before(m[1] or m[2])]),
        (rf"\b(?:over|across|for) (?:the )?(?:course of )?{_N} bars\b", lambda m: [Bars(-_int(m[1]), -1)]),
        (rf"{_AT}(?:bars?|measures?) {_N}((?:(?:,|,? and|,? or| &) (?:bar )?{_N})+)(?! notes?\b)",
         lambda m: [Bars(one, one) for one in map(_int, re.findall(_N, m[1] + " " + m[2]))]),
        (rf"{_AT}(?:bars?|measures?) {_N}\b(?! (?:ms|ticks?)\b)", lambda m: [Bars(_int(m[1]), _int(m[1]))]),
        (rf"{_AT}{_TH} (?:{_N} )?(?:bars?|measures?)\b", lambda m: [_many(m[1], m[2])]),
        (rf"{_AT}(first|second|last) half\b(?! of)", lambda m: [Bars(half=1 if m[1] == "first" else 2)]),
    )
)  # fmt: skip


def bars_in(text: str) -> tuple[str, tuple[Bars, ...]]:
    """Return the words without those that name bars, and the bars; () for all of them."""
    bars: list[Bars] = []
    for pattern, found in _WAYS:

        def take(match: re.Match[str], found: Found = found) -> str:
            bars.extend(found(match))
            return " "

        text = pattern.sub(take, text)
    return " ".join(re.sub(r"\s*:", " ", text).split()) if bars else text, tuple(bars)


_SECTION_NAME: Final = (
    r"(?:(?:(?:the|my|this|our) )?(?:intro|verse|pre[ -]?chorus|chorus|bridge|breakdown|outro)"
    r"|(?:the|my|this|our) (?:build|drop|solo|ending))(?:e?s)?\b"
)
"""A drop or a solo without an article is something to be done."""
_SECTION: Final = regex(
    r"(?P<other>\b(?:(?:like|than|as|into|from|before|after|until|till)(?: \w+){0,2}"
    r"|an?|another|no|not|except|to|towards) )?"
    r"(?:(?P<inside>,? ?(?:\b(?:only|just) )?\b(?:in|on|for|during|of|throughout) )|\b(?:only|just) )?"
    rf"\b(?P<name>{_SECTION_NAME})(?P<others>(?: ?(?:,|\band\b|\bor\b|&|/) ?(?:in |for )?{_SECTION_NAME})*)"
    r"(?! (?:the|an?|my|fills?)\b)"
    r"(?: (?:only|just|alone|too|as well)(?= ?(?:$|[,;.:!?]|and\b|but\b)))?(?P<label>:(?= |$))?"
)
"""A section that words are about; what is compared with one, leads into one or names several is no such thing."""


def _section_of(found: re.Match[str]) -> str:
    if found["other"] or found["others"]:
        return ""
    name = re.sub(r"^(?:the|my|this|our) |(?<=us)es$|s$(?<!us)", "", found["name"])
    return re.sub(r"^pre[ -]?", "pre-", name)


def section_in(text: str) -> str:
    """Return the section of a song that words are about, or ""."""
    return next(filter(None, map(_section_of, _SECTION.finditer(text))), "")


def is_section(text: str) -> bool:
    """Say whether words name a section that something is said of, and nothing else: "in the verse"."""
    found = _SECTION.fullmatch(text)
    return found is not None and bool(found["inside"] and _section_of(found))


def within_section(text: str, section: str | None) -> str:
    """Return words without the section that is played anyway: "make the chorus louder" is "make it louder" there.

    An "only" beside it goes with it: "open hats in the chorus only".
    """

    def plain(found: re.Match[str]) -> str:
        return found[0] if _section_of(found) != section else "" if found["inside"] or found["label"] else "it"

    return _SECTION.sub(plain, text) if section else text


def astray(clauses: Iterable[str], section: str | None) -> dict[str, str]:
    """Return those clauses that speak of a section of a song which is not the one that is played, and a sentence."""
    here = f"this groove is the {section}" if section else "this groove is no section of a song"
    return {one: f'"{one}" is not done: {here}' for one in clauses if section_in(one) not in {"", section}}


_FROM_END: Final = {"next": 2, **{word: number for word, number in _ORDINALS.items() if number > 1}}
_PICKED: Final = regex(
    rf"(?<!every )\b(?:the |my )?(?:very )?"
    rf"(?:({'|'.join(_FROM_END)})[ -](?:to[ -])?last|(penultimate)|{_TH})(?: {_N})? "
)
_STROKE: Final = regex(r"(?:hit|stroke|note)s?\b")
_IN_EACH_BAR: Final = regex(r"\b(?:of|in|on|per) (?:(?:every|each) )?(?:single )?bar\b")


def strokes_in(text: str, drum: re.Pattern[str]) -> tuple[str, Pick | None]:
    """Return the words without those that pick strokes by their order ("the last two snares"), and the pick.

    Args:
        text: A clause, bars apart from "of every bar" taken out.
        drum: What a name of a drum looks like: "the last snare" is a stroke, "the last beat" is none.
    """
    found = next(
        (one for one in _PICKED.finditer(text) if (drum.match(text, one.end()) or _STROKE.match(text, one.end()))), None
    )
    if found is None:
        return text, None
    number = _int(found[4]) if found[4] else 1
    if found[1] or found[2]:
        first = -(_FROM_END[found[1]] if found[1] else 2)
    else:
        first = -number if found[3] in {"last", "final"} else _int(found[3])
    # "the last stroke" is one of all drums.
    tail = text[found.end() :]
    rest = text[: found.start()] + (_STROKE.sub("everything", tail, count=1) if _STROKE.match(tail) else tail)
    plain = _IN_EACH_BAR.sub(" ", rest)
    return " ".join(plain.split()), Pick(first, number, plain != rest)
