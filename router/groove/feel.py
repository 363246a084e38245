"""Puts a hand behind a pattern: its timing (timing.py) and uneven velocity. Never adds, drops or moves a note.

Unevenness is fitted to human takes (Groove MIDI Dataset, CC BY 4.0, Gillick et al., ICML 2019). It depends on the place
of a stroke and the seed alone, and `meta["feel"]` says what was put on, so that it can be taken off again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

from router.groove.drummers import Drummer, find_drummer
from router.groove.noise import bell, spread_bell
from router.groove.timing import CYMBAL, LIMB_OF, PART_BARS, lean_ticks, shifts, temper
from router.pattern import VOICE_INDEX, Hit, Pattern


class Force(NamedTuple):
    """How uneven one limb's strokes are, in units of `_spread`."""

    shared: float
    """How much of what take, phrase and bar have in common it takes part in."""
    take: float
    """The spread of takes, beside that."""
    place: float
    """The spread of the places of a bar: it returns in every bar."""
    stroke: float
    """The spread of single strokes."""


_FORCES: Final = (
    Force(shared=0.5, take=1.3, place=0.6, stroke=0.57),
    Force(shared=1.0, take=1.35, place=0.8, stroke=0.56),
    Force(shared=1.3, take=1.05, place=1.8, stroke=0.9),
)
"""Of foot, snare and cymbal."""
# What a take, a phrase and a bar add to all limbs.
LOUD: Final = 0.28
PHRASE: Final = 0.57
BAR: Final = 0.5
SOFTEST: Final = 3.0
SPREAD: Final = 20.0
"""Velocity's spread for the softest strokes, and from the middle up."""
SOFT_SHARE: Final = 0.0035
"""How it grows between them, by the square of velocity: ghosts are even, so that they stay ghosts."""
TEMPER: Final = 0.75
"""How far takes, and the limbs of a take, differ in unevenness."""

DEFAULT_HUMANIZE: Final = 0.5


def human_size(humanize: float) -> float:
    """Return the factor on human spread: .5 is 0.4 of it (produced music), 1 is all of it (authentic)."""
    return humanize * 0.8 if humanize <= 0.5 else 0.4 + (humanize - 0.5) * 1.2


def _spread(velocity: float) -> float:
    """How uneven strokes of a loudness are."""
    return min(SPREAD, SOFTEST + SOFT_SHARE * velocity * velocity)


_SCALE: Final = (0.0, *accumulate(1 / _spread(velocity + 0.5) for velocity in range(127)))
"""Each velocity on a scale along which all strokes are equally uneven; what unevenness moves keeps its order there."""
_EDGES: Final = tuple((low + high) / 2 for low, high in pairwise(_SCALE[1:]))


def _moved(velocity: int, noise: float) -> int:
    """Return the velocity that lies so far along the scale, 1 to 127; moving back undoes it, but at the ends."""
    return 1 + bisect_right(_EDGES, _SCALE[velocity] + noise)


