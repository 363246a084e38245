"""Purse: ledger and cache of one home, or of several machines when a shared store is named; opened and closed together.

The one place that chooses between the file and the shared store. Opening never raises: what cannot be used is done
without, and the ledger's `closed` says why nothing is paid.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from router.stores.cache import CACHE_CONFIG, Cache
from router.stores.ledger import Ledger
from router.stores.shared import Shared, SharedAway, SharedShelf, SharedValves
from router.stores.shared_ledger import SharedLedger


class Purse:
    """The money and what it bought."""

    def __init__(
        self,
        folder: Path,
        *,
        monthly_budget_picousd: int | None,
        cache_enabled: bool = True,
        cache_ttl_s: float = 3600,
        shared_url: str | None = None,
        valves: Mapping[str, tuple[int, int]] | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Choose the stores; nothing is opened yet.

        Args:
            folder: The state directory: `ledger.db` and `cache.db`.
            monthly_budget_picousd: AI_MONTHLY_BUDGET, None for no limit.
            cache_enabled: AI_CACHE_ENABLED.
            cache_ttl_s: AI_CACHE_TTL.
            shared_url: DRUMBRIDGE_SHARED_URL; the files are left alone when it is given.
            valves: Source to (calls a minute, calls an hour); counted on the shared store only.
            wall: Seconds since 1970.
        """
        self.ledger: Ledger | SharedLedger
        self._shared: Shared | None = None
        self._valves: SharedValves | None = None
        self._wall = wall
        if shared_url:
            self._shared = Shared(shared_url)
            shelf = SharedShelf(self._shared, {name: kind.max_size for name, kind in CACHE_CONFIG.items()})
            self.ledger = SharedLedger(self._shared, monthly_budget_picousd=monthly_budget_picousd, wall=wall)
            self.cache = Cache(None, enabled=cache_enabled, default_ttl_s=cache_ttl_s, wall=wall, shelf=shelf)
            self._valves = SharedValves(self._shared, valves or {})
        else:
            self.ledger = Ledger(folder / "ledger.db", monthly_budget_picousd=monthly_budget_picousd, wall=wall)
            self.cache = Cache(folder / "cache.db", enabled=cache_enabled, default_ttl_s=cache_ttl_s, wall=wall)

    def __repr__(self) -> str:
        return f"<Purse {self.ledger!r} {self.cache!r}>"

    async def valve(self, source: str) -> float:
        """Count a paid call of a source on all machines; return the seconds to wait, 0 to go on.

        A store that is away lets it pass: each machine counts its own too, and the ledger pays nothing without it.
        """
        if self._valves is None:
            return 0.0
        try:
            return await self._valves.take(source, self._wall())
        except SharedAway:
            return 0.0

    async def open(self) -> None:
        """Open both."""
        await self.ledger.open()
        await self.cache.open()

    async def close(self) -> None:
        """Finish what is being written, settle what is open, close both and the connection under them."""
        await self.cache.close()
        await self.ledger.close()
        if self._shared is not None:
            await self._shared.aclose()
