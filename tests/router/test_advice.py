"""Advice by rules: counted, and always in words that refine understands."""

import pytest

from router import groove, rules
from router.advice import character, ideas, read, suggestions, theory
from router.notation import write
from router.pattern import Hit, Meter, Pattern
from router.refine import refine
from router.request import GrooveRequest


@pytest.mark.parametrize("genre", ["rock", "funk", "jazz", "metal", "house", "latin"])
def test_every_suggestion_can_be_carried_out(genre):
    """Refine understands each of them."""
    pattern = groove.generate(GrooveRequest(genre=genre, bars=2, seed=4))
    words = suggestions(pattern)

    assert 3 <= len(words) <= 5
    for one in words:
        assert refine(pattern, one).sure == 1, one


def test_a_groove_is_described_by_what_was_counted():
    """The figures are the pattern's."""
    pattern = groove.generate(GrooveRequest(genre="rock", bars=4, seed=4))
    found = character(pattern)

    assert f"{len(pattern.hits) / 16:.1f} strokes a beat" in found["traits"]
    assert 0 <= found["busyness"] <= 1


def test_notation_is_read_and_other_text_is_not():
    """A pattern of any metre comes back; prose does not."""
    pattern = groove.generate(GrooveRequest(prompt="funk 7/8", bars=2, seed=4))

    assert str(read(write(pattern)).meter) == "7/8"
    assert read("what a lovely day") is None
    assert read("") is None
    assert read("@ nonsense") is None


def test_rules_stand_in_where_no_model_can_be_asked():
    """The answer is unsure, so that a model is asked where there is one."""
    text = write(groove.generate(GrooveRequest(genre="rock", seed=1)))

    data, sure = rules.answer("modification_suggestions", {"pattern": text})
    assert data["suggestions"]
    assert not sure
    assert rules.answer("modification_suggestions", {"text": "hm"}) is None


@pytest.mark.parametrize("genre", ["rock", "funk", "jazz", "metal", "house", "latin"])
def test_every_idea_can_be_carried_out(genre):
    """Three directions, and refine understands each of them."""
    pattern = groove.generate(GrooveRequest(genre=genre, bars=2, seed=4))

    assert len(ideas(pattern)) == 3
    for one in ideas(pattern):
        assert refine(pattern, one).sure == 1, one


def test_theory_says_what_was_counted():
    """Metre, beats, the finest division, where kick and snare fall; a backbeat is named where there is one."""
    hits = [
        *(Hit(tick, "hat_closed", 80) for tick in range(0, 3840, 480)),
        Hit(0, "kick", 100), Hit(2160, "kick", 100), Hit(960, "snare", 110), Hit(2880, "snare", 110),
    ]  # fmt: skip
    said = theory(Pattern(Meter(4, 4), 1, tuple(hits), tempo=120.0))

    assert "4/4: 4 beats a bar" in said
    assert "a sixteenth 125 ms" in said
    assert "sixteenths" in said
    assert "2 strokes of kick a bar, in half of the bars or more on 1, 3e" in said
    assert "backbeat" in said
    assert "felt as 1+1+1.5 quarters" in theory(groove.generate(GrooveRequest(prompt="rock 7/8", seed=1)))


@pytest.mark.parametrize(
    ("words", "drummer"),
    [
        ("like Steve Gadd", "marcher"), ("play like John Bonham", "thunder"), ("Questlove feel", "lazy"),
        ("Elvin Jones on a shuffle", "wanderer"), ("bernard purdie", "human-metronome"),
    ],
)  # fmt: skip
def test_a_drummers_name_leads_to_the_feel_set_in_their_spirit(words, drummer):
    """With what that feel changes, by its figures; no call."""
    data, sure = rules.answer("drummer_mapping", {"text": words})

    assert (data["drummer"], sure) == (drummer, True)
    assert data["changes"]


def test_theory_knows_the_tempo_that_the_notation_says():
    """A sixteenth at 90 is 167 ms."""
    text = write(groove.generate(GrooveRequest(genre="rock", tempo=90.0, seed=1)))

    assert "a sixteenth 167 ms" in rules.answer("music_theory", {"pattern": text})[0]["answer"]


@pytest.mark.parametrize(
    ("question", "said", "left_out"),
    [
        ("how many kicks per bar?", "strokes of kick", "snare"), ("where does the snare fall?", "backbeat", "kick"),
        ("what metre is this in?", "4/4: 4 beats", "ms"), ("is it swung?", "straight", "kick"),
        ("what is a paradiddle?", "what can be counted without a model", "paradiddle"),
    ],
)  # fmt: skip
def test_theory_answers_what_was_asked(question, said, left_out):
    """Of what can be counted the part that the question is about; for any other question it says what it is."""
    text = write(groove.generate(GrooveRequest(genre="rock", style="straight", seed=1)))
    told = rules.answer("music_theory", {"text": question, "pattern": text, "swing": 0.0})[0]["answer"]

    assert said in told
    assert left_out not in told


def test_a_question_that_is_a_rule_is_counted():
    """Yes or no, of the pattern that came along; other questions are for a model."""
    text = write(groove.generate(GrooveRequest(genre="rock", style="straight", seed=1)))

    assert rules.answer("yes_no", {"text": "is it playable?", "pattern": text}) == ({"yes": True}, False)
    assert rules.answer("yes_no", {"text": "has it no snare", "pattern": text}) == ({"yes": False}, False)
    assert rules.answer("yes_no", {"text": "is there a cowbell in it?", "pattern": text}) == ({"yes": False}, False)
    assert rules.answer("yes_no", {"text": "does the snare play on 2 and 4?", "pattern": text}) == (
        {"yes": True},
        False,
    )
    assert rules.answer("yes_no", {"text": "are there any hats?", "pattern": text}) == ({"yes": True}, False)
    assert rules.answer("yes_no", {"text": "is it sad?", "pattern": text}) is None
