"""A session with everything around it real but the engine, whose part a recording twin plays."""

import itertools

import pytest
from click.testing import CliRunner

from bridge.cli import main
from bridge.controls import Controls
from bridge.events import Events
from bridge.jobs import Jobs
from bridge.library import Library
from bridge.methods import Client, Methods, explain
from bridge.money import Money
from bridge.session import Session
from bridge.settings import live_values, resolve
from bridge.triggers import Triggers
from router.config import RouterConfig
from router.dispatch import Router


class EngineTwin:
    """Answers as an engine at 120 bpm in 4/4 would, and remembers what it was told."""

    def __init__(self):
        self.told = []
        self.session = None
        self.tick = 0
        self._bars = itertools.count(1)

    def tell(self, command, rows=(), **params):
        """Remember a command."""
        self.told.append((command, params, list(rows)))
        return len(self.told)

    async def call(self, command, rows=(), **params):
        """Remember a command and answer it; a queued base pattern plays at once."""
        self.tell(command, rows, **params)
        if command == "queue":
            bar = next(self._bars)
            if not params.get("once"):
                self.session.hear({"e": "player", "playing": params["id"], "origin": 0, "queued": []})
            self.session.hear({**self.transport(bar), "state": "playing"})
            return {"e": "reply", "tick": (bar - 1) * 3840, "bar": bar, "beat": 1, "t": 0.0}
        if command == "stop":
            self.session.hear({**self.transport(1), "state": "stopped"})
        if command == "ports":
            return {"outputs": ["synth"], "inputs": ["pad"]}
        return {}

    def transport(self, bar):
        """A transport event."""
        return {
            "e": "transport",
            "source": "internal",
            "tick": self.tick,
            "t": 0.0,
            "bpm": 120.0,
            "bar": bar,
            "beat": 1,
        }

    def commands(self, name):
        """All commands of one name."""
        return [params for command, params, _ in self.told if command == name]


class Stage:
    """One musician's daemon without its process, port and socket."""

    def __init__(self, folder, router=None):
        for name in ("patterns", "exports"):
            (folder / name).mkdir(exist_ok=True)
        self.now = 100.0
        self.events = Events(lambda: self.now)
        self.session = Session(live_values(resolve({}, {}, {})), self.events, lambda: self.now)
        self.engine = EngineTwin()
        self.engine.session = self.session
        self.session.engine = self.engine
        self.library = Library(folder / "patterns", folder / "exports")
        config = RouterConfig.from_env({})
        self.money = Money(folder, config, self.events)
        self.money._opened.set()  # it stays without files, and nobody waits for them
        self.router = router or Router(config)
        self.jobs = Jobs(self.session, self.events, self.router, lambda error: explain(error).as_dict())
        self.triggers = Triggers(self.session, self.jobs, self.library, Controls(folder / "mapping.json", None))
        self.methods = Methods(
            self.session, self.jobs, self.library, self.triggers, self.events, self.money, self.about
        )
        self.heard = []
        self.client = Client(1, self.heard.append)

    async def about(self):
        """Nothing to add to the status."""
        return {"version": "test"}

    async def call(self, method, **params):
        """Call a method as a client would."""
        result = await self.methods.call(method, params, self.client)
        return getattr(result, "result", result)

    async def finished(self, **params):
        """Generate, wait for the end, return the job."""
        job = await self.call("generate", **params)
        return await self.call("job.wait", job=job["job"], timeout_s=10.0)


@pytest.fixture
def stage(tmp_path):
    """A stage with the embedded drummer only."""
    return Stage(tmp_path)


@pytest.fixture
def make_stage(tmp_path):
    """Builds a stage around another router."""
    return lambda router: Stage(tmp_path, router)


@pytest.fixture
def cli(tmp_path, monkeypatch):
    """Runs a command with a home of its own and no key in sight."""
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GROQ_API_KEY", "CO_API_KEY", "COHERE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DRUMBRIDGE_HOME", str(tmp_path / "home"))
    return lambda *words, **options: CliRunner().invoke(main, list(words), **options)
