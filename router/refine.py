"""Refinement by rules: "busier hats, keep the kick" changes the hats and nothing else. No model.

Pure. Strokes of voices that were not named stay as they are, to the last tick of their timing; what is not understood
is said, never guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median
from typing import Final

from router import groove, shaping
from router.constraints import GHOST_BELOW, counted, hold, place_ticks, read_rule
from router.groove.noise import uniform
from router.groove.weight import HANDS_FREE, importance, metrical
from router.kit import CRASHES, HATS, KEEPERS, SNARES, drum_name, voices_in
from router.order import Order, overruled
from router.orders import orders, own_words
from router.pattern import RESOLUTION, VOICES, Hit, Pattern
from router.rhythms import fit_in_words
from router.shaping import mine as _mine
from router.shaping import named as _name
from router.spans import astray, runs, section_in, within_section
from router.whole import do_whole, is_whole
from router.workbench import SIXTEENTH, Bench, joined

_GRIDS: Final = {"beat": "the beats", "8th": "eighths", "16th": "sixteenths", "3rd": "triplets"}
_USUAL_PLACES: Final = {
    **dict.fromkeys(("clap", "tambourine", "snap", "rim"), "the backbeat"), "cowbell": "every beat",
    **dict.fromkeys(("shaker", "maracas", "cabasa"), "every eighth"),
    **dict.fromkeys(("conga_high", "bongo_high"), "the and"), **dict.fromkeys(CRASHES, "1"),
}  # fmt: skip
"""Where an instrument comes in that did not play before, if nobody says; percussion has hands of its own."""
_SOUND: Final = (
    '"{}": that is the sound of the kit, not its strokes: choose it in your instrument (General MIDI: program 41 is a '
    "brush kit)"
)
_INSTEAD: Final = 'a lighter hand is "softer snare", "fewer hats", "no rim"'
_HUSH: Final = "for silence use stop, or break for a bar of it"
ABSENT: Final = "there is no"
"""How it is said that a drum is lacking that was to change."""
NO_HAND: Final = "where no hand is free"
_NAMED: Final = 6
"""Voices that are named one by one; of more the musician's own word is nearer: "percussion"."""
_UNCUT: Final = frozenset({"copy"})
"""Acts that see the whole pattern and mind the bars themselves."""
_OPENNESS: Final = {"hat_closed": 90, "hat_open": 40}


@dataclass(frozen=True, slots=True)
class Refined:
    """A groove with changes, and what was made of the words.

    Attributes:
        done: What was changed, a sentence each. unknown: clauses that were not understood.
        kept: Voices that must stay as they are. named: voices that the words speak of.
        sure: Share of the clauses that were understood, 0..1.
        beyond: Clauses that are understood and that no stroke can answer, a sentence each. hint: what can be asked.
        astray: Why unknown ones that name another section of a song cannot be done by rules here, a sentence each.
    """

    pattern: Pattern
    done: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    sure: float = 0.0
    beyond: tuple[str, ...] = ()
    hint: str = ""
    astray: Mapping[str, str] = field(default_factory=dict)


