"""Advice by rules: counted, and always in words that refine understands."""

import pytest

from router import groove, rules
from router.advice import character, read, suggestions
from router.notation import write
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
