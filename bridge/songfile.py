"""Songs as Standard MIDI Files: one file with a marker at each section, the tempo, and every change of metre.

Pure: bytes out. A section's notes end with the section, as they do on the timeline.
"""

from __future__ import annotations

import io
from typing import Final

import mido

from bridge.compiling import compile_pattern
from bridge.drummaps import DrumMap
from router.pattern import RESOLUTION, Pattern
from router.song import Song

_META, _OFF, _CONTROL, _ON = -1, 0, 1, 2
_Event = tuple[int, int, "mido.Message | mido.MetaMessage"]
_SHORTEST: Final = 1


def song_to_midi(song: Song, kit: DrumMap, *, tempo: float | None = None, channel: int = 10) -> bytes:
    """Return the song as a format 0 file, 960 ticks per quarter, exactly as long as its bars.

    Args:
        song: What to write; feel and openness included.
        kit: The note numbers.
        tempo: Beats per minute; the song's own when None.
        channel: 1..16.
    """
    file = mido.MidiFile(type=0, ticks_per_beat=RESOLUTION)
    track = mido.MidiTrack()
    file.tracks.append(track)
    events: list[_Event] = [
        (0, _META, mido.MetaMessage("track_name", name=_text(song.name or song.id))),
        (0, _META, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo or song.tempo))),
    ]
    start, meter = 0, ""
    for section in song.sections:
        own = section.pattern.meter
        if str(own) != meter:
            meter = str(own)
            change = mido.MetaMessage("time_signature", numerator=own.numerator, denominator=own.denominator)
            events.append((start, _META, change))
        events.append((start, _META, mido.MetaMessage("marker", text=_text(section.name))))
        events += _notes(section.pattern, kit, channel, start)
        start += section.pattern.ticks
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=start - now))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def _notes(pattern: Pattern, kit: DrumMap, channel: int, start: int) -> list[_Event]:
    """Return a section's messages; a note struck again while it sounds is released first."""
    rows = compile_pattern(pattern, kit, channel)
    events: list[_Event] = []
    ons: dict[int, list[tuple[int, int, int]]] = {}
    for row in rows:
        if row.status & 0xF0 == 0xB0:
            message = mido.Message("control_change", channel=channel - 1, control=row.data1, value=row.data2)
            events.append((start + row.tick, _CONTROL, message))
        else:
            ons.setdefault(row.data1, []).append((row.tick, row.length, row.data2))
    for note, strokes in ons.items():
        louder: dict[int, tuple[int, int]] = {}
        for tick, length, velocity in strokes:  # one drum struck twice at once is one stroke, the louder
            if tick not in louder or louder[tick][1] < velocity:
                louder[tick] = length, velocity
        ticks = sorted(louder)
        for tick, after in zip(ticks, [*ticks[1:], pattern.ticks], strict=True):
            length, velocity = louder[tick]
            end = min(tick + max(_SHORTEST, length), after)
            events.append(
                (start + tick, _ON, mido.Message("note_on", channel=channel - 1, note=note, velocity=velocity))
            )
            events.append((start + end, _OFF, mido.Message("note_off", channel=channel - 1, note=note)))
    return events


def _text(words: str) -> str:
    return words.encode("latin-1", "replace").decode("latin-1")
