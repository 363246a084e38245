"""One spelling for a musician's words before anything reads them: small letters, plain signs, figures for lengths.

Pure. Names keep their number words ("two step", "one drop"): only what counts bars, a tempo or a share becomes figures.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from router.regex import regex

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS: Final = {word: value for value, word in enumerate(_ONES)} | {
    word: 20 + 10 * index for index, word in enumerate(_TENS)
}
_NUMBER: Final = rf"(?:{'|'.join(sorted((*NUMBERS, 'hundred'), key=len, reverse=True))})"
_SPOKEN: Final = rf"(?:an? (?=hundred))?{_NUMBER}(?:(?:[ -]and[ -]|[ -]){_NUMBER})*"
_COUNTED: Final = regex(
    rf"\b({_SPOKEN})(?=[ -]?(?:bars?|measures?|bpm|beats (?:per|a) minute|per ?cent|%)(?!\w))"
    rf"|(?<=\btempo )({_SPOKEN})\b|(?<=\btempo of )({_SPOKEN})\b"
)
_SIGNS: Final = str.maketrans({"\u2013": "-", "\u2014": ",", "\u2019": "'", "\u2018": "'", "\u201c": '"',
                               "\u201d": '"', "?": ",", "!": ","})  # fmt: skip


def tidy(prompt: str) -> str:
    """Return words as they are read: small letters, single spaces, plain signs, lengths in figures, no accents."""
    if not prompt.isascii():  # "bai\u00e3o", "reggaet\u00f3n": names are known without their accents
        prompt = "".join(
            letter for letter in unicodedata.normalize("NFKD", prompt.lower()) if not unicodedata.combining(letter)
        )
    return signed(prompt)


def signed(words: str) -> str:
    """Return words in small letters, with single spaces and plain signs, and lengths in figures."""
    text = " ".join(words.lower().translate(_SIGNS).replace("@", " at ").split())
    return _COUNTED.sub(lambda found: str(number(found[0])), text)


def number(words: str) -> int:
    """Return what number words mean: "a hundred and twenty" is 120, "one twenty" too, "thirty-two" is 32."""
    total = 0
    for word in re.findall(_NUMBER, words):
        value = NUMBERS.get(word, 100)
        if word == "hundred":
            total = max(1, total) * 100
        elif total and total < 10 <= value:  # "one twenty", "one ten"
            total = total * 100 + value
        else:
            total += value
    return total
