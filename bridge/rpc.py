"""JSON-RPC 2.0, strictly read. Pure: text in, calls or errors out.

Refuses what parsers disagree on (duplicate keys, NaN, lone surrogates, endless numbers, deep nesting) before anyone
acts on it. Never evaluates, never echoes a value at length.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

MAX_DEPTH: Final = 32
MAX_BATCH: Final = 64
MAX_MESSAGE: Final = 4 << 20
"""Bytes; a pattern of 20,000 hits takes 1.3 MB."""
_MAX_DIGITS: Final = 20
_LIKE: Final = 'write it like {"jsonrpc": "2.0", "id": 1, "method": "set", "params": {"tempo": 96}}'

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
SERVER_ERROR: Final = -32000


class RpcError(Exception):
    """An error as the client sees it: a JSON-RPC number, a sentence, and a stable word in `code`."""

    def __init__(self, number: int, code: str, message: str, hint: str = "", **data: Any) -> None:
        super().__init__(message)
        self.number = number
        self.data: dict[str, Any] = {"code": code, **data}
        if hint:
            self.data["hint"] = hint

    def as_dict(self) -> dict[str, Any]:
        """Return the `error` member."""
        return {"code": self.number, "message": str(self), "data": self.data}


def invalid_params(message: str, hint: str = "", field: str = "") -> RpcError:
    """Return the error for a parameter that cannot be."""
    return RpcError(INVALID_PARAMS, "invalid_params", message, hint, **({"field": field} if field else {}))


def invalid_request(message: str) -> RpcError:
    """Return the error for JSON that is no request."""
    return RpcError(INVALID_REQUEST, "invalid_request", message, _LIKE)


def _no_json(message: str) -> RpcError:
    return RpcError(PARSE_ERROR, "parse_error", message, _LIKE)


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `id` None with `notify` set asks for no answer."""

    method: str
    params: dict[str, Any]
    id: str | int | float | None
    notify: bool


class _Refused(ValueError):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise _Refused("a key stands twice in one object")
    return out


def _constant(name: str) -> Any:
    raise _Refused(f"{name} is no JSON number")


def _whole(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise _Refused(f"a number has {len(digits)} digits")
    return int(digits)


def _fraction(digits: str) -> float:
    value = float(digits) if len(digits) <= 64 else float("inf")
    if value in {float("inf"), float("-inf")}:
        raise _Refused("a number is too large or too long")
    return value


def _depth(value: Any, left: int = MAX_DEPTH) -> bool:
    if not left:
        return False
    if isinstance(value, dict):
        return all(_depth(item, left - 1) for item in value.values())
    if isinstance(value, list):
        return all(_depth(item, left - 1) for item in value)
    return True


def parse(text: str) -> Any:
    """Return the JSON value of `text`.

    Raises:
        RpcError: PARSE_ERROR, saying what is wrong.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_whole, parse_float=_fraction
        )
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate cannot be written out again
    except RecursionError:
        raise _no_json(f"nested deeper than {MAX_DEPTH}") from None
    except UnicodeEncodeError:
        raise _no_json("a text holds half of a surrogate pair") from None
    except ValueError as error:
        raise _no_json(f"this is not JSON: {error}") from None
    if not _depth(value):
        raise _no_json(f"nested deeper than {MAX_DEPTH}")
    return value


def read_call(value: Any) -> Call:
    """Read one request object.

    Raises:
        RpcError: INVALID_REQUEST, saying which member is wrong.
    """
    if not isinstance(value, dict):
        raise invalid_request("a request must be a JSON object")
    if value.get("jsonrpc") != "2.0":
        raise invalid_request('a request must say "jsonrpc": "2.0"')
    method, params, identity = value.get("method"), value.get("params", {}), value.get("id")
    if not isinstance(method, str) or not 0 < len(method) <= 64:
        raise invalid_request("method must be a text of 1 to 64 characters")
    if not isinstance(params, dict):
        raise invalid_request("params must be an object, its members by name")
    if isinstance(identity, bool) or not (identity is None or isinstance(identity, str | int | float)):
        raise invalid_request("id must be a text, a number or null")
    if isinstance(identity, str) and len(identity) > 200:
        raise invalid_request("id is longer than 200 characters")
    unknown = set(value) - {"jsonrpc", "method", "params", "id"}
    if unknown:
        raise invalid_request(f"unknown member {min(unknown)[:40]!r} in the request")
    return Call(method, params, identity, notify="id" not in value)


def result(identity: Any, value: Any) -> dict[str, Any]:
    """Return a response."""
    return {"jsonrpc": "2.0", "id": identity, "result": value}


def failure(identity: Any, error: RpcError) -> dict[str, Any]:
    """Return an error response."""
    return {"jsonrpc": "2.0", "id": identity, "error": error.as_dict()}


def notification(method: str, params: Any) -> dict[str, Any]:
    """Return a notification."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def write(message: Any) -> str:
    """Return the text of a message, short and without NaN."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
