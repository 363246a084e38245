"""JSON-RPC, read strictly."""

import json

import pytest

from bridge import rpc


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"a":1,"a":2}', "twice"),
        ('{"a":NaN}', "NaN"),
        ('{"a":-Infinity}', "Infinity"),
        ('{"a":1e999}', "too large"),
        ('{"a":' + "9" * 30 + "}", "30 digits"),
        ("[" * 40 + "]" * 40, "deeper"),
        ("[" * 100_000, "deeper"),
        ('"\\ud800"', "surrogate"),
    ],
)
def test_what_parsers_disagree_on_is_refused(text, says):
    """Each of these is an error with its reason, never a guess."""
    with pytest.raises(rpc.RpcError, match=says) as caught:
        rpc.parse(text)
    assert caught.value.number == rpc.PARSE_ERROR
    assert rpc.read_call(json.loads(caught.value.data["hint"].removeprefix("write it like ")))


def test_plain_json_is_read_as_it_is():
    """Texts, numbers, nesting and other scripts' letters pass."""
    assert rpc.parse('{"a":[1,-2.5e3,true,null,"ü 𝄞"]}') == {"a": [1, -2500.0, True, None, "ü 𝄞"]}


@pytest.mark.parametrize(
    "value",
    [
        1,
        {"method": "ping"},
        {"jsonrpc": "1.0", "method": "ping"},
        {"jsonrpc": "2.0"},
        {"jsonrpc": "2.0", "method": 5},
        {"jsonrpc": "2.0", "method": "x" * 65},
        {"jsonrpc": "2.0", "method": "ping", "params": [1]},
        {"jsonrpc": "2.0", "method": "ping", "id": True},
        {"jsonrpc": "2.0", "method": "ping", "id": {}},
        {"jsonrpc": "2.0", "method": "ping", "extra": 1},
    ],
)
def test_what_is_no_request_is_refused(value):
    """A request has exactly the members of JSON-RPC 2.0, of the right kinds."""
    with pytest.raises(rpc.RpcError) as caught:
        rpc.read_call(value)
    assert caught.value.number == rpc.INVALID_REQUEST
    assert rpc.read_call(json.loads(caught.value.data["hint"].removeprefix("write it like ")))


def test_a_request_without_id_is_a_notification():
    """An id of null still wants an answer; no id wants none."""
    assert rpc.read_call({"jsonrpc": "2.0", "method": "ping"}).notify
    assert not rpc.read_call({"jsonrpc": "2.0", "method": "ping", "id": None}).notify
