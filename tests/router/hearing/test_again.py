from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sounds import RATE, drum_loop, hat, save, snare

from router.hearing import again, analyze_file
from router.hearing.again import Grid
from router.hearing.ear import KINDS, Ear
from router.hearing.listen import follow
from router.hearing.spectrum import BANDS, FRAME_S, band_frames

BAR_S, BARS = 2.0, 8
GRID = Grid(np.arange(0, BARS * BAR_S + 0.01, 0.5), 4.0, 0.0)


def activations(snares: dict[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return odds and velocities with a snare of the given height at each time, and a clear kick on every bar line."""
    odds = np.full((int(BARS * BAR_S / FRAME_S), len(KINDS)), 0.01, np.float32)
    for at, height in [*snares.items(), *((bar * BAR_S, 0.95) for bar in range(BARS))]:
        column = KINDS.index("snare" if at in snares else "kick")
        odds[round(at / FRAME_S) + np.arange(-1, 2), column] = (height / 2, height, height / 2)
    return odds, np.full((len(odds), 3), 0.4, np.float32)


def told(snares: dict[float, float]) -> tuple[list[float], np.ndarray]:
    """Return the times of what may be a snare, and its rows of evidence, in a file that sounds the same throughout."""
    odds, hard = activations(snares)
    times, _, rows = again.evidence(np.ones((len(odds), BANDS), np.float32), odds, hard, GRID)["snare"]
    return [round(float(at), 2) for at in times], rows


def test_what_comes_again_in_every_bar_is_told_from_what_is_alone() -> None:
    """Two strokes as weak as each other differ by what the other bars have at their place, and by nothing else."""
    often = {bar * BAR_S + 0.75: 0.3 for bar in range(BARS)}
    times, rows = told({**often, 3 * BAR_S + 1.25: 0.3})
    one, alone = rows[times.index(3 * BAR_S + 0.75)], rows[times.index(3 * BAR_S + 1.25)]
    differ = np.flatnonzero(~np.isclose(one, alone, atol=1e-3))

    assert len(differ) == 1
    assert one[differ[0]] > alone[differ[0]] + 2


def test_what_is_hardly_anything_is_not_judged() -> None:
    """Half a line of noise would be thousands of candidates."""
    assert told({1.0: 0.05, 2.5: 0.07})[0] == [2.5]


def test_a_file_without_a_stroke_has_no_evidence() -> None:
    """Nothing to judge is no error."""
    odds = np.zeros((400, len(KINDS)), np.float32)
    found = again.judged(np.zeros((400, BANDS), np.float32), odds, odds[:, :3], GRID, again.load())

    assert found == []


@pytest.mark.parametrize("beats_s", [np.array([3.0, 3.5, 4.0, 4.5]), np.arange(-1.0, 9.0, 0.5)])
def test_a_grid_that_does_not_cover_the_file_goes_on(beats_s: np.ndarray) -> None:
    """Beats begin after the first stroke, or before the file: every stroke has its bar."""
    odds, hard = activations({0.01: 0.9, 7.25: 0.3, 15.9: 0.9})
    bands = np.ones((len(odds), BANDS), np.float32)
    _, _, rows = again.evidence(bands, odds, hard, Grid(beats_s, 3.5, 1.5))["snare"]

    assert len(rows) == 3
    assert np.isfinite(rows).all()


def test_soft_strokes_of_a_drum_are_heard_and_hats_are_not_taken_for_them() -> None:
    """Ghosts at a quarter of the backbeat's level are snares; a hat that is struck hard stays a hat."""
    samples, noise = drum_loop(120, 8), np.random.default_rng(4)
    for bar in range(8):
        at = int((bar * BAR_S + 1.375) * RATE)
        stroke = 0.25 * snare(noise, RATE)
        samples[at : at + stroke.size] += stroke
        at = int((bar * BAR_S + 0.375) * RATE)
        stroke = 2 * hat(noise, RATE)
        samples[at : at + stroke.size] += stroke
    bands = np.concatenate(list(band_frames([samples], RATE)))
    odds, hard = Ear.load().listen(bands)
    _, found = follow(bands, odds, hard, samples.size / RATE)
    heard = again.judged(bands, odds, hard, found.grid, again.load())
    places = {round(stroke.t_s % BAR_S * 8) / 8 for stroke in heard if stroke.voice == "snare"}

    assert places == {0.5, 1.375, 1.5}


def test_a_loop_of_one_bar_keeps_what_was_heard(tmp_path: Path) -> None:
    """It has no other bar to compare: its seven later hats and both backbeats are there."""
    heard = analyze_file(save(tmp_path / "a.wav", drum_loop(120, 1)[: 2 * RATE]))

    assert sum(stroke.voice == "hat" for stroke in heard.onsets) >= 7
    assert sum(stroke.voice == "snare" for stroke in heard.onsets) == 2
