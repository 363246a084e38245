"""Starts the process that listens and reads its progress; kills it when time is up or nobody waits any more.

Asyncio and the standard library only: the daemon imports this, and numpy never enters it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from router.errors import InvalidRequest, RouterError
from router.hearing.analysis import LIMITS, Analysis, Limits

_LONGEST_LINE: Final = 16 << 20
"""Ten minutes of sixteenth notes on three drums are about 2 MB of JSON."""


async def hear(
    path: str | Path, *, on_progress: Callable[[str, float], None] | None = None, limits: Limits = LIMITS
) -> Analysis:
    """Hear a file in a process of its own.

    Args:
        path: A wav, flac, mp3, ogg or aiff file.
        on_progress: Called on the event loop with the stage and how much is done, 0..1.
        limits: Bounds of length, memory and time.

    Raises:
        InvalidRequest: If the file cannot be heard, or took longer than `limits.seconds`.
        RouterError: If the process died without a word.
        CancelledError: If the caller is cancelled; the process is killed first.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "router.hearing.worker",
        str(path),
        str(limits.longest_s),
        str(limits.memory_bytes),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_LINE,
        env=_environment(),
    )
    try:
        async with asyncio.timeout(limits.seconds):
            last = await _read(process, on_progress)
            await process.wait()
    except TimeoutError as error:
        raise InvalidRequest(
            "audio", f"hearing took longer than {limits.seconds:g} s and was stopped", "cut the file first"
        ) from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
    return _judge(last, process.returncode)


async def _read(
    process: asyncio.subprocess.Process, on_progress: Callable[[str, float], None] | None
) -> dict[str, Any]:
    assert process.stdout is not None  # noqa: S101 - asked for with PIPE above
    last: dict[str, Any] = {}
    async for line in process.stdout:
        with contextlib.suppress(ValueError):
            last = json.loads(line)
            if on_progress is not None and "progress" in last:
                on_progress(str(last["stage"]), float(last["progress"]))
    return last


def _judge(last: dict[str, Any], code: int | None) -> Analysis:
    if "result" in last:
        return Analysis.from_dict(last["result"])
    if "error" in last:
        error = last["error"]
        raise InvalidRequest(error["field"], error["message"], error["hint"])
    raise RouterError(f"the hearing process ended without an answer (code {code}); the file may be damaged")


def _environment() -> dict[str, str]:
    """Return the environment without anything named like a key: audio files come from strangers, decoders have bugs."""
    return {name: value for name, value in os.environ.items() if "KEY" not in name and "TOKEN" not in name}
