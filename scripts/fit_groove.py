#!/usr/bin/env python3
"""Fits the embedded drummer's figures to human takes and writes them as style sheets anyone can read.

    python3 scripts/fit_groove.py FOLDER_OF_GROOVE_MIDI_DATASET   (needs mido and numpy)

The Groove MIDI Dataset is CC BY 4.0: Gillick, Roberts, Engel, Eck, Bamman, "Learning to Groove with Inverse Sequence
Transformations", ICML 2019. Only averages over several takes are written, never a bar that somebody played.
"""

from __future__ import annotations

import collections
import csv
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import mido
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from router.groove.sheets import Entry, Style, read_sheet

OUT = Path(__file__).resolve().parent.parent / "router" / "groove" / "fitted"
SEGMENT = 8  # bars that are taken to be one groove
LANES = ("k", "s", "g", "x", "h", "o", "p", "r", "b", "c", "t", "m", "f")
NOTES = {
    35: "k", 36: "k", 38: "s", 40: "s", 39: "s", 37: "x", 42: "h", 22: "h", 46: "o", 26: "o", 44: "p", 51: "r",
    59: "r", 53: "b",
    49: "c", 55: "c", 57: "c", 52: "c", 48: "t", 50: "t", 45: "m", 47: "m", 41: "f", 43: "f", 58: "f",
}  # fmt: skip
GHOST = 50  # snare below this goes into the ghosts' lane
GENRES = {
    "rock": "rock", "funk": "funk", "jazz": "jazz", "hiphop": "hip-hop", "latin": "latin", "afrobeat": "afrobeat",
    "afrocuban": "afro-cuban", "blues": "blues", "country": "country", "dance": "dance", "neworleans": "new-orleans",
    "pop": "pop", "punk": "punk", "reggae": "reggae", "soul": "soul",
}  # fmt: skip
BLURRED = 0.53  # a groove is dropped when this much of its strokes is chance
ALIKE = 0.5  # from this likeness on a groove may be called by a style's name
PER_GROOVE = 2  # takes a groove is averaged over, at the least


@dataclass
class Take:
    """One human take in 4/4: events as (beat, lane, velocity), its tempo and how it swings."""

    style: str
    bpm: float
    events: list[tuple[float, str, int]]
    name: str = ""
    span: float = 1.0
    phase: float = 0.5
    steps: list[tuple[int, str, int, float]] = field(default_factory=list)


