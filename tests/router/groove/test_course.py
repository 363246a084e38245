"""Polyrhythms are heard whole, developments rise, blends take from everyone."""

from collections import Counter

import pytest

from router import groove
from router.groove.course import CROSS, cross_ticks
from router.pattern import Meter
from router.request import GrooveRequest


def played(prompt, **more):
    """What the embedded drummer makes of these words."""
    return groove.generate(GrooveRequest(prompt=prompt, **more))


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("3:4", 3), ("5:4", 5), ("7:8", 7), ("three against four", 3), ("five over four", 5), ("7 against 8", 7),
        ("4:3", 3), ("hemiola", 6), ("3:2", 6), ("11:4", 11), ("seven over eight", 7),
    ],
)  # fmt: skip
@pytest.mark.parametrize("style", ["rock", "busy funk", "jazz", "metal"])
@pytest.mark.parametrize("tempo", [70.0, 200.0])
def test_every_stroke_of_a_polyrhythm_sounds_in_every_bar(words, count, style, tempo):
    """Evenly spaced to the tick, whatever else the hands have to do; and they can do it."""
    pattern = played(f"{style} {words} polyrhythm", bars=4, seed=9, tempo=tempo)
    cross = sorted(hit.tick for hit in pattern.hits if hit.voice == CROSS)

    assert cross == [round(bar * 3840 + index * 3840 / count) for bar in range(4) for index in range(count)]
    assert {hit.voice for hit in pattern.hits} - {CROSS}
    assert not groove.flaws(pattern, tempo)


@pytest.mark.parametrize(
    ("meter", "ratio", "cycle"),
    [("3/4", (4, 3), (2880, 4)), ("4/4", (3, 2), (1920, 3)), ("7/8", (7, 8), (3360, 8)), ("4/4", (5, 3), (3840, 5))],
)
def test_a_ratio_finds_its_place_in_the_metre(meter, ratio, cycle):
    """Against the beats where it can be, else over the whole bar."""
    assert cross_ticks(Meter.parse(meter), ratio) == cycle


@pytest.mark.parametrize("style", ["techno", "funk", "rock", "jazz", "latin"])
def test_a_groove_that_evolves_gets_fuller(style):
    """Its last bars have clearly more strokes than its first, and no bar is empty."""
    pattern = played(f"evolving {style}", bars=8, seed=2)
    bars = Counter(hit.tick // 3840 for hit in pattern.hits)

    assert set(bars) == set(range(8))
    assert bars[6] + bars[7] > 1.5 * (bars[0] + bars[1])


@pytest.mark.parametrize(
    "words",
    [
        "70 % funk 30 % afrobeat", "30% afrobeat, 70% funk", "funk 70% afrobeat 30%", "70/30 funk and afrobeat",
        "mostly funk with some afrobeat", "funk (70%) + afrobeat (30%)",
    ],
)  # fmt: skip
def test_a_blend_is_read_however_it_is_written(words):
    """The larger share leads; the other is lent."""
    meta = played(words, bars=2, seed=1).meta

    assert meta["genre"] == "funk"
    assert (meta["blend"]["genre"], meta["blend"]["share"]) == ("afrobeat", 0.3)


@pytest.mark.parametrize(
    ("words", "genres"),
    [
        ("half funk half jazz", {"funk", "jazz"}), ("a blend of rock and reggae", {"rock", "reggae"}),
        ("a mix of house, latin and jazz", {"house", "latin", "jazz"}),
        ("50% rock 30% jazz 20% latin", {"rock", "jazz", "latin"}),
    ],
)  # fmt: skip
def test_every_genre_of_a_blend_is_in_it(words, genres):
    """Three as well as two."""
    meta = played(words, bars=2, seed=1).meta
    lent = [meta["blend"], *meta["blend"].get("also", ())]

    assert {meta["genre"], *(one["genre"] for one in lent)} == genres


@pytest.mark.parametrize("words", ["half-time funk", "drum and bass", "jazz fusion", "rock 7/8", "120-130 bpm techno"])
def test_what_is_no_blend_is_read_as_before(words):
    """Nor a polyrhythm."""
    found = groove.describe(words)

    assert found["blend"] == []
    assert found["polyrhythm"] is None
