"""The ledger on a Redis that several machines share: the same promises, each step one script that runs alone.

Redis does arithmetic in 64-bit integers and Lua in doubles, so scripts add with INCRBY and compare decimal strings;
no amount is ever a Lua number. Without the store nothing is paid.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from router.budget import MAX_PICOUSD, Funds, Usage, format_usd, refusal
from router.errors import BudgetRefused
from router.stores import reports
from router.stores.books import GOOD, LOST, day_of, month_of
from router.stores.shared import PREFIX, Shared, SharedAway

_LOOK_AGAIN_S: Final = 0.05
_KEEP_S: Final = 400 * 86_400
_OWNER_S: Final = 3600
"""A process that did nothing for so long has no call under way: the longest takes ten minutes."""

_LUA: Final = """
local p = KEYS[1]
local function above(a, b) if #a ~= #b then return #a > #b end return a > b end
local function add(key, field, amount) if amount ~= '0' then redis.call('HINCRBY', key, field, amount) end end
local function less(key, field, amount) if amount ~= '0' then redis.call('HINCRBY', key, field, '-' .. amount) end end
local function get(key, field) return redis.call('HGET', key, field) or '0' end
local function present(month)
  local seen = redis.call('GET', p .. ':month')
  if seen and tonumber(seen) > tonumber(month) then return seen end
  return month
end
"""

_RESERVE: Final = (
    _LUA
    + """
