"""Open, probing, closed; tombstones; buckets and valves. All in clockless time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.call import Limits
from router.errors import Busy, ModelGone, ProviderOff, Silent
from router.health import COOLDOWNS_S, GONE_AFTER, OFF_S, OPENS_AT, Health
from router.limits import Bucket, Paces, Valves

WHO = ("openai", "m")


def fail(health, error=None, now=0.0, request="r"):
    """One call that fails."""
    health.begin(*WHO)
    health.failed(*WHO, error or Busy("openai", 0, "in trouble"), now, request=request)


def test_five_failures_in_a_row_open_a_record():
    """Four do not."""
    health = Health()
    for _ in range(OPENS_AT - 1):
        fail(health)
    assert health.wait_s(*WHO, 0.0) == 0
    fail(health)
    assert health.wait_s(*WHO, 0.0) == COOLDOWNS_S[0]


def test_silence_in_a_hurry_counts_for_one_failure():
    """A second that a request leaves says little about who usually takes two; the tier's full wait says enough."""
    health, hurried = Health(), Silent("openai")
    hurried.hurried = True
    fail(health, hurried)
    assert health.wait_s(*WHO, 0.0) == 0
    fail(health, Silent("openai"))
    assert health.wait_s(*WHO, 0.0) == COOLDOWNS_S[0]


def test_a_success_between_failures_starts_the_count_again():
    """In a row means in a row."""
    health = Health()
    for _ in range(OPENS_AT - 1):
        fail(health)
    health.succeeded(*WHO, 100)
    fail(health)

    assert health.wait_s(*WHO, 0.0) == 0


def test_silence_opens_at_once():
    """It cost a whole timeout; the next request does not pay it again."""
    health = Health()
    fail(health, Silent("openai"))

    assert health.wait_s(*WHO, 0.0) == COOLDOWNS_S[0]


def test_a_retry_after_is_honoured_to_the_second():
    """The provider's own word opens its record for as long."""
    health = Health()
    fail(health, Busy("openai", 42.0, "rate limited"), now=10.0)

    assert health.wait_s(*WHO, 10.0) == 42
    assert health.wait_s(*WHO, 52.0) == 0


def test_one_probe_at_a_time_closes_or_opens_again():
    """While somebody probes, nobody else does; a failed probe waits longer, a good one closes."""
    health = Health()
    fail(health, Silent("openai"))
    now = COOLDOWNS_S[0]
    health.begin(*WHO)
    assert health.wait_s(*WHO, now) == float("inf")
    health.failed(*WHO, Busy("openai", 0, "in trouble"), now, request="r")
    assert health.wait_s(*WHO, now) == COOLDOWNS_S[1]
    health.begin(*WHO)
    health.succeeded(*WHO, 5)
    assert health.wait_s(*WHO, now) == 0
    assert health.record(*WHO).state == "closed"


def test_an_abandoned_probe_leaves_the_place_to_the_next():
    """A cancelled request must not close the door for ever."""
    health = Health()
    fail(health, Silent("openai"))
    health.begin(*WHO)
    health.leave(*WHO)

    assert health.wait_s(*WHO, COOLDOWNS_S[0]) == 0


def test_cooldowns_never_exceed_the_last():
    """A provider that is back is found within seconds, however long it was away."""
    health, now = Health(), 0.0
    for _ in range(20):
        fail(health, Silent("openai"), now=now)
        now += health.wait_s(*WHO, now)
    fail(health, Silent("openai"), now=now)

    assert health.wait_s(*WHO, now) == COOLDOWNS_S[-1]


def test_an_account_that_refuses_us_is_off_with_all_its_models():
    """A wrong key is wrong for every model."""
    health = Health()
    fail(health, ProviderOff("bad key"))

    assert health.wait_s("openai", "another", 1.0) == OFF_S - 1
    assert health.as_dict(1.0)["openai"]["off"] == "bad key"


def test_a_model_said_to_be_gone_is_gone_at_once():
    """A plain word is a tombstone."""
    health = Health()
    fail(health, ModelGone("openai", "m", certain=True))

    assert health.wait_s(*WHO, 1e9) == float("inf")
    assert health.gone_models() == {"m"}


def test_a_bare_404_needs_two_distinct_requests():
    """One request that tries twice proves nothing."""
    health = Health()
    for _ in range(5):
        fail(health, ModelGone("openai", "m", certain=False), request="same")
    assert health.gone_models() == set()
    for number in range(GONE_AFTER):
        fail(health, ModelGone("openai", "m", certain=False), request=str(number))
    assert health.gone_models() == {"m"}


def test_the_providers_own_list_buries_what_is_retired():
    """Lifecycle fields count; what is active or ending stays."""
    health = Health()
    health.learn("openai", {"old": "retired", "new": "active", "soon": "ending:2027-01-14"})

    assert health.gone_models() == {"old"}


def test_poor_answers_lower_the_measured_success_but_open_nothing():
    """The provider is well; the model is worth less."""
    health = Health()
    for _ in range(10):
        health.begin(*WHO)
        health.poor(*WHO)

    assert health.wait_s(*WHO, 0.0) == 0
    assert health.record(*WHO).success < 0.4


def test_a_bucket_says_how_long_and_never_more_than_its_own_filling():
    """60 a minute: one a second."""
    bucket = Bucket.of(60.0)
    bucket.take(60, 1.0)

    assert bucket.wait_s(5, 1.0) == pytest.approx(5)
    assert bucket.wait_s(1000, 1.0) == pytest.approx(60)
    assert bucket.wait_s(5, 6.0) == pytest.approx(0)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.001, 30)), max_size=50))
def test_a_bucket_never_gives_more_than_its_size_and_its_filling(takes):
    """Whoever waits as told takes no more than size + rate x time in all."""
    bucket, now, taken = Bucket.of(60.0), 1.0, 0.0
    for amount, pause in takes:
        now += pause
        now += bucket.wait_s(amount, now)
        bucket.take(min(amount, 60), now)
        taken += min(amount, 60)

    assert taken <= 60 + (now - 1.0) + 1e-6


def test_headers_are_believed_over_the_catalogue():
    """The account knows its own limits: 1 request left, full again in 20 s of a limit of 2."""
    paces = Paces()
    paces.take(*WHO, 1000, 10, 1.0)
    paces.learn(*WHO, Limits(requests_limit=2, requests_left=0, requests_reset_s=20, tokens_limit=10**9), 1.0)

    assert paces.wait_s(*WHO, 1000, 10, 1.0) == pytest.approx(10)
    assert paces.wait_s(*WHO, 1000, 10**6, 11.0) == pytest.approx(0)


def test_unused_tokens_are_given_back():
    """A short answer frees what was held for a long one."""
    paces = Paces()
    paces.take(*WHO, 1000, 1000, 1.0)
    paces.give_back(*WHO, 900, 1.0)

    assert paces.wait_s(*WHO, 1000, 900, 1.0) == pytest.approx(0)


def test_a_valve_lets_six_through_a_minute_and_sixty_an_hour():
    """A flood of presses costs six calls; refused ones are not counted."""
    valves = Valves({"cc": (6, 60)})

    assert sum(valves.take("cc", index / 1000) == 0 for index in range(1000)) == 6
    assert valves.take("cc", 1.0) == pytest.approx(59.0, abs=0.1)
    granted = sum(valves.take("cc", 60.0 + index * 10) == 0 for index in range(354))
    assert granted == 54
    assert valves.take("nobody's valve", 1.0) == 0
