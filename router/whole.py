"""What is asked of the whole groove: feel, half and double time, fills, dynamics, polyrhythms, behind the beat.

Pure. Named drums confine it: "swing the hats" moves the hats alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from statistics import mean
from typing import Final

from router import groove
from router.constraints import hold, spoken_voices
from router.orders import Order
from router.pattern import RESOLUTION, Hit, Pattern
from router.workbench import SIXTEENTH, Bench

_STEADY: Final = r"robotic|mechanical|stiff|rigid|quanti[sz]ed"
_FEEL: Final = (
    (r"less human(?:i[sz]ed?)?", "humanize", -0.3),
    (rf"less (?:{_STEADY})|too (?:{_STEADY})|not so (?:{_STEADY})", "humanize", 0.3),
    (r"more swing|swing(?:s)? (?:\w+ ){0,3}(?:more|harder)|swingier|swing|shuffle|shuffled|swung", "swing", 0.22),
    (r"straight|straighten|straighten out|unswung", "swing", -1.0),
    (r"looser|loosen|more human|humani[sz]e|sloppier|lazier|more relaxed|laid[ -]back|more natural", "humanize", 0.3),
    (r"tighter|less human|more precise|more mechanical|stiffer|tighten up", "humanize", -0.3),
    (r"quanti[sz]ed?|robotic|on the grid|machine like", "humanize", -1.0),
)  # fmt: skip
_LESS_SWING: Final = (
    (re.compile(r"\b(?:no swing|without (?:any )?swing)\b"), -1.0),
    (re.compile(r"\b(?:less|too much) (?:swing|shuffle)\b|\bswing (?:it )?less\b|\bstraighter\b"), -0.22),
)
_FILL: Final = re.compile(r"\b(?:fill|fills|drum roll)\b(?! (?:it |things |everything )?out)(?! up)")
_BEHIND: Final = re.compile(
    r"\b(?:behind the beat|drag|dragging|lay back|(?:lay|push) (?:the |my )?\w+ back|lazy|more behind|further back)\b"
)
_AHEAD: Final = re.compile(
    r"\b(?:ahead of the beat|push forward|push it|rush|on top of the beat|in front of the beat)\b"
)
_WIDE: Final = re.compile(r"\b(?:more dynamics?|more dynamic range|more expressive|wider dynamics)\b")
_EVEN: Final = re.compile(r"\b(?:less dynamics?|more even|evener|more consistent|even out|flatten|compress)\b")
_LATE_MS: Final = 14
"""About what the Groove MIDI Dataset's laid-back takes lie behind their click."""


def feel(bench: Bench, knob: str, step: float, voices: tuple[str, ...] = ()) -> None:
    """Turn a knob of the feel; each drum stays as loud on the average as it was."""
    pattern = bench.pattern
    worn = pattern.meta.get("feel")
    worn = worn if isinstance(worn, dict) else {}
    own = pattern.meta.get("swing")
    now = {
        "swing": worn.get("swing", own if isinstance(own, int | float) else 0.0),
        "humanize": worn.get("humanize", 0.5),
    }
    was = float(now[knob])
    now[knob] = max(0.0, min(1.0, was + step))
    felt = groove.apply_feel(
        pattern,
        tempo=pattern.tempo or 120.0,
        seed=int(worn.get("seed", 0)),
        drummer=worn.get("drummer"),
        lean=worn.get("lean", 0.5),
        **now,
    )
    bench.pattern = bench.restored(_as_loud(felt, pattern), voices)
    bench.done.append(f"{knob} from {was:.2f} to {now[knob]:.2f}")


def _as_loud(felt: Pattern, before: Pattern) -> Pattern:
    """Return the pattern with each voice's mean velocity as before: a looser hand is no louder one."""
    gains: dict[str, float] = {}
    for voice in {hit.voice for hit in before.hits}:
        was = mean(hit.velocity for hit in before.hits if hit.voice == voice)
        gains[voice] = was / mean(hit.velocity for hit in felt.hits if hit.voice == voice)
    return felt.with_hits(
        replace(hit, velocity=max(1, min(127, round(hit.velocity * gains[hit.voice])))) for hit in felt.hits
    )


def _felt(bench: Bench, order: Order) -> bool:
    voices = spoken_voices(order.text)[0]
    for sign, step in _LESS_SWING:
        if sign.search(order.text):
            feel(bench, "swing", step * min(1.0, order.amount), voices)
            return True
    for words, knob, step in _FEEL:
        if re.search(rf"\b(?:{words})\b", order.text):
            feel(bench, knob, step * (1.0 if step == -1 else order.amount), voices)
            return True
    return False


