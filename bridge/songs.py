"""Songs on the daemon's side: a wish becomes a job that plays from its first section while the rest is written.

Each version of the song takes the place of the one before at a bar line, where that one is; a song that somebody
stopped is never started again by a late section.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bridge import drummaps
from bridge.jobs import Job, Jobs
from bridge.library import Library, file_name
from bridge.session import Session
from bridge.songfile import song_to_midi
from bridge.supervisor import EngineDown
from bridge.takes import Take
from router.form import parts, read_sections
from router.song import Song, SongWish

_log = logging.getLogger(__name__)
_BEGUN_S: Final = 1.0
"""After its start a song that does not sound was stopped, or is over."""


@dataclass(slots=True)
class _Stage:
    """A song on its way to the timeline."""

    at: str
    intent: int
    asked_at: float | None
    take: Take | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    chores: list[asyncio.Task[None]] = field(default_factory=list)


class Songs:
    """Composes, plays and exports songs."""

    def __init__(self, session: Session, jobs: Jobs) -> None:
        self._session = session
        self._jobs = jobs

    def wish(self, given: Mapping[str, Any], sections: Sequence[Mapping[str, Any]] | str | None) -> SongWish:
        """Return a whole wish; what was not said comes from the present settings.

        Raises:
            router.errors.InvalidRequest: For a section list that cannot be, or names that are not known.
        """
        request = self._session.request({**given, "bars": 2})
        rows = read_sections(sections) if isinstance(sections, str) else tuple(sections or ())
        wish = SongWish(request, rows)
        if sections is None:
            wish.plan()
        else:  # an empty list is a mistake, and said to be one
            parts(rows, request.meter)
        return wish

    def compose(
        self, wish: SongWish, at: str, *, source: str, client_ref: str | None = None, asked_at: float | None = None
    ) -> Job:
        """Begin a song and return its job at once."""
        return self._jobs.begin(lambda job: self._compose(job, wish, at, source, asked_at), client_ref)

    async def _compose(self, job: Job, wish: SongWish, at: str, source: str, asked_at: float | None) -> None:
        from router.composing import compose  # noqa: PLC0415 - the router is loaded after the ready line

        session = self._session
        if at != "never":
            session.intent += 1
        stage = _Stage(at, session.intent, asked_at)
        ready = getattr(self._jobs.router, "ready", None)
        router: Any = self._jobs.router if ready is None else await ready()

        def on_song(song: Song) -> None:
            job.song = song
            stage.chores.append(asyncio.create_task(self._put(job, song, stage), name=f"{job.id}-song"))

        try:
            answer = await compose(router, wish, on_song=on_song, source=source)
        finally:
            await asyncio.gather(*stage.chores, return_exceptions=True)
        job.song, job.route = answer.song, answer.route.as_dict()
        if stage.take is not None:
            stage.take.route = job.route
        self._jobs.done(job)

    async def _put(self, job: Job, song: Song, stage: _Stage) -> None:
        """Bring a version of the song to the timeline, unless a newer one is waiting."""
        async with stage.lock:
            if job.song is not song and stage.take is not None:
                return
            if stage.at != "never" and self._session.intent == stage.intent and not self._over(job, stage):
                try:
                    at = stage.at if stage.take is None else "bar"
                    take, starts_at = await self._session.start_song(
                        song, at, asked_at=stage.asked_at if stage.take is None else None, instead_of=stage.take
                    )
                    job.starts_at = job.starts_at or starts_at
                    stage.take = take
                except EngineDown as error:
                    _log.warning("the song cannot sound: %s", error)
            if job.state not in {"done", "failed", "cancelled"}:
                self._jobs.tell(job, "draft")

    def _over(self, job: Job, stage: _Stage) -> bool:
        if stage.take is None or self._session.transport["state"] != "stopped":
            return False
        began = (job.starts_at or {}).get("t") or self._session.clock()
        return bool(self._session.clock() > began + _BEGUN_S)

    def export(self, song: Song, library: Library, name: str | None, tempo: float | None) -> dict[str, Any]:
        """Write a song as one .mid file into the exports folder.

        Raises:
            OSError: If the disk refuses.
        """
        kit = drummaps.load(self._session.live["drum_map"])
        data = song_to_midi(song, kit, tempo=tempo, channel=self._session.live["channel"])
        name = name or file_name(f"{song.name} {song.id[-6:]}", song.id)
        path = library.export(name, data)
        lost = kit.lost({hit.voice for section in song.sections for hit in section.pattern.hits})
        return {"path": str(path), "url": f"/exports/{name}.mid", "bytes": len(data), "replaced_voices": lost}
