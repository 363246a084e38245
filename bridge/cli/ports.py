"""`drumbridge ports`: the MIDI ports, asked of a process of its own (some systems list stale ports otherwise)."""

from __future__ import annotations

import click

from bridge.cli import command
from bridge.cli.common import MIDI, errors, fail, json_option, print_json, setting_options
from bridge.portlist import list_ports


@command("ports")
@json_option
@setting_options("midi")
def ports_command(*, as_json: bool, midi: str | None) -> None:
    """List the MIDI ports that --in and --out can name."""
    with errors():
        found = list_ports(midi or "auto")
        if as_json:
            print_json(found)
        else:
            click.echo(f"MIDI system: {found['backend']}", err=True)
            for kind in ("outputs", "inputs"):
                for name in found[kind]:
                    click.echo(f"{kind[:-1]}\t{name}")
        if found["backend"] == "none" and (midi or "auto") != "none":
            fail(MIDI, found.get("why") or "no MIDI system can be used", "`drumbridge doctor` says how to mend it")
