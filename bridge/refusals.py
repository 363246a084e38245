"""What a client is told whose parameters cannot be: what was given, what it must be, what would work. Pure.

The wanted is read out of the JSON schema that `drumbridge schema` prints: the two cannot say different things.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from bridge.settings import BY_NAME
from router.errors import shown

_SEE: Final = "see `drumbridge schema`"
_KINDS: Final = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
_UNITS: Final = {"timeout_s": "seconds", "deadline_ms": "milliseconds"}


class BadParams(ValueError):
    """Parameters that no method takes: what was wrong, where, and what would work."""

    def __init__(self, message: str, field: str, hint: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.hint = hint


def refusal(model: type[BaseModel], error: ValidationError) -> BadParams:
    """Return what to say of the first member at fault."""
    # A union reports each of its arms: what is wrong within one says more than that another is of another type.
    told = error.errors(include_url=False)
    said = [one for one in told if not one["type"].endswith("_type")] or told
    first = max((one for one in said if one["loc"][:1] == said[0]["loc"][:1]), key=lambda one: len(one["loc"]))
    path = [part for part in first["loc"] if not _names_an_arm(part)]
    name, leaf = (str(path[0]), str([part for part in path if isinstance(part, str)][-1])) if path else ("", "")
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")[:100]
    if first["type"] == "extra_forbidden":
        return _unknown(model, where, name, nested=len(path) > 1)
    wanted = _schemas_at(_schema(model), path)
    if first["type"] == "missing":
        return BadParams(f"{where} is missing", name, f"give {where}: {_all_words(wanted, leaf, None)}")
    value, fault = first["input"], first["type"]
    wanted = [one for one in wanted if _of_kind(value, one)] or wanted
    words = f"{where} {_found(value, fault)}; it must be {_all_words(wanted, leaf, value)}"
    return BadParams(words, name, _hint(wanted[0], leaf, value, fault))


def _unknown(model: type[BaseModel], where: str, name: str, *, nested: bool) -> BadParams:
    if nested:
        return BadParams(f"{where} is not known", name, _SEE)
    near = difflib.get_close_matches(name, model.model_fields, 1)
    known = f"known parameters: {', '.join(model.model_fields) or 'none'}"
    return BadParams(f"unknown parameter {name!r:.60}", name, f"did you mean {near[0]}? {known}" if near else known)


def _names_an_arm(part: int | str) -> bool:
    """Say whether a place in pydantic's path is the type it tried, not a member's name: `list[SongSection]`, `str`."""
    return isinstance(part, str) and ("[" in part or part in {"str", "dict", "float", "int", "constrained-str"})


@functools.cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _schemas_at(whole: Mapping[str, Any], path: list[int | str]) -> list[Mapping[str, Any]]:
    """Return every schema that holds at a place: the arms of a union, null left out."""
    found = [whole]
    for part in path:
        steps = (one.get("items") if isinstance(part, int) else one.get("properties", {}).get(part) for one in found)
        found = [arm for step in steps if step for arm in _arms(step, whole.get("$defs", {}))]
    return found or [{}]


def _arms(schema: Mapping[str, Any], named: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "$ref" in schema:
        return [named[schema["$ref"].rpartition("/")[2]]]
    return [arm for one in schema.get("anyOf", ()) for arm in _arms(one, named) if arm.get("type") != "null"] or [
        schema
    ]


def _of_kind(value: Any, schema: Mapping[str, Any]) -> bool:
    kinds = {"string": str, "number": int | float, "integer": int, "boolean": bool, "array": list, "object": dict}
    kind = schema.get("type", "")
    return isinstance(value, kinds.get(kind, ())) and (kind == "boolean" or not isinstance(value, bool))


def _all_words(wanted: list[Mapping[str, Any]], name: str, value: Any) -> str:
    return " or ".join(dict.fromkeys(_words(one, name, value) for one in wanted))


def _words(schema: Mapping[str, Any], name: str, value: Any) -> str:
    """Return what a schema takes; limits only where `value` is of the right kind, and so at fault for them."""
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if "pattern" in schema:
        return str(schema["description"])  # in words
    kind = _KINDS.get(schema.get("type", ""), "something else")
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        unit = _UNITS.get(name) or (BY_NAME[name].unit if name in BY_NAME else "")
        span = f"{low:g} to {high:.16g} {unit}".rstrip()
        return span if _of_kind(value, schema) else f"{kind} from {span}"
    if not _of_kind(value, schema):
        return kind
    of, least, most = (
        ("characters", schema.get("minLength", 0), schema.get("maxLength"))
        if isinstance(value, str)
        else ("items", schema.get("minItems", 0), schema.get("maxItems"))
    )
    return kind if most is None else f"{kind} of {f'{least} to' if least else 'at most'} {most} {of}"


def _found(value: Any, fault: str) -> str:
    if value == "" or fault == "too_short":
        return "is empty"
    if fault in {"string_too_long", "too_long"}:
        return f"has {len(value)} {'characters' if isinstance(value, str) else 'items'}"
    return f"is {shown(value)}"


def _hint(schema: Mapping[str, Any], name: str, value: Any, fault: str) -> str:
    """Return what would work, or where to read on."""
    if "enum" in schema:
        near = difflib.get_close_matches(value.lower(), schema["enum"], 1) if isinstance(value, str) else []
        return f"try {(near or schema['enum'])[0]}"
    if "minimum" in schema and "maximum" in schema:
        if isinstance(value, float) and value.is_integer() and schema["minimum"] <= value <= schema["maximum"]:
            return f"try {value:.0f}"
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                number = int(value) if schema["type"] == "integer" else float(value)
                if schema["minimum"] <= number <= schema["maximum"]:
                    return f"try {value}, without quotes"
        row = BY_NAME.get(name)
        known = row is not None and isinstance(row.default, int | float)
        return f"try {row.default if row is not None and known else schema['minimum']:g}"
    if "examples" in schema:
        return f"try {schema['examples'][0]}"
    if fault in {"string_too_long", "too_long"}:
        return "say it shorter, or in parts"
    if value is None or (value in ("", []) and _of_kind(value, schema)):
        return "give it, or leave it out"
    match schema.get("type"), value:
        case "boolean", _:
            return "try true"
        case "string", int() | float() if not isinstance(value, bool):
            return f'try "{value}"'
        case "array", str() if value:
            return f"try {json.dumps([value], ensure_ascii=False):.60}"
    return _SEE
