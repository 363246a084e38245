"""Cascade: one request's way through its candidates, as a machine. It is told what happened and says what to do next.

Pure; `now` is an argument, in seconds of any monotonic clock. Retries only where they can help, and never beyond the
deadline: the embedded drummer needs no time, so all of it may be used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from router.errors import AttemptFailed, BudgetRefused, Busy, ContentFiltered, Garbled, ProviderOff, Silent, Unusable
from router.policy import Candidate

MAX_CALLS: Final = 6
"""Calls that one request may make in all."""

PROVIDER_FAILURES: Final = 3
"""Failed calls of one request at one provider, over all its models, before it is left alone: a host that is down is
down in every tier."""

CROWD_FAILURES: Final = 3
"""Failed calls after which many who wait for the same answer get the drummer's: what is down is not asked for each of
them in turn, and a fourth provider is asked by the next wish, once these are known to be down."""

PATIENCE: Final = 0.1
"""Share of the deadline that may be spent waiting for a Retry-After: a short wait is cheaper than a dearer model."""

SHARE: Final = 0.6
"""Share of the time left that an attempt may take while others stand behind it."""

BACKOFF_S: Final = (0.15, 0.35)
"""Least and most wait before a transient failure is tried again at the same place; jitter picks in between."""


LEAST_LEFT: Final = (0.5, 0.1)
"""With less time left than so many seconds, or this share of the whole, nobody is asked: no answer can come any more,
and a call that is broken off is paid at its worst case."""

MONEY_S: Final = 1.0
MONEY_SHARE: Final = 0.25
"""How long an attempt waits for money that calls under way hold: so many seconds, or this share of its time if less,
for a cheaper one may be asked meanwhile."""

LAST_MONEY_SHARE: Final = 0.6
"""The same where nobody cheaper is left: the embedded drummer plays meanwhile, so the wait costs nothing."""


class Ask(NamedTuple):
    """Ask this candidate now, for at most `limit_s` seconds; `complaint` makes it a repair of its own answer.

    With `last` it was refused before, and nobody else is left: money that others hold is worth a longer wait.
    """

    candidate: Candidate
    limit_s: float
    complaint: str = ""
    last: bool = False

    @property
    def money_s(self) -> float:
        """How long to wait for money that calls under way hold."""
        return self.limit_s * LAST_MONEY_SHARE if self.last else min(MONEY_S, self.limit_s * MONEY_SHARE)


class Wait(NamedTuple):
    """Wait, then ask again what to do."""

    seconds: float


@dataclass(slots=True, eq=False)
class _Case:
    """One candidate who may still be asked, and how often it was."""

    candidate: Candidate
    tries: int = 0
    again_at: float | None = None
    hiccup: bool = False


@dataclass(slots=True, eq=False)
class Cascade:
    """The way of one request.

    Attributes:
        deadline: When the answer must be there.
        here: Candidates of the wanted tier. aside: Gives those that stand in when nobody here answers.
        up: Gives those of the next tiers up, for poor quality.
        wait_s: How long a candidate is not to be asked (health, limits); infinity for "not at all".
        jitter: 0..1.
        patient: Whether money that others hold is worth a long wait once nobody cheaper is left.
        crowd: Says whether more than one waits for this answer.
        failures: Calls of this request that have failed, not counting those whose answer was poor.
    """

    deadline: float
    started: float
    here: Iterable[Candidate]
    aside: Callable[[], Iterable[Candidate]]
    up: Callable[[str], Iterable[Candidate]]
    wait_s: Callable[[Candidate, float], float]
    jitter: Callable[[], float]
    patient: bool = True
    crowd: Callable[[], bool] = lambda: False
    failures: int = 0
    calls: int = 0
    ended: str = ""
    _queue: list[_Case] = field(default_factory=list)
    _asked: set[tuple[str, str]] = field(default_factory=set)
    _off: set[str] = field(default_factory=set)
    _failures: dict[str, int] = field(default_factory=dict)
    _cap: int | None = None
    _worst: Callable[[Candidate], int] | None = None
    _repair: Ask | None = None
    _repaired: set[str] = field(default_factory=set)
    _went_aside: bool = False
    _held: Candidate | None = None
    skipped: list[tuple[Candidate, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._queue = [_Case(one) for one in self.here]

    def next(self, now: float) -> Ask | Wait | None:
        """Return the next step, or None when nothing more is to be tried."""
        if self.ended or self.calls >= MAX_CALLS or now > self.deadline - self._least_s:
            return None
        if self.failures >= CROWD_FAILURES and self.crowd():
            return None
        if self._repair is not None:
            ask, self._repair = self._repair, None
            self.calls += 1
            return Ask(ask.candidate, self.deadline - now, ask.complaint)
        patience = self._patience_s
        while True:
            soonest: float | None = None
            for case in list(self._queue):
                wait = self._wait(case, now)
                if wait <= 0:
                    return self._ask(case, now)
                if wait > patience or now + wait >= self.deadline:
                    self._queue.remove(case)
                    self.skipped.append((case.candidate, "busy" if case.tries else "left alone"))
                elif case.again_at is not None:  # a short wait at the cheaper place comes before a dearer one
                    return Wait(wait)
                else:
                    soonest = wait if soonest is None else min(soonest, wait)
            if soonest is not None:
                return Wait(soonest)
            if self._went_aside:
                return self._ask_held(now)
            self._went_aside = True
            self._queue = [_Case(one) for one in self.aside() if self._may(one)]

    def spare(self, now: float) -> Ask | None:
        """Return another candidate of this tier that may be asked beside the one that is slow, or None."""
        for case in self._queue:
            if not case.tries and self.calls < MAX_CALLS and self._wait(case, now) <= 0:
                return self._ask(case, now)
        return None

    def failed(self, candidate: Candidate, error: AttemptFailed, now: float) -> None:
        """Take in that a call failed, and decide whether the same place is worth another try."""
        if isinstance(error, ContentFiltered):
            self.ended = "filtered"  # asking elsewhere would be routing around a refusal
            return
        self.failures += 1
        case = self._case(candidate)
        failures = self._failures[candidate.provider] = self._failures.get(candidate.provider, 0) + 1
        if (
            isinstance(error, ProviderOff | Silent) or failures >= PROVIDER_FAILURES
        ):  # a host that hangs on one model hangs on the others
            self._off.add(candidate.provider)
            self._queue = [one for one in self._queue if one.candidate.provider != candidate.provider]
        elif not isinstance(error, Busy) or isinstance(error, Silent | Garbled) or case.tries >= 2:
            self._drop(candidate)
        elif error.retry_after > 0:
            case.again_at = now + error.retry_after * (1 + 0.05 * self.jitter())
        elif "rate limited" in str(error):  # no word on when: others first, then once more
            case.again_at = now + 0.5 + 0.5 * self.jitter()
            self._queue.remove(case)
            self._queue.append(case)
        else:
            least, most = BACKOFF_S
            case.again_at = now + min(least + (most - least) * self.jitter(), self._patience_s / 2)
            case.hiccup = True
            allowed = CROWD_FAILURES if self.crowd() else MAX_CALLS
            if allowed - self.calls <= sum(not one.tries for one in self._queue):  # the calls left are for the others
                self._queue.remove(case)
                self._queue.append(case)

    def poor(self, candidate: Candidate, complaint: Unusable) -> None:
        """Take in an answer that is no pattern: one repair at the same place, then the next tier up."""
        if candidate.tier not in self._repaired:
            self._repaired.add(candidate.tier)
            self._repair = Ask(candidate, 0.0, str(complaint))
            return
        self.escalate(candidate.tier)

    def escalate(self, tier: str) -> None:
        """Go on in the next tiers up; what is left of this one is not asked."""
        self._went_aside = True
        self._queue = [_Case(one) for one in self.up(tier) if self._may(one)]

    def refused(self, candidate: Candidate, error: BudgetRefused, worst: Callable[[Candidate], int]) -> None:
        """Take in that the money does not suffice: only cheaper ones from here on.

        The last one that only others' open calls stand in the way of is the cheapest; it is asked again in the end.
        """
        self._held = candidate if error.later and self.patient else None
        self._worst, self._cap = worst, worst(candidate)
        self._drop(candidate)
        self._queue = [case for case in self._queue if self._may(case.candidate)]
        self.calls -= 1

    @property
    def _least_s(self) -> float:
        seconds, share = LEAST_LEFT
        return min(seconds, share * (self.deadline - self.started))

    @property
    def _patience_s(self) -> float:
        return PATIENCE * (self.deadline - self.started)

    def _may(self, candidate: Candidate) -> bool:
        if candidate.provider in self._off or (candidate.provider, candidate.model) in self._asked:
            return False
        return self._cap is None or self._worst is None or self._worst(candidate) < self._cap

    def _wait(self, case: _Case, now: float) -> float:
        if case.again_at is None:
            return self.wait_s(case.candidate, now)
        wait = case.again_at - now
        # Of many requests at once the first five failures tell the others: a second try is for no outage.
        return max(wait, self.wait_s(case.candidate, now)) if case.hiccup else wait

    def _ask(self, case: _Case, now: float) -> Ask:
        case.tries += 1
        case.again_at, case.hiccup = None, False
        self.calls += 1
        self._asked.add((case.candidate.provider, case.candidate.model))
        left = self.deadline - now
        others = len(self._queue) > 1 or not self._went_aside
        return Ask(case.candidate, left * SHARE if others else left)

    def _ask_held(self, now: float) -> Ask | None:
        if self._held is None:
            return None
        ask, self._held, self.patient = Ask(self._held, self.deadline - now, last=True), None, False
        self.calls += 1
        return ask

    def _case(self, candidate: Candidate) -> _Case:
        for case in self._queue:
            if case.candidate is candidate:
                return case
        case = _Case(candidate, tries=2)
        self._queue.insert(0, case)
        return case

    def _drop(self, candidate: Candidate) -> None:
        self._queue = [case for case in self._queue if case.candidate is not candidate]
