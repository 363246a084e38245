"""A ledger that cannot be written stops the spending, says why, and loses nothing; the music goes on without it."""

import asyncio
import os
import random
import shutil
import sqlite3
from types import SimpleNamespace

import pytest

from router.budget import PICO, Usage
from router.errors import BudgetRefused
from router.stores import books
from router.stores.ledger import Ledger

CENT = PICO // 100
NAMES = {"tier": "fast", "provider": "groq", "model": "m", "task": "pattern", "request_limit_picousd": None}


def ledger_at(path, **more):
    """Return a ledger that neither waits for money nor long for other processes."""
    return Ledger(path, **{"monthly_budget_picousd": CENT, "wait_s": 0, "busy_s": 0.05, **more})


async def pay(ledger, worst=100, cost=30):
    """Reserve and settle one attempt."""
    row = await ledger.reserve(request_id="r", worst_picousd=worst, **NAMES)
    await ledger.settle(row, cost_picousd=cost, usage=Usage(1, 1), outcome="ok", ms=1)


async def why_refused(ledger):
    """Return the sentence of a refusal; fail when the money was given."""
    with pytest.raises(BudgetRefused) as caught:
        await ledger.reserve(request_id="r", worst_picousd=1, **NAMES)
    return str(caught.value)


def drive(path, story, **more):
    """Run a story against an open ledger."""

    async def main():
        ledger = ledger_at(path, **more)
        await ledger.open()
        try:
            return await story(ledger)
        finally:
            await ledger.close()

    return asyncio.run(main())


def spent(path):
    """Return what the months have spent, read past the ledger."""
    with sqlite3.connect(path) as db:
        total = db.execute("SELECT SUM(spent) FROM months").fetchone()[0]
    db.close()
    return total


def garble(path, at, count=512):
    """Overwrite a part of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(random.Random(1).randbytes(count))


def test_a_ledger_that_was_never_opened_pays_nothing(tmp_path):
    """Before `open` and after `close` there is no money, and no exception but the refusal."""

    async def main():
        ledger = ledger_at(tmp_path / "l.db")
        before = await why_refused(ledger)
        await ledger.open()
        await ledger.close()
        await ledger.settle_unknown(1, "late", 1)
        assert await ledger.totals() == []
        return before, await why_refused(ledger)

    assert all("not open" in said for said in asyncio.run(main()))


@pytest.mark.parametrize("kind", ["folder", "file above"])
def test_a_path_that_cannot_be_used_closes_spending_with_a_reason(tmp_path, kind):
    """A folder in the file's place, a file in the folder's: `open` does not raise, `reserve` says why."""
    if kind == "folder":
        (tmp_path / "l.db").mkdir()
        path = tmp_path / "l.db"
    else:
        (tmp_path / "home").write_text("")
        path = tmp_path / "home" / "l.db"

    async def story(ledger):
        assert ledger.closed
        return await why_refused(ledger), await ledger.budget()

    said, budget = drive(path, story)
    assert said == f"spending is closed: {budget['closed']}. The embedded generator plays on"
    assert said.count("cannot be used") == 1


def test_a_file_that_cannot_be_read_any_more_leaves_the_budget_as_last_known(tmp_path, monkeypatch):
    """Closed, with a reason, and never "$0.00 spent": money was paid."""

    async def story(ledger):
        await pay(ledger)
        before = await ledger.budget()
        monkeypatch.setattr(ledger, "_current_books", lambda: (_ for _ in ()).throw(OSError("the disk is gone")))
        return before, await ledger.budget()

    before, after = drive(tmp_path / "l.db", story)
    assert before["spent_usd"] != "0.00"
    assert "the disk is gone" in after["closed"]
    assert {**after, "closed": None} == before


def test_a_full_disk_stops_spending_and_a_settled_amount_is_kept_until_there_is_room(tmp_path):
    """Refused with the disk's name while full; the bill that could not be written is written once there is room."""
    path = tmp_path / "l.db"

    async def story(ledger):
        row = await ledger.reserve(request_id="r", worst_picousd=100, **NAMES)
        fill = "x" * 190
        await ledger._do(lambda books: books._db.execute("PRAGMA max_page_count = 1"), None)
        # The file has a megabyte of free pages: enough calls use them up.
        calls = (ledger.reserve(request_id=f"{fill}{number}", worst_picousd=1, **NAMES) for number in range(4000))
        caught = [said for said in await asyncio.gather(*calls, return_exceptions=True) if not isinstance(said, int)]
        await ledger.settle(row, cost_picousd=30, usage=Usage(1, 1), outcome="x" * 200, ms=1)
        closed = ledger.closed
        await ledger._do(lambda books: books._db.execute("PRAGMA max_page_count = 1000000"), None)
        await pay(ledger)
        return caught, closed, ledger.closed, await ledger.rows_of("r"), await ledger.verify()

    caught, during, after, rows, flaws = drive(path, story)
    assert caught
    assert all(isinstance(said, BudgetRefused) and "the disk is full" in str(said) for said in caught)
    assert during is None or "full" in during
    assert after is None
    assert [row["state"] for row in rows] == ["settled", "settled"]
    assert flaws == []


