from __future__ import annotations

import random

import pytest

from router.errors import InvalidRequest
from router.hearing import taps_to_pattern
from router.pattern import Meter

# Beats of two bars: a clave, tapped on one key.
CLAVE = (0.0, 0.75, 1.5, 2.5, 3.0, 4.0, 4.75, 5.5, 6.5, 7.0)
STRAIGHT = (0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 5.5, 6.0, 7.0)


def tapped(
    beats: tuple[float, ...],
    bpm: float,
    *,
    seed: int = 1,
    spread_s: float = 0.01,
    note: int = 38,
    start_s: float = 71.3,
):
    """Return events of one key with a hand's spread."""
    rng = random.Random(seed)
    return [(start_s + at * 60 / bpm + rng.gauss(0, spread_s), note, 90) for at in beats]


@pytest.mark.parametrize("bpm", [72, 84, 95, 108, 120, 135])
@pytest.mark.parametrize("seed", range(4))
def test_the_tempo_is_found_from_the_taps(bpm: int, seed: int) -> None:
    """Two bars with a finger's 10 ms of spread: the tempo is within 2 % and every stroke on its sixteenth."""
    found = taps_to_pattern(tapped(STRAIGHT, bpm, seed=seed), fit=False)

    assert found.tempo == pytest.approx(bpm, rel=0.02)
    assert [h.tick for h in found.hits] == [round(at * 960) for at in STRAIGHT]
    assert found.bars == 2


@pytest.mark.parametrize("bpm", [60, 100, 150, 200])
def test_a_running_transport_gives_tempo_and_bar_line(bpm: int) -> None:
    """With tempo and start known nothing is guessed: strokes lie where they were played against the bar."""
    events = tapped(CLAVE, bpm, spread_s=0.0)
    line = events[0][0] - 60 / bpm
    found = taps_to_pattern(events, tempo=bpm, start_s=line, fit=False)

    assert [h.tick for h in found.hits][:3] == [960, 1680, 2400]
    assert found.tempo == bpm


def test_a_stroke_just_before_the_line_is_its_downbeat() -> None:
    """A first stroke 20 ms early is beat one with a shift, not the end of the bar before."""
    found = taps_to_pattern([(9.98, 36, 90), (10.5, 38, 90), (11.0, 36, 90)], tempo=120, start_s=2.0, fit=False)

    assert [(h.tick, h.shift) for h in found.hits] == [(0, -38), (960, 0), (1920, 0)]


def test_notes_are_the_drums_they_mean() -> None:
    """General MIDI's numbers are read; notes it does not know lie low to high on kick, snare and hat."""
    drums = [(0, 36, 100), (0.5, 42, 50), (1.0, 38, 110), (1.5, 46, 70)]
    keys = [(0, 90, 100), (0.5, 100, 50), (1.0, 96, 110), (1.5, 100, 70)]

    assert [h.voice for h in taps_to_pattern(drums, tempo=120, fit=False).hits] == [
        "kick",
        "hat_closed",
        "snare",
        "hat_open",
    ]
    assert [h.voice for h in taps_to_pattern(keys, tempo=120, fit=False).hits] == [
        "kick",
        "hat_closed",
        "snare",
        "hat_closed",
    ]
    assert {h.voice for h in taps_to_pattern([(0, 60, 90), (1, 72, 90)], tempo=120, voices={}, fit=False).hits} == {
        "kick",
        "snare",
    }


def test_a_rhythm_on_one_key_becomes_a_beat_that_fits() -> None:
    """Every tap is still there, its backbeats on the snare, and steady hats hold it together."""
    found = taps_to_pattern(tapped(STRAIGHT, 100), tempo=100)
    struck = {h.tick for h in found.hits if h.voice in {"kick", "snare"}}

    assert struck == {round(at * 960) for at in STRAIGHT}
    assert [h.tick for h in found.hits if h.voice == "snare"] == [960, 2880, 4800, 6720]
    assert [h.tick for h in found.hits if h.voice == "hat_closed"] == list(range(0, 7680, 480))


def test_hats_alone_get_a_kick_and_a_backbeat() -> None:
    """What is missing is added, what was played is untouched."""
    found = taps_to_pattern(tapped(tuple(n / 2 for n in range(8)), 110, note=42, spread_s=0), tempo=110)

    assert [h.tick for h in found.hits if h.voice == "hat_closed"] == [n * 480 for n in range(8)]
    assert [h.tick for h in found.hits if h.voice == "snare"] == [960, 2880]
    assert [h.tick for h in found.hits if h.voice == "kick"] == [0, 1920]


def test_a_whole_kit_is_left_as_it_was_played() -> None:
    """Kick, snare and hat were all there: fitting adds nothing."""
    events = [(0, 36, 100), (0.5, 42, 50), (1.0, 38, 110), (1.5, 42, 70)]
    assert taps_to_pattern(events, tempo=120).hits == taps_to_pattern(events, tempo=120, fit=False).hits


def test_other_metres_are_answered_in_their_own_beats() -> None:
    """Seven eighths: the answer stays inside the bar."""
    events = [(n * 0.25, 36, 100) for n in range(7)]
    found = taps_to_pattern(events, tempo=120, meter=Meter.parse("7/8"))

    assert found.bars == 1
    assert max(h.tick for h in found.hits) < found.ticks


def test_the_length_is_given_or_the_least_that_holds_all() -> None:
    """Three bars of taps need four; asked for two, two are kept."""
    events = tapped((0.0, 4.0, 8.0, 9.0), 120, spread_s=0)

    assert taps_to_pattern(events, tempo=120).bars == 4
    assert taps_to_pattern(events, tempo=120, bars=2, fit=False).bars == 2


@pytest.mark.parametrize(
    "events",
    [
        [],
        [(0.0, 36, 90)],
        [(0.0, 36, 90), (0.5, 36, 0), (1.0, 36, 90), (1.5, 36, 0)],
        [(float("nan"), 36, 90)] * 5,
        [(float("inf"), 36, 90)] * 5,
        [(n * 10.0, 36, 90) for n in range(50)],
        [(n * 0.01, 36, 90) for n in range(5000)],
    ],
)
def test_what_is_no_rhythm_is_refused(events: list[tuple[float, int, int]]) -> None:
    """Too few strokes, releases only, no times, too long, too many: each says so."""
    with pytest.raises(InvalidRequest):
        taps_to_pattern(events)


@pytest.mark.parametrize("tempo", [0.5, 1000.0, -3.0])
def test_an_impossible_tempo_is_refused(tempo: float) -> None:
    """The program's own bounds hold here too."""
    with pytest.raises(InvalidRequest, match="tempo"):
        taps_to_pattern([(0, 36, 90), (1, 36, 90)], tempo=tempo)


def test_all_taps_at_once_do_not_divide_by_zero() -> None:
    """A chord is one stroke of several drums: no tempo in it, yet no crash."""
    found = taps_to_pattern([(5.0, 36, 90), (5.0, 38, 90), (5.0, 42, 90), (5.0, 49, 90)])

    assert {h.tick for h in found.hits} == {0}
