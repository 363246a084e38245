"""What `run` was told, resolved: the one value that launcher and wiring share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.home import Home
from bridge.settings import Value


@dataclass(frozen=True, slots=True)
class Options:
    """A home that is claimed, settings with their origins, the parsed config.toml, the environment."""

    home: Home
    values: Mapping[str, Value]
    config: Mapping[str, Any]
    environ: Mapping[str, str]

    def get(self, name: str) -> Any:
        """Return a setting's value."""
        return self.values[name].value
