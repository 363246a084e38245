"""One Redis for several machines (DRUMBRIDGE_SHARED_URL): the connection, the cache's lasting tier, the valves.

A store that is away costs hits and paid calls, never the music. Its address may hold a password: no message shows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from router.stores.shelf import Entry

if TYPE_CHECKING:
    from redis.asyncio import Redis

PREFIX: Final = "{drumbridge}"
"""Before every key; the braces keep them on one node of a cluster."""

_TIMEOUT_S: Final = 2.0
_CONNECTIONS: Final = 8
_MOST_UNWRITTEN: Final = 256


class SharedAway(Exception):
    """The shared store did not answer; the message is one plain sentence without its address."""


class Shared:
    """A connection to the shared store, and its scripts."""

    def __init__(self, url: str) -> None:
        """Take the address; nothing is connected, and redis-py is not loaded, before the first command."""
        self._url = url
        self._client: Redis | None = None
        self._scripts: dict[str, Any] = {}
        # A thousand who ask at once stand in line here: waiting for a connection is no sign of a store that is away.
        self._line = asyncio.Semaphore(_CONNECTIONS)

    def __repr__(self) -> str:
        return f"<Shared {'connected' if self._client else 'idle'}>"

    def _redis(self) -> Redis:
        if self._client is None:
            try:
                from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415  an extra; loaded only where it is used
                from redis.asyncio.retry import Retry  # noqa: PLC0415  likewise
                from redis.backoff import NoBackoff  # noqa: PLC0415  likewise
            except ImportError:
                raise SharedAway("the shared store needs redis-py: install drumbridge[redis]") from None
            try:
                pool = BlockingConnectionPool.from_url(
                    self._url,
                    max_connections=_CONNECTIONS,
                    timeout=_TIMEOUT_S,
                    decode_responses=True,
                    socket_timeout=_TIMEOUT_S,
                    socket_connect_timeout=_TIMEOUT_S,
                    retry=Retry(NoBackoff(), 0),  # a reservation sent twice would be held twice
                )
                self._client = Redis.from_pool(pool)
            except ValueError:
                raise SharedAway("DRUMBRIDGE_SHARED_URL is no address of a Redis; try redis://HOST:6379/0") from None
        return self._client

    async def run(self, script: str, *arguments: str | float) -> Any:
        """Run a Lua script, all at once for everyone; its only key is `PREFIX`.

        Raises:
            SharedAway: If the store did not do it, or nobody knows whether it did.
        """
        client = self._redis()
        known = self._scripts.get(script) or self._scripts.setdefault(script, client.register_script(script))
        return await self._heard(lambda: known(keys=[PREFIX], args=list(arguments)))

    async def do(self, command: str, *arguments: str | float) -> Any:
        """Run one command.

        Raises:
            SharedAway: If the store did not answer.
        """
        client: Any = self._redis()  # its generic command carries no types
        return await self._heard(lambda: client.execute_command(command, *arguments))

    async def _heard(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        from redis.exceptions import RedisError  # noqa: PLC0415  loaded with the client

        try:
            async with self._line:
                return await ask()
        except (RedisError, OSError, TimeoutError) as error:
            raise SharedAway(f"the shared store does not answer ({type(error).__name__})") from None

    async def aclose(self) -> None:
        """Close the connection."""
        if self._client is not None:
            client, self._client = self._client, None
            self._scripts.clear()
            await client.aclose()


_PUT: Final = """
local p, cls, key, life = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[4])
local index, now = p .. ':cache:' .. cls, tonumber(ARGV[5])
redis.call('SET', p .. ':c:' .. cls .. ':' .. key, ARGV[3], 'PX', life)
redis.call('ZADD', index, now + life, key)
redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
local many = redis.call('ZCARD', index) - tonumber(ARGV[6])
if many > 0 then
  local gone = redis.call('ZPOPMIN', index, many)
  for i = 1, #gone, 2 do redis.call('DEL', p .. ':c:' .. cls .. ':' .. gone[i]) end
