"""A musician's words as tables: spellings, words that mean an act, forms of sentences, words that say nothing.

Pure data, compiled once. Nothing here decides; `router.orders` reads with it.
"""

from __future__ import annotations

import re
from typing import Final

from router.regex import regex

ENERGY: Final = r"loud|hard|heavy|strong|harsh|prominent|aggressive|bright|hot"
FAINT: Final = r"quiet|soft|weak|light|faint|gentle"
CROWD: Final = r"busy|dense|full|crowded|complex|complicated|fast|cluttered"
BARE: Final = r"sparse|empty|thin|simple|boring|plain|bare|slow"
_PLACE: Final = r"(?=(?:the |beats? )?(?:\d|(?:and|e|a|last|first|one|two|three|four)\b|(?:back|off|down|up)beat))"
_PARTED: Final = "bring|pull|strip|build|fill|tone|dial|cut|thin|beef|crank|even|tighten"
_VERB: Final = r"(?:dont|drop|lose|remove|mute|no|make|add|put|play|take|turn|keep|leave|with|more|less|a bit)\b"
_NO_FILL: Final = r"(?<!fill )(?<!roll )(?<!crescendo )"
_TIMEKEEPER: Final = r"((?:open |closed )?hats?|rides?|shakers?|cowbells?)\b"
_DOWNBEAT: Final = r"(?:top|start|beginning|downbeat|one|1)"

_STRUCK: Final = r"(kicks?|snares?|hats?|claps?|rims?|crash|ride|cowbell)"
_FALLS: Final = (
    r"(?:hits?|hitting|strokes?|plays?|playing|falls?|falling|lands?|landing|comes?|goes|sits?|is|are|stays?|pattern)"
)
_BEATS: Final = r"(?:beats? )?(?:[1-7][&ea]?(?![\w%.]))"

_MORE_BEATS: Final = rf"(?:(?:,|,? ?and|,? ?&|,? ?\+)? ?{_BEATS})*"
_BEAT_NAMES: Final = {"one": "1", "two": "2", "three": "3", "four": "4"}
_COUNTED_BEATS: Final = r"(?:one|two|three|four)(?:(?:,? and|,|,? &)? (?:one|two|three|four))*"
_NOTE_VALUES: Final = "8th|eighth|16th|sixteenth|quarter|triplet"
HITS: Final = r"(?:kick|snare|clap|tom|crash|hat|ride)(?:e?s)?"
_EVEN: Final = r"(?:hat|ride|shaker|kick|snare|floor tom|cowbell|tambourine|closed hat|open hat)"
_STEADY: Final = "steady|straight|constant|driving"
_GUESTS: Final = r"cowbell|shaker|tambourine|claps?|congas?|bongos?|timbales?|percussion|rides?|toms?"

COUNTED: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "fifteen": 15, "twenty": 20, "twenty five": 25, "twenty-five": 25, "thirty": 30, "forty": 40,
    "fifty": 50,
}  # fmt: skip
"""Numbers before a time."""

_GREATER: Final = {
    "loud": "louder", "quiet": "quieter", "soft": "softer", "busy": "busier", "hard": "harder", "tight": "tighter",
    "loose": "looser", "simple": "simpler",
}  # fmt: skip

_KIT: Final = (
    r"(?:(?:open|closed|floor|high|low|mid|bass|kick|snare|side|cross|hi|ride|crash|the|a|an) ){0,3}"
    r"(?:kicks?|drums?|snares?|(?:hi-?)?hats?|claps?|rims?|toms?|(?:side|cross)?-?sticks?|crash(?:es)?|rides?|cowbell"
    r"|shaker|tambourine|china|splash|snaps?|congas?|bongos?|percussion|cymbals?|bell)\b"
)
_NUMBER: Final = r"(?:one|two|three|four|five|six|seven|eight)"
_NUMBER_LIST: Final = rf"{_NUMBER}(?:(?:, ?(?:and )?| and | & | to |-){_NUMBER})*"
_DIGITS: Final = {word: str(number) for number, word in enumerate(_NUMBER[3:-1].split("|"), 1)}
_LIST_ENDS: Final = r"(?:$|[,;.!)]|(?:and|but|in|except|from|of|only)\b)"
_BAR_LIST: Final = r"\d(?:(?:, ?(?:and )?| and | & | ?- ?| to )\d)*"
_NOTHING_BUT: Final = r"\b(?:only|just|nothing but)"
_EVENT: Final = rf"(?:(?:big|short|tom|snare) )?(?:{_KIT}|fill)\b"
_PLAIN_ON: Final = r"on [^,;.]{1,60}?"
_EDGE: Final = r"(?:(?:at|in) )?(?:the )?(?:very )?(start|beginning|end)\b"
_GRID: Final = r"(?:quarter|eighth|sixteenth|triplet|8th|16th)"
_SECOND: Final = rf"(?:(?:in|on) )?(?:the )?(?:{_GRID}|every |[1-7][&ea]?\b)[^,;.]{{0,40}}"


