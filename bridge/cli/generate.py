"""`drumbridge generate`: a groove without a daemon. Every parameter of the socket's generate is a flag here."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import click

from bridge.cli import command
from bridge.cli.common import FAILURE, USAGE, errors, fail, find_home, home_option, json_option, print_json, settings
from bridge.settings import Value
from router.pattern import Meter, Pattern
from router.request import MAX_SEED, SECTIONS, TIERS, GrooveRequest

_KNOB = click.FloatRange(0, 1)


@command("generate")
@home_option
@click.argument("prompt", required=False, default="")
@click.option("--genre", help="As `drumbridge generate --list` names them.")
@click.option("--style", help="A style of the genre.")
@click.option("--drummer", help="Whose hands.")
@click.option("--section", type=click.Choice(SECTIONS), help="Which part of the song.")
@click.option("--bars", type=click.IntRange(1, 64), help="Length; 2 unless the words say otherwise.")
@click.option("--meter", help="Time signature, as 7/8.")
@click.option("--tempo", type=click.FloatRange(20, 300), help="Beats per minute.")
@click.option("--complexity", type=_KNOB, help="How much it moves.")
@click.option("--density", type=_KNOB, help="How many strokes; .5 is the style as written.")
@click.option("--swing", type=_KNOB, help="How late the offbeats lie.")
@click.option("--humanize", type=_KNOB, help="How loosely the hands play; 0 is on the grid.")
@click.option("--seed", type=click.IntRange(0, MAX_SEED), help="Same seed, same groove; --seed N for another.")
@click.option("--tier", type=click.Choice(TIERS), default="auto", help="Which class of model may answer.")
@click.option(
    "--provider", type=click.Choice(["anthropic", "openai", "groq", "cohere", "local"]), help="Ask this one first."
)
@click.option("--max-cost", "max_cost_usd", metavar="USD", help="What this request may cost.")
@click.option("--deadline-ms", type=click.IntRange(1, 600_000), help="When the answer must be there.")
@click.option(
    "--workflow", type=click.Choice(["single", "refine"]), default="single", help="One answer, or checked and mended."
)
@click.option("--constraint", "constraints", multiple=True, help='A rule to hold, as "no crash". May be given again.')
@click.option("--count", type=click.IntRange(1, 1000), default=1, help="How many, each with the next seed.")
@click.option("--drum-map", "drum_map", help="Which kit's notes to write.")
@click.option("-o", "--output", metavar="FILE.mid|-", help="Write a MIDI file; - is stdout.")
@click.option("--list", "show_names", is_flag=True, help="List genres, styles and drummers, and end.")
@json_option
def generate_command(home: str | None, *, as_json: bool, show_names: bool, **given: Any) -> None:
    """Make a groove from words, knobs or both.

    Without -o the pattern is printed as JSON. Nothing but your own keys is needed for a model, nothing at all for the
    embedded drummer.
    """
    with errors():
        if show_names:
            _list(as_json=as_json)
            return
        values = settings(find_home(home), {"drum_map": given.pop("drum_map")})
        output, count = given.pop("output"), given.pop("count")
        requests = _requests(given, count)
        answers = asyncio.run(_answers(requests, home, values))
        _write([pattern for pattern, _ in answers], output, values["drum_map"].value)
        for pattern, route in answers:
            if as_json or output is None:
                print_json({"pattern": pattern.as_dict(), "route": route})
            else:
                _tell(pattern, route)


def _requests(given: dict[str, Any], count: int) -> list[GrooveRequest]:
    from router import groove  # noqa: PLC0415 - the generator's tables are not needed for --help

    said = groove.describe(given["prompt"]) if given["prompt"] else {}
    chosen = {name: value for name, value in given.items() if value is not None}
    chosen["meter"] = Meter.parse(str(chosen.get("meter") or said.get("meter") or "4/4"))
    chosen["bars"] = chosen.get("bars") or said.get("bars") or 2
    chosen.setdefault("tempo", said.get("tempo") or 120.0)
    groove.check_names(genre=given["genre"], style=given["style"], drummer=given["drummer"])
    seed = chosen.pop("seed", 0)
    return [GrooveRequest(**{**chosen, "seed": (seed + index) % (MAX_SEED + 1)}) for index in range(count)]


async def _answers(
    requests: list[GrooveRequest], home: str | None, values: dict[str, Value]
) -> list[tuple[Pattern, dict[str, Any]]]:
    from bridge.keys import with_keys  # noqa: PLC0415 - router and stores load after the refusals
    from bridge.offline import open_router  # noqa: PLC0415 - likewise

    place = find_home(home)
    async with open_router(place, values, with_keys(place, os.environ)) as router:
        answers = await asyncio.gather(*(router.route(request, source="cli") for request in requests))
        return [(answer.pattern, answer.route.as_dict()) for answer in answers]


def _write(patterns: list[Pattern], output: str | None, kit: str) -> None:
    if output is None:
        return
    from bridge.drummaps import load  # noqa: PLC0415 - mido and the kits are for files only
    from bridge.home import write_whole  # noqa: PLC0415 - likewise
    from bridge.midifile import to_midi  # noqa: PLC0415 - likewise

    try:
        drum_map = load(kit)
    except KeyError:
        fail(USAGE, f"there is no drum map {kit!r}")
    if output == "-":
        if len(patterns) > 1:
            fail(USAGE, "several grooves do not fit into one stream", "give -o FILE.mid")
        sys.stdout.buffer.write(to_midi(patterns[0], drum_map))
        return
    target = Path(output)
    for index, pattern in enumerate(patterns, 1):
        file = target if len(patterns) == 1 else target.with_stem(f"{target.stem}-{index}")
        try:
            write_whole(file, to_midi(pattern, drum_map))
        except OSError as error:
            fail(FAILURE, f"{file} cannot be written: {error.strerror}")


def _tell(pattern: Pattern, route: dict[str, Any]) -> None:
    who = route["provider"] if route["tier"] == "local" else f"{route['provider']} {route['model']}"
    click.echo(
        f"{pattern.name or pattern.id}: {pattern.bars} bars of {pattern.meter}, {len(pattern.hits)} hits, "
        f"by {who} in {route['latency_ms']} ms for ${route['cost_usd']}",
        err=True,
    )


def _list(*, as_json: bool) -> None:
    from router import groove  # noqa: PLC0415 - likewise

    if as_json:
        genres = {genre: list(groove.styles(genre)) for genre in groove.GENRES}
        print_json({"genres": genres, "drummers": list(groove.DRUMMERS)})
        return
    for genre in groove.GENRES:
        click.echo(f"{genre}\t{', '.join(groove.styles(genre))}")
    click.echo(f"drummers\t{', '.join(groove.DRUMMERS)}")
