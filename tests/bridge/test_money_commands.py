"""`costs` tells the ledger as it is, and changes it only when told to; `monitor` shows what it hears."""

import asyncio
import csv
import io
import json

import pytest
from click.testing import CliRunner
from rich.console import Console

from bridge.cli import main, monitor
from bridge.cli.monitor import TOPICS, View
from bridge.client import Unreachable
from router.budget import PICO, Usage
from router.stores.ledger import Ledger

NAMES = {"tier": "fast", "provider": "groq", "model": "m", "task": "pattern", "request_limit_picousd": None}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A state directory with one paid request of two attempts, and one attempt whose process died."""
    monkeypatch.setenv("DRUMBRIDGE_HOME", str(tmp_path))
    monkeypatch.setenv("AI_MONTHLY_BUDGET", "1.00")

    async def spend(owner, *costs):
        ledger = Ledger(tmp_path / "ledger.db", monthly_budget_picousd=PICO, owner=owner)
        await ledger.open()
        for cost in costs:
            row = await ledger.reserve(request_id="r-1", worst_picousd=PICO // 10, **NAMES)
            if cost is None:
                ledger._books.drop()  # as a killed process
            else:
                await ledger.settle(row, cost_picousd=cost, usage=Usage(400, 30), outcome="ok", ms=900)
        await ledger.close()

    asyncio.run(spend(None, 3, PICO // 100))
    asyncio.run(spend((2**22 + 1, "nobody"), None))
    return tmp_path


def run(*arguments):
    """Run a command; return exit code, stdout, stderr."""
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(("since", "said"), [("2999-01-01", "2999-01-01 is still to come"), ("0d", "since is '0d'")])
def test_a_range_without_a_day_is_not_a_range_without_a_bill(home, since, said):
    """Money was paid: who asks for days that there are not yet is told so, not that nothing was."""
    _, _, err = run("costs", "--since", since)
    assert said in err
    assert "nothing was paid" not in err


def test_json_holds_rows_and_budget(home):
    """The same object as the socket's `costs`; the lost attempt counts at its reservation."""
    code, out, _ = run("costs", "--json", "--by", "provider", "--by", "day")
    told = json.loads(out)
    assert code == 0
    assert told["by"] == ["provider", "day"]
    assert [(row["provider"], row["attempts"], row["failures"], row["cost_usd"]) for row in told["rows"]] == [
        ("groq", 3, 1, "0.110000000003")
    ]
    assert (told["budget"]["spent_usd"], told["budget"]["left_usd"]) == ("0.110000000003", "0.889999999997")


