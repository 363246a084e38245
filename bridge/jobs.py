"""Jobs: a wish becomes a draft at once and an answer later; each is watched, waited for and cancelled by its name.

A late answer to an older wish never takes the stage from a newer one, and a job ends in every case.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from bridge.events import Events
from bridge.session import Session
from bridge.streaming import BarByBar
from bridge.supervisor import EngineDown
from bridge.takes import Take
from router.drawing import Drawing
from router.errors import NoAnswer, RouterError
from router.pattern import Pattern
from router.request import GrooveRequest
from router.song import Song

_log = logging.getLogger(__name__)
_KEEP: Final = 500
"""Jobs that have ended and may still be asked for; those of the last minute are kept beyond it."""
_KEEP_S: Final = 60.0
_AT_ONCE: Final = 2048
"""Jobs under way; beyond it a client is told to wait rather than the machine to swap. As many ended ones are kept at
most, so that who asks for all at once finds all of them afterwards."""
_LONG_SONG: Final = 3000
"""Strokes; a longer song goes out with the ids of its patterns, for one message must not fill a client's pipe."""
_DRAFTS: Final = 8
"""Drafts that may be drawn and on their way to the engine at once; fingers on buttons never reach it."""
_OVERTAKEN: Final = 8
"""Newer wishes after which one that waited for its draft gets none: nobody would hear it, all others wait for it."""
ENDED: Final = frozenset({"done", "failed", "cancelled"})


class UnknownJob(KeyError):
    """No job has that name, or it was forgotten."""


class TooBusy(Exception):
    """Too many jobs are under way."""


class Answering(Protocol):
    """What a job needs of the router."""

    async def route(
        self,
        request: GrooveRequest,
        *,
        on_bars: Callable[[Pattern], None] | None = None,
        on_route: Callable[[Any], None] | None = None,
        source: str = "api",
    ) -> Any:
        """Return an answer with `pattern` and `route`."""
        ...


