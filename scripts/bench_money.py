"""What does counting money cost? Measures the cache, the ledger and the shared flight on this machine's own disk.

Every figure is measured in this run. The ledger's floor, a bare flush of four kilobytes at the same pace, is printed
beside it: what lies above the floor is ours. `--rows` sets the size of the large ledger, `--kills` how often a spender
is killed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from router.budget import PICO, Usage, parse_usd  # noqa: E402 - the repository's root has to be found first
from router.errors import BudgetRefused  # noqa: E402 - likewise
from router.key import pattern_key  # noqa: E402 - likewise
from router.request import GrooveRequest  # noqa: E402 - likewise
from router.stores.cache import Cache  # noqa: E402 - likewise
from router.stores.flight import Flight  # noqa: E402 - likewise
from router.stores.ledger import Ledger  # noqa: E402 - likewise

NAMES = {"tier": "fast", "provider": "groq", "model": "m", "task": "pattern"}
CENT = PICO // 100
SPENDER = ROOT / "tests" / "router" / "stores" / "spender.py"
Row = tuple[str, float, str, float | None]


def middle_us(times: Sequence[float]) -> float:
    """Return the median in microseconds."""
    return statistics.median(times) * 1e6


async def cache_hit(folder: Path, count: int) -> list[Row]:
    """Time key, lookup and copy of a kept pattern, as the router does it."""
    cache = Cache(folder / "cache.db")
    await cache.open()
    wish = GrooveRequest(prompt="Lazy half-time  shuffle with ghost notes", genre="rock", bars=4, swing=0.6)
    await cache.put("pattern", pattern_key(wish), "x" * 8000)
    times = []
    for _ in range(count):
        began = time.perf_counter()
        await cache.get("pattern", pattern_key(wish))
        times.append(time.perf_counter() - began)
    began = time.perf_counter()
    for _ in range(count):
        await cache.get("pattern", pattern_key(wish))
    rate = count / (time.perf_counter() - began)
    await cache.close()
    return [("cache hit, key and lookup, median", middle_us(times), "us", 15), ("cache hits", rate, "/s", -50_000)]


def floor(folder: Path, count: int) -> list[Row]:
    """Time bare flushes of four kilobytes into room that exists: what no ledger on this disk can beat.

    A disk that has rested is slower, so both paces of the ledger's own rows have a floor of their own.
    """
    rows: list[Row] = []
    with (folder / "floor").open("wb", buffering=0) as file:
        for _ in range(1024):
            file.write(bytes(1024))
        os.fsync(file.fileno())
        for name, rest_s in (("one after the other", 0.0), ("each after 2 ms of rest", 0.002)):
            times = []
            for number in range(count):
                time.sleep(rest_s)
                file.seek(number % 256 * 4096)
                began = time.perf_counter()
                file.write(b"x" * 4096)
                os.fdatasync(file.fileno())
                times.append(time.perf_counter() - began)
            rows.append((f"one bare flush, {name}, median", middle_us(times), "us", None))
    return rows


async def reserve_and_settle(folder: Path, count: int) -> list[Row]:
    """Time one caller's reserve plus settle at two paces, then 16 callers, and how long they hold the event loop up.

    "Held" is what a call waits for: its worst case is on the disk and its bill is with the writing thread, which takes
    it to the disk by itself or with the next reservation. "Both on the disk" waits for the bill's own flush as well.
    """
    ledger = Ledger(folder / "speed.db", monthly_budget_picousd=1000 * PICO)
    await ledger.open()

    async def attempt(name: str) -> None:
        row = await ledger.reserve(request_id=name, worst_picousd=1000, request_limit_picousd=PICO, **NAMES)
        await ledger.settle(row, cost_picousd=100, usage=Usage(400, 300), outcome="ok", ms=900)

    async def timed(name: str, rest_s: float, *, flush: bool) -> list[float]:
        times = []
        for number in range(count):
            if rest_s:
                await asyncio.sleep(rest_s)  # a model takes longer, and the flush of the last one is not this one's
            began = time.perf_counter()
            await attempt(f"{name}{number}")
            if flush:
                await ledger.flush()
            times.append(time.perf_counter() - began)
        return times

    async def sixteen(name: str) -> float:
        async def caller(mine: str) -> None:
            for number in range(60):
                await attempt(f"{mine}{number}")

        began = time.perf_counter()
        await asyncio.gather(*(caller(f"{name}{number}-") for number in range(16)))
        return (time.perf_counter() - began) / (16 * 60)

    async def watch(gaps: list[float]) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0)
            gaps.append(time.perf_counter() - began)

    await attempt("first")
    await asyncio.sleep(3.1)  # as a daemon's, the folder has been quiet for long: one look at it is enough
    running, rested = await timed("a", 0, flush=False), await timed("b", 0.002, flush=False)
    flushed = await timed("c", 0, flush=True)
    together = await sixteen("d")
    gaps: list[float] = []
    watcher = asyncio.create_task(watch(gaps))  # never lets the loop rest, so what it sees is no caller's time
    await sixteen("e")
    watcher.cancel()
    flaws = await ledger.verify()
    await ledger.close()
    if flaws:
        raise SystemExit(f"the ledger's sums are wrong: {flaws}")
    rested.sort()
    return [
        ("reserve + settle, held, one after the other, median", middle_us(running), "us", 400),
        ("reserve + settle, held, each after 2 ms of rest, median", middle_us(rested), "us", None),
        ("reserve + settle, held, each after 2 ms of rest, p95", rested[int(len(rested) * 0.95)] * 1e6, "us", None),
        ("reserve + settle, both on the disk, median", middle_us(flushed), "us", None),
        ("reserve + settle, 16 callers, each", together * 1e6, "us", None),
        ("longest hold of the event loop by 16 callers", max(gaps) * 1e3, "ms", None),
    ]


def fill(path: Path, rows: int) -> None:
    """Write a ledger of so many settled attempts over two years, sums included, past the ledger's own code."""
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute("BEGIN")
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO attempts SELECT i, 'r' || (i / 2), 'tier' || (i % 4), 'provider' || (i % 4 / 2),"
            " 'model' || (i % 8), 'pattern', 0, 1730000000000 + i * 63072 / (? / 1000000.0), 202400 + i * 11 / ? + 1,"
            " 1000, 100 + i % 50, 1, 400, 300, 0, 0, 0, 0, 'ok', 900 FROM n",
            (rows, rows, rows),
        )
        db.execute("INSERT INTO months SELECT month, SUM(cost), 0, 0 FROM attempts GROUP BY month")
        db.execute(
            "INSERT INTO totals SELECT CAST(strftime('%Y%m%d', at_ms / 1000, 'unixepoch') AS INTEGER), tier, provider,"
            " model, task, COUNT(*), SUM(cost), SUM(input_tokens), SUM(output_tokens), SUM(cached_tokens), SUM(ms), 0"
            " FROM attempts GROUP BY 1, 2, 3, 4, 5"
        )
        db.execute("COMMIT")
    db.close()


