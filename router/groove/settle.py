"""Settles a take's groove: which of a style's chances this drummer, with these knobs and this seed, will take.

One groove per take, varied a little, is what sounds like a drummer; drawing each bar afresh does not. The number of
draws never depends on a knob, so that turning one changes what it is for and nothing else. Pure.
"""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

from router.groove.dynamics import intended
from router.groove.lanes import GHOST, Cell, Groove, place
from router.groove.resolve import Choice
from router.pattern import RESOLUTION

SURE: Final = 0.996
"""How often a stroke that belongs to a fitted groove for certain is really there; a written one says what never misses.
"""
KEEP: Final = 0.25
"""How firmly a take holds on to what it drew from a written groove: 1 always or never, 0 drawn afresh in every bar."""
FITTED_KEEP: Final = 0.3
"""Likewise for fitted grooves: gives the bar-to-bar likeness of human takes (Jaccard .51 to .6)."""
TIME_KEEP: Final = 0.7
"""Likewise for whoever keeps the time."""
GHOST_KEEP: Final = 0.7
"""Likewise for the ghosts of a fitted groove. Those of a part stand or fall together: people play with them or without.
"""
RULE: Final = 1.2
"""A habit is held on to more firmly than a rarity is avoided, by this factor."""

MACHINE: Final = 0.3
"""Styles as loose as this or less are played by machines."""

_STICK: Final = 5
_SOFTLY: Final = 6
_HAND: Final = {"hat_closed": 1, "hat_open": -1, "ride": -1, "ride_bell": -2, "hat_pedal": 4, "rim": _STICK}
"""What one hand decides once: hat and ride take opposite ends of one draw, so that one of them keeps the time, and
likewise the rim and the snare where either may have the backbeat."""


class Settled(NamedTuple):
    """A cell of the take's groove: `rate` and `turns` are drawn against in every bar, the rest is kept for the take."""

    tick: int
    voice: str
    rate: float
    velocity: int
    openness: int | None
    other: str
    turns: float


def _kept(chance: float, keep: float, u: float) -> float:
    """Return how often a take plays a cell of some chance: either nearly as a rule or seldom, `chance` on average."""
    high, low = 1 - (1 - chance) * (1 - keep * RULE), chance * (1 - keep)
    return high if u * (high - low) < chance - low else low


def _layer(tick: int) -> int:
    """One decision for all beats, one for all eighths between, one for all sixteenths."""
    return 0 if tick % RESOLUTION == 0 else 1 if tick % (RESOLUTION // 2) == 0 else 2


def _chance(cell: Cell, choice: Choice) -> float:
    """Return the cell's chance under complexity and the drummer's habits; .5 and nobody leave it as written."""
    if cell.chance >= 1 and cell.level != GHOST:
        return 1.0
    who = choice.drummer
    factor = (0.4 + 1.2 * choice.complexity) * (who.ghosts * 2 * choice.ghosts if cell.level == GHOST else who.busy)
    if factor <= 1:
        return cell.chance * factor if cell.chance < 0.6 or cell.level == GHOST else cell.chance
    return cell.chance + (1 - cell.chance) * (1 - 1 / factor) * min(1.0, cell.chance * 3)


def settle(groove: Groove, choice: Choice, rng: Random) -> list[Settled]:
    """Return the groove as one part of the take plays it."""
    out: list[Settled] = []
    bar_ticks, who = choice.meter.bar_ticks, choice.drummer
    hard = who.hard + round(choice.style.number("hard", 0))
    fitted = "takes" in groove.options
    keep, ghosts, sure = (FITTED_KEEP, GHOST_KEEP, SURE) if fitted else (KEEP, KEEP, 1.0)
    rims = {cell.tick for cell in groove.cells if cell.voice == "rim"}
    hands: dict[tuple[int, int], float] = {}
    for cell in groove.cells:
        u, w = rng.random(), rng.random()
        chance = _chance(cell, choice)
        side = _HAND.get(cell.voice)
        if cell.voice == "snare" and cell.level != GHOST and cell.tick in rims:
            side = -_STICK
        if cell.chance >= 1 and cell.level != GHOST:
            rate = 1.0 if cell.tick == 0 else sure
        elif side is None and cell.level == GHOST:
            rate = _kept(chance, ghosts, hands.setdefault((_SOFTLY, 0), u))
        elif side is None:
            rate = _kept(chance, keep, u)
        else:
            layer = 0 if abs(side) == _STICK else _layer(cell.tick)
            shared = hands.setdefault((abs(side), layer), u)
            rate = _kept(chance, TIME_KEEP, shared if side > 0 else 1 - shared)
        velocity = cell.velocity
        if velocity is None:
            velocity = intended(cell.voice, cell.level, cell.tick % bar_ticks)
        velocity += hard + round((w - 0.5) * 4) + (who.accent if cell.level > 0 else 0)
        rate *= cell.steady
        out.append(Settled(cell.tick, cell.voice, rate, velocity, cell.openness, cell.other, cell.turns))
    return out


def prefer(groove: Groove, hats: str, rng: Random) -> Groove:
    """Return the groove with the time kept where a drummer likes it: "ride", "open", "closed" or "sixteenths"."""
    if not hats or rng.random() > 0.7:
        return groove
    cells: list[Cell] = []
    for cell in groove.cells:
        if hats == "ride" and cell.voice == "hat_closed":
            cells.append(cell._replace(voice="ride", openness=None, turns=0.0))
        elif hats == "closed" and cell.voice in {"ride", "hat_open"}:
            cells.append(cell._replace(voice="hat_closed", openness=90, turns=0.0))
        elif hats == "open" and cell.voice == "hat_closed" and cell.tick % (RESOLUTION // 2) == 0:
            cells.append(cell._replace(voice="hat_open", openness=58, turns=0.0))
        else:
            cells.append(cell)
    if hats == "sixteenths":
        there = {cell.tick for cell in groove.cells if cell.voice in {"hat_closed", "hat_open"}}
        quarter = RESOLUTION // 4
        between = [t for t in range(quarter, groove.bars * groove.meter.bar_ticks, 2 * quarter) if t not in there]
        if len(there) >= len(between):
            cells += [Cell(t, "hat_closed", 0.9, 0, 90) for t in between]
    return Groove(groove.meter, groove.bars, tuple(sorted(cells, key=place)), groove.options)
