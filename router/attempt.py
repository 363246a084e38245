"""One attempt: reserve the money, ask one model, hear it out against the clock, settle, learn.

Every call reserves first and settles always, whatever ends it. No SDK timeout is trusted: the deadline, the wait for
the first word and the gap between words are kept here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from router.bill import Bill, Heard, bill_of
from router.budget import Price, Usage, token_bound
from router.call import CUT, FILTERED, FINISHED, Call, Done, Limits, Metered, Provider, Wire
from router.errors import (
    AttemptFailed,
    Broken,
    BudgetRefused,
    Busy,
    ContentFiltered,
    Garbled,
    ModelGone,
    ProviderOff,
    Silent,
    Unusable,
)  # fmt: skip
from router.health import Health
from router.limits import Paces
from router.policy import Candidate
from router.route import Attempt
from router.tasks import TASKS, Task

FIRST_WORD: Final = 0.25
"""Share of the tier's timeout in which the first word must come, so that another can still be asked."""

FIRST_WORD_LEAST: Final = (2.0, 0.4)
"""A live model needs a second or two to begin: so many seconds at least, or this share of a short timeout."""

FIRST_WORD_MOST_S: Final = 20.0
GAP: Final = 0.125
"""Share of the tier's timeout that may pass between two words."""

GAP_LEAST_S: Final = 1.0
GAP_MOST_S: Final = 10.0

USAGE_GRACE_S: Final = 0.25
"""After the finish reason: how long the usage is waited for."""

END_GRACE_S: Final = 0.05
"""After the usage: how long the stream's own end is waited for, so that its connection can be used again."""

MAX_ANSWER_CHARS: Final = 200_000
MAX_CHARS_PER_TOKEN: Final = 64
"""An answer longer than its cap allows for is no answer to our call."""

_NO_FAILURE: Final = frozenset({"ok", "repaired", "unusable", "budget", "cancelled"})
"""Ends that say nothing against the provider's being there."""

_LARGEST_BUDGET: Final = max(task.max_tokens for task in TASKS.values())

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Ledger(Protocol):
    """The money, as `router.stores.ledger.Ledger` keeps it."""

    async def reserve(
        self,
        *,
        request_id: str,
        tier: str,
        provider: str,
        model: str,
        task: str,
        worst_picousd: int,
        request_limit_picousd: int | None,
        wait_s: float | None = None,
    ) -> int:
        """Hold the worst case; raises BudgetRefused."""
        ...

    async def settle(self, row: int, *, cost_picousd: int, usage: Usage, outcome: str, ms: int) -> None:
        """Write what it came to."""

    async def settle_unknown(self, row: int, outcome: str, ms: int) -> None:
        """Write that it came to what was reserved."""

    async def flush(self) -> None:
        """Wait until all that was written is where it outlives a crash, or was refused there."""


@dataclass(slots=True, eq=False)
class Trip:
    """One request's way: its deadline, its ceiling, and the story that its route will tell.

    Times are the event loop's seconds. `crowd` says whether more than one waits for the answer; `arrived` is to be told
    once it is known whether this request goes alone.
    """

    request_id: str
    started: float
    deadline: float
    limit_picousd: int | None
    slack: float = 1.0
    attempts: list[Attempt] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    money_refused: str = ""
    filtered: str = ""
    saved: dict[str, int] = field(default_factory=dict)
    crowd: Callable[[], bool] = lambda: False
    arrived: Callable[[], None] = lambda: None

    @property
    def failures(self) -> int:
        """Count the calls that brought no answer at all."""
        return sum(one.outcome not in _NO_FAILURE for one in self.attempts)

    def note(self, *sentences: str) -> None:
        """Add sentences that are not there yet."""
        self.notes += [one for one in dict.fromkeys(sentences) if one not in self.notes]


class Work(Protocol[T_co]):
    """What is asked of a model: how to word it, how to hear it, how to judge it.

    Attributes:
        spoke: Whether a word of the present answer has come.
    """

    task: Task
    spoke: bool

    def again(self) -> Work[T_co]:
        """Return the same work afresh, for another to do beside this one."""
        ...

    def call(self, candidate: Candidate, complaint: str) -> Call:
        """Return the call for a candidate; with a complaint it is a repair of the last answer."""
        ...

    def hear(self, text: str) -> None:
        """Take a piece of the answer as it comes."""

    def judge(self, text: str, candidate: Candidate) -> Callable[[], T_co]:
        """Return what makes the whole answer what was asked; raises Unusable with a complaint."""
        ...


