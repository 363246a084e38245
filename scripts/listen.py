#!/usr/bin/env python3
"""Lets ears judge: renders sets of drum takes to sound and serves a blind A/B page; every vote is kept.

    .venv/bin/python scripts/listen.py OUT NAME=FOLDER_OF_MIDI [NAME=FOLDER ...] [--serve] [--results]
    .venv/bin/python scripts/listen.py OUT --genre funk --takes 8        renders takes of our own

Needs fluidsynth and a General MIDI sound font. Two sets are compared take by take in the order of their file names,
which of them is A is drawn afresh for each pair; names appear only in OUT/results.jsonl and with `--results`.
"""

from __future__ import annotations

import argparse
import collections
import html
import json
import random
import shutil
import subprocess
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bridge import drummaps
from bridge.midifile import to_midi
from router.groove import generate
from router.request import GrooveRequest

FONTS = (
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/soundfonts/default.sf2",
)
MOST_BYTES = 10_000  # of a vote
PAGE = """<!doctype html><meta charset=utf-8><title>Which drummer?</title>
<style>body{font:16px system-ui;max-width:40em;margin:2em auto}fieldset{margin:1em 0}</style>
<h1>Which drummer would you rather play with?</h1><p>Headphones on. A and B change places from pair to pair.</p>%s
<script>document.querySelectorAll("button").forEach(b=>b.onclick=async()=>{
 const f=b.closest("fieldset"),body=JSON.stringify({pair:+f.dataset.pair,vote:b.value});
 await fetch("vote",{method:"POST",body});
 f.querySelectorAll("button").forEach(x=>x.disabled=x!==b);f.querySelector("output").textContent="kept";});</script>"""
PAIR = """<fieldset data-pair="%d"><legend>Pair %d</legend>A <audio controls preload=none src="%s"></audio><br>
B <audio controls preload=none src="%s"></audio><br><button value=A>A</button><button value=same>no difference</button>
<button value=B>B</button><output></output></fieldset>"""


def font() -> str:
    """Return a General MIDI sound font of this machine."""
    for name in FONTS:
        if Path(name).exists():
            return name
    sys.exit("no sound font found; on Debian: apt-get install fluid-soundfont-gm")


def render(midi: Path, wav: Path) -> None:
    """Render a file to sound, unless that was done already."""
    program = shutil.which("fluidsynth")
    if program is None:
        sys.exit("fluidsynth is not installed; on Debian: apt-get install fluidsynth")
    if not wav.exists() or wav.stat().st_mtime < midi.stat().st_mtime:
        wav.parent.mkdir(parents=True, exist_ok=True)
        command = [program, "-ni", "-q", "-g", "0.8", "-r", "48000", "-F", str(wav), font(), str(midi)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def write_own(folder: Path, given: argparse.Namespace) -> Path:
    """Generate takes of our own as .mid files."""
    folder.mkdir(parents=True, exist_ok=True)
    kit = drummaps.load("gm")
    for seed in range(given.takes):
        request = GrooveRequest(
            genre=given.genre, style=given.style, drummer=given.drummer, tempo=given.tempo, bars=8, seed=seed,
            humanize=given.humanize,
        )  # fmt: skip
        (folder / f"{seed:03d}.mid").write_bytes(to_midi(generate(request), kit))
    return folder


def pairs(sounds: dict[str, list[Path]], seed: int) -> list[tuple[tuple[str, Path], tuple[str, Path]]]:
    """Return the takes of every two sets side by side, in an order and with sides that give nothing away."""
    draw = random.Random(seed)
    names = sorted(sounds)
    out = [
        ((one, a), (other, b))
        for i, one in enumerate(names)
        for other in names[i + 1 :]
        for a, b in zip(sounds[one], sounds[other], strict=False)
    ]
    draw.shuffle(out)
    return [pair if draw.random() < 0.5 else (pair[1], pair[0]) for pair in out]


def tally(results: Path) -> None:
    """Print who was preferred how often."""
    votes: collections.Counter[tuple[str, str, str]] = collections.Counter()
    for line in results.read_text(encoding="utf-8").splitlines() if results.exists() else ():
        vote = json.loads(line)
        one, other = sorted((vote["A"], vote["B"]))
        winner = vote[vote["vote"]] if vote["vote"] in {"A", "B"} else "no difference"
        votes[one, other, winner] += 1
    for (one, other, winner), count in sorted(votes.items()):
        print(f"{one} against {other}: {winner} {count}")


def serve(out: Path, order: list[tuple[tuple[str, Path], tuple[str, Path]]]) -> None:
    """Serve the page on this machine only and keep the votes, until interrupted."""
    files = {
        f"/{i}{side}.wav": path for i, pair in enumerate(order) for side, (_, path) in zip("ab", pair, strict=True)
    }
    rows = "".join(PAIR % (i, i + 1, html.escape(f"{i}a.wav"), html.escape(f"{i}b.wav")) for i in range(len(order)))

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            if self.path == "/":
                self._answer((PAGE % rows).encode(), "text/html; charset=utf-8")
            elif self.path in files:
                self._answer(files[self.path].read_bytes(), "audio/wav")
            else:
                self._answer(b"", "text/plain", HTTPStatus.NOT_FOUND)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            try:
                said: dict[str, Any] = json.loads(self.rfile.read(min(length, MOST_BYTES)))
                (one, a), (other, b) = order[int(said["pair"])]
                vote = {
                    "A": one,
                    "B": other,
                    "a": a.name,
                    "b": b.name,
                    "vote": {"A": "A", "B": "B"}.get(said["vote"], "same"),
                }
            except (ValueError, KeyError, IndexError, TypeError):
                self._answer(b"", "text/plain", HTTPStatus.BAD_REQUEST)
                return
            with (out / "results.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(vote) + "\n")
            self._answer(b"", "text/plain", HTTPStatus.NO_CONTENT)

        def log_message(self, *_: object) -> None:
            """Keep the terminal quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}/   (Ctrl-C ends; votes in {out / 'results.jsonl'})", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        tally(out / "results.jsonl")


def main() -> None:
    """Render, and serve or tally if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("sets", nargs="*", metavar="NAME=FOLDER")
    parser.add_argument("--genre")
    parser.add_argument("--style")
    parser.add_argument("--drummer")
    parser.add_argument("--tempo", type=float, default=110.0)
    parser.add_argument("--humanize", type=float)
    parser.add_argument("--takes", type=int, default=8)
    parser.add_argument("--serve", action="store_true", help="the blind page, on this machine only")
    parser.add_argument("--results", action="store_true", help="what was voted so far")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if given.results:
        tally(given.out / "results.jsonl")
        return
    folders = {name: Path(folder) for name, _, folder in (text.partition("=") for text in given.sets)}
    if given.genre or not folders:
        folders["ours"] = write_own(given.out / "ours-midi", given)
    sounds: dict[str, list[Path]] = {}
    for name, folder in folders.items():
        for midi in sorted(folder.glob("*.mid"))[: given.takes]:
            wav = given.out / name / f"{midi.stem}.wav"
            render(midi, wav)
            sounds.setdefault(name, []).append(wav)
        print(f"{name}: {len(sounds.get(name, ()))} takes in {given.out / name}")
    if given.serve:
        serve(given.out, pairs(sounds, random.randrange(1 << 30)))


if __name__ == "__main__":
    main()
