"""The control channel's methods at work: checked parameters in, results out, every error in the client's words.

One function a method, named after it. Knows no socket; the command line and tests call it as the server does.
"""

from __future__ import annotations

import asyncio
import base64
import difflib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from bridge import drummaps, editing, protocol
from bridge.events import Deliver, Events
from bridge.history import NothingPlaying, NothingToUndo
from bridge.jobs import Jobs, TooBusy, UnknownJob
from bridge.library import Library, LibraryFull, UnknownPattern, file_name
from bridge.mapping import ACTIONS
from bridge.midifile import from_midi, to_midi
from bridge.money import Money
from bridge.refusals import BadParams
from bridge.reveal import NoDesktop, reveal
from bridge.rpc import INTERNAL_ERROR, METHOD_NOT_FOUND, SERVER_ERROR, RpcError, invalid_params
from bridge.session import Session
from bridge.settings import ROWS
from bridge.songs import Songs
from bridge.supervisor import EngineBusy, EngineDown
from bridge.triggers import Triggers
from bridge.words import API
from bridge.workshop import Workshop
from router import groove
from router.errors import AttemptFailed, BudgetRefused, InvalidRequest, InvalidSetting, NoAnswer
from router.pattern import VOICES, Pattern

_log = logging.getLogger(__name__)
_REVEAL_S = 2.0
"""One window at a time, whoever asks."""
_SUBSCRIPTIONS = 64
"""A page needs one; a client that asks for thousands has lost its way."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls: a number for its subscriptions, where its events go, and what it is (socket, page, cli)."""

    number: int
    deliver: Deliver
    source: str = "socket"


@dataclass(frozen=True, slots=True)
class Then:
    """A result, and what must happen right after it was sent and before anything else is."""

    result: Any
    after: Callable[[], None]


def explain(error: Exception) -> RpcError:
    """Return any error as the client sees it; what we did not foresee is logged and named a fault of ours."""
    if isinstance(error, RpcError):
        return error
    if isinstance(error, InvalidRequest | BadParams):
        return invalid_params(str(error), error.hint, error.field)
    if isinstance(error, InvalidSetting):
        return invalid_params(str(error), error.hint, error.name)
    known: list[tuple[type[Exception], str, str]] = [
        (EngineBusy, "busy", "wait for answers before you send more; only the last of many is heard anyway"),
        (EngineDown, "engine_unavailable", "it comes back by itself; `status` says when"),
        (NothingPlaying, "nothing_playing", "try generate"),
        (NothingToUndo, "nothing_to_undo", ""),
        (TooBusy, "busy", "wait for a job to end"),
        (LibraryFull, "too_large", "delete patterns that nobody plays"),
        (BudgetRefused, "budget_exceeded", "raise AI_MONTHLY_BUDGET, or use tier local"),
        (NoAnswer, "provider_failed", "see `drumbridge keys` and the network; tier local always makes a groove"),
        (AttemptFailed, "provider_failed", "see `drumbridge keys` and the network; tier local always makes a groove"),
        (OSError, "storage_failed", "free space on the disk, or choose another --home"),
    ]
    for kind, code, hint in known:
        if isinstance(error, kind):
            extra = {"retry_after_s": 1.0} if code in {"busy", "engine_unavailable"} else {}
            return RpcError(SERVER_ERROR, code, str(error), hint, **extra)
    if isinstance(error, UnknownPattern):
        return RpcError(
            SERVER_ERROR, "unknown_pattern", f"no pattern has the id {error.args[0]!r:.80}", "patterns.list names them"
        )
    if isinstance(error, UnknownJob):
        return RpcError(
            SERVER_ERROR, "unknown_job", f"no job is called {error.args[0]!r:.60}", "generate returns its name"
        )
    _log.error("a method failed", exc_info=error)
    return RpcError(INTERNAL_ERROR, "internal", "that went wrong on our side; the daemon's log says more")


