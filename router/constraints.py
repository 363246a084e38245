"""Constraints in words: "no crash", "kick at most 6 a bar", "ghost notes on e and a", "playable at 180 bpm".

Pure. What can be held by leaving strokes out or setting them is mended here; what cannot is said; what is not
understood is reported as not checked. None is ever forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from router import groove
from router.pattern import RESOLUTION, VOICES, Hit, Pattern

_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "kick": ("kick",), "bass drum": ("kick",), "snare": ("snare",), "rim": ("rim",), "side stick": ("rim",),
    "hat": ("hat_closed", "hat_open", "hat_pedal"), "hi-hat": ("hat_closed", "hat_open", "hat_pedal"),
    "hihat": ("hat_closed", "hat_open", "hat_pedal"), "open hat": ("hat_open",), "open hi-hat": ("hat_open",),
    "closed hat": ("hat_closed",), "pedal hat": ("hat_pedal",), "ride": ("ride", "ride_bell"), "bell": ("ride_bell",),
    "crash": ("crash", "crash2"), "cymbal": ("crash", "crash2", "china", "splash", "ride", "ride_bell"),
    "tom": ("tom_high", "tom_mid", "tom_low", "tom_floor"), "floor tom": ("tom_floor",), "clap": ("clap",),
    "percussion": VOICES[VOICES.index("cowbell"):], "ghost note": ("snare",), "ghost": ("snare",),
    **{voice.replace("_", " "): (voice,) for voice in VOICES if voice not in {"kick", "snare", "rim", "ride", "crash"}},
}  # fmt: skip

_NUMBERS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "once": 1,
                   "twice": 2}  # fmt: skip
_NO: Final = re.compile(r"(?:no|without|leave out|never|avoid|omit)\s+(?:any\s+|the\s+)?(.+)")
_COUNT: Final = re.compile(
    r"(?:(.+?)\s+)?(at most|no more than|max(?:imum)?|at least|no fewer than|min(?:imum)?|exactly)\s+"
    r"(\d{1,3}|[a-z]+)\s*(?:times\s+)?(?:(?!per\b|a\b|an\b|each\b|every\b|in\b)([a-z -]+?))?"
    r"\s*(?:(?:per|a|an|each|every|in (?:each|every))\s+(bar|measure|beat|pattern))?"
)
_ONLY: Final = re.compile(r"only\s+(.+)|(.+?)\s+only")
_ON: Final = re.compile(r"(.+?)\s+(only\s+)?on\s+(?:the\s+|all\s+|every\s+|each\s+)?(.+)")
_PLAYABLE: Final = re.compile(r"(?:must be |stay )?playable(?: (?:at|up to|by hand at) (\d{2,3})(?: ?bpm)?)?")
_NO_FILL: Final = re.compile(r"(?:no|without|leave out|avoid|omit)\s+(?:any\s+)?fills?")

GHOST_BELOW: Final = 50
"""A snare softer than this is a ghost note."""

_STROKE, GHOST = 92, 32
_PLACE_WORDS: Final = {
    **dict.fromkeys(("and", "ands", "offbeat", "offbeats", "off-beats"), "&"), **dict.fromkeys(("e", "es", "e's"), "e"),
    **dict.fromkeys(("a", "as", "a's"), "a"), **dict.fromkeys(("beat", "beats", "quarter", "quarters"), "beat"),
    **dict.fromkeys(("backbeat", "backbeats"), "back"), "downbeat": "1", "one": "1", "two": "2", "three": "3",
    "four": "4", **dict.fromkeys(("eighth", "eighths"), "8th"), **dict.fromkeys(("sixteenth", "sixteenths"), "16th"),
}  # fmt: skip
_PLACE_FILLERS: Final = frozenset({"and", "the", "beat", "beats", "note", "notes", "of", "bar", "every", "each"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One constraint, understood: between `least` and `most` strokes of `voices` in each span, or at places of the bar.

    Attributes:
        ghosts: Only strokes softer than `GHOST_BELOW` are meant.
        places: Where in each bar a stroke must be: beats ("1", "back", "beat") and parts of a beat ("e", "&", "a").
        only: Nowhere else.
        bpm: Two hands and two feet must manage it at this tempo; 0 for the pattern's own, None when not meant.
        no_fill: Bars marked as fills give way to the groove.
    """

    text: str
    voices: tuple[str, ...]
    least: int = 0
    most: int | None = None
    span: str = "bar"
    ghosts: bool = False
    places: tuple[str, ...] = ()
    only: bool = False
    bpm: float | None = None
    no_fill: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the constraints: the pattern that holds them, what was left out, what is broken or unknown."""

    pattern: Pattern
    mends: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


def read_rule(text: str) -> Rule | None:
    """Return a constraint as a rule, or None when its words are not understood."""
    words = " ".join(re.sub(r"[,.;:!]", " ", text.lower()).replace("_", " ").split())
    if found := _PLAYABLE.fullmatch(words):
        return Rule(text, (), bpm=float(found[1] or 0))
    if _NO_FILL.fullmatch(words):
        return Rule(text, (), no_fill=True)
    if found := _NO.fullmatch(words):
        voices = voices_of(found[1])
        return Rule(text, voices, most=0, ghosts="ghost" in found[1]) if voices else None
    if found := _COUNT.fullmatch(words):
        voices = voices_of(found[1] or found[4] or "")
        number = int(found[3]) if found[3].isdigit() else _NUMBERS.get(found[3], -1)
        if voices and number >= 0:
            exact, most = found[2] == "exactly", found[2] in {"at most", "no more than", "max", "maximum"}
            span = {"beat": "beat", "pattern": "pattern"}.get(found[5] or "bar", "bar")
            return Rule(text, voices, 0 if most else number, number if most or exact else None, span)
    if (found := _ON.fullmatch(words)) and (places := _places(found[3])):
        voices = voices_of(found[1])
        ghosts = "ghost" in found[1]
        return Rule(text, voices, ghosts=ghosts, places=places, only=bool(found[2])) if voices else None
    if found := _ONLY.fullmatch(words):
        voices = voices_of(found[1] or found[2])
        return Rule(text, tuple(voice for voice in VOICES if voice not in voices), most=0) if voices else None
    return None


def hold(pattern: Pattern, constraints: Iterable[str]) -> Verdict:
    """Hold the constraints as far as leaving strokes out and setting plain ones can; say the rest.

    Constraints that contradict each other end as "not held", with the one that stands against it.
    """
    mends: list[str] = []
    unchecked: list[str] = []
    rules: list[Rule] = []
    for text in constraints:
        rule = read_rule(text)
        if rule is None:
            unchecked.append(f"constraint not checked: {text}")
            continue
        rules.append(rule)
        pattern, said = _mended(pattern, rule)
        mends += said
    broken = [f"constraint not held: {rule.text}{_against(rule, rules)}" for rule in rules if not holds(pattern, rule)]
    return Verdict(pattern, tuple(mends), tuple(broken), tuple(unchecked))


def holds(pattern: Pattern, rule: Rule) -> bool:
    """Say whether a pattern keeps a rule."""
    if rule.bpm is not None:
        return not groove.flaws(pattern, rule.bpm or pattern.tempo or 120.0)
    if rule.no_fill:
        return not pattern.meta.get("fills")
    if rule.places:
        there = {(hit.tick, hit.voice) for hit in pattern.hits if _meant(hit, rule)}
        ticks = set(_place_ticks(pattern, rule))
        struck = {tick for tick, _ in there}
        return ticks <= struck and (not rule.only or struck <= ticks)
    _, dropped, missing = _apply(pattern, rule)
    return not dropped and not missing


def _mended(pattern: Pattern, rule: Rule) -> tuple[Pattern, list[str]]:
    if rule.bpm is not None:
        pattern, repairs = groove.repair(pattern, tempo=rule.bpm or pattern.tempo or 120.0)
        return pattern, list(repairs)
    if rule.no_fill:
        return _without_fills(pattern, rule.text)
    if rule.places:
        return _placed(pattern, rule)
    kept, dropped, _ = _apply(pattern, rule)
    if not dropped:
        return pattern, []
    return pattern.with_hits(kept), [f"{dropped} strokes left out to hold: {rule.text}"]


def _against(rule: Rule, rules: Iterable[Rule]) -> str:
    """Return the words of a rule that asks for the opposite, for the report."""
    for other in rules:
        if other is rule or not set(other.voices) & set(rule.voices):
            continue
        wants, forbids = (rule, other) if rule.least or rule.places else (other, rule)
        if forbids.most is not None and (wants.places or wants.least > forbids.most):
            return f' (against "{other.text}")'
    return ""


def _without_fills(pattern: Pattern, text: str) -> tuple[Pattern, list[str]]:
    """Put the groove back into bars that are marked as fills."""
    fills = {bar for bar in pattern.meta.get("fills", ()) if isinstance(bar, int)}
    plain = [bar for bar in range(1, pattern.bars + 1) if bar not in fills]
    if not fills or not plain:
        return pattern, []
    length = pattern.meter.bar_ticks
    hits = [hit for hit in pattern.hits if hit.tick // length + 1 not in fills]
    for bar in fills:
        model = max((one for one in plain if one < bar), default=plain[0])
        shift = (bar - model) * length
        hits += [replace(hit, tick=hit.tick + shift) for hit in pattern.hits if hit.tick // length + 1 == model]
    return pattern.with_hits(hits, fills=[]), [f"{len(fills)} fills left out to hold: {text}"]


def _places(words: str) -> tuple[str, ...]:
    """Return the places that words name ("2 and 4", "e and a", "every beat"), or () when one of them is none."""
    text = re.sub(r"\bthe (and|e|a)\b", r"\1.", words)
    out: list[str] = []
    tokens = text.replace("+", " ").replace("/", " ").split()
    for index, token in enumerate(tokens):
        last = index == len(tokens) - 1
        word = token.removesuffix(".")
        if word == "&" or (word == "and" and (token.endswith(".") or len(tokens) == 1)):
            out.append("&")
        elif word in _PLACE_WORDS and not (word in {"and", "beat", "beats"} and not (last and not out)):
            out.append(_PLACE_WORDS[word])
        elif word.isdigit() and 1 <= int(word) <= 32:
            out.append(str(int(word)))
        elif word not in _PLACE_FILLERS:
            return ()
    return tuple(dict.fromkeys(out))


def _place_ticks(pattern: Pattern, rule: Rule) -> list[int]:
    """Return where in the pattern the places lie; fills are left alone."""
    beats, bar_ticks = pattern.meter.beats, pattern.meter.bar_ticks
    starts = [sum(beats[:index]) for index in range(len(beats))]
    part = {"e": RESOLUTION // 4, "&": RESOLUTION // 2, "a": 3 * RESOLUTION // 4}
    inside: set[int] = set()
    for place in rule.places:
        if place in part:
            inside.update(start + part[place] for start, beat in zip(starts, beats, strict=True) if part[place] < beat)
        elif place == "beat":
            inside.update(starts)
        elif place == "back":
            inside.update(starts[1::2])
        elif place in {"8th", "16th"}:
            inside.update(range(0, bar_ticks, RESOLUTION // (2 if place == "8th" else 4)))
        elif int(place) <= len(starts):
            inside.add(starts[int(place) - 1])
    fills = set(pattern.meta.get("fills", ()))
    bars = [bar for bar in range(pattern.bars) if bar + 1 not in fills]
    return [bar * bar_ticks + tick for bar in bars for tick in sorted(inside)]


def _meant(hit: Hit, rule: Rule) -> bool:
    return hit.voice in rule.voices and (not rule.ghosts or hit.velocity < GHOST_BELOW)


def _placed(pattern: Pattern, rule: Rule) -> tuple[Pattern, list[str]]:
    """Set the strokes that a place asks for, where a hand is free; with "only", leave the others out."""
    ticks, mends = set(_place_ticks(pattern, rule)), []
    struck = {hit.tick for hit in pattern.hits if hit.voice in rule.voices}
    new = [Hit(tick, rule.voices[0], GHOST if rule.ghosts else _STROKE) for tick in sorted(ticks - struck)]
    out = [hit for hit in pattern.hits if rule.only and _meant(hit, rule) and hit.tick not in ticks]
    if rule.ghosts:  # a loud stroke that stands there already stays what it is: the backbeat is no ghost
        loud = {hit.tick for hit in pattern.hits if hit.voice in rule.voices and hit.velocity >= GHOST_BELOW}
        out += [
            hit
            for hit in pattern.hits
            if hit.tick in ticks & loud and hit.voice in rule.voices and hit.tick % RESOLUTION
        ]
        new += [Hit(hit.tick, hit.voice, GHOST) for hit in out if hit.tick in ticks]
    if new:
        mends.append(f"{len(new)} strokes set to hold: {rule.text}")
    if out:
        mends.append(f"{len(out)} strokes changed or left out to hold: {rule.text}")
    gone = set(out)
    return (
        (pattern.with_hits((*(hit for hit in pattern.hits if hit not in gone), *new)), mends)
        if mends
        else (pattern, [])
    )


def voices_of(words: str) -> tuple[str, ...]:
    """Return the voices that words name ("hats and toms"), or () when one of the words is no drum."""
    found: list[str] = []
    for part in re.split(r"\s*(?:\band\b|\bor\b|/|\+|,)\s*", words.strip()):
        name = part.removesuffix("es") if part.endswith(("shes",)) else part
        name = re.sub(r"\b(?:hits?|strokes?|notes?|drums?|sounds?|the|any)$", "", name).strip() or part
        group = _GROUPS.get(name) or _GROUPS.get(name.removesuffix("s")) or _GROUPS.get(part)
        if group is None:
            return ()
        found += group
    return tuple(found)


def voices_in(words: str) -> tuple[str, ...]:
    """Return the voices of all drums that a sentence mentions anywhere."""
    plain = words.lower().replace("_", " ")
    found = [
        voice for name, group in _GROUPS.items() if re.search(rf"\b{re.escape(name)}s?\b", plain) for voice in group
    ]
    return tuple(dict.fromkeys(found))


def _apply(pattern: Pattern, rule: Rule) -> tuple[list[Hit], int, bool]:
    span = {"bar": pattern.meter.bar_ticks, "beat": pattern.meter.unit_ticks, "pattern": pattern.ticks}[rule.span]
    counts: dict[int, list[Hit]] = {index: [] for index in range(-(-pattern.ticks // span))}
    for hit in pattern.hits:
        if hit.voice in rule.voices and (not rule.ghosts or hit.velocity < 50):
            counts[hit.tick // span].append(hit)
    out: set[Hit] = set()
    if rule.most is not None:
        for hits in counts.values():
            # The loud strokes and the early ones carry the groove: what goes is soft and late.
            out.update(sorted(hits, key=lambda hit: (-hit.velocity, hit.tick))[rule.most :])
    missing = any(len(hits) < rule.least for hits in counts.values())
    return [hit for hit in pattern.hits if hit not in out], len(out), missing
