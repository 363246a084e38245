"""The workshop: refinement, hearing and questions as jobs.

A file is read only where the settings allow it and only if it is a regular file; audio that came over the socket lives
in a temporary file for as long as it is heard.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bridge import drummaps
from bridge.jobs import Job, Jobs
from bridge.session import Session
from bridge.takes import Take
from router.errors import InvalidRequest, NoAnswer
from router.hearing.taps import GM_VOICES, taps_to_pattern
from router.notation import write
from router.pattern import RESOLUTION, Meter, Pattern
from router.request import GrooveRequest

_LISTENERS: Final = 2
"""Files heard at once: each takes a core."""

_OF_A_GROOVE: Final = frozenset(
    {"pattern_analysis", "modification_suggestions", "creative_suggestions", "music_theory", "yes_no"}
)
"""Questions that rules answer by looking at a groove."""
_STROKES: Final = 4096
_BEATS: Final = 2000
"""Beats that an answer holds at most; more than ten minutes of them."""


class Workshop:
    """Work on grooves that are there already."""

    def __init__(self, session: Session, jobs: Jobs, folders: str | None = None) -> None:
        """Take the folders that may be read, joined by the system's path separator; None: home and temporary files."""
        self._session = session
        self._jobs = jobs
        self._folders = folders
        self._ears = asyncio.Semaphore(_LISTENERS)
        self._played: list[tuple[float, int, int]] | None = None

    async def _router(self) -> Any:
        ready = getattr(self._jobs.router, "ready", None)
        return self._jobs.router if ready is None else await ready()

    # Refinement -------------------------------------------------------------------------------------------------

    def refine(
        self,
        pattern: Pattern,
        words: str,
        request: GrooveRequest,
        at: str,
        *,
        source: str,
        client_ref: str | None = None,
    ) -> Job:
        """Begin to change a groove as the words say."""
        take = self._session.sounding() if self._session.history.current() else None
        part = take if take is not None and take.head and take.pattern.id == pattern.id else None
        intent = self._intend(at)

        async def work(job: Job) -> None:
            from router.revising import refine  # noqa: PLC0415 - the router is loaded after the ready line

            answer = await refine(await self._router(), pattern, words, request, source=source)
            await self._end(job, answer.pattern, answer.route.as_dict(), at, intent, part)

        return self._jobs.begin(work, client_ref)

    def _intend(self, at: str) -> int:
        if at != "never":
            self._session.intent += 1
        return self._session.intent

    async def _end(
        self, job: Job, pattern: Pattern, route: Mapping[str, Any], at: str, intent: int, part: Take | None = None
    ) -> None:
        """Play what came of a job, unless the musician wants something else by now, and end the job."""
        job.pattern, job.route = pattern, route
        if at != "never" and self._session.intent == intent:
            if job.facts.get("analysis"):
                await self.lead(pattern)
            if part is not None:  # a section of a song changes where it lies; the song goes on
                self._session.amend(part.id, lambda _: pattern)
            else:
                _, job.starts_at = await self._session.start(pattern, at, route=route)
        self._jobs.done(job)

    # Hearing ----------------------------------------------------------------------------------------------------

    def analyze(
        self,
        path: str | None,
        audio: str | None,
        request: GrooveRequest,
        at: str,
        *,
        source: str,
        client_ref: str | None = None,
    ) -> Job:
        """Begin to hear a file.

        Raises:
            InvalidRequest: If there is no file, or it may not be read.
        """
        if (path is None) == (audio is None):
            raise InvalidRequest("path", "give either path or audio", 'try {"path": "/home/me/loop.wav"}')
        file = None if path is None else allowed(path, self._folders)
        data = b"" if audio is None else _decoded(audio)
        intent = self._intend(at)

        async def work(job: Job) -> None:
            if file is not None:
                await self._hear(job, file, request, at, intent, source)
                return
            place = await asyncio.to_thread(_written, data)
            try:
                await self._hear(job, place, request, at, intent, source)
            except InvalidRequest as error:  # the file's name is ours and means nothing to anybody
                raise InvalidRequest(error.field, str(error).replace(place.name, "the audio"), error.hint) from None
            finally:
                await asyncio.to_thread(place.unlink, missing_ok=True)

        return self._jobs.begin(work, client_ref)

    async def _hear(self, job: Job, file: Path, request: GrooveRequest, at: str, intent: int, source: str) -> None:
        from router.studio import analyze  # noqa: PLC0415 - likewise

        def step(stage: str, done: float) -> None:
            job.progress = {"stage": stage, "done": round(done, 3)}
            self._jobs.tell(job, job.state)

        def heard(analysis: Any, pattern: Pattern) -> None:
            job.pattern, job.facts = pattern, {"analysis": summary(analysis)}
            self._jobs.tell(job, "draft")

        async with self._ears:
            found = await analyze(await self._router(), file, request, on_step=step, on_heard=heard, source=source)
        job.progress = {"stage": "done", "done": 1.0}
        others = [pattern.as_dict() for pattern in found.patterns]
        job.facts = {"analysis": summary(found.analysis), "patterns": others}
        await self._end(job, found.patterns[0], found.route.as_dict(), at, intent)

    # Playing it -------------------------------------------------------------------------------------------------

    def record(self) -> None:
        """Begin to take down the notes that come in; what was taken down before is forgotten."""
        self._played = []

    def take(self, messages: list[tuple[float, bytes]]) -> None:
        """Take note of what came in, while recording."""
        if self._played is None:
            return
        room = _STROKES - len(self._played)
        strokes = [(at, m[1], m[2]) for at, m in messages if len(m) == 3 and m[0] & 0xF0 == 0x90 and m[2]]
        self._played += strokes[:room]

    def recorded(self, bars: int | None, *, fit: bool) -> Pattern:
        """Return what was played since `record` as a groove, and stop recording.

        Where a transport runs its tempo and bar lines hold; else both are found in what was played.

        Raises:
            InvalidRequest: If nothing was recorded, or too few strokes.
        """
        if self._played is None:
            raise InvalidRequest("record", "nothing is being recorded", "call record.start first")
        played, self._played = self._played, None
        transport, live = self._session.transport, self._session.live
        voices = {**GM_VOICES, **drummaps.load(live["drum_map"]).voices()}
        meter = Meter.parse(live["meter"])
        if transport.get("state") != "playing" or not played:
            return taps_to_pattern(played, meter=meter, bars=bars, voices=voices, fit=fit)
        bar_ticks = (transport.get("meter") or [meter.bar_ticks])[0]
        bpm = float(transport["bpm"])
        tick_s = 60 / bpm / RESOLUTION
        line = transport["t"] - transport["tick"] % bar_ticks * tick_s
        while line > played[0][0]:  # the transport was last heard of after the first stroke
            line -= bar_ticks * tick_s
        return taps_to_pattern(played, tempo=bpm, start_s=line, meter=meter, bars=bars, voices=voices, fit=fit)

    async def lead(self, pattern: Pattern) -> None:
        """Take the tempo that was heard or played where nothing plays yet: the beat shall fit it."""
        if self._session.transport["state"] == "stopped" and pattern.tempo:
            await self._session.set({"tempo": round(pattern.tempo, 1)})

    # Questions --------------------------------------------------------------------------------------------------

    def ask(self, kind: str, given: Mapping[str, Any], pattern: Pattern | None, *, source: str) -> Job:
        """Begin to answer a question of one of the routing document's task kinds; where it is a groove, to make it.

        Raises:
            InvalidRequest: If there is no such kind.
        """
        from router.tasks import TASKS  # noqa: PLC0415 - the router is loaded after the ready line

        if kind not in TASKS:
            raise InvalidRequest(
                "task", f"task is {kind!r:.40}; it must be one of {', '.join(TASKS)}", "try pattern_analysis"
            )
        if TASKS[kind].music:
            return self._music(kind, given, pattern, source)
        payload = {"text": given.get("text", ""), **given.get("facts", {})}
        if pattern is not None:
            payload["pattern"] = write(pattern)[:3000]
            if kind in {"pattern_analysis", "music_theory"}:
                known = ("genre", "style", "swing")
                payload |= {name: value for name in known if (value := pattern.meta.get(name)) is not None}
        cost = given.get("max_cost_usd")

        async def work(job: Job) -> None:
            router = await self._router()
            try:
                reply = await router.ask(
                    kind, payload, tier=given.get("tier", "auto") if self._session.live["ai"] else "local",
                    provider=given.get("provider"), max_cost_usd=None if cost is None else str(cost), source=source,
                )  # fmt: skip
            except NoAnswer as error:
                if kind in _OF_A_GROOVE and pattern is None and not error.route.get("attempts"):
                    raise InvalidRequest(
                        "pattern", "no groove plays that the question could be about", "start one, or give pattern"
                    ) from error
                raise
            job.facts, job.route = {"answer": reply.data}, reply.route.as_dict()
            self._jobs.done(job)

        return self._jobs.begin(work)

    def _music(self, kind: str, given: Mapping[str, Any], pattern: Pattern | None, source: str) -> Job:
        """Begin to make what a task kind asks for; it is heard when somebody plays it."""
        wanted = {name: given[name] for name in ("tier", "provider", "max_cost_usd") if name in given}
        request = self._session.request({**given.get("facts", {}), **wanted, "prompt": given.get("text", "")})

        async def work(job: Job) -> None:
            from router.revising import music  # noqa: PLC0415 - likewise

            answer = await music(await self._router(), kind, request, pattern, source=source)
            job.pattern, job.route = answer.pattern, answer.route.as_dict()
            self._jobs.done(job)

        return self._jobs.begin(work)


