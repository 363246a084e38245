"""Routers that answer when a test lets them."""

import asyncio
from dataclasses import dataclass

from router import groove
from router.pattern import Pattern


@dataclass
class Answer:
    """What a router returns."""

    pattern: Pattern
    route: object


class Route:
    """A route that only knows its tier."""

    def as_dict(self):
        """The wire form."""
        return {"tier": "balanced", "provider": "scripted", "cost_usd": "0.001"}


class SlowRouter:
    """Answers when it is let go, with a pattern of its own."""

    def __init__(self, written=None):
        self.go = asyncio.Event()
        self.written = written

    async def route(self, request, **_):
        """Wait, then answer with what was written, or with another seed's groove."""
        await self.go.wait()
        if self.written is not None:
            return Answer(self.written, Route())
        pattern = groove.generate(request)
        return Answer(groove.vary(pattern, seed=1), Route())
