"""Score: what the reader made of a model's answer, bar by bar, with every mend named.

Pure data. Strokes lie in ticks from their bar's start; nothing here knows how they were written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from router.errors import Unusable
from router.pattern import MAX_BARS, MAX_HITS, Hit, Meter, Pattern


class Mend(NamedTuple):
    """One repair: what, and where. Bars and beats count from 1; 0 is "the whole"."""

    code: str
    bar: int = 0
    lane: str = ""
    beat: int = 0

    def __str__(self) -> str:
        where = [f"bar {self.bar}"] if self.bar else []
        where += [f"lane {self.lane}"] if self.lane else []
        where += [f"beat {self.beat}"] if self.beat else []
        return f"{self.code} ({', '.join(where)})" if where else self.code


class Bar(NamedTuple):
    """One bar: its strokes by lane, ticks from the bar's start (a flam's grace note may lie before it)."""

    number: int
    lanes: Mapping[str, tuple[Hit, ...]]
    fill: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """What an answer said: its bars in order, its metre if it named one, its feel words, every mend."""

    meter: Meter
    bars: tuple[Bar, ...]
    mends: tuple[Mend, ...] = ()
    feel: Mapping[str, str] = field(default_factory=dict)
    other_meters: tuple[str, ...] = ()

    def pattern(self, *, tempo: float | None = None, name: str = "", meta: Mapping[str, Any] | None = None) -> Pattern:
        """Return the bars as a pattern.

        Raises:
            Unusable: If there is no bar or more than a pattern holds.
        """
        if not 1 <= len(self.bars) <= MAX_BARS:
            raise Unusable("no bar of drums could be read" if not self.bars else f"more than {MAX_BARS} bars")
        length = self.meter.bar_ticks
        whole: dict[tuple[int, str], Hit] = {}
        for index, bar in enumerate(self.bars):
            start = index * length
            for strokes in bar.lanes.values():
                for hit in strokes:
                    tick = start + hit.tick
                    if tick >= 0:  # the grace note of a flam on the very first beat would lie before beat one
                        placed = Hit(tick, hit.voice, hit.velocity, 0, hit.openness, hit.ornament)
                        before = whole.get((tick, hit.voice))
                        if before is None or before.velocity < hit.velocity:
                            whole[tick, hit.voice] = placed
        if len(whole) > MAX_HITS:
            raise Unusable(f"{len(whole)} strokes are more than two hands can play")
        fills = [index + 1 for index, bar in enumerate(self.bars) if bar.fill]
        facts = dict(meta or {})
        if fills:
            facts["fills"] = fills
        return Pattern(self.meter, len(self.bars), tuple(whole.values()), name, tempo, facts)
