"""Puts a take together: the form's plan, bar after bar, and what is known about it. No feel yet. Pure."""

from __future__ import annotations

from typing import Any, Final

from router.groove.noise import stream
from router.groove.phrase import SECTIONS, often, plan
from router.groove.resolve import Choice
from router.groove.take import Take
from router.pattern import COMMON_TIME, Hit, Pattern

WRITTEN_LATE_MS: Final = -4.0
"""Where a written groove lies against the click, before what the hand adds; a fitted one says it."""


def _about(choice: Choice) -> dict[str, Any]:
    """What a musician or the feel may want to know later, as plain JSON."""
    about: dict[str, Any] = {
        "genre": choice.style.genre,
        "style": choice.style.name,
        "drummer": choice.drummer_name,
        "section": choice.section,
        "seed": choice.seed,
        "generator": "embedded",
        "swing": choice.swing,
        "swing_of": 16 if choice.sixteenths else 8,
        "humanize": choice.humanize,
        "complexity": choice.complexity,
        "density": choice.density,
        "timing": {
            "late_ms": float(choice.groove.options.get("late", WRITTEN_LATE_MS)) + (12.0 if choice.late else 0.0),
            "drift": round(float(choice.groove.options.get("spread", 16)) / 16, 3),
            "size": 1.0 if "takes" in choice.groove.options else choice.style.number("loose", 1),
        },
    }
    if choice.others:
        lent = [
            {"genre": one.style.genre, "style": one.style.name, "share": round(one.of_all, 3)} for one in choice.others
        ]
        about["blend"] = lent[0] if len(lent) == 1 else {**lent[0], "also": lent[1:]}
    if choice.polyrhythm is not None:
        about["polyrhythm"] = f"{choice.polyrhythm[0]}:{choice.polyrhythm[1]}"
    return about


def draw(choice: Choice) -> Pattern:
    """Return the pattern as it is meant: on the grid, with intended velocities."""
    who, ticks = choice.drummer, choice.meter.bar_ticks
    bars = plan(
        choice.bars,
        choice.meter,
        choice.section,
        stream(choice.seed, "form"),
        fills=who.fill_rate * (0.4 + 1.2 * choice.complexity) * often(choice.fill_amount),
        crash=who.crash,
        complexity=choice.complexity,
        evolve=choice.evolve,
    )
    take = Take(choice)
    hits = [
        Hit(h.tick + index * ticks, h.voice, h.velocity, 0, h.openness, h.ornament)
        for index, bar in enumerate(bars)
        for h in take.bar(index, bar)
    ]
    about = _about(choice) | {"fills": [index + 1 for index, bar in enumerate(bars) if bar.fill_at is not None]}
    words = [choice.style.name, choice.style.genre, choice.section or ""]
    words += [str(choice.meter)] if choice.meter != COMMON_TIME else []
    name = " ".join(word for word in words if word)
    return Pattern(choice.meter, choice.bars, tuple(hits), name, choice.tempo, about, id="draft")


def section_density(choice: Choice) -> float:
    """Return the density knob with what the section does to it."""
    part = SECTIONS.get(choice.section or "")
    return max(0.0, min(1.0, choice.density + (part.thin - 0.5 if part else 0.0)))