def test_a_disk_without_room_stops_new_spending_and_takes_the_bills(tmp_path, monkeypatch):
    """The file's own free pages would hold more calls; nothing new is paid all the same, what was called is settled."""
    free = [10**9]
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free[0]))

    async def story(ledger):
        row = await ledger.reserve(request_id="r", worst_picousd=100, **NAMES)
        free[0] = 1000
        said = await why_refused(ledger)
        await ledger.settle(row, cost_picousd=30, usage=Usage(1, 1), outcome="ok", ms=1)
        during = await ledger.budget()
        free[0] = 10**9
        await pay(ledger)
        return said, during, ledger.closed

    said, during, after = drive(tmp_path / "l.db", story)
    assert "the disk is full, 0 kB are left" in said
    assert "plays on" in said
    assert (during["spent_usd"], during["reserved_usd"]) == ("0.00000000003", "0.00")
    assert "the disk is full" in during["closed"]
    assert after is None


def test_a_bill_that_cannot_be_written_stays_held_and_is_tried_again(tmp_path):
    """While another process holds the file the row counts at its worst case; then the bill goes in by itself."""
    path = tmp_path / "l.db"

    async def story(ledger):
        row = await ledger.reserve(request_id="r", worst_picousd=100, **NAMES)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await ledger.settle(row, cost_picousd=30, usage=Usage(1, 1), outcome="ok", ms=1)
        said = await why_refused(ledger)
        other.execute("ROLLBACK")
        other.close()
        return said, await ledger.budget()

    said, budget = drive(path, story)
    assert "another process holds the ledger" in said
    assert (budget["spent_usd"], budget["reserved_usd"]) == ("0.00000000003", "0.00")


def test_a_settled_amount_stays_held_until_it_is_on_the_disk(tmp_path):
    """Nobody waits for a bill's flush: before it the file says what was held, after `flush` what it cost."""
    path = tmp_path / "l.db"

    async def story(ledger):
        row = await ledger.reserve(request_id="r", worst_picousd=100, **NAMES)
        other = sqlite3.connect(path, isolation_level=None)
        look = "SELECT reserved, cost FROM attempts"
        other.execute("BEGIN IMMEDIATE")
        await ledger.settle(row, cost_picousd=30, usage=Usage(1, 1), outcome="ok", ms=1)
        before = other.execute(look).fetchall()
        other.execute("ROLLBACK")
        await ledger.flush()
        after = other.execute(look).fetchall()
        other.close()
        return before, after

    assert drive(path, story) == ([(100, None)], [(100, 30)])


def test_a_flush_with_nothing_on_its_way_does_not_ask_the_disk(tmp_path):
    """Whoever waits for bills that have long been written waits for nobody, not even for a locked file."""

    async def story(ledger):
        row = await ledger.reserve(request_id="r", worst_picousd=100, **NAMES)
        await ledger.settle(row, cost_picousd=30, usage=Usage(1, 1), outcome="ok", ms=1)
        await ledger.flush()
        while ledger._handed_over != ledger._dealt_with:  # told first, counted after
            await asyncio.sleep(0)
        flushing = ledger.flush()
        with pytest.raises(StopIteration):
            flushing.send(None)

    drive(tmp_path / "l.db", story)


