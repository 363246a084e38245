"""The library: patterns on disk, one JSON file each, and the .mid files a DAW's browser can watch.

Clients give names, never paths; a file is whole or absent. A broken file is passed over and named, never deleted.
"""

from __future__ import annotations

import json
import logging
import re
import time
from pathlib import Path
from typing import Any, Final

from bridge.home import write_whole
from router.errors import InvalidRequest
from router.pattern import Pattern

_log = logging.getLogger(__name__)
_NAME: Final = re.compile(r"[a-z0-9_-]{1,64}")
_MOST: Final = 10_000
"""Patterns; a library beyond this is a mistake of a script, and listing it would stall."""


class UnknownPattern(KeyError):
    """No pattern has that id."""


class LibraryFull(Exception):
    """The library holds as many patterns as it can."""


class Library:
    """Patterns by id, in the order in which they came."""

    def __init__(self, folder: Path, exports: Path) -> None:
        self._folder = folder
        self._exports = exports
        self._patterns: dict[str, Pattern] = {}
        self._facts: dict[str, dict[str, Any]] = {}
        self.broken: list[str] = []

    def open(self) -> None:
        """Read the folder."""
        found = []
        for file in self._folder.glob("*.json"):
            try:
                data = json.loads(file.read_text("utf-8"))
                found.append((float(data.get("kept_at", 0)), data))
            except (OSError, ValueError, AttributeError, TypeError) as error:
                self._pass_over(file, error)
        for _, data in sorted(found, key=lambda item: item[0]):
            try:
                pattern = Pattern.from_dict(data["pattern"])
            except (InvalidRequest, KeyError, TypeError, ValueError) as error:
                self._pass_over(self._folder / "?.json", error)
                continue
            self._patterns[pattern.id] = pattern
            self._facts[pattern.id] = {
                "favourite": data.get("favourite") is True,
                "kept_at": float(data.get("kept_at", 0)),
            }

    def _pass_over(self, file: Path, error: Exception) -> None:
        _log.warning("%s in the library cannot be read and is left as it is: %s", file.name, error)
        self.broken.append(file.name)

    def __len__(self) -> int:
        return len(self._patterns)

    def get(self, identity: str) -> Pattern:
        """Return a pattern.

        Raises:
            UnknownPattern: If none has that id.
        """
        try:
            return self._patterns[identity]
        except KeyError:
            raise UnknownPattern(identity) from None

    def put(self, pattern: Pattern) -> None:
        """Keep a pattern; the same id again replaces it and stays a favourite.

        Raises:
            LibraryFull: At 10,000 patterns. OSError: If the disk refuses.
        """
        if pattern.id not in self._patterns and len(self._patterns) >= _MOST:
            raise LibraryFull(f"the library holds {_MOST} patterns; delete some first")
        facts = self._facts.get(pattern.id) or {"favourite": False, "kept_at": time.time()}
        self._write(pattern, facts)
        self._patterns[pattern.id] = pattern
        self._facts[pattern.id] = facts

    def _write(self, pattern: Pattern, facts: dict[str, Any]) -> None:
        data = json.dumps({"pattern": pattern.as_dict(), **facts}).encode()
        write_whole(self._folder / f"{pattern.id}.json", data)

    def delete(self, identity: str) -> None:
        """Forget a pattern.

        Raises:
            UnknownPattern: If none has that id.
        """
        self.get(identity)
        (self._folder / f"{identity}.json").unlink(missing_ok=True)
        del self._patterns[identity], self._facts[identity]

    def favourite(self, identity: str, *, value: bool) -> None:
        """Mark a pattern.

        Raises:
            UnknownPattern: If none has that id.
        """
        pattern = self.get(identity)
        facts = {**self._facts[identity], "favourite": value}
        self._write(pattern, facts)
        self._facts[identity] = facts

    def after(self, identity: str | None) -> Pattern | None:
        """Return the pattern after `identity` in the library, around the end; the first one after none."""
        ids = list(self._patterns)
        if not ids:
            return None
        index = ids.index(identity) + 1 if identity in self._patterns else 0
        return self._patterns[ids[index % len(ids)]]

    def list(self, search: str = "", *, favourites: bool = False) -> list[dict[str, Any]]:
        """Return the facts of each pattern, without its hits, oldest first."""
        words = search.lower().split()
        out = []
        for pattern in self._patterns.values():
            facts = self._facts[pattern.id]
            about = f"{pattern.name} {pattern.meta.get('genre', '')} {pattern.meta.get('style', '')}".lower()
            if (favourites and not facts["favourite"]) or not all(word in about for word in words):
                continue
            out.append(self._summary(pattern, facts))
        return out

    def _summary(self, pattern: Pattern, facts: dict[str, Any]) -> dict[str, Any]:
        data = pattern.as_dict()
        del data["hits"]
        return {**data, "hit_count": len(pattern.hits), **facts}

    @property
    def exports(self) -> Path:
        """The folder that .mid files are written to."""
        return self._exports

    def export(self, name: str, data: bytes) -> Path:
        """Write a .mid file into the exports folder and return its path.

        Raises:
            InvalidRequest: If the name is no plain name. OSError: If the disk refuses.
        """
        if not _NAME.fullmatch(name):
            raise InvalidRequest("name", f"name is {name!r:.80}; it must match [a-z0-9_-]{{1,64}}", "try groove-1")
        file = self._exports / f"{name}.mid"
        write_whole(file, data)
        return file

    def exported(self, name: str) -> bytes | None:
        """Return an export's bytes by its plain name, or None."""
        if not _NAME.fullmatch(name):
            return None
        try:
            return (self._exports / f"{name}.mid").read_bytes()
        except OSError:
            return None


def file_name(words: str, fallback: str) -> str:
    """Return a plain name made of the words of a title."""
    plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:48].strip("-")
    return plain or fallback
