"""The mapping as the user has it: from its file, through learn and the socket, and back to the file.

The file is whole or absent; a broken one is named and the defaults play on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bridge.home import write_whole
from bridge.learning import WAIT_S, Learner, as_rows, learned
from bridge.mapping import Mapping, Trigger, read_table, read_triggers

_log = logging.getLogger(__name__)


class Controls:
    """Owns the mapping in use. `changed` is told of every new one, `told` of the steps of learning."""

    def __init__(self, file: Path, configured: Any) -> None:
        """Read the mapping's own file, else `configured`: config.toml's table of that name.

        Raises:
            InvalidSetting: If the table cannot be used; what it must hold.
        """
        self._file = file
        self._defaults = read_table(configured)
        self.mapping = Mapping(self._load())
        self.learner: Learner | None = None
        self.told: Callable[[dict[str, Any]], None] = lambda _: None

    def _load(self) -> tuple[Trigger, ...]:
        try:
            return read_triggers(json.loads(self._file.read_text("utf-8"))["triggers"])
        except FileNotFoundError:
            return self._defaults
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("%s cannot be used, the default triggers are: %s", self._file.name, error)
            return self._defaults

    def rows(self) -> list[dict[str, Any]]:
        """Return the mapping in use."""
        return as_rows(self.mapping.triggers)

    def set(self, rows: Sequence[Any] | None) -> list[dict[str, Any]]:
        """Use and keep another mapping; None goes back to the defaults.

        Raises:
            ValueError: Naming the row at fault; the old mapping stays. OSError: If it cannot be kept.
        """
        if rows is None:
            self._file.unlink(missing_ok=True)
            self.mapping = Mapping(self._defaults)
        else:
            self._use(read_triggers(rows))
        return self.rows()

    def _use(self, triggers: tuple[Trigger, ...]) -> None:
        write_whole(self._file, json.dumps({"triggers": as_rows(triggers)}, indent=1).encode())
        self.mapping = Mapping(triggers)

    def learn(self, action: str, at: str, now: float) -> dict[str, Any]:
        """Bind the next control that moves.

        Raises:
            ValueError: If there is no such action.
        """
        self.learner = Learner(action, now, at)
        return self._tell("waiting", action=action, seconds=WAIT_S)

    def cancel(self) -> dict[str, Any]:
        """Stop waiting."""
        was, self.learner = self.learner, None
        return self._tell("cancelled" if was else "idle")

    def hear(self, message: bytes, now: float) -> bool:
        """Give a message to whoever learns; return whether it was taken (and so triggers nothing)."""
        learner = self.learner
        if learner is None:
            return False
        if learner.over(now):
            self.learner = None
            self._tell("timed_out", action=learner.action)
            return False
        trigger = learner.hear(message)
        if trigger is None:
            if learner.question:
                self._tell("asking", action=learner.action, question=learner.question)
            return True
        self.learner = None
        self._use(learned(self.mapping.triggers, trigger))
        self._tell("learned", trigger=as_rows([trigger])[0])
        return True

    def _tell(self, state: str, **more: Any) -> dict[str, Any]:
        out = {"state": state, **more}
        self.told(out)
        return out
