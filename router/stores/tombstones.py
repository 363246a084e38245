"""Tombstones: models that are gone, remembered across restarts in a small JSON file.

Never fatal: a file that cannot be read is an empty memory, one that cannot be written is tried again with the next
model. Written whole or not at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def load(path: Path | None) -> dict[tuple[str, str], str]:
    """Return (provider, model) to the reason; empty when there is no file or it cannot be read."""
    if path is None:
        return {}
    try:
        rows = json.loads(path.read_text("utf-8"))
        return {(str(row["provider"]), str(row["model"])): str(row["why"]) for row in rows}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def save(path: Path | None, gone: Mapping[tuple[str, str], str]) -> None:
    """Write the tombstones; a disk that refuses is left alone."""
    if path is None:
        return
    rows = [{"provider": provider, "model": model, "why": why} for (provider, model), why in sorted(gone.items())]
    draft = path.with_suffix(f".{os.getpid()}.new")
    with suppress(OSError):
        draft.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
        draft.chmod(0o600)
        draft.replace(path)
    with suppress(OSError):
        draft.unlink()
