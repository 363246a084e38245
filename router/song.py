"""Song: sections one after another, by one drummer, with fills into each change and intensity that follows the form.

Pure. Whoever wrote the sections (the embedded drummer, models, both), they are brought under one hand here; every
stroke a section was written with stays, but for the last bar's fill and the first beat's crash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from router import drummer, groove
from router.constraints import hold
from router.errors import InvalidRequest, shown
from router.form import ENERGY, Part, parts, usual
from router.pattern import Hit, Meter, Pattern
from router.request import GrooveRequest

LOUDER: Final = 40
"""Velocity between a part at energy 0 and at 1."""

_VARIED: Final = 0.2
"""How much of a part changes when it returns: it shall be known again."""

_TIME: Final = frozenset({"hat_closed", "hat_open", "hat_pedal", "ride", "ride_bell"})
_STATED: Final = re.compile(
    r"\b(?:\d{1,4}|one|two|three|four|eight|twelve|sixteen)[ -]?(?:bars?|measures?)\b"
    r"|(?<![\d/])\d{1,2}\s*/\s*\d{1,2}(?![\d/])"
    r"|\b(?:intro|verse|(?:pre-?)?chorus(?:es)?|bridge|breakdown|build(?:-?up)?|drop|solo|outro|ending)s?\b\s*[:=]?\s*\d*"
    r"|\bsongs?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SongWish:
    """One wish for one song.

    Attributes:
        request: Words, names, knobs, tempo, metre, seed, tier and ceilings; its own `bars` and `section` mean nothing.
        sections: The musician's own list as it came, or () for a usual form.
    """

    request: GrooveRequest
    sections: tuple[Mapping[str, Any], ...] = ()

    def plan(self) -> tuple[Part, ...]:
        """Return the parts by rules alone.

        Raises:
            InvalidRequest: For a section list that cannot be.
        """
        request, words = self.request, groove.describe(self.request.prompt)
        meter = request.meter
        if str(meter) == "4/4" and words["meter"]:
            meter = Meter.parse(words["meter"])
        if self.sections:
            return parts(self.sections, meter)
        return usual(request.genre or words["genre"], request.prompt, meter)

    def asks(self, plan: Sequence[Part]) -> dict[int, GrooveRequest]:
        """Return the request of each part that must be written, by its index; parts that return are written once."""
        words = groove.describe(self.request.prompt)
        spoken = " ".join(_STATED.sub(" ", self.request.prompt).split())
        names = {name: getattr(self.request, name) or words[name] for name in ("genre", "style", "drummer")}
        if self.request.genre and names["style"] and not self.request.style:
            names["style"] = None  # a style that the words named belongs to the words' genre
        out: dict[int, GrooveRequest] = {}
        first: set[Any] = set()
        for index, part in enumerate(plan):
            if part.key in first:
                continue
            first.add(part.key)
            out[index] = replace(
                self.request,
                **names,
                prompt=spoken,
                bars=part.bars,
                meter=part.meter,
                section=part.section,
                workflow="single",
            )
        return out


@dataclass(frozen=True, slots=True)
class Section:
    """A part as it is played; `starts_at_bar` counts from 1."""

    name: str
    bars: int
    pattern: Pattern
    starts_at_bar: int
    energy: float

    def as_dict(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "name": self.name, "bars": self.bars, "starts_at_bar": self.starts_at_bar, "energy": self.energy,
            "pattern": self.pattern.as_dict(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Song:
    """A whole song. Its id is equal for equal music."""

    name: str
    sections: tuple[Section, ...]
    tempo: float
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the id: `s-` and 12 hex digits."""
        text = " ".join(section.pattern.id for section in self.sections)
        return f"s-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def bars(self) -> int:
        """Return the bars of all sections."""
        return sum(section.bars for section in self.sections)

    @property
    def meters(self) -> tuple[str, ...]:
        """Return the metres in the order in which they first come."""
        return tuple(dict.fromkeys(str(section.pattern.meter) for section in self.sections))

    def as_dict(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "id": self.id, "name": self.name, "tempo": self.tempo, "meter": self.meters[0], "meters": list(self.meters),
            "bars": self.bars, "sections": [section.as_dict() for section in self.sections], "meta": dict(self.meta),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Song:
        """Read the wire form.

        Raises:
            InvalidRequest: Naming the field at fault.
        """
        rows = data.get("sections")
        if not isinstance(rows, list | tuple) or not rows or not all(isinstance(row, Mapping) for row in rows):
            raise InvalidRequest("sections", "sections must be a list of objects with name and pattern")
        sections, bar = [], 1
        for row in rows:
            pattern = Pattern.from_dict(row.get("pattern") or {})
            energy = row.get("energy", 0.5)
            sections.append(Section(str(row.get("name", ""))[:40], pattern.bars, pattern, bar, float(energy)))
            bar += pattern.bars
        tempo = data.get("tempo", 120.0)
        if not isinstance(tempo, int | float) or not 20 <= tempo <= 300:
            raise InvalidRequest("tempo", f"tempo is {shown(tempo)}; it must be 20 to 300 beats per minute", "try 120")
        return cls(str(data.get("name", ""))[:200], tuple(sections), float(tempo), dict(data.get("meta") or {}))


def draft(wish: SongWish, plan: Sequence[Part]) -> dict[int, Pattern]:
    """Return what the embedded drummer plays for each part that must be written; about 2 ms a bar."""
    return {index: drummer.draw(request) for index, request in wish.asks(plan).items()}


def assemble(wish: SongWish, plan: Sequence[Part], written: Mapping[int, Pattern], changes: Sequence[str] = ()) -> Song:
    """Return the song of the written parts.

    Args:
        wish: Whose knobs and rules hold everywhere.
        plan: The parts, in order.
        written: Patterns by the index of the part they were written for, at least those that `wish.asks` names.
        changes: For each part, how it leads into the next: "none", "short", "long" or "" for what the form suggests.
    """
    source = {plan[index].key: pattern for index, pattern in written.items()}
    sections, bar = [], 1
    for index, part in enumerate(plan):
        after = plan[index + 1] if index + 1 < len(plan) else None
        change = changes[index] if index < len(changes) else ""
        pattern = _part(wish.request, part, source[part.key], plan[index - 1] if index else None, after, change)
        sections.append(Section(part.name, part.bars, pattern, bar, part.energy))
        bar += part.bars
    meta = {name: value for name in ("genre", "style", "drummer") if (value := sections[0].pattern.meta.get(name))}
    meta |= {"seed": wish.request.seed}
    return Song(_name(wish.request, meta), tuple(sections), wish.request.tempo, meta)


def _part(
    request: GrooveRequest, part: Part, source: Pattern, before: Part | None, after: Part | None, change: str
) -> Pattern:
    if part.turn:
        source = groove.vary(source, seed=request.seed + part.turn, amount=_VARIED)
    bare = groove.take_off(source)
    meta = {name: value for name, value in bare.meta.items() if name != "feel"}
    bare = replace(bare, meta=meta, id="")
    bare = _loud(bare, part)
    if before is not None and (part.energy >= before.energy or part.section in {"chorus", "drop"}):
        bare = _crash(bare)
    if after is not None:
        bare = _lead(bare, part, after, request.seed, change)
    elif part.section in {"outro", "ending"}:
        bare = _close(bare)
    bare, _ = groove.repair(bare, tempo=request.tempo)
    rules = (*request.constraints, *drummer.rules(request.prompt))  # "no crash": nor one that opens a part
    if rules:
        verdict = hold(bare, rules, request.prompt)
        unkept = [*verdict.broken, *verdict.unchecked]
        bare = replace(verdict.pattern, meta={**verdict.pattern.meta, **({"mends": unkept} if unkept else {})}, id="")
    felt = groove.apply_feel(
        bare,
        tempo=request.tempo,
        swing=request.swing,
        humanize=request.humanize,
        seed=request.seed,
        drummer=request.drummer,
        lean=0.5 if request.lean is None else request.lean,
    )
    if rules:  # a looser hand is louder here and there than was meant
        felt = hold(felt, rules, request.prompt).pattern
    return replace(felt, name=part.name, tempo=request.tempo, meta={**felt.meta, "song_part": part.name}, id="")


def _loud(pattern: Pattern, part: Part) -> Pattern:
    """Bring a part to its energy: what it gives beyond the usual is loudness here, notes were the drummer's choice."""
    more = round((part.energy - ENERGY.get(part.section or "", 0.5)) * LOUDER)
    if not more:
        return pattern
    return pattern.with_hits(replace(hit, velocity=max(8, min(127, hit.velocity + more))) for hit in pattern.hits)


def _crash(pattern: Pattern) -> Pattern:
    """Open a part with a crash in place of the hand that keeps time there."""
    if any(hit.tick == 0 and hit.voice in {"crash", "crash2", "china"} for hit in pattern.hits):
        return pattern
    kept = [hit for hit in pattern.hits if hit.tick or hit.voice not in _TIME]
    loud = max((hit.velocity for hit in pattern.hits), default=96)
    opening = [Hit(0, "crash", min(127, max(88, loud)))]
    if not any(hit.tick == 0 and hit.voice == "kick" for hit in kept):
        opening.append(Hit(0, "kick", min(127, max(84, loud - 6))))
    return pattern.with_hits((*kept, *opening))


def _lead(pattern: Pattern, part: Part, after: Part, seed: int, change: str) -> Pattern:
    """Fill the last bar's end into the next part: the more it rises, the longer."""
    fills = [bar for bar in pattern.meta.get("fills", ()) if isinstance(bar, int)]
    if change == "none" or (part.section == "build" and not change):
        return pattern
    if pattern.bars in fills and not change and pattern.meta.get("generator") != "embedded":
        return pattern  # whoever wrote it knew where it leads
    beats, rise = pattern.meter.beats, after.energy - part.energy
    length = {"short": 1, "long": max(2, len(beats))}.get(change) or (1 if rise < 0 else 2 if rise < 0.15 else 3)
    length = min(length, len(beats) if pattern.bars > 1 else max(1, len(beats) - 1))
    last = (pattern.bars - 1) * pattern.meter.bar_ticks
    start = last + sum(beats[: len(beats) - length])
    pattern = _plain_end(pattern, last, fills)
    intensity = min(1.0, max(0.3, 0.35 + after.energy * 0.6))
    # Another part, another turn: another fill, the same ones each time the song is asked for.
    which = (seed * 31 + part.turn * 7 + len(part.name) * 131 + sum(map(ord, part.name + after.name))) % (1 << 32)
    filled = groove.fill(pattern, seed=which, start_tick=start, intensity=intensity)
    kept = [hit for hit in pattern.hits if hit.tick < last]
    new = [replace(hit, tick=hit.tick + last) for hit in filled.hits]
    return pattern.with_hits((*kept, *new), fills=sorted({*fills, pattern.bars}))


def _plain_end(pattern: Pattern, last: int, fills: Sequence[int]) -> Pattern:
    """Put the groove back where the last bar was a fill: parts of one seed would all share that one."""
    if pattern.bars not in fills:
        return pattern
    plain = next((bar for bar in range(pattern.bars - 1, 0, -1) if bar not in fills), None)
    if plain is None:
        return pattern
    start, end = (plain - 1) * pattern.meter.bar_ticks, plain * pattern.meter.bar_ticks
    kept = [hit for hit in pattern.hits if hit.tick < last]
    copied = [replace(hit, tick=hit.tick - start + last) for hit in pattern.hits if start <= hit.tick < end]
    return pattern.with_hits((*kept, *copied))


def _close(pattern: Pattern) -> Pattern:
    """End the song: the last bar is one stroke and silence."""
    last = (pattern.bars - 1) * pattern.meter.bar_ticks
    if pattern.bars < 2 or sum(hit.tick >= last for hit in pattern.hits) <= 3:
        return pattern
    kept = [hit for hit in pattern.hits if hit.tick < last]
    return pattern.with_hits((*kept, Hit(last, "kick", 112), Hit(last, "crash", 112)))


def _name(request: GrooveRequest, meta: Mapping[str, Any]) -> str:
    words = request.prompt.strip() or " ".join(str(meta[name]) for name in ("style", "genre") if name in meta)
    return " ".join(words.split())[:60] or "song"
