#!/usr/bin/env python3
"""Measures what is promised, each figure beside a baseline of the same run: machines differ, ratios less so.

    python3 scripts/bench.py [start] [memory] [cpu] [button] [bar] [timing] [router] [money] [page] [--json]

Needs the development environment (scripts/test.py makes it). `button` and `timing` need jackd. Prints; judges nothing.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from tests.support.daemon import RunningDaemon  # noqa: E402 - found by the line above

TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
Row = dict[str, Any]


def quantile(values: Iterable[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def row(what: str, value: float, unit: str, promised: float, baseline: float, beside: str) -> Row:
    """Return one line of the report."""
    return {"what": what, "value": value, "unit": unit, "promised": promised, "baseline": baseline, "beside": beside}


def seconds(arguments: list[str], times: int = 15) -> float:
    """Return the median time a command takes."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, cwd="/")
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def start() -> list[Row]:
    """--help and the ready line, beside a bare interpreter and a bare server."""
    command = str(Path(sys.executable).with_name("drumbridge"))
    bare = seconds([sys.executable, "-c", "pass"])
    helped = seconds([command, "--help"])
    server = seconds([sys.executable, "-c", "import asyncio, pydantic, websockets.asyncio.server"], times=7)
    ready = []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(7):
            with RunningDaemon(home, "--midi", "none") as daemon:
                ready.append(daemon.ready_s)
    return [
        row("drumbridge --help", helped * 1000, "ms", 80, bare * 1000, "python -c pass"),
        row("ready line", statistics.median(ready), "s", 1.0, server, "importing asyncio, pydantic, websockets"),
    ]


def private_mb(pid: int) -> float:
    """Return the memory a process has for itself, in MB (what it shares with JACK's server is the server's)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_", "Pss_Anon"))) / 1024


def resident_mb(pid: int) -> float:
    """Return a process's resident set in MB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def memory() -> list[Row]:
    """Both processes while they play, beside a bare interpreter."""
    idle = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with tempfile.TemporaryDirectory() as home, RunningDaemon(home, "--midi", "none") as daemon:
        client = daemon.client()
        client.call("job.wait", job=client.call("generate", genre="funk")["job"])
        engine = client.call("status")["engine"]["pid"]
        bare = resident_mb(idle.pid)
        out = [
            row("engine, resident", resident_mb(engine), "MB", 40, bare, "python -c input()"),
            row("daemon without SDKs, resident", resident_mb(daemon.facts["pid"]), "MB", 80, bare, "python -c input()"),
        ]
    idle.communicate(b"\n")
    return out


def cpu_s(*pids: int) -> float:
    """Return the processor time that processes have used."""
    fields = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids)
    return sum(int(field[11]) + int(field[12]) for field in fields) / TICKS_PER_S


def cpu() -> list[Row]:
    """Share of one core, idle and playing, over ten seconds each, beside a process that sleeps."""
    with tempfile.TemporaryDirectory() as home, RunningDaemon(home, "--midi", "none") as daemon:
        client = daemon.client()
        pids = (daemon.facts["pid"], client.call("status")["engine"]["pid"])
        time.sleep(2)

        def share() -> float:
            before = cpu_s(*pids)
            time.sleep(10)
            return (cpu_s(*pids) - before) * 10

        idle = share()
        client.call("job.wait", job=client.call("generate", genre="funk")["job"])
        return [
            row("idle, both processes", idle, "% of a core", 1, 0, "nothing"),
            row("playing, both processes", share(), "% of a core", 5, idle, "idle"),
        ]


def button() -> list[Row]:
    """CC in, as the engine stamps it, to the draft's place confirmed by the engine; beside a socket's ping."""
    from tests.support import jack  # noqa: PLC0415 - JACK is for this measure only

    presses = [(0.3 + 0.05 * n, bytes([0xB0, 20, 127 * (1 - n % 2)])) for n in range(400)]
    with tempfile.TemporaryDirectory() as folder, jack.jackd() as server:
        lab = jack.Midilab(jack.build_midilab(Path(folder)), server, Path(folder))
        with RunningDaemon(f"{folder}/home", "--midi", "jack", env=server.env) as daemon:
            client = daemon.client()
            client.call("subscribe", topics=["midi", "jobs"], sub="b")
            pings = []
            for _ in range(200):
                begun = time.perf_counter()
                client.call("ping")
                pings.append((time.perf_counter() - begun) * 1000)
            take = lab.start(presses, 22)
            client.until(lambda event: event["data"].get("job") == "j-190" and event["data"]["state"] == "done", 60)
            lab.finish(take)
            arrived = [item for e in client.events if e["topic"] == "midi" for item in e["data"]["messages"]]
            # A press whose release an xrun swallowed is a held button to us, and asks for nothing.
            steps = zip([(0.0, "b01400"), *arrived], arrived, strict=False)
            stamps = [t for (_, before), (t, data) in steps if data[4:] == "7f" and before[4:] == "00"]
            drafts = [event["t"] for event in client.events if event["data"].get("state") == "draft"]
    taken = [(draft - stamp) * 1000 for stamp, draft in zip(stamps, drafts, strict=False)]
    return [
        row("CC in to draft on the timeline, p99", quantile(taken, 0.99), "ms", 20, quantile(pings, 0.99), "ping, p99"),
        row(
            "CC in to draft on the timeline, median",
            statistics.median(taken),
            "ms",
            20,
            statistics.median(pings),
            "ping",
        ),
    ]


def bar() -> list[Row]:
    """One bar of the embedded drummer, over styles and seeds, beside writing the bar as JSON."""
    from router import groove  # noqa: PLC0415 - as a user's first call would load it
    from router.request import GrooveRequest  # noqa: PLC0415 - likewise

    taken, written = [], []
    for seed in range(40):
        for genre in groove.GENRES:
            request = GrooveRequest(genre=genre, seed=seed, bars=4, humanize=1.0)
            begun = time.perf_counter()
            pattern = groove.generate(request)
            taken.append((time.perf_counter() - begun) * 1000 / 4)
            begun = time.perf_counter()
            json.dumps(pattern.as_dict())
            written.append((time.perf_counter() - begun) * 1000 / 4)
    return [
        row("embedded bar, p99", quantile(taken, 0.99), "ms", 2, quantile(written, 0.99), "its json.dumps"),
        row("embedded bar, median", statistics.median(taken), "ms", 2, statistics.median(written), "its json.dumps"),
    ]


OWN: dict[str, Callable[[], list[Row]]] = {"start": start, "memory": memory, "cpu": cpu, "button": button, "bar": bar}
OTHERS = ("timing", "router", "money", "page")


def main() -> None:
    """Run the benchmarks named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join((*OWN, *OTHERS)))
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    # From the first option that is not ours on, all is for the benchmark named: timing --only clock --crowd
    theirs = (at for at, word in enumerate(sys.argv) if word.startswith("-") and word not in {"-h", "--help", "--json"})
    cut = next(theirs, len(sys.argv))
    told, rest = parser.parse_args(sys.argv[1:cut]), sys.argv[cut:]
    for name in told.names or (*OWN, *OTHERS):
        if name in OTHERS:
            sys.argv = [f"bench {name}", *rest]
            importlib.import_module(f"bench_{name}").main()
            continue
        for line in OWN[name]():
            if told.json:
                print(json.dumps(line))
            else:
                print(
                    f"{line['what']:40s} {line['value']:9.3f} {line['unit']:12s} promised {line['promised']:g}"
                    f"   beside {line['beside']}: {line['baseline']:.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
