#!/usr/bin/env python3
"""Runs every check there is: style, types, layers, the whole suite on real JACK, a real browser and real Redis.

    python3 scripts/test.py [pytest's arguments]

Makes .venv and installs what the tests need; on Debian and Ubuntu as root the system packages too. With arguments only
pytest is run. With CI=true a missing tool is a failure, otherwise the tests that need it are skipped with the reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import venv_here

ROOT = venv_here.ROOT
# Program that shows a package is there: the Debian package that brings it.
PACKAGES = {
    "jackd": "jackd2",
    "jack_lsp": "jack-tools",
    "chromium": "chromium",
    "redis-server": "redis-server",
    "fluidsynth": "fluidsynth",
    "sox": "sox",
    "node": "nodejs",
    "npm": "npm",
    "cc": "gcc",
}
FILES = {
    "/usr/share/sounds/sf2/FluidR3_GM.sf2": "fluid-soundfont-gm",
    "/usr/include/jack/jack.h": "libjack-jackd2-dev",
}


def system_packages() -> None:
    """Install what is missing, where that is possible without asking."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    missing += [package for file, package in FILES.items() if not Path(file).exists()]
    if not missing:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(f"not installed, some tests will be skipped: {', '.join(missing)}", file=sys.stderr)
        return
    print(f"installing {', '.join(missing)}", file=sys.stderr, flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        subprocess.run(["apt-get", *arguments], env=quiet, stdout=subprocess.DEVNULL, check=False)


def main() -> int:
    """Run the checks; the first that fails ends the run, so that its words stand last."""
    system_packages()
    python = str(venv_here.ensure("dev"))
    tools = Path(python).parent
    if len(sys.argv) > 1:
        return subprocess.call([python, "-m", "pytest", *sys.argv[1:]], cwd=ROOT)
    steps: tuple[tuple[str, ...], ...] = (
        (str(tools / "ruff"), "check", "."),
        (str(tools / "ruff"), "format", "--check", "."),
        (python, "-m", "mypy"),
        (str(tools / "lint-imports"), "--no-cache"),
        # What a DAW or a Link session does is its own affair: those measures (-m lab) are taken by hand.
        # What needs no wire runs on all cores; what is timed on real ports runs alone.
        (python, "-m", "pytest", "-q", "-n", str(os.cpu_count() or 2), "-m", "not wire and not lab"),
        (python, "-m", "pytest", "-q", "-m", "wire and not lab"),
    )
    for step in steps:
        started = time.monotonic()
        print(f"\n== {' '.join(Path(word).name if '/' in word else word for word in step)}", flush=True)
        code = subprocess.call(step, cwd=ROOT)
        print(f"== {time.monotonic() - started:.0f} s", flush=True)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
