"""Knobs on a pattern that exists: thin, vary, shape and fill, whoever wrote it."""

from __future__ import annotations

import pytest

from router import groove
from router.errors import InvalidRequest
from router.pattern import COMMON_TIME, Hit, Meter, Pattern
from router.request import GrooveRequest

ROCK = Pattern(
    COMMON_TIME,
    2,
    tuple(
        [Hit(t, "hat_closed", 80 if t % 960 == 0 else 60, 0, 90) for t in range(0, 7680, 480)]
        + [Hit(t + b, "kick", 100) for b in (0, 3840) for t in (0, 1920, 2400)]
        + [Hit(t + b, "snare", 105) for b in (0, 3840) for t in (960, 2880)]
        + [Hit(t + b, "snare", 30) for b in (0, 3840) for t in (1680, 2160)]
    ),
    "by hand",
    110.0,
)


def keys(pattern: Pattern) -> set[tuple[int, str]]:
    """What is struck and where."""
    return {(hit.tick, hit.voice) for hit in pattern.hits}


def test_thinning_goes_by_importance() -> None:
    """Ghosts leave first, the backbeat and the first kick never; less density is never more strokes."""
    sizes = [len(groove.thin(ROCK, density=d / 10).hits) for d in range(11)]
    few = keys(groove.thin(ROCK, density=0.0))
    less = keys(groove.thin(ROCK, density=0.35))

    assert sizes == sorted(sizes)
    assert sizes[5] == len(ROCK.hits)
    assert {(0, "kick"), (960, "snare"), (2880, "snare")} <= few
    assert (1680, "snare") not in less


def test_more_density_adds_and_takes_nothing() -> None:
    """Above the middle strokes are added round what is there, and hands can still play them."""
    more = groove.thin(ROCK, density=1.0)

    assert keys(ROCK) < keys(more)


@pytest.mark.parametrize("amount", [0.0, 0.5, 1.0])
def test_a_variation_is_heard_and_is_the_same_groove(amount: float) -> None:
    """Every seed changes something, keeps backbeat and downbeat, and stays playable."""
    for seed in range(40):
        varied = groove.vary(ROCK, seed=seed, amount=amount)

        assert keys(varied) != keys(ROCK)
        assert {(0, "kick"), (960, "snare"), (2880, "snare"), (4800, "snare")} <= keys(varied)
        assert len(keys(varied) & keys(ROCK)) / len(keys(ROCK)) > 0.5
        assert groove.flaws(varied, 110.0) == ()


def test_variations_differ_and_repeat() -> None:
    """A seed names a variation; twenty seeds give about twenty of them."""
    assert len({groove.vary(ROCK, seed=seed).id for seed in range(20)}) > 17
    assert groove.vary(ROCK, seed=3) == groove.vary(ROCK, seed=3)


def test_a_fill_completes_the_bar_that_sounds() -> None:
    """One bar: the groove up to the tick, then the fill, whatever the bar the tick lies in."""
    for start in (0, 960, 1920, 2880, 3840 + 1920):
        filled = groove.fill(ROCK, seed=4, start_tick=start)
        place = start % 3840
        kept = {(t % 3840, v) for t, v in keys(ROCK) if start - place <= t < start}

        assert filled.bars == 1
        assert {key for key in keys(filled) if key[0] < place} == kept
        assert any(hit.tick >= place for hit in filled.hits)
        assert groove.flaws(filled, 110.0) == ()


def test_there_are_five_hundred_fills() -> None:
    """A thousand seeds give more than 500 different fills: a vocabulary, not a list."""
    fills = {frozenset(keys(groove.fill(ROCK, seed=seed, start_tick=1920))) for seed in range(1000)}

    assert len(fills) > 500


