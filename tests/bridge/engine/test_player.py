"""Transport and timeline together, in virtual time: what a synthesizer hears, and when."""

import pytest

from bridge.engine.player import CommandError
from bridge.engine.transport import State
from tests.support.rig import BAR, Rig, pattern

QUARTERS = pattern("quarters", [(0, 36), (960, 37), (1920, 38), (2880, 39)])
EIGHTHS = pattern("eighths", [(t, 42) for t in range(0, BAR, 480)])
LEAD = 0.004


@pytest.fixture
def rig():
    """A player that knows two grooves, alone in the world."""
    return Rig(QUARTERS, EIGHTHS)


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


def test_start_takes_effect_on_the_next_clock(rig):
    """FA alone sounds nothing; the first F8 is beat one, exactly then."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.run(0.3)
    rig.midi(0xFA)
    rig.run(0.2)
    assert rig.ons() == []

    began = rig.now
    rig.clocks(49)
    assert rig.ons(began) == [(0.0, 36), (0.5, 37), (1.0, 38)]


def test_start_and_clock_in_the_same_instant_need_no_gap(rig):
    """Ardour and JACK put both into one frame."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    began = rig.now
    rig.midi(0xFA)
    rig.clocks(25)

    assert rig.ons(began) == [(0.0, 36), (0.5, 37)]


def test_auto_prefers_the_clock_outside_and_restarts_with_it(rig):
    """An internal groove gives way to Start from outside: released, and from the top with the first clock."""
    rig.ask("queue", id="quarters")
    rig.run(0.7)
    rig.midi(0xFA)
    rig.heard.clear()
    began = rig.now
    rig.clocks(25, bpm=100)

    assert rig.ons(began) == [(0.0, 36), (0.6, 37)]
    assert rig.player.transport.source == "clock"


def test_a_clock_that_runs_while_stopped_makes_a_trigger_wait(rig):
    """Much hardware always sends clock: without Start nothing sounds, with it the groove begins."""
    rig.clocks(48)
    rig.ask("queue", id="quarters")
    rig.clocks(48)
    assert rig.ons() == []
    assert rig.player.transport.state is State.ARMED

    rig.midi(0xFA)
    began = rig.now
    rig.clocks(2)
    assert rig.ons(began) == [(0.0, 36)]


def test_stop_from_outside_silences_at_once_and_continue_goes_on(rig):
    """FC releases; FB plays on from there at the next clock."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    rig.clocks(24 + 12)
    rig.midi(0xFC)
    assert not rig.hanging()
    count = len(rig.ons())
    rig.run(2)
    assert len(rig.ons()) == count

    rig.heard.clear()
    rig.midi(0xFB)
    began = rig.now
    rig.clocks(14)
    assert rig.ons(began) == [(0.25, 38)]


@pytest.mark.parametrize("pause", [0.001, 0.01, 0.12, 3.0], ids=lambda pause: f"stop {pause * 1000:g} ms after")
def test_continue_goes_on_with_the_clock_after_the_last_one(rig, pause):
    """A master counts clocks: whenever its Stop comes, its next clock is the one after the last it sent."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    rig.clocks(23)
    rig.midi(0xF8)
    rig.run(pause)
    rig.midi(0xFC)
    rig.run(1)
    rig.heard.clear()
    rig.midi(0xFB)
    began = rig.now
    rig.clocks(26)

    assert rig.ons(began) == [(0.0, 37), (0.5, 38)]


def test_continue_while_it_runs_changes_nothing(rig):
    """A master that runs already says nothing new by it: the groove neither jumps nor sounds twice."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    began = rig.now
    rig.clocks(30)
    rig.midi(0xFB)
    rig.clocks(50)

    assert rig.ons(began) == [(0.0, 36), (0.5, 37), (1.0, 38), (1.5, 39)]


def test_song_position_places_the_groove(rig):
    """F2 to bar 2 beat 3, then Continue: the third hit of the pattern comes first."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    rig.clocks(2)
    rig.midi(0xFC)
    rig.run(0.5)
    rig.heard.clear()
    rig.midi(0xF2, 24, 0)
    rig.midi(0xFB)
    began = rig.now
    rig.clocks(25)

    assert rig.ons(began) == [(0.0, 38), (0.5, 39)]


@pytest.mark.parametrize("with_stop", [True, False], ids=["FC F2 FB", "F2 FB"])
def test_a_loop_of_the_daw_is_a_jump_and_not_a_stop(rig, with_stop):
    """Back to bar 1 at the end of bar 1: the beat there sounds once, on time; the daemon never hears of a stop."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    rig.clocks(95)
    rig.midi(0xF8)
    rig.heard.clear()
    rig.run(1 / 48)
    rig.events.clear()
    if with_stop:
        rig.midi(0xFC)
    rig.midi(0xF2, 0, 0)
    rig.midi(0xFB)
    began = rig.now
    rig.clocks(26)

    assert rig.ons(began) == [(0.0, 36), (0.5, 37)]
    assert {e["state"] for e in rig.events if e["e"] == "transport"} == {"playing"}


def test_a_position_that_counts_clocks_is_read_as_such(rig):
    """Ardour 7.3 stopped at quarter 8 tells 192: that is six times too many, and from there it goes on at quarter 8."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    rig.clocks(8 * 24)
    rig.midi(0xFC)
    rig.run(1)
    rig.midi(0xF2, 0x40, 0x01)
    rig.midi(0xFB)
    rig.midi(0xF8)

    assert round(rig.player.transport.tick_at(rig.now)) == 8 * 960
    assert any("six times" in str(e.get("text")) for e in rig.events)


