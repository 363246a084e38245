"""The whole daemon without MIDI: everything over the socket, and every way it can fail to start or be ended."""

import contextlib
import itertools
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time

import pytest

from bridge.control.server import MAX_CLIENTS
from router.pattern import Pattern
from tests.support.daemon import RunningDaemon
from tests.support.timing import Ticker

pytestmark = pytest.mark.wire

QUARTER = 960
BAR = 3840


@pytest.fixture
def daemon(tmp_path):
    """A daemon without MIDI, in a home with blanks and umlauts."""
    env = {"DRUMBRIDGE_HUMANIZE": "0", "DRUMBRIDGE_SWING": "0"}
    with RunningDaemon(tmp_path / "Möbel & Träume", "--midi", "none", env=env) as daemon:
        yield daemon


def playing(daemon, **wish):
    """A client that hears notes of a groove that plays."""
    client = daemon.client()
    client.call("subscribe", topics=["notes", "player"], sub="n")
    wish = {"genre": "rock", "seed": 3, "bars": 1, **wish}
    client.call("job.wait", job=client.call("generate", **wish)["job"])
    client.until(lambda event: "voice" in event["data"])
    return client


def test_ready_is_one_line_and_says_where(daemon):
    """A script reads one line and knows everything."""
    assert daemon.facts["ready"] is True
    assert daemon.facts["midi"]["backend"] == "none"
    assert daemon.facts["ws"].startswith("ws://127.0.0.1:")
    assert daemon.facts["pid"] == daemon.process.pid


def test_notes_are_the_patterns_and_come_when_they_are_due(daemon):
    """Bar, beat, voice and time of each note, without any MIDI system."""
    client = playing(daemon)
    pattern = Pattern.from_dict(client.call("status")["player"]["pattern"])
    client.until(lambda _: len(client.notes()) > 2 * len(pattern.hits))

    notes = client.notes()[: len(pattern.hits)]
    start = notes[0]["due"] - pattern.hits[0].tick / QUARTER / 2
    assert [(note["voice"], note["velocity"]) for note in notes] == [(hit.voice, hit.velocity) for hit in pattern.hits]
    for note, hit in zip(notes, pattern.hits, strict=True):
        assert note["due"] == pytest.approx(start + hit.tick / QUARTER / 2, abs=0.0015)
        assert note["bar"] == 1
        assert note["beat"] == pytest.approx(1 + hit.tick / QUARTER, abs=0.01)


@pytest.mark.parametrize(("at", "grid"), [("beat", QUARTER), ("bar", BAR), ("2bars", 2 * BAR), ("end", BAR)])
def test_a_pattern_starts_at_the_boundary_that_was_asked_for(daemon, at, grid):
    """Never before it, on it, and said in advance."""
    client = playing(daemon)
    other = client.call("generate", genre="jazz", seed=5, bars=1, at="never")["job"]
    pattern = client.call("job.wait", job=other)["pattern"]

    starts = client.call("play", pattern=pattern, at=at)["starts_at"]

    assert starts["tick"] % grid == 0
    client.until(lambda event: event["data"].get("pattern") == pattern["id"] and "voice" in event["data"])
    heard = [note for note in client.notes() if note["pattern"] == pattern["id"]]
    assert heard[0]["bar"] >= starts["bar"]


def test_a_pattern_of_another_metre_takes_over_at_a_bar_line(daemon):
    """Seven eighths after four quarters: bar lines go on from the switch."""
    client = playing(daemon)

    job = client.call("generate", genre="funk", seed=5, bars=1, meter="7/8")["job"]
    done = client.call("job.wait", job=job)
    made = done["pattern"]["id"]
    client.until(
        lambda event: (
            event["data"].get("pattern") == made and event["data"].get("bar", 0) >= done["starts_at"]["bar"] + 2
        )
    )

    beats = [note["beat"] for note in client.notes() if note["pattern"] == made]
    assert done["starts_at"]["beat"] == 1
    assert max(beats) < 8


def test_stop_silences_and_play_goes_on(daemon):
    """After stop nothing sounds; play starts the same groove again."""
    client = playing(daemon)
    before = client.call("status")["player"]["playing"]

    assert client.call("stop")["state"] == "stopped"
    stopped = client.call("ping")["t"]
    client.call("job.wait", job="j-1", timeout_s=0.1)
    again = client.call("play")

    assert again["playing"] == before
    client.until(lambda event: event["data"].get("left", 0) > stopped + 0.01)
    assert not [note for note in client.notes() if stopped + 0.005 < note["left"] < again["starts_at"]["t"] - 0.005]


