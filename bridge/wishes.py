"""Wishes: what a client said, completed by the knobs as they stand. Pure.

What was given wins over words, words over knobs; nothing is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bridge import drummaps
from router import groove
from router.budget import parse_usd
from router.errors import InvalidRequest, InvalidSetting, shown
from router.pattern import Meter
from router.request import KNOBS, GrooveRequest

FEEL: Final = (*KNOBS, "swing_grid")
"""Knobs that change what plays already, at the next beat."""
_AS_IT_IS: Final = frozenset({"intensity", "variation", "fill_amount", "lean", "ghosts"})
_KNOB_WORDS: Final = {name: name for name in KNOBS} | {"energy": "intensity"}
"""What the drummer reads out of words, and the knob that has the same to say."""


def as_asked(knobs: Mapping[str, Any]) -> dict[str, Any]:
    """Return knobs as a request has them: in the middle, where it leaves the style alone, a knob is unset there."""
    return {name: None if name in _AS_IT_IS and value == 0.5 else value for name, value in knobs.items()}


def spoken_tempo(prompt: str | None) -> float | None:
    """Return the tempo that words name ("at 95 bpm"), in quarter notes a minute, or None."""
    said = groove.describe(prompt)["tempo"] if prompt else None
    return None if said is None else float(said)


def check_names(live: Mapping[str, Any]) -> None:
    """Refuse live settings that name what nobody knows.

    Raises:
        router.errors.InvalidRequest, InvalidSetting: Naming the setting and what is near.
    """
    groove.check_names(genre=live["genre"], style=live["style"], drummer=live["drummer"])
    Meter.parse(live["meter"])
    if live["drum_map"] not in drummaps.names():
        known = ", ".join(drummaps.names())
        raise InvalidSetting("drum_map", f"drum_map is {live['drum_map']!r:.60}; known kits: {known}", "try gm")


def whole_request(live: Mapping[str, Any], tempo: float, given: Mapping[str, Any]) -> GrooveRequest:
    """Return a whole request: what was given, the rest from the live settings.

    Raises:
        router.errors.InvalidRequest: For a value that cannot be.
    """
    values: dict[str, Any] = {name: live[name] for name in ("genre", "style", "drummer", "bars", "tempo")} | as_asked(
        {name: live[name] for name in FEEL}
    )
    values["tempo"] = tempo
    values["meter"] = live["meter"]
    # Words that name another genre win over the knob's genre, unless the field itself was given.
    said = groove.describe(given["prompt"], live["genre"]) if given.get("prompt") else {}
    at_home = said.get("genre") == live["genre"] and not said.get("blend")
    for name in ("genre", "style", "drummer", "meter", "bars"):
        if said.get(name) and not given.get(name) and not (name == "genre" and at_home):
            values[name] = None if name in {"genre", "style", "drummer"} else said[name]
    for name in _KNOB_WORDS.keys() & said.get("feel", {}).keys():
        values[_KNOB_WORDS[name]] = None  # "sparse", "tight", "busy": the drummer reads them out of the prompt itself
    if live["genre"] in said.get("denied", ()):  # "not jazz" while the knob is on jazz
        values["genre"] = values["style"] = None
    if said.get("genre") or given.get("genre"):
        values["style"] = None
    wanted = {field for field in GrooveRequest.__dataclass_fields__ if field not in {"constraints", "max_cost_usd"}}
    values.update({name: value for name, value in given.items() if name in wanted and value is not None})
    groove.check_names(genre=values.get("genre"), style=values.get("style"), drummer=values.get("drummer"))
    meter = values["meter"]
    values["meter"] = meter if isinstance(meter, Meter) else Meter.parse(str(meter))
    values["constraints"] = tuple(given.get("constraints") or ())
    cost = given.get("max_cost_usd")
    values["max_cost_usd"] = None if cost is None else _dollars(cost)
    if not live["ai"]:
        values["tier"] = "local"
    return GrooveRequest(**values)


def _dollars(cost: float | str) -> str:
    try:
        parse_usd(str(cost))
    except ValueError:
        wanted = "it must be 0 to 1000000 dollars, in digits like 0.10, at most 12 of them behind the point"
        raise InvalidRequest("max_cost_usd", f"max_cost_usd is {shown(cost)}; {wanted}", "try 0.05") from None
    return str(cost)
