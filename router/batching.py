"""Batching: several patterns asked in one call, so that the notation guide is paid for once.

Pure. A bad part of an answer costs that part: it comes back as None and is asked again by itself, the others stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from router import prompt, quality
from router.call import Call
from router.errors import Unusable
from router.policy import Candidate
from router.request import GrooveRequest
from router.tasks import TASKS, Task
from router.work import Written

TOKENS_PER_BAR: Final = 55
"""A bar of the notation takes 41 on average (measured on human drumming); this leaves room for a dense one."""

_SYSTEM: Final = f"""{prompt.NOTES}
Several patterns are asked. Write them one after another, each with its number in a line of its own before it:
# 1
@ 4/4 grid=16 ...
1 ...
# 2
@ 4/4 grid=16 ...
1 ...
"""
_MARK: Final = re.compile(r"^[ \t]*#{1,3}[ \t]*(?:pattern[ \t]*)?(\d{1,2})\b.*$", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True, eq=False)
class Several:
    """Several patterns are wanted, of a tier that writes notes.

    Attributes:
        requests: What is wanted, in order. task: the kind of all of them.
        flaws: Index to what was wrong with a part of the last answer.
    """

    requests: Sequence[GrooveRequest]
    task: Task = field(default_factory=lambda: TASKS["pattern_generation"])
    flaws: dict[int, str] = field(default_factory=dict)
    spoke: bool = False

    def again(self) -> Several:
        """Return the same work afresh."""
        return Several(self.requests, self.task)

    def call(self, candidate: Candidate, complaint: str) -> Call:
        """Return the call for a candidate."""
        del complaint  # what failed is asked again by itself
        self.spoke = False
        self.flaws.clear()
        wishes = [f"# {number}\n{prompt.wish(one)}" for number, one in enumerate(self.requests, 1)]
        return Call(
            candidate.model,
            _SYSTEM,
            (("user", "\n".join(wishes)),),
            candidate.max_tokens,
            candidate.temperature,
            candidate.effort,
        )

    def hear(self, text: str) -> None:
        """Take a piece of the answer; nothing is played before it is whole."""
        self.spoke = self.spoke or bool(text)

    def judge(self, text: str, candidate: Candidate) -> Callable[[], list[Written | None]]:
        """Judge the parts; what comes back makes a pattern of each, None where it is missing or cannot be played.

        Raises:
            Unusable: If there is not one good part.
        """
        texts = split(text)
        good: list[Callable[[], quality.Judged] | None] = []
        maker = f"{candidate.provider}/{candidate.model}"
        for number, request in enumerate(self.requests, 1):
            part = texts.get(number, "")
            try:
                reader = quality.reader(request)
                reader.feed(part)
                good.append(quality.judge(reader.close(), part, request, maker))
            except Unusable as flaw:
                self.flaws[number - 1] = str(flaw) if part else "it is missing"
                good.append(None)
        if not any(good):
            raise Unusable("; ".join(dict.fromkeys(self.flaws.values())))
        who = candidate.tier, candidate.provider, candidate.model
        return lambda: [finish and Written(finish().pattern, *who) for finish in good]


def split(text: str) -> Mapping[int, str]:
    """Return the numbered parts of an answer; the first of two with one number counts, an unnumbered text is 1's."""
    found = list(_MARK.finditer(text))
    ends = [*(mark.start() for mark in found[1:]), len(text)][: len(found)]
    out: dict[int, str] = {} if found else {1: text}
    for mark, end in zip(found, ends, strict=True):
        out.setdefault(int(mark[1]), text[mark.end() : end].strip("\n") + "\n")
    return out
