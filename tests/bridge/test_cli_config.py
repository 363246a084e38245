"""The command line's settings: where each comes from, and what becomes of the file."""

import json

import pytest


def test_config_shows_where_each_value_comes_from(cli, tmp_path):
    """Set in the file, seen with its origin, unset again; other lines of the file stay."""
    assert cli("config", "set", "tempo", "96").stderr == "tempo = 96.0\n"
    file = tmp_path / "home" / "config.toml"
    file.write_text(file.read_text() + '# mine\ngenre = "funk"\n[mapping]\n')
    cli("config", "set", "bars", "4")

    shown = cli("config", "show", "--origin").stdout
    cli("config", "unset", "tempo")

    assert "tempo = 96.0\t# config.toml" in shown
    assert "bars = 4\t# config.toml" in shown
    assert "ANTHROPIC_API_KEY = not set" in shown
    assert file.read_text() == '# mine\ngenre = "funk"\nbars = 4\n[mapping]\n'


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("paid_per_minute = nan", "paid_per_minute"),
        ("ai_max_tier = 7", "ai_max_tier is '7'; it must be one of fast"),
        ('windows = "abc"', "windows"),
        ('hedge = "maybe"', "hedge is 'maybe'; it must be true or false"),
        ("ai_timeout_fast = 2026-01-01", "ai_timeout_fast is '2026-01-01'; it must be above 0"),
    ],
)
def test_what_the_router_refuses_is_refused_by_every_command_in_the_files_words(cli, tmp_path, line, says):
    """`config show` shows it first; the key is named as it stands in config.toml, not as a variable."""
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "config.toml").write_text(line + "\n")

    shown, made = cli("config", "show"), cli("generate", "funk", "-o", str(tmp_path / "a.mid"))

    assert line.split(" = ")[0] + " = " in shown.stdout
    for result in (shown, made):
        assert result.exit_code == 3
        assert "config.toml: " + says in result.stderr
        assert "DRUMBRIDGE_" not in result.stderr
        assert "AI_" not in result.stderr


@pytest.mark.parametrize("key", ["AI_PROVIDER", "DRUMBRIDGE_WINDOWS", "Ai_Provider", "ai_providr"])
def test_a_key_in_capitals_is_known_by_its_small_letters_and_can_be_taken_out(cli, tmp_path, key):
    """A variable's name in the file ends `run`; the hint says how it is written there, `unset` removes it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.toml").write_text(f'{key} = "groq"\ntempo = 99.0\n')

    refused = cli("config", "show")
    taken_out = cli("config", "unset", key)

    assert refused.exit_code == 3
    assert f"did you mean {'windows' if 'WINDOWS' in key else 'ai_provider'}?" in refused.stderr
    assert taken_out.exit_code == 0
    assert (tmp_path / "home" / "config.toml").read_text() == "tempo = 99.0\n"


def test_config_leaves_a_table_alone(cli, tmp_path):
    """It is not torn: the file stays as it is, and the message names it."""
    (tmp_path / "home").mkdir()
    file = tmp_path / "home" / "config.toml"
    file.write_text('tempo = 99.0\n[[windows]]\nzone = "UTC"\n')
    before = file.read_text()

    result = cli("config", "unset", "windows")

    assert result.exit_code == 3
    assert "by hand" in result.stderr
    assert file.read_text() == before
    assert cli("config", "unset", "tempo").exit_code == 0


def test_config_reads_and_changes_a_file_of_any_editor(cli, tmp_path):
    """A byte order mark, CRLF, a quoted key and a comment: read, changed, kept."""
    (tmp_path / "home").mkdir()
    file = tmp_path / "home" / "config.toml"
    file.write_bytes(b'\xef\xbb\xbf"tempo" = 99 # stage\r\n')

    result = cli("config", "set", "tempo", "96")

    assert result.exit_code == 0, result.stderr
    assert file.read_bytes() == b'\xef\xbb\xbf"tempo" = 96.0 # stage\r\n'
    assert "tempo = 96.0\t# config.toml" in cli("config", "show", "--origin").stdout


@pytest.mark.parametrize("words", [("run",), ("generate", "funk"), ("compose",), ("config", "show")])
def test_a_setting_that_cannot_be_is_named_with_its_place(cli, tmp_path, monkeypatch, words):
    """Nobody looks for a flag that was never given: a variable by its name, the file's value as the file's."""
    (tmp_path / "home").mkdir(mode=0o700)
    file = tmp_path / "home" / "config.toml"

    file.write_text('genre = "fnuk"\n')
    unknown = cli(*words)
    assert "config.toml: genre 'fnuk' is not known" in cli("doctor").stdout
    file.write_text("tempo = true\n")
    wrong = cli(*words)
    monkeypatch.setenv("DRUMBRIDGE_TEMPO", "fast")
    variable = cli(*words)

    assert {unknown.exit_code, wrong.exit_code, variable.exit_code} == {3}
    assert "config.toml: genre 'fnuk' is not known" in unknown.stderr
    assert "config.toml: tempo is true; it must be a number from 20 to 300" in wrong.stderr
    assert "DRUMBRIDGE_TEMPO is 'fast'; it must be a number from 20 to 300" in variable.stderr


def test_config_says_what_has_yet_to_be_done(cli, tmp_path, monkeypatch):
    """A running daemon read the file when it started; the environment goes before the file."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "daemon.json").write_text('{"pid": 1}')

    assert "next start on; now: `drumbridge ctl set bars=4`" in cli("config", "set", "bars", "4").stderr
    assert cli("config", "set", "port", "0").stderr == "port = 0 from the daemon's next start on\n"
    assert "its default holds" in cli("config", "unset", "bars").stderr
    monkeypatch.setenv("DRUMBRIDGE_BARS", "8")
    assert "DRUMBRIDGE_BARS in the environment wins" in cli("config", "set", "bars", "2").stderr


