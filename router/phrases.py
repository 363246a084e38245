"""A musician's words as tables: spellings, words that mean an act, forms of sentences, words that say nothing.

Pure data, compiled once. Nothing here decides; `router.orders` reads with it.
"""

from __future__ import annotations

import re
from typing import Final

from router import groove
from router.regex import regex

ENERGY: Final = r"loud|hard|heavy|strong|harsh|prominent|aggressive|bright|hot"
FAINT: Final = r"quiet|soft|weak|light|faint|gentle"
CROWD: Final = r"busy|dense|full|crowded|complex|complicated|fast|cluttered"
BARE: Final = r"sparse|empty|thin|simple|boring|plain|bare|slow"
NUMBERS: Final = groove.NUMBERS | {"second": 2, "third": 3, "fourth": 4}

ACTS: Final[tuple[tuple[str, str], ...]] = (
    # Phrases that a single word would turn into their opposite come first.
    ("less", r"(?:leave |give it |give me )?more (?:space|room|air)"),
    ("keep", r"dont (?:touch|change|alter|move|edit|mess with)|without (?:changing|touching)|not (?:the|my)"),
    ("keep", r"keep|leave(?! out)|same|hold|preserve|retain|(?:stays?|remains?)(?: the same| as)?|untouched|unchanged"),
    ("drop", r"leave out|left out|take out|taken out|get rid of|no more(?! than)|lay off|cut out|strip out|turn off"),
    ("drop", r"switch off|dont (?:play|use|hit)|drop out"),
    ("soft", rf"(?:too|less|not so|not as) (?:{ENERGY})(?: and (?:{ENERGY}))?|tone down|pull back|tuck"),
    ("loud", rf"(?:too|less|not so) (?:{FAINT})|beef up|bring forward|crank(?: up)?"),
    ("less", rf"too (?:many|much|{CROWD})|less (?:{CROWD})|not (?:so|as) (?:many|much|{CROWD})"),
    ("less", r"cut back(?: on)?|cut down on|ease (?:up on|off)|dial back|strip (?:down|back)|thin out"),
    ("more", rf"not enough|too (?:{BARE})|more (?:{CROWD})|less (?:{BARE})|fill out|build up|could use|double up"),
    ("drop", r"no|remove|drop|without|lose|mute|cut|delete|kill|omit|skip|ditch|eliminate|silence|off|never|scrap"),
    ("close", r"close|closed|tighten|choke"),
    ("open", r"open|opener|open up|half open|sloshy|washy|trashy"),
    ("loud", r"louder|harder|heavier|accent|accents|accented|emphasi[sz]e|stronger|punchier|up|raise|boost|bigger"),
    ("loud", r"fatter|more (?:power|energy|punch|drive|attack|snap|crack|bite)"),
    ("loud", rf"more (?:{ENERGY}|powerful|energetic|punchy|intense)"), ("soft", rf"more (?:{FAINT}|subtle|mellow)"),
    ("soft", r"softer|quieter|lighter|gentler|down|soften|lower|weaker|mellower|subtler|less (?:energy|punch|intense)"),
    ("less", r"less|fewer|sparser|simpler|thinner|calmer|simplify|thin|emptier|reduce|halve"),
    ("more", r"more|busier|add|added|denser|fuller|faster|extra|another|thicker|funkier|groovier|double|increase"),
    ("more", r"twice as many|as many|needs?|busy|ghosted"),
    ("loud", rf"{ENERGY}|punchy|fat|big|huge|fierce"), ("soft", rf"{FAINT}|subtle"), ("less", r"sparse|simple"),
)  # fmt: skip
"""Words of a clause that name what is to be done; the first that is found counts."""

