"""`drumbridge compose`: a whole song without a daemon, as one .mid file or as JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from bridge.cli import command
from bridge.cli.common import errors, find_home, home_option, json_option, print_bytes, print_json, run_async, settings
from bridge.cli.making import (
    TEMPO,
    bar,
    by,
    kit_of,
    knob_options,
    output_option,
    paying,
    request_of,
    seed_option,
    tell_notes,
    write_file,
)
from bridge.settings import Value


@command("compose")
@home_option
@click.argument("prompt", required=False, default="")
@click.option("--sections", metavar="LIST", help='As "intro:4 verse:8 chorus:8@7/8 outro:4"; else a usual form.')
@click.option("--genre", help="As `drumbridge generate --list` names them.")
@click.option("--style", help="A style of the genre.")
@click.option("--drummer", help="Whose hands play it, from the first bar to the last.")
@click.option("--meter", help="Time signature, as 7/8, of sections that name none.")
@click.option("--tempo", type=TEMPO, help="Beats per minute.")
@knob_options
@click.option("--constraint", "constraints", multiple=True, help='A rule to hold, as "no crash". May be given again.')
@click.option("--drum-map", "drum_map", help="Which kit's notes to write.")
@output_option("Write one MIDI file with markers; - is stdout.")
@seed_option
@paying
@json_option
def compose_command(home: str | None, *, as_json: bool, **given: Any) -> None:
    """Make a song: sections, fills into each change, an intensity that follows the form.

    Without -o the song is printed as JSON. With a key it is planned and written by models, section by section; without
    one the embedded drummer plays all of it.
    """
    with errors():
        values = settings(find_home(home), {"drum_map": given.pop("drum_map")})
        output = given.pop("output")
        song, route = run_async(_song(given, home, values))
        if output is not None:
            from bridge.songfile import song_to_midi  # noqa: PLC0415 - mido is for files only

            data = song_to_midi(song, kit_of(values["drum_map"].value))
            if output == "-":
                print_bytes(data)
            else:
                write_file(Path(output), data)
        if as_json or output is None:
            print_json({"song": song.as_dict(), "route": route})
            return
        for section in song.sections:
            hits = len(section.pattern.hits)
            about = f"{section.bars} bars of {section.pattern.meter}, {hits} hits, energy {section.energy:g}"
            click.echo(f"{section.starts_at_bar:4d}  {section.name}: {about}", err=True)
        click.echo(f"{song.name}: {song.bars} bars at {song.tempo:g} bpm, {by(route)}", err=True)
        tell_notes(route)


async def _song(given: dict[str, Any], home: str | None, values: dict[str, Value]) -> tuple[Any, dict[str, Any]]:
    from bridge.offline import open_router  # noqa: PLC0415 - router and stores load after the refusals
    from router.composing import compose  # noqa: PLC0415 - likewise
    from router.form import read_sections  # noqa: PLC0415 - likewise
    from router.song import SongWish  # noqa: PLC0415 - likewise

    text = given.pop("sections")
    wish = SongWish(request_of({**given, "bars": 2}, values), () if text is None else read_sections(text))
    parts = wish.plan()
    async with open_router(find_home(home), values, os.environ) as router:
        with bar("composing", total=len(parts) + 1) as show:
            versions = 0

            def heard(_: Any) -> None:
                nonlocal versions
                versions += 1
                show(f"version {versions}", min(versions, len(parts)))

            answer = await compose(router, wish, on_song=heard, source="cli")
    return answer.song, answer.route.as_dict()
