"""Controls to actions: which CC, note or program means what, and when a button counts as pressed.

Pure: bytes and a time in, actions out. A held button asks once; a knob resting on a button's edge asks once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from router.errors import InvalidSetting, shown

ControlKind = Literal["cc", "note", "program"]
ACTIONS: Final = (
    "generate", "vary", "fill", "play_stop", "next", "undo", "redo", "ai", "favourite", "panic", "tap",
    "fill_now", "break", "hold", "build", "stop",
    "complexity", "density", "swing", "humanize", "intensity", "variation", "fill_amount", "lean", "ghosts",
    "hat_openness", "swing_grid", "genre", "style", "drummer", "bars", "tempo",
)  # fmt: skip
BUTTONS: Final = frozenset(ACTIONS[: ACTIONS.index("complexity")])
_EDGE: Final = 64
_TREMBLE_FLOOR: Final = 48
_TREMBLE_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Control:
    """What a hand moves: a CC, a note or a program, on one channel (1..16) or on any (None)."""

    kind: ControlKind
    number: int
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """One row of the mapping. `at` is when a button's action sounds."""

    control: Control
    action: str
    at: str = "bar"
    relative: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """What was asked. `value` is 0..127 for knobs, the steps (signed) for relative encoders, 127 for buttons."""

    name: str
    value: int
    at: str
    control: Control
    stamp: float
    relative: bool = False


DEFAULT: Final = tuple(
    Trigger(Control("cc", number), action)
    for number, action in (
        (20, "generate"), (21, "vary"), (22, "fill"), (23, "play_stop"), (24, "next"), (25, "complexity"),
        (26, "density"), (27, "swing"), (28, "humanize"), (29, "genre"), (30, "drummer"), (31, "bars"),
        (85, "undo"), (86, "ai"), (87, "favourite"), (102, "intensity"), (103, "variation"), (104, "fill_amount"),
        (105, "lean"), (106, "ghosts"), (107, "hat_openness"), (108, "swing_grid"), (109, "fill_now"), (110, "break"),
        (111, "hold"), (112, "build"), (113, "redo"), (120, "panic"), (123, "panic"),
    )
)  # fmt: skip


def read_triggers(rows: Iterable[Any]) -> tuple[Trigger, ...]:
    """Read a mapping as config.toml and the socket give it.

    Raises:
        ValueError: Naming the row and what is wrong with it.
    """

    def word(of: str, value: Any, known: tuple[str, ...], words: str) -> None:
        if value not in known:
            raise ValueError(f"{where}: {of} is {shown(value)}; it must be {words}")

    out = []
    for index, row in enumerate(rows):
        where = f"mapping row {index + 1}"
        if not isinstance(row, dict) or set(row) - {"kind", "number", "channel", "action", "at", "relative"}:
            raise ValueError(f"{where} must hold kind, number, action and perhaps channel, at, relative")
        kind, number, channel = row.get("kind", "cc"), row.get("number"), row.get("channel")
        word("kind", kind, ("cc", "note", "program"), "cc, note or program")
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 127:
            raise ValueError(f"{where}: number is {shown(number)}; it must be a whole number from 0 to 127")
        if channel is not None and (
            isinstance(channel, bool) or not isinstance(channel, int) or not 1 <= channel <= 16
        ):
            raise ValueError(
                f"{where}: channel is {shown(channel)}; it must be a whole number from 1 to 16, or left out for any"
            )
        word("action", row.get("action"), ACTIONS, f"one of {', '.join(ACTIONS)}")
        at, relative = row.get("at", "bar"), row.get("relative", "")
        word("at", at, ("now", "beat", "bar", "2bars", "4bars", "end"), "now, beat, bar, 2bars, 4bars or end")
        word("relative", relative, ("", "twos", "offset", "signed"), "twos, offset or signed")
        out.append(Trigger(Control(kind, number, channel), row["action"], at, relative))
    return tuple(out)


