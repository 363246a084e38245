"""Constraints in words: "no crash", "kick at most 6 a bar", "ghost notes on e and a", "playable at 180 bpm".

Pure. What can be held by leaving strokes out or setting them is mended here; what cannot is said; what is not
understood is reported as not checked. None is ever forgotten.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

from router import groove
from router.groove.weight import metrical
from router.kit import HATS, beside_hats, refused_voices, spoken_voices
from router.pattern import RESOLUTION, VOICES, Hit, Meter, Pattern
from router.regex import regex
from router.rhythms import step_ticks, struck

_NUMBERS: Final = groove.NUMBERS | {"once": 1, "twice": 2}
_NO: Final = r"(?:no|without|leave out|never|avoid|omit)\s+(?:any\s+|the\s+)?(.+)"
_COUNT: Final = (
    r"(?:(.+?)\s+)?(at most|no more than|not more than|never more than|up to|max(?:imum)?|at least|no fewer than"
    r"|not less than|min(?:imum)?|exactly)\s+(?:of\s+)?"
    r"(\d{1,3}|[a-z]+)\s*(?:times\s+)?(?:(?!per\b|a\b|an\b|each\b|every\b|in\b)([a-z -]+?))?"
    r"\s*(?:(?:per|a|an|each|every|in (?:each|every))\s+(bar|measure|beat|pattern))?"
)
_SUFFIX: Final = r"^(.*?)\b(\d{1,3}) (.+?) (at most|at least|max(?:imum)?|min(?:imum)?)$"
_MOST: Final = frozenset({"at most", "no more than", "not more than", "never more than", "up to", "max", "maximum"})
_ONLY: Final = r"(?:only|just|nothing but)\s+(.+)|(.+?)\s+only"
_ON: Final = r"(.+?)\s+(only\s+)?on\s+(?:the\s+|all\s+|every\s+|each\s+)?(.+)"
_PLAYABLE: Final = (
    r"(?:must be |stay |keep it )?playable(?: by (?:hand|a human|one drummer|a drummer|two hands|a real drummer))?"
    r"(?: (?:at|up to) (\d{2,3})(?: ?bpm)?)?"
)
_LOUDEST: Final = (
    r"(?:(.+?)\s+)?(?:max(?:imum)? velocity(?: of)?|velocity (?:at most|below|under|up to|max(?:imum)?|no more than)"
    r"|no (?:velocity|velocities) (?:above|over)|(?:no|nothing|never) louder than)\s+(\d{1,3})"
)
_NO_LOUDER: Final = r"^no (.+?) (?:louder than|above|over) (\d{1,3})$"
_WRITTEN: Final = r"(.+?) (-*x[x-]+|-+x)"
_ENDS_ONLY: Final = r"^(.+?) on (.+) only$"
_ANY: Final = frozenset(
    {"hit", "hits", "stroke", "strokes", "note", "notes", "drum", "drums", "sound", "sounds", "total"}
)
_ARTICLES: Final = frozenset({"", "the", "and", "or", "a", "any", "all", "my", "in"})
_NO_FILL: Final = r"(?:no|without|leave out|avoid|omit)\s+(?:any\s+)?fills?"

_HANDS_HATS: Final = HATS[:2]
_FOOT: Final = regex(r"\bon (?:beats? )?(?:2 ?(?:and|&|\+) ?[34]|two and (?:three|four)|(?:the )?backbeats?)$")
GHOST_BELOW: Final = 50
"""A snare softer than this is a ghost note."""

_STROKE, GHOST = 92, 32
_PLACE_WORDS: Final = {
    **dict.fromkeys(("and", "ands", "offbeat", "offbeats", "off-beats"), "&"), **dict.fromkeys(("e", "es", "e's"), "e"),
    **dict.fromkeys(("a", "as", "a's"), "a"), **dict.fromkeys(("beat", "beats", "quarter", "quarters"), "beat"),
    **dict.fromkeys(("backbeat", "backbeats"), "back"), "downbeat": "1", "downbeats": "beat", "one": "1",
    "two": "2", "three": "3", "four": "4", **dict.fromkeys(("eighth", "eighths", "8th", "8ths"), "8th"),
    **dict.fromkeys(("triplet", "triplets"), "3rd"),
    **dict.fromkeys(("sixteenth", "sixteenths", "16th", "16ths"), "16th"),
}  # fmt: skip
_PARTS: Final = {"e": RESOLUTION // 4, "&": RESOLUTION // 2, "a": 3 * RESOLUTION // 4}
_NEAR: Final = {"<": -RESOLUTION // 4, ">": RESOLUTION // 4}
_EVEN: Final = {"8th": RESOLUTION // 2, "16th": RESOLUTION // 4, "3rd": RESOLUTION // 3}
_FROM_END: Final = {
    "last-8th": RESOLUTION // 2, "last-eighth": RESOLUTION // 2, "last-16th": RESOLUTION // 4,
    "last-sixteenth": RESOLUTION // 4,
}  # fmt: skip
_BEATS: Final = {"first": "1", "second": "2", "third": "3", "fourth": "4", "last": "-1"}
_BEAT: Final = r"(?:\d|\b(?:one|two|three|four)\b)"
_PLACE_FILLERS: Final = frozenset({"and", "the", "beat", "beats", "note", "notes", "of", "bar", "every", "each"})


class Rule(NamedTuple):
    """One constraint, understood: between `least` and `most` strokes of `voices` in each span, or at places of the bar.

    Attributes:
        ghosts: Only strokes softer than `GHOST_BELOW` are meant.
        places: Where in each bar a stroke must be: beats ("1", "back", "beat") and parts of a beat ("e", "&", "a").
        only: Nowhere else.
        bpm: Two hands and two feet must manage it at this tempo; 0 for the pattern's own, None when not meant.
        no_fill: Bars marked as fills give way to the groove.
        loudest: No stroke of `voices` has a higher velocity.
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
    loudest: int | None = None


