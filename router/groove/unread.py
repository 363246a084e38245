"""What a prompt says that the drummer could not follow: words nobody knows, figures beyond what can be played.

Pure. Only says; what is played is decided in `words.py` and never depends on this.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from router.groove.dials import TURNED, turned_to
from router.groove.lexicon import DRUMMER_WORDS, HOMES, NAMES
from router.groove.names import plain
from router.groove.spell import tidy
from router.groove.words import MOST_BEATS, NO_NAME, RATIO, SPOKEN, TEMPOS, describe
from router.pattern import MAX_BARS
from router.regex import regex

_SHOWN: Final = 60
"""Characters of strange words that are shown."""
_METERS: Final = regex(r"(?<![\d/.])(\d{1,4}) ?/ ?(\d{1,4})(?![\d/])(?!(?:th)?s?[ -](?:notes?|hats?|hi))")
_BPM: Final = regex(
    r"(?<![\d.,])(-?\d{1,9}(?:\.\d+)?) ?(?:bpm\b|beats per minute)|\b(?:bpm|tempo(?: of)?)[:=]? ?(-?\d{1,9}(?:\.\d+)?)"
    r"(?![\d.]*\d| ?bpm)"
)
_BARS: Final = regex(r"\b(\d{1,9})[ -]?(?:bars?|measures?)\b")
_RATIO: Final = regex(r"\b\d{1,4} ?(?::|over|against|versus|vs\.?) ?\d{1,4}\b")
_KIT: Final = regex(
    r"\b(?:brush(?:es)?|mallets?|hot ?rods|(?:tr ?-?)?(?:808|909|707|606)s?|reverb|distort(?:ed|ion))\b"
)
_OF_THE_KIT: Final = "that is the sound of the kit, not its strokes: choose it in your instrument"
_PACE: Final = regex(
    r"\b(?:slow(?:er)?|fast(?:er)?|quick(?:er)?|(?:up|mid|medium|down)[ -]?tempo)\b"
    r"(?!,? (?:fills?|rolls?|hats?|hi|high|kicks?|double|feet|ride|snares?|six)\b)"
)
_PARTLY: Final = regex(
    r"\b(?:(?:first|second|last) half|(?:first|second|third|fourth|last|final) (?:(?:two|three|four|\d) )?bars?"
    r"|in bars? \d{1,2}(?! bars?))\b"
)
_EMPTY: Final = regex(
    r"(?:(?:just |only |pure |total |complete )*(?:silence|silent|nothing)"
    r"|(?:no|without)(?: any)? (?:drums?|music|sound|beats?|hits|notes)(?: at all)?)[.!]?"
)
_MANNER: Final = regex(r"-(?:style|like|ish|esque|inspired|type|flavou?red|based|ey)\b")
"""What is hung on a name: "Bonham-style"."""
_FIGURES: Final = regex(
    r"(?<![\w.])[-+]?\d[\d.,:/+%-]*(?:st|nd|rd|th|ths|s|x|k|bpm|ms)?(?!\w)"
    r"|\b(?:bpm|beats per minute|tempo|bars?|measures?)\b"
)
_HARMLESS: Final = frozenset((
    "genre", "key",
    "will", "know", "dunno", "whatever", "surprise", "random", "any", "every", "everywhere", "once",
    "i", "i'd", "i'm", "id", "im", "we", "you", "your", "our", "it's", "its", "it", "is", "are", "be", "was", "want",
    "wanna", "need", "needs", "would", "could", "should", "can", "let", "let's", "lets", "gimme", "get", "got",
    "make", "makes", "made", "create", "generate", "write", "play", "plays", "playing", "played", "do", "does", "put",
    "use", "using", "used", "have", "has", "having", "go", "goes", "going", "add", "that", "this", "these", "those",
    "which", "who", "what", "something", "someone", "anything", "thing", "things", "stuff", "kind", "sort", "type",
    "way", "lot", "lots", "bit", "little", "touch", "hint", "dash", "of", "by", "from", "into", "over", "under",
    "through", "like", "as", "if", "so", "then", "than", "just", "only", "really", "very", "quite", "super", "pretty",
    "much", "too", "also", "or", "and", "but", "not", "no", "without", "plus", "please", "pls", "thanks", "thank",
    "hey", "hi", "hello", "ok", "okay", "yo", "man", "dude", "mate", "nice", "cool", "good", "great", "best",
    "awesome", "amazing", "sick", "dope", "killer", "tasty", "lovely", "perfect", "solid", "decent", "proper", "real",
    "right", "here", "there", "now", "again", "about", "around", "per", "each", "every", "all", "both", "one", "two",
    "three", "four", "five", "six", "seven", "eight", "nine", "ten", "sixteen", "song", "songs", "track", "tracks",
    "tune", "piece", "music", "musical", "part", "section", "backing", "rhythm", "rhythms", "rhythmic", "beats",
    "grooves", "drumming", "drummer", "drumkit", "kit", "drum", "loops", "patterns", "feels", "style", "styled",
    "styles", "vibe", "vibes", "vibey", "flavor", "flavour", "flavored", "sound", "sounds", "sounding", "based",
    "inspired", "influenced", "hate", "except", "avoid", "rather", "instead", "odd", "grouped", "grouping", "groupings",
    "metre", "drumbeat", "usual", "slightly", "extremely", "somewhat", "fairly", "totally", "absolutely", "ultra",
    "mega", "incredibly", "few", "fewer", "beat", "groove", "pattern", "loop", "feel", "drums", "give", "less", "more",
    "don't", "dont", "isn't", "note", "notes", "hit", "hits", "eighth", "eighths", "sixteenth", "sixteenths", "quarter",
    "quarters", "8th", "16th", "8ths", "16ths", "meter", "metre", "signature", "time", "tempo", "speed", "count",
    "my", "the", "a", "an", "me", "some", "any", "to", "in", "on", "at", "for", "with", "up", "down", "out", "off",
    "them", "long", "short", "phrase", "phrases", "measure", "measures", "bar", "bars", "when", "where", "while",
    "between", "during", "before", "after", "first", "last", "second", "third", "fourth", "start", "end", "ends",
    "ending", "starts", "beginning", "solo", "new", "old", "same", "other", "else", "etc", "kinda", "sorta",
    "throughout",
))  # fmt: skip
"""Words that ask for nothing by themselves."""


@lru_cache(maxsize=64)
def unread(prompt: str, rest: str, given: str | None = None, *, single: bool = False) -> tuple[str, ...]:
    """Return what could not be followed, a sentence each.

    Args:
        prompt: A musician's words.
        rest: Those of them that are no orders about single drums; what became of orders is said elsewhere.
        given: The genre that is set beside the words, and wins over theirs.
        single: One groove is wanted, no song of many sections.
    """
    text = tidy(prompt)
    read_as: dict[str, str] = describe(prompt)["read_as"]
    said = [*_beyond(text), *_left_out(text, given, single=single)]
    if _EMPTY.fullmatch(text):
        return (*said, f'not done: "{text}"; for silence use stop, or break for a bar of it')
    if partly := _PARTLY.search(tidy(rest)):
        said.append(f'"{partly[0]}": style, feel and time are those of all bars; orders about drums can name some')
    if strange := _strange(re.sub(r"[a-z]+", lambda word: read_as.get(word[0], word[0]), tidy(rest))):
        said.append(f"not understood: {strange}")
    return tuple(said)


def _left_out(text: str, given: str | None, *, single: bool) -> list[str]:
    """Return what is said of names that are not played, and of a pace that no figure gives."""
    read, out = describe(text, given), []
    if given is None or read["genre"] is None or plain(read["genre"]) == plain(given):
        out += [f'"{word}" is read as {name}' for word, name in read["read_as"].items()]
    else:
        out.append(f"{read['genre']} is left out: the genre is set to {given}")
        read = read | {"genre": None}
    if read["genre"] and (others := _unplayed(text, read)):
        style = f", {read['style']}" if read["style"] else ""
        out.append(f"{', '.join(others)} left out: one style and one drummer play at a time ({read['genre']}{style})")
    out += [f'"{found[0]}": {_OF_THE_KIT}' for found in _KIT.finditer(text) if read["style"] != "brushes"]
    if read["denied"] and not (read["genre"] or given):
        out.append(f"without {', '.join(read['denied'])}: rock is played, for no other genre was named")
    if single and len(read["sections"]) > 1:
        first, *others = read["sections"]
        out.append(f"{', '.join(others)} left out: one section at a time, {first} was named first; compose plays all")
    pace = _PACE.search(text)
    if pace and read["tempo"] is None and read["style"] not in {"slow", "fast"}:
        out.append(f'"{pace[0]}" sets no tempo: say it in figures ("90 bpm")')
    return out


def _unplayed(text: str, read: dict[str, Any]) -> list[str]:
    """Return names of genres, styles and drummers that the words have beside those that are played."""
    words = re.findall(r"[a-z0-9&']+", NO_NAME.sub(" . ", _PACE.sub(" . ", text)))
    genres = {genre for genre, _ in read["blend"]} | {read["genre"]}
    out, at = [], 0
    while at < len(words):
        names = ((size, plain("".join(words[at : at + size]))) for size in (4, 3, 2, 1))
        size, name = next((one for one in names if one[1] in HOMES or one[1] in DRUMMER_WORDS), (1, ""))
        played = name not in DRUMMER_WORDS or DRUMMER_WORDS[name] == read["drummer"]
        if name in HOMES:
            played = any(genre in genres and style in {None, read["style"]} for genre, style in HOMES[name])
        if not played:
            out.append(" ".join(words[at : at + size]))
        at += size
    return list(dict.fromkeys(out))


def _beyond(text: str) -> list[str]:
    """Return what is said of figures that nobody can play."""
    read = describe(text)
    out = []
    for found in _METERS.finditer(text):
        name = f"{int(found[1])}/{int(found[2])}"
        if not 2 <= int(found[1]) <= MOST_BEATS or found[2] not in {"2", "4", "8", "16"}:
            if found[1] != "1":  # 1/8 and the like are notes
                out.append(f'"{found[0]}" is no metre that can be played')
        elif read["meter"] and name != read["meter"]:
            out.append(f'"{found[0]}" is left out: one metre at a time, {read["meter"]} was named first')
    low, high = TEMPOS
    out += [
        f'"{found[0]}" is beyond {low} to {high}: it is taken as {min(high, max(low, float(found[1] or found[2]))):g}'
        for found in _BPM.finditer(text)
        if not low <= float(found[1] or found[2]) <= high
    ]
    out += [
        f'"{found[0]}" is beyond 1 to {MAX_BARS}: it is taken as {min(MAX_BARS, max(1, int(found[1])))}'
        for found in _BARS.finditer(text)
        if not 1 <= int(found[1]) <= MAX_BARS
    ]
    if read["polyrhythm"] and (ratio := _RATIO.search(text)) and not RATIO.search(text):
        first, second = read["polyrhythm"]
        out.append(f'"{ratio[0]}" is no polyrhythm that can be played: 2 to 16 against 2 to 16; it is {first}:{second}')
    out += [
        f'"{found[0]}" is beyond 100%, and taken as that' for found in TURNED.finditer(text) if turned_to(found) > 1
    ]
    return out


def _strange(text: str) -> str:
    """Return the words that mean nothing to the drummer, in runs, quoted."""
    for known in (*SPOKEN, _FIGURES, _PACE, _KIT, _MANNER):
        text = known.sub(" , ", text)
    words = re.findall(r"[^\W\d_](?:[\w'&-]*\w)?|[^\w\s\x00-\x7f]+|[,;.]", text)
    runs: list[list[str]] = [[]]
    for index, word in enumerate(words):
        if word in ",;." or _known(words, index):
            runs.append([])
        elif word not in _HARMLESS:
            runs[-1].append(word)
    shown = ", ".join(f'"{" ".join(run)}"' for run in runs if run)
    return shown if len(shown) <= _SHOWN else f'{shown[:_SHOWN].rstrip(chr(34) + ", ")} ..."'


def _known(words: list[str], index: int) -> bool:
    """Say whether a word belongs to a name of up to four words."""
    return any(
        plain("".join(words[start : start + length])) in NAMES
        for length in (1, 2, 3, 4)
        for start in range(max(0, index - length + 1), index + 1)
    )
