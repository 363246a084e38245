"""No half of a wish is dropped in silence: lists of places, exceptions, both ends, drums after "only", a section."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.drummer import describe, unread
from router.form import usual
from router.pattern import Meter
from router.policy import SURE
from router.refine import refine
from tests.support.grooves import BEAT, GROOVE, drawn, ticks

BAR = 4 * BEAT


def beats(pattern, *voices, bars=(0, 1, 2, 3)):
    """Return the beats of some bars on which voices are struck, from 1."""
    return {(tick % BAR) / BEAT + 1 for tick in ticks(pattern, *voices) if tick // BAR in bars}


@pytest.mark.parametrize(
    ("words", "voice", "places"),
    [
        ("snare on two, four", "snare", {2, 4}),
        ("kick on beats one, two and three", "kick", {1, 2, 3}),
        ("kick on one, two, and three", "kick", {1, 2, 3}),
        ("kick on one, three", "kick", {1, 3}),
        ("kick on every beat but not on 3", "kick", {1, 2, 4}),
        ("snare on 2 but not on 4", "snare", {2}),
        ("rim on 2 and 4 in the verse", "rim", {2, 4}),
    ],
)
def test_a_place_that_was_named_is_played(words: str, voice: str, places: set[int]) -> None:
    """Each place of a list, in words too, and none that is excepted."""
    assert beats(drawn(words, bars=4), voice) == places
    assert describe(words)["confidence"] == 1.0


@pytest.mark.parametrize(
    ("words", "voice", "there", "not_there"),
    [
        ("kick on every beat but not on 3", "kick", {1, 2, 4}, 3),
        ("no kick on 3 but on 4", "kick", {4}, 3),
        ("snare on 2 but not on 4", "snare", {2}, 4),
    ],
)
def test_an_exception_is_kept_in_both_ways(words: str, voice: str, there: set[int], not_there: int) -> None:
    """What comes after "but" is done in a new groove and in one that is there."""
    for made in (drawn(words, bars=4), refine(GROOVE, words).pattern):
        assert there <= beats(made, voice)
        assert not_there not in beats(made, voice)


@pytest.mark.parametrize("voice", ["crash", "china", "open hats"])
@pytest.mark.parametrize("ends", ["at the beginning and the end", "at the start and at the end"])
def test_both_ends_are_struck(voice: str, ends: str) -> None:
    """A cymbal at the beginning and the end is in the first bar and in the last."""
    voices = {"open hats": ("hat_open",)}.get(voice, (voice,))
    for made in (drawn(f"{voice} {ends}", bars=4), refine(GROOVE, f"no {voice}, {voice} {ends}").pattern):
        assert 1 in beats(made, *voices, bars=(0,))
        assert 4 in beats(made, *voices, bars=(3,))


def test_a_crash_and_a_fill_have_an_end_each() -> None:
    """The crash is on the first stroke, the fill in the last bar, and the first bar stays the groove's."""
    words = "crash at the beginning and a fill at the end"
    for made in (drawn(words, bars=4), refine(GROOVE, words).pattern):
        assert 0 in ticks(made, "crash")
        assert made.meta["fills"] == [4]


def test_a_fill_at_both_ends() -> None:
    """A fill at the beginning and the end is in the first bar and in the last."""
    assert drawn("fill at the beginning and the end", bars=4).meta["fills"] == [1, 4]


@pytest.mark.parametrize(
    "words",
    ["only kick, snare and hats", "just kick, snare, hats", "only kick, snare, and hats", "just kick, snare and hats"],
)
def test_only_means_all_of_its_list(words: str) -> None:
    """The style's own kick, snare and hats are left as they were, and nothing else is played."""
    plain, asked = drawn("", bars=4), drawn(words, bars=4)
    for voice in ("kick", "snare"):
        assert ticks(asked, voice) == ticks(plain, voice)
    assert {hit.voice for hit in asked.hits} <= {"kick", "snare", "hat_closed", "hat_open", "hat_pedal"}
    refined = refine(GROOVE, words).pattern
    assert [hit for hit in GROOVE.hits if hit.voice != "crash"] == list(refined.hits)


@pytest.mark.parametrize("words", ["just kick and hats for the intro", "only kick and hats in the intro"])
def test_only_holds_in_the_section_that_is_played(words: str) -> None:
    """The section's words are no part of the list of drums."""
    made = drawn(words, bars=4)
    assert ticks(made, "kick")
    assert ticks(made, "hat_closed", "hat_open")
    assert {hit.voice for hit in made.hits} <= {"kick", "hat_closed", "hat_open", "hat_pedal"}
    assert not any("not done" in one for one in made.meta["asked"])


def test_open_hats_of_a_section_are_no_failure() -> None:
    """What was done is not said to be left."""
    made = drawn("hats open in the chorus", bars=4)
    assert ticks(made, "hat_open")
    assert not any("not done" in one for one in made.meta.get("asked", ()))


def test_an_excepted_bar_has_none() -> None:
    """The snare is on 2 and 4 and nowhere else, but for the bar that is excepted."""
    made = drawn("snare on 2 and 4 except in bar 4", bars=4, fill_amount=None)
    assert beats(made, "snare", bars=(0, 1, 2)) == {2, 4}
    assert not beats(made, "snare", bars=(3,))


def test_once_is_once() -> None:
    """A crash that comes only once has one stroke."""
    for made in (drawn("hit the crash only once", bars=4), refine(GROOVE, "hit the crash only once").pattern):
        assert ticks(made, "crash", "crash2") == [0]


