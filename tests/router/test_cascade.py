"""One request's way through its candidates, told step by step."""

from __future__ import annotations

import pytest

from router.budget import Price
from router.cascade import MAX_CALLS, Ask, Cascade, Wait
from router.errors import (
    Broken,
    BudgetRefused,
    Busy,
    ContentFiltered,
    Garbled,
    ModelGone,
    ProviderOff,
    Refused,
    Silent,
    Unusable,
)  # fmt: skip
from router.policy import Candidate


def one(provider, tier="balanced", usd=1):
    """A candidate with a name and a price."""
    return Candidate(provider, f"{provider}-{tier}", tier, Price(usd, usd), 1000, None, "", 100_000, float(usd))


A, B, C = one("a"), one("b", usd=2), one("c", usd=3)
FAST, UP = one("a", "fast"), one("b", "advanced", 9)


def cascade(*here, aside=(), up=(), waits=None, deadline=130.0):
    """A cascade from 100 s to `deadline`, jitter in the middle."""
    waits = waits or {}
    return Cascade(
        deadline, 100.0, here, lambda: aside, lambda _tier: up, lambda c, _now: waits.get(c.provider, 0.0), lambda: 0.5
    )


def who(step):
    """Return who is asked, or the seconds waited, or None."""
    return step.candidate.provider if isinstance(step, Ask) else step.seconds if isinstance(step, Wait) else None


def test_the_first_candidate_gets_most_of_the_time():
    """Not all of it: somebody stands behind."""
    step = cascade(A, B).next(100.0)

    assert step == Ask(A, pytest.approx(18.0))


@pytest.mark.parametrize("error", [Busy("a", 0, "in trouble (HTTP 500)"), Broken("a", 0, "cut off")])
def test_a_crowd_hears_three_failures_and_asks_no_fourth(error):
    """Each goes to somebody else, for the next wish finds them known to be down; one alone goes through all."""
    asked = {}
    for crowd in (True, False):
        way = cascade(A, B, C, one("d", usd=4))
        way.crowd, asked[crowd] = (lambda crowd=crowd: crowd), []
        while isinstance(step := way.next(101.0 + len(asked[crowd])), Ask):
            asked[crowd].append(who(step))
            way.failed(step.candidate, error, 101.0 + len(asked[crowd]) - 0.5)

    assert asked[True] == ["a", "b", "c"]
    assert asked[False] == ["a", "a", "b", "b", "c", "d"]


@pytest.mark.parametrize("error", [Busy("a", 0, "in trouble (HTTP 500)"), Broken("a", 0, "cut off")])
def test_a_hiccup_is_tried_once_more_after_a_short_wait(error):
    """One more try with jitter, then the next one."""
    way = cascade(A, B)
    way.next(100.0)
    way.failed(A, error, 101.0)

    assert who(way.next(101.0)) == pytest.approx(0.25)
    assert who(way.next(101.3)) == "a"
    way.failed(A, error, 101.4)
    assert who(way.next(101.4)) == "b"


def test_a_hiccup_that_others_found_to_be_an_outage_is_not_tried_again():
    """Many requests at once share what they learn: once the record is open, second tries go to the next one."""
    waits = {"b": 0.0}
    way = cascade(A, B, waits=waits)
    way.next(100.0)
    way.failed(A, Busy("a", 0, "in trouble (HTTP 503)"), 101.0)
    waits["a"] = 5.0

    assert who(way.next(101.3)) == "b"
    assert way.skipped == [(A, "busy")]


@pytest.mark.parametrize(
    "error",
    [Silent("a"), Garbled("a"), Refused("no"), ModelGone("a", "m", certain=True), ProviderOff("a")],
    ids=lambda error: type(error).__name__,
)
def test_what_cannot_get_better_is_not_tried_again(error):
    """The next candidate at once."""
    way = cascade(A, B)
    way.next(100.0)
    way.failed(A, error, 101.0)

    assert who(way.next(101.0)) == "b"


def test_a_short_retry_after_is_waited_for():
    """A wait of two seconds out of thirty is cheaper than a dearer model."""
    way = cascade(A, B)
    way.next(100.0)
    way.failed(A, Busy("a", 2.0, "rate limited"), 100.1)

    assert who(way.next(100.1)) == pytest.approx(2.05)
    assert who(way.next(102.2)) == "a"


def test_a_long_retry_after_is_not():
    """Longer than a tenth of the deadline: somebody else."""
    way = cascade(A, B)
    way.next(100.0)
    way.failed(A, Busy("a", 20.0, "rate limited"), 100.1)

    assert who(way.next(100.1)) == "b"


def test_a_429_without_a_word_lets_others_go_first():
    """Then it is asked once more, and no more."""
    way = cascade(A, B)
    way.next(100.0)
    way.failed(A, Busy("a", 0, "rate limited"), 100.0)

    assert who(way.next(100.0)) == "b"
    way.failed(B, Refused("no"), 101.0)
    assert who(way.next(101.0)) == "a"
    way.failed(A, Busy("a", 0, "rate limited"), 101.1)
    assert way.next(101.1) is None


