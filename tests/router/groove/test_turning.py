"""Every knob that acts on what plays: drawn grooves and grooves that cannot be drawn again, each in its own way."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import fmean

import pytest

from router import groove
from router.pattern import COMMON_TIME, Hit, Pattern
from router.request import KNOBS, GrooveRequest

GENRES = ("rock", "funk", "hip-hop", "jazz", "latin")


def drawn(**knobs: object) -> Pattern:
    """Eight bars of funk, without unevenness unless asked for."""
    return groove.generate(GrooveRequest(**{"genre": "funk", "bars": 8, "seed": 4, "humanize": 0.0, **knobs}))


def imported() -> Pattern:
    """A groove somebody played: it has its own timing and wears no feel of ours."""
    bare = drawn(bars=8)
    hits = (replace(hit, shift=(hit.tick % 7) if hit.tick else 0) for hit in bare.hits)
    return Pattern(bare.meter, bare.bars, tuple(hits), "played", 96.0, {"generator": "import", "fills": [4]})


def keys(pattern: Pattern) -> set[tuple[int, str]]:
    """What is struck and where."""
    return {(hit.tick, hit.voice) for hit in pattern.hits}


def bars(pattern: Pattern) -> list[set[tuple[int, str]]]:
    """The strokes of each bar."""
    length = pattern.meter.bar_ticks
    return [{(h.tick % length, h.voice) for h in pattern.hits if h.tick // length == b} for b in range(pattern.bars)]


def jaccard(pattern: Pattern) -> float:
    """How alike neighbouring bars are."""
    found = bars(pattern)
    return fmean(len(a & b) / len(a | b) for a, b in pairwise(found))


def ghosts(pattern: Pattern) -> int:
    """How many soft snare strokes there are."""
    return sum(hit.voice == "snare" and hit.velocity < 50 for hit in pattern.hits)


@pytest.mark.parametrize("knob", ["intensity", "variation", "fill_amount", "lean", "ghosts"])
def test_the_middle_of_a_knob_is_the_style_itself(knob: str) -> None:
    """Half way is as written, byte for byte; so an untouched knob costs nothing."""
    assert drawn(**{knob: 0.5}).hits == drawn().hits


@pytest.mark.parametrize("knob", [name for name in KNOBS if name != "complexity"])
def test_every_knob_acts_on_a_groove_that_cannot_be_drawn_again(knob: str) -> None:
    """Both ends differ from each other; turned back from the same source, all is as it was."""
    source = imported()
    low, high = (groove.turn(source, {knob: value}, tempo=96.0) for value in (0.0, 1.0))

    assert low.hits != high.hits
    assert groove.turn(source, {knob: None}, tempo=96.0).hits == source.hits
    for turned in (low, high):
        assert turned.ticks == source.ticks
        assert groove.flaws(turned, 96.0) == ()


@pytest.mark.parametrize("knob", [*KNOBS])
def test_every_knob_acts_on_a_drawn_groove(knob: str) -> None:
    """No knob is an ornament: both ends are heard, and what comes out can be played."""
    for genre in GENRES:
        low, high = (drawn(genre=genre, **{knob: value}, humanize=0.3) if knob != "humanize" else
                     drawn(genre=genre, humanize=value) for value in (0.0, 1.0))  # fmt: skip
        hats = any(hit.voice.startswith("hat_") and hit.voice != "hat_pedal" for hit in low.hits)
        assert (low.hits != high.hits) == (hats or knob != "hat_openness"), genre
        assert groove.flaws(low, 120.0) == groove.flaws(high, 120.0) == ()


def test_intensity_is_how_hard_and_not_which() -> None:
    """The same strokes, all of them louder."""
    soft, loud = drawn(intensity=0.2), drawn(intensity=0.8)

    assert fmean(h.velocity for h in loud.hits) > fmean(h.velocity for h in soft.hits) + 15
    assert len(keys(soft) & keys(loud)) > 0.95 * len(keys(soft) | keys(loud))


def test_without_variation_bars_are_alike() -> None:
    """At 0 every bar of a one-bar groove is the same; the more variation, the less alike on average."""
    likeness = []
    for variation in (0.0, 0.25, 0.5, 0.75, 1.0):
        takes = [drawn(seed=seed, variation=variation, fill_amount=0.0, genre="rock") for seed in range(20)]
        likeness.append(fmean(jaccard(take) for take in takes))
    still = drawn(variation=0.0, fill_amount=0.0, genre="techno", style="peak")

    assert likeness == sorted(likeness, reverse=True)
    assert likeness[0] > 0.95
    assert len(set(map(frozenset, bars(still)))) == 1


def test_fills_come_as_often_as_asked() -> None:
    """None at 0, at every phrase's end at 1, and more in between with every step."""
    counts = []
    for amount in (0.0, 0.25, 0.5, 0.75, 1.0):
        takes = [drawn(seed=seed, bars=16, fill_amount=amount) for seed in range(12)]
        counts.append(sum(len(take.meta["fills"]) for take in takes))

    assert counts == sorted(counts)
    assert counts[0] == 0
    assert all({4, 8, 12, 16} <= set(drawn(seed=s, bars=16, fill_amount=1.0).meta["fills"]) for s in range(12))