def test_a_drum_stays_in_its_bars() -> None:
    """A kick in bars one and three is in no other."""
    for made in (drawn("kick in bars one and three", bars=4), refine(GROOVE, "kick in bars one and three").pattern):
        assert {tick // BAR for tick in ticks(made, "kick")} == {0, 2}


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("snare on 2 but four", "four"),
        ("kick on 1, only three", "only three"),
        ("crash on 1, then the end", "then the end"),
    ],
)
def test_what_was_cut_off_is_named(words: str, left: str) -> None:
    """A place that belongs to no order is said, and such a wish is not sure."""
    assert f'not understood: "{left}"' in unread(words, single=True)
    assert describe(words)["confidence"] < SURE
    assert not unread("rock in 4, kick on 1, 4 bars, please", single=True)


def test_a_second_section_leaves_a_wish_unsure() -> None:
    """One section is drawn; that the other is left out is said, and the wish goes on to who may do both."""
    words = "kick on 1 in the verse, busy in the chorus"
    assert any("one section at a time" in one for one in unread(words, single=True))
    assert describe(words)["confidence"] < 1.0


@pytest.mark.parametrize(
    ("words", "voice", "first", "second"),
    [
        ("kick on 1 and 3 in bars 1-2 and on every beat in bars 3-4", "kick", {1, 3}, {1, 2, 3, 4}),
        ("hats in quarters in bars 1 to 2, 8ths in bars 3 to 4", "hat_closed", {1, 2, 3, 4}, {1, 1.5, 2, 2.5, 3}),
    ],
)
def test_each_half_has_its_own_places(words: str, voice: str, first: set[float], second: set[float]) -> None:
    """The drum that was named for the first bars is meant for the later ones, too."""
    for made in (drawn(words, bars=4), refine(GROOVE, words).pattern):
        assert first <= beats(made, voice, bars=(0, 1))
        assert second <= beats(made, voice, bars=(2, 3))
    assert not unread(words, single=True)


def test_one_kick_of_a_bar_is_its_first() -> None:
    """Where one kick may stay it is the downbeat, though a later one is louder."""
    loud = GROOVE.with_hits(replace(hit, velocity=110 if hit.tick % BAR else 70) for hit in GROOVE.hits)
    assert beats(refine(loud, "i want no more than one kick per bar").pattern, "kick") == {1}


def test_the_foot_plays_the_hats() -> None:
    """Hats with the foot are the pedal's, and the hand's stay between them."""
    made = refine(GROOVE, "hats with the foot on 2 and 4").pattern
    assert beats(made, "hat_pedal") == {2, 4}
    assert beats(made, "hat_closed") == beats(GROOVE, "hat_closed") - {2, 4}


def test_to_ride_the_crash_asks_for_no_ride() -> None:
    """`ride the crash` is the crash in quarters, in place of what kept the time."""
    made = refine(GROOVE, "ride the crash").pattern
    assert beats(made, "crash") == {1, 2, 3, 4}
    assert not ticks(made, "ride", "ride_bell", "hat_closed")


def test_small_words_are_known() -> None:
    """A drum that drops out names no section, "throughout" is no riddle, and a place is told as words."""
    assert describe("kick drops out in the last bar")["section"] is None
    assert not unread("rock throughout", single=True)
    assert refine(GROOVE, "shaker in 16ths throughout").done
    assert "last eighth" in refine(GROOVE, "open hat on the last eighth").done[0]


def test_an_order_about_a_section_adds_none() -> None:
    """A song's sections are those that were listed; "in the verse" tells of one of them."""
    parts = usual(None, "verse 8 chorus 8 kick on 1 and 3 in the verse", Meter(4, 4))
    assert [(part.name, part.bars) for part in parts] == [("verse", 8), ("chorus", 8)]


CHORUS = replace(GROOVE, meta={**GROOVE.meta, "section": "chorus"}, id="")


@pytest.mark.parametrize(
    "words",
    [
        "make the chorus louder",
        "louder in the chorus",
        "chorus louder",
        "the chorus should be louder",
        "louder choruses",
    ],
)
def test_the_section_that_is_played_is_the_whole_groove(words: str) -> None:
    """Its name confines nothing there; anywhere else it is told that this is not it."""
    assert refine(CHORUS, words).pattern.hits == refine(GROOVE, "louder").pattern.hits
    assert refine(GROOVE, words).astray == {
        one: f'"{one}" is not done: this groove is no section of a song' for one in refine(GROOVE, words).unknown
    }
    verse = refine(replace(CHORUS, meta={**CHORUS.meta, "section": "verse"}, id=""), words)
    assert verse.pattern.hits == GROOVE.hits
    assert "this groove is the verse" in next(iter(verse.astray.values()))


@pytest.mark.parametrize("words", ["drop the kick", "solo the hats", "build up", "a fill into the chorus"])
def test_what_sounds_like_a_section_is_done(words: str) -> None:
    """A drop is a section only where it is named as one."""
    made = refine(GROOVE, words)
    assert made.pattern.hits != GROOVE.hits
    assert made.unknown == ()


def test_louder_and_without_a_crash_go_together() -> None:
    """What is said of all drums is not taken back by what is said of one."""
    made = refine(GROOVE, "louder, no crash")
    assert made.beyond == ()
    assert made.done[0].endswith("louder")
