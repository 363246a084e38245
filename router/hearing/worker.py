"""The process that listens: `python -m router.hearing.worker PATH [LONGEST_S MEMORY_BYTES]`.

Prints JSON lines on stdout: {"progress": .., "stage": ".."} while it works, then one {"result": ..} or {"error": ..}.
Bounds its own memory, ends when its reader has gone, and never opens a port or a socket.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import replace
from typing import Any

from router.errors import InvalidRequest
from router.hearing.analysis import LIMITS

MISSING = "hearing needs the packages numpy and soundfile"
INSTALL = "run scripts/start.py again, or: pip install numpy soundfile"


def say(line: dict[str, Any]) -> None:
    """Write one line and push it out."""
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def bound_memory(most_bytes: int) -> None:
    """Refuse allocations beyond `most_bytes` where the system can (not on Windows; macOS takes it as advice)."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - absent on Windows

        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))


def main(arguments: list[str]) -> int:
    """Hear one file; return 0, or 1 when it cannot be heard (the reason is on stdout)."""
    # One thread: two spin against each other on a busy machine (22 s instead of 2 for three minutes, measured), and the
    # other core is the engine's.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    limits = LIMITS
    if len(arguments) == 3:
        limits = replace(LIMITS, longest_s=float(arguments[1]), memory_bytes=int(arguments[2]))
    bound_memory(limits.memory_bytes)
    try:
        from router.hearing.listen import analyze_file  # noqa: PLC0415 - after the bounds, and only in this process
    except ImportError:
        say({"error": {"field": "audio", "message": MISSING, "hint": INSTALL}})
        return 1
    shown = -1

    def progress(stage: str, done: float) -> None:
        nonlocal shown
        if round(done * 100) != shown:
            shown = round(done * 100)
            say({"progress": round(done, 3), "stage": stage})

    try:
        result = analyze_file(arguments[0], on_progress=progress, limits=limits)
    except InvalidRequest as error:
        say({"error": {"field": error.field, "message": str(error), "hint": error.hint}})
        return 1
    except MemoryError:
        text = f"the file needs more than {limits.memory_bytes >> 20} MiB to be heard"
        say({"error": {"field": "audio", "message": text, "hint": "cut it first"}})
        return 1
    say({"result": result.as_dict()})
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:  # the reader has gone: nobody wants the answer
        os._exit(1)
