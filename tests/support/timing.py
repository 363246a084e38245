"""What a test of a wire may say about time on a machine that is shared: never an absolute figure on its own.

Two things hold however long the machine was held up: which stroke belongs where (`off_ms` compares with the pattern,
not with a grid), and that half of the strokes are no later than a plain ticker of the same run allows (`Ticker`).
Figures that are promised are measured by scripts/bench.py.
"""

from __future__ import annotations

import cmath
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

HELD_UP_MS: Final = 60.0
"""Half a sixteenth at 120 bpm: a stroke that is further off belongs to another place, or to none."""
_TICK: Final = """
import sys, threading, time
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
start, n, late = time.monotonic(), 0, []
print("ready", flush=True)
while not over.is_set():
    n += 1
    due = start + n * 0.01
    time.sleep(max(0.0, due - time.monotonic()))
    late.append((time.monotonic() - due) * 1000)
late.sort()
print(*((late[len(late) // 2], late[-1]) if late else (0.0, 0.0)))
"""


class Ticker:
    """A plain loop of sleeps to absolute deadlines in a process of its own, as a measure of the machine."""

    median_ms = 0.0
    worst_ms = 0.0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TICK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, _: TracebackType | None) -> None:
        out, _err = self._process.communicate(timeout=30)
        self.median_ms, self.worst_ms = map(float, out.split())


def own_s() -> float:
    """Return seconds of a monotonic clock that stands still while this thread, ready to run, is not let run.

    What others on the processor took is told by Linux alone, as is what other machines on the same hardware took (of
    all our processors together, so it is rather too much); elsewhere this is `time.monotonic()`.
    """
    try:
        queued_s = int(Path("/proc/thread-self/schedstat").read_text("ascii").split()[1]) / 1e9
        stolen_s = int(Path("/proc/stat").read_text("ascii").split()[8]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return time.monotonic()
    return time.monotonic() - queued_s - stolen_s


def off_ms(heard: Iterable[tuple[float, int]], strokes: Sequence[tuple[float, int]], loop_s: float) -> list[float]:
    """Return how far each stroke is from where a looped pattern has it, in ms, in the order of its places.

    The n-th stroke of a drum is compared with the n-th place of that drum, so a lost, doubled or wrong one puts every
    later one off by a whole step. The pattern is laid where it fits best: its start is not judged.

    Args:
        heard: (seconds, note) of what was recorded, from the pattern's start.
        strokes: (seconds from the pattern's start, note) of one loop.
        loop_s: Its length in seconds.
    """
    places: dict[int, list[float]] = defaultdict(list)
    for due, note in strokes:
        places[note].append(due)
    drums: dict[int, list[float]] = defaultdict(list)
    for at, note in heard:
        drums[note].append(at)
    assert drums.keys() <= places.keys(), f"drums that the pattern does not have: {drums.keys() - places.keys()}"
    pairs = []
    for note, times in drums.items():
        dues = sorted(places[note])
        for index, at in enumerate(sorted(times)):
            loop, place = divmod(index, len(dues))
            due = loop * loop_s + dues[place]
            pairs.append((due, at - due))
    start = statistics.median(off for _, off in pairs)
    return [(off - start) * 1000 for _, off in sorted(pairs)]


def off_grid_ms(times: Sequence[float], step_s: float, origin: float | None = None) -> list[float]:
    """Return how far each time is from its nearest grid line, in ms; the grid fits best, or has a line at `origin`."""
    if origin is None:
        origin = grid_origin(times, step_s)
    steps = [(at - origin) / step_s for at in times]
    return [(step - round(step)) * step_s * 1000 for step in steps]


def grid_origin(times: Sequence[float], step_s: float) -> float:
    """Return where a grid line lies: the middle of where the times say, all round the circle of a step."""
    around = [cmath.exp(2j * cmath.pi * at / step_s) for at in times]
    middle = cmath.phase(sum(around)) / (2 * cmath.pi) * step_s
    return middle + statistics.median(off_grid_ms(times, step_s, middle)) / 1000


def in_place(off: Sequence[float]) -> bool:
    """Whether the strokes are the pattern's, in order, none lost or doubled: all but one in ten near their place."""
    near = sum(abs(each) < HELD_UP_MS for each in off)
    return near >= 0.9 * len(off) and all(abs(each) < HELD_UP_MS for each in off[-3:])


def median_ms(off: Iterable[float]) -> float:
    """Return the median size."""
    return statistics.median(map(abs, off))
