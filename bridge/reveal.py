"""Reveal: shows the exports folder in this machine's file manager, from where a .mid is dragged into a DAW.

No client says what is started or what it opens: the folder is ours and the program the desktop's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_PROGRAMS = {"darwin": "open", "win32": "explorer"}


class NoDesktop(Exception):
    """There is no file manager that could show the folder."""


def program(platform: str, environ: Mapping[str, str], which: Callable[[str], str | None]) -> str | None:
    """Return the program that opens a folder, or None where there is no desktop."""
    if platform not in _PROGRAMS and not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return None  # without a screen xdg-open may start a text browser in our terminal
    return which(_PROGRAMS.get(platform, "xdg-open"))


def reveal(folder: Path) -> None:
    """Open `folder`; it is shown a moment later, or not at all if the desktop is broken.

    Raises:
        NoDesktop: If there is nothing to open it with.
    """
    found = program(sys.platform, os.environ, shutil.which)
    if found is None:
        raise NoDesktop(f"there is no file manager here; the folder is {folder}")
    null = subprocess.DEVNULL
    subprocess.Popen([found, str(folder)], stdin=null, stdout=null, stderr=null, start_new_session=True)  # noqa: S603 - fixed words, our folder
