"""Whose SDK is loaded first."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest

from router import bench
from router.config import RouterConfig
from router.providers.scripted import Scripted

KEYS = dict.fromkeys(("anthropic", "openai", "groq", "cohere"), "k")


@pytest.fixture
def loads(monkeypatch):
    """Record when each SDK begins and ends to load, in place of loading it."""
    told = []

    def make(name, *_):
        told.append(f"{name} begins")
        time.sleep(0.02)
        told.append(f"{name} ends")
        return Scripted(name, [])

    monkeypatch.setattr(bench, "_make", make)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    return told


@pytest.mark.parametrize(
    ("named", "order"),
    [
        ("auto", ["groq", "cohere", "openai", "anthropic"]),
        ("anthropic", ["anthropic", "groq", "cohere", "openai"]),
    ],
)
def test_the_named_one_is_loaded_first_and_then_the_lightest(loads, named, order):
    """Nobody waits for the heaviest SDK who need not."""
    asyncio.run(bench.Bench(RouterConfig(keys=KEYS, provider=named)).start())

    assert [line.split()[0] for line in loads[::2]] == order


def test_who_is_wanted_is_loaded_before_the_next(loads):
    """A request's own SDK has the interpreter for itself."""

    async def main():
        table = bench.Bench(RouterConfig(keys=KEYS))
        wanted = asyncio.create_task(table.get("anthropic"))
        await asyncio.sleep(0)
        await table.start()
        await wanted

    asyncio.run(main())
    assert loads[:3] == ["anthropic begins", "anthropic ends", "groq begins"]


def test_a_load_that_was_called_off_before_it_began_is_no_longer_waited_for(loads):
    """A request is cancelled in the moment in which it asks for its SDK: the others are loaded all the same, and it."""

    async def main():
        table = bench.Bench(RouterConfig(keys=KEYS))
        wanted = asyncio.create_task(table.get("anthropic"))
        await asyncio.sleep(0)
        await table.aclose()
        await asyncio.wait([wanted])
        await asyncio.wait_for(table.start(), 10)

    asyncio.run(main())
    assert [line.split()[0] for line in loads[::2]] == ["groq", "cohere", "openai", "anthropic"]
