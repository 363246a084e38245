"""What the commands that make music share: their flags, a progress bar, files, one line about each groove.

Data goes to stdout and files, talk to stderr; the bar is drawn where somebody looks, else lines tell how far it is.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from bridge.cli.common import FAILURE, USAGE, Number, OneOf, fail, print_bytes, whole
from bridge.settings import BY_NAME, Value, live_values
from router.errors import InvalidSetting
from router.pattern import Pattern
from router.request import KNOBS, MAX_SEED, TIERS, GrooveRequest, check_length

F = TypeVar("F", bound=Callable[..., Any])
BARS: Final = Number(BY_NAME["bars"])
TEMPO: Final = Number(BY_NAME["tempo"])
SEED: Final = whole("seed", 0, MAX_SEED)
_LINE_S: Final = 1.0
_PAYING: Final = (
    click.option("--tier", type=OneOf(TIERS), default="auto", help="Which class of model may answer."),
    click.option(
        "--provider", type=OneOf(["anthropic", "openai", "groq", "cohere", "local"]), help="Ask this one first."
    ),
    click.option("--max-cost", "--max-cost-usd", "max_cost_usd", metavar="USD", help="What this request may cost."),
)


def request_of(given: Mapping[str, Any], values: Mapping[str, Value]) -> GrooveRequest:
    """Return the request of a command's flags; what was not given is said by the words, then by the settings.

    Raises:
        router.errors.InvalidRequest: For a value that cannot be. InvalidSetting: Where it is one of the settings'.
    """
    from bridge.variables import check_names  # noqa: PLC0415 - the drummer's tables are not for --help
    from bridge.wishes import spoken_tempo, whole_request  # noqa: PLC0415 - likewise

    check_length("prompt", given.get("prompt") or "")
    live = live_values(values)
    try:
        check_names(values)
    except InvalidSetting as error:
        if values[error.name].origin == "flag":
            fail(USAGE, str(error), error.hint)
        raise
    # A knob that nobody set is the style's own here; the daemon's knobs always stand somewhere.
    live |= {name: None for name in KNOBS if values[name].origin == "default"}
    chosen = {name: value for name, value in given.items() if value is not None}
    return whole_request(live, spoken_tempo(given.get("prompt")) or live["tempo"], {"seed": 0, **chosen})


def paying(function: F) -> F:
    """Add --tier, --provider and --max-cost."""
    for option in reversed(_PAYING):
        function = option(function)
    return function


def knob_options(function: F) -> F:
    """Add an option for every knob that runs from 0 to 1, and --swing-grid; the settings' rows say what each does."""
    row = BY_NAME["swing_grid"]
    function = click.option(row.flag, row.name, type=OneOf(row.choices), help=row.help.capitalize() + ".")(function)
    for name in reversed(KNOBS):
        row = BY_NAME[name]
        function = click.option(row.flag, name, type=Number(row), help=row.help.capitalize() + ".")(function)
    return function


def seed_option(function: F) -> F:
    """Add --seed."""
    return click.option("--seed", type=SEED, default=0, help="Same seed, same music.")(function)


def output_option(words: str, metavar: str = "FILE.mid|-") -> Callable[[F], F]:
    """Add -o, looked at before anything is made, or paid, that could not be written there."""
    return click.option("-o", "--output", metavar=metavar, help=words, callback=_writable)


def _writable(_ctx: click.Context, _param: click.Parameter, output: str | None) -> str | None:
    file = Path(output or ".")
    if output == "":
        fail(USAGE, "-o is empty", "give -o FILE.mid, or - for stdout")
    if output not in {None, "-"}:
        if file.is_dir():
            fail(FAILURE, f"{file} cannot be written: it is a folder", f"give -o {file / 'NAME.mid'}")
        if not file.parent.is_dir():
            fail(FAILURE, f"{file} cannot be written: there is no folder {file.parent}", "make it first")
    return output


@contextlib.contextmanager
def bar(words: str, total: float = 1.0) -> Iterator[Callable[[str, float], None]]:
    """Draw a progress bar on stderr while the block runs; yields what takes (words, how much is done of the total).

    Where nobody looks it is a line a second at most, and none for what is done within a second.
    """
    if not sys.stderr.isatty():
        yield _lines(total, time.monotonic)
        return
    from rich.console import Console  # noqa: PLC0415 - for terminals only
    from rich.progress import Progress  # noqa: PLC0415 - likewise

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(words, total=total)
        yield lambda now, done: progress.update(task, description=now, completed=done)


def _lines(total: float, clock: Callable[[], float]) -> Callable[[str, float], None]:
    last = clock()

    def show(words: str, done: float) -> None:
        nonlocal last
        if clock() - last >= _LINE_S:
            last = clock()
            click.echo(f"{words}: {done / total:.0%}", err=True)

    return show


def kit_of(name: str) -> Any:
    """Return a drum map, or end with a sentence."""
    from bridge.drummaps import load  # noqa: PLC0415 - kits are for files only

    try:
        return load(name)
    except KeyError:
        fail(USAGE, f"there is no drum map {name!r}")


def write_file(file: Path, data: bytes) -> None:
    """Write a file whole, or end with a sentence."""
    from bridge.home import write_whole  # noqa: PLC0415 - likewise

    try:
        write_whole(file, data)
    except OSError as error:
        fail(FAILURE, f"{file} cannot be written: {error.strerror}")


def write_patterns(patterns: Sequence[Pattern | None], output: str | None, kit: str) -> None:
    """Write grooves as .mid files: one as it is named, several with their numbers; - is stdout.

    None is one that could not be made: the others keep the numbers that they are spoken of with.
    """
    if output is None or not any(patterns):
        return
    from bridge.midifile import to_midi  # noqa: PLC0415 - mido is for files only

    drum_map = kit_of(kit)
    if output == "-":
        if len(patterns) > 1:
            fail(USAGE, "several grooves do not fit into one stream", "give -o FILE.mid")
        print_bytes(b"".join(to_midi(pattern, drum_map) for pattern in patterns if pattern))
        return
    target = Path(output)
    for index, pattern in enumerate(patterns, 1):
        file = target if len(patterns) == 1 else target.with_stem(f"{target.stem}-{index}")
        if pattern is not None:
            write_file(file, to_midi(pattern, drum_map))


def tell(pattern: Pattern, route: dict[str, Any]) -> None:
    """Say on stderr what a groove is, who made it, and what it cost."""
    click.echo(
        f"{pattern.name or pattern.id}: {pattern.bars} bars of {pattern.meter}, {len(pattern.hits)} hits, {by(route)}",
        err=True,
    )
    tell_notes(route)


def tell_notes(route: dict[str, Any]) -> None:
    """Say on stderr what the listener should know about how it was made."""
    for note in route["notes"]:
        click.echo(f"  {note}", err=True)


def by(route: dict[str, Any]) -> str:
    """Return who made something, how fast and for what, in words."""
    who = route["provider"] if route["tier"] == "local" else f"{route['provider']} {route['model']}"
    return f"by {who} in {route['latency_ms']} ms for ${route['cost_usd']}"