local month, worst, limit, ceiling, request, owner = present(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local m, r = p .. ':m:' .. month, p .. ':used:' .. request
redis.call('SET', p .. ':alive:' .. owner, 1, 'EX', ARGV[7])
local used = redis.call('GET', r) or '0'
local function no(why) return {why, month, get(m, 'spent'), get(m, 'reserved'), used} end
if ceiling ~= '' then
  local sum = worst
  if used ~= '0' then
    redis.call('INCRBY', r, worst)
    sum = redis.call('GET', r)
    redis.call('DECRBY', r, worst)
  end
  if above(sum, ceiling) then return no('never') end
end
if limit ~= '' then
  add(m, 'spent', worst)
  local least = get(m, 'spent')
  less(m, 'spent', worst)
  if above(least, limit) then return no('never') end
  add(m, 'held', worst)
  if above(get(m, 'held'), limit) then
    less(m, 'held', worst)
    return no('later')
  end
else
  add(m, 'held', worst)
end
redis.call('SET', p .. ':month', month)
add(m, 'reserved', worst)
redis.call('INCRBY', r, worst)
redis.call('EXPIRE', r, 86400)
local id = redis.call('INCR', p .. ':rows')
local row = p .. ':row:' .. id
redis.call('HSET', row, 'request_id', request, 'owner', owner, 'month', month, 'reserved', worst, 'state', 'open',
  'tier', ARGV[8], 'provider', ARGV[9], 'model', ARGV[10], 'task', ARGV[11], 'at_ms', ARGV[12], 'day', ARGV[13])
redis.call('EXPIRE', row, ARGV[14])
redis.call('RPUSH', p .. ':of:' .. request, id)
redis.call('EXPIRE', p .. ':of:' .. request, ARGV[14])
redis.call('SADD', p .. ':owners', owner)
redis.call('SADD', p .. ':open:' .. owner, id)
return {'paid', id}
"""
)

_SETTLE: Final = (
    _LUA
    + """
local row = p .. ':row:' .. ARGV[1]
local found = redis.call('HMGET', row, 'state', 'month', 'reserved', 'request_id', 'owner', 'day',
  'tier', 'provider', 'model', 'task')
if found[1] ~= 'open' then return 0 end
local m, reserved, cost, state = p .. ':m:' .. found[2], found[3], ARGV[2], 'settled'
if cost == '' then cost, state = reserved, 'unknown' end
add(m, 'spent', cost)
add(m, 'held', cost)
less(m, 'held', reserved)
less(m, 'reserved', reserved)
local r = p .. ':used:' .. found[4]
if redis.call('EXISTS', r) == 1 then
  redis.call('INCRBY', r, cost)
  redis.call('DECRBY', r, reserved)
end
redis.call('HSET', row, 'state', state, 'cost', cost, 'outcome', ARGV[3], 'ms', ARGV[4], 'input_tokens', ARGV[5],
  'output_tokens', ARGV[6], 'cached_tokens', ARGV[7], 'cache_write_tokens', ARGV[8], 'reasoning_tokens', ARGV[9],
  'estimated', ARGV[10])
redis.call('SREM', p .. ':open:' .. found[5], ARGV[1])
if ARGV[3] == 'lost' then redis.call('SADD', p .. ':lost', ARGV[1]) end
local day = p .. ':t:' .. found[6]
local names = table.concat({found[7], found[8], found[9], found[10]}, '\\31') .. '\\31'
add(day, names .. 'attempts', '1')
add(day, names .. 'failures', ARGV[11])
add(day, names .. 'input_tokens', ARGV[5])
add(day, names .. 'output_tokens', ARGV[6])
add(day, names .. 'cached_tokens', ARGV[7])
add(day, names .. 'ms', ARGV[4])
add(day, names .. 'cost', cost)
redis.call('ZADD', p .. ':days', found[6], found[6])
return 1
"""
)

_CORRECT: Final = (
    _LUA
    + """
local row = p .. ':row:' .. ARGV[1]
local found = redis.call('HMGET', row, 'state', 'month', 'cost', 'day', 'tier', 'provider', 'model', 'task', 'outcome')
if found[1] ~= 'unknown' then return 0 end
local m, day = p .. ':m:' .. found[2], p .. ':t:' .. found[4]
local names = table.concat({found[5], found[6], found[7], found[8]}, '\\31') .. '\\31'
for _, field in ipairs({'spent', 'held'}) do add(m, field, ARGV[2]) less(m, field, found[3]) end
add(day, names .. 'cost', ARGV[2])
less(day, names .. 'cost', found[3])
redis.call('HSET', row, 'state', 'settled', 'cost', ARGV[2])
if found[9] == 'lost' then redis.call('HSET', row, 'outcome', 'reconciled') end
redis.call('SREM', p .. ':lost', ARGV[1])
return 1
"""
)


class SharedLedger:
    """`Ledger` on a shared store; see there for what each method promises."""

    def __init__(
        self,
        shared: Shared,
        *,
        monthly_budget_picousd: int | None,
        wall: Callable[[], float] = time.time,
        wait_s: float = 5.0,
    ) -> None:
        self.monthly_budget_picousd = monthly_budget_picousd
        self.closed: str | None = None
        self._shared, self._wall, self._wait_s = shared, wall, wait_s
        self._owner = secrets.token_hex(8)
        self._seen: Funds | None = None
        self._unwritten: list[tuple[str | int, ...]] = []
        self._asking: set[asyncio.Future[Any]] = set()
        self._line, self._settled = asyncio.Lock(), asyncio.Event()

    def __repr__(self) -> str:
        return f"<SharedLedger {'closed: ' + self.closed if self.closed else 'open'}>"

    async def open(self) -> None:
        """Settle what processes that are gone have left open; a store that is away closes spending, no more."""
        try:
            for owner in await self._shared.do("SMEMBERS", f"{PREFIX}:owners"):
                if not await self._shared.do("EXISTS", f"{PREFIX}:alive:{owner}"):
                    await self._settle_all_of(owner, LOST)
            self.closed = None
        except SharedAway as error:
            self.closed = str(error)

    async def close(self) -> None:
        """Settle what is open as unknown. The connection belongs to whoever made it."""
        await asyncio.gather(*self._asking, return_exceptions=True)
        try:
            await self._write_again()
            await self._settle_all_of(self._owner, "closed")
        except SharedAway as error:
            self.closed = str(error)

    async def _settle_all_of(self, owner: str, outcome: str) -> None:
        for row in await self._shared.do("SMEMBERS", f"{PREFIX}:open:{owner}"):
            await self._shared.run(_SETTLE, *_bill(int(row), None, None, outcome, 0))
        await self._shared.do("SREM", f"{PREFIX}:owners", owner)

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
        """Hold the worst case of one attempt before it is made; see `Ledger.reserve`."""
        if not 0 <= worst_picousd <= MAX_PICOUSD:
            raise BudgetRefused(f"a call cannot cost {worst_picousd} pico-dollars")
        names = [_plain(name) for name in (request_id, self._owner, tier, provider, model, task)]

        told = await self._try(names, worst_picousd, request_limit_picousd)
        if isinstance(told, int):
            return told
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s if wait_s is None else wait_s), self._line:
                while not isinstance(told := await self._try(names, worst_picousd, request_limit_picousd), int):
                    self._settled.clear()  # only the first in the line keeps asking
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_LOOK_AGAIN_S):
                            await self._settled.wait()
        if isinstance(told, int):
            return told
        raise told

    async def _try(self, names: list[str], worst: int, ceiling: int | None) -> int | BudgetRefused:
        """Return the row, or a refusal when the money may be there later; raise one when it never will."""
        limit, wall = self.monthly_budget_picousd, self._wall()
        asked = asyncio.ensure_future(
            self._run(
                _RESERVE, month_of(wall), worst, _text(limit), _text(ceiling), *names[:2], _OWNER_S, *names[2:],
                int(wall * 1000), day_of(wall), _KEEP_S,
            )
        )  # fmt: skip
        self._asking.add(asked)
        asked.add_done_callback(self._asking.discard)
        try:
            told = await asyncio.shield(asked)
        except asyncio.CancelledError:
            asked.add_done_callback(self._free)
            raise
        if told[0] == "paid":
            return int(told[1])
        funds = Funds(int(told[1]), limit, int(told[2]), int(told[3]), ceiling, int(told[4]))
        refused = BudgetRefused(refusal(funds, worst), later=told[0] == "later")
        if told[0] == "never":
            raise refused
        return refused

    def _free(self, asked: asyncio.Future[Any]) -> None:
        """Give back what was held for a caller who went away before the call was made."""
        if not asked.cancelled() and asked.exception() is None and asked.result()[0] == "paid":
            self._unwritten.append(_bill(int(asked.result()[1]), 0, None, "cancelled", 0))

    async def _run(self, script: str, *arguments: str | int) -> Any:
        try:
            await self._write_again()
            told = await self._shared.run(script, *arguments)
        except SharedAway as error:
            self.closed = str(error)
            raise BudgetRefused(f"spending is closed: {error}. The embedded generator plays on") from None
        self.closed = None
        return told

    async def settle(self, row: int, *, cost_picousd: int, usage: Usage, outcome: str, ms: int) -> None:
        """Write what an attempt came to; what the store does not take now it gets with the next command."""
        self._unwritten.append(_bill(row, min(max(0, cost_picousd), MAX_PICOUSD), usage, outcome, ms))
        await self._write_soon()

    async def settle_unknown(self, row: int, outcome: str, ms: int) -> None:
        """Settle an attempt whose usage nobody knows at what was reserved for it."""
        self._unwritten.append(_bill(row, None, None, outcome, ms))
        await self._write_soon()

    async def flush(self) -> None:
        """Give the store what it did not take yet."""
        await self._write_soon()

    async def _write_soon(self) -> None:
        try:
            await self._write_again()
        except SharedAway as error:
            self.closed = str(error)

    async def _write_again(self) -> None:
        """Write every bill that waits. Twice does no harm: a row is settled once."""
        while self._unwritten:
            bill = self._unwritten[0]
            await self._shared.run(_SETTLE, *bill)
            if bill in self._unwritten:
                self._unwritten.remove(bill)
            self._settled.set()

    async def totals(self, since: str | float | None = None, by: Sequence[str] = ("tier",)) -> list[dict[str, Any]]:
        """Return what was spent from a day on; see `Ledger.totals`."""
        first = reports.first_day(since, self._wall())
        reports.check(by)
        rows: dict[tuple[str, ...], dict[str, Any]] = {}
        try:
            for day in await self._shared.do("ZRANGE", f"{PREFIX}:days", first, "inf", "BYSCORE"):
                for field, amount in (await self._shared.do("HGETALL", f"{PREFIX}:t:{day}")).items():
                    *names, column = field.split("\x1f")
                    row = rows.setdefault((day, *names), {"day": int(day)} | dict.fromkeys(reports.SUMS, 0))
                    row.update(zip(("tier", "provider", "model", "task"), names, strict=True))
                    row[column] = int(amount)
        except SharedAway as error:
            self.closed = str(error)
            return []
        return reports.sum_up(rows.values(), first, by)

    async def budget(self) -> dict[str, Any]:
        """Return the month's money; see `Ledger.budget`."""
        month = month_of(self._wall())
        try:
            await self._write_again()
            month = max(month, int(await self._shared.do("GET", f"{PREFIX}:month") or 0))
            told = await self._shared.do("HMGET", f"{PREFIX}:m:{month}", "spent", "reserved")
            spent, reserved = (int(amount or 0) for amount in told)
            self._seen = Funds(month, self.monthly_budget_picousd, spent, reserved)
            self.closed = None
        except SharedAway as error:
            self.closed = str(error)
        funds = self._seen or Funds(month, self.monthly_budget_picousd, 0, 0)
        return reports.budget(funds, self.closed, self._wall())

    async def rows_of(self, request_id: str) -> list[dict[str, Any]]:
        """Return a request's attempts; see `Ledger.rows_of`."""
        return await self._rows("LRANGE", f"{PREFIX}:of:{_plain(request_id)}", 0, -1)

    async def lost(self) -> list[dict[str, Any]]:
        """Return the attempts of processes that are gone."""
        return await self._rows("SMEMBERS", f"{PREFIX}:lost")

    async def _rows(self, *command: str | int) -> list[dict[str, Any]]:
        try:
            ids = sorted(map(int, await self._shared.do(*map(str, command))))
            return [_receipt(row, await self._shared.do("HGETALL", f"{PREFIX}:row:{row}")) for row in ids]
        except SharedAway as error:
            self.closed = str(error)
            return []

    async def reconcile(self, row: int, cost_picousd: int) -> bool:
        """Write what a lost or unknown attempt really cost."""
        if not 0 <= cost_picousd <= MAX_PICOUSD:
            raise ValueError(f"a call cannot have cost {cost_picousd} pico-dollars")
        return bool(await self._run(_CORRECT, row, cost_picousd))

    async def verify(self) -> list[str]:
        """Return what is wrong with the present month's sums; [] when nothing is."""
        try:
            month = await self._shared.do("GET", f"{PREFIX}:month")
            told = await self._shared.do("HMGET", f"{PREFIX}:m:{month}", "spent", "reserved", "held")
        except SharedAway as error:
            return [str(error)]
        spent, reserved, held = (int(amount or 0) for amount in told)
        return [] if held == spent + reserved else ["the month's sums do not agree"]

    async def reopen(self) -> None:
        """Do nothing: the shared store is never closed for longer than it is away."""

    async def accept_clock(self) -> None:
        """Let the clock name the month again after it once ran ahead; only the user may say so."""
        await self._shared.do("SET", f"{PREFIX}:month", month_of(self._wall()))


def _text(amount: int | None) -> str | int:
    return "" if amount is None else amount


def _plain(text: str) -> str:
    return text[:200].encode("utf-8", "replace").decode().replace("\x1f", "?")


def _bill(row: int, cost: int | None, usage: Usage | None, outcome: str, ms: int) -> tuple[str | int, ...]:
    usage = usage or Usage(0, 0, estimated=True)
    counts = (
        usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.cache_write_tokens, usage.reasoning_tokens,
    )  # fmt: skip
    tokens = [min(max(0, count), 2**40) for count in counts]
    return row, _text(cost), _plain(outcome), max(0, ms), *tokens, int(usage.estimated), int(outcome not in GOOD)


def _receipt(row: int, told: dict[str, str]) -> dict[str, Any]:
    numbers = ("month", "at_ms", "ms", "input_tokens", "output_tokens", "cached_tokens", "estimated")
    cost = told.get("cost")
    return {
        "id": row,
        **{name: told.get(name) for name in ("request_id", "tier", "provider", "model", "task", "outcome", "state")},
        **{name: int(told[name]) for name in numbers if name in told},
        "reserved_usd": format_usd(int(told.get("reserved", 0))),
        "cost_usd": None if cost is None else format_usd(int(cost)),
    }
