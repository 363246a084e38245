"""Frame-exact JACK through JACK-Client: each event leaves and arrives at its own frame.

The process callback only moves bytes between deques (append and popleft are atomic); it never decides, waits or logs.
Control calls (open, connect, list, close) come from one thread at a time: two at once make jackd drop every client.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from bridge.ports.base import Incoming, Listing, Parcel, PortError, Wish, legal, match_name

HANDOVER_SECONDS: Final = 0.003
"""How long the engine may need between waking up and handing over; a cycle's length is added."""

DOUBT_CYCLES: Final = 8
"""How far back an xrun puts into doubt what was heard: word of it takes a few cycles to come."""

_TURNS: Final = frozenset({0xFA, 0xFB, 0xFC, 0xF2})

_control = threading.Lock()


class Unheard:
    """Note-offs that an xrun may have swallowed, to be written once more.

    A cycle that is called late is followed at once by another, which wipes what the first wrote before anyone has read
    it; a skipped one, ours or a listener's, leaves it unread. A note-off too many is harmless, one too few is a note
    that hangs; note-ons and clocks are not repeated, for they would sound twice.
    """

    def __init__(self) -> None:
        self.xrun = False  # the server said so; set from its own thread
        self._frame = -1
        self._offs: dict[bytes, tuple[int, bytes]] = {}

    def __repr__(self) -> str:
        return f"<Unheard {len(self._offs)} note-offs before frame {self._frame}>"

    def cycle(self, frame: int, frames: int) -> list[bytes]:
        """Begin a cycle; returns what the latest ones may have said to nobody."""
        regular, self._frame = frame == self._frame, (frame + frames) & 0xFFFFFFFF
        if not self._offs:
            self.xrun = False
            return []
        again = []
        if self.xrun or not regular:
            self.xrun = False
            again = [data for _, data in self._offs.values()]
        old = (frame - DOUBT_CYCLES * frames) & 0xFFFFFFFF
        self._offs = {key: row for key, row in self._offs.items() if (row[0] - old) & 0xFFFFFFFF < 0x80000000}
        return again

    def wrote(self, messages: Iterable[bytes]) -> None:
        """Note what this cycle says; a note struck again is its own note-off's business."""
        for data in messages:
            kind, key = data[0] & 0xF0, bytes((data[0] & 0x0F, *data[1:2]))
            if kind == 0x80:
                self._offs[key] = (self._frame, data)
            elif kind == 0x90:
                self._offs.pop(key, None)


