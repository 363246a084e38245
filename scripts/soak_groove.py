#!/usr/bin/env python3
"""Draws bars by the million and counts those that are silent or that two hands and two feet cannot play.

    .venv/bin/python scripts/soak_groove.py [--bars 1000000] [--jobs 2] [--seed 1]

Every genre, style, drummer, section and metre, tempi from 40 to 300, every knob from end to end. Its checks are its
own, not the repair's, so that a fault there cannot hide itself. Counts go to stdout, progress to stderr; exits 1 if
any count but that of bars is above 0. A million bars take 40 minutes on two cores.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import groupby, pairwise

from router import groove
from router.pattern import Meter, Pattern
from router.request import KNOBS, SECTIONS, GrooveRequest

FEET = frozenset({"kick", "hat_pedal"})
METERS = ("4/4",) * 6 + ("2/4", "3/4", "5/4", "6/4", "5/8", "6/8", "7/8", "8/8", "9/8", "10/8", "11/8", "12/8", "13/8")
CLUSTER_MS = 25.0
"""Three hand strokes within it need a third hand, whatever the sticks do."""
FOOT_MS = 48.0
BATCH_BARS = 2_000


def wild_request(draw: random.Random) -> GrooveRequest:
    """Return a request that nobody would make, within what the knobs allow."""
    genre = draw.choice(groove.GENRES)
    knobs = {name: draw.choice((None, 0.0, 1.0, draw.random())) for name in KNOBS}
    return GrooveRequest(
        genre=genre,
        style=draw.choice((None, *groove.styles(genre))),
        drummer=draw.choice((None, *groove.DRUMMERS)),
        section=draw.choice((None, *SECTIONS)),
        meter=Meter.parse(draw.choice(METERS)),
        bars=draw.choice((1, 2, 4, 8, 16, 32)),
        tempo=float(draw.randint(40, 300)),
        seed=draw.getrandbits(50),
        **knobs,
    )


def faults(pattern: Pattern, tempo: float) -> Counter[str]:
    """Count what is wrong with a pattern, by kind."""
    found: Counter[str] = Counter()
    found["silent bar"] = pattern.bars - len({hit.tick // pattern.meter.bar_ticks for hit in pattern.hits})
    found["late start"] = pattern.hits[0].tick > 0
    found["outside"] = sum(not 0 <= hit.tick + hit.shift < pattern.ticks for hit in pattern.hits)
    for _, group in groupby(pattern.hits, key=lambda hit: hit.tick):
        voices = [hit.voice for hit in group]
        found["third hand"] += sum(voice not in FEET for voice in voices) > 2
        found["struck twice"] += len(set(voices)) < len(voices)
        found["open and closed"] += "hat_open" in voices and not {"hat_closed", "hat_pedal"}.isdisjoint(voices)
    per_tick = 60_000 / tempo / 960
    hands = [hit.tick * per_tick for hit in pattern.hits if hit.voice not in FEET]
    found["cluster"] = sum(c - a < CLUSTER_MS for a, c in zip(hands, hands[2:], strict=False))
    kicks = [hit.tick * per_tick for hit in pattern.hits if hit.voice == "kick"]
    found["fast foot"] = sum(b - a < FOOT_MS for a, b in pairwise(kicks))
    found["flaw"] = len(groove.flaws(pattern, tempo))
    return found


def batch(seed: int) -> tuple[int, Counter[str]]:
    """Return how many bars were drawn and what was wrong with them; says each wild request that failed."""
    draw, bars, total = random.Random(seed), 0, Counter[str]()
    while bars < BATCH_BARS:
        request = wild_request(draw)
        pattern = groove.generate(request)
        found = faults(pattern, request.tempo)
        if any(found.values()):
            print(+found, request, file=sys.stderr, flush=True)
        total += found
        bars += pattern.bars
    return bars, total


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bars", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    bars, total = 0, Counter[str]()
    with ProcessPoolExecutor(given.jobs) as pool:
        seeds = range(given.seed * 1_000_000, given.seed * 1_000_000 - (-given.bars // BATCH_BARS))
        for done in as_completed([pool.submit(batch, seed) for seed in seeds]):
            count, found = done.result()
            bars, total = bars + count, total + found
            print(f"{bars} bars", end="\r", file=sys.stderr, flush=True)
    print(f"{bars} bars:", ", ".join(f"{kind} {total[kind]}" for kind in faults(groove.generate(GrooveRequest()), 120)))
    raise SystemExit(any(total.values()))


if __name__ == "__main__":
    main()
