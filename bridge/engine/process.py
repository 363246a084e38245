"""The real-time process: `python -m bridge.engine.process --sounding FILE`. Threads, deadlines and ports, thinly.

One thread plays and alone touches the player; others read commands, write events and watch ports. It loads nothing
but ports, the standard library and the pure core, and never leaves a note sounding, whatever ends it.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bridge.engine.histogram import Histogram
from bridge.engine.inbound import Intake
from bridge.engine.pipes import Reader, Writer
from bridge.engine.player import CommandError, Player, Sent
from bridge.engine.realtime import ask_for_realtime
from bridge.engine.sounding import Sounding
from bridge.engine.timeline import Loaded
from bridge.engine.transport import MODES, State
from bridge.engine.watch import Watcher
from bridge.ports.base import Listing, Parcel, Port, PortError, Unusable, Wish
from bridge.ports.opening import CHOICES, open_port
from bridge.ports.scripted import ScriptedPort

if TYPE_CHECKING:
    from bridge.engine.abletonlink import LinkPeer

EXIT_MIDI: Final = 7
_COMMANDS_A_TURN: Final = 8
_RELEASES: Final = (0.0, 0.06, 0.2, 0.45)
"""Seconds after a port is taken into use at which a predecessor's notes are released: a connection that was just made
again carries nothing at first, and a server busy with a dead client takes longer than some cycles."""
_FORWARD_SECONDS: Final = 0.003
_CHORES_SECONDS: Final = 1.0
_SLEPT_SECONDS: Final = 2.0
_PEER_SECONDS: Final = 0.02


class Engine:
    """Ties player, port and pipes together. `run` returns the exit code."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.player = Player(args.tempo, args.sync)
        self.player.take_back = self._take_back
        self.sounding = Sounding(args.sounding)
        self.port: Port = ScriptedPort()
        self.intake = Intake()
        self.intake_lock = threading.Lock()
        self.wake = threading.Lock()  # released to wake the player; held otherwise
        self.wake.acquire()
        self.inbox: deque[tuple[str, Any, Any]] = deque()
        self.lateness = Histogram()
        self.ended = False
        self.skew = 0.0  # engine time less the port's own clock; changes when a port is replaced
        self._left: list[tuple[int, int]] = []
        self._release_at: list[float] = []
        self._stray = 0  # messages handed over that have not left yet
        self._forward_at = 0.0
        self._chores_at = 0.0
        self._awake = time.time() - time.monotonic()
        self.realtime = ""
        self.peer: LinkPeer | None = None
        self._peer_at = 0.0

    # -- other threads' doors --------------------------------------------------------------------------------------

    def poke(self) -> None:
        """Wake the player."""
        with suppress(RuntimeError):  # it is awake already
            self.wake.release()

    def incoming(self, messages: Sequence[tuple[float, bytes]]) -> None:
        """Take messages from a port's thread."""
        urgent = False
        with self.intake_lock:
            idle = not self.intake.waiting
            for at, data in messages:
                urgent = self.intake.put(at, data) or urgent
            idle = idle and self.intake.waiting
        if urgent or idle:
            self.poke()

    def deliver(self, head: dict[str, Any] | None, rest: Any) -> None:
        """Take a command from the reader, None when the daemon is gone."""
        self.inbox.append(("end", None, None) if head is None else ("command", head, rest))
        self.poke()

    # -- life --------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Open, play until told to end, release."""
        # Before any thread starts: they inherit it, and one without that held the interpreter would hold up the rest.
        self.realtime = ask_for_realtime()
        self.writer = Writer(sys.stdout.fileno())
        to, come_from = self.sounding.connections
        wish = Wish(self.args.client, self.args.out, self.args.in_, to, come_from)
        try:
            self.port = open_port(self.args.midi, wish, self.incoming)
        except PortError as error:
            fatal = "unusable" if isinstance(error, Unusable) else "midi_unavailable"
            self.writer.put({"e": "error", "code": fatal, "text": str(error), "fix": error.fix, "exit": EXIT_MIDI})
            self.writer.close(1.0)
            return EXIT_MIDI
        self._adopt()
        self.watcher = Watcher(self, wish)
        signal.signal(signal.SIGTERM, lambda *_: self.deliver(None, None))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._tell_ready()
        Reader(sys.stdin.fileno(), self.deliver)
        self.watcher.start()
        gc.collect()
        gc.freeze()
        gc.disable()  # what little is made in circles is collected in the chores, while nothing plays
        try:
            self._play()
        finally:
            self._end()
        return 0

    def _tell_ready(self) -> None:
        port = self.port
        why = getattr(port, "why", "")
        self.writer.put(
            {
                "e": "ready",
                "backend": port.backend,
                "out": port.out,
                "in": port.in_,
                "realtime": self.realtime,
                "why": why,
                "pid": os.getpid(),
            }
        )

    def _adopt(self) -> None:
        """Take the port into use: first release what a killed predecessor, or the port before, left sounding."""
        self.player.lookahead = self.port.lookahead
        now = self.now()
        self._left = self.sounding.notes()
        self._release_at = [now + later for later in _RELEASES] if self._left else []
        self.sounding.clear()
        self._release_left(now)

    def _release_left(self, now: float) -> None:
        """Release what a predecessor left, unless it was struck again since."""
        if not self._release_at or now < self._release_at[0]:
            return
        self._release_at.pop(0)
        held = set(self.sounding.notes())
        for channel, note in self._left:
            if (channel, note) not in held:
                self.port.send(Parcel(now - self.skew, bytes((0x80 | channel, note, 0))))

    def now(self) -> float:
        """Return the engine's seconds, and line the player's outer time up with it."""
        monotonic = time.monotonic()
        now = self.port.clock(monotonic) + self.skew
        self.player.epoch = monotonic - now
        return now

    def _play(self) -> None:
        trouble = 0
        while not self.ended:
            try:
                wait = self._turn()
                trouble = 0
            except Exception as error:
                trouble += 1
                self.writer.put({"e": "log", "level": "error", "text": f"fault in the engine: {error!r}"})
                if trouble > 50:
                    raise
                wait = 0.01
            if wait > 0:
                self.wake.acquire(timeout=wait)

    def _turn(self) -> float:
        """Do all there is to do now; returns seconds until there may be more."""
        now = self.now()
        self._take_urgent(now)
        busy = self._take_commands(now)
        self._forward(now)
        self._follow_session(now)
        self._release_left(now)
        due = self.player.advance(now)
        self._send()
        self._collect()
        for event in self.player.events:
            self.writer.put(event)
        self.player.events.clear()
        if now >= self._chores_at:
            self._chores(now)
        if busy:
            return 0.0
        ends = [self._chores_at]
        if self.peer is not None:
            ends.append(self._peer_at)
        if due is not None:
            ends.append(due)
        ends += self._release_at[:1]
        if self._stray:
            ends.append(now + self.port.lookahead + 0.001)
        if self.intake.waiting:
            ends.append(self._forward_at)
        return max(0.0, min(ends) - self.now())

    def _take_urgent(self, now: float) -> None:
        with self.intake_lock:
            messages = self.intake.urgent()
        for at, data in messages:
            self.player.incoming(data, at + self.skew, now)

    def _take_commands(self, now: float) -> bool:
        for _ in range(_COMMANDS_A_TURN):
            try:
                kind, head, rest = self.inbox.popleft()
            except IndexError:
                return False
            if kind == "command":
                self._command(head, rest, now)
            elif kind == "end":
                self.ended = True
            elif kind == "lost":
                self._lose(head)
            elif kind == "port":
                self._replace(head)
            elif kind == "listing":
                self._note_ports(head)
        return True

    def _command(self, head: dict[str, Any], rest: Any, now: float) -> None:
        reply: dict[str, Any] = {"e": "reply", "n": head.get("n")}
        name = head.get("c")
        try:
            if isinstance(rest, str):
                reply["error"] = rest
            elif name == "quit":
                self.ended = True
            elif name == "ports":
                listing = self.watcher.listing
                reply |= {"outputs": list(listing.outputs), "inputs": list(listing.inputs)}
            elif isinstance(rest, Loaded):
                self.player.load(rest, now, at_beat=head.get("at") == "beat")
            else:
                if name == "options":
                    self.watcher.options(head)
                reply = {**self.player.command(head, rest, now), **reply}
                if name == "status":
                    reply |= self._numbers()
        except CommandError as error:
            reply["error"] = str(error)
        self.writer.put(reply)

    def _forward(self, now: float) -> None:
        """Pass channel messages on to the daemon, thinned, every few milliseconds at most."""
        if not self.intake.waiting or now < self._forward_at:
            return
        self._forward_at = now + _FORWARD_SECONDS
        with self.intake_lock:
            messages, dropped = self.intake.drain()
        epoch, echo = self.player.epoch, self.player.echo
        rows = [[at + self.skew + epoch, data.hex()] for at, data in messages if not echo.is_echo(data, at + self.skew)]
        if rows or dropped:
            self.writer.put({"e": "midi", "rows": rows, "dropped": dropped})

    def _follow_session(self, now: float) -> None:
        """Join, follow or leave the Link session, as the sync mode says; pass our own wishes on to it."""
        if self.player.transport.mode != "link":
            if self.peer is not None:
                self.peer.close()
                self.peer = None
            return
        if self.peer is None:
            self.peer = self._join_session()
            if self.peer is None:
                return
        wishes, self.player.wishes = self.player.wishes, []
        for what, value in wishes:
            self.peer.wish(what, value)
        if now >= self._peer_at or wishes:
            self._peer_at = now + _PEER_SECONDS
            said = self.peer.look()
            self.player.session(playing=said.playing, bpm=said.bpm, tick=said.tick, at=said.at, now=now)

    def _join_session(self) -> LinkPeer | None:
        try:
            from bridge.engine.abletonlink import LinkPeer  # noqa: PLC0415 - the extra [link], only for --sync link

            return LinkPeer(self.player.transport.bpm)
        except ImportError:
            self.player.transport.mode = "auto"
            text = "Ableton Link is not installed (pip install 'drumbridge[link]'); sync is auto"
            self.writer.put({"e": "log", "level": "error", "text": text})
            return None

    def _send(self) -> None:
        player, port, table = self.player, self.port, self.sounding
        for at, data, note in player.out:
            if data[0] & 0xF0 == 0x90 and data[2]:
                table.on(data[0], data[1])
            port.send(Parcel(at - self.skew, data, note))
        self._stray = len(port.pending)
        player.out.clear()

    def _take_back(self) -> list[Sent]:
        """Call back what was handed over and has not left."""
        pending, taken = self.port.pending, []
        while pending:
            try:
                parcel = pending.popleft()
            except IndexError:  # it left while we looked
                break
            taken.append((parcel.at + self.skew, parcel.data, parcel.note))
        return taken

    def _collect(self) -> None:
        """Look at what left: uncount ended notes, measure lateness, tell the notes."""
        gone, epoch, rows = self.port.gone, self.player.epoch, []
        while gone:
            parcel = gone.popleft()
            kind = parcel.data[0] & 0xF0
            if kind == 0x80:
                self.sounding.off(parcel.data[0], parcel.data[1])
            if parcel.note is not None:
                left = parcel.left + self.skew
                self.lateness.add(left - parcel.note[0])
                rows.append([parcel.note[0] + epoch, left + epoch, *parcel.note[1:]])
        self._stray = len(self.port.pending)
        if rows:
            self.writer.put({"e": "notes", "rows": rows})

    # -- chores ------------------------------------------------------------------------------------------------

    def _numbers(self) -> dict[str, Any]:
        transport = self.player.transport
        clock = transport.clock
        return {
            "lateness": self.lateness.as_dict(),
            "clock": {"bpm": round(clock.bpm, 3), "jitter_ms": round(clock.jitter_seconds * 1000, 3),
                      "pulses": clock.steady, "quality": transport.quality(self.now())},
            "realtime": self.realtime,
            "dropped_events": self.writer.dropped,
            "backend": self.port.backend,
        }  # fmt: skip

    def _chores(self, now: float) -> None:
        self._chores_at = now + _CHORES_SECONDS
        awake = time.time() - time.monotonic()
        if abs(awake - self._awake) > _SLEPT_SECONDS:
            self.player.slept(now)
        self._awake = awake
        self.player.loop_delay = self.port.loop_delay
        gc.collect(0 if self.player.transport.state is State.PLAYING else 1)
        if self.player.transport.state is State.PLAYING:
            self.writer.put({"e": "stats", **self._numbers()})
            self.writer.put(self.player.transport_event(now))

    def _lose(self, why: str) -> None:
        """Play on into the air while the watcher rebuilds the port; what sounds stays in the table."""
        now = self.now()
        self._take_back()  # its releases are among those of the table
        for channel, note in self.sounding.notes():  # a port that only is to change can still release
            self.port.send(Parcel(now - self.skew, bytes((0x80 | channel, note, 0))))
        old, self.port = self.port, ScriptedPort(why=why)
        self.skew = now - time.monotonic()
        self.player.lookahead = 0.0
        self.writer.put(
            {"e": "ports", "backend": old.backend, "out": old.out, "in": old.in_, "state": "lost", "why": why}
        )

    def _replace(self, port: Port) -> None:
        now = self.now()
        self.port = port
        self.skew = now - port.clock(time.monotonic())
        self._adopt()

    def _note_ports(self, listing: Listing) -> None:
        port = self.port
        self.sounding.connections = (listing.to, listing.come_from)
        self.player.loop_delay = port.loop_delay
        self.writer.put(
            {"e": "ports", "backend": port.backend, "out": port.out, "in": port.in_, "state": "open", "why": "",
             "connections": {"out": list(listing.to), "in": list(listing.come_from)}}
        )  # fmt: skip

    def _end(self) -> None:
        """Release every note, wait until the releases left, close."""
        self.watcher.stop()
        if self.peer is not None:
            self.peer.close()
        now = self.now()
        self.player.silence(now)
        self._send()
        for channel, note in self.sounding.notes():
            self.port.send(Parcel(now - self.skew, bytes((0x80 | channel, note, 0))))
        limit = time.monotonic() + 0.3
        while self.port.pending and time.monotonic() < limit and not self.port.alive():
            time.sleep(0.001)
        self._collect()
        time.sleep(min(0.05, 2 * self.port.lookahead))  # what was written this cycle has to reach its reader
        self.port.close()
        self.sounding.clear()
        self.sounding.connections = ((), ())
        self.writer.close(0.2)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="drumbridge-engine", description="The real-time half of drumbridge.")
    parser.add_argument("--sounding", type=Path, required=True, help="file that keeps what sounds")
    parser.add_argument("--midi", choices=CHOICES, default="auto")
    parser.add_argument("--out", default="virtual")
    parser.add_argument("--in", dest="in_", default="virtual")
    parser.add_argument("--client", default="drumbridge")
    parser.add_argument("--sync", choices=MODES, default="auto")
    parser.add_argument("--tempo", type=float, default=120.0)
    return parser.parse_args(arguments)


def main() -> int:
    """Run the engine."""
    sys.setswitchinterval(1e-4)  # a callback that wants the interpreter gets it within a tenth of a millisecond
    return Engine(parse()).run()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # libjack's and rtmidi's threads may not outlive their client, and nothing is left to tidy
