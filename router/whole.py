"""What is asked of the whole groove: feel, half and double time, fills, dynamics, polyrhythms, behind the beat.

Pure. Named drums confine it: "swing the hats" moves the hats alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from statistics import mean
from typing import Final

from router import groove, phrases
from router.constraints import hold, place_ticks
from router.groove.fills import roll
from router.kit import SNARES, spoken_voices
from router.order import Order, placed
from router.pattern import RESOLUTION, Hit, Pattern
from router.phrases import NOISE
from router.shaping import mine as strokes
from router.spans import runs
from router.workbench import SIXTEENTH, Bench

_STEADY: Final = r"robotic|mechanical|stiff|rigid|quanti[sz]ed"
_FEEL: Final = (
    (r"less human(?:i[sz]ed?)?", "humanize", -0.3),
    (rf"less (?:{_STEADY})|too (?:{_STEADY})|not so (?:{_STEADY})", "humanize", 0.3),
    (r"more (?:swing|shuffle)|swing(?:s)? (?:\w+ ){0,3}(?:more|harder)|swingier|(?<!a )swing", "swing", 0.22),
    (r"straight|straighten|straighten out|unswung", "swing", -1.0),
    (r"looser|loosen|more human|humani[sz]e|sloppier|lazier|more relaxed|laid[ -]back|more natural", "humanize", 0.3),
    (r"tighter|tighten(?! (?:the |my )?hats?)|less human|more precise|more mechanical|stiffer", "humanize", -0.3),
    (r"quanti[sz]ed?|robotic|on the grid|machine like", "humanize", -1.0),
)  # fmt: skip
_LESS_SWING: Final = (
    (re.compile(r"\b(?:no|without(?: any)?|not an?) (?:swing|shuffle)\b"), -1.0),
    (
        re.compile(
            r"\b(?:less|too much|reduce|decrease) (?:the )?(?:swing|shuffle)\b|\bswing (?:it )?less\b|\bstraighter\b"
        ),
        -0.22,
    ),
)
_TRIPLETS: Final = re.compile(r"\b(?:(?<!more )shuffled?|(?<!more )swung|triplet feel|(?:make it|let it|a) swing)\b")
_SHUFFLE: Final = 0.6
"""Shuffles are played at 1.7 to 1.9 to 1 in the Groove MIDI Dataset; this is 1.86."""
_FILL: Final = re.compile(
    r"\b(?:(?:fill|fills)\b(?! (?:it |things |everything )?out)(?! up)|(?:drum |snare |buzz |press |tom )?rolls?\b)"
)
_BEHIND: Final = re.compile(
    r"\b(?:(?:more |further )?behind(?: the (?:beat|click))?|drag|dragging|lay(?: it)? back"
    r"|(?:lay|push) (?:the |my )?\w+ back|lazy|further back|delay|delayed|later|late)\b"
)
_AHEAD: Final = re.compile(
    r"\b(?:(?:more )?ahead(?: of the (?:beat|click))?|push forward|push(?! (?:the |my )?\w+ up)|pushing"
    r"|rush|rushing|rushed|earlier|early"
    r"|(?:on top|in front) of the beat|on the front foot)\b"
)
_WIDE: Final = re.compile(r"\b(?:more dynamics?|more dynamic range|more expressive|wider dynamics)\b")
_EVEN: Final = re.compile(r"\b(?:less dynamics?|more even|evener|more consistent|even out|flatten|compress)\b")
_PLAIN_WORDS: Final = frozenset((
    "big", "bigger", "long", "longer", "huge", "small", "short", "little", "nice", "cool", "tasty", "quick", "simple",
    "drum", "tom", "toms", "end", "last", "full", "one", "half", "bar", "shift", "move", "nudge", "time", "no", "less",
    "without", "remove", "drop", "fewer", "rid", "take", "lose", "add", "another", "against", "over", "three", "two",
    "four", "five", "seven", "eight", "across", "harder", "mixed", "new", "down", "around", "round", "kit",
))  # fmt: skip
"""Words that may stand beside what is said of the whole groove; with any other the clause is not understood."""
_LATE_MS: Final = 14
"""About what the Groove MIDI Dataset's laid-back takes lie behind their click."""


