"""A musician's words: many ways to say one thing, and none that does another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import groove
from router.orders import orders
from router.pattern import Hit, Meter, Pattern
from router.refine import refine
from router.request import GrooveRequest
from router.whole import is_whole

HATS = frozenset({"hat_closed", "hat_open", "hat_pedal"})
RIDE = frozenset({"ride", "ride_bell"})
CRASH = frozenset({"crash", "crash2"})
KICK, SNARE = frozenset({"kick"}), frozenset({"snare"})


def lane(voice, cells, bars=4, velocity=80):
    """Strokes of one voice, a character a sixteenth."""
    return [
        Hit(bar * 3840 + place * 240, voice, 30 if cell == "g" else velocity)
        for bar in range(bars)
        for place, cell in enumerate(cells)
        if cell != "."
    ]


GROOVE = Pattern(
    Meter(4, 4),
    4,
    (
        *lane("kick", "x.x..x..x.x..x.."),
        *lane("snare", "....x..g.g..x..g"),
        *lane("hat_closed", "x.x.x.x.x.x.x..."),
        *lane("hat_open", "..............x."),
        *lane("crash", "x..............."),
    ),
    tempo=100.0,
)


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
    (KICK, MORE, "more kick", "could use more kick", "not enough kick", "add 2 kicks per bar", "syncopate the kick"),
    (SNARE, MORE, "more ghost notes on the snare", "ghost notes on e and a", "put ghost notes on the e and the a",
     "at least 6 ghost notes a bar"),
    (SNARE, LESS, "less snare", "fewer snare hits", "too much snare", "not so much snare", "fewer ghost notes",
     "drop the snare on 4", "no ghost notes"),
    (KICK, LESS, "no more than 3 kicks per bar", "kick at most 3 a bar", "limit the kick to 3 per bar",
     "the kick is too busy", "kick only on 1", "simplify the kick", "no kick on the offbeats", "mute the kick in bar 2",
     "4 kicks a bar at most"),
    (HATS, LESS, "thin out the hats", "I'd like less hi hat", "quarter note hats", "no hats in the last bar"),
    (CRASH, GONE, "no crash", "get rid of the crash cymbals", "take the crash out", "lay off the crash", "crash off",
     "no more crash", "lose the crash"),
    (HATS, GONE, "mute the hats", "hats off", "keep everything but drop the hats"),
    (KICK, LOUD, "hit the kick harder", "bring up the kick", "push the kick up", "increase the kick volume"),
    (SNARE, SOFT, "the snare is too loud", "turn the snare down", "reduce the snare volume", "less loud snare"),
    (HATS, SOFT, "pull the hats back", "hats much quieter", "softer hats, keep the rest as it is"),
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
        ("switch the hats to the ride in bar 3", {2}),
    ],
)  # fmt: skip
def test_only_the_bars_that_were_named_change(words, bars):
    """Every other bar is as it was."""
    found = refine(GROOVE, words)

    assert {hit.tick // 3840 for hit in set(GROOVE.hits) ^ set(found.pattern.hits)} == bars
    assert not found.unknown


def test_a_bar_that_is_not_there_is_said():
    """Nothing is changed elsewhere instead."""
    found = refine(GROOVE, "no hats in bar 9")

    assert found.pattern.hits == GROOVE.hits
    assert found.unknown == ("no hats",)


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
    "words", ["keep the kick, change the hats", "make the snare tell a story", "like rain", "speed up", "", "and", ",;"]
)
def test_half_understood_is_not_done(words):
    """What needs a model's imagination changes nothing here and is reported."""
    found = refine(GROOVE, words)

    assert found.pattern.hits == GROOVE.hits
    assert found.unknown


@given(st.text(alphabet="abcdehiknorstu 1234,.&-", max_size=120))
def test_no_words_break_the_reader(words):
    """Any text becomes orders; what is understood has an act."""
    for order in orders(words, is_whole):
        assert order.act == "?" or order.text


@given(st.lists(st.sampled_from([words for *_, words in SAID]), min_size=1, max_size=4))
def test_wishes_add_up_without_an_unplayable_bar(many):
    """Whatever is asked for in a row, the strokes lie inside the pattern and velocities inside MIDI."""
    found = refine(GROOVE, ", ".join(many)).pattern

    assert all(0 <= hit.tick < found.ticks and 1 <= hit.velocity <= 127 for hit in found.hits)
    assert len({(hit.tick, hit.voice) for hit in found.hits}) == len(found.hits)
