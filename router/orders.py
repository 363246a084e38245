"""Reading a musician's words as orders: which act, which drums, how much, at which places, in which bars.

Pure. Every word of a clause must be known, else the clause is not understood: what is half understood is said, never
half done.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from router.constraints import places_of, read_rule, spoken_voices
from router.pattern import VOICES

HATS: Final = ("hat_closed", "hat_open", "hat_pedal")

_SOME: Final = re.compile(r"\b(?:(?:just )?a (?:little|tiny|wee) bit|a bit|a touch|a little|a tad|slightly|somewhat)\b")
_MUCH: Final = re.compile(
    r"\b(?:(?<!too )(?<!so )(?<!as )much|a lot|lots of|loads of|way|far|really|very|plenty of|significantly)\b"
)
_STOP: Final = re.compile(
    r"[,;!?]|\.(?!\d)|\b(?:(?<!nothing )but|then|also|while|plus|yet|though)\b|\b(?:and|with) (?=no\b|keep\b)"
    r"|(?=\bwithout (?:touching|changing|altering)\b)"
)
_AND: Final = re.compile(r"\band\b")

_NOISE: Final = frozenset((
    "a", "all", "an", "and", "any", "are", "at", "back", "be", "beat", "being", "bit", "both", "bring", "by", "can",
    "change", "changes", "could", "do", "entire", "everything", "feel", "feeling", "for", "from", "get", "getting",
    "give", "go", "going", "groove", "had", "has", "have", "here", "hit", "hits", "i", "id", "in", "into",
    "introduce", "is", "it", "its", "just", "kind", "lane", "let", "lets", "level", "levels", "like", "line",
    "lines", "lot", "made", "make", "many", "maybe", "me", "more", "my", "need", "needs", "note", "notes", "now",
    "of", "on", "or", "our", "out", "overall", "part", "parts", "pattern", "perhaps", "play", "playing", "please",
    "pull", "push", "put", "quite", "set", "should", "so", "some", "sort", "sound", "sounding", "sounds",
    "sprinkle", "stroke", "strokes", "stuff", "that", "the", "them", "there", "these", "they", "thing", "things",
    "this", "those", "throw", "to", "track", "turn", "turned", "up", "use", "using", "velocity", "volume", "want",
    "we", "whole", "with", "would", "you", "your",
))  # fmt: skip

_ARTICLES: Final = frozenset({"the", "and", "a", "or", "play", "use", "drums", "too", "as", "well"})
_INHERITED: Final = frozenset({"keep", "drop", "more", "less", "loud", "soft"})

_ENERGY: Final = r"loud|hard|heavy|strong|harsh|prominent|aggressive|bright|hot"
_FAINT: Final = r"quiet|soft|weak|light|faint|gentle"
_CROWD: Final = r"busy|dense|full|crowded|complex|complicated|fast|cluttered"
_BARE: Final = r"sparse|empty|thin|simple|boring|plain|bare|slow"
_ACTS: Final[tuple[tuple[str, str], ...]] = (
    # Phrases that a single word would turn into their opposite come first.
    ("less", r"(?:leave |give it |give me )?more (?:space|room|air)"),
    ("keep", r"dont (?:touch|change|alter)|do not (?:touch|change|alter)|without (?:changing|touching)|not (?:the|my)"),
    ("keep", r"keep|leave(?! out)|same|hold|preserve|retain|(?:stays?|remains?)(?: the same| as)?|untouched|unchanged"),
    ("drop", r"leave out|left out|take out|taken out|get rid of|no more(?! than)|lay off|cut out|strip out|turn off"),
    ("drop", r"switch off|dont play|dont use|do not play"),
    ("soft", rf"(?:too|less|not so|not as) (?:{_ENERGY})(?: and (?:{_ENERGY}))?|tone down|pull back|tuck"),
    ("loud", rf"(?:too|less|not so) (?:{_FAINT})|beef up|bring forward|crank(?: up)?"),
    ("less", rf"too (?:many|much|{_CROWD})|less (?:{_CROWD})|not (?:so|as) (?:many|much|{_CROWD})"),
    ("less", r"half as many|cut back(?: on)?|cut down on|ease (?:up on|off)|dial back|strip (?:down|back)|thin out"),
    ("more", rf"not enough|too (?:{_BARE})|more (?:{_CROWD})|less (?:{_BARE})|fill out|build up|could use|double up"),
    ("drop", r"no|remove|drop|without|lose|mute|cut|delete|kill|omit|skip|ditch|eliminate|silence|off|never"),
    ("close", r"close|closed|tighten"),
    ("open", r"open|opener|open up"),
    ("loud", r"louder|harder|heavier|accent|accents|accented|emphasi[sz]e|stronger|punchier|up|raise|boost|bigger"),
    ("loud", r"fatter|more (?:power|energy|punch|drive|attack)|more (?:powerful|energetic|punchy|intense|prominent)"),
    ("soft", r"softer|quieter|lighter|gentler|down|soften|lower|weaker|mellower|subtler|less (?:energy|punch|intense)"),
    ("less", r"less|fewer|sparser|simpler|thinner|calmer|simplify|thin|emptier|reduce|halve"),
    ("more", r"more|busier|add|added|denser|fuller|faster|extra|another|thicker|funkier|groovier|double|increase"),
    ("more", r"twice as many|as many|needs?|busy|ghosted"),
)  # fmt: skip
_FINDERS: Final = tuple((act, re.compile(rf"(?<!\S)(?:{words})(?!\S)")) for act, words in _ACTS)
_SAME_ACT: Final = {
    act: re.compile(rf"(?<!\S)(?:{'|'.join(words for other, words in _ACTS if other == act)})(?!\S)")
    for act in {act for act, _ in _ACTS}
}

_SWAPS: Final = (
    re.compile(r"(?P<act>swap|exchange|trade|replace|substitute|switch|change|move|turn|put|play)\s+(?P<a>.+?)\s+"
               r"(?:for|with|by|onto|on|into|to|over to)\s+(?P<b>.+)"),
    re.compile(r"(?P<act>swap|exchange|switch)\s+(?P<a>.+?)\s+and\s+(?P<b>.+)"),
    re.compile(r"(?P<act>swap|replace)\s+(?P<a>.+?)\s+(?P<b>\S+)"),
    re.compile(r"(?P<b>.+?)\s+(?P<act>instead of|rather than|in place of)\s+(?P<a>.+)"),
    re.compile(r"(?P<act>instead of|in place of)\s+(?P<a>.+?)\s+(?:use|play|have)?\s*(?P<b>.+)"),
)  # fmt: skip
_LAYER: Final = (
    re.compile(r"(?:double|layer|reinforce|back) (?P<a>.+?) with (?P<b>.+)"),
    re.compile(r"(?:layer|stack|add) (?P<b>.+?) (?:on top of|over|under|to|with|on each|on every) (?P<a>.+)"),
)
_ONLY: Final = re.compile(
    r"(?:keep |leave |play |use |have )?(?:only|just|solo|nothing but|nothing except)\s+(.+)"
    r"|(.+?)\s+(?:only|alone|solo)"
)
_TOUCH_ONLY: Final = re.compile(
    r"(?:only|just) (?:change|touch|edit|alter)\s+(.+)|(?:change|touch) (?:only|just)\s+(.+)"
)
_REST: Final = re.compile(
    r"(?:(?:keep|leave|hold)\s+)?(?:everything|all|nothing|the rest|anything)(?: else)?"
    r"(?:\s+(?:the same|alone|as (?:it|they) (?:is|are)|stays?(?: the same)?|changes?|unchanged|as is|be|untouched))*"
)
_BACKBEAT: Final = re.compile(r"(?:keep|leave|hold) (?:the |my )?backbeats?\b.*")
_SILENCE: Final = re.compile(
    r"(?:add |with |a |an )*(?:silence|rest|pause|break)"
    r"|(?:drop out|mute|stop|cut|silence)(?: (?:the )?(?:drums|everything|all))?"
)
_STEPS: Final = {
    **dict.fromkeys(("quarter", "quarters", "4th", "4ths", "crotchets"), "beat"),
    **dict.fromkeys(("eighth", "eighths", "8th", "8ths", "quavers"), "8th"),
    **dict.fromkeys(("sixteenth", "sixteenths", "16th", "16ths", "semiquavers"), "16th"),
    **dict.fromkeys(("triplet", "triplets"), "3rd"),
}  # fmt: skip
_STEP: Final = re.compile(rf"\b(?:straight |steady |constant )?({'|'.join(_STEPS)})(?:[ -]notes?)?\b")

_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8}
_BARS: Final = re.compile(
    r"\b(?:only )?(?:change |in |on |of |for |during |from |at )?(?:only )?(?:the )?"
    r"(?:(?:bars?|measures?) (?P<a>\d{1,2})(?:\s*(?:-|to|and|through|until)\s*(?:bar )?(?P<b>\d{1,2}))?"
    rf"|(?P<o>{'|'.join(_ORDINALS)}|last|final) (?:(?P<n>two|three|four|\d) )?(?:bars?|measures?))(?:\s*:)?"
)
_COUNTS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_NUMBER: Final = re.compile(rf"\b(\d{{1,2}}|{'|'.join(_COUNTS)})\b(?: (?:times|per bar|a bar|each bar))?")

_PARTED: Final = "bring|pull|strip|build|fill|tone|dial|cut|thin|beef|crank|even|tighten"
_SPELLINGS: Final = (
    (re.compile("[\u2019'`]"), ""), (re.compile("[\u2013\u2014]"), ", "), (re.compile(":"), " "),
    (re.compile(r"\b(?:hi|high)[ -]?hat"), "hat"), (re.compile(r"\bhats? (pedal|foot)"), r"\1 hat"),
    (re.compile(r"\b(?:side|cross)[ -]?stick(?:s|ing)?\b|\brim[ -]?(?:shot|click)s?\b"), "rim"),
    (re.compile(r"\b(?:bass|kick) ?drums?\b"), "kick"), (re.compile(r"\bsnare drums?\b"), "snare"),
    (re.compile(r"\bhand ?claps?\b"), "clap"), (re.compile(r"\bghost(?:s|ies|ed)? ?strokes?\b"), "ghost notes"),
    (re.compile(r"\b(ride|crash|china|splash)(?:es)? cymbals?\b"), r"\1"),
    (re.compile(r"\b(?:the |my )?(?:kick\s+)?four (?:on|to) the floor\b"), "kick on every beat"),
    (re.compile(r"\bat the (?:start|beginning)\b"), "on 1 in bar 1"),
    (re.compile(r"\btake (.+?) (?:out|away)\b"), r"take out \1"),
    (re.compile(rf"\b({_PARTED}) ((?:the |my )?\w+) (back|up|down|out|forward)\b"), r"\1 \3 \2"),
    (re.compile(r"\b(?:more )?syncopated? (?:the |my )?(kick|snare|hats?)\b"), r"more \1 on the offbeats"),
    (re.compile(r"\b(?:reduce|decrease|drop) (.+?) (?:volume|level|velocity)\b"), r"lower \1"),
    (re.compile(r"\b(?:increase) (.+?) (?:volume|level|velocity)\b"), r"raise \1"),
    (re.compile(r"\blimit (.+?) to (\d+)\b"), r"\1 at most \2"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """What one clause asks for.

    Attributes:
        text: The clause itself.
        act: keep, drop, more, less, loud, soft, open, close, swap, exchange, layer, only, steps, or "" for what is
            about the whole groove and read elsewhere.
        voices: The drums it is about; () for the whole groove.
        amount: 1 as usual, less for "a bit", more for "much". count: so many in each bar, or None.
        onto: The drums that the strokes go to. places: where in the bar, as in `router.constraints`.
        bars: First and last bar, from 1, negative from the end; None for all.
    """

    text: str
    act: str
    voices: tuple[str, ...] = ()
    amount: float = 1.0
    onto: tuple[str, ...] = ()
    ghosts: bool = False
    places: tuple[str, ...] = ()
    bars: tuple[int, int] | None = None
    count: int | None = None


@dataclass(slots=True)
class _Clause:
    text: str
    bars: tuple[int, int] | None
    joined: bool
    """It follows its neighbour after a mere "and"."""


def spelled(text: str) -> str:
    """Return the words in one spelling: lower case, "hat" for every hi-hat, "rim" for a side-stick."""
    text = text.lower().replace("_", " ")
    for found, instead in _SPELLINGS:
        text = found.sub(instead, text)
    return " ".join(text.split())


def orders(instruction: str, whole: Callable[[str], bool]) -> list[Order]:
    """Return the clauses of an instruction in order; `act` is "?" for those that are not understood.

    Args:
        instruction: A musician's words.
        whole: Says of a clause whether it is about the whole groove (feel, time, fills) and understood there.
    """
    clauses = list(_clauses(spelled(instruction), whole))
    out: list[Order] = []
    last: Order | None = None
    everywhere: tuple[int, int] | None = None
    for index, clause in enumerate(clauses):
        bars = clause.bars or everywhere
        if not clause.text:
            everywhere = clause.bars  # "in bar 3: ...": for all that follows
            continue
        order = _order(clause, bars, last, whole)
        follows = clauses[index + 1] if index + 1 < len(clauses) else None
        if not order.voices and order.act in {"more", "less", "loud", "soft"}:
            order = _lent(order, clause, last, follows)
        out.append(order)
        if order.act != "?":
            last = order
    return out


def _lent(order: Order, clause: _Clause, last: Order | None, follows: _Clause | None) -> Order:
    """Give "hats busier and louder", "busier and louder hats" the drums of their neighbour."""
    voices: tuple[str, ...] = ()
    if clause.joined and last is not None:
        voices = last.voices
    elif follows is not None and follows.joined and not clause.joined:
        voices, _ = spoken_voices(follows.text)
    if not voices:
        return order
    return Order(order.text, order.act, voices, order.amount, bars=order.bars, ghosts=order.ghosts)


def _clauses(text: str, whole: Callable[[str], bool]) -> list[_Clause]:
    out: list[_Clause] = []
    for piece in _STOP.split(text):
        rest, joined = piece.strip(), False
        while rest:
            head, tail = _cut(rest, whole)
            bars = _span(head)
            plain = " ".join(_BARS.sub(" ", head).split()) if bars else head
            out.append(_Clause(plain, bars, joined))
            rest, joined = tail, True
    return out


def _cut(text: str, whole: Callable[[str], bool]) -> tuple[str, str]:
    """Cut at the first "and" behind which something new is asked for; "kick and snare", "2 and 4" stay together."""
    for found in _AND.finditer(text):
        head, tail = text[: found.start()].strip(), text[found.end() :].strip()
        if not head or not tail or read_rule(text) is not None or re.match(r"(?:of )?\d|of\b", tail):
            continue
        until = _AND.split(tail)[0].strip()
        if (_acts(until) or whole(until)) and (_acts(head) or whole(head)):
            if re.match(r"(?:swap|exchange|switch) ", text) and not _acts(tail):
                continue
            return head, tail
    return text, ""


def _acts(text: str) -> bool:
    return _found(text)[0] != "" or read_rule(text) is not None


def _span(text: str) -> tuple[int, int] | None:
    found = _BARS.search(text)
    if found is None:
        return None
    if found["a"]:
        low = int(found["a"])
        return low, max(low, int(found["b"] or low))
    many = _COUNTS.get(found["n"] or "", int(found["n"]) if (found["n"] or "").isdigit() else 1)
    if found["o"] in {"last", "final"}:
        return -many, -1
    low = _ORDINALS[found["o"]]
    return (1, many) if low == 1 else (low, low)


def _found(text: str) -> tuple[str, re.Match[str] | None]:
    """Return the act that a clause names, and where."""
    for act, finder in _FINDERS:
        if found := finder.search(_hidden(text)):
            return act, found
    return "", None


def _hidden(text: str) -> str:
    """Return the text with names of drums that hold an act's word ("open hat") made one word."""
    return re.sub(r"\b(open|closed|half open)\s+hats?\b", r"\1-hat", text)