def load(root: Path) -> list[Take]:
    """Read the 4/4 beats of the dataset."""
    takes = []
    with (root / "info.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["beat_type"] != "beat" or row["time_signature"] != "4-4":
                continue
            midi = mido.MidiFile(root / row["midi_filename"])
            bpm = next((mido.tempo2bpm(m.tempo) for t in midi.tracks for m in t if m.type == "set_tempo"), 120.0)
            events = []
            for track in midi.tracks:
                at = 0
                for message in track:
                    at += message.time
                    if message.type == "note_on" and message.velocity and message.note in NOTES:
                        events.append((at / midi.ticks_per_beat, NOTES[message.note], message.velocity))
            takes.append(Take(row["style"], bpm, sorted(events), row["id"]))
    return takes


def straighten(beats: np.ndarray, phase: float, span: float) -> np.ndarray:
    """Undo a swing whose long note takes `phase` of each `span` beats."""
    whole = np.floor(beats / span)
    x = beats / span - whole
    return (whole + np.where(x <= phase, x / (2 * phase), 0.5 + (x - phase) / (2 * (1 - phase)))) * span


def find_swing(take: Take) -> None:
    """Set the swing under which the take lies closest to sixteenths, if the gain is beyond doubt."""
    beats = np.array([e[0] for e in take.events])

    def cost(phase: float, span: float) -> float:
        u = straighten(beats, phase, span) * 4
        return float(np.minimum(np.abs(u - np.round(u)), 0.35).mean())

    plain = cost(0.5, 1.0)
    eighth = min((cost(p, 1.0), p) for p in np.arange(0.56, 0.73, 0.02))
    sixteenth = min((cost(p, 0.5), p) for p in np.arange(0.54, 0.68, 0.02))
    long = len(beats) >= 60
    if eighth[0] < plain - 0.025 and eighth[0] <= sixteenth[0] + 0.005:
        take.span, take.phase = 1.0, float(eighth[1])
    elif sixteenth[0] < plain - 0.012 and long:
        take.span, take.phase = 0.5, float(sixteenth[1])
    for (_, lane, velocity), at in zip(take.events, straighten(beats, take.phase, take.span) * 4, strict=True):
        step = int(np.round(at))
        name = "g" if lane == "s" and velocity < GHOST else lane
        take.steps.append((step, name, velocity, float(at - step) * 15000 / take.bpm))


@dataclass
class Segment:
    """Up to eight bars of a take: how many of its bars have a stroke in each cell, and its mean velocities."""

    take: Take
    bars: int
    count: np.ndarray
    velocity: np.ndarray
    weight: float
    devs: np.ndarray
    doubles: float = 0.0


def segments(take: Take) -> list[Segment]:
    """Cut a take; bars that are fills (toms out of the groove's measure) are left to the fill vocabulary."""
    bars: dict[int, list[tuple[int, str, int, float]]] = collections.defaultdict(list)
    for step, lane, velocity, dev in take.steps:
        bars[step // 16].append((step % 16, lane, velocity, dev))
    total = max(bars, default=0) + 1
    out = []
    size = min(SEGMENT, total)
    for first in range(0, total, size):
        chosen = [bars[i] for i in range(first, min(total, first + size)) if len(bars.get(i, [])) >= 4]
        toms = [sum(e[1] in "tmf" for e in bar) for bar in chosen]
        usual = float(np.median(toms)) if toms else 0.0
        chosen = [bar for bar, n in zip(chosen, toms, strict=True) if n <= usual + 3]
        if not chosen or (len(chosen) < 3 and total >= 3):
            continue
        snares = [(i, e[0]) for i, bar in enumerate(chosen) for e in bar if e[1] in "sg"]
        doubles = len(snares) - len(set(snares))
        count, loud = np.zeros((len(LANES), 16)), np.zeros((len(LANES), 16))
        for bar in chosen:
            best: dict[tuple[int, int], int] = {}
            for step, lane, velocity, _ in bar:
                key = LANES.index(lane), step
                best[key] = max(best.get(key, 0), velocity)
            for key, velocity in best.items():
                count[key] += 1
                loud[key] += velocity
        devs = np.array([e[3] for bar in chosen for e in bar if abs(e[3]) < 0.36 * 15000 / take.bpm])
        weight = len(chosen) / total * min(16, total)
        out.append(Segment(take, len(chosen), count, loud, weight, devs, doubles / max(1, len(set(snares)))))
    return out


def cluster(segs: list[Segment], want: int, least: int) -> list[list[int]]:
    """Group segments by a mixture of binomials (EM); groups of too few takes dissolve into their nearest."""
    rng = np.random.default_rng(1)
    n = np.array([s.bars for s in segs])[:, None]
    x = np.array([s.count.ravel() for s in segs])
    rate = x / n
    centre = [int(rng.integers(len(segs)))]
    while len(centre) < min(want, len(segs)):
        far = np.min([np.abs(rate - rate[c]).sum(1) for c in centre], axis=0)
        if far.sum() == 0:
            break
        centre.append(int(rng.choice(len(segs), p=far / far.sum())))
    p = np.clip(rate[centre], 0.03, 0.97)
    names = np.array([hash_of(s.take.name) for s in segs])
    labels = np.zeros(len(segs), int)
    settled = 0
    while True:
        fit = x @ np.log(p).T + (n - x) @ np.log(1 - p).T
        labels = fit.argmax(1)
        groups = [labels == k for k in range(len(p))]
        takes = [len(set(names[g])) for g in groups]
        p = np.array([np.clip((x[g].sum(0) + 0.1) / (n[g].sum() + 0.2), 0.015, 0.985) for g in groups])
        settled += 1
        if settled < 12:
            continue
        small = int(np.argmin(takes))
        if takes[small] >= least or len(p) == 1:
            return [list(np.flatnonzero(g)) for g in groups if g.any()]
        p = np.delete(p, small, axis=0)


def hash_of(name: str) -> int:
    """A number for a take's name."""
    return zlib.crc32(name.encode())


def digit(chance: float) -> str:
    """Write a chance as one sign."""
    if chance < 0.035:
        return "." if chance < 0.012 else ","
    if chance < 0.075:
        return "-"
    return "x" if chance >= 0.965 else str(max(1, min(9, round(chance * 10))))


def loudness(velocity: float) -> str:
    """Write a velocity as one sign: `a` is 1 to 5, then a step of 5 a letter."""
    return chr(ord("a") + min(25, max(0, int((velocity - 1) / 5))))


def steps_of(entry: Entry) -> dict[tuple[int, str], float]:
    """Return the chance of each place and voice, over the groove's bars."""
    groove = entry.read()
    bar = groove.meter.bar_ticks
    out: dict[tuple[int, str], float] = {}
    for cell in groove.cells:
        key = cell.tick % bar, cell.voice
        out[key] = out.get(key, 0.0) + cell.chance / groove.bars
    return out


def likeness(one: Entry, other: Entry) -> float:
    """The cosine between two grooves' tables of chances."""
    a, b = steps_of(one), steps_of(other)
    dot = sum(v * b.get(k, 0.0) for k, v in a.items())
    size = sum(v * v for v in a.values()) * sum(v * v for v in b.values())
    return dot / (size**0.5 or 1.0)


def home(groove: Entry, written: tuple[Style, ...]) -> Style:
    """The written style a fitted groove belongs to: the one its takes were called after, else the one most like it.

    No style that is tighter than people play is the home of what people played, unless they called it that; what is
    like none of them is the genre's first.
    """
    called = groove.options.get("like", "").partition("-")[2].replace("-", "")
    for style in written:
        if called.endswith(style.name.replace("-", "")):
            return style
    swung = float(groove.options.get("swing", 0)) > 0.3
    people = [s for s in written if s.number("loose", 1) >= 1]
    fitting = [s for s in people if (s.swing > 0.3 and not s.sixteenths) == swung] or people

    def like(style: Style) -> float:
        return max((likeness(groove, g) for g in style.grooves if g.meter == groove.meter), default=0.0)

    nearest = max(fitting, key=like)
    return nearest if like(nearest) >= ALIKE else fitting[0]


def name_styles(genre: str, text: str) -> str:
    """Write into each groove's header which written style it belongs to."""
    written = read_sheet(genre, (OUT.parent / "styles" / f"{genre}.txt").read_text(encoding="utf-8"))
    grooves = iter(read_sheet(genre, text)[0].grooves)
    lines = [
        f"{line} style={home(next(grooves), written).name}" if line.startswith("-- ") else line
        for line in text.splitlines()
    ]
    return "\n".join(lines) + "\n"


def sheet(genre: str, takes: list[Take], source: str) -> str:
    """Return the fitted sheet of a genre."""
    lines = [
        f"# {genre}: figures fitted to {len(takes)} takes of the Groove MIDI Dataset (CC BY 4.0), {source}.",
        "# Each groove averages several takes; scripts/fit_groove.py says how. `,` is one chance in fifty, `-` one in",
        "# twenty; lanes with `~` are velocities, a=3 and 5 more a letter.",
        "[fitted]",
    ]
    kinds: dict[tuple[float, bool], list[Take]] = collections.defaultdict(list)
    for take in takes:
        kinds[take.span, take.phase > 0.52].append(take)
    if len(takes) < 6 or min(len({t.name for t in k}) for k in kinds.values()) < 2:
        merged: dict[tuple[float, bool], list[Take]] = collections.defaultdict(list)
        for key, some in kinds.items():
            merged[key if len(some) >= 2 else (1.0, False)] += some
        kinds = merged
    for group in kinds.values():
        segs = [s for t in group for s in segments(t)]
        if not segs:
            continue
        names = len({s.take.name for s in segs})
        if names < PER_GROOVE:
            continue  # one take is no average
        for members in cluster(segs, max(1, round(len(segs) / 3)), PER_GROOVE):
            chosen = [segs[i] for i in members]
            if len({s.take.name for s in chosen}) >= PER_GROOVE:
                lines += groove_lines(chosen)
    return "\n".join(lines) + "\n"


def groove_lines(segs: list[Segment]) -> list[str]:
    """Write one groove: options, chances and velocities."""
    weight = sum(s.weight for s in segs)
    share = np.array([s.weight for s in segs]) / weight
    bars = np.array([s.bars for s in segs])
    rate = sum(w * s.count / b for w, s, b in zip(share, segs, bars, strict=True))
    if (rate * (1 - rate)).sum() > BLURRED * rate.sum():
        return []  # takes that had little in common: their average is nobody's groove
    count = sum(s.count for s in segs)
    loud = sum(s.velocity for s in segs) / np.maximum(count, 1)
    phase = sum(w * s.take.phase for w, s in zip(share, segs, strict=True))
    tempo = float(np.exp(sum(w * np.log(s.take.bpm) for w, s in zip(share, segs, strict=True))))
    mean = sum(w * s.devs.mean() for w, s in zip(share, segs, strict=True) if len(s.devs))
    spread = sum(w * s.devs.std() for w, s in zip(share, segs, strict=True) if len(s.devs))
    swing = (phase - 0.5) * 4
    kind = "swing16" if segs[0].take.span < 1 else "swing"
    label = collections.Counter(s.take.style for s in segs).most_common(1)[0][0].replace("/", "-")
    takes = len({s.take.name for s in segs})
    double = sum(w * s.doubles for w, s in zip(share, segs, strict=True))
    figures = {
        "weight": f"{weight:.1f}",
        kind: f"{swing if swing > 0.06 else 0:.2f}",
        "tempo": f"{tempo:.0f}",
        "late": f"{mean:.1f}",
        "spread": f"{spread:.1f}",
        "doubles": f"{double:.2f}",
        "like": label,
        "takes": str(takes),
    }
    head = "-- " + " ".join(f"{name}={value}" for name, value in figures.items())
    out = [head]
    for index, lane in enumerate(LANES):
        chances = "".join(digit(c) for c in rate[index])
        if not chances.strip("."):
            continue
        levels = "".join(loudness(v) if c != "." else "." for v, c in zip(loud[index], chances, strict=True))
        out.append(f"{lane} " + " ".join(chances[i : i + 4] for i in range(0, 16, 4)))
        out.append(f"{lane}~ " + " ".join(levels[i : i + 4] for i in range(0, 16, 4)))
    return out


def main() -> None:
    """Fit every genre of the dataset and write the sheets."""
    root = Path(sys.argv[1])
    takes = load(root)
    for take in takes:
        find_swing(take)
    OUT.mkdir(exist_ok=True)
    pools: dict[str, list[Take]] = collections.defaultdict(list)
    for take in takes:
        home = GENRES.get(take.style.split("/")[0])
        if home:
            pools[home].append(take)
        if "brazilian" in take.style or "samba" in take.style:
            pools["brazilian"].append(take)
    for old in OUT.glob("*.txt"):
        old.unlink()
    for genre, pool in sorted(pools.items()):
        text = sheet(genre, pool, "Gillick et al. 2019")
        if "\n-- " in text:
            (OUT / f"{genre}.txt").write_text(name_styles(genre, text), encoding="utf-8")
        print(f"{genre}: {len(pool)} takes, {text.count(chr(10) + '-- ')} grooves, {len(text)} bytes")


if __name__ == "__main__":
    main()