@dataclass(slots=True)
class Job:
    """One wish under way."""

    id: str
    state: str = "queued"
    pattern: Pattern | None = None
    route: Mapping[str, Any] | None = None
    starts_at: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    client_ref: str | None = None
    song: Song | None = None
    progress: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the wire form."""
        out: dict[str, Any] = {"job": self.id, "state": self.state}
        if self.pattern is not None:
            out["pattern"] = self.pattern.as_dict()
        if self.song is not None:
            out["song"] = _song(self.song)
        for name in ("route", "starts_at", "error", "client_ref", "progress"):
            value = getattr(self, name)
            if value is not None:
                out[name] = value
        return {**out, **self.facts}


def _song(song: Song) -> dict[str, Any]:
    whole = song.as_dict()
    if sum(len(section.pattern.hits) for section in song.sections) > _LONG_SONG:
        for row in whole["sections"]:
            row["pattern"] = row["pattern"]["id"]
    return whole


class Jobs:
    """All jobs of one daemon."""

    def __init__(
        self, session: Session, events: Events, router: Answering, explain: Callable[[Exception], Mapping[str, Any]]
    ) -> None:
        self._session = session
        self._events = events
        self._router = router
        self._explain = explain
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._by_ref: dict[str, str] = {}
        self._ended: deque[tuple[float, Job]] = deque()
        self._numbers = itertools.count(1)
        self._drawing = Drawing()
        self._drafting = asyncio.Semaphore(_DRAFTS)
        self.routes: deque[Mapping[str, Any]] = deque(maxlen=40)
        self.answered: Callable[[Mapping[str, Any]], None] = lambda _: None
        events.source("jobs", lambda: {"jobs": [job.as_dict() for job in list(self._jobs.values())[-10:]]})
        events.source("route", lambda: {"routes": list(self.routes)})

    def __len__(self) -> int:
        return len(self._jobs) - len(self._ended)

    def get(self, name: str) -> Job:
        """Return a job.

        Raises:
            UnknownJob: If there is none of that name.
        """
        try:
            return self._jobs[name]
        except KeyError:
            raise UnknownJob(name) from None

    def find(self, identity: str) -> Pattern | None:
        """Return a pattern that some job made, by its id."""
        for job in reversed(self._jobs.values()):
            made = [job.pattern, *(section.pattern for section in (job.song.sections if job.song else ()))]
            for pattern in made:
                if pattern is not None and pattern.id == identity:
                    return pattern
        return None

    def find_song(self, identity: str) -> Song | None:
        """Return a song that some job made, by its id."""
        songs = (job.song for job in reversed(self._jobs.values()) if job.song is not None)
        return next((song for song in songs if song.id == identity), None)

    @property
    def router(self) -> Answering:
        """Who answers."""
        return self._router

    def generate(
        self,
        request: GrooveRequest,
        at: str,
        *,
        source: str,
        client_ref: str | None = None,
        asked_at: float | None = None,
    ) -> Job:
        """Begin a job for one pattern and return it at once; the same `client_ref` again is the same job.

        Raises:
            TooBusy: At 2,048 jobs under way.
        """
        return self.begin(lambda job: self._generate(job, request, at, source, asked_at), client_ref)

    def refuse(self, error: Exception) -> Job:
        """Return a job that has failed already: one bad item of a batch costs that item."""

        async def raise_it(_: Job) -> None:
            raise error

        return self.begin(raise_it)

    def begin(self, work: Callable[[Job], Coroutine[Any, Any, None]], client_ref: str | None = None) -> Job:
        """Begin a job of any kind; the same `client_ref` again is the same job.

        Raises:
            TooBusy: At 2,048 jobs under way.
        """
        known = self._by_ref.get(client_ref or "", "")
        if known in self._jobs:
            return self._jobs[known]
        if len(self) >= _AT_ONCE:
            raise TooBusy(f"{_AT_ONCE} jobs are under way; wait for one to end")
        job = Job(f"j-{next(self._numbers)}", client_ref=client_ref)
        self._jobs[job.id] = job
        if client_ref is not None:
            self._by_ref[client_ref] = job.id
        self._forget()
        job.task = asyncio.create_task(self._run(job, work(job)), name=job.id)
        return job

    async def _run(self, job: Job, work: Coroutine[Any, Any, None]) -> None:
        self.tell(job, "running")
        try:
            await work
        except asyncio.CancelledError:
            self.tell(job, "cancelled")
        except Exception as error:  # noqa: BLE001 - a job ends in every case; what went wrong goes to its client
            if not isinstance(error, RouterError | EngineDown):
                _log.exception("%s failed", job.id)
            job.error = self._explain(error)
            if isinstance(error, NoAnswer):  # what its attempts cost was paid all the same
                job.route = error.route
                self._receipt(job)
            self.tell(job, "failed")
        finally:
            self._ended.append((self._session.clock(), job))
            job.ended.set()

    def _forget(self) -> None:
        """Let go of old jobs that have ended; one under way is never forgotten, however many came after it."""
        recent = self._session.clock() - _KEEP_S
        while len(self._ended) > _AT_ONCE or (len(self._ended) > _KEEP and self._ended[0][0] < recent):
            _, old = self._ended.popleft()
            del self._jobs[old.id]
            if self._by_ref.get(old.client_ref or "") == old.id:
                del self._by_ref[old.client_ref or ""]

    def done(self, job: Job) -> None:
        """End a job well: its receipt is told and counted."""
        self._receipt(job)
        self.tell(job, "done")

    def _receipt(self, job: Job) -> None:
        if job.route is not None:
            self.routes.append({"job": job.id, "done": True, **job.route})
            self._events.publish("route", self.routes[-1])
            self.answered(job.route)

    def tell(self, job: Job, state: str) -> None:
        """Set a job's state and publish it."""
        job.state = state
        self._events.publish("jobs", job.as_dict())

    async def _generate(self, job: Job, request: GrooveRequest, at: str, source: str, asked_at: float | None) -> None:
        session = self._session
        take: Take | None = None
        intent, since = session.intent, session.knobs()
        if at != "never":
            session.intent = intent = session.intent + 1
            async with self._drafting:
                if session.intent - intent < _OVERTAKEN:
                    take = await self._draft(job, request, at, asked_at)

        def note_route(route: Any) -> None:
            self._events.publish("route", {"job": job.id, "done": False, **route.as_dict()})

        stream = BarByBar(session, take, self._boundary(job, at), since) if take is not None else None
        on_bars = stream.hear if stream is not None else None
        answer = await self._router.route(request, on_bars=on_bars, on_route=note_route, source=source)
        drafted = take is not None and job.pattern is not None and answer.pattern.id == job.pattern.id
        job.route = answer.route.as_dict()
        job.pattern = answer.pattern
        if stream is not None and await stream.finish(answer.pattern, job.route):
            job.starts_at = stream.starts_at
        else:
            failed = stream.take if stream is not None else None  # bars that came to nothing
            if take is not None and drafted and failed is None:
                take.route = job.route
            elif at != "never" and session.intent == intent:
                # The drummer's own goes on where it is, or where the failed bars are; anybody else's begins anew.
                goes_on = [old.id for old in (take, failed) if old is not None and drafted]
                await self._take_over(job, request, failed or take, self._boundary(job, at), since, goes_on)
        self.done(job)

    def _boundary(self, job: Job, at: str) -> str:
        """Return when something better may take over: with the draft while that waits, else at the next bar."""
        begins = (job.starts_at or {}).get("t")
        return at if begins is None or begins > self._session.clock() else "bar"

    async def _draft(self, job: Job, request: GrooveRequest, at: str, asked_at: float | None) -> Take | None:
        """Put the embedded generator's groove on the timeline, so that the wait is never silence."""
        job.pattern = drawn = await self._drawing.generate(request)
        try:
            take, job.starts_at = await self._session.start(drawn, at, request=request, asked_at=asked_at)
        except EngineDown as error:
            _log.warning("the draft cannot sound: %s", error)
            take = None
        self.tell(job, "draft")
        return take

    async def _take_over(
        self,
        job: Job,
        request: GrooveRequest,
        draft: Take | None,
        boundary: str,
        since: Mapping[str, Any],
        goes_on: Collection[str],
    ) -> None:
        pattern = job.pattern
        if pattern is None:
            return
        own = request if pattern.meta.get("generator") == "embedded" else None
        try:
            _, job.starts_at = await self._session.start(
                pattern,
                boundary,
                request=own,
                route=job.route,
                instead_of=draft.id if draft else None,
                since=since,
                goes_on=goes_on,
            )
        except EngineDown as error:
            _log.warning("the answer cannot sound: %s", error)

    async def wait(self, name: str, timeout_s: float) -> Job:
        """Wait for a job's end, at most `timeout_s` seconds, and return it in whatever state it is."""
        job = self.get(name)
        try:
            async with asyncio.timeout(timeout_s):
                await job.ended.wait()
        except TimeoutError:
            pass
        return job

    async def cancel(self, name: str) -> Job:
        """Stop a job; the upstream call ends with it. A job that has ended stays as it is."""
        job = self.get(name)
        if job.task is not None and job.state not in ENDED:
            job.task.cancel()
            await job.ended.wait()
        return job

    async def close(self) -> None:
        """Cancel everything that is under way."""
        tasks = [job.task for job in self._jobs.values() if job.task is not None and job.state not in ENDED]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
