"""A musician's words: many ways to say one thing, and none that does another."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import groove
from router.pattern import Hit
from router.refine import refine
from router.request import GrooveRequest
from tests.support.grooves import CRASH, GROOVE, HATS, KICK, RIDE, SNARE


def changed(found):
    """The voices whose strokes are not exactly the same."""
    return {hit.voice for hit in set(GROOVE.hits) ^ set(found.pattern.hits)}


def count(pattern, voices):
    """How many strokes of these voices there are."""
    return sum(hit.voice in voices for hit in pattern.hits)


def loud(pattern, voices):
    """How loud these voices are together."""
    return sum(hit.velocity for hit in pattern.hits if hit.voice in voices)


MORE, LESS, GONE, LOUD, SOFT = "more", "less", "gone", "loud", "soft"
SAID = [
    (HATS, MORE, "busier hi-hats", "add more hats", "make the hats busier but leave the kick alone", "double the hats",
     "Hi-hats: busier. Kick: unchanged.", "hats in sixteenths", "busier hats without touching the kick",
     "only change the hats, make them busier"),
    (KICK, MORE, "four on the floor", "add a kick on the & of 4", "add a kick before 3", "more syncopation",
     "kick on every beat please"),
    (KICK, MORE, "more kick", "could use more kick", "not enough kick", "add 2 kicks per bar", "syncopate the kick"),
    (SNARE, MORE, "more ghost notes on the snare", "ghost notes on e and a", "put ghost notes on the e and the a",
     "at least 6 ghost notes a bar"),
    (SNARE, LESS, "less snare", "fewer snare hits", "too much snare", "not so much snare", "fewer ghost notes",
     "drop the snare on 4", "no ghost notes"),
    (KICK, LESS, "no more than 3 kicks per bar", "kick at most 3 a bar", "limit the kick to 3 per bar",
     "the kick is too busy", "kick only on 1", "simplify the kick", "no kick on the offbeats", "mute the kick in bar 2",
     "4 kicks a bar at most", "halve the kick", "cut the kick in half", "drop every other kick",
     "take the kick off beat 1",
     "no kick except on 1", "kick only in bar 1", "20% less kick", "no kick in bars 1 and 3", "no kick after bar 2"),
    (HATS, LESS, "thin out the hats", "I'd like less hi hat", "quarter note hats", "no hats in the last bar"),
    (CRASH, GONE, "no crash", "get rid of the crash cymbals", "take the crash out", "lay off the crash", "crash off",
     "no more crash", "lose the crash"),
    (HATS, GONE, "mute the hats", "hats off", "keep everything but drop the hats"),
    (KICK, LOUD, "hit the kick harder", "bring up the kick", "push the kick up", "increase the kick volume"),
    (KICK | SNARE | HATS, SOFT, "everything quieter except the crash", "softer, but not the crash"),
    (SNARE | HATS | CRASH, LOUD, "everything but the kick louder", "all but the kick louder", "louder, except the kick",
     "dont touch the kick, everything else louder"),
    (SNARE, LOUD, "louder backbeat", "accent the backbeat", "snare +10", "snare 20% louder"),
    (SNARE, SOFT, "the snare is too loud", "turn the snare down", "reduce the snare volume", "less loud snare"),
    (HATS, SOFT, "pull the hats back", "hats much quieter", "softer hats, keep the rest as it is",
     "dont play the hats so loud", "the hats shouldnt be so loud", "hats at 60 velocity", "softer, hats only",
     "only the hats: softer"),
    (KICK | SNARE, SOFT, "softer kick and snare", "kick and snare quieter"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("voices", "way", "words"), [(voices, way, words) for voices, way, *many in SAID for words in many]
)
def test_every_way_to_say_it_does_it_and_nothing_else(voices, way, words):
    """The named drums go the way that was asked; no other stroke moves, to the tick."""
    found = refine(GROOVE, words)

    assert not found.unknown
    assert changed(found)
    assert changed(found) <= voices
    before, after = count(GROOVE, voices), count(found.pattern, voices)
    if way in {LOUD, SOFT}:
        assert before == after
        assert (loud(found.pattern, voices) > loud(GROOVE, voices)) is (way == LOUD)
    else:
        assert (after > before) if way == MORE else (after == 0) if way == GONE else (0 < after < before)


@pytest.mark.parametrize(
    "words", ["only kick and snare", "just kick and snare", "nothing but the kick and the snare", "kick and snare only"]
)
def test_only_leaves_what_it_names(words):
    """An "and" between drums joins them."""
    found = refine(GROOVE, words)

    assert {hit.voice for hit in found.pattern.hits} == {"kick", "snare"}
    assert changed(found).isdisjoint({"kick", "snare"})


@pytest.mark.parametrize(
    "words",
    [
        "swap the ride for the hats", "swap the hats for the ride", "play the hats on the ride", "ride instead of hats",
        "change the hats to ride", "use the ride instead of the hi-hat", "ride instead",
        "use the ride", "move to the ride",
    ],
)  # fmt: skip
def test_the_ride_takes_over_however_it_is_said(words):
    """Whichever of the two is named first, what plays goes to what does not."""
    found = refine(GROOVE, words)

    assert changed(found) <= HATS | RIDE
    assert count(found.pattern, HATS) == 0
    assert count(found.pattern, RIDE) == count(GROOVE, HATS)


@pytest.mark.parametrize(
    "words",
    [
        "keep the kick and snare, busier", "busier, keep kick, snare", "louder but dont touch the kick and the snare",
        "leave the kick and snare as they are, half time", "same kick and snare, looser",
        "add a fill, keep kick, snare",
    ],
)  # fmt: skip
def test_what_is_kept_is_kept_to_the_tick(words):
    """However the list of kept drums is written."""
    found = refine(GROOVE, words)

    assert changed(found).isdisjoint({"kick", "snare"})


def test_two_wishes_in_one_sentence_are_both_done():
    """Each for its own drums; a wish without drums takes its neighbour's."""
    both = refine(GROOVE, "more kick and softer hats, no crash").pattern
    shared = refine(GROOVE, "busier and louder hats")

    assert count(both, KICK) > count(GROOVE, KICK)
    assert loud(both, HATS) < loud(GROOVE, HATS)
    assert count(both, CRASH) == 0
    assert changed(shared) <= HATS
    assert count(shared.pattern, HATS) > count(GROOVE, HATS)


