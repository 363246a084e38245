"""Lists the machine's MIDI ports and ends: `python -m bridge.ports.listing MIDI` prints one JSON object.

A process of its own, for some systems show a process the ports that were there when it began. Leaves no port behind.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from bridge.ports.base import PortError, Wish
from bridge.ports.opening import open_port


def listing(midi: str) -> dict[str, Any]:
    """Return {backend, outputs, inputs, why}; backend "none" with the reason when nothing can be used."""
    try:
        port = open_port(midi, Wish(client="drumbridge-list"), lambda _: None)
    except PortError as error:
        why = f"{error} ({error.fix})" if error.fix else str(error)
        return {"backend": "none", "outputs": [], "inputs": [], "why": why}
    found = port.ports()
    why = getattr(port, "why", "")
    out = {"backend": port.backend, "outputs": list(found.outputs), "inputs": list(found.inputs), "why": why}
    port.close()
    return out


def main() -> None:
    """Print the listing; what libraries write to stdout on the way goes to stderr."""
    real = os.dup(1)
    os.dup2(2, 1)
    text = json.dumps(listing(sys.argv[1] if len(sys.argv) > 1 else "auto"))
    os.write(real, text.encode() + b"\n")


if __name__ == "__main__":
    main()
