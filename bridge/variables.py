"""What the user set, in the environment, in config.toml, with flags: the router's variables, and names that must exist.

Pure. Refuses a value in the words of the place where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.settings import BY_NAME, SECRETS, Value, live_values, placed
from router.config import RouterConfig
from router.errors import InvalidRequest, InvalidSetting


def check_names(values: Mapping[str, Value]) -> None:
    """Refuse a setting that names what nobody knows.

    Raises:
        InvalidSetting: Naming the setting, the place where it stands, and what is near.
    """
    from bridge import wishes  # noqa: PLC0415 - the drummer's tables, for whoever asks

    try:
        wishes.check_names(live_values(values))
    except (InvalidRequest, InvalidSetting) as error:
        name = error.field if isinstance(error, InvalidRequest) else error.name
        raise InvalidSetting(name, placed(str(error), name, values[name].origin), error.hint) from None


def router_variables(values: Mapping[str, Value], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the router's variables as text: the environment, config.toml's values where it says nothing."""
    out = {name: text for name, text in environ.items() if name.startswith(("AI_", "DRUMBRIDGE_"))}
    for name, value in values.items():
        if value.value is not None and not BY_NAME[name].live:
            out[BY_NAME[name].variable] = str(value.value)
    out.update({name: environ[name] for name in SECRETS if environ.get(name)})
    return out


def router_config(values: Mapping[str, Value], environ: Mapping[str, str], **more: str) -> RouterConfig:
    """Return what the router is to do; `more` are variables on top.

    Raises:
        InvalidSetting: For a value that cannot be; one of config.toml is named by its key there.
    """
    try:
        return RouterConfig.from_env({**router_variables(values, environ), **more})
    except InvalidSetting as error:
        row = next((row for row in BY_NAME.values() if row.variable == error.name), None)
        if row is None or values[row.name].origin != "config.toml":
            raise
        named = str(error).replace(error.name, row.name)
        raise InvalidSetting(error.name, f"config.toml: {named}", error.hint.replace(error.name, row.name)) from None
