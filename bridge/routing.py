"""The router as the daemon holds it: imported and opened after the ready line, asked from the first moment on.

A request that comes before it is there waits for it; its draft already plays.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bridge.money import Money
from router.config import RouterConfig
from router.pattern import Pattern
from router.request import GrooveRequest

_log = logging.getLogger(__name__)


class Routing:
    """A router that is about to be there."""

    def __init__(self, config: RouterConfig, money: Money, memory: Path) -> None:
        self._config = config
        self._memory = memory
        self._money = money
        self._router: Any = None
        self._make: Any = None
        self._opened = asyncio.Event()
        self._on = True

    async def open(self) -> None:
        """Import the router in a thread, open the stores, warm the SDKs whose key is set."""
        module = await asyncio.to_thread(importlib.import_module, "router.dispatch")
        self._make = (await asyncio.to_thread(importlib.import_module, "router.revising")).make
        await self._money.open()
        money = self._money
        self._router = module.Router(
            self._config, ledger=money.ledger, cache=money.cache, valve=money.purse.valve, memory=self._memory
        )
        self._router.switch(on=self._on)
        # Answers need not wait for a warm SDK: the router loads what a request wants before the warming is done.
        self._opened.set()
        # What reads a player's words is compiled when the first ones come: these.
        await asyncio.to_thread(module.drummer.describe, "rock, stop on beat 3, claps on 2 and 4")
        await self._router.start()

    async def route(
        self,
        request: GrooveRequest,
        *,
        on_bars: Callable[[Pattern], None] | None = None,
        on_route: Callable[[Any], None] | None = None,
        source: str = "api",
    ) -> Any:
        """Return the router's answer, by the request's own workflow."""
        await self._opened.wait()
        return await self._make(self._router, request, on_bars=on_bars, on_route=on_route, source=source)

    async def ready(self) -> Any:
        """Return the router itself, once it is there, for workflows of several answers."""
        await self._opened.wait()
        return self._router

    def switch(self, on: bool) -> None:
        """Turn AI on or off, also for what is under way."""
        self._on = on
        if self._router is not None:
            self._router.switch(on=on)

    def status(self) -> Mapping[str, Any]:
        """Return what is configured and how it is."""
        return {"providers": {}, "notices": []} if self._router is None else self._router.status()

    async def close(self) -> None:
        """End what runs and close the stores."""
        if self._router is not None:
            await self._router.aclose()
        await self._money.close()
