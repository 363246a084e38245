"""A rhythm played into the virtual port becomes a groove: its tempo, its strokes on a grid, a beat that fits.

Pure and standard library only; the time of each event is an argument. Never changes what was played, only adds to it,
and only when asked to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import exp, log
from statistics import median
from typing import Final

from router.errors import InvalidRequest
from router.hearing.transcribe import SIXTEENTH, quantised
from router.pattern import COMMON_TIME, MAX_BARS, RESOLUTION, Hit, Meter, Pattern

Tapped = tuple[float, int, int]
"""Seconds of any monotonic clock, MIDI note, velocity 1..127."""

GM_VOICES: Final[Mapping[int, str]] = {
    35: "kick", 36: "kick", 37: "rim", 38: "snare", 39: "clap", 40: "snare", 41: "tom_floor", 42: "hat_closed",
    43: "tom_floor", 44: "hat_pedal", 45: "tom_low", 46: "hat_open", 47: "tom_mid", 48: "tom_mid", 49: "crash",
    50: "tom_high", 51: "ride", 52: "china", 53: "ride_bell", 54: "tambourine", 55: "splash", 56: "cowbell",
    57: "crash2", 59: "ride",
}  # fmt: skip
_MOST_EVENTS: Final = 4096
_SLOWEST_BPM, _FASTEST_BPM = 50.0, 210.0
_LIKELY_BPM: Final = 108.0
"""Where people tap of their own accord: near 120, spread wide (Moelants, ICMPC 2002); a groove a little below."""
_FLAM_S: Final = 0.012


def taps_to_pattern(
    events: Sequence[Tapped],
    *,
    tempo: float | None = None,
    start_s: float | None = None,
    meter: Meter = COMMON_TIME,
    bars: int | None = None,
    voices: Mapping[int, str] = GM_VOICES,
    fit: bool = True,
) -> Pattern:
    """Return what was played as a pattern.

    Args:
        events: In order of time. The first is beat one, unless `start_s` says where a bar begins.
        tempo: Quarter notes per minute where a transport runs; None finds it.
        start_s: A bar line on the clock of the events, where a transport runs.
        meter: The metre to write it in.
        bars: Length; None takes the least of 1, 2, 4, 8 ... bars that holds everything.
        voices: What each note means; notes it does not know are spread over kick, snare and hat by pitch.
        fit: Add the drums that were not played: a backbeat, steady hats, a kick on one.

    Raises:
        InvalidRequest: If there are fewer than two events (four without a tempo), too many, or they hold more than 64
        bars.
    """
    played = _clean(events)
    least = 2 if tempo else 4
    if len(played) < least:
        raise InvalidRequest("events", f"{len(played)} strokes are too few; play at least {least}", "play a bar or two")
    if tempo is not None and not 20 <= tempo <= 300:
        raise InvalidRequest("tempo", f"tempo is {tempo:g}; it must be 20 to 300 beats per minute", "try 120")
    bpm = tempo or find_tempo([at for at, _, _ in played])
    named = _named(played, voices)
    anchor = played[0][0] if start_s is None else start_s
    tick_s = 60 / bpm / RESOLUTION
    bar_s = meter.bar_ticks * tick_s
    if start_s is not None:
        # The bar line that the first stroke belongs to, though it came a sixteenth early.
        anchor += ((played[0][0] - start_s + SIXTEENTH / 2 * tick_s) // bar_s) * bar_s
    elif tempo is None:
        anchor += _mean_offset([at - anchor for at, _, _ in played], SIXTEENTH * tick_s)
    placed = []
    for at, voice, velocity in named:
        ticks = (at - anchor) / tick_s
        bar = int((ticks + SIXTEENTH / 2) // meter.bar_ticks)
        placed.append((bar, ticks - bar * meter.bar_ticks, voice, velocity))
    rows = quantised([(max(0, bar), ticks, voice, velocity) for bar, ticks, voice, velocity in placed], meter, 0.5, 8)
    count = bars or _whole(max(rows) + 1)
    if not 1 <= count <= MAX_BARS:
        raise InvalidRequest(
            "events", f"what was played holds {max(rows) + 1} bars; at most {MAX_BARS} fit", "play less"
        )
    hits = [
        Hit(hit.tick + bar * meter.bar_ticks, hit.voice, hit.velocity, hit.shift)
        for bar, row in rows.items()
        if bar < count
        for hit in row
    ]
    if fit:
        hits = completed(hits, meter, count)
    return Pattern(meter, count, tuple(hits), "played", round(bpm, 2), {"generator": "played", "fitted": fit})


def _clean(events: Sequence[Tapped]) -> list[Tapped]:
    """Return the strokes in order, each within MIDI's range.

    Raises:
        InvalidRequest: If there are too many to be two hands, or a time is no number.
    """
    if len(events) > _MOST_EVENTS:
        raise InvalidRequest("events", f"{len(events)} strokes; at most {_MOST_EVENTS} are read", "play less")
    if any(at != at or abs(at) == float("inf") for at, _, _ in events):  # noqa: PLR0124 - NaN is what differs from itself
        raise InvalidRequest("events", "an event has no time", "send seconds of one clock")
    return sorted((float(at), note & 127, max(1, min(127, velocity))) for at, note, velocity in events if velocity > 0)


def _named(played: Sequence[Tapped], voices: Mapping[int, str]) -> list[tuple[float, str, int]]:
    """Return voices for notes; one unknown note alone is the kick, several lie low to high on kick, snare, hat."""
    strangers = sorted({note for _, note, _ in played if note not in voices})
    spread = {}
    for index, note in enumerate(strangers):
        spread[note] = ("kick", "snare", "hat_closed")[min(2, index * 3 // max(len(strangers), 2))]
        if len(strangers) == 2 and index == 1:
            spread[note] = "snare"
    return [(at, voices.get(note) or spread[note], velocity) for at, note, velocity in played]


def find_tempo(times_s: Sequence[float]) -> float:
    """Return the tempo whose sixteenths lie nearest the strokes, weighed with how likely people play it.

    Every tempo from 50 to 210, a third of a per cent apart; the miss is counted against the sixteenth's own length,
    else the fastest tempo, whose grid is the finest, would always win. Strokes on beats and eighths count for a tempo.

    Args:
        times_s: In order, at least two.
    """
    times = [at - times_s[0] for at in times_s]
    merged = [at for n, at in enumerate(times) if n == 0 or at - times[n - 1] > _FLAM_S]
    usual = median([b - a for a, b in pairwise(merged)] or [0.5])
    best = (-1.0, 120.0)
    bpm = _SLOWEST_BPM
    while bpm <= _FASTEST_BPM:
        sparse = max(1.0, usual / (60 / bpm)) ** -0.5  # who taps, taps the beat at least
        merit = _merit(merged, 60 / bpm) * sparse * exp(-0.5 * (log(bpm / _LIKELY_BPM) / 0.6) ** 2)
        best = max(best, (merit, bpm))
        bpm *= 1.0033
    return _refined(merged, best[1])


def _merit(times: Sequence[float], beat_s: float) -> float:
    """Return 0..1: how well the strokes sit on this beat's grid, and how much of it lies on beats and eighths."""
    offset = _mean_offset(times, beat_s / 4)
    total = 0.0
    for at in times:
        place = (at - offset) / beat_s * 4
        near = round(place)
        worth = 1.0 if near % 4 == 0 else 0.8 if near % 2 == 0 else 0.5
        total += worth * exp(-0.5 * ((place - near) / 0.16) ** 2)
    return total / len(times)


