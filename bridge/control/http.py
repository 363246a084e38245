"""What the port answers to plain HTTP: the page, health, metrics, the API document, exports. GET and HEAD only.

Files are served from memory; nothing a client sends ever becomes a path.
"""

from __future__ import annotations

import http
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from websockets.datastructures import Headers
from websockets.http11 import Response

from bridge.control.page import in_theme, page_files, style_source, version

_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
}
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' {style}; connect-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_BY_ITSELF: Final = frozenset({"none", "same-origin"})
"""What browsers say of a request that no other site caused; one that says nothing may have been led here."""
OPEN: Final = frozenset({"/healthz"})
"""Paths, beside the page's files, that need no token and hold no secret."""


@dataclass(frozen=True, slots=True)
class Body:
    """An answer's content."""

    data: bytes
    type: str
    etag: str = ""
    download: str = ""
    style: str = ""


def _stored(path: str, data: bytes) -> Body:
    """Return a file of the page as it is answered: "/" is a page."""
    kind = path.rpartition(".")[2] if "." in path else "html"
    return Body(data, _TYPES[kind], f'"{version(data)}"', style=style_source(data) if kind == "html" else "")


def answer(
    body: Body | None,
    *,
    status: int = 200,
    head: bool = False,
    if_none_match: str | None = None,
    query: str = "",
    led_by: str = "",
) -> Response:
    """Return the response that carries `body`; a matching ETag is answered 304.

    A `query` that names the content makes it one that never changes.

    `led_by` is the request's Sec-Fetch-Site. Only another site's window can keep a hold on ours, and to cut it off
    the browser starts a process of its own for the page: 40 ms that nobody who came here by himself has to wait.
    """
    found = body or Body(b"not found\n", _TYPES["txt"])
    status = 404 if body is None else status
    headers = Headers()
    headers["Content-Type"] = found.type
    headers["Content-Security-Policy"] = _CSP.format(style=found.style).replace(" ;", ";")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Vary"] = "Sec-Fetch-Site"
    if led_by not in _BY_ITSELF:
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    known = "max-age=31536000, immutable" if found.etag == f'"{query}"' else "no-cache"
    headers["Cache-Control"] = known if found.etag else "no-store"
    headers["Connection"] = "close"
    if found.download:
        headers["Content-Disposition"] = f'attachment; filename="{found.download}"'
    if found.etag:
        headers["ETag"] = found.etag
        if if_none_match is not None and found.etag in {tag.strip() for tag in if_none_match.split(",")}:
            return Response(304, "Not Modified", headers)
    headers["Content-Length"] = str(len(found.data))
    return Response(status, http.HTTPStatus(status).phrase, headers, b"" if head else found.data)


def refuse(status: int, message: str) -> Response:
    """Return an error as JSON, with the headers that status wants."""
    response = answer(Body(json.dumps({"error": message}).encode() + b"\n", _TYPES["json"]), status=status)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 405:
        response.headers["Allow"] = "GET, HEAD"
    if status in {429, 503}:
        response.headers["Retry-After"] = "1"
    return response


class Site:
    """Paths and what stands there.

    Args:
        health: Facts that need no token.
        metrics: The Prometheus text.
        api: The AsyncAPI document.
        export: Returns an exported file's bytes by its plain name.
    """

    def __init__(
        self,
        health: Callable[[], Mapping[str, object]],
        metrics: Callable[[], str],
        api: Callable[[], Mapping[str, object]],
        export: Callable[[str], bytes | None],
    ) -> None:
        files = page_files()
        self._files = {path: _stored(path, data) for path, data in files.items()}
        self._themed = {f"theme={theme}": _stored("/", in_theme(files["/"], theme)) for theme in ("dark", "light")}
        self._health = health
        self._metrics = metrics
        self._api = api
        self._export = export

    def needs_token(self, path: str) -> bool:
        """Return whether a path is closed to those without the token."""
        return path not in self._files and path not in OPEN

    def get(self, path: str, cookies: str = "") -> Body | None:
        """Return what stands at `path`, or None; the page itself in the theme that the browser's `cookies` name."""
        if path == "/":
            return next((self._themed[one] for one in cookies.split("; ") if one in self._themed), self._files["/"])
        if path in self._files:
            return self._files[path]
        if path == "/healthz":
            return Body(json.dumps(self._health()).encode() + b"\n", _TYPES["json"])
        if path == "/metrics":
            return Body(self._metrics().encode(), "text/plain; version=0.0.4; charset=utf-8")
        if path == "/api/asyncapi.json":
            return Body(json.dumps(self._api()).encode() + b"\n", _TYPES["json"])
        if path.startswith("/exports/") and path.endswith(".mid"):
            name = path.removeprefix("/exports/").removesuffix(".mid")
            data = self._export(name)
            return None if data is None else Body(data, "audio/midi", download=f"{name}.mid")
        return None
