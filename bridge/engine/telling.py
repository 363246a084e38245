"""What the link tells of transport and timeline: the bodies of the events `transport` and `player`.

Pure; changes nothing. `now` is the engine's clock, `epoch` the machine's monotonic seconds less the engine's, because
times on the link are monotonic.
"""

from __future__ import annotations

from typing import Any

from bridge.engine.meter import MeterMap
from bridge.engine.timeline import Queued, Timeline
from bridge.engine.transport import State, Transport


def transport(transport: Transport, meters: MeterMap, now: float, epoch: float) -> dict[str, Any]:
    """Tell where the song is; `t` is when `tick` is."""
    tick = transport.tick_at(now)
    whole = max(0, int(tick))
    bar, beat = meters.locate(whole)
    span = meters.at(whole)
    return {
        "e": "transport", "state": transport.state.value, "source": transport.source, "tick": round(tick, 3),
        "t": round(now + epoch, 6), "bpm": round(transport.tempo, 4), "bar": bar, "beat": beat,
        "quality": transport.quality(now), "meter": [span.bar_ticks, list(span.beats)], "sync": transport.mode,
    }  # fmt: skip


def player(timeline: Timeline, transport: Transport, epoch: float) -> dict[str, Any]:
    """Tell what plays and what waits."""
    queued = [
        {
            **where(entry, timeline.meters, transport, epoch),
            "id": entry.pattern.id, "origin": entry.origin, "tag": entry.tag, "once": entry.once,
        }
        for entry in timeline.queue
    ]  # fmt: skip
    base, overlay = timeline.base.id if timeline.base else None, timeline.overlay
    return {
        "e": "player",
        "playing": base if transport.state is State.PLAYING else None,
        "loaded": base,
        "fill": overlay.pattern.id if overlay else None,
        "fill_at": [overlay.origin, overlay.start, overlay.end] if overlay else None,
        "origin": timeline.origin,
        "queued": queued,
        "song_origin": timeline.chain.origin if timeline.chain else None,
    }


def where(entry: Queued, meters: MeterMap, transport: Transport, epoch: float) -> dict[str, Any]:
    """Tell where a switch lies, and when, if that is known."""
    bar, beat = meters.locate(entry.tick)
    plays = transport.state is State.PLAYING
    at = round(transport.time_of(entry.tick) + epoch, 6) if plays else None
    return {"tick": entry.tick, "bar": bar, "beat": beat, "t": at}
