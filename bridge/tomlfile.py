"""One key of a TOML file set or taken out; every other word, comment and line end stays. Pure.

tomlkit reads and writes, and only what stands before the first table: it may put scattered tables in another order.
Left to us: where a new key belongs, and that a comment outlives the value it stands behind.
"""

from __future__ import annotations

from typing import Any

import tomlkit
from tomlkit.items import AoT, Comment, Item, Key, Null, Table, Trivia

_BOM = "\ufeff"
"""Some editors begin a file with it; TOML has no place for it."""


def changed(text: str, name: str, value: Any = None) -> str | None:
    """Return a valid file's text with a key at its top set to `value` (a text, number or truth), None takes it out.

    None comes back for a table of that name: it is its owner's.
    """
    mark = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    end = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += end
    document = tomlkit.parse(text)
    body = document.body
    tables = [at for at, part in enumerate(body) if _has_header(*part)]
    if any(key is not None and key.key == name for key, _ in (body[at] for at in tables)):
        return None
    del body[min(tables, default=len(body)) :]
    tail = text[len(tomlkit.dumps(document)) :]
    ours = [at for at, (key, _) in enumerate(body) if key is not None and key.key == name]
    if value is not None and len(ours) == 1 and not isinstance(body[ours[0]][1], Table):
        document[name] = value
    else:
        for at in ours:
            body[at] = (None, _remark(body[at][1]))
        if value is not None:
            line = tomlkit.parse(f"{name} = 0{end}")
            line[name] = value
            body.insert(_place(body, before_table=bool(tables)), line.body[0])
    return mark + tomlkit.dumps(document) + tail


def _place(body: list[tuple[Key | None, Item]], *, before_table: bool) -> int:
    """Return where a new key belongs: behind the others, and before the comment that stands right above a table."""
    place = max((at + 1 for at, (key, _) in enumerate(body) if key is not None), default=len(body))
    while before_table and place and isinstance(body[place - 1][1], Comment):
        place -= 1
    return place


def _has_header(key: Key | None, item: Item) -> bool:
    """Say whether a part of a file is `[key]` and all that follows; `key.part = 1` is a table to tomlkit as well."""
    return isinstance(item, Table | AoT) and key is not None and not key.is_dotted()


def _remark(item: Item) -> Item:
    """Return the comment behind a value as a line of its own."""
    while isinstance(item, Table):  # of key.part.part = 1, the 1
        [(_, item)] = item.value.body
    kept = item.trivia
    return Comment(Trivia(kept.indent, "", kept.comment, kept.trail)) if kept.comment else Null()
