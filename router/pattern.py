"""Pattern: the router's promise, and the one shape in which drumming moves through the program.

Pure data. Time is whole ticks, 960 per quarter note; `tick` is on the grid, `shift` is how far
the hand is off it. Nothing here reads a clock, a file or a random source.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from router.errors import InvalidRequest, shown

RESOLUTION: Final = 960
"""Ticks per quarter note."""

MAX_BARS: Final = 64
MAX_HITS: Final = 20_000
"""64 bars of 32nds on nine voices; more than two hands and two feet can fill."""

# The order is the order of leaving: of hits at one instant the kick goes first.
VOICES: Final = (
    "kick", "snare", "rim", "clap", "hat_closed", "hat_pedal", "hat_open", "tom_high", "tom_mid", "tom_low",
    "tom_floor", "ride", "ride_bell", "crash", "crash2", "china", "splash", "cowbell", "tambourine", "shaker",
    "conga_high", "conga_low", "conga_mute", "bongo_high", "bongo_low", "timbale_high", "timbale_low", "agogo_high",
    "agogo_low", "claves", "wood_block", "triangle", "snap", "cabasa", "maracas", "guiro",
)  # fmt: skip
VOICE_INDEX: Final[Mapping[str, int]] = {name: index for index, name in enumerate(VOICES)}

_METER = re.compile(r"([1-9]\d?)/(1|2|4|8|16)")
_GROUPS = re.compile(r"[1-9]\d?(?:\+[1-9]\d?)*")
_ID = re.compile(r"[a-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature; `groups` are its beats as the foot taps them, in units of the denominator."""

    numerator: int
    denominator: int
    groups: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: Any, group: str = "") -> Meter:
        """Read "7/8", as a client may have sent it; `group` may say "2+2+3".

        Raises:
            InvalidRequest: If the text is no metre from 1/16 to 32/1, or the groups do not add up.
        """
        found = _METER.fullmatch(text.strip()) if isinstance(text, str) else None
        if found is None or int(found[1]) > 32:
            raise InvalidRequest("meter", f"meter is {shown(text)}; it must look like 4/4, 6/8 or 7/8", "try 4/4")
        numerator, denominator = int(found[1]), int(found[2])
        groups: tuple[int, ...] = ()
        if group:
            if not _GROUPS.fullmatch(group) or sum(map(int, group.split("+"))) != numerator:
                raise InvalidRequest("meter", f"groups {group!r:.40} do not add up to {numerator}", "try 2+2+3")
            groups = tuple(map(int, group.split("+")))
        return cls(numerator, denominator, groups)

    @property
    def bar_ticks(self) -> int:
        """Ticks in one bar."""
        return self.numerator * self.unit_ticks

    @property
    def unit_ticks(self) -> int:
        """Ticks in one denominator unit: 960 in x/4, 480 in x/8."""
        return RESOLUTION * 4 // self.denominator

    @property
    def beats(self) -> tuple[int, ...]:
        """Lengths in ticks of the beats as felt: 4/4 is four quarters, 6/8 two dotted ones, 7/8 is 2+2+3."""
        n, unit = self.numerator, self.unit_ticks
        if self.groups:
            return tuple(g * unit for g in self.groups)
        if self.denominator >= 8 and n % 3 == 0 and n > 3:
            return (3 * unit,) * (n // 3)
        if self.denominator >= 8 and n > 4:  # additive: twos, the long beat last
            return (2 * unit,) * ((n - 3) // 2) + (3 * unit,) if n % 2 else (2 * unit,) * (n // 2)
        return (unit,) * n

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


COMMON_TIME: Final = Meter(4, 4)


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """One stroke.

    Attributes:
        tick: Grid position from the pattern's start.
        voice: One of `VOICES`.
        velocity: 1..127.
        shift: Microtiming in ticks, signed; the stroke sounds at `tick + shift`.
        openness: Hi-hat pedal as MIDI CC 4 is sent for this stroke (0 open .. 127 closed), or None.
        ornament: "" or one of flam, drag, buzz, roll: how the stroke was asked for (already written out as hits).
    """

    tick: int
    voice: str
    velocity: int
    shift: int = 0
    openness: int | None = None
    ornament: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the wire form; what is unset is left out."""
        out: dict[str, Any] = {"tick": self.tick, "voice": self.voice, "velocity": self.velocity}
        if self.shift:
            out["shift"] = self.shift
        if self.openness is not None:
            out["openness"] = self.openness
        if self.ornament:
            out["ornament"] = self.ornament
        return out


def _sort_key(hit: Hit) -> tuple[int, int, int]:
    return hit.tick, VOICE_INDEX[hit.voice], hit.shift


@dataclass(frozen=True, slots=True)
class Pattern:
    """A groove of whole bars in one metre. Hits are sorted by tick, the kick first.

    `tempo` is the tempo it was made for, in quarter notes per minute, or None. `meta` is plain JSON: genre, style,
    seed, who made it, what was mended.
    """

    meter: Meter
    bars: int
    hits: tuple[Hit, ...]
    name: str = ""
    tempo: float | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hits", tuple(sorted(self.hits, key=_sort_key)))
        if not self.id:
            object.__delattr__(self, "id")

    def __getattr__(self, name: str) -> str:
        """Make the id when it is first asked for: most patterns are steps on the way to another."""
        if name != "id":
            raise AttributeError(f"a Pattern has no {name}", name=name, obj=self)
        identity = f"p-{self.fingerprint()}"
        object.__setattr__(self, "id", identity)
        return identity

    @property
    def ticks(self) -> int:
        """Length in ticks."""
        return self.bars * self.meter.bar_ticks

    def fingerprint(self) -> str:
        """Return 12 hex digits that are equal for equal music (metre, bars, hits), whatever the name."""
        text = json.dumps([str(self.meter), self.meter.groups, self.bars, [hit.as_dict() for hit in self.hits]])
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def with_hits(self, hits: Iterable[Hit], **meta: Any) -> Pattern:
        """Return the same pattern with other hits (and so another id); `meta` is merged in."""
        return replace(self, hits=tuple(hits), meta={**self.meta, **meta}, id="")

    def as_dict(self) -> dict[str, Any]:
        """Return the wire form of the contract."""
        out: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "meter": str(self.meter),
            "bars": self.bars,
            "resolution": RESOLUTION,
        }
        if self.meter.groups:
            out["groups"] = list(self.meter.groups)
        if self.tempo is not None:
            out["tempo"] = self.tempo
        out["hits"] = [hit.as_dict() for hit in self.hits]
        out["meta"] = dict(self.meta)
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Pattern:
        """Read the wire form.

        Raises:
            InvalidRequest: Naming the field at fault. Hits outside the pattern are refused, not dropped.
        """
        given = data.get("groups") or ()
        if not isinstance(given, list | tuple):
            raise InvalidRequest("groups", f"groups is {shown(given)}; it must be a list", "try [2, 2, 3]")
        groups = "+".join(str(_int("groups", one, 1, 32)) for one in given)
        meter = Meter.parse(data.get("meter", "4/4"), groups)
        bars = _int("bars", data.get("bars", 1), 1, MAX_BARS)
        if data.get("resolution", RESOLUTION) != RESOLUTION:
            raise InvalidRequest("resolution", f"resolution must be {RESOLUTION} ticks per quarter note")
        raw = data.get("hits", ())
        if not isinstance(raw, list | tuple) or len(raw) > MAX_HITS:
            raise InvalidRequest("hits", f"hits must be a list of at most {MAX_HITS}")
        ticks = bars * meter.bar_ticks
        hits = tuple(_read_hit(index, hit, ticks) for index, hit in enumerate(raw))
        identity = data.get("id") or ""
        if identity and not (isinstance(identity, str) and _ID.fullmatch(identity)):
            raise InvalidRequest("id", f"id is {shown(identity)}; it must be 1 to 64 of a-z, 0-9, _ and -")
        tempo = data.get("tempo")
        if tempo is not None and not (isinstance(tempo, int | float) and 20 <= tempo <= 300):
            raise InvalidRequest("tempo", f"tempo is {shown(tempo)}; it must be 20 to 300 beats per minute", "try 120")
        meta = data.get("meta") or {}
        if not isinstance(meta, Mapping):
            raise InvalidRequest("meta", "meta must be an object")
        name = data.get("name") or ""
        if not isinstance(name, str) or len(name) > 200:
            raise InvalidRequest("name", "name must be a text of at most 200 characters")
        return cls(meter, bars, hits, name, None if tempo is None else float(tempo), dict(meta), identity)


def _int(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidRequest(name, f"{name} is {shown(value)}; it must be a whole number from {low} to {high}")
    return value


def _read_hit(index: int, data: Any, ticks: int) -> Hit:
    where = f"hits[{index}]"
    if not isinstance(data, Mapping):
        raise InvalidRequest(where, f"{where} must be an object with tick, voice and velocity")
    voice = data.get("voice")
    if not isinstance(voice, str) or voice not in VOICE_INDEX:
        raise InvalidRequest(f"{where}.voice", f"{where}.voice is {shown(voice)}; known voices: {', '.join(VOICES)}")
    openness = data.get("openness")
    ornament = data.get("ornament", "")
    if not isinstance(ornament, str) or ornament not in {"", "flam", "drag", "buzz", "roll"}:
        raise InvalidRequest(
            f"{where}.ornament", f"{where}.ornament is {shown(ornament)}; it must be flam, drag, buzz or roll"
        )
    return Hit(
        _int(f"{where}.tick", data.get("tick"), 0, ticks - 1),
        voice,
        _int(f"{where}.velocity", data.get("velocity"), 1, 127),
        _int(f"{where}.shift", data.get("shift", 0), -RESOLUTION, RESOLUTION),
        None if openness is None else _int(f"{where}.openness", openness, 0, 127),
        ornament,
    )
