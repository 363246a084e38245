"""`drumbridge learn`: bind a control by moving it, from the terminal."""

from __future__ import annotations

import click

from bridge.cli import command
from bridge.cli.common import FAILURE, USAGE, errors, fail, home_option, json_option, print_json
from bridge.cli.ctl import talk


@command("learn")
@home_option
@click.argument("action", required=False)
@click.option("--at", default="bar", help="When a button's action sounds: now, beat, bar, 2bars, 4bars or end.")
@click.option("--reset", is_flag=True, help="Go back to the default triggers.")
@json_option
def learn_command(home: str | None, action: str | None, at: str, *, reset: bool, as_json: bool) -> None:
    """Bind the next control you move to ACTION (generate, fill, swing ...); without ACTION, list the mapping."""
    with errors():
        line = talk(home)
        if reset or action is None:
            method, params = ("mappings.set", {"triggers": None}) if reset else ("mappings.get", {})
            _list(line.ask(method, params)["result"]["triggers"], as_json=as_json)
            return
        line.ask("subscribe", {"topics": ["midi"], "sub": "learn"})
        answer = line.ask("learn.start", {"action": action, "at": at})
        if "error" in answer:
            fail(USAGE, answer["error"]["message"])
        click.echo(f"move the control for {action} now (half a minute)", err=True)
        while True:
            step = line.receive().get("params", {}).get("data", {}).get("learn", {})
            if step.get("state") == "asking":
                click.echo(step["question"], err=True)
            elif step.get("state") == "learned":
                _list([step["trigger"]], as_json=as_json)
                return
            elif step.get("state") in {"timed_out", "cancelled"}:
                fail(FAILURE, "nothing was learned", "is the control connected to drumbridge's input?")


def _list(rows: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    for row in rows:
        where = f"channel {row['channel']}" if "channel" in row else "any channel"
        click.echo(f"{row['kind']} {row['number']}\t{where}\t{row['action']}\tat {row['at']}")
