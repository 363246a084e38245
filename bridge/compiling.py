"""Pattern and kit become rows for the engine: note numbers, lengths, controllers. Pure.

Every row lies inside the pattern, so that a loop neither loses a hit nor sounds one before its beat one.
"""

from __future__ import annotations

from typing import Final

from bridge.drummaps import CLOSED, DrumMap
from bridge.engine.link import CONTROL_CHANGE, NOTE_ON, Row
from router.pattern import VOICE_INDEX, Hit, Pattern

NOTE_TICKS: Final = 120
"""A 32nd: long enough for every sampler to take note, short enough to be over before the next 32nd."""

_CLOSED: Final = {"hat_closed": CLOSED, "hat_open": 33, "hat_pedal": 55}
"""Pedal positions of the kit the Groove MIDI Dataset was recorded on, for hits that name none."""


def compile_pattern(pattern: Pattern, kit: DrumMap, channel: int) -> list[Row]:
    """Return the pattern's rows in the order of leaving.

    Args:
        pattern: Any pattern.
        kit: Gives the note numbers; a voice it cannot play in any way is left out.
        channel: 1..16.
    """
    rows: list[Row] = []
    pedal: int | None = None
    for hit in sorted(pattern.hits, key=lambda hit: (_sounds_at(hit, pattern.ticks), VOICE_INDEX[hit.voice])):
        note = kit.note(hit.voice, hit.openness)
        if note is None:
            continue
        tick = _sounds_at(hit, pattern.ticks)
        voice = VOICE_INDEX[hit.voice]
        wanted = _pedal(hit, kit)
        if wanted is not None and wanted != pedal:
            rows.append(Row(tick, 0, CONTROL_CHANGE | (channel - 1), kit.hat_controller or 4, wanted, voice))
            pedal = wanted
        rows.append(Row(tick, NOTE_TICKS, NOTE_ON | (channel - 1), note, hit.velocity, voice))
    return rows


def _sounds_at(hit: Hit, ticks: int) -> int:
    return min(max(hit.tick + hit.shift, 0), ticks - 1)


def _pedal(hit: Hit, kit: DrumMap) -> int | None:
    if kit.hat_controller is None or hit.voice not in _CLOSED:
        return None
    closed = _CLOSED[hit.voice] if hit.openness is None else hit.openness
    return 127 - closed if kit.hat_inverted else closed