def test_the_music_goes_on_while_the_daemon_is_frozen(daemon):
    """SIGSTOP for a while: the engine plays without it and nothing is missing."""
    client = playing(daemon)
    pattern = client.call("status")["player"]["pattern"]
    os.kill(daemon.process.pid, signal.SIGSTOP)
    frozen = time.monotonic()
    while time.monotonic() - frozen < 4:
        os.kill(daemon.process.pid, 0)
    os.kill(daemon.process.pid, signal.SIGCONT)

    with Ticker() as ticker:
        client.until(lambda event: event["data"].get("due", 0) > frozen + 5)

    due = [note["due"] for note in client.notes() if frozen - 1 < note["due"] < frozen + 5]
    late = [note["left"] - note["due"] for note in client.notes()]
    gaps = [b - a for a, b in itertools.pairwise(due)]
    widest = max(b["tick"] - a["tick"] for a, b in itertools.pairwise(pattern["hits"]))
    assert max(gaps) <= max(widest, QUARTER) / QUARTER / 2 + 0.01
    assert statistics.median(late) < 0.005 + ticker.median_ms / 1000


def test_a_second_daemon_on_one_home_says_who_owns_it(daemon):
    """It must not play twice and pay twice."""
    command = [sys.executable, "-m", "bridge.entry", "--home", str(daemon.home), "--port", "0", "--midi", "none"]

    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert second.returncode == 3
    assert f"process {daemon.process.pid}" in second.stderr
    assert second.stdout == ""


def test_a_port_that_is_taken_is_named(tmp_path):
    """The way on stands in the message."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [
            sys.executable,
            "-m",
            "bridge.entry",
            "--home",
            str(tmp_path),
            "--port",
            port,
            "--midi",
            "none",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 3
    assert port in done.stderr
    assert "--port 0" in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tempo = = 1\n", "line 1"),
        ("tmepo = 90\n", "did you mean tempo?"),
        ("tempo = 999\n", "20 to 300"),
        ('ai_max_tier = "royal"\n', "royal"),
        ('genre = "fnuk"\n', "funk"),
        ('drum_map = "bucket"\n', "known kits"),
    ],
)
def test_a_bad_config_file_ends_the_start_with_a_clear_word(tmp_path, text, says):
    """Exit code 3, one sentence, and the file as it was."""
    (tmp_path / "config.toml").write_text(text)
    command = [sys.executable, "-m", "bridge.entry", "--home", str(tmp_path), "--port", "0", "--midi", "none"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 3, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "config.toml").read_text() == text


def test_a_signal_while_it_starts_ends_it_cleanly(tmp_path):
    """Ctrl-C before the ready line: no traceback, no process left."""
    command = [sys.executable, "-m", "bridge.entry", "--home", str(tmp_path), "--port", "0", "--midi", "none"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while not (tmp_path / "sounding").exists():
        assert time.monotonic() < end, "it never began"
        os.sched_yield()
    process.send_signal(signal.SIGINT)

    _, said = process.communicate(timeout=20)

    assert process.returncode in {0, 130}
    assert "Traceback" not in said


def test_two_signals_are_one_end(daemon):
    """SIGTERM twice and SIGHUP: it ends once, with 0."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM):
        if daemon.process.poll() is None:
            daemon.process.send_signal(number)

    assert daemon.process.wait(20) == 0


def test_an_engine_that_dies_again_and_again_is_brought_back_and_then_left_alone(daemon):
    """Five lives in a minute, then it stays down, the daemon answers and says why."""
    client = playing(daemon)
    for _ in range(6):
        status = client.call("status")
        end = time.monotonic() + 30
        while status["engine"]["pid"] is None and not status["engine"]["down"] and time.monotonic() < end:
            status = client.call("status")
        if status["engine"]["pid"] is not None:
            os.kill(status["engine"]["pid"], signal.SIGKILL)
            while client.call("status")["engine"]["pid"] == status["engine"]["pid"] and time.monotonic() < end:
                client.call("ping")

    end = time.monotonic() + 30
    while not (status := client.call("status"))["engine"]["down"] and time.monotonic() < end:
        client.call("ping")
    assert "restart drumbridge" in status["engine"]["down"]
    refused = client.ask("play")
    assert refused["error"]["data"]["code"] == "engine_unavailable"
    job = client.call("job.wait", job=client.call("generate", genre="rock")["job"])
    assert job["state"] == "done"


