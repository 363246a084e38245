"""Advice by rules: what a groove is like, and which words would change it. Every suggestion is one that `refine` takes.

Pure. Counts and compares; knows no taste, and says nothing that it did not count.
"""

from __future__ import annotations

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
        return score.pattern() if score.bars else None
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
