"""Bar by bar: a model's first bars sound while it writes the rest, the embedded drummer's draft standing behind them.

What streams is a draft until the answer is whole: it may play, it is never kept, and a newer wish ends it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from bridge.session import Session
from bridge.supervisor import EngineDown
from bridge.takes import Take
from router.pattern import Pattern

_log = logging.getLogger(__name__)


def graft(first: Pattern, behind: Pattern) -> Pattern | None:
    """Return `behind` with its first bars replaced by those of `first`; None if their bars do not fit."""
    if str(first.meter) != str(behind.meter) or first.bars >= behind.bars:
        return first if str(first.meter) == str(behind.meter) and first.bars == behind.bars else None
    rest = (hit for hit in behind.hits if hit.tick >= first.ticks)
    return behind.with_hits((*first.hits, *rest), draft=True, streamed_bars=first.bars)


def begins_with(whole: Pattern, first: Pattern) -> bool:
    """Return whether an answer is the one whose first bars were heard."""

    def strokes(pattern: Pattern) -> list[tuple[int, str]]:
        return [(hit.tick, hit.voice) for hit in pattern.hits if hit.tick < first.ticks]

    return str(whole.meter) == str(first.meter) and strokes(whole) == strokes(first)


class BarByBar:
    """One answer on its way to the timeline.

    Args:
        session: Where it plays.
        draft: The take that plays or waits meanwhile.
        boundary: When the first bars take over.
        since: The knobs as they were when it was asked for.
    """

    def __init__(self, session: Session, draft: Take, boundary: str, since: Mapping[str, Any]) -> None:
        self._session = session
        self._draft = draft
        self._boundary = boundary
        self._since = since
        self._intent = session.intent
        self._heard: Pattern | None = None
        self._starting: asyncio.Task[None] | None = None
        self.take: Take | None = None
        self.starts_at: Mapping[str, Any] | None = None

    def hear(self, partial: Pattern) -> None:
        """Take the bars so far; called from the router, so it does not wait."""
        if not partial.meta.get("draft") or self._session.intent != self._intent:
            return
        self._heard = partial
        if self._starting is None:
            self._starting = asyncio.create_task(self._start(), name="stream-start")
        elif self.take is not None:
            self._show(partial)

    async def _start(self) -> None:
        first = self._heard
        grafted = graft(first, self._draft.pattern) if first is not None else None
        if grafted is None:
            return
        try:
            self.take, self.starts_at = await self._session.start(
                grafted, self._boundary, instead_of=self._draft.id, since=self._since
            )
        except EngineDown as error:
            _log.warning("the first bars cannot sound: %s", error)
            return
        if self._heard is not None and self._heard is not first:
            self._show(self._heard)

    def _show(self, partial: Pattern) -> None:
        grafted = graft(partial, self._draft.pattern)
        if grafted is not None and self.take is not None:
            self._replace(self.take, grafted, None)

    def _replace(self, take: Take, pattern: Pattern, route: Mapping[str, Any] | None) -> None:
        try:
            self._session.replace(take, pattern, route)
        except EngineDown as error:
            _log.warning("the next bars cannot sound: %s", error)

    async def finish(self, answer: Pattern, route: Mapping[str, Any]) -> bool:
        """Let the whole answer take the place of its own first bars; False if it was not the one that streamed."""
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        if self.take is None or self._heard is None or answer.bars != self.take.pattern.bars:
            return False
        if not begins_with(answer, self._heard) or self._session.intent != self._intent:
            return False
        self._replace(self.take, answer, route)
        return True
