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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bridge.control.page import page_files  # noqa: E402 - the repository's root has to be found first
from tests.support.browser import Panel, chromium  # noqa: E402 - likewise
from tests.support.daemon import RunningDaemon  # noqa: E402 - likewise
from tests.support.playhead import CLICKS, FULL, frame_rates, load_ms, playhead_errors_ms  # noqa: E402 - likewise

LOADS = 15
UNWATCHED_MS = 400
"""Whoever looks for something on a page puts a script of his own there, 10 to 20 ms of its load: look afterwards."""


@contextmanager
def visits() -> Iterator[Callable[[], Panel]]:
    """What makes pages on a daemon without MIDI, each a first visit."""
    with tempfile.TemporaryDirectory() as home, RunningDaemon(home, "--midi", "none") as daemon, chromium() as browser:
        yield lambda: Panel(browser, daemon)


def watched(panel: Panel, address: str) -> dict[str, float]:
    """Go to an address and return the times of the load."""
    panel.page.goto(address)
    panel.page.wait_for_timeout(UNWATCHED_MS)
    return load_ms(panel.page)


def loads(visitor: Callable[[], Panel]) -> dict[str, list[dict[str, float]]]:
    """Return the times of first visits, of second ones, and of a bare answer of the same daemon, in turns."""
    times: dict[str, list[dict[str, float]]] = {"first": [], "second": [], "bare": []}
    for _ in range(LOADS):
        panel = visitor()
        for visit in ("first", "second"):
            panel.page.goto("about:blank")
            times[visit].append(watched(panel, panel.link))
        panel.context.close()
        bare = visitor()
        times["bare"].append(watched(bare, f"{bare.daemon.facts['url']}healthz"))
        bare.context.close()
        time.sleep(0.2)  # what the page asks once it is open belongs to no load
    return times


def tell(what: str, value: float, unit: str, promised: str, beside: Any) -> None:
    """Print a line of the report."""
    print(f"{what:52s} {value:9.3f} {unit:12s} promised {promised}   beside {beside}", flush=True)


def main() -> None:
    """Measure and print."""
    with visits() as visitor:
        times = loads(visitor)
        names = {"load": "loaded", "frame": "first frame", "ready": "all drawn, with what the daemon told"}
        for visit in ("first", "second"):
            for name, words in names.items():
                ours = [row[name] for row in times[visit]]
                bare = [row[name] or row["frame"] for row in times["bare"]]  # it has nothing to get ready
                beside = f"/healthz: {statistics.median(bare):.1f}; best {min(ours):.1f}, its {min(bare):.1f}"
                tell(f"{visit} visit, {words}", statistics.median(ours), "ms", "150" if name == "load" else "-", beside)
        panel = visitor().open()
        errors = playhead_errors_ms(panel, panel.play(CLICKS), 8000)
        sizes = sorted(map(abs, errors))
        told = "drawing the last message: 61 to 122"
        tell("playhead with 80 ms stalls, p95", sizes[int(len(sizes) * 0.95)], "ms", "5", told)
        tell("playhead with 80 ms stalls, median", statistics.median(errors), "ms", "5", told)
        panel.play(FULL)
        looks = [frame_rates(panel, 2000) for _ in range(3)]
        empty, full = (statistics.median(column) for column in zip(*looks, strict=True))
        tell("frames with 64 full bars, median of 3", full, "a second", "60", f"an empty page: {empty:.1f}")
    files = {path: data for path, data in page_files().items() if path != "/"}
    tell("everything the page is made of", sum(map(len, files.values())) / 1000, "kB", "120", "nothing")


if __name__ == "__main__":
    main()
