from __future__ import annotations

import io
import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import RATE, drum_loop, save

from router.errors import InvalidRequest
from router.hearing import LIMITS, analyze_file, mpeg
from router.hearing.decode import blocks, examine
from router.hearing.spliced import Layout, Spliced


def read(path: Path) -> tuple[np.ndarray, int]:
    """Return all samples and their rate."""
    source = examine(path, LIMITS)
    return np.concatenate(list(blocks(source, LIMITS))), source.rate_hz


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.wav", {"subtype": "PCM_16"}),
        ("a.wav", {"subtype": "PCM_U8"}),
        ("a.wav", {"subtype": "PCM_24"}),
        ("a.wav", {"subtype": "FLOAT"}),
        ("a.aiff", {}),
        ("a.flac", {}),
        ("a.ogg", {}),
        ("a.mp3", {}),
    ],
)
def test_every_format_is_read_alike(tmp_path: Path, name: str, how: dict[str, str]) -> None:
    """Wav (8 bits too), aiff, flac, ogg and mp3 give the samples that were written, within what the format loses."""
    samples = drum_loop(120, 2)
    found, rate = read(save(tmp_path / name, samples, **how))

    assert rate == RATE
    assert abs(found.size - samples.size) < 0.1 * RATE
    rms = float(np.sqrt(np.mean(samples**2)))
    assert float(np.sqrt(np.mean(found**2))) == pytest.approx(rms, rel=0.1)


def test_stereo_is_mixed_to_one(tmp_path: Path) -> None:
    """A file with opposite channels is as loud as their mean: nothing is taken from one side only."""
    samples = drum_loop(120, 1)
    found, _ = read(save(tmp_path / "a.wav", np.stack((samples, samples * 0), axis=1), subtype="FLOAT"))

    np.testing.assert_allclose(found, samples / 2, atol=1e-6)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 88_200, 96_000])
def test_blocks_are_small_whatever_the_rate(tmp_path: Path, rate: int) -> None:
    """Memory is bounded: no block holds more than five seconds."""
    path = save(tmp_path / "a.wav", np.zeros(12 * rate, np.float32), rate)
    sizes = [block.size for block in blocks(examine(path, LIMITS), LIMITS)]

    assert sizes == [5 * rate, 5 * rate, 2 * rate]


def refused(path: Path) -> str:
    """Return the words of the refusal, which must name a field and a way out."""
    with pytest.raises(InvalidRequest) as caught:
        analyze_file(path)
    assert caught.value.hint
    assert caught.value.field in {"audio", "path"}
    return str(caught.value)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """0 bytes are named as such."""
    (tmp_path / "a.wav").touch()
    assert refused(tmp_path / "a.wav") == "a.wav is empty: 0 bytes"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A path that leads nowhere, a folder and a malformed path are the caller's error, not a crash."""
    assert "No such file" in refused(tmp_path / "a.wav")
    assert "is no file" in refused(tmp_path)
    assert "malformed" in refused(tmp_path / "a\0.wav")


@pytest.mark.parametrize("content", [b"hello, this is no audio\n" * 50, b"\x89PNG\r\n\x1a\n" + bytes(500), bytes(5000)])
def test_a_wrong_type_is_refused(tmp_path: Path, content: bytes) -> None:
    """Text, a picture and zeros are told apart from audio whatever their name says."""
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    assert refused(path) == "a.wav is no audio file that can be read"


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.flac", "a.mp3", "a.w64", "a.rf64"])
@pytest.mark.parametrize("share", [0.9, 0.6, 0.3])
def test_a_cut_off_file_is_refused(tmp_path: Path, name: str, share: float) -> None:
    """Where the header promises more than the file holds, half a song is not passed off as the whole."""
    path = save(tmp_path / name, drum_loop(120, 4))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])

    assert "cut off" in refused(path)


@pytest.mark.parametrize("share", [0.9, 0.6, 0.3])
def test_an_ogg_without_its_last_page_is_heard_with_a_note(tmp_path: Path, share: float) -> None:
    """Its header tells no length: what is there is heard, and said to be a part; a whole file has no such note."""
    path = save(tmp_path / "a.ogg", drum_loop(120, 12))
    data = path.read_bytes()
    whole = analyze_file(path)
    path.write_bytes(data[: int(len(data) * share)])
    part = analyze_file(path)

    assert not whole.notes
    assert part.duration_s < whole.duration_s
    assert f"the file ends early, after {part.duration_s:.1f} s" in part.notes[0]
    assert part.tempo_bpm == pytest.approx(120, rel=0.01)


