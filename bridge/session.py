"""The session: what plays, what comes next, the knobs, and the way back. One musician's state, in one place.

Owns no socket, no port and no provider: the engine is asked over the link, and events tell whoever listens.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from bridge import drummaps, editing
from bridge.compiling import compile_pattern
from bridge.events import Events
from bridge.history import History
from bridge.redrawing import Redrawing, redraw
from bridge.settings import BY_NAME
from bridge.supervisor import EngineDown, EngineLink
from bridge.takes import Take, next_beat, note_view, player_view
from bridge.tap import Tap
from bridge.wishes import FEEL, check_names, spoken_tempo, whole_request
from router import groove
from router.errors import InvalidSetting
from router.pattern import Pattern
from router.request import MAX_SEED, GrooveRequest
from router.song import Song

_log = logging.getLogger(__name__)
_ENGINE_DOWN: Final = {"name": "engine_down", "alert": "engine_down", "level": "critical"}


class Session:
    """See the module's first line."""

    def __init__(self, live: dict[str, Any], events: Events, clock: Callable[[], float]) -> None:
        self.live = live
        self.events = events
        self.clock = clock
        self.engine: EngineLink | None = None
        self.intent = 0
        """Counts what the musician asked to hear; an answer to an older wish is kept but not played."""
        self.transport: dict[str, Any] = {
            "state": "stopped", "source": "internal", "bpm": live["tempo"], "bar": 1, "beat": 1, "tick": 0,
        }  # fmt: skip
        self.midi: dict[str, Any] = {"backend": "none", "out": None, "in": None, "state": "lost"}
        self.stats: dict[str, Any] = {}
        self._player: dict[str, Any] = {"playing": None, "queued": []}
        self.history = History()
        self._starting: set[str] = set()
        self._interrupted: dict[str, Any] | None = None
        self._redrawing = Redrawing(self._retouch)
        self._turned: set[str] = set()
        self.ai_turned: Callable[[bool], None] = lambda _: None
        self._tap = Tap()
        self.mix: dict[str, list[str]] = {"mute": [], "solo": []}
        self._fill_seed = secrets.randbelow(1 << 32)
        events.source("transport", lambda: dict(self.transport))
        events.source("player", self.player)
        events.source("settings", lambda: dict(self.live))
        events.source("notes", lambda: {"notes": []})
        events.source("midi", lambda: {"messages": [], **self.midi})

    def __repr__(self) -> str:
        return f"<Session {self.transport['state']}, {len(self.history)} takes>"

    # Wishes -----------------------------------------------------------------------------------------------------

    def request(self, given: Mapping[str, Any]) -> GrooveRequest:
        """Return a whole request: what was given, the rest from the live settings; raises InvalidRequest."""
        return whole_request(self.live, self._spoken_tempo(given) or self.tempo(), given)

    async def take_tempo(self, given: Mapping[str, Any], at: str) -> None:
        """Take the tempo that a wish's words name, from when its groove sounds, unless a clock outside leads.

        A groove that is to wait for longer than the bar may never come in; it leaves the tempo alone.

        Raises:
            InvalidSetting: If nobody plays at that tempo.
        """
        if at in {"now", "beat", "bar"} and (bpm := self._spoken_tempo(given)):
            await self.set({"tempo": bpm}, at)

    def _spoken_tempo(self, given: Mapping[str, Any]) -> float | None:
        return None if self._followed() else spoken_tempo(given.get("prompt"))

    def _followed(self) -> bool:
        return self.transport.get("source") != "internal" and self.transport.get("state") == "playing"

    def tempo(self) -> float:
        """Return the tempo that a groove should be made for: the one that is followed, else the internal one."""
        bpm = self.transport["bpm"] if self._followed() else self.live["tempo"]
        return float(min(300.0, max(20.0, bpm)))

    def knobs(self) -> dict[str, Any]:
        """Return the knobs as they are at this moment."""
        return {name: self.live[name] for name in FEEL}

    def new_seed(self) -> int:
        """Return a seed nobody chose: a press of a button asks for something new."""
        return secrets.randbelow(MAX_SEED + 1)

    # The timeline -----------------------------------------------------------------------------------------------

    async def start(
        self,
        pattern: Pattern,
        at: str = "bar",
        *,
        request: GrooveRequest | None = None,
        route: Mapping[str, Any] | None = None,
        asked_at: float | None = None,
        instead_of: str | None = None,
        once: bool = False,
        since: Mapping[str, Any] | None = None,
        goes_on: Collection[str] = (),
    ) -> tuple[Take, dict[str, Any] | None]:
        """Bring a pattern onto the timeline; return its take and where it starts.

        Args:
            pattern: What to play.
            at: The musical boundary.
            request: How it was asked for, when the embedded generator can draw it again.
            route: How the answer was made.
            asked_at: The button's time; lets a pattern that is a moment late join the bar it was meant for.
            instead_of: A take that this one betters; it takes its place in the history.
            once: Play it once over the base (a fill); not kept in the history.
            since: The knobs as they were when it was asked for; what was turned meanwhile holds for it too.
            goes_on: Takes; if one of them plays then, this one goes on at its place in the phrase, not with bar 1.

        Raises:
            EngineDown: If the engine cannot be asked.
        """
        take = self.history.add(pattern, request, route)
        turned = {name: self.live[name] for name, value in (since or {}).items() if self.live[name] != value}
        if turned:
            list(redraw(take, {}, turned, self.tempo()))
        tag = "fill" if once else "base"
        with self._on_its_way(take):
            self._load(take)
            reply = await self._engine().call(
                "queue", id=take.id, at=at, once=once, tag=tag, asked_at=asked_at, goes_on=list(goes_on)
            )
            if not once:
                self.history.choose(take.id, instead_of)
        self._trim()
        return take, _starts_at(reply)

    async def start_song(
        self,
        song: Song,
        at: str = "bar",
        *,
        route: Mapping[str, Any] | None = None,
        asked_at: float | None = None,
        instead_of: Take | None = None,
    ) -> tuple[Take, dict[str, Any] | None]:
        """Bring a song onto the timeline; return its first part's take and where it starts.

        Its parts play one after another; while a DAW leads, its position chooses the part. `instead_of` is the same
        song as it was: the new one takes over in its place, at the bar where the old one is.

        Raises:
            EngineDown: If the engine cannot be asked.
        """
        takes = self.history.add_song(song, route)
        head = takes[0]
        here = instead_of is not None and self._player["playing"] in instead_of.parts
        origin = self._player.get("song_origin") if here else None
        with self._on_its_way(head):
            for take in takes:
                self._load(take)
            reply = await self._engine().call(
                "queue", id=head.id, at=at, once=False, tag="base", asked_at=asked_at, **head.chain(origin)
            )
            self.history.choose(head.id, instead_of.id if instead_of else None)
        self._trim()
        return head, _starts_at(reply)

    def _engine(self) -> EngineLink:
        if self.engine is None:
            raise EngineDown("the playing process is not there yet; try again in a second")
        return self.engine

    def _load(self, take: Take, at: str = "now") -> None:
        rows = compile_pattern(take.pattern, drummaps.load(self.live["drum_map"]), self.live["channel"])
        rows = editing.audible(rows, self.mix["mute"], self.mix["solo"])
        meter = take.pattern.meter
        self._engine().tell(
            "load",
            rows,
            id=take.id,
            ticks=take.pattern.ticks,
            bar_ticks=meter.bar_ticks,
            beats=list(meter.beats),
            at=at,
        )

    @contextlib.contextmanager
    def _on_its_way(self, take: Take) -> Iterator[None]:
        """Keep a take until the engine has answered: others that are asked for meanwhile must not crowd it out."""
        self._starting.add(take.id)
        try:
            yield
        finally:
            self._starting.discard(take.id)

    def _trim(self) -> None:
        queued = (item["id"] for item in self._player["queued"])
        gone = self.history.trim([self._player["playing"], *queued, *self._starting])
        if gone:
            self._engine().tell("forget", ids=gone)

    def sounding(self) -> Take:
        """Return the current take; of a song the part that plays.

        Raises:
            NothingPlaying: If nothing was chosen yet.
        """
        take = self.history.need_current()
        return self.history.takes.get(self._player["playing"], take) if self._player["playing"] in take.parts else take

    async def ask_engine(self, command: str) -> dict[str, Any]:
        """Return the engine's answer to a question.

        Raises:
            EngineDown: If it cannot be asked.
        """
        return await self._engine().call(command)

    async def transport_now(self) -> dict[str, Any]:
        """Return where the transport is at this moment, or was last heard of when the engine cannot be asked."""
        try:
            found = (await self.ask_engine("status")).get("transport")
        except EngineDown:
            found = None
        return {name: value for name, value in found.items() if name != "e"} if found else dict(self.transport)

    async def again(self, at: str = "bar") -> dict[str, Any] | None:
        """Start the current take, and the transport with it."""
        take = self.history.need_current()
        for identity in take.parts or (take.id,):
            self._load(self.history.takes[identity])
        return _starts_at(await self._engine().call("queue", id=take.id, at=at, tag="base", **take.chain()))

    async def step(self, by: int, at: str = "bar") -> tuple[Take, dict[str, Any] | None]:
        """Undo (-1) or redo (+1).

        Raises:
            NothingToUndo: At either end.
        """
        take, in_place = self.history.step(by)
        if not in_place:
            return take, await self.again(at)
        self._load(take)
        self.events.publish("player", self.player())
        return take, None

    def amend(self, identity: str | None, change: Callable[[Pattern], Pattern]) -> Take:
        """Change a groove where it lies: it sounds changed at once, in phase, and undo leads back.

        Args:
            identity: The take, as the `player` topic names it; None is the current one. It outlives the change.
            change: Returns the changed pattern of what it is given.

        Raises:
            NothingPlaying: If there is no such take any more. router.errors.InvalidRequest: As `change` raises it.
        """
        take = self.history.editable(identity)
        pattern = change(take.pattern)
        if pattern != take.pattern:
            self.history.amend(take, pattern)
            self._load(take)
            self._trim()
            self.events.publish("player", self.player())
        return take

    def replace(self, take: Take, pattern: Pattern, route: Mapping[str, Any] | None) -> None:
        """Let a take go on as another pattern of the same length, in phase and at once: an answer that grows.

        Raises:
            EngineDown: If the engine cannot be told.
        """
        take.pattern, take.source, take.route = pattern, None, route
        if take.turned:
            list(redraw(take, {}, {}, self.tempo()))
        self._load(take)
        self.events.publish("player", self.player())

    def set_mix(self, mix: Mapping[str, list[str]]) -> None:
        """Mute or solo voices, at once."""
        self.mix = {**self.mix, **mix}
        for identity in dict.fromkeys(self._sounding_ids()):
            self._load(self.history.takes[identity])
        self.events.publish("player", self.player())

    async def unqueue(self) -> bool:
        """Take back what waits; what plays goes on. Returns whether anything waited."""
        engine = self._engine()
        gone = [(await engine.call("cancel", tag=tag)).get("cancelled", 0) for tag in ("base", "fill")]
        self.history.go_to(self._player["playing"])
        return any(gone)

    async def fill(
        self, at: str = "bar", kind: str = "fill", *, bars: int = 1, intensity: float | None = None
    ) -> tuple[Take, dict[str, Any] | None]:
        """Play a fill, or what stands in for one, over the base: the next bar, or from the next beat to this one's end.

        Args:
            at: "now" and "beat" complete the bar that sounds.
            kind: One of `groove.FILL_KINDS`.
            bars: Over how many bars a build grows.
            intensity: 0..1, how full and loud; None follows the knob.
        """
        take = self.sounding()
        self._fill_seed += 1
        pattern = take.pattern
        start = 0
        if at in {"now", "beat"}:
            origin = int(self._player.get("origin") or 0)
            start = next_beat(pattern, origin, self.transport, self.clock())
        elif kind == "fill" and self._fill_seed % 2:  # half of all human fills are half a bar
            start = pattern.meter.bar_ticks // 2
        if intensity is None:
            intensity = 0.4 + 0.6 * float(self.live["intensity"])
        made = groove.fill(pattern, seed=self._fill_seed, start_tick=start, intensity=intensity, kind=kind, bars=bars)
        return await self.start(made, at, once=True)

    async def stop(self, at: str = "now") -> None:
        """Stop the transport."""
        self._interrupted = None
        await self._engine().call("stop", at=at)

    async def panic(self) -> None:
        """Release every note; the transport goes on."""
        await self._engine().call("panic")

    async def tap(self, stamp: float) -> float | None:
        """Take a tap of the tempo; return the tempo once there are two."""
        bpm = self._tap.tap(stamp)
        if bpm is not None:
            await self.set({"tempo": bpm})
        return bpm

    # Knobs ------------------------------------------------------------------------------------------------------

    async def set(self, given: Mapping[str, Any], at: str | None = None) -> dict[str, Any]:
        """Change live settings, all or none; what sounds follows.

        Raises:
            InvalidSetting, router.errors.InvalidRequest: For a value that cannot be; nothing was changed then.
        """
        checked = {name: BY_NAME[name].check(value) for name, value in given.items()}
        if checked.get("genre") and "style" not in checked:
            checked["style"] = None
        wanted = {**self.live, **checked}
        check_names(wanted)
        if wanted["sync"] == "link" and importlib.util.find_spec("link") is None:
            raise InvalidSetting(
                "sync", "sync is 'link', but Ableton Link is not installed", 'pip install "drumbridge[link]"'
            )
        changed = {name: value for name, value in checked.items() if self.live[name] != value}
        self.live.update(changed)
        if changed:
            if "ai" in changed:
                self.ai_turned(self.live["ai"])
            self._apply(changed, at)
            self.events.publish("settings", dict(self.live))
        return dict(self.live)

    def _apply(self, changed: Mapping[str, Any], at: str | None) -> None:
        try:
            engine = self._engine()
            if "tempo" in changed:
                engine.tell("tempo", bpm=self.live["tempo"], at=at or "now")
            if "sync" in changed:
                engine.tell("sync", mode=self.live["sync"])
            if {"clock_out", "offset_ms"} & set(changed):
                engine.tell("options", clock_out=self.live["clock_out"], offset_ms=self.live["offset_ms"])
            if {*FEEL} & set(changed):
                self._turned |= {*FEEL} & set(changed)
                self._redrawing.soon()
            if {"drum_map", "channel"} & set(changed):
                for identity in {*self._sounding_ids()}:
                    self._load(self.history.takes[identity])
        except EngineDown as error:
            _log.warning("the engine hears of the new settings when it is back: %s", error)

    def _sounding_ids(self) -> list[str]:
        ids = [self._player["playing"], *(item["id"] for item in self._player["queued"])]
        current = self.history.current()
        return [identity for identity in (*ids, current and current.id) if identity in self.history.takes]

    def _retouch(self) -> None:
        """Draw the current groove again with the knobs as they are now; it changes at the next beat."""
        names, self._turned = self._turned, set()
        take = self.history.current()
        if take is None:
            return
        for changed in redraw(take, self.history.takes, {name: self.live[name] for name in names}, self.tempo()):
            self._load(changed, at="beat")
        self.events.publish("player", self.player())

    # What the engine says ---------------------------------------------------------------------------------------

    def hear(self, head: dict[str, Any]) -> None:
        """Take an event of the engine in."""
        kind = head.get("e")
        data = {name: value for name, value in head.items() if name != "e"}
        if kind == "transport":
            self.transport = data
            self.events.publish("transport", dict(data))
        elif kind == "player":
            self._player = {"queued": [], **data}
            self.events.publish("player", self.player())
        elif kind in {"ready", "ports"}:
            self.midi = {**self.midi, "state": "open", **data}
            self.events.publish("midi", {"messages": [], **self.midi})
        elif kind == "notes" and self.events.wanted("notes"):
            for row in data["rows"]:
                self.events.publish("notes", note_view(row, self.history.takes))
        elif kind == "stats":
            self.stats = data
        elif kind == "log":
            _log.log(logging.getLevelNamesMapping().get(str(data.get("level", "")).upper(), 20), "%s", data.get("text"))
        elif kind == "down":
            # A successor that dies too, before it was told, must not hide what the first one played.
            self._interrupted = self._interrupted or {**self.transport, **self._player}
            self.events.publish("alerts", {**_ENGINE_DOWN, "state": "raised", "message": data.get("why")})
            self.transport = {**self.transport, "state": "stopped"}
            self.midi = {**self.midi, "state": "lost", "why": data.get("why")}
            self.events.publish("transport", dict(self.transport))

    def player(self) -> dict[str, Any]:
        """Return what plays and what comes next, as the `player` topic tells it."""
        view = player_view(self._player, self.history.takes, self.history.current(), self.transport["state"], self.mix)
        return {**view, **self.history.ways()}

    async def restore(self) -> None:
        """Load a new engine with what the old one had, and go on from the transport's position."""
        engine = self._engine()
        self.configure()
        for identity in self.history.reachable():  # undo must find what it leads back to
            self._load(self.history.takes[identity])
        last = self._interrupted or {}
        if last.get("state") == "playing" and last.get("playing") in self.history.takes:
            head = self.history.takes.get(self.history.takes[last["playing"]].head)
            await engine.call(
                "resume",
                tick=last["tick"],
                t=last["t"],
                bpm=last["bpm"],
                playing=last["playing"],
                origin=last["origin"],
                **(head.chain(last.get("song_origin")) if head is not None else {}),
            )
        self._interrupted = None
        self.events.publish("alerts", {**_ENGINE_DOWN, "state": "cleared"})

    def configure(self) -> None:
        """Tell the engine every live setting it needs."""
        engine = self._engine()
        engine.tell("tempo", bpm=self.live["tempo"])
        engine.tell("sync", mode=self.live["sync"])
        engine.tell("options", clock_out=self.live["clock_out"], offset_ms=self.live["offset_ms"])


def _starts_at(reply: Mapping[str, Any]) -> dict[str, Any] | None:
    if "bar" not in reply:
        return None
    return {name: reply[name] for name in ("bar", "beat", "tick", "t") if name in reply}