def test_csv_is_read_by_a_csv_reader(home):
    """One header, one row a group, amounts exact."""
    code, out, err = run("costs", "--csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (code, row["tier"], row["cost_usd"]) == (0, "fast", "0.110000000003")
    assert "$0.110000000003 spent" in err


def test_csv_without_rows_has_its_header(home):
    """A reader finds the same columns whether there are rows or not."""
    code, out, _ = run("costs", "--csv", "--by", "day", "--since", "2099-01-01")
    some = run("costs", "--csv", "--by", "day")[1]
    assert (code, out) == (0, some.splitlines()[0] + "\n")


def test_the_table_shows_what_csv_does(home):
    """Data on stdout, the budget on stderr."""
    code, out, err = run("costs")
    assert code == 0
    assert "0.110000000003" in out
    assert "of $1.00" in err


def test_a_receipt_lists_the_attempts_of_a_request(home):
    """Row by row, to the pico-dollar."""
    _, out, _ = run("costs", "--request", "r-1", "--json")
    assert [row["cost_usd"] for row in json.loads(out)["rows"]] == ["0.000000000003", "0.01", "0.10"]


@pytest.fixture
def unwritable(home, monkeypatch):
    """The same home on a disk for reading only; no byte and no name in it may change."""
    before = {file.name: file.read_bytes() for file in home.iterdir()}
    monkeypatch.setattr("os.access", lambda path, _: False)
    yield home
    assert {file.name: file.read_bytes() for file in home.iterdir()} == before


@pytest.mark.parametrize(
    "arguments", [(), ("--by", "day", "--by", "provider"), ("--lost",), ("--request", "r-1"), ("--since", "7d")]
)
def test_a_home_that_cannot_be_written_is_read(home, arguments, request):
    """The same rows and the same budget, in JSON as well, and a word about it on stderr."""
    before = run("costs", "--json", *arguments)
    request.getfixturevalue("unwritable")
    code, out, err = run("costs", "--json", *arguments)
    assert (code, out) == (0, before[1])
    assert "this home cannot be written: nothing is paid from it" in err


@pytest.mark.parametrize("arguments", [("--reopen",), ("--accept-clock",), ("--reconcile", "1", "0.02")])
def test_a_home_that_cannot_be_written_is_not_changed(unwritable, arguments):
    """What would change the ledger says why it cannot."""
    code, _, err = run("costs", *arguments)
    assert (code, err.splitlines()[-1]) == (
        1, "drumbridge: this home cannot be written (make it writable, or name another with --home)"
    )  # fmt: skip


def test_a_damaged_ledger_that_cannot_be_written_is_an_error(unwritable):
    """It cannot be set aside there; a sentence says that it cannot be read."""
    file = unwritable / "ledger.db"
    kept = file.read_bytes()
    file.write_bytes(b"no database " * 1000)
    code, _, err = run("costs", "--json")
    file.write_bytes(kept)
    assert code == 1
    assert "cannot be read (file is not a database)" in err
    assert "Traceback" not in err


def test_a_lost_attempt_is_reconciled_once(home):
    """Its row is named by --lost; the user's figure replaces the reservation; a second time is an error."""
    _, out, _ = run("costs", "--lost", "--json")
    (lost,) = json.loads(out)["rows"]
    code, _, err = run("costs", "--reconcile", str(lost["id"]), "0.02")
    assert code == 0
    assert "$0.030000000003 spent" in err
    assert run("costs", "--reconcile", str(lost["id"]), "0.02")[0] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "yesterday"),
        ("--since", ""),
        ("--request", ""),
        ("--by", "colour"),
        ("--reconcile", "1", "cheap"),
        ("--csv", "extra"),
    ],
)
def test_a_question_it_cannot_answer_is_a_usage_error(home, arguments):
    """Exit code 2 and a sentence, no traceback."""
    code, _, err = run("costs", *arguments)
    assert code == 2
    assert err


def test_a_group_named_twice_is_one(home):
    """A script that adds its own --by to a user's gets one column of it."""
    assert run("costs", "--csv", "--by", "tier", "--by", "tier") == run("costs", "--csv", "--by", "tier")


def test_asking_makes_no_home(tmp_path, monkeypatch):
    """Without a ledger nothing was paid, and no file appears."""
    monkeypatch.setenv("DRUMBRIDGE_HOME", str(tmp_path / "none"))
    code, out, _ = run("costs", "--json")
    assert (code, json.loads(out)["rows"]) == (0, [])
    assert not (tmp_path / "none").exists()


def test_spending_closed_by_damage_is_reopened_by_the_user(home):
    """The reason is on stderr until --reopen takes it away; till then nobody says that nothing was paid."""
    with (home / "ledger.db").open("r+b") as file:
        file.write(b"no database at all")
    assert "spending is closed" in run("costs")[2]
    closed = run("costs")[2]
    assert "spending is closed" in closed
    assert "what was spent is not known" in closed
    assert "nothing was paid" not in closed
    assert "$0.00" not in closed
    assert "spending is closed" not in run("costs", "--reopen")[2]
    assert "spending is closed" not in run("costs")[2]


def test_monitor_without_a_daemon_says_so(tmp_path):
    """Exit code 4."""
    assert run("monitor", "--home", str(tmp_path))[0] == 4


def told(view):
    """Return the monitor's screen as text."""
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(view.screen())
    return console.export_text()


def test_a_request_that_was_never_paid_is_said_to_be_none(home):
    """A mistyped id is no free request."""
    assert run("costs", "--request", "r-1", "--json")[0] == 0
    assert run("costs", "--request", "nosuch") == (
        1, "", "drumbridge: there is no request 'nosuch' in the ledger (`request` of a `route`'s attempts names one)\n"
    )  # fmt: skip


