"""What the ledger tells: totals, budget, receipts, lost attempts. Reads only, and only the running sums where it can.

A million rows must not slow `costs` down, so nothing here walks the attempts unless asked for one request's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from router.budget import Funds, format_usd, next_month
from router.stores.books import Pages, month_of

BY: Final = {
    "tier": "tier", "provider": "provider", "model": "model", "task": "task", "day": "day", "month": "day / 100",
}  # fmt: skip
"""What totals can be told by, and the column that holds it."""

SUMS: Final = ("attempts", "failures", "input_tokens", "output_tokens", "cached_tokens", "ms", "cost")

_DAYS = re.compile(r"([1-9][0-9]{0,3})d")


def first_day(since: str | float | None, now: float) -> int:
    """Return the first day to count, as 20261123; sums are kept by the day, so a time of day is cut off.

    Args:
        since: "2026-11-01", any ISO 8601 time, "7d" for the last seven days, seconds since 1970, or None for all.
        now: Seconds since 1970.

    Raises:
        ValueError: If it is none of these.
    """
    if since is None or since == "":
        return 0
    try:
        if isinstance(since, str):
            days = _DAYS.fullmatch(since)
            if days:
                moment = datetime.fromtimestamp(now, UTC) - timedelta(days=int(days[1]) - 1)
            else:
                moment = datetime.fromisoformat(since)
                moment = moment.astimezone(UTC) if moment.tzinfo else moment
        else:
            moment = datetime.fromtimestamp(since, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"since is {since!r:.40}; it must be a day like 2026-11-01, or 7d, or seconds") from error
    return moment.year * 10_000 + moment.month * 100 + moment.day


def check(by: Sequence[str]) -> None:
    """Raise ValueError if costs cannot be told by one of these names."""
    unknown = [name for name in by if name not in BY]
    if unknown:
        raise ValueError(f"costs can be told by {', '.join(BY)}; not by {unknown[0]!r:.40}")


def totals(books: Pages, first: int, by: Sequence[str]) -> list[dict[str, Any]]:
    """Return one dict for each group, days and months in their order, else the dearest first; without groups, one."""
    check(by)
    columns = "".join(f"{BY[name]} AS {name}, " for name in by)
    groups = f" GROUP BY {', '.join(str(index + 1) for index in range(len(by)))}" if by else ""
    rows = books.query(
        f"SELECT {columns}SUM(attempts) AS attempts, SUM(failures) AS failures, SUM(input_tokens) AS input_tokens,"  # noqa: S608  names from BY
        " SUM(output_tokens) AS output_tokens, SUM(cached_tokens) AS cached_tokens, SUM(ms) AS ms, SUM(cost) AS cost"
        f" FROM totals WHERE day >= ?{groups} ORDER BY {''.join(f'{name}, ' for name in _times(by))}cost DESC",
        (first,),
    )
    return [_told(row) for row in rows if row["attempts"] is not None]


def _times(by: Sequence[str]) -> list[str]:
    return [name for name in by if name in {"day", "month"}]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    if "day" in row:
        row["day"] = f"{row['day'] // 10_000:04d}-{row['day'] // 100 % 100:02d}-{row['day'] % 100:02d}"
    if "month" in row:
        row["month"] = _month(row["month"])
    row["cost_usd"] = format_usd(row.pop("cost"))
    return row


def sum_up(rows: Iterable[Mapping[str, Any]], first: int, by: Sequence[str]) -> list[dict[str, Any]]:
    """Return what `totals` would, from rows that hold a day as 20261123, the names and the sums."""
    check(by)
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        if row["day"] >= first:
            names = {**row, "month": row["day"] // 100}
            fresh = {name: names[name] for name in by} | dict.fromkeys(SUMS, 0)
            group = groups.setdefault(tuple(names[name] for name in by), fresh)
            for name in SUMS:
                group[name] += int(row[name])
    times = _times(by)
    order = sorted(groups.values(), key=lambda group: (*(group[name] for name in times), -group["cost"]))
    return [_told(group) for group in order]


def budget(funds: Funds, closed: str | None, wall: float | None = None) -> dict[str, Any]:
    """Return the month's money as decimal strings; `limit_usd` and `left_usd` are None without a limit.

    With `clock`, a sentence, when `wall` (seconds since 1970) lies in a month before the one that is paid from.
    """
    limit = funds.limit
    told = {
        "month": _month(funds.month),
        "limit_usd": None if limit is None else format_usd(limit),
        "spent_usd": format_usd(funds.spent),
        "reserved_usd": format_usd(funds.reserved),
        "left_usd": None if limit is None else format_usd(max(0, limit - funds.spent - funds.reserved)),
        "resets": next_month(funds.month),
        "closed": closed,
    }
    present = funds.month if wall is None else month_of(wall)
    if present < funds.month:
        told["clock"] = (
            f"the clock says {_month(present)}, but {told['month']} was paid from already: {told['month']} goes on "
            "counting; if the clock had run ahead before: drumbridge costs --accept-clock"
        )
    return told


def _month(month: int) -> str:
    return f"{month // 100:04d}-{month % 100:02d}"


def rows_of(books: Pages, request_id: str) -> list[dict[str, Any]]:
    """Return the receipt of a request: each of its attempts in order, amounts as decimal strings."""
    rows = books.query("SELECT * FROM attempts WHERE request_id = ? ORDER BY id", (request_id,))
    return [_receipt(row) for row in rows]


def lost(books: Pages) -> list[dict[str, Any]]:
    """Return the attempts whose process died; they count at their reservation until `reconcile` says better."""
    return [
        _receipt(row) for row in books.query("SELECT * FROM attempts WHERE outcome = 'lost' ORDER BY id LIMIT 1000")
    ]


def _receipt(row: dict[str, Any]) -> dict[str, Any]:
    cost = row.pop("cost")
    row["state"] = "open" if cost is None else "settled" if row["known"] else "unknown"
    row["reserved_usd"] = format_usd(row.pop("reserved"))
    row["cost_usd"] = None if cost is None else format_usd(cost)
    for inner in ("known", "owner"):
        del row[inner]
    return row


def verify(books: Pages) -> list[str]:
    """Return what is wrong with the file or its sums; walks every row."""
    flaws = [str(row["quick_check"]) for row in books.query("PRAGMA quick_check") if row["quick_check"] != "ok"]
    if flaws:
        return flaws
    sums = books.query(
        "SELECT month, SUM(COALESCE(cost, 0)) AS spent,"
        " SUM(CASE WHEN cost IS NULL THEN reserved ELSE 0 END) AS reserved FROM attempts GROUP BY month ORDER BY month"
    )
    if sums != books.query("SELECT month, spent, reserved FROM months ORDER BY month"):
        flaws.append("the months' sums differ from the attempts'")
    counted = books.query("SELECT COALESCE(SUM(attempts), 0) AS n, COALESCE(SUM(cost), 0) AS cost FROM totals")
    if counted != books.query("SELECT COUNT(cost) AS n, COALESCE(SUM(cost), 0) AS cost FROM attempts"):
        flaws.append("the days' sums differ from the attempts'")
    return flaws
