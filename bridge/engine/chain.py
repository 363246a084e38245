"""Chain: patterns that play one after another, a song. Where the song position stands decides which one plays.

Pure; time is ticks of the song. Knows no note: it says which part lies where, and where the next one begins.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, Generic, Protocol, TypeVar

MAX_PARTS: Final = 256


class Lasting(Protocol):
    """What has a name and a length."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    @property
    def ticks(self) -> int:
        """Its length."""
        ...


P = TypeVar("P", bound=Lasting)


class Chain(Generic[P]):
    """Parts in order from tick `origin` on; after the last one the first again if it loops, else nothing."""

    def __init__(self, parts: Sequence[P], *, loop: bool = False, origin: int | None = None) -> None:
        """Take the parts; `origin` None is where it takes over.

        Raises:
            ValueError: For no part, or more than 256.
        """
        if not 1 <= len(parts) <= MAX_PARTS:
            raise ValueError(f"a song of {len(parts)} parts cannot be played; 1 to {MAX_PARTS} can")
        self.parts = list(parts)
        self.loop = loop
        self.origin = origin
        self._edges = [0, *accumulate(part.ticks for part in parts)]

    def __repr__(self) -> str:
        return f"<Chain of {len(self.parts)} parts from {self.origin}>"

    @property
    def ticks(self) -> int:
        """Length of all parts together."""
        return self._edges[-1]

    def replace(self, part: P) -> None:
        """Let a part of the same name and length take the place of an older one."""
        for index, old in enumerate(self.parts):
            if old.id == part.id and old.ticks == part.ticks:
                self.parts[index] = part

    def at(self, tick: int) -> tuple[int, P, int] | None:
        """Return (index, part, tick where it begins) at a tick; before the song it is the first part, after it None."""
        origin = self.origin or 0
        turn, inside = divmod(tick - origin, self.ticks)
        if tick < origin:
            return 0, self.parts[0], origin
        if turn and not self.loop:
            return None
        index = bisect_right(self._edges, inside) - 1
        return index, self.parts[index], origin + turn * self.ticks + self._edges[index]

    def edge(self, tick: int) -> int | None:
        """Return the first tick at or after `tick` where a part begins or the song ends."""
        origin = self.origin or 0
        if tick <= origin:
            return origin
        turn, inside = divmod(tick - origin, self.ticks)
        if turn and not self.loop:
            return origin + self.ticks if tick == origin + self.ticks else None
        index = bisect_right(self._edges, inside - 1)
        return origin + turn * self.ticks + self._edges[index]

    def until(self, tick: int) -> Iterator[tuple[int, P]]:
        """Yield (tick, part) of each part that begins at or before `tick`, of the present turn and the first one."""
        origin = self.origin or 0
        turn = max(0, (tick - origin) // self.ticks) if self.loop else 0
        for start in dict.fromkeys((origin, origin + turn * self.ticks)):
            for edge, part in zip(self._edges, self.parts, strict=False):
                if start + edge <= tick:
                    yield start + edge, part
