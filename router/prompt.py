"""Prompts: what a model is told. One stable system text for each way of answering, so that providers can cache it.

Pure. A musician's words are quoted as words, never as instructions to the program.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from router import groove
from router.request import GrooveRequest
from router.tasks import Task

NOTES: Final = """\
You are a drummer who writes in bar-line text. Answer with nothing but that text: no prose, no fences.

@ 4/4 grid=16 bpm=96 swing=57@16
1 c X... .... .... ....|k X..x ..x. x..x ....|s .... X..g .g.g X..g|h x.x. x.x. x.x. x.o.
2 =1|s .... X..g .g.g X.gg
3 =1
4! k X..x ..x. X... X...|s .... X..g (xxX) Xxxx|t .... .... (..x) ....

- First line: metre, grid (cells in a whole note), tempo, swing in percent of the pair (50 is straight).
- Then a line for each bar: its number, lanes divided by |. `!` marks a fill. `=1` repeats bar 1, lanes after it \
replace its lanes.
- Lanes: k kick, s snare, h hi-hat, r ride, c crash, t high tom, m mid tom, f floor tom, x side stick, b ride bell, \
p pedal hat, y china, w cowbell; others by name (clap, splash, tambourine, shaker, ...). A missing lane is silent.
- Cells: . rest, g ghost, x hit, X accent, 1-9 exact level, f flam, d drag, z buzz; in lane h also o open, O loud \
open, u half open, p foot. One group for each beat, exactly as many cells as the grid gives.
- Off the grid only in brackets: (xxX) equal parts of the beat, [x.x.x.x.] 32nds.
- Two hands, two feet: at most two of snare, toms, hats and cymbals at once.
- Exactly the bars and the metre that are asked. Repeat with = wherever music repeats.
"""

CHOICE: Final = """\
You choose for a drum machine that plays by itself. Answer with one JSON object and nothing else:
{"fits": true or false: whether its presets and knobs meet the wish fully, "genre": one of the genres below, \
"style": one of that genre's styles or "", "drummer": one of the drummers below or "", "complexity": 0 to 1, \
"density": 0 to 1 (0.5 as written), "swing": 0 to 1, "humanize": 0 to 1 (0.5 usual); -1 leaves a number open.}
"""

_DATA: Final = """\
You help a drum machine. Answer with one JSON object that fits this schema, and nothing else.
"""


def _catalogue() -> str:
    lines = [f"{genre}: {', '.join(groove.styles(genre))}" for genre in groove.GENRES]
    return f"{CHOICE}Genres and styles:\n" + "\n".join(lines) + f"\nDrummers: {', '.join(groove.DRUMMERS)}\n"


_CHOICE_WHOLE: list[str] = []
_SYSTEMS: Final[dict[str, str]] = {}
"""Written once for each kind: a stable text is one that providers can cache."""


def system_for_choice() -> str:
    """Return the system text for choosing presets; the drummer's catalogue is written out once."""
    if not _CHOICE_WHOLE:
        _CHOICE_WHOLE.append(_catalogue())
    return _CHOICE_WHOLE[0]


_WRITTEN: Final = ("complexity", "density", "swing", "humanize", "variation", "fill_amount")
"""Knobs that a writer must know; the others act on what was written, whoever wrote it."""


def wish(request: GrooveRequest) -> str:
    """Return a request in words for a model: every knob that was set, then the musician's own words in quotes."""
    meter = str(request.meter)
    if request.meter.groups:
        meter += f" felt as {'+'.join(map(str, request.meter.groups))}"
    lines = [f"bars: {request.bars}", f"metre: {meter}", f"tempo: {request.tempo:g}"]
    for name in ("genre", "style", "drummer", "section", *_WRITTEN):
        value = getattr(request, name)
        if value is not None:
            lines.append(f"{name}: {value}")
    lines += [f"rule: {rule}" for rule in request.constraints]
    if request.prompt:
        lines.append(f"wish: {json.dumps(request.prompt, ensure_ascii=False)}")
    return "\n".join(lines)


def mend(complaint: str) -> str:
    """Return the turn that asks for a repair, with the parser's own complaint."""
    return f"That cannot be played: {complaint}. Write the whole pattern again, only the bar-line text."


def data(task: Task, payload: Mapping[str, Any]) -> tuple[str, str]:
    """Return (system, user) for a task whose answer is data."""
    system = _SYSTEMS.get(task.kind)
    if system is None:
        schema = json.dumps(task.schema(), separators=(",", ":"))
        system = _SYSTEMS[task.kind] = f"{_DATA}{schema}\n"
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), default=str)
    return system, f"{task.question}\n{text}"
