"""`drumbridge analyze`: hear an audio file without a daemon, and get grooves that fit it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from bridge.cli import command
from bridge.cli.common import errors, find_home, home_option, json_option, print_json, run_async, settings
from bridge.cli.making import BARS, bar, output_option, paying, request_of, seed_option, tell, write_patterns
from bridge.settings import Value


@command("analyze")
@home_option
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--prompt", default="", help="What the drums should be like beside fitting.")
@click.option("--bars", type=BARS, default=2, help="Length of the groove.")
@click.option("--drum-map", "drum_map", help="Which kit's notes to write.")
@output_option("Write a MIDI file; with a key two, the other the transcription.", "FILE.mid")
@seed_option
@paying
@json_option
def analyze_command(home: str | None, file: Path, *, as_json: bool, **given: Any) -> None:
    """Hear FILE (wav, flac, mp3, ogg, aiff; at most ten minutes): tempo, bars, metre, swing, energy, drum strokes.

    All listening is done here. With a key a model is shown the numbers, never the audio, and writes a groove that fits;
    without one the transcription itself is the groove.
    """
    with errors():
        values = settings(find_home(home), {"drum_map": given.pop("drum_map")})
        output = given.pop("output")
        heard = run_async(_heard(file, given, home, values))
        write_patterns(heard.patterns, output, values["drum_map"].value)
        route = heard.route.as_dict()
        if as_json:
            patterns = [pattern.as_dict() for pattern in heard.patterns]
            print_json({"analysis": heard.analysis.as_dict(), "patterns": patterns, "route": route})
            return
        found = heard.analysis
        click.echo(f"length\t{found.duration_s:.1f} s")
        click.echo(f"tempo\t{found.tempo_bpm:.2f} bpm, confidence {found.tempo_confidence:.2f}")
        click.echo(f"metre\t{found.meter}, {len(found.downbeats_s)} bars")
        click.echo(f"swing\t{found.swing:.2f} of {found.swing_of}ths")
        for voice in ("kick", "snare", "hat"):
            click.echo(f"{voice}\t{sum(onset.voice == voice for onset in found.onsets)} strokes")
        for part in found.energy:
            click.echo(f"energy\t{part.start_s:.1f}-{part.end_s:.1f} s: {part.energy:.2f}")
        tell(heard.patterns[0], route)


async def _heard(file: Path, given: dict[str, Any], home: str | None, values: dict[str, Value]) -> Any:
    from bridge.offline import open_router  # noqa: PLC0415 - router and stores load after the refusals
    from router.studio import analyze  # noqa: PLC0415 - likewise

    request = request_of(given, values)
    async with open_router(find_home(home), values, os.environ) as router:
        with bar("listening") as show:
            return await analyze(router, file, request, on_step=show, source="cli")
