"""The ledger's pages: SQL over one connection, one row for every attempt, running sums in the same transaction.

Called by one thread. Decides nothing about money (`router.budget` does) and never commits by itself: `Ledger` opens
and ends each transaction, so that many callers share one flush to the disk.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from router.budget import MAX_PICOUSD, Funds, Usage
from router.stores.owners import identity, is_gone

EDITION: Final = 1

_SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE owners (id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, mark TEXT NOT NULL);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, request_id TEXT NOT NULL, tier TEXT NOT NULL, provider TEXT NOT NULL,
    model TEXT NOT NULL, task TEXT NOT NULL, owner INTEGER NOT NULL, at_ms INTEGER NOT NULL, month INTEGER NOT NULL,
    reserved INTEGER NOT NULL, cost INTEGER, known INTEGER NOT NULL DEFAULT 0, input_tokens INTEGER,
    output_tokens INTEGER, cached_tokens INTEGER, cache_write_tokens INTEGER, reasoning_tokens INTEGER,
    estimated INTEGER, outcome TEXT, ms INTEGER);
CREATE INDEX attempts_request ON attempts (request_id);
CREATE INDEX attempts_open ON attempts (owner) WHERE cost IS NULL;
CREATE INDEX attempts_lost ON attempts (id) WHERE outcome = 'lost';
CREATE TABLE months (month INTEGER PRIMARY KEY, spent INTEGER NOT NULL, reserved INTEGER NOT NULL,
    ahead INTEGER NOT NULL DEFAULT 0);
CREATE TABLE room (filler BLOB);
CREATE TABLE totals (
    day INTEGER NOT NULL, tier TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, task TEXT NOT NULL,
    attempts INTEGER NOT NULL, cost INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL, ms INTEGER NOT NULL, failures INTEGER NOT NULL,
    PRIMARY KEY (day, tier, provider, model, task)) WITHOUT ROWID;
"""

_PAGE: Final = 1024
"""Bytes; an attempt touches four pages, and small ones are flushed 40 us faster than SQLite's usual 4,096."""

_LOG_PAGES: Final = 1000
"""Pages of the write-ahead log after which SQLite begins it anew."""

_TICK_S: Final = 3.0
"""A folder's time is believed when it is older than this: file systems count in steps of up to 2 s."""

GOOD: Final = frozenset({"ok", "repaired"})
"""Outcomes of an attempt that are no failure; `settled` below names them once more."""

_SUMS: Final = (
    """
CREATE TEMP TRIGGER held AFTER INSERT ON attempts BEGIN
    INSERT INTO months VALUES (NEW.month, 0, NEW.reserved, 0)
        ON CONFLICT DO UPDATE SET reserved = reserved + excluded.reserved, ahead = 0;
END""",
    """
CREATE TEMP TRIGGER settled AFTER UPDATE OF cost ON attempts WHEN OLD.cost IS NULL BEGIN
    UPDATE months SET spent = spent + NEW.cost, reserved = reserved - OLD.reserved WHERE month = NEW.month;
    INSERT INTO totals VALUES (
        CAST(strftime('%Y%m%d', NEW.at_ms / 1000, 'unixepoch') AS INTEGER),
        NEW.tier, NEW.provider, NEW.model, NEW.task, 1, NEW.cost, NEW.input_tokens, NEW.output_tokens,
        NEW.cached_tokens, NEW.ms, NEW.outcome NOT IN ('ok', 'repaired'))
        ON CONFLICT DO UPDATE SET
        attempts = attempts + excluded.attempts, cost = cost + excluded.cost,
        input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens,
        cached_tokens = cached_tokens + excluded.cached_tokens, ms = ms + excluded.ms,
        failures = failures + excluded.failures;
END""",
    """
CREATE TEMP TRIGGER corrected AFTER UPDATE OF cost ON attempts WHEN OLD.cost IS NOT NULL BEGIN
    UPDATE months SET spent = spent + NEW.cost - OLD.cost WHERE month = NEW.month;
    UPDATE totals SET cost = cost + NEW.cost - OLD.cost
        WHERE day = CAST(strftime('%Y%m%d', NEW.at_ms / 1000, 'unixepoch') AS INTEGER)
        AND tier = NEW.tier AND provider = NEW.provider AND model = NEW.model AND task = NEW.task;
END""",
)
"""Keep the running sums. They belong to the connection, not to the file: one statement does what took four, and each
of those is a chance for the event loop's thread to keep this one waiting."""

