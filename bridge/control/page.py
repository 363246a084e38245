"""The page as it is sent: read once, modules joined, style within, comments and indentation left behind.

In the repository the page is plain modules and a style sheet that any server could send one by one. But each answer
here closes its connection, and a browser opens six at a time: nineteen modules cost 60 ms before the first is run,
one costs 15.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
import urllib.parse
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

MAIN: Final = "/js/main.js"
"""The module that the page names; it is sent with all that it imports."""
_KINDS: Final = frozenset({"html", "js", "css", "svg", "txt"})
_IMPORT: Final = re.compile(rb'^import (?:\{ [^}]* \} from )?"([^"]+)";\n', re.MULTILINE)
_COMMENT: Final = re.compile(rb"^[ \t]*(?://[^\n]*|/\*.*?\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)
_INDENTATION: Final = re.compile(rb"^[ \t]+", re.MULTILINE)
_EXPORT: Final = re.compile(rb"export\{([^}]*)\};\s*$")
_SHEET: Final = re.compile(rb'<link rel="stylesheet" href="([^"]+)">')
_ICON: Final = re.compile(rb'(<link rel="icon" href=")([^"]+)')
_STYLE: Final = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


def lean(source: bytes) -> bytes:
    """Return a script or style sheet without the comments that have lines of their own, and without indentation."""
    return _INDENTATION.sub(b"", _COMMENT.sub(b"", source))


def foreign(path: str) -> bool:
    """Return whether a file is not ours: nothing is taken out of it."""
    return path.startswith("/vendor/")


def enclosed(module: bytes) -> bytes:
    """Return a bundled module as constants: what it exports, while its own names, one letter long, stay inside."""
    export = _EXPORT.search(module)
    if export is None:
        raise ValueError("a bundled module ends with its exports")
    pairs = [name.split(b" as ") for name in export[1].split(b",")]
    names, values = b",".join(pair[-1] for pair in pairs), b",".join(b"%s:%s" % (pair[-1], pair[0]) for pair in pairs)
    return b"const {%s} = (() => {%sreturn {%s}})();\n" % (names, module[: export.start()], values)


def join(main: str, files: Mapping[str, bytes]) -> bytes:
    """Return one module made of `main` and all that it imports, each behind what it needs.

    What modules declare at their top must differ in name from module to module; a browser refuses the whole otherwise.
    """
    parts: list[bytes] = []
    taken: set[str] = set()

    def take(path: str) -> None:
        taken.add(path)
        for target in _IMPORT.findall(files[path]):
            needed = posixpath.normpath(posixpath.join(posixpath.dirname(path), target.decode()))
            if needed not in taken:
                take(needed)
        parts.append(enclosed(files[path]) if foreign(path) else _IMPORT.sub(b"", files[path]))

    take(main)
    return b"".join(parts)


def version(data: bytes) -> str:
    """Return the name of exactly this content."""
    return hashlib.sha256(data).hexdigest()[:20]


def whole(page: bytes, files: Mapping[str, bytes]) -> bytes:
    """Return a page with style sheet and icon within it, and its script named by content.

    Each request less is 5 to 15 ms of a visit. Nothing is ever drawn without its style, and a browser that has been
    here asks for the script again only when it is another.
    """
    page = _SHEET.sub(lambda sheet: b"<style>%s</style>" % files[f"/{sheet[1].decode()}"], page)
    picture = b"data:image/svg+xml,"
    page = _ICON.sub(lambda i: i[1] + picture + urllib.parse.quote(files[f"/{i[2].decode()}"].strip()).encode(), page)
    main = MAIN[1:].encode()
    return page.replace(b'src="%s"' % main, b'src="%s?%s"' % (main, version(files[MAIN]).encode()))


def style_source(page: bytes) -> str:
    """Return what allows the style within a page, and no other, in a Content-Security-Policy; "" where none is."""
    style = _STYLE.search(page)
    return "" if style is None else f"'sha256-{base64.b64encode(hashlib.sha256(style[1]).digest()).decode()}'"


def in_theme(page: bytes, theme: str) -> bytes:
    """Return the page in the theme that was chosen; asking the browser's storage would hold the script up for 10 ms."""
    return page.replace(b"<html ", f'<html data-theme="{theme}" '.encode(), 1)


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
    files["/"] = files["/index.html"] = whole(files["/index.html"], files)
    return {path: data for path, data in files.items() if path == MAIN or not path.endswith((".js", ".css", ".svg"))}
