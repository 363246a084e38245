"""A master that goes elsewhere while notes are on their way already, as on JACK: none is lost, none comes too soon."""

import pytest

from tests.support.rig import BAR, Rig, pattern

SIXTEENTHS = pattern("sixteenths", [(240 * n, 36 + n) for n in range(32)], bars=2)
AHEAD_S = 0.0043
PULSE_S = 1 / 48
START, CONTINUE, STOP, TOP = (0xFA,), (0xFB,), (0xFC,), (0xF2, 0, 0)
TURNS = {
    "FC F2 FB": (STOP, TOP, CONTINUE), "F2 FB": (TOP, CONTINUE), "F2": (TOP,), "FA": (START,), "FC FA": (STOP, START),
}  # fmt: skip


def following(*patterns):
    """A player that hands over ahead of time, waiting for Start."""
    rig = Rig(*patterns, sync="clock", lookahead=AHEAD_S)
    rig.ask("queue", id=patterns[0].id)
    return rig


def clocks_until(rig, count, before_s):
    """Let `count` clocks come; stop the time `before_s` before the next one."""
    rig.clocks(count - 1)
    rig.midi(0xF8)
    rig.run(PULSE_S - before_s)


@pytest.mark.parametrize("before_ms", [0.6, 3.0, 5.0])
@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("pulses", [72, 96, 192], ids=["three quarters", "a bar", "the whole pattern"])
def test_a_loop_sounds_each_hit_once(turn, before_ms, pulses):
    """Whatever says so, and however shortly before: the old place's next hit does not sound, the new one's does, once.

    Where both strike the same drum, the one that is on its way already may be it.
    """
    rig = following(SIXTEENTHS)
    rig.midi(0xFA)
    began = rig.now
    for _ in range(3):
        clocks_until(rig, pulses, before_ms / 1000)
        for message in turn:
            rig.midi(*message)
        rig.run(before_ms / 1000)
    rig.clocks(3)

    hits = pulses // 6
    expected = [(0.125 * (turn * hits + n), 36 + n) for turn in range(3) for n in range(hits)]
    expected.append((0.125 * 3 * hits, 36))
    assert [note for _, note in rig.ons(began)] == [note for _, note in expected]
    assert [at for at, _ in rig.ons(began)] == pytest.approx([at for at, _ in expected], abs=0.001)


def test_a_hit_before_the_turn_still_sounds():
    """A position told half a pulse ahead: what lies before the next clock is played where it was."""
    swung = pattern("swung", [(0, 36), (BAR - 30, 40)])
    rig = following(swung)
    rig.midi(0xFA)
    began = rig.now
    clocks_until(rig, 96, PULSE_S * 0.8)
    rig.midi(*TOP)
    rig.run(PULSE_S * 0.8)
    rig.clocks(2)

    assert rig.ons(began) == [(0.0, 36), (pytest.approx(2 - 30 / 1920, abs=0.001), 40), (2.0, 36)]


def test_a_groove_that_waited_begins_wherever_the_song_does():
    """Asked for while nothing played, then Continue in the middle of bar 3: the third bar's hits, from the first on."""
    rig = following(SIXTEENTHS)
    rig.midi(0xF2, 2 * 16 + 9, 0)
    rig.midi(0xFB)
    began = rig.now
    rig.clocks(13)

    assert rig.ons(began) == [(0.0, 45), (0.125, 46), (0.25, 47)]


def test_a_pattern_of_another_length_keeps_to_the_song_position():
    """Three bars of seven eighths: at every position that Continue tells, the hit that belongs there."""
    seven = pattern("seven", [(480 * n, 36 + n) for n in range(21)], bars=3, bar_ticks=3360, beats=(960, 960, 960, 480))
    rig = following(seven)
    for eighth in (0, 5, 7, 20, 21, 40, 100):
        rig.midi(0xF2, 2 * eighth & 0x7F, 2 * eighth >> 7)
        rig.midi(0xFB)
        began = rig.now
        rig.clocks(13)
        rig.midi(0xFC)
        rig.run(1)

        heard = [note for at, note in rig.ons(began) if at >= 0]
        assert heard == [36 + (eighth + n) % 21 for n in range(2)]


@pytest.mark.parametrize("bpm", [20, 40, 300])
def test_the_first_hits_wait_for_a_clock_nobody_knows(bpm):
    """Start without a clock before it: the second sixteenth comes with its pulse, however slow, not at a guess."""
    rig = following(SIXTEENTHS)
    rig.midi(0xFA)
    began = rig.now
    rig.clocks(25, bpm)

    step = 60 / bpm / 4
    assert rig.ons(began) == [(pytest.approx(step * n, abs=0.001), 36 + n) for n in range(5)]


def test_nothing_of_the_next_bar_sounds_when_a_clock_is_lost():
    """The bar is finished at the last tempo; the bar line's own hit, on its way already, is taken back."""
    rig = following(SIXTEENTHS)
    rig.midi(0xFA)
    rig.clocks(60)
    rig.run(4)

    assert rig.ons()[-1][1] == 36 + 15
    assert not rig.hanging()


@pytest.mark.parametrize("rest_s", [0.3, 0.45, 1.0, 2.0])
def test_a_master_that_rests_without_a_word_is_met_again_on_its_beats(rest_s):
    """No clock for a while and no Stop: afterwards each hit comes with the pulse it had before, none twice."""
    rig = following(SIXTEENTHS)
    rig.midi(0xFA)
    began = rig.now
    rig.clocks(24 * 6 + 5)
    rig.run(rest_s - PULSE_S)
    again = rig.now
    rig.clocks(24 * 6)
    rig.midi(0xFC)

    late = [(at, note) for at, note in rig.ons(began) if at > again - began + 0.55]
    resting = (again - began) - (24 * 6 + 5) * PULSE_S
    assert len(late) >= 16
    for at, note in late:
        assert (at - resting) * 8 % 32 == pytest.approx(note - 36, abs=0.02)
    assert rig.worst <= 1


def test_a_clock_in_the_middle_of_its_run_gets_its_downbeat_at_now():
    """Attached in the middle of a run: silence, an offer, no bar position; a groove asked for now begins there."""
    rig = Rig(pattern("quarters", [(960 * n, 36 + n) for n in range(4)]))
    rig.clocks(30)
    rig.ask("queue", id="quarters")
    rig.clocks(30)

    assert rig.ons() == []
    assert rig.ask("status")["transport"]["quality"] == "no bar position"
    assert sum("'now'" in str(event.get("text")) for event in rig.events) == 1
    rig.ask("queue", id="quarters", at="now")
    began = rig.now
    rig.clocks(25)
    assert rig.ons(began) == [(pytest.approx(0, abs=0.001), 36), (pytest.approx(0.5, abs=0.001), 37)]
    assert rig.ask("status")["transport"]["quality"] == "locked"
