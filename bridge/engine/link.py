"""The link between the two processes: frames on a pipe, a JSON head and raw rows behind it.

Daemon and engine both import this file, so it holds the standard library only. It frames and names;
it never decides, and a frame that is cut or too long ends the link rather than being guessed at.

A frame is `length:u32 big-endian | head: JSON, one line | payload`. The head of a command has "c" (its name) and "n"
(its number); the engine answers each with {"e": "reply", "n": n, ...} or {"e": "reply", "n": n, "error": text}.
All times are seconds of the machine's monotonic clock, which both processes share; musical time is ticks of the song.

Commands (daemon -> engine)
  load      id, ticks, bar_ticks, beats: [ticks], at? + rows   a pattern, compiled to MIDI; the same id again replaces
                                                               it in place, at once or (at: beat) at the next beat
  forget    ids                                                patterns that nobody will queue again
  queue     id, at, once?, tag?, asked_at?                     -> {tick, bar, beat, t}; at: now|beat|bar|2bars|4bars|end
            parts?, loop?, song_origin?                        `parts` (ids, the first is `id`) play one after another
                                                               as a song, again and again with `loop`; the song
                                                               position chooses the part. It lies where it takes over,
                                                               at `song_origin`, or, while following, at tick 0
            goes_on?                                           ids: after one of these it goes on at that one's place
                                                               in the phrase, not with its own first bar
  cancel    tag                                                takes back what is queued under the tag
  play      at?                                                -> transport; starts (internal), or arms (external clock)
  stop      at?                                                -> transport
  panic                                                        releases all; the transport goes on
  tempo     bpm, at?                                           internal tempo; at as in queue -> transport
  sync      mode                                               auto|internal|clock|link
  options   clock_out?, offset_ms?, in?, out?, connections?    names or connections {out: [..], in: [..]} reopen
  resume    tick, t, playing, origin?, bpm?                    go on as if `tick` was at time `t` -> transport;
            parts?, loop?, song_origin?                        the rest as in queue
  status                                                       -> everything below in one object
  ports                                                        -> {outputs: [..], inputs: [..]}
  send      data (hex)                                         a message to the output now (LEDs, auditions)
  quit                                                         release, close, end

Events (engine -> daemon)
  ready     backend, out, in, realtime, why, pid               once, when the ports are open; `why` when backend is none
  error     code: unusable|midi_unavailable, text, fix, exit   instead of ready: the process ends with `exit` (7)
  ports     backend, out, in, state: open|lost, why, connections: {out: [..], in: [..]}  on each change
  transport state: stopped|armed|playing, source: internal|clock|link, tick, t, bpm, bar, beat, quality,
            meter: [bar_ticks, beats]
  player    playing: id|null, origin, song_origin, queued: [{id, tick, origin, bar, beat, t, tag, once}],
            fill: id|null, fill_at: [origin, start, end]|null        a fill lies over the base from start to end
  notes     rows: [[due, left, tick, bar, beat, voice, note, velocity, channel, pattern]]    voice is the row's index
  midi      rows: [[t, hex]], dropped                          channel messages that came in, floods thinned
  stats     lateness: {count, mean_ms, p50_ms, p95_ms, p99_ms, max_ms, missed},
            clock: {bpm, jitter_ms, pulses, quality}, realtime, dropped_events, backend; once a second while playing,
            and in `status`
  log       level, text
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

MAX_FRAME: Final = 4 << 20
"""Bytes; the largest pattern (20,000 rows) takes 240 kB."""

_LENGTH: Final = struct.Struct(">I")
_ROW: Final = struct.Struct("<iHBBBBxx")

CONTROL_CHANGE: Final = 0xB0
NOTE_ON: Final = 0x90


class Row(NamedTuple):
    """One MIDI event of a compiled pattern.

    `tick` counts from the pattern's start, microtiming included, inside the pattern; `length` in ticks (notes only);
    `status` is 0x9n for a note, 0xBn for a controller; `voice` is an index into the router's list of voices.
    """

    tick: int
    length: int
    status: int
    data1: int
    data2: int
    voice: int


class BrokenLink(Exception):
    """The bytes on the link are no frames; the only safe answer is to end it."""


def pack(head: dict[str, Any], rows: Iterable[Row] = ()) -> bytes:
    """Return one frame."""
    body = json.dumps(head, separators=(",", ":")).encode() + b"\n" + b"".join(_ROW.pack(*row) for row in rows)
    if len(body) > MAX_FRAME:
        raise BrokenLink(f"a frame of {len(body)} bytes is longer than {MAX_FRAME}")
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Turns bytes as they arrive into frames. Does no I/O."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yield (head, payload) of every frame that is complete.

        Raises:
            BrokenLink: If a length is beyond `MAX_FRAME` or a head is not a JSON object.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MAX_FRAME:
                raise BrokenLink(f"a frame says it is {length} bytes long")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            line, _, payload = body.partition(b"\n")
            try:
                head = json.loads(line)
            except ValueError as error:
                raise BrokenLink(f"a frame's head is not JSON: {error}") from error
            if not isinstance(head, dict):
                raise BrokenLink("a frame's head is not an object")
            yield head, payload


def rows(payload: bytes) -> Iterator[Row]:
    """Yield the rows behind a head.

    Raises:
        BrokenLink: If the payload is not a whole number of rows.
    """
    if len(payload) % _ROW.size:
        raise BrokenLink("a row is cut")
    return map(Row._make, _ROW.iter_unpack(payload))