def read_table(table: Any) -> tuple[Trigger, ...]:
    """Read config.toml's table `mapping`; None and an empty one leave the defaults in force.

    Raises:
        InvalidSetting: Saying what it must hold.
    """
    if not table and isinstance(table, dict | None):
        return DEFAULT
    if not isinstance(table, dict) or table.keys() != {"triggers"} or not isinstance(table["triggers"], list):
        raise InvalidSetting("mapping", f"config.toml: mapping is {shown(table)}; it must hold one list, triggers")
    try:
        return read_triggers(table["triggers"])
    except ValueError as error:
        raise InvalidSetting("mapping", f"config.toml: {error}") from None


def steps(value: int, encoding: str) -> int:
    """Return the signed steps of a relative encoder: 1/127 (twos), 65/63 (offset) or 1/65 (signed)."""
    if encoding == "twos":
        return value if value < 64 else value - 128
    if encoding == "offset":
        return value - 64
    return value if value < 64 else 64 - value


@dataclass(slots=True)
class _Button:
    down: bool = False
    lowest: int = 0
    pressed_at: float = -1e9


class Mapping:
    """Turns incoming channel messages into actions."""

    def __init__(self, triggers: Iterable[Trigger] = DEFAULT) -> None:
        self.triggers = tuple(triggers)
        self._table: dict[tuple[str, int], list[Trigger]] = {}
        for trigger in self.triggers:
            self._table.setdefault((trigger.control.kind, trigger.control.number), []).append(trigger)
        self._buttons: dict[tuple[str, int, int], _Button] = {}

    def handle(self, message: bytes, now: float) -> list[Action]:
        """Return the actions that one whole channel message asks for; [] for anything else."""
        if len(message) < 2 or message[0] < 0x80 or any(byte > 127 for byte in message[1:]):
            return []
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind == 0xB0 and len(message) == 3:
            return self._control("cc", channel, message[1], message[2], now)
        if kind in {0x80, 0x90} and len(message) == 3:
            # A key is a button whatever its velocity: a soft hit is a hit.
            return self._control("note", channel, message[1], 127 if kind == 0x90 and message[2] else 0, now)
        if kind == 0xC0:
            return [
                Action(trigger.action, 127, trigger.at, trigger.control, now)
                for trigger in self._found("program", channel, message[1])
            ]
        return []

    def _found(self, kind: str, channel: int, number: int) -> list[Trigger]:
        rows = self._table.get((kind, number), ())
        return [row for row in rows if row.control.channel in {None, channel + 1}]

    def _control(self, kind: str, channel: int, number: int, value: int, now: float) -> list[Action]:
        found = self._found(kind, channel, number)
        if not found:
            return []
        out = []
        pressed: bool | None = None
        for row in found:
            if row.action not in BUTTONS:
                amount = steps(value, row.relative) if row.relative else value
                out.append(Action(row.action, amount, row.at, row.control, now, bool(row.relative)))
            elif number in {120, 123} and kind == "cc":
                out.append(Action(row.action, 127, row.at, row.control, now))  # panic is sent with value 0
            else:
                if pressed is None:
                    pressed = self._press((kind, channel, number), value, now)
                if pressed:
                    out.append(Action(row.action, 127, row.at, row.control, now))
        return out

    def _press(self, key: tuple[str, int, int], value: int, now: float) -> bool:
        """Return whether this value is a press: up across 64, and not a knob that trembles there."""
        button = self._buttons.setdefault(key, _Button())
        if value < _EDGE:
            button.lowest = min(button.lowest, value) if not button.down else value
            button.down = False
            return False
        if button.down:
            return False
        trembles = button.lowest > _TREMBLE_FLOOR and now - button.pressed_at < _TREMBLE_S
        button.down = True
        button.pressed_at = now  # while it trembles on, it is still the same press
        button.lowest = 127
        return not trembles
