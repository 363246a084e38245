"""Time-of-day routing: a table of windows in which some providers are preferred and slower answers are welcome.

Off by default: an empty table changes nothing. Never reads a clock; the instant is an argument, the time zone is the
window's own, and a window may pass midnight. On the night the clocks change, an hour that comes twice counts twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from router.request import PROVIDERS

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KNOWN: Final = {"zone", "days", "from", "to", "providers", "price_factor", "slack", "background"}

EXAMPLE: Final = (
    '[{"zone": "Europe/Berlin", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "22:00", "to": "06:00",'
    ' "providers": ["groq", "openai"], "price_factor": {"openai": 0.5}, "slack": 1.5, "background": true}]'
)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One row: when it holds and what it changes.

    Attributes:
        zone: IANA time zone. days: 0 is Monday; the day on which the window opens.
        start_min, end_min: Minutes of the local day; an end at or before the start is on the next day.
        providers: Asked first while it holds, in this order.
        price_factor: Multiplies a provider's price where candidates are ordered; never what is held, booked or told.
        slack: Factor on the latency limits (first token, gap); never on the total deadline.
        background: Work that can wait (patterns made ahead) runs in this window.
    """

    zone: tzinfo
    days: frozenset[int]
    start_min: int
    end_min: int
    providers: tuple[str, ...] = ()
    price_factor: Mapping[str, float] = field(default_factory=dict)
    slack: float = 1.0
    background: bool = False

    def holds(self, now_s: float) -> bool:
        """Say whether the window is open at `now_s`, in seconds since the epoch."""
        local = datetime.fromtimestamp(now_s, self.zone)
        minute = local.hour * 60 + local.minute
        if self.start_min < self.end_min:
            return local.weekday() in self.days and self.start_min <= minute < self.end_min
        if minute >= self.start_min:
            return local.weekday() in self.days
        return minute < self.end_min and (local - timedelta(days=1)).weekday() in self.days


def open_window(windows: tuple[Window, ...], now_s: float) -> Window | None:
    """Return the first row of the table that holds now, or None."""
    return next((window for window in windows if window.holds(now_s)), None)


def background_may_run(windows: tuple[Window, ...], now_s: float) -> bool:
    """Say whether work that can wait may run now: always, unless the table keeps it for some windows."""
    kept = [window for window in windows if window.background]
    return not kept or any(window.holds(now_s) for window in kept)


def read_windows(text: str) -> tuple[Window, ...]:
    """Read the table from JSON, a list of objects like `EXAMPLE`.

    Raises:
        ValueError: Saying which row and what is wrong with it.
    """
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as flaw:
        raise ValueError(f"not JSON ({flaw.msg} at {flaw.pos}); an example: {EXAMPLE}") from None
    if not isinstance(rows, list) or len(rows) > 100:
        raise ValueError(f"must be a list of at most 100 windows; an example: {EXAMPLE}")
    return tuple(_window(index, row) for index, row in enumerate(rows, 1))


def _window(index: int, row: Any) -> Window:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415  few have a table; the others need not load it

    where = f"window {index}"
    if not isinstance(row, dict) or set(row) - _KNOWN:
        raise ValueError(f"{where} must be an object with {', '.join(sorted(_KNOWN))}")
    try:
        zone = ZoneInfo(str(row.get("zone", "UTC")))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{where}: zone {row.get('zone')!r:.40} is unknown; write it like Europe/Berlin") from None
    days = row.get("days", list(_DAYS))
    if not isinstance(days, list) or not days or any(day not in _DAYS for day in days):
        raise ValueError(f"{where}: days must be among {', '.join(_DAYS)}")
    factors = row.get("price_factor", {})
    if not isinstance(factors, dict) or not all(_is_number(f, 0.01, 100) for f in factors.values()):
        raise ValueError(f"{where}: price_factor must map providers to factors from 0.01 to 100")
    providers = row.get("providers", [])
    if not isinstance(providers, list) or not all(isinstance(name, str) for name in providers):
        raise ValueError(f"{where}: providers must be a list of names")
    stranger = next((name for name in (*providers, *factors) if name not in PROVIDERS), None)
    if stranger is not None:
        raise ValueError(f"{where}: provider {stranger!r:.40} is unknown; known are {', '.join(PROVIDERS)}")
    slack = row.get("slack", 1.0)
    if not _is_number(slack, 1, 10):
        raise ValueError(f"{where}: slack must be 1 to 10")
    return Window(
        zone,
        frozenset(_DAYS.index(day) for day in days),
        _minute(where, row.get("from", "00:00")),
        _minute(where, row.get("to", "00:00")),
        tuple(providers),
        {str(name): float(factor) for name, factor in factors.items()},
        float(slack),
        row.get("background") is True,
    )


def _is_number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _minute(where: str, text: Any) -> int:
    hour, sign, minute = str(text).partition(":")
    if not (sign and hour.isdecimal() and minute.isdecimal() and int(hour[:3]) < 24 and int(minute[:3]) < 60):
        raise ValueError(f"{where}: {text!r:.20} is no time of day; write it like 22:00")
    return int(hour) * 60 + int(minute)
