"""Dispatch: where the router awaits. A request goes in, a complete pattern and its receipt come out.

Decides nothing itself: which tier, which candidates, in which order and when to stop are pure questions answered in
policy and cascade. Never lets a provider's failure become silence: the embedded drummer stands behind every path.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from router import drummer, groove, keeping, policy, quality, rules, savings, workflows
from router.attempt import Caller, Ledger, Trip, Work
from router.bench import Bench
from router.budget import ceiling, format_usd, token_bound
from router.call import Provider
from router.climb import Climber, Ear, Gate
from router.company import Company
from router.config import PAID_TIERS, RouterConfig
from router.drawing import Drawing
from router.errand import LEAST_LEFT_S, Errand, came_to_nothing
from router.errors import AttemptFailed, BudgetRefused, InvalidRequest, NoAnswer
from router.keeping import Store
from router.key import pattern_key, task_key
from router.limits import Paces, Valves
from router.listeners import Listeners, OnBars, OnRoute, told
from router.lore import Lore
from router.policy import Candidate
from router.request import GrooveRequest
from router.route import EMBEDDED, LOCAL, Answer, Reply, Route
from router.standing import standing
from router.stores.flight import Flight, Seat
from router.tasks import TASKS
from router.work import Facts, Music, Written
from router.world import MARGIN_S, World

LATE: Final = "the deadline came first"
LATE_S: Final = 0.1
"""How long an attempt that was cut off by its caller's deadline may take to end and write its line."""

Look = Callable[[str, str], Awaitable[str | None]]
T = TypeVar("T")


