"""A client of the control channel for commands that ask and wait. Blocking, one socket, no state of its own."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from bridge.home import Home, HomeError


class Unreachable(Exception):
    """No daemon answers."""


class Talk:
    """A connection to the daemon of one home, for commands that ask and wait."""

    def __init__(self, home: Home) -> None:
        from websockets.exceptions import InvalidStatus, WebSocketException  # noqa: PLC0415 - loaded by commands that talk only
        from websockets.sync.client import connect  # noqa: PLC0415 - likewise

        facts = home.daemon()
        if facts is None:
            raise Unreachable(f"no daemon runs on {home.path}; start it with `drumbridge run`")
        try:
            token = home.read_token()
            line = connect(
                facts["ws"], additional_headers={"Authorization": f"Bearer {token}"}, open_timeout=5,
                compression=None, max_size=None, proxy=None,
            )  # fmt: skip
            self._open = contextlib.ExitStack()
            self._socket = self._open.enter_context(line)
            self.hello = json.loads(self._socket.recv(timeout=5))["params"]
        except InvalidStatus as error:
            why = str(error)
            with contextlib.suppress(ValueError, TypeError, KeyError):
                why = json.loads(error.response.body or b"")["error"]
            raise Unreachable(f"the daemon at {facts.get('url')} refused: {why}") from error
        except (OSError, WebSocketException, HomeError, TimeoutError, KeyError) as error:
            raise Unreachable(f"the daemon at {facts.get('url')} does not answer: {error}") from error

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return the whole response."""
        response: dict[str, Any] = self.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        return response

    def send(self, request: Any) -> Any:
        """Send a request, or a batch of them, as it is and return the response; {} where none is due."""
        with self._hangup():
            self._socket.send(json.dumps(request))
        wholes = request if isinstance(request, list) and request else [request]
        if all(isinstance(whole, dict) and "id" not in whole for whole in wholes):
            return {}
        while True:
            with self._hangup():
                message = json.loads(self._socket.recv(timeout=630))
            if isinstance(message, list) or "method" not in message:
                return message

    def receive(self, timeout_s: float | None = None) -> dict[str, Any]:
        """Return the next message, whatever it is; {} if none comes within `timeout_s` seconds."""
        with self._hangup():
            try:
                message = json.loads(self._socket.recv(timeout=timeout_s))
            except TimeoutError:
                return {}
        return message if isinstance(message, dict) else {}

    @contextlib.contextmanager
    def _hangup(self) -> Iterator[None]:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - loaded when it connected

        try:
            yield
        except (ConnectionClosed, TimeoutError) as error:
            raise Unreachable(f"the daemon hung up: {error}") from error

    def close(self) -> None:
        """Hang up."""
        self._open.close()
