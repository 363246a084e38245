"""What is said of a section of a song: of the one that plays, of another one, and of none."""

from dataclasses import replace

import pytest

from router.refine import refine
from tests.support.grooves import GROOVE

CHORUS = replace(GROOVE, meta={**GROOVE.meta, "section": "chorus"}, id="")


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ("open hats in the chorus only", "open hats"),
        ("open hats, but only in the chorus", "open hats"),
        ("only in the chorus: open hats", "open hats"),
        ("open hats just for the chorus", "open hats"),
        ("chorus: open hats", "open hats"),
        ("only the chorus louder", "louder"),
        ("kick louder in the chorus too", "kick louder"),
        ("in the chorus only kick and snare", "only kick and snare"),
        ("first half of the chorus louder", "first half louder"),
    ],
)
def test_an_only_beside_the_section_goes_with_it(words, plain):
    """One that stands before a drum stays there."""
    assert refine(CHORUS, words).pattern.hits == refine(GROOVE, plain).pattern.hits
    assert refine(CHORUS, words).unknown == ()


@pytest.mark.parametrize(
    "words",
    [
        "hats only in the chorus", "kick only in the chorus", "more like the chorus", "make it sound like a chorus",
        "turn it into a chorus", "softer than the chorus", "softer than in the chorus", "swap chorus and verse",
        "like in the chorus", "go to the verse", "make it like a verse", "louder than the verse",
        "bridge the gap with toms", "add a breakdown", "intro fill", "louder but not in the chorus",
    ],
)  # fmt: skip
def test_what_compares_or_confines_is_not_understood(words):
    """Nothing is changed, no other section is blamed, and the words are the musician's own."""
    found = refine(CHORUS, words)
    assert found.pattern.hits == CHORUS.hits
    assert found.unknown == (words,)
    assert found.astray == {}


@pytest.mark.parametrize(
    "words",
    [
        "pre chorus louder", "the drop needs more kick", "louder, only in the verse", "in the verse, louder, more kick",
        "verse: louder", "no crash in the bridge",
    ],
)  # fmt: skip
def test_of_another_section_nothing_is_done(words):
    """Neither is "drop" an order there, nor does its clause lose what the next ones say."""
    found = refine(CHORUS, words)
    assert found.pattern.hits == CHORUS.hits
    assert set(found.astray) == set(found.unknown) != set()


def test_all_of_it_is_refused_in_the_musicians_words():
    """No "it" that nobody said."""
    assert refine(CHORUS, "drop the chorus").beyond == ('"drop the chorus" is not done: nothing would be left',)
    assert refine(CHORUS, "frobnicate the hi-hat in bar 3").unknown == ("frobnicate the hi-hat in bar 3",)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("snare louder but not in bar 2", "snare louder except in bar 2"),
        ("snare louder, only in bar 2", "snare louder in bar 2"),
        ("snare louder, in bar 2", "snare louder in bar 2"),
        ("swing more, but not in bar 2", "swing more in bars 1, 3 and 4"),
    ],
)
def test_bars_that_follow_confine_what_was_said(words, meant):
    """They are those of the clause before."""
    made = refine(GROOVE, words)
    assert made.pattern.hits == refine(GROOVE, meant).pattern.hits != GROOVE.hits
    assert made.unknown == ()


def test_bars_of_bars_are_not_guessed():
    """An order has bars or lacks some; both together are not understood."""
    words = "snare louder in the first half but not in bar 2"
    assert refine(GROOVE, words).unknown == (words,)
    assert refine(GROOVE, words).pattern.hits == GROOVE.hits


@pytest.mark.parametrize(
    ("words", "first", "second"),
    [
        ("louder, just in the last bar softer", "louder", "in the last bar softer"),
        ("no kick, but only in bar 2 no snare", "no kick", "in bar 2 no snare"),
        ("no crash, only in bar 1 crash on 1", "no crash", "in bar 1 crash on 1"),
    ],
)
def test_a_place_before_the_next_order_is_that_orders(words, first, second):
    """It confines what follows, and not what was said before."""
    one = refine(GROOVE, first).pattern
    assert refine(GROOVE, words).pattern.hits == refine(one, second).pattern.hits


@pytest.mark.parametrize("words", ["more kick in bar 2 only", "more kick only in bar 2", "more kick, only in bar 2"])
def test_more_in_some_bars_only_takes_none_from_the_others(words):
    """There is more in these, and as much as before elsewhere."""
    found = refine(GROOVE, words).pattern
    bar = GROOVE.meter.bar_ticks
    assert len(found.hits) > len(GROOVE.hits)
    assert all(hit in found.hits for hit in GROOVE.hits)
    assert {hit.tick // bar for hit in {*found.hits} - {*GROOVE.hits}} == {1}
