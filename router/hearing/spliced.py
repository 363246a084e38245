"""A file as a decoder should see it: bytes of ours, then parts of what lies on the disk. Nothing is copied."""

from __future__ import annotations

import io
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


@dataclass(frozen=True, slots=True)
class Layout:
    """Bytes to be read first, and the parts of the file, from byte to byte, that follow."""

    head: bytes
    parts: tuple[tuple[int, int], ...]


class Spliced(io.RawIOBase):
    """A file in another layout, read only."""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Open the file."""
        self._file = path.open("rb")
        self._layout = layout
        # Where each part begins in what is read, and where all ends.
        self._begins = list(accumulate((end - start for start, end in layout.parts), initial=len(layout.head)))
        self._place = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Return the place in the new layout."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the new layout."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._begins[-1]}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer with the next bytes of the head or of one part; return how many, 0 at the end."""
        with memoryview(buffer).cast("B") as room:
            out = self._layout.head[self._place : self._place + len(room)] or self._of_part(len(room))
            room[: len(out)] = out
        self._place += len(out)
        return len(out)

    def _of_part(self, most: int) -> bytes:
        at = bisect_right(self._begins, self._place) - 1
        if at >= len(self._layout.parts):
            return b""
        start, end = self._layout.parts[at]
        place = start + self._place - self._begins[at]
        self._file.seek(place)
        return self._file.read(min(most, end - place))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
