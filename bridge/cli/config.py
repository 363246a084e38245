"""`drumbridge config`: every setting with its value and origin, and a safe way to change config.toml."""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Final

import click

from bridge import keys
from bridge.cli import command
from bridge.cli.common import (
    CONFIGURATION,
    USAGE,
    OneOf,
    errors,
    fail,
    find_home,
    home_option,
    json_option,
    print_json,
    settings,
)
from bridge.home import Home, write_whole
from bridge.mapping import read_table
from bridge.settings import BY_NAME, SECRETS, did_you_mean, resolve
from bridge.variables import check_names, router_config
from router.budget import format_usd
from router.config import KEY_NAMES, PAID_TIERS, RouterConfig
from router.errors import InvalidSetting

_KEYED: Final = dict.fromkeys(SECRETS, "it may come later")


# A value like -20 is no option.
@command("config", context_settings={"ignore_unknown_options": True})
@home_option
@click.argument("action", type=OneOf(["show", "set", "unset", "path"]), default="show")
@click.argument("name", required=False)
@click.argument("value", required=False)
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@json_option
def config_command(
    home: str | None, action: str, name: str | None, value: str | None, *, origin: bool, as_json: bool
) -> None:
    """Show every setting, or change one in config.toml.

    \b
    drumbridge config show --origin
    drumbridge config set tempo 96
    drumbridge config unset tempo
    drumbridge config path
    """  # noqa: D301 - click reads the backspace as: do not re-wrap
    with errors():
        place = find_home(home)
        if action == "path":
            file = str(place.path / "config.toml")
            if as_json:
                print_json({"path": file})
            else:
                click.echo(file)
        elif action == "show":
            _show(home, name, origin=origin, as_json=as_json)
        else:
            _change(home, action, name, value)


def _show(home: str | None, name: str | None, *, origin: bool, as_json: bool) -> None:
    values = settings(find_home(home), {})
    if name is not None and name not in values:
        fail(CONFIGURATION, f"there is no setting {name!r}", did_you_mean(name))
    rows: dict[str, dict[str, Any]] = {
        key: {"value": _shown(key, item.value), "origin": item.origin}
        for key, item in values.items()
        if name in {None, key}
    }
    for key, value in _routing_defaults().items():
        if key in rows and rows[key]["origin"] == "default":
            rows[key]["value"] = value
    if name is None:
        stored = {KEY_NAMES[provider][0] for provider in keys.stored(find_home(home))}
        for secret in SECRETS:
            where = "environment" if os.environ.get(secret) else "keys.toml" if secret in stored else "default"
            rows[secret] = {"value": "not set" if where == "default" else "set", "origin": where}
    if as_json:
        print_json(rows if origin else {key: row["value"] for key, row in rows.items()})
    else:
        for key, row in rows.items():
            click.echo(f"{key} = {_worded(row['value'])}" + (f"\t# {row['origin']}" if origin else ""))
    # What cannot be is shown first, and then refused as `run` would.
    router_config(values, {**os.environ, **_KEYED})
    check_names(values)
    read_table(find_home(home).config().get("mapping"))


def _worded(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _routing_defaults() -> dict[str, Any]:
    """Return what the router takes for its variables where nobody said anything, in the words that set them."""
    config = RouterConfig.from_env({})
    return {
        "ai_provider": config.provider,
        "ai_default_tier": config.default_tier,
        "ai_max_tier": config.max_tier,
        "ai_max_cost_per_request": _usd(config.max_cost_picousd),
        "ai_monthly_budget": _usd(config.monthly_budget_picousd),
        "ai_cache_enabled": config.cache_enabled,
        "ai_cache_ttl": f"{config.cache_ttl_s:g}",
        **{f"ai_timeout_{tier}": f"{config.timeout_s(tier):g}" for tier in PAID_TIERS},
        **{name: getattr(config, name) for name in ("hedge", "batch", "local", "offline")},
    }


def _usd(amount: int | None) -> str | None:
    return None if amount is None else format_usd(amount)  # None is no limit


def _shown(name: str, value: Any) -> Any:
    """Return a value as it may be printed: an address of a store can hold a password."""
    return "set" if name == "shared_url" and value is not None else value


def _check(place: Home, name: str, value: Any) -> None:
    """Refuse a name that nobody knows, and a routing value that cannot be, before they reach the file."""
    before = {key: item for key, item in place.config().items() if key in BY_NAME}
    wanted = resolve({}, {}, {**before, name: value})
    for check in (check_names, partial(router_config, environ=_KEYED)):
        try:
            check(wanted)
        except InvalidSetting as error:
            if error.name in {name, BY_NAME[name].variable}:
                fail(CONFIGURATION, str(error).removeprefix("config.toml: "), error.hint)  # it is not there yet


def _change(home: str | None, action: str, name: str | None, value: str | None) -> None:
    from bridge.tomlfile import changed  # noqa: PLC0415 - it loads a library of 30 ms that `show` does not need

    place = find_home(home)
    if name is None:
        fail(USAGE, f"which setting is to be {action}?", "`drumbridge config show` lists them")
    # A name that nobody knows can be taken out of the file all the same: `run` refuses it there.
    if name not in BY_NAME and not (action == "unset" and name in place.config()):
        fail(CONFIGURATION, f"there is no setting {name!r}", did_you_mean(name))
    new = _checked(place, name, value) if action == "set" else {}
    place.create()
    file = (place.path / "config.toml").resolve()  # a link into a folder of dotfiles stays one
    text = changed(file.read_bytes().decode() if file.exists() else "", name, new.get(name))
    if text is None:
        fail(CONFIGURATION, f"{name} is a table of its own in config.toml", f"change it by hand in {file}")
    try:
        write_whole(file, text.encode())
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else f"{name} holds bytes that are no text (UTF-8)"
        fail(CONFIGURATION, f"{file} cannot be written: {why}", "it is as it was")
    _tell(place, name, new.get(name))


def _tell(place: Home, name: str, value: Any) -> None:
    """Say what holds now, and what has yet to be done for it."""
    said = f"{name} is taken out: its default holds" if value is None else f"{name} = {_worded(_shown(name, value))}"
    row = BY_NAME.get(name)
    if row is not None and os.environ.get(row.variable):
        said += f", but {row.variable} in the environment wins"
    elif row is not None and place.daemon():
        now = f"; now: `drumbridge ctl set {name}={_worded(value)}`" if row.live and value is not None else ""
        said += f" from the daemon's next start on{now}"
    click.echo(said, err=True)


def _checked(place: Home, name: str, value: str | None) -> dict[str, Any]:
    """Return what is to be written; {} for a setting that goes back to its default."""
    row = BY_NAME[name]
    if value is None:
        fail(USAGE, f"what shall {name} be?", f"drumbridge config set {name} {row.default or 'VALUE'}")
    checked = row.read(value)
    _check(place, name, checked)
    return {} if checked is None else {name: checked}