def test_the_second_of_two_oggs_in_one_file_is_missed_aloud(tmp_path: Path) -> None:
    """The decoder ends with the first stream; that is said."""
    first = save(tmp_path / "a.ogg", drum_loop(120, 2)).read_bytes()
    second = save(tmp_path / "a.ogg", drum_loop(100, 2)).read_bytes()
    (tmp_path / "a.ogg").write_bytes(first + second)

    assert examine(tmp_path / "a.ogg", LIMITS).early


def test_a_hole_in_an_ogg_is_heard_with_a_note(tmp_path: Path) -> None:
    """The decoder leaves a damaged page out without a word."""
    path = save(tmp_path / "a.ogg", drum_loop(120, 20))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(3000) + data[len(data) // 2 + 3000 :])

    assert "of the file could not be read" in analyze_file(path).notes[0]


def test_a_file_cut_before_its_audio_is_refused(tmp_path: Path) -> None:
    """A header and nothing more is no short song."""
    for name in ("a.wav", "a.aiff", "a.flac"):
        path = save(tmp_path / name, drum_loop(120, 4))
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * 0.02)])

        assert "cut off" in refused(path)


@pytest.mark.parametrize("keep", [4, 11, 20, 43])
def test_a_file_cut_in_its_header_is_refused(tmp_path: Path, keep: int) -> None:
    """A few bytes of a header are no audio."""
    path = save(tmp_path / "a.wav", drum_loop(120, 1))
    path.write_bytes(path.read_bytes()[:keep])
    refused(path)


def test_a_wav_that_was_never_closed_is_read(tmp_path: Path) -> None:
    """Recorders that stream leave all ones as the length: unknown, not wrong."""
    path = save(tmp_path / "a.wav", drum_loop(120, 2))
    data = bytearray(path.read_bytes())
    at = data.index(b"data")
    data[4:8] = data[at + 4 : at + 8] = b"\xff\xff\xff\xff"
    path.write_bytes(data)

    assert read(path)[0].size > 4 * RATE


def test_silence_is_refused(tmp_path: Path) -> None:
    """Digital silence and a noise floor below -60 dB hold no rhythm."""
    hiss = np.random.default_rng(1).normal(0, 1e-4, 8 * RATE).astype(np.float32)
    assert "silent" in refused(save(tmp_path / "a.wav", np.zeros(8 * RATE, np.float32)))
    assert "silent" in refused(save(tmp_path / "b.wav", hiss, subtype="FLOAT"))


def test_samples_that_are_no_numbers_are_silence(tmp_path: Path) -> None:
    """NaN and infinity in a float file neither crash nor spread."""
    samples = drum_loop(120, 2)
    samples[::1000] = np.nan
    samples[1::1000] = np.inf
    found, _ = read(save(tmp_path / "a.wav", samples, subtype="FLOAT"))

    assert np.isfinite(found).all()


