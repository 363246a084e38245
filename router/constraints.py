"""Constraints in words: "no crash", "kick at most 6 a bar". Each is held or reported, never forgotten.

Pure. What can be held by leaving strokes out is mended here; what cannot is said; what is not understood is reported as
not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from router.pattern import VOICES, Hit, Pattern

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


@dataclass(frozen=True, slots=True)
class Rule:
    """One constraint, understood: between `least` and `most` strokes of `voices` in each span."""

    text: str
    voices: tuple[str, ...]
    least: int = 0
    most: int | None = None
    span: str = "bar"
    ghosts: bool = False


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
    if found := _NO.fullmatch(words):
        voices = _voices(found[1])
        return Rule(text, voices, most=0, ghosts="ghost" in found[1]) if voices else None
    if found := _COUNT.fullmatch(words):
        voices = _voices(found[1] or found[4] or "")
        number = int(found[3]) if found[3].isdigit() else _NUMBERS.get(found[3], -1)
        if voices and number >= 0:
            exact, most = found[2] == "exactly", found[2] in {"at most", "no more than", "max", "maximum"}
            span = {"beat": "beat", "pattern": "pattern"}.get(found[5] or "bar", "bar")
            return Rule(text, voices, 0 if most else number, number if most or exact else None, span)
    if found := _ONLY.fullmatch(words):
        voices = _voices(found[1] or found[2])
        return Rule(text, tuple(voice for voice in VOICES if voice not in voices), most=0) if voices else None
    return None


def hold(pattern: Pattern, constraints: Iterable[str]) -> Verdict:
    """Hold the constraints as far as leaving strokes out can; say the rest."""
    mends: list[str] = []
    broken: list[str] = []
    unchecked: list[str] = []
    for text in constraints:
        rule = read_rule(text)
        if rule is None:
            unchecked.append(f"constraint not checked: {text}")
            continue
        kept, dropped, missing = _apply(pattern, rule)
        if dropped:
            mends.append(f"{dropped} strokes left out to hold: {text}")
            pattern = pattern.with_hits(kept)
        if missing:
            broken.append(f"constraint not held: {text}")
    return Verdict(pattern, tuple(mends), tuple(broken), tuple(unchecked))


def _voices(words: str) -> tuple[str, ...]:
    found: list[str] = []
    for part in re.split(r"\s*(?:\band\b|\bor\b|/|\+|,)\s*", words.strip()):
        name = part.removesuffix("es") if part.endswith(("shes",)) else part
        name = re.sub(r"\b(?:hits?|strokes?|notes?|drums?|sounds?|the|any)$", "", name).strip() or part
        group = _GROUPS.get(name) or _GROUPS.get(name.removesuffix("s")) or _GROUPS.get(part)
        if group is None:
            return ()
        found += group
    return tuple(found)


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
