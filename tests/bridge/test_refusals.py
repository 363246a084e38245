"""What the control channel refuses: each time with the field, what it must be, and nothing changed."""

import asyncio

import pytest

from bridge.rpc import RpcError
from tests.support.refusal import refused

run = asyncio.run


def test_set_takes_all_or_nothing(stage):
    """One bad value leaves the good ones of the same call unset too."""
    error = refused(stage.call("set", tempo=90.0, channel=17))

    assert error.data["field"] == "channel"
    assert stage.session.live["tempo"] == 120.0


def test_the_contracts_own_example_of_an_error(stage):
    """Word for word as the contract has it."""
    error = refused(stage.call("set", tempo=-4))

    assert error.as_dict() == {
        "code": -32602,
        "message": "tempo is -4; it must be 20 to 300 beats per minute",
        "data": {"code": "invalid_params", "field": "tempo", "hint": "try 120"},
    }


@pytest.mark.parametrize(
    ("method", "params", "says"),
    [
        ("generate", {"bars": 0}, "bars is 0; it must be 1 to 64 bars"),
        ("generate", {"bars": 1_000_000}, "1 to 64"),
        ("generate", {"bars": "2"}, "'2'"),
        ("generate", {"bars": True}, "bars is true; it must be a whole number from 1 to 64 bars"),
        ("generate", {"genre": "fnuk"}, "funk"),
        ("generate", {"drummer": "nobody at all"}, "nobody"),
        ("generate", {"meter": "4/0"}, "4/4"),
        ("generate", {"seed": -1}, "seed"),
        ("generate", {"tier": "royal"}, "royal"),
        ("generate", {"colour": "red"}, "unknown parameter 'colour'"),
        (
            "generate",
            {"prompt": "x" * 2001},
            "prompt has 2001 characters; it must be a text of at most 2000 characters",
        ),
        ("refine", {"instruction": "x" * 1001}, "instruction has 1001 characters; it must be a text of at most 1000"),
        ("compose", {"prompt": "a", "sections": "x" * 4001}, "sections has 4001 characters"),
        ("batch", {"requests": []}, "requests is empty; it must be a list of 1 to 256 items"),
        ("play", {"pattern": {"hits": [{"tick": 0, "voice": "kick", "velocity": 200}]}}, "velocity"),
        ("play", {"pattern": {"hits": [{"tick": -1, "voice": "kick", "velocity": 2}]}}, "tick"),
        ("play", {"pattern": {"hits": [{"tick": 999999, "voice": "kick", "velocity": 2}]}}, "tick"),
        ("play", {"pattern": {"hits": [{"tick": 0, "voice": "gong", "velocity": 2}]}}, "gong"),
        ("play", {"pattern": {"groups": 5}}, "groups is 5; it must be a list"),
        ("play", {"pattern": {"meter": None}}, "meter is null; it must look like 4/4"),
        (
            "play",
            {"pattern": {"hits": [{"tick": 0, "voice": "kick", "velocity": 2, "ornament": []}]}},
            "ornament is []",
        ),
        ("play", {"pattern": "../../etc/passwd"}, "pattern"),
        ("set", {"channel": 17}, "channel is 17; it must be 1 to 16"),
        ("set", {"tempo": "120"}, "'120'"),
        ("set", {"tempo": True}, "tempo is true; it must be a number from 20 to 300 beats per minute"),
        ("set", {"genre": "jaz"}, "jazz"),
        ("set", {"drum_map": "gn"}, "gm"),
        ("subscribe", {"topics": ["weather"], "sub": "a"}, "topics"),
        ("subscribe", {"topics": []}, "topics"),
        ("job.wait", {"job": "j-1", "timeout_s": 1e9}, "timeout_s"),
    ],
)
def test_a_bad_parameter_is_named_with_what_it_must_be(stage, method, params, says):
    """Every refusal is invalid_params, names the field, and changes nothing."""
    before = dict(stage.session.live)

    error = refused(stage.call(method, **params))

    assert error.number == -32602
    assert error.data["code"] == "invalid_params"
    assert error.data["field"]
    assert says in f"{error} {error.data.get('hint')}"
    assert stage.session.live == before
    assert stage.engine.commands("queue") == []


def test_an_unknown_method_is_answered_with_the_nearest(stage):
    """A typing error gets a hint."""
    error = refused(stage.call("genrate"))

    assert (error.number, error.data["code"]) == (-32601, "unknown_method")
    assert "generate" in error.data["hint"]


def test_unknown_patterns_and_jobs_have_their_own_words(stage):
    """Scripts can tell them apart by `code`."""
    assert refused(stage.call("patterns.get", id="p-none")).data["code"] == "unknown_pattern"
    assert refused(stage.call("play", pattern="p-none")).data["code"] == "unknown_pattern"
    assert refused(stage.call("job.get", job="j-99")).data["code"] == "unknown_job"


@pytest.mark.parametrize("cost", [-1, "-0.01", "much", "1e99"])
def test_a_ceiling_that_is_no_amount_is_refused(stage, cost):
    """Money is never guessed at."""
    assert refused(stage.call("generate", genre="rock", max_cost_usd=cost)).data["field"] == "max_cost_usd"


@pytest.mark.parametrize(
    ("method", "params", "says"),
    [
        ("vary", {"at": 7}, "at is 7; it must be one of now, beat, bar, 2bars, 4bars, end"),
        ("generate", {"genre": 7}, "genre is 7; it must be a text"),
        ("subscribe", {"sub": "me", "topics": "jobs"}, "topics is 'jobs'; it must be a list"),
        ("patterns.list", {"favourites": 1}, "favourites is 1; it must be true or false"),
        ("patterns.put", {"pattern": []}, "pattern is []; it must be an object"),
    ],
)
def test_a_parameter_of_the_wrong_kind_is_named_in_plain_words(stage, method, params, says):
    """Not in the words of the library that found it, and never without what to do next."""
    with pytest.raises(RpcError) as refused:
        asyncio.run(stage.call(method, **params))

    assert str(refused.value) == says
    assert refused.value.data["field"] == says.split(" ")[0]
    assert refused.value.data["hint"]
