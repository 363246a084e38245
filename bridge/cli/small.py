"""The small commands: schema, open, token, completion."""

from __future__ import annotations

import json
import os
import webbrowser
from pathlib import Path

import click

from bridge.cli import command
from bridge.cli.common import (
    UNREACHABLE,
    OneOf,
    errors,
    fail,
    find_home,
    home_option,
    json_always,
    json_option,
    print_json,
)


@command("schema")
@json_always
def schema_command() -> None:
    """Print the AsyncAPI document of the control channel."""
    from bridge.document import asyncapi  # noqa: PLC0415 - pydantic, for this command only

    click.echo(json.dumps(asyncapi(), indent=2))


@command("token")
@home_option
@json_option
def token_command(home: str | None, *, as_json: bool) -> None:
    """Print the access token of this home. Whoever has it controls the daemon."""
    with errors():
        token = find_home(home).read_token()
        if as_json:
            print_json({"token": token})
        else:
            click.echo(token)


@command("open")
@home_option
@click.option("--print", "show", is_flag=True, help="Print the link instead of opening it.")
@json_option
def open_command(home: str | None, *, show: bool, as_json: bool) -> None:
    """Open the page of the running daemon in the browser."""
    with errors():
        place = find_home(home)
        facts = place.daemon()
        if facts is None:
            fail(UNREACHABLE, f"no daemon runs on {place.path}", "start it with `drumbridge run`")
        link = f"{facts['url']}#t={place.read_token()}"
        if as_json:
            print_json({"url": link})
        elif show or not webbrowser.open(link):
            click.echo(link)


@command("completion")
@click.argument("shell", type=OneOf(["bash", "zsh", "fish"]), default=Path(os.environ.get("SHELL", "bash")).name)
def completion_command(shell: str) -> None:
    """Print the completion script of SHELL: eval "$(drumbridge completion bash)"."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - for this command only

    from bridge.cli import main  # noqa: PLC0415 - the group imports this file

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(found(main, {}, "drumbridge", "_DRUMBRIDGE_COMPLETE").source())
