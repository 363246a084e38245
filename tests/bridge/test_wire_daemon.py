"""The whole daemon on real JACK: what a musician hears, measured on JACK's own sample clock."""

import collections
import itertools
import os
import shutil
import signal
import statistics
import subprocess
import time
import wave

import pytest

from bridge import drummaps
from bridge.midifile import to_midi
from router.pattern import Pattern
from tests.support.daemon import RunningDaemon
from tests.support.jack import Midilab, jack_server, midilab, need  # noqa: F401 - fixtures
from tests.support.timing import HELD_UP_MS, Ticker, grid_origin, in_place, median_ms, off_grid_ms, off_ms

pytestmark = pytest.mark.wire

PERIOD_S = 64 / 48000
SIXTEENTH_S = 60 / 120 / 4
ON, OFF = 0x90, 0x80
CC_GENERATE = bytes([0xB0, 20, 127])
CC_RELEASE = bytes([0xB0, 20, 0])


def onsets(recorded):
    """(seconds, note) of each note-on."""
    return [(event.t, event.data[1]) for event in recorded if event.data[0] & 0xF0 == ON and event.data[2]]


def hanging(recorded):
    """Notes that were struck more often than released."""
    sounding = collections.Counter()
    for event in recorded:
        kind = event.data[0] & 0xF0
        if kind == ON and event.data[2]:
            sounding[event.data[0] & 15, event.data[1]] += 1
        elif kind in {ON, OFF}:
            sounding[event.data[0] & 15, event.data[1]] -= 1
    return {key: count for key, count in sounding.items() if count > 0}


def illegal(recorded):
    """Messages that are not legal MIDI."""
    lengths = {0x8: 3, 0x9: 3, 0xA: 3, 0xB: 3, 0xC: 2, 0xD: 2, 0xE: 3}
    messages = [event.data for event in recorded]
    cut = [data for data in messages if data[0] < 0xF0 and len(data) != lengths.get(data[0] >> 4)]
    return cut + [data for data in messages if any(byte > 127 for byte in data[1:])]


def strokes(made, bpm=120):
    """(seconds, note) of each stroke of a pattern in General MIDI's notes."""
    kit, per_tick = drummaps.load("gm"), 60 / bpm / 960
    return [((hit.tick + hit.shift) * per_tick, kit.note(hit.voice)) for hit in made.hits]


def made_by(client):
    """The pattern that a press of the button made."""
    done = client.until(lambda event: event["topic"] == "jobs" and event["data"].get("state") == "done")
    return Pattern.from_dict(done["data"]["pattern"])


def wait_connected(client):
    """Wait until the recorder listens, so that no stroke comes before it."""
    client.call("subscribe", topics=["midi"], sub="ports")
    client.until(lambda event: event["topic"] == "midi" and (event["data"].get("connections") or {}).get("out"))


def wait_for_snare(client):
    """Play something dense and wait until it is well under way."""
    client.call("generate", genre="metal", seed=3)
    client.call("subscribe", topics=["notes"], sub="n")
    client.until(lambda event: event["topic"] == "notes" and event["data"].get("voice") == "snare")


@pytest.fixture
def daemon(jack_server, tmp_path):  # noqa: F811 - the fixture
    """A daemon on the private JACK server, humanize off so that the grid can be measured."""
    env = {**jack_server.env, "DRUMBRIDGE_HUMANIZE": "0", "DRUMBRIDGE_SWING": "0"}
    with RunningDaemon(tmp_path / "home", "--midi", "jack", env=env) as daemon:
        yield daemon


def test_a_button_starts_a_groove_on_the_internal_tempo(daemon, midilab):  # noqa: F811 - the fixture
    """CC 20 while stopped: the transport starts and every stroke of the pattern is heard in its place at 120 bpm."""
    client = daemon.client()
    client.call("subscribe", topics=["jobs"], sub="j")
    with Ticker() as ticker:
        played, recorded = midilab.take([(0.5, CC_GENERATE), (0.7, CC_RELEASE)], 5)
        made = made_by(client)

    hits = onsets(recorded)
    off = off_ms(hits, strokes(made), made.ticks / 1920)
    assert len(hits) > 16
    assert hits[0][0] > played[0].t
    assert in_place(off), off
    assert median_ms(off) <= 1000 * PERIOD_S + ticker.median_ms
    assert illegal(recorded) == []


def clock(bpm, seconds, start=0.3):
    """Start, then 24 clocks a quarter."""
    period = 60 / bpm / 24
    return [(start, b"\xfa"), *((start + 0.002 + n * period, b"\xf8") for n in range(int(seconds / period)))]


