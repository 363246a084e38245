"""The command line: what it prints, where, and how it ends."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import mido
import pytest

from bridge import entry
from bridge.cli import COMMANDS
from bridge.cli.ctl import shell_hint
from bridge.cli.service import description


def test_every_command_of_the_table_has_help(cli):
    """What --help lists can be asked for more."""
    for name in COMMANDS:
        result = cli(name, "--help")
        assert result.exit_code == 0, result.output
        assert result.output.startswith(f"Usage: main {name}")


def test_the_kept_help_page_is_the_one_that_click_writes(cli, monkeypatch):
    """The page that is printed without importing click says nothing else than click would."""
    monkeypatch.setenv("COLUMNS", "80")
    assert (Path(entry.__file__).parent / "cli" / "help.txt").read_text() == cli(
        "--help", prog_name="drumbridge"
    ).stdout


def test_the_first_help_page_imports_no_click(monkeypatch):
    """It is what people type first: it must be there before they look."""
    monkeypatch.delenv("COLUMNS", raising=False)
    lines = "import sys; from bridge.entry import main; main(['--help']); print('click' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.startswith("Usage: drumbridge ")
    assert done.stdout.endswith("False\n")


def test_help_on_a_closed_output_ends_quietly(monkeypatch):
    """Who closes stdout wants no page and gets no traceback."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SystemExit) as ended:
        entry.main(["--help"])
    sys.stdout.close()  # what stands in for it; else it would be complained of at the end of the run

    assert ended.value.code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to write to")
@pytest.mark.parametrize("words", [["--help"], ["config", "show"], ["generate", "funk", "-o", "-"]])
def test_a_full_disk_behind_the_output_is_one_sentence(words, tmp_path):
    """What cannot be written is said, with exit code 1 and without a traceback."""
    lines = f"from bridge.entry import main; main({words!r})"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", lines], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
            env={**os.environ, "DRUMBRIDGE_HOME": str(tmp_path / "home")},
        )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "drumbridge: nothing more can be written: No space left on device"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["--help"], ["config", "show"], ["generate", "funk", "-o", "-"]])