@pytest.mark.parametrize(
    ("words", "bars"),
    [
        ("no hats in bar 3", {2}), ("busier kick in the last bar", {3}), ("mute the snare in bars 2-3", {1, 2}),
        ("in the first two bars: softer snare", {0, 1}), ("more swing in bar 2", {1}), ("add a fill in bar 2", {1}),
        ("only change bar 4: no kick", {3}), ("silence in bar 4", {3}),
        ("switch the hats to the ride in bar 3", {2}), ("softer hats in bars 1 and 3", {0, 2}),
        ("from bar 3 on no hats", {2, 3}), ("busier hats every second bar", {1, 3}), ("no hats before bar 3", {0, 1}),
        ("quieter first half", {0, 1}), ("in the second half: no kick", {2, 3}), ("fill into bar 3", {1}),
        ("fill every 2 bars", {1, 3}), ("snare roll into bar 4", {2}), ("a crash at the end", {3}),
        ("flam the backbeats in bar 4", {3}), ("drop out for bar 4", {3}), ("leave bar 2 empty", {1}),
        ("open the hats in the last bar", {3}), ("the kick drops out in bar 2", {1}),
        ("bar 2: busier kick, softer hats", {1}), ("make the last bar louder and busier", {3}),
        ("quieter except in bar 1", {1, 2, 3}), ("crescendo in the last bar", {3}), ("rest on beat 4 of bar 4", {3}),
    ],
)  # fmt: skip
def test_only_the_bars_that_were_named_change(words, bars):
    """Every other bar is as it was."""
    found = refine(GROOVE, words)

    assert {hit.tick // 3840 for hit in set(GROOVE.hits) ^ set(found.pattern.hits)} == bars
    assert not found.unknown


@pytest.mark.parametrize(
    ("words", "bars"),
    [
        ("put a crash on bar 1", [0]), ("crash on bar 3", [2]), ("crashes on bars 1 and 3", [0, 2]),
        ("start with a crash", [0]), ("crash at the beginning of bar 2", [1]), ("add a crash", [0]),
        ("crash every two bars", [0, 2]), ("a crash on the one of bar 4", [3]),
        ("crash on every downbeat", [0, 1, 2, 3]),
    ],
)  # fmt: skip
def test_a_crash_comes_on_the_one_of_the_bars_named(words, bars):
    """Nowhere else, and once where no bar is named."""
    found = refine(refine(GROOVE, "no crash").pattern, words).pattern

    assert [hit.tick for hit in found.hits if hit.voice == "crash"] == [bar * 3840 for bar in bars]


def test_a_bar_is_copied_over_others():
    """They are the same then, and the rest is as it was."""
    thin = refine(GROOVE, "no kick in bar 1").pattern
    found = refine(thin, "make bar 3 like bar 1").pattern

    assert {hit.tick // 3840 for hit in set(thin.hits) ^ set(found.hits)} == {2}
    assert not [hit for hit in found.hits if hit.voice == "kick" and hit.tick // 3840 == 2]


def test_a_bar_that_is_not_there_is_said():
    """Nothing is changed elsewhere instead."""
    found = refine(GROOVE, "no hats in bar 9")

    assert found.pattern.hits == GROOVE.hits
    assert found.beyond == ('"no hats in bar 9": no such bar is there; the groove has 4 bars',)


def test_an_open_hat_takes_the_closed_ones_place():
    """One pair of cymbals is either open or closed."""
    found = refine(GROOVE, "open hats on the and of 2").pattern
    there = {hit.voice for hit in found.hits if hit.tick % 3840 == 1440}

    assert "hat_open" in there
    assert "hat_closed" not in there


def test_less_robotic_is_looser_and_no_louder():
    """The word alone would have meant its opposite; a looser hand keeps each drum's level."""
    rock = groove.generate(GrooveRequest(genre="rock", style="straight", bars=4, seed=11))
    found = refine(rock, "less robotic")
    tight = refine(rock, "tighter")

    assert "0.80" in found.done[0]
    for voice in ("kick", "snare"):
        for one in (found.pattern, tight.pattern):
            before = loud(rock, {voice}) / count(rock, {voice})
            assert abs(loud(one, {voice}) / count(one, {voice}) - before) < 3


def test_swing_of_one_drum_moves_it_alone():
    """The others stay straight."""
    found = refine(GROOVE, "swing the hats more")

    assert changed(found) <= HATS
    assert {(h.tick, h.voice) for h in found.pattern.hits} == {(h.tick, h.voice) for h in GROOVE.hits}


def test_double_time_puts_the_backbeat_between_the_beats():
    """Loud snares on every "and", kicks on every beat, hats untouched."""
    found = refine(GROOVE, "double-time feel")

    assert {h.tick % 960 for h in found.pattern.hits if h.voice == "snare" and h.velocity > 50} == {480}
    assert changed(found) <= KICK | SNARE


@pytest.mark.parametrize(
    ("words", "at", "kind"),
    [
        ("flam the backbeats", {960, 2880}, "flam"), ("add a flam on beat 4, please", {2880}, "flam"),
        ("flams on 2 and 4", {960, 2880}, "flam"), ("add a flam on the snare before 1", {3600}, "flam"),
        ("put a flam on the and of 3", {2400}, "flam"), ("buzz the snare on 2", {960}, "buzz"),
        ("add a drag before the backbeat", {720, 2640}, "drag"),
    ],
)  # fmt: skip
def test_a_flam_is_a_stroke_with_a_softer_one_just_before_it(words, at, kind):
    """On the strokes that were named, set where there was none; its small strokes are softer and near."""
    found = refine(GROOVE, words)
    dressed = [hit for hit in found.pattern.hits if hit.ornament]
    main = [hit for hit in dressed if hit.tick % 240 == 0]

    assert changed(found) == SNARE
    assert {hit.tick % 3840 for hit in main} == at
    assert {hit.ornament for hit in dressed} == {kind}
    assert len(dressed) == len(main) * {"flam": 2, "drag": 3, "buzz": 4}[kind]
    for small in set(dressed) - set(main):
        near = min(main, key=lambda hit: abs(hit.tick - small.tick))
        away = small.tick - near.tick
        assert 0 < away <= 180 if kind == "buzz" else -180 <= away < 0
        assert small.velocity < near.velocity


def test_flams_are_taken_off_again():
    """The strokes are what they were."""
    once = refine(GROOVE, "flam the backbeats").pattern

    assert refine(once, "no flams").pattern.hits == GROOVE.hits


@pytest.mark.parametrize(
    ("words", "bars", "way"),
    [
        ("crescendo", range(4), 1), ("decrescendo", range(4), -1), ("crescendo into bar 4", range(3), 1),
        ("decrescendo into bar 4", range(3), -1), ("build up over 4 bars", range(4), 1), ("fade out", range(4), -1),
        ("get louder towards the end", range(4), 1), ("crescendo over the last two bars", (2, 3), 1),
    ],
)  # fmt: skip
def test_a_swell_goes_one_way_from_bar_to_bar(words, bars, way):
    """No stroke comes or goes; bars beside it are as they were."""
    found = refine(GROOVE, words).pattern
    levels = [
        [hit.velocity for hit in found.hits if hit.tick // 3840 == bar and hit.voice == "hat_closed"]
        for bar in range(4)
    ]
    means = [sum(levels[bar]) / len(levels[bar]) * way for bar in bars]

    assert {(hit.tick, hit.voice) for hit in found.hits} == {(hit.tick, hit.voice) for hit in GROOVE.hits}
    assert means == sorted(set(means))
    assert all(set(levels[bar]) == {80} for bar in range(4) if bar not in bars)


@pytest.mark.parametrize(
    ("words", "ticks"),
    [
        ("move the snare to beat 3", {1920}), ("snare on 3 instead of 2 and 4", {1920}),
        ("move the backbeat to 3", {1920}), ("move the snare from 4 to the and of 4", {960, 3360}),
        ("move the snare a sixteenth later", {1200, 3120}),
    ],
)  # fmt: skip
def test_strokes_are_moved_where_they_are_asked(words, ticks):
    """The loud ones are there and nowhere else; other drums stay."""
    found = refine(GROOVE, words)

    assert {h.tick % 3840 for h in found.pattern.hits if h.voice == "snare" and h.velocity > 50} == ticks
    assert changed(found) == SNARE


def test_an_exception_can_be_a_place():
    """What stands there is all that is left, or all that is as it was."""
    kicks = refine(GROOVE, "no kick except on 1").pattern
    hats = refine(GROOVE, "hats quieter except on the beats").pattern

    assert {hit.tick % 3840 for hit in kicks.hits if hit.voice == "kick"} == {0}
    assert {hit.velocity for hit in hats.hits if hit.voice in HATS and hit.tick % 960 == 0} == {80}
    assert 80 not in {hit.velocity for hit in hats.hits if hit.voice in HATS and hit.tick % 960}


@pytest.mark.parametrize(
    ("words", "left"),
    [("drop every other kick", 12), ("only every second kick", 12), ("only every third kick", 8),
     ("leave out every third kick", 16)],
)  # fmt: skip
def test_every_second_stroke_goes_or_stays(words, left):
    """Of 24 strokes, in the order of time; other drums stay."""
    found = refine(GROOVE, words)

    assert count(found.pattern, KICK) == left
    assert changed(found) == KICK


def test_two_wishes_with_bars_of_their_own_are_two():
    """Neither takes the other's bar."""
    bare = refine(GROOVE, "no crash").pattern
    found = refine(bare, "hats off in bar 2 and a crash on bar 3").pattern

    assert {hit.tick // 3840 for hit in bare.hits if hit.voice in HATS and hit not in found.hits} == {1}
    assert [hit.tick for hit in found.hits if hit.voice == "crash"] == [2 * 3840]


def test_two_drums_at_one_place_are_both_set():
    """One of them would not be what was asked."""
    found = refine(GROOVE, "crash and kick on the and of 2").pattern

    assert {hit.voice for hit in found.hits if hit.tick == 1440} >= {"crash", "kick"}


@pytest.mark.parametrize(
    "words", ["dont make it louder", "dont add a fill", "dont swing the hats", "dont change anything"]
)
def test_what_shall_not_be_is_understood_and_changes_nothing(words):
    """A refusal never does the opposite."""
    found = refine(GROOVE, words)

    assert found.pattern.hits == GROOVE.hits
    assert not found.unknown


def test_a_straight_groove_has_no_swing_to_lose():
    """Nobody's timing is made up because a knob was named; what nobody wore is not taken off."""
    own = GROOVE.with_hits(h if h.tick % 480 else Hit(h.tick, h.voice, h.velocity, 7) for h in GROOVE.hits)

    assert refine(own, "no swing").pattern.hits == own.hits
    assert {h.shift for h in refine(own, "swing").pattern.hits if h.tick % 960 == 0} == {7}


@given(st.lists(st.sampled_from([words for *_, words in SAID]), min_size=1, max_size=4))
def test_wishes_add_up_without_an_unplayable_bar(many):
    """Whatever is asked for in a row, the strokes lie inside the pattern and velocities inside MIDI."""
    found = refine(GROOVE, ", ".join(many)).pattern

    assert all(0 <= hit.tick < found.ticks and 1 <= hit.velocity <= 127 for hit in found.hits)
    assert len({(hit.tick, hit.voice) for hit in found.hits}) == len(found.hits)


@pytest.mark.parametrize(
    ("words", "figures"),
    [
        ("exactly twelve hats per bar", "exactly 12 hats per bar"),
        ("kick twenty one ms later", "kick 21 ms later"),
        ("snare sixteen ms earlier", "snare 16 ms earlier"),
        ("no crash in bar ten", "no crash in bar 10"),
    ],
)
def test_any_number_may_be_a_word(words: str, figures: str) -> None:
    """Strokes, milliseconds and bars are counted with one table of words."""
    long = replace(GROOVE, bars=12, id="")
    assert refine(long, words).pattern.hits == refine(long, figures).pattern.hits
    assert refine(long, words).unknown == ()
