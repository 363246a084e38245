"""A ledger is read where it cannot be written, with all that stands in its write-ahead log."""

import asyncio
import sqlite3

import pytest

from router.budget import PICO, Usage
from router.stores.ledger import Ledger
from router.stores.reader import ReadLedger

NAMES = {"tier": "fast", "provider": "groq", "model": "m", "task": "pattern", "request_limit_picousd": None}


def test_what_is_only_in_the_log_is_read(tmp_path):
    """A ledger in use keeps its last rows beside the file: they count, open reservations as held."""

    async def story():
        ledger = Ledger(tmp_path / "ledger.db", monthly_budget_picousd=PICO)
        await ledger.open()
        row = await ledger.reserve(request_id="r", worst_picousd=PICO // 10, **NAMES)
        await ledger.settle(row, cost_picousd=3, usage=Usage(400, 30), outcome="ok", ms=900)
        await ledger.reserve(request_id="r", worst_picousd=PICO // 2, **NAMES)
        reader = ReadLedger(tmp_path / "ledger.db", monthly_budget_picousd=PICO)
        told = await reader.budget(), await reader.totals(), await reader.rows_of("r")
        own = await ledger.budget(), await ledger.totals(), await ledger.rows_of("r")
        await reader.close()
        await ledger.close()
        return told, own

    told, own = asyncio.run(story())
    assert told == own
    assert (told[0]["spent_usd"], told[0]["reserved_usd"]) == ("0.000000000003", "0.50")


def test_a_ledger_of_another_version_is_not_read(tmp_path):
    """Its columns may mean something else."""
    with sqlite3.connect(tmp_path / "ledger.db") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(sqlite3.Error, match="another version of drumbridge"):
        ReadLedger(tmp_path / "ledger.db", monthly_budget_picousd=None)
