"""The router's errors. Each type answers one question: can trying again help?

Never carries a key, a token or a provider's raw body: messages reach logs and clients.
"""

from __future__ import annotations

import json
from typing import Any


class RouterError(Exception):
    """Anything the router refuses or cannot do, in words a musician can act on."""


class InvalidRequest(RouterError):
    """A request asks for something that does not exist or cannot be.

    Attributes:
        field: The parameter at fault.
        hint: What to do instead, in one line.
    """

    def __init__(self, field: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.hint = hint


class BudgetRefused(RouterError):
    """No paid candidate fits the money that is left; never a reason to retry.

    Attributes:
        later: Only calls that still run stand in the way: when they cost less than they may, there is money again.
    """

    def __init__(self, message: str, *, later: bool = False) -> None:
        super().__init__(message)
        self.later = later


class HeldBack(RouterError):
    """A source has caused enough paid calls for now; the message says when it may cause another."""


class AttemptFailed(RouterError):
    """One call to one provider did not give a pattern."""


class Busy(AttemptFailed):
    """Rate limit, overload or timeout: the same call may succeed later.

    Attributes:
        retry_after: Seconds to wait before this provider is asked again; 0 when it did not say.
    """

    def __init__(self, provider: str, retry_after: float = 0.0, why: str = "busy") -> None:
        when = f", retry in {round(retry_after, 1):g} s" if retry_after else ""
        super().__init__(f"{provider} is {why}{when}")
        self.provider = provider
        self.retry_after = retry_after


class Silent(Busy):
    """It said nothing, or nothing more, within its time: asking the same place again only multiplies the wait.

    Attributes:
        hurried: It had less time than its tier gives, for the request was in a hurry.
    """

    hurried = False


class Broken(Busy):
    """It broke off in the middle of its answer: what came is a draft, and has probably been billed."""


class Garbled(Broken):
    """What came is not what its protocol says: a corrupt chunk, half a body, HTML, an empty object."""


class Refused(AttemptFailed):
    """The same call can never succeed: key, permission, account, content filter, bad parameter."""


class ModelGone(Refused):
    """The model is retired or unknown at the provider; `certain` when it said so in words."""

    def __init__(self, provider: str, model: str, *, certain: bool) -> None:
        super().__init__(f"{provider} no longer serves {model}")
        self.provider = provider
        self.model = model
        self.certain = certain


class Unusable(AttemptFailed):
    """An answer came but is no pattern: cut, garbled or against the request. A repair may help."""


class ContentFiltered(Refused):
    """The provider will not speak about this; asking another one the same would be routing around it."""


class ProviderOff(Refused):
    """The account cannot pay or may not enter (key, permission, spending limit): nothing there will answer."""


class InvalidSetting(RouterError):
    """A setting cannot be what it is.

    Attributes:
        name: The setting's name as the user wrote it, an environment variable for most.
        hint: What to write instead, in one line.
    """

    def __init__(self, name: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.name = name
        self.hint = hint


class NoAnswer(RouterError):
    """Every provider failed and the embedded drummer was forbidden.

    Attributes:
        route: How it was tried, in the wire form of the contract.
    """

    def __init__(self, message: str, route: dict[str, object]) -> None:
        super().__init__(message)
        self.route = route

    def shared(self) -> NoAnswer:
        """Return the failure as those see it who shared another's call: what it cost is told to that one."""
        nothing = {"attempts": [], "input_tokens": 0, "output_tokens": 0, "cost_usd": "0.00", "saved_usd": {}}
        return NoAnswer(str(self), {**self.route, **nothing, "cache": "coalesced"})


def shown(value: Any, most: int = 60) -> str:
    """Return a value as a message names it: as JSON has it (true, null), cut where it is long."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= most else text[:most] + "..."
