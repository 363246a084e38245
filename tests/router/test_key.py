"""Equal wishes meet in the cache, different ones never do."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.key import fold, pattern_key, task_key
from router.pattern import Meter
from router.request import GrooveRequest

BASE = GrooveRequest(prompt="make it faster")
OTHER = {
    "prompt": "make it slower", "genre": "funk", "style": "shuffle", "drummer": "bonham", "section": "chorus",
    "bars": 4, "meter": Meter(7, 8), "tempo": 121.0, "complexity": 0.5, "density": 0.5, "swing": 0.5, "humanize": 0.5,
    "intensity": 0.5, "variation": 0.5, "fill_amount": 0.5, "lean": 0.5, "ghosts": 0.5, "hat_openness": 0.5,
    "swing_grid": "16ths", "seed": 1,
    "tier": "fast", "provider": "groq", "workflow": "refine", "constraints": ("no crash",),
}  # fmt: skip
NOT_MUSICAL = {"max_cost_usd": "0.01", "deadline_ms": 500}


def with_(**changes):
    """Return the base wish with some fields changed."""
    values = {item.name: getattr(BASE, item.name) for item in fields(BASE)}
    return GrooveRequest(**{**values, **changes})


def test_every_field_is_judged():
    """A new field of the request must be put among those that decide the key, or those that do not."""
    assert {item.name for item in fields(GrooveRequest)} == OTHER.keys() | NOT_MUSICAL.keys()


@pytest.mark.parametrize("name", OTHER)
def test_another_value_is_another_key(name):
    """Each musical parameter alone makes another key: "faster" and "slower" never meet."""
    assert pattern_key(with_(**{name: OTHER[name]})) != pattern_key(BASE)


@pytest.mark.parametrize("name", NOT_MUSICAL)
def test_what_an_answer_may_take_does_not_change_what_it_is(name):
    """Deadline and ceiling of cost are not part of the key."""
    assert pattern_key(with_(**{name: NOT_MUSICAL[name]})) == pattern_key(BASE)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("Make  it\tFASTER ", "make it faster"),
        ("caf\u00e9", "cafe\u0301"),
        ("STRASSE", "straße"),
        ("\u00a0x", "x"),
    ],
)
def test_white_space_case_and_unicode_form_are_folded(one, same):
    """The same words typed otherwise are the same wish."""
    assert pattern_key(with_(prompt=one)) == pattern_key(with_(prompt=same))


def test_beats_felt_otherwise_are_another_key():
    """7/8 as 2+2+3 is not 7/8 as 3+2+2, though both are written 7/8."""
    felt = [pattern_key(with_(meter=Meter(7, 8, groups))) for groups in ((2, 2, 3), (3, 2, 2))]
    assert felt[0] != felt[1]


def test_a_whole_number_is_the_same_knob_as_a_decimal():
    """120 and 120.0, 1 and 1.0 are one setting."""
    assert pattern_key(with_(tempo=120, swing=1)) == pattern_key(with_(tempo=120.0, swing=1.0))


def test_extras_decide_too():
    """The edition of the prompt or the list of models keeps old answers apart."""
    assert len({pattern_key(BASE), pattern_key(BASE, edition=1), pattern_key(BASE, edition=2)}) == 3


def test_words_cannot_slip_from_one_field_into_another():
    """No text in one field makes the key of another field's."""
    assert pattern_key(with_(genre="a', 'b")) != pattern_key(with_(genre="a", style="b"))


@given(st.text())
def test_folding_twice_changes_nothing(text):
    """Folding is a projection, for any text, lone surrogates included."""
    assert fold(fold(text)) == fold(text)


def test_any_prompt_has_a_key():
    """A lone surrogate is refused elsewhere; the key must not be what breaks."""
    assert pattern_key(with_(prompt="\ud800"))


def test_tasks_meet_only_on_equal_kind_and_payload():
    """The order of keys does not matter; kind, values and capitals (accents of a pattern's text) do."""
    assert task_key("classify", {"a": 1, "b": [2]}) == task_key("classify", {"b": [2], "a": 1})
    assert task_key("classify", {"a": 1}) != task_key("validate", {"a": 1})
    assert task_key("validate", "HH|x-X-|") != task_key("validate", "HH|x-x-|")


def test_a_text_of_a_kind_of_its_own_has_a_key_too():
    """A subclass of str, as libraries hand out, is told apart by its value like any other."""

    class Word(str):
        __slots__ = ()

    keys = [pattern_key(with_(genre=Word(name))) for name in ("funk", "funk", "rock")]
    assert keys[0] == keys[1] != keys[2]
