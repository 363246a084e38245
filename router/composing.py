"""Composing: a song planned, written section by section in parallel, and combined; playable from the first moment on.

Awaits the router and nothing else. A section that fails is the embedded drummer's and fails nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from router import drummer, groove, receipts
from router import song as songs
from router.dispatch import Router
from router.errors import AttemptFailed, BudgetRefused, NoAnswer
from router.form import Part, directed
from router.notation import write
from router.pattern import Pattern
from router.receipts import may_pay, music_tier
from router.request import GrooveRequest
from router.route import EMBEDDED, LOCAL, Route
from router.song import Song, SongWish

_THREAD_BARS: Final = 16
"""Longer songs are put together in a thread, so that the loop answers meanwhile."""

OnSong = Callable[[Song], None]


@dataclass(frozen=True, slots=True)
class SongAnswer:
    """A whole song and its receipt."""

    song: Song
    route: Route


async def compose(router: Router, wish: SongWish, *, on_song: OnSong | None = None, source: str = "api") -> SongAnswer:
    """Return a song: planned (advanced), written section by section in parallel (balanced), combined (advanced).

    Without a key, offline, at tier local or when no words were said the embedded drummer does all of it by rules.

    Args:
        router: Whom to ask.
        wish: What is wanted.
        on_song: Gets the whole song as it stands, first the embedded drummer's, then with each section that arrives.
        source: Who asks; a song counts once against the valve of paid calls.

    Raises:
        InvalidRequest: For names or a section list that cannot be.
    """
    work = _SongWork(router, wish, on_song, source)
    return await work.run()


class _SongWork:
    """One song under way."""

    def __init__(self, router: Router, wish: SongWish, on_song: OnSong | None, source: str) -> None:
        request = wish.request
        groove.check_names(genre=request.genre, style=request.style, drummer=request.drummer)
        self._router, self._wish, self._on_song, self._source = router, wish, on_song, source
        self._plan: tuple[Part, ...] = wish.plan()
        self._written: dict[int, Pattern] = {}
        self._changes: tuple[str, ...] = ()
        self._routes: list[Route] = []
        self._notes: list[str] = []
        self._began = asyncio.get_running_loop().time()

    async def run(self) -> SongAnswer:
        request = self._wish.request
        self._written = await asyncio.to_thread(songs.draft, self._wish, self._plan)
        song = await self._tell()
        said = request.prompt.strip() or request.tier != "auto" or request.provider
        if not may_pay(self._router.config, request) or not said:
            self._report(song)
            self._notes += drummer.unread(request.prompt, request.genre)
            return SongAnswer(song, self._route(Route(LOCAL, LOCAL, EMBEDDED)))
        await self._planned()
        if not receipts.held_back(self._routes):
            self._source = "song"  # the plan has counted against the valve; its parts are the same press
        await self._sections()
        await self._combined()
        made = Counter((route.tier, route.provider, route.model) for route in self._routes if route.tier != LOCAL)
        best = made.most_common(1)[0][0] if made else (LOCAL, LOCAL, EMBEDDED)
        song = await self._tell()
        self._report(song)
        return SongAnswer(song, self._route(Route(*best)))

    def _report(self, song: Song) -> None:
        """Say which constraints some section does not hold."""
        self._notes += dict.fromkeys(
            mend
            for section in song.sections
            for mend in section.pattern.meta.get("mends", ())
            if mend.startswith("constraint not")
        )

    async def _tell(self) -> Song:
        wish, plan, written, changes = self._wish, self._plan, dict(self._written), self._changes
        if sum(part.bars for part in plan) <= _THREAD_BARS:
            song = songs.assemble(wish, plan, written, changes)
        else:
            song = await asyncio.to_thread(songs.assemble, wish, plan, written, changes)
        if self._on_song is not None:
            self._on_song(song)
        return song

    async def _ask(self, payload: Mapping[str, Any], share: int = 1) -> dict[str, Any] | None:
        request = self._wish.request
        try:
            reply = await self._router.ask(
                "song_composition",
                payload,
                tier=request.tier,
                provider=request.provider,
                max_cost_usd=self._left(share),
                source=self._source,
            )
        except (NoAnswer, BudgetRefused, AttemptFailed) as error:
            self._notes.append(str(error))
            self._routes.append(receipts.failed(error))
            return None
        self._routes.append(replace(reply.route, tier=LOCAL))  # it planned; it made no music
        return reply.data

    async def _planned(self) -> None:
        request = self._wish.request
        fixed = bool(self._wish.sections)
        facts = {name: getattr(request, name) for name in ("genre", "style", "drummer") if getattr(request, name)}
        parts = [{"name": part.name, "bars": part.bars} for part in self._plan]
        data = await self._ask(
            {
                "song": request.prompt, **facts, "tempo": request.tempo, "metre": str(self._plan[0].meter),
                "sections" if fixed else "usual_form": parts,
                "do": "keep the sections as they are" if fixed else "choose the form",
            }
        )  # fmt: skip
        if data is None:
            self._notes.append("no model planned it: the usual form by rules")
            return
        plan, unused = directed(self._plan, data, fixed=fixed)
        if unused:
            self._notes.append(unused)
        if [part.key for part in plan] != [part.key for part in self._plan]:
            self._plan = plan
            self._written = await asyncio.to_thread(songs.draft, self._wish, plan)
        self._plan = plan

    async def _sections(self) -> None:
        request = self._wish.request
        tier = music_tier(self._router.config, request)
        asks = self._wish.asks(self._plan)
        cost = self._left(len(asks) + 1)

        async def section(index: int, own: GrooveRequest) -> None:
            part = self._plan[index]
            words = f"the {part.name} of a song. {part.direction} {own.prompt}".strip()
            try:
                answer = await self._router.route(
                    replace(own, prompt=words[:2000], tier=tier, max_cost_usd=cost), source=self._source
                )
            except (NoAnswer, BudgetRefused, AttemptFailed) as error:
                self._notes.append(f"{part.name} is the embedded drummer's: {error}")
                self._routes.append(receipts.failed(error))
                return
            self._routes.append(answer.route)
            if answer.route.tier == LOCAL:
                self._notes.append(f"{part.name} is the embedded drummer's")
            if answer.pattern.bars == part.bars:
                self._written[index] = answer.pattern
            await self._tell()

        await asyncio.gather(*(section(index, own) for index, own in asks.items()))

    async def _combined(self) -> None:
        """Have the whole looked at once; what comes of it are energies and transitions, never other notes."""
        if not any(route.tier != LOCAL for route in self._routes):
            return
        rows = []
        for part, section in zip(self._plan, (await self._tell()).sections, strict=True):
            last = write(section.pattern).strip().splitlines()[-1]
            rows.append({"name": part.name, "bars": part.bars, "energy": part.energy, "last_bar": last[:160]})
        data = await self._ask(
            {
                "song": self._wish.request.prompt, "written": rows,
                "do": "hear it as a whole: correct the energies; each direction is only how that section leads into the"
                " next: none, short fill or long fill",
            }
        )  # fmt: skip
        if data is None:
            self._notes.append("no model combined it: transitions by rules")
            return
        plan, _ = directed(self._plan, {**data, "directions": []}, fixed=True)
        words = [str(one).lower() for one in data.get("directions", ())]
        if len(words) == len(plan):
            self._changes = tuple(_change(one) for one in words)
        self._plan = plan

    def _left(self, share: int) -> str | None:
        return receipts.left(self._router.config, self._wish.request.max_cost_usd, self._routes, share)

    def _route(self, route: Route) -> Route:
        ms = round((asyncio.get_running_loop().time() - self._began) * 1000)
        return receipts.whole(route, "song", self._routes, self._notes, ms)


def _change(words: str) -> str:
    if "none" in words or "no fill" in words:
        return "none"
    return "long" if "long" in words or "big" in words else "short" if "short" in words or "small" in words else ""
