"""What was heard, as plain numbers: tempo, beats, bars, metre, swing, energy and drum strokes.

Pure data and standard library only, so that reading a result never loads the signal work. Times are seconds from the
file's start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from router.pattern import Meter, Pattern

VOICES: Final = ("kick", "snare", "hat")
"""The voices that are told apart; side-sticks and claps are heard as the snare's part."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most, and with what.

    Attributes:
        longest_s: Audio beyond this is refused, not cut.
        largest_bytes: Ten minutes of 96 kHz stereo floats fit.
        memory_bytes: Address space of the process that listens, where the system can bound it.
        seconds: Wall time of the process that listens.
    """

    longest_s: float = 600.0
    largest_bytes: int = 512 << 20
    memory_bytes: int = 2 << 30
    seconds: float = 180.0


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Onset:
    """One stroke: when, which drum, how hard (1..127, relative to the file)."""

    t_s: float
    voice: str
    velocity: int


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of whole bars of one loudness; `energy` is 1 for the file's loudest section, 0 for 40 dB below."""

    start_s: float
    end_s: float
    energy: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was heard in one file.

    Attributes:
        duration_s: Length of the audio.
        tempo_bpm: Quarter notes per minute in the sense of `meter`, like every tempo of the program.
        tempo_confidence: 0..1: how far the best reading of the pulse leads the next one.
        beats_s: Felt beats: quarters in 4/4, dotted quarters in 6/8.
        downbeats_s: The first beat of each bar.
        meter: "4/4", "3/4", "6/8" ...
        swing: Off-beat placement, 0.5 straight to 0.75; 0.667 is a triplet shuffle.
        swing_of: 8 or 16: which notes swing.
        energy: Sections, joined without gaps.
        onsets: Strokes in order of time.
        notes: What the listener should know, in words.
    """

    duration_s: float
    tempo_bpm: float
    tempo_confidence: float
    beats_s: tuple[float, ...]
    downbeats_s: tuple[float, ...]
    meter: str
    swing: float
    swing_of: int
    energy: tuple[Section, ...]
    onsets: tuple[Onset, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON, the same names."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Analysis:
        """Read what `as_dict` wrote; the two ends are ours, so nothing is checked twice."""
        return cls(
            **{
                **data,
                "beats_s": tuple(data["beats_s"]),
                "downbeats_s": tuple(data["downbeats_s"]),
                "energy": tuple(Section(**row) for row in data["energy"]),
                "onsets": tuple(Onset(**row) for row in data["onsets"]),
                "notes": tuple(data.get("notes", ())),
            }
        )

    def to_pattern(self, bars: int = 2) -> Pattern:
        """Return the transcription as a groove: the most typical `bars` in a row, on the grid with their shifts.

        Raises:
            InvalidRequest: If `bars` is not 1..64.
        """
        from router.hearing.transcribe import to_pattern  # noqa: PLC0415 - it reads this module's types

        return to_pattern(self, bars)

    @property
    def signature(self) -> Meter:
        """The metre as the program's own type."""
        return Meter.parse(self.meter)
