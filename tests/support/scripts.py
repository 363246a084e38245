"""A router among scripted providers, in clockwork time: what it is asked, and what its answers tell."""

from __future__ import annotations

import asyncio

from router.config import RouterConfig
from router.dispatch import Router
from router.errors import BudgetRefused, NoAnswer, Refused
from router.providers.scripted import Scripted, says
from router.request import GrooveRequest
from tests.support import clockwork
from tests.support.faultserver import GROOVE

FREE = "gravel rolling down a long staircase, then somebody remembers the tune"
WISH = GrooveRequest(prompt=FREE, seed=1)
GOOD = says(GROOVE)
DOWN = [Refused("no")]


def twins(**scripts):
    """Scripted providers by name; each value is a list of scripts."""
    return {name: Scripted(name, list(script)) for name, script in scripts.items()}


def play(providers, *requests, config=None, ledger=None, cache=None, together=False, jitter=lambda: 0.5, **options):
    """Route requests in clockwork time; returns the answers (or errors) in order."""

    async def main():
        keys = dict.fromkeys(providers, "k")
        settings = RouterConfig(**{"keys": keys, **(config or {})})
        router = Router(settings, providers=providers, ledger=ledger, cache=cache, jitter=jitter)
        if together:
            return await asyncio.gather(*(router.route(one, **options) for one in requests), return_exceptions=True)
        answers = []
        for one in requests:
            try:
                answers.append(await router.route(one, **options))
            except (NoAnswer, BudgetRefused) as error:
                answers.append(error)
        await router.aclose()
        return answers

    return clockwork.run(main())


def outcomes(answer):
    """Return (provider, outcome) of every attempt."""
    return [(one.provider, one.outcome) for one in answer.route.attempts]
