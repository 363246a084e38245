"""Call and its events: what goes to a provider and what comes back, in one shape for all four.

Pure vocabulary. No SDK type passes this line; a key is never part of a call.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final, NamedTuple, Protocol

from router.budget import Usage

FINISHED: Final = "stop"
CUT: Final = "length"
FILTERED: Final = "filter"


class Call(NamedTuple):
    """One call, ready to be sent.

    Attributes:
        turns: (role, text) with roles "user" and "assistant"; the last is always the user's, for newer models refuse
            an answer begun for them.
        temperature: Sent only when not None: some models refuse it.
        effort: Reasoning effort, "" to send none.
        schema: A JSON schema for the answer, or None for plain text.
        schema_name: A name for it; providers ask for one.
    """

    model: str
    system: str
    turns: tuple[tuple[str, str], ...]
    max_tokens: int
    temperature: float | None = None
    effort: str = ""
    schema: Mapping[str, Any] | None = None
    schema_name: str = "answer"

    @property
    def text_bytes(self) -> int:
        """Return the UTF-8 size of all words sent, for an upper bound on tokens."""
        return len(self.system.encode()) + sum(len(text.encode()) for _, text in self.turns)


class Limits(NamedTuple):
    """What an answer's headers said about the provider's patience; None where they were silent.

    Attributes:
        requests_left, tokens_left: In the present window. requests_limit, tokens_limit: Per window.
        requests_reset_s, tokens_reset_s: Seconds until the window is full again.
    """

    requests_limit: int | None = None
    requests_left: int | None = None
    requests_reset_s: float | None = None
    tokens_limit: int | None = None
    tokens_left: int | None = None
    tokens_reset_s: float | None = None


class Metered(NamedTuple):
    """Tokens known before the end (anthropic's prompt count comes first): what a broken stream has cost at least."""

    usage: Usage


class Done(NamedTuple):
    """The provider said that it has finished.

    Attributes:
        reason: "stop", "length" (the cap cut it), "filter", or the provider's own word.
        usage: None when the provider did not say.
        model: The model that answered, as the provider names it; "" when it did not say.
    """

    reason: str
    usage: Usage | None
    model: str = ""


class Wire:
    """Comes first of all, and goes on changing: whether a call may have reached its provider.

    Attributes:
        sent: False only while it is certain that no part of the call has left this machine.
    """

    __slots__ = ("sent",)

    def __init__(self, *, sent: bool = True) -> None:
        self.sent = sent

    def __repr__(self) -> str:
        return f"<Wire {'sent' if self.sent else 'not sent'}>"


Event = str | Wire | Limits | Metered | Done
"""A piece of text, or one of the facts around it."""


class Provider(Protocol):
    """One provider. Raises only the types of `router.errors`; asks once, never retries.

    Attributes:
        name: As in the catalogue.
        close_ends_bill: Whether closing a stream early stops what is billed; where not, it is let run to its end.
    """

    name: str
    close_ends_bill: bool

    async def warm(self) -> None:
        """Load what the first call would have to load."""

    def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Send the call and yield its events; the last is `Done`, or the stream was cut."""
        ...

    async def models(self) -> Mapping[str, str]:
        """Return what the provider's own list says of each model: "active", "ending:DATE" or "retired"."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
