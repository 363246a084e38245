"""Cache: what was paid for once is not paid for again, within the hour or the day that its kind allows.

aiocache holds the values and nothing else: it knows no bound, its timers outlive `clear()` and delete later values, so
age, order and size are kept here. Values are text, for it hands the same object to everyone. Never finds by likeness.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

from aiocache import SimpleMemoryCache

from router.stores.shelf import Entry, Shelf


@dataclass(frozen=True, slots=True)
class Kind:
    """How long and how much of one kind of answer is kept."""

    ttl_s: float
    max_size: int
    max_chars: int = 8_000_000


CACHE_CONFIG: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "pattern_analysis": Kind(3600, 1000),
        "template_selection": Kind(86400, 500),
        "modification_map": Kind(86400, 100),
        "pattern": Kind(3600, 1000, 32_000_000),
    }
)
"""The routing document's three classes, and patterns; the last one's time to live is AI_CACHE_TTL."""


class Lasting(Protocol):
    """Where entries outlive the process. None of these may raise for a store that is away."""

    trouble: str | None

    async def open(self) -> None:
        """Get ready."""

    async def close(self) -> None:
        """Write what waits."""

    async def get(self, cls: str, key: str, now: float) -> Entry | None:
        """Return an entry that still lives, or None."""
        ...

    def put(self, cls: str, key: str, entry: Entry) -> None:
        """Take an entry to be written soon."""

    async def clear(self) -> None:
        """Delete every entry."""


class _Note(NamedTuple):
    expires: float
    ttl_s: float
    chars: int


class Cache:
    """Bounded memory over a file. All methods belong to one event loop; the file is written in a thread."""

    def __init__(
        self,
        path: Path | str | None,
        *,
        enabled: bool = True,
        default_ttl_s: float = 3600,
        wall: Callable[[], float] = time.time,
        kinds: Mapping[str, Kind] | None = None,
        shelf: Lasting | None = None,
    ) -> None:
        """Name the file (None: memory only); nothing is opened yet.

        Args:
            path: Where the cache lasts across restarts.
            enabled: AI_CACHE_ENABLED; when off nothing is found and nothing is kept.
            default_ttl_s: AI_CACHE_TTL, the life of a pattern; 0 keeps none.
            wall: Seconds since 1970, for a life goes on while the program does not.
            kinds: Other bounds, for tests.
            shelf: What lasts in the file's place: the shared store of several machines.
        """
        known = dict(CACHE_CONFIG)
        known["pattern"] = Kind(default_ttl_s, known["pattern"].max_size, known["pattern"].max_chars)
        self.enabled = enabled
        self._kinds = dict(kinds or known)
        self._wall = wall
        self._memory = SimpleMemoryCache(timeout=0)
        self._order: dict[str, OrderedDict[str, _Note]] = {name: OrderedDict() for name in self._kinds}
        self._chars = dict.fromkeys(self._kinds, 0)
        self._counts = {name: dict.fromkeys(("hits", "misses", "puts", "evicted"), 0) for name in self._kinds}
        self._shelf: Lasting | None = shelf if enabled else None
        if path is not None and enabled and shelf is None:
            self._shelf = Shelf(Path(path), {name: kind.max_size for name, kind in self._kinds.items()})

    def __repr__(self) -> str:
        return f"<Cache {'on' if self.enabled else 'off'}, {sum(map(len, self._order.values()))} in memory>"

    async def open(self) -> None:
        """Open the file. A file that cannot be used is done without (`stats()["trouble"]` says why)."""
        if self._shelf is not None:
            await self._shelf.open()

    async def close(self) -> None:
        """Write what is not yet written and close the file."""
        if self._shelf is not None:
            await self._shelf.close()

    async def get(self, cls: str, key: str) -> str | None:
        """Return the value kept under a key, or None when there is none or it is too old."""
        if not self.enabled:
            return None
        name = f"{cls}:{key}"
        order, counts = self._order[cls], self._counts[cls]
        note = order.get(name)
        now = self._wall()
        # The second half: a clock set back must not lengthen a life.
        if note is not None and note.expires - note.ttl_s <= now < note.expires:
            value: str | None = await self._memory.get(name)
            if value is not None:
                order.move_to_end(name)
                counts["hits"] += 1
                return value
        if note is not None:
            await self._forget(cls, name)
        found = await self._shelf.get(cls, key, now) if self._shelf is not None else None
        if found is None:
            counts["misses"] += 1
            return None
        counts["hits"] += 1
        await self._keep(cls, name, found)
        return found.value

    async def peek(self, cls: str, key: str) -> str | None:
        """Return what `get` would from memory alone, counting nothing: a second look after a miss."""
        name = f"{cls}:{key}"
        note = self._order[cls].get(name)
        if note is None or not note.expires - note.ttl_s <= self._wall() < note.expires:
            return None
        value: str | None = await self._memory.get(name)
        return value

    async def put(self, cls: str, key: str, value: str, ttl_s: float | None = None) -> None:
        """Keep a value; the oldest unused ones give way. Returns before the file is written.

        Raises:
            TypeError: If the value is not text; a shared mutable object would be everyone's to change.
        """
        if type(value) is not str:
            raise TypeError(f"the cache keeps text, not {type(value).__name__}")
        kind = self._kinds[cls]
        life = kind.ttl_s if ttl_s is None else ttl_s
        if not self.enabled or life <= 0 or len(value) > kind.max_chars:
            return
        entry = Entry(value, self._wall() + life, life)
        self._counts[cls]["puts"] += 1
        await self._keep(cls, f"{cls}:{key}", entry)
        if self._shelf is not None:
            self._shelf.put(cls, key, entry)

    async def clear(self) -> None:
        """Forget everything, in memory and in the file."""
        for order in self._order.values():
            order.clear()
        self._chars = dict.fromkeys(self._chars, 0)
        await self._memory.clear()
        if self._shelf is not None:
            await self._shelf.clear()

    def stats(self) -> dict[str, Any]:
        """Return {enabled, hits, misses, hit_rate, trouble, classes: {name: {size, chars, hits, ...}}}."""
        classes = {
            name: {"size": len(self._order[name]), "chars": self._chars[name], **counts}
            for name, counts in self._counts.items()
        }
        hits = sum(counts["hits"] for counts in self._counts.values())
        misses = sum(counts["misses"] for counts in self._counts.values())
        return {
            "enabled": self.enabled,
            "hits": hits,
            "misses": misses,
            "hit_rate": hits / (hits + misses) if hits + misses else None,
            "trouble": self._shelf.trouble if self._shelf is not None else None,
            "classes": classes,
        }

    async def _keep(self, cls: str, name: str, entry: Entry) -> None:
        order, kind = self._order[cls], self._kinds[cls]
        old = order.pop(name, None)
        order[name] = _Note(entry.expires, entry.ttl_s, len(entry.value))
        self._chars[cls] += len(entry.value) - (old.chars if old else 0)
        await self._memory.set(name, entry.value)
        while len(order) > kind.max_size or self._chars[cls] > kind.max_chars:
            self._counts[cls]["evicted"] += 1
            await self._forget(cls, next(iter(order)))

    async def _forget(self, cls: str, name: str) -> None:
        note = self._order[cls].pop(name, None)
        if note is not None:
            self._chars[cls] -= note.chars
            await self._memory.delete(name)
