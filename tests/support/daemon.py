"""A real daemon for tests: `drumbridge run` as a process, its ready line, its socket."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from websockets.sync.client import connect

READY_S = 60.0
"""No promise: whoever waits this long waits in vain on any machine. So it is with all bounds of waits here."""


class Client:
    """A socket to the daemon; answers and events are kept apart."""

    def __init__(self, daemon, **options):
        headers = {"Authorization": f"Bearer {daemon.token}"}
        self._open = contextlib.ExitStack()
        line = connect(
            daemon.facts["ws"],
            additional_headers=headers,
            compression=None,
            max_size=None,
            proxy=None,
            max_queue=None,  # else what was not read holds up the goodbye for ten seconds
            **options,
        )
        self.socket = self._open.enter_context(line)
        self.events = []
        self._id = 0
        self.hello = json.loads(self.socket.recv(timeout=20))

    def call(self, method, timeout=20.0, **params):
        """Return the response's result; raise AssertionError with the error otherwise."""
        response = self.ask(method, timeout, **params)
        assert "error" not in response, response
        return response["result"]

    def ask(self, method, timeout=20.0, **params):
        """Send a request and return its whole response; events on the way are kept."""
        self._id += 1
        self.socket.send(json.dumps({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}))
        end = time.monotonic() + timeout
        while True:
            message = json.loads(self.socket.recv(timeout=max(0.01, end - time.monotonic())))
            if message.get("method") == "event":
                self.events.append(message["params"])
            elif message.get("id") == self._id:
                return message

    def until(self, wanted, timeout=20.0):
        """Return the first event, old or new, for which `wanted(event)` is true, within `timeout` seconds."""
        end = time.monotonic() + timeout
        seen = 0
        while True:
            for event in self.events[seen:]:
                if wanted(event):
                    return event
            seen = len(self.events)
            message = json.loads(self.socket.recv(timeout=max(0.01, end - time.monotonic())))
            if message.get("method") == "event":
                self.events.append(message["params"])

    def notes(self):
        """All notes heard so far."""
        return [event["data"] for event in self.events if event["topic"] == "notes" and "voice" in event["data"]]

    def close(self):
        """Hang up."""
        self._open.close()


class RunningDaemon:
    """`drumbridge run` in a process of its own."""

    def __init__(self, home, *flags, env=None, command=None):
        self.home = Path(home)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AI_", "DRUMBRIDGE_")) and "API_KEY" not in k}
        command = command or [sys.executable, "-m", "bridge.entry"]
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*command, "--home", str(home), "--port", "0", *flags],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**clean, "CI": "true", **(env or {})},
        )  # fmt: skip
        self.errors: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        for stream, sink in ((self.process.stdout, self._lines.put), (self.process.stderr, self.errors.append)):
            threading.Thread(target=self._pump, args=(stream, sink), daemon=True).start()
        self.facts = {}
        self._clients = []

    @staticmethod
    def _pump(stream, sink):
        for line in stream:
            sink(line)

    def __enter__(self):
        try:
            line = self._lines.get(timeout=READY_S)
        except queue.Empty:
            self.process.kill()
            raise AssertionError("no ready line:\n" + "".join(self.errors)) from None
        self.ready_s = time.monotonic() - self.started
        self.facts = json.loads(line)
        self.token = (self.home / "token").read_text().strip()
        return self

    def __exit__(self, *_):
        for client in self._clients:
            client.close()
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()
        self.process.stderr.close()

    def client(self, **options):
        """Return a new socket."""
        self._clients.append(Client(self, **options))
        return self._clients[-1]

    def stop(self, number=signal.SIGTERM, timeout=20.0):
        """Send a signal; return (exit code, seconds it took)."""
        begun = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(timeout), time.monotonic() - begun
