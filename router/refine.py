"""Refinement by rules: "busier hats, keep the kick" changes the hats and nothing else. No model.

Pure. Strokes of voices that were not named stay as they are, to the last tick of their timing; what is not understood
is said, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Final

from router import groove
from router.constraints import hold, read_rule, voices_in, voices_of
from router.groove.noise import uniform
from router.groove.weight import HANDS_FREE, importance, metrical
from router.pattern import RESOLUTION, VOICES, Hit, Pattern

SIXTEENTH: Final = RESOLUTION // 4
HATS: Final = ("hat_closed", "hat_open", "hat_pedal")
_TIME: Final = (*HATS, "ride", "ride_bell")

_SPLIT: Final = re.compile(r"[,;.!]|\b(?:but|then|also|while|and)\b(?!\s+(?:a|e|the and)\b)(?!\s*\d)")
_SOME: Final = re.compile(r"\b(?:a (?:little )?bit|slightly|a touch|a little|somewhat)\b")
_MUCH: Final = re.compile(r"\b(?:much|a lot|lots of|way|far|really|very|plenty of)\b")
_NOISE: Final = re.compile(
    r"\b(?:please|make|give|me|it|its|some|of|have|let|lets|can you|could you|the|pattern|groove|beat|a|an|is|are|be"
    r"|should|to|in|with|go|sound|turn|alone|as it is|as they are|just|only|bring)\b"
)

_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "keep": (
        "keep", "dont touch", "do not touch", "dont change", "do not change", "leave", "without changing", "same",
        "hold",
    ),
    "swap": ("instead", "replace", "swap", "move", "switch"),
    "drop": ("no", "remove", "drop", "without", "lose", "mute", "cut", "delete", "kill", "omit"),
    "more": ("more", "busier", "add", "denser", "fuller", "faster", "extra", "double up"),
    "less": ("less", "fewer", "sparser", "simpler", "thinner", "calmer", "simplify", "thin", "emptier", "reduce"),
    "loud": ("louder", "harder", "heavier", "accent", "emphasize", "emphasise", "stronger", "punchier", "up"),
    "soft": ("softer", "quieter", "lighter", "gentler", "down", "soften"),
    "open": ("open", "opener", "open up"),
    "close": ("close", "closed", "tighten"),
}  # fmt: skip
_FEEL: Final = (
    (re.compile(r"\b(?:more swing|swing(?:s)? (?:it )?(?:more|harder)|swingier|swing it|shuffle)\b"), "swing", 0.22),
    (re.compile(r"\b(?:less swing|swing less|straighter)\b"), "swing", -0.22),
    (re.compile(r"\b(?:no swing|straight)\b"), "swing", -1.0),
    (re.compile(r"\b(?:looser|more human|humani[sz]e|sloppier|lazier|laid back|more relaxed)\b"), "humanize", 0.3),
    (re.compile(r"\b(?:tighter|less human|more precise|more mechanical)\b"), "humanize", -0.3),
    (re.compile(r"\b(?:quanti[sz]ed?|robotic|on the grid)\b"), "humanize", -1.0),
)


@dataclass(slots=True)
class Order:
    """What one clause asks for."""

    text: str
    act: str
    voices: tuple[str, ...]
    amount: float
    onto: tuple[str, ...] = ()
    ghosts: bool = False


@dataclass(frozen=True, slots=True)
class Refined:
    """A groove with changes, and what was made of the words.

    Attributes:
        done: What was changed, a sentence each. unknown: clauses that were not understood.
        kept: Voices that must stay as they are. named: voices that the words speak of.
        sure: Share of the clauses that were understood, 0..1.
    """

    pattern: Pattern
    done: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    sure: float = 0.0


@dataclass(slots=True)
class _Bench:
    """A pattern under work: `hits` change, those of kept voices do not."""

    pattern: Pattern
    seed: int
    kept: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)

    def mine(self, voices: Iterable[str]) -> list[Hit]:
        """Return the strokes of these voices that may change."""
        wanted = set(voices) - self.kept
        return [hit for hit in self.pattern.hits if hit.voice in wanted]

    def put(self, out: Sequence[Hit], new: Sequence[Hit], say: str) -> None:
        """Take strokes out and in; new ones are played by the hand that plays the rest."""
        gone = set(out)
        rest = [hit for hit in self.pattern.hits if hit not in gone]
        taken = {(hit.tick, hit.voice) for hit in rest}
        wanted = {(hit.tick, hit.voice): hit for hit in new if (hit.tick, hit.voice) not in taken}
        self.pattern = _with(self.pattern, rest, list(wanted.values()))
        self.done.append(say)


def refine(pattern: Pattern, instruction: str, *, seed: int = 0, constraints: Sequence[str] = ()) -> Refined:
    """Return the pattern with what the words ask for.

    Args:
        pattern: Any pattern.
        instruction: A musician's words: clauses of more, less, louder, softer, no, keep, instead of, open, swing, half
            time, fill, each with the drums it is about.
        seed: Decides where added strokes go.
        constraints: Rules to hold afterwards, in the words of `router.constraints`.
    """
    text = instruction.lower().replace("\u2019", "'").replace("'", "").replace("hi-hat", "hat").replace("hihat", "hat")
    clauses = [clause.strip() for clause in _SPLIT.split(text) if clause.strip()]
    bench = _Bench(pattern, seed)
    unknown: list[str] = []
    named: set[str] = set()
    orders: list[Order | str] = []
    last: tuple[str, ...] = ()
    for clause in clauses:
        order = _read(clause, last)
        if order is None:
            orders.append(clause)
            continue
        last = order.voices or last
        named.update(order.voices, order.onto)
        if order.act == "keep":
            bench.kept.update(order.voices)
        else:
            orders.append(order)
    for item in orders:
        if isinstance(item, str):
            if not _whole(bench, item):
                unknown.append(item)
                named.update(voices_in(item))
        elif not _ACTS[item.act](bench, item):
            unknown.append(item.text)
    if constraints:
        verdict = hold(bench.pattern, constraints)
        bench.pattern = verdict.pattern
        bench.done += [*verdict.mends, *verdict.broken, *verdict.unchecked]
    changed = bench.pattern
    if bench.done and changed.hits != pattern.hits:
        changed = replace(changed, meta={**changed.meta, "refined": instruction[:200]}, id="")
    understood = 1 - len(unknown) / max(1, len(clauses))
    sure = round(understood, 3) if bench.done or bench.kept else 0.0
    return Refined(changed, tuple(bench.done), tuple(unknown), frozenset(bench.kept), frozenset(named), sure)


def merge(original: Pattern, answer: Pattern, refined: Refined) -> Pattern:
    """Return a model's answer with every lane that was not spoken of as it was in the original.

    When the words name no drum at all, only the kept lanes are put back. A shorter answer is repeated.
    """
    touched = refined.named - refined.kept or set(VOICES) - refined.kept
    span = answer.ticks
    copies = -(-original.ticks // span)
    new = [
        replace(hit, tick=hit.tick + turn * span)
        for turn in range(copies)
        for hit in answer.hits
        if hit.voice in touched and hit.tick + turn * span < original.ticks
    ]
    rest = [hit for hit in original.hits if hit.voice not in touched]
    merged = _with(original, rest, new, dress=False)
    generator = answer.meta.get("generator", "")
    return replace(merged, meta={**original.meta, "generator": generator, "refined": True}, id="")


# Reading ------------------------------------------------------------------------------------------------------------


def _read(clause: str, last: tuple[str, ...]) -> Order | None:
    """Return what a clause asks for, or None when it is about the whole groove or not understood."""
    amount = 0.5 if _SOME.search(clause) else 1.7 if _MUCH.search(clause) else 1.0
    plain = " ".join(_NOISE.sub(" ", _MUCH.sub(" ", _SOME.sub(" ", clause))).split())
    if found := re.fullmatch(r"(?:replace|swap|move|switch)\s+(.+?)\s+(?:for|by|onto|on|into)\s+(.+)", plain) or (
        re.fullmatch(r"(?:replace|swap|move|switch)\s+(.+?)\s+(.+)", plain)
    ):
        here, there = voices_of(found[1]), voices_of(found[2])
        if here and there:
            return Order(clause, "swap", here, amount, there)
    if found := re.fullmatch(r"(?:use\s+|play\s+)?(.+?)\s+instead(?:\s+(.+))?", plain):
        there, here = voices_of(found[1]), voices_of(found[2] or "") or last
        if here and there:
            return Order(clause, "swap", here, amount, there)
    for act, words in _WORDS.items():
        for word in sorted(words, key=len, reverse=True):
            if act == "swap" or not (found := re.search(rf"(?:^|\s){word}(?:\s|$)", plain)):
                continue
            around = f"{plain[: found.start()]} {plain[found.end() :]}".strip()
            ghosts = "ghost" in around
            voices = voices_of(around)
            if not voices and around in {"", "them", "that", "those"} and act not in {"open", "close"}:
                voices = last if around else ()
            if voices or (not around and act in {"more", "less", "loud", "soft"}):
                if act in {"open", "close"} and not set(voices) & set(HATS):
                    continue
                return Order(clause, act, voices, amount, ghosts=ghosts)
    if "ghost" in plain and (voices := voices_of(plain)):
        return Order(clause, "more", voices, amount, ghosts=True)
    return None


# Doing --------------------------------------------------------------------------------------------------------------


def _lanes(bench: _Bench, order: Order) -> tuple[str, ...]:
    """Return the voices meant: those named, of a group the ones that play; for none named, all that may change."""
    there = {hit.voice for hit in bench.pattern.hits}
    wanted = order.voices or tuple(voice for voice in VOICES if voice in there)
    playing = tuple(voice for voice in wanted if voice in there)
    return tuple(voice for voice in playing or wanted[:1] if voice not in bench.kept)


def _name(voices: Sequence[str]) -> str:
    return ", ".join(voices).replace("_", " ") or "everything"


def _drop(bench: _Bench, order: Order) -> bool:
    out = [hit for hit in bench.mine(order.voices) if not order.ghosts or hit.velocity < 50]
    bench.put(out, [], f"{len(out)} strokes of {_name(order.voices)} left out")
    return True


def _more(bench: _Bench, order: Order) -> bool:
    lanes = _lanes(bench, order)
    if not order.voices:  # busier on the whole: the hands that keep time, ghosts and the foot
        there = {hit.voice for hit in bench.pattern.hits}
        lanes = tuple(voice for voice in ("hat_closed", "ride", "snare", "kick") if voice in there - bench.kept)
    elif set(lanes) <= set(HATS):  # the foot keeps its own counsel
        lanes = ("hat_closed",) if "hat_closed" in order.voices and "hat_closed" not in bench.kept else lanes[:1]
    new = [hit for voice in lanes for hit in _added(bench, voice, order)]
    before = len(bench.pattern.hits)
    bench.put([], new, "")
    bench.done[-1] = f"{len(bench.pattern.hits) - before} strokes of {_name(lanes)} added"
    return bool(lanes)


def _added(bench: _Bench, voice: str, order: Order) -> list[Hit]:
    """Return new strokes of a voice, at the same places of each bar, the strong places first."""
    pattern = bench.pattern
    bar = pattern.meter.bar_ticks
    mine = [hit for hit in pattern.hits if hit.voice == voice]
    ghosts = order.ghosts or (voice == "snare" and bool(mine))
    loud = median([hit.velocity for hit in mine if hit.velocity >= 50] or [88])
    busy = {hit.tick % bar for hit in mine}
    if voice in HATS:
        busy |= {hit.tick % bar for hit in pattern.hits if hit.voice in HATS}
    if voice == "kick":
        busy |= {hit.tick % bar for hit in pattern.hits if hit.voice == "snare" and hit.velocity >= 50}
    hands: dict[int, int] = {}
    for hit in pattern.hits:
        if hit.voice not in HANDS_FREE:
            hands[hit.tick % bar] = hands.get(hit.tick % bar, 0) + 1
    crowded = set() if voice == "kick" else {tick for tick, count in hands.items() if count >= 2 * pattern.bars}
    free = [tick for tick in range(0, bar, SIXTEENTH) if tick not in busy | crowded]
    if ghosts:
        free = [tick for tick in free if tick % RESOLUTION]
    salt = VOICES.index(voice)
    free.sort(key=lambda tick: (-metrical(tick, pattern.meter) if not ghosts else 0.0, uniform(bench.seed, salt, tick)))
    each = len(mine) / pattern.bars
    count = max(1, round((max(2.0, 0.6 * each) if voice in _TIME else max(1.5, 0.4 * each)) * order.amount))
    openness = 90 if voice == "hat_closed" else 40 if voice == "hat_open" else None
    out = []
    for tick in free[:count]:
        velocity = 32 if ghosts else loud if tick % RESOLUTION == 0 else loud * (0.9 if tick % 480 == 0 else 0.75)
        out += [
            Hit(tick + at, voice, max(1, min(127, round(velocity))), 0, openness) for at in range(0, pattern.ticks, bar)
        ]
    return out


def _less(bench: _Bench, order: Order) -> bool:
    lanes = _lanes(bench, order)
    bar, out = bench.pattern.meter.bar_ticks, []
    pools = [(voice,) for voice in lanes] if order.voices else [lanes]
    for pool in pools:
        mine = [hit for hit in bench.mine(pool) if not order.ghosts or hit.velocity < 50]
        places: dict[tuple[int, str], list[Hit]] = {}
        for hit in mine:
            places.setdefault((hit.tick % bar, hit.voice), []).append(hit)
        weight = {
            key: sum(importance(hit, bench.pattern.meter) for hit in hits) / len(hits) for key, hits in places.items()
        }
        left = round(len(mine) * min(0.75, 0.4 * order.amount))
        for key in sorted(places, key=lambda key: (weight[key], key)):
            if left <= 0 or len(places) == 1:
                break
            out += places[key]
            left -= len(places[key])
    bench.put(out, [], f"{len(out)} strokes of {_name(lanes)} left out")
    return bool(lanes)


def _level(step: int) -> Callable[[_Bench, Order], bool]:
    def act(bench: _Bench, order: Order) -> bool:
        lanes = _lanes(bench, order)
        mine = bench.mine(lanes)
        change = round(step * order.amount)
        new = [replace(hit, velocity=max(1, min(127, hit.velocity + change))) for hit in mine]
        gone = set(mine)
        bench.pattern = bench.pattern.with_hits((*(hit for hit in bench.pattern.hits if hit not in gone), *new))
        bench.done.append(f"{_name(lanes)} {'louder' if step > 0 else 'softer'}")
        return True

    return act


def _swap(bench: _Bench, order: Order) -> bool:
    target = next((voice for voice in order.onto if voice not in bench.kept), None)
    mine = [hit for hit in bench.mine(order.voices) if hit.voice != target]
    if target is None:
        return False
    openness = 90 if target == "hat_closed" else 40 if target == "hat_open" else None
    taken = {(hit.tick, target) for hit in bench.pattern.hits if hit.voice == target}
    new = [replace(hit, voice=target, openness=openness) for hit in mine if (hit.tick, target) not in taken]
    gone = set(mine)
    bench.pattern = bench.pattern.with_hits((*(hit for hit in bench.pattern.hits if hit not in gone), *new))
    bench.done.append(f"{_name(order.voices)} played on {_name([target])}")
    return True


def _open(bench: _Bench, order: Order) -> bool:
    mine = [hit for hit in bench.mine(["hat_closed"]) if hit.tick % RESOLUTION == RESOLUTION // 2]
    if order.amount > 1 or not mine:
        mine = bench.mine(["hat_closed"])
    new = [replace(hit, voice="hat_open", openness=40) for hit in mine]
    gone = set(mine)
    bench.pattern = bench.pattern.with_hits((*(hit for hit in bench.pattern.hits if hit not in gone), *new))
    bench.done.append(f"{len(new)} hats opened")
    return True


def _close(bench: _Bench, _order: Order) -> bool:
    mine = bench.mine(["hat_open"])
    new = [replace(hit, voice="hat_closed", openness=90) for hit in mine]
    gone = set(mine)
    bench.pattern = bench.pattern.with_hits((*(hit for hit in bench.pattern.hits if hit not in gone), *new))
    bench.done.append(f"{len(new)} hats closed")
    return True


_ACTS: Final[dict[str, Callable[[_Bench, Order], bool]]] = {
    "drop": _drop, "more": _more, "less": _less, "loud": _level(14), "soft": _level(-16), "swap": _swap, "open": _open,
    "close": _close,
}  # fmt: skip


def _whole(bench: _Bench, clause: str) -> bool:
    """Do what a clause asks of the whole groove: feel, time, fills, or a rule; say whether it was understood."""
    for sign, knob, step in _FEEL:
        if sign.search(clause):
            _feel(bench, knob, step * (0.5 if _SOME.search(clause) else 1.0))
            return True
    if re.search(r"half[ -]?time", clause):
        return _half_time(bench)
    if re.search(r"\bfills?\b", clause):
        return _fill(bench, clause)
    plain = " ".join(_NOISE.sub(" ", clause).split())
    for words in (clause, re.sub(r"^add (?:an? |the )?", "", clause), plain):
        if read_rule(words) is not None:
            verdict = hold(bench.pattern, [words])
            bench.pattern = _restored(bench, verdict.pattern)
            bench.done += [*verdict.mends, *verdict.broken] or [f"{words}: so it is already"]
            return True
    return False


def _restored(bench: _Bench, changed: Pattern) -> Pattern:
    """Put kept lanes back."""
    if not bench.kept:
        return changed
    mine = [hit for hit in changed.hits if hit.voice not in bench.kept]
    return changed.with_hits((*mine, *(hit for hit in bench.pattern.hits if hit.voice in bench.kept)))


def _feel(bench: _Bench, knob: str, step: float) -> None:
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
    bench.pattern = _restored(bench, felt)
    bench.done.append(f"{knob} from {was:.2f} to {now[knob]:.2f}")


def _half_time(bench: _Bench) -> bool:
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
    gone = {*loud, *kicks}
    bench.pattern = pattern.with_hits((*(hit for hit in pattern.hits if hit not in gone), *new.values()))
    bench.done.append("half time: the backbeat on the middle of the bar")
    return True


def _fill(bench: _Bench, clause: str) -> bool:
    pattern = bench.pattern
    if re.search(r"\b(?:no|without|remove|drop|less|fewer)\b", clause):
        verdict = hold(pattern, ["no fills"])
        bench.pattern = _restored(bench, verdict.pattern)
        bench.done += verdict.mends or ["there was no fill"]
        return True
    length, beats = pattern.meter.bar_ticks, pattern.meter.beats
    last = pattern.ticks - length
    start = last + sum(beats[: len(beats) // 2])
    made = groove.fill(pattern, seed=bench.seed, start_tick=start)
    new = [replace(hit, tick=hit.tick + last) for hit in made.hits if hit.tick + last >= start]
    kept = [hit for hit in pattern.hits if hit.tick < start]
    fills = sorted({*(bar for bar in pattern.meta.get("fills", ()) if isinstance(bar, int)), pattern.bars})
    bench.pattern = _restored(bench, pattern.with_hits((*kept, *new), fills=fills))
    bench.done.append("a fill at the end")
    return True


def _with(pattern: Pattern, rest: Sequence[Hit], new: Sequence[Hit], *, dress: bool = True) -> Pattern:
    """Return the pattern of `rest` (as it is) and of `new` as far as hands are free; nothing of `rest` gives way."""
    worn, tempo = pattern.meta.get("feel"), pattern.tempo or 120.0
    added = {(hit.tick, hit.voice): hit for hit in new}
    for _ in range(8):
        whole = pattern.with_hits((*rest, *added.values()))
        mended, _ = groove.repair(whole, tempo=tempo)
        gone = set(whole.hits) - set(mended.hits)
        if not gone or not added:
            break
        lost = {(hit.tick, hit.voice) for hit in gone}
        crowd = {hit.tick for hit in gone if (hit.tick, hit.voice) not in added}
        near = {key for key in added if any(abs(key[0] - tick) <= SIXTEENTH for tick in crowd)}
        if not near | (lost & set(added)):
            break  # what nobody could play was there before
        added = {key: hit for key, hit in added.items() if key not in lost | near}
    if dress and added and isinstance(worn, dict):
        felt = groove.apply_feel(
            groove.take_off(pattern.with_hits((*rest, *added.values()))), tempo=tempo, swing=worn["swing"],
            humanize=worn["humanize"], seed=worn["seed"], drummer=worn.get("drummer"), lean=worn.get("lean", 0.5),
        )  # fmt: skip
        hands = {(hit.tick, hit.voice): hit for hit in felt.hits}
        # Taking the feel off strokes that never wore it would move their velocity: only the timing is the hand's.
        added = {key: replace(hit, shift=hands[key].shift) for key, hit in added.items()}
    return pattern.with_hits((*rest, *added.values()))
