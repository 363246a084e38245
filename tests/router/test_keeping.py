"""What the cache gives back is an answer, or nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import groove, keeping
from router.request import GrooveRequest
from router.route import Attempt, Route

PATTERN = groove.generate(GrooveRequest(genre="funk", seed=3))
PAID = Route(
    "balanced", "groq", "m", attempts=(Attempt("groq", "m", "balanced", "ok", cost_picousd=700),), latency_ms=900
)
TEXT = keeping.pack(PATTERN, PAID)


def test_an_answer_comes_back_whole_and_paid_for():
    """The same pattern, who made it, nothing to pay, and what that saved."""
    answer = keeping.unpack(TEXT, 2)
    assert answer.pattern == PATTERN
    assert (answer.route.provider, answer.route.model, answer.route.tier) == ("groq", "m", "balanced")
    assert (answer.route.cache, answer.route.cost_picousd, answer.route.latency_ms) == ("hit", 0, 2)
    assert answer.route.saved == {"cache": 700}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"pattern": []}',
        TEXT[:-9],
        TEXT.replace('"snare"', '"gong"'),
        TEXT.replace('"route"', '"r"'),
    ],
)
def test_what_is_not_ours_is_no_answer(text):
    """A row that was cut, edited or written by another edition is a miss, never an exception."""
    assert keeping.unpack(text, 1) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_json_breaks_it(value):
    """Whatever JSON the file holds, it is an answer or None."""
    assert keeping.unpack(json.dumps({"pattern": value, "route": value, "cost": value}), 1) is None
