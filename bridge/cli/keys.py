"""`drumbridge keys`: which providers have a key, and a safe place for one. A key is asked for, never an argument."""

from __future__ import annotations

import os
import sys

import click

from bridge import keys
from bridge.cli import command
from bridge.cli.common import FAILURE, USAGE, OneOf, errors, fail, find_home, home_option, json_option, print_json
from router.request import PROVIDERS


@command("keys")
@home_option
@click.argument("action", type=OneOf(["list", "set", "remove"]), default="list")
@click.argument("provider", required=False, type=OneOf(PROVIDERS))
@json_option
def keys_command(home: str | None, action: str, provider: str | None, *, as_json: bool) -> None:
    """List which providers have a key, or store one (0600, in the home).

    \b
    drumbridge keys
    drumbridge keys set anthropic        asks for the key, or reads it from a pipe
    drumbridge keys remove anthropic
    """  # noqa: D301 - click reads the backspace as: do not re-wrap
    with errors():
        place = find_home(home)
        if action == "list":
            found = keys.sources(place, os.environ)
            if as_json:
                print_json({name: {"set": bool(origin), "origin": origin or None} for name, origin in found.items()})
            for name, origin in {} if as_json else found.items():
                click.echo(f"{name}\t{f'set ({origin})' if origin else 'not set'}")
            return
        if provider is None:
            fail(USAGE, f"which provider's key? one of {', '.join(PROVIDERS)}")
        key = None
        if action == "set":
            key = click.prompt(f"Key for {provider}", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
            key = key.strip()
        if action == "remove" and provider not in keys.stored(place):
            fail(USAGE, f"no key of {provider} is stored here", "a key of the environment is unset there")
        try:
            keys.keep(place, provider, key)
        except ValueError as error:
            fail(USAGE, str(error))
        except OSError as error:
            fail(FAILURE, f"the key could not be stored: {error.strerror}")
        click.echo(
            f"{provider}: {'stored' if key else 'removed'}; a running daemon reads it when it starts again", err=True
        )
