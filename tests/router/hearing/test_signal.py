from __future__ import annotations

import numpy as np
import pytest
from sounds import RATE, drum_loop, hat, kick, save, snare

from router.hearing import analyze_file, bars, beats, energy, onsets, pulse
from router.hearing.analysis import Onset
from router.hearing.ear import KINDS
from router.hearing.spectrum import BANDS, EDGES_HZ, FRAME_S, band_frames


def frames(samples: np.ndarray, rate: int, block: int) -> np.ndarray:
    """Return all band frames of samples cut into blocks."""
    return np.concatenate(list(band_frames((samples[n : n + block] for n in range(0, samples.size, block)), rate)))


def test_bands_do_not_depend_on_how_the_file_is_cut() -> None:
    """Blocks of a second, of seven samples more or of everything give the same frames."""
    samples = drum_loop(120, 2)
    whole = frames(samples, RATE, samples.size)

    assert whole.shape == (pytest.approx(samples.size / RATE / FRAME_S, abs=2), BANDS)
    np.testing.assert_allclose(frames(samples, RATE, RATE), whole, atol=1e-6)
    np.testing.assert_allclose(frames(samples, RATE, 7_001), whole, atol=1e-6)


@pytest.mark.parametrize("rate", [32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("pitch_hz", [60.0, 440.0, 3_000.0, 9_000.0])
def test_a_tone_lies_in_its_band_at_every_rate(rate: int, pitch_hz: float) -> None:
    """The loudest band of a sine is the one its pitch belongs to: nothing is resampled, nothing shifts."""
    t = np.arange(rate) / rate
    found = frames(np.sin(2 * np.pi * pitch_hz * t).astype(np.float32), rate, rate)[50].argmax()

    assert EDGES_HZ[found] <= pitch_hz <= EDGES_HZ[found + 2]


def test_a_click_is_in_its_own_frame() -> None:
    """A click at 5 s is loudest in frame 500 at every rate, also where a hop is no whole number of samples."""
    for rate in (22_050, 44_100, 48_000, 96_000):
        samples = np.zeros(6 * rate, np.float32)
        samples[5 * rate] = 1
        assert frames(samples, rate, rate).sum(axis=1).argmax() == 500


def strikes(bpm: float, bars_: int, *, late_s: float = 0.0, meter: int = 4) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return kick on one, snare on the second beat of each pair, hats on eighths."""
    beat = 60 / bpm
    lines = np.arange(bars_) * meter * beat + late_s
    hats = np.arange(bars_ * meter * 2) * beat / 2 + late_s
    backs = (
        np.concatenate([lines + n * beat for n in range(1, meter)])
        if meter == 3
        else np.sort(np.concatenate((lines + beat, lines + 3 * beat)))
    )
    kicks = lines if meter == 3 else np.sort(np.concatenate((lines, lines + 2 * beat + beat / 2)))
    return {
        "kick": (kicks, np.full(kicks.size, 0.9)),
        "snare": (np.sort(backs), np.full(backs.size, 0.85)),
        "hat": (hats, np.full(hats.size, 0.5)),
        "other": (lines[::4], np.full(lines[::4].size, 0.8)),
    }


@pytest.mark.parametrize("bpm", [72, 88, 104, 120, 139, 155, 174])
def test_the_beat_is_found_in_plain_strokes(bpm: int) -> None:
    """Tempo, beats and the first beat of the bar of a rock pattern, with the bars 0.31 s late."""
    played = strikes(bpm, 16, late_s=0.31)
    length = 16 * 240 / bpm + 0.31
    odds = pulse.odds_of_tempo(played, length, pulse.Net.load("tempo"))
    coarse = float(pulse.GRID_BPM[odds.argmax()])
    assert coarse == pytest.approx(bpm, rel=0.015)

    beat_s = beats.fine_beat_s(played, length, 60 / coarse)
    grid = beats.track(played, length, beat_s)
    assert 60 / beats.mean_beat_s(grid) == pytest.approx(bpm, rel=0.003)

    scores = pulse.Net.load("bars").score(bars.folded(played, grid))
    shape, phase = bars.judged(scores, bpm)
    first = float(beats.seconds(np.array([phase]), grid)[0])
    off = (first - 0.31) % (240 / bpm)
    assert shape.meter == "4/4"
    assert not bars.in_three(scores)
    assert min(off, 240 / bpm - off) < 0.03


def test_three_in_a_bar_are_three() -> None:
    """A waltz: kick on one, snare on two and three."""
    played = strikes(140, 24, late_s=0.2, meter=3)
    grid = beats.track(played, 24 * 180 / 140, 60 / 140)
    scores = pulse.Net.load("bars").score(bars.folded(played, grid))

    assert bars.judged(scores, 140)[0].meter == "3/4"


def test_no_bar_of_triplets_is_faster_than_a_hand() -> None:
    """Scores that mean 12/8 at 80 dotted quarters mean 4/4 at 157: eighths would be eight a second."""
    scores = np.array([5.0 if shape.meter == "12/8" else 0.0 for shape, _ in bars.HYPOTHESES])

    assert bars.judged(scores, 80)[0].meter == "12/8"
    assert bars.judged(scores, 157)[0].meter == "4/4"


@pytest.mark.parametrize(("felt_bpm", "meter"), [(60, "6/8"), (75, "6/8"), (105, "4/4"), (130, "4/4")])
def test_triplets_on_every_beat_are_a_slow_song_in_six_or_a_fast_one_in_four(felt_bpm: float, meter: str) -> None:
    """The sound is the same: what a musician would write is chosen, and the other way to write it is known."""
    lines = np.arange(16) * 240 / felt_bpm + 0.2
    beat = 60 / felt_bpm
    played = {
        "kick": (np.sort(np.concatenate((lines, lines + 2 * beat))), np.full(32, 0.9)),
        "snare": (np.sort(np.concatenate((lines + beat, lines + 3 * beat))), np.full(32, 0.85)),
        "hat": (0.2 + np.arange(16 * 12) * beat / 3, np.full(16 * 12, 0.5)),
        "other": (np.zeros(0), np.zeros(0)),
    }
    grid = beats.track(played, 16 * 4 * beat + 0.2, beat)
    scores = pulse.Net.load("bars").score(bars.folded(played, grid))

    assert bars.judged(scores, felt_bpm)[0].meter == meter
    assert bars.in_three(scores)


def test_beats_follow_a_tempo_that_moves() -> None:
    """From 100 to 110 in forty bars: every tracked beat stays within 40 ms of the truth."""
    gaps = 60 / np.linspace(100, 110, 160)
    times = np.concatenate(([0.5], 0.5 + np.cumsum(gaps)))
    played = {s: (np.zeros(0), np.zeros(0)) for s in pulse.STREAMS} | {"kick": (times, np.ones(times.size))}
    grid = beats.track(played, float(times[-1] + 0.5), 60 / 105)
    away = np.abs(grid[:, None] - times[None, :]).min(axis=1)

    assert grid.size == pytest.approx(times.size, abs=2)
    assert away.max() < 0.04


def test_positions_and_seconds_are_inverse() -> None:
    """In and outside the beats: what lies at a place sounds at its time."""
    grid = np.array([0.5, 1.0, 1.6, 2.1])
    places = np.array([-2.0, -0.25, 0.0, 1.5, 3.0, 4.75])

    np.testing.assert_allclose(beats.positions(beats.seconds(places, grid), grid), places)


def test_peaks_lie_between_frames() -> None:
    """A triangle about 0.1234 s is found within 2 ms of it; a plateau is one stroke; quiet bumps are none."""
    odds = np.zeros((40, len(KINDS)), np.float32)
    odds[:, 0] = np.clip(1.2 - np.abs(np.arange(40) - 12.34) / 1.7, 0, 1)
    odds[20:23, 1] = 0.9
    odds[30, 2] = 0.2
    found = onsets.strokes(odds, np.full((40, 3), 0.5, np.float32))

    assert [(o.voice, o.velocity) for o in found] == [("kick", 64), ("snare", 64)]
    assert found[0].t_s == pytest.approx(0.1234, abs=0.002)


def test_a_drum_that_is_struck_often_is_believed_softly_too() -> None:
    """Its threshold falls with what is clearly heard of it, within bounds; where nothing is clear it is highest."""
    curves = [np.where(np.arange(1000) % gap < 3, 0.9, 0.0).astype(np.float32) for gap in (1000, 300, 100, 50)]
    found = [onsets.threshold(curve, "snare") for curve in curves]

    assert found == sorted(set(found), reverse=True)
    assert all(0.15 <= one <= 0.55 for one in found)
    assert onsets.threshold(np.zeros(1000, np.float32), "snare") == pytest.approx(0.55)


def test_loud_and_soft_sections_are_told_apart() -> None:
    """Eight quiet bars and eight loud ones at 120: two sections that meet at 16 s, the loud one at 1."""
    levels = np.concatenate((np.full(160, 0.05), np.full(160, 0.5)))
    found = energy.sections(levels, np.arange(16) * 2.0, 32.0)

    assert [(s.start_s, s.end_s) for s in found] == [(0.0, 16.0), (16.0, 32.0)]
    assert found[0].energy == pytest.approx(0.5, abs=0.01)
    assert found[1].energy == 1.0


def test_one_level_is_one_section() -> None:
    """A song that keeps its level is not cut."""
    found = energy.sections(np.full(600, 0.3), np.arange(30) * 2.0, 60.0)
    assert [(s.start_s, s.end_s, s.energy) for s in found] == [(0.0, 60.0, 1.0)]


@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_a_synthetic_drum_loop_is_heard(tmp_path, rate: int) -> None:
    """A drum machine that no font has: tempo within 1 %, the kick and snare pattern right in the typical bar."""
    found = analyze_file(save(tmp_path / "a.wav", drum_loop(117, 12, rate), rate))

    assert found.tempo_bpm == pytest.approx(117, rel=0.01)
    assert found.meter == "4/4"
    hits = [(h.tick, h.voice) for h in found.to_pattern(1).hits if h.voice != "hat_closed"]
    assert hits == [(0, "kick"), (960, "snare"), (1920, "kick"), (2880, "snare")]


def test_music_without_drums_has_a_tempo_and_says_so(tmp_path) -> None:
    """Plucked tones on quarters at 96: the tempo or its octave, and a note that there are no drums."""
    beat = 60 / 96
    out = np.zeros(int(24 * RATE), np.float32)
    t = np.arange(int(0.5 * RATE)) / RATE
    for n in range(36):
        pitch = 220 * 2 ** ([0, 4, 7, 4][n % 4] / 12)
        tone = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in (1, 2, 3)) * np.exp(-t * 5) * np.minimum(1, t * 200)
        at = int(n * beat * RATE)
        out[at : at + t.size] += 0.2 * tone[: max(0, out.size - at)].astype(np.float32)
    found = analyze_file(save(tmp_path / "a.wav", out))

    assert any(found.tempo_bpm == pytest.approx(96 * ratio, rel=0.01) for ratio in (0.5, 1, 2))
    assert found.to_pattern(2).hits


def test_the_three_sounds_of_the_machine_are_different() -> None:
    """The test's own drums differ as drums do: the kick below 200 Hz, the hat above 5 kHz."""
    noise = np.random.default_rng(1)
    centres = []
    for part in (kick(RATE), snare(noise, RATE), hat(noise, RATE)):
        power = np.abs(np.fft.rfft(part)) ** 2
        centres.append(float((np.fft.rfftfreq(part.size, 1 / RATE) * power).sum() / power.sum()))
    assert centres[0] < 200 < centres[1] < 8000 < centres[2]
    assert Onset(0.0, "kick", 1).voice == "kick"
