"""Reads a musician's words by rule: genre, style, drummer, section, metre, feel. No model, no guess beyond its tables.

Whatever is not understood is left alone; `confidence` says how much of the prompt was.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from router.groove.dials import KNOB, LEVELS, TURNED, turned
from router.groove.idioms import IDIOMS, MANNERS
from router.groove.lexicon import (
    COMPARED,
    DRUMMER_WORDS,
    FEEL,
    GENRE_WORDS,
    LOOSE,
    NAMES,
    REFUSED,
    STYLE_WORDS,
    STYLED,
    TINTS,
    TITLES,
    VAGUE,
)  # fmt: skip
from router.groove.names import plain
from router.groove.spell import NUMBERS, tidy
from router.pattern import MAX_BARS
from router.regex import regex
from router.request import SECTIONS

TEMPOS: Final = (20, 300)
MOST_BEATS: Final = 32
"""In a bar, as `router.pattern.Meter` has it."""
_METER: Final = regex(r"(?<![\d/])([2-9]|[1-9]\d)\s*/\s*(2|4|8|16)(?![\d/])")
_BARS: Final = regex(r"\b(\d{1,6})[ -]?(?:bars?|measures?)\b|\bbars?[:=] ?(\d{1,6})\b")
_NTH_BAR: Final = regex(r"\b(after )?(?:bars?|measures?) (?:\d{1,2} ?(?:-|to|and|&|,) ?)?(\d{1,2})\b(?! ?bpm)")
_SOME_BARS: Final = ("every ", "first ", "last ")
"""Before a number of bars that is not the length, if another is said."""
_BPM: Final = r"(?<![\d.,])(\d{1,6}(?:\.\d+)?)"
_TEMPO: Final = regex(
    rf"{_BPM}\s*(?:bpm\b|beats per minute)|\b(?:tempo(?: of)?|bpm)[:=]? ?{_BPM}(?![\d.]*\d)"
    r"|\bat ([4-9]\d|[12]\d\d)(?=\s*(?:$|[,;]|\.(?!\d)|(?:in|for|with|and|without)\b))"
    r"|(?:^|(?<=[a-z] )|(?<=, ))([6-9]\d|1\d\d|2[0-2]\d)(?=$|,|: )"
    r"|^([6-9]\d|1\d\d|2[0-2]\d) (?=[a-z])(?!bars?\b|beats?\b|percent|s\b|ms\b|notes?\b|strokes?\b|hits?\b)"
)
_NOT_A_TEMPO: Final = regex(
    r"(?:swing|humanize|complexity|density|intensity|variation|lean|ghosts?|notes?|velocity|volume|level|not|louder|softer"
    r"|kicks?|snares?|hats?|rides?|crash(?:es)?|cymbals?|toms?|claps?|rims?|bells?|cowbell|shaker|tambourine|openness"
    r"|take|kit|tr|by|to|of|than|in|on|and|or|bars?|beats?|[ea])"
)
"""Words before "at 60", or a number at the end, that make it a knob's place, a velocity or no tempo at all."""
_METER_WORDS: Final = regex(
    r"(?<!two )\b((?<=in )(?:two|four)|three|five|six|seven|nine|ten|eleven|twelve|thirteen)"
    r"[ -](four|eight|sixteen)\b"
    r"(?![ -]bars?|[ -]measures?| phrases?)"
    r"|\bin (two|three|four|five|six|seven|nine|ten|eleven|twelve|thirteen|[35679]|1[0-3])"
    r"(?=\s*(?:$|[,;.]|with\b|and\b|at\b|time\b|feel\b))"
)
_NOT: Final = (
    r"(?:(?:anything|everything) (?:but|except)|(?<!a )few(?:er)?|kein(?:en?)?|ohne|sin|sans"
    r"|(?:no|not|without|less|isn'?t|aren'?t|don'?t be|never|avoid|instead of"
    r"|rather than|other than|(?:do not|don'?t|didn'?t|not) (?:want|need|like|play|do|give me|make (?:it|this))"
    r"|(?:hate|skip|forget))(?: to)?(?: be| sound| play)?(?: like)?)(?: any| an?| the| so| too| very| that| as)?"
)
_DENIED: Final = regex(rf"\b{_NOT} (?:an? )?$")
_DENIAL: Final = 32
"""Characters before a word in which it may be denied."""
NO_NAME: Final = regex(rf"\b{_NOT} (?:double )?[\w-]+")
"""What is not wanted names nothing."""
_SOME_SWING: Final = regex(
    r"\b(?:with|some|more|of|little)(?: an?| some)? swing\b"
    r"|\bswing(?: (?:at|of|to))?[ :=]+(?:[\d.]+ ?%|[01]?\.\d|(?:[01]|[1-9]\d|100)(?![\d.]*\d| ?(?:bars?|bpm)\b))"
    r"|\d ?(?:%|percent|per cent) (?:of )?swing\b"
)
"""Swing as a matter of degree: no name of a style."""
_ON_THE_ONE: Final = regex(
    r"\b(?:kicks?|snares?|hats?|crash(?:es)?|claps?|rides?|hits?|accents?|splash|china) on the one\b"
    r"|\bon the one (?=of |in )"
)
"""A place in the bar, unless it stands alone as the style's name."""
_NO_ROCK: Final = regex(rf"\b{_NOT} rock\b")
_EVOLVING: Final = regex(r"\b(?:evol|develop|grow)\w*|\bget(?:s|ting)? (?:busier|denser|fuller)\b")
_UNSWUNG: Final = regex(rf"\b{_NOT} (?:swing|shuffle)\b")
TIME_IN_BARS: Final = regex(
    r"\b(?:half|double)[ -]?time\b(?= (?:feel |groove )?(?:in|on|for|during|at) (?:the )?"
    r"(?:bars?|last|first|second|third|fourth|final)\b)"
)
"""An order about some bars, see `router.clauses`."""
_HALF_TIME: Final = regex(r"half[ -]?(?:time|speed)\b")
_DOUBLE_TIME: Final = regex(r"double[ -]?time")
SOMEWHERE: Final = (
    r"(?! (?:(?:only |just )?(?:on|at|before|after|every|each)|(?:only )?(?:off|up)[ -]?beats?|in bars?"
    r"|in the (?:first|second|last))\b)"
)
"""Not before a place: "open hats on the offbeats" says where, and is an order about single strokes."""
_DRUM: Final = (
    r"(?! (?:the )?(?:kicks?|snares?|(?:hi|high)[ -]?hats?|hats?|rides?|crash|cymbal|toms?|claps?|rims?|bell|cowbell"
    r"|shaker|bass drum))"
)
"""Not before a drum: "busy hats" are an order about the hats."""
_TYPED_WITHIN: Final = 120
"""Characters in which slips of the finger are looked for: it takes time, and longer texts say enough else."""
_BLEND_WITHIN: Final = 300
"""Characters in which a blend is looked for: its forms are slow to rule out."""
_BLENDED: Final = regex(r"%|\bhalf .*\bhalf\b|\b(?:mostly|mainly|cross|hybrid|mash)|blend|mix|fusion|\d ?[/:-] ?\d")
"""Nothing is blended without one of these; a look for them costs next to nothing."""
_SHARE: Final = regex(r"(\d{1,3})\s*%\s*(?:of\s+)?([a-z&' -]+?)(?=\s*(?:,|\band\b|\d|$))")
_AFTER: Final = regex(r"([a-z&' -]+?)\s*[(:]?\s*(\d{1,3})\s*%\)?")
_SLASH: Final = regex(r"\b(\d{1,2})\s*[/:-]\s*(\d{1,2})\s+(?:of )?([a-z-]+)\s*(?:/|and|with|,|to)?\s+([a-z-]+)")
_HALVES: Final = regex(r"\bhalf (?!time)([a-z -]+?),?(?: and)? half (?!time)([a-z -]+)")
_MOSTLY: Final = regex(
    r"\b(?:mostly|mainly) ([a-z -]+?),? (?:with|and) (?:some|a bit of|a touch of|a little) ([a-z -]+)"
)
_MIX: Final = regex(
    r"\b(?:blend|mix|fusion|mixture|cross|crossover|hybrid|mash-?up) (?:of|between) ([a-z&,+ -]+)"
    r"|\b((?:[a-z'-]+ ){1,4}(?:and|with) (?:[a-z'-]+ ){1,4})(?:blend|fusion|mix|hybrid|crossover)\b"
)
_UNITS: Final = {"four": 4, "eight": 8, "sixteen": 16}
_COUNT: Final = r"(1[0-6]|[2-9]|two|three|four|five|six|seven|eight|nine|eleven|twelve)"
RATIO: Final = regex(rf"\b{_COUNT}[\s-]*(?::|over|against|versus|vs\.?)[\s-]*{_COUNT}\b")
_GROUPS: Final = regex(r"\b([1-9](?:\+[1-9]){1,7})\b")
_STOP: Final = frozenset((
    "a", "an", "the", "of", "and", "with", "in", "on", "at", "for", "to", "me", "give", "make", "some", "like",
    "style", "beat", "groove", "drums", "drum", "pattern", "loop", "feel", "please", "time", "bar", "bars", "bpm",
    "but", "very", "bit", "more", "less", "no", "plus", "my",
))  # fmt: skip