def _for_each(found: re.Match[str]) -> str:
    """Name the drum again for the bars that come second."""
    second = re.sub(rf"^(?={_GRID})", "in ", found[3])
    return f"{found[1]} {found[2]}, {found[1]} {second}"


def _in_digits(found: re.Match[str]) -> str:
    return found[1] + re.sub(_NUMBER, lambda word: _DIGITS[word[0]], found[2])


def _one_list(found: re.Match[str]) -> str:
    return re.sub(r", ?(?:and )?", " and ", found[0])


SHORT: Final = tuple(
    (regex(found), instead)
    for found, instead in (
        (rf"\b(on (?:the )?(?:beats? )?)({_NUMBER_LIST})(?= ?{_LIST_ENDS})", _in_digits),
        (rf"\b((?:bars?|beats) )({_NUMBER_LIST})\b", _in_digits),
        (
            rf"(?:^|(?<=, )|(?<=; ))(?:the )?(kick|snare)s? (?:only )?(?=in bars? {_BAR_LIST}(?:$|[,;.]))",
            r"\1 only ",
        ),
        (
            rf"{_NOTHING_BUT} {_KIT}(?:, ?{_KIT})*,? and {_KIT}(?= ?(?:$|[;.!,]|(?:for|in|during)\b))",
            _one_list,
        ),
        (rf"{_NOTHING_BUT} {_KIT}(?:, ?{_KIT})+(?= ?(?:$|[;.!]))", _one_list),
        (rf"\b(no |without )({_KIT}) ({_PLAIN_ON}),? but (?=on (?:the )?(?:beats? )?\d)", r"\1\2 \3, add \2 "),
        (rf"(?<!no )(?<!without )\b({_KIT}) ({_PLAIN_ON}),? (?:but|and) (?:not|never) (?=on\b)", r"\1 \2, no \1 "),
        (
            rf"\b((?:an? )?{_EVENT}) (?:at|in) the (start|beginning|end) (?:and|&) (?:also )?{_EDGE}",
            r"\1 at the \2, \1 at the \3",
        ),
        (rf"\b(at the (?:start|beginning|end)) and (?=(?:an? |the )?{_EVENT})", r"\1, "),
        (
            rf"\b({_KIT}) ([^,;.]{{1,40}}? in bars? {_BAR_LIST})(?:,? and|,)(?: then)? ({_SECOND}? in bars? \d)",
            _for_each,
        ),
        (r"(?<!bar \d),? throughout(?=$|[,;.])", ""),
        (r"\b(?:hi-?)?hats? with the (?:left )?foot\b", "pedal hat"),
        (r"\b(?:ride|riding) (?:on )?the (crash|china|splash)\b", r"no hats, no ride, \1 in quarters"),
        (
            r"\b(?:(?:hit|play|strike|use) )?(?:the |an? )?(crash|china|splash)(?: cymbal)? (?:only|just) once\b",
            r"\1 only in bar 1, exactly 1 \1 per pattern",
        ),
        (r"\bbds?\b|\bkiks?\b", "kick"),
        (r"\bsds?\b", "snare"),
        (r"\bhhs?\b", "hats"),
        (r"\bside-?sticks?\b", "side stick"),
        (r"\bcross-?sticks?\b", "cross stick"),
        (r"\beight[ -]notes?\b", "8th notes"),
        (r"\bsixteen[ -]notes?\b", "16th notes"),
        (r"\bat (?=(?:the )?beats? (?:\d|one|two|three|four))", "on "),
        (r"\bhand percussion\b", "percussion"),
        (r"\b([1-9])(?:\.5| and a half)\b", r"\1&"),
        (r"\bdouble[ -](?:kick|bass)s? (?=(?:in |on )?(?:16|sixteenth|8|eighth))", "kick "),
        (r"\b(?:four|4)[ -](?:on|to)[ -](?:the[ -])?floor\b", "four on the floor"),
        (r"\bhand-?claps?\b", "claps"),
        (r"\b([a-z]{2,}) ?& ?(?=[a-z]{2})", r"\1 and "),
        (r"\bfinger[ -]?snaps?\b", "snap"),
        (r"\brim[ -]?knocks?\b", "rim"),
        (r"\b(?:the )?(?:up|off)[ -]?beat of (?=(?:beat )?\d)", "the and of "),
    )
)
"""What a drummer writes for short, as the other tables have it."""

