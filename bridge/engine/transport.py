"""Transport: whether we play, from which clock, and which tick is at which time.

Pure: `now` and `at` are seconds of the engine's clock, given by the caller. It moves no notes; it answers with what
happened (`Effect`s) and the player acts. An illegal or senseless message changes nothing.
"""

from __future__ import annotations

from enum import Enum
from math import inf
from typing import Final, NamedTuple

from bridge.engine.clock import LOST_SECONDS, PULSES_PER_QUARTER, STEADY_PULSES, ClockEstimator
from bridge.engine.meter import TICKS_PER_QUARTER

PULSE_TICKS: Final = TICKS_PER_QUARTER // PULSES_PER_QUARTER
SIXTEENTH_TICKS: Final = TICKS_PER_QUARTER // 4
JUMP_SECONDS: Final = 0.05
TURN_PULSES: Final = 0.3
"""How much earlier than expected the clock may come that begins at another place."""
ONE_PULSE: Final = 0.9
TWO_PULSES: Final = 2.5
LATCH_SECONDS: Final = 2.0
"""How long a clock that stopped keeps its hold: until then a trigger waits for its Start."""
MIN_BPM: Final = 20.0
MAX_BPM: Final = 300.0
MODES: Final = ("auto", "internal", "clock", "link")

CLOCK, START, CONTINUE, STOP, POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2


class State(Enum):
    """What the transport does; the values are the words of the contract."""

    STOPPED = "stopped"
    ARMED = "armed"
    PLAYING = "playing"


class Outside(Enum):
    """What the master outside said last."""

    UNKNOWN = "unknown"  # clocks come, but nobody said where we are
    STOPPED = "stopped"
    STARTING = "starting"  # Start or Continue came, the next clock is the beat
    RUNNING = "running"


class Effect(NamedTuple):
    """What happened: start, go (on at a tick), jump, turn, stop, lost, wait, log; `tick` where, `top`: the very start.

    A turn is a jump that comes with the next clock: what was planned for that one is not to be played.
    """

    kind: str
    tick: int = 0
    top: bool = False
    text: str = ""


