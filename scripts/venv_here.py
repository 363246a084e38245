"""Makes .venv beside the sources and installs the project into it, once for each state of pyproject.toml.

Standard library only: it runs before anything is installed. Talks on stderr, for stdout belongs to the ready line.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure(*groups: str) -> Path:
    """Return the interpreter of an environment that holds the project and the dependency groups named."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what tells users of older ones
        sys.exit(f"drumbridge needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    stamp = VENV / f".installed-{'-'.join(('run', *groups))}"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return PYTHON
    if not PYTHON.exists():
        _say("making .venv")
        _run(sys.executable, "-m", "venv", str(VENV))
    _say("installing (this happens once)")
    pip = (str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile")
    if groups:
        _run(*pip, "--upgrade", "pip>=25.1")  # the pip that comes with 3.11 knows no dependency groups
    _run(
        *pip,
        "--editable",
        str(ROOT),
        *(word for group in groups for word in ("--group", f"{ROOT}/pyproject.toml:{group}")),
    )
    _compile()
    stamp.write_text(wanted)
    return PYTHON


def _compile() -> None:
    """Compile what was installed, and our own sources too, on all cores: pip does the first on one, nobody the second.

    Where Python may write no bytecode later, each start would compile anew and take a third longer.
    """
    site = next(iter((VENV / "lib").glob("python*/site-packages")), VENV / "Lib" / "site-packages")
    quietly = (str(PYTHON), "-m", "compileall", "-qq", "-j", "0")
    # Some packages carry templates that are no Python; what cannot be compiled is no reason to stop.
    subprocess.run((*quietly, str(site), *(str(ROOT / name) for name in ("bridge", "router"))), check=False)


def _run(*arguments: str) -> None:
    done = subprocess.run(arguments, stdout=sys.stderr, check=False)
    if done.returncode:
        sys.exit(f"drumbridge: this failed: {' '.join(arguments)}")


def _say(words: str) -> None:
    print(f"drumbridge: {words}", file=sys.stderr, flush=True)
