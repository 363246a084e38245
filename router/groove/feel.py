"""Puts a hand behind a pattern: its timing (timing.py) and uneven velocity. Never adds, drops or moves a note.

Unevenness is fitted to human takes (Groove MIDI Dataset, CC BY 4.0, Gillick et al., ICML 2019). It depends on the place
of a stroke and the seed alone, and `meta["feel"]` says what was put on, so that it can be taken off again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from router.groove.drummers import Drummer, find_drummer
from router.groove.noise import bell, spread_bell
from router.groove.timing import PART_BARS, lean_ticks, shifts, temper
from router.pattern import VOICE_INDEX, Hit, Pattern

# Unevenness of velocity, in units of `_spread`: what a take, a phrase, a bar, a place in the bar and a stroke add.
LOUD: Final = 0.45
PHRASE: Final = 0.7
BAR: Final = 0.4
CELL: Final = 1.15
STROKE: Final = 0.55
SPREAD: Final = 18.0
"""Velocity's spread from the middle up."""
TEMPER: Final = 0.6
"""How far takes, and the voices of a take, differ in unevenness."""

DEFAULT_HUMANIZE: Final = 0.5


def human_size(humanize: float) -> float:
    """Return the factor on human spread: .5 is 0.4 of it (produced music), 1 is all of it (authentic)."""
    return humanize * 0.8 if humanize <= 0.5 else 0.4 + (humanize - 0.5) * 1.2


def _spread(velocity: int) -> float:
    """How uneven strokes of a loudness are: 4 for the softest, 18 from the middle up."""
    return min(SPREAD, 3 + 0.4 * velocity)


def _unevenness(pattern: Pattern, size: float, seed: int, who: Drummer) -> list[float]:
    """Return each stroke's place on the bell, times how much of it the knob lets through.

    It is a sum of parts: the take's loudness, the phrase's, the bar's, what belongs to the voice and its place in the
    bar (and so returns in every bar), and what is the stroke's alone.
    """
    if not size:
        return [0.0] * len(pattern.hits)
    timing: Any = pattern.meta.get("timing") or {}
    tight = min(1.0, 0.3 + 0.7 * float(timing.get("size", 1)))  # a machine's style keeps its force as well as its time
    bar_ticks, size = pattern.meter.bar_ticks, size * who.dynamic * tight * temper(seed, 1, TEMPER)
    depths = [
        [CELL * temper(seed, 5 + k, TEMPER, index) for k in range(3)] for index in range(-(-pattern.bars // PART_BARS))
    ]
    loud = LOUD * spread_bell(seed, 4)
    bars = [loud + PHRASE * bell(seed, 14, bar // 4) + BAR * bell(seed, 12, bar) for bar in range(pattern.bars)]
    out = []
    for hit in pattern.hits:
        voice, (bar, place) = VOICE_INDEX[hit.voice], divmod(hit.tick, bar_ticks)
        own = depths[bar // PART_BARS][voice % 3] * bell(seed, 11, voice, place) + STROKE * bell(
            seed, 13, voice, hit.tick
        )
        out.append((bars[bar] + own) * size)
    return out


def _meant(velocity: int, noise: float) -> int:
    """Return the velocity that `noise` made into this one; clamped strokes come back as near as can be."""
    guess = _clamp(round(velocity - noise * _spread(velocity)))
    near = (_clamp(guess + d) for d in (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6))
    return min(near, key=lambda v: abs(_clamp(v + round(noise * _spread(v))) - velocity))


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
        Hit(h.tick, h.voice, _meant(h.velocity, z), 0, h.openness, h.ornament)
        for h, z in zip(pattern.hits, noise, strict=True)
    )
    meta = {name: value for name, value in pattern.meta.items() if name != "feel"}
    return replace(pattern, hits=tuple(hits), meta=meta, id="")


def _clamp(velocity: int) -> int:
    return max(1, min(127, velocity))


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
        Hit(h.tick, h.voice, _clamp(h.velocity + round(z * _spread(h.velocity))), s, h.openness, h.ornament)
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
