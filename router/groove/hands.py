"""Two hands and two feet: says what in a pattern nobody could play, and mends it.

Every stroke is given to the hand that has been free longest; what no hand can reach in time is dropped, the least
important first. Pure; works on any pattern, also one that a model wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import groupby
from typing import Final

from router.groove.weight import HANDS_FREE, importance
from router.pattern import RESOLUTION, Hit, Pattern

HAND_MS: Final = 66.0
"""Shortest time between two strokes of one hand in a groove; 15 a second is the edge of what is trained for."""
BOUNCE_MS: Final = 25.0
"""Shortest time when the stick bounces: second stroke of a drag, a buzz, a roll."""
MOVE_MS: Final = 18.0
"""More time to reach another drum."""
FOOT_MS: Final = 48.0
"""Shortest time between strokes of the kick with two pedals; 170 ms later the hi-hat's foot is back on its own."""
_ASKED: Final = 2.0
"""More than any stroke is worth by itself."""
_BOUNCES: Final = frozenset({"flam", "drag", "buzz", "roll"})

Flaw = tuple[Hit, str]


def _where(hit: Hit, pattern: Pattern) -> str:
    bar, tick = divmod(hit.tick, pattern.meter.bar_ticks)
    return f"bar {bar + 1} beat {1 + tick / RESOLUTION:.4g}"


Worth = Callable[[Hit], float]
"""How much a stroke matters: the least goes first."""


def _worth(pattern: Pattern, asked: Collection[str]) -> Worth:
    return lambda hit: importance(hit, pattern.meter) + (_ASKED if hit.voice in asked else 0)


def _chord(hits: Sequence[Hit], worth: Worth) -> tuple[list[Hit], list[Flaw]]:
    """Sort out one instant: one stroke a voice, one state of the hi-hat, two hands."""
    flaws: list[Flaw] = []
    best: dict[str, Hit] = {}
    for hit in hits:
        if hit.voice in best:
            low, high = sorted((hit, best[hit.voice]), key=lambda h: h.velocity)
            flaws.append((low, "struck twice at once"))
            best[hit.voice] = high
        else:
            best[hit.voice] = hit
    if "hat_open" in best:
        flaws += [(best.pop(v), "the hi-hat is open") for v in ("hat_closed", "hat_pedal") if v in best]
    hands = [h for h in best.values() if h.voice not in HANDS_FREE]
    if len(hands) > 2:
        hands.sort(key=lambda h: (-worth(h), h.voice))
        for hit in hands[2:]:
            flaws.append((hit, "a third hand"))
            del best[hit.voice]
    return list(best.values()), flaws


def _walk(pattern: Pattern, tempo: float, worth: Worth) -> tuple[list[Hit], list[Flaw]]:
    """Play the pattern through once; returns what can be played and what cannot, with the reason."""
    per_tick = 60_000 / tempo / RESOLUTION
    kept: list[Hit] = []
    flaws: list[Flaw] = []
    last: list[Hit | None] = [None, None]
    kick = -1e9
    for tick, group in groupby(pattern.hits, key=lambda h: h.tick):
        at = list(group)
        if len(at) > 1:
            at, wrong = _chord(at, worth)
            flaws += wrong
        used = -1
        for hit in at:
            if hit.voice == "kick":
                if (tick - kick) * per_tick < FOOT_MS:
                    flaws.append((hit, "too fast for two feet"))
                    continue
                kick = tick
            elif hit.voice not in HANDS_FREE:
                hand = _hand(hit, last, per_tick, used)
                if hand < 0:
                    rival = min(
                        (h for h in last if h is not None and h.tick < tick),
                        key=worth,
                        default=None,
                    )
                    if used < 0 and rival is not None and worth(rival) < worth(hit):
                        hand = last.index(rival)
                        kept.remove(rival)
                        flaws.append((rival, "too fast for two hands"))
                    else:
                        flaws.append((hit, "too fast for two hands"))
                        continue
                last[hand], used = hit, hand
            kept.append(hit)
    return kept, flaws


def _hand(hit: Hit, last: list[Hit | None], per_tick: float, used: int) -> int:
    """Return the hand that can play the stroke, the one free longest first, or -1."""
    order = (0, 1) if last[0] is None or (last[1] is not None and last[0].tick <= last[1].tick) else (1, 0)
    for hand in order:
        before = last[hand]
        if hand == used:
            continue
        if before is None:
            return hand
        needed = BOUNCE_MS if {hit.ornament, before.ornament} & _BOUNCES else HAND_MS
        if hit.voice != before.voice:
            needed += MOVE_MS
        if (hit.tick - before.tick) * per_tick >= needed:
            return hand
    return -1


def flaws(pattern: Pattern, tempo: float) -> tuple[str, ...]:
    """Return in words what two hands and two feet could not play at this tempo; () when all of it can."""
    _, found = _walk(pattern, tempo, _worth(pattern, ()))
    return tuple(f"{_where(hit, pattern)}: {hit.voice}: {why}" for hit, why in found)


def repair(pattern: Pattern, *, tempo: float, asked: Collection[str] = ()) -> tuple[Pattern, tuple[str, ...]]:
    """Return a playable pattern and what was taken out of it, one line each.

    A pattern without flaws comes back as it is, the same object. Voices that were `asked` for give way last.
    """
    worth = _worth(pattern, asked)
    mends: list[str] = []
    for _ in range(8):  # giving one stroke up frees hands for others, so a second look may differ
        kept, found = _walk(pattern, tempo, worth)
        if not found:
            return pattern, tuple(mends)
        mends += [f"{_where(hit, pattern)}: left out {hit.voice}, {why}" for hit, why in found]
        pattern = pattern.with_hits(kept)
    return pattern, tuple(mends)