SPELLINGS: Final = (*SHORT, *(
    (regex(found), instead)
    for found, instead in (
        (r"(?:^|,? )(?:\d{1,2}\)|[-*\u2022]) (?=[a-z])", ", "),  # a list, a wish a line
        ("[\u2019'`\"]", ""), ("[\u2013\u2014]", ", "),
        (r"\b(?:please|pls|plz|thx|thanks|thank you|(?:can|could|would|will) you)\b", ""),
        (r"\b(?:in the mix|together)\b", ""),
        (r"\b(?:eighth|8th)[ -]notes\b", "8ths"),
        (r"\b(crash|china|splash)(?:es)? (?:on |in )?(?:every|each) bar\b", r"\1 on 1"),
        (r"^(?:only|just) ([^,;:]+): ", r"\1 "), (":(?= |$)", " "),
        (r"\b(?:isnt|arent|is not|are not|not) (\w+) enough\b",
         lambda found: _GREATER.get(found[1], f"more {found[1]}")),
        (r"\b(?:i )?(?:cant|cannot|can not|can barely|barely) hear (?:the |my |any )?(\w+)", r"\1 louder"),
        (r"^drag (?=on\b|before\b)", "drags "),
        (r"\bjust (?=(?:on|at)\b)", "only "), (r"\bsnare drag(?= on\b|$)", "snare drags"),
        # One name for each drum.
        (r"\b(?:hi|high)[ -]?hat", "hat"), (r"\bhats? (pedal|foot)", r"\1 hat"), (r"\bfoot hats?\b", "pedal hat"),
        (r"\b(?:side|cross)[ -]?stick(?:s|ing)?\b|\brim[ -]?(?:shot|click)s?\b", "rim"),
        (r"\b(?:bass|kick) ?drums?\b", "kick"), (r"\bsnare drums?\b", "snare"), (r"\bhand claps?\b", "clap"),
        (r"\bghost(?:s|ies|ed)? ?strokes?\b", "ghost notes"), (r"\b(ride|crash|china|splash)(?:es)? cymbals?\b", r"\1"),
        (rf"\b({HITS}) (?:patterns?|parts?|lines?)\b(?= only|$|[,;.!])", r"\1"),
        (rf"\b{_STRUCK} (?:should|must|has to|have to|to) (?=(?:{_FALLS} )?(?:on|at)\b)", r"\1 "),
        # All but some of them.
        (r"\bnothing (?:but|except)\b", "only"),
        (rf"\b(everything|all|anything)(?: else| the drums)? but (?!{_VERB})", r"\1 except "),
        (r"\b(?:except(?:ing)?(?: for)?|apart from|aside from|other than|excluding|besides|save for)\b", "except"),
        (r"\b(?:strip|cut|thin|reduce)(?: it| everything)?(?: back| down)? to (?:just |only )?(?=\D)", "only "),
        (r"\bevery other\b", "every second"), (r"\bon every second beat\b", "on 1 and 3"),
        (rf"\b((?:everything|all) [^,;]+?) but (?=(?:the |my )?{HITS}(?:$|[,;.]))", r"\1 except "),
        # Refusals.
        (r"\b(?:do not|should not|must not|shouldnt|mustnt|no need to)\b", "dont"),
        (r"\bdont (?:play|hit|make|have|want) (.+?) (?:so|too|as|that) (?=\w)", r"\1 not so "),
        (r"\bdont be (?:so|too|as|that) ", "not so "),
        # Places.
        (r"\bfour (?:on|to) the floor(?: kick)?\b", "kick on every beat"), (r"\bkick kick\b", "kick"),
        (rf"\b(?:at|on|to) the {_DOWNBEAT} of (?:every|each) bar\b", "on 1"),
        (rf"\b(?:at|on|to) the {_DOWNBEAT} of (?=(?:bar|the (?:first|last|final))\b)", "on 1 in "),
        (r"\bat the (?:start|beginning|top)\b", "on 1 in bar 1"),
        (r"\b(?:start|begin)(?:s|n?ing)? with (?:a |the )?(\w+)$", r"\1 on 1 in bar 1"),
        (r"\b(?:end|finish)(?:s|ing|es)? with (?:a |the )?(crash|china|splash|kick)$",
         r"\1 on the last beat in the last bar"),
        (rf"{_NO_FILL}\bat (?:the )?(?:very )?end of (?:every|each) bar\b", "on the last beat"),
        (rf"{_NO_FILL}\bat (?:the )?(?:very )?end of (?=(?:bar|the (?:first|last|final))\b)", "on the last beat in "),
        (rf"{_NO_FILL}\bat (?:the )?(?:very )?end$", "on the last beat in the last bar"),
        (rf"\b{_STRUCK} (?:{_FALLS} )(?:at |on )?(?={_BEATS}|every |each |the )", r"\1 on "),
        (rf"\b({_STRUCK}(?: on| at)?(?: beats?)?:? )({_COUNTED_BEATS})(?=$|[,;])",
         lambda found: found[1] + re.sub("|".join(_BEAT_NAMES), lambda word: _BEAT_NAMES[word[0]], found[3])),
        (rf"\b{_STRUCK}:?\s+(?={_BEATS}{_MORE_BEATS}$)", r"\1 on "),
        (r"\b(?:in )?between(?=$|[,;.!])", "on the offbeats"),
        (r"\bon (?:the )?last (8th|16th|eighth|sixteenth)(?:[ -]notes?)?\b", r"on last-\1"),
        (rf"\b{_STRUCK} (every|each) beat\b", r"\1 on every beat"),
        (rf"\b{_STRUCK} backbeats?\b", r"\1 on the backbeat"),
        (rf"(?:^|(?<=, ))(?:on )?({_BEATS}{_MORE_BEATS}) {_STRUCK}(?=$|,)", r"\2 on \1"),
        (r"\b(in )?between (?:the )?beats\b", "on e & a"), (r"\b(?:up|off)[ -]?beats?\b(?! ?\d)", "offbeats"),
        (rf"(?<!on )\b{_TIMEKEEPER} (?:only )?off the beats?\b", r"\1 only on the offbeats"),
        (rf"\boffbeats {_TIMEKEEPER} only\b", r"\1 only on the offbeats"),
        (rf"\b(?:only|just) offbeats {_TIMEKEEPER}", r"\1 only on the offbeats"),
        (rf"\badd (?:some |more |the )?offbeats {_TIMEKEEPER}", r"add \1 on the offbeats"),
        (rf"\btake (.+?) (?:off|out of|away from) {_PLACE}", r"take out \1 on "),
        (r"\btake (.+?) (?:out|away|off)\b", r"take out \1"),
        (r"\b((?:remove|take out|delete|drop|cut|lose) [^,;]+?) from (?=bars? \d+(?:$|[,;.]))", r"\1 in "),
        (rf"\b({HITS}) (\d{{1,2}}) (louder|softer|quieter)\b", r"\1 \3 by \2"),
        (r"\b(?:the |my )?(\w+) (?:drops?|sits?|lays?) out\b", r"drop \1"),
        # Verbs that come in parts, and measures.
        (rf"\b({_PARTED}) ((?:the |my )?\w+) (back|up|down|out|forward)\b", r"\1 \3 \2"),
        (r"\bhalf (?:the |as )?(?:volume|loud|level)\b", "50% softer"), (r"\btwice as loud\b", "100% louder"),
        (r"\bclosed ones\b", "closed hats"),
        (r"\b(open|closed) hats? instead of (open|closed)$", r"\1 hats instead of \2 hats"),
        (r"\b(?:cut|reduce|thin)(?: down| out)? (.+?) (?:in|by) half\b", r"halve \1"),
        (r"\bhalf (?:as many|of the|the (?:number|amount) of|the(?! (?:time|bar|speed)))\b", "halve"),
        (r"\b(?:more )?syncopat(?:ed?|ion)(?: in)?(?: the| my| it)? ?(kick|snare|hats?|$)",
         lambda found: f"more {found[1] or 'kick'} on the offbeats"),
        (r"\b(kick|snare|hats?) (?:to be |be )?more syncopated\b", r"more \1 on the offbeats"),
        (r"\b(?:reduce|decrease|drop) (.+?) (?:volume|level|velocity)\b", r"lower \1"),
        (r"\bincrease (.+?) (?:volume|level|velocity)\b", r"raise \1"), (r"\blimit (.+?) to (\d+)\b", r"\1 at most \2"),
        (r"^(?:make it |let it )?build(?:s|ing)?(?:[ -]?up)?$", "crescendo"),
        (r"\b(more|less) (\w+) than (?:before|now|it is|this)\b", r"\1 \2"),
        (r"\b(\w+er) than (?:before|now|it is|this)\b", r"\1"),
        (r"\bbuild(?:ing)?(?: it)?(?: up)?(?: it)? (?=over|to|into|towards|across)", "crescendo "),
        (r"\b(?:put|slap|throw|stick) (?:an? |some |the )?(\w+) on (?:it|top|there)(?=$|[,;.!])", r"add \1"),
        (r"\b(?:(?:is|are|sounds?|feels?|comes?) )?(?:a (?:bit|little) )?too late(?=$|[,;.!])", "earlier"),
        (r"\b(?:(?:is|are|sounds?|feels?|comes?) )?(?:a (?:bit|little) )?too early(?=$|[,;.!])", "later"),
        (r"\bper ?cent\b", "%"), (r"(\d) %", r"\1%"),
        # Time.
        (r"\b(?:1/32|thirty[ -]second)(?: ?notes?)?\b", "32nd"),
        (rf"\b({'|'.join(COUNTED)}) (?=m(?:s|secs?|illi)|ticks?\b)", lambda found: f"{COUNTED[found[1]]} "),
        (r"(\d) ?(?:ms|msecs?|millis|milliseconds?)\b", r"\1 ms"), (r"\bto the right\b", "later"),
        (r"\bto the left\b", "earlier"), (r"(?<!\S)\+ ?([\d.]+ (?:ms|ticks?))$", r"\1 later"),
        (r"(?<!\S)- ?([\d.]+ (?:ms|ticks?))$", r"\1 earlier"),
    )
))  # fmt: skip