def test_a_pipe_that_nobody_reads_any_more_ends_quietly(words, tmp_path):
    """`drumbridge ... | head` is no fault: nothing is said but what the command says of its work."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", f"from bridge.entry import main; main({words!r})"], stdout=writing,
        stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        env={**os.environ, "DRUMBRIDGE_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    os.close(writing)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "written" not in done.stderr


def test_a_narrow_screen_gets_the_help_page_wrapped(monkeypatch, capsys):
    """The kept page is for screens that it fits."""
    monkeypatch.setenv("COLUMNS", "60")
    with pytest.raises(SystemExit):
        entry.main(["--help"])

    assert max(map(len, capsys.readouterr().out.splitlines())) <= 60


def test_generate_prints_the_pattern_and_how_it_was_made(cli):
    """JSON on stdout and nothing else there."""
    result = cli("generate", "half-time shuffle", "--seed", "7", "--bars", "4")
    out = json.loads(result.stdout)

    assert result.exit_code == 0
    assert out["pattern"]["bars"] == 4
    assert out["route"]["tier"] == "local"


def test_generate_writes_the_same_file_for_the_same_seed(cli, tmp_path):
    """Bytes and all; another seed is another file."""
    files = [tmp_path / f"{n}.mid" for n in range(3)]
    for file, seed in zip(files, ("7", "7", "8"), strict=True):
        assert cli("generate", "funk", "--seed", seed, "-o", str(file)).exit_code == 0

    first, same, other = (file.read_bytes() for file in files)
    assert first == same != other
    assert mido.MidiFile(file=io.BytesIO(first)).length > 0


def test_generate_writes_to_a_pipe(cli):
    """-o - is for the next program; what is said goes to stderr."""
    result = cli("generate", "funk", "-o", "-")

    assert result.stdout_bytes[:4] == b"MThd"
    assert "hits" in result.stderr


def test_words_and_flags_agree_and_flags_win(cli):
    """A metre in the words is taken; the flag beats it."""
    said = json.loads(cli("generate", "busy funk in 7/8").stdout)["pattern"]["meter"]
    told = json.loads(cli("generate", "busy funk in 7/8", "--meter", "3/4").stdout)["pattern"]["meter"]

    assert (said, told) == ("7/8", "3/4")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["generate", "--genre", "fnuk"], 2, "funk"),
        (["generate", "--bars", "0"], 2, "bars is 0; it must be 1 to 64 bars (try 2)"),
        (["generate", "--meter", "5"], 2, "4/4"),
        (["generate", "--tier", "balance"], 2, "tier is 'balance'; it must be one of auto, local, fast, balanced"),
        (["generate", "--tier", "balance"], 2, "(try balanced)"),
        (["compose", "--provider", ""], 2, "provider is empty; it must be one of anthropic, openai, groq"),
        (["generate", "--max-cost", "1e-20"], 2, "in digits like 0.10, at most 12 of them behind the point (try 0.05)"),
        (["generate", "--drum-map", "bucket"], 2, "known kits"),
        (["generate", "-o", "/nowhere/at/all/x.mid"], 1, "cannot be written"),
        (["genrate"], 2, "Did you mean generate?"),
        (["ctl", "status"], 4, "no daemon runs"),
        (["token"], 3, "drumbridge run"),
        (["open"], 4, "no daemon runs"),
        (["export", "p-none"], 1, "no pattern has the id"),
        (["config", "set", "tempo", "999"], 3, "20 to 300"),
        (["generate", "--tempo", "fast"], 2, "tempo is 'fast'; it must be a number from 20 to 300"),
        (["generate", "--swing", "nan"], 2, "swing is NaN; it must be 0 to 1"),
        (["generate", "--count", "2.5"], 2, "count is '2.5'; it must be a whole number from 1 to 1000"),
        (["generate", "-o", ""], 2, "-o is empty"),
        (["generate", "-o", "/"], 1, "it is a folder"),
        (["compose", "-o", "/no/such/folder/a.mid"], 1, "there is no folder /no/such/folder"),
        (["refine", "louder", "--pattern", __file__], 2, "no .mid and no .json file"),
        (["refine", "louder", "--pattern", ""], 2, "--pattern is empty"),
        (["refine", "louder", "--pattern", "/no/such.json"], 2, "cannot be read: No such file or directory (check"),
        (["run", "--host", ""], 2, "host is empty (try 127.0.0.1)"),
        (["ctl", "generate", "funk"], 2, "as bars=4"),
        (["config", "set", "tmepo", "99"], 3, "no setting 'tmepo' (did you mean tempo?)"),
        (["config", "set", "AI_PROVIDER", "groq"], 3, "did you mean ai_provider?"),
        (["config", "set", "GROQ_API_KEY", "k"], 3, "drumbridge keys set"),
        (["config", "set", "ai_max_tier", "top"], 3, "drumbridge: ai_max_tier is 'top'; it must be one of fast"),
        (["config", "unset", "tmepo"], 3, "no setting"),
        (["config", "set"], 2, "which setting"),
        (["config", "set", "tempo"], 2, "what shall tempo be"),
        (["run", "--host", "0.0.0.0"], 2, "--allow-lan"),
        (["run", "--host", "0.0.0.0", "--allow-lan"], 2, "--tls-cert"),
        (["run", "--tempo", "999"], 2, "20 to 300"),
        (["run", "--midi", "telepathy"], 2, "auto, alsa"),
        (["run", "--port", "eight"], 2, "0 to 65535"),
        (["config", "set", "genre", "fnuk"], 3, "funk"),
        (["config", "set", "drum_map", "bucket"], 3, "known kits"),
        (["config", "set", "meter", "4"], 3, "4/4"),
        (["config", "set", "ai_monthly_budget", "plenty"], 3, "ai_monthly_budget"),
        (["config", "set", "ai_monthly_budget", "-3"], 3, "ai_monthly_budget"),
        (["keys", "remove", "groq"], 2, "no key of groq"),
    ],
)
def test_a_mistake_ends_with_its_own_code_and_a_way_on(cli, words, code, says):
    """One sentence, no traceback, the contract's exit code."""
    result = cli(*words)

    assert result.exit_code == code, result.output
    assert says in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "words", [["schema"], ["service"], ["config", "path"], ["ports", "--midi", "none"], ["keys"], ["costs"], ["export"]]
)
def test_what_reads_prints_json_when_asked(cli, words):
    """--json is taken everywhere, and nothing but JSON is on stdout then."""
    result = cli(*words, "--json")

    assert result.exit_code == 0, result.output
    json.loads(result.stdout)


