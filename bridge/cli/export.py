"""`drumbridge export`: a pattern of the library as a .mid file, with or without a daemon."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli import command
from bridge.cli.common import (
    FAILURE,
    errors,
    fail,
    find_home,
    home_option,
    json_option,
    print_bytes,
    print_json,
    settings,
)
from bridge.cli.making import TEMPO, output_option, write_file
from bridge.drummaps import load
from bridge.library import Library, UnknownPattern
from bridge.midifile import to_midi


@command("export")
@home_option
@click.argument("pattern", required=False)
@output_option("Where to; the home's exports folder unless said. - is stdout.")
@click.option("--tempo", type=TEMPO, help="Tempo to write; the pattern's own unless said.")
@json_option
def export_command(
    home: str | None, pattern: str | None, output: str | None, tempo: float | None, *, as_json: bool
) -> None:
    """Write PATTERN (an id) of the library as a .mid file; without PATTERN, list the library."""
    with errors():
        place = find_home(home)
        library = Library(place.path / "patterns", place.path / "exports")
        library.open()
        if pattern is None:
            rows = library.list()
            if as_json:
                print_json(rows)
            elif not rows:
                words = (
                    "the library is empty: keep what plays with CC 87, the page, or patterns.favourite of the socket"
                )
                click.echo(words, err=True)
            for row in [] if as_json else rows:
                click.echo(f"{row['id']}\t{row['name']}\t{row['bars']} bars of {row['meter']}")
            return
        try:
            found = library.get(pattern)
        except UnknownPattern:
            fail(FAILURE, f"no pattern has the id {pattern!r}", "`drumbridge export` lists them")
        data = to_midi(found, load(settings(place, {})["drum_map"].value), tempo=tempo)
        if output == "-":
            print_bytes(data)
            return
        if output is None:
            try:
                file = library.export(found.id, data)
            except OSError as error:
                fail(FAILURE, f"the file cannot be written: {error.strerror}")
        else:
            file = Path(output)
            write_file(file, data)
        if as_json:
            print_json({"path": str(file), "bytes": len(data)})
        else:
            click.echo(str(file))
