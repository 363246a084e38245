"""Regular expressions that are compiled when they are first used: the drummer knows hundreds, 40 ms of every import.

Pure. Once used, one costs what a compiled one does.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, cast


class _Late:
    """Stands for a `re.Pattern` and fetches its methods one by one."""

    def __init__(self, text: str, flags: int) -> None:
        self._told = text, flags

    @cached_property
    def _made(self) -> re.Pattern[str]:
        return re.compile(*self._told)

    def __getattr__(self, name: str) -> Any:
        part = getattr(self._made, name)
        setattr(self, name, part)  # so the next look finds it without coming here
        return part


def regex(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return what `re.compile` does, for its methods and attributes only: `re`'s own functions do not take it."""
    return cast("re.Pattern[str]", _Late(text, flags))
