"""How tight is it? Measures onsets through real JACK on midilab's sample clock, beside what is used today.

Every figure is measured in this run: our engine leading and following MIDI clocks of each kind, then, on the same
server, mido's MidiFile.play, isobar's Timeline (when installed), a bare sleep loop. Lateness is onset less true
beat, from the ninth beat on. `scripts/bench.py timing`, or by itself; `--load` keeps the cores busy meanwhile, and
`--crowd` measures the whole daemon while 20 generations run, over and over, and a client floods its socket.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# isobar installs a package `tests` of its own, which would be found instead of this repository's folder.
sys.modules["tests"] = types.ModuleType("tests")
sys.modules["tests"].__path__ = [str(ROOT / "tests")]

from tests.support.daemon import RunningDaemon  # noqa: E402 - the repository's root has to be found first
from tests.support.engine import EngineProcess, groove  # noqa: E402 - the repository's root has to be found first
from tests.support.jack import JackServer, Midilab, build_midilab, jackd  # noqa: E402 - likewise

PPQ = 24
SETTLE_BEATS = 8
START_S = 0.5
MEAN_MS = 0.3
FRAME_MS = 1 / 48  # nothing is measured finer


@dataclass(frozen=True)
class Case:
    """A clock to follow: tempo by beat, jitter (uniform +-) in seconds, share of pulses lost; p99 to reach."""

    name: str
    bpm: Callable[[float], float]
    jitter: float = 0.0
    lost: float = 0.0
    limit_ms: float = 1.4
    exact_ms: float | None = None
    beats: int = 40


def flat(bpm: float) -> Callable[[float], float]:
    """Return a steady tempo."""
    return lambda _beat: bpm


CASES = (
    Case("clock, no jitter", flat(120), exact_ms=0.1),
    Case("clock, +-1 ms", flat(120), 0.001, limit_ms=1.7),
    Case("clock, +-3 ms", flat(120), 0.003, limit_ms=2.5, exact_ms=1.5, beats=60),
    Case("clock, 2 % dropped", flat(120), lost=0.02, limit_ms=2.0),
    Case("tempo step 120 to 140", lambda beat: 120 if beat < 20 else 140, limit_ms=1.5),
    Case("ramp 2 bpm a beat", lambda beat: 120 + 2 * max(0.0, beat - 8), limit_ms=3.0),
    Case("40 bpm", flat(40), limit_ms=1.7, beats=16),
    Case("240 bpm", flat(240), limit_ms=1.7, beats=80),
)


def pulses(case: Case, seed: int = 7) -> tuple[list[tuple[float, bytes]], list[float]]:
    """Return (events with Start, clocks and Stop; true times of the eighths)."""
    chance = random.Random(seed)
    at, events, eighths = START_S, [(START_S - 0.01, b"\xfa")], []
    for index in range(case.beats * PPQ):
        if index % (PPQ // 2) == 0:
            eighths.append(at)
        if index < 2 or chance.random() >= case.lost:
            events.append((at + (chance.uniform(-case.jitter, case.jitter) if index else 0.0), b"\xf8"))
        at += 60 / case.bpm(index / PPQ) / PPQ
    return [*sorted(events), (at - 0.006, b"\xfc")], eighths  # earlier than what JACK has taken already


@dataclass
class Result:
    """Lateness in ms of the onsets that count, and what was wrong with their number."""

    late_ms: list[float]
    expected: int
    got: int
    doubled: int = 0
    stray: int = 0

    def row(self) -> dict[str, float | int]:
        """Return the figures."""
        size = sorted(abs(late) for late in self.late_ms) or [float("nan")]
        return {
            "mean_ms": round(statistics.fmean(self.late_ms), 3) if self.late_ms else float("nan"),
            "p50_ms": round(size[len(size) // 2], 3),
            "p99_ms": round(size[min(len(size) - 1, int(0.99 * len(size)))], 3),
            "max_ms": round(size[-1], 3),
            "lost": max(0, self.expected - self.got),
            "doubled": self.doubled,
            "stray": self.stray,
        }


def judge(onsets: Sequence[float], truth: Sequence[float], skip: int, window: float = 0.1) -> Result:
    """Match each true time with the onsets nearest to it."""
    late, got, doubled = [], 0, 0
    for index, true in enumerate(truth):
        near = [onset - true for onset in onsets if abs(onset - true) < window]
        got += bool(near)
        doubled += max(0, len(near) - 1)
        if near and index >= skip:
            late.append(min(near, key=abs) * 1000)
    return Result(late, len(truth), got, doubled)


def notes_on(recorded: Sequence[tuple[float, bytes]]) -> list[float]:
    """Return the times of note-ons."""
    return [t for t, data in recorded if data[0] & 0xF0 == 0x90 and data[2]]


Ready = Callable[[], None]


@contextmanager
def alone(server: JackServer, midi: str, sync: str, folder: Path) -> Iterator[Ready]:
    """Run the engine by itself; what is yielded lets it play eighths."""
    with EngineProcess(folder / "sounding", "--midi", midi, "--sync", sync, env=server.env) as engine:
        engine.wait("ready")
        engine.load("p", groove(step=480, length=60))
        yield lambda: void(engine.ask("queue", id="p", at="bar"))
        engine.end()


@contextmanager
def crowded(server: JackServer, midi: str, sync: str, folder: Path) -> Iterator[Ready]:
    """Run the whole daemon, 20 generations at once all the time, and a client that asks as fast as it can."""
    env = {**server.env, "DRUMBRIDGE_HUMANIZE": "0", "DRUMBRIDGE_SWING": "0"}
    hits = [{"tick": tick, "voice": "kick", "velocity": 100} for tick in range(0, 3840, 480)]
    eighths = {
        "id": "eighths",
        "name": "eighths",
        "meter": "4/4",
        "bars": 1,
        "resolution": 960,
        "hits": hits,
        "meta": {},
    }
    over = threading.Event()
    done: dict[str, int] = {"generations": 0, "requests": 0}
    with RunningDaemon(folder / "home", "--midi", midi, "--sync", sync, env=env) as daemon:
        client, maker, flooder = daemon.client(), daemon.client(), daemon.client()

        def make() -> None:
            while not over.is_set():
                wishes = [
                    {"genre": "funk", "bars": 8, "seed": done["generations"] + n, "at": "never"} for n in range(20)
                ]
                for job in maker.call("batch", timeout=60, requests=wishes)["jobs"]:
                    maker.call("job.wait", timeout=60, job=job)
                done["generations"] += 20

        def flood() -> None:
            while not over.is_set():
                flooder.ask("status")
                done["requests"] += 1

        threads = [threading.Thread(target=work) for work in (make, flood)]
        for thread in threads:
            thread.start()
        try:
            yield lambda: void(client.call("play", pattern=eighths, at="bar"))
        finally:
            over.set()
            for thread in threads:
                thread.join()
    print(f"    meanwhile {done['generations']} generations, {done['requests']} requests answered", file=sys.stderr)


def void(_answer: object) -> None:
    """Leave an answer unread."""


def follow(server: JackServer, lab: Midilab, midi: str, case: Case, folder: Path, *, crowd: bool) -> Result:
    """Let the engine follow a clock."""
    events, eighths = pulses(case)
    with (crowded if crowd else alone)(server, midi, "clock", folder) as play:
        play()
        _, recorded = lab.take(events, events[-1][0] + 0.5)
    window = min(0.1, 0.45 * min(b - a for a, b in itertools.pairwise(eighths)))
    onsets = notes_on(recorded)
    result = judge(onsets, eighths, SETTLE_BEATS * 2, window)
    result.stray = sum(all(abs(onset - true) >= window for true in eighths) for onset in onsets)
    if "step" in case.name:  # the beat in which the step is found out
        del result.late_ms[(20 - SETTLE_BEATS) * 2 : (21 - SETTLE_BEATS) * 2]
    return result


def lead(server: JackServer, lab: Midilab, midi: str, folder: Path, *, crowd: bool, seconds: float = 20.0) -> Result:
    """Let the engine lead; the true times are a grid from its own ninth beat on, at the tempo asked for."""
    with (crowded if crowd else alone)(server, midi, "internal", folder) as play:
        take = lab.start([], seconds)
        time.sleep(1.5)  # until the lab is connected; what is lost before is before the ninth beat
        play()
        _, recorded = lab.finish(take, seconds + 30)
    return on_grid(notes_on(recorded), 0.25)


def on_grid(onsets: Sequence[float], step: float) -> Result:
    """Judge a player that keeps its own time: against the grid at the asked tempo that fits its onsets best."""
    onsets = onsets[SETTLE_BEATS * 2 :]
    if not onsets:
        return Result([], 1, 0)
    places = [round((onset - onsets[0]) / step) for onset in onsets]
    origin = statistics.median(onset - place * step for onset, place in zip(onsets, places, strict=True))
    late = [(onset - origin - place * step) * 1000 for onset, place in zip(onsets, places, strict=True)]
    kept = len(set(places))
    return Result(late, places[-1] + 1, kept, len(places) - kept)


BASELINES = {
    "mido MidiFile.play": """
