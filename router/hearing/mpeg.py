"""What an mp3's frames say of its length: where it breaks off, and how long it is where no header tells.

An mp3 of changing bit rate without such a header is read by libsndfile for as long as its first frames let it guess:
six seconds of twenty. Reads frame headers only; never decodes.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_KBITS: Final = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits a second of layer III by the header's index, for MPEG 1 and for MPEG 2 and 2.5 (ISO 11172-3, 13818-3)."""
_RATES_HZ: Final = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_LAYER_III: Final = 1
_TAGS: Final = (b"", b"TAG", b"APE", b"LYR")
"""What may follow the last frame."""
_MIDDLE: Final = 9
"""Index of a bit rate whose frame has room for a header of its own."""


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of an mp3.

    Attributes:
        start: Bytes before the first one.
        count: How many there are. header: the first one's four bytes.
        told: The first one says how many there are (a Xing, Info or VBRI header).
        cut: The last one is not whole. plain: nothing but frames and tags is there.
    """

    start: int
    count: int
    header: bytes
    told: bool
    cut: bool
    plain: bool


def frames(path: Path, size: int) -> Frames | None:
    """Count the frames of an mp3; None where the file begins with none."""
    with path.open("rb") as file:
        head = file.read(10)
        start = 0
        if head[:3] == b"ID3" and len(head) == 10:  # four bytes of seven bits each
            start = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
        file.seek(start)
        first = file.read(64)
        place, count = start, 0
        while place < size:
            file.seek(place)
            head = file.read(4)
            length = frame_bytes(head)
            if length == 0:
                break
            place, count = place + length, count + 1
    told = any(name in first for name in (b"Xing", b"Info", b"VBRI"))
    plain = place >= size or head[:3] in _TAGS
    return Frames(start, count, first[:4], told, place > size, plain) if count else None


def frame_bytes(header: bytes) -> int:
    """Return how long a layer III frame is, 0 where these four bytes begin none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0 or header[1] >> 1 & 3 != _LAYER_III:
        return 0
    version, rate, kbits = header[1] >> 3 & 3, header[2] >> 2 & 3, header[2] >> 4
    if version not in _RATES_HZ or rate == 3 or kbits in {0, 15}:
        return 0
    one = version == 3
    slots = (144_000 if one else 72_000) * _KBITS[1 if one else 2][kbits]
    return slots // _RATES_HZ[version][rate] + (header[2] >> 1 & 1)


class Counted(io.RawIOBase):
    """An mp3 as it is, behind a first frame that says how many there are."""

    def __init__(self, path: Path, found: Frames) -> None:
        """Open the file; nothing is copied."""
        self._file = path.open("rb")
        self._head = _xing(found)
        self._start = found.start
        self._size = len(self._head) + path.stat().st_size - found.start
        self._place = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Return the place in header and file together."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in header and file together."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer with the next bytes, fewer at the end; return how many."""
        with memoryview(buffer).cast("B") as room:
            out = self._head[self._place : self._place + len(room)]
            if len(out) < len(room):
                self._file.seek(self._start + self._place + len(out) - len(self._head))
                out += self._file.read(len(room) - len(out))
            room[: len(out)] = out
        self._place += len(out)
        return len(out)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def _xing(found: Frames) -> bytes:
    """Return a silent frame with the count, as the Xing header has it: after the side information, flag 1."""
    head = bytearray(found.header)
    head[1] |= 1  # without a checksum
    head[2] = _MIDDLE << 4 | head[2] & 0x0C
    one, mono = head[1] >> 3 & 3 == 3, head[3] >> 6 == 3
    side = (17 if mono else 32) if one else (9 if mono else 17)
    frame = bytes(head) + bytes(side) + b"Xing" + struct.pack(">II", 1, found.count)
    return frame.ljust(frame_bytes(bytes(head)), b"\0")