@pytest.mark.parametrize("at", [0, 16], ids=["header", "page size"])
def test_a_damaged_file_is_kept_aside_and_spending_waits_for_the_user(tmp_path, at):
    """The old file is kept, the message names it, a restart does not open the purse, the user's word does."""
    path = tmp_path / "l.db"
    drive(path, pay)
    garble(path, at)

    async def find(ledger):
        return await why_refused(ledger)

    async def agree(ledger):
        again = await why_refused(ledger)
        await ledger.reopen()
        await pay(ledger)
        return again

    said = drive(path, find)
    again = drive(path, agree)
    (kept,) = tmp_path.glob("l.db.corrupt-*")
    assert kept.name in said
    assert "costs --reopen" in said
    assert again == said
    assert spent(path) == 30
    drive(path, pay)
    assert spent(path) == 60


def test_damage_found_while_running_closes_spending_at_once(tmp_path):
    """A page that breaks under a running daemon: refused, kept aside, and numbers of old rows settle nothing new."""
    path = tmp_path / "l.db"

    async def fill(ledger):
        for _ in range(200):
            await pay(ledger, 5, 3)

    async def story(ledger):
        row = await ledger.reserve(request_id="r", worst_picousd=100, **NAMES)
        await ledger._do(lambda books: books._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall(), None)
        await ledger._do(lambda books: books._db.execute("PRAGMA cache_size = 0"), None)
        garble(path, 1024, path.stat().st_size - 2048)
        said = await why_refused(ledger)
        await ledger.settle(row, cost_picousd=30, usage=Usage(1, 1), outcome="ok", ms=1)
        return said, await why_refused(ledger), await ledger.budget()

    drive(path, fill)
    said, again, budget = drive(path, story)
    assert "damaged" in said
    assert "damaged" in again
    assert budget["spent_usd"] == "0.00"
    assert len(list(tmp_path.glob("l.db.corrupt-*"))) >= 1


@pytest.fixture(params=["busy folder", "quiet folder"])
def settle_down(request, monkeypatch):
    """Return what lets a ledger find its folder unchanged for long, or that does nothing."""

    async def quiet(ledger):
        monkeypatch.setattr(books, "_TICK_S", -1.0)
        os.utime(ledger.path.parent, (1, 1))
        await pay(ledger)
        look, looks = books.Books.is_current, []
        monkeypatch.setattr(books.Books, "is_current", lambda self: looks.append(1) or look(self))
        await pay(ledger)
        assert not looks

    async def busy(_ledger):
        pass

    return quiet if request.param == "quiet folder" else busy


@pytest.mark.parametrize("kind", ["deleted", "replaced"])
def test_a_log_that_was_taken_away_closes_spending(tmp_path, kind, settle_down):
    """What is written into a deleted log is lost with the process: refused at once, and the file is kept aside."""
    path = tmp_path / "l.db"

    async def story(ledger):
        await pay(ledger)
        await settle_down(ledger)
        log = path.with_name("l.db-wal")
        kept = log.read_bytes()
        log.unlink()
        if kind == "replaced":
            (tmp_path / "other").write_bytes(kept)
            (tmp_path / "other").replace(log)
        return await why_refused(ledger)

    said = drive(path, story)
    assert "its write-ahead log is gone" in said
    assert "costs --reopen" in drive(path, why_refused)
    assert list(tmp_path.glob("l.db.corrupt-*"))


def test_a_file_set_aside_by_another_process_is_let_go(tmp_path, settle_down):
    """The path leads to a new file: a daemon that has the old one open moves over, and obeys its lock."""
    path = tmp_path / "l.db"

    async def story(ledger):
        await pay(ledger)
        await settle_down(ledger)
        garble(path, 0)
        other = ledger_at(path)
        await other.open()
        said = await why_refused(other)
        await other.close()
        return said, await why_refused(ledger)

    said, mine = drive(path, story)
    assert said == mine


def test_a_file_of_another_version_is_left_alone(tmp_path):
    """Spending is closed and not a byte is changed: an older drumbridge must not spoil a newer one's books."""
    path = tmp_path / "l.db"
    drive(path, pay)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()

    said = drive(path, why_refused)

    assert "another version" in said
    assert path.read_bytes() == before


