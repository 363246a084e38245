"""The router without a daemon, for commands that make music and end.

Shares the home's ledger and cache when paid tiers can be reached; touches no file when only the embedded drummer plays.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

from bridge.home import Home
from bridge.settings import Value
from bridge.variables import router_config
from router.dispatch import Router
from router.request import GrooveRequest


@contextlib.asynccontextmanager
async def open_router(
    home: Home, values: Mapping[str, Value], environ: Mapping[str, str], requests: Sequence[GrooveRequest] | None = None
) -> AsyncIterator[Router]:
    """Yield a started router; with `requests` only as far as these need it, for an SDK takes up to a second to load.

    Raises:
        InvalidSetting: For a routing variable that cannot be.
    """
    off = {} if values["ai"].value else {"DRUMBRIDGE_OFFLINE": "true"}  # nothing is asked and nothing is paid
    config = router_config(values, environ, **off)
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
