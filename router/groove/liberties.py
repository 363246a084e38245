"""What a player adds to a groove that is written down plainly: chances beside the sheet's own strokes. Pure.

Fitted grooves have their chances from people; a sheet says what a style is, and nobody plays a sheet bar after bar.
"""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

from router.groove.lanes import ACCENT, GHOST, Cell, Groove, place
from router.pattern import RESOLUTION


class Habit(NamedTuple):
    """How many places of a bar may get more, each with its chance, and how surely the sheet is kept between beats.

    `eighths` and `sixteenths` are how often the time's own strokes there return, `feet` the kick's, `soft` those that
    the sheet plays softly or with the foot; `turns` how often strokes of the time go elsewhere: the hat opens, the ride
    is struck on its bell. `foot` is the chance that the hi-hat is trodden under a ride, `colour` that percussion comes.
    """

    ghosts: tuple[float, ...] = (0.45, 0.4, 0.35, 0.3)
    kicks: tuple[float, ...] = (0.4, 0.35)
    time: tuple[float, ...] = (0.35, 0.3)
    eighths: float = 0.95
    sixteenths: float = 0.92
    feet: float = 0.92
    soft: float = 0.86
    turns: tuple[float, ...] = (0.35,)
    foot: float = 0.6
    colour: tuple[float, ...] = ()


PLAYED: Final = Habit()
HARD: Final = Habit(ghosts=(), kicks=(0.45, 0.4, 0.3), time=(0.4, 0.3), feet=1.0, turns=(0.45, 0.45, 0.4, 0.35))
"""A hole in what the feet roll would sound like a mistake; the cymbals answer from bar to bar instead."""
COMPING: Final = Habit(ghosts=(0.35,), kicks=(0.25,), time=(0.3,), eighths=0.97)
"""A sheet that says itself what comes and goes needs little more: what returns is the ride."""
PROGRAMMED: Final = Habit(
    ghosts=(), kicks=(0.35,), time=(0.5, 0.5, 0.45, 0.4), eighths=1.0, sixteenths=0.75, feet=1.0, soft=0.8,
    foot=0.0, colour=(0.5, 0.5, 0.5, 0.45, 0.45, 0.4),
)  # fmt: skip
_HARD: Final = frozenset({"metal", "punk"})
_TIME: Final = ("hat_closed", "ride", "shaker", "tambourine", "cowbell")
_TURN: Final = {"hat_closed": "hat_open", "ride": "ride_bell"}
_HARD_TURN: Final = {**_TURN, "ride_bell": "crash", "china": "crash", "hat_open": "crash", "crash": "china"}
_BACK: Final = frozenset({"snare", "rim", "clap"})
_SURE: Final = 0.6
_COLOURS: Final = {
    "house": ("rim", "conga_high"), "techno": ("rim", "tom_low"), "uk-garage": ("rim", "tambourine"),
    "dubstep": ("rim", "tom_floor"), "trap": ("rim", "cowbell"), "drum-and-bass": ("rim", "shaker"),
    "disco": ("tom_mid", "conga_high"),
}  # fmt: skip
"""Two percussion voices of a genre's machines; others have the first one's."""


def habit_of(genre: str, *, machine: bool) -> Habit:
    """Return what is usual in a genre; machines keep the time and let percussion come and go."""
    return HARD if genre in _HARD else PROGRAMMED if machine else COMPING if genre == "jazz" else PLAYED


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


def with_liberties(groove: Groove, genre: str, habit: Habit, rng: Random, *, swung: bool) -> Groove:
    """Return the groove with what a player might add in each of its bars; its own strokes stay where they are.

    Args:
        groove: A written groove in the metre it will be played in.
        genre: Whose percussion and cymbals are used.
        habit: How much is added.
        rng: Drawn from once per take.
        swung: Whether its eighths swing, so that there is nothing between them.
    """
    bar_ticks = groove.meter.bar_ticks
    weak = _between_beats(groove.meter.beats, swung=swung)
    leading = _between_beats(groove.meter.beats, swung=swung, late=True)
    keeper = max(_TIME, key=lambda voice: sum(cell.chance for cell in groove.cells if cell.voice == voice))
    colours = _COLOURS.get(genre, ("rim", "tambourine"))
    cells = [_kept_loosely(cell, cell.tick % bar_ticks in weak, keeper, habit) for cell in groove.cells]
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
        for index, (tick, chance) in enumerate(_some(rng, [t for t in weak if t not in back], habit.colour)):
            cells.append(Cell(start + tick, colours[index % 2], chance, 0, None, 66))
        cells += _pedal(bar, groove.meter.beats, start, keeper, habit)
    cells = _turned(cells, _HARD_TURN if genre in _HARD else _TURN, bar_ticks, leading, habit, rng)
    return Groove(groove.meter, groove.bars, tuple(sorted(cells, key=place)), groove.options)


def _kept_loosely(cell: Cell, weak: bool, keeper: str, habit: Habit) -> Cell:
    """Return one of the sheet's strokes with how often it returns; what is loud on a beat always does."""
    if cell.chance < 1:
        return cell
    steady = 1.0
    if cell.level == GHOST or cell.voice == "hat_pedal" or (weak and cell.voice.startswith(("conga", "bongo"))):
        steady = habit.soft
    elif weak and cell.level != ACCENT and cell.voice in {keeper, "shaker"}:
        steady = habit.sixteenths if cell.tick % (RESOLUTION // 2) else habit.eighths
    elif weak and cell.voice == "kick":
        steady = habit.feet
    return cell._replace(steady=steady)


def _pedal(bar: list[Cell], beats: tuple[int, ...], start: int, keeper: str, habit: Habit) -> list[Cell]:
    """The foot on every second beat, where the hand is on the ride and the sheet leaves the foot free."""
    if keeper != "ride" or not habit.foot or any(cell.voice.startswith("hat_") for cell in bar):
        return []
    ticks = [start + sum(beats[:index]) for index in range(1, len(beats), 2)]
    return [Cell(tick, "hat_pedal", habit.foot, 0, None) for tick in ticks]


def _turned(
    cells: list[Cell], other: dict[str, str], bar_ticks: int, leading: list[int], habit: Habit, rng: Random
) -> list[Cell]:
    """Let strokes of the time go elsewhere in some bars: the hat opens before a beat, a cymbal is accented on one."""
    opened = any(cell.voice == "hat_open" for cell in cells)
    sure = {(cell.tick % bar_ticks, cell.voice) for cell in cells if cell.voice in other and cell.chance >= 1}
    spots = sorted({tick for tick, voice in sure if voice != "hat_closed" or (tick in leading and not opened)})
    turns = dict(_some(rng, spots, habit.turns[: -(-3 * len(spots) // 4)]))
    return [
        cell._replace(other=other[cell.voice], turns=turns[cell.tick % bar_ticks])
        if cell.voice in other and cell.tick % bar_ticks in turns
        else cell
        for cell in cells
    ]
