"""Puts a hand behind a pattern: drift, jitter, lean, swing and uneven velocity. Never adds, drops or moves a note.

The model is fitted to human takes (Groove MIDI Dataset, CC BY 4.0, Gillick et al., ICML 2019): a drift that all limbs
share, AR(1) from sixteenth to sixteenth, and a jitter of each limb's own, wider at slow tempos. Noise depends on the
place of a stroke and the seed alone, and `meta["feel"]` says what was put on, so that it can be taken off again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from router.groove.drummers import Drummer, find_drummer
from router.groove.noise import bell, spread_bell
from router.pattern import RESOLUTION, VOICE_INDEX, Hit, Pattern

# Spreads at full human size; fitted so that sixty takes cover the descriptors of human ones (scripts/score_groove.py).
DRIFT_MS: Final = 15.5
"""What all limbs share, at the tempo where `tempo_size` is 1."""
DRIFT_MEMORY: Final = 0.92
"""From one sixteenth to the next. Independent noise of the same size is heard as sloppy, not as human."""
JITTER_MS: Final = 7.0
"""Each stroke's own, by limb: foot, snare hand, cymbal hand."""
LIMB_JITTER: Final = (1.4, 1.0, 0.45)
LEAN_MS: Final = 8.0
"""How far a take's limbs lean against each other."""
EAGER_MS: Final = 5.0
"""Human takes lie ahead of the click; this is what the grooves' own `late` does not say yet."""
SOFT: Final = 1.1
"""Ghosts are this much looser."""
DRIFT_TEMPER: Final = 0.15
"""How far takes differ in their drift, beyond what their groove says."""
JITTER_TEMPER: Final = 0.4
"""Likewise for the unsteadiness of the limbs, as a power of e."""
TAKE_SHARE: Final = 0.5
PART_SHARE: Final = 0.866
"""How much of a hand's manner is the take's and how much that of its eight bars; their squares add up to 1."""
PART_BARS: Final = 8
SHORTEST_MS: Final = 92.0
"""A swung short note is no shorter, however fast: what makes fast swing straighten."""

# Unevenness of velocity, in units of `_spread`: what a take, a phrase, a bar, a place in the bar and a stroke add.
LOUD: Final = 0.45
PHRASE: Final = 0.7
BAR: Final = 0.4
CELL: Final = 1.15
STROKE: Final = 0.55
SPREAD: Final = 16.0
"""Velocity's spread from the middle up."""
TEMPER: Final = 0.6
"""How far takes, and the voices of a take, differ in unevenness."""

LEAN_KNOB_MS: Final = 60.0
"""From one end of the lean knob to the other: 30 ms ahead of the beat, 30 ms behind it."""

MIDDLE_MS: Final = 13.4
"""The shared drift over all tempos, to which `tempo_size` refers."""

DEFAULT_HUMANIZE: Final = 0.5
_SIXTEENTH: Final = RESOLUTION // 4

_FOOT, _SNARE, _CYMBAL = 0, 1, 2
_LIMB: Final = {
    "kick": _FOOT, "hat_pedal": _FOOT, "snare": _SNARE, "rim": _SNARE, "clap": _SNARE, "tom_high": _SNARE,
    "tom_mid": _SNARE, "tom_low": _SNARE, "tom_floor": _SNARE,
}  # fmt: skip


def human_size(humanize: float) -> float:
    """Return the factor on human spread: .5 is 0.4 of it (produced music), 1 is all of it (authentic)."""
    return humanize * 0.8 if humanize <= 0.5 else 0.4 + (humanize - 0.5) * 1.2


def tempo_size(tempo: float) -> float:
    """Return the factor on timing noise by tempo: 20.3 ms below 80 bpm, 12.0 above 150 (measured)."""
    drift = 20.3 if tempo <= 65 else 12.0 if tempo >= 150 else 20.3 - (tempo - 65) * 8.3 / 85
    return drift / MIDDLE_MS


def swing_ratio(swing: float, beat_ms: float) -> float:
    """Return long:short for swing 0..1 (2/3 is 2:1), bounded by the shortest note a hand plays in time."""
    phase = 0.5 + 0.25 * swing
    longest = max(0.5, 1 - SHORTEST_MS / beat_ms)
    phase = min(phase, longest)
    return phase / (1 - phase)


def warp(tick: int, ratio: float, span: int) -> float:
    """Return where a tick falls when each pair of `span` is played long-short; straight inside either part."""
    start, offset = tick - tick % span, tick % span
    half, long = span / 2, span * ratio / (1 + ratio)
    if offset <= half:
        return start + offset * long / half
    return start + long + (offset - half) * (span - long) / half


def lean_ticks(lean: float, tempo: float) -> int:
    """Return how far the lean knob moves every stroke: .5 not at all, below ahead of the beat, above behind it."""
    return round((lean - 0.5) * LEAN_KNOB_MS * tempo * RESOLUTION / 60_000)


@lru_cache(maxsize=64)
def _drift(seed: int, steps: int) -> tuple[float, ...]:
    """The shared wander of a take, spread 1, one value a sixteenth."""
    fresh = (1 - DRIFT_MEMORY**2) ** 0.5
    line, at = [], bell(seed, -1)
    for step in range(steps):
        line.append(at)
        at = DRIFT_MEMORY * at + fresh * bell(seed, step)
    return tuple(line)


