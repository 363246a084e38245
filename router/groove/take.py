"""A drummer in the middle of a take: given a bar's plan, gives its strokes, on the grid and as they are meant.

No feel here: neither timing nor unevenness of the hand.
"""

from __future__ import annotations

from typing import Final

from router.groove.fills import GENRE_WORDS, draw_fill, roll
from router.groove.lanes import Groove
from router.groove.liberties import habit_of, with_liberties
from router.groove.meters import adapt, double_time, half_time
from router.groove.mingle import blend
from router.groove.noise import spread_out, stream
from router.groove.phrase import BarPlan
from router.groove.resolve import Choice
from router.groove.settle import MACHINE, Settled, prefer, settle
from router.pattern import RESOLUTION, Hit

FORM: Final = "ABACABAD"
"""Eight bars a letter: what was settled for A comes back with A. Within a part the groove stays, between parts it
develops."""
PART_BARS: Final = 8
DISORDER: Final = 0.7
"""How far takes differ in tidiness: the tidiest has 0.3 of the usual exceptions, the wildest 1.7."""
BAR_DISORDER: Final = 1.1
"""Likewise for the bars of one take; the tidiest bars are played as settled."""
ANSWERING: Final = 0.7
"""How much of what a written groove leaves open goes by question and answer where people play; all of it in machines.
"""
HALF_OPEN: Final = 45
"""Where the pedal is when a hat opens for one stroke, as CC 4."""
ACCENTED: Final = 8
"""How much harder a stroke of the time is struck where it goes elsewhere."""
DOUBLES: Final = 1.25
"""A double is counted once more than it is heard in the figures fitted, by this factor."""

_SHARED: Final = {"hat_open": "hat", "hat_closed": "hat", "rim": "snare"}
_TIME: Final = frozenset({"hat_closed", "hat_open", "ride", "ride_bell"})


def _clamp(velocity: float) -> int:
    return max(1, min(127, round(velocity)))


def _carry(groove: Groove, choice: Choice) -> Groove:
    """The groove in the metre and time that were asked for."""
    groove = adapt(groove, choice.meter)
    if choice.time == "half":
        return half_time(groove)
    return double_time(groove) if choice.time == "double" else groove


def _freed(rate: float, freedom: float) -> float:
    """Return a rate under the variation knob's upper half: 1 leaves it, 2 is as far again from never or always."""
    if freedom <= 1:
        return rate
    return min(0.5, rate * freedom) if rate < 0.5 else max(0.5, 1 - (1 - rate) * freedom)


def _elsewhere(cell: Settled) -> Settled:
    """A stroke of the time where it goes to another voice."""
    openness = HALF_OPEN if cell.other == "hat_open" else None
    return cell._replace(voice=cell.other, velocity=cell.velocity + ACCENTED, openness=openness)


class _Dice:
    """A bar's chances: partly its own, partly those of other bars.

    Written grooves go in pairs, question and answer: what the one bar leaves out, the other one has; every fourth bar
    is free. Below the middle of the variation knob a bar is the more like all others, at 0 quite.
    """

    def __init__(self, choice: Choice, index: int, bars: int, answering: float, part: str) -> None:
        seed, genre, (turn, within) = choice.seed, choice.style.genre, divmod(index, bars)
        self._own = stream(seed, "groove", index, genre)
        self._same = stream(seed, "groove", f"same{within}", genre)
        self._pair = stream(seed, "pair", part, within, genre) if answering else None
        self._answering, self._answer = 0.0 if turn % 4 == 3 else answering, turn % 2 == 1
        self._alike = 1 - min(1.0, choice.variation * 2)
        own, common = self._own.random(), self._same.random()
        self.disorder = common if self._alike == 1 else own

    def roll(self) -> tuple[float, float, float]:
        """Return the draws for a stroke: whether, how and where it is played."""
        u, v, w = self._own.random(), self._own.random(), 0.0
        if self._pair:
            which, x, w = self._pair.random(), self._pair.random(), self._pair.random()
            fresh = self._own.random()
            if which >= self._answering:
                w = fresh
            else:
                u, w = (1 - x, 1 - w) if self._answer else (x, w)
        if self._alike:
            which, x, y = self._same.random(), self._same.random(), self._same.random()
            if which < self._alike:
                u, v, w = x, y, x
        return u, v, w


