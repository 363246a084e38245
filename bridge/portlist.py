"""The machine's MIDI ports, asked of a process of its own: some systems list stale ports in one that lives long."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def list_ports(midi: str) -> dict[str, Any]:
    """Return {backend, outputs, inputs, why} as a fresh process sees them.

    Raises:
        OSError: If the process cannot be started.
    """
    arguments = [sys.executable, "-P", "-m", "bridge.ports.listing", midi]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - ourselves
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return {"backend": "none", "outputs": [], "inputs": [], "why": done.stderr.strip()[-300:] or "no answer"}
    return found if isinstance(found, dict) else {}
