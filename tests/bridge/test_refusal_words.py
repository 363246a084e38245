"""Parameters that cannot be, of every method: what a client reads then."""

import json

import pytest

from bridge.document import asyncapi
from bridge.protocol import METHODS, read_params
from bridge.refusals import BadParams
from bridge.settings import BY_NAME, LIVE
from router.errors import InvalidSetting

ODD = [None, True, 7, -1, 1.5, 1e300, "", "4", "x" * 4001, "é\x1b[2J", [], ["x"], [7], [None], {}, {"a": 1}, [{"a": 1}]]


def refused(method, **params):
    """Return the refusal, or None where the parameters are taken."""
    try:
        read_params(method, params)
    except BadParams as error:
        return error
    return None


@pytest.mark.parametrize("method", METHODS)
def test_every_refusal_is_in_our_words_and_says_what_to_do_next(method):
    """Never in the validating library's, nor in Python's, nor at length; a musician reads it."""
    for name in (*METHODS[method][0].model_fields, "nope"):
        for odd in ODD:
            if error := refused(method, **{name: odd}):
                said = str(error)
                assert error.hint, said
                assert len(said) < 400
                assert not [word for word in ("nput", "None", "True", "tring ", "^[", "\x1b") if word in said], said
                assert " is missing" in said or error.field == name


@pytest.mark.parametrize(
    ("method", "params", "says", "hint"),
    [
        ("generate", {"bars": "4"}, "bars is '4'; it must be a whole number from 1 to 64", "try 4, without quotes"),
        ("generate", {"bars": "90"}, "bars is '90'; it must be a whole number from 1 to 64 bars", "try 2"),
        ("generate", {"bars": 4.0}, "bars is 4.0; it must be a whole number from 1 to 64 bars", "try 4"),
        ("costs", {"by": "tire"}, "by is 'tire'; it must be one of tier, provider", "try tier"),
        ("costs", {"by": ["day", "tire"]}, "by[1] is 'tire'; it must be one of tier, provider", "try tier"),
        ("generate", {"prompt": None}, "prompt is null; it must be a text", "give it, or leave"),
        ("generate", {"prompt": 7}, "prompt is 7; it must be a text", 'try "7"'),
        ("generate", {"tier": "cheap"}, "it must be one of auto, local, fast", "try auto"),
        ("generate", {"tepmo": 90}, "unknown parameter 'tepmo'", "did you mean tempo? known parameters: tier"),
        ("generate", {"max_cost_usd": []}, "max_cost_usd is []; it must be a text or a number", "try 0.05"),
        ("generate", {"constraints": ["no crash", 7]}, "constraints[1] is 7; it must be a text", 'try "7"'),
        ("compose", {"prompt": "a", "sections": [{"name": "a", "bars": 0}]}, "[0].bars is 0; it must be 1 to", "try 2"),
        ("compose", {"prompt": "a", "sections": 5}, "it must be a list or a text", "see"),
        ("edit", {"hits": [{"tick": -1}]}, "hits[0].tick is -1; it must be 0 to 16777216", "try 0"),
        ("play", {"pattern": ""}, "pattern is empty; it must be an id of patterns.list: 1 to 64 of a-z", "give it"),
        ("patterns.get", {"id": "A b"}, "id is 'A b'; it must be an id of patterns.list: 1 to 64 of", "see"),
        ("patterns.get", {}, "id is missing", "give id: an id"),
        ("mix", {"mute": ["gong"]}, "mute[0] is 'gong'; it must be one of kick, snare", "try kick"),
        ("subscribe", {"topics": "jobs", "sub": "a"}, "topics is 'jobs'; it must be a list", 'try ["jobs"]'),
        ("generate", {"bars": "4.5"}, "bars is '4.5'; it must be a whole number from 1 to 64", "try 2"),
        ("set", {"drum_map": 7}, "drum_map is 7; it must be a text", 'try "7"'),
        ("set", {"genre": 7}, "genre is 7; it must be a text", 'try "7"'),
        ("set", {"sync": "clok"}, "sync is 'clok'; it must be one of auto, internal, clock, link", "try clock"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_was_given_what_it_must_be_and_what_would_work(method, params, says, hint):
    """Whichever of the three is at fault: kind, range or name."""
    error = refused(method, **params)

    assert says in str(error)
    assert error.hint.startswith(hint)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", LIVE)
def test_set_takes_what_the_settings_row_takes(name, odd):
    """The model that documents `set` and the row that checks config.toml and the flags never differ."""
    try:
        BY_NAME[name].check(odd)
        taken = True
    except InvalidSetting:
        taken = False

    assert (refused("set", **{name: odd}) is None) == taken


def test_the_document_names_nothing_that_is_not_in_it():
    """A generator of clients follows every $ref; each ends at something."""
    document = asyncapi()
    text = json.dumps(document)

    for link in {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}:
        found = document
        for step in link.split("/"):
            found = found[step]
        assert found
