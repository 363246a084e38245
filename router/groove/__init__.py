"""The embedded drummer: a request becomes a pattern with no key, no network and no wait.

Everything a caller needs is here; the modules below are its rooms. Same request, same bytes. Never reads a clock or the
network, never loads more than the standard library.
"""

from __future__ import annotations

from typing import Final

from router.groove.draw import draw
from router.groove.feel import apply_feel, take_off
from router.groove.fills import draw_fill
from router.groove.hands import flaws, repair
from router.groove.knobs import thin, vary
from router.groove.names import DRUMMERS, GENRES, check_names, styles
from router.groove.noise import stream
from router.groove.resolve import resolve
from router.groove.words import describe
from router.pattern import Hit, Pattern
from router.request import GrooveRequest

__all__ = [
    "DRUMMERS",
    "GENRES",
    "apply_feel",
    "check_names",
    "describe",
    "fill",
    "flaws",
    "generate",
    "repair",
    "styles",
    "thin",
    "vary",
]

_FIXED: Final = 120.0


def generate(request: GrooveRequest) -> Pattern:
    """Return a complete, playable pattern.

    Names not given by field are read out of the prompt; what is still open is drawn from the seed. Density .5 is the style
    as written, humanize None is .5 (0.4 of human size), swing None the style's own.

    Raises:
        InvalidRequest: If a field names a genre, style or drummer that is not known, with the nearest names.
    """
    choice = resolve(request)
    pattern = draw(choice)
    section = float(pattern.meta["thin"])
    density = choice.density + section - 0.5
    if density != 0.5:
        pattern = thin(pattern, density=max(0.0, min(1.0, density)))
    pattern, _ = repair(pattern, tempo=choice.tempo)
    return apply_feel(
        pattern,
        tempo=choice.tempo,
        swing=choice.swing,
        humanize=choice.humanize,
        seed=choice.seed,
        drummer=choice.drummer_name,
    )


def fill(pattern: Pattern, *, seed: int, start_tick: int = 0, intensity: float = 0.7) -> Pattern:
    """Return one bar: the groove of `pattern` up to `start_tick`, then a fill to the end of the bar.

    Args:
        pattern: Any pattern; its metre, tempo and feel are kept.
        seed: Another seed, another fill.
        start_tick: Ticks from the pattern's start; the bar it lies in is the one that is completed.
        intensity: 0..1, how full and how loud.
    """
    bar_ticks = pattern.meter.bar_ticks
    bar, start = divmod(max(0, start_tick) % pattern.ticks, bar_ticks)
    first = bar * bar_ticks
    worn = pattern.meta.get("feel")
    source = take_off(pattern) if isinstance(worn, dict) else pattern
    kept = [
        Hit(h.tick - first, h.voice, h.velocity, h.shift, h.openness, h.ornament)
        for h in source.hits
        if first <= h.tick < first + start
    ]
    rng = stream(seed, "fill", start)
    new = draw_fill(pattern.meter, start, rng, intensity=intensity, complexity=0.3 + intensity * 0.5)
    meta = {k: v for k, v in source.meta.items() if k != "feel"} | {"fill": seed, "fills": [1]}
    out = Pattern(pattern.meter, 1, (*kept, *new), f"fill, {pattern.name}"[:200], pattern.tempo, meta)
    out, _ = repair(out, tempo=pattern.tempo or _FIXED)
    if isinstance(worn, dict):
        return apply_feel(
            out,
            tempo=pattern.tempo or _FIXED,
            swing=worn["swing"],
            humanize=worn["humanize"],
            seed=worn["seed"],
            drummer=worn.get("drummer"),
        )
    return out
