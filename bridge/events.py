"""Topics and their listeners: what happens, told to whoever subscribed, each with a snapshot first.

No socket here: a listener is a callable that takes a notification's parameters and must not block.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

TOPICS: Final = (
    "transport", "player", "patterns", "jobs", "notes", "midi", "settings", "route", "metrics", "alerts",
)  # fmt: skip
Deliver = Callable[[Mapping[str, Any]], None]


class Events:
    """The daemon's one hub. `rev` counts every publication, so that a client sees what it missed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._revisions = itertools.count(1)
        self._rev = 0
        self._listeners: dict[tuple[int, str], tuple[frozenset[str], Deliver]] = {}
        self._snapshots: dict[str, Callable[[], Any]] = {}

    def source(self, topic: str, snapshot: Callable[[], Any]) -> None:
        """Say who tells the present state of a topic to a new subscriber."""
        self._snapshots[topic] = snapshot

    def wanted(self, topic: str) -> bool:
        """Return whether anybody listens: what nobody hears need not be built."""
        return any(topic in topics for topics, _ in self._listeners.values())

    def publish(self, topic: str, data: Any) -> None:
        """Tell all listeners of `topic`, in the order in which they subscribed."""
        self._rev = next(self._revisions)
        t = self._clock()
        for (_, sub), (topics, deliver) in list(self._listeners.items()):
            if topic in topics:
                deliver({"sub": sub, "topic": topic, "rev": self._rev, "t": t, "data": data})

    def subscribe(self, owner: int, sub: str, topics: Iterable[str], deliver: Deliver) -> None:
        """Listen under the name `sub`; the same name again replaces the topics. Snapshots are delivered at once."""
        chosen = frozenset(topics)
        self._listeners[owner, sub] = (chosen, deliver)
        for topic in TOPICS:
            if topic in chosen:
                snapshot = self._snapshots.get(topic, dict)()
                deliver({"sub": sub, "topic": topic, "rev": self._rev, "t": self._clock(), "data": snapshot})

    def unsubscribe(self, owner: int, sub: str) -> bool:
        """Stop listening; return whether there was anything to stop."""
        return self._listeners.pop((owner, sub), None) is not None

    def count(self, owner: int) -> int:
        """Return how many subscriptions an owner holds."""
        return sum(key[0] == owner for key in self._listeners)

    def has(self, owner: int, sub: str) -> bool:
        """Return whether an owner listens under that name."""
        return (owner, sub) in self._listeners

    def drop(self, owner: int) -> None:
        """Forget all subscriptions of a client that left."""
        for key in [key for key in self._listeners if key[0] == owner]:
            del self._listeners[key]
