"""Knobs that words put somewhere: "swing 60%", "humanize 0.3", "complexity 8/10", "low density". Pure."""

from __future__ import annotations

import re
from typing import Final

from router.regex import regex

KNOB: Final = "swing|humani[sz]e|density|complexity|intensity|energy|variation"
TURNED: Final = regex(
    rf"\b({KNOB})(?: (?:at|of|to|is|about|around))?[ :=]+"
    r"(?:(\d{1,6}(?:\.\d+)?) ?(?:%|percent\b|per cent\b)|([01]?\.\d+|[01](?:\.0+)?)(?![\d.]*\d| ?(?:bars?|bpm)\b)"
    r"|([1-9]\d|100)(?![\d.]*\d| ?(?:bars?|bpm|/)\b)|(\d{1,2})(?: ?/ ?| out of )10\b)"
    rf"|(?<![\d.])(\d{{1,6}}) ?(?:%|percent|per cent) (?:of )?({KNOB})\b"
)
"""A knob and where it stands: in per cent, with the sign or without, from 0 to 1, or out of ten."""
_LEVEL: Final = {
    "zero": 0.0, "no": 0.0, "off": 0.0, "minimal": 0.1, "low": 0.2, "medium": 0.5, "high": 0.8, "full": 1.0, "max": 1.0,
    "maximum": 1.0,
}  # fmt: skip
LEVELS: Final = regex(
    rf"\b(zero|no|minimal|low|medium|high|full|max|maximum) ({KNOB})\b"
    rf"|\b({KNOB})(?: (?:to|at|on|is))?:? (zero|off|low|medium|high|full|max|maximum)\b(?! (?:hats?|tom|bass))"
)
"""A knob and how far, in words."""


def turned(text: str) -> dict[str, float]:
    """Return knobs that are set by a number: "swing 60%", "humanize 0.3"; as far as the knob goes."""
    feel: dict[str, float] = {}
    for found in TURNED.finditer(text):
        name = (found[1] or found[7]).replace("humanise", "humanize").replace("intensity", "energy")
        feel[name] = min(1.0, turned_to(found))
    for found in LEVELS.finditer(text):
        name = (found[2] or found[3]).replace("humanise", "humanize").replace("intensity", "energy")
        feel.setdefault(name, _LEVEL[found[1] or found[4]])
    return feel


def turned_to(found: re.Match[str]) -> float:
    """Return where words put a knob, 1 for all the way; more than that is more than the knob can."""
    if found[3]:
        return float(found[3])
    return int(found[5]) / 10 if found[5] else float(found[2] or found[4] or found[6]) / 100