class Verdict(NamedTuple):
    """What became of the constraints: the pattern that holds them, what was left out, what is broken or unknown."""

    pattern: Pattern
    mends: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


def counted(number: int, noun: str = "stroke") -> str:
    """Return "1 stroke", "12 strokes"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


@lru_cache(maxsize=512)
def read_rule(text: str) -> Rule | None:
    """Return a constraint as a rule, or None when its words are not understood."""
    plain = (
        re.sub(r"[,.;:!]", " ", re.sub(r"\b([1-9])\.5\b", r"\1&", text.lower()))
        .replace("_", " ")
        .replace("<=", " at most ")
        .replace(">=", " at least ")
    )
    words = " ".join(plain.split()).replace("four on the floor", "kick on every beat")
    words = re.sub(_ENDS_ONLY, r"\1 only on \2", words)
    if (found := re.fullmatch(_WRITTEN, words)) and (voices := _hands(_drums(found[1]))):
        return Rule(text, voices, places=struck(found[2]), only=True)
    if found := re.fullmatch(_LOUDEST, re.sub(_NO_LOUDER, r"\1 no louder than \2", words)):
        voices = _drums(found[1] or "notes", all_too=True)
        return Rule(text, voices, loudest=max(1, int(found[2]))) if voices else None
    if found := re.fullmatch(_PLAYABLE, words):
        return Rule(text, (), bpm=float(found[1] or 0))
    if re.fullmatch(_NO_FILL, words):
        return Rule(text, (), no_fill=True)
    if (found := re.fullmatch(_NO, words)) and (voices := _drums(found[1])):
        return Rule(text, refused_voices(found[1]), most=0, ghosts="ghost" in found[1])
    if found and (at := re.fullmatch(_ON, found[1])) and not at[2] and (places := places_of(at[3])):
        there = _drums(at[1], all_too=True)
        return Rule(text, there, most=0, ghosts="ghost" in at[1], places=places) if there else None
    words = re.sub(_SUFFIX, r"\1\4 \2 \3", words)  # "6 kicks a bar at most"
    if found := re.fullmatch(_COUNT, words):
        voices = _drums(found[1] or found[4] or "", all_too=True)
        number = int(found[3]) if found[3].isdecimal() else _NUMBERS.get(found[3], -1)
        if voices and number >= 0:
            exact, most = found[2] == "exactly", found[2] in _MOST
            span = {"beat": "beat", "pattern": "pattern"}.get(found[5] or "bar", "bar")
            return Rule(text, voices, 0 if most else number, number if most or exact else None, span)
    if (found := re.fullmatch(_ON, words)) and (places := places_of(found[3])):
        voices = _hands(_drums(found[1]))
        ghosts = "ghost" in found[1]
        return Rule(text, voices, ghosts=ghosts, places=places, only=bool(found[2])) if voices else None
    if found := re.fullmatch(_ONLY, words):
        voices = _drums(found[1] or found[2])
        return Rule(text, tuple(voice for voice in VOICES if voice not in voices), most=0) if voices else None
    return None


def hold(pattern: Pattern, constraints: Sequence[str], wish: str = "") -> Verdict:
    """Hold the constraints as far as leaving strokes out and setting plain ones can; say the rest.

    Constraints that contradict each other end as "not held", with the one that stands against it. Hats that are named
    in another one, or in the wish that they stand beside, are none of the cymbals that are refused.
    """
    around = "; ".join((*constraints, wish))
    mends: list[str] = []
    unchecked: list[str] = []
    rules: list[Rule] = []
    for text in constraints:
        rule = read_rule(beside_hats(text.lower(), around) if "cymbals" in text.lower() else text)
        if rule is None:
            unchecked.append(f"constraint not checked: {text}")
            continue
        rules.append(rule := _by_foot(pattern, rule._replace(text=text)))
        mended, said = _mended(pattern, rule)
        if pattern.hits and not mended.hits:
            continue  # nothing would be left: the rule is broken rather, and said to be
        pattern = mended
        mends += said
    broken = [f"constraint not held: {rule.text}{_against(rule, rules)}" for rule in rules if not holds(pattern, rule)]
    return Verdict(pattern, tuple(mends), tuple(broken), tuple(unchecked))


def holds(pattern: Pattern, rule: Rule) -> bool:
    """Say whether a pattern keeps a rule."""
    rule = _by_foot(pattern, rule)
    if rule.bpm is not None:
        return not groove.flaws(pattern, rule.bpm or pattern.tempo or 120.0)
    if rule.no_fill:
        return not pattern.meta.get("fills")
    if rule.loudest is not None:
        return all(hit.velocity <= rule.loudest for hit in pattern.hits if hit.voice in rule.voices)
    if rule.places and rule.most == 0:
        return not _at_places(pattern, rule)
    if rule.places:
        there = {(hit.tick, hit.voice) for hit in pattern.hits if _meant(hit, rule)}
        ticks = place_ticks(pattern, rule.places)
        struck = {tick for tick, _ in there}
        return ticks <= struck and (not rule.only or struck <= ticks)
    _, dropped, missing = _apply(pattern, rule)
    return not dropped and not missing


def _by_foot(pattern: Pattern, rule: Rule) -> Rule:
    """Return the rule as the foot keeps it: where the ride has the time, "hats on 2 and 4" are the pedal's."""
    if not (rule.voices == _HANDS_HATS and rule.places and rule.most is None and _FOOT.search(rule.text.lower())):
        return rule
    count = Counter(hit.voice for hit in pattern.hits)
    foot = count["hat_pedal"] and count["ride"] > sum(count[voice] for voice in _HANDS_HATS)
    return rule._replace(voices=("hat_pedal",)) if foot else rule


