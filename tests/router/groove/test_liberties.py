"""What players add to a plainly written groove, and that machines repeat themselves."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

import pytest

from router import groove
from router.groove.lanes import Groove, read_cells
from router.groove.liberties import HARD, PLAYED, PROGRAMMED, habit_of, with_liberties
from router.groove.noise import stream
from router.pattern import Meter, Pattern
from router.request import GrooveRequest

ROWS = (("k", "X... ...x x... ...."), ("s", ".... X... .... X..."), ("h", "x.x. x.x. x.x. x.x."))


def written(meter: str = "4/4") -> Groove:
    """A plain rock beat."""
    bars, cells = read_cells(ROWS, Meter.parse("4/4"))
    return Groove(Meter.parse(meter), bars, cells)


def likeness(pattern: Pattern) -> float:
    """How alike neighbouring bars are, fills aside."""
    length, fills = pattern.meter.bar_ticks, set(pattern.meta["fills"])
    bars = [{(h.tick % length, h.voice) for h in pattern.hits if h.tick // length == b} for b in range(pattern.bars)]
    pairs = [(a, b) for i, (a, b) in enumerate(pairwise(bars), 1) if not {i, i + 1} & fills]
    return fmean(len(a & b) / len(a | b) for a, b in pairs)


def test_the_sheets_own_strokes_stay() -> None:
    """Every written stroke is still there, and what is added is a chance, never a certainty."""
    plain = written()
    free = with_liberties(plain, PLAYED, stream(1, "test"), swung=False)
    own = {(cell.tick, cell.voice, cell.level) for cell in plain.cells}
    added = [cell for cell in free.cells if (cell.tick, cell.voice, cell.level) not in own]
    opened = [cell for cell in added if cell.voice == "hat_open"]

    assert own <= {(cell.tick, cell.voice, cell.level) for cell in free.cells}
    assert len(added) == len(PLAYED.ghosts) + len(PLAYED.kicks) + len(PLAYED.time) + len(opened)
    assert len(opened) == 1
    assert all(cell.chance < 0.5 for cell in added)
    assert all(cell.tick % 960 for cell in added)


def test_where_eighths_swing_nothing_lies_between_them() -> None:
    """A shuffle gets its additions on the swung eighth, where the hand is."""
    free = with_liberties(written(), PLAYED, stream(2, "test"), swung=True)
    own = {(cell.tick, cell.voice) for cell in written().cells}

    assert {c.tick % 960 for c in free.cells if (c.tick, c.voice) not in own} <= {480}


def test_metal_gets_no_ghosts_and_machines_keep_the_time() -> None:
    """Who plays decides what is added."""
    assert habit_of("metal", machine=False) == HARD
    assert habit_of("house", machine=True) == PROGRAMMED
    for habit in (HARD, PROGRAMMED):
        assert all(cell.level >= 0 for cell in with_liberties(written(), habit, stream(3, "test"), swung=False).cells)
    machine = with_liberties(written(), PROGRAMMED, stream(3, "test"), swung=False)
    assert sum(cell.voice == "hat_closed" and cell.chance == 1 for cell in machine.cells) == 8


@pytest.mark.parametrize("genre", ["blues", "country", "gospel", "rnb", "reggae", "middle-eastern"])
def test_written_styles_vary_from_bar_to_bar_as_people_do(genre: str) -> None:
    """Alike enough to be one groove, never a tiled bar: humans are at .5 to .8, these are near it."""
    found = fmean(
        likeness(groove.generate(GrooveRequest(genre=genre, bars=16, seed=seed, humanize=1.0))) for seed in range(6)
    )

    assert 0.5 < found < 0.88


def test_the_foot_treads_under_a_ride_that_leaves_it_free() -> None:
    """On every second beat, as a chance; never where the sheet has a hi-hat."""
    rows = (("k", "X... ...x x... ...."), ("s", ".... X... .... X..."), ("r", "x.x. x.x. x.x. x.x."))
    meter = Meter.parse("4/4")
    free = with_liberties(Groove(meter, 1, read_cells(rows, meter)[1]), PLAYED, stream(1, "test"), swung=False)

    assert [(cell.tick, cell.chance) for cell in free.cells if cell.voice == "hat_pedal"] == [(960, 0.6), (2880, 0.6)]
    assert not any(c.voice == "hat_pedal" for c in with_liberties(written(), PLAYED, stream(1, "t"), swung=False).cells)