def refine(
    pattern: Pattern, instruction: str, *, seed: int = 0, constraints: Sequence[str] = (), tempo: float | None = None
) -> Refined:
    """Return the pattern with what the words ask for.

    Args:
        pattern: Any pattern.
        instruction: A musician's words: clauses of more, less, louder, softer, no, keep, instead of, open, swing, half
            time, fill, each with the drums it is about.
        seed: Decides where added strokes go.
        constraints: Rules to hold afterwards, in the words of `router.constraints`.
        tempo: Quarter notes a minute at which it sounds, where that is not the pattern's own.
    """
    bench = Bench(pattern, seed, tempo=tempo)
    section = pattern.meta.get("section")
    found = orders(within_section(instruction.lower(), section), is_whole)
    bench.kept.update(voice for order in found if order.act == "keep" for voice in order.voices)
    unknown: list[str] = []
    beyond: list[tuple[str, str]] = []
    named: set[str] = set()
    against = overruled(found)
    own = partial(own_words, instruction=instruction, section=section)
    for index, order in enumerate(found):
        before, said = bench.pattern, len(bench.done)
        named.update(order.voices, order.onto, voices_in(order.text) if order.act == "?" else ())
        if order.act != "keep" and section_in(order.text):  # another one: "the drop needs more kick" drops nothing
            unknown.append(own(order.text))
        elif reason := limit(bench.pattern, order, own):
            beyond.append(reason)
        elif index in against:
            beyond.append((f'"{own(order.text)}" is not done: "{own(against[index])}" comes after it', ""))
        elif order.act != "keep" and not _done(bench, order):
            unknown.append(own(order.text))
        elif before.hits and not bench.pattern.hits:
            bench.pattern, bench.done[said:] = before, []
            beyond.append((f'"{own(order.text)}" is not done: nothing would be left', _HUSH))
    if constraints:
        verdict = hold(bench.pattern, constraints, instruction)
        bench.pattern = verdict.pattern
        bench.done += [*verdict.mends, *verdict.broken, *verdict.unchecked]
    changed = bench.pattern
    if bench.done and changed.hits != pattern.hits:
        changed = replace(changed, meta={**changed.meta, "refined": instruction[:200]}, id="")
    if not found:
        unknown = [instruction]
    sure = round(1 - len(unknown) / len(found), 3) if found else 0.0
    # A model may not touch what was spared either, though the words about the rest were not understood.
    spared = {voice for order in found if order.act == "?" for voice in order.spared}
    kept = frozenset(bench.kept | spared)
    told, hint = tuple(why for why, _ in beyond), next((hint for _, hint in beyond), "")
    lost, spoken = astray(unknown, section), frozenset(named - spared)
    return Refined(changed, tuple(bench.done), tuple(unknown), kept, spoken, sure, told, hint, lost)


def managed(before: Pattern, after: Pattern, refined: Refined, bpm: float) -> tuple[Pattern, list[str]]:
    """Return a changed groove as two hands manage it, and what they gave up: of drums not spoken of first.

    Where some must stay, what is new gives way. What was unplayable before is the musician's own.
    """
    if after.hits == before.hits or not groove.flaws(after, bpm) or groove.flaws(before, bpm):
        return after, []
    safe = set(VOICES) - (refined.named - refined.kept) if refined.kept else refined.named
    made, _ = groove.repair(after, tempo=bpm, asked=safe)
    gone = Counter(hit.voice for hit in after.hits)
    gone.subtract(hit.voice for hit in made.hits)
    lost = [f"{counted(count)} of {_name([voice])}" for voice, count in gone.items() if count]
    return made, [f"{', '.join(lost)} left out: one drummer has two hands and two feet"]


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
    merged = joined(original, rest, new, dress=False)
    generator = answer.meta.get("generator", "")
    return replace(merged, meta={**original.meta, "generator": generator, "refined": True}, id="")


def limit(pattern: Pattern, order: Order, own: Callable[[str], str] = str) -> tuple[str, str] | None:
    """Return why no stroke of this pattern can answer, and what can be asked; None where one can.

    `own` returns the musician's words for those in which an order was read.
    """
    if order.act == "sound":
        return _SOUND.format(own(order.text)), _INSTEAD
    if order.act == "only" and pattern.hits and not any(hit.voice in order.voices for hit in pattern.hits):
        return f'"{own(order.text)}": there is none, and nothing would be left', 'add them first ("add a shaker")'
    bars = pattern.bars
    lacking = bool(order.bars) and not runs(order.bars, bars, outside=order.outside)
    if lacking or (order.act == "copy" and (order.count or 0) > bars):
        many = f"{bars} bars" if bars > 1 else "1 bar"
        return f'"{own(order.text)}": no such bar is there; the groove has {many}', f"name bars from 1 to {bars}"
    rule = read_rule(order.text) if order.act == "rule" else None
    bare = replace(pattern, meta={}, id="")
    for places in (order.places, order.origin, rule.places if rule else ()):
        counted = [place for place in places if any(letter.isdecimal() for letter in place) and place not in _GRIDS]
        most = max(len(pattern.meter.beats), pattern.meter.numerator)
        if any(int(place) > most if place.isdecimal() else not place_ticks(bare, [place]) for place in counted):
            if ":" in counted[0]:
                steps, fit = counted[0].partition(":")[2], fit_in_words(pattern.meter)
                why = f'"{own(order.text)}": {steps} steps do not fill a bar of {pattern.meter}; {fit} do'
                return why, f"write {fit} steps"
            beats = len(pattern.meter.beats)
            return f'"{own(order.text)}": a bar of {pattern.meter} has {beats} beats', f"name beats from 1 to {beats}"
    return None


