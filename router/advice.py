"""Advice by rules: what a groove is like, and which words would change it. Every suggestion is one that `refine` takes.

Pure. Counts and compares; knows no taste, and says nothing that it did not count.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from router.errors import InvalidRequest
from router.notation import Reader
from router.pattern import MAX_BARS, Meter, Pattern

_HATS: Final = ("hat_closed", "hat_open", "hat_pedal")
_CYMBALS: Final = ("crash", "crash2", "china", "splash")
_BUSY: Final = 5.0
"""Strokes a beat from which a groove is called busy; the Groove MIDI Dataset's mean is 4.7 (18.9 a bar of four)."""


def read(text: str) -> Pattern | None:
    """Return the pattern in a text of bar-line notation, or None."""
    head = text.lstrip().removeprefix("@").split(maxsplit=1)
    try:
        meter = Meter.parse(head[0]) if text.lstrip().startswith("@") and head else Meter(4, 4)
        reader = Reader(meter, MAX_BARS)
        reader.feed(text)
        score = reader.close()
        found = re.search(r"\bbpm=(\d{2,3}(?:\.\d+)?)", text.lstrip().split("\n", 1)[0])
        return score.pattern(tempo=float(found[1]) if found else None) if score.bars else None
    except InvalidRequest:
        return None


def character(pattern: Pattern) -> dict[str, Any]:
    """Return a groove's character, in the fields of the task `pattern_analysis`."""
    voices = Counter(hit.voice for hit in pattern.hits)
    beats = pattern.ticks / 960
    rate = len(pattern.hits) / beats if beats else 0.0
    ghosts = sum(hit.voice == "snare" and hit.velocity < 50 for hit in pattern.hits)
    off = sum(hit.tick % 480 != 0 for hit in pattern.hits) / max(1, len(pattern.hits))
    keeper = max(("hat_closed", "hat_open", "ride"), key=lambda voice: voices[voice])
    traits = [
        f"{rate:.1f} strokes a beat",
        f"time on the {keeper.replace('_', ' ')}" if voices[keeper] else "no hand keeps time",
        f"{ghosts / pattern.bars:.1f} ghost notes a bar",
        f"{voices['kick'] / pattern.bars:.1f} kicks a bar",
    ]
    feel = "sixteenths" if off > 0.25 else "eighths"
    return {"genre": "", "style": "", "feel": feel, "busyness": round(min(1.0, rate / 10), 2), "traits": traits}


def suggestions(pattern: Pattern) -> list[str]:
    """Return words for `refine` that would change what is most one-sided about a groove; three to five of them."""
    voices = Counter(hit.voice for hit in pattern.hits)
    beats = max(1.0, pattern.ticks / 960)
    ghosts = sum(hit.voice == "snare" and hit.velocity < 50 for hit in pattern.hits)
    out = ["less kick" if voices["kick"] / beats > 1.5 else "more kick"]
    out.append("fewer hats" if sum(voices[voice] for voice in _HATS) / beats > 3 else "busier hats, keep the kick")
    out.append("no ghost notes" if ghosts / pattern.bars > 4 else "more ghost notes")
    if not any(voices[voice] for voice in _CYMBALS):
        out.append("crash on 1")
    if not pattern.meta.get("fills"):
        out.append("add a fill")
    out.append("simpler" if len(pattern.hits) / beats > _BUSY else "swing more")
    return out[:5]


def theory(pattern: Pattern) -> str:
    """Return what can be counted about a groove's rhythm, in sentences; what it means is left to others."""
    meter = pattern.meter
    beats = [beat / 960 for beat in meter.beats]
    bpm = pattern.tempo or 120.0
    counts = {name: _places(pattern, voices) for name, voices in _LEADS.items()}
    off = sum(hit.tick % 480 != 0 for hit in pattern.hits)
    between = sum(hit.tick % 960 == 480 for hit in pattern.hits)
    triplets = sum(hit.tick % 240 != 0 and hit.tick % 320 == 0 for hit in pattern.hits)
    finest = (
        "triplets" if triplets > len(pattern.hits) / 8 else "sixteenths" if off else "eighths" if between else "beats"
    )
    out = [
        f"{meter}: {len(beats)} beats a bar, felt as {'+'.join(f'{beat:g}' for beat in beats)} quarters",
        f"at {bpm:g} bpm a quarter lasts {60_000 / bpm:.0f} ms, a sixteenth {15_000 / bpm:.0f} ms",
        f"the finest division that is played is {finest}",
        f"{off + between} of {len(pattern.hits)} strokes lie off the beat",
    ]
    out += [
        f"the {name} comes in half of the bars or more on {', '.join(places)}"
        for name, places in counts.items()
        if places
    ]
    loud = sum(hit.voice == "snare" and hit.velocity >= 50 and hit.tick % 960 == 0 for hit in pattern.hits)
    if {"2", "4"} <= set(counts["snare"]) and meter.beats == (960,) * 4 and loud:
        out.append("the snare on 2 and 4 is a backbeat")
    return "; ".join(out) + "."


def ideas(pattern: Pattern) -> list[str]:
    """Return three directions that a groove does not take yet; each is one that `refine` takes."""
    voices = Counter(hit.voice for hit in pattern.hits)
    fresh = [
        ("play the hats on the ride", voices["ride"] == 0 and any(voices[voice] for voice in _HATS)),
        ("half time", len(pattern.meter.beats) == 4 and voices["snare"] > 0),
        ("a polyrhythm of 3 against 4", voices["cowbell"] == 0),
        ("rim instead of snare", voices["rim"] == 0 and voices["snare"] > 0),
        ("double the snare with a clap", voices["clap"] == 0 and voices["snare"] > 0),
        ("swing more", True),
        ("only kick and snare in the last bar", True),
    ]
    return [words for words, new in fresh if new][:3]


def _places(pattern: Pattern, voices: tuple[str, ...]) -> list[str]:
    """Return the sixteenths, counted as musicians do, on which voices sound in half of the bars or more."""
    bar_ticks = pattern.meter.bar_ticks
    bars: dict[int, set[int]] = {}
    for hit in pattern.hits:
        if hit.voice in voices and hit.velocity >= 50:
            bars.setdefault(hit.tick % bar_ticks, set()).add(hit.tick // bar_ticks)
    often = sorted(tick for tick, there in bars.items() if len(there) * 2 >= pattern.bars)
    return [f"{tick // 960 + 1}{('', 'e', '&', 'a')[tick % 960 // 240]}" for tick in often if tick % 240 == 0]


_LEADS: Final = {"kick": ("kick",), "snare": ("snare", "rim", "clap")}