def _phrases(text: str) -> list[str]:
    words = re.findall(r"[a-z0-9&']+", text)
    return [plain(" ".join(words[i : i + n])) for n in (4, 3, 2, 1) for i in range(len(words) - n + 1)]


def _first(phrases: list[str], table: dict[str, str]) -> str | None:
    return next((table[p] for p in phrases if p in table), None)


_COMPARISON: Final = regex(rf"\b(?:{'|'.join(COMPARED)})(?=$|[,;.])")
SPOKEN: Final = (
    _COMPARISON,
    TURNED, LEVELS, _TEMPO, _METER, _METER_WORDS, _BARS, RATIO, _GROUPS,
    regex(
        rf"\b(?:half|double)[ -]?time\b|\bwaltz\b|{_EVOLVING.pattern}"
        r"|\b(?:poly|cross)[ -]?rhythms?\b|\bhemiola\b"
        r"|\bbuild[ -]?up\b|\b(?:blend|mix|fusion|mixture|cross|crossover|hybrid|mash-?up|half|mostly|mainly)\b"
        rf"|\b(?:{'|'.join(SECTIONS)})(?:e?s)?\b"
    ),
)  # fmt: skip
"""Forms in which something is said that is no name."""


def _style(phrases: list[str], genre: str | None, home: str | None) -> tuple[str, str] | None:
    """Return the (genre, style) that words name; `home` is where a name is looked for first if they say no genre."""
    if named := next((IDIOMS[p] for p in phrases if p in IDIOMS), None):
        return named
    if genre is None and home and (own := _of(phrases, home, LOOSE)):
        return own
    for word, (where, name) in MANNERS.items():
        if word in phrases and genre in {None, where}:
            return where, name
    if genre is not None:
        return _of(phrases, genre, frozenset())
    return next((STYLE_WORDS[p][0] for p in phrases if p in STYLE_WORDS and p not in VAGUE), None)


