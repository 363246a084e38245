"""The embedded drummer: a request becomes a pattern with no key, no network and no wait.

Everything a caller needs is here; the modules below are its rooms. Same request, same bytes. Never reads a clock or the
network, never loads more than the standard library.
"""

from __future__ import annotations

from typing import Final

from router.errors import InvalidRequest
from router.groove.draw import draw, section_density
from router.groove.drummers import find_drummer
from router.groove.feel import apply_feel, dress, take_off
from router.groove.fills import FILL_KINDS, draw_fill, draw_stop
from router.groove.hands import flaws, repair
from router.groove.knobs import shape, thin, vary
from router.groove.names import DRUMMERS, GENRES, check_names, styles
from router.groove.noise import stream
from router.groove.resolve import resolve
from router.groove.words import describe
from router.pattern import Hit, Pattern
from router.request import GrooveRequest

__all__ = [
    "DRUMMERS",
    "FILL_KINDS",
    "GENRES",
    "apply_feel",
    "check_names",
    "describe",
    "fill",
    "flaws",
    "generate",
    "repair",
    "shape",
    "styles",
    "take_off",
    "thin",
    "vary",
]

_FIXED_TEMPO: Final = 120.0
"""For judging stick speed where a pattern does not say its tempo."""


def generate(request: GrooveRequest) -> Pattern:
    """Return a complete, playable pattern.

    Names not given by field are read out of the prompt; what is still open is drawn from the seed. Density .5 is the
    style as written, humanize None is .5 (0.4 of human size), swing None the style's own.

    Raises:
        InvalidRequest: If a field names a genre, style or drummer that is not known, with the nearest names.
    """
    choice = resolve(request)
    pattern = draw(choice)
    density = section_density(choice)
    if density != 0.5:
        pattern = thin(pattern, density=density)
    pattern, _ = repair(pattern, tempo=choice.tempo)
    return apply_feel(
        pattern,
        tempo=choice.tempo,
        swing=choice.swing,
        humanize=choice.humanize,
        seed=choice.seed,
        drummer=choice.drummer_name,
    )


def fill(pattern: Pattern, *, seed: int, start_tick: int = 0, intensity: float = 0.7, kind: str = "fill") -> Pattern:
    """Return one bar: the groove of `pattern` up to `start_tick`, then a fill to the end of the bar.

    Args:
        pattern: Any pattern; its metre, tempo and feel are kept.
        seed: Another seed, another fill.
        start_tick: Ticks from the pattern's start; the bar it lies in is the one that is completed.
        intensity: 0..1, how full and how loud.
        kind: "fill", or what stands in for one: "break", "hold", "build".

    Raises:
        InvalidRequest: If the kind is none of these.
    """
    if kind not in FILL_KINDS:
        raise InvalidRequest("kind", f"kind is {kind!r:.40}; it must be one of {', '.join(FILL_KINDS)}", "try fill")
    meter = pattern.meter
    bar, start = divmod(max(0, start_tick) % pattern.ticks, meter.bar_ticks)
    first = bar * meter.bar_ticks
    worn = pattern.meta.get("feel")
    source = take_off(pattern) if isinstance(worn, dict) else pattern
    kept = [
        Hit(h.tick - first, h.voice, h.velocity, max(h.shift, first - h.tick), h.openness, h.ornament)
        for h in source.hits
        if first <= h.tick < first + start
    ]
    rng = stream(seed, kind, start)
    if kind == "fill":
        words = _vocabulary(pattern)
        new = draw_fill(meter, start, rng, intensity=intensity, words=words, complexity=0.3 + intensity * 0.5)
    else:
        new = draw_stop(meter, start, rng, kind=kind, intensity=intensity)
    meta = {k: v for k, v in source.meta.items() if k != "feel"} | {"fill": seed, "fills": [1]}
    out = Pattern(meter, 1, (*kept, *new), f"{kind}, {pattern.name}"[:200], pattern.tempo, meta)
    out, _ = repair(out, tempo=pattern.tempo or _FIXED_TEMPO)
    return dress(out, worn) if isinstance(worn, dict) else out


def _vocabulary(pattern: Pattern) -> tuple[str, ...]:
    """The fills that the pattern's drummer likes, if it has one that is known here."""
    name = pattern.meta.get("drummer")
    return find_drummer(name).fills if isinstance(name, str) and name in DRUMMERS else ()
