"""Form: what a song consists of, before a note is drawn. Section lists in words, usual forms by genre, energy by name.

Pure. A section list is the musician's: its names, lengths and metres are kept as they are given or refused with a
reason, never rearranged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from router.errors import InvalidRequest, shown
from router.pattern import COMMON_TIME, MAX_BARS, Meter
from router.regex import regex
from router.request import SECTIONS

MAX_SECTIONS: Final = 64
MAX_SONG_BARS: Final = 1024
"""Forty minutes at 104 bpm; the playing process holds four times as much."""

ENERGY: Final[Mapping[str, float]] = {
    "intro": 0.4, "verse": 0.45, "pre-chorus": 0.55, "chorus": 0.7, "bridge": 0.5, "breakdown": 0.3, "build": 0.55,
    "drop": 0.8, "solo": 0.65, "outro": 0.4, "ending": 0.55,
}  # fmt: skip
"""How much a part of a song usually gives, 0..1; parts nobody knows give .5."""

GROWTH: Final = 0.05
"""What each return of a part adds: the last chorus is the largest."""

_ALIASES: Final = {
    "prechorus": "pre-chorus", "pre": "pre-chorus", "refrain": "chorus", "hook": "chorus", "middle": "bridge",
    "interlude": "bridge", "break": "breakdown", "buildup": "build", "rise": "build", "head": "verse", "theme": "verse",
    "strophe": "verse", "end": "ending", "coda": "outro", "lead": "solo", "couplet": "verse",
}  # fmt: skip

_SONG: Final = "intro:4 verse:8 chorus:8 verse:8 chorus:8 bridge:8 chorus:8 outro:4"
_CLUB: Final = "intro:8 build:8 drop:16 breakdown:8 build:8 drop:16 outro:8"
_JAZZ: Final = "intro:4 head:16 solo:16 solo:16 head:16 ending:2"
_BLUES: Final = "intro:4 verse:12 verse:12 solo:12 verse:12 ending:2"
_FORMS: Final = {
    **dict.fromkeys(("house", "techno", "dubstep", "uk-garage", "drum-and-bass", "dance", "trap"), _CLUB),
    "jazz": _JAZZ, "fusion": _JAZZ, "blues": _BLUES,
}  # fmt: skip

_ITEM: Final = regex(
    r"(?P<name>[^\W\d_][\w' -]{0,38}?)\s*[:=]\s*(?P<bars>\d{1,6})(?:\s*@\s*(?P<meter>\d{1,2}/\d{1,2}))?(?=$|[\s,;|])"
)

_NAMES: Final = "|".join(sorted((*SECTIONS, "prechorus"), key=len, reverse=True))
_NAMED: Final = regex(
    r"(?:\b(?P<before>\d{1,6})[ -]?bars?(?: of)? (?:an? |the )?)?"
    rf"\b(?P<name>(?:{_NAMES})(?:e?s)?)\b"
    r"(?:(?: (?:of|for|lasting|is|that is)|:)(?= \d+ ?bars?\b))?"
    r"(?: ?\(?(?P<after>\d{1,6}(?= ?bars?\b)|\d{1,2})(?P<said> ?bars?)?\b(?! ?(?:[/:%.]|bpm|beats|bars? \w)))?"
)
"""A section and how many bars it may be given: "4 bar intro", "intro 4", "intro (4 bars)"."""
_LENGTHS: Final = {"intro": 4, "outro": 4, "ending": 2, "pre-chorus": 4, "build": 4}


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One section as it is asked for.

    Attributes:
        name: The musician's own word. section: the drummer's word for it, or None.
        energy: 0..1. given: whether the musician said it.
        direction: What a model planned for it, in words.
        turn: Which appearance of this part it is, from 0.
    """

    name: str
    bars: int
    energy: float
    meter: Meter = COMMON_TIME
    section: str | None = None
    given: bool = False
    direction: str = ""
    turn: int = 0

    @property
    def key(self) -> tuple[str, int, Meter]:
        """Return what is equal for parts that are written once and come again."""
        return _family(self.name), self.bars, self.meter

    @property
    def ticks(self) -> int:
        """Return the length in ticks."""
        return self.bars * self.meter.bar_ticks