def test_fills_leave_and_come_on_a_given_groove_too() -> None:
    """What its maker called a fill goes, the groove takes its place; more are put where phrases end."""
    source = imported()
    none = groove.turn(source, {"fill_amount": 0.0}, tempo=96.0)
    many = groove.turn(source, {"fill_amount": 1.0}, tempo=96.0)

    assert none.meta["fills"] == []
    assert bars(none)[3] == bars(source)[2]
    assert many.meta["fills"] == [4, 8]
    assert bars(many)[3] == bars(source)[3]


def test_lean_moves_the_whole_kit() -> None:
    """Behind is later by as much at any tempo, ahead is earlier, and nothing sounds before beat one."""
    on, behind, ahead = drawn(), drawn(lean=1.0), drawn(lean=0.0)
    late = {b.shift - a.shift for a, b in zip(on.hits, behind.hits, strict=True)}
    early = {b.shift - a.shift for a, b in zip(on.hits, ahead.hits, strict=True) if a.tick > 480}

    assert late == {58}  # 30 ms at 120 bpm
    assert early == {-58}
    assert all(hit.tick + hit.shift >= 0 for hit in ahead.hits)


def test_a_played_hand_keeps_its_timing_when_it_leans() -> None:
    """Only feel knobs put our feel on; a thinned or leant import keeps what its drummer did."""
    source = imported()
    thinned = groove.turn(source, {"density": 0.2}, tempo=120.0)
    leant = groove.turn(source, {"lean": 0.75}, tempo=120.0)
    own = {(hit.tick, hit.voice): hit.shift for hit in source.hits}

    assert all(own[hit.tick, hit.voice] == hit.shift for hit in thinned.hits)
    assert {hit.shift - own[hit.tick, hit.voice] for hit in leant.hits} == {29}


def test_ghosts_go_and_come() -> None:
    """None at 0, more at each step, also for a style that has none of its own."""
    for genre in ("funk", "house"):
        counts = [ghosts(drawn(genre=genre, ghosts=g)) for g in (0.0, 0.5, 0.75, 1.0)]
        assert counts[0] == 0
        assert counts == sorted(counts)
        assert counts[3] > counts[1]


def test_the_hat_opens_and_closes() -> None:
    """At 0 no stroke is open, at 1 none is closed; the pedal says how far; no stroke moves."""
    shut, half, wide = (drawn(genre="hip-hop", hat_openness=o) for o in (0.0, 0.6, 1.0))

    assert "hat_open" not in {hit.voice for hit in shut.hits}
    assert "hat_closed" not in {hit.voice for hit in wide.hits}
    assert {h.openness for h in half.hits if h.voice == "hat_open"} == {42}
    assert {h.tick for h in shut.hits if h.voice == "hat_closed"} == {
        h.tick for h in wide.hits if h.voice == "hat_open"
    }


def test_swing_is_of_eighths_or_of_sixteenths() -> None:
    """The named notes swing and no others; without swing the grid says nothing."""
    eighths = drawn(swing=0.66, swing_grid="8ths", genre="house", style="deep")
    sixteenths = drawn(swing=0.66, swing_grid="16ths", genre="house", style="deep")

    def moved(pattern: Pattern, places: set[int]) -> set[bool]:
        return {hit.shift > 40 for hit in pattern.hits if hit.tick % 960 in places and not hit.ornament}

    assert moved(eighths, {480}) == {True}
    assert moved(sixteenths, {480}) == {False}
    assert drawn(swing=0.0, swing_grid="16ths").hits == drawn(swing=0.0, swing_grid="8ths").hits


def test_a_model_groove_is_worn_as_asked() -> None:
    """What somebody else wrote gets the request's loudness, hat and lean; its strokes stay."""
    written = Pattern(COMMON_TIME, 1, tuple(Hit(t, "hat_closed", 70) for t in range(0, 3840, 480)), "model", 120.0)
    worn = groove.wear(written, GrooveRequest(humanize=0.0, intensity=0.9, hat_openness=0.8, lean=0.6))

    assert [(h.tick, h.voice, h.velocity, h.shift) for h in worn.hits] == [
        (t, "hat_open", 86, 12) for t in range(0, 3840, 480)
    ]


def test_a_build_grows_over_its_bars_and_ends_with_them() -> None:
    """Beats, then eighths, then sixteenths; louder from bar to bar; nothing beyond the last bar."""
    made = groove.fill(drawn(), seed=3, kind="build", bars=4)
    counts = [sum(hit.voice == "snare" for hit in made.hits if hit.tick // 3840 == bar) for bar in range(4)]
    peaks = [max(h.velocity for h in made.hits if h.tick // 3840 == bar and h.voice == "snare") for bar in range(4)]

    assert made.bars == 4
    assert counts == sorted(counts)
    assert counts[0] < counts[3]
    assert peaks == sorted(peaks)
    assert groove.flaws(made, 120.0) == ()
