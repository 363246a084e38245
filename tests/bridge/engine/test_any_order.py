"""Whatever the order of start, stop, tempo, swap, panic, clocks and lost time: nothing hangs, nothing sounds twice."""

import os

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bridge.engine.player import CommandError
from bridge.engine.transport import State
from bridge.ports.base import legal
from tests.support.rig import BAR, Rig, pattern

PATTERNS = (
    pattern("a", [(0, 36), (960, 38), (1000, 38)]),
    pattern("b", [(t, 42) for t in range(0, 2 * BAR, 240)], bars=2),
    pattern("c", [(0, 36), (3300, 49)], bar_ticks=3360, beats=(960, 960, 1440)),
    pattern("empty", []),
)
BOUNDARIES = st.sampled_from(["now", "beat", "bar", "2bars", "4bars", "end"])


class AnyOrder(RuleBasedStateMachine):
    """Does to a player whatever can be done."""

    lookahead = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(*PATTERNS, clock_out=True, lookahead=self.lookahead)

    @rule(
        name=st.sampled_from(["a", "b", "c", "empty"]),
        at=BOUNDARIES,
        once=st.booleans(),
        ago=st.none() | st.floats(0, 3),
    )
    def queue(self, name, at, once, ago):
        """Swap or fill."""
        asked = {} if ago is None else {"asked_at": self.rig.now - ago}
        self.rig.ask("queue", id=name, at=at, once=once, **asked)

    @rule(command=st.sampled_from(["play", "panic"]))
    def simple(self, command):
        """Play or panic."""
        self.rig.ask(command)

    @rule(at=BOUNDARIES)
    def stop(self, at):
        """Stop, now or later."""
        self.rig.ask("stop", at=at)

    @rule(bpm=st.floats(20, 300), at=st.sampled_from(["now", "bar"]))
    def tempo(self, bpm, at):
        """Change the tempo."""
        self.rig.ask("tempo", bpm=bpm, at=at)

    @rule(mode=st.sampled_from(["auto", "internal", "clock"]))
    def sync(self, mode):
        """Change what is followed."""
        self.rig.ask("sync", mode=mode)

    @rule(ms=st.floats(-500, 500), clock_out=st.booleans())
    def options(self, ms, clock_out):
        """Move the notes, switch our clock."""
        self.rig.ask("options", offset_ms=ms, clock_out=clock_out)

    @rule(status=st.sampled_from([0xFA, 0xFB, 0xFC]))
    def order(self, status):
        """A master starts, goes on or stops."""
        self.rig.midi(status)

    @rule(position=st.integers(0, 0x3FFF))
    def locate(self, position):
        """A master moves."""
        self.rig.midi(0xF2, position & 0x7F, position >> 7)

    @rule(count=st.integers(1, 60), bpm=st.floats(30, 280))
    def clocks(self, count, bpm):
        """A master's clock runs."""
        self.rig.clocks(count, bpm)

    @rule(seconds=st.floats(0, 5))
    def wait(self, seconds):
        """Time passes."""
        self.rig.run(seconds)

    @rule(seconds=st.floats(0.3, 100))
    def stall(self, seconds):
        """The machine was away."""
        self.rig.now += seconds
        self.rig.run(0)

    @rule(tick=st.integers(0, 100_000), ago=st.floats(-1, 1))
    def resume(self, tick, ago):
        """The daemon tells where the song was."""
        self.rig.ask("resume", tick=tick, t=self.rig.now - ago, playing="a")

    @rule()
    def nonsense(self):
        """A command that cannot be."""
        try:
            self.rig.ask("queue", id="nobody")
        except CommandError:
            return
        raise AssertionError("taken")

    @invariant()
    def never_doubled_never_illegal(self):
        """No drum is struck on top of itself; every message is whole."""
        assert self.rig.worst <= 1
        assert all(legal(data) for _, data in self.rig.heard)

    @invariant()
    def silent_while_stopped(self):
        """Outside playing nothing sounds."""
        if self.rig.player.transport.state is not State.PLAYING:
            assert not self.rig.hanging()

    def teardown(self):
        """The end releases everything."""
        self.rig.player.silence(self.rig.now)
        self.rig._keep()
        assert not self.rig.hanging()


class AnyOrderAhead(AnyOrder):
    """The same where notes are handed over ahead of their time and taken back, as on JACK."""

    lookahead = 0.0043


TestAnyOrder = AnyOrder.TestCase
TestAnyOrderAhead = AnyOrderAhead.TestCase
TestAnyOrder.settings = TestAnyOrderAhead.settings = settings(
    max_examples=int(os.environ.get("DRUMBRIDGE_EXAMPLES", "150")),
    stateful_step_count=25,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