WISHED: Final = tuple(
    (regex(found), instead)
    for found, instead in (
        (
            rf"^(?:(?:{_STEADY}) )?({_NOTE_VALUES})s?(?:[ -]notes?)? (?:on (?:the )?)?({_EVEN}s?)$",
            r"\2 in \1s",
        ),
        (
            rf"^({_EVEN}s?) (?:(?:play(?:s|ing)?|every|{_STEADY}) )*({_NOTE_VALUES})s?(?:[ -]notes?)?$",
            r"\1 in \2s",
        ),
        (r"^end(?:s|ing)? (?:with|in|on) an? ((?:\w+ )?fill)$", r"\1 at the end"),
        (r"^(?:(?:a|drum|big|short|huge|fast|long|crazy) )*fill$", "fill at the end"),
        (r"^(?:play(?:ed|ing)? (?:it )?)?on (?:the )?(rides?|toms?|floor toms?|cowbell)$", r"\1 instead of hats"),
        (r"^rims?(?: snare)?$", "rim instead of snare"),
        (r"^with (?:an? |some )?(?=\S)", "add "),
        (rf"^(?:an? |some |the |(?:a (?:little|bit of|touch of)|lots of) )?({_GUESTS})$", r"add \1"),
        (rf"^(?:the )?({HITS}) (?:not|never) on (.+)$", r"no \1 on \2"),
        (rf"^(?:the )?({HITS}) (louder|softer|quieter) than (?:the )?\w+$", r"\1 \2"),
        (r"^(?:fast|quick) (hats?)$", r"\1 in 16ths"),
        (r"^half[ -]notes? (\w+)$", r"\1 on 1 and 3"),
        (rf"^(\d|one|two|three|four) ({HITS}) (?:per|a|each|every|in (?:each|every)) bar$", r"exactly \1 \2 per bar"),
        (rf"^({HITS}) (\d|one|two|three|four) times (?:per|a|each|every) bar$", r"exactly \2 \1 per bar"),
    )
)
"""How a wish for a new groove speaks of its drums ("with cowbell", "loud snare"), as orders; the last to be tried."""

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
NUMBERS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "second": 2, "third": 3, "fourth": 4,
}  # fmt: skip
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
TYPED: Final = (
    "louder", "softer", "quieter", "busier", "simpler", "harder", "heavier", "lighter", "tighter", "looser", "later",
    "earlier", "swing", "shuffle", "snare", "closed", "offbeats", "cowbell", "crash", "remove", "without", "instead",
)  # fmt: skip
"""Words that are known though a finger slipped: a letter is lacking, or two are in each other's place."""
