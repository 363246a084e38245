"""Rules in words: read, checked, held where that can be, and reported where it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import groove
from router.constraints import hold, holds, places_of, read_rule
from router.request import GrooveRequest

RULES = (
    "no crash", "kick at most 6 a bar", "ghost notes on e and a", "playable at 180 bpm", "snare on 2 and 4",
    "kick on every beat", "hats only on the and", "no ghost notes", "no fills", "only kick and snare", "crash on 1",
    "snare on the backbeat", "kick exactly 2 a bar", "ride on eighths", "no open hat", "playable",
    "only kick, snare and hats", "just kick and snare", "snare on 2 and 4 only", "four on the floor", "no kick on 3",
    "no hits on beat 4", "velocity at most 100", "no snare louder than 90", "at most 10 hits per bar",
    "6 kicks a bar at most", "no more than 3 kicks per bar", "kick <= 4 per bar", "at least 2 toms per bar",
    "playable by one drummer at 180 bpm", "open hat on the and of 4", "hats on triplets",
)  # fmt: skip


@pytest.fixture(scope="module")
def busy():
    """A groove with something of everything."""
    return groove.generate(GrooveRequest(prompt="busy funk", bars=8, seed=21, tempo=200))


@pytest.mark.parametrize("text", RULES)
def test_every_rule_is_read_and_held(busy, text):
    """What leaving out and setting strokes can do is done, and the rule holds afterwards."""
    rule = read_rule(text)
    verdict = hold(busy, [text])

    assert rule is not None
    if text != "kick exactly 2 a bar" or not verdict.broken:
        assert verdict.broken == ()
        assert holds(verdict.pattern, rule)
    assert verdict.unchecked == ()


def test_rules_that_would_leave_nothing_are_said_and_leave_something(busy):
    """An empty groove is nobody's wish; which rule gave way is told."""
    verdict = hold(busy, ["only kick", "no kick"])

    assert {hit.voice for hit in verdict.pattern.hits} == {"kick"}
    assert verdict.broken == ("constraint not held: no kick (nothing would be left)",)


def test_counts_that_contradict_each_other_are_told_with_the_other(busy):
    """Whichever comes first."""
    for rules in (
        ["kick exactly 2 a bar", "at least 5 kicks a bar"],
        ["at least 5 kicks a bar", "kick exactly 2 a bar"],
    ):
        assert 'against "' in hold(busy, rules).broken[0]


def test_a_rule_that_is_kept_changes_nothing(busy):
    """The same pattern comes back."""
    once = hold(busy, ["no crash"]).pattern

    assert hold(once, ["no crash"]).pattern is once


def test_ghosts_are_soft_and_where_they_were_asked(busy):
    """Each e and a of a bar that is no fill has a soft snare stroke."""
    found = hold(busy, ["ghost notes on e and a"]).pattern
    fills = set(found.meta.get("fills", ()))
    ghosts = {hit.tick for hit in found.hits if hit.voice == "snare" and hit.velocity < 50}

    for bar in range(found.bars):
        if bar + 1 not in fills:
            for beat in range(4):
                start = bar * 3840 + beat * 960
                assert {start + 240, start + 720} <= ghosts


@pytest.mark.parametrize(
    "rules",
    [
        ("kick at most 2 a bar", "kick at least 4 a bar"),
        ("no snare", "snare on 2 and 4"),
        ("only kick", "at least 2 hats per bar"),
    ],
)
def test_contradictions_are_named(busy, rules):
    """One of the two is reported as not held, with the one that stands against it."""
    verdict = hold(busy, rules)

    assert len(verdict.broken) == 1
    assert "not held" in verdict.broken[0]
    assert "against" in verdict.broken[0]


@pytest.mark.parametrize("text", ["make it purple", "kick like a heartbeat", "", "snare on the moon", "no regrets"])
def test_what_is_not_understood_is_reported(busy, text):
    """Never forgotten, never guessed."""
    verdict = hold(busy, [text])

    assert read_rule(text) is None
    assert verdict.unchecked == (f"constraint not checked: {text}",)
    assert verdict.pattern is busy


@given(st.text(max_size=200))
def test_no_words_break_the_reader(text):
    """Any text is a rule or none."""
    read_rule(text)


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("2 & 4", ("2", "4")), ("2&4", ("2", "4")), ("2 + 4", ("2", "4")), ("2 n 4", ("2", "4")),
        ("1, 2 & 4", ("1", "2", "4")), ("the 2nd & 4th beat", ("2", "4")), ("two & four", ("2", "4")),
        ("2 &", ("2&",)), ("2&, 4&", ("2&", "4&")), ("2&4&", ("2&", "4&")), ("1 & the & of 2", ("1", "2&")),
        ("1 & 2 & 3 & 4 &", ("1", "&", "2", "3", "4&")), ("1 e & a", ("1", "e", "&", "a")), ("8th notes", ("8th",)),
    ],
)  # fmt: skip
def test_a_sign_between_two_beats_joins_them(words, places):
    """It is an offbeat only where it is counted or stands by itself."""
    assert places_of(words) == places
