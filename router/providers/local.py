"""The embedded drummer as a provider: always there, costs nothing, answers in the notation like the others.

For runs that want every path to be the same, and for tests. The router itself asks the drummer directly.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from router import drummer
from router.budget import Usage
from router.call import FINISHED, Call, Done, Event
from router.notation import write
from router.request import GrooveRequest


class Local:
    """The embedded drummer behind a provider's face."""

    name = "local"
    close_ends_bill = True

    def __init__(self, request: GrooveRequest) -> None:
        self._request = request

    async def warm(self) -> None:
        """Nothing to load."""

    async def aclose(self) -> None:
        """Nothing to close."""

    async def models(self) -> Mapping[str, str]:
        """Return its one model."""
        return {"embedded": "active"}

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Write the pattern bar by bar."""
        del call
        for line in write(drummer.draw(self._request)).splitlines(keepends=True):
            yield line
        yield Done(FINISHED, Usage(0, 0), "embedded")