def _unevenness(pattern: Pattern, size: float, seed: int, who: Drummer) -> list[float]:
    """Return each stroke's place on the bell, times how much of it the knob lets through.

    It is a sum of parts: the take's loudness, the phrase's, the bar's, the limb's in this take, what belongs to the
    voice and its place in the bar (and so returns in every bar), and what is the stroke's alone.
    """
    if not size:
        return [0.0] * len(pattern.hits)
    # By the square of the knob: in produced music takes lie nearer to each other than their strokes do.
    limbs = [size * force.take * spread_bell(seed, 12 + limb) for limb, force in enumerate(_FORCES)]
    timing: Any = pattern.meta.get("timing") or {}
    tight = min(1.0, 0.3 + 0.7 * float(timing.get("size", 1)))  # a machine's style keeps its force as well as its time
    bar_ticks, size = pattern.meter.bar_ticks, size * who.dynamic * tight * temper(seed, 1, TEMPER)
    depths = [
        [temper(seed, 5 + limb, TEMPER, index) for limb in range(3)] for index in range(-(-pattern.bars // PART_BARS))
    ]
    loud = LOUD * spread_bell(seed, 4)
    bars = [loud + PHRASE * bell(seed, 14, bar // 4) + BAR * bell(seed, 12, bar) for bar in range(pattern.bars)]
    out = []
    for hit in pattern.hits:
        voice, (bar, place) = VOICE_INDEX[hit.voice], divmod(hit.tick, bar_ticks)
        limb = LIMB_OF.get(hit.voice, CYMBAL)
        force, depth = _FORCES[limb], depths[bar // PART_BARS][limb]
        own = force.place * depth * bell(seed, 11, voice, place) + force.stroke * bell(seed, 13, voice, hit.tick)
        out.append((force.shared * bars[bar] + limbs[limb] + own) * size)
    return out


def take_off(pattern: Pattern) -> Pattern:
    """Return the pattern as it was meant, if `meta` says what feel was put on; else with its shifts removed.

    What comes back says no longer that it wears any: nobody takes off twice what was put on once.
    """
    worn: Any = pattern.meta.get("feel")
    if not isinstance(worn, dict):
        if not any(h.shift for h in pattern.hits):
            return pattern
        return pattern.with_hits(Hit(h.tick, h.voice, h.velocity, 0, h.openness, h.ornament) for h in pattern.hits)
    noise = _unevenness(
        pattern, human_size(float(worn["humanize"])), int(worn["seed"]), find_drummer(worn.get("drummer"))
    )
    hits = (
        Hit(h.tick, h.voice, _moved(h.velocity, -z), 0, h.openness, h.ornament)
        for h, z in zip(pattern.hits, noise, strict=True)
    )
    meta = {name: value for name, value in pattern.meta.items() if name != "feel"}
    return replace(pattern, hits=tuple(hits), meta=meta, id="")


def apply_feel(
    pattern: Pattern,
    *,
    tempo: float,
    swing: float | None,
    humanize: float | None,
    seed: int,
    drummer: str | None = None,
    lean: float = 0.5,
) -> Pattern:
    """Return the pattern as a hand plays it: the same strokes with other shifts and velocities.

    Args:
        pattern: Any pattern. Feel it already wears (`meta["feel"]`) is taken off first.
        tempo: Quarter notes per minute; noise and swing are measured in milliseconds.
        swing: 0..1, of eighths, or of sixteenths where `meta["swing_of"]` says 16; None is the pattern's own.
        humanize: 0..1; None is .5, that is 0.4 of human size.
        seed: Same seed, same hand.
        drummer: One of `DRUMMERS`, or None.
        lean: 0..1, all of the hand 30 ms ahead of the beat to 30 ms behind it, whatever the other knobs say.
    """
    humanize = DEFAULT_HUMANIZE if humanize is None else humanize
    own = pattern.meta.get("swing", 0.0)
    swing = (float(own) if isinstance(own, int | float) else 0.0) if swing is None else swing
    bare, who, size = take_off(pattern), find_drummer(drummer), human_size(humanize)
    sixteenths = bare.meta.get("swing_of") == 16
    late = shifts(bare, tempo, swing, sixteenths, size, seed, who, lean_ticks(lean, tempo))
    noise = _unevenness(bare, size, seed, who)
    hits = [
        Hit(h.tick, h.voice, _moved(h.velocity, z), s, h.openness, h.ornament)
        for h, s, z in zip(bare.hits, late, noise, strict=True)
    ]
    worn = {"seed": seed, "humanize": humanize, "swing": swing, "drummer": drummer}
    if lean != 0.5:
        worn["lean"] = lean
    return bare.with_hits(hits, feel=worn, humanize=humanize, swing=swing)


def dress(pattern: Pattern, worn: Mapping[str, Any]) -> Pattern:
    """Return a bare pattern with the feel that another's `meta["feel"]` describes."""
    return apply_feel(
        pattern,
        tempo=pattern.tempo or 120.0,
        swing=worn["swing"],
        humanize=worn["humanize"],
        seed=worn["seed"],
        drummer=worn.get("drummer"),
        lean=worn.get("lean", 0.5),
    )
