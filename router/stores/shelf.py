"""The cache's file: SQLite behind a thread, written a moment later and all together.

Disposable: whatever is wrong with it costs a hit, never an answer. A damaged file is put aside and begun anew.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

_log = logging.getLogger(__name__)

_EDITION: Final = 1
_SCHEMA: Final = """
CREATE TABLE entries (cls TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, expires REAL NOT NULL,
    ttl_s REAL NOT NULL, PRIMARY KEY (cls, key)) WITHOUT ROWID;
CREATE INDEX entries_age ON entries (cls, expires);
"""
_FIND: Final = (
    "SELECT value, expires, ttl_s FROM entries WHERE cls = ?1 AND key = ?2 AND expires - ttl_s <= ?3 AND expires > ?3"
)
_BUSY_S: Final = 0.25
"""How long another process is waited for; asking a provider would take longer."""

_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_MOST_UNWRITTEN: Final = 1000
"""Puts that may wait for a slow disk; more are dropped, for a cache may forget."""


_Job = Callable[[sqlite3.Connection | None], None]


class Entry(NamedTuple):
    """A value, when it ends (seconds since 1970) and how long it was given."""

    value: str
    expires: float
    ttl_s: float


class Shelf:
    """Entries by class and key in one file that several processes may share."""

    def __init__(self, path: Path, sizes: Mapping[str, int]) -> None:
        self.path = path
        self.trouble: str | None = None
        self._sizes = sizes
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._unwritten: dict[tuple[str, str], Entry] = {}
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._held = False

    async def open(self) -> None:
        """Start the thread that owns the file."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="cache", daemon=True)
            self._thread.start()

    async def close(self) -> None:
        """Write what waits, close the file."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)

    async def get(self, cls: str, key: str, now: float) -> Entry | None:
        """Return an entry that still lives, or None."""
        with self._guard:
            waiting = self._unwritten.get((cls, key))
        if waiting is not None:
            return waiting if waiting.expires - waiting.ttl_s <= now < waiting.expires else None
        row = await self._ask(lambda db: db.execute(_FIND, (cls, key, now)).fetchone())
        return None if row is None else Entry(*row)

    def put(self, cls: str, key: str, entry: Entry) -> None:
        """Take an entry to be written soon."""
        with self._guard:
            first = not self._unwritten
            if self._thread is None or len(self._unwritten) >= _MOST_UNWRITTEN:
                return
            self._unwritten[cls, key] = entry
        if first:
            self._jobs.put(self._write)

    async def clear(self) -> None:
        """Delete every entry."""
        with self._guard:
            self._unwritten.clear()
        await self._ask(lambda db: db.execute("DELETE FROM entries").rowcount)

    async def _ask(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        if self._thread is None:
            return None
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()

        def run(db: sqlite3.Connection | None) -> None:
            outcome = None
            try:
                outcome = work(db) if db is not None else None
            finally:
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(lambda: None if answer.done() else answer.set_result(outcome))

        self._jobs.put(run)
        return await answer

    # What follows runs in the shelf's thread only.

    def _run(self) -> None:
        db = self._connect()
        while (job := self._jobs.get()) is not None:
            try:
                if db is None and self._held:
                    db = self._connect()
                job(db)
                self.trouble = self.trouble if db is None else None
            except (sqlite3.Error, OSError) as error:
                if db is not None and _code(error) in _DAMAGED:  # no later job would fare better
                    db.close()
                    db = self._connect(damaged=error)
                else:
                    self._do_without(error)
        with suppress(sqlite3.Error, OSError):
            self._write(db)
        if db is not None:
            db.close()

    def _connect(self, damaged: Exception | None = None) -> sqlite3.Connection | None:
        try:
            if damaged is None:
                try:
                    return self._opened()
                except sqlite3.Error as error:
                    if _code(error) not in _DAMAGED:
                        raise
                    damaged = error
            self._put_aside(damaged)
            return self._opened()
        except (sqlite3.Error, OSError) as error:
            self._held = _code(error) == sqlite3.SQLITE_BUSY
            self._do_without(error)
            return None

    def _do_without(self, error: Exception) -> None:
        """Say once, not at every turn, that the file is not used."""
        trouble = f"the cache's file is not used: {error}"
        if trouble != self.trouble:
            _log.warning("%s; answers are kept in memory until that ends", trouble)
        self.trouble = trouble

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        db = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")  # a lost hit is no loss
            db.execute("BEGIN IMMEDIATE")
            edition = db.execute("PRAGMA user_version").fetchone()[0]
            if edition != _EDITION:
                db.execute("DROP TABLE IF EXISTS entries")
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {_EDITION}")
            db.execute("COMMIT")
        except BaseException:
            db.close()
            raise
        return db

    def _put_aside(self, damaged: Exception) -> None:
        for tail in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + tail)
            if part.exists():
                part.replace(part.with_name(f"{part.name}.damaged"))
        _log.warning(
            "the cache's file was damaged (%s): it is kept aside as %s and a new one begun. Answers kept there are "
            "asked for again; nothing else is lost, and the file may be deleted", damaged, f"{self.path.name}.damaged",
        )  # fmt: skip

    def _write(self, db: sqlite3.Connection | None) -> None:
        with self._guard:
            batch, self._unwritten = self._unwritten, {}
        if db is None or not batch:
            return
        rows = [(cls, key, *entry) for (cls, key), entry in batch.items()]
        try:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT OR REPLACE INTO entries VALUES (?,?,?,?,?)", rows)
            for cls in {cls for cls, _ in batch}:
                # The soonest to end give way; what is out of date goes with them.
                db.execute(
                    "DELETE FROM entries WHERE cls = ?1 AND key IN (SELECT key FROM entries WHERE cls = ?1"
                    " ORDER BY expires DESC LIMIT -1 OFFSET ?2)",
                    (cls, self._sizes[cls]),
                )
            db.execute("COMMIT")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
