from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sounds import RATE, drum_loop, save

from router.errors import InvalidRequest
from router.hearing import LIMITS, analyze_file, mpeg
from router.hearing.decode import blocks, examine


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


def headless(path: Path, samples: np.ndarray) -> Path:
    """Write an mp3 of changing bit rate whose first frame, which tells its length, is taken away."""
    save(path, samples, bitrate_mode="VARIABLE")
    found = mpeg.frames(path, path.stat().st_size)
    assert found is not None
    assert found.told
    path.write_bytes(path.read_bytes()[found.start + mpeg.frame_bytes(found.header) :])
    return path


@pytest.mark.parametrize("quiet_s", [0.0, 8.0])
def test_an_mp3_that_does_not_tell_its_length_is_heard_to_its_end(tmp_path: Path, quiet_s: float) -> None:
    """Neither for a third of it nor, after a quiet beginning, called cut off: its first frames say little."""
    samples = np.concatenate((np.zeros(int(quiet_s * RATE), np.float32), drum_loop(120, 6)))
    found, rate = read(headless(tmp_path / "a.mp3", samples))

    assert found.size / rate == pytest.approx(samples.size / RATE, abs=0.2)


@pytest.mark.parametrize("tag", [b"", b"TAG" + bytes(125)])
def test_an_mp3_that_breaks_off_within_a_frame_is_known(tmp_path: Path, tag: bytes) -> None:
    """A note and no refusal, for what was there is heard; whole ones, tags behind them or not, have none."""
    path = headless(tmp_path / "a.mp3", drum_loop(120, 6))
    whole = path.read_bytes()
    path.write_bytes(whole + tag)
    assert not examine(path, LIMITS).early

    path.write_bytes(whole[: len(whole) // 2 + 1])
    assert examine(path, LIMITS).early
    assert "ends early" in analyze_file(path).notes[0]


@pytest.mark.parametrize("junk", [b"", b"\xff\xfb", b"\xff\xfb\xf0\x00" * 9, b"RIFF" + bytes(60), b"ID3" + bytes(90)])
def test_what_is_no_mp3_has_no_frames(tmp_path: Path, junk: bytes) -> None:
    """Nor does anything else happen."""
    (tmp_path / "a.mp3").write_bytes(junk)

    assert mpeg.frames(tmp_path / "a.mp3", len(junk)) is None
