"""Keys: one private file, never an argument, never shown."""

import stat
import sys

import pytest
from click.testing import CliRunner

from bridge import keys
from bridge.cli import main
from bridge.home import Home, HomeError

CANARY = "sk-ant-canary-0123456789abcdef"


@pytest.fixture
def home(tmp_path):
    """A home without keys."""
    home = Home(tmp_path / "home")
    home.create()
    return home


def test_a_stored_key_is_private_and_comes_back(home):
    """0600 from the first moment, and gone when it is removed."""
    keys.keep(home, "anthropic", CANARY)

    assert keys.stored(home) == {"anthropic": CANARY}
    if sys.platform != "win32":
        assert stat.S_IMODE((home.path / "keys.toml").stat().st_mode) == 0o600
    keys.keep(home, "anthropic", None)
    assert keys.stored(home) == {}


def test_the_environment_beats_the_file(home):
    """A key set for one run wins over the stored one; Cohere's second name counts too."""
    keys.keep(home, "groq", CANARY)
    keys.keep(home, "cohere", CANARY)

    merged = keys.with_keys(home, {"GROQ_API_KEY": "gsk-from-the-shell", "COHERE_API_KEY": "co-from-the-shell"})

    assert merged == {"GROQ_API_KEY": "gsk-from-the-shell", "COHERE_API_KEY": "co-from-the-shell"}
    assert keys.with_keys(home, {})["CO_API_KEY"] == CANARY


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_a_file_others_can_read_is_refused(home):
    """The user hears of it before a key is used that others may know."""
    keys.keep(home, "anthropic", CANARY)
    (home.path / "keys.toml").chmod(0o640)

    with pytest.raises(HomeError, match="chmod 600"):
        keys.stored(home)


@pytest.mark.parametrize(
    "key", ["", "short", "with blank in it", 'quote"quote"', "back\\slash-long", "ü" * 20, "x" * 600, "new\nline-long"]
)
def test_what_is_no_key_is_not_stored(home, key):
    """A pasted sentence, or something that would break the file."""
    with pytest.raises(ValueError, match="no key"):
        keys.keep(home, "openai", key)


def test_no_command_shows_a_key(home):
    """List, config and doctor say that it is set, and the key stands in no output."""
    runner = CliRunner()
    said = runner.invoke(main, ["keys", "set", "anthropic", "--home", str(home.path)], input=CANARY + "\n")
    outputs = [said.output] + [
        runner.invoke(main, [*words, "--home", str(home.path)]).output
        for words in (["keys"], ["keys", "--json"], ["config", "show", "--origin"], ["doctor"])
    ]

    assert said.exit_code == 0
    assert "anthropic\tset (file)" in outputs[1]
    assert not any(CANARY in text for text in outputs)


def test_an_unknown_provider_is_a_usage_error(home):
    """Exit code 2, and the known ones are named."""
    result = CliRunner().invoke(main, ["keys", "set", "nobody", "--home", str(home.path)])

    assert result.exit_code == 2
    assert "anthropic" in result.output