def _of(phrases: list[str], genre: str, unless: frozenset[str]) -> tuple[str, str] | None:
    """Return the first style of a genre among the phrases."""
    named = {
        home: p for p in phrases if p not in unless for home in STYLE_WORDS.get(p, ()) if home[0] == genre
    }  # in their order
    if next(iter(named), None) == (genre, "half-time"):  # "doom, half time" is doom, for any style can be so
        return next((home for home, p in named.items() if p not in VAGUE and p != "halftime"), (genre, "half-time"))
    return next(iter(named), None)


def _single(word: str) -> str:
    return re.sub(r"(.)\1", r"\1", word)


_SINGLE: Final = {_single(name): (name,) for name in sorted(STYLED)}


def nameless(words: str) -> str:
    """Return words without the names of styles and drummers that they begin or end with: "hip hop snare on 3"."""
    left = words.split()
    while left:
        head = next((n for n in (4, 3, 2, 1) if plain("".join(left[:n])) in TITLES), 0)
        tail = 0 if head else next((n for n in (4, 3, 2, 1) if plain("".join(left[-n:])) in TITLES), 0)
        if not head + tail:
            break
        left = left[head : len(left) - tail]
    return " ".join(left)


def _mistyped(text: str) -> dict[str, str]:
    """Return words that are a genre's or a style's name but for a slip of the finger, with the name.

    Two neighbours changed places, or a letter stands once for twice. Any further and good words are read as names: a
    "song" as songo, a "break" as breakbeat, "sixteen" as sixteenths.
    """
    if len(text) > _TYPED_WITHIN:
        return {}
    out = {}
    for word in dict.fromkeys(re.findall(r"[a-z]{4,}", text)):
        if plain(word) in NAMES:
            continue
        swapped = (word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1))
        near = next((name for name in (*swapped, *_SINGLE.get(_single(word), ())) if name in STYLED), None)
        if near is not None:
            out[word] = near
    return out


