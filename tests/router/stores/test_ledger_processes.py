"""Several daemons on one home, and daemons that are killed: the budget holds and no settled amount is lost."""

import asyncio
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from router.budget import PICO, parse_usd
from router.stores.ledger import Ledger

CENT = PICO // 100
SPENDER = Path(__file__).with_name("spender.py")


def start(path, limit, worst, cost, tasks):
    """Start a process that spends."""
    command = [sys.executable, SPENDER, path, *map(str, (limit, worst, cost, tasks))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def go(*spenders):
    """Let processes spend that are ready."""
    for spender in spenders:
        spender.stdin.write("go\n")
        spender.stdin.flush()


def wait_for(*spenders):
    """Wait until processes hold their first reservations."""
    for spender in spenders:
        assert spender.stdout.readline() == "ready\n"


def look(path, limit=CENT):
    """Open the ledger as the next daemon does; return its budget, and check every sum."""

    async def main():
        ledger = Ledger(path, monthly_budget_picousd=limit, wait_s=0)
        await ledger.open()
        budget, flaws = await ledger.budget(), await ledger.verify()
        await ledger.close()
        assert flaws == []
        return budget

    return asyncio.run(main())


@pytest.mark.wire
def test_three_daemons_on_one_home_share_one_budget(tmp_path):
    """Their first reservations take the cent whole; then they spend so much of it that no other call would fit."""
    worst, cost = CENT // 60, CENT // 240
    path = tmp_path / "ledger.db"
    spenders = [start(path, CENT, worst, cost, 20) for _ in range(3)]
    wait_for(*spenders)
    assert parse_usd(look(path)["reserved_usd"]) == 60 * worst
    go(*spenders)
    counts = [len(spender.communicate(timeout=100)[0].splitlines()) for spender in spenders]
    assert [spender.returncode for spender in spenders] == [0, 0, 0]
    assert min(counts) >= 20

    budget = look(path)

    spent = parse_usd(budget["spent_usd"])
    assert spent == sum(counts) * cost
    assert CENT - worst < spent <= CENT


@pytest.mark.wire
def test_killed_at_random_moments_no_settled_amount_is_lost_and_none_held_is_freed(tmp_path):
    """After each of 20 kills: what was said to be settled is settled, what was open counts at its worst case."""
    dice = random.Random(4)
    path = tmp_path / "ledger.db"
    worst, cost, limit = 1000, 100, PICO
    settled, least = set(), 0
    for _ in range(20):
        spender = start(path, limit, worst, cost, 5)
        wait_for(spender)
        go(spender)
        for _ in range(dice.randrange(1, 40)):
            settled.add(int(spender.stdout.readline()))
        spender.kill()
        # Not communicate(): it reads past the lines that readline() holds, and so from the middle of one.
        settled.update(map(int, spender.stdout.read().split("\n")[:-1]))
        spender.wait(30)
        spender.stdin.close()
        spender.stdout.close()

        with sqlite3.connect(path) as db:
            open_rows = db.execute("SELECT COUNT(*) FROM attempts WHERE cost IS NULL").fetchone()[0]
        db.close()
        budget = look(path, limit)

        spent = parse_usd(budget["spent_usd"])
        assert budget["reserved_usd"] == "0.00"
        assert spent >= len(settled) * cost + open_rows * worst
        assert spent >= least
        least = spent
    with sqlite3.connect(path) as db:
        known = {row for (row,) in db.execute("SELECT id FROM attempts WHERE known AND cost = ?", (cost,))}
        lost, amount = db.execute("SELECT COUNT(*), SUM(cost) FROM attempts WHERE outcome = 'lost'").fetchone()
    db.close()
    assert settled <= known
    assert amount == lost * worst
    assert spent == len(known) * cost + lost * worst


@pytest.mark.wire
def test_a_file_that_may_not_grow_stops_the_spending_and_not_the_process(tmp_path):
    """Under a hard limit of file size (as a full disk answers): refused at last, the sums right, exit 0."""
    path = tmp_path / "ledger.db"
    look(path)
    # Blocks of 512 bytes; SIGXFSZ is ignored by Python, so the write fails with an error.
    command = [
        "sh",
        "-c",
        'ulimit -f 4000; exec "$@"',
        "sh",
        sys.executable,
        SPENDER,
        path,
        str(PICO),
        "10",
        "1",
        "200",
    ]
    found = subprocess.run(command, input="go\n", capture_output=True, text=True, timeout=100, check=False)
    assert found.returncode == 0, found.stderr
    rows = len(found.stdout.splitlines()) - 1
    assert rows > 100
    assert parse_usd(look(path, PICO)["spent_usd"]) >= rows