def _mended(pattern: Pattern, rule: Rule) -> tuple[Pattern, list[str]]:
    if rule.bpm is not None:
        pattern, repairs = groove.repair(pattern, tempo=rule.bpm or pattern.tempo or 120.0)
        return pattern, list(repairs)
    if rule.no_fill:
        return _without_fills(pattern, rule.text)
    if rule.loudest is not None:
        return _softened(pattern, rule, rule.loudest)
    if rule.places and rule.most == 0:
        gone = _at_places(pattern, rule)
        if not gone:
            return pattern, []
        rest = [hit for hit in pattern.hits if hit not in gone]
        return pattern.with_hits(rest), [f"{counted(len(gone))} left out to hold: {rule.text}"]
    if rule.places:
        return _placed(pattern, rule)
    kept, dropped, missing = _apply(pattern, rule)
    mends = []
    if dropped:
        pattern, mends = pattern.with_hits(kept), [f"{counted(dropped)} left out to hold: {rule.text}"]
    if missing:
        new = _lacking(pattern, rule)
        pattern = pattern.with_hits((*pattern.hits, *new)) if new else pattern
        mends += [f"{counted(len(new))} set to hold: {rule.text}"] if new else []
    return pattern, mends


def _softened(pattern: Pattern, rule: Rule, loudest: int) -> tuple[Pattern, list[str]]:
    over = [hit for hit in pattern.hits if hit.voice in rule.voices and hit.velocity > loudest]
    if not over:
        return pattern, []
    hits = [replace(h, velocity=min(h.velocity, loudest)) if h.voice in rule.voices else h for h in pattern.hits]
    return pattern.with_hits(hits), [f"{counted(len(over))} softer to hold: {rule.text}"]