def feel(bench: Bench, knob: str, step: float, voices: tuple[str, ...] = ()) -> None:
    """Turn a knob of the feel; each drum stays as loud on the average as it was."""
    pattern = bench.pattern
    worn = pattern.meta.get("feel")
    if not isinstance(worn, dict):
        _bare_feel(bench, knob, step, voices)
        return
    now = {"swing": worn.get("swing", 0.0), "humanize": worn.get("humanize", 0.5)}
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


def _bare_feel(bench: Bench, knob: str, step: float, voices: tuple[str, ...]) -> None:
    """Turn a knob where nobody knows whose hand played (a file, a recording): more or less of its own timing."""
    pattern, tempo = bench.pattern, bench.pattern.tempo or 120.0
    own = pattern.meta.get("swing")
    if knob == "humanize" and not any(hit.shift for hit in pattern.hits):
        now = max(0.0, step)
        felt = groove.apply_feel(pattern, tempo=tempo, swing=None, humanize=now, seed=bench.seed) if now else pattern
        bench.pattern = bench.restored(_as_loud(felt, pattern), voices)
        bench.done.append(f"humanize from 0.00 to {now:.2f}")
        return
    was = float(own) if knob == "swing" and isinstance(own, int | float) else 0.0 if knob == "swing" else 0.5
    now = max(0.0, min(1.0, was + step))
    if knob == "swing":
        before, after = (
            groove.apply_feel(pattern, tempo=tempo, swing=value, humanize=0.0, seed=0).hits for value in (was, now)
        )
        shifts = [hit.shift + b.shift - a.shift for hit, a, b in zip(pattern.hits, before, after, strict=True)]
    else:
        shifts = [round(hit.shift * now / was) for hit in pattern.hits]
    hits = [
        replace(hit, shift=max(-hit.tick, min(shift, pattern.ticks - 1 - hit.tick)))
        for hit, shift in zip(pattern.hits, shifts, strict=True)
    ]
    meta = {"swing": now} if knob == "swing" else {}
    bench.pattern = bench.restored(pattern.with_hits(hits, **meta), voices)
    bench.done.append(f"{knob} from {was:.2f} to {now:.2f}")


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
    if _TRIPLETS.search(order.text):
        now = (bench.pattern.meta.get("feel") or bench.pattern.meta).get("swing") or 0.0
        feel(bench, "swing", max(0.0, _SHUFFLE - float(now)), voices)
        return True
    for words, knob, step in _FEEL:
        if re.search(rf"\b(?:{words})\b", order.text):
            feel(bench, knob, step * (1.0 if step == -1 else order.amount), voices)
            return True
    return False


def _of_frame(order: Order) -> bool:
    """Say whether the drums named, if any, are those that half and double time move."""
    return set(spoken_voices(order.text)[0]) <= {"kick", *SNARES}


def _half_time(bench: Bench, order: Order) -> bool:
    """Move the backbeat to the middle of the bar; ghosts and all else stay."""
    pattern, beats = bench.pattern, bench.pattern.meter.beats
    if len(beats) < 4 or "snare" in bench.kept or not _of_frame(order):
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
    if "snare" in order.text and "kick" not in order.text:
        kicks = []
    bench.exchange((*loud, *kicks), new.values(), "half time: the backbeat on the middle of the bar")
    return True


def _double_time(bench: Bench, order: Order) -> bool:
    """Put kicks on the beats and the backbeat between them; ghosts and all else stay."""
    if bench.kept & {"kick", "snare"} or not _of_frame(order):
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
    if _NO_FILL.search(clause):
        verdict = hold(pattern, ["no fills"])
        bench.pattern = bench.restored(verdict.pattern)
        bench.done += verdict.mends or ["there was no fill"]
        return True
    _fill_last(bench, order)
    return True


