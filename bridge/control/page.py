"""The page as it is sent: its files read once, its modules joined, comments and indentation left behind.

In the repository the page is plain modules that any server could send one by one. But each answer here closes its
connection, and a browser opens six at a time: eighteen modules cost 60 ms before the first is run, one costs 15.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

MAIN: Final = "/js/main.js"
"""The module that the page names; it is sent with all that it imports."""
_KINDS: Final = frozenset({"html", "js", "css", "svg", "txt"})
_IMPORT: Final = re.compile(rb'^import (?:\{ ([^}]*) \} from )?"([^"]+)";\n', re.MULTILINE)
_COMMENT: Final = re.compile(rb"^[ \t]*(?://[^\n]*|/\*.*?\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)
_INDENTATION: Final = re.compile(rb"^[ \t]+", re.MULTILINE)


def lean(source: bytes) -> bytes:
    """Return a script or style sheet without the comments that have lines of their own, and without indentation."""
    return _INDENTATION.sub(b"", _COMMENT.sub(b"", source))


def foreign(path: str) -> bool:
    """Return whether a file is not ours: it is sent as it is and stays a file of its own."""
    return path.startswith("/vendor/")


def join(main: str, files: Mapping[str, bytes]) -> bytes:
    """Return one module made of `main` and all that it imports, each behind what it needs.

    What modules declare at their top must differ in name from module to module; a browser refuses the whole otherwise.
    """
    parts: list[bytes] = []
    taken: set[str] = set()
    wanted: dict[str, set[bytes]] = {}

    def take(path: str) -> None:
        taken.add(path)
        for names, target in _IMPORT.findall(files[path]):
            needed = posixpath.normpath(posixpath.join(posixpath.dirname(path), target.decode()))
            if foreign(needed):
                wanted.setdefault(needed, set()).update(names.split(b", "))
            elif needed not in taken:
                take(needed)
        parts.append(_IMPORT.sub(b"", files[path]))

    take(main)
    imports = [b'import { %s } from "%s";\n' % (b", ".join(sorted(wanted[path])), path.encode()) for path in wanted]
    return b"".join([*imports, *parts])


def page_files(folder: Traversable | None = None) -> dict[str, bytes]:
    """Return what is sent of the page, by path; "/" is index.html."""
    files: dict[str, bytes] = {}
    pending = [("", folder or resources.files("bridge.panel"))]
    while pending:
        prefix, here = pending.pop()
        for entry in here.iterdir():
            path, kind = f"{prefix}/{entry.name}", entry.name.rpartition(".")[2]
            if entry.is_dir() and not entry.name.startswith("_"):
                pending.append((path, entry))
            elif kind in _KINDS:
                data = entry.read_bytes()
                files[path] = lean(data) if kind in {"js", "css"} and not foreign(path) else data
    files[MAIN] = join(MAIN, files)
    files["/"] = files["/index.html"]
    return {path: data for path, data in files.items() if path == MAIN or not path.endswith(".js") or foreign(path)}