def _mean_offset(times: Sequence[float], step_s: float) -> float:
    """Return how late the strokes are against a grid that starts at 0, on average, within half a step."""
    return sum((at / step_s - round(at / step_s)) * step_s for at in times) / len(times)


def _refined(times: Sequence[float], bpm: float) -> float:
    """Return the least-squares tempo once every stroke has its sixteenth."""
    step_s = 60 / bpm / 4
    offset = _mean_offset(times, step_s)
    index = [round((at - offset) / step_s) for at in times]
    mean_n, mean_t = sum(index) / len(index), sum(times) / len(times)
    above = sum((n - mean_n) * (t - mean_t) for n, t in zip(index, times, strict=True))
    below = sum((n - mean_n) ** 2 for n in index)
    slope = above / below if below else step_s
    return min(_FASTEST_BPM, max(_SLOWEST_BPM, 60 / (slope * 4))) if slope > 0 else bpm


def _whole(bars: int) -> int:
    size = 1
    while size < bars:
        size *= 2
    return size


def completed(hits: Sequence[Hit], meter: Meter, bars: int) -> list[Hit]:
    """Return the hits and, where a drum of the usual three was not played at all, a part that answers it.

    A rhythm on one drum alone becomes the kick's, with its strokes on the backbeats given to the snare, as a drummer
    would divide it.
    """
    kinds = {_family(hit.voice) for hit in hits}
    beats = _beat_starts(meter)
    backbeats = {start for n, start in enumerate(beats) if n % 2 == 1} if len(beats) % 2 == 0 else {beats[-1]}
    out = list(hits)
    loud = max((hit.velocity for hit in hits), default=100)
    if len(kinds) == 1 and kinds <= {"kick", "snare", "other"}:
        out = [
            Hit(h.tick, "snare" if h.tick % meter.bar_ticks in backbeats else "kick", h.velocity, h.shift) for h in out
        ]
        kinds = {"kick", "snare"} if any(h.voice == "snare" for h in out) else {"kick"}
    for bar in range(bars):
        start = bar * meter.bar_ticks
        if "snare" not in kinds:
            out += [Hit(start + at, "snare", min(112, loud)) for at in sorted(backbeats)]
        if "kick" not in kinds:
            out.append(Hit(start, "kick", min(110, loud)))
            out += [Hit(start + at, "kick", min(100, loud)) for at in beats[2:3] if len(beats) == 4]
        if "hat" not in kinds and "ride" not in kinds:
            step = RESOLUTION // 2
            out += [Hit(start + at, "hat_closed", 84 if at in beats else 62) for at in range(0, meter.bar_ticks, step)]
    unique = {(hit.tick, hit.voice): hit for hit in reversed(out)}
    return sorted(unique.values())


def _family(voice: str) -> str:
    if voice in {"snare", "rim", "clap"}:
        return "snare"
    if voice.startswith("hat"):
        return "hat"
    if voice.startswith(("ride", "crash", "china", "splash")):
        return "ride"
    return voice if voice == "kick" else "other"


def _beat_starts(meter: Meter) -> list[int]:
    starts, at = [], 0
    for length in meter.beats:
        starts.append(at)
        at += length
    return starts