# Doing --------------------------------------------------------------------------------------------------------------


def _done(bench: Bench, order: Order) -> bool:
    """Do what an order asks for, and leave the drums that it spares; say whether it could be done."""
    kept = bench.kept
    bench.kept = kept | set(order.spared)
    try:
        return _act(bench, order)
    finally:
        bench.kept = kept


def _act(bench: Bench, order: Order) -> bool:
    if not order.act:
        return do_whole(bench, order)
    only = order.act == "drop" and order.outside and " only " in order.text
    if only and not any(hit.voice in order.voices for hit in bench.pattern.hits):
        order = replace(order, act="more", outside=False)  # "claps only in bar 4" where there are none yet
    act = _ACTS.get(order.act)
    return act is not None and bench.within(_runs(bench, order), lambda part: _in_fills(part, order, act))


def _in_fills(bench: Bench, order: Order, act: Callable[[Bench, Order], bool]) -> bool:
    """Do it, also to the fills in bars that were named; elsewhere places are those of the groove."""
    fills = bench.pattern.meta.get("fills") if order.bars else None
    if not fills:
        return act(bench, order)
    bench.pattern = replace(bench.pattern, meta={**bench.pattern.meta, "fills": []}, id="")
    done = act(bench, order)
    bench.pattern = replace(bench.pattern, meta={**bench.pattern.meta, "fills": fills}, id="")
    return done


def _runs(bench: Bench, order: Order) -> list[tuple[int, int]] | None:
    if not order.bars or order.act in _UNCUT:
        return None
    return runs(order.bars, bench.pattern.bars, outside=order.outside)


def _lanes(bench: Bench, order: Order) -> tuple[str, ...]:
    """Return the voices meant: those named, of a group the ones that play; for none named, all that may change."""
    there = {hit.voice for hit in bench.pattern.hits}
    wanted = order.voices or tuple(voice for voice in VOICES if voice in there)
    playing = tuple(voice for voice in wanted if voice in there)
    return tuple(voice for voice in playing or wanted[:1] if voice not in bench.kept)


def _strokes(hits: Sequence[Hit], voices: Sequence[str]) -> str:
    """Return "12 strokes of kick": of the voices that were struck, of those meant where none was."""
    there = {hit.voice for hit in hits}
    count = counted(len(hits)) if hits else "no strokes"
    return f"{count} of {_name([voice for voice in voices if voice in there] or voices)}"


def _drop(bench: Bench, order: Order) -> bool:
    out = _mine(bench, order)
    bench.put(out, [], f"{_strokes(out, order.voices)} left out")
    return True


def _only(bench: Bench, order: Order) -> bool:
    out = bench.mine(voice for voice in VOICES if voice not in order.voices)
    told = f"{counted(len(out))} left out: only" if out else "so it is already: only"
    many = len(order.voices) > _NAMED
    bench.put(out, [], f"{told} {' and '.join(drum_name().findall(order.text)) if many else _name(order.voices)}")
    return True


def _rule(bench: Bench, order: Order) -> bool:
    verdict = hold(bench.pattern, [order.text])
    bench.pattern = bench.restored(verdict.pattern)
    bench.done += map(_readable, (*verdict.mends, *verdict.broken) or (_already(bench.pattern, order),))
    return True


def _readable(told: str) -> str:
    """Return what is told of a rule in words that a player uses: "last-8th" is how rules are spelled."""
    return told.replace("last-", "last ")


