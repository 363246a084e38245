"""Patterns to Standard MIDI Files and back, by way of mido. Pure: bytes in, bytes out.

Export holds the metre, the tempo, the name and every note with its off; import reads a General MIDI drum track.
"""

from __future__ import annotations

import io
from typing import Final

import mido

from bridge.compiling import compile_pattern
from bridge.drummaps import DrumMap
from router.errors import InvalidRequest
from router.pattern import MAX_BARS, MAX_HITS, RESOLUTION, Hit, Meter, Pattern

_MOST_BYTES: Final = 4 << 20


def to_midi(pattern: Pattern, kit: DrumMap, *, tempo: float | None = None, channel: int = 10) -> bytes:
    """Return the pattern as a format 0 file, 960 ticks per quarter, exactly as long as its bars.

    Args:
        pattern: What to write; feel and openness included.
        kit: The note numbers.
        tempo: Beats per minute; the pattern's own, else 120, when None.
        channel: 1..16.
    """
    file = mido.MidiFile(type=0, ticks_per_beat=RESOLUTION)
    track = mido.MidiTrack()
    file.tracks.append(track)
    bpm = tempo or pattern.tempo or 120.0
    track.append(
        mido.MetaMessage("track_name", name=(pattern.name or pattern.id).encode("latin-1", "replace").decode("latin-1"))
    )
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm)))
    meter = pattern.meter
    track.append(mido.MetaMessage("time_signature", numerator=meter.numerator, denominator=meter.denominator))
    events: list[tuple[int, int, mido.Message]] = []
    open_until: dict[int, int] = {}
    for row in compile_pattern(pattern, kit, channel):
        status = row.status & 0xF0
        if status == 0xB0:
            events.append(
                (row.tick, 1, mido.Message("control_change", channel=channel - 1, control=row.data1, value=row.data2))
            )
            continue
        # A note struck again while it sounds is released first: two ons and one off hang in some hosts.
        if open_until.get(row.data1, 0) > row.tick:
            events[:] = [e for e in events if not (e[1] == 0 and e[2].note == row.data1 and e[0] > row.tick)]
            events.append((row.tick, 0, mido.Message("note_off", channel=channel - 1, note=row.data1)))
        end = min(row.tick + row.length, pattern.ticks)
        open_until[row.data1] = end
        events.append((row.tick, 2, mido.Message("note_on", channel=channel - 1, note=row.data1, velocity=row.data2)))
        events.append((end, 0, mido.Message("note_off", channel=channel - 1, note=row.data1)))
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=pattern.ticks - now))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def from_midi(data: bytes, kit: DrumMap, name: str = "") -> Pattern:
    """Read a file as a pattern: the drum channel's notes (all notes when there are none on 10), 16ths as the grid.

    Raises:
        InvalidRequest: If it is no MIDI file, holds no drum note, or is longer than 64 bars.
    """
    if len(data) > _MOST_BYTES:
        raise InvalidRequest("midi", f"the file is {len(data)} bytes; at most {_MOST_BYTES} are read")
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
        messages = list(mido.merge_tracks(file.tracks))
    except (OSError, EOFError, ValueError, IndexError, KeyError) as error:
        why = f": {error}" if str(error) else ""  # an end of file has no words
        raise InvalidRequest("midi", f"this is no readable MIDI file{why}", "export it again as .mid") from error
    voices = kit.voices()
    meter, tempo = Meter(4, 4), None
    now = 0
    notes: list[tuple[int, int, int, int]] = []
    for message in messages:
        now += message.time
        if message.type == "time_signature" and not notes:
            meter = Meter(message.numerator, message.denominator)
        elif message.type == "set_tempo" and tempo is None:
            tempo = min(300.0, max(20.0, round(mido.tempo2bpm(message.tempo), 2)))
        elif message.type == "note_on" and message.velocity:
            notes.append((now, message.note, message.velocity, message.channel))
    drums = [note for note in notes if note[3] == 9] or notes
    hits = []
    grid = RESOLUTION // 4
    for at, note, velocity, _ in drums[:MAX_HITS]:
        voice = voices.get(note)
        if voice is not None:
            tick = at * RESOLUTION // max(file.ticks_per_beat, 1)
            on_grid = (tick + grid // 2) // grid * grid
            hits.append(Hit(on_grid, voice, velocity, tick - on_grid))
    if not hits:
        raise InvalidRequest("midi", f"no note of this file is a drum of the {kit.name} kit", "check the drum map")
    bars = max(hit.tick for hit in hits) // meter.bar_ticks + 1
    if bars > MAX_BARS:
        raise InvalidRequest("midi", f"the file has {bars} bars; a pattern holds at most {MAX_BARS}", "cut it first")
    return Pattern(meter, bars, tuple(hits), name, tempo, {"generator": "import"})
