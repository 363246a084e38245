"""The engine process on real JACK, judged by midilab's sample clock: in time, released, whatever ends it."""

import collections
import itertools
import os
import signal
import statistics
import time
from pathlib import Path

import pytest

from bridge.engine.sounding import Sounding
from tests.support.engine import EngineProcess, groove
from tests.support.jack import Event, Midilab, jack_server, midilab, start_jackd  # noqa: F401 - fixtures
from tests.support.timing import Ticker, in_place, median_ms

pytestmark = pytest.mark.wire

PERIOD_S = 64 / 48000
BACKENDS = ["jack", "jack-rtmidi"]
LONG = groove(step=960, length=60_000)  # each note sounds until it is struck again or released


def ons(recorded):
    """Times of note-ons."""
    return [event.t for event in recorded if event.data[0] & 0xF0 == 0x90 and event.data[2]]


def hanging(recorded):
    """Notes struck and not released."""
    sounding = collections.Counter()
    for event in recorded:
        if event.data[0] & 0xF0 == 0x90:
            sounding[event.data[1]] = 1
        elif event.data[0] & 0xF0 == 0x80:
            sounding[event.data[1]] = 0
    return [note for note, count in sounding.items() if count]


def clock_events(beats, bpm=120.0, start=0.5, lead=0.01):
    """Start, clocks and, half a beat after the last one, Stop: a machine that is held up still has time for it."""
    gap, count = 60 / bpm / 24, beats * 24 - 12
    events = [(start - lead, b"\xfa")] + [(start + n * gap, b"\xf8") for n in range(count)]
    return [*events, (start + count * gap - gap / 2, b"\xfc")]


@pytest.fixture
def engine(jack_server, tmp_path, request):  # noqa: F811 - the fixture
    """An engine on that server."""
    midi = getattr(request, "param", "jack")
    with EngineProcess(tmp_path / "sounding", "--midi", midi, env=jack_server.env) as process:
        process.ready = process.wait("ready")
        yield process


def wait_connected(engine):
    """Wait until someone listens."""
    engine.wait(lambda e: e["e"] == "ports" and bool(e.get("connections", {}).get("out")))


@pytest.mark.parametrize("engine", BACKENDS, indirect=True)
def test_a_followed_clock_is_met_on_the_beat(engine, midilab):  # noqa: F811 - the fixture
    """Start, 12 beats of clock, Stop: each beat sounds once where it belongs, nothing after Stop, nothing hangs."""
    engine.load("p", groove(step=960))
    engine.ask("sync", mode="clock")
    engine.ask("queue", id="p", at="bar")
    events = clock_events(12)
    with Ticker() as ticker:
        _, recorded = midilab.take(events, events[-1][0] + 1)
    heard = ons(recorded)
    late = [(t - 0.5 - n * 0.5) * 1000 for n, t in enumerate(heard)]

    assert len(heard) == 12
    assert in_place(late), late
    assert median_ms(late) < 1000 * PERIOD_S + ticker.median_ms, late
    assert not hanging(recorded)
    assert max(heard) < events[-1][0]


