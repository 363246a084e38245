"""A musician's idioms, a line each, as the tables of `router.phrases` have them. How to read a line: `router.sayings`.

Pure data. The order counts: a line reads what the earlier ones left.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from router import groove
from router.kit import DRUM, beside_hats, usual_name
from router.phrases import ENERGY
from router.rhythms import in_steps, in_turn
from router.sayings import rules

_KIT: Final = rf"(?:(?:the|an?) )?(?:{DRUM}|drums?\b)"
_BASE: Final = r"(?:kicks?|snares?|(?:(?:open|closed) )?(?:hi-?)?hats?)\b"
"""What every groove has, so that bars said of it are those where it plays."""
_NUMBER: Final = "(?:one|two|three|four|five|six|seven|eight)"
_ANY_NUMBER: Final = rf"\b(?:(?:twenty|thirty|forty|fifty|sixty)[ -])?(?:{'|'.join(groove.NUMBERS)})\b"
_BEAT: Final = r"(?:beats? )?[1-7](?:[&ea](?![\w%.])|(?![\w%.&])|(?=&\w))"
"""The sign between "1&2" is no part of a beat; were it either, a list of "1& 1& 1&" would be read for ever."""
_GRID: Final = "(?:quarter|eighth|sixteenth|triplet|8th|16th)"
_BARS: Final = r"\d(?:(?:, ?(?:and )?| and | & | ?- ?| to )\d)*"
_WORDS: Final[dict[str, str]] = {
    # Drums.
    "drum": DRUM,
    "kit": _KIT,
    "turns": rf"{DRUM}(?: {DRUM}){{2,15}}",
    "steps": rf"{DRUM}:? \|?[x.-]+(?:[ |]+[x.-]+)* ?\|?",
    "base": rf"{_BASE}(?:(?:,? and |, ){_BASE})*",
    "kits": rf"{_KIT}(?:, ?{_KIT})*(?:,? and {_KIT}|, ?{_KIT}(?! ?,))",
    "keeper": r"(?:(?:open |closed )?hats?|rides?|shakers?|cowbells?)\b",
    "ring": "crash|china|splash",
    "event": rf"(?:an? )?(?:(?:big|short|tom|snare) )?(?:{_KIT}|fill)\b",
    "guest": "cowbell|shaker|tambourine|claps?|congas?|bongos?|timbales?|percussion|rides?|toms?",
    # Places in the bar, and bars.
    "at": "on (?:the |beats? )*[1-7][&ea]?(?:(?:,|,? and| &) ?[1-7][&ea]?)*",
    "beats": rf"{_BEAT}(?:(?:,|,? ?and|,? ?&|,? ?\+)? ?{_BEAT}){{0,31}}",
    "onbeat": "on (?:the )?(?:beats? )?",
    "on": "on [^,;.]{1,60}?",
    "edge": "start|beginning|end",
    "bars": _BARS,
    "within": rf"[^,;.]{{1,40}}? in bars? {_BARS}",
    "grids": rf"{_GRID}[^,;.]{{0,40}}? in bars? \d",
    "elsewhere": rf"(?:(?:in|on) )?(?:the )?(?:{_GRID}|every |[1-7][&ea]?\b)[^,;.]{{0,40}}? in bars? \d",
    "begins": "^|(?<=[,;] )|(?<=(?<!fill )with )",
    "opens": r"^|(?<=[,;.] )|(?<=(?<!fill )with )|(?<=and )|(?<=but )",
    "place": r"(?:the |beats? )?(?:\d|(?:and|e|a|last|first|one|two|three|four)\b|(?:back|off|down|up)beat)",
    "downbeat": "top|start|beginning|downbeat|one|1",
    "unfilled": "(?<!fill )(?<!roll )(?<!crescendo )",
    # Numbers and note values.
    "numbers": rf"{_NUMBER}(?:(?:, ?(?:and )?| and | & | to |-| ){_NUMBER})*",
    "number": _ANY_NUMBER,
    "value": "8th|eighth|16th|sixteenth",
    "grid": "8th|eighth|16th|sixteenth|quarter|triplet",
    "n": r"\d|one|two|three|four",
    # Acts and other words.
    "the": "(?:(?:the|an?|my|some|any) )?",
    "just": "only|just",
    "also": "(?:and|&)(?: also)?",
    "falls": (
        "(?:hits?|hitting|strokes?|plays?|playing|falls?|falling|lands?|landing|comes?|goes|sits?|is|are|stays?|pattern)"
    ),
    "parted": "bring|pull|strip|build|fill|tone|dial|cut|thin|beef|crank|even|tighten",
    "verb": r"(?:dont|drop|lose|remove|mute|no|make|add|put|play|take|turn|keep|leave|with|more|less|a bit)\b",
    "energy": ENERGY,
    "one": r"\w+",
    "what": ".+?",
}
_GREATER: Final = {
    "loud": "louder", "quiet": "quieter", "soft": "softer", "busy": "busier", "hard": "harder", "tight": "tighter",
    "loose": "looser", "simple": "simpler",
}  # fmt: skip
_CHANGES: Final[dict[str, Callable[[str], str]]] = {
    "digits": lambda words: re.sub(_ANY_NUMBER, lambda one: str(groove.number(one[0])), words),
    "joined": lambda words: re.sub(r", ?(?:and )?", " and ", words),
    "usual": usual_name,
    "turns": in_turn,
    "steps": in_steps,
    "beside": beside_hats,
    "greater": lambda word: _GREATER.get(word, f"more {word}"),
}

SHORT: Final = rules(
    r"""
    # Figures for numbers in lists, and one list of drums after "only".
    {onbeat}{numbers}(?= ?($|[,;.!)]|(and|but|in|except|from|of|only)\b)) => {onbeat}{numbers:digits}
    {lead=bars?|beats} {numbers} => {lead} {numbers:digits}
    {lead=in bars?} {bars} and(?= {the}{drum} (on|every) ) => {lead} {bars},
    {drum} {lead=in bars?} {bars} only(?= ?($|[,;.])) => {drum} only {lead} {bars}
    {begins}{the}{base}( only)?(?= in bars? {bars}($|[,;.])) => {base} only
    {one=only|just|nothing but} {kits}(?= ?($|[;.!,]|(for|in|during)\b)) => {one} {kits:joined}
    # Rhythms: one drum after the other, and grids of strokes and rests.
    {opens}{turns}(?=$|[,;.]| please\b| (and|with) (?![^,;.]* in bars? )) => {turns:turns}
    (?<=[x.|-])( and| with)? {drum}(?=:? \|?[x.-]+(?!\w)) => , {drum}
    {steps}(?=$|[ ,;]) => {steps:steps}
    (?<=[x-]{3}) (?!(and|with|in|on|only|from|for|until|except|bars?)\b)(?=\w) => ,_
    # To a drummer the hats are cymbals, but where they are named.
    (don'?t (play|use|hit)|leave out) (any |the )?cymbals => no cymbals
    {one=no|without} (any )?cymbals but(?= {the}{drum}($|[,;.])) => {one} cymbals except
    (?<=cymbals) (?=(only|just) {the}{drum}) => ,_
    ^{all=.*\bcymbals\b.*}$ => {all:beside}
    # Each half of a clause gets its drum.
    {one=no|without} {kit} {on},? but(?= on {the}(beats? )?\d) => {one} {kit} {on}, add {kit}
    (?<!no )(?<!without )\b{kit} {on},? (but|and) (not|never)(?= on\b) => {kit} {on}, no {kit}
    {event} (at|in) the {edge} {also} (at |in )?{the}(very )?{edge2} => {event} at the {edge}, {event} at the {edge2}
    at the {edge} and(?= {the}{event}) => at the {edge},
    {kit} {within}(,? and|,)( then)? {grids} => {kit} {within}, {kit} in {grids}
    {kit} {within}(,? and|,)( then)? {elsewhere} => {kit} {within}, {kit} {elsewhere}
    # What a drummer writes for short.
    (?<!bar \d),? throughout(?=$|[,;.]) =>
    (hi-?)?hats? with the (left )?foot => pedal hat
    (ride|riding) (on )?the {ring} => no hats, no ride, {ring} in quarters
    (hit |play |strike |use )?{the}{ring}( cymbal)? {just} once => {ring} only in bar 1, exactly 1 {ring} per pattern
    eight[ -]notes? => 8th notes
    sixteen[ -]notes? => 16th notes
    at(?= {the}beats? (\d|one|two|three|four)) => on
    {one=[1-9]}(\.5| and a half) => {one}&
    double[ -](kick|bass)s?(?= (in |on )?(16|sixteenth|8|eighth)) => kick
    (four|4)[ -](on|to)[ -](the[ -])?floor => four on the floor
    (?<=[a-z][a-z]) ?& ?(?=[a-z][a-z]) => _and_
    {the}(up|off)[ -]?beat of(?= (beat )?\d) => the and of
    """,
    _WORDS,
    _CHANGES,
)
"""For wishes and changes alike."""

SPELLINGS: Final = rules(
    r"""
    # A list, a wish a line; signs; what is said for politeness.
    (^|,? )(\d{1,2}\)|[-*\u2022])(?= [a-z]) => ,
    [\u2019'`"] =>
    [\u2013\u2014] => ,_
    (please|pls|plz|thx|thanks|thank you|(can|could|would|will) you) =>
    (in the mix|together) =>
    (eighth|8th)[ -]notes => 8ths
    {ring}(es)? (on |in )?(every|each) bar => {ring} on 1
    ^{just} {what=[^,;:]+}: => {what}_
    :(?= |$) => _
    (isnt|arent|is not|are not|not) {one} enough => {one:greater}
    (i )?(cant|cannot|can not|can barely|barely) hear {the}{one} => {one} louder
    ^drag(?= (on\b|before\b)) => drags
    just(?= (on|at)\b) => only
    snare drag(?= on\b|$) => snare drags
    # One name for each drum.
    {drum} => {drum:usual}
    ghost(s|ies|ed)? ?strokes? => ghost notes
    {drum} (patterns?|parts?|lines?)\b(?= only|$|[,;.!]) => {drum}
    {drum} (should|must|has to|have to|to)(?= ({falls} )?(on|at)\b) => {drum}
    # All but some of them.
    nothing (but|except) => only
    {one=everything|all|anything}( else| the drums)? but (?!{verb}) => {one} except_
    (except(ing)?( for)?|apart from|aside from|other than|excluding|besides|save for) => except
    (strip|cut|thin|reduce)( it| everything)?( back| down)? to (just |only )?(?=\D) => only_
    every other => every second
    on every second beat => on 1 and 3
    {what=(?:everything|all) [^,;]+?} but(?= {the}{drum}($|[,;.])) => {what} except
    # Refusals.
    (do not|should not|must not|shouldnt|mustnt|no need to) => dont
    dont (play|hit|make|have|want) {what} (so|too|as|that)(?= \w) => {what} not so
    dont be (so|too|as|that)(?= ) => not so
    # Places.
    four (on|to) the floor( kick)? => kick on every beat
    kick kick => kick
    (at|on|to) the {downbeat} of (every|each) bar => on 1
    (at|on|to) the {downbeat} of(?= (bar|the (first|last|final))\b) => on 1 in
    at the (start|beginning|top) => on 1 in bar 1
    (start|begin)(s|n?ing)? with {the}{one}$ => {one} on 1 in bar 1
    (end|finish)(s|ing|es)? with {the}{one=crash|china|splash|kick}$ => {one} on the last beat in the last bar
    {unfilled}\bat {the}(very )?end of (every|each) bar => on the last beat
    {unfilled}\bat {the}(very )?end of(?= (bar|the (first|last|final))\b) => on the last beat in
    {unfilled}\bat {the}(very )?end$ => on the last beat in the last bar
    {drum} {falls} (at |on )?(?={beats}|every |each |the ) => {drum} on_
    {drum}{lead=(?: on| at)?(?: beats?)?:? }{numbers}(?=$|[,;]) => {drum}{lead}{numbers:digits}
    {drum}:?\s+(?={beats}$) => {drum} on_
    (in )?between(?=$|[,;.!]) => on the offbeats
    on {the}last {value}([ -]notes?)? => on last-{value}
    {drum} (every|each) beat => {drum} on every beat
    {drum} backbeats? => {drum} on the backbeat
    (^|(?<=, ))(on )?{beats} {drum}(?=$|,) => {drum} on {beats}
    (in )?between {the}beats => on e & a
    (up|off)[ -]?beats?\b(?! ?\d) => offbeats
    (?<!on )\b{keeper} (only )?off the beats? => {keeper} only on the offbeats
    offbeats {keeper} only => {keeper} only on the offbeats
    {just} offbeats {keeper} => {keeper} only on the offbeats
    add (some |more |the )?offbeats {keeper} => add {keeper} on the offbeats
    take {what} (off|out of|away from) (?={place}) => take out {what} on_
    take {what} (out|away|off) => take out {what}
    {what=(?:remove|take out|delete|drop|cut|lose) [^,;]+?} from(?= bars? \d+($|[,;.])) => {what} in
    {drum} {n=\d\d?} {way=louder|softer|quieter} => {drum} {way} by {n}
    {the}{one} (drops?|sits?|lays?) out => drop {one}
    # Verbs that come in parts, and measures.
    {parted} {what=(?:the |my )?\w+} {way=back|up|down|out|forward} => {parted} {way} {what}
    half (the |as )?(volume|loud|level) => 50% softer
    twice as loud => 100% louder
    closed ones => closed hats
    {one=open|closed} hats? instead of {one2=open|closed}$ => {one} hats instead of {one2} hats
    (cut|reduce|thin)( down| out)? {what} (in|by) half => halve {what}
    half (as many|of the|the (number|amount) of|the(?! (time|bar|speed))) => halve
    (more )?syncopat(ed?|ion)( in)?( the| my| it)? {one=kick|snare|hats?} => more {one} on the offbeats
    (more )?syncopat(ed?|ion)( in)?( the| my| it)?(?= ?$) => more kick on the offbeats
    (reduce|decrease|drop) {what} (volume|level|velocity) => lower {what}
    increase {what} (volume|level|velocity) => raise {what}
    limit {what} to {n=\d+} => {what} at most {n}
    ^(make it |let it )?build(s|ing)?([ -]?up)?$ => crescendo
    {way=more|less} {one} than (before|now|it is|this) => {way} {one}
    {one=\w+er} than (before|now|it is|this) => {one}
    build(ing)?( it)?( up)?( it)?(?= (over|to|into|towards|across)) => crescendo
    (in)?to the (next )?(intro|verse|pre-?chorus|chorus|bridge|breakdown|drop|solo|outro)$ => at the end
    (put|slap|throw|stick) {the}{one} on (it|top|there)(?=$|[,;.!]) => add {one}
    ((is|are|sounds?|feels?|comes?) )?(a (bit|little) )?too late(?=$|[,;.!]) => earlier
    ((is|are|sounds?|feels?|comes?) )?(a (bit|little) )?too early(?=$|[,;.!]) => later
    per ?cent => %
    (?<=\d) % => %
    # Time.
    (1/32|thirty[ -]second)( ?notes?)? => 32nd
    {number}(?= (m(s|secs?|illi)|ticks?\b)) => {number:digits}
    (?<=\d) ?(ms|msecs?|millis|milliseconds?) => _ms
    to the right => later
    to the left => earlier
    (?<!\S)\+ ?{what=[\d.]+ (?:ms|ticks?)}$ => {what} later
    (?<!\S)- ?{what=[\d.]+ (?:ms|ticks?)}$ => {what} earlier
    """,
    _WORDS,
    _CHANGES,
)
"""For changes, after the short ones: one spelling for each thing that `router.orders` reads."""

WISHED: Final = rules(
    r"""
    ^((steady|straight|constant|driving) )?{grid}s?([ -]notes?)? (on {the})?{drum}$ => {drum} in {grid}s
    ^end(s|ing)? (with|in|on) an? {what=(?:\w+ )?fill}$ => {what} at the end
    ^((a|drum|big|short|huge|fast|long|crazy) )*fill$ => fill at the end
    ^(play(ed|ing)? (it )?)?on {the}{one=rides?|toms?|floor toms?|cowbell}$ => {one} instead of hats
    ^rims?( snare)?$ => rim instead of snare
    ^with (an? |some )?(?=\S) => add_
    ^(an? |some |the |(a (little|bit of|touch of)|lots of) )?{guest}$ => add {guest}
    ^{the}{drum} (not|never) on {what=.+}$ => no {drum} on {what}
    ^{the}{drum} {way=louder|softer|quieter} than {the}\w+$ => {drum} {way}
    ^(fast|quick) {one=hats?}$ => {one} in 16ths
    ^half[ -]notes? {one}$ => {one} on 1 and 3
    ^{n} {drum} (per|a|each|every|in (each|every)) bar$ => exactly {n} {drum} per bar
    ^{drum} {n} times (per|a|each|every) bar$ => exactly {n} {drum} per bar
    """,
    _WORDS,
    _CHANGES,
)
"""For clauses of a wish that speak of a drum ("with cowbell", "loud snare"), the last to be tried."""

OF_GROOVES: Final = rules(
    r"""
    ,? ?(and |but )?(plus|also) (on |at )(?=the |\d) => _and_
    (plus|also) => , add
    four on the floor( kick)? => , kick on every beat,
    [ ]/[ ] => ,_
    {one=(?:hi-?)?hats?} {way=open|closed}(?=$|[,;.]| (in|for|during) {the}[a-z]) => {way} {one}
    {drum} (in )?{way=swung|straight|shuffled} {value}s? => {drum} in {value}s, {way}
    (^|(?<=, ))(with |in |steady |driving )*{value}s?([ -]notes?)?(?=$|[,;.]) => hats in {value}s
    fill with (the |a )?{drum} and {the}{drum2} => fill
    fill with (the |a )?{drum} => {drum} fill
    {what= (?:on|at) [^,;]*?(?:[\d&]|quarters|\dths|eighths|sixteenths|beats?)} (?={drum} (on|at|in)\b) => {what},_
    {drum} (doubled|layered|reinforced) (with|by) {the}{drum2} => layer {drum} over {drum2}
    (just|only) {the}{what=[a-z]+(?: [a-z]+)?} on(?= (the |beats? |every |\d)) => {what} only on
    (end|finish)(s|es|ing)? (with|on) {the}{ring} => , {ring} at the end
    (start|begin|open)(s|n?ing)? with {the}{what=(?:\w+ )?fill} => , {what} in bar 1
    (everything|all( drums)?|anything) (but|except) {the} => no_
    {the}({energy}|big|fat|punchy|huge|accented) {drum} {at}(?![\w/]) => , add {drum} {at}, louder {drum} {at},
    """,
    _WORDS,
    _CHANGES,
)
"""For wishes: how a whole groove is asked for in words that changes have others for."""
