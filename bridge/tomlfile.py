"""One key of a TOML file set or taken out, and every other byte left as it is: words, order, comments, line ends. Pure.

Never trusts its own reading: what it returns holds just the change when it is parsed as a whole, or it returns nothing.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

BOM = "\ufeff"
"""Some editors begin a file with it; TOML has no place for it."""


def parse(text: str) -> dict[str, Any]:
    """Return what a file holds, with or without a byte order mark.

    Raises:
        tomllib.TOMLDecodeError: If it is no TOML.
    """
    return tomllib.loads(text.removeprefix(BOM))


def changed(text: str, name: str, value: Any = None) -> str | None:
    """Return a valid file's text with a key at its top set to `value` (a text, number or truth), None takes it out.

    None comes back where that takes more than these lines: for a table of that name.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    mark = BOM if text.startswith(BOM) else ""
    wanted = {key: item for key, item in parse(text).items() if key != name}
    out: list[str] = []
    put = value is None
    behind = 0  # where a key that is new comes: after the last one before the first table
    for part, key in _statements(text.removeprefix(BOM)):
        if key == name:
            left, _, comment = _pieces(part, name)
            if not put:
                out.append(f"{left}{_written(value)}{comment}")
                put = True
            elif comment.strip():
                out.append(comment.lstrip(" \t"))
        else:
            out.append(part)
        behind = len(out) if key is not None else behind
    if not put:
        if not behind:  # no key yet: after the comments, before the first table
            behind = next((at for at, part in enumerate(out) if part.lstrip().startswith("[")), len(out))
        if behind and not out[behind - 1].endswith("\n"):
            out[behind - 1] += end
        out.insert(behind, f"{name} = {_written(value)}{end}")
    whole = mark + "".join(out)
    found = _read(whole)
    return whole if found == (wanted if value is None else {**wanted, name: value}) else None


def _statements(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield the parts of a text: each statement before the first table with its key, all else with None."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    at = 0
    while at < len(lines):
        if lines[at].lstrip().startswith("["):
            yield "".join(lines[at:]), None
            return
        for last in range(at + 1, len(lines) + 1):  # a text or a list may take several lines
            part = "".join(lines[at:last])
            if (found := _read(part)) is not None:
                break
        yield part, next(iter(found or {}), None)
        at = last


def _pieces(part: str, name: str) -> tuple[str, str, str]:
    """Return a statement as what stands before its value, the value, and what stands behind it."""
    starts = (at.end() for at in re.finditer(r"=[ \t]*", part) if _read(part[: at.end()] + "0\n") == {name: 0})
    left = next(starts, 0)
    whole = _read(part)
    ends = (at.start() for at in re.finditer("#|$", part) if at.start() > left)
    right = len(part[: next((at for at in ends if _read(part[:at]) == whole), len(part))].rstrip())
    return part[:left] or f"{name} = ", part[left:right], part[right:]


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # JSON's texts, numbers, true and false are TOML's as well


def _read(text: str) -> dict[str, Any] | None:
    try:
        return parse(text)
    except tomllib.TOMLDecodeError:
        return None
