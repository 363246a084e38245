"""The ledger: every attempt reserves its worst case before it is made and settles after, whatever happens between.

One thread writes, so the event loop never waits for a disk, and all who ask in the same moment share one transaction.
Any error of the file closes spending, never the music: `reserve` then refuses and says why.
"""

from __future__ import annotations

import asyncio
import queue
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from router.budget import MAX_PICOUSD, Funds, Usage, refusal
from router.errors import BudgetRefused
from router.stores import reports
from router.stores.books import Ask, Bill, Books, month_of
from router.stores.nulls import NullLedger

__all__ = ["Ledger", "NullLedger"]

T = TypeVar("T")

_LOOK_AGAIN_S: Final = 0.05
"""How often one who waits for money looks whether another process has settled."""

_TRY_AGAIN_S: Final = 1.0
"""How often a bill that the disk refused is tried again."""

_LEAST_FREE: Final = 256 * 1024
"""Bytes beside the file under which nothing new is paid: its own room would last for a while, the bills to come and
all else that is written here would not."""

_TURN_S: Final = 1e-4
"""How long a thread that computes may keep the others from the interpreter. Python's own 5 ms, before each of the
writer's few steps, would hold it up until the event loop has nothing left to do."""

_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@dataclass(slots=True, eq=False)
class _Job:
    """One thing for the writing thread that somebody waits for; with neither `ask` nor `work` just for its turn."""

    future: asyncio.Future[Any]
    ask: Ask | None = None
    until: float = 0.0
    work: Callable[[Books], Any] | None = None
    outcome: Any = field(default=None)
    waits: bool = False


