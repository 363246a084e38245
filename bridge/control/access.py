"""Who may speak: Host, then Origin, then the token, in this order, before anything else is looked at. Pure.

The lists are constants of the listener; Origin is never compared with Host (a rebound name would agree with itself).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

PROTOCOL: Final = "drumbridge.v1"
AUTH_PREFIX: Final = "drumbridge.auth."
WRONG_PER_SECOND: Final = 5
_ABSOLUTE: Final = re.compile(r"[^/?#]*?://([^/?#]*)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Denied:
    """An answer that ends the request: an HTTP status and a sentence."""

    status: int
    message: str


def target(uri: str) -> tuple[str | None, str]:
    """Return the authority and the path that a request's first line names: `http://ours/ws` is /ws at "ours"."""
    absolute = _ABSOLUTE.fullmatch(uri)
    if absolute is None:
        return None, uri
    authority, path = absolute.groups()
    return authority, path if path.startswith("/") else "/" + path


@dataclass(slots=True)
class Gate:
    """One listener's rules. `names` are host names without port, each a way to write this machine."""

    port: int
    token: str
    names: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    scheme: str = "http"
    _wrong: list[float] = field(default_factory=list)

    def hosts(self) -> frozenset[str]:
        """Return the exact Host values that are ours."""
        return frozenset(f"{name}:{self.port}" for name in self.names)

    def address(self, hosts: Sequence[str], origins: Sequence[str], authority: str | None = None) -> Denied | None:
        """Check the Host and Origin headers, each given as the list of all its lines.

        `authority` is what a request in absolute form names; it counts like a Host.
        """
        ours = self.hosts()
        asked = [*hosts] if authority is None else [*hosts, authority]
        if len(hosts) != 1 or not ours.issuperset(host.lower() for host in asked):
            return Denied(421, f"this is not the host you asked for; use {self.scheme}://127.0.0.1:{self.port}/")
        if len(origins) > 1 or (origins and origins[0].lower() not in {f"{self.scheme}://{host}" for host in ours}):
            return Denied(403, "pages of other origins may not speak to this daemon")
        return None

    def credentials(self, authorization: Sequence[str], protocols: Sequence[str], now: float) -> Denied | None:
        """Check the token: a Bearer header, or the subprotocol that browsers can offer.

        Five wrong tokens a second are answered 401, more are 429; the right one always passes.
        """
        offered = [line.removeprefix("Bearer ") for line in authorization if line.startswith("Bearer ")]
        offered += [name.removeprefix(AUTH_PREFIX) for name in protocols if name.startswith(AUTH_PREFIX)]
        if len(offered) == 1 and hmac.compare_digest(offered[0].encode(), self.token.encode()):
            return None
        if not offered:
            return Denied(401, "a token is needed: Authorization: Bearer T, with T from `drumbridge token`")
        self._wrong = [at for at in self._wrong if now - at < 1.0]
        if len(self._wrong) >= WRONG_PER_SECOND:
            return Denied(429, "too many wrong tokens; wait a second")
        self._wrong.append(now)
        return Denied(401, "that token is not this daemon's; `drumbridge token` prints the right one")
