"""`drumbridge ctl`: one request to the running daemon, or one a line from stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import click

from bridge.cli import command
from bridge.cli.common import FAILURE, USAGE, errors, fail, find_home, home_option, json_always, print_json
from bridge.client import Talk

_CODES = {-32602: USAGE, -32601: USAGE}


def talk(home: str | None) -> Talk:
    """Return a connection; raises Unreachable, which ends with exit code 4."""
    return Talk(find_home(home))


def read_value(text: str) -> Any:
    """Read a value of key=value: JSON where it is JSON, else the text as it stands."""
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False)  # Python reads NaN and 1e400, which no JSON holds
    except ValueError:
        return text
    return value


def shell_hint(data: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    """Return an error's hint as it is typed here: a shell takes the quotes of `topics=["jobs"]` away."""
    hint, field = str(data.get("hint", "")), str(data.get("field", ""))
    quoted = hint.startswith("try ") and '"' in hint
    return f"try {field}='{hint[4:]}'" if quoted and isinstance(params.get(field), str | int | float) else hint


@command("ctl")
@home_option
@click.argument("method")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@json_always
def ctl_command(home: str | None, method: str, pairs: tuple[str, ...]) -> None:
    """Send METHOD to the running daemon and print its result.

    Values are JSON where they can be read as JSON, text otherwise:
    `drumbridge ctl generate prompt="slow blues" bars=4`.
    With - as METHOD, each line of stdin is one JSON-RPC request and each answer one line.
    """
    with errors():
        if method == "-":
            _lines(talk(home))
            return
        params: dict[str, Any] = {}
        for pair in pairs:
            key, sign, value = pair.partition("=")
            if not sign or not key:
                fail(USAGE, f"{pair!r} is not key=value", 'as bars=4 or prompt="slow blues"')
            params[key] = read_value(value)
        response = talk(home).ask(method, params)
        if "error" in response:
            error = response["error"]
            print_json(error)
            fail(_CODES.get(error["code"], FAILURE), error["message"], shell_hint(error.get("data") or {}, params))
        print_json(response["result"])


def _lines(line_to: Talk) -> None:
    failed = False
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            request = json.loads(line)
        except ValueError as error:
            fail(USAGE, f"this line is not JSON: {error}")
        response = line_to.send(request)
        if response:
            answers = response if isinstance(response, list) else [response]
            failed = failed or any("error" in answer for answer in answers)
            click.echo(json.dumps(response, ensure_ascii=False))
    if failed:
        sys.exit(FAILURE)