def _order(clause: _Clause, bars: tuple[int, int] | None, last: Order | None, whole: Callable[[str], bool]) -> Order:
    text = clause.text
    amount = 0.5 if _SOME.search(text) else 1.7 if _MUCH.search(text) else 1.0
    for reader in (_kept, _swapped, _ruled, _stepped):
        if (order := reader(text)) is not None:
            return _dressed(order, amount, bars)
    if bars is not None and _SILENCE.fullmatch(text):
        return Order(text, "drop", VOICES, bars=bars)
    if whole(text):
        return Order(text, "", amount=amount, bars=bars)
    plain = " ".join(_MUCH.sub(" ", _SOME.sub(" ", text)).split())
    act, found = _found(plain)
    if found is None:
        voices, rest = spoken_voices(plain)
        if re.match(r"(?:open|closed) hats?$", plain):
            return Order(text, plain.split()[0].removesuffix("d"), HATS, amount, bars=bars)
        if "ghost" in plain and voices and not _strange(rest):
            return Order(text, "more", ("snare",), amount, ghosts=True, bars=bars)
        if voices and last is not None and set(rest.split()) <= _ARTICLES and last.act in _INHERITED:
            return Order(text, last.act, voices, last.amount, bars=bars)
        return Order(text, "?", bars=bars)
    around = _SAME_ACT[act].sub(" ", _hidden(plain)).replace("-hat", " hat")
    around = re.sub(r"\b(?:more|less)\b", " ", around) if act not in {"more", "less"} else around
    return _with_voices(text, act, around, amount, last, bars)


