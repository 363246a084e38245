"""Labels: the names that lanes go by, in bar lines, tabs and tables, and the voices that they mean.

Pure. One letter for the usual lanes, a voice's own name for the others; what models call them is understood as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from router.pattern import VOICE_INDEX, VOICES

LANES: Final[Mapping[str, str]] = {
    "k": "kick", "s": "snare", "h": "hat_closed", "r": "ride", "c": "crash", "t": "tom_high", "m": "tom_mid",
    "f": "tom_floor", "x": "rim", "b": "ride_bell", "p": "hat_pedal", "y": "china", "w": "cowbell",
}  # fmt: skip
"""One letter for a lane; every other voice is written out."""

_ALIASES: Final = {
    "kd": "kick", "bd": "kick", "bass": "kick", "bassdrum": "kick", "sd": "snare", "sn": "snare", "hh": "hat_closed",
    "hat": "hat_closed", "hats": "hat_closed", "hihat": "hat_closed", "closedhat": "hat_closed", "ch": "hat_closed",
    "oh": "hat_open", "openhat": "hat_open", "openhihat": "hat_open", "pedal": "hat_pedal", "ph": "hat_pedal",
    "rd": "ride", "bell": "ride_bell", "cr": "crash", "cc": "crash", "cy": "crash", "cymbal": "crash",
    "tom": "tom_high", "toms": "tom_high", "ht": "tom_high", "mt": "tom_mid", "lt": "tom_low", "l": "tom_low",
    "ft": "tom_floor", "floortom": "tom_floor", "hightom": "tom_high", "midtom": "tom_mid", "lowtom": "tom_low",
    "rs": "rim", "rimshot": "rim", "sidestick": "rim", "xstick": "rim", "cp": "clap", "handclap": "clap",
    "cb": "cowbell", "tamb": "tambourine", "shk": "shaker", "sh": "shaker", "ridecymbal": "ride",
    "crashcymbal": "crash", "kickdrum": "kick", "snaredrum": "snare",
}  # fmt: skip

LETTER: Final = {voice: letter for letter, voice in LANES.items()}


def voice_of(label: str) -> str | None:
    """Return the voice that a lane's label means, or None."""
    word = label.lower().strip("*:")
    if word in LANES:
        return LANES[word]
    if word in VOICE_INDEX:
        return word
    return _ALIASES.get(re.sub(r"[^a-z]", "", word))


def lane_names() -> tuple[str, ...]:
    """Return every lane as it is written: the letters first, then the voices that have none."""
    return (*LANES, *(voice for voice in VOICES if voice not in LETTER))
