"""The state directory: where it is, who may read it, the token, and the lock that keeps a second daemon out.

Never follows a link at the token's place and never loosens a mode; when others can read the token it refuses.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

_FOLDERS: Final = ("patterns", "exports", "logs")


class HomeError(Exception):
    """The state directory cannot be used; the message says what to do."""


class Occupied(HomeError):
    """Another daemon owns this home."""


def locate(flag: str | None, environ: Mapping[str, str]) -> Path:
    """Return the state directory: the flag, else $DRUMBRIDGE_HOME, else the platform's user data directory."""
    chosen = flag or environ.get("DRUMBRIDGE_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs  # noqa: PLC0415 - 20 ms that most commands need not pay

    return Path(platformdirs.user_data_dir("drumbridge", appauthor=False))


class Home:
    """One state directory, made 0700 when it is first wanted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[bytes] | None = None

    def __repr__(self) -> str:
        return f"<Home {self.path}>"

    def create(self) -> None:
        """Make the directory and its folders.

        Raises:
            HomeError: If it cannot be made or written to.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in _FOLDERS:
                (self.path / name).mkdir(mode=0o700, exist_ok=True)
            probe, name = tempfile.mkstemp(dir=self.path)
            os.close(probe)
            os.unlink(name)  # noqa: PTH108 - the name came from mkstemp
        except OSError as error:
            raise HomeError(
                f"{self.path} cannot be used as the state directory: {error.strerror}. "
                "Choose another with --home DIR or DRUMBRIDGE_HOME."
            ) from error

    def config(self) -> dict[str, Any]:
        """Return config.toml, or {} when there is none.

        Raises:
            HomeError: If it is not TOML or cannot be read.
        """
        file = self.path / "config.toml"
        try:
            return tomllib.loads(file.read_bytes().decode("utf-8-sig"))  # some editors begin with a byte order mark
        except FileNotFoundError:
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise HomeError(f"{file} is not valid TOML: {error}. Mend the line or move the file away.") from error
        except OSError as error:
            raise HomeError(f"{file} cannot be read: {error.strerror}") from error

    def token(self) -> str:
        """Return the access token, made on first use (0600, never through a link).

        Raises:
            HomeError: If others could read it, or it is no plain file of ours.
        """
        file = self.path / "token"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(file, flags, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_urlsafe(32) + "\n")
        return self.read_token()

    def read_token(self) -> str:
        """Return the token that is there.

        Raises:
            HomeError: If there is none, or it is not private.
        """
        file = self.path / "token"
        try:
            descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            raise HomeError(f"{file} is missing; start `drumbridge run` once to make it") from None
        except OSError as error:
            raise HomeError(
                f"{file} cannot be read as a plain file: {error.strerror}. Delete it and restart."
            ) from error
        with os.fdopen(descriptor, "r") as source:
            facts = os.fstat(source.fileno())
            if sys.platform != "win32" and (not stat.S_ISREG(facts.st_mode) or facts.st_mode & 0o077):
                raise HomeError(
                    f"{file} can be read by others (mode {stat.S_IMODE(facts.st_mode):o}): it may be known. "
                    "Delete it; the next start makes a new one."
                )
            token = source.read(200).strip()
        if len(token) < 20:
            raise HomeError(f"{file} holds no token. Delete it; the next start makes a new one.")
        return token

    def claim(self) -> None:
        """Take the lock for the life of this process.

        Raises:
            Occupied: Naming the process that owns it and its address.
        """
        file = (self.path / "lock").open("a+b")
        try:
            _lock(file)
        except OSError:
            file.close()
            owner = self.daemon() or {}
            who = f"process {owner.get('pid', '?')} at {owner.get('url', '?')}"
            raise Occupied(
                f"{self.path} belongs to a running daemon ({who}). Stop it, or choose another home with --home DIR."
            ) from None
        self._lock = file

    def announce(self, facts: Mapping[str, Any]) -> None:
        """Leave word for `ctl` and `doctor` of where the daemon listens."""
        write_whole(self.path / "daemon.json", json.dumps(facts).encode() + b"\n")

    def daemon(self) -> dict[str, Any] | None:
        """Return what the last daemon announced, or None. It may have died since."""
        try:
            found = json.loads((self.path / "daemon.json").read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def release(self) -> None:
        """Give the lock back and take the announcement away."""
        if self._lock is not None:
            (self.path / "daemon.json").unlink(missing_ok=True)
            self._lock.close()
            self._lock = None


def write_whole(file: Path, data: bytes) -> None:
    """Write `data` so that a reader, or a crash, finds the old file or the new one, never a part."""
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if sys.platform != "win32":
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows only

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - exists on POSIX only

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
