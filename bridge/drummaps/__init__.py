"""Kits: which note each voice plays in a given sampler. Data files, and the one place that reads them.

A kit that lacks a voice falls back along `FALLBACK`; a voice that reaches no note at all is reported, never guessed.
A kit with several open hi-hats plays the one that stands as far open as the stroke says.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

FALLBACK: Final[Mapping[str, str]] = {
    "rim": "snare", "clap": "snare", "hat_pedal": "hat_closed", "hat_open": "hat_closed", "tom_high": "tom_mid",
    "tom_mid": "tom_low", "tom_low": "tom_floor", "ride": "hat_closed", "ride_bell": "ride", "crash2": "crash",
    "china": "crash", "splash": "crash", "cowbell": "ride_bell", "tambourine": "hat_closed", "shaker": "hat_closed",
    "conga_high": "tom_high", "conga_low": "tom_low", "conga_mute": "conga_high", "bongo_high": "tom_high",
    "bongo_low": "tom_mid", "timbale_high": "tom_high", "timbale_low": "tom_mid", "agogo_high": "cowbell",
    "agogo_low": "cowbell", "claves": "rim", "wood_block": "rim", "triangle": "ride_bell", "snap": "clap",
    "cabasa": "shaker", "maracas": "shaker", "guiro": "shaker",
}  # fmt: skip

CLOSED: Final = 90
"""Where the hi-hat's pedal stands when it is closed, on the kit the Groove MIDI Dataset was recorded on."""


@dataclass(frozen=True, slots=True)
class DrumMap:
    """One kit.

    Attributes:
        hat_controller: The CC of its hi-hat pedal, or None. hat_inverted: its 0 is closed.
        hat_opens: The notes of its open hi-hats, from nearly closed to wide open; () when it has but one.
    """

    id: str
    name: str
    notes: Mapping[str, int]
    hat_controller: int | None = None
    hat_inverted: bool = False
    hat_opens: tuple[int, ...] = ()

    def note(self, voice: str, openness: int | None = None) -> int | None:
        """Return the note of `voice`, by way of its stand-ins when the kit has none of its own.

        Args:
            voice: One of the pattern's voices.
            openness: Where the hi-hat's pedal stands, 0 wide open to 127; None is the kit's usual open hi-hat.
        """
        if voice == "hat_open" and openness is not None and self.hat_opens:
            level = (CLOSED - openness) * len(self.hat_opens) // CLOSED
            return self.hat_opens[max(0, min(level, len(self.hat_opens) - 1))]
        name: str | None = voice
        while name is not None:
            if name in self.notes:
                return self.notes[name]
            name = FALLBACK.get(name)
        return None

    def voices(self) -> dict[int, str]:
        """Return which voice each note is; where several voices share one, the first that the kit names."""
        named = {note: voice for voice, note in reversed(list(self.notes.items()))}
        return {**dict.fromkeys(self.hat_opens, "hat_open"), **named}

    def lost(self, voices: Iterable[str]) -> dict[str, str]:
        """Return what each voice that the kit lacks is played with, "" for silence."""
        out = {}
        for voice in voices:
            if voice not in self.notes:
                note = self.note(voice)
                out[voice] = next((name for name, value in self.notes.items() if value == note), "")
        return out


@functools.cache
def names() -> tuple[str, ...]:
    """Return the ids of the kits that come with the program."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


@functools.cache
def load(kit: str) -> DrumMap:
    """Return the kit called `kit`.

    Raises:
        KeyError: If no kit has that id.
    """
    if kit not in names():
        raise KeyError(kit)
    data = tomllib.loads((resources.files(__name__) / f"{kit}.toml").read_text("utf-8"))
    return DrumMap(
        kit,
        data["name"],
        data["notes"],
        data.get("hat_controller"),
        data.get("hat_inverted", False),
        tuple(data.get("hat_opens", ())),
    )
