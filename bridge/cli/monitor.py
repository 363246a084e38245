"""`drumbridge monitor`: the running daemon, live: transport, money, latency, alerts, the last answers.

Only listens. `--json` prints each event as one line, for scripts; `--once` prints what is now and ends.
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from bridge.cli import command
from bridge.cli.common import UNREACHABLE, errors, fail, find_home, home_option
from bridge.client import Talk, Unreachable

if TYPE_CHECKING:
    from rich.console import RenderableType

TOPICS: Final = ("transport", "player", "route", "metrics", "alerts")
_STATUS_EVERY_S: Final = 2.0


class View:
    """What the monitor knows; events in, a screen out. Holds no socket and reads no clock."""

    def __init__(self) -> None:
        self.now: dict[str, dict[str, Any]] = {topic: {} for topic in (*TOPICS, "budget")}
        self.routes: deque[dict[str, Any]] = deque(maxlen=8)

    def hear(self, topic: str, data: dict[str, Any]) -> None:
        """Take in an event or a snapshot."""
        if topic == "route":
            self.routes.extend(data["routes"] if "routes" in data else [data] if data.get("done", True) else [])
        elif topic == "alerts":
            self._hear_alert(data)
        else:
            self.now[topic] = data

    def _hear_alert(self, data: dict[str, Any]) -> None:
        if "alerts" in data:
            self.now["alerts"] = {alert["name"]: alert for alert in data["alerts"]}
        elif data.get("state") == "cleared":
            self.now["alerts"].pop(data.get("name", ""), None)
        elif "name" in data:
            self.now["alerts"][data["name"]] = data

    def screen(self) -> RenderableType:
        """Return the whole screen."""
        from rich.console import Group  # noqa: PLC0415 - loaded by who looks at it
        from rich.text import Text  # noqa: PLC0415 - likewise

        alerts = [
            Text(
                f" {alert['level']}: {alert.get('message') or alert['name']}",
                style="bold red" if alert["level"] == "critical" else "yellow",
            )
            for alert in self.now["alerts"].values()
        ]
        return Group(
            Text(self._heading(), style="bold"), self._tiers(), Text(self._figures()), *alerts, self._answers()
        )

    def _heading(self) -> str:
        transport, player = self.now["transport"], self.now["player"]
        pattern = (player.get("pattern") or {}).get("name") or "nothing"
        where = f"{transport.get('state', '?')} {transport.get('bar', 1)}.{int(transport.get('beat', 1))}"
        return f" {where}   {float(transport.get('bpm') or 0):.1f} bpm ({transport.get('source', '?')})   {pattern}"

    def _figures(self) -> str:
        metrics, budget = self.now["metrics"], self.now["budget"]
        latency = metrics.get("latency_ms") or {}
        tokens = metrics.get("tokens") or {}
        rate = metrics.get("cache_hit_rate")
        saved = metrics.get("savings_usd") or {}
        lines = [
            " latency p50 {p50} ms, p95 {p95} ms, p99 {p99} ms".format(**{"p50": 0, "p95": 0, "p99": 0, **latency}),
            f" tokens {tokens.get('input', 0):,} in, {tokens.get('output', 0):,} out",
            f" cache hits {'none asked' if rate is None else f'{rate:.0%}'}",
            f" fallbacks {metrics.get('fallback_rate') or 0:.0%}",
        ]
        if saved:
            lines.append(" saved " + ", ".join(f"${amount} by {name}" for name, amount in saved.items()))
        if budget:
            limit = f"of ${budget['limit_usd']}" if budget.get("limit_usd") else "without a limit"
            lines.append(f" {budget['month']}: ${budget['spent_usd']} spent {limit}, ${budget['reserved_usd']} held")
        if budget.get("clock"):
            lines.append(f" {budget['clock']}")
        if budget.get("closed"):
            lines.append(f" spending is closed: {budget['closed']}")
        return "\n".join(lines)

    def _tiers(self) -> RenderableType:
        from rich.table import Table  # noqa: PLC0415 - loaded by who looks at it

        table = Table(box=None)
        for name in ("tier", "requests", "mean cost", "most"):
            table.add_column(name, justify="left" if name == "tier" else "right")
        for tier, row in (self.now["metrics"].get("cost_per_request") or {}).items():
            table.add_row(tier, str(row["requests"]), f"${row['mean_usd']}", f"${row['max_usd']}")
        return table

    def _answers(self) -> RenderableType:
        from rich.table import Table  # noqa: PLC0415 - loaded by who looks at it

        table = Table(box=None)
        for name in ("answer", "tier", "who", "cache", "ms", "cost"):
            table.add_column(name, justify="right" if name in {"ms", "cost"} else "left")
        for route in self.routes:
            who = f"{route.get('provider')}/{route.get('model')}" + (" (degraded)" if route.get("degraded") else "")
            cost = f"${route.get('cost_usd')}"
            table.add_row(
                route.get("job", ""), route.get("tier"), who, route.get("cache"), str(route.get("latency_ms")), cost
            )
        return table


@command("monitor")
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print each event as one line of JSON.")
@click.option("--once", is_flag=True, help="Print what is now and end.")
def monitor_command(home: str | None, *, as_json: bool, once: bool) -> None:
    """Watch the running daemon until Ctrl-C: transport, cost, latency, alerts, the last answers.

    Into a pipe or a file it writes a screen every two seconds.
    """
    with errors():
        try:
            talk = Talk(find_home(home))
        except Unreachable as error:
            fail(UNREACHABLE, str(error))
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - loaded with the connection

        try:
            talk.send({"jsonrpc": "2.0", "method": "subscribe", "params": {"topics": TOPICS, "sub": "monitor"}})
            (_lines if as_json else _watch)(talk, once=once)
        except ConnectionClosed:
            fail(UNREACHABLE, "the daemon has ended")
        finally:
            talk.close()


def _lines(talk: Talk, *, once: bool) -> None:
    missing = set(TOPICS)
    while missing or not once:
        message = talk.receive()
        if message.get("method") == "event":
            click.echo(json.dumps(message["params"], ensure_ascii=False))
            sys.stdout.flush()
            missing.discard(message["params"]["topic"])


def _watch(talk: Talk, *, once: bool) -> None:
    from rich.console import Console  # noqa: PLC0415 - 60 ms that --json need not pay
    from rich.live import Live  # noqa: PLC0415 - likewise

    view, missing = View(), set(TOPICS)

    def hear(timeout_s: float | None = None) -> None:
        message = talk.receive(timeout_s)
        if message.get("method") == "event":
            view.hear(message["params"]["topic"], message["params"]["data"])
            missing.discard(message["params"]["topic"])

    def look() -> None:
        # Events that come while this waits are lost; the answer holds what they said.
        told = talk.ask("status", {}).get("result", {})
        for topic in ("transport", "player", "budget"):
            view.hear(topic, told.get(topic) or {})

    while missing:
        hear()
    look()
    console = Console(width=None if sys.stdout.isatty() else 120)
    if once or not sys.stdout.isatty():
        console.print(view.screen())
        while not once:
            _for_a_while(hear)
            look()
            console.print(view.screen())
        return
    with Live(view.screen(), console=console, auto_refresh=False, screen=True) as live:

        def hear_and_show(timeout_s: float) -> None:
            hear(timeout_s)
            live.update(view.screen(), refresh=True)

        while True:
            _for_a_while(hear_and_show)
            look()


def _for_a_while(hear: Callable[[float], None]) -> None:
    until = time.monotonic() + _STATUS_EVERY_S
    while (left := until - time.monotonic()) > 0:
        hear(left)