def test_the_internal_tempo_is_exact_to_the_frame(engine, midilab):  # noqa: F811 - the fixture
    """Leading: the interval between beats is half a second of samples, and our clock out is 24 a quarter beside it."""
    engine.load("p", groove(step=960))
    with Ticker() as ticker:
        take = midilab.start([], 5)
        wait_connected(engine)
        engine.ask("queue", id="p", at="bar")
        _, recorded = midilab.finish(take)
    heard = ons(recorded)
    gaps = sorted(abs(b - a - 0.5) for a, b in itertools.pairwise(heard))
    pulses = [e.t for e in recorded if e.data == b"\xf8"]
    lengths = sorted(b - a for a, b in itertools.pairwise(pulses))

    assert len(heard) >= 5
    assert gaps[len(gaps) // 2] < 0.0001 + ticker.median_ms / 1000
    assert [e.data for e in recorded if e.data[0] == 0xFA] == [b"\xfa"]
    assert lengths[len(lengths) // 2] == pytest.approx(1 / 48, abs=1e-4 + ticker.median_ms / 1000)
    assert len(pulses) == pytest.approx((pulses[-1] - heard[0]) * 48 + 1, abs=3)


@pytest.mark.parametrize("how", [None, signal.SIGTERM], ids=["end of the pipe", "SIGTERM"])
def test_the_end_releases_every_note(engine, midilab, how):  # noqa: F811 - the fixture
    """Whichever way it is ended in the middle of a long note, the note-off reaches the listener, within a second."""
    engine.load("p", LONG)
    take = midilab.start([], 4)
    wait_connected(engine)
    engine.ask("queue", id="p", at="bar")
    engine.wait("notes")
    began = time.monotonic()

    with Ticker() as ticker:
        assert engine.end(how) == 0
        took = time.monotonic() - began
    assert took < 1.5 + ticker.worst_ms / 1000
    _, recorded = midilab.finish(take)
    assert ons(recorded)
    assert not hanging(recorded)


def test_sigint_is_the_daemons_business(engine):
    """Ctrl-C in the terminal reaches the engine too, which plays on until the daemon decides."""
    engine.process.send_signal(signal.SIGINT)

    assert engine.ask("status")["transport"]["state"] == "stopped"


def test_a_successor_releases_what_a_killed_engine_left(engine, midilab, jack_server, tmp_path):  # noqa: F811 - the fixtures
    """Kill -9 in the middle of a note; a new engine on the same table connects again and releases it."""
    engine.load("p", LONG)
    take = midilab.start([], 6)
    wait_connected(engine)
    engine.ask("queue", id="p", at="bar")
    engine.wait("notes")
    engine.end(signal.SIGKILL)
    assert Sounding(tmp_path / "sounding").notes() == [(9, 36)]

    with EngineProcess(tmp_path / "sounding", "--midi", "jack", env=jack_server.env) as successor:
        ready = successor.wait("ready")
        _, recorded = midilab.finish(take)
        assert ready["out"].startswith("drumbridge")
        successor.end()
    assert ons(recorded)
    assert not hanging(recorded)


def test_the_groove_survives_the_death_of_the_server(engine, midilab, jack_server):  # noqa: F811 - the fixtures
    """JACK dies and comes back: the engine says so, opens its ports again and goes on from where the song is."""
    engine.load("p", groove(step=480))
    engine.ask("queue", id="p", at="bar")
    engine.wait("notes")
    jack_server.kill()
    assert engine.wait(lambda e: e["e"] == "ports" and e["state"] == "lost")["why"]

    jack_server.process = start_jackd(jack_server.name).process
    engine.wait(lambda e: e["e"] == "ports" and e["state"] == "open")
    with Ticker() as ticker:
        _, recorded = midilab.take([], 2)
    heard = ons(recorded)
    assert 6 <= len(heard) <= 9
    assert statistics.median(b - a for a, b in itertools.pairwise(heard)) == pytest.approx(
        0.25, abs=PERIOD_S + ticker.median_ms / 1000
    )


def test_a_daemon_that_does_not_read_holds_nothing_up(engine, midilab):  # noqa: F811 - the fixture
    """With the event pipe full for seconds no two hits are 50 ms apart: six of them, so JACK may lose one."""
    engine.load("p", groove(step=15, length=8))
    fcntl = pytest.importorskip("fcntl")
    fcntl.fcntl(engine.process.stdout, fcntl.F_SETPIPE_SZ, 4096)  # else it takes longer to fill than the take lasts
    with Ticker() as ticker:
        take = midilab.start([], 4)
        wait_connected(engine)
        engine.send("queue", id="p", at="bar")
        engine.reading.clear()
        _, recorded = midilab.finish(take)
        engine.reading.set()
    heard = ons(recorded)

    assert len(heard) > 240
    assert max(b - a for a, b in itertools.pairwise(heard)) < 0.05 + ticker.worst_ms / 1000


def test_a_flood_of_controllers_neither_stops_the_music_nor_grows(engine, midilab):  # noqa: F811 - the fixture
    """60,000 CCs in three seconds, corrupt bytes among them: beats in time, memory flat, the last value arrives."""
    engine.load("p", groove(step=480))
    flood = [(0.3 + n * 0.00005, bytes((0xB0, 25, n % 128))) for n in range(60_000)]
    flood += [
        (0.31 + n * 0.01, data)
        for n, data in enumerate([b"\xf0\x7d\x01\xf7", b"\x14\x7f", b"\x99\x24", b"\xf4", b"\xff"] * 20)
    ]
    flood.append((3.6, b"\xb0\x19\x2a"))
    take = midilab.start(sorted(flood), 4.5)
    wait_connected(engine)
    engine.ask("queue", id="p", at="bar")
    before = _private_kb(engine.process.pid)
    with Ticker() as ticker:
        _, recorded = midilab.finish(take)
    heard = ons(recorded)
    gaps = sorted(abs(b - a - 0.25) for a, b in itertools.pairwise(heard))
    rows = [row for e in engine.drain() if e["e"] == "midi" for row in e["rows"]]

    assert len(heard) >= 14
    assert gaps[len(gaps) // 2] < PERIOD_S + ticker.median_ms / 1000
    assert rows[-1][1] == "b0192a"
    assert _private_kb(engine.process.pid) - before < 4000


def _private_kb(pid):
    text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_"))


def test_it_is_small(engine):
    """The engine's own memory is 40 MB at most; JACK's shared segment is JACK's."""
    assert _private_kb(engine.process.pid) < 40_000


def test_without_jack_it_says_what_to_do(tmp_path):
    """Asked for JACK where none runs: an error that names the fix, exit 7; auto goes on without and says why."""
    env = {**os.environ, "JACK_DEFAULT_SERVER": "nobody-here", "JACK_NO_START_SERVER": "1"}
    with EngineProcess(tmp_path / "s", "--midi", "jack", env=env) as engine:
        error = engine.wait("error")
        assert error["exit"] == 7
        assert error["fix"]
        assert engine.process.wait(20) == 7
    with EngineProcess(tmp_path / "s", "--midi", "auto", env=env) as engine:
        ready = engine.wait("ready")
        assert ready["backend"] in {"none", "alsa"}
        assert ready["backend"] != "none" or ready["why"]
        assert engine.end() == 0


def test_without_wires_it_plays_in_time_too(tmp_path):
    """--midi none: notes reach the daemon at their time."""
    with EngineProcess(tmp_path / "s", "--midi", "none") as engine:
        engine.wait("ready")
        engine.load("p", groove(step=240))
        reply = engine.ask("queue", id="p", at="bar")
        rows = []
        with Ticker() as ticker:
            while len(rows) < 10:
                rows += engine.wait("notes")["rows"]

        assert [row[0] for row in rows] == pytest.approx([reply["t"] + n * 0.125 for n in range(len(rows))], abs=1e-5)
        assert sorted(row[1] - row[0] for row in rows)[len(rows) // 2] < 0.005 + ticker.median_ms / 1000
        assert engine.end(signal.SIGTERM) == 0


def test_events_know_their_place(engine: EngineProcess) -> None:
    """Each note tells its song tick, bar and beat, and which pattern struck it."""
    engine.load("p", groove(step=960))
    engine.ask("queue", id="p", at="bar")
    rows = []
    while len(rows) < 5:
        rows += engine.wait("notes")["rows"]

    assert [(row[2], row[3], row[4], row[9]) for row in rows[:5]] == [
        (0, 1, 1, "p"), (960, 1, 2, "p"), (1920, 1, 3, "p"), (2880, 1, 4, "p"), (3840, 2, 1, "p"),
    ]  # fmt: skip
    assert isinstance(rows[0], list)
    assert Event(0.0, b"").t == 0.0


def test_every_thread_of_it_is_real_time_or_none(tmp_path):
    """A thread of ordinary priority that held the interpreter would hold up the beat: notes came out doubled once."""
    with EngineProcess(tmp_path / "s", "--midi", "none") as engine:
        ready = engine.wait("ready")
        engine.ask("status")
        kinds = {os.sched_getscheduler(int(task.name)) for task in Path(f"/proc/{engine.process.pid}/task").iterdir()}

        assert kinds == ({os.SCHED_FIFO} if ready["realtime"].startswith("fifo") else {os.SCHED_OTHER})
