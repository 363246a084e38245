"""MIDI learn: move a control, and it means what you chose. Pure: messages and times in, a trigger or a question out.

Never guesses at an encoder: 65 is one step forward on one make and one back on another, so a turn each way decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from bridge.mapping import ACTIONS, BUTTONS, Control, ControlKind, Trigger
from router.errors import shown

WAIT_S: Final = 30.0
_ENOUGH: Final = 3
"""Messages of one knob that tell a fader from an encoder."""
_ENCODINGS: Final = {
    "twos": (range(1, 4), range(125, 128)),
    "offset": (range(65, 68), range(61, 64)),
    "signed": (range(1, 4), range(65, 68)),
}


@dataclass(slots=True)
class Learner:
    """One act of learning: for `action`, from `since` seconds on, for at most `WAIT_S`."""

    action: str
    since: float
    at: str = "bar"
    _values: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    question: str = ""

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"action is {shown(self.action)}; it must be one of {', '.join(ACTIONS)}")

    def over(self, now: float) -> bool:
        """Return whether nobody moved anything for too long."""
        return now - self.since > WAIT_S

    def hear(self, message: bytes) -> Trigger | None:
        """Take in a channel message; return the trigger once it is clear."""
        if len(message) < 2:
            return None
        kind, channel, number = message[0] & 0xF0, message[0] & 0x0F, message[1]
        if self.action in BUTTONS:
            pressed = kind == 0xC0 or (kind in {0x90, 0xB0} and message[2] >= (64 if kind == 0xB0 else 1))
            names: dict[int, ControlKind] = {0xC0: "program", 0x90: "note", 0xB0: "cc"}
            return Trigger(Control(names[kind], number, channel + 1), self.action, self.at) if pressed else None
        if kind != 0xB0 or len(message) != 3:
            return None
        values = self._values.setdefault((channel, number), [])
        values.append(message[2])
        encoding = self._encoding(values)
        if encoding is None:
            return None
        return Trigger(Control("cc", number, channel + 1), self.action, self.at, encoding)

    def _encoding(self, values: list[int]) -> str | None:
        """Return "" for a fader, an encoder's name, or None while it is not clear yet."""
        fits = [
            name
            for name, (forth, back) in _ENCODINGS.items()
            if all(value in forth or value in back for value in values)
        ]
        if not fits:
            return "" if len(values) >= _ENOUGH else None
        both = [
            name
            for name in fits
            if any(v in _ENCODINGS[name][0] for v in values) and any(v in _ENCODINGS[name][1] for v in values)
        ]
        if len(both) == 1:
            return both[0]
        self.question = "turn it one step the other way"
        return None


def learned(triggers: Iterable[Trigger], new: Trigger) -> tuple[Trigger, ...]:
    """Return the mapping with `new` in it: a control means one thing, other controls of the action stay."""
    kept = [
        row
        for row in triggers
        if not (
            row.control.kind == new.control.kind
            and row.control.number == new.control.number
            and row.control.channel in {None, new.control.channel}
        )
    ]
    return (*kept, new)


def as_rows(triggers: Iterable[Trigger]) -> list[dict[str, Any]]:
    """Return a mapping as files and the socket carry it."""
    return [
        {
            "kind": row.control.kind,
            "number": row.control.number,
            **({} if row.control.channel is None else {"channel": row.control.channel}),
            "action": row.action,
            "at": row.at,
            **({"relative": row.relative} if row.relative else {}),
        }
        for row in triggers
    ]
