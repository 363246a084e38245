"""The player under a clock from outside, in virtual time: start, stop, position, loops, and clocks that fail."""

import pytest

from bridge.engine.transport import State
from tests.support.rig import ON_QUARTERS, Rig


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


def test_while_following_nothing_of_a_clock_goes_out(rig):
    """A follower is no leader: no F8, FA or FC leaves."""
    rig.player.clock_out = True
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    rig.clocks(30)
    rig.midi(0xFC)

    assert not [data for _, data in rig.heard if data[0] >= 0xF0]


def test_our_own_clock_on_the_input_is_not_a_master():
    """Output wired to input, a millisecond later: we go on leading."""
    rig = Rig(ON_QUARTERS, clock_out=True)
    rig.ask("queue", id="quarters")
    for _ in range(200):
        rig.run(0.01)
        heard, rig.heard = rig.heard, []
        for at, data in heard:
            rig.player.incoming(data, at + 0.001, rig.now)
    rig._settle()

    assert rig.player.transport.source == "internal"
    assert rig.player.transport.state is State.PLAYING


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


@pytest.mark.parametrize("bpm", [20, 300])
def test_the_slowest_and_the_fastest_clock_are_followed(rig, bpm):
    """At both ends of the range each beat sounds on its time."""
    rig.ask("sync", mode="clock")
    rig.ask("queue", id="quarters")
    rig.midi(0xFA)
    began = rig.now
    rig.clocks(24 * 8 + 1, bpm)

    assert [at for at, _ in rig.ons(began)] == pytest.approx([n * 60 / bpm for n in range(9)], abs=0.001)
