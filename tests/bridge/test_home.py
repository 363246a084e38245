"""The state directory."""

import os
import stat
import sys

import pytest

from bridge.home import Home, HomeError, Occupied, locate, write_whole

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")


@pytest.fixture
def home(tmp_path):
    """A made home in a folder with blanks and umlauts."""
    home = Home(tmp_path / "Träume in Dur" / "home")
    home.create()
    return home


@posix_only
def test_home_and_token_are_the_users_alone(home):
    """0700 for the folder, 0600 for the token, from the first moment."""
    token = home.token()

    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((home.path / "token").stat().st_mode) == 0o600
    assert len(token) >= 43


def test_the_token_lasts(home):
    """A restart must not lock out a page that is open."""
    assert home.token() == home.token()


@posix_only
def test_a_token_others_can_read_is_refused(home):
    """It may be known to others; the user is told to delete it."""
    home.token()
    (home.path / "token").chmod(0o644)

    with pytest.raises(HomeError, match="Delete it"):
        home.token()


@posix_only
def test_a_link_at_the_tokens_place_is_not_followed(home, tmp_path):
    """Whoever may write into the folder must not choose the file we read."""
    (tmp_path / "elsewhere").write_text("x" * 40)
    (home.path / "token").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(HomeError, match="plain file"):
        home.token()


def test_a_second_owner_is_told_who_the_first_is(home):
    """Two daemons on one home would play twice and pay twice."""
    home.claim()
    home.announce({"pid": os.getpid(), "url": "http://127.0.0.1:1/"})

    with pytest.raises(Occupied, match=rf"process {os.getpid()} at http://127.0.0.1:1/"):
        Home(home.path).claim()
    home.release()
    successor = Home(home.path)
    successor.claim()
    successor.release()


def test_a_broken_config_names_the_line(home):
    """The user mends the line; nothing is guessed and nothing is overwritten."""
    (home.path / "config.toml").write_text("tempo = = 3\n")

    with pytest.raises(HomeError, match="line 1"):
        home.config()


def test_the_flag_beats_the_variable(tmp_path):
    """--home, then DRUMBRIDGE_HOME, then the platform's folder."""
    assert locate(str(tmp_path / "a"), {"DRUMBRIDGE_HOME": str(tmp_path / "b")}) == tmp_path / "a"
    assert locate(None, {"DRUMBRIDGE_HOME": str(tmp_path / "b")}) == tmp_path / "b"
    assert locate(None, {}).name == "drumbridge"


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    """A full disk in the middle of a write costs the new file, never the old one."""
    file = tmp_path / "a.json"
    write_whole(file, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, b"new")

    assert file.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]
