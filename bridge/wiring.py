"""The wiring: every part of the daemon, put together once the slow imports are done.

Closes in the order of what is heard. Holds no rule of music, money or access itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.util
import json
import logging
import os
import secrets
import ssl
import sys
import threading
import time
import webbrowser
from collections.abc import Mapping
from typing import Any, Final

from bridge import __version__
from bridge.control.access import Gate
from bridge.control.http import Site
from bridge.control.server import ControlServer
from bridge.controls import Controls
from bridge.document import asyncapi
from bridge.events import Events
from bridge.jobs import Jobs
from bridge.library import Library
from bridge.methods import Methods, explain
from bridge.money import Money
from bridge.options import Options
from bridge.redact import Redactor
from bridge.routing import Routing
from bridge.session import Session
from bridge.settings import live_values
from bridge.supervisor import Engine
from bridge.triggers import Triggers
from bridge.variables import check_names, router_config
from bridge.words import API

_log = logging.getLogger("drumbridge")
_THIS_MACHINE: Final = {"127.0.0.1": ("127.0.0.1", "::1"), "localhost": ("127.0.0.1", "::1"), "::1": ("::1",)}


# What this installation can do beyond the core, and the package that it takes.
_EXTRAS: Final = {"link": "link", "shared": "redis"}

_CLOSE_S: Final = 0.8
"""Two seconds are promised from the signal to the end; the engine may take one of them."""


class Wiring:
    """One daemon's parts. `engine` may still be starting; it is heard from the first event on."""

    def __init__(self, options: Options, redactor: Redactor, engine: Engine) -> None:
        self._options = options
        self._redactor = redactor
        self._engine = engine
        self._instance = secrets.token_hex(2)
        self._started = time.monotonic()
        home = options.home
        self._events = Events(time.monotonic)
        live = live_values(options.values)
        check_names(options.values)
        self._session = Session(live, self._events, time.monotonic)
        self._library = Library(home.path / "patterns", home.path / "exports")
        config = router_config(options.values, options.environ)
        self._money = Money(home.path, config, self._events, options.values["shared_url"].value)
        self._routing = Routing(config, self._money, home.path / "models.json")
        self._jobs = Jobs(self._session, self._events, self._routing, self._explain)
        self._jobs.answered = self._money.record
        self._session.ai_turned = self._routing.switch
        self._routing.switch(live["ai"])
        controls = Controls(home.path / "mapping.json", options.config.get("mapping"))
        self._triggers = Triggers(self._session, self._jobs, self._library, controls)
        self._methods = Methods(
            self._session, self._jobs, self._library, self._triggers, self._events, self._money, self._about,
            folders=options.get("analyze_folders"),
        )  # fmt: skip
        self._tls = options.get("tls_cert") is not None
        self._gate = Gate(0, home.token(), scheme="https" if self._tls else "http")
        self._server: ControlServer | None = None
        self._behind: asyncio.Task[None] | None = None

    def _explain(self, error: Exception) -> dict[str, Any]:
        return self._clean(explain(error).as_dict())

    def _clean(self, error: dict[str, Any]) -> dict[str, Any]:
        return {**error, "message": self._redactor.clean(error["message"])}

    def hear(self, head: dict[str, Any]) -> None:
        """Take an event of the engine in."""
        if head.get("e") == "midi":
            self._triggers.hear(head["rows"])
        else:
            self._session.hear(head)

    async def restore(self) -> None:
        """Load a new engine with what the old one had."""
        await self._session.restore()

    async def open(self, ready: asyncio.Future[dict[str, Any]]) -> None:
        """Listen, wait for the engine, print the ready line, and begin what comes after it.

        Raises:
            EngineDown: If the playing process does not come up. OSError: If the port cannot be had.
        """
        self._library.open()
        await self._listen()
        first = await ready
        self._session.engine = self._engine
        self._session.configure()
        self._announce(first)
        self._behind = asyncio.create_task(self._after_ready(), name="after-ready")

    async def _listen(self) -> None:
        site = Site(self._health, self._money.prometheus, lambda: asyncapi(self._urls()["ws"]), self._library.exported)
        self._server = ControlServer(self._gate, site, self._call, self._hello, self._events.drop)
        host, port = self._options.get("host"), self._options.get("port")
        hosts = _THIS_MACHINE.get(host, (host,))
        if host not in _THIS_MACHINE:
            self._gate.names = (*self._gate.names, host)
        tls = None
        if self._tls:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self._options.get("tls_cert"), self._options.get("tls_key"))
        await self._server.open(hosts, port, tls)

    def _announce(self, ready: Mapping[str, Any]) -> None:
        """Print the ready line: the one thing that stands on stdout."""
        midi = {name: ready.get(name) for name in ("backend", "out", "in")}
        facts = {"ready": True, **self._urls(), "home": str(self._options.home.path), "midi": midi, "pid": os.getpid()}
        self._options.home.announce(facts)
        try:
            sys.stdout.write(json.dumps(facts) + "\n")
            sys.stdout.flush()
        except OSError as error:  # nobody reads it, or a full disk: a drummer plays all the same
            _log.warning("the ready line could not be written: %s", error.strerror)
        link = f"{self._urls()['url']}#t={self._gate.token}"
        with contextlib.suppress(OSError, ValueError):
            # Straight to the terminal, past the log and its redaction: this link is for the person who started us.
            sys.stderr.write(f"the page: {link}\n")
        if self._options.environ.get("DRUMBRIDGE_OPEN"):
            threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()
        if ready.get("backend") == "none":
            _log.warning("no MIDI: %s", ready.get("why") or "asked for with --midi none")

    def _urls(self) -> dict[str, str]:
        secure = "s" if self._tls else ""
        where = f"{self._gate.names[0]}:{self._gate.port}"
        return {"url": f"http{secure}://{where}/", "ws": f"ws{secure}://{where}/ws"}

    async def _after_ready(self) -> None:
        """Do what must not hold up the ready line: SDKs, stores, and a frozen heap."""
        await self._routing.open()
        gc.collect()
        gc.freeze()

    async def _call(self, method: str, params: Mapping[str, Any], client: Any) -> Any:
        try:
            return await self._methods.call(method, params, client)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a cleaned error, not silence
            failed = explain(error)
            failed.args = (self._redactor.clean(str(failed)),)
            raise failed from None

    def _hello(self) -> dict[str, Any]:
        return {
            "server": "drumbridge",
            "version": __version__,
            "api": API,
            "features": [name for name, module in _EXTRAS.items() if importlib.util.find_spec(module) is not None],
            "instance": self._instance,
        }

    def _health(self) -> dict[str, Any]:
        down = self._engine.given_up or ("" if self._engine.pid else "the playing process is being restarted")
        up = round(time.monotonic() - self._started, 1)
        return {"ok": not down, "server": "drumbridge", "version": __version__, "uptime_s": up, "pid": os.getpid()}

    async def _about(self) -> Mapping[str, Any]:
        return {
            "version": __version__,
            "uptime_s": round(time.monotonic() - self._started, 1),
            "engine": {
                "pid": self._engine.pid,
                "restarts": self._engine.restarts,
                "down": self._engine.given_up or None,
            },
            "clients": len(self._server) if self._server else 0,
            "library": {"patterns": len(self._library), "broken": self._library.broken},
            "budget": await self._money.budget(),
            **self._routing.status(),
        }

    async def close(self) -> None:
        """End in the order of what is heard: notes first, then the socket, then the stores. Never raises.

        What has not ended in time is left: money that is still held stays held, and counts until it is reconciled.
        """
        if self._behind is not None:
            self._behind.cancel()
            await asyncio.gather(self._behind, return_exceptions=True)
        until = asyncio.get_running_loop().time() + _CLOSE_S
        for part in (self._triggers, self._jobs, self._server, self._routing):
            try:
                async with asyncio.timeout_at(until):
                    if part is not None:
                        await part.close()
            except Exception as error:  # noqa: BLE001 - one part's trouble must not keep the others open
                _log.warning("%s did not close: %r", type(part).__name__, error)