import mido, sys
mido.set_backend('mido.backends.rtmidi/UNIX_JACK')
out = mido.open_output('out', virtual=True, client_name='baseline')
track = mido.MidiTrack([mido.MetaMessage('set_tempo', tempo=500000)])
for _ in range(80):
    track.append(mido.Message('note_on', channel=9, note=36, velocity=100, time=180))
    track.append(mido.Message('note_off', channel=9, note=36, time=60))
file = mido.MidiFile(ticks_per_beat=480); file.tracks.append(track)
print('ready', flush=True); sys.stdin.readline()
for message in file.play(): out.send(message)
""",
    "isobar Timeline": """
import sys
import isobar as iso, mido
mido.set_backend('mido.backends.rtmidi/UNIX_JACK')
from isobar.io.midi.output import MidiOutputDevice
device = MidiOutputDevice('out', virtual=True)
timeline = iso.Timeline(120, output_device=device)
timeline.schedule({'note': iso.PSequence([36], 80), 'duration': 0.5, 'gate': 0.2, 'channel': 9})
print('ready', flush=True); sys.stdin.readline()
timeline.stop_when_done = True
timeline.run()
""",
    "bare sleep loop": """
import rtmidi, sys, time
out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name='baseline'); out.open_virtual_port('out')
print('ready', flush=True); sys.stdin.readline()
for _ in range(80):
    out.send_message([0x99, 36, 100]); time.sleep(0.05)
    out.send_message([0x89, 36, 0]); time.sleep(0.2)