def test_exit_codes_and_output_of_ctl(daemon):
    """Results on stdout, sentences on stderr, the contract's codes."""

    def ctl(*words, text=None):
        command = [
            sys.executable,
            "-c",
            "from bridge.cli import main; main()",
            "ctl",
            "--home",
            str(daemon.home),
            *words,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, input=text)
        return done.returncode, done.stdout, done.stderr

    code, out, _ = ctl("set", "tempo=96", "genre=funk")
    assert code == 0
    assert (json.loads(out)["tempo"], json.loads(out)["genre"]) == (96.0, "funk")
    code, _, said = ctl("set", "tempo=-4")
    assert code == 2
    assert "tempo is -4; it must be 20 to 300 beats per minute" in said
    for text in ("NaN", "1e400"):
        code, _, said = ctl("set", f"tempo={text}")
        assert code == 2
        assert "tempo" in said
    code, out, _ = ctl(
        "-", text='{"jsonrpc":"2.0","id":"a","method":"ping"}\n{"jsonrpc":"2.0","id":"b","method":"ping"}\n'
    )
    assert code == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["a", "b"]
    batch = '{"jsonrpc":"2.0","method":"panic"}\n[{"jsonrpc":"2.0","method":"panic"}]\n[{"id":1},5]\n'
    code, out, _ = ctl("-", text=batch)
    assert code == 1
    assert [answer["error"]["code"] for answer in json.loads(out)] == [-32600, -32600]
    with contextlib.ExitStack() as full:
        for _ in range(MAX_CLIENTS):
            full.callback(daemon.client().close)
        code, _, said = ctl("ping")
    assert code == 4
    assert f"{MAX_CLIENTS} clients are connected; close one" in said


def test_no_key_and_no_token_is_written_anywhere(tmp_path):
    """Canary keys and the token appear in no log line, no answer, and no file but the token's own."""
    canary = "sk-ant-canary-9876543210zyxwvu"
    env = {"ANTHROPIC_API_KEY": canary, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "DRUMBRIDGE_LOG_LEVEL": "debug"}
    with RunningDaemon(tmp_path / "home", "--midi", "none", env=env) as daemon:
        client = daemon.client()
        job = client.call("generate", prompt="something nobody can write down", tier="balanced", at="never")["job"]
        done = client.call("job.wait", job=job, timeout_s=30.0)
        said = json.dumps([done, client.call("status"), client.call("costs"), client.events])
        token = daemon.token
        daemon.stop()
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    log = [line for line in daemon.errors if not line.startswith("the page: ")]

    assert canary not in said + "".join(daemon.errors)
    assert token not in said + "".join(log)
    assert not [path.name for path in files if canary.encode() in path.read_bytes()]
    assert [path.name for path in files if token.encode() in path.read_bytes()] == ["token"]
    assert done["state"] == "done"


def test_the_end_does_not_wait_for_an_sdk_that_is_still_loading(tmp_path):
    """Two seconds are promised from the signal on, also while a thread imports a provider's package for a minute."""
    (tmp_path / "openai.py").write_text(
        f"import pathlib, time\npathlib.Path({str(tmp_path / 'begun')!r}).touch()\ntime.sleep(60)\n"
    )
    env = {"OPENAI_API_KEY": "k", "PYTHONPATH": str(tmp_path)}
    with RunningDaemon(tmp_path / "home", "--midi", "none", env=env) as daemon:
        end = time.monotonic() + 20
        while not (tmp_path / "begun").exists():
            assert time.monotonic() < end, "the SDK was never loaded"
            time.sleep(0.01)

        code, _took = daemon.stop(timeout=20)

    assert code == 0


def test_it_plays_without_a_stderr(tmp_path):
    """Whoever closes the log's way out wants no log; the drummer plays, and ends as always."""
    command = ["sh", "-c", 'exec "$0" "$@" 2>&-', sys.executable, "-m", "bridge.entry"]
    with RunningDaemon(tmp_path / "home", "--midi", "none", command=command) as daemon:
        client = playing(daemon)
        assert client.notes()

        code, _took = daemon.stop(timeout=20)

    assert code == 0


def test_it_plays_though_nobody_reads_its_ready_line(tmp_path):
    """A full disk behind stdout is said in the log; where the daemon listens stands in its home as well."""
    command = ["sh", "-c", 'exec "$0" "$@" >/dev/full', sys.executable, "-m", "bridge.entry"]
    daemon = RunningDaemon(tmp_path / "home", "--midi", "none", command=command)
    end = time.monotonic() + 20
    while not (tmp_path / "home" / "daemon.json").exists() or not any("ready line" in line for line in daemon.errors):
        assert time.monotonic() < end, daemon.errors
        time.sleep(0.01)

    code, _took = daemon.stop(timeout=20)
    daemon.__exit__()

    assert code == 0
    assert "No space left on device" in "".join(daemon.errors)