def test_a_position_that_counts_clocks_may_tell_the_next_beat(rig):
    """Recorded from Ardour 7.3: stopped at quarter 10.04 it tells 264 (quarter 11), and its clocks begin there."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    rig.clocks(241)
    rig.midi(0xFC)
    rig.run(1.48)
    rig.heard.clear()
    rig.midi(0xF2, 0x08, 0x02)
    rig.midi(0xFB)
    began = rig.now
    rig.clocks(2)

    assert rig.ons(began) == [(0.0, 39)]


def test_a_start_off_the_old_clocks_grid_is_where_it_is_seen(rig):
    """Recorded from Ardour 7.3: located while rolling, the first clock comes 0.8 ms early and counts."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    rig.clocks(144)
    rig.now -= 0.00083
    rig.midi(0xFC)
    rig.midi(0xFA)
    rig.heard.clear()
    began = rig.now
    rig.clocks(26)

    assert rig.ons(began)[-1] == (pytest.approx(0.5, abs=0.0005), 37)


def test_a_lost_clock_finishes_the_bar_and_waits(rig):
    """No clock for half a second: the bar is finished at the last tempo, then nothing sounds and it says so."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    began = rig.now
    rig.clocks(36)
    rig.run(10)

    assert rig.ons(began) == [(0.0, 36), (0.5, 37), (1.0, 38), (1.5, 39)]
    assert rig.player.transport.state is State.ARMED
    assert not rig.hanging()
    assert any("lost" in str(e.get("text")) for e in rig.events)


def test_a_clock_that_comes_back_is_believed_after_a_quarter(rig):
    """A clock that paused without Stop goes on where it was, after 24 steady pulses."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    rig.clocks(36)
    rig.run(10)
    rig.heard.clear()
    rig.clocks(80)

    assert rig.player.transport.state is State.PLAYING
    assert [note for _, note in rig.ons()][:2] == [39, 36]


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


def test_while_following_nothing_of_a_clock_goes_out(rig):
    """A follower is no leader: no F8, FA or FC leaves."""
    rig.player.clock_out = True
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    rig.clocks(30)
    rig.midi(0xFC)

    assert not [data for _, data in rig.heard if data[0] >= 0xF0]


def test_leading_sends_start_24_clocks_a_quarter_and_stop():
    """FA comes before the first F8, the first F8 is beat one, and FC ends it."""
    rig = Rig(QUARTERS, clock_out=True)
    rig.ask("queue", id="quarters")
    began = rig.now
    rig.run(1.0)
    rig.ask("stop")
    system = [(at - began, data[0]) for at, data in rig.heard if data[0] >= 0xF0]

    assert [byte for _, byte in system] == [0xFA] + [0xF8] * 48 + [0xFC]
    assert [at for at, _ in system[1:49]] == pytest.approx([LEAD + n / 48 for n in range(48)])


def test_our_own_clock_on_the_input_is_not_a_master():
    """Output wired to input, a millisecond later: we go on leading."""
    rig = Rig(QUARTERS, clock_out=True)
    rig.ask("queue", id="quarters")
    for _ in range(200):
        rig.run(0.01)
        heard, rig.heard = rig.heard, []
        for at, data in heard:
            rig.player.incoming(data, at + 0.001, rig.now)
    rig._settle()

    assert rig.player.transport.source == "internal"
    assert rig.player.transport.state is State.PLAYING


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


def test_stopped_by_hand_under_a_running_clock_it_joins_again_in_place(rig):
    """Stop is silent while the master runs on; Play comes back in at the master's position."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    rig.clocks(20)
    rig.ask("stop")
    rig.heard.clear()
    rig.clocks(34)
    assert rig.ons() == []

    rig.ask("play")
    began = rig.now
    rig.clocks(24)
    assert rig.ons(began) == [(pytest.approx(0.375, abs=0.001), 39)]


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


@pytest.mark.parametrize("bpm", [20, 300])
def test_the_slowest_and_the_fastest_clock_are_followed(rig, bpm):
    """At both ends of the range each beat sounds on its time."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    began = rig.now
    rig.clocks(24 * 8 + 1, bpm)

    assert [at for at, _ in rig.ons(began)] == pytest.approx([n * 60 / bpm for n in range(9)], abs=0.001)