def _spread(velocity: int) -> float:
    """How uneven strokes of a loudness are: 5 for the softest, 17 from the middle up (measured)."""
    return min(SPREAD, 3 + 0.4 * velocity)


def _triplet_beats(hits: Iterable[Hit]) -> frozenset[int]:
    """Beats written in triplets: they are swung already."""
    return frozenset(h.tick // RESOLUTION for h in hits if h.tick % RESOLUTION in {320, 640})


def _shifts(
    pattern: Pattern, tempo: float, swing: float, sixteenths: bool, size: float, seed: int, who: Drummer, lean: int
) -> list[int]:
    """Return each hit's shift in ticks, all inside the pattern; at tick 0 on the bar line, or behind it by `lean`.

    A hand that lies behind does so from beat one on; one that is ahead begins on the line, for nothing is before it.
    """
    per_ms = tempo * RESOLUTION / 60_000
    span = RESOLUTION // 2 if sixteenths else RESOLUTION
    ratio = swing_ratio(swing, 60_000 / tempo / (2 if sixteenths else 1)) if swing else 1.0
    triplets = _triplet_beats(pattern.hits) if swing else frozenset()
    timing: Any = pattern.meta.get("timing") or {}
    size *= float(timing.get("size", 1))
    noise = size * tempo_size(tempo) * who.loose
    wander = DRIFT_MS * float(timing.get("drift", 1)) * _temper(seed, 2, DRIFT_TEMPER)
    late = float(timing.get("late_ms", 0)) - EAGER_MS
    part = PART_BARS * pattern.meter.bar_ticks
    jitters = [
        [JITTER_MS * _steadiness(seed, index) * limb for limb in LIMB_JITTER]
        for index in range(-(-pattern.ticks // part))
    ]
    leans = [
        [LEAN_MS * _in_part(seed, index, 9 + limb) for limb in (_FOOT, _SNARE, _CYMBAL)]
        for index in range(len(jitters))
    ]
    line = _drift(seed, pattern.ticks // _SIXTEENTH + 2) if noise else ()
    out = []
    for hit in pattern.hits:
        tick = hit.tick
        off = 0.0
        if noise:
            step = tick // _SIXTEENTH
            drift = line[step] + (line[step + 1] - line[step]) * (tick % _SIXTEENTH) / _SIXTEENTH
            limb = _LIMB.get(hit.voice, _CYMBAL)
            own = bell(seed, 21, limb, tick) * jitters[tick // part][limb] * (SOFT if hit.velocity < 50 else 1.0)
            if hit.ornament:
                own *= 0.4  # a grace note belongs to its stroke and goes where that goes
            off = (drift * wander + own) * noise + (who.lean[limb] + late + leans[tick // part][limb]) * size
        shift = off * per_ms + lean
        if ratio != 1.0 and tick // RESOLUTION not in triplets:
            shift += warp(tick, ratio, span) - tick
        out.append(max(-tick, min(round(shift), pattern.ticks - 1 - tick, RESOLUTION)) if tick else max(0, lean))
    return out


def _unevenness(pattern: Pattern, size: float, seed: int, who: Drummer) -> list[float]:
    """Return each stroke's place on the bell, times how much of it the knob lets through.

    It is a sum of parts: the take's loudness, the phrase's, the bar's, what belongs to the voice and its place in the
    bar (and so returns in every bar), and what is the stroke's alone.
    """
    if not size:
        return [0.0] * len(pattern.hits)
    timing: Any = pattern.meta.get("timing") or {}
    tight = min(1.0, 0.3 + 0.7 * float(timing.get("size", 1)))  # a machine's style keeps its force as well as its time
    bar_ticks, size = pattern.meter.bar_ticks, size * who.dynamic * tight * _temper(seed, 1, TEMPER)
    depths = [
        [CELL * _bounded(1 + TEMPER * _in_part(seed, index, 5 + k)) for k in range(3)]
        for index in range(-(-pattern.bars // PART_BARS))
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


def _steadiness(seed: int, part: int) -> float:
    """How unsteady the limbs are in eight bars, against the usual; as many are twice as unsteady as are half."""
    away = _in_part(seed, part, 8)
    root = 1 + max(-2.4, min(2.4, away)) * JITTER_TEMPER / 8  # to the 8th is near exp(), whose last bit is a platform's
    root *= root
    root *= root
    return root * root


def _temper(seed: int, salt: int, size: float) -> float:
    """How much wider or narrower than usual this take is, .4 to 1.8."""
    return _bounded(1 + size * spread_bell(seed, salt))


def _bounded(factor: float) -> float:
    return max(0.4, min(1.8, factor))


def _in_part(seed: int, part: int, salt: int) -> float:
    """Return what a hand is like in eight bars, spread 1: some of it belongs to the take, more to the part."""
    return TAKE_SHARE * spread_bell(seed, salt) + PART_SHARE * spread_bell(8 * seed + part, salt + 12)


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
    shifts = _shifts(bare, tempo, swing, sixteenths, size, seed, who, lean_ticks(lean, tempo))
    noise = _unevenness(bare, size, seed, who)
    hits = [
        Hit(h.tick, h.voice, _clamp(h.velocity + round(z * _spread(h.velocity))), s, h.openness, h.ornament)
        for h, s, z in zip(bare.hits, shifts, noise, strict=True)
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
