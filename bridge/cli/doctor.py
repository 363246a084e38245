"""`drumbridge doctor`: what works, what is missing, and what to do about it. Changes nothing, pays nothing."""

from __future__ import annotations

import sys

import click

from bridge.cli import command
from bridge.cli.common import FAILURE, errors, find_home, home_option, json_option, print_json

_MARKS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}


@command("doctor")
@home_option
@json_option
def doctor_command(home: str | None, *, as_json: bool) -> None:
    """Check MIDI, real-time scheduling, files, keys and the running daemon; say how to mend what is missing."""
    with errors():
        from bridge.doctor import examine  # noqa: PLC0415 - it starts processes; --help need not load it

        findings = examine(find_home(home))
        if as_json:
            print_json([finding.as_dict() for finding in findings])
        else:
            for finding in findings:
                click.echo(f"{_MARKS[finding.state]} {finding.about}: {finding.message}")
                if finding.remedy:
                    click.echo(f"        -> {finding.remedy}")
        if any(finding.state == "problem" for finding in findings):
            sys.exit(FAILURE)
