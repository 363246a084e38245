"""Bill: what a call came to, from what was heard of it: the provider's usage, or our own estimate, marked as one.

Pure. Believes no count that cannot be, and never goes above what was reserved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from router.budget import Price, Usage, cost_picousd, token_bound
from router.call import Call, Wire
from router.policy import Candidate

LEAST_BYTES: Final = 16
"""Bytes to a token above which a count is not believed; four are usual for words, three for bar lines."""

_UNHEARD: Final = frozenset({"timeout", "cancelled"})
"""Ends after which the provider may go on writing, and billing, where we can no longer see it."""

_UNBILLED: Final = frozenset({"busy", "failed", "refused", "model_gone", "provider_off"})
"""Ends at which no provider bills: it refused before it wrote."""


@dataclass(slots=True, eq=False)
class Heard:
    """What came of a call so far; `wire` where its provider tells whether anything was sent at all."""

    wire: Wire | None = None
    parts: list[str] = field(default_factory=list)
    chars: int = 0
    reason: str = ""
    usage: Usage | None = None
    early: Usage | None = None
    model: str = ""

    @property
    def unsent(self) -> bool:
        """Say whether it is certain that nothing has reached the provider."""
        return self.wire is not None and not self.wire.sent and not self.parts

    @property
    def text(self) -> str:
        """Return all words so far."""
        return "".join(self.parts)


class Bill(NamedTuple):
    """What a call came to; `unknown` where all that was reserved counts, since nobody heard its end."""

    usage: Usage
    cost: int
    unknown: bool = False

    @property
    def input_tokens(self) -> int:
        """Prompt tokens."""
        return self.usage.input_tokens

    @property
    def output_tokens(self) -> int:
        """Answer tokens."""
        return self.usage.output_tokens


def bill_of(candidate: Candidate, call: Call, heard: Heard, outcome: str, price: Price | None) -> Bill:
    """Return what a call came to: the provider's usage, clamped to what is possible, or an estimate marked as one."""
    silent = heard.usage is None and not heard.parts and heard.early is None
    if silent and (heard.unsent or outcome in _UNBILLED):
        return Bill(Usage(0, 0), 0)
    told = heard.usage or heard.early
    sent, came = call.text_bytes, len(heard.text.encode())
    own_in, own_out = sent // 3, min(came // 2 + 1 if came else 0, call.max_tokens)
    if told is None:
        usage = Usage(own_in, own_out, estimated=True)
    else:
        whole = heard.usage is not None
        into = min(_believed(told.input_tokens, sent, own_in), token_bound(sent))
        out = _believed(told.output_tokens, came, own_out) if whole else max(told.output_tokens, own_out)
        out = min(out, call.max_tokens)
        estimated = not whole or (into, out) != (told.input_tokens, told.output_tokens)
        cached, kept = min(told.cached_tokens, into), min(told.cache_write_tokens, into)
        usage = Usage(into, out, cached, kept, min(told.reasoning_tokens, out), estimated)
    worst = candidate.worst_picousd(token_bound(sent))
    if heard.usage is None and outcome in _UNHEARD and not heard.unsent:
        return Bill(Usage(usage.input_tokens, candidate.max_tokens, estimated=True), worst, unknown=True)
    cost = cost_picousd(candidate.price, usage)
    if price is not None and heard.model != candidate.model:
        cost = max(cost, cost_picousd(price, usage))  # another model answered: the dearer of the two counts
    return Bill(usage, min(cost, worst))


def _believed(told: int, size_bytes: int, own: int) -> int:
    """Return a provider's count, or our own where it cannot be true: tokens of sixteen bytes on average are not."""
    return told if told >= size_bytes // LEAST_BYTES else own
