"""A musician's words that are strange, half known or against each other: what is done of them, and what is said."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.groove.timing import swing_ratio
from router.orders import orders
from router.refine import refine
from router.whole import is_whole
from tests.support.grooves import GROOVE, HATS


@pytest.mark.parametrize(
    "words",
    [
        "make the fill sound like rain", "swing the hats like a drunk sailor", "build up to a crash",
        "double-time hats", "louder without the hats",
    ],
)  # fmt: skip
def test_a_known_word_among_strange_ones_is_not_enough(words):
    """Half understood is said to be so."""
    found = refine(GROOVE, words)

    assert found.pattern.hits == GROOVE.hits
    assert found.unknown


def test_a_model_may_not_touch_what_was_spared():
    """Though the rest of the words is for it."""
    found = refine(GROOVE, "make everything but the hats tell a story")

    assert set(HATS) <= found.kept
    assert not found.named & HATS


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


@pytest.mark.parametrize(
    "words", ["break", "drop everything", "silence", "no drums", "no kick, no snare, no hats, no toms, no cymbals"]
)
def test_no_order_takes_the_last_stroke(words):
    """Silence is a button of its own; the order that would leave nothing is not done, and the answer says so."""
    found = refine(GROOVE, words)

    assert found.pattern.hits
    assert [why for why in found.beyond if "nothing would be left" in why]


@pytest.mark.parametrize(
    ("words", "last", "dropped"),
    [
        ("without hihat, busy hats", "busy hats", "without hihat"), ("no kick, more kick", "more kick", "no kick"),
        ("louder snare, softer snare", "softer snare", "louder snare"),
        ("busier hats, no hats", "no hats", "busier hats"),
    ],
)  # fmt: skip
def test_of_two_orders_that_contradict_each_other_the_later_is_done(words, last, dropped):
    """As if the first had not been said, and it is named."""
    found = refine(GROOVE, words)

    assert found.pattern.hits == refine(GROOVE, last).pattern.hits
    assert found.beyond == (f'"{dropped}" is not done: "{last}" comes after it',)


@pytest.mark.parametrize(
    "words", ["no open hats, more hats", "no hats in bar 1, busy hats in bar 2", "no crash, a crash on 1"]
)
def test_orders_that_go_together_are_both_done(words):
    """One is about less than all that the other is about."""
    assert not refine(GROOVE, words).beyond


@pytest.mark.parametrize("words", ["make it a shuffle", "shuffle", "swung", "triplet feel"])
def test_a_shuffle_is_in_triplets_however_straight_it_was(words):
    """Long to short as 1.7 to 1.9 to 1, which is what drummers play; no less where it swung more."""
    assert 1.7 <= swing_ratio(float(refine(GROOVE, words).pattern.meta["swing"]), 500.0) <= 1.9
    swung = refine(GROOVE, "more swing, more swing, more swing, more swing").pattern
    assert refine(swung, words).pattern.meta["swing"] == swung.meta["swing"] > 0.6


def test_what_moved_less_far_than_asked_is_said_as_it_moved():
    """No stroke passes the next sixteenth, 125 ms at 120 bpm, however far it was sent."""
    (said,) = refine(GROOVE, "kick 99999 ms later", tempo=120.0).done

    assert 100 < float(said.split()[1]) < 200
    assert "all only as far as" in said


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ("snare loudr", "snare louder"), ("snaer softer", "snare softer"), ("hats busierr", "hats busier"),
        ("snare isn't loud enough", "snare louder"), ("i can't hear the snare", "snare louder"),
        ("hihat quieter pls", "hats quieter"), ("kick just on 1", "kick only on 1"), ("16th hats", "hats in 16ths"),
        ("steady 8th hats", "hats in 8ths"), ("snare velocity 100", "snare at 100"), ("cowbell", "add cowbell"),
        ("no kick & no snare", "no kick, no snare"), ("less busy than before", "less busy"),
        ("make it build", "crescendo"), ("same but louder", "louder"),
        ("leave space on 3", "rest on 3"), ("snare drag on 4", "add drags on 4"),
    ],
)  # fmt: skip
def test_what_people_type_is_what_they_mean(words, plain):
    """Slips of the finger, complaints and short forms do what the plain words do."""
    found, meant = refine(GROOVE, words), refine(GROOVE, plain)

    assert found.pattern.hits == meant.pattern.hits
    assert not found.unknown


@pytest.mark.parametrize("words", ["share the love", "fnuk it up", "crush the snare", "louver snare doors"])
def test_a_word_that_only_looks_alike_is_not_understood(words):
    """A slip is one letter too many or too few, or two in each other's place."""
    assert refine(GROOVE, words).pattern.hits == GROOVE.hits


def test_a_drum_that_is_there_and_elsewhere_too_is_told_of_only():
    """Nothing was to be done, and the answer says how the others would leave."""
    (said,) = refine(GROOVE, "kick on 1").done

    assert "so it is already" in said
    assert ("only" in said) is (len({h.tick % 3840 for h in GROOVE.hits if h.voice == "kick"}) > 1)


@pytest.mark.parametrize(
    "words", ["4 over 4", "3:3 polyrhythm", "16th hats except on 1", "all eighths on the hat except 4&"]
)
def test_what_cannot_be_laid_is_not_understood(words: str) -> None:
    """Four against four is the beat, and a grid has no gaps: each ended in a traceback once."""
    made = refine(GROOVE, words)
    assert made.unknown == (words,)
    assert made.pattern.hits == GROOVE.hits


@pytest.mark.parametrize(
    "phrase", ["on 1 and ", "kick on 1, 2 and ", "dont ", "louder and ", "bars 1 and ", "1, ", "1& ", "1&"]
)
def test_reading_takes_time_in_proportion_to_the_words(phrase):
    """Eight times the words take about eight times as long, where their square would be 64 times."""

    def spent(length: int) -> float:
        took = []
        for _ in range(4):
            orders.cache_clear()
            began = time.process_time()
            orders((phrase * length)[:length], is_whole)
            took.append(time.process_time() - began)
        return min(took)

    spent(100)  # compiles what is used
    assert spent(4000) < 20 * spent(500) + 0.1


def test_another_word_is_no_slip():
    """A letter too many is one where it is said twice."""
    found = refine(GROOVE, "kick lauter")

    assert found.pattern.hits == GROOVE.hits
    assert found.unknown == ("kick lauter",)
