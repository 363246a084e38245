"""When a hand strikes: what all limbs share, what each has of its own, swing. Never says what is struck or how loud.

Fitted to human takes (Groove MIDI Dataset, CC BY 4.0, Gillick et al., ICML 2019), part by part: the spread between
takes, between places of the bar, between two limbs at one place, and the likeness of sixteenths 1 to 16 apart.
`scripts/score_groove.py` judges the sum. Noise depends on the place of a stroke and the seed alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import fsum, sqrt
from typing import Any, Final, NamedTuple

from router.groove.drummers import Drummer
from router.groove.noise import bell, spread_bell
from router.pattern import RESOLUTION, Hit, Pattern


class Limb(NamedTuple):
    """How one limb keeps time, in milliseconds at full human size."""

    jitter: float
    """The spread of single strokes."""
    place: float
    """The spread of the bar's sixteenths: a limb is early or late in the same places of every bar of a take."""
    lean: float
    """How far it is behind the other limbs, usually."""
    soft_jitter: float
    soft_place: float
    soft_lean: float
    """The same for its ghosts: they are freer, and the snare's come early."""


FOOT, SNARE, CYMBAL = range(3)
_LIMBS: Final = (
    Limb(jitter=8.3, place=3.4, lean=-3.8, soft_jitter=10.0, soft_place=4.7, soft_lean=-3.8),
    Limb(jitter=2.9, place=8.0, lean=-1.7, soft_jitter=4.7, soft_place=19.5, soft_lean=-6.8),
    Limb(jitter=2.1, place=4.9, lean=1.6, soft_jitter=2.0, soft_place=4.4, soft_lean=0.8),
)
LIMB_OF: Final = {
    "kick": FOOT, "hat_pedal": FOOT, "snare": SNARE, "rim": SNARE, "clap": SNARE, "tom_high": SNARE,
    "tom_mid": SNARE, "tom_low": SNARE, "tom_floor": SNARE,
}  # fmt: skip
SOFT_VELOCITY: Final = 50
"""What is struck softer than this is a ghost."""

DRIFT_MS: Final = 14.2
"""What all limbs share, at the tempo where `tempo_size` is 1."""
DRIFT_IN_PART: Final = 0.93
"""How much of it is left in eight bars about their own middle."""
DRIFT_MEMORY: Final = 0.94
"""From one sixteenth to the next. Independent noise of the same size is heard as sloppy, not as human."""
SHARED_PLACE_MS: Final = 3.0
"""What all limbs share of being early or late in the same places of every bar."""
LEAN_MS: Final = 4.1
"""How far takes differ in the lean of their limbs."""
EAGER_MS: Final = 4.8
"""Human takes lie ahead of the click; this is what the grooves' own `late` does not say yet."""
LATE_SHARE: Final = 0.9
"""How much of a groove's own `late` is its takes' and not chance."""
HURRY: Final = 0.06
"""People run further ahead than they fall behind: by the square of how far the drift is from its middle."""
HURRY_MIDDLE: Final = 0.8
DRIFT_SHARE: Final = 0.45
"""How much a groove's own spread says about its drift; the rest of it is swing and places."""
DRIFT_TEMPER: Final = 0.35
"""How far the eight bars of takes differ in their drift, beyond what their groove says."""
BAR_TEMPER: Final = 0.3
"""How far the bars of a take differ in it, as a power of e: no hand is as loose in each of them."""
JITTER_SIZE: Final = 0.93
JITTER_TEMPER: Final = 0.5
"""Likewise for the unsteadiness of the limbs: the usual one, and how far from it as a power of e."""
TAIL: Final = 0.05
"""Strokes far out are this much further out than a bell has them, by the square of how far that is."""
PART_BARS: Final = 8
SHORTEST_MS: Final = 92.0
"""A swung short note is no shorter, however fast: what makes fast swing straighten."""
LEAN_KNOB_MS: Final = 60.0
"""From one end of the lean knob to the other: 30 ms ahead of the beat, 30 ms behind it."""
MIDDLE_MS: Final = 13.4
"""The shared drift over all tempos, to which `tempo_size` refers."""
_SIXTEENTH: Final = RESOLUTION // 4


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


def temper(seed: int, salt: int, size: float, part: int = 0) -> float:
    """Return how much wider or narrower than usual this take, or a part of it, is: .4 to 1.8, as hands do."""
    return max(0.4, min(1.8, 1 + size * spread_bell(seed, salt, part)))


def shifts(
    pattern: Pattern, tempo: float, swing: float, sixteenths: bool, size: float, seed: int, who: Drummer, lean: int
) -> list[int]:
    """Return each hit's shift in ticks, all inside the pattern; at tick 0 on the bar line, or behind it by `lean`.

    A hand that lies behind does so from beat one on; one that is ahead begins on the line, for nothing is before it.
    """
    per_ms = tempo * RESOLUTION / 60_000
    span = RESOLUTION // 2 if sixteenths else RESOLUTION
    ratio = swing_ratio(swing, 60_000 / tempo / (2 if sixteenths else 1)) if swing else 1.0
    triplets = _triplet_beats(pattern.hits) if swing else frozenset()
    hand = _Hand(pattern, tempo, seed, who) if size else None
    out = []
    for hit in pattern.hits:
        tick = hit.tick
        shift = lean + (hand.late_ms(hit) * size * per_ms if hand else 0.0)
        if ratio != 1.0 and tick // RESOLUTION not in triplets:
            shift += warp(tick, ratio, span) - tick
        out.append(max(-tick, min(round(shift), pattern.ticks - 1 - tick, RESOLUTION)) if tick else max(0, lean))
    return out