def test_a_ledger_that_is_a_folder_has_a_month_all_the_same(tmp_path, monkeypatch):
    """Spending is closed and says why; what is told beside it is true."""
    monkeypatch.setenv("DRUMBRIDGE_HOME", str(tmp_path))
    (tmp_path / "ledger.db").mkdir()

    budget = json.loads(run("costs", "--json")[1])["budget"]

    assert "ledger cannot be used" in budget["closed"]
    assert budget["month"] > "2000-01"
    assert budget["resets"] > budget["month"]


class ScriptedTalk:
    """Tells each topic once, then stays silent for a few receives, then the daemon ends."""

    def __init__(self, _home):
        self.said = [{"method": "event", "params": {"topic": topic, "data": {}}} for topic in TOPICS]
        self.silences = 8

    def send(self, _request):
        """Take the subscription."""

    def ask(self, _method, _params):
        """Return the status, in which the money that was spent grows."""
        self.silences -= 1
        budget = {"month": "2026-11", "limit_usd": None, "spent_usd": str(9 - self.silences), "reserved_usd": "0"}
        return {"result": {"budget": budget}}

    def receive(self, timeout_s=None):
        """Return the next event; {} where none comes in time."""
        if self.said:
            return self.said.pop(0)
        assert timeout_s is not None, "waits for ever"
        if not self.silences:
            raise Unreachable("the daemon hung up")
        return {}

    def close(self):
        """Hang up."""


def test_the_monitor_writes_screens_into_a_pipe_as_it_goes(monkeypatch, tmp_path):
    """One every so often, whether anything happens or not: a reader sees them, and one that is gone is noticed."""
    monkeypatch.setattr(monitor, "Talk", ScriptedTalk)
    monkeypatch.setattr(monitor, "_STATUS_EVERY_S", 0.001)

    code, out, _ = run("monitor", "--home", str(tmp_path))

    assert code == 4
    assert [line.split()[1] for line in out.splitlines() if "spent" in line][:4] == ["$2", "$3", "$4", "$5"]


def test_the_monitor_draws_before_it_has_heard_anything():
    """Nothing known yet is no error."""
    assert "0 bpm" in told(View()).replace("0.0 bpm", "0 bpm")


def test_the_monitor_shows_what_it_hears():
    """Transport, pattern, tiers, figures, budget, alerts and answers, and takes back what is over."""
    view = View()
    view.hear("transport", {"state": "playing", "source": "clock", "bpm": 97.5, "bar": 3, "beat": 2.4})
    view.hear("player", {"pattern": {"name": "half-time shuffle"}})
    view.hear(
        "metrics",
        {
            "cost_per_request": {"fast": {"requests": 7, "mean_usd": "0.002", "max_usd": "0.004"}},
            "latency_ms": {"p50": 410, "p95": 900, "p99": 1200}, "tokens": {"input": 12345, "output": 678},
            "cache_hit_rate": 0.25, "fallback_rate": 0.1, "savings_usd": {"cache": "0.40"},
        },
    )  # fmt: skip
    view.hear("budget", {"month": "2026-11", "limit_usd": "1.00", "spent_usd": "0.50", "reserved_usd": "0.01"})
    view.hear("alerts", {"alerts": [{"name": "latency_p95", "level": "warning", "message": "slow"}]})
    view.hear("alerts", {"name": "cost", "level": "critical", "message": "dear", "state": "raised"})
    view.hear("route", {"routes": []})
    view.hear("route", {"job": "j-8", "done": False, "tier": "fast"})
    view.hear("route", {"job": "j-9", "done": True, "tier": "fast", "provider": "groq", "model": "m", "cache": "miss",
                        "latency_ms": 812, "cost_usd": "0.0021", "degraded": True})  # fmt: skip
    screen = told(view)
    for words in (
        "playing 3.2", "97.5 bpm", "half-time shuffle", "$0.002", "p95 900 ms", "12,345 in", "hits 25%",
        "fallbacks 10%", "$0.40 by cache", "$0.50 spent of $1.00", "warning: slow", "critical: dear", "j-9",
        "groq/m (degraded)", "$0.0021",
    ):  # fmt: skip
        assert words in screen
    assert "j-8" not in screen
    view.hear("alerts", {"name": "cost", "level": "critical", "message": "dear", "state": "cleared"})
    assert "dear" not in told(view)