async def large(folder: Path, rows: int) -> list[Row]:
    """Time opening, `costs` and a reservation on a large ledger, and opening an empty one."""

    async def opening(path: Path) -> tuple[Ledger, float]:
        ledger = Ledger(path, monthly_budget_picousd=1000 * PICO)
        began = time.perf_counter()
        await ledger.open()
        return ledger, (time.perf_counter() - began) * 1e3

    path = folder / "large.db"
    ledger, small_ms = await opening(path)
    await ledger.close()
    await asyncio.to_thread(fill, path, rows)
    ledger, large_ms = await opening(path)
    costs = []
    for by in (("tier",), ("provider", "model"), ("day",), ("tier", "provider", "model", "day")):
        began = time.perf_counter()
        told = await ledger.totals(by=by)
        costs.append((time.perf_counter() - began) * 1e3)
        if sum(row["attempts"] for row in told) != rows:
            raise SystemExit("the totals do not add up")
    times = []
    for number in range(200):
        began = time.perf_counter()
        row = await ledger.reserve(request_id=f"x{number}", worst_picousd=9, request_limit_picousd=PICO, **NAMES)
        await ledger.settle(row, cost_picousd=1, usage=Usage(4, 3), outcome="ok", ms=9)
        times.append(time.perf_counter() - began)
    await ledger.close()
    return [
        ("open a new ledger", small_ms, "ms", None),
        (f"open a ledger of {rows:,} rows", large_ms, "ms", None),
        ("costs, the slowest of four groupings", max(costs), "ms", 200),
        (f"reserve + settle at {rows:,} rows, median", middle_us(times), "us", None),
    ]


