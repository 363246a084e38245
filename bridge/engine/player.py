"""Player: transport and timeline as one machine. Commands and MIDI in, messages with their times and events out.

Pure: `now` is the engine's clock, given by the shell, which then empties `out` and `events`. Nothing here sends, waits
or reads a clock; whatever order the calls come in, every note-on in `out` is followed by its note-off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from math import ceil
from typing import Any, Final

from bridge.engine import telling
from bridge.engine.chain import Chain
from bridge.engine.inbound import EchoGuard
from bridge.engine.link import Row
from bridge.engine.timeline import BOUNDARIES, Loaded, Out, Queued, Timeline
from bridge.engine.transport import CLOCK, MAX_BPM, MIN_BPM, MODES, PULSE_TICKS, Effect, State, Transport

LATE_JOIN_SECONDS: Final = 0.06
STALL_SECONDS: Final = 0.25
"""What is later than this is not played any more: a bar missed in sleep is never played in a burst."""
FRESH_SECONDS: Final = 0.012
START_LEAD_SECONDS: Final = 0.004
MAX_OFFSET_SECONDS: Final = 0.5


Sent = tuple[float, bytes, tuple[Any, ...] | None]
"""A message with its time, and the note that it strikes."""


class CommandError(Exception):
    """A command that changes nothing, and why."""


class Player:
    """The musical engine. `out` holds (at, message, note); the shell's `take_back` gives back what has not left."""

    def __init__(self, bpm: float = 120.0, mode: str = "auto") -> None:
        self.transport = Transport(bpm, mode)
        self.timeline = Timeline()
        self.echo = EchoGuard()
        self.out: list[Sent] = []
        self.events: list[dict[str, Any]] = []
        self.take_back: Callable[[], list[Sent]] = list
        self.wishes: list[tuple[str, float]] = []  # start, stop or tempo for a Link session
        self.lookahead = 0.0
        self.loop_delay = 0.0
        self.offset = 0.0
        self.clock_out = True
        self.epoch = 0.0  # the machine's monotonic seconds less the engine's; times on the link are monotonic
        self._pulse_tick = 0
        self._stop_tick: int | None = None
        self._tempo_at: tuple[int, float] | None = None
        self._channels: set[int] = set()
        self._last_at = 0.0
        self._struck: deque[tuple[float, tuple[int, int]]] = deque(maxlen=32)
        self._commands: dict[str, Callable[[dict[str, Any], Iterable[Row], float], dict[str, Any]]] = {
            "load": self._load, "forget": self._forget, "queue": self._queue, "cancel": self._cancel,
            "play": self._play, "stop": self._stop, "panic": self._panic, "tempo": self._tempo, "sync": self._sync,
            "options": self._options, "resume": self._resume, "status": self._status, "send": self._send,
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"<Player {self.transport!r} {self.timeline!r}>"

    # -- the three doors -------------------------------------------------------------------------------------------

    def command(self, head: dict[str, Any], rows: Iterable[Row], now: float) -> dict[str, Any]:
        """Do one command of the link; returns the body of its reply.

        Raises:
            CommandError: With the reason, when nothing was changed.
        """
        name = head.get("c")
        do = self._commands.get(name) if isinstance(name, str) else None
        if do is None:
            raise CommandError(f"unknown command {name!r:.40}")
        try:
            return do(head, rows, now)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise CommandError(f"{name}: {error!s:.200}") from error

    def incoming(self, data: bytes, at: float, now: float) -> None:
        """Take in a clock, transport or panic message seen at `at`."""
        if self.echo.is_echo(data, at):
            return
        if data[0] >= 0xF0:
            self._apply(self.transport.realtime(data, at), now)
        elif data[0] & 0xF0 == 0xB0 and data[1] in {120, 123}:
            self._panic({}, (), now)

    def advance(self, now: float) -> float | None:
        """Put out all that is due within the lookahead; returns when to be called again at the latest."""
        transport = self.transport
        bar_end = self.timeline.meters.next_bar(int(transport.tick_at(now)) + 1)
        self._apply(transport.poll(now, bar_end), now)
        wake = None
        skipped = False
        while transport.state is State.PLAYING:
            due, do = self._next()
            if due is None or self._waits_for_clock(due):
                break
            if due - self.lookahead > now:
                wake = due - self.lookahead
                break
            if due < now - STALL_SECONDS and not skipped:
                skipped = True  # once a turn: whatever the clock says, this loop ends
                self._skip(now)
                continue
            do()
        self._tell(now)
        polled = transport.next_poll()
        return min((at for at in (wake, polled) if at is not None), default=None)

    # -- what is due ---------------------------------------------------------------------------------------------

    @property
    def shift(self) -> float:
        """Seconds by which notes leave after their tick's time: the user's offset, less what the graph adds."""
        return self.offset - (self.loop_delay if self.transport.following else 0.0)

    @property
    def leading(self) -> bool:
        """Whether our clock goes out."""
        return self.clock_out and not self.transport.following

    def _next(self) -> tuple[float | None, Callable[[], None]]:
        """Return the time of what comes next, and what to do then."""
        time_of, shift = self.transport.time_of, self.shift
        tick = self.timeline.next_tick()
        for mark, do in ((self._stop_tick, self._stop_now), (self._tempo_at and self._tempo_at[0], self._tempo_now)):
            if mark is not None and (tick is None or mark <= tick):
                return time_of(mark) + min(shift, 0.0), do
        due = None if tick is None else time_of(tick) + shift
        if self.leading:
            pulse = time_of(self._pulse_tick)
            if due is None or pulse <= due:
                return pulse, self._pulse
        return due, self._strike

    def _waits_for_clock(self, due: float) -> bool:
        """Whether only the next clock says when that is, or whether it is at all."""
        transport = self.transport
        at, turn = due - self.shift, transport.turn_at
        return (turn is not None and at >= turn) or at >= transport.time_of(transport.known_tick)

    def _pulse(self) -> None:
        self._emit(self.transport.time_of(self._pulse_tick), bytes((CLOCK,)))
        self._pulse_tick += PULSE_TICKS

    def _strike(self) -> None:
        tick = self.timeline.next_tick()
        if tick is not None:
            self._emit_all(self.timeline.take(tick), self.transport.time_of(tick) + self.shift)
            if self.timeline.finished:
                self._end_of_song(tick)

    def _end_of_song(self, tick: int) -> None:
        """Stop when the tempo is ours; somebody else's transport goes on, and may come back into the song."""
        self.timeline.finished = False
        if not self.transport.following:
            at = self.transport.time_of(tick)
            self._apply(self.transport.stop(at), at)

    def _stop_now(self) -> None:
        tick, self._stop_tick = self._stop_tick or 0, None
        self._wish("stop")
        at = self.transport.time_of(tick)
        self._apply(self.transport.stop(at), at)

    def _tempo_now(self) -> None:
        if self._tempo_at is not None:
            (tick, bpm), self._tempo_at = self._tempo_at, None
            self.transport.set_tempo(bpm, self.transport.time_of(tick))
            self.timeline.changed = True

    def _skip(self, now: float) -> None:
        """We were away too long: go to where the song is, silently."""
        tick = max(0, ceil(self.transport.tick_at(now + self.lookahead - self.shift)))
        self._emit_all(self.timeline.jump(tick), now)
        self._pulse_tick = -(-ceil(self.transport.tick_at(now + self.lookahead)) // PULSE_TICKS) * PULSE_TICKS
        if self._stop_tick is not None and self._stop_tick < tick:
            self._stop_tick = tick
        if self._tempo_at is not None and self._tempo_at[0] < tick:
            self._tempo_at = (tick, self._tempo_at[1])
        self.events.append(
            {"e": "log", "level": "warning", "text": "the engine was held up; what it missed is left out"}
        )

    def _emit(self, at: float, data: bytes, note: tuple[Any, ...] | None = None) -> None:
        at = self._last_at = max(at, self._last_at)  # a later message never leaves before an earlier one
        self.out.append((at, data, note))
        self.echo.sent(data, at)

    def _emit_all(self, messages: Iterable[Out], at: float) -> None:
        for message in messages:
            row = message.row
            if row is None:
                self._emit(at, message.data)
                continue
            channel = row.status & 0x0F
            self._channels.add(channel)
            if row.status & 0xF0 != 0x90:
                self._emit(at, message.data)
                continue
            bar, beat = self.timeline.meters.locate(message.tick)
            note = (round(at, 6), message.tick, bar, beat, row.voice, row.data1, row.data2, channel, message.pattern)
            self._emit(at, message.data, note)
            self._struck.append((self._last_at, (channel, row.data1)))

    # -- what happened ---------------------------------------------------------------------------------------------

    def _apply(self, effects: Iterable[Effect], now: float) -> None:
        for effect in effects:
            if effect.text:
                level = "info" if effect.kind in {"source", "log"} else "warning"
                self.events.append({"e": "log", "level": level, "text": effect.text})
            if effect.kind in {"start", "go", "jump"}:
                self._begin(effect, now)
            elif effect.kind == "turn":
                self._turn(effect.tick)
            elif effect.kind in {"stop", "wait"}:
                self._silence(now)
            self.timeline.changed = True

    def _recall(self, now: float) -> None:
        """Take back what has not left: its hits were never struck, its releases and a Stop leave now."""
        self._last_at = now
        for at, data, _ in self.take_back():
            if data[0] & 0xF0 == 0x80 or data[0] == 0xFC:
                self._emit(now, data)
            else:
                self._unstrike(at, data)

    def _unstrike(self, at: float, data: bytes) -> None:
        with suppress(ValueError):  # no hit, or so long ago that nobody asks
            self._struck.remove((at, (data[0] & 0x0F, data[1] if len(data) > 1 else 0)))

    def _turn(self, tick: int) -> None:
        """The next clock is at `tick`: of what was handed over for it, only the drums that are struck there leave."""
        turn, there = self.transport.turn_at, self.timeline.keys_at(tick)
        for message in self.take_back():
            at, data, _ = message
            stays = turn is None or at - self.shift < turn or data[0] & 0xF0 == 0x80
            if stays or (data[0] & 0x0F, data[1]) in there:
                self.out.append(message)
            else:
                self._unstrike(at, data)

    def _begin(self, effect: Effect, now: float) -> None:
        self._recall(now)
        self.timeline.anchored = self.transport.following
        # A DAW's loop ends where our next hit was expected: it has left, and the loop's first hit is the same one.
        fresh = frozenset(key for at, key in self._struck if at >= now - FRESH_SECONDS)
        self._emit_all(self.timeline.jump(effect.tick, top=effect.top, fresh=fresh), now)
        self._pulse_tick = -(-effect.tick // PULSE_TICKS) * PULSE_TICKS
        self._stop_tick = self._tempo_at = None
        if self.leading:
            if effect.top:
                self._emit(now, bytes((0xFA,)))
            else:
                sixteenth = -(-effect.tick // 240)
                self._emit(now, bytes((0xF2, sixteenth & 0x7F, sixteenth >> 7 & 0x7F)))
                self._emit(now, bytes((0xFB,)))
                self._pulse_tick = sixteenth * 240

    def _silence(self, now: float) -> None:
        self._recall(now)
        self._emit_all(self.timeline.release(), now)
        self._stop_tick = None
        if self._tempo_at is not None:  # its bar line does not come any more
            self.transport.set_tempo(self._tempo_at[1], now)
            self._tempo_at = None
        if self.leading:
            self._emit(now, bytes((0xFC,)))

    def silence(self, now: float) -> None:
        """Stop and release everything: the end, also of what a stop has dated later than now."""
        self._apply(self.transport.stop(now), now)
        self._recall(now)
        self._emit_all(self.timeline.release(), now)

    def slept(self, now: float) -> None:
        """The machine slept: release, drop what was due, find the clock anew."""
        self._panic({}, (), now)
        self.transport.clock.reset()
        if self.transport.state is State.PLAYING:
            self._skip(now)

    def _tell(self, now: float) -> None:
        if self.echo.says:
            self.events.append({"e": "log", "level": "warning", "text": self.echo.says})
            self.echo.says = ""
        if self.timeline.changed and not self.transport.jumping:
            self.timeline.changed = False
            self.events += [self.transport_event(now), self.player_event()]

    def transport_event(self, now: float) -> dict[str, Any]:
        """Return the transport as the link tells it."""
        told = telling.transport(self.transport, self.timeline.meters, now, self.epoch)
        return {**told, "clock_out": self.clock_out}

    def player_event(self) -> dict[str, Any]:
        """Return what plays and what waits."""
        return telling.player(self.timeline, self.transport, self.epoch)

    def _where(self, entry: Queued) -> dict[str, Any]:
        return telling.where(entry, self.timeline.meters, self.transport, self.epoch)

    # -- commands ----------------------------------------------------------------------------------------------

    def _load(self, head: dict[str, Any], rows: Iterable[Row], now: float) -> dict[str, Any]:
        pattern = Loaded.build(
            str(head["id"]), int(head["ticks"]), int(head["bar_ticks"]), [int(b) for b in head["beats"]], rows
        )
        self.load(pattern, now, at_beat=head.get("at") == "beat")
        return {}

    def load(self, pattern: Loaded, now: float, *, at_beat: bool = False) -> None:
        """Keep a pattern that was built elsewhere (a reader's thread saves the player's time)."""
        past = self._ready_tick(now) if self.transport.state is State.PLAYING else None
        self.timeline.load(pattern, past=past, at_beat=at_beat)

    def _ready_tick(self, now: float) -> int:
        """Return the first tick that can still be played on time."""
        return max(self.timeline.cursor, ceil(self.transport.tick_at(now + self.lookahead - self.shift)))

    def _forget(self, head: dict[str, Any], _rows: Iterable[Row], _now: float) -> dict[str, Any]:
        self.timeline.forget(str(identity) for identity in head["ids"])
        return {}

    def _queue(self, head: dict[str, Any], _rows: Iterable[Row], now: float) -> dict[str, Any]:
        pattern = self.timeline.patterns.get(str(head["id"]))
        if pattern is None:
            raise CommandError(f"pattern {head['id']!r:.80} is not loaded")
        at, once, tag = _boundary(head), bool(head.get("once")), str(head.get("tag") or "")
        chain, goes_on = self._chain(head), frozenset(map(str, head.get("goes_on") or ()))
        if self.transport.state is not State.PLAYING:
            entry = self.timeline.enqueue(pattern, at, once=once, tag=tag, chain=chain, standing=not once)
            self._wish("start")
            self._apply(self.transport.play(now, self.lead, downbeat=at == "now"), now)
            if entry.standing and entry not in self.timeline.queue:  # it plays
                entry.tick = self.timeline.cursor
            return self._where(entry)
        ready = self._ready_tick(now)
        asked_at = head.get("asked_at")
        if asked_at is not None:
            asked = ceil(self.transport.tick_at(float(asked_at) - self.epoch))
            entry = self.timeline.enqueue(pattern, at, once=once, tag=tag, after=min(asked, ready), chain=chain)
            if entry.tick >= ready:
                return self._where(entry)
            if now - self.transport.time_of(entry.tick) <= LATE_JOIN_SECONDS:
                self.timeline.cursor = max(self.timeline.cursor, ready)
                where = self._where(entry)
                self._emit_all(self.timeline.join_late(entry), now)
                return where
            self.timeline.queue.remove(entry)
        return self._where(
            self.timeline.enqueue(pattern, at, once=once, tag=tag, after=ready, chain=chain, goes_on=goes_on)
        )

    def _chain(self, head: dict[str, Any]) -> Chain[Loaded] | None:
        """Return the song that a command begins: `parts` in order, from tick `song_origin` on if it says so."""
        if not head.get("parts"):
            return None
        found = [self.timeline.patterns.get(str(identity)) for identity in head["parts"]]
        parts = [part for part in found if part is not None]
        if len(parts) < len(found):
            raise CommandError("a part of the song is not loaded")
        origin = head.get("song_origin")
        return Chain(parts, loop=bool(head.get("loop")), origin=None if origin is None else int(origin))

    @property
    def lead(self) -> float:
        """Seconds from a start by ourselves to its first beat."""
        return self.lookahead + START_LEAD_SECONDS + max(0.0, -self.offset)

    def _cancel(self, head: dict[str, Any], _rows: Iterable[Row], _now: float) -> dict[str, Any]:
        return {"cancelled": self.timeline.cancel(str(head["tag"]))}

    def session(self, *, playing: bool, bpm: float, tick: float, at: float, now: float) -> None:
        """Take in what a Link session says; `at` is monotonic."""
        before = self.transport.bpm
        self._apply(self.transport.session(playing=playing, bpm=bpm, tick=tick, at=at - self.epoch), now)
        if abs(self.transport.bpm - before) > 0.001:
            self.timeline.changed = True

    def _wish(self, what: str, value: float = 0.0) -> None:
        if self.transport.mode == "link":
            self.wishes.append((what, value))

    def _play(self, _head: dict[str, Any], _rows: Iterable[Row], now: float) -> dict[str, Any]:
        self._wish("start")
        self._apply(self.transport.play(now, self.lead, downbeat=True), now)
        return self.transport_event(now)

    def _stop(self, head: dict[str, Any], _rows: Iterable[Row], now: float) -> dict[str, Any]:
        at = _boundary(head, "now")
        if self.transport.state is State.PLAYING and at != "now":
            self._stop_tick = self._mark(at, now)
        else:
            self._wish("stop")
            self._apply(self.transport.stop(now), now)
        return self.transport_event(now)

    def _mark(self, at: str, now: float) -> int:
        meters = self.timeline.meters
        tick = max(self.timeline.cursor, ceil(self.transport.tick_at(now + self.lookahead - self.shift)))
        if at == "beat":
            return meters.next_beat(tick)
        base = self.timeline.base
        if at == "end" and base is not None:
            return tick + (self.timeline.origin - tick) % base.ticks
        return meters.next_bar(tick, {"2bars": 2, "4bars": 4}.get(at, 1))

    def _panic(self, _head: dict[str, Any], _rows: Iterable[Row], now: float) -> dict[str, Any]:
        self._recall(now)
        self._emit_all(self.timeline.release(), now)
        for channel in sorted(self._channels or {9}):
            self._emit(now, bytes((0xB0 | channel, 123, 0)))
        return {}

    def _tempo(self, head: dict[str, Any], _rows: Iterable[Row], now: float) -> dict[str, Any]:
        bpm = float(head["bpm"])
        if not MIN_BPM <= bpm <= MAX_BPM:
            raise CommandError(f"tempo is {bpm:g}; it must be {MIN_BPM:g} to {MAX_BPM:g} beats per minute")
        self._wish("tempo", bpm)
        if (
            head.get("at") in {"bar", "2bars", "4bars", "end", "beat"}
            and self.transport.state is State.PLAYING
            and not self.transport.following
        ):
            self._tempo_at = (self._mark(head["at"], now), bpm)
        else:
            self._tempo_at = None
            self.transport.set_tempo(bpm, now)
        self.timeline.changed = True
        return self.transport_event(now)

    def _sync(self, head: dict[str, Any], _rows: Iterable[Row], now: float) -> dict[str, Any]:
        if head["mode"] not in MODES:
            raise CommandError(f"sync is {head['mode']!r:.40}; it must be one of {', '.join(MODES)}")
        self._apply(self.transport.set_mode(head["mode"], now), now)
        return self.transport_event(now)

    def _options(self, head: dict[str, Any], _rows: Iterable[Row], _now: float) -> dict[str, Any]:
        if "offset_ms" in head:
            offset = float(head["offset_ms"]) / 1000
            if not -MAX_OFFSET_SECONDS <= offset <= MAX_OFFSET_SECONDS:
                raise CommandError(f"offset_ms is {offset * 1000:g}; it must be -500 to 500")
            self.offset = offset
        if "clock_out" in head:
            on = bool(head["clock_out"])
            if on and not self.clock_out:
                self._pulse_tick = -(-ceil(self.transport.tick_at(_now + self.lookahead)) // PULSE_TICKS) * PULSE_TICKS
            self.clock_out = on
        return {}

    def _resume(self, head: dict[str, Any], _rows: Iterable[Row], now: float) -> dict[str, Any]:
        bpm = head.get("bpm")
        pattern = self.timeline.patterns.get(str(head.get("playing")))
        if pattern is not None:
            self.timeline.base, self.timeline.origin = pattern, int(head.get("origin") or 0)
            self.timeline.chain = self._chain(head)
        self._apply(
            self.transport.resume(
                float(head["tick"]), float(head["t"]) - self.epoch, None if bpm is None else float(bpm)
            ),
            now,
        )
        self._skip(now)
        self.events.pop()
        return self.transport_event(now)

    def _status(self, _head: dict[str, Any], _rows: Iterable[Row], now: float) -> dict[str, Any]:
        return {
            "transport": self.transport_event(now),
            "player": self.player_event(),
            "sounding": self.timeline.sounding,
        }

    def _send(self, head: dict[str, Any], _rows: Iterable[Row], now: float) -> dict[str, Any]:
        self._emit(now, bytes.fromhex(head["data"]))
        return {}


def _boundary(head: dict[str, Any], default: str = "bar") -> str:
    at = head.get("at") or default
    if at not in BOUNDARIES:
        raise CommandError(f"at is {at!r:.40}; it must be one of {', '.join(BOUNDARIES)}")
    return str(at)
