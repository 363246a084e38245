"""Fills by hand: what completes the bar that sounds, or leads out of it over some bars. Pure.

A pattern of its own that lies over the groove once; the groove itself is never changed or lengthened.
"""

from __future__ import annotations

from typing import Final

from router.errors import InvalidRequest
from router.groove.drummers import find_drummer
from router.groove.feel import dress, take_off
from router.groove.fills import FILL_KINDS, GENRE_WORDS, draw_fill, draw_stop, roll
from router.groove.hands import repair
from router.groove.names import DRUMMERS
from router.groove.noise import stream
from router.pattern import Hit, Pattern

MAX_BUILD_BARS: Final = 16
_FIXED_TEMPO: Final = 120.0
"""For judging stick speed where a pattern does not say its tempo."""
_BUILD_KEEPS: Final = frozenset({"kick", "hat_closed", "hat_open", "ride"})


def fill(
    pattern: Pattern, *, seed: int, start_tick: int = 0, intensity: float = 0.7, kind: str = "fill", bars: int = 1
) -> Pattern:
    """Return one bar: the groove of `pattern` up to `start_tick`, then a fill to the end of the bar.

    Args:
        pattern: Any pattern; its metre, tempo and feel are kept.
        seed: Another seed, another fill.
        start_tick: Ticks from the pattern's start; the bar it lies in is the one that is completed.
        intensity: 0..1, how full and how loud.
        kind: "fill", or what stands in for one: "break", "hold", "build".
        bars: How many bars a build grows over; all others are one bar.

    Raises:
        InvalidRequest: If the kind is none of these, or the bars cannot be.
    """
    if kind not in FILL_KINDS:
        raise InvalidRequest("kind", f"kind is {kind!r:.40}; it must be one of {', '.join(FILL_KINDS)}", "try fill")
    if not 1 <= bars <= (MAX_BUILD_BARS if kind == "build" else 1):
        raise InvalidRequest("bars", f"bars is {bars}; a {kind} is 1 bar, a build 1 to {MAX_BUILD_BARS}", "try 1")
    meter = pattern.meter
    bar, start = divmod(max(0, start_tick) % pattern.ticks, meter.bar_ticks)
    first = bar * meter.bar_ticks
    worn = pattern.meta.get("feel")
    source = take_off(pattern) if isinstance(worn, dict) else pattern
    whole = [
        Hit(h.tick - first, h.voice, h.velocity, max(h.shift, first - h.tick), h.openness, h.ornament)
        for h in source.hits
        if first <= h.tick < first + meter.bar_ticks
    ]
    hits = [h for h in whole if h.tick < start]
    rng = stream(seed, kind, start)
    if kind == "fill":
        words = _vocabulary(pattern)
        hits += draw_fill(meter, start, rng, intensity=intensity, words=words, complexity=0.3 + intensity * 0.5)
    elif bars > 1:
        hits += _build(pattern, whole, start, bars, intensity)
    else:
        hits += draw_stop(meter, start, rng, kind=kind, intensity=intensity)
    meta = {k: v for k, v in source.meta.items() if k != "feel"} | {"fill": seed, "fills": list(range(1, bars + 1))}
    out = Pattern(meter, bars, tuple(hits), f"{kind}, {pattern.name}"[:200], pattern.tempo, meta)
    out, _ = repair(out, tempo=pattern.tempo or _FIXED_TEMPO)
    return dress(out, worn) if isinstance(worn, dict) else out


def _build(pattern: Pattern, groove: list[Hit], start: int, bars: int, intensity: float) -> list[Hit]:
    """A build over several bars: the groove's time and kick with a roll in beats, eighths, then sixteenths."""
    meter, hits = pattern.meter, []
    low, high = 46.0, 84 + 40 * intensity
    for index in range(bars):
        begin, base = (start if index == 0 else 0), index * meter.bar_ticks
        left = bars - index
        strokes = 4 if left == 1 else 2 if left <= max(2, bars // 2) else 1
        kept = [h for h in groove if h.tick >= begin and h.voice in _BUILD_KEEPS]
        if left == 1:
            kept = [h for h in kept if h.voice == "kick"]
        quiet, loud = (low + (high - low) * n / bars for n in (index, index + 1))
        rolled = roll(meter, begin, strokes, quiet=quiet, loud=loud)
        hits += [Hit(h.tick + base, h.voice, h.velocity, h.shift, h.openness, h.ornament) for h in (*kept, *rolled)]
    return hits


def _vocabulary(pattern: Pattern) -> tuple[str, ...]:
    """The fills that the pattern's drummer likes, if it has one that is known here, else its genre's."""
    name, genre = pattern.meta.get("drummer"), pattern.meta.get("genre")
    own = find_drummer(name).fills if isinstance(name, str) and name in DRUMMERS else ()
    return own or (GENRE_WORDS.get(genre, ()) if isinstance(genre, str) else ())