class Methods:
    """Every method of `protocol.METHODS`."""

    def __init__(
        self,
        session: Session,
        jobs: Jobs,
        library: Library,
        triggers: Triggers,
        events: Events,
        money: Money,
        about: Callable[[], Awaitable[Mapping[str, Any]]],
        *,
        folders: str | None = None,
    ) -> None:
        self._session = session
        self._jobs = jobs
        self._library = library
        self._triggers = triggers
        self._events = events
        self._money = money
        self._about = about
        self._workshop = Workshop(session, jobs, folders)
        self._songs = Songs(session, jobs)
        self._reveal_again_at = 0.0
        triggers.taken = self._workshop.take
        events.source("patterns", lambda: {"patterns": library.list()})
        self._handlers: dict[str, Callable[[Any, Client], Awaitable[Any]]] = {
            name: getattr(self, "_" + name.replace(".", "_")) for name in protocol.METHODS
        }

    async def call(self, method: str, params: Mapping[str, Any], client: Client) -> Any:
        """Return a method's result, or a `Then`.

        Raises:
            RpcError: In every case in which there is none.
        """
        handler = self._handlers.get(method)
        if handler is None:
            near = difflib.get_close_matches(method, protocol.METHODS, 1)
            hint = f"did you mean {near[0]}?" if near else "GET /api/asyncapi.json lists all methods"
            raise RpcError(METHOD_NOT_FOUND, "unknown_method", f"there is no method {method!r:.64}", hint)
        try:
            return await handler(protocol.read_params(method, params), client)
        except Exception as error:
            raise explain(error) from error

    # Grooves ----------------------------------------------------------------------------------------------------

    async def _generate(self, params: protocol.Generate, client: Client) -> Any:
        stamp, given, ref = self._session.clock(), params.given(), params.client_ref
        request = self._session.request(given)
        await self._session.take_tempo(given, params.at)
        job = self._jobs.generate(request, params.at, source=client.source, client_ref=ref, asked_at=stamp)
        return {"job": job.id}

    async def _compose(self, params: protocol.Compose, client: Client) -> Any:
        stamp, given, ref = self._session.clock(), params.given(), params.client_ref
        wish = self._songs.wish(given, given.pop("sections", None))
        await self._session.take_tempo(given, params.at)
        return {"job": self._songs.compose(wish, params.at, source=client.source, client_ref=ref, asked_at=stamp).id}

    async def _refine(self, params: protocol.Refine, client: Client) -> Any:
        pattern = self._session.sounding().pattern if params.pattern is None else self._pattern(params.pattern)
        request, ref = self._session.request(params.given()), params.client_ref
        job = self._workshop.refine(
            pattern, params.instruction, request, params.at, source=client.source, client_ref=ref
        )
        return {"job": job.id}

    async def _analyze(self, params: protocol.Analyze, client: Client) -> Any:
        request, ref = self._session.request(params.given()), params.client_ref
        job = self._workshop.analyze(
            params.path, params.audio, request, params.at, source=client.source, client_ref=ref
        )
        return {"job": job.id}

    async def _batch(self, params: protocol.Batch, client: Client) -> Any:
        jobs = []
        for item in params.requests:
            try:
                checked = protocol.read_params("generate", {"at": "never", **item})
                jobs.append((await self._generate(cast("protocol.Generate", checked), client))["job"])
            except (BadParams, InvalidRequest) as error:
                jobs.append(self._jobs.refuse(error).id)
        return {"jobs": jobs}

    async def _ask(self, params: protocol.Ask, client: Client) -> Any:
        given = params.given()
        kind, asked = given.pop("task"), given.pop("pattern", None)
        if asked is not None:
            pattern: Pattern | None = self._pattern(asked)
        else:
            pattern = self._session.sounding().pattern if self._session.history.current() else None
        return {"job": self._workshop.ask(kind, given, pattern, source=client.source).id}

    async def _record_start(self, _: protocol.Nothing, __: Client) -> Any:
        self._workshop.record()
        return self._state(recording=True)

    async def _record_stop(self, params: protocol.RecordStop, __: Client) -> Any:
        pattern = self._workshop.recorded(params.bars, fit=params.fit)
        starts_at = None
        if params.at != "never":
            self._session.intent += 1
            await self._workshop.lead(pattern)
            _, starts_at = await self._session.start(pattern, params.at)
        return self._state(starts_at, recording=False, pattern=pattern.as_dict())

    async def _job_wait(self, params: protocol.JobWait, _: Client) -> Any:
        return (await self._jobs.wait(params.job, params.timeout_s)).as_dict()

    async def _job_get(self, params: protocol.JobOnly, _: Client) -> Any:
        return self._jobs.get(params.job).as_dict()

    async def _job_cancel(self, params: protocol.JobOnly, _: Client) -> Any:
        return (await self._jobs.cancel(params.job)).as_dict()

    # Transport --------------------------------------------------------------------------------------------------

    async def _play(self, params: protocol.Play, client: Client) -> Any:
        session = self._session
        session.intent += 1
        at = params.at or "bar"
        if at == "never":
            raise invalid_params("play at never plays nothing", "leave at out", "at")
        if params.pattern is None:
            if session.history.current() is None:
                request = session.request({"seed": session.new_seed()})
                job = self._jobs.generate(request, at, source=client.source)
                await self._jobs.wait(job.id, 5.0)
                return {"playing": job.pattern.id if job.pattern else None, "starts_at": job.starts_at, "job": job.id}
            starts_at = await session.again(at)
            return {"playing": session.history.need_current().pattern.id, "starts_at": starts_at}
        pattern = self._pattern(params.pattern)
        _, starts_at = await session.start(pattern, at, once=not params.loop)
        silent = {} if pattern.hits else {"notes": ["the pattern has no strokes: it plays silence"]}
        return {"playing": pattern.id, "starts_at": starts_at, **silent}

    async def _edit(self, params: protocol.Edit, _: Client) -> Any:
        self._session.intent += 1
        hits = [hit.model_dump() for hit in params.hits]
        take = self._session.amend(params.take, lambda pattern: editing.edited(pattern, hits, params.bars))
        return {"take": take.id, "pattern": take.pattern.id}

    async def _mix(self, params: protocol.Mix, _: Client) -> Any:
        self._session.set_mix({name: voices for name, voices in params.given().items() if voices is not None})
        return dict(self._session.mix)

    async def _cancel(self, _: protocol.Nothing, __: Client) -> Any:
        self._session.intent += 1
        return self._state(cancelled=await self._session.unqueue())

    def _pattern(self, given: str | Mapping[str, Any]) -> Pattern:
        if not isinstance(given, str):
            return Pattern.from_dict(given)
        try:
            return self._library.get(given)
        except UnknownPattern:
            found = self._session.history.find(given) or self._jobs.find(given)
            if found is None:
                raise
            return found

    def _state(self, starts_at: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        player = self._session.player()
        out = {"state": player["state"], "playing": player["playing"], **more}
        return out if starts_at is None else {**out, "starts_at": starts_at}

    async def _stop(self, params: protocol.AtOnly, _: Client) -> Any:
        self._session.intent += 1
        await self._session.stop(params.at or "now")
        return self._state()

    async def _panic(self, _: protocol.AtOnly, __: Client) -> Any:
        await self._session.panic()
        return self._state()

    async def _fill(self, params: protocol.Fill, _: Client) -> Any:
        return await self._fill_with(params, params.kind, intensity=params.intensity)

    async def _break(self, params: protocol.AtOnly, _: Client) -> Any:
        return await self._fill_with(params, "break")

    async def _hold(self, params: protocol.AtOnly, _: Client) -> Any:
        return await self._fill_with(params, "hold")

    async def _build(self, params: protocol.Build, _: Client) -> Any:
        return await self._fill_with(params, "build", bars=params.bars, intensity=params.intensity)

    async def _fill_with(self, params: protocol.AtOnly, kind: str, **more: Any) -> Any:
        take, starts_at = await self._session.fill(params.at or "bar", kind, **more)
        return self._state(starts_at, fill=take.pattern.id)

    async def _vary(self, params: protocol.AtOnly, _: Client) -> Any:
        return self._state(await self._triggers.vary(params.at or "bar"))

    async def _next(self, params: protocol.AtOnly, _: Client) -> Any:
        return self._state(await self._triggers.next(params.at or "bar"))

    async def _undo(self, params: protocol.AtOnly, _: Client) -> Any:
        return await self._step(-1, params)

    async def _redo(self, params: protocol.AtOnly, _: Client) -> Any:
        return await self._step(1, params)

    async def _step(self, by: int, params: protocol.AtOnly) -> Any:
        self._session.intent += 1
        take, starts_at = await self._session.step(by, params.at or "bar")
        return self._state(starts_at, pattern=take.pattern.id)

    async def _tap(self, _: protocol.AtOnly, __: Client) -> Any:
        bpm = await self._session.tap(self._session.clock())
        return self._state(tempo=self._session.live["tempo"], tapped=bpm is not None)

    async def _set(self, params: protocol.Params, _: Client) -> Any:
        given = params.given()
        at = given.pop("at", None)
        return await self._session.set(given, at)

    async def _status(self, _: protocol.Nothing, __: Client) -> Any:
        session = self._session
        return {
            "api": API,
            "transport": await session.transport_now(),
            "player": session.player(),
            "settings": dict(session.live),
            "midi": {**session.midi, "stats": session.stats},
            "jobs": len(self._jobs),
            "t": session.clock(),
            **await self._about(),
        }

    async def _catalog(self, _: protocol.Nothing, __: Client) -> Any:
        return {
            "genres": {genre: list(groove.styles(genre)) for genre in groove.GENRES},
            "drummers": list(groove.DRUMMERS),
            "sections": list(get_args(protocol.Section)),
            "voices": list(VOICES),
            "kits": list(drummaps.names()),
            "actions": list(ACTIONS),
            "methods": list(protocol.METHODS),
            "settings": [row.facts() for row in ROWS if row.live],
        }

    async def _ports(self, _: protocol.Nothing, __: Client) -> Any:
        found = await self._session.ask_engine("ports")
        return {
            "outputs": found.get("outputs", []),
            "inputs": found.get("inputs", []),
            "midi": dict(self._session.midi),
        }

    # Controllers ------------------------------------------------------------------------------------------------

    async def _mappings_get(self, _: protocol.Nothing, __: Client) -> Any:
        return {"triggers": self._triggers.controls.rows(), "actions": ACTIONS}

    async def _mappings_set(self, params: protocol.MappingsSet, _: Client) -> Any:
        try:
            return {"triggers": self._triggers.controls.set(params.triggers)}
        except ValueError as error:
            raise invalid_params(str(error), "mappings.get shows the present rows", "triggers") from None

    async def _learn_start(self, params: protocol.Learn, _: Client) -> Any:
        try:
            return self._triggers.controls.learn(params.action, params.at, self._session.clock())
        except ValueError as error:
            near = difflib.get_close_matches(params.action, ACTIONS, 1)
            raise invalid_params(str(error), f"try {near[0]}" if near else "try fill", "action") from None

    async def _learn_cancel(self, _: protocol.Nothing, __: Client) -> Any:
        return self._triggers.controls.cancel()

    # Library ----------------------------------------------------------------------------------------------------

    async def _patterns_list(self, params: protocol.PatternsList, _: Client) -> Any:
        return {"patterns": self._library.list(params.search, favourites=params.favourites)}

    async def _patterns_get(self, params: protocol.PatternOnly, _: Client) -> Any:
        return {"pattern": self._pattern(params.id).as_dict()}

    async def _patterns_put(self, params: protocol.PatternPut, _: Client) -> Any:
        pattern = Pattern.from_dict(params.pattern)
        self._library.put(pattern)
        self._events.publish("patterns", {"kept": pattern.id, "pattern": pattern.as_dict()})
        return {"id": pattern.id, "pattern": pattern.as_dict()}

    async def _patterns_import(self, params: protocol.Import, client: Client) -> Any:
        try:
            data = base64.b64decode(params.midi, validate=True)
        except ValueError:
            raise invalid_params("midi is no base64", "encode the file's bytes", "midi") from None
        pattern = from_midi(data, drummaps.load(self._session.live["drum_map"]), params.name)
        return await self._patterns_put(protocol.PatternPut(pattern=pattern.as_dict()), client)

    async def _patterns_delete(self, params: protocol.PatternOnly, _: Client) -> Any:
        self._library.delete(params.id)
        self._events.publish("patterns", {"deleted": params.id})
        return {"deleted": params.id}

    async def _patterns_favourite(self, params: protocol.Favourite, _: Client) -> Any:
        self._library.put(self._pattern(params.id))
        self._library.favourite(params.id, value=params.favourite)
        self._events.publish("patterns", {"kept": params.id, "favourite": params.favourite})
        return {"id": params.id, "favourite": params.favourite}

    async def _patterns_export(self, params: protocol.Export, _: Client) -> Any:
        if (song := self._jobs.find_song(params.id)) is not None:
            return self._songs.export(song, self._library, params.name, params.tempo)
        pattern = self._pattern(params.id)
        kit = drummaps.load(self._session.live["drum_map"])
        tempo = params.tempo or pattern.tempo or self._session.tempo()
        data = to_midi(pattern, kit, tempo=tempo, channel=self._session.live["channel"])
        name = params.name or file_name(f"{pattern.name} {pattern.id[-6:]}", pattern.id)
        path = self._library.export(name, data)
        lost = kit.lost({hit.voice for hit in pattern.hits})
        return {"path": str(path), "url": f"/exports/{name}.mid", "bytes": len(data), "replaced_voices": lost}

    async def _patterns_reveal(self, _: protocol.Nothing, __: Client) -> Any:
        folder, now = self._library.exports, self._session.clock()
        if now < self._reveal_again_at:
            raise RpcError(SERVER_ERROR, "busy", "the folder was opened just now", "", retry_after_s=_REVEAL_S)
        self._reveal_again_at = now + _REVEAL_S
        try:
            await asyncio.to_thread(reveal, folder)
        except NoDesktop as error:
            raise RpcError(SERVER_ERROR, "not_supported", str(error), "open it by hand") from None
        return {"path": str(folder)}

    # Money ------------------------------------------------------------------------------------------------------

    async def _costs(self, params: protocol.Costs, _: Client) -> Any:
        by = [params.by] if isinstance(params.by, str) else [*dict.fromkeys(params.by)]
        try:
            rows = await self._money.costs(params.since, by)
        except ValueError as error:
            raise invalid_params(str(error), "try 7d", "since") from None
        return {"by": by, "since": params.since, "rows": rows, "budget": await self._money.budget()}

    async def _metrics(self, _: protocol.Nothing, __: Client) -> Any:
        return self._money.snapshot()

    # Listening --------------------------------------------------------------------------------------------------

    async def _subscribe(self, params: protocol.Subscribe, client: Client) -> Any:
        if self._events.count(client.number) >= _SUBSCRIPTIONS and not self._events.has(client.number, params.sub):
            raise RpcError(
                SERVER_ERROR, "busy", f"one client may hold {_SUBSCRIPTIONS} subscriptions", "unsubscribe some"
            )

        def listen() -> None:
            self._events.subscribe(client.number, params.sub, params.topics, client.deliver)

        return Then({"sub": params.sub}, listen)

    async def _unsubscribe(self, params: protocol.Unsubscribe, client: Client) -> Any:
        return {"sub": params.sub, "was": self._events.unsubscribe(client.number, params.sub)}

    async def _ping(self, _: protocol.Nothing, __: Client) -> Any:
        return {"t": self._session.clock()}
