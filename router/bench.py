"""The bench: the providers that have a key, each loaded when first wanted, in a worker thread.

Never loads an SDK that has no key. Never lets a failed import stop the others: it is one provider that is off.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Final

from router.call import Provider
from router.config import RouterConfig
from router.errors import ProviderOff

_HTTPX: Final = frozenset({"groq", "cohere"})
"""Those whose SDK loads httpx; the other two came to httpx2."""

_LIGHT_FIRST: Final = {"groq": 0, "cohere": 1, "openai": 2, "anthropic": 3}
"""From 0.2 s to more than 1 s of loading: nobody waits for the heaviest who need not."""


def _make(name: str, key: str, base_url: str | None, company: Collection[str]) -> Provider:
    """Load one SDK and make its client; blocks for up to a second. `company` are all who may be loaded later."""
    if name == "anthropic":
        from router.providers.anthropic import Anthropic  # noqa: PLC0415  each SDK only when its key is set

        return Anthropic(key, base_url)
    if name == "openai":
        if _HTTPX & set(company):
            # OpenAI's SDK looks into httpx in every call once it is in sys.modules, and fails while another thread has
            # it there half loaded.
            importlib.import_module("httpx")
        from router.providers.openai import OpenAI  # noqa: PLC0415

        return OpenAI(key, base_url)
    if name == "groq":
        from router.providers.groq import Groq  # noqa: PLC0415

        return Groq(key, base_url)
    from router.providers.cohere import Cohere  # noqa: PLC0415

    return Cohere(key, base_url)


class Bench:
    """Who can be asked."""

    def __init__(self, config: RouterConfig, ready: Mapping[str, Provider] | None = None) -> None:
        """Note the names; `ready` stands in for the SDKs."""
        self._config = config
        self._ready: dict[str, Provider] = dict(ready or {})
        self._loading: dict[str, asyncio.Task[Provider]] = {}
        self.names: Final = tuple(name for name in config.providers if not ready or name in ready)

    def __repr__(self) -> str:
        return f"<Bench {', '.join(self._ready) or 'nobody loaded'} of {', '.join(self.names) or 'nobody'}>"

    async def get(self, name: str) -> Provider:
        """Return a provider, loading it if need be; who waits for the same one waits together.

        Raises:
            ProviderOff: If its SDK cannot be loaded.
        """
        ready = self._ready.get(name)
        if ready is not None:
            return ready
        task = self._loading.get(name)
        if task is None:
            task = self._loading[name] = asyncio.create_task(self._load(name))
            task.add_done_callback(lambda _: self._loading.pop(name, None))  # also where it ended before it began
        return await asyncio.shield(task)

    async def _load(self, name: str) -> Provider:
        try:
            key, url = self._config.keys[name], self._config.base_urls.get(name)
            provider = await asyncio.to_thread(_make, name, key, url, self.names)
        except Exception as error:  # noqa: BLE001  an SDK may fail to load in any way
            raise ProviderOff(f"{name}'s SDK cannot be loaded ({type(error).__name__})") from None
        self._ready[name] = provider
        return provider

    async def ready(self, name: str) -> None:
        """Load and rehearse one; who cannot be loaded says so when asked."""
        with suppress(ProviderOff):
            provider = await self.get(name)
            await asyncio.to_thread(_rehearse, provider)

    async def start(self) -> None:
        """Load and rehearse everybody in worker threads, then freeze: a full collection would take 130 ms.

        The one that is named goes first, and whoever a request waits for before the next: two imports at once take
        twice as long each.
        """
        for name in sorted(self.names, key=lambda one: (one != self._config.provider, _LIGHT_FIRST.get(one, 0))):
            while self._loading:
                await asyncio.wait(self._loading.values())
            await self.ready(name)
        if self.names:
            await asyncio.to_thread(gc.collect)
            gc.freeze()

    async def aclose(self) -> None:
        """Close every connection."""
        for task in list(self._loading.values()):
            task.cancel()
        for provider in self._ready.values():
            await provider.aclose()


def _rehearse(provider: Provider) -> None:
    asyncio.run(provider.warm())
