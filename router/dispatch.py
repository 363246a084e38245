"""Dispatch: the only awaits of the router. A request goes in, a complete pattern and its receipt come out.

Decides nothing itself: which tier, which candidates and in which order are pure questions answered elsewhere. Never
lets a provider's failure become silence; the embedded drummer stands behind every path.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from router import groove
from router.config import RouterConfig
from router.pattern import Pattern
from router.request import GrooveRequest
from router.route import EMBEDDED, LOCAL, Answer, Route


class Router:
    """Routes requests for patterns to whoever can meet them at the lowest cost."""

    def __init__(self, config: RouterConfig, *, ledger: Any = None, cache: Any = None) -> None:
        self.config = config
        self._ledger = ledger
        self._cache = cache

    async def start(self) -> None:
        """Import and warm the SDKs whose key is set."""

    async def aclose(self) -> None:
        """End what runs."""

    def status(self) -> dict[str, Any]:
        """Return what is configured and how it is, without secrets."""
        return {"providers": {}, "notices": []}

    async def route(
        self,
        request: GrooveRequest,
        *,
        on_bars: Callable[[Pattern], None] | None = None,
        on_route: Callable[[Route], None] | None = None,
        source: str = "api",
    ) -> Answer:
        """Return a complete pattern for a request, and how it was made."""
        del source
        started = time.monotonic()
        groove.check_names(genre=request.genre, style=request.style, drummer=request.drummer)
        pattern = groove.generate(request)
        route = Route(LOCAL, LOCAL, EMBEDDED, latency_ms=round((time.monotonic() - started) * 1000))
        if on_bars:
            on_bars(pattern)
        if on_route:
            on_route(route)
        return Answer(pattern, route)
