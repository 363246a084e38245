"""The playhead against the engine's own notes though the server stalls, and the frames of a long pattern.

A shared machine is no stopwatch: what is promised (5 ms at p95, 60 frames a second) is measured by scripts/bench.py;
here only what breaks the way it works can fail.
"""

import statistics

import pytest

from tests.support.browser import tell
from tests.support.playhead import CLICKS, FULL, frame_rates, playhead_errors_ms

pytestmark = pytest.mark.wire

FAR_MS = 25.0
"""Drawing what the last message said is off by 61 to 122 ms when the server stalls for 80."""
FAIR = 0.75
"""Of what an empty page gets from the same machine at the same time."""


def test_the_playhead_keeps_to_the_music_while_the_server_stalls(open_panel):
    """The truth is the due times of the notes that the engine sent; the page hears of them late, and need not care."""
    panel = open_panel()
    client = panel.play(CLICKS)
    best = float("inf")
    for _ in range(3):
        errors = playhead_errors_ms(panel, client, 2500)
        sizes = sorted(map(abs, errors))
        p95 = sizes[int(len(sizes) * 0.95)]
        tell(
            f"playhead: {len(errors)} frames, median {statistics.median(errors):+.2f} ms, p95 {p95:.2f} ms, "
            f"max {sizes[-1]:.2f} ms"
        )
        best = min(best, p95)
        if best <= FAR_MS:
            break

    assert best <= FAR_MS


def test_64_bars_play_as_smoothly_as_an_empty_page(open_panel):
    """A long, full pattern keeps the pace that the machine has to give; the best of five looks."""
    panel = open_panel()
    panel.play(FULL)
    shares = []
    for _ in range(5):
        bare, ours = frame_rates(panel)
        shares.append(ours / bare)
        tell(f"frames a second: {ours:.1f} with 64 bars, {bare:.1f} with nothing")
        if shares[-1] >= FAIR:
            break

    assert max(shares) >= FAIR
