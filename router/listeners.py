"""Listeners: who wants to hear of a request while it is on its way, several where several share one call.

Pure. Keeps nobody once the request is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from router.pattern import Pattern
from router.route import Answer, Route

OnBars = Callable[[Pattern], None]
"""Gets a growing draft."""

OnRoute = Callable[[Route], None]
"""Gets the route each time it changes."""


@dataclass(slots=True, eq=False)
class Circle:
    """Those who wait for one answer. `host` is whose call they share, in the dispatcher's own terms."""

    seats: list[tuple[OnBars | None, OnRoute | None]] = field(default_factory=list)
    host: Any = None


class Listeners:
    """Those who listen, by the request's key."""

    def __init__(self) -> None:
        self._by_key: dict[str, Circle] = {}

    def __repr__(self) -> str:
        return f"<Listeners to {len(self._by_key)} requests>"

    @contextmanager
    def join(self, key: str, on_bars: OnBars | None, on_route: OnRoute | None) -> Iterator[Circle]:
        """Listen to a request for as long as this lasts."""
        circle, mine = self._by_key.setdefault(key, Circle()), (on_bars, on_route)
        circle.seats.append(mine)
        try:
            yield circle
        finally:
            circle.seats.remove(mine)
            if not circle.seats:
                del self._by_key[key]

    def crowd(self, key: str) -> bool:
        """Say whether more than one waits for a request's answer, with or without a word meanwhile."""
        return len(self._seats(key)) > 1

    def teller(self, key: str) -> OnBars | None:
        """Return what tells a draft to all who want bars, or None when nobody does: then none is made."""
        if not any(on_bars for on_bars, _ in self._seats(key)):
            return None

        def tell(draft: Pattern) -> None:
            for on_bars, _ in self._seats(key):
                if on_bars is not None:
                    on_bars(draft)

        return tell

    def tell_route(self, key: str, route: Callable[[], Route]) -> None:
        """Tell the way so far to all who want to know it; it is put together only then."""
        for _, on_route in self._seats(key):
            if on_route is not None:
                on_route(route())

    def _seats(self, key: str) -> Sequence[tuple[OnBars | None, OnRoute | None]]:
        circle = self._by_key.get(key)
        return () if circle is None else circle.seats


def told(answer: Answer, on_bars: OnBars | None, on_route: OnRoute | None) -> Answer:
    """Return an answer that one listener has been told of."""
    if on_bars is not None:
        on_bars(answer.pattern)
    if on_route is not None:
        on_route(answer.route)
    return answer
