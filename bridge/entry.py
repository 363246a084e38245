"""The first lines that run: Ctrl-C must end every command quietly, also while it is still being imported.

Imports next to nothing before that is settled.
"""

from __future__ import annotations

import errno
import os
import signal
import sys

_HELP_COLUMNS = 80
"""From this width on click wraps nothing of the first help page, so that every screen shows the same."""

_NOT_WRITTEN = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
"""A pipe that nobody reads any more, a full disk behind `> FILE`, a closed output."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    # SystemExit unwinds through imports and click alike, and leaves no traceback.
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    if (sys.argv[1:] if arguments is None else arguments)[:1] == ["run"]:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # a service stopped before it began has not failed
    try:
        _run(arguments)
    except OSError as error:
        if error.errno not in _NOT_WRITTEN:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or the interpreter complains once more at its end
        if error.errno == errno.EPIPE:  # `drumbridge ... | head` is no error that anybody wants to read of
            raise SystemExit(1) from None
        raise SystemExit(f"drumbridge: nothing more can be written: {os.strerror(error.errno or 0)}") from None


def _run(arguments: list[str] | None) -> None:
    if (sys.argv[1:] if arguments is None else arguments) in (["--help"], ["-h"]) and _wide():
        sys.stdout.write(_kept_help())
        sys.stdout.flush()
        return
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # whoever closed it wants nothing from there, and every command may write
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - as below; it stays open
    from bridge.cli import main as group  # noqa: PLC0415 - the point of this file

    group(arguments, prog_name="drumbridge")


def _kept_help() -> str:
    """Return the first help page as click wrote it: importing click alone takes most of the 80 ms it may take.

    `COLUMNS=80 drumbridge --help > bridge/cli/help.txt` writes it anew, and a test holds it to click's own.
    """
    with open(os.path.join(os.path.dirname(__file__), "cli", "help.txt"), encoding="utf-8") as page:  # noqa: PTH118, PTH120, PTH123 - pathlib costs as much as the page
        return page.read()


def _wide() -> bool:
    if "COLUMNS" in os.environ or not sys.stdout:  # a closed output is click's to bear
        return False
    try:
        return os.get_terminal_size(1).columns >= _HELP_COLUMNS
    except OSError:  # no terminal: click writes 80 columns
        return True


def _somebody_looks() -> bool:
    screen = sys.platform in {"win32", "darwin"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return screen and sys.stdout.isatty() and not os.environ.get("CI") and not os.environ.get("DRUMBRIDGE_NO_BROWSER")


if __name__ == "__main__":
    # As scripts/start.py starts it: `run`, with the page opened once where somebody can see it.
    os.environ["DRUMBRIDGE_OPEN"] = "1" if _somebody_looks() else ""
    main(["run", *sys.argv[1:]])