def test_a_button_during_an_external_clock_sounds_at_the_next_bar_line(daemon, midilab):  # noqa: F811 - the fixture
    """At 100 bpm a press in bar 2 is heard exactly at bar 3, and Stop silences at once."""
    bpm, beat_s = 100, 0.6
    ticks = clock(bpm, 9.0)
    beat_one = ticks[1][0]
    press, stop = beat_one + 4 * beat_s + 1.0, beat_one + 13 * beat_s + 0.1
    events = sorted(
        [*(e for e in ticks if e[0] < stop), (press, CC_GENERATE), (press + 0.1, CC_RELEASE), (stop, b"\xfc")]
    )

    client = daemon.client()
    client.call("subscribe", topics=["jobs"], sub="j")
    with Ticker() as ticker:
        played, recorded = midilab.take(events, 10)
        made = made_by(client)

    shift = next(e.t for e in played if e.data == b"\xf8") - beat_one
    bar_three = beat_one + 8 * beat_s + shift
    hits = onsets(recorded)
    assert hits, "nothing sounded"
    due = strokes(made, bpm)
    off = off_ms(hits, due, made.ticks / 960 * beat_s)
    late_ms = 1000 * (hits[0][0] - bar_three - due[0][0]) - off[0]  # of the whole, as it fits best
    assert in_place(off), off
    assert abs(late_ms) <= 1000 * 2 * PERIOD_S + ticker.median_ms, (hits[0], bar_three)
    stopped = next(e.t for e in played if e.data == b"\xfc")
    assert max(t for t, _ in hits) <= stopped + HELD_UP_MS / 1000
    assert hanging(recorded) == {}
    assert [e for e in recorded if e.data[0] in {0xF8, 0xFA, 0xFC}] == [], "a follower does not lead"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_two_seconds_with_every_note_released(daemon, midilab, number):  # noqa: F811 - the fixture
    """Ctrl-C in the middle of a fill leaves nothing sounding and exits 0."""
    client = daemon.client()
    take = midilab.start([], 5)
    wait_connected(client)
    wait_for_snare(client)

    with Ticker() as ticker:
        code, took = daemon.stop(number)

    _, recorded = Midilab.finish(take)
    assert code == 0
    assert took < 2 + ticker.worst_ms / 1000
    assert onsets(recorded)
    assert hanging(recorded) == {}


def test_a_killed_daemon_leaves_no_note_sounding(daemon, midilab):  # noqa: F811 - the fixture
    """Kill -9 of the daemon: the engine sees the pipe close, releases and ends."""
    client = daemon.client()
    take = midilab.start([], 6)
    wait_connected(client)
    wait_for_snare(client)
    engine = client.call("status")["engine"]["pid"]

    daemon.stop(signal.SIGKILL)

    _, recorded = Midilab.finish(take)
    assert onsets(recorded)
    assert hanging(recorded) == {}
    with pytest.raises(ProcessLookupError):
        os.kill(engine, 0)


def test_a_killed_engine_is_replaced_releases_and_plays_on_in_time(daemon, midilab):  # noqa: F811 - the fixture
    """Kill -9 of the engine: the successor releases what hung and goes on from the transport's position."""
    client = daemon.client()
    with Ticker() as ticker:
        take = midilab.start([], 8)
        wait_connected(client)
        client.call("generate", genre="rock", seed=3, bars=1)
        client.call("subscribe", topics=["notes"], sub="n")
        client.until(lambda event: event["topic"] == "notes" and event["data"].get("voice") == "snare")
        before = client.call("status")

        os.kill(before["engine"]["pid"], signal.SIGKILL)

        killed = time.monotonic()  # of what left by then, some may still be on its way here
        client.until(lambda event: event["topic"] == "notes" and event["data"].get("left", 0) > killed + 0.1)
        after = client.call("status")
        _, recorded = Midilab.finish(take)
    daemon_stop = daemon.stop()
    assert after["engine"]["restarts"] == 1
    assert after["engine"]["pid"] != before["engine"]["pid"]
    times = [t for t, _ in onsets(recorded)]
    gap, back = max((b - a, b) for a, b in itertools.pairwise(times))
    assert gap < 3.0, "the music came back"
    origin = grid_origin([t for t in times if t < back], SIXTEENTH_S)
    off = off_grid_ms([t for t in times if t >= back], SIXTEENTH_S, origin)
    assert abs(statistics.median(off)) <= 1000 * 3 * PERIOD_S + ticker.median_ms, "and it is where it would have been"
    assert daemon_stop[0] == 0


def test_both_killed_the_next_start_releases_what_hung(daemon, midilab):  # noqa: F811 - the fixture
    """Kill -9 of both at once leaves nobody to release: the next daemon of the home does it."""
    client = daemon.client()
    take = midilab.start([], 12)  # as long as a start on a busy machine
    wait_connected(client)
    wait_for_snare(client)

    os.kill(client.call("status")["engine"]["pid"], signal.SIGKILL)
    daemon.process.kill()
    with RunningDaemon(daemon.home, "--midi", "jack", env=midilab.server.env):
        _, recorded = Midilab.finish(take)

    assert onsets(recorded)
    assert hanging(recorded) == {}