class Transport:
    """Maps ticks to seconds: `anchor` is a tick and its time, or, following a clock, a pulse of the estimator."""

    def __init__(self, bpm: float = 120.0, mode: str = "auto") -> None:
        self.state = State.STOPPED
        self.source = "internal"
        self.mode = mode
        self.bpm = bpm
        self.clock = ClockEstimator(60 / (bpm * PULSES_PER_QUARTER))
        self.outside = Outside.UNKNOWN
        self.muted = False  # the player pressed stop while the master runs on
        self.quirk_six = False  # the master counts clocks where it should count sixteenths (Ardour 7.3)
        self.located = False  # the master told us where it is
        self._anchor_tick, self._anchor_at = 0.0, 0.0
        self._pulse_origin = 0  # pulse index of tick `_pulse_tick`
        self._pulse_tick = 0
        self._position = 0  # where the master is while it stands, in ticks
        self._stopped_at: float | None = None
        self._was_playing = False
        self._lost_end: int | None = None
        self._found_in = 0  # steady pulses seen since a clock without a start appeared or came back

    def __repr__(self) -> str:
        return f"<Transport {self.state.value}, {self.source}, {self.tempo:.2f} bpm, outside {self.outside.value}>"

    # -- ticks and seconds -----------------------------------------------------------------------------------------

    @property
    def following(self) -> bool:
        """Whether the tempo comes from outside."""
        return self.source == "clock"

    @property
    def tempo(self) -> float:
        """Quarter notes per minute as they sound now."""
        return self.clock.bpm if self.following else self.bpm

    def time_of(self, tick: float) -> float:
        """Return when a tick of the song is."""
        if self.following and self._lost_end is None:
            return self.clock.time_of(self._pulse_origin + (tick - self._pulse_tick) / PULSE_TICKS)
        return self._anchor_at + (tick - self._anchor_tick) * 60 / (self.tempo * TICKS_PER_QUARTER)

    def tick_at(self, at: float) -> float:
        """Return the song's tick at a time; where the song stands while it does not play."""
        if self.state is not State.PLAYING:
            return float(self._position)
        if self.following and self._lost_end is None:
            return self._pulse_tick + (self.clock.index_at(at) - self._pulse_origin) * PULSE_TICKS
        return self._anchor_tick + (at - self._anchor_at) * self.tempo * TICKS_PER_QUARTER / 60

    @property
    def turn_at(self) -> float | None:
        """From when on nothing of the old place may sound, while the next clock is told to be at another one."""
        if not self.following or self.state is not State.PLAYING or self.outside is not Outside.STARTING:
            return None
        return self.clock.time_of(self.clock.index + 1 - TURN_PULSES)

    @property
    def known_tick(self) -> float:
        """The tick up to which the clock tells enough: one pulse alone has no length, a lost clock ends its bar."""
        if not self.following or (self._lost_end is None and self.clock.steady > 2):
            return inf
        if self._lost_end is not None:
            return self._lost_end
        pulses = self.clock.index - self._pulse_origin + (ONE_PULSE if self.clock.steady < 2 else TWO_PULSES)
        return self._pulse_tick + pulses * PULSE_TICKS

    def anchor(self, tick: float, at: float) -> None:
        """Let `tick` be at time `at`, from now on at the internal tempo."""
        self._anchor_tick, self._anchor_at = tick, at

    # -- commands ----------------------------------------------------------------------------------------------

    def clock_runs(self, now: float) -> bool:
        """Whether clocks arrive."""
        return self.clock.index >= 0 and now - self.clock.last_seen < LOST_SECONDS

    def waits_for_outside(self, now: float) -> bool:
        """Whether a trigger has to wait for a Start from outside rather than start by itself."""
        if self.mode == "internal":
            return False
        if self.mode == "clock" or self.clock_runs(now):
            return True
        return self.following and now - self.clock.last_seen < LATCH_SECONDS

    def play(self, now: float, lead: float, *, downbeat: bool) -> list[Effect]:
        """Start: internally after `lead` seconds, or join or await the clock outside.

        On a clock that never said where it is, `downbeat` lets bar one begin with its next pulse.
        """
        if self.state is State.PLAYING:
            return []
        if self.mode == "link":  # the session says when
            return self._set(State.ARMED)
        runs = self.mode != "internal" and self.clock_runs(now)
        if runs and self.outside is Outside.RUNNING:
            return self._join()
        if runs and self.outside is Outside.UNKNOWN:
            if downbeat:
                self.outside = Outside.STARTING
                self.located = True
                self._position = 0
            armed = self._set(State.ARMED)
            offer = "a clock runs that has not said where the bar is: start it there, or play 'now' for a downbeat here"
            return [*armed, Effect("log", text=offer)] if armed and not downbeat else armed
        if self.waits_for_outside(now):
            return self._set(State.ARMED)
        self.source = "internal"
        self.anchor(0, now + lead)
        self.state = State.PLAYING
        return [Effect("start", 0, top=True)]

    def _join(self) -> list[Effect]:
        self.muted = False
        self.source = "clock"
        self.state = State.PLAYING
        return [Effect("go", round(self.tick_at(self.clock.last_seen)))]

    def stop(self, now: float) -> list[Effect]:
        """Stop sounding; a master outside runs on and is still followed silently."""
        if self.state is State.STOPPED:
            return []
        self.muted = self.outside is Outside.RUNNING and self.following
        if self.state is State.PLAYING and not self.muted:
            self._position = round(self.tick_at(now))
        self.state = State.STOPPED
        self._lost_end = None
        self._stopped_at = None
        return [Effect("stop")]

    def set_tempo(self, bpm: float, now: float) -> None:
        """Change the internal tempo; the position at `now` stays where it is."""
        if self.state is State.PLAYING and not self.following:
            self.anchor(self.tick_at(now), now)
        self.bpm = min(max(bpm, MIN_BPM), MAX_BPM)

    def set_mode(self, mode: str, now: float) -> list[Effect]:
        """Change what is followed; playing goes on where it is when the clock outside is let go."""
        self.mode = mode
        if mode == "internal" and self.following:
            tick = self.tick_at(now)
            self.bpm = min(max(self.tempo, MIN_BPM), MAX_BPM)
            self.source = "internal"
            self._lost_end = None
            self.anchor(tick, now)
            return self._set(State.STOPPED) if self.state is State.ARMED else [Effect("source")]
        if mode in {"clock", "link"} and self.state is State.PLAYING and self.source != mode:
            self._position = 0
            return [Effect("stop"), *self._set(State.ARMED)]
        return [Effect("source")]

    def session(self, *, playing: bool, bpm: float, tick: float, at: float) -> list[Effect]:
        """Take in what a Link session says: its tempo, and that our `tick` is at time `at`."""
        if self.mode != "link":
            return []
        self.bpm = min(max(bpm, MIN_BPM), MAX_BPM)
        if self.state is State.PLAYING and self.source == "link":
            self.anchor(tick, at)
            if playing:
                return []
            self._position = round(max(0.0, tick))
            self.state = State.STOPPED
            return [Effect("stop")]
        if not playing:
            return []
        self.source = "link"
        self.anchor(tick, at)
        self.state = State.PLAYING
        return [Effect("start", 0, top=True)]

    def resume(self, tick: float, at: float, bpm: float | None = None) -> list[Effect]:
        """Go on as if `tick` was at time `at` (after a crash of our own)."""
        if bpm is not None:
            self.bpm = min(max(bpm, MIN_BPM), MAX_BPM)
        self.source = "internal"
        self.state = State.PLAYING
        self.anchor(tick, at)
        return [Effect("go", round(tick))]

    def _set(self, state: State) -> list[Effect]:
        if self.state is state:
            return []
        self.state = state
        return [Effect("state")]

    # -- from outside ------------------------------------------------------------------------------------------

    def realtime(self, message: bytes, at: float) -> list[Effect]:
        """Take in a clock, Start, Continue, Stop or song position seen at `at`."""
        if self.mode in {"internal", "link"}:
            return []
        status = message[0]
        if status == CLOCK:
            return self._pulse(at)
        if status == START:
            return self._arm(0, at)
        if status == CONTINUE:
            return self._continue(at)
        if status == STOP:
            return self._outside_stop(at)
        if status == POSITION:
            return self._locate(message[1] | message[2] << 7, at)
        return []

    def _arm(self, tick: int, at: float) -> list[Effect]:
        self.outside = Outside.STARTING
        self.located = True
        self._position = tick
        self._found_in = 0
        if self._lost_end is not None or not self.clock_runs(at):
            self.clock.reset()
        self._lost_end = None
        self._was_playing = self.state is State.PLAYING or (self._stopped_at is not None and self._was_playing)
        return self._turn()

    def _turn(self) -> list[Effect]:
        return [] if self.turn_at is None else [Effect("turn", self._position)]

    def _continue(self, at: float) -> list[Effect]:
        """Go on from where the master stands; one that runs already says nothing new."""
        if self.outside is Outside.RUNNING:
            if self.clock_runs(at):
                return []
            self._position = self._next_pulse_tick()
        return self._arm(self._position, at)

    def _next_pulse_tick(self) -> int:
        """Return where the master's next clock is: it counts clocks and knows of no time between them."""
        return self._pulse_tick + (self.clock.last_index + 1 - self._pulse_origin) * PULSE_TICKS

    def _pulse(self, at: float) -> list[Effect]:
        lost = self.clock.index >= 0 and at - self.clock.last_seen > LOST_SECONDS
        if lost and self.outside is Outside.STARTING:
            self.clock.reset()
        believed = self.clock.pulse(at)
        if self.outside is Outside.STARTING:
            if not believed:
                self.clock.anchor(at)
            return self._begin(at)
        if self._lost_end is not None or (
            self.following and self.state is State.ARMED and self.outside is Outside.RUNNING
        ):
            return self._relock(at)
        if self.outside is Outside.UNKNOWN and believed:
            return self._found(at)
        return []

    def _begin(self, at: float) -> list[Effect]:
        """The first clock after Start or Continue: the beat itself."""
        was_internal = not self.following and self.state is State.PLAYING
        self.outside = Outside.RUNNING
        self.source = "clock"
        self.muted = False
        self._pulse_origin, self._pulse_tick = max(self.clock.index, 0), self._position
        self._stopped_at = None
        jumped = self._was_playing and not was_internal
        self._was_playing = False
        self.state = State.PLAYING
        if self.clock.steady < 2:
            self.clock.phase = at
        else:
            self.clock.count_from_here()
        return [Effect("jump" if jumped else "start", self._position, top=self._position == 0)]

    def _found(self, at: float) -> list[Effect]:
        """A clock nobody started: after a quarter of steady pulses the tempo is taken, the position stays ours."""
        self._found_in += 1
        if self._found_in < STEADY_PULSES or self.state is not State.PLAYING or self.following:
            return []
        tick = self.tick_at(at)
        self._pulse_tick = round(tick / PULSE_TICKS) * PULSE_TICKS
        self._pulse_origin = self.clock.index
        self.source = "clock"
        self.outside = Outside.RUNNING
        return [Effect("source", text="a clock runs: its tempo is followed, it has not said where the bar is")]

    def _relock(self, at: float) -> list[Effect]:
        """A clock that was lost came back: believed after a quarter, counted on from where it was."""
        self._found_in += 1
        if self._found_in < STEADY_PULSES:
            return []
        self._lost_end = None
        self._found_in = 0
        was = self.state
        self.state = State.PLAYING
        tick = round(self.tick_at(at))
        return [Effect("jump" if was is State.PLAYING else "go", tick, text="the clock is back")]

    def _outside_stop(self, at: float) -> list[Effect]:
        following = self.following or self.outside is Outside.STARTING
        ran = self.outside is Outside.RUNNING
        self.outside = Outside.STOPPED
        self._found_in = 0
        if not following:
            return []  # our own tempo leads: a Stop from a master we do not follow is not for us
        if self.following and (ran or self.state is State.PLAYING):
            if ran:
                self._position = self._next_pulse_tick()  # a muted player has still been counting
            self._stopped_at, self._was_playing = at, self.state is State.PLAYING
        self.source = "clock"
        self._lost_end = None
        self.muted = False
        self.state = State.STOPPED
        return [Effect("stop")]

    def _locate(self, sixteenths: int, at: float) -> list[Effect]:
        expected = round(self.tick_at(at) if self.state is State.PLAYING and self.following else self._position)
        tick, quirk = self._read_position(sixteenths, expected)
        effects = []
        if quirk and not self.quirk_six:
            self.quirk_six = True
            effects = [Effect("log", text="the master's song position counts clocks, six times too many: read as such")]
        self._position = tick
        self.located = True
        if self.outside is Outside.RUNNING:  # moved while playing: the next clock is there
            self.outside = Outside.STARTING
            self._was_playing = self.state is State.PLAYING
            effects += self._turn()
        return effects

    def _read_position(self, sixteenths: int, expected: int) -> tuple[int, bool]:
        """Return (tick, whether it was read as clocks): by what is expected, then by what this master did before."""
        plain, sixth = sixteenths * SIXTEENTH_TICKS, sixteenths * PULSE_TICKS
        if sixteenths == 0 or sixteenths % 6:
            self.quirk_six = self.quirk_six and sixteenths == 0
            return plain, False
        near = SIXTEENTH_TICKS
        if abs(plain - expected) <= near:
            self.quirk_six = False
            return plain, False
        jumping = self._stopped_at is not None and sixth <= expected < plain  # a loop goes back, never six times ahead
        # Ardour tells the next beat, where its clocks begin, and not where it stands. In the first bar that proves
        # nothing: there a located beat is as likely to be six times as far.
        next_beat = -(-expected // TICKS_PER_QUARTER) * TICKS_PER_QUARTER
        explained = abs(sixth - expected) <= near or (sixth == next_beat and expected > 4 * TICKS_PER_QUARTER)
        if self.quirk_six or explained or jumping:
            return sixth, True
        return plain, False

    def poll(self, now: float, bar_end: int) -> list[Effect]:
        """Notice what did not come: a lost clock, the end of the bar that it left us. `bar_end`: the running bar's."""
        if self._stopped_at is not None and now >= self._stopped_at + JUMP_SECONDS:
            self._stopped_at, self._was_playing = None, False
            return [Effect("stopped")]
        if not self.following or self.state is not State.PLAYING:
            return []
        if self._lost_end is None:
            if now < self.clock.last_seen + LOST_SECONDS:
                return []
            tick = self.tick_at(now)
            self._lost_end = bar_end
            self._found_in = 0
            self.anchor(tick, now)
            return [Effect("lost", text="the clock is lost: the bar is finished at the last tempo")]
        if now >= self.time_of(self._lost_end):
            self.state = State.ARMED
            self._position = self._lost_end
            self._lost_end = None
            return [Effect("wait", self._position, text="waiting for the clock")]
        return []

    def next_poll(self) -> float | None:
        """Return when `poll` has something to notice at the earliest."""
        if self._stopped_at is not None:
            return self._stopped_at + JUMP_SECONDS
        if not self.following or self.state is not State.PLAYING:
            return None
        if self._lost_end is not None:
            return self.time_of(self._lost_end)
        return self.clock.last_seen + LOST_SECONDS

    @property
    def lost(self) -> bool:
        """Whether the clock we follow is missing."""
        return self._lost_end is not None

    @property
    def jumping(self) -> bool:
        """Whether a Stop came so lately that it may turn out to be a jump."""
        return self._stopped_at is not None

    def quality(self, now: float) -> str:
        """Say how good the clock is, in a word or three."""
        if not self.following:
            if self.state is not State.PLAYING and self.mode in {"auto", "clock"} and self.outside is Outside.UNKNOWN:
                return "no bar position" if self.clock_runs(now) else "internal"
            return "locked" if self.source == "link" else "internal"
        if self.lost or (self.state is State.ARMED and self.outside is Outside.RUNNING):
            return "lost"
        if not self.clock_runs(now):
            return "waiting"
        if self.clock.steady < STEADY_PULSES // 2 or self.clock.outliers:
            return "locking"
        return "locked" if self.located else "no bar position"
