"""Audio files to blocks of mono samples: streamed, bounded, and refused in words a musician can act on.

Foreign errors of libsndfile end here. Never holds more than one block; never trusts a header's length.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from router.errors import InvalidRequest
from router.hearing import mpeg
from router.hearing.analysis import Limits
from router.hearing.spliced import Layout, Spliced

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
_PADDING_S: Final = 0.5
"""Compressed formats guess their length; this is more than any encoder's padding."""
_WANTED: Final = "use a wav, flac, mp3, ogg or aiff file"


@dataclass(frozen=True, slots=True)
class Source:
    """An audio file that can be read.

    Attributes:
        frames: What its header says, 0 where it does not.
        early: The file ends before its container does, or in the middle of a frame.
        damaged_s: Seconds before the first place of an mp3 that is no music, None where there is none.
        layout: How the decoder should see the file, None as it is.
        other_hz: The rate of another mp3 that is joined behind it and not read, None where there is none.
    """

    path: Path
    rate_hz: int
    channels: int
    frames: int
    kind: str
    early: bool = False
    damaged_s: float | None = None
    layout: Layout | None = None
    other_hz: int | None = None

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
            raise InvalidRequest("path", f"{path.name or path} is no file", _WANTED)
    except (OSError, ValueError) as error:
        raise InvalidRequest("path", f"{path.name} cannot be read: {_reason(error)}", "check the path") from error
    if size == 0:
        raise InvalidRequest("audio", f"{path.name} is empty: 0 bytes", "export it again")
    if size > limits.largest_bytes:
        raise InvalidRequest(
            "audio", f"{path.name} has {size >> 20} MiB; at most {limits.largest_bytes >> 20} are read", "cut it first"
        )
    layout = _whole(path, size)
    mp3 = mpeg.frames(path, size)
    if mp3 is not None:
        _nothing_missing(mp3, path.name)
        layout = mpeg.layout(mp3)
    try:
        with _opened(path, layout) as found:
            pass  # what it tells of itself stays known
    except (soundfile.SoundFileError, OSError, RuntimeError, ValueError) as error:
        raise InvalidRequest("audio", f"{path.name} is no audio file that can be read", _WANTED) from error
    if found.format not in _KINDS:
        raise InvalidRequest("audio", f"{path.name} is {found.format}, which is not read", _WANTED)
    if not LOWEST_RATE_HZ <= found.samplerate <= HIGHEST_RATE_HZ:
        raise InvalidRequest("audio", f"{path.name} has {found.samplerate} samples a second", "use 44.1 to 96 kHz")
    early = not _has_end(path, size) if found.format == "OGG" else mp3 is not None and mp3.cut
    damaged_s = None if mp3 is None or mp3.damaged is None else mp3.seconds(mp3.damaged)
    source = Source(
        path, found.samplerate, found.channels, max(0, found.frames), found.format, early, damaged_s, layout,
        None if mp3 is None else mp3.other_hz,
    )  # fmt: skip
    _long_enough(source.duration_s, limits, path.name)
    return source


def blocks(source: Source, limits: Limits) -> Iterator[NDArray[np.float32]]:
    """Yield mono blocks of `BLOCK_S`; full scale is 1. What is not a number is silence.

    Raises:
        InvalidRequest: If the data break off, or go on longer than the header said and the limit allows.
    """
    size, read = round(BLOCK_S * source.rate_hz), 0
    try:
        with _opened(source.path, source.layout) as file:
            while len(part := file.read(size, dtype="float32", always_2d=True)):
                read += len(part)
                _long_enough(read / source.rate_hz, limits, source.path.name)
                yield np.nan_to_num(_mono(part), copy=False, nan=0.0, posinf=0.0, neginf=0.0).clip(-8, 8)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise _cut(source.path.name, _readable_s(source)) from error
    # The decoder of ogg leaves damaged pages out without a word: what is missing is told in a note.
    if source.kind != "OGG" and source.frames - read > source.rate_hz * _PADDING_S:
        raise _cut(source.path.name, read / source.rate_hz)


def _mono(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the channels, or the first where they cancel each other out."""
    mono: NDArray[np.float32] = part.mean(axis=1)
    return part[:, 0] if np.abs(mono).max() < 0.01 * np.abs(part[:, 0]).max() else mono


def _readable_s(source: Source) -> float:
    """Return how many seconds can be read before those that cannot, to a tenth."""
    step, read = source.rate_hz // 10, 0
    with suppress(soundfile.SoundFileError, RuntimeError), _opened(source.path, source.layout) as file:
        while len(file.read(step)):
            read += 1
    return read / 10


def _opened(path: Path, layout: Layout | None) -> soundfile.SoundFile:
    return soundfile.SoundFile(str(path) if layout is None else io.BufferedReader(Spliced(path, layout)))


def _nothing_missing(mp3: mpeg.Frames, name: str) -> None:
    """Refuse an mp3 that holds less than it tells; what is missing in a damaged place is told in a note."""
    if mp3.damaged is None and mp3.seconds(mp3.missing) > _PADDING_S:
        told_s, missing_s = mp3.seconds(mp3.count + mp3.missing), mp3.seconds(mp3.missing)
        raise InvalidRequest(
            "audio", f"{name} is cut off: {missing_s:.1f} of its {told_s:.1f} s are missing", "export it again"
        )


def _whole(path: Path, size: int) -> Layout | None:
    """Refuse a wav or aiff whose audio chunk says more than the file has; libsndfile would read on quietly.

    Programs that write while they record leave 0 or all ones as its length, which is then unknown, not wrong. Of a wav
    with 0 a layout with all ones is returned, which libsndfile reads to the end.
    """
    with path.open("rb") as file:
        head = file.read(24)
        if head[:4] == b"riff" and len(head) == 24:  # W64 tells the length of the whole file
            _complete(path, struct.unpack("<Q", head[16:])[0] - size, struct.unpack("<Q", head[16:])[0])
            return None
        if head[:4] not in _CHUNKED or len(head) < 12:
            return None
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
                elif length not in {0, 0x7FFFFFFF} and length < 0xFFFFFF00:
                    _complete(path, file.tell() + length - size, length)
                elif length == 0 and head[:4] == b"RIFF":
                    begin = file.tell()
                    file.seek(0)
                    return Layout(file.read(begin - 4) + b"\xff" * 4, ((begin, size),))
                return None
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
    """Say whether the last page of an ogg file is whole and marked as the first stream's end (RFC 3533).

    A note and no refusal: what records a radio stream leaves none, and its music is whole. Of several streams in a row
    libsndfile reads the first.
    """
    with path.open("rb") as file:
        first = file.read(18)
        file.seek(max(0, size - _LONGEST_PAGE))
        tail = file.read()
    page = tail[tail.rfind(b"OggS") :] if b"OggS" in tail else b""
    if len(page) < 27 or not page[5] & 4 or page[14:18] != first[14:18]:
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
