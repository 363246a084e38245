"""The climb: one piece of work goes through its candidates until somebody does it, cheap first, up when it must.

Does what the cascade says and tells it what came of it. Never asks anybody that health, pace or valve forbid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, TypeVar

from router import policy
from router.attempt import Caller, Patience, Trip, Work
from router.budget import token_bound
from router.cascade import Ask, Cascade, Wait
from router.config import RouterConfig
from router.errors import AttemptFailed, BudgetRefused, HeldBack, ModelGone, Unusable
from router.health import Health
from router.limits import Paces, Valves
from router.policy import Candidate, Desk
from router.switch import Switch, SwitchedOff

HEDGE: Final = 0.5
"""Share of the wait for the first word after which a second provider is asked, where hedging is on."""

LAST_SPREAD: Final = 0.4
"""Share of the longest wait for money by which waits differ: who waits longest takes what the others left."""

OFF: Final = "AI was switched off"

_USUAL_PROMPT: Final = token_bound(3000)
"""Bytes of a usual prompt as tokens, for comparing what two candidates can cost at worst."""

T = TypeVar("T")


class Ear(NamedTuple):
    """Who hears about a climb.

    Attributes:
        news: Takes sentences that the user should read once.
        step: Takes that a candidate is asked now.
        gone: Takes that the provider no longer serves a candidate's model.
    """

    news: Callable[..., None]
    step: Callable[[Trip, Candidate], None]
    gone: Callable[[Candidate], None]


class _Nothing:
    """Nobody in this step gave an answer; the cascade knows why."""


_NOTHING: Final = _Nothing()


class Climber:
    """Climbs for one router: holds what all climbs share."""

    def __init__(
        self,
        config: RouterConfig,
        caller: Caller[Any],
        health: Health,
        paces: Paces,
        gate: Gate,
        names: tuple[str, ...],
        jitter: Callable[[], float],
    ) -> None:
        self._config, self._caller, self._health = config, caller, health
        self._paces, self._gate, self._names, self._jitter = paces, gate, names, jitter
        self.switch = Switch()

    async def climb(
        self,
        trip: Trip,
        work: Work[T],
        desk: Desk,
        ear: Ear,
        *,
        tier: str,
        provider: str | None,
        source: str,
        alone: bool = False,
    ) -> T | None:
        """Go through the candidates until one gives what was asked; None when nobody did.

        Args:
            trip: The request's state.
            work: What is asked.
            desk: The world as it is now.
            ear: Who hears of it.
            tier: Where to start.
            provider: Whom to ask first, or None.
            source: Who asked, for the valves.
            alone: Only this tier, no repair: its answer is a convenience.
        """

        def those(*tiers: str) -> tuple[Candidate, ...]:
            found: list[Candidate] = []
            for name in tiers:
                here, notes = policy.candidates(desk, name, work.task, provider=provider)
                ear.news(trip, *notes)
                found += [one for one in here if one.provider in self._names]
            return tuple(found)

        cascade = Cascade(
            trip.deadline,
            trip.started,
            those(tier),
            (lambda: ()) if alone else (lambda: those(*policy.ladder_aside(tier, self._config))),
            (lambda _from: ()) if alone else (lambda start: those(*policy.ladder_up(start, self._config))),
            self._wait_s,
            self._jitter,
            patient=not alone,
            crowd=trip.crowd,
            failures=trip.failures,
        )
        try:
            async with self.switch.held():
                return await self._take(trip, work, cascade, ear, source, alone=alone)
        except SwitchedOff:
            trip.note(OFF)
            return None

    async def _take(
        self, trip: Trip, work: Work[T], cascade: Cascade, ear: Ear, source: str, *, alone: bool
    ) -> T | None:
        """Take the steps that the cascade names until one gives what was asked."""
        while (step := cascade.next(_now())) is not None:
            if isinstance(step, Wait):
                await asyncio.sleep(step.seconds)
                continue
            if wait := self._gate.look(source):
                trip.note(held_back(source, wait))
                break
            if step.candidate.notice:
                ear.news(trip, step.candidate.notice)
            ear.step(trip, step.candidate)
            hedged = self._config.hedge and not step.complaint and not step.last and not alone
            try:
                answer = await (self._hedged if hedged else self._plain)(trip, work, step, cascade, ear, source)
            except HeldBack as held:
                trip.note(str(held))
                break
            if not isinstance(answer, _Nothing):
                return answer
            if alone and trip.attempts and trip.attempts[-1].outcome == "unusable":
                break
        for one, why in cascade.skipped:
            trip.note(f"{one.provider}/{one.model} was {why}")
        return None

    async def once(self, trip: Trip, work: Work[T], candidate: Candidate) -> T:
        """Ask one candidate one time, whatever its health.

        Raises:
            BudgetRefused, AttemptFailed: As it went; the trip's attempts have the line.
        """
        return await self._attempt(trip, work, Ask(candidate, trip.deadline - _now()), "")

    async def _plain(
        self, trip: Trip, work: Work[T], step: Ask, cascade: Cascade, ear: Ear, source: str
    ) -> T | _Nothing:
        try:
            return await self._attempt(trip, work, step, source)
        except (AttemptFailed, BudgetRefused) as error:
            self._report(step.candidate, error, cascade, ear)
            return _NOTHING

    async def _hedged(
        self, trip: Trip, work: Work[T], step: Ask, cascade: Cascade, ear: Ear, source: str
    ) -> T | _Nothing:
        """Ask one candidate, and a second when the first is slow to speak; the first whole answer wins."""
        begun = asyncio.Event()
        first = asyncio.create_task(self._attempt(trip, work, step, source, begun))
        waiting = asyncio.create_task(begun.wait())  # who waits for money is not slow to speak
        asked = {first: step.candidate}
        patience = self._patience(trip, step)
        try:
            await asyncio.wait((first, waiting), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(asked, timeout=patience.first_word_s * HEDGE)
            if not first.done() and not work.spoke and (spare := cascade.spare(_now())) is not None:
                trip.note(f"{step.candidate.provider} was slow to speak: {spare.candidate.provider} was asked as well")
                asked[asyncio.create_task(self._attempt(trip, work.again(), spare, source))] = spare.candidate
            pending: set[asyncio.Task[T]] = set(asked)
            held: HeldBack | None = None  # the valve may stop the second call, and leaves the first alone
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    error = task.exception()
                    if error is None:
                        return task.result()
                    if isinstance(error, HeldBack):
                        held = error
                    elif isinstance(error, AttemptFailed | BudgetRefused):
                        self._report(asked[task], error, cascade, ear)
                    else:
                        raise error
            if held is not None:
                raise held
            return _NOTHING
        finally:
            waiting.cancel()
            for task in asked:
                task.cancel()
            await asyncio.gather(waiting, *asked, return_exceptions=True)

    async def _attempt(
        self, trip: Trip, work: Work[T], step: Ask, source: str, begun: asyncio.Event | None = None
    ) -> T:
        async def count() -> None:
            await self._gate.take(source)
            if begun is not None:
                begun.set()

        patience = self._patience(trip, step)
        answer: T = await self._caller.attempt(trip, work, step.candidate, step.complaint, patience, count)
        return answer

    def _patience(self, trip: Trip, step: Ask) -> Patience:
        seconds = self._config.timeout_s(step.candidate.tier)
        money_s = step.money_s
        if step.last:  # not all at once: a thousand whose patience ends together would all be late
            money_s = max(money_s, step.limit_s - seconds) * (1 - LAST_SPREAD * self._jitter())
        return Patience.of(seconds, step.limit_s, trip.slack)._replace(money_s=money_s)

    def _report(self, candidate: Candidate, error: AttemptFailed | BudgetRefused, cascade: Cascade, ear: Ear) -> None:
        if isinstance(error, BudgetRefused):
            cascade.refused(candidate, error, lambda one: one.worst_picousd(_USUAL_PROMPT))
        elif isinstance(error, Unusable):
            cascade.poor(candidate, error)
        else:
            if isinstance(error, ModelGone):
                ear.gone(candidate)
            cascade.failed(candidate, error, _now())

    def _wait_s(self, one: Candidate, now: float) -> float:
        wait = self._health.wait_s(one.provider, one.model, now)
        pace = self._paces.wait_s(one.provider, one.model, one.tokens_per_minute, one.max_tokens // 2, now)
        return max(wait, pace)


class Gate:
    """The count of each source's paid calls: this machine's own, and the shared one where there is one."""

    def __init__(self, own: Valves, shared: Callable[[str], Awaitable[float]] | None) -> None:
        self._own, self._shared = own, shared

    def look(self, source: str) -> float:
        """Return the seconds until this machine lets another call of a source through; 0 for now. Counts nothing."""
        return self._own.wait_s(source, _now())

    async def take(self, source: str) -> None:
        """Count one call that is made now.

        Raises:
            HeldBack: If there were too many.
        """
        wait = self._own.take(source, _now())
        if not wait and self._shared is not None:
            wait = await self._shared(source)
        if wait:
            raise HeldBack(held_back(source, wait))


def held_back(source: str, wait_s: float) -> str:
    """Return the sentence of a route whose source has asked too often."""
    return f"{source} has caused enough paid calls for now; again in {wait_s:.0f} s"


def _now() -> float:
    return asyncio.get_running_loop().time()
