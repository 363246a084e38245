"""The router without a daemon, for commands that make music and end.

Shares the home's ledger and cache when paid tiers can be reached; touches no file when only the embedded drummer plays.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

from bridge.home import Home
from bridge.settings import BY_NAME, SECRETS, Value
from router.config import RouterConfig
from router.dispatch import Router
from router.request import GrooveRequest


def router_variables(values: Mapping[str, Value], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the router's variables as text: the environment, config.toml's values where it says nothing."""
    out = {name: text for name, text in environ.items() if name.startswith(("AI_", "DRUMBRIDGE_"))}
    for name, value in values.items():
        if value.value is not None and not BY_NAME[name].live:
            out[BY_NAME[name].variable] = str(value.value)
    out.update({name: environ[name] for name in SECRETS if environ.get(name)})
    return out


@contextlib.asynccontextmanager
async def open_router(
    home: Home, values: Mapping[str, Value], environ: Mapping[str, str], requests: Sequence[GrooveRequest] | None = None
) -> AsyncIterator[Router]:
    """Yield a started router; with `requests` only as far as these need it, for an SDK takes up to a second to load.

    Raises:
        InvalidSetting: For a routing variable that cannot be.
    """
    variables = router_variables(values, environ)
    if not values["ai"].value:
        variables["DRUMBRIDGE_OFFLINE"] = "true"  # models are off: nothing is asked and nothing is paid
    config = RouterConfig.from_env(variables)
    if not config.providers:
        router = Router(config)
        yield router
        await router.aclose()
        return
    from router.stores.purse import Purse  # noqa: PLC0415 - no store is loaded when nothing can be paid

    home.create()
    purse = Purse(
        home.path,
        monthly_budget_picousd=config.monthly_budget_picousd,
        cache_enabled=config.cache_enabled,
        cache_ttl_s=config.cache_ttl_s,
        shared_url=values["shared_url"].value,
        valves=config.valves,
    )
    await purse.open()
    router = Router(config, ledger=purse.ledger, cache=purse.cache, valve=purse.valve, memory=home.path / "models.json")
    try:
        await (router.start() if requests is None else router.start_for(requests))
        yield router
    finally:
        await router.aclose()
        await purse.close()
