"""`drumbridge generate`: a groove without a daemon. Every parameter of the socket's generate is a flag here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import click

from bridge.cli import command
from bridge.cli.common import (
    FAILURE,
    OneOf,
    errors,
    fail,
    find_home,
    home_option,
    json_option,
    print_json,
    run_async,
    settings,
    whole,
)
from bridge.cli.making import (
    BARS,
    SEED,
    TEMPO,
    bar,
    knob_options,
    output_option,
    paying,
    request_of,
    tell,
    write_patterns,
)
from bridge.settings import Value
from router.errors import RouterError
from router.request import MAX_SEED, SECTIONS, GrooveRequest
from router.route import Answer


@command("generate")
@home_option
@click.argument("prompt", required=False, default="")
@click.option("--genre", help="As `drumbridge generate --list` names them.")
@click.option("--style", help="A style of the genre.")
@click.option("--drummer", help="Whose hands.")
@click.option("--section", type=OneOf(SECTIONS), help="Which part of the song.")
@click.option("--bars", type=BARS, help="Length; 2 unless the words say otherwise.")
@click.option("--meter", help="Time signature, as 7/8.")
@click.option("--tempo", type=TEMPO, help="Beats per minute.")
@knob_options
@click.option("--seed", type=SEED, help="Same seed, same groove; --seed N for another.")
@paying
@click.option(
    "--deadline-ms", type=whole("deadline_ms", 1, 600_000, "milliseconds"), help="When the answer must be there."
)
@click.option(
    "--workflow", type=OneOf(["single", "refine"]), default="single", help="One answer, or checked and mended."
)
@click.option(
    "--constraint", "--constraints", "constraints", multiple=True, help='A rule, as "no crash". May be given again.'
)
@click.option("--count", type=whole("count", 1, 1000), default=1, help="How many, each with the next seed.")
@click.option("--drum-map", "drum_map", help="Which kit's notes to write.")
@output_option("Write a MIDI file; - is stdout.")
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
        requests = _requests(given, count, values)
        results = run_async(_answers(requests, home, values))
        patterns = [None if isinstance(result, RouterError) else result.pattern for result in results]
        if len(results) == 1 and not any(patterns):
            raise cast("RouterError", results[0])
        write_patterns(patterns, output, values["drum_map"].value)
        for index, result in enumerate(results, 1):
            if isinstance(result, RouterError):
                click.echo(f"drumbridge: groove {index}: {result}", err=True)
                if as_json:  # a line for each item, so that they can be counted
                    print_json({"error": {"message": str(result)}})
            elif as_json or output is None:
                print_json({"pattern": result.pattern.as_dict(), "route": result.route.as_dict()})
            else:
                tell(result.pattern, result.route.as_dict())
        if failed := patterns.count(None):
            fail(FAILURE, f"{failed} of {len(results)} grooves could not be made")


def _requests(given: dict[str, Any], count: int, values: Mapping[str, Value]) -> list[GrooveRequest]:
    first = request_of(given, values)
    return [replace(first, seed=(first.seed + index) % (MAX_SEED + 1)) for index in range(count)]


async def _answers(
    requests: list[GrooveRequest], home: str | None, values: dict[str, Value]
) -> list[Answer | RouterError]:
    from bridge.offline import open_router  # noqa: PLC0415 - router and stores load after the refusals
    from router.studio import many  # noqa: PLC0415 - likewise

    async with open_router(find_home(home), values, os.environ, requests) as router:
        with bar("generating", total=len(requests)) as show:
            done = 0

            def one_more(_index: int, _answer: Answer | RouterError) -> None:
                nonlocal done
                done += 1
                show(f"{done} of {len(requests)}", done)

            return await many(router, requests, on_answer=one_more if len(requests) > 1 else None, source="cli")


def _list(*, as_json: bool) -> None:
    from router import groove  # noqa: PLC0415 - likewise

    if as_json:
        genres = {genre: list(groove.styles(genre)) for genre in groove.GENRES}
        print_json({"genres": genres, "drummers": list(groove.DRUMMERS)})
        return
    for genre in groove.GENRES:
        click.echo(f"{genre}\t{', '.join(groove.styles(genre))}")
    click.echo(f"drummers\t{', '.join(groove.DRUMMERS)}")