def _already(pattern: Pattern, order: Order) -> str:
    """Say that a rule holds, and how its drum would be nowhere else."""
    rule = read_rule(order.text)
    at = place_ticks(pattern, rule.places) if rule and rule.most is None and not rule.only else set()
    more = bool(at) and any(hit.voice in order.voices and hit.tick not in at for hit in pattern.hits)
    return f"{order.text}: so it is already" + ('; with "only" there is none elsewhere' if more else "")


def _steps(bench: Bench, order: Order) -> bool:
    """Lay a drum on an even grid: strokes that are on it stay, others go, the missing ones come."""
    voices = tuple(voice for voice in order.voices if voice != "hat_pedal")
    at = place_ticks(bench.pattern, order.places)
    target = next((voice for voice in voices if voice not in bench.kept), None)
    if target is None:
        return False
    out = [hit for hit in bench.mine(voices) if hit.tick not in at]
    struck = {hit.tick for hit in bench.pattern.hits if hit.voice in voices}
    new = [_stroke(bench, tick, target) for tick in sorted(at - struck)]
    bench.put(out, new, f"{_name([target])} on {_GRIDS[order.places[0]]}")
    lacking = len(new) - sum((hit.tick, hit.voice) in {(h.tick, h.voice) for h in bench.pattern.hits} for hit in new)
    if lacking:
        bench.done[-1] += f", but for {counted(lacking, 'place')} {NO_HAND}"
    return True