def test_config_writes_through_a_link(cli, tmp_path):
    """A file kept among dotfiles stays there; one whose folder has gone is named, and nothing is torn."""
    (tmp_path / "home").mkdir()
    (tmp_path / "dotfiles").mkdir()
    link, file = tmp_path / "home" / "config.toml", tmp_path / "dotfiles" / "drums.toml"
    link.symlink_to(file)
    file.write_text("# mine\n")

    assert cli("config", "set", "tempo", "96").exit_code == 0
    assert file.read_text() == "# mine\ntempo = 96.0\n"
    file.unlink()
    file.parent.rmdir()
    refused = cli("config", "set", "tempo", "97")

    assert link.is_symlink()
    assert refused.exit_code == 3
    assert f"{file} cannot be written: No such file" in refused.stderr


def test_config_keeps_what_is_no_text_out_of_the_file(cli, tmp_path):
    """Bytes that a terminal of another encoding sent: the file stays as it was."""
    refused = cli("config", "set", "host", "a\udcff")

    assert refused.exit_code == 3
    assert "host holds bytes that are no text" in refused.stderr
    assert not (tmp_path / "home" / "config.toml").exists()


def test_config_takes_a_negative_value_and_a_provider_before_its_key(cli):
    """A minus sign is no option; the order in which a user sets things is the user's."""
    assert cli("config", "set", "offset_ms", "-20").exit_code == 0
    assert cli("config", "set", "ai_provider", "groq").exit_code == 0
    shown = cli("config", "show", "--origin").stdout

    assert "offset_ms = -20.0\t# config.toml" in shown
    assert "ai_provider = groq\t# config.toml" in shown


def test_config_shows_what_holds_where_nobody_said_anything(cli, monkeypatch):
    """The routing document's defaults are values too; one that is set comes with its origin."""
    monkeypatch.setenv("AI_MONTHLY_BUDGET", "5")
    shown = cli("config", "show", "--origin").stdout

    assert "ai_monthly_budget = 5\t# environment" in shown
    assert "ai_max_cost_per_request = 0.10\t# default" in shown
    assert "ai_default_tier = balanced\t# default" in shown
    assert "ai_timeout_fast = 5\t# default" in shown


def test_a_stored_key_shows_as_set_and_never_itself(cli):
    """`config show` names every secret and where it is, whether in the environment or in the file."""
    cli("keys", "set", "groq", input="gsk_canary_0123456789\n")
    shown = cli("config", "show", "--origin").stdout

    assert "GROQ_API_KEY = set\t# keys.toml" in shown
    assert "canary" not in shown


def test_settings_are_the_defaults_of_a_groove_too(cli, monkeypatch):
    """Flag, then words, then environment, then file: the same order as for the daemon."""
    cli("config", "set", "bars", "4")
    cli("config", "set", "tempo", "96")
    monkeypatch.setenv("DRUMBRIDGE_METER", "3/4")

    def made(*words):
        found = json.loads(cli("generate", *words).stdout)["pattern"]
        return found["bars"], found["meter"], found["tempo"]

    assert made("funk") == (4, "3/4", 96)
    assert made("funk in 7/8", "--bars", "1", "--tempo", "140") == (1, "7/8", 140)


def test_models_that_are_off_are_off_here_too(cli, monkeypatch):
    """`ai = false` holds for every command: with a key in the environment nobody is asked."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-canary-0123456789")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DRUMBRIDGE_AI", "false")
    route = json.loads(cli("generate", "a groove like rain on a tin roof", "--tier", "fast").stdout)["route"]

    assert (route["provider"], route["attempts"]) == ("local", [])
