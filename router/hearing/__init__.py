"""Reads audio: tempo, bars and drum onsets. Never in the engine, never on the way to the ready line.

Cheap to import: numpy and soundfile are loaded by `analyze_file` alone, which runs in the worker's own process.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from router.hearing.analysis import LIMITS, Analysis, Limits, Onset, Section
from router.hearing.numbers import numbers_for_model
from router.hearing.process import hear
from router.hearing.taps import taps_to_pattern

__all__ = [
    "LIMITS",
    "Analysis",
    "Limits",
    "Onset",
    "Section",
    "analyze_file",
    "hear",
    "numbers_for_model",
    "taps_to_pattern",
]


def analyze_file(
    path: str | Path, *, on_progress: Callable[[str, float], None] | None = None, limits: Limits = LIMITS
) -> Analysis:
    """Hear a file in this process; blocks. `hear` does the same beside the event loop.

    Raises:
        InvalidRequest: If the file is missing, empty, cut off, no audio, silent, too short or too long.
        ImportError: If the extra `hearing` is not installed.
    """
    from router.hearing import listen  # noqa: PLC0415 - numpy must not be loaded by an import of this package

    return listen.analyze_file(path, on_progress=on_progress, limits=limits)