class JackPort:
    """One JACK client with the ports "out" and "in". Engine time is its frame clock, set by monotonic time."""

    backend = "jack"

    def __init__(self) -> None:
        self.out = ""
        self.in_ = ""
        self.lookahead = 0.01
        self.loop_delay = 0.0
        self.pending: deque[Parcel] = deque()
        self.gone: deque[Parcel] = deque(maxlen=65_536)
        self._client: Any = None
        self._dead = "not open"
        self._rate = 48000.0
        self._cycle = (0, 0.0)  # frame and monotonic seconds of the latest cycle
        self._reference = (0, 0.0)  # a frame and its engine seconds
        self._callback: Any = None
        self._unheard = Unheard()

    def __repr__(self) -> str:
        return f"<JackPort {self.out or 'closed'}, {len(self.pending)} pending>"

    def open(self, wish: Wish, incoming: Incoming) -> None:
        """Join the running server; never starts one. Raises PortError."""
        with _control:
            try:
                import jack  # noqa: PLC0415 -- finding libjack costs time that only this backend should pay
            except (ImportError, OSError) as error:
                raise PortError(
                    f"JACK-Client cannot load libjack: {error}", "install libjack, or pip install JACK-Client"
                ) from error
            jack.set_error_function(_quiet)
            jack.set_info_function(_quiet)
            self._open(jack, wish, incoming)

    def _open(self, jack: Any, wish: Wish, incoming: Incoming) -> None:
        try:
            client = _join(jack, wish.client)
        except jack.JackOpenError as error:
            raise PortError(
                "no JACK server is running", "start JACK (jackd, qjackctl or PipeWire), or use --midi alsa"
            ) from error
        try:
            out_port = client.midi_outports.register("out")
            in_port = client.midi_inports.register("in")
            self._client, self._dead = client, ""
            self._rate = float(client.samplerate)
            self.lookahead = client.blocksize / self._rate + HANDOVER_SECONDS
            client.set_shutdown_callback(self._shut)
            client.set_xrun_callback(self._doubt)
            self._callback = self._mover(jack, client, out_port, in_port, incoming)
            jack._lib.jack_set_process_callback(client._ptr, self._callback, jack._ffi.NULL)  # noqa: SLF001 - as in _mover
            client.activate()
            self.out, self.in_ = out_port.name, in_port.name
            self._connect(wish)
        except jack.JackError as error:
            self._dead = str(error)
            client.close()
            raise PortError(f"JACK refused our ports: {error}") from error

    def _mover(self, jack: Any, client: Any, out_port: Any, in_port: Any, incoming: Incoming) -> Any:
        """Return the process callback, with everything it needs at hand: it runs 750 times a second."""
        lib, ffi = jack._lib, jack._ffi  # noqa: SLF001 - the public wrappers allocate anew in each cycle
        pointer, out_pointer, in_pointer = client._ptr, out_port._ptr, in_port._ptr  # noqa: SLF001 - likewise
        get_buffer, clear, write = lib.jack_port_get_buffer, lib.jack_midi_clear_buffer, lib.jack_midi_event_write
        count_in, get_in, frame_of = lib.jack_midi_get_event_count, lib.jack_midi_event_get, lib.jack_last_frame_time
        event, view = ffi.new("jack_midi_event_t*"), ffi.buffer
        monotonic, pending, rate, unheard = time.monotonic, self.pending, self._rate, self._unheard
        self._reference = (frame_of(pointer), time.monotonic())

        def hear(buffer: Any, frame: int, frames: int) -> int:
            """Pass on what came; returns the frame from which a Start, Stop or position forbids what was planned."""
            batch, start, limit = [], self._seconds(frame), frames
            for index in range(count_in(buffer)):
                if get_in(event, buffer, index) == 0:
                    data = bytes(view(event.buffer, event.size))
                    batch.append((start + event.time / rate, data))
                    if data[0] in _TURNS:
                        limit = min(limit, int(event.time))
            incoming(batch)
            return limit

        def process(frames: int, _unused: Any) -> int:
            frame = frame_of(pointer)
            self._cycle = (frame, monotonic())
            limit = frames
            buffer = get_buffer(in_pointer, frames)
            if count_in(buffer):
                limit = hear(buffer, frame, frames)
            buffer = get_buffer(out_pointer, frames)
            clear(buffer)
            again = unheard.cycle(frame, frames)
            if pending or again:
                for data in again:
                    write(buffer, 0, data, len(data))
                unheard.wrote(again)
                unheard.wrote(self._write(buffer, self._seconds(frame), limit, rate, write))
            return 0

        return ffi.callback("int(jack_nframes_t, void*)", process, error=0)

    def _seconds(self, frame: int) -> float:
        """Return engine seconds of a frame; the counter's 32 bits are gone past after 24.8 hours."""
        reference, seconds = self._reference
        return seconds + (((frame - reference + 0x80000000) & 0xFFFFFFFF) - 0x80000000) / self._rate

    def _write(self, buffer: Any, start: float, frames: int, rate: float, write: Any) -> list[bytes]:
        """Write what is due in this cycle at its frame, in order; what is late leaves at the first frame left."""
        earliest = 0
        written: list[bytes] = []
        while True:
            try:
                parcel = self.pending.popleft()
            except IndexError:
                return written
            offset = round((parcel.at - start) * rate)
            if offset < frames:
                earliest = max(earliest, offset)
            if offset >= frames or write(buffer, earliest, parcel.data, len(parcel.data)):
                self.pending.appendleft(parcel)  # not yet, or the cycle's buffer is full
                return written
            written.append(parcel.data)
            parcel.left = start + earliest / rate
            self.gone.append(parcel)

    def send(self, parcel: Parcel) -> None:
        """Hand over; the callback of the cycle that holds its frame writes it."""
        if legal(parcel.data) and not self._dead:
            self.pending.append(parcel)

    def clock(self, monotonic: float) -> float:
        """Return the sound card's seconds, counted on by monotonic time since the latest cycle."""
        frame, seen = self._cycle
        if not seen:
            return monotonic
        seconds = self._seconds(frame)
        if (frame - self._reference[0]) & 0xFFFFFFFF > 0x40000000:
            self._reference = (frame, seconds)
        return seconds + (monotonic - seen)

    def alive(self) -> str:
        """Return "" while the server calls us back."""
        if self._dead:
            return self._dead
        if self._cycle[1] and time.monotonic() - self._cycle[1] > 1.0:
            return "JACK has not called for a second"
        return ""

    def ports(self) -> Listing:
        """List every MIDI port, and who is connected to ours; notes whether the graph loops back to us."""
        with _control:
            client = self._client
            if client is None or self._dead:
                return Listing()
            try:
                sinks = tuple(p.name for p in client.get_ports(is_midi=True, is_input=True) if not client.owns(p))
                sources = tuple(p.name for p in client.get_ports(is_midi=True, is_output=True) if not client.owns(p))
                to = tuple(p.name for p in client.midi_outports[0].connections)
                come_from = tuple(p.name for p in client.midi_inports[0].connections)
            except Exception:  # noqa: BLE001 -- the server died while we asked; alive() tells
                return Listing()
            self._note_loop(to, come_from)
            return Listing(sinks, sources, to, come_from)

    def _note_loop(self, to: tuple[str, ...], come_from: tuple[str, ...]) -> None:
        """A client that both plays to us and records us closes a loop, and JACK delays a loop by one cycle."""
        clients = {name.partition(":")[0] for name in to} & {name.partition(":")[0] for name in come_from}
        self.loop_delay = self._client.blocksize / self._client.samplerate if clients else 0.0

    def close(self) -> None:
        """Leave the graph. After the server's death the client is only let go of: closing it can hang."""
        with _control:
            client, self._client = self._client, None
            dead, self._dead = self._dead, self._dead or "closed"
            if client is None:
                return
            if dead:
                client._ptr = None  # noqa: SLF001 -- its destructor would call into a server that is gone
                return
            client.deactivate()
            client.close()

    def _connect(self, wish: Wish) -> None:
        listing = {port.name for port in self._client.get_ports(is_midi=True)}
        outs = [*wish.to, *([] if wish.out == "virtual" else [wish.out])]
        ins = [*wish.come_from, *([] if wish.in_ == "virtual" else [wish.in_])]
        for name in outs:
            self._try_connect(self.out, match_name(name, sorted(listing)))
        for name in ins:
            self._try_connect(match_name(name, sorted(listing)), self.in_)

    def _try_connect(self, source: str | None, sink: str | None) -> None:
        if source is None or sink is None:
            return
        with suppress(Exception):  # gone again or connected already: the watcher reports what is
            self._client.connect(source, sink)

    def _doubt(self, _delay_us: float) -> None:
        self._unheard.xrun = True

    def _shut(self, _status: Any, reason: str) -> None:
        self._dead = f"JACK shut down: {reason}"


def _join(jack: Any, name: str) -> Any:
    """Open a client of exactly this name; a killed predecessor's takes the server a moment to let go of."""
    for attempt in range(8):
        try:
            return jack.Client(name, use_exact_name=True, no_start_server=True)
        except jack.JackOpenError as error:
            if not error.status.name_not_unique:
                raise
            time.sleep(0.02 * (attempt + 1))
    return jack.Client(name, no_start_server=True)


def _quiet(_text: str) -> None:
    """Swallow what libjack would print on stderr; what matters comes back as an error."""
