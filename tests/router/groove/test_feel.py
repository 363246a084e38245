"""The hand behind a pattern: its figures, that it can be taken off, and that it moves with nothing but its knobs."""

from __future__ import annotations

from itertools import pairwise

import pytest

from router import groove
from router.groove.feel import take_off
from router.groove.timing import swing_ratio, tempo_size, warp
from router.pattern import COMMON_TIME, Hit, Pattern
from router.request import GrooveRequest


def eighths(bars: int = 16, voice: str = "hat_closed") -> Pattern:
    """Even eighths of one voice."""
    hits = tuple(Hit(tick, voice, 80) for tick in range(0, bars * 3840, 480))
    return Pattern(COMMON_TIME, bars, hits, tempo=120.0)


def milliseconds(pattern: Pattern, tempo: float = 120) -> list[float]:
    """The shifts in milliseconds."""
    return [hit.shift * 60_000 / tempo / 960 for hit in pattern.hits]


def spread(values: list[float]) -> float:
    """The standard deviation."""
    mean = sum(values) / len(values)
    return (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5


def correlation(a: list[float], b: list[float]) -> float:
    """Pearson's correlation."""
    ma, mb = sum(a) / len(a), sum(b) / len(b)
    return sum((x - ma) * (y - mb) for x, y in zip(a, b, strict=True)) / len(a) / spread(a) / spread(b)


def test_timing_is_a_drift_and_not_noise() -> None:
    """Strokes an eighth apart wander together, and the whole is as wide as human drumming (12 to 24 ms)."""
    takes = [milliseconds(groove.apply_feel(eighths(), tempo=120, swing=0, humanize=1, seed=s)) for s in range(20)]
    alike = [correlation(take[:-1], take[1:]) for take in takes]

    assert 0.4 < sum(alike) / len(alike) < 0.85
    assert 12 < sum(map(spread, takes)) / len(takes) < 24


def test_bars_are_looser_and_tighter_in_turn() -> None:
    """No hand is as loose in each bar: a loose one is 2.77 times as wide as a tight one; drift alone makes it 2.55."""
    ratios = []
    for seed in range(20):
        late = milliseconds(groove.apply_feel(eighths(64), tempo=120, swing=0, humanize=1, seed=seed))
        widths = sorted(spread(late[bar : bar + 8]) for bar in range(0, len(late), 8))
        ratios.append(widths[57] / widths[6])

    assert sum(ratios) / 20 > 2.66


def test_a_hand_is_late_in_the_same_places_of_every_bar() -> None:
    """What is a habit returns: the snare's places lie alike in odd and even bars, and not alike in another take."""

    def places(seed: int, first: int) -> list[float]:
        felt = groove.apply_feel(eighths(64, "snare"), tempo=120, swing=0, humanize=1, seed=seed)
        late = milliseconds(felt)
        return [sum(late[8 * bar + place] for bar in range(first, 64, 2)) for place in range(1, 8)]

    same = [correlation(places(seed, 0), places(seed, 1)) for seed in range(12)]
    other = [correlation(places(seed, 0), places(seed + 1, 1)) for seed in range(12)]

    assert sum(same) / 12 > 0.6
    assert sum(other) / 12 < 0.3


def test_ghosts_are_freer_and_earlier_than_backbeats() -> None:
    """A snare's soft strokes lie further apart than its loud ones and ahead of them; the drift is the same for both."""

    def takes(velocity: int) -> list[list[float]]:
        strokes = eighths(voice="snare").with_hits(Hit(tick, "snare", velocity) for tick in range(0, 16 * 3840, 480))
        return [milliseconds(groove.apply_feel(strokes, tempo=120, swing=0, humanize=1, seed=s)) for s in range(20)]

    soft, loud = takes(30), takes(110)

    assert sum(map(spread, soft)) > 1.2 * sum(map(spread, loud))
    assert sum(map(sum, soft)) / 2560 < sum(map(sum, loud)) / 2560 - 5


def force(voice: str, velocity: int, seed: int, humanize: float = 1.0) -> list[int]:
    """The velocities of even eighths that are meant to be equally loud."""
    strokes = eighths(voice=voice).with_hits(Hit(tick, voice, velocity) for tick in range(0, 16 * 3840, 480))
    felt = groove.apply_feel(strokes, tempo=120, swing=0, humanize=humanize, seed=seed)
    return [hit.velocity for hit in felt.hits]


def test_a_foot_is_evener_than_a_stick() -> None:
    """Within a take the kick's force varies by two thirds of what the ride's does, or less."""
    kick, hat = (
        [spread([float(v) for v in force(voice, 70, seed)]) for seed in range(20)] for voice in ("kick", "ride")
    )

    assert sum(kick) < 2 / 3 * sum(hat)


def test_ghosts_stay_ghosts() -> None:
    """Four of five are soft however human the hand; as usually played 24 backbeats of 25 keep their weight."""
    ghosts = [velocity for seed in range(20) for velocity in force("snare", 30, seed)]
    backbeats = [velocity for seed in range(20) for velocity in force("snare", 110, seed, humanize=0.5)]

    assert sum(velocity >= 50 for velocity in ghosts) < len(ghosts) / 5
    assert sum(velocity < 60 for velocity in backbeats) < len(backbeats) / 25


def test_what_is_meant_louder_is_not_softer() -> None:
    """In one place of one take unevenness keeps the order of any two velocities."""
    for seed in range(20):
        rising = [force("snare", meant, seed) for meant in range(1, 128, 6)]

        assert all(a <= b for low, high in pairwise(rising) for a, b in zip(low, high, strict=True))


def test_people_hurry_further_than_they_drag() -> None:
    """The drift's far end is ahead of the beat: one stroke in fifty is a tenth further there than behind."""
    late = [
        x for s in range(60) for x in milliseconds(groove.apply_feel(eighths(), tempo=120, swing=0, humanize=1, seed=s))
    ]
    late.sort()
    middle, far = late[len(late) // 2], len(late) // 50

    assert middle - late[far] > 1.1 * (late[-far] - middle)


def test_slow_is_looser_than_fast() -> None:
    """Human timing is 20.3 ms wide below 80 and 12.0 above 150 beats a minute."""
    assert tempo_size(60) / tempo_size(160) == pytest.approx(20.3 / 12.0)


def test_humanize_scales_and_none_is_the_middle() -> None:
    """0 is a machine, .5 is 0.4 of human size and what None means, 1 is human."""
    sizes = [
        spread(milliseconds(groove.apply_feel(eighths(), tempo=120, swing=0, humanize=h, seed=1)))
        for h in (0, 0.5, 1, None)
    ]

    assert sizes[0] == 0
    assert sizes[1] == pytest.approx(0.4 * sizes[2], rel=0.05)
    assert sizes[3] == sizes[1]


@pytest.mark.parametrize(("swing", "ratio"), [(0.0, 1.0), (2 / 3, 2.0), (1.0, 3.0)])
def test_swing_is_long_against_short(swing: float, ratio: float) -> None:
    """Swing 0 is straight, two thirds a triplet, 1 a dotted eighth."""
    assert swing_ratio(swing, 1000) == pytest.approx(ratio)


def test_the_short_note_is_never_shorter_than_a_hand_can_play() -> None:
    """At 240 a swung eighth would be 83 ms; it stays 92, so fast swing straightens."""
    ratio = swing_ratio(2 / 3, 250)

    assert 250 / (1 + ratio) == pytest.approx(92)
    assert swing_ratio(1, 170) == pytest.approx(1)


def test_swing_warps_time_and_carries_what_lies_between() -> None:
    """With triplet swing the eighth falls on two thirds, sixteenths and 32nds follow in order, the beat stays."""
    assert [round(warp(tick, 2, 960)) for tick in (0, 240, 480, 720, 960)] == [0, 320, 640, 800, 960]
    assert all(warp(tick, 2, 960) < warp(tick + 1, 2, 960) for tick in range(960))


def test_written_triplets_are_not_swung_again() -> None:
    """A beat that is written in triplets stays as it is; the straight beat beside it swings."""
    hits = tuple(Hit(tick, "snare", 90) for tick in (0, 320, 640, 960, 1440))
    swung = groove.apply_feel(Pattern(COMMON_TIME, 1, hits), tempo=100, swing=2 / 3, humanize=0, seed=1)

    assert [hit.shift for hit in swung.hits] == [0, 0, 0, 0, 160]


def test_feel_comes_off_and_goes_on_again() -> None:
    """A knob turned and turned back gives the same bytes: feel is taken off before it is put on."""
    first = groove.generate(GrooveRequest(genre="funk", bars=4, seed=11, humanize=0.6))
    knobs = {"tempo": 120.0, "swing": 0.0, "seed": 11}
    there = groove.apply_feel(first, humanize=0.2, **knobs)
    back = groove.apply_feel(there, humanize=0.6, **knobs)
    changed = sum(a != b for a, b in zip(first.hits, back.hits, strict=True))

    assert there.hits != first.hits
    assert changed <= len(first.hits) // 20  # strokes at the velocity's ends come back as near as can be
    assert all(hit.shift == 0 for hit in take_off(first).hits)


def test_thinning_leaves_the_others_feel_alone() -> None:
    """Noise belongs to a place and a seed: a stroke that stays is struck as before."""
    full = groove.generate(GrooveRequest(genre="funk", bars=4, seed=11, humanize=1.0))
    thin = groove.thin(full, density=0.3)

    assert 0 < len(thin.hits) < len(full.hits)
    assert set(thin.hits) <= set(full.hits)


def test_a_drummer_leans() -> None:
    """The lazy drummer's snare is later than the driver's."""
    snares = eighths(voice="snare")

    def mean(drummer: str) -> float:
        feel = groove.apply_feel(snares, tempo=90, swing=0, humanize=1, seed=5, drummer=drummer)
        return sum(milliseconds(feel, 90)) / len(feel.hits)

    assert mean("lazy") > mean("driver") + 10


def test_every_stroke_stays_inside() -> None:
    """However wide the hand, no stroke comes before beat one or after the last tick."""
    edge = Pattern(COMMON_TIME, 1, (Hit(0, "kick", 90), Hit(1, "snare", 90), Hit(3839, "kick", 90)))
    for seed in range(200):
        felt = groove.apply_feel(edge, tempo=300, swing=1, humanize=1, seed=seed)
        assert felt.hits[0].shift == 0
        assert all(0 <= hit.tick + hit.shift < 3840 and 1 <= hit.velocity <= 127 for hit in felt.hits)
