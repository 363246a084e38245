"""Slow, fast and the like as a tempo: a place in the range of the style or genre that is played. Pure.

Only where no figure says the tempo; "slower" and "faster" compare with what nobody here knows.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from router.groove.library import find_style, genre_styles
from router.groove.names import check_genre
from router.groove.spell import tidy
from router.groove.words import OF_DRUM, describe
from router.regex import regex

PACE: Final = regex(
    r"(?<!not )(?<!too )(?<!so )(?<!as )(?<!less )\b(?:(slow|down[ -]?tempo)|(mid(?:dle)?[ -]?tempo|medium[ -]tempo)"
    r"|(fast|quick|up[ -]?tempo)|slower|faster|quicker)\b"
    r"(?!,? (?:fills?|rolls?|hats?|hi|high|kicks?|double|feet|ride|snares?|six|build|crescendo|fade|swell)\b)"
)
_PLACES: Final = (0.15, 0.4, 0.8)
"""Slow, middling and fast, as shares of the range from the slowest to the fastest; ballads and blast beats are rare."""
_NAMED: Final = 0.5
"""Of a style that has the word for its name, it is the usual tempo."""


class Pace(NamedTuple):
    """What words say of the tempo: the word, and quarter notes a minute, or None where it is only compared."""

    word: str
    bpm: float | None


def spoken_pace(prompt: str, genre: str | None = None, home: str | None = None) -> Pace | None:
    """Return how fast a wish is to be played by its words; None where they say nothing, or say it in figures.

    Args:
        prompt: A musician's words.
        genre: What is set beside them and wins over the genre that they name.
        home: The genre that is played where neither names one.

    Raises:
        InvalidRequest: If the genre that is set is unknown.
    """
    genre = check_genre(genre) if genre else None
    text, read = tidy(prompt), describe(prompt, genre or home)
    found = next((one for one in PACE.finditer(text) if not OF_DRUM.search(text, 0, one.start())), None)
    if found is None or read["tempo"] is not None:
        return None
    share = next((place for place, word in zip(_PLACES, found.groups(), strict=True) if word), None)
    return Pace(
        found[0], None if share is None else _within(read, genre or read["genre"] or check_genre(home or "rock"), share)
    )


def _within(read: dict[str, Any], genre: str, share: float) -> float:
    named = read["style"] if read["genre"] == genre else None
    styles = (find_style(genre, named),) if named else genre_styles(genre)
    low, high = min(style.tempo[0] for style in styles), max(style.tempo[1] for style in styles)
    return round(low + (high - low) * (_NAMED if named in {"slow", "fast"} else share))