class Router:
    """Routes requests to whoever can meet them at the lowest cost. Belongs to one event loop."""

    def __init__(
        self,
        config: RouterConfig,
        *,
        ledger: Ledger | None = None,
        cache: Store | None = None,
        providers: Mapping[str, Provider] | None = None,
        wall: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
        memory: Path | None = None,
        valve: Callable[[str], Awaitable[float]] | None = None,
    ) -> None:
        """Wire the router; nothing is loaded or opened yet.

        Args:
            config: What the user wants.
            ledger: Where money is reserved; opened and closed by the caller. None keeps it in memory.
            cache: Where answers are kept; opened and closed by the caller. None keeps them in memory.
            providers: Ready-made providers in place of the SDKs (tests, replay).
            wall: Seconds since the epoch.
            jitter: 0..1, for back-off.
            memory: A file that remembers which models are gone, or None.
            valve: Counts a source's paid call on all machines; seconds to wait, 0 to go on. None counts here only.
        """
        self.config = config
        self._ledger: Ledger = ledger or _memory_ledger(config)
        self._cache: Store = cache or _memory_cache(config)
        self._world = world = World(config, wall, memory)
        self._bench = Bench(config, providers)
        self._paces = Paces()
        self._flight = Flight(stays=came_to_nothing)
        self._drawing = Drawing()
        caller: Caller[Any] = Caller(self._ledger, world.health, self._paces, self._bench.get, world.price_of)
        gate = Gate(Valves(config.valves), valve)
        self._climber = Climber(config, caller, world.health, self._paces, gate, self._bench.names, jitter)
        self._company = Company(world.price_of, on=config.batch)
        self._listeners = Listeners()
        self._lore = Lore(world.health, self._bench.get, memory)

    def __repr__(self) -> str:
        return f"<Router {', '.join(self.config.providers) or 'local only'}, {len(self._flight)} under way>"

    async def start(self) -> None:
        """Load and warm the SDKs whose key is set, in a worker thread; then freeze what the collector would walk."""
        await self._bench.start()

    async def start_for(self, requests: Iterable[GrooveRequest]) -> None:
        """Load only whom these wishes ask first, before their clocks run: others load if they are asked after all."""
        asked = [policy.asked_first(self._world.desk(), one, _words(one), self._bench.names) for one in requests]
        for name in dict.fromkeys(filter(None, asked)):
            await self._bench.ready(name)

    async def aclose(self) -> None:
        """End what is under way and close the connections."""
        await self._flight.aclose()
        await self._lore.aclose()
        await self._bench.aclose()

    def switch(self, *, on: bool) -> None:
        """Turn AI on or off: off, nobody is asked, and who is being asked is left at once."""
        self._climber.switch.turn(on=on)
        if not on:
            self._flight.forget()  # who asks when it is on again must not board what is ending

    def status(self) -> dict[str, Any]:
        """Return what is configured and how it is: providers, models in use, health, notices. No secrets."""
        return standing(self._world.desk(), self._bench.names, self._world.health.as_dict(_now()), self._world.notices)

    async def check(self, name: str, *, really: bool = False) -> dict[str, Any]:
        """Return the most that one tiny call to a provider would cost; with `really` make it and tell how it went.

        Raises:
            InvalidRequest: If the provider has no key, or nothing of it may be asked.
        """
        work = Facts({"text": "Is a kick drum a drum?"}, TASKS["yes_no"])
        found, notes = policy.candidates(self._world.desk(), "fast", work.task, provider=name)
        one = next((candidate for candidate in found if candidate.provider == name), None)
        if one is None:
            raise InvalidRequest("provider", "; ".join(notes) or f"{name} has no key", "set its key")
        at_most = one.worst_picousd(token_bound(work.call(one, "").text_bytes))
        told = {"provider": name, "model": one.model, "at_most_usd": format_usd(at_most)}
        if not really:
            return told
        trip = self._world.trip(_now(), self._world.seconds("fast", None), self.config.max_cost_picousd)
        with suppress(AttemptFailed, BudgetRefused):
            await self._climber.once(trip, work, one)
        await self._booked(trip)
        return told | trip.attempts[-1].as_dict()

    def background_may_run(self) -> bool:
        """Say whether patterns made ahead may be asked for now, or should wait for a cheaper window."""
        return self._world.background_may_run()

    async def route(
        self,
        request: GrooveRequest,
        *,
        on_bars: OnBars | None = None,
        on_route: OnRoute | None = None,
        source: str = "api",
        kind: str | None = None,
    ) -> Answer:
        """Return a complete pattern for a request, and how it was made, within the wanted tier's deadline.

        Args:
            request: The wish.
            on_bars: Gets a growing draft as bars stream in; a draft is playable but not the answer.
            on_route: Gets the route each time it changes.
            source: Who asks ("cc", "socket", "page", ...): each has its own valve on paid calls.
            kind: The task kind, where the caller knows better than the words.

        Raises:
            InvalidRequest: If a name is unknown.
            BudgetRefused: If only money stood in the way and the embedded drummer is forbidden.
            NoAnswer: If everybody failed and the embedded drummer is forbidden.
        """
        began = _now()
        groove.check_names(genre=request.genre, style=request.style, drummer=request.drummer)
        limit = ceiling(request.max_cost_usd, self.config.max_cost_picousd)
        plan = policy.plan(request, _words(request), self.config)
        plan = plan._replace(kind=kind) if kind else plan
        if plan.tier == LOCAL:
            saved = savings.by_rules(self._world.desk(), request, plan) if self._bench.names else {}
            return told(await self._local(request, began, plan.notes, saved=saved), on_bars, on_route)
        seconds = self._world.seconds(plan.tier, request.deadline_ms)
        key = pattern_key(request, edition=self._world.edition)
        with self._company.coming() as arrived:
            kept = await self._kept(key, began)
            if kept is not None:
                return told(kept, on_bars, on_route)
            errand = Errand(request, plan, key, source, limit, began, seconds, arrived)
            with self._listeners.join(key, on_bars, on_route):
                answer, led = await self._share(errand)
        if not led:
            answer = Answer(answer.pattern, answer.route.shared("coalesced", _ms_since(began)))
        return told(answer, None, on_route)

    async def ask(
        self,
        kind: str,
        payload: Mapping[str, Any],
        *,
        tier: str = "auto",
        provider: str | None = None,
        max_cost_usd: str | None = None,
        deadline_ms: int | None = None,
        source: str = "api",
    ) -> Reply:
        """Return the data of a task that is not a pattern: rules first, the cache, then the task's own tier.

        Equal questions on their way share one call, as equal wishes do.

        Raises:
            InvalidRequest: If the kind is unknown or its answer is a pattern (`route` makes those).
            NoAnswer, BudgetRefused: If nobody could answer and no rule can stand in.
        """
        began = _now()
        task = TASKS.get(kind)
        if task is None or task.music:
            known = ", ".join(name for name, one in TASKS.items() if not one.music)
            raise InvalidRequest("task", f"task is {kind!r:.40}; it must be one of {known}", "try extraction")
        ruled = rules.answer(kind, payload)
        if ruled is not None and (ruled[1] or tier == LOCAL or not self._bench.names):
            return Reply(ruled[0], Route(LOCAL, LOCAL, "rules", latency_ms=_ms_since(began)))
        key = task_key(kind, {**payload, "tier": tier})
        if task.cache and (text := await self._cache.get(task.cache, key)) is not None:
            kept = keeping.unpack_reply(text, _ms_since(began))
            if kept is not None:
                return kept
        wanted = policy.capped(task.tier if tier == "auto" else tier, self.config)
        seconds, limit = self._world.seconds(wanted, deadline_ms), ceiling(max_cost_usd, self.config.max_cost_picousd)

        async def find() -> Reply:
            trip, names = self._world.trip(began, seconds, limit), self._bench.names
            found = await self._climb(trip, Facts(payload, task), wanted, provider, source) if names else None
            await self._booked(trip)
            if found is None:
                if ruled is None:
                    raise self._nobody(trip)
                return Reply(ruled[0], self._route(trip, LOCAL, LOCAL, "rules", degraded=True))
            data, who = found
            reply = Reply(data, self._route(trip, who.tier, who.provider, who.model, degraded=False))
            if task.cache:
                await self._cache.put(task.cache, key, keeping.pack_reply(reply))
            return reply

        reply, led = await self._flight.share(f"{key} {provider} {limit} {seconds}", find)
        return reply if led else Reply(deepcopy(reply.data), reply.route.shared("coalesced", _ms_since(began)))

    async def _share(self, errand: Errand) -> tuple[Answer, bool]:
        """Share the call of equal wishes; ask again when it had less time or money than this one may have."""
        while True:
            seat = Seat(errand)
            try:
                async with asyncio.timeout_at(errand.ends):
                    answer, led = await self._flight.share(errand.key, lambda: self._make(errand), seat=seat)
                if not answer.route.degraded or not errand.may_more_than(seat.host, _now()):
                    return answer, led
            except TimeoutError:  # the shared call has a longer deadline than this caller, or the machine was held up
                return await self._late(errand, seat.host if seat.tells else None), True
            except (NoAnswer, BudgetRefused):
                if not errand.may_more_than(seat.host, _now()):
                    raise
            if seat.tells:
                errand.inherit(seat.host)
            self._flight.leave_behind(errand.key, None if seat.tells else seat)

    async def _make(self, errand: Errand) -> Answer:
        """Run the plan; what it does not bring in time, the embedded drummer plays."""
        try:
            return await self._plan(errand)
        finally:
            errand.over.set()

    async def _plan(self, errand: Errand) -> Answer:
        request, plan, key = errand.request, errand.plan, errand.key
        if (kept := await self._kept(key, errand.began, self._cache.peek)) is not None:
            # A call came back while this caller looked; what it has inherited is not told by anybody else.
            return Answer(kept.pattern, replace(kept.route, attempts=tuple(errand.past)))
        errand.trip = trip = self._world.trip_of(errand)
        trip.note(*plan.notes)
        trip.crowd, trip.arrived = lambda: self._listeners.crowd(key), errand.arrived
        written: Written | None = None
        try:
            async with asyncio.timeout_at(trip.deadline + MARGIN_S / 2):
                written = await self._run(workflows.single(request, plan), trip, key, errand.source)
        except TimeoutError:
            trip.note(LATE)
        if written is None:
            errand.late = trip.deadline - _now() < LEAST_LEFT_S
            await self._booked(trip)
            if not self.config.local:
                raise self._nobody(trip)
            return await self._stand_in(errand, trip)
        trip.note(*written.notes)
        degraded = PAID_TIERS.index(written.tier) < PAID_TIERS.index(plan.tier) and not plan.classify
        route = self._route(trip, written.tier, written.provider, written.model, degraded=degraded)
        if not degraded and self.config.cache_enabled:
            await self._cache.put("pattern", key, keeping.pack(written.pattern, route))
        await self._booked(trip)
        return Answer(
            written.pattern, replace(route, saved=savings.of_answer(self._world.desk(), request, plan, route))
        )

    async def _booked(self, trip: Trip) -> None:
        """Wait until what was paid outlives a crash, before anybody is told of it; a stuck disk holds up no music."""
        if trip.attempts:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(trip.deadline + MARGIN_S / 2):
                    await self._ledger.flush()

    async def _run(self, job: workflows.Job, trip: Trip, key: str, source: str) -> Written | None:
        """Drive a plan: everything in a tuple is done at once."""
        results: tuple[Written | None, ...] | None = None
        while True:
            try:
                wants = next(job) if results is None else job.send(results)
            except StopIteration as end:
                written: Written | None = end.value
                return written
            if len(wants) == 1:
                results = (await self._want(wants[0], trip, key, source),)
            else:
                results = tuple(await asyncio.gather(*(self._want(want, trip, key, source) for want in wants)))

    async def _want(self, want: workflows.Want, trip: Trip, key: str, source: str) -> Written | None:
        if isinstance(want, workflows.Choose):
            trip.arrived()
            work = Music(want.request, TASKS["intent_classification"], must_fit=True)
            return await self._climb(trip, work, "fast", want.request.provider, source, alone=True)
        music = Music(want.request, TASKS[want.kind], self._listeners.teller(key))
        how = want.tier, want.request.provider, source
        together = self._company.write(
            trip, music, (want.kind, *how), lambda way, all_: self._climb(way, all_, *how, alone=True)
        )
        return await together or await self._climb(trip, music, *how, key=key)

    async def _climb(
        self,
        trip: Trip,
        work: Work[T],
        tier: str,
        provider: str | None,
        source: str,
        *,
        alone: bool = False,
        key: str = "",
    ) -> T | None:
        """Go through the candidates until one gives what was asked; `key` names whose listeners hear each step."""
        ear = Ear(
            self._world.news,
            lambda way, one: self._asked(way, one, key),
            lambda one: self._lore.gone(one.provider, one.model),
        )
        return await self._climber.climb(
            trip, work, self._world.desk(), ear, tier=tier, provider=provider, source=source, alone=alone
        )

    def _asked(self, trip: Trip, candidate: Candidate, key: str) -> None:
        """Take that somebody is asked: its own list of models is read once a day, and the request's listeners hear."""
        self._lore.used(candidate.provider, self._world.today)
        if key:
            who = candidate.tier, candidate.provider, candidate.model
            self._listeners.tell_route(key, lambda: self._route(trip, *who, degraded=False))

    def _off_or(self, word: str) -> str:
        return word if self.config.cache_enabled else "off"

    def _route(self, trip: Trip, tier: str, provider: str, model: str, *, degraded: bool) -> Route:
        attempts, notes = tuple(trip.attempts), tuple(trip.notes)
        ms = _ms_since(trip.started)
        return Route(tier, provider, model, "single", self._off_or("miss"), degraded, attempts, ms, notes, trip.saved)

    async def _local(
        self,
        request: GrooveRequest,
        began: float,
        notes: tuple[str, ...] = (),
        *,
        degraded: bool = False,
        trip: Trip | None = None,
        cache: str = "off",
        saved: Mapping[str, int] = MappingProxyType({}),
    ) -> Answer:
        judged = quality.rules(await self._drawing.generate(request), request, [], strict=False)
        attempts = tuple(trip.attempts) if trip else ()
        ms = _ms_since(began)
        asked: Any = judged.pattern.meta.get("asked", ())
        notes = (*notes, *asked, *(mend for mend in judged.mends if mend.startswith("constraint not")))
        route = Route(LOCAL, LOCAL, EMBEDDED, request.workflow, cache, degraded, attempts, ms, notes, saved)
        return Answer(judged.pattern, route)

    async def _stand_in(self, errand: Errand, trip: Trip) -> Answer:
        trip.note(*_reasons(trip))
        cache, saved, notes = self._off_or("miss"), trip.saved, tuple(trip.notes)
        return await self._local(
            errand.request, errand.began, notes, degraded=True, trip=trip, cache=cache, saved=saved
        )

    async def _late(self, errand: Errand, host: Errand | None) -> Answer:
        """Return the drummer's answer for a caller whose time is up, with what was tried and paid for `host` until now.

        None for a call that others still wait for: it goes on, and its way and cost are told to them, what this caller
        had inherited before it with the rest.
        """
        if host is None:
            trip = self._world.trip(errand.began, errand.seconds, errand.limit)
        elif host.trip is None:
            trip = self._world.trip_of(errand)
        else:
            trip = host.trip
            with suppress(TimeoutError):
                async with asyncio.timeout(LATE_S):
                    await host.over.wait()
        trip.note(LATE)
        if not self.config.local:
            raise self._nobody(trip)
        return await self._stand_in(errand, trip)

    async def _kept(self, key: str, began: float, look: Look | None = None) -> Answer | None:
        text = await (look or self._cache.get)("pattern", key)
        return None if text is None else keeping.unpack(text, _ms_since(began))

    def _nobody(self, trip: Trip) -> Exception:
        if trip.money_refused and all(one.outcome == "budget" for one in trip.attempts):
            return BudgetRefused(trip.money_refused)
        last = trip.attempts[-1].note if trip.attempts else ""
        last = last or "; ".join(trip.notes) or "no provider may be asked"
        route = self._route(trip, "", "", "", degraded=True)
        return NoAnswer(trip.filtered or f"no provider gave an answer: {last}", route.as_dict())


def _words(request: GrooveRequest) -> Mapping[str, Any]:
    """Return what the rules read in a prompt, where it decides: a named tier has decided already."""
    return drummer.describe(request.prompt, request.meter) if request.tier == "auto" and request.prompt else {}


def _reasons(trip: Trip) -> list[str]:
    """Return why no model's answer plays; of several refusals of money only the last, which is the cheapest one's."""
    failed = [one for one in trip.attempts if one.note and one.outcome != "budget"]
    said = [one.note if one.provider in one.note else f"{one.provider}: {one.note}" for one in failed]
    return [*said, trip.money_refused] if trip.money_refused else said


def _memory_ledger(config: RouterConfig) -> Ledger:
    from router.stores.nulls import NullLedger  # noqa: PLC0415  a daemon brings its own; why load two

    return NullLedger(monthly_budget_picousd=config.monthly_budget_picousd)


def _memory_cache(config: RouterConfig) -> Store:
    from router.stores.cache import Cache  # noqa: PLC0415  likewise, and aiocache loads redis where it finds it

    return Cache(None, enabled=config.cache_enabled, default_ttl_s=config.cache_ttl_s)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _ms_since(began: float) -> int:
    return round((_now() - began) * 1000)