""",
}


def baseline(server: JackServer, lab: Midilab, name: str, seconds: float = 20.0) -> Result | str:
    """Measure another player; returns why not when it cannot run here."""
    process = subprocess.Popen(
        [sys.executable, "-c", BASELINES[name]], env=server.env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    if process.stdin is None or process.stdout is None:
        raise RuntimeError(name)
    try:
        if process.stdout.readline().strip() != "ready":
            return (process.communicate(timeout=5)[1].strip().splitlines() or ["it does not start"])[-1]
        take = lab.start([], seconds, source="(baseline|isobar|RtMidi|python|out).*:.*")
        time.sleep(1.0)
        process.stdin.write("go\n")
        process.stdin.flush()
        _, recorded = lab.finish(take, seconds + 30)
        return on_grid(notes_on(recorded), 0.25)
    finally:
        process.kill()
        process.wait()


def plain_client(lab: Midilab, seconds: float = 20.0) -> Result:
    """Measure a JACK client in C that writes eighths frame by frame: what is lost or doubled here is JACK's doing."""
    take = lab.start([], seconds, source="midilab-01:out$")
    time.sleep(0.5)  # the second of that name is numbered
    eighths = [(1.0 + n * 0.25, b"\x99\x24\x64") for n in range(80)]
    other = lab.start(eighths, seconds, to="midilab:in$", source="midilab:out$")
    _, recorded = lab.finish(take, seconds + 30)
    lab.finish(other, seconds + 30)
    return on_grid(notes_on(recorded), 0.25)


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keep cores busy with work of ordinary priority while measuring."""
    work = "import json\nwhile True: json.loads(json.dumps(list(range(20000))))"
    running = [subprocess.Popen([sys.executable, "-c", work]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns 1 when a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--midi", action="append", choices=("jack", "jack-rtmidi"), help="backends to measure (both)")
    parser.add_argument("--load", type=int, default=0, metavar="N", help="busy processes beside it")
    parser.add_argument("--crowd", action="store_true", help="the whole daemon, 20 generations and a flooded socket")
    parser.add_argument("--only", default="", help="measure only cases whose name contains this")
    parser.add_argument("--no-baselines", action="store_true")
    parser.add_argument("--frames", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as name, jackd(args.frames) as server, busy(args.load):
        folder = Path(name)
        lab = Midilab(build_midilab(folder), server, folder)
        for midi in args.midi or ("jack", "jack-rtmidi"):
            exact = midi == "jack"
            if args.only in "internal tempo":
                rows.append(
                    _show(
                        midi,
                        "internal tempo",
                        lead(server, lab, midi, folder, crowd=args.crowd),
                        0.1 if exact else 1.4,
                        as_json=args.json,
                    )
                )
            for case in CASES:
                if args.only in case.name:
                    limit = case.exact_ms if exact and case.exact_ms is not None else case.limit_ms
                    rows.append(
                        _show(
                            midi,
                            case.name,
                            follow(server, lab, midi, case, folder, crowd=args.crowd),
                            limit,
                            as_json=args.json,
                        )
                    )
        if not args.no_baselines:
            rows.append(_show("baseline", "plain JACK client in C", plain_client(lab), None, as_json=args.json))
        for other in () if args.no_baselines else BASELINES:
            result = baseline(server, lab, other)
            if isinstance(result, str):
                print(f"{other}: not measured: {result}", file=sys.stderr)
            else:
                rows.append(_show("baseline", other, result, None, as_json=args.json))
    _ratios(rows)
    if args.json:
        print(json.dumps(rows))
    return 0 if all(row["ok"] for row in rows) else 1


def _show(who: str, what: str, result: Result, limit: float | None, *, as_json: bool) -> dict[str, object]:
    row: dict[str, object] = {"who": who, "case": what, "limit_ms": limit, **result.row()}
    wrong = result.got < result.expected or result.doubled or result.stray
    row["ok"] = limit is None or (
        not wrong and float(str(row["p99_ms"])) <= limit and abs(float(str(row["mean_ms"]))) <= MEAN_MS
    )
    figures = " ".join(f"{name} {row[f'{name}_ms']:>7}" for name in ("mean", "p50", "p99", "max"))
    text = f"{who:12} {what:24} {figures} ms"
    text += f"  lost {row['lost']} doubled {row['doubled']} stray {row['stray']}" + (
        f"  limit {limit}" if limit is not None else ""
    )
    print(text + ("" if row["ok"] else "  MISSED"), file=sys.stderr if as_json else sys.stdout, flush=True)
    return row


def _ratios(rows: list[dict[str, object]]) -> None:
    ours = next((float(str(r["p99_ms"])) for r in rows if r["case"] == "internal tempo"), None)
    for row in rows:
        if row["who"] == "baseline" and ours is not None:
            ratio = max(float(str(row["p99_ms"])), FRAME_MS) / max(ours, FRAME_MS)
            print(f"{row['case']}: p99 is {ratio:.0f} times ours", file=sys.stderr)


if __name__ == "__main__":
    os.chdir(ROOT)
    raise SystemExit(main())
