"""Measures what the router adds to a bare SDK call, side by side in one run against the same loopback server.

Prints one line a figure. Nothing here is a promise: the figures are of the machine it runs on.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from router import quality  # noqa: E402  the repository is found first
from router.config import RouterConfig  # noqa: E402
from router.dispatch import Router  # noqa: E402
from router.prompt import NOTES, data, wish  # noqa: E402
from router.request import GrooveRequest  # noqa: E402
from router.stores.ledger import Ledger  # noqa: E402
from router.tasks import TASKS  # noqa: E402
from tests.support.faultserver import GROOVE  # noqa: E402

WISH = "gravel rolling down a long staircase, take {}"
_CHILD = """
import resource, sys, time
before = time.perf_counter()
import router.dispatch
ms = (time.perf_counter() - before) * 1000
own = next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]
sdks = ("anthropic", "openai", "groq", "cohere", "pydantic", "httpx", "httpx2")
loaded = [name for name in sdks if name in sys.modules]
print(f"{ms:.1f} {int(own) / 1024:.1f} {len(sys.modules)} {','.join(loaded) or '-'}")
"""


def serve() -> tuple[subprocess.Popen[str], str]:
    """Start the fault server in a process of its own; returns it and its address."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.faultserver"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None  # noqa: S101  asked for above
    return server, server.stdout.readline().strip()


_CLEARING: Final = 30
"""Turns of the loop between two calls: an SDK leaves ten turns of closing behind, which are not the next one's work."""

Took = dict[str, list[tuple[float, float]]]
"""By name: microseconds by the wall clock and of this process's CPU, one pair a call."""


async def measure(calls: dict[str, Callable[[int], Awaitable[Any]]], rounds: int) -> Took:
    """Call each in turn, `rounds` times: side by side, so that the machine's mood is shared."""
    took: Took = {name: [] for name in calls}
    for index in range(20):
        for call in calls.values():
            await call(-1 - index)
    gc.collect()
    gc.freeze()
    for index in range(rounds):
        for name, call in calls.items():
            began, worked = time.perf_counter(), time.process_time()
            await call(index)
            took[name].append(((time.perf_counter() - began) * 1e6, (time.process_time() - worked) * 1e6))
            for _ in range(_CLEARING):
                await asyncio.sleep(0)
    return took


async def overhead(url: str, rounds: int) -> None:
    """Print what the router adds to a call with and without a ledger, for plain data and for whole patterns."""
    import openai  # noqa: PLC0415  measured below, not while importing the router

    env = {
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": f"{url}/v1",
        "AI_CACHE_ENABLED": "false",
        "AI_MAX_COST_PER_REQUEST": "1",
        "DRUMBRIDGE_BATCH": "false",  # a wish alone: waiting for company is not routing
    }
    config = RouterConfig.from_env(env)
    with tempfile.TemporaryDirectory() as home:
        ledger = Ledger(Path(home) / "ledger.db", monthly_budget_picousd=None)
        await ledger.open()
        plain, kept = Router(config), Router(config, ledger=ledger)
        await plain.start()
        await kept.start()
        bare = openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0)
        task = TASKS["creative_suggestions"]

        schema: dict[str, Any] = {"name": task.kind, "schema": task.schema(), "strict": True}
        form = {"type": "json_schema", "json_schema": schema}

        async def call(system: str, user: str, **more: Any) -> str:
            stream: Any = await bare.chat.completions.create(
                model="gpt-6.1-terra",
                messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
                max_completion_tokens=1024,
                stream=True,
                stream_options={"include_usage": True},
                **more,
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

        def asking(router: Router) -> Callable[[int], Awaitable[Any]]:
            return lambda index: router.ask(task.kind, {"text": WISH.format(index)})

        def routing(router: Router) -> Callable[[int], Awaitable[Any]]:
            return lambda index: router.route(GrooveRequest(prompt=WISH.format(index), tier="balanced"))

        seeds = itertools.count()
        asked, text = GrooveRequest(prompt=WISH, tier="balanced"), GROOVE

        async def music() -> None:
            reader = quality.reader(asked)
            reader.feed(text)
            quality.judge(reader.close(), text, asked, "bench")()

        took = await measure(
            {
                "bare SDK, data": lambda index: call(*data(task, {"text": WISH.format(index)}), response_format=form),
                "routed, data": asking(plain),
                "routed, data, ledger": asking(kept),
                "bare SDK, pattern": lambda index: call(NOTES, wish(GrooveRequest(prompt=WISH.format(index)))),
                "routed, pattern": routing(plain),
                "routed, pattern, ledger": routing(kept),
                "reading, hands and feel": lambda _index: music(),
                "embedded drummer alone": lambda _index: plain.route(GrooveRequest(genre="funk", seed=next(seeds))),
            },
            rounds,
        )
        for router in (plain, kept):
            await router.aclose()
        await bare.close()
        await ledger.close()
    wall = {name: statistics.median(one[0] for one in values) for name, values in took.items()}
    work = {name: statistics.median(one[1] for one in values) for name, values in took.items()}
    for name, values in took.items():
        p99 = statistics.quantiles([one[0] for one in values], n=100)[98]
        print(f"{name:28} median {wall[name]:6.0f} us   p99 {p99:6.0f} us   CPU median {work[name]:6.0f} us")
    for kind in ("data", "pattern"):
        for what, figures in (("wall", wall), ("CPU", work)):
            base, plain_us, kept_us = (figures[f"{head}, {kind}{tail}"] for head, tail in
                                       (("bare SDK", ""), ("routed", ""), ("routed", ", ledger")))  # fmt: skip
            if kind == "pattern":  # the music is the work itself, not what asking through a router adds
                base += figures["reading, hands and feel"]
            name = f"{kind} call, its music apart" if kind == "pattern" else f"{kind} call"
            print(f"added to a {name} ({what}): {plain_us - base:.0f} us, with a ledger {kept_us - base:.0f} us")


def loading() -> None:
    """Print what importing the router costs in a fresh interpreter, without SDKs: the best of five."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", _CHILD], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(5)
    ]
    best = min(runs, key=lambda run: float(run[0]))
    print(f"import router.dispatch: {best[0]} ms, {best[1]} MB resident, {best[2]} modules, SDKs loaded: {best[3]}")


def main() -> None:
    """Run every measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400)
    rounds = parser.parse_args().rounds
    loading()
    server, url = serve()
    try:
        asyncio.run(overhead(url, rounds))
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
