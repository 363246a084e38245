"""The world as one router sees it at a moment: the settings, what models cost and how they are, the hour, the day.

Answers what the decisions look at, and begins the story of each request. Awaits nothing and decides nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from router import catalog
from router.attempt import Trip
from router.budget import Price
from router.config import RouterConfig
from router.errand import Errand
from router.health import Health
from router.policy import Desk
from router.stores import tombstones
from router.windows import Window, background_may_run, open_window

MARGIN_S: Final = 0.05
"""Kept back from every deadline: what the embedded drummer and the way back need."""


class World:
    """See the module's first line."""

    def __init__(self, config: RouterConfig, wall: Callable[[], float], memory: Path | None) -> None:
        """Read the catalogue, and from `memory` which models are gone; `wall` tells seconds since the epoch."""
        self.config = config
        self.health = Health(tombstones.load(memory))
        self.notices: dict[str, None] = {}
        self._wall = wall
        self._catalog = catalog.load().with_prices(config.prices)
        self.edition = f"{self._catalog.edition}/{config.provider}/{config.max_tier}/{sorted(config.models.items())}"
        """What an answer depends on beside the wish."""
        self._count, self._name = 0, os.urandom(3).hex()  # several daemons may write into one ledger
        self._day, self._memo = (-1.0, ""), dict[Any, Any]()

    def __repr__(self) -> str:
        return f"<World {self.today} {', '.join(self.config.providers) or 'local only'}>"

    @property
    def today(self) -> str:
        """The day (UTC), like 2026-11-27."""
        wall = self._wall()
        if wall // 86400 != self._day[0]:
            self._day = wall // 86400, datetime.fromtimestamp(wall, UTC).date().isoformat()
            self._memo.clear()
        return self._day[1]

    def desk(self) -> Desk:
        """Return what the pure decisions look at, as it is now."""
        today, gone = self.today, self.health.gone_models()
        return Desk(self.config, self._catalog, today, gone, self._success, self._window(), self._memo)

    def background_may_run(self) -> bool:
        """Say whether work that can wait may run now."""
        return background_may_run(self.config.windows, self._wall())

    def news(self, trip: Trip, *notes: str) -> None:
        """Put a sentence into the first route that it concerns, and keep it for the status."""
        for note in notes:
            if note and note not in self.notices:
                trip.note(note)
            self.notices[note] = None

    def price_of(self, model: str) -> Price | None:
        """Return a model's price, None where none is known."""
        known = self._catalog.models.get(model)
        return known.price if known else None

    def seconds(self, tier: str, deadline_ms: int | None) -> float:
        """Return how long a wish may take: its tier's timeout, or less where it says so."""
        seconds = self.config.timeout_s(tier)
        return seconds if deadline_ms is None else min(seconds, max(0.0, deadline_ms / 1000))

    def trip(self, began: float, seconds: float, limit: int | None) -> Trip:
        """Begin a request's story; `began` in the event loop's seconds, `limit` in pico-dollars."""
        self._count += 1
        window = self._window()
        identity = f"{self._wall():.3f}-{self._name}-{self._count}"
        return Trip(identity, began, began + max(0.0, seconds - MARGIN_S), limit, window.slack if window else 1.0)

    def trip_of(self, errand: Errand) -> Trip:
        """Begin the story of a wish, with what it has inherited."""
        trip = self.trip(errand.began, errand.seconds, errand.limit)
        trip.attempts += errand.past
        return trip

    def _window(self) -> Window | None:
        return open_window(self.config.windows, self._wall()) if self.config.windows else None

    def _success(self, provider: str, model: str) -> float:
        return self.health.record(provider, model).success
