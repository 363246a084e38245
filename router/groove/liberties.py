"""What a player adds to a groove that is written down plainly: chances beside the sheet's own strokes. Pure.

Fitted grooves have their chances from people; a sheet says what a style is, and nobody plays a sheet bar after bar.
"""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

from router.groove.lanes import GHOST, Cell, Groove, place
from router.pattern import RESOLUTION


class Habit(NamedTuple):
    """How many places of a bar may get more, each with its chance, and how surely the sheet is kept between beats.

    `between` is the chance of the time's own strokes there, `feet` of the kick's; `opens` that the hi-hat opens at one
    place before a beat, `foot` that it is trodden under a ride.
    """

    ghosts: tuple[float, ...] = (0.45, 0.4, 0.35, 0.3)
    kicks: tuple[float, ...] = (0.4, 0.35)
    time: tuple[float, ...] = (0.35, 0.3)
    between: float = 0.86
    feet: float = 0.88
    opens: float = 0.4
    foot: float = 0.6


PLAYED: Final = Habit()
HARD: Final = Habit(ghosts=(), kicks=(0.45, 0.4, 0.3), time=(0.4, 0.3), between=0.9, feet=1.0, opens=0.35)
"""A hole in what the feet roll would sound like a mistake."""
PROGRAMMED: Final = Habit(
    ghosts=(), kicks=(0.3,), time=(0.45, 0.4, 0.35, 0.3), between=1.0, feet=1.0, opens=0.0, foot=0.0
)
_HARD: Final = frozenset({"metal", "punk"})
_TIME: Final = ("hat_closed", "ride", "shaker", "tambourine", "cowbell")
_BACK: Final = frozenset({"snare", "rim", "clap"})
_SURE: Final = 0.6


def habit_of(genre: str, *, machine: bool) -> Habit:
    """Return what is usual in a genre; machines repeat themselves, but for a few strokes."""
    return PROGRAMMED if machine else HARD if genre in _HARD else PLAYED


def _between_beats(beats: tuple[int, ...], *, swung: bool, late: bool = False) -> list[int]:
    """The places in a bar beside its beats: thirds of a compound beat, halves of a swung one, else quarters.

    With `late` only those from a beat's middle on: what leads into the next one.
    """
    out, start = [], 0
    for beat in beats:
        parts = beat // (RESOLUTION // 2) if beat % RESOLUTION else 2 if swung else 4
        first = parts // 2 if late else 1
        out += [start + beat * n // parts for n in range(max(1, first), max(2, parts))]
        start += beat
    return out


def _some(rng: Random, places: list[int], chances: tuple[float, ...]) -> list[tuple[int, float]]:
    """Give each chance a place of its own, as far as there are any; the same number of draws in every case."""
    free, out = list(places), []
    for chance in chances:
        u = rng.random()
        if free:
            out.append((free.pop(int(u * len(free))), chance))
    return out


def with_liberties(groove: Groove, habit: Habit, rng: Random, *, swung: bool) -> Groove:
    """Return the groove with what a player might add in each of its bars; its own strokes stay where they are.

    Args:
        groove: A written groove in the metre it will be played in.
        habit: How much is added.
        rng: Drawn from once per take.
        swung: Whether its eighths swing, so that there is nothing between them.
    """
    bar_ticks, cells = groove.meter.bar_ticks, []
    weak = _between_beats(groove.meter.beats, swung=swung)
    leading = _between_beats(groove.meter.beats, swung=swung, late=True)
    keeper = max(_TIME, key=lambda voice: sum(cell.chance for cell in groove.cells if cell.voice == voice))
    for cell in groove.cells:
        usual = {keeper: habit.between, "kick": habit.feet}.get(cell.voice, 1.0)
        between = cell.chance >= 1 and cell.tick % bar_ticks in weak
        cells.append(cell._replace(chance=usual) if between else cell)
    for start in range(0, groove.bars * bar_ticks, bar_ticks):
        bar = [cell for cell in groove.cells if start <= cell.tick < start + bar_ticks]
        back = {cell.tick - start for cell in bar if cell.voice in _BACK}
        firm = {cell.tick - start for cell in bar if cell.voice in _BACK and cell.chance >= _SURE and cell.level >= 0}
        low = {cell.tick - start for cell in bar if cell.voice == "kick"}
        time = {cell.tick - start for cell in bar if cell.voice in {*_TIME, "hat_open"}}
        for tick, chance in _some(rng, [t for t in weak if t not in back], habit.ghosts):
            cells.append(Cell(start + tick, "snare", chance, GHOST, None))
        for tick, chance in _some(rng, [t for t in leading if t not in low | firm], habit.kicks):
            cells.append(Cell(start + tick, "kick", chance, 0, None, 74))
        for tick, chance in _some(rng, [t for t in weak if t not in time], habit.time):
            cells.append(Cell(start + tick, keeper, chance, 0, 90 if keeper == "hat_closed" else None, 46))
        cells += _pedal(bar, groove.meter.beats, start, keeper, habit)
    cells = _opened(cells, bar_ticks, leading, habit, rng)
    return Groove(groove.meter, groove.bars, tuple(sorted(cells, key=place)), groove.options)


def _pedal(bar: list[Cell], beats: tuple[int, ...], start: int, keeper: str, habit: Habit) -> list[Cell]:
    """The foot on every second beat, where the hand is on the ride and the sheet leaves the foot free."""
    if keeper != "ride" or not habit.foot or any(cell.voice.startswith("hat_") for cell in bar):
        return []
    ticks = [start + sum(beats[:index]) for index in range(1, len(beats), 2)]
    return [Cell(tick, "hat_pedal", habit.foot, 0, None) for tick in ticks]


def _opened(cells: list[Cell], bar_ticks: int, leading: list[int], habit: Habit, rng: Random) -> list[Cell]:
    """Let the hi-hat open, in some bars, at one place before a beat; one stroke, open or closed, never both."""
    u = rng.random()
    spots = [t for t in leading if any(c.tick % bar_ticks == t and c.voice == "hat_closed" for c in cells)]
    if not spots or not habit.opens or any(cell.voice == "hat_open" for cell in cells):
        return cells
    spot = spots[int(u * len(spots))]
    out = []
    for cell in cells:
        if cell.voice == "hat_closed" and cell.tick % bar_ticks == spot:
            out.append(cell._replace(chance=cell.chance * (1 - habit.opens)))
            out.append(Cell(cell.tick, "hat_open", cell.chance * habit.opens, 0, 45))
        else:
            out.append(cell)
    return out
