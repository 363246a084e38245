"""Acts that shape what is there: flams, swells, strokes moved or silenced, bars copied. For `router.refine`.

Pure. Each takes a bench and an order and says whether it could be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from router.constraints import GHOST_BELOW, counted, place_ticks
from router.groove.hands import BOUNCE_MS, MOVE_MS
from router.groove.weight import HANDS_FREE
from router.kit import HATS, SNARES
from router.order import Order
from router.pattern import RESOLUTION, VOICES, Hit
from router.workbench import SIXTEENTH, Bench

_GRACE_TICKS: Final = 44
GRACES: Final = {"flam": ((-44, 0.45),), "drag": ((-88, 0.36), (-44, 0.42)),
                 "buzz": ((60, 0.65), (120, 0.55), (180, 0.45))}  # fmt: skip
"""Ticks from the stroke and share of its velocity, for each small stroke of an ornament (as in the notation)."""
_DEEP: Final = 0.35
"""How much softer than before the soft end of a swell is."""
_FADE: Final = 2.0


def named(voices: Sequence[str]) -> str:
    """Return drums in words."""
    if len(voices) > len(VOICES) // 2:
        return "everything"
    return ", ".join(voices).replace("_", " ") or "everything"


def mine(bench: Bench, order: Order, voices: Sequence[str] | None = None) -> list[Hit]:
    """Return the strokes that an order is about: of its drums, at its places, ghosts where it says so."""
    wanted = order.voices if voices is None else voices
    hits = bench.mine(wanted or VOICES)
    if order.places:
        at = place_ticks(bench.pattern, order.places)
        hits = [hit for hit in hits if (hit.tick in at) is not order.elsewhere]
    return _picked(bench, order, [hit for hit in hits if hit.velocity < GHOST_BELOW] if order.ghosts else hits)


def _picked(bench: Bench, order: Order, hits: list[Hit]) -> list[Hit]:
    """Return the first, the last two ... of these strokes, each with the small strokes of its ornament."""
    if order.pick is None:
        return hits
    at = order.pick.of((hit.tick for hit in hits if not _small(hit)), bench.pattern.meter.bar_ticks)
    return [
        hit for hit in hits if hit.tick in at or (_small(hit) and any(abs(hit.tick - tick) < SIXTEENTH for tick in at))
    ]


def _small(hit: Hit) -> bool:
    """Say whether this is a small stroke of an ornament: those lie off the grid."""
    return bool(hit.ornament) and hit.tick % (SIXTEENTH // 2) != 0


def _strong(hits: Sequence[Hit]) -> list[Hit]:
    """Return the strokes that are no ghosts and no small strokes of an ornament."""
    return [hit for hit in hits if hit.velocity >= GHOST_BELOW and not _small(hit)]


def ornament(bench: Bench, order: Order) -> bool:
    """Put a flam, drag or buzz on strokes: at the places asked for, set where none is; else on the backbeat."""
    pattern = bench.pattern
    there = {hit.voice for hit in pattern.hits}
    voice = next((one for one in order.voices if one in there), order.voices[0])
    if voice in bench.kept:
        return False
    own = {hit.tick: hit for hit in _picked(bench, order, bench.mine([voice]))}
    strong = {hit.tick for hit in (own.values() if order.pick else _strong(list(own.values()))) if not _small(hit)}
    places = order.places or (("back",) if voice in SNARES and not order.pick else ())
    at = place_ticks(pattern, places) if places else strong
    if not order.places:
        at = at & own.keys()
    elif order.places[0][0] == "<":  # "before 1": the last stroke of the beat before it, where there is one
        at = {max((one for one in strong if 0 <= tick - one < 3 * SIXTEENTH), default=tick) for tick in at}
    loud = sorted(own[tick].velocity for tick in strong) or [98]
    per_ms = (pattern.tempo or 120.0) * RESOLUTION / 60_000
    busy = {hit.tick for hit in pattern.hits if hit.voice not in HANDS_FREE and hit.voice != voice}
    new: dict[tuple[int, str], Hit] = {}
    for tick in at:
        hit = (
            own[tick] if tick in strong else replace(own.get(tick, Hit(tick, voice, 1)), velocity=loud[len(loud) // 2])
        )
        # Wider where the hand of the small stroke is on the hats an instant later.
        wide = max(1.0, (BOUNCE_MS + 1 + (MOVE_MS if tick in busy else 0)) * per_ms / _GRACE_TICKS)
        for step, share in ((0, 1.0), *GRACES[order.ornament]):
            away = round(step * wide) if step < 0 else step
            if 0 <= tick + away < pattern.ticks:
                velocity = max(1, round(hit.velocity * share))
                new[tick + away, voice] = replace(hit, tick=tick + away, velocity=velocity, ornament=order.ornament)
    out = [hit for hit in own.values() if (hit.tick, voice) in new]
    if not at:
        return False
    bench.exchange(out, new.values(), f"a {order.ornament} on {counted(len(at))} of {named([voice])}")
    return True


def plain(bench: Bench, order: Order) -> bool:
    """Take ornaments off: the stroke stays, its small strokes go."""
    at = place_ticks(bench.pattern, order.places)
    worn = [hit for hit in _picked(bench, order, bench.mine(order.voices)) if hit.ornament]
    if order.places:
        worn = [hit for hit in worn if any(abs(hit.tick - tick) < SIXTEENTH for tick in at)]
    keep = [replace(hit, ornament="") for hit in _strong(worn)]
    bench.exchange(worn, keep, f"{len(keep)} ornaments taken off" if worn else "there was no flam, drag or buzz")
    return True


def swell(bench: Bench, order: Order) -> bool:
    """Let loudness grow, or fall, from the first of these bars to the last, a fade to almost nothing."""
    hits, depth = bench.mine(order.voices or VOICES), abs(order.amount)
    low, high = (0.2, 1.0) if depth >= _FADE else (1 - _DEEP * min(1.5, depth), 1.12)
    new = []
    for hit in hits:
        along = hit.tick / bench.pattern.ticks
        factor = low + (high - low) * (along if order.amount > 0 else 1 - along)
        new.append(replace(hit, velocity=max(1, min(127, round(hit.velocity * factor)))))
    bench.exchange(
        hits, new, f"{named(order.voices)} {'louder and louder' if order.amount > 0 else 'softer and softer'}"
    )
    return bool(hits)


def move(bench: Bench, order: Order) -> bool:
    """Move a drum's strokes to the places asked for; ghosts stay, of several strokes in a bar the loudest arrive."""
    pattern, length = bench.pattern, bench.pattern.meter.bar_ticks
    hits = _strong(bench.mine(order.voices))
    if order.pick:
        hits = _picked(bench, order, bench.mine(order.voices))
    if order.origin:
        start = place_ticks(pattern, order.origin)
        hits = [hit for hit in hits if hit.tick in start]
    at = sorted(place_ticks(pattern, order.places))
    new: dict[tuple[int, str], Hit] = {}
    for bar in range(pattern.bars):
        inside = sorted((h for h in hits if h.tick // length == bar), key=lambda hit: -hit.velocity)
        places = [tick for tick in at if tick // length == bar]
        for tick in places if inside else ():
            hit = inside[min(places.index(tick), len(inside) - 1)]
            # The hand's timing there, where something else is struck.
            shift = next((h.shift for h in pattern.hits if h.tick == tick), hit.shift)
            new[tick, hit.voice] = replace(hit, tick=tick, shift=max(-tick, shift))
    there = [hit for hit in bench.mine(order.voices) if (hit.tick, hit.voice) in new]
    bench.exchange((*hits, *there), new.values(), f"{counted(len(hits))} of {named(order.voices)} moved")
    return bool(hits)


def slide(bench: Bench, order: Order) -> bool:
    """Move a drum's strokes by a note's length; what leaves the pattern comes back at its other end."""
    hits, span = mine(bench, order), bench.pattern.ticks
    new = []
    for hit in hits:
        tick = (hit.tick + order.ticks) % span
        new.append(replace(hit, tick=tick, shift=max(-tick, min(hit.shift, span - 1 - tick))))
    bench.exchange(hits, new, f"{named(order.voices)} {'later' if order.ticks > 0 else 'earlier'}")
    return bool(hits)


def rest(bench: Bench, order: Order) -> bool:
    """Leave out everything from a place to the end of its beat."""
    pattern = bench.pattern
    lines = {0, pattern.ticks}
    for bar in range(pattern.bars):
        at = bar * pattern.meter.bar_ticks
        lines |= {at + sum(pattern.meter.beats[:n]) for n in range(len(pattern.meter.beats))}
    spans = [(at, min(line for line in lines if line > at)) for at in place_ticks(pattern, order.places)]
    out = [hit for hit in bench.mine(VOICES) if any(low <= hit.tick < high for low, high in spans)]
    bench.exchange(out, (), f"{counted(len(out))} left out")
    return bool(spans)


def stop(bench: Bench, order: Order) -> bool:
    """Leave out what follows a place, to the end of its bar: what is struck on the place itself is the last stroke.

    After a place all of its beat still sounds; before it, nothing of it does.
    """
    pattern, length = bench.pattern, bench.pattern.meter.bar_ticks
    ends = [sum(pattern.meter.beats[:n]) for n in range(1, len(pattern.meter.beats) + 1)]
    silent: set[int] = set()
    for at in place_ticks(replace(pattern, meta={}, id=""), order.places):  # in a fill as well
        low = at + {"stop": 1, "stop_before": 0}.get(
            order.act, min(end for end in ends if end > at % length) - at % length
        )
        silent.update(range(low, at - at % length + length))
    out = [hit for hit in bench.mine(order.voices) if hit.tick in silent]
    bench.exchange(out, (), f"{counted(len(out))} of {named(order.voices)} left out, to the end of the bar")
    return bool(silent)


def each(bench: Bench, order: Order) -> bool:
    """Drop every n-th stroke of a drum, or keep only those."""
    hits = sorted(bench.mine(order.voices))
    step = order.count or 2
    every = {hit for n, hit in enumerate(hits, 1) if (n % step == 1 if order.elsewhere else n % step == 0)}
    out = [hit for hit in hits if (hit in every) is not order.elsewhere]
    bench.exchange(out, (), f"{counted(len(out))} of {named(order.voices)} left out")
    return True


def level(bench: Bench, order: Order) -> bool:
    """Bring a drum to a velocity, on the average of its strokes that are no ghosts."""
    hits = mine(bench, order)
    strong = _strong(hits) or hits
    if not strong or order.count is None:
        return False
    by = order.count - round(sum(hit.velocity for hit in strong) / len(strong))
    new = [replace(hit, velocity=max(1, min(127, hit.velocity + by))) for hit in hits]
    bench.exchange(hits, new, f"{named(order.voices)} at velocity {order.count}")
    return True


def nudge(bench: Bench, order: Order) -> bool:
    """Change a drum's velocity by so much."""
    hits, by = mine(bench, order), order.count or 0
    new = [replace(hit, velocity=max(1, min(127, hit.velocity + by))) for hit in hits]
    bench.exchange(hits, new, f"{named(order.voices)} {'louder' if by > 0 else 'softer'} by {abs(by)}")
    return bool(hits)


def copy(bench: Bench, order: Order) -> bool:
    """Make bars the same as one of them, kept drums apart."""
    pattern, length = bench.pattern, bench.pattern.meter.bar_ticks
    source = (order.count or 1) - 1
    bars = {bar for one in order.bars for bar in one.of(pattern.bars)} if order.bars else set(range(pattern.bars))
    bars -= {source}
    if not 0 <= source < pattern.bars or not bars:
        return False
    free = [hit for hit in pattern.hits if hit.voice not in bench.kept]
    out = [hit for hit in free if hit.tick // length in bars]
    model = [hit for hit in free if hit.tick // length == source]
    new = [replace(h, tick=tick, shift=max(-tick, h.shift)) for bar in bars for h in model
           for tick in [h.tick + (bar - source) * length]]  # fmt: skip
    bench.exchange(out, new, f"bar {source + 1} in {', '.join(str(bar + 1) for bar in sorted(bars))}")
    fills = set(pattern.meta.get("fills", ()))
    if fills:
        now = {bar for bar in fills if bar - 1 not in bars} | (
            {bar + 1 for bar in bars} if source + 1 in fills else set()
        )
        bench.pattern = bench.pattern.with_hits(bench.pattern.hits, fills=sorted(now))
    return True


def open_hats(bench: Bench, order: Order) -> bool:
    """Open closed hats: those named, of all of them the off-beats."""
    hats = mine(bench, order, ["hat_closed"])
    off = [hit for hit in hats if hit.tick % (4 * SIXTEENTH) == 2 * SIXTEENTH]
    if off and order.amount <= 1 and not order.places and "half" not in order.text:
        hats = off
    openness = 65 if "half" in order.text else 40
    new = [replace(hit, voice="hat_open", openness=openness) for hit in hats]
    bench.exchange(hats, new, f"{len(new)} hats opened")
    return bool(set(HATS) - bench.kept)
