"""The small parts: input, echo, histogram, the table of what sounds, ports' names, purity of the process."""

import subprocess
import sys

import pytest

from bridge.engine.histogram import Histogram
from bridge.engine.inbound import EchoGuard, Intake, Splitter
from bridge.engine.meter import MeterMap
from bridge.engine.sounding import Sounding

FORBIDDEN = [
    "router", "asyncio", "pydantic", "websockets", "click", "rich", "anthropic", "openai", "groq", "cohere", "aiocache",
    "sqlite3", "mido", "numpy",
]  # fmt: skip


@pytest.mark.parametrize(
    ("stream", "messages"),
    [
        ("99 24 64 26 64", ["992464", "992664"]),
        ("b0 14 f8 7f", ["f8", "b0147f"]),
        ("14 7f 00", []),
        ("f0 7d 01 02 f7 b0 14 7f", ["b0147f"]),
        ("f0 7d 01 b0 14 7f", ["b0147f"]),
        ("f1 20 f3 05 f4 f5 f6 fe ff", []),
        ("f2 08 00 14 7f", ["f20800"]),
        ("99 24", []),
        ("99 24 80 24 00", ["802400"]),
        ("c0 05 06", ["c005", "c006"]),
    ],
)
def test_bytes_become_whole_messages(stream, messages):
    """Running status, clocks inside, sysex, cut and lone bytes: what is whole and of use comes out."""
    assert [m.hex() for m in Splitter().feed(bytes.fromhex(stream))] == messages


def test_a_flood_keeps_the_latest_value():
    """A hundred thousand values of one controller are one message, the last."""
    intake = Intake()
    for number in range(100_000):
        intake.put(number / 1e5, bytes((0xB0, 25, number % 60)))
    rows, dropped = intake.drain()

    assert [data.hex() for _, data in rows] == [bytes((0xB0, 25, 99_999 % 60)).hex()]
    assert dropped == 99_999


def test_each_crossing_of_64_is_kept():
    """Press, hold, release, press of a button within one look: no edge is lost."""
    intake = Intake()
    for value in (127, 127, 100, 0, 0, 127):
        intake.put(0.0, bytes((0xB0, 20, value)))

    assert [data[2] for _, data in intake.drain()[0]] == [100, 0, 127]


def test_a_flood_of_notes_is_bounded():
    """More than can be held is dropped and counted, never kept."""
    intake = Intake()
    for number in range(50_000):
        intake.put(0.0, bytes((0x90, number % 128, 1 + number % 127)))
    rows, dropped = intake.drain()

    assert len(rows) + dropped == 50_000
    assert len(rows) <= 2048


def test_clock_and_panic_are_urgent_and_knobs_are_not():
    """The engine is woken for what cannot wait."""
    intake = Intake()

    messages = ("f8", "fa", "f20000", "b07b00", "b01940", "992464", "f000f7")

    assert [intake.put(0.0, bytes.fromhex(message)) for message in messages] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip
    assert [data.hex() for _, data in intake.urgent()] == ["f8", "fa", "f20000", "b07b00"]


def test_our_own_notes_are_not_input_and_a_loop_is_muted():
    """The same message within 20 ms is ours; eight of them mute the route and say so; a controller still counts."""
    guard = EchoGuard()
    for number in range(8):
        guard.sent(b"\x99\x24\x64", number)
        assert guard.is_echo(b"\x99\x24\x64", number + 0.01)

    assert "ignored" in guard.says
    assert guard.is_echo(b"\x99\x30\x40", 7.5)
    assert not guard.is_echo(b"\xb0\x14\x7f", 7.5)
    assert not guard.is_echo(b"\x99\x30\x40", 30.0)


def test_a_loop_is_told_once_and_its_transport_echoes_do_not_hide_it():
    """A wired loop fills no log; a Start that comes back as the eighth echo must not keep the route open for ever."""
    guard = EchoGuard()
    said = []
    for number in range(100):
        data = b"\xfa" if number == 7 else b"\x99\x24\x64"
        guard.sent(data, number / 4)
        guard.is_echo(data, number / 4 + 0.01)
        said += [guard.says] if guard.says else []
        guard.says = ""

    assert len(said) == 1


