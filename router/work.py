"""Work: what is asked of a model, worded, heard and judged. Two kinds: a pattern, and plain data.

Pure. A small model chooses presets, a larger one writes notes; whichever way an answer comes, it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from router import drummer, prompt, quality
from router.call import Call
from router.errors import Unusable
from router.notation import Reader
from router.pattern import Pattern
from router.policy import Candidate
from router.request import GrooveRequest
from router.tasks import TASKS, Task

_KEPT_CHARS: Final = 6000
"""How much of a bad answer goes back with the complaint."""

_CHOICE: Final = TASKS["template_selection"]


class Written(NamedTuple):
    """A finished pattern and who made it."""

    pattern: Pattern
    tier: str
    provider: str
    model: str
    notes: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Music:
    """A pattern is wanted. From the fast tier: presets for the embedded drummer; from the others: notes.

    `must_fit` makes it a question: an answer that presets do not fit gives None.
    """

    request: GrooveRequest
    task: Task
    on_draft: Callable[[Pattern], None] | None = None
    must_fit: bool = False
    spoke: bool = False
    _reader: Reader = field(init=False)
    _bars: int = 0
    _last: str = ""

    def __post_init__(self) -> None:
        self._reader = quality.reader(self.request)

    def again(self) -> Music:
        """Return the same work afresh; only one of the two writes drafts."""
        return Music(self.request, self.task, None, self.must_fit)

    def call(self, candidate: Candidate, complaint: str) -> Call:
        """Return the call for a candidate; with a complaint it is a repair of the last answer."""
        self._reader, self._bars, self.spoke = quality.reader(self.request), 0, False
        chooses = candidate.tier == "fast"
        turns: tuple[tuple[str, str], ...] = (("user", prompt.wish(self.request)),)
        if complaint and self._last:
            turns += (("assistant", self._last[:_KEPT_CHARS]), ("user", prompt.mend(complaint)))
        return Call(
            candidate.model,
            prompt.system_for_choice() if chooses else prompt.NOTES,
            turns,
            candidate.max_tokens,
            candidate.temperature,
            candidate.effort,
            _CHOICE.schema() if chooses else None,
            "choice",
        )

    def hear(self, text: str) -> None:
        """Take a piece of the answer; a bar that is whole becomes part of the draft at once."""
        self.spoke = True
        whole = self._reader.feed(text)
        if whole > self._bars and self.on_draft is not None:
            self._bars = whole
            if whole < self.request.bars:  # the last bar makes it an answer, which is judged
                self.on_draft(quality.draft(self._reader.draft(), self.request))

    def judge(self, text: str, candidate: Candidate) -> Callable[[], Written | None]:
        """Judge a whole answer; what comes back makes its pattern, None where presets do not fit.

        Raises:
            Unusable: With a complaint for the model's second try.
        """
        self._last = text
        score = self._reader.close()
        maker = f"{candidate.provider}/{candidate.model}"
        if score.bars or '"hits"' in text or candidate.tier != "fast":
            finish = quality.judge(score, text, self.request, maker)
            return lambda: Written(finish().pattern, candidate.tier, candidate.provider, candidate.model)
        fits, chosen = quality.choice(text, self.request)
        if self.must_fit and not fits:
            return lambda: None
        return lambda: self._chosen(chosen, candidate, fits=fits)

    def _chosen(self, chosen: GrooveRequest, candidate: Candidate, *, fits: bool) -> Written:
        maker = f"{candidate.provider}/{candidate.model}"
        pattern = drummer.draw(chosen)
        pattern = replace(pattern, meta={**pattern.meta, "generator": f"{maker} with the embedded drummer"}, id="")
        judged = quality.rules(pattern, self.request, [], strict=False)
        notes = () if fits else ("presets do not meet the wish fully, says the model that chose them",)
        return Written(judged.pattern, candidate.tier, candidate.provider, candidate.model, notes)


@dataclass(slots=True, eq=False)
class Facts:
    """Plain data is wanted: one JSON object with a task's own fields."""

    payload: Mapping[str, Any]
    task: Task
    spoke: bool = False
    _last: str = ""

    def again(self) -> Facts:
        """Return the same work afresh."""
        return Facts(self.payload, self.task)

    def call(self, candidate: Candidate, complaint: str) -> Call:
        """Return the call for a candidate; with a complaint it is a repair of the last answer."""
        system, user = prompt.data(self.task, self.payload)
        turns: tuple[tuple[str, str], ...] = (("user", user),)
        if complaint and self._last:
            turns += (("assistant", self._last[:_KEPT_CHARS]), ("user", f"{complaint}. Answer again, only the JSON."))
        schema = self.task.schema()
        cap = min(candidate.max_tokens, self.task.max_tokens)
        return Call(
            candidate.model, system, turns, cap, candidate.temperature, candidate.effort, schema, self.task.kind
        )

    def hear(self, text: str) -> None:
        """Take a piece of the answer; data is of no use before it is whole."""
        self.spoke = self.spoke or bool(text)

    def judge(self, text: str, candidate: Candidate) -> Callable[[], tuple[dict[str, Any], Candidate]]:
        """Judge an answer; what comes back gives its data with exactly the task's fields, and who gave it.

        Raises:
            Unusable: If a field is missing or of another type.
        """
        self._last = text
        data = quality.json_object(text)
        wanted = self.task.fields or {"answer": "string"}
        for name, kind in wanted.items():
            if name not in data:
                raise Unusable(f"the field {name} is missing")
            if not _is(data[name], kind):
                raise Unusable(f"the field {name} must be {kind}")
        return lambda: ({name: data[name] for name in wanted}, candidate)


def _is(value: Any, kind: str) -> bool:
    if kind.endswith("[]"):
        return isinstance(value, list) and all(_is(item, kind[:-2]) for item in value)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "boolean": bool}[kind])
