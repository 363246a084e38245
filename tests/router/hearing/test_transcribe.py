from __future__ import annotations

import random
from dataclasses import replace

import pytest

from router import groove
from router.errors import InvalidRequest
from router.hearing import Analysis, Section
from router.hearing.swing import measure, points
from router.hearing.transcribe import onsets_of, typical
from router.pattern import Hit, Meter, Pattern
from router.request import GrooveRequest

BEAT = (
    (0, "kick", 110), (0, "hat_closed", 80), (480, "hat_closed", 60), (960, "snare", 112), (960, "hat_closed", 80),
    (1440, "hat_closed", 60), (1680, "kick", 90), (1920, "kick", 104), (1920, "hat_closed", 80),
    (2400, "hat_closed", 60),
    (2640, "snare", 34), (2880, "snare", 112), (2880, "hat_closed", 80), (3360, "hat_closed", 60),
)  # fmt: skip


def heard(pattern: Pattern, bpm: float, *, swing: float = 0.5, of: int = 8) -> Analysis:
    """Return a perfect analysis of a pattern played once."""
    bar_s = pattern.meter.bar_ticks / 960 * 60 / bpm
    lines = tuple(n * bar_s for n in range(pattern.bars))
    beats = tuple(line + n * 60 / bpm for line in lines for n in range(pattern.meter.bar_ticks // 960))
    whole = (Section(0.0, pattern.bars * bar_s, 1.0),)
    strokes = tuple(onsets_of(pattern, bpm))
    return Analysis(pattern.bars * bar_s, bpm, 0.9, beats, lines, str(pattern.meter), swing, of, whole, strokes)


def bars_of(count: int, *extra: Hit) -> Pattern:
    """Return the plain beat so many times."""
    hits = [Hit(bar * 3840 + tick, voice, velocity) for bar in range(count) for tick, voice, velocity in BEAT]
    return Pattern(Meter(4, 4), count, (*hits, *extra))


@pytest.mark.parametrize("bpm", [61.5, 120.0, 187.3])
def test_what_was_played_is_what_is_written(bpm: float) -> None:
    """A plain beat comes back stroke by stroke: tick, voice, velocity, and no shift to speak of."""
    found = heard(bars_of(6), bpm).to_pattern(2)

    assert [(h.tick, h.voice, h.velocity) for h in found.hits] == [
        (h.tick, h.voice, h.velocity) for h in bars_of(2).hits
    ]
    assert max(abs(h.shift) for h in found.hits) <= 1
    assert found.tempo == bpm
    assert found.bars == 2


def test_a_late_hand_is_a_shift_not_another_tick() -> None:
    """15 ms behind the beat stays on the grid and keeps its lateness."""
    source = bars_of(4)
    late = source.with_hits(Hit(h.tick, h.voice, h.velocity, 29 if h.voice == "snare" else 0) for h in source.hits)
    found = heard(late, 116).to_pattern(1)

    assert [h.tick for h in found.hits if h.voice == "snare"] == [960, 2640, 2880]
    assert [h.shift for h in found.hits if h.voice == "snare"] == pytest.approx([29] * 3, abs=1)


def test_an_early_downbeat_belongs_to_its_own_bar() -> None:
    """A kick played 12 ms before the bar line opens that bar."""
    source = bars_of(4)
    early = source.with_hits(Hit(h.tick, h.voice, h.velocity, -23 if h.tick else 0) for h in source.hits)
    found = heard(early, 116).to_pattern(2)

    assert [h.tick for h in found.hits if h.voice == "kick"] == [0, 1680, 1920, 3840, 5520, 5760]


def test_a_stroke_just_before_the_first_line_is_kept() -> None:
    """The first kick comes 10 ms before the first bar line that was found: it is that bar's one, not lost."""
    source = heard(bars_of(1), 100)
    moved = replace(source, downbeats_s=(0.01,), duration_s=2.41)

    assert [h.tick for h in moved.to_pattern(1).hits if h.voice == "kick"] == [0, 1680, 1920]


def test_the_typical_bars_are_not_the_fill() -> None:
    """Of eight bars the last is a fill and the third has a break: two plain ones in a row are taken."""
    fill = [Hit(7 * 3840 + n * 240, "snare", 100) for n in range(16)]
    plain = [h for h in bars_of(8).hits if h.tick // 3840 not in {2, 7}]
    found = heard(Pattern(Meter(4, 4), 8, (*plain, *fill)), 100).to_pattern(2)

    assert found.with_hits(found.hits).hits == bars_of(2).hits
    assert found.meta["from_bar"] == 1


def test_a_short_file_is_repeated() -> None:
    """More bars than were heard: what was heard goes round."""
    found = heard(bars_of(1), 100).to_pattern(4)

    assert found.bars == 4
    assert [(h.tick, h.voice) for h in found.hits] == [(h.tick, h.voice) for h in bars_of(4).hits]


def test_a_shuffle_sits_on_straight_ticks_and_carries_its_swing_as_shift() -> None:
    """Eighths swung to triplets are eighths, each off-beat a sixth of a beat late, as grooves are kept here."""
    hits = [Hit(n * 480, "hat_closed", 80, 160 if n % 2 else 0) for n in range(32)]
    hits += [Hit(n * 960, "kick", 90) for n in range(16)]
    found = heard(Pattern(Meter(4, 4), 4, tuple(hits)), 120, swing=0.667).to_pattern(1)

    assert [(h.tick, h.shift) for h in found.hits if h.voice == "hat_closed"] == [
        (n * 480, pytest.approx(160 if n % 2 else 0, abs=1)) for n in range(8)
    ]


def test_a_beat_of_three_and_a_pair_of_thirty_seconds_keep_their_strokes() -> None:
    """A triplet in a straight bar goes on thirds; two snare strokes on one sixteenth stay two."""
    extra = [Hit(1280 + 3840 * n, "snare", 70) for n in range(4)] + [
        Hit(1600 + 3840 * n, "snare", 70) for n in range(4)
    ]
    plain = [(0, "kick", 100), (960, "snare", 100), (3600, "snare", 80), (3720, "snare", 90)]
    hits = [Hit(n * 3840 + t, v, w) for n in range(4) for t, v, w in plain]
    found = heard(Pattern(Meter(4, 4), 4, (*hits, *extra)), 96).to_pattern(1)

    assert [h.tick for h in found.hits if h.voice == "snare"] == [960, 1280, 1600, 3600, 3720]


@pytest.mark.parametrize("meter", ["3/4", "6/8", "7/8", "5/4", "12/8"])
def test_other_metres_come_back_too(meter: str) -> None:
    """Bars of any length keep their strokes in place."""
    chosen = Meter.parse(meter)
    hits = [
        Hit(bar * chosen.bar_ticks + at, "snare" if at else "kick", 90)
        for bar in range(4)
        for at in range(0, chosen.bar_ticks, 480)
    ]
    found = heard(Pattern(chosen, 4, tuple(hits)), 132).to_pattern(2)

    assert str(found.meter) == meter
    assert [h.tick for h in found.hits] == [h.tick for h in hits if h.tick < 2 * chosen.bar_ticks]


@pytest.mark.parametrize("seed", range(6))
def test_grooves_of_the_drummer_come_back(seed: int) -> None:
    """Generated, humanised grooves: 85 of 100 strokes at least return on their own tick; flams are one stroke."""
    source = groove.generate(GrooveRequest(genre="rock", style="straight", bars=4, tempo=100, seed=seed))
    analysis = heard(source, 100)
    found = analysis.to_pattern(4)
    kinds = {"hat_open": "hat_closed", "hat_pedal": "hat_closed"}
    played = {
        (h.tick, kinds.get(h.voice, h.voice))
        for h in source.hits
        if kinds.get(h.voice, h.voice) in {"kick", "snare", "hat_closed"}
    }
    written = {(h.tick, h.voice) for h in found.hits}

    assert len(played & written) >= 0.85 * len(played)


def test_music_without_drums_gets_a_drummer() -> None:
    """Nothing was heard to transcribe: the embedded drummer plays at the tempo, and says that it did."""
    silent = heard(Pattern(Meter(4, 4), 4, ()), 93)
    found = silent.to_pattern(2)

    assert found.hits
    assert found.tempo == 93
    assert "no drums" in found.meta["notes"][-1]


@pytest.mark.parametrize("bars", [0, -1, 65, 10**9])
def test_odd_lengths_are_refused(bars: int) -> None:
    """A pattern holds 1 to 64 bars."""
    with pytest.raises(InvalidRequest, match="bars"):
        heard(bars_of(2), 100).to_pattern(bars)


def test_an_analysis_survives_the_pipe() -> None:
    """What the worker writes is what the daemon reads."""
    analysis = heard(bars_of(2), 100)
    assert Analysis.from_dict(analysis.as_dict()) == analysis


def test_typical_prefers_phrases_that_start_on_a_line() -> None:
    """Where all bars are alike, the first is taken."""
    rows = {bar: [Hit(0, "kick", 90)] for bar in range(9)}
    assert typical(rows, 4) == (0, 4)


@pytest.mark.parametrize(("swing", "of"), [(0.5, 8), (0.6, 8), (0.667, 8), (0.72, 8), (0.58, 16), (0.65, 16)])
def test_swing_is_read_from_where_strokes_fall(swing: float, of: int) -> None:
    """Strokes on the warped grid, with a drummer's 10 ms of spread at 120, give the swing back within 0.02."""
    rng = random.Random(4)
    steps = (0, 2) if of == 8 else (0, 1, 2, 3)
    places = [beat + points(swing, of)[step] + rng.gauss(0, 0.02) for beat in range(64) for step in steps]
    found, kind = measure(places, [1.0] * len(places))

    assert found == pytest.approx(swing, abs=0.02)
    assert kind == (8 if swing == 0.5 else of)


def test_plain_sixteenths_do_not_swing() -> None:
    """All four sixteenths straight: the off-beat at three quarters is no dotted swing."""
    places = [n / 4 for n in range(64)]
    assert measure(places, [1.0] * 64) == (0.5, 8)
    assert measure([], []) == (0.5, 8)
