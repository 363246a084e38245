"""A hundred takes, remembered by their hashes: the same seed and knobs give the same bytes on every platform.

When the music is meant to change, run `python tests/router/groove/test_golden.py` and commit the new hashes with it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from router import groove
from router.pattern import Meter
from router.request import SECTIONS, GrooveRequest

GOLDEN = Path(__file__).with_name("golden.json")
METERS = ("4/4", "4/4", "3/4", "6/8", "7/8")


def request(index: int) -> GrooveRequest:
    """The hundred requests: every genre, every drummer, every section, five metres, knobs all over."""
    return GrooveRequest(
        genre=groove.GENRES[index % len(groove.GENRES)],
        drummer=(None, *groove.DRUMMERS)[index % 25],
        section=(None, None, *SECTIONS)[index % 13],
        meter=Meter.parse(METERS[index % 5]),
        bars=1 + index % 9,
        tempo=60.0 + index,
        complexity=None if index % 3 else index / 100,
        density=None if index % 4 else index / 100,
        swing=None if index % 5 else index / 100,
        humanize=None if index % 2 else index / 100,
        seed=index * 7919,
    )


def taken(index: int) -> str:
    """A take, its fill and its variation as one hash of their wire forms."""
    pattern = groove.generate(request(index))
    made: list[dict[str, Any]] = [
        pattern.as_dict(),
        groove.fill(pattern, seed=index, start_tick=pattern.meter.bar_ticks // 2).as_dict(),
        groove.vary(pattern, seed=index).as_dict(),
    ]
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:16]


@pytest.mark.parametrize("index", range(100))
def test_golden(index: int) -> None:
    """Take, fill and variation number `index` are what they were, byte for byte."""
    assert taken(index) == json.loads(GOLDEN.read_text(encoding="utf-8"))[index]


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps([taken(index) for index in range(100)], indent=0) + "\n", encoding="utf-8")