_RESERVE: Final = """
INSERT INTO attempts (id, request_id, tier, provider, model, task, owner, at_ms, month, reserved)
    SELECT 1 + COALESCE((SELECT MAX(id) FROM attempts), ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, present.month, ?10
    FROM (SELECT MAX(?9, COALESCE((SELECT MAX(month) FROM months WHERE NOT ahead), 0)) AS month) AS present
    LEFT JOIN months USING (month)
    WHERE (?11 IS NULL OR COALESCE(spent + reserved, 0) + ?10 <= ?11)
    AND (?12 IS NULL OR ?10 <= ?12 - (
        SELECT COALESCE(SUM(COALESCE(cost, reserved)), 0) FROM attempts WHERE request_id = ?2))
    AND NOT EXISTS (SELECT 1 FROM meta WHERE name = 'closed')
"""
"""Looks and writes in one step: `Funds.fits` and `fits_request` in SQL, for the month that `Books.funds` names."""

LOST: Final = "lost"
"""Outcome of an attempt whose process died: what it cost nobody knows, so it stands at its reservation."""


class Ask(NamedTuple):
    """One attempt that wants to be paid. Amounts in pico-dollars."""

    request_id: str
    tier: str
    provider: str
    model: str
    task: str
    worst_picousd: int
    request_limit_picousd: int | None


class Bill(NamedTuple):
    """What became of a reservation. A cost of None is unknown: it settles at what was reserved."""

    row: int
    cost_picousd: int | None
    usage: Usage | None
    outcome: str
    ms: int


def month_of(seconds: float) -> int:
    """Return 202611 for any moment of November 2026, UTC."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.year * 100 + moment.month


def day_of(seconds: float) -> int:
    """Return 20261123 for any moment of that day, UTC."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.year * 10_000 + moment.month * 100 + moment.day


class Pages:
    """What a ledger file says, over a connection that may be for reading only. May raise `sqlite3.Error`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def funds(self, now: float, limit: int | None) -> Funds:
        """Return what the month of this moment has spent and holds.

        A clock set back never reopens an earlier month: the latest one that money was ever held in counts on.
        """
        present = month_of(now)
        query = "SELECT month, spent, reserved FROM months WHERE NOT ahead ORDER BY month DESC LIMIT 1"
        found = self._db.execute(query).fetchone()
        if found is None or found[0] < present:
            query = "SELECT month, spent, reserved FROM months WHERE month = ?"
            found = self._db.execute(query, (present,)).fetchone() or (present, 0, 0)
        return Funds(found[0], limit, found[1], found[2])

    def meta(self, name: str) -> str | None:
        """Return a lasting note, or None."""
        found = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return rows as dicts."""
        cursor = self._db.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


