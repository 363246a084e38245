"""What drums are called, and which voices are meant by it.

Pure. One table for all who read a musician's words; whether a word is an order or a rule is decided elsewhere.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from router.pattern import VOICES

HATS: Final = ("hat_closed", "hat_open", "hat_pedal")
SNARES: Final = ("snare", "rim", "clap")
"""What strikes the backbeat."""
KEEPERS: Final = (*HATS, "ride", "ride_bell")
"""What keeps the time."""
PERCUSSION: Final = VOICES[VOICES.index("cowbell") :]
CRASHES: Final = ("crash", "crash2", "china", "splash")
_CYMBALS: Final = (*CRASHES, "ride", "ride_bell")
_NAMES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("kick, bass drum, kick drum, bassdrum, bd, kik", ("kick",)),
    ("snare, snare drum, sd, ghost note, ghost", ("snare",)),
    ("rim, rimshot, rim shot, rim-shot, rim click, rim-click, rimclick, rim knock, rim-knock, rimknock", ("rim",)),
    ("rim, side stick, side-stick, sidestick, side sticking, side-sticking", ("rim",)),
    ("rim, cross stick, cross-stick, crossstick, crosstick, cross sticking, cross-sticking", ("rim",)),
    ("rim, x-stick, x stick, xstick", ("rim",)),
    ("hat, hi-hat, hihat, hi hat, high hat, high-hat, highhat, hh", HATS),
    ("open hat, open hi-hat, open hi hat, open hihat", ("hat_open",)),
    ("closed hat, closed hi-hat, closed hi hat, closed hihat", ("hat_closed",)),
    ("pedal hat, foot hat, hat pedal, hat foot, hats pedal, hats foot, hi-hat pedal, hi-hat foot", ("hat_pedal",)),
    ("ride, ride cymbal", ("ride", "ride_bell")), ("bell, bell of the ride", ("ride_bell",)),
    ("crash, crash cymbal", ("crash", "crash2")), ("china, china cymbal", ("china",)),
    ("splash, splash cymbal", ("splash",)),
    ("cymbal", _CYMBALS), ("cymbal proper", _CYMBALS), ("cymbals proper", _CYMBALS),
    ("tom", ("tom_high", "tom_mid", "tom_low", "tom_floor")), ("floor tom", ("tom_floor",)),
    ("clap, hand clap, handclap, hand-clap", ("clap",)), ("snap, finger snap, fingersnap, finger-snap", ("snap",)),
    ("percussion, hand percussion", PERCUSSION),
    ("conga", ("conga_high", "conga_low", "conga_mute")), ("bongo", ("bongo_high", "bongo_low")),
    ("timbale", ("timbale_high", "timbale_low")), ("agogo", ("agogo_high", "agogo_low")),
    *((one.replace("_", " "), (one,)) for one in VOICES if one not in {"kick", "snare", "rim", "ride", "crash"}),
)  # fmt: skip
"""What drums are called: names with the voices that they mean, the usual name first."""
_GROUPS: Final = {name: voices for names, voices in _NAMES for name in names.split(", ")}
_USUAL: Final = {name: names.split(", ")[0] for names, _ in _NAMES for name in names.split(", ")}
DRUM: Final = rf"\b(?:{'|'.join(sorted(_GROUPS, key=len, reverse=True))})(?:e?s)?\b"
"""The name of a drum, as an expression: the longest first."""


_REFUSED: Final = (
    r"\b(?:no|without|leave out|never|avoid|omit|remove|drop|lose|mute|kill|cut|take out|get rid of)"
    r"(?: any| more| all| of| the)* "
)


@cache
def _refused() -> re.Pattern[str]:
    """Return what matches cymbals that are refused, and the words before them."""
    return re.compile(rf"({_REFUSED}(?:{DRUM}(?:, |(?:,? (?:and|or|nor) )))*)cymbals\b(?! proper)")


@cache
def drum_name() -> re.Pattern[str]:
    """Return what matches the name of a drum."""
    return re.compile(DRUM)


def usual_name(words: str) -> str:
    """Return the name of a drum as everybody knows it, one or many as it was: "hats" for "hi-hats"."""
    name = next(one for one in (words, words.removesuffix("s"), words.removesuffix("es")) if one in _GROUPS)
    if "ghost" in words:
        return words
    return _USUAL[name] + ("" if name == words else "es" if _USUAL[name].endswith("sh") else "s")


def spoken_voices(words: str) -> tuple[tuple[str, ...], str]:
    """Return the voices that words name, the longest names first ("open hat" is no hat), and the words left over."""
    found: list[str] = []

    def take(name: re.Match[str]) -> str:
        text = name[0]
        found.extend(
            _GROUPS.get(text) or _GROUPS.get(text.removesuffix("s")) or _GROUPS.get(text.removesuffix("es"), ())
        )
        return " "

    rest = drum_name().sub(take, words)
    return tuple(dict.fromkeys(found)), " ".join(rest.split())


def refused_voices(words: str) -> tuple[str, ...]:
    """Return the voices that are not wanted: to a drummer the hats are cymbals, where those are to go."""
    voices = spoken_voices(words)[0]
    return tuple(dict.fromkeys((*HATS, *voices))) if "cymbals" in drum_name().findall(words) else voices


def beside_hats(words: str, around: str = "") -> str:
    """Return "no cymbals" as "no cymbals proper" where a hat or a cymbal is named beside them: who does counts them."""
    named = spoken_voices(_refused().sub(" ", f"{words}; {around.lower()}"))[0]
    return _refused().sub(r"\1cymbals proper", words) if {*HATS, *_CYMBALS} & {*named} else words


def as_said(words: str) -> str:
    """Return words without the mark of `beside_hats`: nobody said "proper"."""
    return words.replace("cymbals proper", "cymbals")


def voices_in(words: str) -> tuple[str, ...]:
    """Return the voices of all drums that a sentence mentions anywhere."""
    plain = words.lower().replace("_", " ")
    return tuple(dict.fromkeys(voice for name, group in _mentions() if name.search(plain) for voice in group))


@cache
def _mentions() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    return tuple((re.compile(rf"\b{re.escape(name)}s?\b"), group) for name, group in _GROUPS.items())