_NO_FILL: Final = re.compile(
    r"\b(?:no|without|remove|drop|less|fewer|get rid of|take out|lose)"
    r"(?: (?:any|all|of|the|those|these|my|big|long|so|many))* (?:\w+ )?(?:fill|roll)s?\b"
)
_LESS: Final = re.compile(r"\b(?:no|without|remove|drop|less|fewer|get rid|take out|lose)\b")
_BIG: Final = r"\b(?:big|bigger|long|longer|huge|full)\b"


def _starts(pattern: Pattern, order: Order) -> int:
    """Return where in its bar a fill begins: where the words say, else with the second half of it."""
    beats = pattern.meter.beats
    if order.places and (inside := place_ticks(replace(pattern, bars=1, meta={}, id=""), order.places)):
        return min(inside)
    small = re.search(r"\b(?:small|short|little|quick|one[ -]beat)\b", order.text)
    first = 0 if re.search(_BIG, order.text) else len(beats) - 1 if small else len(beats) // 2
    return sum(beats[:first])


def _fill_last(bench: Bench, order: Order) -> None:
    """Put a fill at the end: half a bar, all of it for a big one, the last beat for a small one; or a roll."""
    pattern, clause = bench.pattern, order.text
    bar, length = pattern.bars, pattern.meter.bar_ticks
    low, end = (bar - 1) * length, bar * length
    start = low + _starts(pattern, order)
    if re.search(r"\brolls?\b", clause) and not re.search(r"\bfills?\b", clause):
        made = roll(pattern.meter, start - low, 4, quiet=50, loud=112)
    else:
        strength = 0.9 if re.search(_BIG, clause) else 0.7
        made = list(groove.fill(pattern, seed=bench.seed, start_tick=start, intensity=strength).hits)
        if re.search(r"\bsnare\b", clause):
            made = [replace(hit, voice="snare") if hit.voice.startswith("tom") else hit for hit in made]
        elif re.search(r"\btoms?\b", clause):
            made = [replace(hit, voice="tom_high") if hit.voice == "snare" else hit for hit in made]
    new = list({(h.tick, h.voice): replace(h, tick=h.tick + low) for h in made if h.tick + low >= start}.values())
    kept = [hit for hit in pattern.hits if not start <= hit.tick < end]
    fills = sorted({*(one for one in pattern.meta.get("fills", ()) if isinstance(one, int)), bar})
    bench.pattern = bench.restored(pattern.with_hits((*kept, *new), fills=fills))
    bench.done.append("a fill at the end")


def _moved(sign: int) -> Callable[[Bench, Order], bool]:
    def act(bench: Bench, order: Order) -> bool:
        pattern = bench.pattern
        ms = order.ms or _LATE_MS * order.amount
        ticks = sign * (order.ticks or round(ms * bench.bpm * RESOLUTION / 60_000))
        voices = spoken_voices(order.text)[0] or tuple({hit.voice for hit in pattern.hits})
        mine = strokes(bench, order, voices)
        # A stroke never leaves the pattern, and never passes the next sixteenth.
        new = [
            replace(
                h, shift=max(-h.tick, -SIXTEENTH + 1, min(h.shift + ticks, SIXTEENTH - 1, pattern.ticks - 1 - h.tick))
            )
            for h in mine
        ]
        if not mine:
            bench.done.append("no stroke is there to be moved")
            return True
        went = [abs(after.shift - hit.shift) for hit, after in zip(mine, new, strict=True)]
        held = sum(far != abs(ticks) for far in went)
        far = max(went) * 60_000 / RESOLUTION / bench.bpm
        said = f"played {far:.0f} ms {'behind' if sign > 0 else 'ahead of'} the beat"
        if held:
            these = "all" if held == len(mine) else held
            said += f"; {these} only as far as the pattern's edge or the next sixteenth lets them"
        bench.exchange(mine, new, said)
        return True

    return act


