"""Two hands, two feet: what is named unplayable, what mending takes out, and that it never takes too much."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import groove
from router.pattern import COMMON_TIME, VOICES, Hit, Meter, Pattern
from router.request import GrooveRequest

FEET = {"kick", "hat_pedal"}


def pattern(*hits: tuple[int, str, int], bars: int = 1) -> Pattern:
    """A pattern of (tick, voice, velocity)."""
    return Pattern(COMMON_TIME, bars, tuple(Hit(*hit) for hit in hits))


@pytest.mark.parametrize(
    ("hits", "tempo", "left_out", "why"),
    [
        (
            [(0, "kick", 100), (0, "snare", 100), (0, "crash", 100), (0, "hat_closed", 60)],
            120,
            "hat_closed",
            "third hand",
        ),
        ([(0, "hat_open", 90), (0, "hat_pedal", 60)], 120, "hat_pedal", "hi-hat is open"),
        ([(0, "hat_open", 90), (0, "hat_closed", 60)], 120, "hat_closed", "hi-hat is open"),
        ([(0, "snare", 90), (0, "snare", 40)], 120, "snare", "twice at once"),
        ([(0, "kick", 90), (30, "kick", 80)], 120, "kick", "two feet"),
        ([(0, "snare", 90), (20, "snare", 80), (40, "snare", 80)], 120, "snare", "two hands"),
    ],
)
def test_what_nobody_can_play_is_named_and_mended(
    hits: list[tuple[int, str, int]], tempo: float, left_out: str, why: str
) -> None:
    """Each impossible bar is named with its bar, beat, voice and reason, and one stroke leaves."""
    impossible = pattern(*hits)

    mended, mends = groove.repair(impossible, tempo=tempo)

    assert any(why in flaw and left_out in flaw for flaw in groove.flaws(impossible, tempo))
    assert any(why in mend and left_out in mend and mend.startswith("bar 1 beat") for mend in mends)
    assert groove.flaws(mended, tempo) == ()
    assert len(mended.hits) == len(hits) - 1


@pytest.mark.parametrize(
    "hits",
    [
        [(tick, "snare", 90) for tick in range(0, 3840, 120)],  # a 32nd roll with both hands
        [(tick, "kick", 90) for tick in range(0, 3840, 240)],  # double kick
        [(0, "kick", 90), (0, "hat_pedal", 60), (0, "snare", 90), (0, "ride", 70)],  # all four limbs
    ],
)
def test_what_drummers_do_is_left_alone(hits: list[tuple[int, str, int]]) -> None:
    """Rolls, double kick and four limbs at once come back as the same object at 120."""
    playable = pattern(*hits)

    assert groove.repair(playable, tempo=120) == (playable, ())


def test_tempo_decides() -> None:
    """Sixteenths on the kick pass at 180 and not at 330: the limit is in milliseconds."""
    kicks = pattern(*[(tick, "kick", 90) for tick in range(0, 3840, 240)])

    assert groove.flaws(kicks, 180) == ()
    assert len(groove.flaws(kicks, 330)) > 0


def test_reaching_another_drum_takes_time() -> None:
    """75 ms after both hands struck, one can strike its drum again but not a crash across the kit."""
    both = [(0, "snare", 90), (0, "tom_high", 90)]

    assert groove.flaws(pattern(*both, (144, "snare", 90)), 120) == ()
    assert len(groove.flaws(pattern(*both, (144, "crash", 90)), 120)) == 1


def test_the_backbeat_is_the_last_to_go() -> None:
    """Of three things for two hands the backbeat and the crash stay, the hat goes."""
    mended, _ = groove.repair(pattern((960, "snare", 105), (960, "crash", 100), (960, "hat_closed", 70)), tempo=120)

    assert {hit.voice for hit in mended.hits} == {"snare", "crash"}


strokes = st.builds(Hit, st.integers(0, 3839), st.sampled_from(VOICES), st.integers(1, 127))


@given(hits=st.lists(strokes, min_size=1, max_size=80), tempo=st.floats(40, 300))
@settings(max_examples=150)
def test_anything_can_be_mended(hits: list[Hit], tempo: float) -> None:
    """Whatever a model writes, the mended bar is playable, a subset of it, and not empty."""
    wild = Pattern(COMMON_TIME, 1, tuple(hits))

    mended, mends = groove.repair(wild, tempo=tempo)

    assert groove.flaws(mended, tempo) == ()
    assert set(mended.hits) <= set(wild.hits)
    assert mended.hits
    assert len(mended.hits) + len(mends) >= len(wild.hits)
    for tick in {hit.tick for hit in mended.hits}:
        at = [hit.voice for hit in mended.hits if hit.tick == tick]
        assert len([voice for voice in at if voice not in FEET]) <= 2
        assert len(set(at)) == len(at)


def test_ten_thousand_generated_bars_are_playable() -> None:
    """Over all genres, metres and tempos no generated bar is silent or beyond two hands and two feet."""
    draw = random.Random(7)
    bars = 0
    while bars < 10_000:
        meter = Meter.parse(draw.choice(["4/4", "4/4", "3/4", "7/8", "6/8", "5/4"]))
        tempo = float(draw.randint(50, 220))
        request = GrooveRequest(
            genre=draw.choice(groove.GENRES), bars=16, tempo=tempo, meter=meter, seed=draw.getrandbits(40),
            complexity=draw.random(), density=draw.random(), drummer=draw.choice((None, *groove.DRUMMERS)),
        )  # fmt: skip
        made = groove.generate(request)
        bars += made.bars

        assert groove.flaws(made, tempo) == (), request
        assert len({hit.tick // meter.bar_ticks for hit in made.hits}) == made.bars, request
