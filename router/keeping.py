"""Keeping: a finished answer as the text that the cache holds, and back. Pure.

What comes out of a cache is read as strictly as what comes from a provider: a row that is not ours is no answer.
"""

from __future__ import annotations

import json
from typing import Protocol

from router.errors import InvalidRequest
from router.pattern import Pattern
from router.route import Answer, Reply, Route


class Store(Protocol):
    """Where answers are kept, as `router.stores.cache.Cache` keeps them."""

    async def get(self, cls: str, key: str) -> str | None:
        """Return what is kept, or None."""
        ...

    async def peek(self, cls: str, key: str) -> str | None:
        """Return what is in memory."""
        ...

    async def put(self, cls: str, key: str, value: str, ttl_s: float | None = None) -> None:
        """Keep a text."""


def pack(pattern: Pattern, route: Route) -> str:
    """Return an answer as text: the pattern, who made it, and what it cost (what a hit saves)."""
    who = {"tier": route.tier, "provider": route.provider, "model": route.model}
    return json.dumps({"pattern": pattern.as_dict(), "route": who, "cost": route.cost_picousd})


def pack_reply(reply: Reply) -> str:
    """Return the answer to a question as text."""
    route = reply.route
    return json.dumps({"data": reply.data, "tier": route.tier, "provider": route.provider, "model": route.model})


def unpack_reply(text: str, latency_ms: int) -> Reply | None:
    """Return the answer to a question again, or None when the text is none of ours."""
    try:
        kept = json.loads(text)
        tier, provider, model = (str(kept[name]) for name in ("tier", "provider", "model"))
        return Reply(dict(kept["data"]), Route(tier, provider, model, cache="hit", latency_ms=latency_ms))
    except (ValueError, TypeError, KeyError):
        return None


def unpack(text: str, latency_ms: int) -> Answer | None:
    """Return the answer again, paid for already, or None when the text is none of ours."""
    try:
        kept = json.loads(text)
        tier, provider, model = (str(kept["route"][name]) for name in ("tier", "provider", "model"))
        pattern = Pattern.from_dict(kept["pattern"])
        saved = {"cache": max(0, int(kept.get("cost", 0)))}
    except (ValueError, TypeError, KeyError, AttributeError, InvalidRequest):
        return None
    return Answer(pattern, Route(tier, provider, model, cache="hit", latency_ms=latency_ms, saved=saved))