def test_a_process_that_died_is_settled_at_its_reservations(tmp_path):
    """Its open attempts count as spent, are listed as lost, and give back only what the user reconciles."""
    path = tmp_path / "l.db"

    async def die(ledger):
        row = await ledger.reserve(request_id="r", worst_picousd=CENT // 2, **NAMES)
        ledger._books.drop()  # as a killed process: nothing is settled, its owner stays written
        return row

    async def look(ledger):
        before, lost = await ledger.budget(), await ledger.lost()
        with pytest.raises(BudgetRefused):
            await ledger.reserve(request_id="r", worst_picousd=CENT // 2 + 1, **NAMES)
        done = await ledger.reconcile(lost[0]["id"], CENT // 10)
        twice = await ledger.reconcile(lost[0]["id"], 0)
        return before, lost, (done, twice), await ledger.budget(), await ledger.lost(), await ledger.verify()

    row = drive(path, die, owner=(2**22 + 1, "nobody"))
    before, lost, done, after, left, flaws = drive(path, look)
    assert (before["spent_usd"], before["reserved_usd"]) == ("0.005", "0.00")
    assert [(found["id"], found["outcome"], found["state"]) for found in lost] == [(row, "lost", "unknown")]
    assert done == (True, False)
    assert (after["spent_usd"], left, flaws) == ("0.001", [], [])


def test_a_living_process_keeps_what_it_holds(tmp_path):
    """Opening the ledger a second time takes nothing from the one that is at work."""
    path = tmp_path / "l.db"

    async def story(ledger):
        row = await ledger.reserve(request_id="r", worst_picousd=CENT // 2, **NAMES)
        second = ledger_at(path)
        await second.open()
        held = (await second.budget())["reserved_usd"]
        await second.close()
        await ledger.settle(row, cost_picousd=0, usage=Usage(0, 0), outcome="ok", ms=1)
        return held, await ledger.budget()

    held, budget = drive(path, story)
    assert (held, budget["spent_usd"]) == ("0.005", "0.00")


def test_totals_and_budget_never_walk_the_attempts(tmp_path):
    """A million rows must not slow `costs` down: only the running sums are read."""
    path = tmp_path / "l.db"
    drive(path, pay)

    async def story(ledger):
        def forbid(_what, table, _column, _base, _trigger):
            return sqlite3.SQLITE_DENY if table == "attempts" else sqlite3.SQLITE_OK

        await ledger._do(lambda books: books._db.set_authorizer(forbid), None)
        told = [await ledger.totals(by=("tier", "day")), await ledger.budget()]
        await ledger._do(lambda books: books._db.set_authorizer(None), None)
        return told

    (total,), budget = drive(path, story)
    assert total["cost_usd"] == budget["spent_usd"] == "0.00000000003"


@pytest.mark.parametrize("name", ["request_id", "model", "task"])
def test_names_that_are_no_text_for_a_file_do_not_stop_the_ledger(tmp_path, name):
    """A lone surrogate or a novel in a model's name is stored as well as it can be."""

    async def story(ledger):
        names = {"request_id": "r", **NAMES, name: "\ud800" + "n" * 10_000}
        await ledger.reserve(worst_picousd=1, **names)
        return await ledger.totals()

    assert drive(tmp_path / "l.db", story) == []


@pytest.mark.parametrize("worst", [-1, 2**80])
def test_an_impossible_amount_is_refused_before_it_reaches_the_file(tmp_path, worst):
    """Neither below zero nor beyond what a column holds."""

    async def story(ledger):
        with pytest.raises(BudgetRefused):
            await ledger.reserve(request_id="r", worst_picousd=worst, **NAMES)
        with pytest.raises(ValueError, match="cannot have cost"):
            await ledger.reconcile(1, -1)
        await ledger.settle(7, cost_picousd=2**80, usage=Usage(2**80, -1), outcome="ok", ms=1)
        await pay(ledger, 5, 2**80)
        return (await ledger.budget())["spent_usd"]

    assert drive(tmp_path / "l.db", story) == "1000000.00"
