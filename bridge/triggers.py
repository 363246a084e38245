"""Buttons and knobs at work: actions of the mapping become wishes to the session and to the jobs.

A flood of knob values costs one application of the last value; a failing action is logged and never stops the next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from bridge.controls import Controls
from bridge.history import NothingPlaying, NothingToUndo
from bridge.jobs import Jobs, TooBusy
from bridge.library import Library
from bridge.mapping import Action
from bridge.session import Session
from bridge.settings import BY_NAME, zones
from bridge.supervisor import EngineDown
from router import groove
from router.errors import RouterError

_log = logging.getLogger(__name__)
_BARS: Final = ("1", "2", "4", "8")
_MOST: Final = 64
"""Actions under way; presses beyond it come faster than any hand and are dropped."""

_SILENCING: Final = frozenset({"panic", "stop"})
"""Never dropped: who wants silence in a flood must get it."""


class Triggers:
    """Takes incoming messages from the engine's `midi` event."""

    def __init__(self, session: Session, jobs: Jobs, library: Library, controls: Controls) -> None:
        self._session = session
        self._jobs = jobs
        self._library = library
        self.controls = controls
        controls.told = lambda step: session.events.publish("midi", {"messages": [], "learn": step})
        self._knobs: dict[str, Any] = {}
        self._knobs_waiting = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_turn = asyncio.Lock()
        """One press at a time, each in a turn of the loop of its own: sixty that draw a groove each hold up nobody."""
        self.taken: Callable[[list[tuple[float, bytes]]], None] = lambda _: None
        self._buttons: dict[str, Callable[[Action], Coroutine[Any, Any, Any]]] = {
            "generate": self._generate,
            "vary": lambda action: self.vary(action.at, action.stamp),
            "fill": lambda action: session.fill(action.at),
            "fill_now": lambda action: session.fill("beat" if action.at == "bar" else action.at),
            **dict.fromkeys(("break", "hold", "build"), lambda action: session.fill(action.at, action.name)),
            "stop": lambda _: self._stop(),
            "play_stop": self._play_stop,
            "next": lambda action: self.next(action.at),
            "undo": lambda action: self._step(-1, action.at),
            "redo": lambda action: self._step(1, action.at),
            "ai": lambda _: session.set({"ai": not session.live["ai"]}),
            "favourite": lambda _: self._favourite(),
            "panic": lambda _: session.panic(),
            "tap": lambda action: session.tap(action.stamp),
        }

    def hear(self, rows: list[tuple[float, str]]) -> None:
        """Take in what arrived: (time, message in hex)."""
        messages = [(stamp, bytes.fromhex(text)) for stamp, text in rows]
        if self._session.events.wanted("midi"):
            self._session.events.publish("midi", {"messages": [[stamp, text] for stamp, text in rows]})
        self.taken(messages)
        for stamp, message in messages:
            if not self._learn(message, stamp):
                for action in self.controls.mapping.handle(message, stamp):
                    self.act(action)

    def _learn(self, message: bytes, stamp: float) -> bool:
        try:
            return self.controls.hear(message, stamp)
        except OSError as error:
            _log.error("what was learned could not be kept: %s", error)
            return True

    def act(self, action: Action) -> None:
        """Do what an action asks for."""
        work = self._buttons.get(action.name)
        if work is None:
            self._turn(action)
        elif len(self._tasks) < _MOST or action.name in _SILENCING:
            task = asyncio.create_task(self._safely(action, work), name=f"trigger-{action.name}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _safely(self, action: Action, work: Callable[[Action], Coroutine[Any, Any, Any]]) -> None:
        if action.name != "panic":
            async with self._in_turn:
                await asyncio.sleep(0)
        try:
            await work(action)
        except (EngineDown, NothingPlaying, NothingToUndo, RouterError, TooBusy, OSError) as error:
            _log.warning("%s from a controller: %s", action.name, error)

    # Knobs ------------------------------------------------------------------------------------------------------

    def _turn(self, action: Action) -> None:
        self._knobs[action.name] = self._value(action)
        if not self._knobs_waiting:
            self._knobs_waiting = True
            asyncio.get_running_loop().call_soon(self._apply_knobs)

    def _value(self, action: Action) -> Any:
        row = BY_NAME[action.name]
        if action.relative and row.kind == "float":
            now = self._knobs.get(action.name, self._session.live[action.name])
            step = 1.0 if action.name == "tempo" else 1 / 127
            return min(row.high, max(row.low, (0.5 if now is None else now) + action.value * step))
        if action.name == "genre":
            return zones(groove.GENRES, action.value)
        if action.name == "drummer":
            return zones(groove.DRUMMERS, action.value)
        if action.name == "style":
            genre = self._knobs.get("genre", self._session.live["genre"])
            return zones(groove.styles(genre or groove.GENRES[0]), action.value)
        if action.name == "swing_grid":
            return zones(row.choices, action.value)
        if action.name == "bars":
            return int(zones(_BARS, action.value))
        return row.low + (row.high - row.low) * action.value / 127

    def _apply_knobs(self) -> None:
        knobs, self._knobs, self._knobs_waiting = self._knobs, {}, False
        task = asyncio.create_task(self._set(knobs), name="trigger-knobs")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _set(self, knobs: dict[str, Any]) -> None:
        try:
            await self._session.set(knobs)
        except (ValueError, RouterError) as error:
            _log.warning("a knob: %s", error)

    # Buttons ----------------------------------------------------------------------------------------------------

    async def _generate(self, action: Action) -> None:
        request = self._session.request({"seed": self._session.new_seed()})
        self._jobs.generate(request, action.at, source="cc", asked_at=action.stamp)

    async def _play_stop(self, action: Action) -> None:
        if self._session.transport["state"] != "stopped":
            self._session.intent += 1
            await self._session.stop()
        elif self._session.history.current() is None:
            await self._generate(action)
        else:
            await self._session.again(action.at)

    async def _stop(self) -> None:
        self._session.intent += 1
        await self._session.stop()

    async def _step(self, by: int, at: str) -> None:
        self._session.intent += 1
        await self._session.step(by, at)

    async def vary(self, at: str, asked_at: float | None = None) -> dict[str, Any] | None:
        """Vary the current groove; the way back is undo."""
        take = self._session.history.need_current()
        self._session.intent += 1
        varied = groove.vary(take.pattern, seed=self._session.new_seed())
        _, starts_at = await self._session.start(varied, at, asked_at=asked_at)
        return starts_at

    async def next(self, at: str) -> dict[str, Any] | None:
        """Play the next pattern of the library."""
        current = self._session.history.current()
        pattern = self._library.after(current.pattern.id if current else None)
        if pattern is None:
            raise NothingPlaying("the library is empty; keep a pattern first (favourite, or patterns.put)")
        self._session.intent += 1
        _, starts_at = await self._session.start(pattern, at)
        return starts_at

    async def _favourite(self) -> None:
        pattern = self._session.history.need_current().pattern
        self._library.put(pattern)
        self._library.favourite(pattern.id, value=True)
        self._session.events.publish("patterns", {"kept": pattern.id, "favourite": True})

    async def close(self) -> None:
        """End what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
