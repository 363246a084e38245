"""Objects: a pattern that a model wrote as JSON, brought to the contract's form.

Pure and tolerant like the reader of bar lines: floats are rounded, levels clamped, names understood, what lies outside
is dropped; each kind of mend is named once, with its count. Never guesses what a number without a unit means.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from router.errors import Unusable
from router.labels import voice_of
from router.pattern import MAX_HITS, RESOLUTION

_WRAPS: Final = ("pattern", "patterns", "groove", "drums", "notation", "text", "answer", "result", "bars", "lines")
_LISTS: Final = ("hits", "notes", "events")
_OUTSIDE_SHARE: Final = 0.1
"""With more than one stroke in ten outside its bars, it is another pattern than it says."""


def first_value(text: str) -> Any:
    """Return the first JSON object, list or string with lines in an answer; prose and fences around it are ignored.

    Raises:
        Unusable: If there is none.
    """
    decoder = json.JSONDecoder()
    for start in _starts(text):
        try:
            found, _ = decoder.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError):
            continue
        if (isinstance(found, dict | list) and found) or (isinstance(found, str) and "\n" in found):
            return found
    raise Unusable("there is no whole JSON object in it")


def _starts(text: str) -> Iterator[int]:
    """Give the places where a value may begin, at most twenty."""
    at, left = 0, 20
    while left:
        places = [place for sign in '{["' if (place := text.find(sign, at)) >= 0]
        if not places:
            return
        yield min(places)
        at, left = min(places) + 1, left - 1


def lines_in(value: Any) -> str:
    """Return the bar lines or tabs that a value carries as text, or ""."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(value) if value and all(isinstance(item, str) for item in value) else ""
    if not isinstance(value, Mapping):
        return ""
    lanes = [f"{name}: {row}" for name, cells in value.items() if voice_of(str(name)) and (row := _row(cells))]
    if lanes:
        return "\n".join(lanes)
    return next((text for name in _WRAPS if (text := lines_in(value.get(name)))), "")


def _row(cells: Any) -> str:
    """Return a lane's cells as a tab: a string as it is, a list of 0, 1 or levels with its hits loud or soft."""
    if isinstance(cells, str):
        return cells
    if not isinstance(cells, list) or not all(isinstance(cell, int | float | bool) for cell in cells):
        return ""
    return "".join("-" if cell <= 0 else "o" if 0 < cell < 0.6 or 1 < cell < 90 else "O" for cell in cells)


def hits_in(value: Any) -> Mapping[str, Any] | None:
    """Return the object that holds a list of strokes, with the list as `hits`, or None."""
    if isinstance(value, list):
        return {"hits": value} if _strokes(value) else None
    if not isinstance(value, Mapping):
        return None
    for name in _LISTS:
        strokes = value.get(name)
        if isinstance(strokes, list) and (name == "hits" or _strokes(strokes)):
            return {**value, "hits": strokes}
    return next((found for name in _WRAPS[:4] if (found := hits_in(_one(value.get(name)))) is not None), None)


def _strokes(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, Mapping) and "tick" in item for item in items)


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], Mapping) else value


def mended(data: Mapping[str, Any], *, bars: int, bar_ticks: int) -> tuple[dict[str, Any], list[str]]:
    """Return the object with strokes that the contract's form allows, and the mends in words.

    Args:
        data: With a list `hits`.
        bars: Where the object does not say.
        bar_ticks: Length of a bar.

    Raises:
        Unusable: If it is not what it says: too many strokes, no number where one must be, most of it outside.
    """
    raw = data["hits"]
    if len(raw) > MAX_HITS:
        raise Unusable(f"{len(raw)} strokes are more than two hands can play")
    told = data.get("bars")
    length = told if isinstance(told, int) and not isinstance(told, bool) else bars
    resolution = data.get("resolution") or RESOLUTION
    if not isinstance(resolution, int | float) or not 1 <= resolution <= 10_000:
        raise Unusable("resolution must be ticks per quarter note, 960")
    mends: Counter[str] = Counter()
    hits = [hit for item in raw if (hit := _hit(item, RESOLUTION / resolution, length * bar_ticks, mends))]
    if mends["outside"] > max(1, len(raw) * _OUTSIDE_SHARE):
        raise Unusable(f"{mends['outside']} strokes lie outside its {length} bars")
    whole = {**data, "hits": hits, "bars": length, "resolution": RESOLUTION}
    return whole, [f"{code} ({count} of {len(raw)} strokes)" for code, count in mends.items() if count]


def _hit(item: Any, scale: float, ticks: int, mends: Counter[str]) -> dict[str, Any] | None:
    """Return one stroke mended, or None where nothing of it can sound."""
    if not isinstance(item, Mapping):
        mends["no-stroke"] += 1
        return None
    voice = voice_of(str(item.get("voice") or item.get("drum") or ""))
    if voice is None:
        mends["unknown-voice"] += 1
        return None
    tick, level = _number(item.get("tick")), _number(item.get("velocity", 84))
    if tick is None or level is None:
        raise Unusable("each stroke needs a tick and a velocity, both numbers")
    whole, level = round(tick * scale), level * 127 if 0 < level < 1 else level
    if not 0 <= whole < ticks:
        mends["outside"] += 1
        return None
    if level <= 0:
        mends["silent"] += 1
        return None
    velocity = min(127, max(1, round(level)))
    mends["rounded"] += whole != tick * scale
    mends["level-clamped"] += velocity != round(level)
    kept = {name: item[name] for name in ("openness", "ornament") if name in item}
    shift = _number(item.get("shift", 0)) or 0
    return {**kept, "tick": whole, "voice": voice, "velocity": velocity, "shift": round(shift * scale)}


def _number(value: Any) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9  # NaN fails too
    return float(value) if good else None