end
return 1
"""

_CLEAR: Final = """
for i, cls in ipairs(ARGV) do
  local index = KEYS[1] .. ':cache:' .. cls
  for _, key in ipairs(redis.call('ZRANGE', index, 0, -1)) do
    redis.call('DEL', KEYS[1] .. ':c:' .. cls .. ':' .. key)
  end
  redis.call('DEL', index)
end
return 1
"""


class SharedShelf:
    """The cache's lasting tier on the shared store; `Cache(None, shelf=...)` puts its bounded memory before it."""

    def __init__(self, shared: Shared, sizes: Mapping[str, int]) -> None:
        self.trouble: str | None = None
        self._shared, self._sizes = shared, sizes
        self._writing: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Do nothing; the connection opens with the first command."""

    async def close(self) -> None:
        """Wait for what is being written; the connection belongs to whoever made it."""
        await asyncio.gather(*self._writing, return_exceptions=True)

    async def get(self, cls: str, key: str, now: float) -> Entry | None:
        """Return an entry that still lives, or None."""
        try:
            text = await self._shared.do("GET", f"{PREFIX}:c:{cls}:{key}")
        except SharedAway as error:
            self.trouble = str(error)
            return None
        self.trouble = None
        if text is None:
            return None
        expires, ttl_s, value = text.split(" ", 2)
        entry = Entry(value, float(expires), float(ttl_s))
        return entry if entry.expires - entry.ttl_s <= now < entry.expires else None

    def put(self, cls: str, key: str, entry: Entry) -> None:
        """Take an entry to be written soon; dropped when the store is too slow, for a cache may forget."""
        if len(self._writing) < _MOST_UNWRITTEN:
            task = asyncio.create_task(self._write(cls, key, entry))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _write(self, cls: str, key: str, entry: Entry) -> None:
        text = f"{entry.expires!r} {entry.ttl_s!r} {entry.value}"
        began_ms = int((entry.expires - entry.ttl_s) * 1000)
        try:
            await self._shared.run(_PUT, cls, key, text, int(entry.ttl_s * 1000) or 1, began_ms, self._sizes[cls])
        except SharedAway as error:
            self.trouble = str(error)

    async def clear(self) -> None:
        """Delete every entry."""
        await asyncio.gather(*self._writing, return_exceptions=True)
        try:
            await self._shared.run(_CLEAR, *self._sizes)
        except SharedAway as error:
            self.trouble = str(error)


_TAKE: Final = """
local key, now = KEYS[1] .. ':valve:' .. ARGV[1], tonumber(ARGV[2])
local sizes, spans, wait = {tonumber(ARGV[3]), tonumber(ARGV[4])}, {60, 3600}, 0
redis.call('ZREMRANGEBYSCORE', key, '-inf', now - 3600)
for i = 1, 2 do
  local taken = redis.call('ZRANGEBYSCORE', key, '(' .. (now - spans[i]), '+inf', 'WITHSCORES')
  local count = #taken / 2
  if sizes[i] == 0 then
    wait = 3600
  elseif count >= sizes[i] then
    wait = math.max(wait, spans[i] - (now - tonumber(taken[(count - sizes[i]) * 2 + 2])))
  end
end
if wait == 0 then
  redis.call('ZADD', key, now, redis.call('INCR', KEYS[1] .. ':valves'))
  redis.call('EXPIRE', key, 3600)
end
return tostring(wait)
"""


class SharedValves:
    """Paid calls a source may cause on all machines together; the shared twin of `router.limits.Valves`."""

    def __init__(self, shared: Shared, sizes: Mapping[str, tuple[int, int]]) -> None:
        self._shared, self._sizes = shared, sizes

    async def take(self, source: str, now: float) -> float:
        """Count one paid call; return 0, or the seconds to wait (and count nothing) when there were too many.

        Args:
            source: Who asks; one without a size has no valve.
            now: Seconds since 1970, for machines share no other clock.

        Raises:
            SharedAway: If nobody knows how many there were.
        """
        if source not in self._sizes:
            return 0.0
        return float(await self._shared.run(_TAKE, source, now, *self._sizes[source]))
