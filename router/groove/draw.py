"""Draws the notes: a take's groove is settled once, then played bar by bar with small changes.

One groove per take, varied a little, is what sounds like a drummer; drawing each bar afresh does not. No feel here.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any, Final, NamedTuple

from router.groove.dynamics import intended
from router.groove.fills import draw_fill
from router.groove.lanes import GHOST, Cell, Groove
from router.groove.meters import adapt, double_time, half_time
from router.groove.noise import spread_out, stream
from router.groove.phrase import SECTIONS, BarPlan, plan
from router.groove.resolve import Choice
from router.groove.sheets import Style
from router.pattern import RESOLUTION, Hit, Pattern

SURE: Final = 0.985
"""How often a stroke that belongs to the take's groove is really there."""
KEEP: Final = 0.85
"""How firmly a written groove's chances are kept once drawn."""
DISORDER, BAR_DISORDER = 0.7, 0.8
RULE: Final = 1.2
FITTED_KEEP: Final = 0.35
"""Likewise for fitted grooves: gives the bar-to-bar likeness of human takes (Jaccard .51)."""


FORM: Final = "ABACABAD"
"""Eight bars a letter: what was drawn for A comes back with A. Within a part the groove stays, between parts it develops."""
_SHARED: Final = {"hat_open": "hat", "hat_closed": "hat"}


def _kept(chance: float, keep: float, u: float) -> float:
    """Return how often a take plays a cell of some chance: either nearly as a rule or seldom, `chance` on average."""
    high, low = 1 - (1 - chance) * (1 - keep * RULE), chance * (1 - keep)
    return high if u * (high - low) < chance - low else low


_TIME: Final = {"hat_closed": 1, "hat_open": -1, "ride": -1, "ride_bell": -2, "hat_pedal": 4}
TIME_KEEP: Final = 0.7
UNISON = 1.0


