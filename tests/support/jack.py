"""A private JACK server for a test, and midilab to play and record on its sample clock.

Use the fixtures `jack_server` and `midilab` (tests/conftest.py imports them) or the context managers here. Each server
has a name of its own, so that runs do not meet; nothing here starts a default server.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
MIDILAB_SOURCE = ROOT.parent / "shared" / "tools" / "midilab.c"
CI = os.environ.get("CI") == "true"


def need(condition: object, why: str) -> None:
    """Skip with the reason where a tool is missing; with CI=true that is a failure."""
    if not condition:
        (pytest.fail if CI else pytest.skip)(why)


class Event(NamedTuple):
    """A MIDI message on the lab's sample clock: seconds, bytes."""

    t: float
    data: bytes


@dataclass
class JackServer:
    """A running jackd; `env` makes any client of it find this one and start none."""

    name: str
    process: subprocess.Popen[bytes]
    frames: int
    log: Path

    @property
    def env(self) -> dict[str, str]:
        """The environment for clients."""
        return {
            **os.environ,
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_START_SERVER": "1",
            "JACK_NO_AUDIO_RESERVATION": "1",
        }

    def xruns(self) -> int:
        """Return how often the server said that it lost time."""
        return self.log.read_bytes().count(b"XRun")

    def kill(self) -> None:
        """Let the server die at once."""
        self.process.kill()
        self.process.wait(5)


def start_jackd(name: str, frames: int = 64) -> JackServer:
    """Start a server and wait until clients can come. JACK holds eight servers on a machine at most: try again."""
    for _ in range(10):
        server = _try_jackd(name, frames)
        if server is not None:
            return server
        time.sleep(1.0)
    need(condition=False, why="jackd does not start here")
    raise AssertionError


def _try_jackd(name: str, frames: int) -> JackServer | None:
    command = ["jackd", "-n", name, "-R", "-P", "70", "-t", "5000", "-d", "dummy", "-r", "48000", "-p", str(frames)]
    env = {**os.environ, "JACK_NO_AUDIO_RESERVATION": "1"}
    log = Path(tempfile.gettempdir()) / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=env)
    server = JackServer(name, process, frames, log)
    deadline = time.monotonic() + 10
    while (
        subprocess.run(["jack_wait", "-s", name, "-c"], env=server.env, capture_output=True, check=False).stdout.find(
            b"not"
        )
        >= 0
    ):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            return None
        time.sleep(0.02)
    try:  # a server of that name that an interrupted run left behind answers too, and ours has ended
        process.wait(0.1)
    except subprocess.TimeoutExpired:
        return server
    return None


@contextmanager
def jackd(frames: int = 64) -> Iterator[JackServer]:
    """Run a server for a while."""
    need(shutil.which("jackd") and shutil.which("jack_wait"), "jackd is not installed (apt install jackd2)")
    with _server_name() as name:
        server = start_jackd(name, frames)
        try:
            yield server
        finally:
            server.process.terminate()
            try:
                server.process.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()


@contextmanager
def _server_name() -> Iterator[str]:
    """Hold one of a few names: a server that was killed keeps its place of eight until its name is used again."""
    fcntl = pytest.importorskip("fcntl")
    while True:
        for number in range(4):
            handle = os.open(
                Path(tempfile.gettempdir()) / f"drumbridge-test-jackd-{number}", os.O_RDWR | os.O_CREAT, 0o666
            )
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
                continue
            try:
                yield f"drumbridge-test-{number}"
            finally:
                os.close(handle)
            return
        time.sleep(0.1)


def build_midilab(folder: Path) -> Path:
    """Compile midilab; skips where its source or libjack's headers are missing."""
    need(MIDILAB_SOURCE.exists(), f"{MIDILAB_SOURCE.name} is not beside the repository")
    need(shutil.which("cc"), "no C compiler")
    program = folder / "midilab"
    if not program.exists():
        done = subprocess.run(
            ["cc", "-O2", "-o", str(program), str(MIDILAB_SOURCE), "-ljack"], capture_output=True, check=False
        )
        need(done.returncode == 0, f"midilab does not compile (libjack-jackd2-dev?): {done.stderr[-200:]!r}")
    return program


@dataclass
class Midilab:
    """Plays events into `to` and records what `source` sends, in its own process."""

    program: Path
    server: JackServer
    folder: Path

    def start(
        self,
        events: Sequence[tuple[float, bytes]],
        seconds: float,
        to: str = "drumbridge.*:.*in$",
        source: str = "drumbridge.*:.*out$",
    ) -> subprocess.Popen[str]:
        """Start a take; read it with `finish`."""
        command = [str(self.program), "-s", str(seconds), "-r", source]
        if events:
            path = self.folder / f"events-{uuid.uuid4().hex[:8]}.tsv"
            path.write_text("".join(f"{t:.7f}\t{data.hex()}\n" for t, data in events))
            command += ["-i", str(path), "-o", to]
        return subprocess.Popen(command, env=self.server.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @staticmethod
    def finish(process: subprocess.Popen[str], timeout: float = 60) -> tuple[list[Event], list[Event]]:
        """Wait for the end; returns (what was played, what was recorded)."""
        out, err = process.communicate(timeout=timeout)
        assert process.returncode == 0, f"midilab ended with {process.returncode}: {err}"
        played, recorded = [], []
        for line in out.splitlines():
            t, data, way = line.split("\t")
            (recorded if way == "in" else played).append(Event(float(t), bytes.fromhex(data)))
        return played, recorded

    def take(
        self, events: Sequence[tuple[float, bytes]], seconds: float, **where: str
    ) -> tuple[list[Event], list[Event]]:
        """Play and record for `seconds`."""
        return self.finish(self.start(events, seconds, **where), seconds + 30)


@pytest.fixture
def jack_server() -> Iterator[JackServer]:
    """A server of 64 frames of its own."""
    with jackd() as server:
        yield server


@pytest.fixture
def midilab(jack_server: JackServer, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Midilab:
    """The lab on that server; compiled once a run."""
    return Midilab(build_midilab(tmp_path_factory.getbasetemp()), jack_server, tmp_path)
