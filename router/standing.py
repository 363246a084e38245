"""Standing: what the router has, how it is and what the user should know, in one plain object. No secrets.

Pure; what changes with time is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from router import policy
from router.policy import Desk
from router.tasks import TASKS


def standing(desk: Desk, names: Iterable[str], health: Mapping[str, Any], news: Iterable[str]) -> dict[str, Any]:
    """Return the providers with their models in use and their health, the caps, and every notice once.

    Args:
        desk: The world as it is now.
        names: Providers that can be asked.
        health: By provider, as `Health.as_dict` gives it.
        news: What the routes have told so far.
    """
    providers: dict[str, Any] = {}
    notices = list(news)
    for name in names:
        models = {}
        for tier in desk.catalog.tiers:
            found, notes = policy.candidates(desk, tier, TASKS["pattern_generation"])
            models[tier] = next((one.model for one in found if one.provider == name), None)
            notices += [*notes, *(one.notice for one in found if one.provider == name and one.notice)]
        known = dict(health.get(name, {}))
        providers[name] = {"configured": True, "models": models, "off": known.pop("off", None), "health": known}
    return {
        "provider": desk.config.provider,
        "default_tier": desk.config.default_tier,
        "max_tier": desk.config.max_tier,
        "offline": desk.config.offline,
        "local": desk.config.local,
        "catalog": desk.catalog.edition,
        "providers": providers,
        "notices": list(dict.fromkeys(notices)),
    }