class Books(Pages):
    """An open ledger file. Every method may raise `sqlite3.Error`."""

    def __init__(
        self, path: Path, owner: tuple[int, str] | None = None, busy_s: float = 5.0, *, closed: str | None = None
    ) -> None:
        """Open or make the file; with `closed` nobody finds it open before this reason stands in it."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self.path, self._name, self._folder = path, str(path), str(path.parent)
        self._changed, self._changed_at = 0, 0.0
        self.inode = path.stat().st_ino
        super().__init__(sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False))
        try:
            self._prepare(owner or identity(), closed)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, owner: tuple[int, str], closed: str | None) -> None:
        self._db.execute(f"PRAGMA page_size = {_PAGE}")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # a settled amount outlives the power
        self._db.execute("PRAGMA temp_store = MEMORY")
        self.begin()
        edition = self._db.execute("PRAGMA user_version").fetchone()[0]
        if edition == 0:
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {EDITION}")
        elif edition != EDITION:
            raise sqlite3.NotSupportedError(f"the ledger was written by another version of drumbridge ({edition})")
        for trigger in _SUMS:
            self._db.execute(trigger)
        if closed is not None:
            self.set_meta("closed", closed)
        self._settle_for_the_dead()
        self.owner = self._db.execute("INSERT INTO owners (pid, mark) VALUES (?, ?)", owner).lastrowid
        self.commit()
        self._log = os.stat(f"{self._name}-wal").st_ino  # noqa: PTH116  as below

    def is_current(self) -> bool:
        """Say whether the path still leads to this file, or another process has set it aside."""
        return os.stat(self._name).st_ino == self.inode  # noqa: PTH116  9 us faster than a Path

    def in_place(self) -> bool:
        """Say whether this file is current; raises when its write-ahead log is gone.

        Asked for every batch, so the folder's own time answers: whoever renames or deletes a file in it changes that.
        A look at the log itself costs 80 us on Linux 6.13 and later, where the next write then has to date it anew.
        """
        changed, now = os.stat(self._folder).st_mtime_ns, time.monotonic()  # noqa: PTH116  as above
        if changed == self._changed and now - self._changed_at > _TICK_S:
            return True
        if changed != self._changed:
            self._changed, self._changed_at = changed, now
        if not self.is_current():
            return False
        self._check_log()
        return True

    def _check_log(self) -> None:
        """Raise when somebody took the write-ahead log away: what is written from then on is in no file any more."""
        try:
            intact = os.stat(f"{self._name}-wal").st_ino == self._log  # noqa: PTH116  as above
        except FileNotFoundError:
            intact = False
        if not intact:
            error = sqlite3.DatabaseError("its write-ahead log is gone")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error

    def begin(self) -> None:
        """Take the write lock at once: a look before a write must not be overtaken by another process."""
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make everything since `begin` last; it is on the disk when this returns."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    def rollback(self) -> None:
        """Forget everything since `begin`."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file; reservations still open settle as unknown, for nobody could settle them later."""
        try:
            self.begin()
            self._settle_open_of(self.owner, "closed")
            self._db.execute("DELETE FROM owners WHERE id = ?", (self.owner,))
            self.commit()
        finally:
            self._db.close()

    def drop(self) -> None:
        """Close the file and leave it as it is."""
        self._db.close()

    def make_room(self) -> None:
        """Let the log grow to its full size once: a flush into room that exists takes 20 to 60 us less."""
        log = self.path.with_name(self.path.name + "-wal")
        if log.exists() and log.stat().st_size < _LOG_PAGES * _PAGE:
            self._db.execute("INSERT INTO room VALUES (zeroblob(?))", (_LOG_PAGES * _PAGE,))
            self._db.execute("DELETE FROM room")
            self._db.execute("PRAGMA wal_checkpoint(RESTART)")

    def reserve(self, ask: Ask, limit: int | None, now: float) -> int | None:
        """Write the row of an attempt that is about to be made; return its number, or None when money or a lock forbid.

        A file's first number comes from the clock: a row of a file set aside is never taken for one of the next.
        """
        done = self._db.execute(
            _RESERVE,
            (
                int(now) * 1000, ask.request_id, ask.tier, ask.provider, ask.model, ask.task, self.owner,
                int(now * 1000), month_of(now), ask.worst_picousd, limit, ask.request_limit_picousd,
            ),
        )  # fmt: skip
        return done.lastrowid if done.rowcount else None

    def accept_clock(self, now: float) -> None:
        """Believe the clock again after it once ran ahead: later months no longer stand for the present one."""
        self._db.execute("UPDATE months SET ahead = 1 WHERE month > ?", (month_of(now),))

    def used_by(self, request_id: str) -> int:
        """Return what a request has spent and holds, over all its attempts."""
        query = "SELECT COALESCE(SUM(COALESCE(cost, reserved)), 0) FROM attempts WHERE request_id = ?"
        return int(self._db.execute(query, (request_id,)).fetchone()[0])

    def settle(self, bill: Bill) -> bool:
        """Write what an attempt came to; say whether it was still open (settling twice changes nothing)."""
        cost = None if bill.cost_picousd is None else min(max(0, bill.cost_picousd), MAX_PICOUSD)
        usage = bill.usage or Usage(0, 0, estimated=True)
        tokens = [
            min(max(0, count), 2**40)
            for count in (
                usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.cache_write_tokens,
                usage.reasoning_tokens,
            )
        ]  # fmt: skip
        return bool(
            self._db.execute(
                "UPDATE attempts SET cost = COALESCE(?, reserved), known = ?, input_tokens = ?, output_tokens = ?,"
                " cached_tokens = ?, cache_write_tokens = ?, reasoning_tokens = ?, estimated = ?, outcome = ?, ms = ?"
                " WHERE id = ? AND cost IS NULL",
                (cost, cost is not None, *tokens, usage.estimated, bill.outcome, bill.ms, bill.row),
            ).rowcount
        )

    def correct(self, row: int, cost: int) -> bool:
        """Write what a lost or unknown attempt really cost, as the provider's own bill says it."""
        return bool(
            self._db.execute(
                "UPDATE attempts SET cost = ?, known = 1,"
                " outcome = CASE outcome WHEN 'lost' THEN 'reconciled' ELSE outcome END"
                " WHERE id = ? AND cost IS NOT NULL AND NOT known",
                (cost, row),
            ).rowcount
        )

    def set_meta(self, name: str, value: str | None) -> None:
        """Write a lasting note, or take it away."""
        if value is None:
            self._db.execute("DELETE FROM meta WHERE name = ?", (name,))
        else:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def _settle_for_the_dead(self) -> None:
        for owner, pid, mark in self._db.execute("SELECT id, pid, mark FROM owners").fetchall():
            if is_gone(pid, mark):
                self._settle_open_of(owner, LOST)
                self._db.execute("DELETE FROM owners WHERE id = ?", (owner,))

    def _settle_open_of(self, owner: int | None, outcome: str) -> None:
        rows = self._db.execute("SELECT id FROM attempts WHERE owner = ? AND cost IS NULL", (owner,)).fetchall()
        for (row,) in rows:
            self.settle(Bill(row, None, None, outcome, 0))
