"""Transport and timeline together, in virtual time: what a synthesizer hears, and when."""

import pytest

from bridge.engine.player import CommandError
from bridge.engine.transport import State
from tests.support.rig import BAR, LEAD, ON_QUARTERS, Rig, pattern


def test_a_queue_while_stopped_starts_at_bar_one(rig):
    """The internal transport starts a moment later with the pattern's first hit, in time from then on."""
    began = rig.now
    reply = rig.ask("queue", id="quarters", at="bar")
    rig.run(2.2)

    assert (reply["tick"], reply["bar"], reply["beat"]) == (0, 1, 1)
    assert rig.ons(began) == [(LEAD, 36), (0.504, 37), (1.004, 38), (1.504, 39), (2.004, 36)]


def test_stop_silences_at_once_and_play_starts_from_the_top(rig):
    """After Stop nothing sounds and nothing comes; Play begins with bar 1 of the same groove."""
    rig.ask("queue", id="quarters")
    rig.run(0.02)
    rig.ask("stop")

    assert not rig.hanging()
    rig.heard.clear()
    rig.run(3)
    assert rig.heard == []
    began = rig.now
    rig.ask("play")
    rig.run(0.6)
    assert rig.ons(began) == [(LEAD, 36), (0.504, 37)]


def test_a_fill_is_told_with_its_place(rig):
    """What waits says where its first bar lies; while it sounds, from where to where; then nothing."""

    def told(name):
        return next(event[name] for event in reversed(rig.events) if event["e"] == "player")

    rig.ask("queue", id="quarters")
    rig.run(0.1)
    rig.ask("queue", id="eighths", at="beat", once=True, tag="fill")
    assert [(item["origin"], item["tick"]) for item in told("queued")] == [(0, 960)]
    rig.run(0.6)
    assert (told("fill"), told("fill_at")) == ("eighths", [0, 960, BAR])
    rig.run(2)
    assert (told("fill"), told("fill_at")) == (None, None)


