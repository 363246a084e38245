"""Changes by hand: strokes set and removed in a pattern, and voices muted or soloed on their way out.

Pure. A change names cells (tick and voice), so that changes of two hands to one groove both stay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from bridge.engine.link import Row
from router.errors import InvalidRequest
from router.pattern import MAX_HITS, RESOLUTION, VOICE_INDEX, VOICES, Hit, Pattern


def edited(pattern: Pattern, changes: Iterable[Mapping[str, Any]], bars: int | None = None) -> Pattern:
    """Return the pattern with its cells changed; a longer one repeats itself, a shorter one is cut.

    Args:
        pattern: What is changed; it stays as it is.
        changes: tick, voice, velocity (0 removes) and perhaps shift (None keeps the stroke's own, else 0), each for
            the one cell that it names; later ones win.
        bars: The new length, or None.

    Raises:
        InvalidRequest: For a stroke outside the pattern or a voice that no kit has.
    """
    resized = pattern if bars in {None, pattern.bars} else _resized(pattern, bars or 1)
    wanted = {(change["tick"], change["voice"]): change for change in changes}
    kept: dict[tuple[int, str], Hit] = {}
    rest: list[Hit] = []
    for hit in resized.hits:
        (kept.__setitem__((hit.tick, hit.voice), hit) if (hit.tick, hit.voice) in wanted else rest.append(hit))
    for index, ((tick, voice), change) in enumerate(wanted.items()):
        if voice not in VOICE_INDEX:
            raise InvalidRequest(f"hits[{index}].voice", f"no kit has a {voice!r:.40}", f"try {VOICES[0]}")
        if not 0 <= tick < resized.ticks:
            raise InvalidRequest(f"hits[{index}].tick", f"tick {tick} is outside the pattern's {resized.ticks} ticks")
        if change["velocity"]:
            rest.append(_stroke(kept.get((tick, voice)), change))
    if len(rest) > MAX_HITS:
        raise InvalidRequest("hits", f"a pattern holds at most {MAX_HITS} strokes")
    changed = resized.with_hits(rest, edited=True)
    return pattern if (changed.hits, changed.bars) == (pattern.hits, pattern.bars) else changed


def _stroke(old: Hit | None, change: Mapping[str, Any]) -> Hit:
    shift = change.get("shift")
    if old is None:
        shift = max(-change["tick"], shift or 0)
        return Hit(change["tick"], change["voice"], change["velocity"], max(-RESOLUTION, shift))
    return replace(old, velocity=change["velocity"], shift=old.shift if shift is None else shift)


def _resized(pattern: Pattern, bars: int) -> Pattern:
    ticks, length = bars * pattern.meter.bar_ticks, pattern.ticks
    copies = range(0, ticks, length)
    hits = [replace(hit, tick=hit.tick + start) for start in copies for hit in pattern.hits if hit.tick + start < ticks]
    return replace(pattern, bars=bars, hits=tuple(hits), id="")


def audible(rows: list[Row], mute: Collection[str], solo: Collection[str]) -> list[Row]:
    """Return the rows of the voices that are heard: the soloed ones, else all that are not muted."""
    if not mute and not solo:
        return rows
    heard = {index for voice, index in VOICE_INDEX.items() if (voice in solo if solo else voice not in mute)}
    return [row for row in rows if row.voice in heard]