def test_a_dead_jack_server_comes_back_and_so_does_the_drummer(daemon, jack_server, midilab):  # noqa: F811 - the fixture
    """The ports reappear with the server and the groove is still running."""
    from tests.support.jack import start_jackd

    client = daemon.client()
    client.call("subscribe", topics=["midi"], sub="m")
    client.call("generate", genre="rock", seed=3, bars=1)
    jack_server.kill()
    client.until(lambda event: event["data"].get("state") == "lost")
    gone = len(client.events)
    jack_server.process = start_jackd(jack_server.name).process
    client.until(lambda event: event["data"].get("state") == "open" and client.events.index(event) >= gone)

    _, recorded = midilab.take([], 4)

    assert len(onsets(recorded)) > 4
    assert client.call("status")["transport"]["state"] == "playing"


def test_what_is_played_is_what_was_asked_for_and_it_sounds(daemon, midilab, tmp_path):  # noqa: F811 - the fixture
    """The recorded strokes are the pattern's, and fluidsynth makes sound of them, as long as the bars are."""
    need(shutil.which("fluidsynth") and shutil.which("sox"), "fluidsynth and sox are not installed")
    client = daemon.client()
    client.call("set", genre="funk", bars=2)
    client.call("subscribe", topics=["jobs"], sub="j")
    with Ticker() as ticker:
        take = midilab.start([(0.3, CC_GENERATE)], 7)
        made = made_by(client)
        _, recorded = Midilab.finish(take)

    kit = drummaps.load("gm")
    wanted = sorted(
        (round(due, 6), note, hit.velocity) for (due, note), hit in zip(strokes(made), made.hits, strict=True)
    )
    heard = [(e.t, e.data[1], e.data[2]) for e in recorded if e.data[0] & 0xF0 == ON and e.data[2]]
    loop_s = made.ticks / 1920
    off = off_ms([(t, note) for t, note, _ in heard], strokes(made), loop_s)
    assert in_place(off), off
    assert median_ms(off) <= 1000 * PERIOD_S + ticker.median_ms
    assert [stroke for _, *stroke in heard[: len(wanted)]] == [stroke for _, *stroke in wanted]

    take_file, sound = tmp_path / "take.mid", tmp_path / "take.wav"
    take_file.write_bytes(to_midi(made, kit, tempo=120))
    font = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
    subprocess.run(
        ["fluidsynth", "-ni", "-q", "-r", "48000", "-F", str(sound), font, str(take_file)], check=True, timeout=60
    )
    with wave.open(str(sound)) as rendered:
        assert rendered.getnframes() / 48000 >= loop_s - 0.1
    stat = ["sox", str(sound), "-n", "stat"]
    lines = subprocess.run(stat, capture_output=True, text=True, timeout=60, check=True).stderr.splitlines()
    loudness = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    assert float(loudness["Maximum amplitude"]) > 0.02, lines


def test_a_flood_of_controllers_costs_nothing(daemon, midilab):  # noqa: F811 - the fixture
    """10,000 CCs a second for three seconds: the groove goes on, in time, and the daemon answers."""
    client = daemon.client()
    client.call("generate", genre="rock", seed=3, bars=1, humanize=0.0)
    flood = [(0.2 + n / 10_000, bytes([0xB0, 40 + n % 8, n % 128])) for n in range(30_000)]
    begun = time.monotonic()

    with Ticker() as ticker:
        _, recorded = midilab.take(flood, 4)

    assert client.call("ping")["t"] > begun
    hits = onsets(recorded)
    off = off_grid_ms([t for t, _ in hits], SIXTEENTH_S)
    assert len(hits) > 20
    assert median_ms(off) <= 1000 * PERIOD_S + ticker.median_ms
    assert hanging(recorded).keys() <= {(9, note) for _, note in hits[-8:]}


GARBAGE = {
    "cut": [b"\x90"],
    "data without status": [b"\x3c\x40"],
    "sysex": [b"\xf0\x7d" + b"\x01" * 40 + b"\xf7"],
    "system common": [b"\xf1\x01", b"\xf3\x05", b"\xf6"],
    "undefined": [b"\xf4", b"\xf5", b"\xfd"],
    "odd notes": [b"\x90\x3c\x00", b"\x80\x3c\x40", b"\x90\x3c\x40", b"\x90\x3c\x40"],
    "odd transport": [b"\xfa", b"\xfa", b"\xfb", b"\xfc", b"\xfc"],
    "odd positions": [b"\xf2\x7f\x7f", b"\xf2\x00\x00"],
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_corrupt_midi_never_stops_the_music(daemon, midilab, garbage):  # noqa: F811 - the fixture
    """Broken bytes, sysex, lone data, double starts: the daemon answers and the engine is the same process."""
    client = daemon.client()
    engine = client.call("status")["engine"]
    client.call("set", sync="internal")
    client.call("generate", genre="rock", seed=3, bars=1)

    _, recorded = midilab.take([(0.2 + 0.05 * n, data) for n, data in enumerate(garbage * 3)], 2)

    assert len(onsets(recorded)) > 2
    assert client.call("status")["engine"] == engine