@pytest.mark.parametrize(
    "messages",
    [[0xFA, 0xFA], [0xFB], [0xFC], [0xFC, 0xFC, 0xFA], [0xFB, 0xFA], [0xFA, 0xFC, 0xFA]],
    ids=[
        "start twice",
        "continue first",
        "stop while stopped",
        "stops then start",
        "continue then start",
        "start stop start",
    ],
)
def test_senseless_orders_do_no_harm(rig, messages):
    """Whatever comes before it, the next clock after a Start or Continue is a beat, and nothing sounds twice."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    for message in messages:
        rig.midi(message)
    began = rig.now
    rig.clocks(25)

    assert rig.ons(began) == ([] if messages[-1] == 0xFC else [(0.0, 36), (0.5, 37)])
    assert rig.worst <= 1


def test_leading_sends_start_24_clocks_a_quarter_and_stop():
    """FA comes before the first F8, the first F8 is beat one, and FC ends it."""
    rig = Rig(ON_QUARTERS, clock_out=True)
    rig.ask("queue", id="quarters")
    began = rig.now
    rig.run(1.0)
    rig.ask("stop")
    system = [(at - began, data[0]) for at, data in rig.heard if data[0] >= 0xF0]

    assert [byte for _, byte in system] == [0xFA] + [0xF8] * 48 + [0xFC]
    assert [at for at, _ in system[1:49]] == pytest.approx([LEAD + n / 48 for n in range(48)])


def test_tempo_at_the_bar_changes_at_the_bar(rig):
    """120 until the bar line, 60 from there on, exactly."""
    rig.ask("queue", id="quarters")
    began = rig.now + LEAD
    rig.run(0.1)
    rig.ask("tempo", bpm=60, at="bar")
    rig.run(3.5)

    assert rig.ons(began) == [(0.0, 36), (0.5, 37), (1.0, 38), (1.5, 39), (2.0, 36), (3.0, 37)]


def test_a_tempo_that_waited_for_the_bar_is_kept_when_playing_ends(rig):
    """Stopped before the bar line: the tempo that was asked for is the one that it starts with again."""
    rig.ask("queue", id="quarters")
    rig.run(0.7)
    rig.ask("tempo", bpm=60, at="bar")
    rig.ask("stop")
    rig.ask("play")
    began = rig.now + LEAD
    rig.run(2)

    assert rig.ons(began)[-2:] == [(0.0, 36), (1.0, 37)]


def test_tempo_now_keeps_the_position(rig):
    """Half a beat in, the tempo doubles: the other half takes half the time."""
    rig.ask("queue", id="quarters")
    began = rig.now + LEAD
    rig.run(LEAD + 0.25)
    rig.ask("tempo", bpm=240)
    rig.run(0.5)

    assert rig.ons(began) == [(0.0, 36), (0.375, 37), (0.625, 38)]


def test_offset_moves_notes_both_ways(rig):
    """Minus 20 ms: hits leave 20 ms before their beat; plus: after. The clock out stays where it is."""
    rig.ask("options", offset_ms=-20)
    reply = rig.ask("queue", id="quarters")
    rig.run(1)

    assert [at for at, _ in rig.ons(reply["t"])] == pytest.approx([-0.02, 0.48])


def test_a_long_stall_is_left_out_and_not_made_up_for(rig):
    """Held up for five bars: no burst, the next beat comes on its time."""
    rig.ask("queue", id="eighths")
    rig.run(1)
    rig.heard.clear()
    rig.now += 10.1
    rig.run(0.5)

    assert len(rig.ons()) <= 3
    assert not [key for key in rig.hanging() if rig.sounding[key] > 1]


def test_a_stall_with_notes_moved_far_ahead_ends(rig):
    """Notes moved half a second ahead are always later than a stall: what is left out is left out once."""
    rig.ask("options", offset_ms=-500)
    rig.ask("queue", id="eighths")
    rig.run(1)
    rig.now += 10
    rig.heard.clear()
    rig.run(0.5)

    assert 1 <= len(rig.ons()) <= 4


def test_the_end_takes_what_a_stop_has_dated_later_than_now():
    """Notes moved ahead are stopped before their bar line: an end in between releases them at once, and says Stop."""
    rig = Rig(pattern("long", [(0, 36), (BAR - 60, 38)]), clock_out=True, lookahead=LEAD)
    rig.ask("options", offset_ms=-200)
    rig.ask("queue", id="long")
    rig.run(0.5)
    rig.ask("stop", at="bar")
    rig.run(1.51)
    assert rig.hanging()
    rig.player.silence(rig.now)
    rig._keep()

    assert not rig.hanging()
    assert [data[0] for _, data in rig.heard[-2:]] == [0x89, 0xFC]


def test_panic_releases_and_the_groove_goes_on(rig):
    """Everything is released at once, and the next hit comes."""
    rig.ask("queue", id="quarters")
    rig.run(0.02)
    rig.midi(0xB0, 123, 0)
    assert not rig.hanging()

    rig.run(0.6)
    assert [note for _, note in rig.ons()] == [36, 37]


def test_a_press_just_after_the_bar_line_joins_late(rig):
    """Asked for before the line, answered 40 ms after it: it plays that bar, its first hit at once."""
    rig.ask("queue", id="quarters")
    rig.run(LEAD + 2.04)
    rig.heard.clear()
    began = rig.now
    reply = rig.ask("queue", id="eighths", at="bar", asked_at=rig.now - 0.1)
    rig.run(0.5)

    assert reply["tick"] == BAR
    assert rig.ons(began) == [(0.0, 42), (0.21, 42), (0.46, 42)]


def test_after_a_crash_it_goes_on_at_the_position(rig):
    """Told that tick 1000 was 0.3 s ago: the hits from now on, none before."""
    rig.ask("resume", tick=1000, t=rig.now - 0.3, playing="quarters", bpm=120)
    began = rig.now
    rig.run(1.0)

    assert rig.ons(began) == [
        (round(0.5 * (1920 - 1000) / 960 - 0.3, 4), 38),
        (round(0.5 * (2880 - 1000) / 960 - 0.3, 4), 39),
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"c": "dance"}, "unknown command"), ({"c": "queue", "id": "nothing"}, "not loaded"), ({"c": "queue"}, "queue"),
        ({"c": "queue", "id": "quarters", "at": "noon"}, "must be one of"), ({"c": "tempo", "bpm": 1e9}, "20 to 300"),
        ({"c": "tempo", "bpm": float("nan")}, "20 to 300"), ({"c": "tempo", "bpm": "fast"}, "tempo"),
        ({"c": "sync", "mode": "moon"}, "must be one of"),
        ({"c": "options", "offset_ms": 1e6}, "-500 to 500"), ({"c": None}, "unknown command"),
        ({"c": "send", "data": "zz"}, "send"),
    ],
)  # fmt: skip
def test_a_bad_command_says_why_and_changes_nothing(rig, command, words):
    """Each refusal names what is wrong; nothing starts, nothing sounds."""
    with pytest.raises(CommandError, match=words):
        rig.player.command(command, (), rig.now)
    rig.run(1)

    assert rig.heard == []
    assert rig.player.transport.state is State.STOPPED
