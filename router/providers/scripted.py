"""A provider that plays from a script: the twin that tests, replay and offline runs use instead of the four SDKs.

Never touches the network or a clock of its own; waits go through the event loop like a real provider's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from router.budget import Usage
from router.call import FINISHED, Call, Done, Event
from router.errors import AttemptFailed

Step = Event | AttemptFailed | float
"""What a script is made of: an event to yield, an error to raise, or seconds to wait."""


def says(text: str, *, pieces: int = 8, tokens: int | None = None, model: str = "") -> tuple[Step, ...]:
    """Return the script of a good answer, cut into `pieces`."""
    size = max(1, -(-len(text) // pieces))
    parts = tuple(text[start : start + size] for start in range(0, len(text), size))
    return (*parts, Done(FINISHED, Usage(400, tokens or len(text) // 3), model))


@dataclass
class Scripted:
    """Plays one script for each call, in order; the last one repeats. A callable makes the script from the call.

    Attributes:
        calls: What was asked, in order. closed: How many streams were closed before their end.
    """

    name: str
    scripts: list[Iterable[Step] | Callable[[Call], Iterable[Step]]]
    close_ends_bill: bool = True
    lifecycle: Mapping[str, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    closed: int = 0

    async def warm(self) -> None:
        """Nothing to load."""

    async def aclose(self) -> None:
        """Nothing to close."""

    async def models(self) -> Mapping[str, str]:
        """Return the scripted list."""
        return self.lifecycle

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Play the next script."""
        index = min(len(self.calls), len(self.scripts) - 1)
        self.calls.append(call)
        script = self.scripts[index]
        whole = False
        try:
            for step in script(call) if callable(script) else script:
                if isinstance(step, float | int):
                    await asyncio.sleep(step)
                elif isinstance(step, AttemptFailed):
                    whole = True
                    raise step
                else:
                    yield step
            whole = True
        finally:
            self.closed += not whole
