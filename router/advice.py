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


def theory(pattern: Pattern, question: str = "", swing: object = None) -> str:
    """Return what can be counted about a groove's rhythm, in sentences; what it means is left to others.

    Args:
        pattern: The groove.
        question: What is wanted to be known; where it names something that is counted, only that is told.
        swing: How much it swings, 0..1, where somebody knows: notation does not say.
    """
    facts = _facts(pattern, swing)
    meant = [fact for asked, fact in facts if re.search(rf"\b(?:{asked})", question.lower())]
    head = "" if meant or not question.strip() else "what can be counted without a model: "
    return head + "; ".join(meant or [fact for _, fact in facts]) + "."


def _facts(pattern: Pattern, swing: object) -> list[tuple[str, str]]:
    """Return what can be said of a groove, each with the words of a question that ask for it."""
    meter, strokes = pattern.meter, pattern.hits
    beats = [beat / 960 for beat in meter.beats]
    bpm = pattern.tempo or 120.0
    off = sum(hit.tick % 480 != 0 for hit in strokes)
    between = sum(hit.tick % 960 == 480 for hit in strokes)
    triplets = sum(hit.tick % 240 != 0 and hit.tick % 320 == 0 for hit in strokes)
    finest = "triplets" if triplets > len(strokes) / 8 else "sixteenths" if off else "eighths" if between else "beats"
    felt = "+".join(f"{beat:g}" for beat in beats)
    out = [
        ("met(?:er|re)|time sig|beats|felt|count", f"{meter}: {len(beats)} beats a bar, felt as {felt} quarters"),
        ("tempo|bpm|fast|slow|ms\\b|millisec",
         f"at {bpm:g} bpm a quarter lasts {60_000 / bpm:.0f} ms, a sixteenth {15_000 / bpm:.0f} ms"),
        ("division|subdivi|fine|grid|sixteenth|eighth|triplet", f"the finest division that is played is {finest}"),
        ("syncop|off", f"{off + between} of {len(strokes)} strokes lie off the beat"),
        ("long|bars|length", f"it is {pattern.bars} bar{'' if pattern.bars == 1 else 's'} long"),
    ]  # fmt: skip
    if isinstance(swing, int | float):
        out.append(("swing|swung|shuffl|straight", f"it swings by {swing:.2f} of 1" if swing else "it is straight"))
    for name, (voices, asked) in _LEADS.items():
        count = sum(hit.voice in voices for hit in strokes) / pattern.bars
        places = _places(pattern, voices)
        where = f", in half of the bars or more on {', '.join(places)}" if places else ""
        out.append((asked, f"{count:.3g} strokes of {name} a bar{where}"))
        if name == "snare" and {"2", "4"} <= set(places) and meter.beats == (960,) * 4:
            out.append((asked, "the snare on 2 and 4 is a backbeat"))
    ghosts = sum(hit.voice == "snare" and hit.velocity < 50 for hit in strokes) / pattern.bars
    return [*out, ("ghost", f"{ghosts:.3g} ghost notes a bar")]


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


_LEADS: Final = {
    "kick": (("kick",), "kick|bass drum|foot"),
    "snare": (("snare", "rim", "clap"), "snare|backbeat|clap|rim"),
    "hi-hat": (_HATS, "hi-?hat|hats?\\b|time ?keep"),
    "ride": (("ride", "ride_bell"), "ride"),
}
"""Which voices lead, and how they are asked for."""