class Take:
    """One take: a groove, settled once for each part of the form, and played bar by bar."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        machine = choice.style.number("loose", 1) <= MACHINE
        written = "takes" not in choice.groove.options
        self._answering = (1.0 if machine else ANSWERING) if written else 0.0
        rng = stream(choice.seed, "take", choice.style.genre, choice.style.name)
        groove = _carry(choice.groove, choice)
        if written:
            groove = with_liberties(
                groove,
                choice.style.genre,
                habit_of(choice.style.genre, machine=machine),
                stream(choice.seed, "liberties", choice.style.genre, choice.style.name),
                swung=choice.style.swing > 0.3 and not choice.style.sixteenths,
            )
        groove = prefer(groove, choice.drummer.hats, rng)
        for lent in choice.others:
            groove = blend(groove, _carry(lent.groove, choice), lent.share, rng)
        self._groove = groove
        who = choice.drummer
        own = groove.options.get("doubles") or choice.style.options.get("doubles", "0.03")
        self._doubles = min(0.6, float(own) * DOUBLES * (0.4 + 1.2 * choice.complexity) * (0.5 + 0.5 * who.ghosts))
        self._disorder = 1 + DISORDER * (2 * spread_out(choice.seed, 3) - 1)
        self._form = FORM if choice.variation else FORM[:1]
        self._parts: dict[str, list[list[Settled]]] = {}

    def __repr__(self) -> str:
        return f"<Take of {self._choice.style.name} {self._choice.style.genre}, seed {self._choice.seed}>"

    def _part(self, letter: str) -> list[list[Settled]]:
        """The groove as it is played in all parts of one letter, bar by bar."""
        if letter not in self._parts:
            ticks = self._choice.meter.bar_ticks
            cells = settle(
                self._groove, self._choice, stream(self._choice.seed, "part", letter, self._choice.style.genre)
            )
            self._parts[letter] = [[c for c in cells if c.tick // ticks == bar] for bar in range(self._groove.bars)]
        return self._parts[letter]

    def bar(self, index: int, plan: BarPlan) -> list[Hit]:
        """Return the strokes of bar `index`, ticks from the bar's start; never none."""
        choice, bar_ticks = self._choice, self._choice.meter.bar_ticks
        rng = stream(choice.seed, "bar", index, choice.style.genre, choice.style.name)
        louder = (plan.energy - 0.5 + choice.intensity - 0.5) * 40
        hits = self._groove_bar(index, plan, louder)
        if plan.crash and plan.fill_at != 0:
            hits = [h for h in hits if h.tick or h.voice not in _TIME]
            hits.append(Hit(0, "crash", _clamp(104 + louder)))
        if plan.rise:
            keep = _TIME | {"kick"} if plan.rise < 4 else {"kick"}
            hits = [h for h in hits if h.voice in keep] + roll(
                choice.meter, 0, plan.rise, quiet=40 + plan.energy * 50, loud=54 + plan.energy * 50
            )
        elif plan.fill_at is not None:
            hits += draw_fill(
                choice.meter,
                plan.fill_at,
                rng,
                intensity=max(0.0, min(1.0, plan.energy + choice.intensity - 0.3)),
                words=choice.drummer.fills or GENRE_WORDS.get(choice.style.genre, ()),
                complexity=choice.complexity,
            )
        if plan.last:
            hits = [Hit(0, "kick", _clamp(104 + louder)), Hit(0, "crash", _clamp(112 + louder))]
        hits = [h for h in hits if h.tick < bar_ticks]
        if not hits or (index == 0 and all(h.tick for h in hits)):
            hits.append(Hit(0, "kick", _clamp(84 + louder)))  # the first beat after a switch always sounds
        return hits

    def _groove_bar(self, index: int, plan: BarPlan, louder: float) -> list[Hit]:
        """The groove's own strokes, up to where the fill begins; the hi-hat's foot goes on under it."""
        choice = self._choice
        part, bars = self._form[index // PART_BARS % len(self._form)], self._groove.bars
        dice = _Dice(choice, index, bars, self._answering, part)
        start = index % bars * choice.meter.bar_ticks
        end = choice.meter.bar_ticks if plan.fill_at is None else plan.fill_at
        disorder = max(0.0, 1 + BAR_DISORDER * (2 * dice.disorder - 1))
        loose = self._disorder * disorder * plan.freedom
        spent: dict[tuple[int, str], float] = {}
        taken: set[tuple[int, str]] = set()
        hits: list[Hit] = []
        for cell in self._part(part)[index % bars]:
            u, v, w = dice.roll()
            tick = cell.tick - start
            rate = cell.rate * loose if cell.rate < 0.5 else 1 - (1 - cell.rate) * loose
            rate = _freed(rate, choice.variation * 2)
            limb = tick, _SHARED.get(cell.voice, cell.voice)
            before = spent.get(limb, 0.0)
            spent[limb] = before + rate
            if before:
                # One draw a limb and place: a ghost or a backbeat, an open hat or a closed one, never both.
                u = 2.0 if limb in taken else u * (1 - min(before, 1.0))
            if u >= rate or (tick >= end and cell.voice != "hat_pedal"):
                continue
            taken.add(limb)
            played = _elsewhere(cell) if w < _freed(cell.turns, choice.variation * 2) else cell
            hits.append(self._stroke(played, tick, plan, louder + (v - 0.5) * 2, v))
            if hits[-1].voice == "snare":
                hits += self._doubled(hits[-1], v)
        return hits

    @staticmethod
    def _stroke(cell: Settled, tick: int, plan: BarPlan, louder: float, draw: float) -> Hit:
        voice, openness = cell.voice, cell.openness
        if plan.keeper and voice == "hat_closed":
            voice, openness = plan.keeper, HALF_OPEN if plan.keeper == "hat_open" else None
        if voice == "hat_open" and openness is not None:
            openness += round((draw - 0.5) * 20)
        return Hit(tick, voice, _clamp(cell.velocity + louder), 0, openness)

    def _doubled(self, hit: Hit, draw: float) -> list[Hit]:
        """The stick's second stroke: a flam's grace just before, or a bounce a 32nd later (22 to 82 ms, measured)."""
        per_ms = self._choice.tempo * RESOLUTION / 60_000
        flam = hit.velocity >= 90 and draw > 1 - self._choice.drummer.flams
        if (draw >= self._doubles and not flam) or (flam and not hit.tick):
            return []
        share = 0.0 if flam else draw / self._doubles
        if hit.tick and share < 0.3:
            before = max(1, round((30 + 30 * share) * per_ms))
            return [Hit(max(0, hit.tick - before), hit.voice, _clamp(hit.velocity * 0.8), 0, None, "flam")]
        after = RESOLUTION // 8 if RESOLUTION / 8 / per_ms < 90 else RESOLUTION // 12
        return [Hit(hit.tick + after, hit.voice, _clamp(hit.velocity * (0.7 + 0.3 * share)), 0, None, "drag")]