def test_what_is_too_short_or_too_long_is_refused(tmp_path: Path) -> None:
    """Below two seconds there is no tempo; beyond the limit the file is refused by its header, before it is read."""
    short = save(tmp_path / "a.wav", drum_loop(120, 1)[: RATE // 2])
    long = save(tmp_path / "b.flac", np.zeros(8000 * 10_800, np.int16), 8000)

    assert "lasts 0.50 s" in refused(short)
    assert "180 minutes" in refused(long)


def test_a_header_that_lies_about_its_length_does_not_help(tmp_path: Path) -> None:
    """The limit holds for what is read, too."""
    path = save(tmp_path / "a.wav", np.zeros(20 * RATE, np.float32))
    source = replace(examine(path, LIMITS), frames=100)

    with pytest.raises(InvalidRequest, match="at most"):
        list(blocks(source, replace(LIMITS, longest_s=6.0)))


def test_a_file_of_too_many_bytes_is_refused_unopened(tmp_path: Path) -> None:
    """Size is looked at first: no decoder sees what is out of bounds."""
    path = save(tmp_path / "a.wav", drum_loop(120, 1))
    with pytest.raises(InvalidRequest, match="MiB"):
        examine(path, replace(LIMITS, largest_bytes=1000))


def test_a_wav_whose_header_says_nothing_is_read(tmp_path: Path) -> None:
    """Recorders that crashed leave 0 as the length, and the music behind it."""
    path = save(tmp_path / "a.wav", drum_loop(120, 2))
    data = bytearray(path.read_bytes())
    at = data.index(b"data")
    data[4:8] = data[at + 4 : at + 8] = bytes(4)
    path.write_bytes(data)

    assert read(path)[0].size > 4 * RATE


def test_channels_that_cancel_each_other_out_are_heard(tmp_path: Path) -> None:
    """A side wired the wrong way round is no silence."""
    samples = drum_loop(120, 1)
    found, _ = read(save(tmp_path / "a.wav", np.stack((samples, -samples), axis=1), subtype="FLOAT"))

    np.testing.assert_allclose(found, samples, atol=1e-6)


def test_a_damaged_flac_is_refused_with_the_place(tmp_path: Path) -> None:
    """Where to look is told to a second, not the last block that was whole."""
    path = save(tmp_path / "a.flac", drum_loop(120, 10))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 5] + bytes(3000) + data[len(data) // 5 + 3000 :])

    place = re.search(r"damaged after (\S+) s", refused(path))
    assert place is not None
    assert float(place[1]) == pytest.approx(4, abs=1)


def headless(path: Path, samples: np.ndarray) -> Path:
    """Write an mp3 of changing bit rate whose first frame, which tells its length, is taken away."""
    save(path, samples, bitrate_mode="VARIABLE")
    found = mpeg.frames(path, path.stat().st_size)
    assert found is not None
    assert found.told == found.count - 1
    path.write_bytes(path.read_bytes()[found.parts[0][0] + mpeg.frame_bytes(found.header) :])
    return path


@pytest.mark.parametrize("quiet_s", [0.0, 8.0])
def test_an_mp3_that_does_not_tell_its_length_is_heard_to_its_end(tmp_path: Path, quiet_s: float) -> None:
    """Neither for a third of it nor, after a quiet beginning, called cut off: its first frames say little."""
    samples = np.concatenate((np.zeros(int(quiet_s * RATE), np.float32), drum_loop(120, 6)))
    found, rate = read(headless(tmp_path / "a.mp3", samples))

    assert found.size / rate == pytest.approx(samples.size / RATE, abs=0.2)


def test_an_mp3_that_breaks_off_within_a_frame_is_known(tmp_path: Path) -> None:
    """A note and no refusal, for what was there is heard."""
    path = headless(tmp_path / "a.mp3", drum_loop(120, 6))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 + 1])

    assert examine(path, LIMITS).early
    assert "ends early" in analyze_file(path).notes[0]


def id3(size: int) -> bytes:
    """Return a tag of so many bytes, as a picture of an album makes it."""
    length = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + length + np.random.default_rng(5).bytes(size)


LYRICS = b"LYRICSBEGININD0000200" + b"la la" * 300 + b"001521LYRICS200"
APE = b"APETAGEX" + struct.pack("<IIII8x", 2000, 332, 1, 0xA0000000) + bytes(300) + b"APETAGEX" + bytes(24)
AROUND = {
    "nothing": (b"", b""),
    "two big tags": (id3(50_000) + id3(400_000), b""),
    "leading junk": (np.random.default_rng(6).bytes(3000), b""),
    "leading zeros": (bytes(3000), b""),
    "zeros": (b"", bytes(5000)),
    "text": (b"", b"hello, this is no audio\n" * 300),
    "id3v1": (b"", b"TAG" + bytes(125)),
    "ape and id3v1": (b"", APE + b"TAG" + bytes(125)),
    "lyrics": (b"", LYRICS + b"TAG" + bytes(125)),
    "junk": (b"", np.random.default_rng(7).bytes(9000)),
}


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("around", AROUND)
def test_what_stands_around_an_mp3_changes_nothing(tmp_path: Path, around: str, *, told: bool) -> None:
    """Tags before it, tags and rubbish behind it: the music is whole, and neither called cut off nor damaged."""
    samples = drum_loop(120, 4)
    path = tmp_path / "a.mp3"
    (save(path, samples) if told else headless(path, samples)).touch()
    before, behind = AROUND[around]
    path.write_bytes(before + path.read_bytes() + behind)
    source = examine(path, LIMITS)
    found = np.concatenate(list(blocks(source, LIMITS)))

    assert found.size / source.rate_hz == pytest.approx(samples.size / RATE, abs=0.1)
    assert (source.early, source.damaged_s) == (False, None)


