"""Drums that no sound font has, and sounds in which nobody drums."""

from __future__ import annotations

import numpy as np
import pytest
from sounds import RATE, hat, kick, save, snare

from router.errors import InvalidRequest
from router.hearing import Analysis, analyze_file, bars, beats, onsets
from router.hearing.ear import padded
from router.hearing.spectrum import band_frames
from tests.support import no_drums
from tests.support.drum_machine import RATES, take


def played(bpm: float, seconds: float, **lanes: str) -> np.ndarray:
    """Return whole bars of eighths, `x` a stroke, from the very first sample on."""
    noise = np.random.default_rng(5)
    sounds = {"k": lambda: kick(RATE), "s": lambda: snare(noise, RATE), "h": lambda: hat(noise, RATE)}
    step_s, size = 30 / bpm, len(next(iter(lanes.values())))
    steps = round(seconds / step_s / size) * size
    out = np.zeros(int(steps * step_s * RATE), np.float32)
    for lane, cells in lanes.items():
        for step in range(steps):
            if cells[step % size] == "x":
                at, sound = int(step * step_s * RATE), sounds[lane]()
                out[at : at + sound.size] += sound[: out.size - at]
    return out


def times(found: Analysis, voice: str) -> list[float]:
    """Return when a voice was heard."""
    return [onset.t_s for onset in found.onsets if onset.voice == voice]


@pytest.mark.parametrize("bpm", [100, 120, 132])
def test_two_bars_of_kick_and_snare_are_in_four(tmp_path, bpm: int) -> None:
    """Eight strokes in about four seconds are drums: their tempo, 4/4, every stroke, also the one at the very start."""
    found = analyze_file(save(tmp_path / "a.wav", played(bpm, 480 / bpm, k="x...x...", s="..x...x.")))

    assert (found.meter, found.tempo_bpm) == ("4/4", pytest.approx(bpm, rel=0.01))
    assert times(found, "kick") == pytest.approx([n * 120 / bpm for n in range(4)], abs=0.03)
    assert times(found, "snare") == pytest.approx([(2 * n + 1) * 60 / bpm for n in range(4)], abs=0.03)


def test_a_waltz_is_a_waltz(tmp_path) -> None:
    """Kick on one, snare on two and three at 150: neither 4/4 at 100 nor swung."""
    found = analyze_file(save(tmp_path / "a.wav", played(150, 12, k="x.....", s="..x.x.", h="xxxxxx")))

    assert (found.meter, found.tempo_bpm) == ("3/4", pytest.approx(150, rel=0.01))
    assert found.swing == 0.5


@pytest.mark.parametrize(
    "lanes", [{"k": "x...x...", "s": "..x...x.", "h": "xxxxxxxx"}, {"k": "x.x.x.x.", "h": ".x.x.x.x"}]
)
@pytest.mark.parametrize("bpm", [84, 118, 141])
def test_straight_drums_are_not_said_to_be_in_three(tmp_path, lanes: dict[str, str], bpm: int) -> None:
    """No stroke lies at a third of a beat: no word about triplets, and no swing."""
    found = analyze_file(save(tmp_path / "a.wav", played(bpm, 10, **lanes)))

    assert not found.notes
    assert found.swing == 0.5


@pytest.mark.parametrize("kind", no_drums.KINDS)
def test_where_nobody_drums_none_are_heard(tmp_path, kind: str) -> None:
    """The error says what was not heard and what to use; no groove is made of noise."""
    samples, rate = no_drums.sound(kind, 41, seconds=8)
    with pytest.raises(InvalidRequest, match="no drums were heard") as caught:
        analyze_file(save(tmp_path / "a.wav", samples, rate))

    assert "use a recording with a beat" in caught.value.hint


def test_machines_of_every_kind_are_heard(tmp_path) -> None:
    """Sixteen kits nothing was fitted to, at four rates: strokes within 50 ms, tempo within 1 % of most."""
    sums, right = {voice: [0, 0] for voice in ("kick", "snare", "hat")}, 0
    for n in range(16):
        piece = take(4_000 + n, meter="4/4", feel="straight", bpm=90.0 + 4 * n, seconds=9.0, rate=RATES[n % 4])
        found = analyze_file(save(tmp_path / "a.wav", piece.samples(), piece.rate))
        right += abs(found.tempo_bpm / piece.bpm - 1) < 0.01
        for voice, count in sums.items():
            true, own = np.array(piece.truth(voice)), np.array(times(found, voice))
            near = np.abs(true[:, None] - own[None, :]) < 0.05
            count[0] += int(near.any(axis=0).sum() + near.any(axis=1).sum()) if near.size else 0
            count[1] += true.size + own.size

    assert right >= 12
    assert {voice for voice, (good, all_) in sums.items() if good < 0.8 * all_} == set()


def test_before_a_file_it_was_silent() -> None:
    """The first frame is looked at as one after silence, the last as one that goes on."""
    loud = np.full((20, 3), 2.0, np.float32)
    wide = padded(loud)

    assert wide[0].max() == 0
    assert wide[-1].min() == 2


def test_what_comes_again_is_told_from_what_does_not() -> None:
    """Strokes on every beat come again, strokes anywhere do not."""
    empty = {stream: (np.zeros(0), np.zeros(0)) for stream in ("kick", "snare", "hat", "other")}
    steady, loose = np.arange(40) * 0.5, np.sort(np.random.default_rng(2).uniform(0, 20, 40))

    always, never = (beats.comes_again(empty | {"kick": (at, np.ones(40))}, 20.0, 0.5) for at in (steady, loose))

    assert min(always) > 0.8
    assert never[0] < 0.1
    assert never[1] < 0.3


def test_nothing_is_felt_in_three_without_a_stroke_at_a_third() -> None:
    """Whatever the net says: eighths in two leave only metres of quarters."""

    class Ternary:
        def score(self, rows):
            return np.array([5.0 if shape.quarters != 1 else 0.0 for shape, _ in bars.HYPOTHESES])

    none = np.zeros(0), np.zeros(0)
    grid = np.arange(16) * 0.5
    for places, meter in ((np.arange(32) * 0.25, "4/4"), (np.arange(48) * 0.5 / 3, "12/8")):
        strikes = {"kick": (places, np.ones(places.size)), "snare": none, "hat": none, "other": none}
        scores = bars.scored(strikes, grid, Ternary())
        assert bars.judged(scores, 60)[0].meter in ({meter, "6/8"} if meter == "12/8" else {meter})
        assert bars.in_three(scores) == (meter == "12/8")


def test_a_slow_rise_is_no_attack() -> None:
    """A sine that sweeps raises few bands at a time: nothing is made of it."""
    samples, rate = no_drums.sound("sweep", 3, seconds=6)
    found = onsets.attacks(np.concatenate(list(band_frames([samples], rate))))
    assert sum(at.size for at, _ in found.values()) == 0
