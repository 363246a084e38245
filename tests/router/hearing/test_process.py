from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sounds import RATE, drum_loop, save

from router.errors import InvalidRequest, RouterError
from router.hearing import LIMITS, Analysis, analyze_file, hear, process
from router.hearing.process import _environment, _judge

pytestmark = [pytest.mark.wire, pytest.mark.timeout(600)]  # some minutes of sound


def test_a_file_is_heard_in_another_process_with_progress(tmp_path: Path) -> None:
    """The same analysis as in this process, progress that never falls and ends at 1, stages in words."""
    path = save(tmp_path / "a.wav", drum_loop(104, 6))
    told: list[tuple[str, float]] = []
    found = asyncio.run(hear(path, on_progress=lambda stage, done: told.append((stage, done))))

    assert found == analyze_file(path)
    assert [done for _, done in told] == sorted(done for _, done in told)
    assert told[-1] == ("done", 1.0)
    assert {stage for stage, _ in told} >= {"reading", "tempo", "bars", "done"}


def test_what_a_file_lacks_is_said_across_the_pipe(tmp_path: Path) -> None:
    """A refusal in the worker is the same refusal here: field, words and hint."""
    path = save(tmp_path / "a.wav", np.zeros(5 * RATE, np.float32))
    with pytest.raises(InvalidRequest, match="silent") as caught:
        asyncio.run(hear(path))
    assert (caught.value.field, caught.value.hint) == ("audio", "check the export's tracks and levels")


def test_the_worker_prints_json_lines_only(tmp_path: Path) -> None:
    """Run by hand it says progress and one result; a bad file ends it with 1 and an error line."""
    path = save(tmp_path / "a.wav", drum_loop(104, 4))
    command = [sys.executable, "-m", "router.hearing.worker"]
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    bad = subprocess.run([*command, str(tmp_path / "none.wav")], capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert all(line.keys() == {"progress", "stage"} for line in lines[:-1])
    assert Analysis.from_dict(lines[-1]["result"]).meter == "4/4"
    assert bad.returncode == 1
    assert json.loads(bad.stdout.splitlines()[-1])["error"]["field"] == "path"


def test_a_cancelled_caller_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled while it works: the process is dead before the cancellation is passed on."""
    path = save(tmp_path / "a.flac", np.tile(drum_loop(104, 8), 20))
    started: list[asyncio.subprocess.Process] = []
    real = asyncio.create_subprocess_exec

    async def watched(*arguments, **options):
        started.append(await real(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(process.asyncio, "create_subprocess_exec", watched)

    async def go() -> None:
        working = asyncio.Event()
        task = asyncio.create_task(hear(path, on_progress=lambda *_: working.set()))
        await asyncio.wait_for(working.wait(), 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert started[0].returncode not in {None, 0}

    asyncio.run(go())


def test_time_is_bounded(tmp_path: Path) -> None:
    """What takes too long is stopped and said to be; the bound here is too short for an interpreter to start."""
    path = save(tmp_path / "a.wav", drum_loop(104, 4))
    with pytest.raises(InvalidRequest, match="longer than"):
        asyncio.run(hear(path, limits=replace(LIMITS, seconds=0.001)))


@pytest.mark.skipif(sys.platform != "linux", reason="address space is bounded on Linux alone")
def test_memory_is_bounded(tmp_path: Path) -> None:
    """A worker that may not grow ends in words or is reported dead; it never swallows the machine."""
    path = save(tmp_path / "a.wav", drum_loop(104, 4))
    with pytest.raises(RouterError):
        asyncio.run(hear(path, limits=replace(LIMITS, memory_bytes=150 << 20)))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the high-water mark the Linux way")
def test_ten_minutes_fit_in_little_memory(tmp_path: Path) -> None:
    """Ten minutes of 96 kHz stereo, 220 MB as samples, are heard in less than 400 MB at the most."""
    once = drum_loop(104, 16, 48_000)
    path = tmp_path / "long.flac"
    import soundfile

    with soundfile.SoundFile(path, "w", 96_000, 2) as file:
        block = np.repeat(np.repeat(once, 2)[:, None], 2, axis=1)
        for _ in range(int(595 * 96_000 / len(block))):
            file.write(block)
    code = (
        "import sys, resource; from router.hearing import worker; code = worker.main([sys.argv[1]]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    *_, result, most_mib = done.stdout.splitlines()

    assert json.loads(result)["result"]["tempo_bpm"] == pytest.approx(104, rel=0.01)
    assert int(most_mib) < 400


def test_a_worker_that_dies_is_reported() -> None:
    """No last line: the error says so instead of an empty analysis."""
    with pytest.raises(RouterError, match="code -9"):
        _judge({"progress": 0.5, "stage": "reading"}, -9)


def test_the_worker_gets_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoders read strangers' bytes: the process that runs them holds no key and no token."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary")
    monkeypatch.setenv("SOME_TOKEN", "canary")
    assert not {name for name in _environment() if "KEY" in name or "TOKEN" in name}
