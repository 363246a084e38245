"""What `scripts/start.py` becomes: `drumbridge run`, with the page opened once where somebody can see it.

Opens no browser without a screen, in CI, or when stdout is not a terminal.
"""

from __future__ import annotations

import os
import sys

from bridge.cli import main


def _somebody_looks() -> bool:
    screen = sys.platform in {"win32", "darwin"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return screen and sys.stdout.isatty() and not os.environ.get("CI") and not os.environ.get("DRUMBRIDGE_NO_BROWSER")


if __name__ == "__main__":
    os.environ["DRUMBRIDGE_OPEN"] = "1" if _somebody_looks() else ""
    main(["run", *sys.argv[1:]], prog_name="drumbridge")
