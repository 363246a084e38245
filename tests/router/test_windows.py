"""Time-of-day routing: when a window holds, over midnight and over the nights that clocks change."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from router.windows import EXAMPLE, background_may_run, open_window, read_windows


def at(text):
    """Return an instant, given in UTC, in seconds since the epoch."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("instant", "holds"),
    [
        ("2026-11-23T20:59", False),  # Monday 21:59 in Berlin
        ("2026-11-23T21:00", True),
        ("2026-11-24T04:59", True),  # Tuesday 05:59
        ("2026-11-24T05:00", False),
        ("2026-11-28T02:00", True),  # Saturday 03:00, opened on Friday
        ("2026-11-28T22:00", False),  # Saturday 23:00
        ("2026-11-30T02:00", False),  # Monday 03:00: Sunday opens nothing
    ],
)
def test_the_example_holds_on_week_nights(instant, holds):
    """22:00 to 06:00 belongs to the day on which it opens."""
    (window,) = read_windows(EXAMPLE)

    assert window.holds(at(instant)) is holds


@pytest.mark.parametrize(
    ("instant", "holds"),
    [
        ("2026-10-25T00:30", True),  # 02:30 summer time
        ("2026-10-25T01:30", True),  # 02:30 again, winter time: an hour that comes twice counts twice
        ("2026-10-25T02:00", False),  # 03:00
        ("2026-03-29T00:59", False),  # 01:59; the hour from 02:00 to 03:00 does not exist that night
        ("2026-03-29T01:00", False),  # 03:00
    ],
)
def test_daylight_saving(instant, holds):
    """The wall clock of the zone decides, also on the nights it jumps."""
    row = [{"zone": "Europe/Berlin", "days": ["sun"], "from": "02:00", "to": "03:00"}]

    assert read_windows(json.dumps(row))[0].holds(at(instant)) is holds


def test_the_first_row_that_holds_counts():
    """A table is read from the top; none open is None."""
    rows = read_windows(json.dumps([{"from": "10:00", "to": "12:00", "slack": 2}, {"from": "11:00", "to": "13:00"}]))

    assert open_window(rows, at("2026-11-23T11:30")) is rows[0]
    assert open_window(rows, at("2026-11-23T12:30")) is rows[1]
    assert open_window(rows, at("2026-11-23T13:30")) is None


@pytest.mark.parametrize(
    "row",
    [
        "no JSON", "{}", "[1]", '[{"zone": "Mars/Base"}]', '[{"zone": "../etc"}]', '[{"days": ["someday"]}]',
        '[{"from": "25:00"}]', '[{"from": "ten"}]', '[{"price_factor": {"groq": 0}}]', '[{"slack": 0.5}]',
        '[{"unknown": 1}]', '[{"providers": "groq"}]', '[{"providers": ["gorq"]}]', '[{"price_factor": {"x": 2}}]',
    ],
)  # fmt: skip
def test_a_bad_table_says_where(row):
    """Refused with the row and what is wrong."""
    with pytest.raises(ValueError, match=r"window|JSON|list"):
        read_windows(row)


def test_work_that_can_wait_waits_for_its_window():
    """Without a window of its own it never waits."""
    rows = read_windows(EXAMPLE)

    assert background_may_run((), at("2026-11-23T12:00"))
    assert not background_may_run(rows, at("2026-11-23T12:00"))
    assert background_may_run(rows, at("2026-11-23T23:00"))