class _Watch:
    """Ends an attempt that has said nothing by `due`.

    Looks again when its time comes instead of being moved by every word: a timer for each costs more than reading it.
    """

    __slots__ = ("_handle", "_limit", "_loop", "due")

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: asyncio.Timeout, due: float) -> None:
        self._loop, self._limit, self.due = loop, limit, due
        self._handle = loop.call_at(due, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        if now >= self.due:
            if not self._limit.expired():  # both may ring in one turn of the loop, and it can expire only once
                self._limit.reschedule(now)
        else:
            self._handle = self._loop.call_at(self.due, self._look)

    def arm(self) -> None:
        """Look at `due`, which has come nearer."""
        self._handle.cancel()
        self._handle = self._loop.call_at(self.due, self._look)

    def stop(self) -> None:
        """Look no more."""
        self._handle.cancel()


class Patience(NamedTuple):
    """How long an attempt waits, in seconds; `money_s` before it begins, for calls that hold what it may cost.

    `hurried` when the request leaves less time for the first word than the tier would give.
    """

    total_s: float
    first_word_s: float
    gap_s: float
    money_s: float = 0.0
    hurried: bool = False

    @classmethod
    def of(cls, tier_timeout_s: float, limit_s: float, slack: float) -> Patience:
        """Return the waits of a tier, bounded by what is left of the request's own deadline."""
        seconds, share = FIRST_WORD_LEAST
        first = max(tier_timeout_s * FIRST_WORD, min(seconds, tier_timeout_s * share))
        first = min(first, FIRST_WORD_MOST_S) * slack
        gap = min(max(tier_timeout_s * GAP, GAP_LEAST_S), GAP_MOST_S) * slack
        return cls(limit_s, min(first, limit_s), min(gap, limit_s), hurried=first > limit_s)


class Caller(Generic[T]):
    """Makes attempts. Holds what all of them share: the money, the providers' health, the paces."""

    def __init__(
        self,
        ledger: Ledger,
        health: Health,
        paces: Paces,
        provider: Callable[[str], Any],
        price_of: Callable[[str], Price | None],
    ) -> None:
        self._ledger, self._health, self._paces = ledger, health, paces
        self._provider, self._price_of = provider, price_of

    async def attempt(
        self,
        trip: Trip,
        work: Work[T],
        candidate: Candidate,
        complaint: str,
        patience: Patience,
        count: Callable[[], Awaitable[None]],
    ) -> T:
        """Ask one candidate and return the judged answer; the trip's story gains a line whatever happens.

        Args:
            trip: The request's state.
            work: What is asked.
            candidate: Who is asked.
            complaint: What was wrong with its last answer, "" for the first time.
            patience: How long it may take.
            count: Counts the call against its source's valve once its money is there; raises HeldBack.

        Raises:
            BudgetRefused, HeldBack: Before anything was sent.
            AttemptFailed: If no usable answer came.
        """
        loop = asyncio.get_running_loop()
        call = work.call(candidate, complaint)
        bound = token_bound(call.text_bytes)
        try:
            provider: Provider = await self._provider(candidate.provider)
            row = await self._reserve(trip, work.task, candidate, bound, patience)
        except BudgetRefused as refusal:
            trip.money_refused = str(refusal)
            trip.attempts.append(_line(candidate, work.task, "budget", note=str(refusal)))
            raise
        except ProviderOff as error:
            trip.attempts.append(_line(candidate, work.task, "provider_off", note=str(error)))
            raise
        await self._count(row, count)
        key = candidate.provider, candidate.model
        began = loop.time()
        patience = patience._replace(total_s=min(patience.total_s, max(0.0, trip.deadline - began)))
        heard, outcome, note = Heard(), "cancelled", ""
        pace_tokens = bound // 4 + candidate.max_tokens // 2
        try:
            self._health.begin(*key)
            self._paces.take(*key, candidate.tokens_per_minute, pace_tokens, began)
            await self._hear(provider, call, work, heard, patience, key)
            finish = work.judge(heard.text, candidate)
            outcome = "repaired" if complaint else "ok"
            self._health.succeeded(*key, (loop.time() - began) * 1000)
        except Unusable as flaw:
            outcome, note = "unusable", str(flaw)
            if heard.reason == CUT:  # without a budget it would have gone on, up to the largest of all
                more = (_LARGEST_BUDGET - call.max_tokens) * candidate.price.output_picousd
                trip.saved["token_budget"] = trip.saved.get("token_budget", 0) + max(0, more)
            self._health.poor(*key)
            raise
        except AttemptFailed as error:
            outcome, note = _outcome(error), str(error)
            if isinstance(error, ContentFiltered):
                trip.filtered = note
            self._health.failed(*key, error, loop.time(), request=trip.request_id)
            raise
        finally:
            if outcome == "cancelled":
                self._health.leave(*key)
            ms = round((loop.time() - began) * 1000)
            bill = bill_of(candidate, call, heard, outcome, self._price_of(heard.model))
            self._paces.give_back(*key, pace_tokens - bill.input_tokens - bill.output_tokens, loop.time())
            told = _line(candidate, work.task, outcome, ms, bill, note)
            trip.attempts.append(replace(told, row=row, request=trip.request_id))
            await self._settle(row, bill, outcome, ms)  # last: who is cancelled here has told the attempt
        return finish()  # while the bill goes to the disk

    async def _reserve(self, trip: Trip, task: Task, candidate: Candidate, bound: int, patience: Patience) -> int:
        return await self._ledger.reserve(
            request_id=trip.request_id,
            tier=candidate.tier,
            provider=candidate.provider,
            model=candidate.model,
            task=task.kind,
            worst_picousd=candidate.worst_picousd(bound),
            request_limit_picousd=trip.limit_picousd,
            wait_s=patience.money_s,
        )

    async def _count(self, row: int, count: Callable[[], Awaitable[None]]) -> None:
        try:
            await count()
        except BaseException:
            await self._ledger.settle(row, cost_picousd=0, usage=Usage(0, 0), outcome="held_back", ms=0)
            raise

    async def _hear(
        self, provider: Provider, call: Call, work: Work[T], heard: Heard, patience: Patience, key: tuple[str, str]
    ) -> None:
        """Hear one answer out. Returns only when the provider has said that it finished."""
        loop = asyncio.get_running_loop()
        most = min(MAX_ANSWER_CHARS, call.max_tokens * MAX_CHARS_PER_TOKEN)
        began = loop.time()
        try:
            async with (
                asyncio.timeout_at(began + patience.total_s) as limit,
                aclosing(provider.stream(call)) as events,
            ):
                watch = _Watch(loop, limit, began + patience.first_word_s)
                try:
                    async for event in events:
                        if type(event) is str:
                            text = event.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
                            heard.parts.append(text)
                            heard.chars += len(text)
                            if heard.chars > most:
                                raise Unusable(f"the answer is longer than {call.max_tokens} tokens can be")
                            work.hear(text)
                            if not heard.reason:
                                watch.due = loop.time() + patience.gap_s
                                if len(heard.parts) == 1:
                                    watch.arm()
                        elif type(event) is Done:
                            heard.reason, heard.model = event.reason, event.model or heard.model
                            heard.usage = event.usage or heard.usage
                            watch.due = loop.time() + (END_GRACE_S if event.usage else USAGE_GRACE_S)
                            watch.arm()
                        elif type(event) is Metered:
                            heard.early = event.usage
                        elif type(event) is Wire:
                            heard.wire = event
                        elif type(event) is Limits:
                            self._paces.learn(*key, event, loop.time())
                finally:
                    watch.stop()
        except TimeoutError:
            if not heard.reason:
                raise _too_slow(key[0], heard, patience) from None
        except AttemptFailed as error:
            # What breaks after the answer's end has broken nothing; what breaks in its middle is not a busy line.
            if heard.reason and isinstance(error, Busy):
                pass
            elif heard.parts and type(error) is Busy:
                raise Broken(key[0], error.retry_after, "broken off in the middle of its answer") from None
            else:
                raise
        _finished(key[0], call, heard)

    async def _settle(self, row: int, bill: Bill, outcome: str, ms: int) -> None:
        if bill.unknown:
            await self._ledger.settle_unknown(row, outcome, ms)
        else:
            await self._ledger.settle(row, cost_picousd=bill.cost, usage=bill.usage, outcome=outcome, ms=ms)


def _line(
    candidate: Candidate, task: Task, outcome: str, ms: int = 0, bill: Bill | None = None, note: str = ""
) -> Attempt:
    return Attempt(
        candidate.provider,
        candidate.model,
        candidate.tier,
        outcome,
        ms,
        bill.input_tokens if bill else 0,
        bill.output_tokens if bill else 0,
        bill.cost if bill else 0,
        task.kind,
        note,
        bill.usage.estimated if bill else False,
    )


def _too_slow(provider: str, heard: Heard, patience: Patience) -> Silent:
    if not heard.parts:
        what = "not reachable: no connection" if heard.unsent else "silent: no word"
        silent = Silent(provider, 0.0, f"{what} within {round(patience.first_word_s, 1):g} s")
        silent.hurried = patience.hurried
        return silent
    return Silent(provider, 0.0, "stalled in the middle of its answer, or too slow for its deadline")


def _finished(provider: str, call: Call, heard: Heard) -> None:
    """Refuse what is not whole: a stream can end early without a word.

    Raises:
        Broken: If no finish reason came after some text. Busy: If nothing came at all.
        ContentFiltered, Unusable: By the finish reason.
    """
    if heard.reason == FILTERED:
        raise ContentFiltered(f"{provider}'s content filter stopped the answer")
    if heard.reason == CUT:
        raise Unusable(f"it was cut at {call.max_tokens} tokens; repeat bars with = to keep it short")
    if not heard.reason:
        if heard.parts:
            raise Broken(provider, 0.0, "cut off before the end of its answer")
        raise Busy(provider, 0.0, "answering with nothing")
    if heard.reason != FINISHED:
        raise Unusable(f"it ended with {heard.reason[:40]!r}, not with an answer")
    if not heard.parts:
        raise Unusable("the answer is empty")


def _outcome(error: AttemptFailed) -> str:
    if isinstance(error, Silent):
        return "timeout"
    if isinstance(error, Broken):
        return "garbled" if isinstance(error, Garbled) else "cut"
    if isinstance(error, Busy):
        return "busy" if "rate limited" in str(error) or "overloaded" in str(error) else "failed"
    if isinstance(error, ContentFiltered):
        return "filtered"
    if isinstance(error, ProviderOff):
        return "provider_off"
    return "model_gone" if isinstance(error, ModelGone) else "refused"
