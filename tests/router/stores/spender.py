"""A process that spends: reserves and settles as fast as it can, says what it settled, until there is no money.

Started by tests that kill it or run several of it on one home. `python spender.py LEDGER LIMIT WORST COST TASKS`.
Every task holds its first reservation before the process says "ready", and goes on when a line comes in: so several
spenders overlap whatever the machine does. It waits long for the others, because slowness is not what is tested.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from router.budget import Usage
from router.errors import BudgetRefused
from router.stores.ledger import Ledger


async def main(path: str, limit: int, worst: int, cost: int, tasks: int) -> None:
    """Spend until refused; each line on stdout is a row that was settled, written once it is on the disk."""
    ledger = Ledger(path, monthly_budget_picousd=limit, wait_s=100, busy_s=100)
    await ledger.open()

    async def reserve(name: str) -> int:
        names = {"tier": "fast", "provider": "groq", "model": "m", "task": "pattern"}
        return await ledger.reserve(request_id=name, worst_picousd=worst, request_limit_picousd=None, **names)

    async def spend(name: str, row: int) -> None:
        while True:
            await asyncio.sleep(0)
            await ledger.settle(row, cost_picousd=cost, usage=Usage(1, 1), outcome="ok", ms=1)
            await ledger.flush()
            print(row, flush=True)  # noqa: T201  this is what the test reads
            try:
                row = await reserve(name)
            except BudgetRefused as refused:
                print(refused, file=sys.stderr)  # noqa: T201  for whoever wonders why it ended
                return

    names = [f"r{number}" for number in range(tasks)]
    rows = await asyncio.gather(*map(reserve, names))
    print("ready", flush=True)  # noqa: T201  this is what the test waits for
    sys.stdin.readline()
    await asyncio.gather(*map(spend, names, rows))
    await ledger.close()


asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
