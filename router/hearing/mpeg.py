"""What an mp3's frames say of it: where they lie, where it is damaged or breaks off, and how long it is.

libsndfile believes the first header that tells a length (half of two files in one), guesses where none does (six
seconds of twenty), and gives up at a kilobyte that is no frame. So it is shown the frames alone, behind a header that
counts them. Reads frame headers only; never decodes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from router.hearing.spliced import Layout

_KBITS: Final = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits a second of layer III by the header's index, for MPEG 1 and for MPEG 2 and 2.5 (ISO 11172-3, 13818-3)."""
_RATES_HZ: Final = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_LAYER_III: Final = 1
_MIDDLE: Final = 9
"""Index of a bit rate whose frame has room for a header of its own."""
_OTHERS: Final = (b"RIFF", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b"caff")
"""How files begin that are no mp3, whatever their bytes look like further on."""
_TAGS: Final = (b"ID3", b"TAG", b"APE", b"LYR")
"""What may stand between the frames of files that were joined, and is no damage."""
_SYNC: Final = re.compile(rb"\xff[\xe2-\xfb]")
_LOOK: Final = 256 << 10
"""Bytes searched for the next frame where something else stands."""
_CHAIN: Final = 3
"""Frames in a row that are no accident."""


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of an mp3.

    Attributes:
        parts: Where they lie, from byte to byte. count: how many there are. header: the first one's four bytes.
        told: How many the first one says follow it (a Xing, Info or VBRI header), None where it is music itself.
        cut: The last one is not whole.
        damaged: How many came before the first place that is neither a frame nor a tag, None where there is none.
        other_hz: The rate of a further file that is joined behind the last one, None where there is none.
    """

    parts: tuple[tuple[int, int], ...]
    count: int
    header: bytes
    told: int | None
    cut: bool
    damaged: int | None
    other_hz: int | None = None

    @property
    def missing(self) -> int:
        """How many frames fewer there are than was told."""
        return max(0, (self.told or 0) + 1 - self.count)

    def seconds(self, count: int) -> float:
        """Return how long so many frames sound."""
        return count * (1152 if self.header[1] >> 3 & 3 == 3 else 576) / _rate_hz(self.header)


def frames(path: Path, size: int) -> Frames | None:
    """Find the frames of an mp3; None where the file has none."""
    with path.open("rb") as file:
        if file.read(4) in _OTHERS:
            return None
        start = _next(file, 0, None)
        if start is None:
            return None
        file.seek(start)
        first = file.read(64).ljust(64, b"\0")
        place, parts, count, damaged, cut = start, [], 0, None, False
        while True:
            file.seek(place)
            head = file.read(4)
            length = frame_bytes(head)
            if length and _alike(head, first) and place + length <= size:
                place, count = place + length, count + 1
                continue
            parts.append((start, place))
            cut = length > 0
            after = _next(file, place, first)
            if after is None:
                break
            if damaged is None and head[:3] not in _TAGS:
                damaged = count
            start = place = after
        other_hz = _other_hz(file, place)
    if not count:
        return None
    return Frames(tuple(parts), count, first[:4], _told(first), cut and other_hz is None, damaged, other_hz)


def _other_hz(file: BinaryIO, place: int) -> int | None:
    """Return the rate of the frames that follow where those of the first file's kind have ended, None of none."""
    begins = _next(file, place, None)
    if begins is None:
        return None
    file.seek(begins)
    return _rate_hz(file.read(4))


def _rate_hz(header: bytes) -> int:
    return _RATES_HZ[header[1] >> 3 & 3][header[2] >> 2 & 3]


def _next(file: BinaryIO, place: int, first: bytes | None) -> int | None:
    """Return where frames (like the first one) begin at or after a place, tags skipped."""
    while True:
        file.seek(place)
        window = file.read(_LOOK)
        length = _tag_bytes(window)
        if length == 0:
            break
        place += length
    for found in _SYNC.finditer(window):
        heads = list(_chain(window, found.start()))
        if heads and all(_alike(head, first or heads[0]) for head in heads):
            return place + found.start()
    return None


def _tag_bytes(window: bytes) -> int:
    """Return how long the tag is that stands here, 0 where none does (id3.org 2.4.0, APEv2)."""
    if window[:3] == b"ID3" and len(window) >= 10:
        # Four bytes of seven bits each; a footer is as long as the header.
        length = window[6] << 21 | window[7] << 14 | window[8] << 7 | window[9]
        return 20 + length if window[5] & 0x10 else 10 + length
    if window[:8] == b"APETAGEX" and len(window) >= 16:
        return 32 + int.from_bytes(window[12:16], "little")
    return 128 if window[:3] == b"TAG" else 0


def _chain(window: bytes, at: int) -> Iterator[bytes]:
    """Yield the headers of some frames in a row, none where there are fewer."""
    places = [at]
    while len(places) <= _CHAIN and (length := frame_bytes(window[places[-1] : places[-1] + 4])):
        places.append(places[-1] + length)
    if len(places) > _CHAIN:
        yield from (window[place : place + 4] for place in places[:-1])


def _alike(one: bytes, other: bytes) -> bool:
    """Say whether two headers are of the same version, layer and rate."""
    return (one[1] ^ other[1]) & 0x1E == 0 and (one[2] ^ other[2]) & 0x0C == 0


def _told(first: bytes) -> int | None:
    """Return the number of frames that a Xing, Info or VBRI header tells, 0 where it leaves it out."""
    for name, at in ((b"Xing", 8), (b"Info", 8), (b"VBRI", 14)):
        place = first.find(name, 0, 44)
        if place >= 0:
            counted = name == b"VBRI" or first[place + 7] & 1
            return int.from_bytes(first[place + at : place + at + 4]) if counted else 0
    return None


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


def layout(found: Frames) -> Layout:
    """Return the frames and nothing else, behind a first one that says how many there are."""
    if found.told is not None and abs(found.told + 1 - found.count) <= 1:
        return Layout(b"", found.parts)
    (start, end), *others = found.parts
    if found.told is not None:  # and is wrong
        start += frame_bytes(found.header)
    return Layout(_xing(found), ((start, end), *others))


def _xing(found: Frames) -> bytes:
    """Return a silent frame with the count, as the Xing header has it: after the side information, flag 1."""
    head = bytearray(found.header)
    head[1] |= 1  # without a checksum
    head[2] = _MIDDLE << 4 | head[2] & 0x0C
    one, mono = head[1] >> 3 & 3 == 3, head[3] >> 6 == 3
    side = (17 if mono else 32) if one else (9 if mono else 17)
    frame = bytes(head) + bytes(side) + b"Xing" + struct.pack(">II", 1, found.count - (found.told is not None))
    return frame.ljust(frame_bytes(bytes(head)), b"\0")