def _layer(tick: int) -> int:
    return 0 if tick % RESOLUTION == 0 else 1 if tick % (RESOLUTION // 2) == 0 else 2


class Settled(NamedTuple):
    """A cell of the take's groove: `rate` is drawn against in every bar, `velocity` is kept for the take."""

    tick: int
    voice: str
    rate: float
    velocity: int
    openness: int | None


def _carry(groove: Groove, choice: Choice) -> Groove:
    """The groove in the metre and time that were asked for."""
    groove = adapt(groove, choice.meter)
    if choice.time == "half":
        return half_time(groove)
    return double_time(groove) if choice.time == "double" else groove


def _chance(cell: Cell, choice: Choice) -> float:
    """The cell's chance under the complexity knob and the drummer's habits; .5 and nobody leave it as written."""
    if cell.chance >= 1 and cell.level != GHOST:
        return 1.0
    who = choice.drummer
    factor = (0.4 + 1.2 * choice.complexity) * (who.ghosts * choice.ghosts if cell.level == GHOST else who.busy)
    if factor <= 1:
        return cell.chance * factor if cell.chance < 0.6 or cell.level == GHOST else cell.chance
    return cell.chance + (1 - cell.chance) * (1 - 1 / factor) * min(1.0, cell.chance * 3)


def _settle(groove: Groove, choice: Choice, style: Style, rng: Random) -> list[Settled]:
    """Decide which of the groove's chances this take takes; the same number of draws whatever the knobs say."""
    out: list[Settled] = []
    bar_ticks, who = choice.meter.bar_ticks, choice.drummer
    hard = who.hard + round(style.number("hard", 0))
    keep = groove.number("keep", FITTED_KEEP if "takes" in groove.options else KEEP)
    hands: dict[tuple[int, int], float] = {}
    for cell in groove.cells:
        u, w = rng.random(), rng.random()
        chance = _chance(cell, choice)
        rate = _kept(chance, keep, u)
        side = _TIME.get(cell.voice)
        if side is not None:
            # One decision for all beats, one for all eighths between, one for all sixteenths: a hand plays eighths or it
            # does not. Hat and ride take opposite ends of the same draw, so that one of them keeps the time.
            v = hands.setdefault((abs(side), _layer(cell.tick)), u)
            v = v if side > 0 else 1 - v
            rate = _kept(chance, TIME_KEEP, (1 - UNISON) * u + UNISON * v if UNISON < 1 else v)
        if cell.chance >= 1 and cell.level != GHOST:
            rate = 1.0 if cell.tick == 0 else SURE
        velocity = cell.velocity
        if velocity is None:
            velocity = intended(cell.voice, cell.level, cell.tick % bar_ticks)
        velocity += hard + round((w - 0.5) * 4) + (who.accent if cell.level > 0 else 0)
        out.append(Settled(cell.tick, cell.voice, rate, velocity, cell.openness))
    return out


def _polyrhythm(choice: Choice) -> list[Cell]:
    """`3:4`: three even strokes of a cowbell over each bar (its four beats are the groove's)."""
    if choice.polyrhythm is None:
        return []
    count = choice.polyrhythm[0] if choice.polyrhythm[0] != len(choice.meter.beats) else choice.polyrhythm[1]
    return [Cell(choice.meter.bar_ticks * i // count, "cowbell", 1.0, 0, None) for i in range(count)]


class Take:
    """A drummer in the middle of a take: asks for a bar's plan, gives its strokes."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        rng = stream(choice.seed, "take", choice.style.genre, choice.style.name)
        groove = _carry(choice.groove, choice)
        if choice.second is not None:
            groove = _blend(groove, _carry(choice.second[1], choice), choice.share, rng)
        poly = _polyrhythm(choice)
        if poly:
            groove = replace(
                groove,
                cells=(
                    *groove.cells,
                    *(c._replace(tick=c.tick + b * choice.meter.bar_ticks) for b in range(groove.bars) for c in poly),
                ),
            )
        self._bars = groove.bars
        own = groove.number("doubles", choice.style.number("doubles", 0.03))
        self._doubles = min(0.6, own * 1.25 * (0.4 + 1.2 * choice.complexity) * (0.5 + 0.5 * choice.drummer.ghosts))
        self._groove = groove
        self._disorder = 1 + DISORDER * (2 * spread_out(choice.seed, 3) - 1)
        self._forms: dict[str, list[list[Settled]]] = {}

    def _form(self, letter: str) -> list[list[Settled]]:
        """The groove as it is played in all parts of one letter, bar by bar."""
        if letter not in self._forms:
            choice, ticks = self._choice, self._choice.meter.bar_ticks
            cells = _settle(self._groove, choice, choice.style, stream(choice.seed, "form", letter))
            self._forms[letter] = [[c for c in cells if c.tick // ticks == b] for b in range(self._bars)]
        return self._forms[letter]

    @staticmethod
    def _double(hit: Hit, draw: float, tempo: float) -> Hit:
        """The stick's second stroke: a flam's grace just before, or a bounce a 32nd later (22 to 82 ms, measured)."""
        per_ms = tempo * RESOLUTION / 60_000
        if draw < 0.3 and hit.tick:
            before = max(1, round((24 + 30 * draw) * per_ms))
            return Hit(max(0, hit.tick - before), hit.voice, max(1, round(hit.velocity * 0.8)), ornament="flam")
        after = RESOLUTION // 8 if RESOLUTION / 8 / per_ms < 90 else RESOLUTION // 12
        return Hit(hit.tick + after, hit.voice, max(1, round(hit.velocity * (0.7 + 0.3 * draw))), ornament="drag")

    def bar(self, index: int, plan: BarPlan) -> list[Hit]:
        """Return the strokes of bar `index`, ticks from the bar's start."""
        choice = self._choice
        rng = stream(choice.seed, "bar", index)
        louder = round((plan.energy - 0.5 + choice.energy - 0.5) * 40)
        start = index % self._bars * choice.meter.bar_ticks
        end = choice.meter.bar_ticks if plan.fill_at is None else plan.fill_at
        hits: list[Hit] = []
        loose = self._disorder * (1 + BAR_DISORDER * (2 * rng.random() - 1))
        spent: dict[tuple[int, str], float] = {}
        taken: set[tuple[int, str]] = set()
        for cell in self._form(FORM[index // 8 % len(FORM)])[index % self._bars]:
            u, v = rng.random(), rng.random()
            tick = cell.tick - start
            rate = cell.rate * loose if cell.rate < 0.5 else 1 - (1 - cell.rate) * loose
            limb = tick, _SHARED.get(cell.voice, cell.voice)
            before = spent.get(limb, 0.0)
            spent[limb] = before + rate
            # One draw a limb and place: a ghost or a backbeat, an open hat or a closed one, never both.
            if before:
                u = u * (1 - min(before, 1.0)) if (tick, limb[1]) not in taken else 2.0
            if u >= rate or (tick >= end and cell.voice != "hat_pedal"):
                continue
            taken.add((tick, limb[1]))
            voice, openness = cell.voice, cell.openness
            if plan.keeper and voice == "hat_closed":
                voice, openness = plan.keeper, 45 if plan.keeper == "hat_open" else None
            velocity = max(1, min(127, cell.velocity + louder + round((v - 0.5) * 2)))
            hits.append(Hit(tick, voice, velocity, 0, openness))
            if voice == "snare" and v < self._doubles:
                hits.append(self._double(hits[-1], v / self._doubles, choice.tempo))
        if plan.crash and end > 0:
            hits = [h for h in hits if h.tick or h.voice not in {"hat_closed", "hat_open", "ride", "ride_bell"}]
            hits.append(Hit(0, "crash", max(1, min(127, 104 + louder))))
        if plan.rise:
            hits = _rise(hits, plan, choice)
        elif plan.fill_at is not None:
            hits += draw_fill(
                choice.meter,
                plan.fill_at,
                rng,
                intensity=min(1.0, plan.energy + 0.2),
                words=choice.drummer.fills,
                complexity=choice.complexity,
            )
        if plan.last:
            hits = [h for h in hits if h.tick == 0 and h.voice == "kick"] or [Hit(0, "kick", 100)]
            hits.append(Hit(0, "crash", 112))
        return hits or [Hit(0, "kick", 84)]


def _blend(first: Groove, second: Groove, share: float, rng: Random) -> Groove:
    """Two grooves in one: each voice comes from either by share, kick and snare lend each other their rarer strokes."""
    bars = max(first.bars, second.bars)
    ticks = first.meter.bar_ticks

    def long(groove: Groove) -> list[Cell]:
        return [
            c._replace(tick=c.tick + r * groove.bars * ticks) for r in range(bars // groove.bars) for c in groove.cells
        ]

    voices = sorted({c.voice for c in (*first.cells, *second.cells)})
    other = {voice for voice in voices if rng.random() < share and voice not in {"kick", "snare"}}
    cells = [c for c in long(first) if c.voice not in other]
    have = {(c.tick, c.voice) for c in cells}
    for cell in long(second):
        if cell.voice in other:
            cells.append(cell)
        elif cell.voice in {"kick", "snare"} and (cell.tick, cell.voice) not in have:
            cells.append(cell._replace(chance=cell.chance * share))
    return Groove(first.meter, bars, tuple(cells), first.options)


def _rise(hits: list[Hit], plan: BarPlan, choice: Choice) -> list[Hit]:
    """A build's roll on the snare, denser and louder towards the end; the kick keeps the beat."""
    step = choice.meter.unit_ticks // plan.rise if choice.meter.denominator <= 4 else choice.meter.unit_ticks
    keep = [h for h in hits if h.voice == "kick"]
    bar = choice.meter.bar_ticks
    for tick in range(0, bar, step):
        keep.append(Hit(tick, "snare", max(1, min(127, round(40 + plan.energy * 50 + 14 * tick / bar)))))
    return keep


def draw(choice: Choice) -> Pattern:
    """Return the pattern as it is meant: on the grid, with intended velocities."""
    part = SECTIONS.get(choice.section or "")
    bars = plan(
        choice.bars,
        choice.meter,
        choice.section,
        stream(choice.seed, "form"),
        fills=choice.drummer.fill_rate * (0.4 + 1.2 * choice.complexity),
        crash=choice.drummer.crash,
        complexity=choice.complexity,
    )
    take = Take(choice)
    ticks = choice.meter.bar_ticks
    hits = [
        Hit(h.tick + index * ticks, h.voice, h.velocity, 0, h.openness, h.ornament)
        for index, bar in enumerate(bars)
        for h in take.bar(index, bar)
    ]
    meta: dict[str, Any] = {
        "genre": choice.style.genre,
        "style": choice.style.name,
        "drummer": choice.drummer_name,
        "section": choice.section,
        "seed": choice.seed,
        "generator": "embedded",
        "swing": choice.swing,
        "swing_of": 16 if choice.sixteenths else 8,
        "humanize": choice.humanize,
        "complexity": choice.complexity,
        "density": choice.density,
        "timing": {
            "late_ms": choice.groove.number("late", 0),
            "drift": round(choice.groove.number("spread", 16) / 16, 3),
            "size": choice.style.number("loose", 1),
        },
        "fills": [index + 1 for index, bar in enumerate(bars) if bar.fill_at is not None],
        "thin": part.thin if part else 0.5,
    }
    if choice.second is not None:
        meta["blend"] = [choice.second[0].genre, choice.second[0].name, round(choice.share, 3)]
    name = " ".join(
        w
        for w in (
            choice.style.name,
            choice.style.genre,
            choice.section,
            str(choice.meter) if str(choice.meter) != "4/4" else "",
        )
        if w
    )
    return Pattern(choice.meter, choice.bars, tuple(hits), name, choice.tempo, meta, id="draft")
