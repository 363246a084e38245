"""The form of a pattern: what each bar is for, before a note is drawn.

Phrases of four and eight bars, as A A A' fill; a bar's plan says how full and loud it is, and where its fill begins.
Pure.
"""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

from router.pattern import RESOLUTION, Meter


class BarPlan(NamedTuple):
    """One bar's part in the form.

    Attributes:
        energy: 0..1, .5 as written; shifts velocity and what is left out.
        freedom: Factor on how often the bar departs from the groove.
        fill_at: Tick in the bar where a fill begins, or None.
        crash: A crash opens the bar.
        keeper: "" as written, else the voice that keeps time instead of the hat.
        rise: A roll that grows through the bar, for builds: strokes a beat, 0 for none.
        last: The piece ends here: one stroke and silence.
    """

    energy: float = 0.5
    freedom: float = 1.0
    fill_at: int | None = None
    crash: bool = False
    keeper: str = ""
    rise: int = 0
    last: bool = False


class Section(NamedTuple):
    """What a part of a song does to a groove; each figure goes where `BarPlan` has it."""

    energy: float = 0.5
    keeper: str = ""
    crash: bool = False
    fills: float = 1.0
    thin: float = 0.5


SECTIONS: Final = {
    "intro": Section(energy=0.4, thin=0.4, fills=0.8),
    "verse": Section(energy=0.45),
    "pre-chorus": Section(energy=0.55, fills=1.3),
    "chorus": Section(energy=0.68, keeper="hat_open", crash=True, fills=1.1),
    "bridge": Section(energy=0.55, keeper="ride"),
    "breakdown": Section(energy=0.32, thin=0.2, fills=0.4),
    "build": Section(energy=0.5, fills=0.0),
    "drop": Section(energy=0.75, crash=True),
    "solo": Section(energy=0.62, keeper="ride", fills=1.2),
    "outro": Section(energy=0.45, fills=0.8),
    "ending": Section(energy=0.55, fills=0.0),
}
PLAIN: Final = Section()


def _fill_start(meter: Meter, rng: Random, complexity: float) -> int:
    """Half of all fills last 3.5 beats or less (measured); short ones end plain bars, long ones end phrases."""
    beats = len(meter.beats)
    length = (1, 2, 2, 3, 4)[min(4, int((0.3 * complexity + rng.random() * 0.85) * 5))]
    keep = sum(meter.beats[: max(0, beats - length)])
    return keep + (RESOLUTION // 2 if keep and rng.random() < 0.3 and keep + RESOLUTION // 2 < meter.bar_ticks else 0)


def often(fill_amount: float) -> float:
    """Return the factor on the chance of fills: 0 none at all, .5 as often as people, 1 at the end of every phrase."""
    return fill_amount * 2 if fill_amount <= 0.5 else 1 + (fill_amount - 0.5) * 6


def plan(
    bars: int,
    meter: Meter,
    section: str | None,
    rng: Random,
    *,
    fills: float,
    crash: float,
    complexity: float,
    evolve: bool = False,
) -> tuple[BarPlan, ...]:
    """Return one plan for each bar.

    Args:
        bars: 1..64.
        meter: Of the whole pattern.
        section: A name of `SECTIONS`, or None.
        rng: Stream of the form.
        fills: Factor on the chance of fills.
        crash: Factor on the chance that a crash answers one.
        complexity: 0..1, longer fills.
        evolve: From plain to free over the whole length.
    """
    part = SECTIONS.get(section or "", PLAIN)
    out: list[BarPlan] = []
    answer = part.crash and rng.random() < 0.8
    for bar in range(bars):
        in_phrase, last = bar % 4, bar == bars - 1
        chance = (0.0, 0.02, 0.04, 0.3)[in_phrase]
        if bars >= 4 and bar % 8 == 7:
            chance = 0.55
        if last:
            chance = 0.0 if bars == 1 else 0.25 if bars < 4 else 0.6
        u, start, v = rng.random(), _fill_start(meter, rng, complexity), rng.random()
        filled = u < chance * fills * part.fills
        energy, rise = part.energy, 0
        along = bar / max(1, bars - 1)
        freedom = 1.0
        if evolve:
            energy, freedom = energy + 0.16 * (along - 0.5), 0.3 + 1.3 * along
        if section == "build":
            energy = 0.3 + 0.5 * (bar + 1) / bars
            rise = 4 if last and bars > 1 else 2 if bar * 2 >= bars else 1
        if section == "intro":
            energy = 0.35 + 0.15 * bar / bars
        if section == "outro":
            energy = 0.5 - 0.15 * bar / bars
        out.append(
            BarPlan(
                energy=energy,
                freedom=freedom,
                fill_at=start if filled else None,
                crash=answer,
                keeper=part.keeper,
                rise=rise,
                last=section == "ending" and last,
            )
        )
        answer = filled and v < 0.4 * crash
    return tuple(out)