def summary(analysis: Any) -> dict[str, Any]:
    """Return an analysis as a client gets it: every figure, the onsets as counts."""
    whole = analysis.as_dict()
    onsets = whole.pop("onsets")
    voices = sorted({onset["voice"] for onset in onsets})
    counts = {voice: sum(onset["voice"] == voice for onset in onsets) for voice in voices}
    whole["beats_s"], whole["downbeats_s"] = whole["beats_s"][:_BEATS], whole["downbeats_s"][:_BEATS]
    return {**whole, "onsets": counts}


def allowed(path: str, folders: str | None) -> Path:
    """Return the file behind a path if it may be read: regular, and under an allowed folder once links are followed.

    Raises:
        InvalidRequest: In words that tell nothing about files elsewhere.
    """
    usual = [Path.home(), Path(tempfile.gettempdir())]
    roots = [Path(part).expanduser() for part in folders.split(os.pathsep) if part] if folders else usual
    given = Path(path).expanduser()
    if not given.is_absolute() or "\0" in path:
        raise InvalidRequest("path", "path must be absolute", "try /home/me/loop.wav")
    real = Path(os.path.realpath(given))
    if not any(real.is_relative_to(os.path.realpath(root)) for root in roots):
        raise InvalidRequest(
            "path", "this folder may not be read", "set analyze_folders in config.toml, or send the audio itself"
        )
    try:
        mode = real.stat().st_mode
    except OSError:
        raise InvalidRequest(
            "path", f"there is no file {given.name!r:.80} that can be read", "check the path"
        ) from None
    if not stat.S_ISREG(mode):
        raise InvalidRequest("path", f"{given.name!r:.80} is no regular file", "give an audio file")
    return real


def _decoded(audio: str) -> bytes:
    try:
        return base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("audio", "audio is not base64", "or give a path") from None


def _written(data: bytes) -> Path:
    number, name = tempfile.mkstemp(prefix="drumbridge-", suffix=".audio")
    with os.fdopen(number, "wb") as file:
        file.write(data)
    return Path(name)
