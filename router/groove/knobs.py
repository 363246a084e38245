"""Knobs for a pattern that exists already, whoever wrote it: thin or thicken it, vary it. Pure."""

from __future__ import annotations

from random import Random
from typing import Final

from router.groove.feel import dress, take_off
from router.groove.hands import repair
from router.groove.noise import stream, uniform
from router.groove.weight import importance, metrical
from router.pattern import RESOLUTION, VOICE_INDEX, Hit, Pattern

SKELETON: Final = 0.72
"""Strokes at least this important are the groove itself: variation does not touch them."""
GHOST_BELOW: Final = 50
"""A snare stroke softer than this is a ghost (the measured strokes part there)."""
GHOST_SHARE: Final = 0.7
"""And no more than this of the loudest snare: where all is played softly the backbeat is no ghost."""
_SIXTEENTH: Final = RESOLUTION // 4


def thin(pattern: Pattern, *, density: float) -> Pattern:
    """Return the pattern with fewer strokes (`density` below .5) or more (above); .5 leaves it as it is.

    What is least important leaves first, so that at 0 the backbone is left: never an empty pattern.
    """
    if density < 0.5:
        edge = (0.5 - density) * 2 * 0.8
        needed = _needed(pattern)
        kept = [hit for hit in pattern.hits if importance(hit, pattern.meter) >= edge or hit in needed]
        return pattern.with_hits(kept, density=density)
    if density > 0.5:
        return pattern.with_hits((*pattern.hits, *_more(pattern, (density - 0.5) * 2)), density=density)
    return pattern


