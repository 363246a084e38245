"""NullLedger: the ledger's twin in memory, for tests and for runs without keys. Same promises, nothing lasts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from router.budget import Funds, Usage, format_usd, refusal
from router.errors import BudgetRefused
from router.stores import reports
from router.stores.books import GOOD, Ask, Bill, day_of, month_of


class NullLedger:
    """Keeps attempts in memory; without a budget it refuses nothing but a request's own ceiling."""

    def __init__(
        self, *, monthly_budget_picousd: int | None = None, wall: Callable[[], float] = time.time, wait_s: float = 5.0
    ) -> None:
        self.monthly_budget_picousd = monthly_budget_picousd
        self.closed: str | None = None
        self._wall, self._wait_s = wall, wait_s
        self._rows: list[dict[str, Any]] = []
        self._month = 0
        # Sums are kept as they grow: adding up every row for each call would slow down with the session.
        self._spent: dict[int, int] = {}
        self._reserved: dict[int, int] = {}
        self._used: dict[str, int] = {}
        self._settled = asyncio.Condition()

    async def open(self) -> None:
        """Do nothing; there is no file."""

    async def close(self) -> None:
        """Do nothing; there is no file."""

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
        """Hold the worst case of one attempt; see `Ledger.reserve`."""
        ask = Ask(
            request_id=request_id, tier=tier, provider=provider, model=model, task=task, worst_picousd=worst_picousd,
            request_limit_picousd=request_limit_picousd,
        )  # fmt: skip
        row: int | None = None

        def decided() -> bool:
            nonlocal row
            row = self._try(ask)
            return row is not None

        async with self._settled:
            if not decided():
                try:
                    async with asyncio.timeout(self._wait_s if wait_s is None else wait_s):
                        await self._settled.wait_for(decided)
                except TimeoutError:
                    raise BudgetRefused(refusal(self._funds(ask), worst_picousd), later=True) from None
        assert row is not None  # noqa: S101  decided() said so
        return row

    def _try(self, ask: Ask) -> int | None:
        if self.closed:
            raise BudgetRefused(f"spending is closed: {self.closed}. The embedded generator plays on")
        funds, worst = self._funds(ask), ask.worst_picousd
        if not funds.fits_request(worst) or not funds.may_fit_later(worst):
            raise BudgetRefused(refusal(funds, worst))
        if not funds.fits(worst):
            return None
        self._rows.append(
            {
                "id": len(self._rows) + 1,
                "request_id": ask.request_id,
                "tier": ask.tier,
                "provider": ask.provider,
                "model": ask.model,
                "task": ask.task,
                "at": self._wall(),
                "month": funds.month,
                "reserved": worst,
                "cost": None,
                "usage": Usage(0, 0, estimated=True),
                "outcome": None,
                "ms": 0,
            }
        )
        self._reserved[funds.month] = self._reserved.get(funds.month, 0) + worst
        self._used[ask.request_id] = self._used.get(ask.request_id, 0) + worst
        return len(self._rows)

    def _funds(self, ask: Ask | None = None) -> Funds:
        self._month = max(self._month, month_of(self._wall()))
        used = self._used.get(ask.request_id, 0) if ask is not None and ask.request_limit_picousd is not None else 0
        return Funds(
            self._month,
            self.monthly_budget_picousd,
            self._spent.get(self._month, 0),
            self._reserved.get(self._month, 0),
            ask.request_limit_picousd if ask else None,
            used,
        )

    async def settle(self, row: int, *, cost_picousd: int, usage: Usage, outcome: str, ms: int) -> None:
        """Write what an attempt came to; see `Ledger.settle`."""
        await self._settle(Bill(row, cost_picousd, usage, outcome, ms))

    async def settle_unknown(self, row: int, outcome: str, ms: int) -> None:
        """Settle an attempt at its reservation; see `Ledger.settle_unknown`."""
        await self._settle(Bill(row, None, None, outcome, ms))

    async def flush(self) -> None:
        """Do nothing: memory is all there is."""

    async def _settle(self, bill: Bill) -> None:
        row = self._rows[bill.row - 1]
        if row["cost"] is None:
            cost = row["reserved"] if bill.cost_picousd is None else max(0, bill.cost_picousd)
            month, held = row["month"], row["reserved"]
            self._reserved[month] -= held
            self._spent[month] = self._spent.get(month, 0) + cost
            self._used[row["request_id"]] += cost - held
            row.update(cost=cost, usage=bill.usage or row["usage"], outcome=bill.outcome, ms=bill.ms)
            async with self._settled:
                self._settled.notify_all()

    async def totals(self, since: str | float | None = None, by: Sequence[str] = ("tier",)) -> list[dict[str, Any]]:
        """Return what was spent; see `Ledger.totals`."""
        first = reports.first_day(since, self._wall())
        return reports.sum_up((_summed(row) for row in self._rows if row["cost"] is not None), first, by)

    async def budget(self) -> dict[str, Any]:
        """Return the month's money; see `Ledger.budget`."""
        return reports.budget(self._funds(), self.closed, self._wall())

    async def rows_of(self, request_id: str) -> list[dict[str, Any]]:
        """Return a request's attempts; see `Ledger.rows_of`."""
        return [
            {
                "id": row["id"],
                "request_id": request_id,
                "tier": row["tier"],
                "provider": row["provider"],
                "model": row["model"],
                "task": row["task"],
                "outcome": row["outcome"],
                "ms": row["ms"],
                "input_tokens": row["usage"].input_tokens,
                "output_tokens": row["usage"].output_tokens,
                "cost_usd": None if row["cost"] is None else format_usd(row["cost"]),
                "reserved_usd": format_usd(row["reserved"]),
                "state": "open" if row["cost"] is None else "settled",
            }
            for row in self._rows
            if row["request_id"] == request_id
        ]


def _summed(row: dict[str, Any]) -> dict[str, Any]:
    usage = row["usage"]
    return row | {
        "day": day_of(row["at"]),
        "attempts": 1,
        "failures": row["outcome"] not in GOOD,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
    }


def _held(row: dict[str, Any]) -> int:
    return int(row["reserved"] if row["cost"] is None else row["cost"])
