"""Takes: patterns as they are on the timeline, songs as heads with parts; player and notes as the topics tell them.

Pure. Decides nothing; the session owns the takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.pattern import RESOLUTION, VOICES, Pattern
from router.request import GrooveRequest
from router.song import Song


@dataclass(slots=True)
class Take:
    """A pattern as it is (or was, or will be) on the timeline.

    Attributes:
        request: Lets live knobs draw it again.
        source: The pattern before any knob was turned on it, for those that cannot be drawn again.
        turned: The knobs that were turned since, with their values.
        family: Edits of one groove share it.
        song: The whole song, when this take is the first part of one; `parts` are the ids of all its parts then.
        head: The id of the song's first part, for every part of a song.
    """

    id: str
    pattern: Pattern
    request: GrooveRequest | None = None
    route: Mapping[str, Any] | None = None
    family: str = ""
    song: Song | None = None
    parts: tuple[str, ...] = ()
    head: str = ""
    source: Pattern | None = None
    turned: dict[str, Any] = field(default_factory=dict)

    def chain(self, origin: int | None = None) -> dict[str, Any]:
        """Return what the engine must know of a song beside its first part; {} for a groove."""
        if not self.parts:
            return {}
        return {"parts": list(self.parts), **({} if origin is None else {"song_origin": origin})}


def with_family(needed: Iterable[str | None], takes: Mapping[str, Take]) -> set[str]:
    """Return the ids and, for each part of a song among them, the whole song's."""
    out: set[str] = set()
    for identity in needed:
        take = takes.get(identity or "")
        if take is not None:
            out.add(take.id)
            head = takes.get(take.head)
            out.update(head.parts if head is not None else ())
    return out


def song_view(take: Take | None, takes: Mapping[str, Take], origin: Any) -> dict[str, Any] | None:
    """Return the song that a take is a part of: its form and which section it is, or None."""
    head = takes.get(take.head) if take is not None else None
    if take is None or head is None or head.song is None:
        return None
    rows = [{"name": s.name, "bars": s.bars, "starts_at_bar": s.starts_at_bar} for s in head.song.sections]
    index = head.parts.index(take.id)
    return {"id": head.song.id, "name": head.song.name, "section": index, "sections": rows, "origin": origin}


def player_view(
    heard: Mapping[str, Any],
    takes: Mapping[str, Take],
    waiting: Take | None,
    state: str,
    mix: Mapping[str, Collection[str]],
) -> dict[str, Any]:
    """Return what plays and what comes next, as the `player` topic tells it.

    Args:
        heard: The engine's last `player` event.
        takes: All takes by id.
        waiting: What the musician chose last, told when nothing plays.
        state: The transport's.
        mix: Muted and soloed voices.
    """
    playing = takes.get(heard["playing"] or "")
    ready = None if playing else waiting
    queued = []
    for item in heard["queued"]:
        take = takes.get(item["id"])
        if take is not None:
            where = {name: item[name] for name in ("bar", "beat", "tick", "origin", "t", "once") if name in item}
            queued.append({"pattern": take.pattern.as_dict(), "id": take.pattern.id, "take": take.id, **where})
    return {
        "state": state,
        "playing": playing.pattern.id if playing else None,
        "pattern": playing.pattern.as_dict() if playing else None,
        "take": playing.id if playing else None,
        "route": playing.route if playing else None,
        "queued": queued,
        "origin": heard.get("origin", 0),
        "fill": heard.get("fill"),
        "filling": _filling(takes.get(heard.get("fill") or ""), heard.get("fill_at")),
        "song": song_view(playing or ready, takes, heard.get("song_origin")),
        "ready": {"pattern": ready.pattern.as_dict(), "take": ready.id, "route": ready.route} if ready else None,
        "mix": dict(mix),
    }


def note_view(row: Sequence[Any], takes: Mapping[str, Take]) -> dict[str, Any]:
    """Return a note that was sent, as the `notes` topic tells it; `row` is as the engine says it."""
    due, left, tick, bar, beat, voice, note, velocity, channel, identity = row
    take = takes.get(identity)
    return {
        "bar": bar, "beat": beat, "tick": tick, "voice": VOICES[voice], "note": note, "velocity": velocity,
        "channel": channel + 1, "due": due, "left": left, "pattern": take.pattern.id if take else None,
    }  # fmt: skip


def next_beat(pattern: Pattern, origin: int, transport: Mapping[str, Any], now: float) -> int:
    """Return the tick of a playing pattern at which the next beat begins.

    Args:
        pattern: What plays; its first tick lay at `origin` of the transport's.
        origin: In ticks.
        transport: As the engine told it last, at its `t`.
        now: Seconds of the same clock.
    """
    tick = transport.get("tick", 0)
    if transport.get("state") == "playing":
        tick += (now - transport.get("t", now)) * transport["bpm"] / 60 * RESOLUTION
    bar, inside = divmod(int(tick) - origin, pattern.meter.bar_ticks)
    edge = 0
    for length in pattern.meter.beats:
        edge += length
        if edge > inside:
            break
    return (bar * pattern.meter.bar_ticks + edge) % pattern.ticks


def _filling(take: Take | None, at: Collection[int] | None) -> dict[str, Any] | None:
    """Return the fill that sounds, and the ticks of the song where its first bar lies, it began, and it ends."""
    if take is None or at is None:
        return None
    origin, tick, end = at
    return {"pattern": take.pattern.as_dict(), "take": take.id, "origin": origin, "tick": tick, "end": end}