def _needed(pattern: Pattern) -> frozenset[Hit]:
    """The strokes that may never leave: no bar falls silent and the first beat sounds. The weightiest stay."""
    best: dict[int, tuple[float, list[Hit]]] = {}
    for hit in pattern.hits:
        weight = importance(hit, pattern.meter)
        for place in (hit.tick // pattern.meter.bar_ticks, *([] if hit.tick else [-1])):
            heaviest, those = best.setdefault(place, (weight, []))
            if weight > heaviest:
                best[place] = weight, [hit]
            elif weight == heaviest:
                those.append(hit)
    return frozenset(hit for _, those in best.values() for hit in those)


def _more(pattern: Pattern, amount: float) -> list[Hit]:
    """Ghosts and doubled time strokes for empty sixteenths, the same ones for every bar of the pattern."""
    bar, added = pattern.meter.bar_ticks, []
    taken = {(hit.tick, hit.voice) for hit in pattern.hits}
    busy = {hit.tick for hit in pattern.hits if hit.voice in {"snare", "rim", "clap"}}
    keeper = max(("hat_closed", "ride"), key=lambda v: sum(h.voice == v for h in pattern.hits))
    open_at = {hit.tick for hit in pattern.hits if hit.voice in {"hat_open", "crash"}}
    for tick in range(0, pattern.ticks, _SIXTEENTH):
        place = tick % bar
        if (tick, keeper) not in taken and tick not in open_at and uniform(71, place) < amount * 0.7:
            added.append(
                Hit(
                    tick,
                    keeper,
                    44 if place % (RESOLUTION // 2) else 58,
                    openness=90 if keeper == "hat_closed" else None,
                )
            )
        if tick not in busy and place % RESOLUTION and uniform(72, place) < amount * 0.3:
            added.append(Hit(tick, "snare", 32))
        if (
            (tick, "kick") not in taken
            and place % RESOLUTION
            and tick not in busy
            and uniform(73, place) < amount * 0.2
        ):
            added.append(Hit(tick, "kick", 74))
    return added


def vary(pattern: Pattern, *, seed: int, amount: float = 0.5) -> Pattern:
    """Return the same groove, audibly varied: its skeleton stays, what dresses it changes.

    Args:
        pattern: Any pattern; feel it wears is put on again afterwards.
        seed: Another seed, another variation.
        amount: 0..1; 0 still changes a stroke or two, 1 about half of what is not skeleton.
    """
    bare, rng = take_off(pattern), stream(seed, "vary")
    worn = pattern.meta.get("feel")
    shifts = {(h.tick, h.voice): h.shift for h in pattern.hits}
    hits = _varied(bare, rng, amount)
    if worn is None:
        hits = [
            Hit(h.tick, h.voice, h.velocity, shifts.get((h.tick, h.voice), 0), h.openness, h.ornament) for h in hits
        ]
    new = bare.with_hits(hits, varied=seed)
    new, _ = repair(new, tempo=pattern.tempo or 120.0)
    return dress(new, worn) if isinstance(worn, dict) else new


def shape(pattern: Pattern, *, intensity: float = 0.5, ghosts: float = 0.5, openness: float | None = None) -> Pattern:
    """Return the pattern under three knobs that act on how it is struck, each leaving it alone in the middle.

    Args:
        pattern: Any pattern.
        intensity: 0..1, how hard everything is struck, 40 velocities between the ends.
        ghosts: 0..1; below .5 the softest ghosts leave first, above more come in and all come out louder.
        openness: 0..1, how far the hi-hat stands open, or None for as it was; strokes stay where they are.
    """
    hits = _ghosts(pattern, (ghosts - 0.5) * 2)
    needed = _needed(pattern)
    loudest = max((hit.velocity for hit in pattern.hits if hit.voice == "snare"), default=0)
    edge = min(GHOST_BELOW, loudest * GHOST_SHARE)
    for hit in pattern.hits:
        velocity, voice, pedal = hit.velocity + round((intensity - 0.5) * 40), hit.voice, hit.openness
        if voice == "snare" and hit.velocity < edge:
            if hit.velocity < (0.5 - ghosts) * 2 * edge and hit not in needed:
                continue
            if ghosts > 0.5:  # louder, and still ghosts
                velocity = max(velocity, min(GHOST_BELOW - 2, velocity + round((ghosts - 0.5) * 30)))
        if openness is not None and voice in {"hat_closed", "hat_open"}:
            pedal = round(90 - 80 * openness)
            voice = "hat_open" if openness > 0.4 else "hat_closed"
        hits.append(Hit(hit.tick, voice, max(1, min(127, velocity)), hit.shift, pedal, hit.ornament))
    return pattern.with_hits(hits)


def _ghosts(pattern: Pattern, amount: float) -> list[Hit]:
    """Ghosts for empty sixteenths off the beat, the same ones for every bar."""
    bar = pattern.meter.bar_ticks
    busy = {hit.tick for hit in pattern.hits if hit.voice in {"snare", "rim", "clap"}}
    return [
        Hit(tick, "snare", 32 + round(amount * 10))
        for tick in range(0, pattern.ticks, _SIXTEENTH)
        if tick not in busy and tick % bar % RESOLUTION and uniform(74, tick % bar) < amount * 0.4
    ]


def _varied(pattern: Pattern, rng: Random, amount: float) -> list[Hit]:
    meter = pattern.meter
    grid = {(hit.tick, hit.voice): hit for hit in pattern.hits}
    loose = [key for key, hit in grid.items() if hit.tick and importance(hit, meter) < SKELETON]
    changes = 0
    for key in loose:
        if rng.random() >= 0.08 + 0.3 * amount:
            continue
        hit = grid[key]
        del grid[key]
        changes += 1
        if hit.voice in {"kick", "snare", "rim"} and rng.random() < 0.6:
            tick = hit.tick + (_SIXTEENTH if rng.random() < 0.5 else -_SIXTEENTH)
            if 0 < tick < pattern.ticks and (tick, hit.voice) not in grid:
                grid[tick, hit.voice] = Hit(tick, hit.voice, hit.velocity, 0, hit.openness, hit.ornament)
        elif hit.voice == "hat_closed" and rng.random() < 0.3:
            grid[hit.tick, "hat_open"] = Hit(hit.tick, "hat_open", min(127, hit.velocity + 8), openness=40)
    wanted = max(2, round(amount * 3 * pattern.bars)) - changes // 2
    for _ in range(max(wanted, 1)):
        _dress(grid, pattern, rng)
    return sorted(grid.values(), key=lambda h: (h.tick, VOICE_INDEX[h.voice]))


def _dress(grid: dict[tuple[int, str], Hit], pattern: Pattern, rng: Random) -> None:
    """Add one stroke where there is room: a ghost, a kick before or after a beat, a time stroke between."""
    steps = pattern.ticks // _SIXTEENTH
    for _ in range(8):
        tick = int(rng.random() * steps) * _SIXTEENTH
        kind = rng.random()
        if metrical(tick, pattern.meter) > 0.5 or tick + 1 > pattern.ticks:
            continue
        voice, velocity = ("snare", 34) if kind < 0.45 else ("kick", 78) if kind < 0.8 else ("hat_closed", 52)
        if (tick, voice) in grid or (voice == "hat_closed" and ((tick, "hat_open") in grid or (tick, "ride") in grid)):
            continue
        grid[tick, voice] = Hit(tick, voice, velocity, openness=90 if voice == "hat_closed" else None)
        return