@pytest.mark.parametrize("meter", ["3/4", "6/8", "7/8", "5/4", "13/8", "7/16"])
def test_fills_end_with_the_bar_in_every_metre(meter: str) -> None:
    """In odd metres too a fill stays inside its one bar."""
    pattern = groove.generate(GrooveRequest(genre="rock", meter=Meter.parse(meter), seed=1))
    for seed in range(20):
        filled = groove.fill(pattern, seed=seed, start_tick=pattern.meter.bar_ticks // 2)

        assert filled.meter == pattern.meter
        assert all(0 <= hit.tick + hit.shift < filled.ticks for hit in filled.hits)


def test_stops_are_told_apart() -> None:
    """A break is thinner than a fill, a hold is one stroke, a build grows; anything else is refused."""
    made = {kind: groove.fill(ROCK, seed=8, start_tick=0, kind=kind).hits for kind in groove.FILL_KINDS}
    snares = [hit.velocity for hit in made["build"] if hit.voice == "snare"]

    assert {(hit.tick, hit.voice) for hit in made["hold"]} == {(0, "kick"), (0, "crash")}
    assert len(made["break"]) < len(made["fill"])
    assert snares[-1] > snares[0]
    with pytest.raises(InvalidRequest, match="kind is 'encore'"):
        groove.fill(ROCK, seed=1, kind="encore")


def test_shape_acts_on_what_it_names() -> None:
    """Intensity moves every velocity, ghosts only the soft snare, openness only the hat; the middle changes nothing."""
    loud = groove.shape(ROCK, intensity=0.8)
    bare = groove.shape(ROCK, ghosts=0.0)
    wide = groove.shape(ROCK, openness=0.9)

    assert groove.shape(ROCK).hits == ROCK.hits
    assert all(a.velocity > b.velocity for a, b in zip(loud.hits, ROCK.hits, strict=True))
    assert keys(ROCK) - keys(bare) == {(t + b, "snare") for b in (0, 3840) for t in (1680, 2160)}
    assert {hit.voice for hit in wide.hits} == {"kick", "snare", "hat_open"}
    assert {hit.openness for hit in wide.hits if hit.voice == "hat_open"} == {18}


def test_taking_the_ghosts_away_silences_no_bar_and_takes_no_backbeat() -> None:
    """Where all is played softly the backbeat is no ghost, and a bar of nothing but ghosts keeps one."""
    soft = [Hit(tick, "snare", 44) for tick in (960, 2880)] + [Hit(tick, "snare", 20) for tick in (1680, 3840, 4080)]
    quiet = Pattern(COMMON_TIME, 2, tuple(soft))

    bare = groove.shape(quiet, ghosts=0.0)

    assert keys(bare) == {(960, "snare"), (2880, "snare"), (3840, "snare")}


def test_feel_survives_a_variation() -> None:
    """A pattern that wears feel wears it after varying: the strokes that stay are struck as before, or nearly."""
    felt = groove.generate(GrooveRequest(genre="rock", bars=4, seed=2, humanize=1.0))
    varied = groove.vary(felt, seed=6)
    before = {(hit.tick, hit.voice): hit.shift for hit in felt.hits}
    same = [hit for hit in varied.hits if before.get((hit.tick, hit.voice)) == hit.shift]

    assert varied.meta["feel"] == felt.meta["feel"]
    assert len(same) > 0.6 * len(varied.hits)


@pytest.mark.parametrize("genre", ["rock", "funk", "jazz", "house"])
def test_a_variation_of_a_variation_is_as_loud_as_the_first(genre):
    """However often it is varied: the hand that is taken off is the one that is put on again."""
    first = groove.generate(GrooveRequest(genre=genre, bars=4, seed=3))
    last = first
    for seed in range(6):
        last = groove.vary(last, seed=seed, amount=0.2)

    was = {(hit.tick, hit.voice): hit.velocity for hit in first.hits}
    now = {(hit.tick, hit.voice): hit.velocity for hit in last.hits}
    both = was.keys() & now.keys()

    assert abs(sum(now[place] - was[place] for place in both)) / len(both) < 4
