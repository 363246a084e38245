"""Carries a groove into another metre, and into half or double time.

Beats are mapped whole, by their role: the downbeat stays the downbeat and the bar ends on a backbeat, so that 7/8 is
not 4/4 with its tail cut off. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from router.groove.lanes import Cell, Groove, place
from router.pattern import RESOLUTION, Meter

_ROLES: Final[dict[int, tuple[int, ...]]] = {
    1: (0,), 2: (0, 1), 3: (0, 2, 3), 4: (0, 1, 2, 3), 5: (0, 1, 2, 2, 3), 6: (0, 1, 2, 3, 2, 3), 7: (0, 1, 2, 3, 2, 2,
    3),
}  # fmt: skip
"""Which quarter of a 4/4 bar each beat of a bar of n beats is played like."""

TIMEKEEPERS: Final = frozenset({
    "hat_closed", "hat_open", "hat_pedal", "ride", "ride_bell", "crash", "china", "shaker", "tambourine", "cowbell",
})  # fmt: skip

BACKBEAT: Final = frozenset({"snare", "rim", "clap"})


def _roles(beats: int, source_beats: int) -> tuple[int, ...]:
    if source_beats != 4:
        return tuple(min(i, source_beats - 1) if beats <= source_beats else i % source_beats for i in range(beats))
    if beats in _ROLES:
        return _ROLES[beats]
    return (0, 1, 2, 3, *(_roles(beats - 4, 4)))


def _weight(groove: Groove, beat: int, voices: frozenset[str]) -> float:
    """How surely a beat of the groove has a firm stroke of some voices, summed over its bars."""
    source, bar_ticks = groove.meter.beats, groove.meter.bar_ticks
    low = sum(source[:beat])
    return sum(
        cell.chance
        for cell in groove.cells
        if cell.voice in voices and cell.level >= 0 and low <= cell.tick % bar_ticks < low + source[beat]
    )


def _with_body(groove: Groove, roles: tuple[int, ...]) -> tuple[int, ...]:
    """Return the roles so that a bar shorter than its model keeps a backbeat, and a kick, if the model has one.

    One-drop and half time have theirs on the third beat, which a bar of two would leave out.
    """
    beats = range(len(groove.meter.beats))
    for index, voices in ((len(roles) - 1, BACKBEAT), (0, frozenset({"kick"}))):
        weights = [_weight(groove, beat, voices) for beat in beats]
        firmest = max(beats, key=lambda beat: weights[beat])
        if max(weights[role] for role in roles) < 0.5 <= weights[firmest]:
            roles = (*roles[:index], firmest, *roles[index + 1 :])
    return roles


def adapt(groove: Groove, meter: Meter) -> Groove:
    """Return the groove in another metre, bar for bar; a beat longer than its model repeats the model's second half."""
    if groove.meter.beats == meter.beats:
        return replace(groove, meter=meter)
    source = groove.meter.beats
    roles = _roles(len(meter.beats), len(source))
    if len(roles) < len(source):
        roles = _with_body(groove, roles)
    starts = [sum(source[:i]) for i in range(len(source))]
    cells: list[Cell] = []
    for bar in range(groove.bars):
        base, at = bar * groove.meter.bar_ticks, bar * meter.bar_ticks
        for beat, role in zip(meter.beats, roles, strict=True):
            low, length = base + starts[role], source[role]
            for cell in groove.cells:
                offset = cell.tick - low
                if 0 <= offset < min(beat, length):
                    cells.append(cell._replace(tick=at + offset))
                again = offset + length - length // 2
                if length // 2 <= offset < length <= again < beat:
                    cells.append(cell._replace(tick=at + again, level=min(cell.level, 0)))
            at += beat
    return Groove(meter, groove.bars, tuple(sorted(cells, key=place)), groove.options)


def half_time(groove: Groove) -> Groove:
    """Return the groove with everything but the timekeepers twice as slow, over twice the bars."""
    ticks = groove.bars * groove.meter.bar_ticks
    cells: list[Cell] = []
    for cell in groove.cells:
        if cell.voice in TIMEKEEPERS:
            cells += [cell, cell._replace(tick=cell.tick + ticks)]
        else:
            cells.append(cell._replace(tick=cell.tick * 2))
    return Groove(groove.meter, groove.bars * 2, tuple(sorted(cells, key=place)), groove.options)


def double_time(groove: Groove) -> Groove:
    """Return the groove with everything but the timekeepers twice as fast; strokes that meet are one."""
    ticks = groove.bars * groove.meter.bar_ticks
    cells: dict[tuple[int, str, int], Cell] = {}
    for cell in groove.cells:
        whole = cell.voice in TIMEKEEPERS or cell.tick % (RESOLUTION // 2)
        starts = (cell.tick,) if whole else (cell.tick // 2, cell.tick // 2 + ticks // 2)
        for tick in starts:
            cells[tick, cell.voice, cell.level] = cell._replace(tick=tick)
    return Groove(groove.meter, groove.bars, tuple(sorted(cells.values(), key=place)), groove.options)
