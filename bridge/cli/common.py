"""What the commands share: the home, exit codes, JSON out, errors as one sentence with a hint."""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeVar

import click

from bridge.client import Unreachable
from bridge.home import Home, HomeError, locate
from bridge.settings import BY_NAME, Setting, Value, resolve
from router.errors import BudgetRefused, InvalidRequest, InvalidSetting, NoAnswer, RouterError

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

OK: Final = 0
FAILURE: Final = 1
USAGE: Final = 2
CONFIGURATION: Final = 3
UNREACHABLE: Final = 4
NO_PROVIDER: Final = 5
BUDGET: Final = 6
MIDI: Final = 7
INTERRUPTED: Final = 130


def fail(code: int, message: str, hint: str = "") -> NoReturn:
    """End with a sentence on stderr."""
    click.echo(f"drumbridge: {message}" + (f" ({hint})" if hint else ""), err=True)
    sys.exit(code)


@contextlib.contextmanager
def errors() -> Iterator[None]:
    """Turn our errors into exit codes; anything else is a fault of ours and keeps its traceback."""
    try:
        yield
    except HomeError as error:
        fail(CONFIGURATION, str(error))
    except InvalidSetting as error:
        fail(CONFIGURATION, str(error), error.hint)
    except InvalidRequest as error:
        fail(USAGE, str(error), error.hint)
    except BudgetRefused as error:
        fail(BUDGET, str(error))
    except NoAnswer as error:
        fail(NO_PROVIDER, str(error))
    except RouterError as error:
        fail(FAILURE, str(error))
    except Unreachable as error:
        fail(UNREACHABLE, str(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; Ctrl-C cancels it, so that it closes its stores and settles what it has asked for.

    The process ends with that: asyncio would wait, for seconds, until an SDK is loaded that nobody needs any more.
    """
    before = signal.getsignal(signal.SIGINT)
    with contextlib.closing(work):  # one that was never begun would complain
        import asyncio  # noqa: PLC0415 - for commands that wait for something

        async def until_cancelled() -> T:
            try:
                return await work
            except asyncio.CancelledError:
                os._exit(INTERRUPTED)

        signal.signal(signal.SIGINT, signal.default_int_handler)  # asyncio has its own way then
        try:
            return asyncio.run(until_cancelled())
        finally:
            signal.signal(signal.SIGINT, before)


def home_option(function: F) -> F:
    """Add --home."""
    words = "State directory; else $DRUMBRIDGE_HOME, else the platform's user data directory."
    return click.option("--home", "home", metavar="DIR", help=words)(function)


def json_option(function: F) -> F:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def json_always(function: F) -> F:
    """Take --json from those who give it to every command; this one prints JSON anyway."""
    return click.option("--json", is_flag=True, expose_value=False, help="JSON is what it prints anyway.")(function)


def find_home(flag: str | None) -> Home:
    """Return the state directory, not yet made."""
    return Home(locate(flag, os.environ))


def settings(home: Home, flags: Mapping[str, Any]) -> dict[str, Value]:
    """Return every setting's value with its origin; ends with the usage's exit code for a flag that cannot be."""
    try:
        resolve(flags, {}, {})
    except InvalidSetting as error:
        fail(USAGE, str(error), error.hint)
    return resolve(flags, os.environ, home.config())


class Number(click.ParamType[float]):
    """A number that a row checks, in the row's words; NaN is none."""

    name = "number"

    def __init__(self, row: Setting) -> None:
        self._row = row

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:  # noqa: ARG002 - click's signature
        """Return the range as the help shows it."""
        return f"{self._row.low:g}..{self._row.high:g}" if self._row.high < 1e6 else "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002 - likewise
        """Return the number, or end with what it must be."""
        try:
            return self._row.read(value) if isinstance(value, str) else value
        except InvalidSetting as error:
            raise click.UsageError(f"{error} ({error.hint})", ctx) from None


class OneOf(click.Choice[str]):
    """One of some words; what is none of them is refused in our own, with the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word, or end with what it must be."""
        if value in self.choices:
            return str(value)
        name = param.name if param else "it"
        found = f"is {value!r:.60}" if value else "is empty"
        near = difflib.get_close_matches(value.lower(), self.choices, 1) or self.choices
        known = ", ".join(self.choices)
        raise click.UsageError(f"{name} {found}; it must be one of {known} (try {near[0]})", ctx)


def whole(name: str, low: int, high: int, unit: str = "") -> Number:
    """Return the type of a whole number that is no setting."""
    return Number(Setting(name=name, kind="int", default=None, low=low, high=high, unit=unit, help=""))


def setting_options(*names: str) -> Callable[[F], F]:
    """Add the options of these rows of the settings' table; their text is checked by the row."""

    def add(function: F) -> F:
        for name in reversed(names):
            row = BY_NAME[name]
            if row.kind == "bool":
                function = click.option(f"{row.flag}/--no-{row.flag[2:]}", name, default=None, help=row.help)(function)
            else:
                metavar = "|".join(row.choices) or (row.unit.split()[0] if row.unit else row.kind).upper()
                function = click.option(row.flag, name, metavar=metavar, help=row.help)(function)
        return function

    return add


def print_bytes(data: bytes) -> None:
    """Write bytes to stdout, now: what cannot be written is an error of this command."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def print_json(value: Any) -> None:
    """Print one JSON value."""
    click.echo(json.dumps(value, indent=2 if sys.stdout.isatty() else None, ensure_ascii=False))
