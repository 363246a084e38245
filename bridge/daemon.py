"""The daemon's first and last steps: engine first, imports beside it, signals, and an end that leaves nothing sounding.

Imports little on purpose: the engine opens its ports while pydantic and the rest are still being loaded.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import sys
from typing import Any, NoReturn
from urllib.parse import urlsplit

from bridge.logs import configure
from bridge.options import Options
from bridge.redact import Redactor
from bridge.settings import SECRETS
from bridge.supervisor import Engine, EngineDown

_log = logging.getLogger("drumbridge")


def run(options: Options) -> NoReturn:
    """Run the daemon in this process, which ends with it.

    Raises:
        HomeError, InvalidSetting, EngineDown, OSError: When it cannot start; the command line words them.
    """
    redactor = Redactor(options.environ[name] for name in SECRETS if options.environ.get(name))
    configure(redactor, level=options.get("log_level"), as_json=options.get("json_logs"))
    redactor.add(options.home.token(), urlsplit(options.get("shared_url") or "").password or "")
    stop = asyncio.Event()
    with asyncio.Runner() as runner:
        # Before anything runs in the loop: a signal that ends it from within would be a traceback.
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                with contextlib.suppress(NotImplementedError):  # Windows: the exception of bridge.entry ends it
                    runner.get_loop().add_signal_handler(getattr(signal, name), stop.set)
        runner.run(_main(options, redactor, stop))
    raise AssertionError("the process has ended")


async def _main(options: Options, redactor: Redactor, stop: asyncio.Event) -> NoReturn:
    await _work(options, redactor, stop)
    # Not back through asyncio.run: it would wait, for seconds, until an SDK is loaded that nobody needs any more.
    logging.shutdown()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(0)


async def _work(options: Options, redactor: Redactor, stop: asyncio.Event) -> None:
    parts: list[Any] = []
    early: list[dict[str, Any]] = []

    async def restore() -> None:
        await parts[0].restore()

    engine = Engine(
        _engine_arguments(options),
        options.home.path / "sounding",  # what a killed predecessor left sounding stands there still
        lambda head: parts[0].hear(head) if parts else early.append(head),
        restore,
    )
    ready = asyncio.create_task(engine.start(), name="engine-start")
    stopped = asyncio.create_task(stop.wait(), name="stop")

    async def open_all() -> None:
        module = await asyncio.to_thread(importlib.import_module, "bridge.wiring")
        parts.append(module.Wiring(options, redactor, engine))
        for head in early:
            parts[0].hear(head)
        await parts[0].open(ready)

    try:
        opening = asyncio.create_task(open_all(), name="open")
        await asyncio.wait({opening, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            opening.result()
            await stopped
        opening.cancel()
    finally:
        ready.cancel()
        stopped.cancel()
        await asyncio.gather(ready, return_exceptions=True)
        # Notes first; everything else may take its moment in silence.
        with contextlib.suppress(EngineDown, ConnectionError):
            engine.tell("panic")
        await engine.close()
        if parts:
            await parts[0].close()
        options.home.release()


def _engine_arguments(options: Options) -> list[str]:
    return ["--midi", options.get("midi"), "--out", options.get("out"), "--in", options.get("in")]
