"""Money as whole numbers: what a call can cost at most, what it did cost, and whether it may be made.

Pure. Pico-dollars (1 USD = 10**12) hold every price per token exactly; no float ever touches an amount. Never trusts a
provider for less than zero.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from router.errors import InvalidRequest

PICO: Final = 10**12
"""Pico-dollars in a dollar."""

MAX_PICOUSD: Final = 1_000_000 * PICO
"""The largest amount read or booked, a million dollars: sums of nine of them still fit a signed 64-bit column."""

TOKENS_OF_FRAME: Final = 256
"""Tokens that a provider may add around a prompt: roles, separators, the schema of a structured answer."""

# No exponent, no sign, no separators: what a person writes for money and nothing that surprises.
_USD = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,12}))?")


@dataclass(frozen=True, slots=True)
class Price:
    """What one token costs, in pico-dollars.

    `cached_input_picousd` is a prompt token read from the provider's cache, `cache_write_picousd` one written into it;
    None means the plain input price.
    """

    input_picousd: int
    output_picousd: int
    cached_input_picousd: int | None = None
    cache_write_picousd: int | None = None

    def __post_init__(self) -> None:
        """Refuse prices below zero, which would let a call earn budget."""
        for amount in (self.input_picousd, self.output_picousd, self.cached_input_picousd, self.cache_write_picousd):
            if amount is not None and not 0 <= amount <= MAX_PICOUSD:
                raise ValueError(f"a price of {amount} pico-dollars a token is out of range")

    @classmethod
    def per_million(
        cls, input_usd: str, output_usd: str, cached_input_usd: str | None = None, cache_write_usd: str | None = None
    ) -> Self:
        """Read prices as they are published: dollars for a million tokens, as decimal strings.

        Raises:
            ValueError: If a text is no amount, or finer than a pico-dollar a token.
        """
        return cls(
            _per_token(input_usd),
            _per_token(output_usd),
            None if cached_input_usd is None else _per_token(cached_input_usd),
            None if cache_write_usd is None else _per_token(cache_write_usd),
        )


class Usage(NamedTuple):
    """Tokens of one call, brought to one meaning for all providers.

    `input_tokens` is the whole prompt: `cached_tokens` (read from the provider's cache) and `cache_write_tokens` are
    parts of it, so where a provider counts them apart they are added first. `output_tokens` is all that is billed as
    output; `reasoning_tokens` is a part of it. `estimated` marks a count that no provider gave.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False


NO_USAGE: Final = Usage(0, 0, estimated=True)


def worst_case_picousd(price: Price, prompt_tokens: int, max_tokens: int) -> int:
    """Return the most that one call can cost, in pico-dollars (exact).

    Args:
        price: Pico-dollars a token; the dearest way to pay for input counts.
        prompt_tokens: Tokens in the prompt, counted or overestimated (`token_bound`).
        max_tokens: The cap sent with the call; the answer is assumed to fill it.

    Raises:
        ValueError: If a token count is negative.
    """
    if prompt_tokens < 0 or max_tokens < 0:
        raise ValueError(f"token counts cannot be negative: {prompt_tokens}, {max_tokens}")
    dearest = max(price.input_picousd, price.cache_write_picousd or 0, price.cached_input_picousd or 0)
    return prompt_tokens * dearest + max_tokens * price.output_picousd


def token_bound(text_bytes: int) -> int:
    """Return a number of tokens that a prompt of so many UTF-8 bytes cannot exceed.

    Every byte-level tokeniser gives at most one token a byte; the margin is for what the provider wraps around it.

    Raises:
        ValueError: If the size is negative.
    """
    if text_bytes < 0:
        raise ValueError(f"a text cannot have {text_bytes} bytes")
    return text_bytes + TOKENS_OF_FRAME


def cost_picousd(price: Price, usage: Usage) -> int:
    """Return what the used tokens cost, in pico-dollars (exact). Counts below zero are taken as zero."""
    cached, written = max(0, usage.cached_tokens), max(0, usage.cache_write_tokens)
    plain = max(0, usage.input_tokens - cached - written)
    cached_price = price.input_picousd if price.cached_input_picousd is None else price.cached_input_picousd
    write_price = price.input_picousd if price.cache_write_picousd is None else price.cache_write_picousd
    spoken = max(0, usage.output_tokens, usage.reasoning_tokens)
    total = plain * price.input_picousd + cached * cached_price + written * write_price + spoken * price.output_picousd
    return min(total, MAX_PICOUSD)


def parse_usd(text: str) -> int:
    """Return an amount written as "0.10" or "100" in pico-dollars.

    Raises:
        ValueError: If it is no plain decimal number of dollars from 0 to 1,000,000, saying what it was.
    """
    found = _USD.fullmatch(text.strip())
    amount = int(found[1]) * PICO + int((found[2] or "").ljust(12, "0")) if found else -1
    if not 0 <= amount <= MAX_PICOUSD:
        raise ValueError(
            f"{text!r:.40} is no amount of dollars; it must be a decimal number from 0 to 1000000, like 0.10"
        )
    return amount


def ceiling(text: str | None, most: int | None) -> int | None:
    """Return the ceiling of one request in pico-dollars: the smaller of its own (as text) and the user's.

    Raises:
        InvalidRequest: If its own is no amount.
    """
    if text is None:
        return most
    try:
        own = parse_usd(text)
    except ValueError as flaw:
        raise InvalidRequest("max_cost_usd", f"max_cost_usd: {flaw}", "try 0.01") from None
    return own if most is None else min(own, most)


def format_usd(picousd: int) -> str:
    """Return an amount in dollars, exact, no exponent, at least two decimals: "0.01", "100.00", "0.000125"."""
    sign = "-" if picousd < 0 else ""
    dollars, rest = divmod(abs(picousd), PICO)
    digits = f"{rest:012d}"
    return f"{sign}{dollars}.{digits[:2]}{digits[2:].rstrip('0')}"


class Funds(NamedTuple):
    """What stands in the ledger when a call asks to be paid, in pico-dollars.

    `month` is 202611 for November 2026; `reserved` is held for calls that still run or whose cost nobody knows yet.
    A limit of None is no limit. `request_used` is what the same request has spent and holds.
    """

    month: int
    limit: int | None
    spent: int
    reserved: int
    request_limit: int | None = None
    request_used: int = 0

    def fits(self, worst: int) -> bool:
        """Say whether a call may be made now even if every open one turns out as dear as it can."""
        return self.limit is None or self.spent + self.reserved + worst <= self.limit

    def may_fit_later(self, worst: int) -> bool:
        """Say whether it could be made once the open calls have told their real cost."""
        return self.limit is None or self.spent + worst <= self.limit

    def fits_request(self, worst: int) -> bool:
        """Say whether the request's own ceiling allows it."""
        return self.request_limit is None or self.request_used + worst <= self.request_limit


def refusal(funds: Funds, worst: int) -> str:
    """Return why a call that costs `worst` at most is not paid: which limit, what is left, when it comes back."""
    cost = format_usd(worst)
    if not funds.fits_request(worst) and funds.request_limit is not None:
        left = format_usd(max(0, funds.request_limit - funds.request_used))
        return (
            f"this call may cost ${cost} and the request's limit of ${format_usd(funds.request_limit)} leaves ${left}; "
            "raise AI_MAX_COST_PER_REQUEST or max_cost_usd to allow it"
        )
    limit = funds.limit or 0
    left = format_usd(max(0, limit - funds.spent - funds.reserved))
    held = f", with ${format_usd(funds.reserved)} held for calls that still run" if funds.reserved else ""
    return (
        f"this call may cost ${cost} and the monthly budget of ${format_usd(limit)} leaves ${left}{held}; "
        f"it starts afresh on {next_month(funds.month)} (UTC), or raise AI_MONTHLY_BUDGET"
    )


def next_month(month: int) -> str:
    """Return the first day after a month: 202612 gives "2027-01-01"."""
    year, number = divmod(month, 100)
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}-01"


def _per_token(usd_per_million: str) -> int:
    amount, rest = divmod(parse_usd(usd_per_million), 1_000_000)
    if rest:
        raise ValueError(f"{usd_per_million!r:.40} dollars a million tokens is finer than a pico-dollar a token")
    return amount
