"""`drumbridge refine`: change a groove by words. Of the running daemon's, or of the library or a file without one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from bridge.cli import command
from bridge.cli.common import (
    FAILURE,
    USAGE,
    errors,
    fail,
    find_home,
    home_option,
    json_option,
    print_json,
    run_async,
    settings,
)
from bridge.cli.ctl import talk
from bridge.cli.making import kit_of, output_option, paying, request_of, seed_option, tell, tell_notes, write_patterns
from bridge.home import Home
from bridge.settings import Value
from router.errors import InvalidRequest
from router.pattern import Pattern
from router.request import check_length


@command("refine")
@home_option
@click.argument("instruction")
@click.option("--pattern", metavar="ID|FILE", help="A pattern of the library, a .mid or a .json; else what plays.")
@click.option("--constraint", "constraints", multiple=True, help='A rule to hold, as "no crash". May be given again.')
@click.option("--drum-map", "drum_map", help="Which kit's notes to read and write.")
@output_option("Write a MIDI file; - is stdout.")
@seed_option
@paying
@json_option
def refine_command(home: str | None, instruction: str, *, as_json: bool, **given: Any) -> None:
    """Change what the words speak of, and nothing else.

    \b
    drumbridge refine "busier hats, keep the kick"
    drumbridge refine "no crash, swing more" --pattern loop.mid -o better.mid
    """  # noqa: D301 - click reads the backspace as: do not re-wrap
    with errors():
        check_length("instruction", instruction)
        place, output, name = find_home(home), given.pop("output"), given.pop("pattern")
        values = settings(place, {"drum_map": given.pop("drum_map")})
        if name is None:
            pattern, route = _playing(home, instruction, given)
        else:
            found = _found(place, name, values["drum_map"].value)
            pattern, route = run_async(_refined(found, instruction, given, place, values))
        write_patterns([pattern], output, values["drum_map"].value)
        if as_json or output is None:
            print_json({"pattern": pattern.as_dict(), "route": route})
            tell_notes(route)
        else:
            tell(pattern, route)


def _playing(home: str | None, instruction: str, given: dict[str, Any]) -> tuple[Pattern, dict[str, Any]]:
    """Refine what the daemon plays; it takes over at the next bar line."""
    line = talk(home)
    wanted = {name: value for name, value in given.items() if value is not None and value != ()}
    wanted["constraints"] = list(wanted.get("constraints", ()))
    answer = line.ask("refine", {"instruction": instruction, **wanted})
    if "result" in answer:
        answer = line.ask("job.wait", {"job": answer["result"]["job"], "timeout_s": 120.0})
    error = answer.get("error") or answer["result"].get("error")
    if error:
        fail(FAILURE, error["message"], (error.get("data") or {}).get("hint", ""))
    done = answer["result"]
    return Pattern.from_dict(done["pattern"]), done["route"]


def _found(place: Home, name: str, kit: str) -> Pattern:
    from bridge.library import Library, UnknownPattern  # noqa: PLC0415 - for patterns by id only
    from bridge.midifile import from_midi  # noqa: PLC0415 - for files only

    if not name:
        fail(USAGE, "--pattern is empty", "give a .mid or .json file, or a pattern's id")
    file = Path(name)
    if file.suffix in {".mid", ".midi", ".json"}:
        try:
            data = file.read_bytes()
        except OSError as error:
            fail(USAGE, f"{file} cannot be read: {error.strerror}", "check the path")
        if file.suffix != ".json":
            return from_midi(data, kit_of(kit), file.stem)
        try:
            whole = json.loads(data)
        except ValueError:
            fail(USAGE, f"{file} is not JSON", "what `drumbridge generate --json` prints is")
        told = whole.get("pattern", whole) if isinstance(whole, dict) else None
        if not isinstance(told, dict) or "hits" not in told:
            raise InvalidRequest(
                "pattern", f"{file} holds no pattern", "what `drumbridge generate --json` prints is one"
            )
        return Pattern.from_dict(told)
    library = Library(place.path / "patterns", place.path / "exports")
    library.open()
    try:
        return library.get(name)
    except UnknownPattern:
        if file.exists():
            fail(USAGE, f"{file} is no .mid and no .json file", "export it as one of them")
        fail(FAILURE, f"no pattern has the id {name!r}", "`drumbridge export` lists them")


async def _refined(
    pattern: Pattern, instruction: str, given: dict[str, Any], place: Home, values: dict[str, Value]
) -> tuple[Pattern, dict[str, Any]]:
    from bridge.offline import open_router  # noqa: PLC0415 - router and stores load after the refusals
    from router.revising import refine  # noqa: PLC0415 - likewise

    request = request_of(
        {**given, "bars": pattern.bars, "meter": pattern.meter, "tempo": pattern.tempo or 120.0}, values
    )
    async with open_router(place, values, os.environ) as router:
        answer = await refine(router, pattern, instruction, request, source="cli")
    return answer.pattern, answer.route.as_dict()
