"""Rhythms that are written down, one drum after the other or as a grid, and whole families of drums."""

from __future__ import annotations

import pytest

from router.constraints import hold
from router.drummer import describe, unread
from router.refine import refine
from router.rhythms import in_steps, in_turn
from tests.support.grooves import BEAT, GROOVE, drawn, ticks

BAR = 4 * BEAT


def beats(pattern, *voices, bars=(0, 1, 2, 3)):
    """Return the beats of some bars on which voices are struck, from 1."""
    return {(tick % BAR) / BEAT + 1 for tick in ticks(pattern, *voices) if tick // BAR in bars}


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("kick snare kick snare", {"kick": {1, 3}, "snare": {2, 4}}),
        ("kick kick snare kick kick kick snare kick", {"kick": {1, 1.5, 2.5, 3, 3.5, 4.5}, "snare": {2, 4}}),
        ("hat x.x.x.x.", {"hat_closed": {1, 2, 3, 4}}),
        ("kick: x..x..x.........", {"kick": {1, 1.75, 2.5}}),
        ("snare |----|x---|----|x---|, kick x--- ---- x--- ----", {"snare": {2, 4}, "kick": {1, 3}}),
        ("snare: . . x . , kick only on 1", {"snare": {3}, "kick": {1}}),
        ("hats ....", {"hat_closed": set(), "hat_open": set()}),
    ],
)
def test_a_rhythm_is_played_as_it_is_written(words: str, places: dict[str, set[float]]) -> None:
    """In a new groove and in one that is there, and nowhere else; fills are the drummer's own."""
    for made in (drawn(words, bars=4), refine(GROOVE, words).pattern):
        fills = made.meta.get("fills", ())
        for voice, at in places.items():
            assert beats(made, voice, bars=[bar for bar in range(4) if bar + 1 not in fills]) == at
    assert (describe(words)["confidence"], unread(words)) == (1.0, ())


@pytest.mark.parametrize("words", ["kick snare kick snare kick", "kick snare", "kick snare ride crash"])
def test_drums_in_turn_that_fill_no_bar_stay_as_they_are(words: str) -> None:
    """Five strokes are no bar of four, and four drums once each are a list."""
    assert in_turn(words) == words


@pytest.mark.parametrize("words", ["kick x..", "kick x..x..x.x", "x...x...", "kick"])
def test_a_grid_that_fills_no_bar_is_told_of(words: str) -> None:
    """Nobody knows what the seventh of seven steps is."""
    assert in_steps(words) == words
    assert words == "kick" or not describe(words)["confidence"]


@pytest.mark.parametrize("words", ["no cymbals", "don't play any cymbals", "without any cymbals", "rock, no cymbals"])
def test_without_cymbals_there_are_no_hats(words: str) -> None:
    """To a drummer the hats are cymbals, and what went is said."""
    hats = ("hat_closed", "hat_open", "hat_pedal", "ride", "crash")
    made = drawn(words, bars=4)
    assert not ticks(made, *hats)
    assert any("hat closed" in one and "left out" in one for one in made.meta["asked"])
    assert not ticks(refine(GROOVE, words.removeprefix("rock, ")).pattern, *hats)
    assert not ticks(hold(GROOVE, ["no cymbals"]).pattern, *hats)


def test_crash_cymbals_are_not_all_of_them() -> None:
    """A kind of cymbal is that kind."""
    assert ticks(refine(GROOVE, "no crash cymbals").pattern, "hat_closed")


@pytest.mark.parametrize(
    ("words", "voice", "bars"),
    [
        ("hats in bars 1 and 3", "hat_closed", {0, 2}),
        ("rock with kick in bars 2 and 4", "kick", {1, 3}),
        ("kick and snare in bar 2", "snare", {1}),
        ("kick in bars 2 and 4 and claps on 2", "kick", {1, 3}),
        ("claps in bar 4 only", "clap", {3}),
        ("tambourine only in bars 1 and 3", "tambourine", {0, 2}),
        ("splash only in bar 2", "splash", {1}),
    ],
)
def test_a_drum_is_in_the_bars_that_are_named(words: str, voice: str, bars: set[int]) -> None:
    """Wherever the clause stands, whatever is joined to it, and though it was not there before."""
    assert {tick // BAR for tick in ticks(drawn(words, bars=4), voice)} == bars
    assert {tick // BAR for tick in ticks(refine(GROOVE, words.removeprefix("rock with ")).pattern, voice)} == bars


@pytest.mark.parametrize("words", ["a crash at the end please", "can you crash at the end", "crash at the end, thanks"])
def test_politeness_changes_nothing(words: str) -> None:
    """A wish is read the same with it."""
    assert refine(GROOVE, words).pattern.hits == refine(GROOVE, "crash at the end").pattern.hits


@pytest.mark.parametrize(
    ("words", "voice"), [("rock, shaker in sixteenths", "shaker"), ("rock, congas in 16ths", "conga_high")]
)
def test_a_drum_that_was_named_wins_over_one_that_was_not(words: str, voice: str) -> None:
    """Hands go to what was asked for; what gives way is told, unless it was asked for as well."""
    told = "of hat closed left out: no hand is left for it"
    made, both = drawn(words, bars=4), drawn(f"{words}, hats in 8ths", bars=4)
    assert len(ticks(made, voice)) >= (4 - len(made.meta["fills"])) * 16 - 1
    assert len(ticks(made, "hat_closed")) < len(ticks(drawn("rock", bars=4), "hat_closed"))
    assert any(told in one for one in made.meta["asked"])
    assert not any(told in one for one in both.meta["asked"])


def test_a_grid_may_be_for_one_bar() -> None:
    """The bar is named behind it; the others stay as they are."""
    made = refine(GROOVE, "snare ..x. in bar 2").pattern
    assert beats(made, "snare", bars=[1]) == {3}
    assert beats(made, "snare", bars=[0, 2]) == beats(GROOVE, "snare", bars=[0, 2])


def test_what_is_left_out_elsewhere_is_not_put_in() -> None:
    """A refusal with an exception asks for nothing new."""
    assert refine(GROOVE, "no china except in bar 4").pattern.hits == GROOVE.hits
