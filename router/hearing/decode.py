"""Audio files to blocks of mono samples: streamed, bounded, and refused in words a musician can act on.

Foreign errors of libsndfile end here. Never holds more than one block; never trusts a header's length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from router.errors import InvalidRequest
from router.hearing import mpeg
from router.hearing.analysis import Limits

BLOCK_S: Final = 5.0
LOWEST_RATE_HZ: Final = 8_000
HIGHEST_RATE_HZ: Final = 192_000
SHORTEST_S: Final = 2.0
"""Four beats at 120: below this there is no tempo to be heard."""
SILENCE: Final = 10 ** (-60 / 20)
"""Peak below -60 dB of full scale: nothing a drum would leave."""
_KINDS: Final = {"WAV", "WAVEX", "RF64", "W64", "AIFF", "FLAC", "OGG", "MP3", "MPEG", "CAF"}
_CHUNKED: Final = {b"RIFF", b"RF64", b"FORM"}
_UNKNOWN: Final = 0xFFFFFFFF
_LONGEST_PAGE: Final = 65_307
"""Bytes of an ogg page at most."""
_WANTED: Final = "use a wav, flac, mp3, ogg or aiff file"


@dataclass(frozen=True, slots=True)
class Source:
    """An audio file that can be read.

    Attributes:
        frames: What its header says, 0 where it does not.
        early: The file ends before its container does, or in the middle of a frame.
    """

    path: Path
    rate_hz: int
    channels: int
    frames: int
    kind: str
    early: bool = False
    mp3: mpeg.Frames | None = None

    @property
    def duration_s(self) -> float:
        """Seconds by the header."""
        return self.frames / self.rate_hz


def examine(path: Path, limits: Limits) -> Source:
    """Look at a file without decoding it.

    Raises:
        InvalidRequest: If it is missing, empty, no audio, cut off, too long or of an odd rate.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise InvalidRequest("path", f"{path.name} is no file", _WANTED)
    except (OSError, ValueError) as error:
        raise InvalidRequest("path", f"{path.name} cannot be read: {_reason(error)}", "check the path") from error
    if size == 0:
        raise InvalidRequest("audio", f"{path.name} is empty: 0 bytes", "export it again")
    if size > limits.largest_bytes:
        raise InvalidRequest(
            "audio", f"{path.name} has {size >> 20} MiB; at most {limits.largest_bytes >> 20} are read", "cut it first"
        )
    _whole(path, size)
    mp3 = mpeg.frames(path, size)
    try:
        with _opened(path, mp3) as found:
            pass  # what it tells of itself stays known
    except (soundfile.SoundFileError, OSError, RuntimeError, ValueError) as error:
        raise InvalidRequest("audio", f"{path.name} is no audio file that can be read", _WANTED) from error
    if found.format not in _KINDS:
        raise InvalidRequest("audio", f"{path.name} is {found.format}, which is not read", _WANTED)
    if not LOWEST_RATE_HZ <= found.samplerate <= HIGHEST_RATE_HZ:
        raise InvalidRequest("audio", f"{path.name} has {found.samplerate} samples a second", "use 44.1 to 96 kHz")
    early = not _has_end(path, size) if found.format == "OGG" else mp3 is not None and mp3.cut
    source = Source(path, found.samplerate, found.channels, max(0, found.frames), found.format, early, mp3)
    _long_enough(source.duration_s, limits, path.name)
    return source


def blocks(source: Source, limits: Limits) -> Iterator[NDArray[np.float32]]:
    """Yield mono blocks of `BLOCK_S`; full scale is 1. What is not a number is silence.

    Raises:
        InvalidRequest: If the data break off, or go on longer than the header said and the limit allows.
    """
    size, read = round(BLOCK_S * source.rate_hz), 0
    try:
        with _opened(source.path, source.mp3) as file:
            while True:
                part = file.read(size, dtype="float32", always_2d=True)
                if not len(part):
                    break
                read += len(part)
                _long_enough(read / source.rate_hz, limits, source.path.name)
                mono: NDArray[np.float32] = part.mean(axis=1)
                yield np.nan_to_num(mono, copy=False, nan=0.0, posinf=0.0, neginf=0.0).clip(-8, 8)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise _cut(source.path.name, read / source.rate_hz) from error
    # Compressed formats guess their length; half a second is more than any encoder's padding.
    if source.frames and source.frames - read > source.rate_hz / 2:
        raise _cut(source.path.name, read / source.rate_hz)


def _opened(path: Path, mp3: mpeg.Frames | None) -> soundfile.SoundFile:
    """Open a file; an mp3 that does not tell its length is told."""
    if mp3 is None or mp3.told or not mp3.plain:
        return soundfile.SoundFile(str(path))
    return soundfile.SoundFile(mpeg.Counted(path, mp3))


def _whole(path: Path, size: int) -> None:
    """Refuse a wav or aiff whose audio chunk says more than the file has; libsndfile would read on quietly."""
    with path.open("rb") as file:
        head = file.read(24)
        if head[:4] == b"riff" and len(head) == 24:  # W64 tells the length of the whole file
            _complete(path, struct.unpack("<Q", head[16:])[0] - size, struct.unpack("<Q", head[16:])[0])
            return
        if head[:4] not in _CHUNKED or len(head) < 12:
            return
        order, wanted = (">", b"SSND") if head[:4] == b"FORM" else ("<", b"data")
        file.seek(12)
        long: int | None = None
        while len(chunk := file.read(8)) == 8:
            (length,) = struct.unpack(f"{order}I", chunk[4:])
            if chunk[:4] == b"ds64":  # RF64 keeps lengths beyond four gigabytes here
                long = struct.unpack("<Q", file.read(16)[8:].ljust(8, b"\0"))[0]
                length -= 16
            if chunk[:4] == wanted:
                if length == _UNKNOWN and long:
                    _complete(path, file.tell() + long - size, long)
                # Programs that write while they record leave 0 or all ones: the length is then unknown, not wrong.
                elif length not in {0, 0x7FFFFFFF} and length < 0xFFFFFF00:
                    _complete(path, file.tell() + length - size, length)
                return
            file.seek(length + length % 2, 1)
            if file.tell() >= size:
                break
    raise InvalidRequest("audio", f"{path.name} is cut off before its audio begins", "export it again")


def _complete(path: Path, missing: int, length: int) -> None:
    if missing > 1:
        raise InvalidRequest(
            "audio", f"{path.name} is cut off: {missing} of its {length} bytes are missing", "export it again"
        )


def _has_end(path: Path, size: int) -> bool:
    """Say whether the last page of an ogg file is whole and marked as the stream's end (RFC 3533).

    A note and no refusal: what records a radio stream leaves none, and its music is whole.
    """
    with path.open("rb") as file:
        file.seek(max(0, size - _LONGEST_PAGE))
        tail = file.read()
    page = tail[tail.rfind(b"OggS") :] if b"OggS" in tail else b""
    if len(page) < 27 or not page[5] & 4:
        return False
    lacing = page[27 : 27 + page[26]]
    return len(page) >= 27 + page[26] + sum(lacing)


def _long_enough(duration_s: float, limits: Limits, name: str) -> None:
    if duration_s > limits.longest_s:
        minutes = duration_s / 60
        raise InvalidRequest(
            "audio",
            f"{name} is {minutes:.0f} minutes long or more; at most {limits.longest_s / 60:g} are read",
            "cut out the part to be heard",
        )


def _cut(name: str, read_s: float) -> InvalidRequest:
    return InvalidRequest("audio", f"{name} is cut off or damaged after {read_s:.1f} s", "export it again")


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else "the path is malformed"
