#!/usr/bin/env python3
"""Scores the embedded drummer against human takes: 16-bar takes over the data's genres, at its tempi.

    .venv/bin/python scripts/score_groove.py [--takes 60] [--sets 3] [--genres] [--humans] [--keep DIR]
        [--even] [--no-tempo] [--scattered]      other recipes: each genre equally often, all at 120, seeds far apart

Needs the folder `shared` beside the repository (its scorer and the Groove MIDI Dataset's training takes), mido and
numpy. Writes .mid files through the product's own export; changes nothing.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import random
import tempfile
from pathlib import Path
from statistics import fmean, stdev
from types import ModuleType
from typing import Any, NamedTuple

from bridge import drummaps
from bridge.midifile import to_midi
from router.groove import generate
from router.request import GrooveRequest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
DATA = SHARED / "data" / "groove-train"
GROUPS = ("pattern", "dynamics", "timing", "all")
BEATS = 64 - 0.1  # of a take of ours; what follows is the next bar's, come early
FULL_BEATS = 62
JUDGED = ("rock", "funk", "jazz", "hiphop", "latin")


def scorer() -> ModuleType:
    """Load the scorer; it is a script, not a package."""
    spec = importlib.util.spec_from_file_location("groove_score", SHARED / "tools" / "groove_score.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError("shared/tools/groove_score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def human_rows(genre: str | None = None) -> list[dict[str, str]]:
    """Return the data set's 4/4 beats, of one genre or all."""
    with (DATA / "info.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["beat_type"] == "beat" and r["time_signature"] == "4-4"]
    return [row for row in rows if genre is None or row["style"].split("/")[0] == genre]


class Recipe(NamedTuple):
    """What the takes of a set are asked for."""

    even: bool = False
    tempo: bool = True
    scattered: bool = False


PLAIN = Recipe()


def rows_for(count: int, draw: random.Random, genre: str | None, *, even: bool) -> list[dict[str, str]]:
    """Return rows whose genres and tempi are spread as the data's bars are (a take counts at most 16), or evenly."""
    rows = human_rows(genre)

    def some(rows: list[dict[str, str]], count: int) -> list[dict[str, str]]:
        weights = [min(16.0, float(row["duration"]) * float(row["bpm"]) / 240) for row in rows]
        return draw.choices(rows, weights, k=count)

    if not even:
        return some(rows, count)
    genres = sorted({row["style"].split("/")[0] for row in rows})
    turns = (genres[index % len(genres)] for index in range(count))
    return [some([row for row in rows if row["style"].split("/")[0] == turn], 1)[0] for turn in turns]


def write_takes(folder: Path, count: int, seed: int, genre: str | None = None, recipe: Recipe = PLAIN) -> None:
    """Write a set of takes."""
    draw = random.Random(seed)
    kit = drummaps.load("gm")
    for index, row in enumerate(rows_for(count, draw, genre, even=recipe.even)):
        request = GrooveRequest(
            genre=row["style"].split("/")[0],
            tempo=float(row["bpm"]) if recipe.tempo else 120.0,
            bars=16,
            seed=draw.randrange(2**31) if recipe.scattered else seed * 1000 + index,
            humanize=1.0,
        )
        (folder / f"{index:03d}.mid").write_bytes(to_midi(generate(request), kit))


def score(
    count: int, seed: int, reference: Any, tool: ModuleType, genre: str | None = None, recipe: Recipe = PLAIN
) -> dict[str, Any]:
    """Return the scorer's figures for one set of takes."""
    with tempfile.TemporaryDirectory() as name:
        write_takes(Path(name), count, seed, genre, recipe)
        result: dict[str, Any] = tool.score(reference, tool.folder_takes(name))
    return result


def human_halves(genre: str, tool: ModuleType) -> dict[str, float]:
    """Return how one random half of the human takes scores against the other, over four splits."""
    takes = tool.reference_takes(str(DATA), genre)
    totals = dict.fromkeys(GROUPS, 0.0)
    for split in range(4):
        mixed = takes[:]
        random.Random(split).shuffle(mixed)
        half = len(mixed) // 2
        result = tool.score(tool.gather(mixed[:half])[0], mixed[half:])
        for group in GROUPS:
            totals[group] += result[group] / 4
    return totals


def beside_humans(
    count: int, draws: int, tool: ModuleType, *, cut: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return how human takes, and as many of ours, score against the humans that are left; few takes score less.

    With `cut` only takes of 16 bars and more are drawn, and their first 16 count: as many bars and windows as ours.
    """
    takes = tool.reference_takes(str(DATA))
    humans, ours = [], []
    for draw in range(draws):
        mixed = takes[:]
        random.Random(draw).shuffle(mixed)
        if cut:
            mixed.sort(key=lambda take: take[0][-1][0] < FULL_BEATS)  # the long ones first, still in chance order
        rest, _ = tool.gather(mixed[count:])
        drawn = [([e for e in events if e[0] < BEATS], bpm) for events, bpm in mixed[:count]] if cut else mixed[:count]
        humans.append(tool.score(rest, drawn))
        ours.append(score(count, draw, rest, tool))
    return humans, ours


def _line(name: str, results: list[dict[str, Any]]) -> str:
    out = []
    for group in GROUPS:
        scores = [r[group] for r in results]
        error = stdev(scores) / len(scores) ** 0.5 if len(scores) > 1 else 0.0
        out.append(f"{group} {fmean(scores):.3f} (+-{error:.3f})")
    return f"{name:24s} " + "  ".join(out)


def main() -> None:
    """Print the scores, and with `--genres` those within five genres beside human against human."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--takes", type=int, default=60)
    parser.add_argument("--sets", type=int, default=3)
    parser.add_argument("--genres", action="store_true")
    parser.add_argument("--humans", action="store_true", help="ours beside as many human takes, and as many bars")
    parser.add_argument("--even", action="store_true", help="each genre equally often")
    parser.add_argument("--no-tempo", action="store_true", help="all at 120")
    parser.add_argument("--scattered", action="store_true", help="seeds far apart, not one after the other")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--keep", type=Path, help="write one set of takes here and score nothing")
    given = parser.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        write_takes(given.keep, given.takes, 0)
        return
    tool = scorer()
    reference, _ = tool.gather(tool.reference_takes(str(DATA)))
    recipe = Recipe(given.even, not given.no_tempo, given.scattered)
    results = [score(given.takes, seed, reference, tool, recipe=recipe) for seed in range(given.sets)]
    print(_line(f"{given.sets} x {given.takes} takes", results))
    if given.verbose:
        for name in results[0]["per"]:
            rows = [r["per"][name] for r in results]
            overlap = sum(row[0] for row in rows) / len(rows)
            print(f"  {name:18s} {overlap:.3f}  mean {rows[0][1]}  human {rows[0][2]}")
    for count, cut in ((60, False), (120, False), (60, True)) if given.humans else ():
        humans, ours = beside_humans(count, 2 * given.sets, tool, cut=cut)
        print(_line(f"{count} human takes" + cut * ", 16 bars", humans))
        print(_line(f"{count} of ours beside them", ours))
    for genre in JUDGED if given.genres else ():
        own, _ = tool.gather(tool.reference_takes(str(DATA), genre))
        ours = [score(given.takes, seed, own, tool, genre) for seed in range(2)]
        human = human_halves(genre, tool)
        share = sum(r["all"] for r in ours) / len(ours) / human["all"]
        print(_line(genre, ours), f"  human {human['all']:.3f}  share {share:.3f}")


if __name__ == "__main__":
    main()
