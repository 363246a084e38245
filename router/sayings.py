"""The notation of `router.spellings`: a line "what is said => how the other tables have it", for hundreds of idioms.

Pure. The left side is a regular expression in which

    {drum}          is a word of the vocabulary, {drum2} another one of the same kind,
    {way=up|down}   is one of these words, under a name,
    (open|closed)   is one of these words, without a name,
    and both ends are ends of words, unless they say themselves what stands there: ^, $, a sign, a look ahead or behind.

The right side has {drum} for what stood there, {drum:digits} for it after a change, and _ for a space at an end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from router.regex import regex

Change = Callable[[str], str]
Rule = tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]]
"""Letters without which nothing is found (a look for them costs next to nothing), what is said, what it means."""
_SLOT: Final = regex(r"\{(?P<name>(?P<kind>[a-z]+)\d?)(?:=(?P<words>[^{}]+)|:(?P<change>[a-z]+))?\}")
_CHOICE: Final = regex(r"(?<!\\)\((?!\?)")
_INNERMOST: Final = regex(r"(?<!\\)\([^()]*\)[?*]?|\[[^]]*\][?*]?")
_OPTIONAL: Final = regex(r"\\.[?*+]?|.[?*]|[^\w ]")
_BEGINS: Final = regex(r"\w|\{|\((?![?^])")
_ENDS: Final = regex(r"[\w})?]$")
_LOOKS_AHEAD: Final = regex(r"\(\?[=!].*\)$")


def rules(table: str, vocabulary: Mapping[str, str], changes: Mapping[str, Change]) -> Callable[[], tuple[Rule, ...]]:
    """Return what gives the lines of a table as rules, in their order; they are read when they are first used.

    Args:
        table: A line a rule; one that begins with "# " is a remark.
        vocabulary: What each name on the left may stand for, as a regular expression.
        changes: What a name on the right may be changed by.
    """
    return cache(lambda: _rules(table, vocabulary, changes))


def _rules(table: str, vocabulary: Mapping[str, str], changes: Mapping[str, Change]) -> tuple[Rule, ...]:
    out: list[Rule] = []
    for line in filter(None, map(str.strip, table.splitlines())):
        if not line.startswith("# "):
            said, _, meant = line.partition(" =>")
            meant = meant.strip().replace("_", " ")
            out.append((_letters(said), _said(said, meant, vocabulary), _meant(meant, changes)))
    return tuple(out)


def _said(words: str, meant: str, vocabulary: Mapping[str, str]) -> re.Pattern[str]:
    """Return the left side as an expression that keeps what the right side names."""
    named = {slot["name"] for slot in _SLOT.finditer(meant)}

    def slot(found: re.Match[str]) -> str:
        choice = found["words"] or vocabulary[found["kind"]]
        return f"(?P<{found['name']}>{choice})" if found["name"] in named else f"(?:{choice})"

    begins = r"\b" if _BEGINS.match(words) else ""
    ends = r"\b" if _ENDS.search(words) and not _LOOKS_AHEAD.search(words) else ""
    return regex(begins + _SLOT.sub(slot, _CHOICE.sub("(?:", words)) + ends)


def _meant(words: str, changes: Mapping[str, Change]) -> str | Callable[[re.Match[str]], str]:
    """Return the right side as `re.sub` takes it."""
    if not any(slot["change"] for slot in _SLOT.finditer(words)):
        return _SLOT.sub(r"\\g<\g<name>>", words)

    def changed(found: re.Match[str]) -> str:
        return _SLOT.sub(lambda slot: changes.get(slot["change"], str)(found[slot["name"]]), words)

    return changed


def _letters(words: str) -> str:
    """Return the longest run of letters that is in all that an expression finds."""
    plain, before = _SLOT.sub("|", words), ""
    while plain != before:
        plain, before = _INNERMOST.sub("|", plain), plain
    return max(_OPTIONAL.sub("|", plain).split("|"), key=len)


def reworded(text: str, *tables: Callable[[], tuple[Rule, ...]]) -> str:
    """Return the words after all rules of some tables, one after the other."""
    for table in tables:
        for letters, said, meant in table():
            if letters in text:
                text = said.sub(meant, text).strip(" ,")
    return text
