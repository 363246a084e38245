"""Lore: what is learnt of models while running, from the providers' own lists and refusals, and kept across restarts.

Works beside the requests, never in their way: a list that cannot be read is done without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from router.call import Provider
from router.errors import AttemptFailed
from router.health import Health
from router.stores import tombstones

LIST_S: Final = 5.0
"""How long a provider's list may take."""

AFTER_S: Final = 2.0
"""How long after a provider's first use its list is read: the first answer has the machine for itself."""


class Lore:
    """Reads each provider's list once a day, at its first use, and again when a model turns out to be gone."""

    def __init__(self, health: Health, provider: Callable[[str], Awaitable[Provider]], memory: Path | None) -> None:
        """Take the records to write into, who can be asked, and the file that remembers."""
        self._health, self._provider, self._memory = health, provider, memory
        self._read: dict[str, str] = {}
        self._kept = dict(health.gone)
        self._chores: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<Lore {len(self._health.gone)} gone, {len(self._chores)} under way>"

    def used(self, name: str, today: str) -> None:
        """Take that a provider is asked today; its list is read once."""
        if self._read.get(name) != today:
            self._read[name] = today
            self._later(name, AFTER_S)

    def gone(self, name: str, model: str) -> None:
        """Take that a model was refused; when it is a tombstone now, it is kept and the list is read again."""
        if (name, model) in self._health.gone:
            self._later(name, 0.0)

    def _later(self, name: str, after_s: float) -> None:
        chore = asyncio.create_task(self._learn(name, after_s), name=f"lore of {name}")
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)

    async def _learn(self, name: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        try:
            provider = await self._provider(name)
            async with asyncio.timeout(LIST_S):
                self._health.learn(name, dict(await provider.models()))
        except (AttemptFailed, TimeoutError):
            pass  # the list is a help, not a need
        if self._health.gone != self._kept:
            self._kept = dict(self._health.gone)
            if self._memory is not None:
                await asyncio.to_thread(tombstones.save, self._memory, self._kept)

    async def settle(self) -> None:
        """Wait for what is being learnt."""
        await asyncio.gather(*self._chores, return_exceptions=True)

    async def aclose(self) -> None:
        """End what is being learnt."""
        for chore in self._chores:
            chore.cancel()
        await self.settle()