def _at_places(pattern: Pattern, rule: Rule) -> set[Hit]:
    ticks = place_ticks(pattern, rule.places)
    return {hit for hit in pattern.hits if hit.tick in ticks and _meant(hit, rule)}


def _lacking(pattern: Pattern, rule: Rule) -> list[Hit]:
    """Return strokes that bring each span up to the least of a rule, the strong free places first."""
    voice, out = rule.voices[0], []
    span = {"bar": pattern.meter.bar_ticks, "beat": pattern.meter.unit_ticks, "pattern": pattern.ticks}[rule.span]
    for start in range(0, pattern.ticks, span):
        inside = [hit for hit in pattern.hits if start <= hit.tick < start + span]
        short = rule.least - sum(_meant(hit, rule) for hit in inside)
        taken = {hit.tick for hit in inside if hit.voice in rule.voices}
        free = [tick for tick in range(start, min(start + span, pattern.ticks), RESOLUTION // 4) if tick not in taken]
        if rule.ghosts:
            free = [tick for tick in free if tick % RESOLUTION]
        free.sort(key=lambda tick: (-metrical(tick, pattern.meter), tick))
        out += [_set(pattern, tick, voice, rule.ghosts) for tick in free[: max(0, short)]]
    return out


def _set(pattern: Pattern, tick: int, voice: str, ghost: bool) -> Hit:
    """Return a stroke as loud as its drum's others."""
    own = sorted(hit.velocity for hit in pattern.hits if hit.voice == voice and hit.velocity >= GHOST_BELOW)
    level = GHOST if ghost else own[len(own) // 2] if own else _STROKE
    return Hit(tick, voice, level, 0, {"hat_closed": 90, "hat_open": 40}.get(voice))


def _against(rule: Rule, rules: Iterable[Rule]) -> str:
    """Return the words of a rule that asks for the opposite, for the report."""
    for other in rules:
        if other is rule or not set(other.voices) & set(rule.voices):
            continue
        for wants, forbids in ((rule, other), (other, rule)):
            if forbids.most is not None and (wants.places or wants.least > forbids.most):
                return f' (against "{other.text}")'
    out = {voice for one in rules if one.most == 0 and not one.places for voice in one.voices}
    return " (nothing would be left)" if out == set(VOICES) else ""


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
    return pattern.with_hits(hits, fills=[]), [f"{counted(len(fills), 'fill')} left out to hold: {text}"]


@lru_cache(maxsize=512)
def places_of(words: str) -> tuple[str, ...]:
    """Return the places that words name ("2 and 4", "e and a", "the and of 4"), or () when one of them is none."""
    if sizes := groove.additive(words):
        return _grouped(sizes)
    text = re.sub(r"\b(?:the )?last (?:two|2) beats\b", "-2 -1", words)
    text = re.sub(r"\b(first|second|third|fourth|last) beats?\b", lambda found: _BEATS[found[1]], text)
    text = re.sub(r"(?<!\w)(and|&|e|a) of (?:the |beat )?(\d|one|two|three|four)\b", _part_of, text)
    text = re.sub(r"^(?:all )?(?:of )?(?:the )?(?:two|three|four|five|six|[2-6]) beats$", "every beat", text)
    text = re.sub(r"\b([1-4])(?:st|nd|rd|th)\b(?! notes?)", r"\1", text)
    if re.fullmatch(rf"(?:{_BEAT} ?&[ ,]*)+", text):  # "1 & 2 & 3 &" counts eighths; "2 & 4" and "2&4" are two beats
        text = re.sub(r"(\d&)(?=\d)", r"\1 ", text)
    else:
        text = re.sub(rf"({_BEAT}),? ?(?:&|\bn\b|\+) ?(?=(?:the )?{_BEAT})", r"\1 and ", text)
    text = re.sub(r"\b(\d) (?:and|&)(?=$|,)", r"\1&", re.sub(r"\bthe (and|e|a)\b", r"\1.", text))
    out: list[str] = []
    tokens = text.replace("+", " ").replace("/", " ").replace(",", " ").split()
    for index, token in enumerate(tokens):
        last = index == len(tokens) - 1
        word = token.removesuffix(".")
        if word == "&" or (word == "and" and (token.endswith(".") or len(tokens) == 1)):
            out.append("&")
        elif word in _PLACE_WORDS and not (word in {"and", "beat", "beats"} and not (last and not out)):
            out.append(_PLACE_WORDS[word])
        elif word in {"-2", "-1"} or word in _FROM_END or re.fullmatch(r"\d[&ea]", word):
            out.append(word)
        elif word.isdecimal() and 1 <= int(word) <= 32:
            out.append(str(int(word)))
        elif word not in _PLACE_FILLERS:
            return ()
    return tuple(dict.fromkeys(out))


def _grouped(sizes: Sequence[int]) -> tuple[str, ...]:
    """Return where the groups of "3+3+2" begin: in eighths or sixteenths if they fill four beats, else on the beats."""
    part = {8: 2, 16: 4}.get(sum(sizes))
    if part is None:
        return ("beat",)
    names = ("", "&") if part == 2 else ("", "e", "&", "a")
    return tuple(f"{1 + at // part}{names[at % part]}" for at in (sum(sizes[:index]) for index in range(len(sizes))))


def _part_of(found: re.Match[str]) -> str:
    beat = found[2] if found[2].isdecimal() else _PLACE_WORDS[found[2]]
    return f"{beat}{'&' if found[1] == 'and' else found[1]}"


def place_ticks(pattern: Pattern, places: Iterable[str]) -> set[int]:
    """Return where in the pattern the places lie; fills are left alone."""
    places = tuple(places)
    starts, beats, bar_ticks = *_counted_as(pattern.meter, places), pattern.meter.bar_ticks
    inside: set[int] = set()
    for place in places:
        if place[0] in _NEAR:
            # Beside it by a sixteenth; before the first beat is the end of the bar, for bars follow one another.
            near = place_ticks(replace(pattern, bars=1, meta={}, id=""), [place[1:]])
            inside.update((tick + _NEAR[place[0]]) % bar_ticks for tick in near)
        elif ":" in place:
            inside.update(step_ticks(pattern.meter, place))
        elif place in VOICES:
            inside.update(h.tick % bar_ticks for h in pattern.hits if h.voice == place and h.velocity >= GHOST_BELOW)
        elif place in _PARTS:
            at = _PARTS[place]
            inside.update(start + at for start, beat in zip(starts, beats, strict=True) if at < beat)
        elif place == "beat":
            inside.update(starts)
        elif place == "back":
            inside.update(starts[1::2])
        elif place in _EVEN:
            inside.update(range(0, bar_ticks, _EVEN[place]))
        elif place in {"-2", "-1"}:
            inside.add(starts[max(-len(starts), int(place))])
        elif place in _FROM_END:
            inside.add(bar_ticks - _FROM_END[place])
        elif place[-1] in _PARTS and int(place[:-1]) <= len(starts):
            inside.add(starts[int(place[:-1]) - 1] + _PARTS[place[-1]])
        elif place.isdecimal() and int(place) <= len(starts):
            inside.add(starts[int(place) - 1])
    fills = set(pattern.meta.get("fills", ()))
    return {bar * bar_ticks + tick for bar in range(pattern.bars) if bar + 1 not in fills for tick in inside}


def _counted_as(meter: Meter, places: Iterable[str]) -> tuple[list[int], Sequence[int]]:
    """Return where the beats of a bar begin and how long they are: as felt, else as written.

    A bar of 6/8 has two beats, and yet its backbeat is called the 4: whoever counts past the beats counts the eighths.
    """
    beats: Sequence[int] = meter.beats
    highest = max((int(place) for place in places if place.isdecimal()), default=0)
    if len(beats) < highest <= meter.numerator:
        beats = (meter.unit_ticks,) * meter.numerator
    return [sum(beats[:index]) for index in range(len(beats))], beats


def _meant(hit: Hit, rule: Rule) -> bool:
    return hit.voice in rule.voices and (not rule.ghosts or hit.velocity < GHOST_BELOW)


def _placed(pattern: Pattern, rule: Rule) -> tuple[Pattern, list[str]]:
    """Set the strokes that a place asks for, where a hand is free; with "only", leave the others out."""
    ticks, mends = place_ticks(pattern, rule.places), []
    if not ticks:  # no bar of this metre has such a place: the drum is not lost for it
        return pattern, []
    struck = {hit.tick for hit in pattern.hits if hit.voice in rule.voices}
    new = [_set(pattern, tick, rule.voices[0], rule.ghosts) for tick in sorted(ticks - struck)]
    out = [hit for hit in pattern.hits if rule.only and _meant(hit, rule) and hit.tick not in ticks]
    if rule.voices[0] in HATS:  # one pair of cymbals: an open hat takes the closed one's place
        out += [h for h in pattern.hits if h.tick in ticks - struck and h.voice in HATS and h.voice not in rule.voices]
    if rule.ghosts:  # a loud stroke that stands there already stays what it is: the backbeat is no ghost
        loud = {hit.tick for hit in pattern.hits if hit.voice in rule.voices and hit.velocity >= GHOST_BELOW}
        out += [
            hit
            for hit in pattern.hits
            if hit.tick in ticks & loud and hit.voice in rule.voices and hit.tick % RESOLUTION
        ]
        new += [Hit(hit.tick, hit.voice, GHOST) for hit in out if hit.tick in ticks]
    if new:
        mends.append(f"{counted(len(new))} set to hold: {rule.text}")
    if out:
        mends.append(f"{counted(len(out))} changed or left out to hold: {rule.text}")
    gone = set(out)
    return (
        (pattern.with_hits((*(hit for hit in pattern.hits if hit not in gone), *new)), mends)
        if mends
        else (pattern, [])
    )


def _drums(words: str, *, all_too: bool = False) -> tuple[str, ...]:
    """Return the voices that words name and nothing else ("hats and toms"), or (); "notes" are all where allowed."""
    voices, rest = spoken_voices(words)
    left = set(re.split(r"[\s/+,]+", rest)) - _ARTICLES
    if all_too and not voices and left and left <= _ANY:
        return tuple(VOICES)
    return voices if left <= _ANY else ()


def _hands(voices: tuple[str, ...]) -> tuple[str, ...]:
    """Return the voices without the pedal, unless it alone is meant: the foot keeps its own time."""
    return tuple(voice for voice in voices if voice != "hat_pedal") or voices


def _apply(pattern: Pattern, rule: Rule) -> tuple[list[Hit], int, bool]:
    span = {"bar": pattern.meter.bar_ticks, "beat": pattern.meter.unit_ticks, "pattern": pattern.ticks}[rule.span]
    counts: dict[int, list[Hit]] = {index: [] for index in range(-(-pattern.ticks // span))}
    for hit in pattern.hits:
        if hit.voice in rule.voices and (not rule.ghosts or hit.velocity < 50):
            counts[hit.tick // span].append(hit)

    def spared(hit: Hit) -> tuple[bool, int, int]:
        # The kick's one, the loud strokes and the early ones carry the groove: what goes is soft and late.
        return hit.voice != "kick" or hit.tick % span != 0, -hit.velocity, hit.tick

    out: set[Hit] = set()
    if rule.most is not None:
        for hits in counts.values():
            out.update(sorted(hits, key=spared)[rule.most :])
    missing = any(len(hits) < rule.least for hits in counts.values())
    return [hit for hit in pattern.hits if hit not in out], len(out), missing