@pytest.mark.parametrize("between", [b"", b"TAG" + bytes(125) + APE + id3(400_000)])
@pytest.mark.parametrize("told", [True, False])
def test_joined_mp3s_are_heard_to_the_end_of_the_last(tmp_path: Path, between: bytes, *, told: bool) -> None:
    """The first one's header tells the length of the first; tags between them are no damage."""
    samples = drum_loop(120, 4)
    path = tmp_path / "a.mp3"
    data = (save(path, samples) if told else headless(path, samples)).read_bytes()
    path.write_bytes(data + between + data)
    source = examine(path, LIMITS)
    found = np.concatenate(list(blocks(source, LIMITS)))

    assert found.size / source.rate_hz == pytest.approx(2 * samples.size / RATE, abs=0.2)
    assert (source.early, source.damaged_s) == (False, None)


@pytest.mark.parametrize("between", [b"", b"TAG" + bytes(125) + id3(4_000)])
def test_a_joined_mp3_of_another_rate_is_told(tmp_path: Path, between: bytes) -> None:
    """A decoder knows one rate a file: what lies behind is not heard, and a note says so."""
    first, other = tmp_path / "a.mp3", tmp_path / "b.mp3"
    data = save(first, drum_loop(120, 4)).read_bytes()
    soundfile.write(other, drum_loop(120, 4)[::2], RATE // 2, format="MP3")
    first.write_bytes(data + between + other.read_bytes())
    heard = analyze_file(first)

    assert heard.duration_s == pytest.approx(drum_loop(120, 4).size / RATE, abs=0.2)
    assert [note for note in heard.notes if f"of {RATE // 2} samples" in note and "convert" in note]


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("rubbish", [bytes(4000), np.random.default_rng(8).bytes(20_000)])
def test_a_damaged_mp3_is_heard_with_a_note_of_the_place(tmp_path: Path, rubbish: bytes, *, told: bool) -> None:
    """A hole in the middle costs what lay there, and no more."""
    path = tmp_path / "a.mp3"
    data = (save(path, drum_loop(120, 10)) if told else headless(path, drum_loop(120, 10))).read_bytes()
    half = len(data) // 2
    path.write_bytes(data[:half] + rubbish + data[half + len(rubbish) :])
    heard = analyze_file(path)

    assert examine(path, LIMITS).damaged_s == pytest.approx(10, abs=0.5)
    assert heard.duration_s == pytest.approx(20, abs=3)
    assert heard.notes[0].startswith("the file is damaged at ")


@pytest.mark.parametrize("junk", [b"", b"\xff\xfb", b"\xff\xfb\xf0\x00" * 9, b"RIFF" + bytes(60), b"ID3" + bytes(90)])
def test_what_is_no_mp3_has_no_frames(tmp_path: Path, junk: bytes) -> None:
    """Nor does anything else happen."""
    (tmp_path / "a.mp3").write_bytes(junk)

    assert mpeg.frames(tmp_path / "a.mp3", len(junk)) is None


def test_a_file_is_read_in_its_new_layout(tmp_path: Path) -> None:
    """Bytes of ours and two parts are one stream, from wherever it is read and however much at once."""
    path = tmp_path / "a"
    path.write_bytes(bytes(range(100)))
    whole = b"head" + bytes(range(10, 20)) + bytes(range(50, 53))
    with io.BufferedReader(Spliced(path, Layout(b"head", ((10, 20), (50, 53))))) as file:
        assert file.read() == whole
        assert file.seek(-5, io.SEEK_END) == len(whole) - 5
        assert file.read(4) == whole[-5:-1]
        assert [file.seek(place) and file.read(7) for place in range(1, 20)] == [
            whole[place : place + 7] for place in range(1, 20)
        ]