_SWAP: Final = "swap|replace|substitute|switch|change|move|turn|put|play|trade|exchange"
_SHIFT: Final = "move|shift|push|pull|nudge|play"
_LATER: Final = "later|late|earlier|early"
_NOTHING: Final = "space|silence|silent|rest|pause|gap|break|nothing|tacet|empty"
_CUT: Final = "drop|cut|mute|remove|skip|silence|empty|clear"
_LEAVE: Final = "drop|remove|take out|leave out|skip|mute|lose|no|cut"
_HALT: Final = (
    r"(?:(?:have|make|let|a|full|hard|dead|sudden) )*(?:(?P<a>.+?) )??(?:stops?|stopping)(?: playing| dead)?"
    r"(?: (?P<a2>.+?))??"
)
_CLEAR: Final = rf"(?:{_CUT}|lose|no) (?P<a3>.+?)"
_SPEED: Final = r"velocity (?:of )?(?P<v>\d{1,3})|(?P<v2>\d{1,3}) velocity|(?P<v3>[2-9]\d|1[01]\d|12[0-7])"
FORMS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (act, regex(words))
    for act, words in (
        ("swap", rf"(?:{_SWAP}) (?P<a>.+?) (?:for|by|onto|on|into|to|over to) (?P<b>.+)"),
        ("swap", r"(?:replace|substitute|change|play) (?P<a>.+?) with (?P<b>.+)"),
        ("exchange", r"(?:swap|exchange|switch|trade) (?P<a>.+?) (?:and|with) (?P<b>.+)"),
        ("swap", r"(?:swap|replace) (?P<a>.+?) (?P<b>\S+)"),
        ("swap", r"(?P<b>.+?) (?:instead of|rather than|in place of) (?P<a>.+)"),
        ("swap", r"(?:instead of|in place of) (?P<a>.+?) (?:use|play|have)? ?(?P<b>.+)"),
        ("swap", r"(?:(?:move|switch|go|change)(?: over)? to|use) (?P<keeper>.+)"),
        ("swap", r"(?P<b>.+?) instead"),
        ("swap", r"(?P<a>.+?) (?:onto|to) (?P<b>.+)"),
        ("swap", r"(?:make|turn) (?P<a>.+?) (?:into )?an? (?P<b>.+)"),
        ("layer", r"(?:double|layer|reinforce|back) (?P<a>.+?) with (?P<b>.+)"),
        ("layer", r"(?:layer|stack|add) (?P<b>.+?) (?:on top of|over|under|to|with|on (?:each|every)) (?P<a>.+)"),
        ("layer", r"(?:layer|stack) (?P<b>.+?) on (?P<a>.+)|(?P<b2>.+?) (?:with|on (?:each|every)) (?P<a2>.+)"),
        ("move", r"(?:move|shift|bring|drag) (?P<a>.+?)(?: (?:from|on) (?P<origin>.+?))? (?:to|onto) (?P<at>.+)"),
        ("move", r"(?P<a>.+?) on (?P<at>.+?) (?:instead of|rather than|and not|not) (?:on )?(?P<origin>.+)"),
        ("slide", rf"(?:(?:{_SHIFT}) )?(?P<a>.+?) (?:by )?(?P<step>\S+(?: \S+)?) (?P<way>{_LATER})"),
        ("slide", r"delay (?P<a>.+?) by (?P<step>\S+(?: \S+)?)(?P<way>)"),
        ("rest", rf"(?:leave |add |put |with |make |have |an? )*(?:{_NOTHING}) (?:on|at) (?P<at>.+)"),
        ("rest", rf"(?:{_CUT})(?: everything| all| out| the drums)?(?: (?:on|at))? (?P<at>.*beats?.*)"),
        ("stop_before", rf"(?:{_HALT}) before (?P<at>.+)"),
        ("stop_before", rf"(?:{_NOTHING}|{_CLEAR}) from (?P<at>.+?)(?: on)?"),
        ("stop_after", rf"(?:{_HALT}|{_NOTHING}|{_CLEAR}) after (?P<at>.+)"),
        ("stop", rf"(?:{_HALT}) (?:on|at) (?P<at>.+)"),
        ("each", rf"(?P<no>{_LEAVE}) every (?P<n>second|third|fourth) (?P<a>.+)"),
        ("each", r"(?:keep |play |leave )?(?:only |just )?every (?P<n>second|third|fourth) (?P<a>.+)"),
        ("level", rf"(?:set |put |play |make |have )?(?P<a>.+?) (?:at|to) (?:a )?(?:{_SPEED})"),
        ("level", r"(?:set |put |make )?(?P<a>.+?) velocity (?:at |to |of )?(?P<v4>\d{1,3})"),
        ("nudge", r"(?:turn |bring )?(?P<a>.+?) (?P<by>[+-] ?\d{1,2})(?: velocity)?"),
    )
)  # fmt: skip
"""Whole sentences. Groups: a, b drums (done to, and to what); keeper a time keeper; at, origin places; step a note."""

