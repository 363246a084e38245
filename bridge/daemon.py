"""The daemon: everything wired together, ready as soon as it can be, ended so that nothing sounds on.

The only file that knows all parts. Holds no rule of music, money or access itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import secrets
import signal
import ssl
import sys
import threading
import time
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bridge import __version__, protocol
from bridge.control.access import Gate
from bridge.control.http import Site
from bridge.control.server import ControlServer
from bridge.events import Events
from bridge.home import Home
from bridge.jobs import Jobs
from bridge.library import Library
from bridge.logs import configure
from bridge.mapping import DEFAULT, read_triggers
from bridge.mapping import Mapping as Controls
from bridge.methods import Methods, explain
from bridge.money import Money
from bridge.offline import router_variables
from bridge.redact import Redactor
from bridge.session import Session
from bridge.settings import SECRETS, Value, live_values
from bridge.supervisor import Engine, EngineDown
from bridge.triggers import Triggers
from bridge.words import API
from router.config import RouterConfig
from router.dispatch import Router

_log = logging.getLogger("drumbridge")
_SOUNDING_BYTES: Final = 16 * 128
_THIS_MACHINE: Final = {"127.0.0.1": ("127.0.0.1", "::1"), "localhost": ("127.0.0.1", "::1"), "::1": ("::1",)}


@dataclass(frozen=True, slots=True)
class Options:
    """What `run` was told, resolved."""

    home: Home
    values: Mapping[str, Value]
    config: Mapping[str, Any]
    environ: Mapping[str, str]

    def get(self, name: str) -> Any:
        """Return a setting's value."""
        return self.values[name].value


class Daemon:
    """One running daemon."""

    def __init__(self, options: Options, redactor: Redactor) -> None:
        self._options = options
        self._redactor = redactor
        self._stop = asyncio.Event()
        self._instance = secrets.token_hex(2)
        self._started = time.monotonic()
        home = options.home
        self._events = Events(time.monotonic)
        self._session = Session(live_values(options.values), self._events, time.monotonic)
        self._library = Library(home.path / "patterns", home.path / "exports")
        self._engine = self._make_engine()
        config = RouterConfig.from_env(router_variables(options.values, options.environ))
        self._money = Money(home.path, config, self._events)
        self._router = Router(config, ledger=self._money.ledger, cache=self._money.cache)
        self._jobs = Jobs(
            self._session, self._events, self._router, lambda error: self._clean(explain(error).as_dict())
        )
        self._jobs.answered = self._money.record
        rows = options.config.get("mapping", {}).get("triggers")
        controls = Controls(DEFAULT if rows is None else read_triggers(rows))
        self._triggers = Triggers(self._session, self._jobs, self._library, controls)
        self._methods = Methods(
            self._session, self._jobs, self._library, self._triggers, self._events, self._money, self._about
        )
        self._tls = options.get("tls_cert") is not None
        self._gate = Gate(0, home.token(), scheme="https" if self._tls else "http")
        self._server: ControlServer | None = None

    def _clean(self, error: dict[str, Any]) -> dict[str, Any]:
        return {**error, "message": self._redactor.clean(error["message"])}

    def _make_engine(self) -> Engine:
        options = self._options
        sounding = options.home.path / "sounding"
        if not sounding.exists() or sounding.stat().st_size != _SOUNDING_BYTES:
            sounding.write_bytes(bytes(_SOUNDING_BYTES))
        arguments = ["--midi", options.get("midi"), "--out", options.get("out"), "--in", options.get("in")]
        return Engine(arguments, sounding, self._hear, self._restore)

    def _hear(self, head: dict[str, Any]) -> None:
        if head.get("e") == "midi":
            self._triggers.hear(head["rows"])
        else:
            self._session.hear(head)

    async def _restore(self) -> None:
        await self._session.restore()

    async def run(self) -> int:
        """Serve until a signal asks to end; return the exit code.

        Raises:
            EngineDown: If the playing process does not come up. OSError: If the port cannot be had.
        """
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends asyncio.run
                    loop.add_signal_handler(getattr(signal, name), self._stop.set)
        ready = asyncio.create_task(self._engine.start(), name="engine-start")
        try:
            self._library.open()
            await self._listen()
            first = await ready
            self._session.engine = self._engine
            self._session.configure()
            self._announce(first)
            behind = asyncio.create_task(self._after_ready(), name="after-ready")
            await self._stop.wait()
            behind.cancel()
        finally:
            ready.cancel()
            await self._close()
        return 0

    async def _listen(self) -> None:
        site = Site(
            self._health, self._money.prometheus, lambda: protocol.asyncapi(self._urls()["ws"]), self._library.exported
        )
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
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
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
        await self._money.open()
        await self._router.start()
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
            "features": sorted(protocol.METHODS),
            "instance": self._instance,
        }

    def _health(self) -> dict[str, Any]:
        down = self._engine.given_up or ("" if self._engine.pid else "the playing process is being restarted")
        return {"ok": not down, "version": __version__, "uptime_s": round(time.monotonic() - self._started, 1)}

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
            **self._router.status(),
        }

    async def _close(self) -> None:
        """End in the order of what is heard: notes first, then the socket, then the stores."""
        with contextlib.suppress(EngineDown, ConnectionError):
            self._engine.tell("panic")
        await self._engine.close()
        await self._triggers.close()
        await self._jobs.close()
        if self._server is not None:
            await self._server.close()
        await self._router.aclose()
        await self._money.close()
        self._options.home.release()


def run(options: Options) -> int:
    """Run the daemon in this process and return its exit code.

    Raises:
        HomeError, InvalidSetting, EngineDown, OSError: When it cannot start; the command line words them.
    """
    redactor = Redactor(options.environ[name] for name in SECRETS if options.environ.get(name))
    configure(redactor, level=options.get("log_level"), as_json=options.get("json_logs"))
    redactor.add(options.home.token())

    async def main() -> int:
        return await Daemon(options, redactor).run()

    return asyncio.run(main())
