"""Asks the system for what playing in time needs, and says in plain words what it gave.

Everything here is optional: without it the engine plays too, a little less tightly under load.
"""

from __future__ import annotations

import os
from typing import Final

PRIORITY: Final = 60
"""Below JACK's own threads (65 to 70), above everything that is not music."""


def ask_for_realtime(priority: int = PRIORITY) -> str:
    """Ask for SCHED_FIFO for this thread and those it starts from now on; returns "fifo 60" or "no: why, what to do".

    All threads of the engine must get it: one without that holds the interpreter would hold up the others.
    """
    if not hasattr(os, "sched_setscheduler"):
        return "no: this system has no SCHED_FIFO"
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except (PermissionError, OSError):
        return "no: not allowed; add '@audio - rtprio 95' to /etc/security/limits.d/audio.conf and join the group audio"
    return f"fifo {priority}"