ONLY: Final = regex(r"(?:keep |leave |play |use |have |i want )?(?:only|just|solo)\s+(.+)|(.+?)\s+(?:only|alone|solo)")
TOUCH_ONLY: Final = regex(
    r"(?:only|just) (?:change|touch|edit|alter)\s+(.+)|(?:change|touch|edit|alter) (?:(?:only|just)\s+(.+)|(.+) only)"
)
REST_OF_IT: Final = regex(
    r"(?:the )?same(?: (?:beat|groove|thing|pattern))?(?: as (?:before|it is))?|(?:like|as) (?:before|it is|now)|"
    r"(?:(?:keep|leave|hold)\s+)?(?:everything|all|nothing|the rest|anything|it)(?: else)?"
    r"(?:\s+(?:the same|alone|as (?:it|they) (?:is|are)|stays?(?: the same)?|changes?|unchanged|as is|be|untouched))*"
    r"|(?:keep|leave|hold) (?:the |my )?backbeats?\b.*|dont (?:change|touch|alter) (?:anything|it)(?: else)?"
)
SILENCE: Final = regex(
    r"(?:add |with |a |an |make |leave |of |full )*(?:silence|silent|rest|pause|break|tacet|empty)"
    r"|(?:drums? |everything |all |everybody )?(?:drop out|out|lay out|sit out|stop|drop)"
    rf"|(?:{_CUT}|stop|kill|no)(?: out)?(?: (?:the |all the )?(?:drums|everything|all|it))?"
)
COPY: Final = (
    regex(
        r"(?:copy|repeat|duplicate|paste) bar (?P<source>\d{1,2}) (?:in|into|to|onto|over|as|on) (?P<where>bars? .+)"
    ),
    regex(
        r"(?:make |let |have )?(?P<where>bars? .+?) (?:be |is |are )?"
        r"(?:like|the same as|same as|identical to|as|a copy of) bar (?P<source>\d{1,2})"
    ),
)  # fmt: skip
DONT: Final = regex(r"(?:please )?(?:dont|never)\b ?(?P<what>.*)")
STEPS: Final = {
    **dict.fromkeys(("quarter", "quarters", "4th", "4ths", "crotchets"), "beat"),
    **dict.fromkeys(("eighth", "eighths", "8th", "8ths", "quavers"), "8th"),
    **dict.fromkeys(("sixteenth", "sixteenths", "16th", "16ths", "semiquavers"), "16th"),
    **dict.fromkeys(("triplet", "triplets"), "3rd"),
}  # fmt: skip
STEP: Final = regex(rf"\b(?:straight |steady |constant )?({'|'.join(STEPS)})(?:[ -]notes?)?\b")
ORNAMENT: Final = regex(r"\b(?:(flam)(?:s|med|ming)?|(?:a |add |with |some )(drag)|(drags)|ruffs?|(buzz)(?:es)?)\b")
_SLOWLY: Final = r"(?:gradual(?:ly)?|slowly)(?: get(?:ting)?| become)?"
SWELL: Final = (
    (regex(
        rf"\b(?:de-?crescendo|diminuendo|decresc|{_SLOWLY} (?:softer|quieter)|get(?:ting|s)? (?:softer|quieter)"
        r"|(softer|quieter) and \1|fad(?:e|es|ing)(?: it)?(?: out)?(?! in\b)|die down|taper(?: off)?"
        r"|start (?:loud|strong) (?:and )?(?:end|finish) (?:soft|quiet)(?:ly)?)\b"
    ), -1),
    (regex(
        rf"\b(?:crescendo|cresc|swell|{_SLOWLY} louder|get(?:ting|s)? louder|louder and louder|fad(?:e|es|ing) in"
        r"|start(?:s|ing)? (?:off )?(?:soft|quiet)(?:ly)? (?:and |but )?(?:ends?|finish(?:es)?|gets?)"
        r" (?:loud|strong)(?:er)?)\b"
    ), 1),
)  # fmt: skip
"""Words for loudness that falls or grows."""
ONLY_IN: Final = regex(r"(?P<a>.+?) only (?P<where>(?:in|on|during|for) .+)")
SOME: Final = regex(
    r"\b(?:(?:just )?a (?:little|tiny|wee) bit|a bit|a touch|a little|a tad|a hair|a notch|slightly|somewhat)\b"
)
MUCH: Final = regex(
    r"\b(?:(?<!too )(?<!so )(?<!as )much|a lot|lots of|loads of|way|far|really|very|plenty of|significantly)\b"
)
COUNT: Final = regex(
    r"\b(\d{1,2}|one|two|three|four|five|six)\b(?: (?:times|per bar|a bar|each bar|in (?:each|every) bar))?"
)
TIME: Final = regex(r"\b(?:by )?(?:about |around |some )?(?!0+(?:\.0+)? )(\d{1,5}(?:\.\d+)?) (ms|ticks?)\b")
SOUND: Final = regex(
    r"\b(?:brush(?:es)?|mallets?|(?:hot ?)?rods|sticks|reverb|echo|pitch(?:ed)?|tuned?|tuning|panned|panning"
    r"|(?<!down the )(?<!around the )(?<!round the )(?<!across the )(?:drum ?)?kit|samples?|distort(?:ed|ion))\b"
)
"""What an instrument does to the strokes: no stroke can say it."""
PERCENT: Final = regex(r"\b(?:by )?(\d{1,3})%")
BY: Final = regex(r"\bby (\d{1,2})\b")
STOP: Final = regex(
    r"[;!?]|,(?! ?except)(?!(?:(?<=[\d&],)|(?<=\d[ea],)) ?(?:and )?(?:\d|the (?:and|e|a|&) of\b))|\.(?!\d)"
    r"|\b(?:but|then|also|while|plus|yet|though)\b"
    r"|\b(?:and|with) (?=no\b|keep\b|dont\b)|(?=\bwithout (?:touching|changing|altering)\b)"
)
NOISE: Final = frozenset((
    "a", "all", "an", "and", "any", "are", "at", "back", "be", "beat", "being", "bit", "both", "bring", "by", "can",
    "change", "changes", "could", "do", "drums", "each", "else", "entire", "every", "everything", "feel", "feeling",
    "for", "from", "get", "getting", "give", "go", "going", "groove", "had", "has", "have", "here", "hit", "hits", "i",
    "id", "in", "into", "introduce", "is", "it", "its", "just", "kind", "lane", "let", "lets", "level", "levels",
    "like", "line", "lines", "lot", "made", "make", "many", "maybe", "me", "more", "my", "need", "needs", "note",
    "notes", "now", "of", "on", "or", "our", "out", "overall", "part", "parts", "pattern", "perhaps", "play", "playing",
    "please", "pull", "push", "put", "quite", "set", "should", "so", "some", "sort", "sound", "sounding", "sounds",
    "sprinkle", "stroke", "strokes", "stuff", "that", "the", "them", "there", "these", "they", "thing", "things",
    "this", "those", "throw", "to", "track", "turn", "turned", "up", "use", "using", "velocity", "volume", "want", "we",
    "whole", "with", "would", "you", "your",
))  # fmt: skip
"""Words that say nothing by themselves; of a clause all others must be known."""