def test_export_without_a_daemon(cli, tmp_path):
    """A kept pattern becomes a file in the exports folder, or wherever it is wanted."""
    from bridge.home import Home
    from bridge.library import Library
    from router.pattern import COMMON_TIME, Hit, Pattern

    home = Home(tmp_path / "home")
    home.create()
    pattern = Pattern(COMMON_TIME, 1, (Hit(0, "kick", 100),), "one kick")
    Library(home.path / "patterns", home.path / "exports").put(pattern)

    listed = cli("export").stdout
    written = cli("export", pattern.id).stdout.strip()

    assert listed.startswith(pattern.id)
    assert written == str(home.path / "exports" / f"{pattern.id}.mid")


def test_the_schema_is_an_asyncapi_document(cli):
    """Made from the models that validate."""
    document = json.loads(cli("schema").stdout)

    assert document["asyncapi"].startswith("3.")
    assert "generate" in document["components"]["messages"]


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_service_file_quotes_what_it_names(platform):
    """A home with blanks, quotes and angle brackets is still one argument."""
    place, text, enable = description(["python", '/Träume & "Dur" <x>/100%'], platform)

    assert place.name.startswith("drumbridge")
    assert ('"/Träume & \\"Dur\\" <x>/100%%"' if platform == "linux" else "&amp;") in text
    assert enable


def test_a_service_that_no_session_can_turn_off_is_removed_all_the_same(cli, monkeypatch, tmp_path):
    """Over ssh there may be no bus to ask: the file goes, and the words say what is left to do."""
    refused = subprocess.CompletedProcess([], 1, "", "Failed to connect to bus:\nNo medium found\n")
    monkeypatch.setattr("bridge.cli.service.subprocess.run", lambda *_, **__: refused)
    monkeypatch.setattr("bridge.cli.service.sys.platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    installed, removed = cli("service", "install"), cli("service", "remove")

    for result, verb in ((installed, "enable"), (removed, "disable")):
        assert result.exit_code == 1
        assert "said: Failed to connect to bus: No medium found (run it in your own session" in result.stderr
        assert f"systemctl --user {verb} --now drumbridge.service" in result.stderr
    assert not list(tmp_path.glob("**/drumbridge.service"))


@pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for POSIX shells")
def test_completion_knows_the_commands(cli):
    """The script asks drumbridge itself."""
    assert "_DRUMBRIDGE_COMPLETE" in cli("completion", "bash").stdout


@pytest.fixture
def signals():
    """The handlers are put back afterwards."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("words", "number", "code"), [("run", "SIGTERM", 0), ("run", "SIGINT", 130), ("costs", "SIGINT", 130)]
)
def test_a_signal_before_a_command_has_begun_ends_it_quietly(signals, monkeypatch, words, number, code):
    """The daemon that is not there yet has nothing to release, and nobody wants a traceback."""
    monkeypatch.setattr(entry, "_run", lambda _: signal.raise_signal(getattr(signal, number)))

    with pytest.raises(SystemExit) as end:
        entry.main([words])

    assert end.value.code == code


def test_ctrl_c_lets_a_command_settle_and_waits_for_no_thread():
    """What the command closes is closed; an SDK that is still being loaded is not waited for."""
    lines = """
import asyncio, signal, threading
from bridge.cli.common import run_async

async def work():
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
    try:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(60)
    finally:
        print("settled", flush=True)

run_async(work())
"""
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=30, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (130, "settled\n", "")


def test_ctrl_c_before_a_command_waits_for_anything_complains_of_nothing():
    """A coroutine that was never begun is closed without a word."""
    lines = """
import asyncio, signal
from bridge.cli import common

async def work():
    pass

asyncio.run = lambda work: work.close() or signal.raise_signal(signal.SIGINT)
with common.errors():
    common.run_async(work())
"""
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=30, check=False)

    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.parametrize(
    ("params", "hint", "typed"),
    [
        ({"topics": "jobs"}, 'try ["jobs"]', "try topics='[\"jobs\"]'"),
        ({"prompt": 4}, 'try "4"', "try prompt='\"4\"'"),
        ({"bars": "x"}, "try 2", "try 2"),
        ({"constraints": [7]}, 'try "7"', 'try "7"'),
        ({}, "give id: a text", "give id: a text"),
    ],
)
def test_ctl_gives_a_hint_as_it_is_typed_in_a_shell(params, hint, typed):
    """Who follows it gets on: quotes that JSON needs must outlive the shell."""
    field = next(iter(params), "id")

    assert shell_hint({"hint": hint, "field": field}, params) == typed
