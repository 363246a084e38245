"""What was heard becomes a groove: strokes on a grid with their shift, the most typical bars in a row.

Pure, standard library only. Never invents a stroke: only where no drum was heard at all does the embedded drummer play.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from router import groove
from router.errors import InvalidRequest
from router.hearing.analysis import Analysis, Onset
from router.hearing.swing import points
from router.pattern import MAX_BARS, RESOLUTION, Hit, Meter, Pattern
from router.request import GrooveRequest

SIXTEENTH: Final = RESOLUTION // 4
_THIRTY_SECOND: Final = RESOLUTION // 8
_VOICE: Final = {"kick": "kick", "snare": "snare", "hat": "hat_closed"}

Placed = tuple[int, float, str, int]
"""Bar from 0, ticks into it, voice of the kit, velocity."""


def to_pattern(analysis: Analysis, bars: int) -> Pattern:
    """Return the most typical `bars` bars; see `Analysis.to_pattern`."""
    if not 1 <= bars <= MAX_BARS:
        raise InvalidRequest("bars", f"bars is {bars!r:.40}; it must be a whole number from 1 to {MAX_BARS}", "try 2")
    meter = analysis.signature
    tempo = min(300.0, max(20.0, analysis.tempo_bpm))
    placed = list(in_bars(analysis))
    if not placed:
        return _accompaniment(analysis, bars, meter, tempo)
    rows = quantised(placed, meter, analysis.swing, analysis.swing_of)
    first, count = typical(rows, bars)
    hits = [
        Hit(hit.tick + bar * meter.bar_ticks, hit.voice, hit.velocity, hit.shift)
        for bar in range(bars)
        for hit in rows.get(first + bar % count, ())
    ]
    meta = {
        "generator": "hearing",
        "from_bar": first + 1,
        "tempo_confidence": analysis.tempo_confidence,
        "swing": analysis.swing,
        "swing_of": analysis.swing_of,
        **({"notes": list(analysis.notes)} if analysis.notes else {}),
    }
    return Pattern(meter, bars, tuple(hits), "heard", tempo, meta)


def in_bars(analysis: Analysis) -> Iterable[Placed]:
    """Yield every stroke with its bar and its place in it; what comes before the first bar line is left out."""
    lines = list(analysis.downbeats_s)
    if not lines:
        return
    usual = _usual_bar_s(analysis)
    for onset in analysis.onsets:
        # A stroke a hair before the line is that bar's one played early, not the last bar's.
        bar = bisect_right(lines, onset.t_s + usual / 64) - 1
        if bar >= 0:
            length = lines[bar + 1] - lines[bar] if bar + 1 < len(lines) else usual
            yield (
                bar,
                (onset.t_s - lines[bar]) / length * analysis.signature.bar_ticks,
                _VOICE[onset.voice],
                onset.velocity,
            )


def _usual_bar_s(analysis: Analysis) -> float:
    return analysis.signature.bar_ticks / RESOLUTION * 60 / analysis.tempo_bpm


def quantised(placed: Iterable[Placed], meter: Meter, swing: float, of: int) -> dict[int, list[Hit]]:
    """Return hits bar by bar, ticks counted from the bar's start.

    A swung stroke sits on the straight grid's tick and carries its lateness as shift, as every groove of the program
    does. Two strokes of one drum on one sixteenth move to thirty-seconds; a beat that is played in three goes on a
    grid of three.
    """
    placed = list(placed)
    rolled = _rolled(placed, meter.bar_ticks)
    by_beat: dict[tuple[int, int], list[tuple[float, str, int]]] = {}
    for bar, ticks, voice, velocity in placed:
        beat = int((ticks + SIXTEENTH / 2) // RESOLUTION)
        by_beat.setdefault((bar, beat), []).append((ticks, voice, velocity))
    rows: dict[int, dict[tuple[int, str], Hit]] = {}
    swung = swing > 0.5
    for (bar, beat), strokes in sorted(by_beat.items()):
        start = beat * RESOLUTION
        grid = _grid([ticks - start for ticks, _, _ in strokes], points(swing, of), swung=swung)
        for ticks, voice, velocity in strokes:
            tick = min((abs(start + place - ticks), start + t) for t, place in grid)[1]
            if (bar, ticks, voice) in rolled:
                tick = round(ticks / _THIRTY_SECOND) * _THIRTY_SECOND
            line = bar, tick
            if tick >= meter.bar_ticks:
                line = bar + 1, tick - meter.bar_ticks
            elif tick < 0:
                line = bar, 0
            shift = round(ticks - tick) if line[0] == bar else round(ticks - meter.bar_ticks - line[1])
            hit = Hit(line[1], voice, velocity, max(-SIXTEENTH, min(SIXTEENTH, shift)))
            row = rows.setdefault(line[0], {})
            old = row.get((hit.tick, voice))
            if old is None or old.velocity < velocity:
                row[hit.tick, voice] = hit
    return {bar: sorted(row.values()) for bar, row in rows.items()}


def _rolled(placed: Sequence[Placed], bar_ticks: int) -> set[tuple[int, float, str]]:
    """Return the strokes that follow another of their drum by about a thirty-second: faster than sixteenths can hold.

    Closer ones are a flam, which is one stroke on the grid.
    """
    out = set()
    last: dict[str, tuple[float, int, float]] = {}
    for bar, ticks, voice, _ in sorted(placed):
        at = bar * bar_ticks + ticks
        before = last.get(voice)
        if before is not None and _THIRTY_SECOND * 0.6 < at - before[0] < _THIRTY_SECOND * 1.4:
            out |= {(bar, ticks, voice), (before[1], before[2], voice)}
        last[voice] = at, bar, ticks
    return out


def _grid(places: Sequence[float], sixteenths: Sequence[float], *, swung: bool) -> list[tuple[int, float]]:
    """Return (tick, where it is expected) for one beat: sixteenths, or three when the strokes clearly are three."""
    fours = [(n * SIXTEENTH, place * RESOLUTION) for n, place in enumerate(sixteenths)] + [
        (RESOLUTION, float(RESOLUTION))
    ]
    threes = [(n * RESOLUTION // 3, n * RESOLUTION / 3) for n in range(4)]
    middle = any(abs(place - RESOLUTION / 3) < SIXTEENTH / 5 for place in places)
    if middle and not swung and _miss(places, threes) < 0.4 * _miss(places, fours):
        return threes
    if middle and swung and _miss(places, threes) < 0.7 * _miss(places, fours):
        return threes
    return fours


def _miss(places: Sequence[float], grid: Sequence[tuple[int, float]]) -> float:
    return sum(min(abs(place - at) for _, at in grid) for place in places) + SIXTEENTH / 20


def typical(rows: dict[int, list[Hit]], bars: int) -> tuple[int, int]:
    """Return (first bar, bars there are) of the stretch that is most like all the others.

    Likeness is the Jaccard index of (tick, voice), summed over every stretch at the same distance, so that a verse
    that comes often wins over a fill or a break that comes once.
    """
    last = max(rows)
    sets = [frozenset((hit.tick, hit.voice) for hit in rows.get(bar, ())) for bar in range(last + 1)]
    count = min(bars, len(sets))
    whole = len(sets) - 1 if len(sets) - 1 >= count else len(sets)  # the last bar is often broken off
    kinds = {bar: n for n, bar in enumerate(dict.fromkeys(sets))}
    votes = [0] * len(kinds)
    for bar in sets:
        votes[kinds[bar]] += 1
    unique = list(kinds)
    like = [sum(_jaccard(a, b) * v for b, v in zip(unique, votes, strict=True)) for a in unique]
    merit = [
        sum(like[kinds[sets[first + n]]] for n in range(count)) + 1e-6 * sum(map(len, sets[first : first + count]))
        for first in range(max(1, whole - count + 1))
    ]
    best = max(merit)
    # Of equals the first, and of near equals one on a four-bar line: phrases start there.
    near = [first for first, value in enumerate(merit) if value >= best * 0.995]
    return next((first for first in near if first % min(4, max(count, 1)) == 0), near[0]), count


def _jaccard(a: frozenset[tuple[int, str]], b: frozenset[tuple[int, str]]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0


def _accompaniment(analysis: Analysis, bars: int, meter: Meter, tempo: float) -> Pattern:
    """Return a drummer's answer to music that has no drums: its tempo, metre and swing, nothing else is known."""
    swing = max(0.0, min(1.0, (analysis.swing - 0.5) / 0.167))
    request = GrooveRequest(bars=bars, meter=meter, tempo=tempo, swing=swing, genre="pop", style="straight")
    made = groove.generate(request)
    note = "no drums were heard: the embedded drummer plays to this tempo and metre"
    return Pattern(meter, bars, made.hits, "to what was heard", tempo, {**made.meta, "notes": [*analysis.notes, note]})


def onsets_of(pattern: Pattern, bpm: float) -> list[Onset]:
    """Return the strokes of a pattern as they would be heard at `bpm`: the inverse of hearing."""
    names = {"kick": "kick", "snare": "snare", "hat_closed": "hat", "hat_open": "hat", "hat_pedal": "hat"}
    tick_s = 60 / bpm / RESOLUTION
    return sorted(
        (
            Onset(max(0.0, (hit.tick + hit.shift) * tick_s), names[hit.voice], hit.velocity)
            for hit in pattern.hits
            if hit.voice in names
        ),
        key=lambda onset: onset.t_s,
    )