async def storm(folder: Path, seed: int) -> list[Row]:
    """1,000 concurrent requests at a monthly budget of $0.01; return what was spent, served and refused in vain."""
    dice = random.Random(seed)
    ledger = Ledger(folder / f"storm{seed}.db", monthly_budget_picousd=CENT, wait_s=60)
    await ledger.open()
    worst, served = CENT // 40, 0

    async def request(number: int) -> None:
        nonlocal served
        for _ in range(3):
            try:
                row = await ledger.reserve(
                    request_id=f"r{number}", worst_picousd=worst, request_limit_picousd=PICO // 10, **NAMES
                )
            except BudgetRefused:
                return
            await asyncio.sleep(dice.random() / 1000)
            fails = dice.random() < 0.2
            cost = dice.randrange(worst // 100, worst // 2)
            await ledger.settle(row, cost_picousd=cost, usage=Usage(4, 3), outcome="busy" if fails else "ok", ms=1)
            if not fails:
                served += 1
                return

    await asyncio.gather(*(request(number) for number in range(1000)))
    spent = parse_usd((await ledger.budget())["spent_usd"])
    await ledger.close()
    vain = int(CENT - spent >= worst)
    return [
        (f"1,000 at once on $0.01, seed {seed}: spent", spent / PICO, "$", 0.01),
        (f"1,000 at once on $0.01, seed {seed}: served", served, "", None),
        (f"1,000 at once on $0.01, seed {seed}: refused in vain", vain, "", 0),
    ]


async def flight_of(count: int) -> list[Row]:
    """500 equal requests, and 500 whose leader is cancelled: how many upstream calls they make."""
    calls = 0
    flight, gate = Flight(), asyncio.Event()

    async def upstream() -> str:
        nonlocal calls
        calls += 1
        await gate.wait()
        return "pattern"

    rows: list[Row] = []
    for name, cancelled in (("equal requests", False), ("equal requests, leader cancelled", True)):
        calls = 0
        gate.clear()
        callers = [asyncio.create_task(flight.share("k", upstream)) for _ in range(count)]
        await asyncio.sleep(0)
        if cancelled:
            callers[0].cancel()
        gate.set()
        await asyncio.gather(*callers, return_exceptions=True)
        rows.append((f"upstream calls of {count} {name}", calls, "", 1))
    return rows


def kills(folder: Path, count: int) -> list[Row]:
    """Kill a spending process at random moments; count settled amounts lost and held amounts freed, whenever it was."""
    path, dice = folder / "kills.db", random.Random(7)
    worst, cost = 1000, 100
    settled: set[int] = set()
    held: set[int] = set()
    for _ in range(count):
        command = [sys.executable, str(SPENDER), str(path), str(PICO), str(worst), str(cost), "5"]
        spender = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if spender.stdin is None or spender.stdout is None:
            raise SystemExit("no pipe to the spender")
        spender.stdout.readline()
        spender.stdin.write("go\n")
        spender.stdin.flush()
        for _ in range(dice.randrange(1, 60)):
            settled.add(int(spender.stdout.readline()))
        time.sleep(dice.random() / 500)
        spender.kill()
        settled.update(
            int(line) for line in spender.stdout.read().split("\n")[:-1]
        )  # communicate() loses what readline() holds
        spender.wait()
        held.update(row for (row,) in _rows(path, "SELECT id FROM attempts WHERE cost IS NULL"))

    async def look() -> None:
        ledger = Ledger(path, monthly_budget_picousd=PICO)
        await ledger.open()
        await ledger.close()

    asyncio.run(look())  # whoever comes next settles for the dead
    known = {row for (row,) in _rows(path, "SELECT id FROM attempts WHERE known AND cost < reserved")}
    whole = {row for (row,) in _rows(path, "SELECT id FROM attempts WHERE cost = reserved")}
    return [
        (f"settled amounts lost in {count} kills, of {len(settled):,}", len(settled - known), "", 0),
        (f"reservations freed of {len(held)} that were open at a kill", len(held - whole), "", 0),
    ]


def _rows(path: Path, query: str) -> list[tuple[int, ...]]:
    db = sqlite3.connect(path)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns 1 when a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="repetitions of each timing")
    parser.add_argument("--rows", type=int, default=1_000_000, help="size of the large ledger; 0 leaves it out")
    parser.add_argument("--kills", type=int, default=20, help="how often a spender is killed (200 takes a minute)")
    parser.add_argument("--seeds", type=int, default=3, help="how many storms on a cent")
    parser.add_argument("--folder", type=Path, help="measure on this disk (the repository's own)")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    missed = 0
    with tempfile.TemporaryDirectory(dir=args.folder or ROOT, prefix=".bench-") as name:
        folder = Path(name)
        gc.freeze()
        rows = asyncio.run(cache_hit(folder, args.count * 20)) + floor(folder, args.count)
        rows += asyncio.run(reserve_and_settle(folder, args.count))
        rows += asyncio.run(large(folder, args.rows)) if args.rows else []
        for seed in range(args.seeds):
            rows += asyncio.run(storm(folder, seed))
        rows += asyncio.run(flight_of(500))
        rows += kills(folder, args.kills) if args.kills else []
    for what, value, unit, limit in rows:
        good = limit is None or (value <= limit if limit >= 0 else value >= -limit)
        missed += not good
        if args.json:
            print(json.dumps({"what": what, "value": value, "unit": unit, "limit": limit, "good": good}))
        else:
            wanted = "" if limit is None else f"  (at {'most' if limit >= 0 else 'least'} {abs(limit):g})"
            print(f"{what:62} {value:12,.4g} {unit:3}{wanted}{'' if good else '  MISSED'}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