class Ledger:
    """The money spent, on disk. Open one for each process; several processes may share the file."""

    def __init__(
        self,
        path: Path | str,
        *,
        monthly_budget_picousd: int | None,
        wall: Callable[[], float] = time.time,
        owner: tuple[int, str] | None = None,
        wait_s: float = 5.0,
        busy_s: float = 5.0,
    ) -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: The ledger's file; it is made when missing, readable by its user only.
            monthly_budget_picousd: The most that one month (UTC) may cost; None is no limit.
            wall: Seconds since 1970.
            owner: Number and start mark of the process that reserves; this one when None.
            wait_s: How long `reserve` waits when only calls that still run stand in the way.
            busy_s: How long a transaction waits for another process's.
        """
        self.path = Path(path)
        self._folder = str(self.path.parent)
        self.monthly_budget_picousd = monthly_budget_picousd
        self._locked: str | None = None
        self._trouble: str | None = None
        self._full: str | None = None
        self._seen: Funds | None = None
        self._wall, self._owner, self._wait_s, self._busy_s = wall, owner, wait_s, busy_s
        self._jobs: queue.SimpleQueue[_Job | Bill | None] = queue.SimpleQueue()
        self._waiting: list[_Job] = []
        self._unwritten: list[Bill] = []
        self._handed_over = self._dealt_with = 0
        self._books: Books | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __repr__(self) -> str:
        return f"<Ledger {self.path.name} {'closed: ' + self.closed if self.closed else 'open'}>"

    @property
    def closed(self) -> str | None:
        """Why nothing is paid at present, or None: the user must agree first, or the file cannot be written."""
        return self._locked or self._trouble or self._full

    async def open(self) -> None:
        """Start the writing thread and open the file. Never raises for a bad file: spending is closed instead."""
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            sys.setswitchinterval(min(sys.getswitchinterval(), _TURN_S))
            self._thread = threading.Thread(target=self._write, name="ledger", daemon=True)
            self._thread.start()
            await self._ask(_Job(self._future()))

    async def close(self) -> None:
        """Finish what was asked, settle open reservations as unknown, close the file."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)

    async def reserve(
        self,
        *,
        request_id: str,
        tier: str,
        provider: str,
        model: str,
        task: str,
        worst_picousd: int,
        request_limit_picousd: int | None,
        wait_s: float | None = None,
    ) -> int:
        """Hold the worst case of one attempt, on disk, before it is made; return its row.

        When the money would be there but for calls that still run, this waits up to `wait_s` seconds for them to
        settle. A cancelled caller leaves nothing held.

        Raises:
            BudgetRefused: With a sentence that says which limit, what is left and when it starts afresh.
        """
        if not 0 <= worst_picousd <= MAX_PICOUSD:
            raise BudgetRefused(f"a call cannot cost {worst_picousd} pico-dollars")
        ask = Ask(
            request_id=_plain(request_id), tier=tier, provider=provider, model=_plain(model), task=_plain(task),
            worst_picousd=worst_picousd, request_limit_picousd=request_limit_picousd,
        )  # fmt: skip
        until = time.monotonic() + (self._wait_s if wait_s is None else wait_s)
        return int(await self._ask(_Job(self._future(), ask=ask, until=until)))

    async def settle(self, row: int, *, cost_picousd: int, usage: Usage, outcome: str, ms: int) -> None:
        """Hand over what an attempt came to. Whoever asks this ledger afterwards sees it; `flush` waits for the disk.

        Until it is on the disk, and after a crash that comes first, the row counts at its reservation: never less than
        it cost. When the disk refuses, the amount is kept in memory and tried again.
        """
        self._settle(Bill(row, cost_picousd, usage, _plain(outcome), ms))

    async def settle_unknown(self, row: int, outcome: str, ms: int) -> None:
        """Settle an attempt whose usage nobody knows (cancelled, timed out) at what was reserved for it."""
        self._settle(Bill(row, None, None, _plain(outcome), ms))

    async def flush(self) -> None:
        """Wait until all that was settled is on the disk, or was refused by it."""
        if self._thread is not None and (self._handed_over != self._dealt_with or self._unwritten):
            await self._ask(_Job(self._future()))

    async def totals(self, since: str | float | None = None, by: Sequence[str] = ("tier",)) -> list[dict[str, Any]]:
        """Return what was spent from a day on, by tier, provider, model, task, day or month.

        Raises:
            ValueError: If `since` is no day or `by` names nothing known.
        """
        first = reports.first_day(since, self._wall())
        reports.check(by)
        return await self._do(lambda books: reports.totals(books, first, by), [])

    async def budget(self) -> dict[str, Any]:
        """Return {month, limit_usd, spent_usd, reserved_usd, left_usd, resets, closed}, as last known while closed."""
        found = await self._do(self._funds, None)
        self._seen = found or self._seen or Funds(month_of(self._wall()), self.monthly_budget_picousd, 0, 0)
        return reports.budget(self._seen, self.closed, self._wall())

    async def rows_of(self, request_id: str) -> list[dict[str, Any]]:
        """Return a request's attempts, the receipt that its `route` adds up to."""
        return await self._do(lambda books: reports.rows_of(books, request_id), [])

    async def lost(self) -> list[dict[str, Any]]:
        """Return the attempts of processes that died; they count at their reservation."""
        return await self._do(reports.lost, [])

    async def reconcile(self, row: int, cost_picousd: int) -> bool:
        """Write what a lost or unknown attempt really cost, as the provider's bill says it."""
        if cost_picousd < 0:
            raise ValueError(f"a call cannot have cost {cost_picousd} pico-dollars")
        return await self._do(lambda books: books.correct(row, cost_picousd), default=False)

    async def verify(self) -> list[str]:
        """Return what is wrong with the file; [] when nothing is. Walks every row."""
        return await self._do(reports.verify, [self.closed or "the ledger is not open"])

    async def reopen(self) -> None:
        """Open spending again after the user has read why it was closed."""

        def agree(books: Books) -> None:
            books.set_meta("closed", None)
            self._locked = None

        await self._do(agree, None)

    async def accept_clock(self) -> None:
        """Let the clock name the month again after it once ran ahead; only the user may say so."""
        await self._do(lambda books: books.accept_clock(self._wall()), None)

    def _future(self) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()

    async def _ask(self, job: _Job) -> Any:
        if self._thread is None:
            raise BudgetRefused("the ledger is not open, so nothing is spent; the embedded generator plays")
        self._jobs.put(job)
        try:
            outcome = await job.future
        except asyncio.CancelledError:
            if job.future.done() and not job.future.cancelled():
                self._free(job)  # granted, and cancelled before its caller ran again
            raise
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _settle(self, bill: Bill) -> None:
        if self._thread is not None:
            self._handed_over += 1
            self._jobs.put(bill)

    async def _do(self, work: Callable[[Books], T], default: T) -> T:
        if self._thread is None:
            return default
        outcome = await self._ask(_Job(self._future(), work=work))
        return default if outcome is _NOT_DONE else outcome

    # What follows runs in the writing thread only.

    def _write(self) -> None:
        self._open_books()
        ending = roomy = False
        while not ending:
            bills, jobs, ending = self._next()
            self._transact(bills, jobs, ending=ending)
            self._dealt_with += len(bills)
            if not roomy:  # after the first answer, for opening must not wait for it
                roomy = True
                self._make_room()
        if self._books is not None:
            with suppress(sqlite3.Error):
                self._books.close()

    def _make_room(self) -> None:
        if self._books is not None:
            with suppress(sqlite3.Error, OSError):  # only speed is lost
                self._books.make_room()

    def _next(self) -> tuple[list[Bill], list[_Job], bool]:
        """Return all that is to be done now, and whether that is the end."""
        patience = _LOOK_AGAIN_S if self._waiting else _TRY_AGAIN_S if self._unwritten else None
        bills: list[Bill] = []
        jobs: list[_Job] = []
        try:
            while (one := self._jobs.get(timeout=patience)) is not None:
                if isinstance(one, Bill):
                    bills.append(one)
                else:
                    jobs.append(one)
                patience = 0.0
        except queue.Empty:
            return bills, jobs, False
        return bills, jobs, True

    def _transact(self, bills: list[Bill], jobs: list[_Job], *, ending: bool) -> None:
        """Do all that was asked in one transaction, then tell those who wait for it."""
        bills, jobs, self._waiting = self._unwritten + bills, self._waiting + jobs, []
        if bills or any(job.ask or job.work for job in jobs):
            try:
                self._do_all(bills, jobs, ending=ending)
            except Exception as error:  # noqa: BLE001  whatever it is, it closes spending and must not end this thread
                self._unwritten = bills  # the rows stay held at their worst case until these can be written
                self._fail(error, jobs)
        done = [job for job in jobs if job not in self._waiting] if self._waiting else jobs
        if done and self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended; closing settles what is open
                self._loop.call_soon_threadsafe(self._deliver, done)

    def _do_all(self, bills: list[Bill], jobs: list[_Job], *, ending: bool) -> None:
        """First what frees money, then what takes it, in turn."""
        books = self._current_books()
        asks = [job for job in jobs if job.ask]
        works = [(job, job.work) for job in jobs if job.work]
        if works or len(bills) + len(asks) > 1:  # a single one is a transaction by itself
            books.begin()
        for bill in bills:
            books.settle(bill)
        if works or asks:
            self._full = _full(self._folder)
        if works or self._locked:
            self._locked = books.meta("closed")  # another process may have closed it since, or opened it again
        for job, work in works:
            job.outcome = work(books)
        still = self._grant(books, asks, ending=ending)
        books.commit()
        self._unwritten, self._waiting, self._trouble = [], still, None

    def _grant(self, books: Books, asks: list[_Job], *, ending: bool) -> list[_Job]:
        """Reserve for each who can be paid, refuse who never can, return who may be later."""
        wall, now, limit = self._wall(), time.monotonic(), self.monthly_budget_picousd
        month: Funds | None = None  # looked at once somebody did not get what he asked for
        still: list[_Job] = []
        for job in asks:
            ask = job.ask
            assert ask is not None  # noqa: S101  only asks are handed in
            if job.future.cancelled():
                continue
            worst, patient = ask.worst_picousd, now < job.until and not ending
            if not (self._locked or self._full) and (month is None or month.fits(worst)):
                job.outcome = books.reserve(ask, limit, wall)
                if job.outcome is not None:
                    month = month and month._replace(reserved=month.reserved + worst)
                    continue
                month, self._locked = self._funds(books), books.meta("closed")
            if month is None or self._locked or self._full:
                job.outcome = _refused(self._locked or self._full or "")
                continue
            if job.waits and patient and not month.fits(worst) and month.may_fit_later(worst):
                still.append(job)  # its own ceiling was looked at when it came: a thousand may wait here
                continue
            used = 0 if ask.request_limit_picousd is None else books.used_by(ask.request_id)
            own = month._replace(request_limit=ask.request_limit_picousd, request_used=used)
            later = own.fits_request(worst) and own.may_fit_later(worst)
            if later and patient:
                job.waits = True
                still.append(job)
            else:
                job.outcome = BudgetRefused(refusal(own, worst), later=later)
        return still

    def _funds(self, books: Books) -> Funds:
        return books.funds(self._wall(), self.monthly_budget_picousd)

    def _current_books(self) -> Books:
        """Return the open file, after a look whether it is still the one that the others use."""
        if self._books is not None:
            if self._books.in_place():
                return self._books
            self._drop()  # another process set it aside: rows of the old file are none of the new one's
        self._open_books()
        if self._books is None:
            raise _Shut(self.closed)
        return self._books

    def _drop(self) -> None:
        if self._books is not None:
            self._books.drop()
        self._books, self._unwritten = None, []

    def _open_books(self) -> None:
        try:
            try:
                self._books = Books(self.path, self._owner, self._busy_s)
            except sqlite3.DatabaseError as error:
                if _code(error) not in _DAMAGED:
                    raise
                self._set_aside(error)
            if self._books is not None:
                self._locked = self._books.meta("closed")
        except (sqlite3.Error, OSError) as error:
            self._trouble = _why(error)

    def _set_aside(self, error: Exception) -> None:
        """Keep a damaged file under another name and begin a new one that stays closed until the user agrees."""
        stamp = datetime.fromtimestamp(self._wall(), UTC).strftime("%Y%m%dT%H%M%S")
        kept = self.path.with_name(f"{self.path.name}.corrupt-{stamp}")
        for tail in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + tail)
            if part.exists():
                part.replace(kept.with_name(kept.name + tail))
        self._locked = (
            f"the ledger was damaged ({error}) and is kept aside as {kept.name}; what this month has cost is not "
            "known, so nothing is spent until you say so: drumbridge costs --reopen"
        )
        self._books = Books(self.path, self._owner, self._busy_s, closed=self._locked)

    def _fail(self, error: Exception, jobs: list[_Job]) -> None:
        self._trouble = _why(error)
        try:
            if self._books is not None:
                self._books.rollback()
                if _code(error) in _DAMAGED and self._books.is_current():
                    self._drop()
                    self._set_aside(error)
        except (sqlite3.Error, OSError):
            self._drop()
        for job in jobs:
            if job.ask is not None:
                job.outcome = _refused(self.closed or "the ledger cannot be used")
            elif job.work is not None:
                job.outcome = _NOT_DONE

    # Runs in the event loop.

    def _deliver(self, jobs: list[_Job]) -> None:
        for job in jobs:
            if not job.future.done():
                job.future.set_result(job.outcome)
            elif job.ask is not None and isinstance(job.outcome, int):
                self._free(job)

    def _free(self, job: _Job) -> None:
        """Give back what is held for a caller who went away before the call was made."""
        if isinstance(job.outcome, int):
            self._settle(Bill(job.outcome, 0, Usage(0, 0), "cancelled", 0))


class _Shut(Exception):
    """The file could not be opened; the message is the reason in plain words."""


_NOT_DONE: Final = object()


def _refused(why: str) -> BudgetRefused:
    return BudgetRefused(f"spending is closed: {why}. The embedded generator plays on")


def _full(folder: str) -> str | None:
    try:
        free = shutil.disk_usage(folder).free
    except OSError:  # what cannot be asked shows when it is written
        return None
    return None if free >= _LEAST_FREE else f"the disk is full, {free // 1024} kB are left beside the ledger"


def _plain(text: str) -> str:
    return text[:200].encode("utf-8", "replace").decode()


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _why(error: Exception) -> str:
    if isinstance(error, _Shut):
        return str(error)
    code = _code(error)
    if code == sqlite3.SQLITE_FULL:
        return f"the disk is full, the ledger cannot be written ({error})"
    if code in _DAMAGED:
        return f"the ledger is damaged ({error})"
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return f"another process holds the ledger ({error})"
    return f"the ledger cannot be used ({error})"
