"""What players add to a plainly written groove, and that machines repeat themselves."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

import pytest

from router import groove
from router.groove.lanes import GHOST, Cell, Groove, place, read_cells
from router.groove.liberties import HARD, PLAYED, PROGRAMMED, Habit, habit_of, with_liberties
from router.groove.noise import stream
from router.groove.resolve import resolve
from router.groove.settle import settle
from router.pattern import Meter, Pattern
from router.request import GrooveRequest

ROWS = (("k", "X... ...x x... ...."), ("s", ".... X... .... X..."), ("h", "x.x. x.x. x.x. x.x."))


def written(meter: str = "4/4") -> Groove:
    """A plain rock beat."""
    bars, cells = read_cells(ROWS, Meter.parse("4/4"))
    return Groove(Meter.parse(meter), bars, cells)


def freed(plain: Groove, habit: Habit, seed: int, genre: str = "pop", *, swung: bool = False) -> Groove:
    """A groove with the liberties of a habit."""
    return with_liberties(plain, genre, habit, stream(seed, "test"), swung=swung)


def likeness(pattern: Pattern) -> float:
    """How alike neighbouring bars are, fills aside."""
    length, fills = pattern.meter.bar_ticks, set(pattern.meta["fills"])
    bars = [{(h.tick % length, h.voice) for h in pattern.hits if h.tick // length == b} for b in range(pattern.bars)]
    pairs = [(a, b) for i, (a, b) in enumerate(pairwise(bars), 1) if not {i, i + 1} & fills]
    return fmean(len(a & b) / len(a | b) for a, b in pairs)


def test_the_sheets_own_strokes_stay() -> None:
    """Every written stroke is still there, and what is added is a chance, never a certainty."""
    plain = written()
    free = freed(plain, PLAYED, 1)
    own = {(cell.tick, cell.voice, cell.level) for cell in plain.cells}
    added = [cell for cell in free.cells if (cell.tick, cell.voice, cell.level) not in own]
    turned = {cell.tick: cell.other for cell in free.cells if cell.turns}

    assert own <= {(cell.tick, cell.voice, cell.level) for cell in free.cells}
    assert len(added) == len(PLAYED.ghosts) + len(PLAYED.kicks) + len(PLAYED.time)
    assert list(turned.values()) == ["hat_open"]
    assert all(cell.chance < 0.5 for cell in added)
    assert all(cell.tick % 960 for cell in added)


def test_where_eighths_swing_nothing_lies_between_them() -> None:
    """A shuffle gets its additions on the swung eighth, where the hand is."""
    free = freed(written(), PLAYED, 2, swung=True)
    own = {(cell.tick, cell.voice) for cell in written().cells}

    assert {c.tick % 960 for c in free.cells if (c.tick, c.voice) not in own} <= {480}


def test_metal_gets_no_ghosts_and_machines_keep_the_time() -> None:
    """Who plays decides what is added."""
    assert habit_of("metal", machine=False) == habit_of("metal", machine=True) == HARD
    assert habit_of("house", machine=True) == PROGRAMMED
    for habit in (HARD, PROGRAMMED):
        assert all(cell.level >= 0 for cell in freed(written(), habit, 3).cells)
    machine = freed(written(), PROGRAMMED, 3)
    assert sum(c.voice == "hat_closed" and c.chance == c.steady == 1 for c in machine.cells) == 8


def test_a_machines_percussion_is_its_genres() -> None:
    """Six strokes may come and go, beside the backbeat, in two voices; people add none."""
    colour = [c for c in freed(written(), PROGRAMMED, 4, "techno").cells if c.voice in {"rim", "tom_low"}]

    assert sorted(cell.voice for cell in colour) == ["rim"] * 3 + ["tom_low"] * 3
    assert all(cell.chance <= 0.5 and cell.tick % 960 for cell in colour)
    assert not any(cell.voice == "rim" for cell in freed(written(), PLAYED, 4, "techno").cells)


@pytest.mark.parametrize("genre", groove.GENRES)
def test_every_genre_varies_from_bar_to_bar_as_people_do(genre: str) -> None:
    """Fills aside, half to four fifths of the strokes return: one groove, never a tiled bar."""
    takes = [groove.generate(GrooveRequest(genre=genre, bars=16, seed=seed)) for seed in range(12)]

    assert 0.5 <= fmean(likeness(take) for take in takes) <= 0.8


@pytest.mark.parametrize(
    ("genre", "style", "voice", "places"),
    [
        ("house", "classic", "kick", (0, 960, 1920, 2880)), ("house", "classic", "hat_open", (480, 1440, 2400, 3360)),
        ("techno", "trance", "hat_open", (480, 1440, 2400, 3360)), ("uk-garage", "speed", "clap", (960, 2880)),
        ("dubstep", "half-time", "snare", (1920,)), ("metal", "double-kick", "kick", (0, 240, 480, 720, 960, 1440)),
        ("country", "train", "snare", (480, 1440, 2400, 3360)), ("disco", "classic", "kick", (0, 960, 1920, 2880)),
    ],
)  # fmt: skip
def test_what_a_style_is_known_by_is_in_every_bar(genre: str, style: str, voice: str, places: tuple[int, ...]) -> None:
    """Four on the floor, the backbeat, rolling feet: variation never takes them, but where hands are short."""
    missing = total = 0
    for seed in range(6):
        take = groove.generate(GrooveRequest(genre=genre, style=style, bars=8, seed=seed, fill_amount=0.0))
        there = {hit.tick for hit in take.hits if hit.voice == voice}
        wanted = {bar * 3840 + tick for bar in range(8) for tick in places}
        missing, total = missing + len(wanted - there), total + len(wanted)

    assert missing <= 0.02 * total


def test_a_machine_answers_its_own_bar_and_turns_round_in_the_fourth() -> None:
    """Bar 3 is more like bar 1 than bars 2 and 4 are."""
    alike = [0, 0, 0, 0]
    for seed in range(24):
        take = groove.generate(GrooveRequest(genre="techno", style="trance", bars=4, seed=seed, fill_amount=0.0))
        bars = [{(h.tick % 3840, h.voice) for h in take.hits if h.tick // 3840 == bar} for bar in range(4)]
        for index, bar in enumerate(bars):
            alike[index] += len(bars[0] & bar)

    assert alike[2] > max(alike[1], alike[3])


def test_the_foot_treads_under_a_ride_that_leaves_it_free() -> None:
    """On every second beat, as a chance; never where the sheet has a hi-hat."""
    rows = (("k", "X... ...x x... ...."), ("s", ".... X... .... X..."), ("r", "x.x. x.x. x.x. x.x."))
    meter = Meter.parse("4/4")
    free = freed(Groove(meter, 1, read_cells(rows, meter)[1]), PLAYED, 1)

    assert [(cell.tick, cell.chance) for cell in free.cells if cell.voice == "hat_pedal"] == [(960, 0.6), (2880, 0.6)]
    assert not any(c.voice == "hat_pedal" for c in freed(written(), PLAYED, 1).cells)


def test_the_ghosts_of_a_part_stand_or_fall_together() -> None:
    """All ghosts of one chance are frequent in a part or all are rare, and both happens; kicks are settled singly."""
    ghosts = tuple(Cell(tick, "snare", 0.5, GHOST, None) for tick in range(240, 3840, 480))
    kicks = tuple(Cell(tick, "kick", 0.5, 0, None) for tick in range(240, 3840, 480))
    fitted = Groove(Meter(4, 4), 1, tuple(sorted((*ghosts, *kicks), key=place)), {"takes": "3"})
    choice = resolve(GrooveRequest(genre="funk"))
    rates: dict[str, list[set[float]]] = {"snare": [], "kick": []}
    for part in range(20):
        for voice, found in rates.items():
            cells = settle(fitted, choice, stream(part, "part"))
            found.append({round(cell.rate, 6) for cell in cells if cell.voice == voice})

    assert all(len(found) == 1 for found in rates["snare"])
    assert len(set.union(*rates["snare"])) == 2
    assert all(len(found) == 2 for found in rates["kick"])
