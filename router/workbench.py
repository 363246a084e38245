"""A groove under work: strokes come and go, those of kept drums do not, and nothing that was there gives way.

Pure. New strokes wear the timing of the hand that plays the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from router import groove
from router.pattern import RESOLUTION, Hit, Pattern

SIXTEENTH: Final = RESOLUTION // 4


@dataclass(slots=True)
class Bench:
    """A pattern under work: `hits` change, those of kept voices do not."""

    pattern: Pattern
    seed: int
    kept: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    tempo: float | None = None

    @property
    def bpm(self) -> float:
        """Quarter notes a minute at which it sounds."""
        return self.tempo or self.pattern.tempo or 120.0

    def mine(self, voices: Iterable[str]) -> list[Hit]:
        """Return the strokes of these voices that may change."""
        wanted = set(voices) - self.kept
        return [hit for hit in self.pattern.hits if hit.voice in wanted]

    def put(self, out: Sequence[Hit], new: Sequence[Hit], say: str) -> None:
        """Take strokes out and in; new ones are played by the hand that plays the rest."""
        gone = set(out)
        rest = [hit for hit in self.pattern.hits if hit not in gone]
        taken = {(hit.tick, hit.voice) for hit in rest}
        wanted = {(hit.tick, hit.voice): hit for hit in new if (hit.tick, hit.voice) not in taken}
        self.pattern = joined(self.pattern, rest, list(wanted.values()))
        self.done.append(say)

    def exchange(self, out: Iterable[Hit], new: Iterable[Hit], say: str) -> None:
        """Put strokes in the place of others as they are, timing and all."""
        gone = set(out)
        self.pattern = self.pattern.with_hits((*(hit for hit in self.pattern.hits if hit not in gone), *new))
        self.done.append(say)

    def restored(self, changed: Pattern, voices: Iterable[str] = ()) -> Pattern:
        """Put back kept drums, and all but `voices` where some are named."""
        mine = set(voices) or None
        back = [h for h in self.pattern.hits if h.voice in self.kept or (mine is not None and h.voice not in mine)]
        if not back and not self.kept and mine is None:
            return changed
        rest = [h for h in changed.hits if h.voice not in self.kept and (mine is None or h.voice in mine)]
        return changed.with_hits((*rest, *back))

    def within(self, runs: Sequence[tuple[int, int]] | None, act: Callable[[Bench], bool]) -> bool:
        """Do something in some runs of bars only (first and last, from 0); False where there are none such."""
        if runs is None:
            return act(self)
        done = [self._in_run(low, high, act) for low, high in runs]
        return any(done)

    def _in_run(self, low: int, high: int, act: Callable[[Bench], bool]) -> bool:
        length = self.pattern.meter.bar_ticks
        start, end = low * length, (high + 1) * length
        inside = [replace(hit, tick=hit.tick - start) for hit in self.pattern.hits if start <= hit.tick < end]
        fills = [bar for bar in self.pattern.meta.get("fills", ()) if isinstance(bar, int)]
        own = [bar - low for bar in fills if low < bar <= high + 1]
        part = Bench(
            replace(
                self.pattern, bars=high - low + 1, hits=tuple(inside), meta={**self.pattern.meta, "fills": own}, id=""
            ),
            self.seed,
            self.kept,
            tempo=self.tempo,
        )
        if not act(part):
            return False
        rest = [hit for hit in self.pattern.hits if not start <= hit.tick < end]
        mine = [replace(hit, tick=hit.tick + start) for hit in part.pattern.hits]
        now = [bar for bar in fills if bar - low not in own] + [bar + low for bar in part.pattern.meta.get("fills", ())]
        self.pattern = self.pattern.with_hits((*rest, *mine), **({"fills": sorted(now)} if now or fills else {}))
        where = f"bar {low + 1}" if low == high else f"bars {low + 1} to {high + 1}"
        self.done += [f"{where}: {said}" for said in part.done]
        return True


def joined(pattern: Pattern, rest: Sequence[Hit], new: Sequence[Hit], *, dress: bool = True) -> Pattern:
    """Return the pattern of `rest` (as it is) and of `new` as far as hands are free; nothing of `rest` gives way."""
    if not new:
        return pattern.with_hits(rest)
    worn, tempo = pattern.meta.get("feel"), pattern.tempo or 120.0
    added = {(hit.tick, hit.voice): hit for hit in new}
    for _ in range(8):
        whole = pattern.with_hits((*rest, *added.values()))
        mended, _ = groove.repair(whole, tempo=tempo)
        gone = set(whole.hits) - set(mended.hits)
        if not gone or not added:
            break
        lost = {(hit.tick, hit.voice) for hit in gone}
        crowd = {hit.tick for hit in gone if (hit.tick, hit.voice) not in added}
        near = {key for key in added if any(abs(key[0] - tick) <= SIXTEENTH for tick in crowd)}
        if not near | (lost & set(added)):
            break  # what nobody could play was there before
        added = {key: hit for key, hit in added.items() if key not in lost | near}
    if dress and added and isinstance(worn, dict):
        felt = groove.apply_feel(
            groove.take_off(pattern.with_hits((*rest, *added.values()))), tempo=tempo, swing=worn["swing"],
            humanize=worn["humanize"], seed=worn["seed"], drummer=worn.get("drummer"), lean=worn.get("lean", 0.5),
        )  # fmt: skip
        hands = {(hit.tick, hit.voice): hit for hit in felt.hits}
        # Taking the feel off strokes that never wore it would move their velocity: only the timing is the hand's.
        added = {key: replace(hit, shift=hands[key].shift) for key, hit in added.items()}
    return pattern.with_hits((*rest, *added.values()))
