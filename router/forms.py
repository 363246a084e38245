"""Clauses of one form each: bars copied, drums kept, strokes moved or swapped, rules, even notes, flams and swells.

Pure. Each reader returns an order, or None for words that are not of its form.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from router import phrases
from router.constraints import places_of, read_rule
from router.kit import KEEPERS, SNARES, drum_name, spoken_voices
from router.order import ARTICLES, Order, drums, placed, strange
from router.pattern import RESOLUTION, VOICES
from router.phrases import NUMBERS
from router.regex import regex
from router.spans import bars_in

_NOTES: Final = {
    "32nd": RESOLUTION // 8,
    "beat": RESOLUTION,
    "8th": RESOLUTION // 2,
    "16th": RESOLUTION // 4,
    "3rd": RESOLUTION // 3,
}
_FOR_ALL: Final = frozenset({"slide", "level", "nudge", "stop", "stop_after", "stop_before"})
_ALL: Final = frozenset({"everything", "it all", "all", "it", "drums", "the drums", "the groove", "everybody"})
_END: Final = regex(r"\b(?:at|towards?|to|until) the (?:very )?end\b")


def copied(text: str) -> Order | None:
    """Return what "make bar 3 like bar 1" asks for."""
    if re.fullmatch(r"(?:copy|repeat|loop) (?:only )?bar (\d{1,2})(?: throughout| everywhere)?", text):
        return Order(text, "copy", count=int(re.findall(r"\d+", text)[0]))
    for form in phrases.COPY:
        if (found := form.fullmatch(text)) and (bars := bars_in(found["where"]))[1] and not bars[0]:
            return Order(text, "copy", count=int(found["source"]), bars=bars[1])
    return None


def confined(text: str) -> Order | None:
    """Return what "kick only in bar 1" asks for: none of it elsewhere."""
    if (found := phrases.ONLY_IN.fullmatch(text)) and (voices := drums(found["a"])) and "more" not in found["a"]:
        rest, bars = bars_in(found["where"])
        return Order(text, "drop", voices, bars=bars, outside=True) if bars and not rest else None
    return None


def kept(text: str) -> Order | None:
    """Return what "leave the rest alone", "silence" or "only the kick" asks for."""
    if phrases.REST_OF_IT.fullmatch(text):  # orders never move it unasked
        return Order(text, "keep")
    if phrases.SILENCE.fullmatch(text):
        return Order(text, "drop", VOICES)
    if found := phrases.TOUCH_ONLY.fullmatch(text):
        voices = drums(found[1] or found[2] or found[3])
        return Order(text, "keep", tuple(v for v in VOICES if v not in voices), onto=voices) if voices else None
    if (found := phrases.ONLY.fullmatch(text)) and not re.match(r"(?:leave|keep) (?!only|just)", text):
        voices, rest = spoken_voices(found[1] or found[2])
        return Order(text, "only", voices) if voices and set(rest.split()) <= ARTICLES else None
    return None


def formed(text: str) -> Order | None:
    """Return what a whole sentence asks for, if its drums, places and numbers are such."""
    for act, form in phrases.FORMS:
        if found := form.fullmatch(text):
            said = {name.rstrip("2345"): words for name, words in found.groupdict().items() if words is not None}
            order = _filled(text, act, said)
            if order is not None:
                return order
    return None


def _filled(text: str, act: str, said: dict[str, str]) -> Order | None:
    """Return the order of a form; None where one of its words is not what the form takes."""
    a, b, keeper = (drums(said[name]) if name in said else () for name in ("a", "b", "keeper"))
    if act in _FOR_ALL and said.get("a", "all") in _ALL:
        a = VOICES
    at, origin = (places_of(said[name]) if name in said else () for name in ("at", "origin"))
    read = {"a": a, "b": b, "keeper": set(keeper) <= {*KEEPERS, "rim"} and keeper, "at": at, "origin": origin}
    if not all(read[name] for name in said if name in read):
        return None
    order = Order(text, act, a, onto=b or keeper, places=at, origin=origin)
    if act == "each":
        return replace(order, count=NUMBERS[said["n"]], elsewhere="no" not in said)
    if act == "level":
        return replace(order, count=min(127, max(1, int(said["v"]))))
    if act == "nudge":
        return replace(order, count=int(said["by"].replace(" ", "")))
    if act == "slide":
        step = phrases.STEP.search(said["step"]) or re.search(r"\b(beat|32nd)\b", said["step"])
        ticks = _NOTES[phrases.STEPS.get(step[1], step[1])] if step else 0
        return replace(order, ticks=-ticks if said["way"] in {"earlier", "early"} else ticks) if ticks else None
    return order


def ruled(text: str) -> Order | None:
    """Return clauses that are a constraint with a number, a place or a tempo; plain "no crash" is an act."""
    words = " ".join(word for word in text.split() if word not in {"make", "it", "please", "put", "have", "a", "an"})
    verbs = r"^(?:add|put|set|place|play|use|have|hit|want|i want|give me|make it|keep it)\s+(?:an? |some |the )?"
    for tried in (text, re.sub(verbs, "", text), words):
        rule = read_rule(tried)
        if rule is not None and (rule.places or rule.least or rule.most or rule.loudest or rule.bpm is not None):
            return Order(tried, "rule", rule.voices)
    return None


def stepped(text: str) -> Order | None:
    """Return what "hats in sixteenths" asks for: an even grid."""
    found = phrases.STEP.search(text)
    if found is None or re.search(r"\b(?:more|less|no|fewer|remove|drop)\b", text):
        return None
    words = f"{text[: found.start()]} {text[found.end() :]}"
    voices, rest = spoken_voices(words)
    names = drum_name().findall(words)
    if len({*names}) < len(names):  # a rhythm in words, and what is joined to it
        return None
    if strange(re.sub(r"^add\b|\b(?:only|just)\b", "", rest)) or not voices:
        return None
    return Order(text, "steps", voices, places=(phrases.STEPS[found[1]],))


def shaped(text: str) -> Order | None:
    """Return flams, drags and swells: what shapes strokes that are there."""
    if found := phrases.ORNAMENT.search(text):
        rest, places = placed(f"{text[: found.start()]} {text[found.end() :]}")
        out = re.search(r"\b(?:no|without|remove|drop|lose|fewer|less|take out)\b", rest)
        voices, rest = spoken_voices(rest[out.end() :] if out else rest)
        if strange(re.sub(r"\b(?:add|more|some)\b", "", rest)):
            return None
        kind = found[1] or found[4] or "drag"
        return Order(text, "plain" if out else "ornament", voices or SNARES, places=places, ornament=kind)
    for form, way in phrases.SWELL:
        if found := form.search(text):
            if re.match(r" ?to an? ", text[found.end() :]):
                return None  # to a crash, to a fill: no voice that swells
            rest = _END.sub(" ", f"{text[: found.start()]} {text[found.end() :]}")
            voices, rest = spoken_voices(re.sub(r"\b(?:add|big|long|slow|over|across)\b", " ", rest))
            return None if strange(rest) else Order(text, "swell", voices, way * (2.0 if "fade" in text else 1.0))
    return None