def _stroke(bench: Bench, tick: int, voice: str) -> Hit:
    """Return a stroke as loud as the voice's others, less between the beats."""
    loud = median([h.velocity for h in bench.pattern.hits if h.voice == voice and h.velocity >= GHOST_BELOW] or [88])
    level = loud if tick % RESOLUTION == 0 else loud * (0.9 if tick % (RESOLUTION // 2) == 0 else 0.75)
    return Hit(tick, voice, max(1, min(127, round(level))), 0, _OPENNESS.get(voice))


def _more(bench: Bench, order: Order) -> bool:
    lanes = _lanes(bench, order)
    there = {hit.voice for hit in bench.pattern.hits}
    if lanes and lanes[0] in _USUAL_PLACES and lanes[0] not in there and not (order.places or order.count):
        return _rule(bench, replace(order, text=f"{_name(lanes[:1])} on {_USUAL_PLACES[lanes[0]]}"))
    if not order.voices:  # busier on the whole: the hands that keep time, ghosts and the foot
        lanes = tuple(voice for voice in ("hat_closed", "ride", "snare", "kick") if voice in there - bench.kept)
    elif set(lanes) <= set(HATS):  # the foot keeps its own counsel
        lanes = ("hat_closed",) if "hat_closed" in order.voices and "hat_closed" not in bench.kept else lanes[:1]
    new = [hit for voice in lanes for hit in _added(bench, voice, order)]
    before = len(bench.pattern.hits)
    bench.put([], new, "")
    bench.done[-1] = f"{counted(len(bench.pattern.hits) - before)} of {_name(lanes)} added"
    return bool(lanes)


def _added(bench: Bench, voice: str, order: Order) -> list[Hit]:
    """Return new strokes of a voice, at the same places of each bar, the strong places first."""
    pattern = bench.pattern
    bar = pattern.meter.bar_ticks
    mine = [hit for hit in pattern.hits if hit.voice == voice]
    ghosts = order.ghosts or (voice == "snare" and bool(mine) and not order.places)
    free = _free(pattern, voice)
    if order.places:
        free = [tick for tick in free if tick in {at % bar for at in place_ticks(pattern, order.places)}]
    elif ghosts:
        free = [tick for tick in free if tick % RESOLUTION]
    salt = VOICES.index(voice)
    free.sort(key=lambda tick: (-metrical(tick, pattern.meter) if not ghosts else 0.0, uniform(bench.seed, salt, tick)))
    each = len(mine) / pattern.bars
    usual = max(1, round((max(2.0, 0.6 * each) if voice in KEEPERS else max(1.5, 0.4 * each)) * order.amount))
    count = len(free) if order.places else order.count or usual
    out = []
    for tick in free[:count]:
        stroke = Hit(tick, voice, 32) if ghosts else _stroke(bench, tick, voice)
        out += [replace(stroke, tick=tick + at) for at in range(0, pattern.ticks, bar)]
    return out


def _free(pattern: Pattern, voice: str) -> list[int]:
    """Return the sixteenths of a bar where a voice may come in and a hand, or the foot, is free."""
    bar = pattern.meter.bar_ticks
    kin = set(HATS) if voice in HATS else {voice}
    busy = {hit.tick % bar for hit in pattern.hits if hit.voice in kin}
    if voice == "kick":
        busy |= {hit.tick % bar for hit in pattern.hits if hit.voice == "snare" and hit.velocity >= GHOST_BELOW}
    hands: dict[int, int] = {}
    for hit in pattern.hits:
        if hit.voice not in HANDS_FREE:
            hands[hit.tick % bar] = hands.get(hit.tick % bar, 0) + 1
    crowded = set() if voice == "kick" else {tick for tick, count in hands.items() if count >= 2 * pattern.bars}
    return [tick for tick in range(0, bar, SIXTEENTH) if tick not in busy | crowded]


def _less(bench: Bench, order: Order) -> bool:
    lanes = _lanes(bench, order)
    out = [hit for voice in lanes for hit in _thinned(bench, voice, order)]
    bench.put(out, [], f"{_strokes(out, lanes)} left out" if out else f"{_name(lanes)}: none can be spared")
    return bool(lanes)


def _thinned(bench: Bench, voice: str, order: Order) -> list[Hit]:
    """Return what a voice can do without, the least important places of the bar first."""
    meter = bench.pattern.meter
    mine = _mine(bench, order, [voice])
    if not order.voices:  # simpler on the whole: the frame of the groove stays
        mine = [hit for hit in mine if not _frame(hit, bench.pattern)]
    places: dict[int, list[Hit]] = {}
    for hit in mine:
        places.setdefault(hit.tick % meter.bar_ticks, []).append(hit)
    weight = {tick: sum(importance(hit, meter) for hit in hits) / len(hits) for tick, hits in places.items()}
    share = min(0.9, 0.5 * order.amount) if order.ghosts else min(0.75, 0.4 * order.amount)
    all_of_it = mine if order.ghosts or order.places else bench.mine([voice])
    left = round(len(all_of_it) * (share if order.share is None else order.share))
    out: list[Hit] = []
    for tick in sorted(places, key=lambda tick: (weight[tick], tick)):
        if left <= 0:
            break
        if len(places) == 1 and order.voices and not order.places and not order.ghosts:
            return sorted(places[tick])[1::2]
        if out and len(places[tick]) > 1.5 * left:
            continue
        out += places[tick]
        left -= len(places[tick])
    return out


def _frame(hit: Hit, pattern: Pattern) -> bool:
    """Say whether a stroke holds the groove up: time on the beats, the backbeat, the first kick, a cymbal's crash."""
    place = metrical(hit.tick, pattern.meter)
    if hit.voice in KEEPERS:
        return place >= 0.8 and hit.voice != "hat_pedal"
    if hit.voice in SNARES:
        return place >= 0.8 and hit.velocity >= GHOST_BELOW
    return place >= 1.0


def _level(step: int) -> Callable[[Bench, Order], bool]:
    def act(bench: Bench, order: Order) -> bool:
        lanes = _lanes(bench, order)
        mine = _mine(bench, order, lanes) if lanes else []
        sign = 1 if step > 0 else -1
        by = order.count if order.count is not None else round(abs(step) * order.amount)
        new = []
        for hit in mine:
            change = sign * (by if order.share is None else max(1, round(hit.velocity * order.share)))
            new.append(replace(hit, velocity=max(1, min(127, hit.velocity + change))))
        struck = {hit.voice for hit in mine}
        said = _name([voice for voice in lanes if voice in struck] or lanes)
        way = "louder" if step > 0 else "softer"
        done = (
            f"{said} {way}"
            if new != mine
            else f"{said}: at the limit already"
            if mine
            else f"{ABSENT} {said} to be {way}"
        )
        bench.exchange(mine, new, done)
        return bool(lanes)

    return act


def _swap(bench: Bench, order: Order) -> bool:
    here, onto = order.voices or _usual(bench, order.onto), order.onto
    there = {hit.voice for hit in bench.pattern.hits}
    if not set(here) & there and set(onto) & there:
        if re.search("instead of|rather than|in place of", order.text):
            bench.done.append(f"{_name(onto)} instead of {_name(here)}: so it is already")
            return True
        here, onto = onto, here  # "swap the ride for the hats" where no ride plays: as it can be
    target = next((voice for voice in onto if voice not in bench.kept), None)
    if target is None or not here:
        return False
    mine = [hit for hit in _mine(bench, order, here) if hit.voice != target]
    if not mine:
        bench.done.append(
            f"{ABSENT} {_name([one for one in here if one != target] or here)} to be played on {_name([target])}"
        )
        return True
    taken = {hit.tick for hit in bench.pattern.hits if hit.voice == target}
    new = {h.tick: replace(h, voice=target, openness=_OPENNESS.get(target)) for h in mine if h.tick not in taken}
    bench.exchange(mine, new.values(), f"{_name(here)} played on {_name([target])}")
    return True


def _usual(bench: Bench, onto: Sequence[str]) -> tuple[str, ...]:
    """Return what gives way where only the new voice was named: the time keeper for a time keeper, the snare else."""
    there = {hit.voice for hit in bench.pattern.hits}
    if set(onto) & set(KEEPERS):
        return tuple(voice for voice in KEEPERS if voice in there - set(onto))
    return ("snare",) if set(onto) & {"rim", "clap"} else ()


def _exchange(bench: Bench, order: Order) -> bool:
    first = next((voice for voice in order.voices if voice not in bench.kept), None)
    second = next((voice for voice in order.onto if voice not in bench.kept), None)
    if first is None or second is None:
        return False
    new: dict[tuple[int, str], Hit] = {}
    for here, target in ((order.voices, second), (order.onto, first)):
        for hit in bench.mine(here):
            new[hit.tick, target] = replace(hit, voice=target, openness=_OPENNESS.get(target))
    bench.exchange(bench.mine((*order.voices, *order.onto)), new.values(), f"{_name([first, second])} exchanged")
    return True


def _layer(bench: Bench, order: Order) -> bool:
    target = next((voice for voice in order.onto if voice not in bench.kept), None)
    if target is None:
        return False
    lead = order.voices
    if target in {h.voice for h in bench.pattern.hits} and not {h.voice for h in bench.pattern.hits} & set(lead):
        lead, target = order.onto, order.voices[0]  # "layer claps with the snare"
    mine = [hit for hit in bench.pattern.hits if hit.voice in lead and hit.velocity >= GHOST_BELOW]
    there = {hit.tick for hit in bench.pattern.hits if hit.voice == target}
    new = {h.tick: replace(h, voice=target, openness=None, ornament="") for h in mine if h.tick not in there}
    bench.exchange((), new.values(), f"{_name([target])} with every {_name(lead)}")
    return True


def _close(bench: Bench, order: Order) -> bool:
    mine = _mine(bench, order, ["hat_open"])
    new = [replace(hit, voice="hat_closed", openness=_OPENNESS["hat_closed"]) for hit in mine]
    bench.exchange(mine, new, f"{counted(len(new), 'hat')} closed")
    return True


_ACTS: Final[dict[str, Callable[[Bench, Order], bool]]] = {
    "drop": _drop, "only": _only, "rule": _rule, "steps": _steps, "more": _more, "less": _less, "loud": _level(14),
    "soft": _level(-16), "swap": _swap, "exchange": _exchange, "layer": _layer, "close": _close,
    **{act.__name__.partition("_")[0]: act for act in (
        shaping.open_hats, shaping.ornament, shaping.plain, shaping.swell, shaping.move, shaping.slide, shaping.rest,
        shaping.each, shaping.level, shaping.nudge, shaping.copy,
    )},
    "stop": shaping.stop, "stop_after": shaping.stop, "stop_before": shaping.stop,
}  # fmt: skip
