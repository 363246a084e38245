"""Quality without a judge: does an answer parse, hold what was asked, and can two hands play it.

Pure. Strict about metre, bars and an answer's end; tolerant about spelling. A complaint is worded so that it can be
sent back to the model as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from router import groove, objects
from router.constraints import hold
from router.errors import InvalidRequest, Unusable
from router.notation import Reader
from router.pattern import MAX_BARS, Pattern
from router.request import GrooveRequest
from router.score import Score
from router.tasks import CHOICE_FIELDS

_GARBLED_SHARE: Final = 0.2
"""Above one unknown symbol in five strokes the text is not what we think it is."""


class Judged(NamedTuple):
    """An answer that may be played, and what was done to it."""

    pattern: Pattern
    mends: tuple[str, ...]


def judge(score: Score, text: str, request: GrooveRequest, maker: str) -> Callable[[], Judged]:
    """Judge a whole answer, mended where two hands or a rule need it; what comes back makes it sound.

    Nothing of that can fail any more, and it is most of the work: the bill of a good answer is written meanwhile.

    Args:
        score: What the reader made of the answer.
        text: The answer itself, for patterns that came as JSON.
        request: What was asked.
        maker: Who wrote it, for `meta`.

    Raises:
        Unusable: If it does not hold what was asked; the message says what, for the model's second try.
    """
    meta = _meta(score, request, maker)
    made: list[str] = []
    pattern = None if score.bars else _from_json(text, request, meta, made)
    if pattern is None:
        pattern = _from_score(score, request, meta)
    if pattern.bars != request.bars:
        raise Unusable(f"{pattern.bars} bars came, exactly {request.bars} were asked")
    if str(pattern.meter) != str(request.meter):
        raise Unusable(f"the metre is {pattern.meter}, {request.meter} was asked")
    strokes = len(pattern.hits)
    if not strokes:
        raise Unusable("there is no stroke in it")
    mends = [*(str(mend) for mend in score.mends), *made]
    unknown = sum(mend.code == "unknown-symbol" for mend in score.mends)
    if unknown > max(2, strokes * _GARBLED_SHARE):
        raise Unusable(f"{unknown} symbols are unknown")
    short = sum(mend.code in {"short-bar", "short-beat"} for mend in score.mends)
    if short > 2 * request.bars:
        raise Unusable(f"{short} beats have too few cells")
    pattern = _dense_enough(pattern, request, mends)
    pattern, repairs = groove.repair(pattern, tempo=request.tempo)
    mends += repairs

    def worn() -> Judged:
        return rules(groove.wear(pattern, request), request, mends, strict=True)

    if not request.constraints:
        return worn
    judged = worn()  # a rule is held by what sounds
    return lambda: judged


def rules(pattern: Pattern, request: GrooveRequest, mends: list[str], *, strict: bool) -> Judged:
    """Hold the request's constraints; a broken one is a complaint when `strict`, else it is reported.

    Raises:
        Unusable: If a constraint cannot be held and `strict` is set.
    """
    if request.constraints:
        verdict = hold(pattern, request.constraints, request.prompt)
        if verdict.broken and strict:
            raise Unusable("; ".join(verdict.broken))
        mends += [*verdict.mends, *verdict.broken, *verdict.unchecked]
        pattern = verdict.pattern
    if mends:
        pattern = replace(pattern, meta={**pattern.meta, "mends": mends[:50]}, id="")
    return Judged(pattern, tuple(mends))


def draft(score: Score, request: GrooveRequest) -> Pattern:
    """Return the bars that are whole so far as a pattern that can sound while the rest is written."""
    pattern = score.pattern(tempo=request.tempo, name=_name(request), meta={"draft": True, "bars_asked": request.bars})
    pattern, _ = groove.repair(pattern, tempo=request.tempo)
    return pattern


def reader(request: GrooveRequest) -> Reader:
    """Return a reader for an answer to a request."""
    return Reader(request.meter, request.bars)


def choice(text: str, request: GrooveRequest) -> tuple[bool, GrooveRequest]:
    """Read a choice of presets: whether it fits, and the request with what was chosen where the musician left it open.

    Raises:
        Unusable: If the text holds no JSON object, or nothing in it is known to the drummer.
    """
    data = json_object(text)
    names: dict[str, Any] = {}
    for name in ("genre", "style", "drummer"):
        value = data.get(name)
        if isinstance(value, str) and value.strip() and getattr(request, name) is None:
            names[name] = value.strip().lower()
    known = _known(names, request)
    if not known and names:
        raise Unusable("no genre, style or drummer of the choice is known")
    for name in ("complexity", "density", "swing", "humanize"):
        share = _share(data.get(name))
        if getattr(request, name) is None and share is not None:
            known[name] = share
    if not any(name in data for name in CHOICE_FIELDS):
        raise Unusable("the JSON object chooses nothing")
    return data.get("fits") is not False, replace(request, **known)


def json_object(text: str) -> dict[str, Any]:
    """Return the first JSON object in an answer, prose and fences around it ignored.

    Raises:
        Unusable: If there is none.
    """
    decoder = json.JSONDecoder()
    start = text.find("{")
    for _ in range(20):
        if start < 0:
            break
        try:
            found, _ = decoder.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError):
            start = text.find("{", start + 1)
            continue
        if isinstance(found, dict):
            return found
        start = text.find("{", start + 1)
    raise Unusable("there is no whole JSON object in it")


def _known(names: Mapping[str, Any], request: GrooveRequest) -> dict[str, Any]:
    """Keep what the drummer knows: a style goes with its genre or not at all."""
    kept: dict[str, Any] = {}
    for name in ("genre", "style", "drummer"):
        if name not in names:
            continue
        trial = {"genre": kept.get("genre") or request.genre, name: names[name]}
        try:
            groove.check_names(**trial)
        except InvalidRequest:
            continue
        kept[name] = names[name]
    return kept


def _share(value: Any) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if good else None


def _from_score(score: Score, request: GrooveRequest, meta: Mapping[str, Any]) -> Pattern:
    if score.other_meters:
        raise Unusable(f"the metre is {score.other_meters[0]}, {request.meter} was asked")
    if not score.bars:
        raise Unusable("no bar of drums could be read")
    if len(score.bars) > MAX_BARS:
        raise Unusable(f"more than {MAX_BARS} bars came")
    return score.pattern(tempo=request.tempo, name=_name(request), meta=meta)


def _from_json(text: str, request: GrooveRequest, meta: Mapping[str, Any], made: list[str]) -> Pattern | None:
    """Read a pattern that came as JSON, which some models prefer to write: strokes, or bar lines inside of it."""
    if '"' not in text:
        return None
    try:
        value = objects.first_value(text)
    except Unusable:
        if '"hits"' in text:
            raise
        return None
    data = objects.hits_in(value)
    if data is None:
        inner = reader(request)
        inner.feed(objects.lines_in(value))
        score = inner.close()
        made += [str(mend) for mend in score.mends]
        return _from_score(score, request, meta) if score.bars else None
    whole, mends = objects.mended(data, bars=request.bars, bar_ticks=request.meter.bar_ticks)
    made += mends
    try:
        pattern = Pattern.from_dict({"meter": str(request.meter), **whole, "id": "", "name": "", "meta": {}})
    except (InvalidRequest, TypeError, ValueError) as flaw:
        raise Unusable(f"the JSON is no pattern: {flaw}") from None
    return replace(pattern, name=_name(request), tempo=request.tempo, meta=meta)


def _dense_enough(pattern: Pattern, request: GrooveRequest, mends: list[str]) -> Pattern:
    """Hold an asked density: thin what is too full, refuse what is far too empty."""
    if request.density is None:
        return pattern
    quarters = pattern.ticks / 960
    per_quarter = len(pattern.hits) / quarters
    if request.density >= 0.75 and per_quarter < 1.5:
        raise Unusable(f"{per_quarter:.1f} strokes a beat is too sparse for density {request.density:g}")
    most = 1.5 + 9 * request.density
    if per_quarter > most:
        mends.append(f"thinned from {per_quarter:.1f} strokes a beat to hold density {request.density:g}")
        return groove.thin(pattern, density=0.5 * most / per_quarter)
    return pattern


def _meta(score: Score, request: GrooveRequest, maker: str) -> dict[str, Any]:
    meta: dict[str, Any] = {"generator": maker, "seed": request.seed}
    for name in ("genre", "style", "drummer", "section"):
        value = getattr(request, name)
        if value is not None:
            meta[name] = value
    percent, _, of = score.feel.get("swing", "").partition("@")
    try:
        share = (float(percent) - 50) / 25
    except ValueError:
        return meta
    if 0 <= share <= 1:
        meta["swing"] = round(share, 3)
        if of == "16":
            meta["swing_of"] = 16
    return meta


def _name(request: GrooveRequest) -> str:
    words = request.prompt.strip() or " ".join(filter(None, (request.style, request.genre))) or "groove"
    return " ".join(words.split())[:60]