def additive(words: str) -> list[int]:
    """Return the sizes of groups that words add up ("3+3+2"); "1+3" counts beats, and a half and a half is no group."""
    found = _GROUPS.fullmatch(words)
    sizes = [int(size) for size in found[1].split("+")] if found else []
    return sizes if sum(sizes) > 4 and any(b <= a for a, b in pairwise(sizes)) else []


_SECTION_NAMES: Final = {plain(name): name for name in SECTIONS} | {"buildup": "build"}
_SECTION: Final = regex(
    # A one drop is a style, "drop the kick" an order, and a fill "into the chorus" is not in it.
    r"(?<!one )(?<!one-)(?<!into )(?<!into the )(?<!to the )\b("
    + "|".join(name.replace("-", "[ -]?") for name in sorted(SECTIONS, key=len, reverse=True)).replace(
        "build", "build(?:[ -]?up)?"
    )
    + r")s?\b(?!(?:(?<=drop)|(?<=drops)) (?:out|the|my|an?|all|everything)\b)"
)


def _sections(text: str) -> tuple[str, ...]:
    """Return the sections that words name, each once, in their order."""
    return tuple(dict.fromkeys(_SECTION_NAMES[plain(found[1])] for found in _SECTION.finditer(text)))


def _of_section(text: str, sections: tuple[str, ...]) -> str:
    """Return words without those of other sections: "chorus with open hats, verse with closed hats" is open."""
    if len(sections) < 2:
        return text
    text = re.sub(rf"({_SECTION.pattern}) and {_SECTION.pattern}", r"\1", text)  # what is said of both is said of one
    parts = re.split(r"[,;.]|\bthen\b|\band\b", text)
    return " , ".join(part for part in parts if {*_sections(part)} <= {sections[0]})


