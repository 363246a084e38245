"""`drumbridge costs`: what was paid, from the ledger itself, so that it works with and without a daemon.

Data on stdout (a table, CSV or JSON), the month's budget on stderr. Spends nothing; changes the ledger only when asked
to by one of the options that say so.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import click

from bridge.cli import command
from bridge.cli.common import (
    FAILURE,
    USAGE,
    OneOf,
    errors,
    fail,
    find_home,
    home_option,
    json_option,
    print_json,
    run_async,
    settings,
)
from bridge.home import Home

GROUPS: Final = ("tier", "provider", "model", "day", "month", "task")
TOTALS: Final = ("attempts", "failures", "input_tokens", "output_tokens", "cost_usd")
COLUMNS: Final = ("attempts", "failures", "input_tokens", "output_tokens", "cached_tokens", "ms", "cost_usd")
RECEIPT: Final = ("id", "provider", "model", "task", "outcome", "ms", "input_tokens", "output_tokens", "cost_usd")
"""What a table of 80 columns has room for; CSV and JSON hold everything."""


@command("costs")
@home_option
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--by", multiple=True, type=OneOf(GROUPS), help="Group by this; may be given more than once.")
@click.option("--since", metavar="DAY", help="First day (UTC) as 2026-11-01, or 7d for the last seven days.")
@click.option("--request", "request_id", metavar="ID", help="Print one request's receipt instead.")
@click.option("--lost", is_flag=True, help="List attempts of daemons that died; they count at their reservation.")
@click.option("--reconcile", nargs=2, metavar="ROW USD", help="Write what a lost attempt really cost.")
@click.option("--reopen", is_flag=True, help="Open spending again after a damaged ledger was kept aside.")
@click.option("--accept-clock", is_flag=True, help="Believe the clock again after it once ran ahead.")
def costs_command(home: str | None, *, as_json: bool, as_csv: bool, by: tuple[str, ...], **rest: Any) -> None:
    """Print what was paid, by tier unless --by says otherwise."""
    by, since = tuple(dict.fromkeys(by)), rest["since"]
    if rest["request_id"] == "":
        fail(USAGE, "which request?", "`request` of a `route`'s attempts names one")
    if since == "":
        fail(USAGE, "since when?", "a day like 2026-11-01, or 7d")
    with errors():
        told = run_async(_ask(home, by or ("tier",), **rest))
        if as_json:
            print_json(told)
        elif as_csv:
            _print_csv(told["rows"], (*told["by"], *COLUMNS))
        elif told["rows"] or not told["budget"]["closed"]:
            _print_table(told["rows"], since)
        if not as_json:
            _say_budget(told["budget"], known=bool(told["rows"]))


async def _ask(
    home: str | None,
    by: Sequence[str],
    *,
    since: str | None,
    request_id: str | None,
    lost: bool,
    reconcile: tuple[str, str] | None,
    reopen: bool,
    accept_clock: bool,
) -> dict[str, Any]:
    from router.budget import parse_usd  # noqa: PLC0415 - the stores, for this command only
    from router.stores.ledger import Ledger  # noqa: PLC0415 - likewise
    from router.stores.nulls import NullLedger  # noqa: PLC0415 - likewise
    from router.stores.reader import ReadLedger  # noqa: PLC0415 - likewise

    ledger, close = await _open(find_home(home))
    try:
        if isinstance(ledger, ReadLedger) and (reopen or accept_clock or reconcile):
            fail(FAILURE, "this home cannot be written", "make it writable, or name another with --home")
        if reopen and isinstance(ledger, Ledger):
            await ledger.reopen()
        if accept_clock and not isinstance(ledger, NullLedger):
            await ledger.accept_clock()
        if reconcile and not (
            reconcile[0].isdecimal()
            and not isinstance(ledger, NullLedger)
            and await ledger.reconcile(int(reconcile[0]), parse_usd(reconcile[1]))
        ):
            fail(FAILURE, f"there is no attempt {reconcile[0]} whose cost is unknown", "`drumbridge costs --lost`")
        if request_id:
            rows = await ledger.rows_of(request_id)
            if not rows and ledger.closed is None:
                said = f"there is no request {request_id!r:.80} in the ledger"
                fail(FAILURE, said, "`request` of a `route`'s attempts names one")
        elif lost:
            rows = [] if isinstance(ledger, NullLedger) else await ledger.lost()
        else:
            rows = await ledger.totals(since, by)
        return {"by": list(by), "since": since, "rows": rows, "budget": await ledger.budget()}
    except ValueError as error:
        fail(USAGE, str(error))
    finally:
        await close()


async def _open(place: Home) -> tuple[Any, Callable[[], Awaitable[None]]]:
    """Return the ledger that this home pays from, and what closes it."""
    from sqlite3 import Error  # noqa: PLC0415 - the stores, for this command only

    from bridge.variables import router_config  # noqa: PLC0415 - likewise
    from router.stores.nulls import NullLedger  # noqa: PLC0415 - likewise
    from router.stores.purse import Purse  # noqa: PLC0415 - likewise
    from router.stores.reader import ReadLedger, can_write  # noqa: PLC0415 - likewise

    values = settings(place, {})
    limit = router_config(values, os.environ).monthly_budget_picousd
    path, url = place.path / "ledger.db", values["shared_url"].value
    if not url and not path.exists():
        nothing = NullLedger(monthly_budget_picousd=limit)  # reading must not make a home
        return nothing, nothing.close
    if not url and not can_write(path):
        try:
            reader = ReadLedger(path, monthly_budget_picousd=limit)
        except Error as error:
            fail(FAILURE, f"the ledger {path} cannot be read ({error})", "copy it to where you may read it")
        click.echo("this home cannot be written: nothing is paid from it, its ledger is told as it stands", err=True)
        return reader, reader.close
    purse = Purse(place.path, monthly_budget_picousd=limit, cache_enabled=False, shared_url=url)
    await purse.open()
    return purse.ledger, purse.close


def _print_csv(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    out = csv.DictWriter(sys.stdout, list(rows[0]) if rows else names, lineterminator="\n")
    out.writeheader()  # without a row too: what reads this expects its columns
    out.writerows(rows)


def _print_table(rows: Sequence[dict[str, Any]], since: str | None) -> None:
    if not rows:
        from router.stores.reports import first_day  # noqa: PLC0415 - the stores, loaded already

        ahead = first_day(since, time.time()) > first_day(time.time(), 0)
        click.echo(f"{since} is still to come" if ahead else "nothing was paid", err=True)
        return
    from rich.console import Console  # noqa: PLC0415 - 60 ms that --json need not pay
    from rich.table import Table  # noqa: PLC0415 - likewise

    grouped = "attempts" in rows[0]
    names = [name for name in rows[0] if name in GROUPS] + list(TOTALS) if grouped else list(RECEIPT)
    table = Table(box=None)
    for name in names:
        words = name in GROUPS or name == "outcome"
        table.add_column(name.removesuffix("_usd"), justify="left" if words else "right", overflow="fold")
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in names))
    Console(width=None if sys.stdout.isatty() else 200).print(table)  # a pipe has no width to fold at


def _say_budget(budget: dict[str, Any], *, known: bool) -> None:
    """Say what is left; of a ledger that is closed and shows no row nobody can tell (`known` False)."""
    limit = f"of ${budget['limit_usd']} (${budget['left_usd']} left)" if budget["limit_usd"] else "without a limit"
    held = f", ${budget['reserved_usd']} held" if float(budget["reserved_usd"]) else ""
    spent = f"${budget['spent_usd']} spent{held}, {limit}; resets {budget['resets']}"
    if budget["closed"] and not known:
        spent = "what was spent is not known"
    click.echo(f"{budget['month']}: {spent}", err=True)
    if budget.get("clock"):
        click.echo(budget["clock"], err=True)
    if budget["closed"]:
        click.echo(f"spending is closed: {budget['closed']}", err=True)
