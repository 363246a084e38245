"""Where bars and beats lie on the song's ticks, across changes of metre.

Pure. A change of metre happens at a bar line; bars count on through it. Bars and beats are told from 1, ticks from 0.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

TICKS_PER_QUARTER: Final = 960
COMMON: Final = (960, 960, 960, 960)


@dataclass(frozen=True, slots=True)
class Span:
    """One metre from `tick` on, where bar number `bar` (from 0) begins; `beats` are their lengths in ticks."""

    tick: int
    bar: int
    bar_ticks: int
    beats: tuple[int, ...]


class MeterMap:
    """The song's metres. Starts as 4/4 from tick 0, `given` until a pattern brings its own."""

    def __init__(self) -> None:
        self._spans = [Span(0, 0, 4 * TICKS_PER_QUARTER, COMMON)]
        self.given = False

    def __repr__(self) -> str:
        return f"<MeterMap {self._spans}>"

    def at(self, tick: int) -> Span:
        """Return the metre in force at a tick."""
        return self._spans[max(0, bisect_right(self._spans, tick, key=lambda span: span.tick) - 1)]

    def reset(self, bar_ticks: int, beats: Sequence[int]) -> None:
        """Let one metre hold everywhere, from tick 0."""
        self._spans = [Span(0, 0, bar_ticks, tuple(beats))]
        self.given = True

    def change(self, tick: int, bar_ticks: int, beats: Sequence[int]) -> None:
        """Take a metre from `tick` on (a bar line of the metre before); what was planned later is forgotten."""
        before = self.at(tick)
        if (before.bar_ticks, before.beats) == (bar_ticks, tuple(beats)):
            return
        bar = before.bar + -(-(tick - before.tick) // before.bar_ticks)
        self._spans = [span for span in self._spans if span.tick < tick]
        self._spans.append(Span(tick, bar, bar_ticks, tuple(beats)))
        self.given = True

    def bar_start(self, tick: int) -> int:
        """Return the tick where the bar of `tick` began."""
        span = self.at(tick)
        return tick - (tick - span.tick) % span.bar_ticks

    def locate(self, tick: int) -> tuple[int, float]:
        """Return bar and beat, from 1; the beat is a whole number on the beat and a fraction between."""
        span = self.at(tick)
        bars, rest = divmod(tick - span.tick, span.bar_ticks)
        return span.bar + bars + 1, _beat(span.beats, rest)

    def next_bar(self, tick: int, multiple: int = 1) -> int:
        """Return the first bar line at or after `tick`, of each `multiple` bars counted from where the metre began."""
        span = self.at(tick)
        length = span.bar_ticks * multiple
        found = tick + (span.tick - tick) % length
        later = self._spans[-1]
        return later.tick if span is not later and found > later.tick else found

    def next_beat(self, tick: int) -> int:
        """Return the first beat at or after `tick`, as the foot taps it."""
        start = self.bar_start(tick)
        for edge in accumulate(self.at(tick).beats, initial=0):
            if start + edge >= tick:
                return start + edge
        return self.next_bar(tick)


def _beat(beats: tuple[int, ...], rest: int) -> float:
    for index, length in enumerate(beats):
        if rest < length:
            return round(index + 1 + rest / length, 3) if rest else index + 1
        rest -= length
    return len(beats)