def _with_voices(
    text: str, act: str, around: str, amount: float, last: Order | None, bars: tuple[int, int] | None
) -> Order:
    places: tuple[str, ...] = ()
    if at := re.search(r"\b(?:on|at)\s+(.+)$", around):
        places = places_of(at[1])
        around = around[: at.start()] if places else around
    elif act == "loud" and (places := places_of(around)):
        around = ""
    voices, rest = spoken_voices(around)
    count = None
    if act == "more" and voices and (number := _NUMBER.search(rest)):
        count = int(number[1]) if number[1].isdigit() else _COUNTS[number[1]]
        rest = _NUMBER.sub(" ", rest, count=1)
    if _strange(rest) and not (act == "keep" and voices):  # what is to stay is safe even in strange words
        return Order(text, "?", bars=bars)
    if not voices and last is not None and re.search(r"\b(?:them|those|these|they)\b", around):
        voices = last.onto or last.voices
    ghosts = "ghost" in around
    if ghosts:
        voices = ("snare",)
    if act in {"open", "close"} and not set(voices) & set(HATS):
        return Order(text, "?", bars=bars)
    if act in {"keep", "drop"} and not voices:
        return Order(text, "?", bars=bars)
    return Order(text, act, voices, amount, (), ghosts, places, bars, count)


