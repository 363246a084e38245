"""The notation of style sheets, and how a groove is carried into another metre."""

from __future__ import annotations

import pytest

from router.groove.meters import adapt, double_time, half_time
from router.groove.sheets import read_sheet
from router.pattern import Meter

SHEET = """
# a remark
[plain] tempo=90-120 swing16=.3 weight=2
k X... .... 5... .-..   # two and a half kicks
k~ v... .... p... .a..
s .... X... .... x..g
h o.x. u... .... ....
-- weight=3
x x... .... .... .... | .... x... .... ....
h x.x. x.x. x.x. x.x.
[three] meter=6/8
k X.. ..x
"""


def test_a_sheet_says_what_it_looks_like() -> None:
    """Names, options, chances, accents, velocities and openness come out of the text as written."""
    plain, three = read_sheet("test", SHEET)
    cells = {(c.tick, c.voice): c for c in plain.grooves[0].read().cells}

    assert (plain.name, plain.tempo, plain.swing, plain.sixteenths, plain.weight) == ("plain", (90, 120), 0.3, True, 2)
    assert cells[0, "kick"][:6] == (0, "kick", 1.0, 1, None, 108)
    assert (cells[1920, "kick"].chance, cells[1920, "kick"].velocity) == (0.5, 78)
    assert (cells[3120, "kick"].chance, cells[3120, "kick"].velocity) == (0.05, 3)
    assert cells[3600, "snare"].level == -1
    assert (cells[0, "hat_open"].openness, cells[960, "hat_open"].openness) == (33, 62)
    assert three.grooves[0].read().meter == Meter(6, 8)
    assert [c.tick for c in three.grooves[0].read().cells] == [0, 2400]


def test_a_short_lane_repeats_under_a_long_one() -> None:
    """A two-bar rim over a one-bar hat makes two bars with the hat in both."""
    groove = read_sheet("test", SHEET)[0].grooves[1].read()

    assert groove.bars == 2
    assert sum(cell.voice == "hat_closed" for cell in groove.cells) == 16


def test_an_unknown_lane_is_a_bug_and_says_so() -> None:
    """Sheets are part of the program: a wrong lane raises."""
    with pytest.raises(ValueError, match="gong"):
        read_sheet("test", "[a]\ngong x...")[0].grooves[0].read()


@pytest.mark.parametrize(
    ("meter", "kicks", "snares"),
    [
        ("3/4", [0, 960], [1920]),
        ("7/8", [0, 960], [1920]),
        ("5/4", [0, 1920, 2880], [960, 3840]),
        ("6/8", [0], [1440]),
    ],
)
def test_beats_keep_their_part_in_another_metre(meter: str, kicks: list[int], snares: list[int]) -> None:
    """The downbeat stays the downbeat and the bar ends on the backbeat: not 4/4 with its tail cut off."""
    rock = read_sheet("test", "[rock]\nk x... .... x... ....\ns .... x... .... x...")[0].grooves[0].read()
    carried = adapt(rock, Meter.parse(meter))

    assert [c.tick for c in carried.cells if c.voice == "kick"] == kicks
    assert [c.tick for c in carried.cells if c.voice == "snare"] == snares


def test_half_and_double_time_leave_the_timekeeper() -> None:
    """The hat goes on in eighths; kick and snare take twice or half the time."""
    rock = read_sheet("test", "[rock]\nk x... .... x... ....\ns .... x... .... x...\nh x.x. x.x. x.x. x.x.")[0]
    groove = rock.grooves[0].read()
    slow, fast = half_time(groove), double_time(groove)

    assert slow.bars == 2
    assert [c.tick for c in slow.cells if c.voice == "snare"] == [1920, 5760]
    assert [c.tick for c in fast.cells if c.voice == "snare"] == [480, 1440, 2400, 3360]
    assert sum(c.voice == "hat_closed" for c in slow.cells) == 16
    assert sum(c.voice == "hat_closed" for c in fast.cells) == 8
