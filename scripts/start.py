#!/usr/bin/env python3
"""From a fresh clone to a playing daemon: makes .venv, installs into it, and runs `drumbridge run` with your flags.

Needs Python 3.11 and nothing else. A second call finds everything in place and only starts.
"""

from __future__ import annotations

import os
import sys

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - no import before the fast path
sys.path.insert(0, os.path.join(_ROOT, "scripts"))  # noqa: PTH118 - likewise

import venv_here  # noqa: E402 - found beside this file


def main() -> None:
    """Install when needed, then become the daemon."""
    arguments = [str(venv_here.ensure()), "-P", "-m", "bridge.entry", *sys.argv[1:]]
    if os.name == "nt":
        import subprocess  # noqa: PLC0415 - Windows has no exec that keeps the console

        sys.exit(subprocess.call(arguments))
    os.execv(arguments[0], arguments)  # noqa: S606 - the interpreter that was just installed


if __name__ == "__main__":
    main()