def _dressed(order: Order, amount: float, bars: tuple[int, int] | None) -> Order:
    return Order(order.text, order.act, order.voices, amount, order.onto, order.ghosts, order.places, bars, order.count)


def _strange(rest: str) -> bool:
    """Say whether words are left over that nobody knows."""
    return any(word not in _NOISE for word in re.findall(r"[^\s,]+", rest))


def _named(words: str) -> tuple[str, ...]:
    """Return the drums that words name, or () when they say anything else as well."""
    voices, rest = spoken_voices(words)
    return () if _strange(rest) else voices


def _kept(text: str) -> Order | None:
    if _REST.fullmatch(text) or _BACKBEAT.fullmatch(text):  # orders never move it unasked
        return Order(text, "keep")
    if found := _TOUCH_ONLY.fullmatch(text):
        voices = _named(found[1] or found[2])
        return Order(text, "keep", tuple(v for v in VOICES if v not in voices), onto=voices) if voices else None
    if (found := _ONLY.fullmatch(text)) and not re.match(r"(?:leave|keep) (?!only|just)", text):
        voices, rest = spoken_voices(found[1] or found[2])
        return Order(text, "only", voices) if voices and set(rest.split()) <= _ARTICLES else None
    return None


def _swapped(text: str) -> Order | None:
    for pattern in _LAYER:
        if (found := pattern.fullmatch(text)) and (a := _named(found["a"])) and (b := _named(found["b"])):
            return Order(text, "layer", a, onto=b)
    if (found := re.fullmatch(r"(?:(?:move|switch|go|change)(?: over)? to|use)\s+(.+)", text)) and (
        set(voices := _named(found[1])) and set(voices) <= {*HATS, "ride", "ride_bell"}
    ):
        return Order(text, "swap", (), onto=voices)
    for pattern in _SWAPS:
        if (found := pattern.fullmatch(text)) and (a := _named(found["a"])) and (b := _named(found["b"])):
            both = found["act"] in {"swap", "exchange", "switch"} and re.search(r"\band\b", text)
            return Order(text, "exchange" if both else "swap", a, onto=b)
    if (found := re.fullmatch(r"(.+?)\s+instead", text)) and (b := _named(found[1])):
        return Order(text, "swap", (), onto=b)
    return None


def _ruled(text: str) -> Order | None:
    """Return clauses that are a constraint with a number, a place or a tempo; plain "no crash" is an act."""
    words = " ".join(word for word in text.split() if word not in {"make", "it", "please", "put", "have", "a", "an"})
    for tried in (
        text,
        re.sub(r"^(?:add|put|set|play|use|have|make it|keep it)\s+(?:an? |some |the )?", "", text),
        words,
    ):
        rule = read_rule(tried)
        if rule is not None and (rule.places or rule.least or rule.most or rule.loudest or rule.bpm is not None):
            return Order(tried, "rule", rule.voices)
    return None


def _stepped(text: str) -> Order | None:
    found = _STEP.search(text)
    if found is None or re.search(r"\b(?:more|less|no|fewer|remove|drop)\b", text):
        return None
    voices, rest = spoken_voices(f"{text[: found.start()]} {text[found.end() :]}")
    if _strange(re.sub(r"^add\b", "", rest)) or not voices:
        return None
    return Order(text, "steps", voices, places=(_STEPS[found[1]],))