def test_a_drummer_playing_along_is_no_echo():
    """The same note 50 ms after ours is a hand."""
    guard = EchoGuard()
    guard.sent(b"\x99\x24\x64", 1.0)

    assert not guard.is_echo(b"\x99\x24\x64", 1.05)


def test_a_foreign_clock_drifts_through_ours_and_is_heard():
    """At 119 bpm beside our 120 only few of its pulses are taken for echoes."""
    guard = EchoGuard()
    ours, theirs, echoes, n = 0.0, 0.0101, 0, 0
    while n < 240:
        if ours <= theirs:
            guard.sent(b"\xf8", ours)
            ours += 60 / 120 / 24
        else:
            echoes += guard.is_echo(b"\xf8", theirs)
            theirs += 60 / 119 / 24
            n += 1

    assert echoes < 60


@pytest.mark.parametrize("begin", [b"\xfa", b"\xfb"])
def test_a_master_at_exactly_our_tempo_is_followed_once_it_starts(begin):
    """Its pulses lie at a steady delay behind ours, as ours on a wired loop; its Start or Continue is not ours."""
    guard = EchoGuard()
    guard.sent(b"\xfa", 0.0)
    heard = []
    for number in range(96):
        at = number * 60 / 120 / 24
        guard.sent(b"\xf8", at)
        if number == 48:
            assert not guard.is_echo(begin, at + 0.01)
        heard.append(not guard.is_echo(b"\xf8", at + 0.011))

    assert not any(heard[2:48])
    assert all(heard[48:])


def test_our_own_start_on_a_wired_loop_leads_nobody():
    """What comes back of it is ours, and so are the pulses behind it."""
    guard = EchoGuard()
    guard.is_echo(b"\xfb", 0.0)  # a master was there before
    guard.sent(b"\xfa", 1.0)
    guard.is_echo(b"\xfa", 1.002)
    heard = []
    for number in range(48):
        at = 1 + number * 60 / 120 / 24
        guard.sent(b"\xf8", at)
        heard.append(not guard.is_echo(b"\xf8", at + 0.002))

    assert not any(heard[2:])


def test_the_histogram_tells_quantiles_and_what_was_missed():
    """99 values of 0.1 ms and one of 20: the median, the 99th part, the worst, one missed."""
    histogram = Histogram()
    for _ in range(99):
        histogram.add(0.0001)
    histogram.add(0.02)
    told = histogram.as_dict()

    assert told["count"] == 100
    assert told["p50_ms"] == pytest.approx(0.1, rel=0.13)
    assert (told["max_ms"], told["missed"]) == (20.0, 1)
    assert sum(number for _, number in told["bins"]) == 100
    assert [edge for edge, _ in told["bins"]] == sorted(edge for edge, _ in told["bins"])


def test_what_sounds_outlives_the_process_that_wrote_it(tmp_path):
    """Another process that maps the file finds the notes and the connections; a released note is gone."""
    first = Sounding(tmp_path / "sounding")
    first.on(0x99, 36)
    first.on(0x99, 38)
    first.off(0x89, 38)
    first.connections = (("synth:in",), ("daw:clock",))

    second = Sounding(tmp_path / "sounding")
    assert second.notes() == [(9, 36)]
    assert second.connections == (("synth:in",), ("daw:clock",))
    second.clear()
    assert first.notes() == []


def test_bars_count_through_changes_of_metre():
    """4/4, 7/8 from bar 3, 3/4 from bar 5: each bar line is where it belongs, backwards too."""
    meters = MeterMap()
    meters.change(7680, 3360, (960, 960, 1440))
    meters.change(7680 + 2 * 3360, 2880, (960, 960, 960))

    assert [meters.locate(t) for t in (0, 7679, 7680, 7680 + 3360, 14400, 14400 + 2880)] == [
        (1, 1),
        (2, 4.999),
        (3, 1),
        (4, 1),
        (5, 1),
        (6, 1),
    ]
    assert meters.next_bar(14399) == 14400
    assert meters.next_beat(7680 + 1921) == 7680 + 3360


def test_the_real_time_process_loads_nothing_that_could_hold_it_up():
    """After importing the engine with every port, none of the daemon's libraries is in the interpreter."""
    code = f"""
import sys
import bridge.engine.process, bridge.ports.rtmidi, bridge.ports.jackclient, bridge.ports.scripted
print([name for name in {FORBIDDEN!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"
