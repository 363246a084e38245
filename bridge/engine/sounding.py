"""The table of what sounds, in a file that outlives us: 16 x 128 counts, and who our ports were connected to.

A note is counted before its note-on leaves and uncounted after its note-off left, so that whatever kills this process,
its successor knows exactly which notes to release, and where.
"""

from __future__ import annotations

import json
import mmap
import os
from pathlib import Path
from typing import Final

TABLE_BYTES: Final = 16 * 128
_FILE_BYTES: Final = 16_384


class Sounding:
    """The mapped file; the operating system keeps what was written even when we are killed."""

    def __init__(self, path: Path) -> None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            if os.fstat(handle).st_size < _FILE_BYTES:
                os.ftruncate(handle, _FILE_BYTES)
            self._map = mmap.mmap(handle, _FILE_BYTES)
        finally:
            os.close(handle)

    def __repr__(self) -> str:
        return f"<Sounding {len(self.notes())} notes>"

    def on(self, status: int, note: int) -> None:
        """Count a note-on that is about to leave."""
        index = (status & 0x0F) << 7 | note
        self._map[index] = min(255, self._map[index] + 1)

    def off(self, status: int, note: int) -> None:
        """Forget a note whose note-off left: one note-off ends it, however often it was struck."""
        self._map[(status & 0x0F) << 7 | note] = 0

    def notes(self) -> list[tuple[int, int]]:
        """Return (channel, note) of all that sounds."""
        table = self._map[:TABLE_BYTES]
        return [divmod(index, 128) for index, count in enumerate(table) if count] if any(table) else []

    def clear(self) -> None:
        """Forget all."""
        self._map[:TABLE_BYTES] = bytes(TABLE_BYTES)

    @property
    def connections(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Who our output played to and our input heard, as last written; a torn writing counts as nobody."""
        text = self._map[TABLE_BYTES:].split(b"\0", 1)[0]
        try:
            to, come_from = json.loads(text or b"[[], []]")
            return tuple(map(str, to)), tuple(map(str, come_from))
        except (ValueError, TypeError):
            return (), ()

    @connections.setter
    def connections(self, value: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
        text = json.dumps(value).encode()
        room = _FILE_BYTES - TABLE_BYTES
        self._map[TABLE_BYTES:] = (text if len(text) < room else b"[[], []]").ljust(room, b"\0")

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()
