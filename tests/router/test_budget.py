"""Money is exact: prices, worst cases, costs and the words of a refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.budget import (
    MAX_PICOUSD,
    PICO,
    Funds,
    Price,
    Usage,
    ceiling,
    cost_picousd,
    format_usd,
    next_month,
    parse_usd,
    refusal,
    token_bound,
    worst_case_picousd,
)
from router.errors import InvalidRequest

HAIKU = Price.per_million("0.10", "0.50", cached_input_usd="0.01", cache_write_usd="0.125")
tokens = st.integers(0, 10_000_000)


def test_published_prices_are_whole_pico_dollars_a_token():
    """The finest price in the catalogue, $0.0375 a million, is 37,500 pico-dollars a token, exactly."""
    assert Price.per_million("0.0375", "0.15") == Price(37_500, 150_000)
    assert Price(100_000, 500_000, 10_000, 125_000) == HAIKU


@pytest.mark.parametrize("text", ["0.0000000000001", "-1", "1e3", "", "nan", "0.00000000001"])
def test_a_price_that_is_no_price_is_refused(text):
    """What is not exactly representable is refused, never rounded."""
    with pytest.raises(ValueError, match="dollars"):
        Price.per_million(text, "1")


def test_prices_below_zero_are_refused():
    """A negative price would let a call earn budget."""
    with pytest.raises(ValueError, match="out of range"):
        Price(-1, 1)


def test_the_worst_case_takes_the_dearest_way_to_pay_for_input():
    """A prompt may be written into the provider's cache, which costs more than plain input."""
    assert worst_case_picousd(HAIKU, 1000, 256) == 1000 * 125_000 + 256 * 500_000
    assert worst_case_picousd(Price(7, 11), 3, 2) == 43


@pytest.mark.parametrize(("prompt", "most"), [(-1, 0), (0, -1)])
def test_negative_tokens_have_no_worst_case(prompt, most):
    """A negative count is a mistake of the caller, not a discount."""
    with pytest.raises(ValueError, match="negative"):
        worst_case_picousd(HAIKU, prompt, most)


def test_a_cost_counts_each_part_of_the_prompt_once():
    """Cached and written tokens are parts of the prompt; the rest is paid at the plain price."""
    usage = Usage(1000, 200, cached_tokens=600, cache_write_tokens=300, reasoning_tokens=150)
    assert cost_picousd(HAIKU, usage) == 100 * 100_000 + 600 * 10_000 + 300 * 125_000 + 200 * 500_000


def test_a_provider_is_never_trusted_below_zero():
    """Negative usage costs nothing; reasoning beyond the output is paid as output."""
    assert cost_picousd(HAIKU, Usage(-5, -5, cached_tokens=-7)) == 0
    assert cost_picousd(Price(1, 1), Usage(0, 1, reasoning_tokens=9)) == 9


@given(prompt=tokens, answer=tokens, cached=tokens, written=tokens)
def test_no_usage_within_its_bounds_costs_more_than_the_worst_case(prompt, answer, cached, written):
    """What was reserved always covers what is settled."""
    cached = min(cached, prompt)
    written = min(written, prompt - cached)
    usage = Usage(prompt, answer, cached, written)
    assert cost_picousd(HAIKU, usage) <= worst_case_picousd(HAIKU, prompt, answer)


def test_a_text_cannot_have_more_tokens_than_its_bound():
    """A byte-level tokeniser gives a token a byte at most; the frame around the prompt has room too."""
    assert token_bound(0) > 0
    assert token_bound(len("ü" * 100) * 2) >= 200
    with pytest.raises(ValueError, match="bytes"):
        token_bound(-1)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("0", 0), ("0.10", PICO // 10), (" 100.00 ", 100 * PICO), ("0.000000000001", 1), ("1000000", MAX_PICOUSD)],
)
def test_an_amount_as_people_write_it_is_read(text, amount):
    """Dollars with up to twelve decimals are read exactly."""
    assert parse_usd(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1e2",
        "nan",
        "inf",
        "1,5",
        "1.",
        ".5",
        "$1",
        "1000000.01",
        "0.0000000000001",
        "1_0",
        "1 0",
        "\u0661",
    ],
)
def test_anything_else_is_refused_with_what_it_was(text):
    """Signs, exponents, other digits and amounts beyond a million are errors that show the text."""
    with pytest.raises(ValueError, match="is no amount of dollars") as caught:
        parse_usd(text)
    assert repr(text) in str(caught.value)


@given(st.integers(0, MAX_PICOUSD))
def test_writing_and_reading_an_amount_gives_it_back(amount):
    """No pico-dollar is lost on the wire, and no exponent appears."""
    text = format_usd(amount)
    assert parse_usd(text) == amount
    assert "e" not in text.lower()
    assert len(text.partition(".")[2]) >= 2


def test_the_smaller_ceiling_counts():
    """A request can lower the user's ceiling and never raise it; nonsense names the field."""
    assert ceiling(None, None) is None
    assert ceiling(None, 7) == 7
    assert ceiling("0.10", PICO) == PICO // 10
    assert ceiling("2", PICO) == PICO
    assert ceiling("2", None) == 2 * PICO
    with pytest.raises(InvalidRequest) as caught:
        ceiling("cheap", PICO)
    assert caught.value.field == "max_cost_usd"


def test_a_debt_is_written_with_its_sign():
    """A correction may be negative."""
    assert format_usd(-PICO // 100) == "-0.01"


def test_a_refusal_names_the_limit_what_is_left_and_when_it_comes_back():
    """The sentence alone must tell a musician what to do."""
    said = refusal(Funds(202612, PICO, PICO // 2, PICO // 4), PICO // 2)
    for part in ("$0.50", "$1.00", "$0.25", "2027-01-01", "AI_MONTHLY_BUDGET", "still run"):
        assert part in said


def test_a_refusal_of_a_request_names_its_own_ceiling():
    """The request's ceiling is told before the month's."""
    said = refusal(Funds(202612, PICO, 0, 0, PICO // 10, PICO // 20), PICO // 10)
    assert "$0.05" in said
    assert "AI_MAX_COST_PER_REQUEST" in said


def test_months_turn_at_the_year():
    """December is followed by January of the next year."""
    assert [next_month(month) for month in (202611, 202612)] == ["2026-12-01", "2027-01-01"]