def test_a_content_filter_ends_the_way():
    """Asking somebody else would be routing around a refusal."""
    way = cascade(A, B)
    way.next(100.0)
    way.failed(A, ContentFiltered("no"), 101.0)

    assert way.next(101.0) is None


def test_a_provider_that_is_off_is_off_in_every_tier():
    """Its other models are not asked either."""
    way = cascade(A, aside=(FAST, UP))
    way.next(100.0)
    way.failed(A, ProviderOff("a"), 100.1)

    assert who(way.next(100.1)) == "b"


def test_poor_quality_is_repaired_once_then_goes_up():
    """The repair carries the complaint; the second poor answer goes to the next tier, not to a neighbour."""
    way = cascade(A, C, up=(UP,))
    way.next(100.0)
    way.poor(A, Unusable("3 bars came"))

    assert way.next(101.0) == Ask(A, pytest.approx(29.0), "3 bars came")
    way.poor(A, Unusable("3 bars came again"))
    assert way.next(102.0).candidate is UP


def test_without_a_tier_above_poor_quality_ends_the_way():
    """Then the embedded drummer plays."""
    way = cascade(A, C)
    way.next(100.0)
    way.poor(A, Unusable("x"))
    way.next(101.0)
    way.poor(A, Unusable("x"))

    assert way.next(102.0) is None


def test_when_nobody_here_answers_others_stand_in():
    """Across providers, then tiers, then nobody."""
    way = cascade(A, B, aside=(one("c", "fast"),))
    steps = []
    for name in (A, B, None):
        step = way.next(100.0)
        steps.append(who(step))
        way.failed(step.candidate if name is None else name, Refused("no"), 100.0)

    assert steps == ["a", "b", "c"]
    assert way.next(100.0) is None


def test_a_refusal_of_money_leaves_only_cheaper_ones():
    """What costs as much or more is not tried."""
    way = cascade(B, C, A, aside=(UP,))
    way.next(100.0)
    way.refused(B, BudgetRefused("no"), lambda c: c.price.output_picousd)

    assert who(way.next(100.0)) == "a"
    way.failed(A, Refused("no"), 100.0)
    assert way.next(100.0) is None


def refuse(way, candidate, *, later):
    """Refuse the money; cheaper is what has a lower price."""
    way.refused(candidate, BudgetRefused("no", later=later), lambda c: c.price.output_picousd)


def test_money_that_others_hold_is_waited_for_in_the_end_by_the_cheapest():
    """First the cheaper ones, each after a short wait; when all are refused, the cheapest once more with a long one."""
    way = cascade(C, B, A)
    for candidate in (C, B, A):
        step = way.next(100.0)
        assert (step.candidate, step.last, step.money_s) == (candidate, False, 1.0)
        refuse(way, candidate, later=True)

    last = way.next(103.0)
    assert (last.candidate, last.last, last.money_s) == (A, True, pytest.approx(27 * 0.6))
    refuse(way, A, later=True)
    assert way.next(119.2) is None


@pytest.mark.parametrize("why", ["spent", "convenience"])
def test_money_that_is_gone_is_not_waited_for(why):
    """Nor does a call wait that is only a convenience."""
    way = cascade(B, A)
    way.patient = why != "convenience"
    way.next(100.0)
    refuse(way, B, later=True)
    way.next(101.0)
    refuse(way, A, later=why == "convenience")

    assert way.next(102.0) is None


def test_whom_health_forbids_is_skipped_and_said():
    """An open record costs nothing; the story tells."""
    way = cascade(A, B, waits={"a": float("inf")})

    assert who(way.next(100.0)) == "b"
    assert way.skipped == [(A, "left alone")]


def test_a_short_pause_for_everybody_is_waited_out():
    """When all must wait, the shortest wait is taken."""
    assert who(cascade(A, B, waits={"a": 2.0, "b": 1.0}).next(100.0)) == 1.0


def test_nothing_is_asked_after_the_deadline_or_beyond_the_calls():
    """Time and calls are both bounded; in the last half second no answer can come, and asking would still be paid."""
    assert cascade(A).next(130.0) is None
    assert cascade(A).next(129.6) is None
    assert who(cascade(A).next(129.5)) == "a"
    assert who(cascade(A, deadline=100.2).next(100.1)) == "a"
    way = cascade(*(one(str(n)) for n in range(20)))
    asked = 0
    while (step := way.next(100.0)) is not None:
        asked += 1
        way.failed(step.candidate, Refused("no"), 100.0)
    assert asked == MAX_CALLS


def test_a_spare_is_somebody_not_yet_asked():
    """Hedging never asks the same one twice."""
    way = cascade(A, B)
    way.next(100.0)

    assert who(way.spare(101.0)) == "b"
    assert way.spare(101.0) is None