def _crossed(bench: Bench, order: Order) -> bool:
    ratio = groove.describe(order.text)["polyrhythm"]
    if ratio is None or set(spoken_voices(order.text)[0]) - {"cowbell"}:  # "4 over 4" is the beat itself
        return False
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


_SWINGING: Final = (*(words.pattern for words, _ in _LESS_SWING), _TRIPLETS.pattern)
_SHIFTS: Final = (_moved(1), _moved(-1))
_WHOLE: Final[tuple[tuple[re.Pattern[str], Callable[[Bench, Order], bool]], ...]] = (
    (re.compile(r"\b(?:poly|cross)[ -]?rhythm|\bhemiola\b|\b[2-9] (?:against|over) [2-9]\b"), _crossed),
    (re.compile(r"\bevol(?:ve|ves|ving)\b|\bdevelop(?:s|ing)?\b"), _evolved),
    (_FILL, _fill),
    (re.compile(r"\bhalf[ -]?time\b"), _half_time),
    (re.compile(r"\bdouble[ -]?time\b"), _double_time),
    (_BEHIND, _SHIFTS[0]),
    (_AHEAD, _SHIFTS[1]),
    (_WIDE, _ranged(1.5)),
    (_EVEN, _ranged(0.5)),
    (re.compile("|".join((*_SWINGING, *(rf"\b(?:{words})\b" for words, _, _ in _FEEL)))), _felt),
)
"""What a clause about the whole groove looks like, and what is done; the first that fits counts."""
_OF_STROKES: Final = (_half_time, _double_time, *_SHIFTS, _felt)


def is_whole(clause: str) -> bool:
    """Say whether a clause is about the whole groove, and every word of it is known."""
    act = next((act for sign, act in _WHOLE if sign.search(clause)), None)
    rest, places = placed(phrases.TIME.sub(" ", clause))
    if act is None or (places and act is _felt):  # feel is put on a whole drum: "rim on 2 and 4 straight" says a place
        return False
    if act is _fill and (
        any(sign.search(clause) for sign, other in _WHOLE if other in _OF_STROKES)
        or (_LESS.search(clause) and not _NO_FILL.search(clause))
    ):
        return False  # "rush the fill", "fewer toms in the fill" ask for a change of one
    for sign, _ in _WHOLE:
        rest = sign.sub(" ", rest)
    rest = spoken_voices(phrases.MUCH.sub(" ", phrases.SOME.sub(" ", rest)))[1]
    return all(word in NOISE or word in _PLAIN_WORDS or word.isdecimal() for word in re.findall(r"[^\s,:-]+", rest))


def do_whole(bench: Bench, order: Order) -> bool:
    """Do what such a clause asks for; feel is put on the whole groove even where only some bars take it."""
    act = next(act for sign, act in _WHOLE if sign.search(order.text))
    before, length = bench.pattern, bench.pattern.meter.bar_ticks
    there = runs(order.bars, before.bars, outside=order.outside) if order.bars else None
    if (order.pick or order.ms or order.ticks) and act not in _SHIFTS:
        return False
    if act is not _felt or there is None:
        return bench.within(there, lambda part: act(part, order))
    if not there:
        return False
    _felt(bench, order)

    def inside(hit: Hit) -> bool:
        return any(low <= hit.tick // length <= high for low, high in there)

    new = [hit for hit in bench.pattern.hits if inside(hit)]
    bench.pattern = before.with_hits((*(hit for hit in before.hits if not inside(hit)), *new))
    bars = [f"bars {low + 1} to {high + 1}" if high > low else f"bar {low + 1}" for low, high in there]
    bench.done[-1] += f" in {', '.join(bars)}"
    return True
