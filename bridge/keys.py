"""Provider keys: from the environment, else from one file of the home that only its user can read.

A key is never an argument, never printed, never in config.toml. A file that others can read is refused.
"""

from __future__ import annotations

import os
import stat
import sys
import tomllib
from collections.abc import Mapping
from typing import Final

from bridge.home import Home, HomeError, write_whole
from router.config import KEY_NAMES

_FILE: Final = "keys.toml"
MOST: Final = 512
"""Characters; no provider's key comes near it, and a pasted document does."""


def stored(home: Home) -> dict[str, str]:
    """Return the keys of the file by provider.

    Raises:
        HomeError: If the file can be read by others or is no list of keys.
    """
    file = home.path / _FILE
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise HomeError(f"{file} cannot be read as a plain file: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as source:
        if sys.platform != "win32" and os.fstat(source.fileno()).st_mode & 0o077:
            mode = stat.S_IMODE(os.fstat(source.fileno()).st_mode)
            raise HomeError(f"{file} can be read by others (mode {mode:o}): chmod 600 it, and consider new keys")
        try:
            data = tomllib.load(source)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            raise HomeError(f"{file} is not valid TOML; set the keys again with `drumbridge keys set`") from None
    return {name: key for name, key in data.items() if name in KEY_NAMES and isinstance(key, str)}


def with_keys(home: Home, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the stored keys where it has none of its own.

    Raises:
        HomeError: As `stored`.
    """
    out = dict(environ)
    for provider, key in stored(home).items():
        if not any(out.get(name) for name in KEY_NAMES[provider]):
            out[KEY_NAMES[provider][0]] = key
    return out


def keep(home: Home, provider: str, key: str | None) -> None:
    """Store a key, or forget it (None).

    Raises:
        ValueError: If it cannot be a key. HomeError, OSError: If the file cannot be used.
    """
    if key is not None and (
        not 8 <= len(key) <= MOST or not key.isascii() or not key.isprintable() or set(key) & set(' "\\')
    ):
        raise ValueError(f"that is no key: it must be 8 to {MOST} printable characters without blanks or quotes")
    home.create()
    keys = {name: value for name, value in stored(home).items() if name != provider}
    if key is not None:
        keys[provider] = key
    lines = [f'{name} = "{value}"' for name, value in keys.items()]
    # write_whole makes its file through mkstemp, which is 0600 from its first moment.
    write_whole(home.path / _FILE, "".join(f"{line}\n" for line in lines).encode())


def sources(home: Home, environ: Mapping[str, str]) -> dict[str, str]:
    """Return where each provider's key comes from: a variable's name, "file", or ""."""
    held = stored(home)
    return {
        provider: next((name for name in names if environ.get(name)), "file" if provider in held else "")
        for provider, names in KEY_NAMES.items()
    }
