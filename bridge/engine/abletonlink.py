"""A peer in an Ableton Link session: tempo, phase and start/stop shared with everybody on the network.

Only `--sync link` imports it: Ableton Link is GPL, so it is the extra [link] and never part of the core. It reads and
sets the session; what sounds is the player's.
"""

from __future__ import annotations

import time
from math import ceil
from typing import Any, Final, NamedTuple

from bridge.engine.meter import TICKS_PER_QUARTER

QUANTUM: Final = 4.0
"""Beats that peers align to."""

_RECENT_SECONDS: Final = 0.25


class Session(NamedTuple):
    """What the session says: `tick` is ours, at `at` seconds of monotonic time; 0 is the beat we began on."""

    playing: bool
    bpm: float
    tick: float
    at: float
    peers: int


class LinkPeer:
    """One peer. `look` is called by the player's thread every few milliseconds; nothing here blocks."""

    def __init__(self, bpm: float) -> None:
        """Join. Raises ImportError when the extra is not installed."""
        import link  # noqa: PLC0415 - the extra [link] may be missing, and the core must not need it

        self._link: Any = link.Link(bpm)
        self._link.startStopSyncEnabled = True
        self._link.enabled = True
        self._origin: float | None = None

    def __repr__(self) -> str:
        return f"<LinkPeer {self._link.numPeers()} peers, from beat {self._origin}>"

    def look(self) -> Session:
        """Return the session as it is now."""
        state = self._link.captureSessionState()
        micros = self._link.clock().micros()
        now = time.monotonic()
        playing = bool(state.isPlaying())
        if not playing:
            self._origin = None
        elif self._origin is None:
            self._origin = self._first_beat(state, micros)
        beat = state.beatAtTime(micros, QUANTUM)
        tick = (beat - (self._origin or 0.0)) * TICKS_PER_QUARTER
        return Session(playing, state.tempo(), tick, now, self._link.numPeers())

    @staticmethod
    def _first_beat(state: Any, micros: int) -> float:
        """Return the beat that is our tick 0: where the session started, or the next bar when that was long ago."""
        started = state.timeForIsPlaying()
        if micros - started < _RECENT_SECONDS * 1e6:
            return float(ceil((state.beatAtTime(started, QUANTUM) - 0.02) / QUANTUM) * QUANTUM)
        return float(ceil(state.beatAtTime(micros, QUANTUM) / QUANTUM + 0.01) * QUANTUM)

    def wish(self, what: str, value: float = 0.0) -> None:
        """Start everybody at the next bar, stop everybody, or change everybody's `tempo` to `value`."""
        state = self._link.captureSessionState()
        now = self._link.clock().micros()
        if what == "tempo":
            state.setTempo(value, now)
        elif what == "start" and not state.isPlaying():
            state.setIsPlayingAndRequestBeatAtTime(True, now, 0.0, QUANTUM)  # noqa: FBT003 - Link's own signature
        elif what == "stop":
            state.setIsPlaying(False, now)  # noqa: FBT003 - likewise
        self._link.commitSessionState(state)

    def close(self) -> None:
        """Leave the session."""
        self._link.enabled = False
