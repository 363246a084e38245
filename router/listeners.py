"""Listeners: who wants to hear of a request while it is on its way, several where several share one call.

Pure. Keeps nobody once the request is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from router.pattern import Pattern
from router.route import Answer, Route

OnBars = Callable[[Pattern], None]
"""Gets a growing draft."""

OnRoute = Callable[[Route], None]
"""Gets the route each time it changes."""


class Listeners:
    """Those who listen, by the request's key."""

    def __init__(self) -> None:
        self._by_key: dict[str, list[tuple[OnBars | None, OnRoute | None]]] = {}

    def __repr__(self) -> str:
        return f"<Listeners to {len(self._by_key)} requests>"

    @contextmanager
    def join(self, key: str, on_bars: OnBars | None, on_route: OnRoute | None) -> Iterator[None]:
        """Listen to a request for as long as this lasts."""
        here, mine = self._by_key.setdefault(key, []), (on_bars, on_route)
        here.append(mine)
        try:
            yield
        finally:
            here.remove(mine)
            if not here:
                del self._by_key[key]

    def crowd(self, key: str) -> bool:
        """Say whether more than one waits for a request's answer, with or without a word meanwhile."""
        return len(self._by_key.get(key, ())) > 1

    def teller(self, key: str) -> OnBars | None:
        """Return what tells a draft to all who want bars, or None when nobody does: then none is made."""
        if not any(on_bars for on_bars, _ in self._by_key.get(key, ())):
            return None

        def tell(draft: Pattern) -> None:
            for on_bars, _ in self._by_key.get(key, ()):
                if on_bars is not None:
                    on_bars(draft)

        return tell

    def tell_route(self, key: str, route: Callable[[], Route]) -> None:
        """Tell the way so far to all who want to know it; it is put together only then."""
        for _, on_route in self._by_key.get(key, ()):
            if on_route is not None:
                on_route(route())


def told(answer: Answer, on_bars: OnBars | None, on_route: OnRoute | None) -> Answer:
    """Return an answer that one listener has been told of."""
    if on_bars is not None:
        on_bars(answer.pattern)
    if on_route is not None:
        on_route(answer.route)
    return answer
