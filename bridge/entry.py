"""The first lines that run: Ctrl-C must end every command quietly, also while it is still being imported.

Imports next to nothing before that is settled.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn


def _interrupted(*_: object) -> NoReturn:
    # SystemExit unwinds through imports, click and asyncio alike, and leaves no traceback.
    raise SystemExit(130)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _interrupted)
    from bridge.cli import main as group  # noqa: PLC0415 - the point of this file

    group(arguments, prog_name="drumbridge")


def _somebody_looks() -> bool:
    screen = sys.platform in {"win32", "darwin"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return screen and sys.stdout.isatty() and not os.environ.get("CI") and not os.environ.get("DRUMBRIDGE_NO_BROWSER")


if __name__ == "__main__":
    # As scripts/start.py starts it: `run`, with the page opened once where somebody can see it.
    os.environ["DRUMBRIDGE_OPEN"] = "1" if _somebody_looks() else ""
    main(["run", *sys.argv[1:]])