def _half_time(bench: Bench, _order: Order) -> bool:
    """Move the backbeat to the middle of the bar; ghosts and all else stay."""
    pattern, beats = bench.pattern, bench.pattern.meter.beats
    if len(beats) < 4 or "snare" in bench.kept:
        return False
    bar, middle = pattern.meter.bar_ticks, sum(beats[: len(beats) // 2])
    loud = [hit for hit in pattern.hits if hit.voice in {"snare", "clap", "rim"} and hit.velocity >= 60]
    new: dict[tuple[int, str], Hit] = {}
    for hit in loud:
        tick = hit.tick - hit.tick % bar + middle
        best = new.get((tick, hit.voice))
        if best is None or best.velocity < hit.velocity:
            new[tick, hit.voice] = replace(hit, tick=tick, shift=min(hit.shift, pattern.ticks - 1 - tick))
    kicks = [hit for hit in bench.mine(["kick"]) if hit.tick % bar == middle]
    bench.exchange((*loud, *kicks), new.values(), "half time: the backbeat on the middle of the bar")
    return True


def _double_time(bench: Bench, _order: Order) -> bool:
    """Put kicks on the beats and the backbeat between them; ghosts and all else stay."""
    if bench.kept & {"kick", "snare"}:
        return False
    pattern, bar = bench.pattern, bench.pattern.meter.bar_ticks
    beats = [sum(pattern.meter.beats[:n]) for n in range(len(pattern.meter.beats))]
    snares = [hit for hit in pattern.hits if hit.voice == "snare" and hit.velocity >= 60]
    kicks = [hit for hit in pattern.hits if hit.voice == "kick"]
    loud = {"snare": round(mean([hit.velocity for hit in snares] or [105])),
            "kick": round(mean([hit.velocity for hit in kicks] or [100]))}  # fmt: skip
    quiet = [hit for hit in pattern.hits if hit.voice == "snare" and hit.velocity < 60]
    there = {hit.tick for hit in quiet}
    new = []
    for start in range(0, pattern.ticks, bar):
        for beat in beats:
            new.append(Hit(start + beat, "kick", loud["kick"]))
            if start + beat + RESOLUTION // 2 not in there:
                new.append(Hit(start + beat + RESOLUTION // 2, "snare", loud["snare"]))
    bench.put((*snares, *kicks), new, "double time: the backbeat between the beats")
    return True


def _fill(bench: Bench, order: Order) -> bool:
    pattern, clause = bench.pattern, order.text
    if re.search(r"\b(?:no|without|remove|drop|less|fewer|get rid|take out|lose)\b", clause):
        verdict = hold(pattern, ["no fills"])
        bench.pattern = bench.restored(verdict.pattern)
        bench.done += verdict.mends or ["there was no fill"]
        return True
    every = re.search(r"\bevery (\d|two|four|eight)? ?bars?\b", clause)
    step = {"two": 2, "four": 4, "eight": 8, None: 1}.get(every[1], 0) or int(every[1]) if every else pattern.bars
    for bar in range(step, pattern.bars + 1, step):
        _fill_bar(bench, bar, clause)
    if step > pattern.bars:
        _fill_bar(bench, pattern.bars, clause)
    return True


def _fill_bar(bench: Bench, bar: int, clause: str) -> None:
    """Put a fill at the end of a bar: the second half, all of it for a big one, the last beat for a small one."""
    pattern = bench.pattern
    length, beats = pattern.meter.bar_ticks, pattern.meter.beats
    low, end = (bar - 1) * length, bar * length
    big, small = (
        re.search(rf"\b(?:{words})\b", clause) for words in ("big|bigger|long|longer|huge", "small|short|little")
    )
    first = 0 if big else len(beats) - 1 if small else len(beats) // 2
    start = low + sum(beats[:first])
    made = groove.fill(pattern, seed=bench.seed, start_tick=start, intensity=0.9 if big else 0.7)
    new = [replace(hit, tick=hit.tick + low) for hit in made.hits if hit.tick + low >= start]
    kept = [hit for hit in pattern.hits if not start <= hit.tick < end]
    fills = sorted({*(one for one in pattern.meta.get("fills", ()) if isinstance(one, int)), bar})
    bench.pattern = bench.restored(pattern.with_hits((*kept, *new), fills=fills))
    bench.done.append("a fill at the end" if bar == pattern.bars else f"a fill in bar {bar}")


def _moved(sign: int) -> Callable[[Bench, Order], bool]:
    def act(bench: Bench, order: Order) -> bool:
        pattern = bench.pattern
        ticks = round(sign * _LATE_MS * order.amount * (pattern.tempo or 120.0) * RESOLUTION / 60_000)
        voices = spoken_voices(order.text)[0] or tuple({hit.voice for hit in pattern.hits})
        mine = bench.mine(voices)
        # A stroke never leaves the pattern, and never passes the next sixteenth.
        new = [
            replace(
                h, shift=max(-h.tick, -SIXTEENTH + 1, min(h.shift + ticks, SIXTEENTH - 1, pattern.ticks - 1 - h.tick))
            )
            for h in mine
        ]
        bench.exchange(mine, new, "played " + ("behind" if sign > 0 else "ahead of") + " the beat")
        return True

    return act


def _crossed(bench: Bench, order: Order) -> bool:
    ratio = groove.describe(order.text)["polyrhythm"]
    made = groove.across(bench.pattern, ratio, tempo=bench.pattern.tempo or 120.0)
    bench.pattern = bench.restored(made)
    bench.done.append("a polyrhythm of {} against {} over it".format(*ratio))
    return True


def _evolved(bench: Bench, _order: Order) -> bool:
    bench.pattern = bench.restored(groove.evolved(bench.pattern))
    bench.done.append("developing from bar to bar")
    return bench.pattern.bars > 1


def _ranged(factor: float) -> Callable[[Bench, Order], bool]:
    def act(bench: Bench, order: Order) -> bool:
        mine = bench.mine(spoken_voices(order.text)[0] or tuple({hit.voice for hit in bench.pattern.hits}))
        new = []
        for voice in {hit.voice for hit in mine}:
            own = [hit for hit in mine if hit.voice == voice]
            middle = mean(hit.velocity for hit in own)
            new += [
                replace(hit, velocity=max(1, min(127, round(middle + (hit.velocity - middle) * factor)))) for hit in own
            ]
        bench.exchange(mine, new, "wider dynamics" if factor > 1 else "more even dynamics")
        return True

    return act


WHOLE: Final[tuple[tuple[re.Pattern[str], Callable[[Bench, Order], bool]], ...]] = (
    (re.compile(r"\b(?:poly|cross)[ -]?rhythm|\bhemiola\b|\b[2-9] (?:against|over) [2-9]\b"), _crossed),
    (re.compile(r"\bevol(?:ve|ves|ving)\b|\bdevelop(?:s|ing)?\b"), _evolved),
    (_FILL, _fill),
    (re.compile(r"\bhalf[ -]?time\b"), _half_time),
    (re.compile(r"\bdouble[ -]?time\b"), _double_time),
    (_BEHIND, _moved(1)),
    (_AHEAD, _moved(-1)),
    (_WIDE, _ranged(1.5)),
    (_EVEN, _ranged(0.5)),
    (re.compile("|".join((*(p.pattern for p, _ in _LESS_SWING), *(rf"\b(?:{w})\b" for w, _, _ in _FEEL)))), _felt),
)
"""What a clause about the whole groove looks like, and what is done; the first that fits counts."""


def is_whole(clause: str) -> bool:
    """Say whether a clause is about the whole groove."""
    return any(sign.search(clause) for sign, _ in WHOLE)


def do_whole(bench: Bench, order: Order) -> bool:
    """Do what such a clause asks for; feel is put on the whole groove even where only some bars take it."""
    act = next(act for sign, act in WHOLE if sign.search(order.text))
    if act is not _felt or order.bars is None:
        return bench.within(order.bars, lambda part: act(part, order))
    before = bench.pattern
    length = before.meter.bar_ticks
    low, high = (bar - 1 if bar > 0 else before.bars + bar for bar in order.bars)
    if not 0 <= low < before.bars:
        return False
    _felt(bench, order)
    inside = [hit for hit in bench.pattern.hits if low <= hit.tick // length <= high]
    bench.pattern = before.with_hits((*(hit for hit in before.hits if not low <= hit.tick // length <= high), *inside))
    bench.done[-1] += f" in bars {low + 1} to {min(high + 1, before.bars)}" if high > low else f" in bar {low + 1}"
    return True