def _blend(text: str) -> list[tuple[str, float]]:
    """Return genres with their shares, the largest first, from any of the ways to write a blend."""
    if not _BLENDED.search(text):
        return []
    text = text[:_BLEND_WITHIN]
    parts = [(words, int(share)) for share, words in _SHARE.findall(text)]
    if len(parts) < 2 and "%" in text:  # its search is slow where there is none
        parts = [(words, int(share)) for words, share in _AFTER.findall(text)]
    if len(parts) < 2 and (found := _SLASH.search(text)):
        parts = [(found[3], int(found[1])), (found[4], int(found[2]))]
    if len(parts) < 2 and (found := _HALVES.search(text)):
        parts = [(found[1], 50), (found[2], 50)]
    if len(parts) < 2 and (found := _MOSTLY.search(text)):
        parts = [(found[1], 70), (found[2], 30)]
    if len(parts) < 2 and (found := _MIX.search(text)):
        words = re.split(r",|\band\b|\bwith\b|\+|&", found[1] or found[2])
        parts = [(one, 100 // len(words)) for one in words]
    known = [
        (genre, share / 100) for words, share in parts if (genre := _first(_phrases(words), GENRE_WORDS)) and share
    ]
    return sorted(known, key=lambda one: -one[1]) if len({genre for genre, _ in known}) > 1 else []


def _polyrhythm(text: str) -> tuple[int, int] | None:
    """Return the ratio that words name; the bare word is three against four, a hemiola three against two."""
    if found := RATIO.search(text):
        first, second = (int(part) if part.isdecimal() else NUMBERS[part] for part in found.groups())
        return (first, second) if first != second else None
    if "hemiola" in text:
        return 3, 2
    return (3, 4) if re.search(r"\b(?:poly|cross)[ -]?rhythm", text) else None


def _tempo(text: str) -> float | None:
    """Return the tempo that words name, in quarter notes a minute."""
    for found in _TEMPO.finditer(text):
        bare = float(found[4] or 0)
        before = text[: found.start()].split()[-1:] if found[3] or bare else []
        if not (before and _NOT_A_TEMPO.fullmatch(before[0])) or (before == ["swing"] and bare > 100):
            said = float(next(filter(None, found.groups())))
            bpm = min(float(TEMPOS[1]), max(float(TEMPOS[0]), said))
            return int(bpm) if bpm.is_integer() else bpm
    return None


def _meter(text: str) -> str | None:
    """Return the metre that words name, in figures or not; "in seven" is seven eighths, "in five" five quarters."""
    for meter in _METER.finditer(text):
        if int(meter[1]) <= MOST_BEATS:
            return f"{meter[1]}/{meter[2]}"
    if found := _METER_WORDS.search(text):
        count = int(found[3]) if (found[3] or "").isdecimal() else NUMBERS[found[1] or found[3]]
        return f"{count}/{_UNITS[found[2]] if found[2] else 4 if count < 6 else 8}"
    return "3/4" if re.search(r"\bwaltz\b", text) else None


# Ghosts may stand before a snare.
_FELT: Final = tuple(
    (
        word.partition("-")[0],
        regex(
            rf"\b{word.replace('-', '[ -]?')}\b"
            + (SOMEWHERE if word.endswith("-hats") else "" if word.startswith("ghost") else _DRUM)
        ),
        values,
    )
    for word, values in FEEL.items()
)


_COMPARED: Final = regex(
    r"(?:^|(?<=[,;.] ))(?:(?:make|play|keep|but|it|and|much|way|lots?|an?|bit|little|touch|tad) )*"
    rf"({'|'.join(COMPARED)})(?=$|[,;.])"
)
_OF_DRUM: Final = regex(
    r"\b(?:kicks?|snares?|hats?|rides?|crash(?:es)?|cymbals?|toms?|claps?|rims?|bells?|cowbell|shaker|bass drum)"
    rf"(?: (?:is|are|be|very|really|quite|so|a|bit|little|more|played|and|{'|'.join(filter(str.isalpha, FEEL))}))* $"
)
"""Before a word of feel that a drum is said to be: "hats busy and loud"."""


def _feel(text: str) -> dict[str, float]:
    """Return the knobs that words of feel turn; "less busy" and "not too loud" turn them a bit to the other side."""
    feel: dict[str, float] = {}
    for sign, form, values in _FELT:
        if sign not in text or (found := form.search(text)) is None or _OF_DRUM.search(text, 0, found.start()):
            continue
        if not _DENIED.search(text, max(0, found.start() - _DENIAL), found.start()):
            feel |= values
        else:
            others = ((name, value) for name, value in values.items() if name not in {"late", "hat_openness"})
            feel |= {
                name: 0.0 if name == "swing" else round(0.8 - 0.6 * value, 2)
                for name, value in others
                if name != "swing" or value
            }
    return feel


def _compared(text: str) -> dict[str, float]:
    """Return the knobs that "busier" and the like turn, where they are said of all of it."""
    return {knob: at for found in _COMPARED.finditer(text) for knob, at in COMPARED[found[1]].items()}


def _reach(text: str) -> int | None:
    """Return how long a groove must be to have the bars that words count ("no kick in bar 3"): a power of two."""
    last = max((int(found[2]) + bool(found[1]) for found in _NTH_BAR.finditer(text)), default=0)
    return 1 << (last - 1).bit_length() if 2 < last <= MAX_BARS else None


def describe(prompt: str, home: str | None = None) -> dict[str, Any]:
    """Return what the rules read out of a prompt.

    Args:
        prompt: A musician's words.
        home: The genre that is set already: a style that several genres have is its own, if the words say no other.

    Returns:
        `genre`, `style`, `drummer`, `section`, `meter`, `groups`, `bars`, `tempo`, `blend`, `polyrhythm` (each None or
        empty when not said), `time` ("half", "double" or ""), `evolve` (bool), `feel` (knob words: swing, humanize,
        density, complexity, energy, ghosts, late), `exact` (swing was set, not named), `read_as` (slips of the finger),
        `sections` (all that are named), `denied` (names that are not wanted) and `confidence` 0..1, the share of
        telling words that were understood.
    """
    found = _describe(prompt, home)
    return found | {"feel": dict(found["feel"]), "blend": list(found["blend"])}


def _named(
    text: str, home: str | None
) -> tuple[list[str], list[tuple[str, float]], str | None, tuple[str, str] | None]:
    for no_name in (_ON_THE_ONE, NO_NAME, _SOME_SWING, TIME_IN_BARS):
        text = no_name.sub(" . ", text)
    phrases, blend = _phrases(text), _blend(text)
    genre = blend[0][0] if blend else _first([p for p in phrases if p != "swing"], GENRE_WORDS)
    if "swing" in phrases and genre != "jazz":
        swung = [p for p in phrases if p != "swing"]  # a "trip hop swing" is no jazz; swing by itself is
        if genre or blend or _style(swung, genre, home):
            phrases = swung
        else:
            genre = "jazz"
    return phrases, blend, genre, None if blend else _style(phrases, genre, home)


def _denied(text: str) -> tuple[str, ...]:
    """Return the names of genres and styles that words refuse."""
    said = (_phrases(found[0]) for found in NO_NAME.finditer(text))
    return tuple(dict.fromkeys(GENRE_WORDS.get(word, word) for one in said for word in one if word in REFUSED))


@lru_cache(maxsize=64)
def _describe(prompt: str, home: str | None) -> dict[str, Any]:
    text = tidy(prompt)
    phrases, blend, genre, style = _named(text, home)
    mistyped = {} if genre or style else _mistyped(text)
    if mistyped:
        text = re.sub(r"[a-z]+", lambda word: mistyped.get(word[0], word[0]), text)
        phrases, blend, genre, style = _named(text, home)
    genre = style[0] if style else genre or _first(phrases, TINTS) or ("pop" if _NO_ROCK.search(text) else None)
    set_to = {} if blend else turned(text)
    every = list(_BARS.finditer(text))
    bars = next((one for one in every if not text[: one.start()].endswith(_SOME_BARS)), every[0] if every else None)
    length = int(bars[1] or bars[2]) if bars else _reach(text)
    groups = next((one[1] for one in _GROUPS.finditer(text) if additive(one[1])), "")
    sections = _sections(text)
    whole = TIME_IN_BARS.sub(" ", text)
    time = "half" if _HALF_TIME.search(whole) else "double" if _DOUBLE_TIME.search(whole) else ""
    found: dict[str, Any] = {
        "genre": genre,
        "style": style[1] if style else None,
        "drummer": _first(phrases, DRUMMER_WORDS),
        "section": sections[0] if sections else None,
        "sections": sections,
        "meter": _meter(text),
        "groups": groups,
        "bars": None if length is None else max(1, min(MAX_BARS, length)),
        "tempo": _tempo(text),
        "blend": blend,
        "polyrhythm": _polyrhythm(text),
        "time": "" if style and "half-time" in style[1] and time == "half" else time,
        "evolve": bool(_EVOLVING.search(text)),
        "feel": _feel(_of_section(text, sections)) | _compared(text) | set_to,
        "read_as": mistyped,
        "denied": _denied(text),
        "exact": "swing" in set_to or bool(_UNSWUNG.search(text)),
    }
    found["confidence"] = _confidence(text, found)
    return found


_TELLING: Final = frozenset(
    {w for word in FEEL for w in word.split("-") if w not in _STOP}
    | {"half", "double", "waltz", "over", "against", "polyrhythm", "hemiola", "blend", "mix", "evolving", "evolve"}
    | {*KNOB.split("|"), *NUMBERS, *GENRE_WORDS, *IDIOMS, *MANNERS, *DRUMMER_WORDS}
)


def _confidence(text: str, found: dict[str, Any]) -> float:
    """The share of words that carry meaning and were understood; a known genre alone is worth .6."""
    words = [w for w in re.findall(r"[a-z']+", text) if w not in _STOP]
    if not words and not any(found[k] for k in ("meter", "bars", "tempo", "polyrhythm")):
        return 0.0
    known = {
        p
        for name in ("genre", "style", "drummer", "section")
        if found[name]
        for p in re.findall(r"[a-z]+", found[name])
    }
    telling = sum(any(one in _TELLING or one in known for one in (w, plain(w))) for w in words)
    share = telling / len(words) if words else 1.0
    return round(min(1.0, (0.6 if found["genre"] else 0.2) * min(1.0, share * 2) + 0.4 * share), 3)