_INSIDE: Final = regex(r"\b(?:in|during) the $")


def section_of(name: str) -> str | None:
    """Return the drummer's word for a part ("Verse 2" is a verse), or None."""
    plain = _family(name)
    for word in (plain, *reversed(plain.split("-"))):
        if word in SECTIONS:
            return word
        if word in _ALIASES:
            return _ALIASES[word]
    return "pre-chorus" if plain.startswith("pre-") else None


def read_sections(text: str) -> tuple[dict[str, Any], ...]:
    """Read "intro:4 verse:8 chorus:8@7/8" as section objects.

    Raises:
        InvalidRequest: For what is no section, with what it was.
    """
    out: list[dict[str, Any]] = []
    at = 0
    for found in _ITEM.finditer(text):
        if text[at : found.start()].strip(" ,;|\t\n"):
            break
        item: dict[str, Any] = {"name": found["name"].strip(), "bars": int(found["bars"])}
        if found["meter"]:
            item["meter"] = found["meter"]
        out.append(item)
        at = found.end()
    rest = text[at:].strip(" ,;|\t\n")
    if rest or not out:
        what = f"{rest[:40]!r} is no section" if rest else "no section is named"
        raise InvalidRequest("sections", f"sections: {what}; write name:bars", 'try "intro:4 verse:8 chorus:8 outro:4"')
    return tuple(out)


def parts(asked: Sequence[Mapping[str, Any]], meter: Meter) -> tuple[Part, ...]:
    """Return the parts of a section list: objects with name, bars and perhaps energy, meter and direction.

    Args:
        asked: As it came from outside; every member is checked.
        meter: Of sections that name none.

    Raises:
        InvalidRequest: For 0 or too many sections, lengths that cannot be, or a song of more than 1,024 bars.
    """
    if not 1 <= len(asked) <= MAX_SECTIONS:
        raise InvalidRequest(
            "sections",
            f"{len(asked)} sections were given; a song has 1 to {MAX_SECTIONS}",
            "leave sections out for a usual form",
        )
    out = [_part(index, dict(item), meter) for index, item in enumerate(asked)]
    total = sum(part.bars for part in out)
    if total > MAX_SONG_BARS:
        raise InvalidRequest(
            "sections", f"the song has {total} bars; at most {MAX_SONG_BARS} are played", "make it shorter"
        )
    return _turns(out)


def usual(genre: str | None, prompt: str, meter: Meter) -> tuple[Part, ...]:
    """Return the parts of a song whose sections were not given: those the words name, else the genre's usual form.

    Raises:
        InvalidRequest: For a length that cannot be.
    """
    text = prompt.lower()
    if _ITEM.search(text):
        named = [(found["name"].split()[-1], int(found["bars"])) for found in _ITEM.finditer(text)]
        known = [(name, bars) for name, bars in named if section_of(name)]
        if len(known) > 1:
            return parts([{"name": name, "bars": bars} for name, bars in known[:MAX_SECTIONS]], meter)
    told = _named(text)
    if len(told) > 2 or (len(told) > 1 and all(bars for _, bars in told)):
        asked = [{"name": name, "bars": bars or _LENGTHS.get(name, 8)} for name, bars in told[:MAX_SECTIONS]]
        return parts(asked, meter)
    said = {
        _spoken(found["name"]): int(found["before"] or found["after"])
        for found in _NAMED.finditer(text)
        if found["before"] or found["said"]
    }
    rows = read_sections(_FORMS.get(genre or "", _SONG))
    return parts([row | {"bars": said.get(section_of(row["name"]), row["bars"])} for row in rows], meter)


def _named(text: str) -> list[tuple[str, int | None]]:
    """Return the sections that a sentence names, with the bars that stand beside them; "verse 1, verse 2" are names."""
    out: list[tuple[str, int | None]] = []
    numbers: list[bool] = []
    for found in _NAMED.finditer(text):
        name = _spoken(found["name"])
        again = any(one == name for one, _ in out) and _INSIDE.search(text[: found.start("name")])
        if name is None or again:
            continue  # "kick on 1 in the verse" tells of a section and adds none
        bars, turn = int(found["before"] or found["after"] or 0), sum(one == name for one, _ in out) + 1
        if bars:
            numbers.append(found["before"] is None and not found["said"] and bars == turn)
        out.append((name, bars or None))
    return [(name, None) for name, _ in out] if all(numbers) else out


