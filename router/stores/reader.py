"""The ledger of a home that cannot be written (a backup, a disk mounted for reading): it tells, and pays nothing."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from router.stores import reports
from router.stores.books import EDITION, Pages

_BUSY_S: Final = 5.0


def can_write(path: Path) -> bool:
    """Say whether a ledger at this path can be written: SQLite needs its folder, too."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


class ReadLedger:
    """What `Ledger` tells, without a byte written. Made open; close it in the end."""

    def __init__(
        self, path: Path, *, monthly_budget_picousd: int | None, wall: Callable[[], float] = time.time
    ) -> None:
        """Open the file.

        Raises:
            sqlite3.Error: If it cannot be read, or is no ledger of this version.
        """
        # Where no write-ahead log lies SQLite would begin one, unless it is told that nobody writes.
        log = path.with_name(f"{path.name}-wal")
        address = f"{path.absolute().as_uri()}?mode=ro{'' if log.exists() else '&immutable=1'}"
        self._db = sqlite3.connect(address, uri=True, timeout=_BUSY_S)
        self._pages = Pages(self._db)
        try:
            _check(self._pages)
            self.closed = self._pages.meta("closed")
        except BaseException:
            self._db.close()
            raise
        self._limit, self._wall = monthly_budget_picousd, wall

    async def totals(self, since: str | float | None = None, by: Sequence[str] = ("tier",)) -> list[dict[str, Any]]:
        """Return what was spent; see `Ledger.totals`."""
        return reports.totals(self._pages, reports.first_day(since, self._wall()), by)

    async def budget(self) -> dict[str, Any]:
        """Return the month's money; see `Ledger.budget`."""
        wall = self._wall()
        return reports.budget(self._pages.funds(wall, self._limit), self.closed, wall)

    async def rows_of(self, request_id: str) -> list[dict[str, Any]]:
        """Return a request's attempts; see `Ledger.rows_of`."""
        return reports.rows_of(self._pages, request_id)

    async def lost(self) -> list[dict[str, Any]]:
        """Return the attempts whose process died, as far as they were found."""
        return reports.lost(self._pages)

    async def close(self) -> None:
        """Close the file."""
        self._db.close()


def _check(pages: Pages) -> None:
    (row,) = pages.query("PRAGMA user_version")
    if row["user_version"] != EDITION:
        raise sqlite3.NotSupportedError(f"it was written by another version of drumbridge ({row['user_version']})")
