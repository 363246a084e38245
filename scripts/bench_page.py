#!/usr/bin/env python3
"""Measures what the page promises, in a real Chromium on a real daemon, each figure beside a baseline of the same run.

    python3 scripts/bench.py page

Needs chromium. Prints; judges nothing.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bridge.control.http import page_files  # noqa: E402 - the repository's root has to be found first
from tests.support.browser import Panel, chromium  # noqa: E402 - likewise
from tests.support.daemon import RunningDaemon  # noqa: E402 - likewise
from tests.support.playhead import CLICKS, FULL, drawn_ms, frame_rates, playhead_errors_ms  # noqa: E402 - likewise

LOADS = 15


@contextmanager
def opened() -> Iterator[Panel]:
    """A page on a daemon without MIDI."""
    with tempfile.TemporaryDirectory() as home, RunningDaemon(home, "--midi", "none") as daemon, chromium() as browser:
        yield Panel(browser, daemon).open()


def loads(panel: Panel) -> tuple[list[float], list[float]]:
    """Return milliseconds to the drawn page, and of a bare answer of the same daemon; each on a fresh page."""
    ours, bare = [], []
    for _ in range(LOADS):
        panel.page.goto("about:blank")
        panel.page.goto(f"{panel.daemon.facts['url']}healthz")
        bare.append(panel.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        panel.page.goto("about:blank")
        panel.open()
        ours.append(drawn_ms(panel.page))
        time.sleep(0.2)  # what the page asks once it is open belongs to no load
    return ours, bare


def tell(what: str, value: float, unit: str, promised: str, beside: Any) -> None:
    """Print a line of the report."""
    print(f"{what:40s} {value:9.3f} {unit:12s} promised {promised}   beside {beside}", flush=True)


def main() -> None:
    """Measure and print."""
    with opened() as panel:
        ours, bare = loads(panel)
        tell("page drawn, median", statistics.median(ours), "ms", "150", f"/healthz: {statistics.median(bare):.1f}")
        tell("page drawn, best", min(ours), "ms", "150", f"/healthz: {min(bare):.1f}")
        errors = playhead_errors_ms(panel, panel.play(CLICKS), 8000)
        sizes = sorted(map(abs, errors))
        told = "drawing the last message: 61 to 122"
        tell("playhead with 80 ms stalls, p95", sizes[int(len(sizes) * 0.95)], "ms", "5", told)
        tell("playhead with 80 ms stalls, median", statistics.median(errors), "ms", "5", told)
        panel.play(FULL)
        looks = [frame_rates(panel, 2000) for _ in range(3)]
        empty, full = (statistics.median(column) for column in zip(*looks, strict=True))
        tell("frames with 64 full bars, median of 3", full, "a second", "60", f"an empty page: {empty:.1f}")
    files = {path: body for path, body in page_files().items() if path != "/"}
    tell(
        "everything the page is made of", sum(len(body.data) for body in files.values()) / 1000, "kB", "120", "nothing"
    )


if __name__ == "__main__":
    main()