def directed(base: Sequence[Part], data: Mapping[str, Any], *, fixed: bool) -> tuple[tuple[Part, ...], str]:
    """Return the parts as a model planned them, and a sentence when its plan could not be used.

    Args:
        base: The parts so far.
        data: Lists `sections`, `bars`, `energies`, `directions`, equally long.
        fixed: The musician gave the sections: only energies and directions are taken.
    """
    names, bars = list(data.get("sections", ())), list(data.get("bars", ()))
    energies, words = list(data.get("energies", ())), list(data.get("directions", ()))
    if fixed or len(names) != len(bars) or not 2 <= len(names) <= MAX_SECTIONS:
        found = list(base)
        unused = "" if fixed else "the planned sections do not fit together; the usual form is played"
    else:
        try:
            meter = base[0].meter
            asked = [{"name": str(name)[:40], "bars": _whole(length)} for name, length in zip(names, bars, strict=True)]
            found, unused = list(parts(asked, meter)), ""
        except InvalidRequest as flaw:
            found, unused = list(base), f"the planned sections were not used: {flaw}"
    if len(words) == len(found):
        found = [replace(part, direction=str(word)[:400]) for part, word in zip(found, words, strict=True)]
    if len(energies) == len(found):
        found = [
            part if part.given or not _is_share(share) else replace(part, energy=float(share), given=True)
            for part, share in zip(found, energies, strict=True)
        ]
    return tuple(found), unused


def _part(index: int, item: dict[str, Any], meter: Meter) -> Part:
    name, where = item.get("name"), f"sections[{index}]"
    if not isinstance(name, str) or not name.strip() or len(name) > 40 or not name.isprintable():
        raise InvalidRequest(
            f"{where}.name", f"{where}.name is {shown(name)}; it must be a word, as verse", "try verse"
        )
    bars = item.get("bars", 8)
    if isinstance(bars, bool) or not isinstance(bars, int) or not 1 <= bars <= MAX_BARS:
        why = f"{where}.bars ({name.strip()}) is {shown(bars)}; it must be 1 to {MAX_BARS}"
        raise InvalidRequest(f"{where}.bars", why, "try 8, or name the section twice")
    energy = item.get("energy")
    if energy is not None and not _is_share(energy):
        raise InvalidRequest(f"{where}.energy", f"{where}.energy is {shown(energy)}; it must be 0 to 1", "try 0.5")
    own = item.get("meter")
    section = section_of(name)
    usual_energy = ENERGY.get(section or "", 0.5)
    return Part(
        name.strip(),
        bars,
        usual_energy if energy is None else float(energy),
        meter if own is None else Meter.parse(str(own)),
        section,
        energy is not None,
        str(item.get("direction") or "")[:400],
    )


def _turns(found: Iterable[Part]) -> tuple[Part, ...]:
    seen: dict[str, int] = {}
    out = []
    for part in found:
        turn = seen.get(_family(part.name), 0)
        seen[_family(part.name)] = turn + 1
        grown = part.energy if part.given else min(1.0, part.energy + GROWTH * turn)
        out.append(replace(part, turn=turn, energy=round(grown, 3)))
    return tuple(out)


def _family(name: str) -> str:
    """Return a part's name without its number: "Verse 2" is a verse."""
    words = re.sub(r"[^a-z]+", "-", name.lower()).strip("-")
    return words.removesuffix("-a").removesuffix("-b") or name.lower()


def _spoken(word: str) -> str | None:
    """Return the section that a word of a sentence names, its plural included."""
    plain = word.removesuffix("es") if word.endswith("ruses") else word.removesuffix("s")
    plain = {"choru": "chorus", "prechorus": "pre-chorus", "prechoru": "pre-chorus", "pre-choru": "pre-chorus"}.get(
        plain, plain
    )
    return plain if plain in SECTIONS else None


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