def _triplet_beats(hits: Iterable[Hit]) -> frozenset[int]:
    """Beats written in triplets: they are swung already."""
    return frozenset(h.tick // RESOLUTION for h in hits if h.tick % RESOLUTION in {320, 640})


@lru_cache(maxsize=64)
def _drift(seed: int, steps: int, part_steps: int) -> tuple[float, ...]:
    """The shared wander of a take, spread 1, one value a sixteenth; in whole parts as wide as `temper` has it.

    Left to chance, a part's width says more about the dice than about the hand. Bars are looser and tighter in turn.
    """
    fresh = sqrt(1 - DRIFT_MEMORY * DRIFT_MEMORY)
    line, at = [], bell(seed, -1)
    for step in range(steps):
        line.append(at)
        at = DRIFT_MEMORY * at + fresh * bell(seed, step)
    out = []
    for part, start in enumerate(range(0, steps, part_steps)):
        own = line[start : start + part_steps]
        width = temper(seed, 2, DRIFT_TEMPER, part)
        if len(own) == part_steps:
            middle = fsum(own) / part_steps
            width *= DRIFT_IN_PART / sqrt(fsum((value - middle) ** 2 for value in own) / part_steps)
        out += [value * width for value in own]
    bar_steps = part_steps // PART_BARS
    bars = [_power(bell(seed, 17, bar), BAR_TEMPER) for bar in range(-(-steps // bar_steps))]
    drift = (value * bars[at // bar_steps] for at, value in enumerate(out))
    return tuple(value - HURRY * (value * value - HURRY_MIDDLE) for value in drift)


class _Hand:
    """One take's manner of keeping time."""

    def __init__(self, pattern: Pattern, tempo: float, seed: int, who: Drummer) -> None:
        timing: Any = pattern.meta.get("timing") or {}
        self._seed = seed
        self._bar = pattern.meter.bar_ticks
        self._part = PART_BARS * self._bar
        self._size = float(timing.get("size", 1))
        self._noise = tempo_size(tempo) * who.loose
        own = 1 + DRIFT_SHARE * (float(timing.get("drift", 1)) - 1)
        self._drift_ms = DRIFT_MS * own
        self._drift = _drift(seed, pattern.ticks // _SIXTEENTH + 2, self._part // _SIXTEENTH)
        late = LATE_SHARE * float(timing.get("late_ms", 0)) - EAGER_MS
        parts = range(-(-pattern.bars // PART_BARS))
        self._steadiness = [_steadiness(seed, part) for part in parts]
        self._leans = [
            [late + who.lean[limb] + LEAN_MS * spread_bell(seed, 9 + limb, part) for limb in (FOOT, SNARE, CYMBAL)]
            for part in parts
        ]
        self._places: dict[tuple[int, int, bool], float] = {}

    def late_ms(self, hit: Hit) -> float:
        """Return how late a stroke comes at full human size; negative is early."""
        tick, which = hit.tick, LIMB_OF.get(hit.voice, CYMBAL)
        limb, soft, part = _LIMBS[which], hit.velocity < SOFT_VELOCITY, tick // self._part
        step, rest = divmod(tick, _SIXTEENTH)
        drift = self._drift[step] + (self._drift[step + 1] - self._drift[step]) * rest / _SIXTEENTH
        out = bell(self._seed, 21, which, tick)
        jitter = out * (1 + TAIL * out * out) * self._steadiness[part] * (limb.soft_jitter if soft else limb.jitter)
        if hit.ornament:
            jitter *= 0.4  # a grace note belongs to its stroke and goes where that goes
        noise = drift * self._drift_ms + jitter + self._place(which, tick, soft)
        return (noise * self._noise + self._leans[part][which] + (limb.soft_lean if soft else limb.lean)) * self._size

    def _place(self, which: int, tick: int, soft: bool) -> float:
        """Return how late the limb is at this place of every bar; a stroke just before a sixteenth goes with it."""
        sixteenth = (tick % self._bar + _SIXTEENTH // 2 - 1) // _SIXTEENTH
        key = which, sixteenth, soft
        if key not in self._places:
            own = _LIMBS[which].soft_place if soft else _LIMBS[which].place
            shared = SHARED_PLACE_MS * bell(self._seed, 31, -1, sixteenth)
            self._places[key] = shared + own * bell(self._seed, 31, which, sixteenth)
        return self._places[key]


def _power(away: float, size: float) -> float:
    """Return about e to the power of `away` times `size`: as many are twice as much as are half."""
    root = 1 + max(-2.4, min(2.4, away)) * size / 8  # to the 8th is near exp(), whose last bit is a platform's
    root *= root
    root *= root
    return root * root


def _steadiness(seed: int, part: int) -> float:
    """How unsteady the limbs are in eight bars, against the usual."""
    return JITTER_SIZE * _power(spread_bell(seed, 8, part), JITTER_TEMPER)
