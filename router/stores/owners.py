"""Who holds a reservation: a process told from every other, even from one that got its number again later.

Answers only "is that process certainly gone?". When it cannot know it says no, and the money stays held.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def identity() -> tuple[int, str]:
    """Return this process's number and a mark of when it started."""
    pid = os.getpid()
    return pid, started(pid) or ""


def is_gone(pid: int, mark: str) -> bool:
    """Say whether the process that had this number and mark has certainly ended."""
    if pid <= 0:
        return True
    now = started(pid)
    if now is None:
        return _nobody_has(pid)
    return bool(mark) and now != mark


def started(pid: int) -> str | None:
    """Return a mark that changes when a number is given to a new process or the machine restarts, or None."""
    if sys.platform == "linux":
        try:
            # The name, in parentheses, may hold spaces; the start time is the 20th field behind it (proc(5)).
            ticks = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
            boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        except (OSError, IndexError):
            return None
        return f"{boot[:8]}:{ticks}"
    if sys.platform == "win32":
        return None
    command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603  fixed words and a number
    except (OSError, subprocess.SubprocessError):
        return None
    return " ".join(found.stdout.split()) or None


def _nobody_has(pid: int) -> bool:
    if sys.platform == "win32":  # os.kill(pid, 0) would send Ctrl-C there
        import ctypes  # noqa: PLC0415  only Windows asks the kernel this way

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x1000, 0, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
        if not handle:
            return bool(kernel.GetLastError() == 87)  # ERROR_INVALID_PARAMETER: no such process
        code = ctypes.c_ulong()
        known = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return bool(known) and code.value != 259  # STILL_ACTIVE
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
