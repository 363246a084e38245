"""Rules: what the words themselves say, at no cost. They answer a task before any model is asked.

Pure. Says whether it is sure; where it is not, its answer still stands when nobody else can be asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from router import advice, groove
from router.constraints import holds, read_rule
from router.errors import InvalidRequest
from router.groove import names
from router.kit import spoken_voices
from router.pattern import COMMON_TIME, Meter, Pattern
from router.policy import SURE
from router.regex import regex
from router.request import KNOBS

_INTENTS: Final = (
    ("fill", ("fill",)),
    ("song", ("song", "verse and chorus", "arrangement", "whole track")),
    ("vary", ("vary", "variation", "change it up", "different version")),
    ("refine", ("make it", "less", "more", "remove", "without changing", "fix")),
    ("analyze", ("analyze", "analyse", "listen to", "what is playing", "transcribe")),
)

_RANGES: Final = {"tempo": (20, 300), "bars": (1, 64), **dict.fromkeys(KNOBS, (0, 1))}
_VALUE: Final = regex(
    rf"\b(?P<name>{'|'.join(_RANGES)})\b(?: (?:is|of|at|to))?[ :=]*(?P<value>-?\d+(?:\.\d+)?)(?P<percent> ?%)?"
    r"|(?P<count>-?\b\d+(?:\.\d+)?) ?(?P<unit>bpm|bars?)\b"
)
_NAME: Final = regex(r"\b(genre|style|drummer)[ :=]+(?:is )?([a-z][a-z-]+)")
_FRACTION: Final = regex(r"\b\d{1,2}/\d{1,2}\b")
_ASKED: Final = regex(r"^(?:(?:is|are|does|do|has|have|can|it|there|this|the|groove|pattern|hold|keep)\b\s*)+")
_SPOKEN: Final = regex(r"\b(?:plays?|played|hits?|falls?|comes?|struck)\b")
_RULED: Final = frozenset({
    "intent_classification", "genre_validation", "extraction", "template_selection", "drummer_mapping",
    "parameter_validation",
})  # fmt: skip


def answer(kind: str, payload: Mapping[str, Any]) -> tuple[dict[str, Any], bool] | None:
    """Return (data, whether it is sure) for a task that rules can answer, or None for one they cannot."""
    if kind in {"pattern_analysis", "modification_suggestions", "creative_suggestions", "music_theory", "yes_no"}:
        return _advice(kind, payload)
    if kind == "song_composition" and "song" not in payload:  # `compose` asks with its own form in hand
        return _song(payload)
    if kind not in _RULED:
        return None
    text = str(payload.get("text") or payload.get("prompt") or "")
    words = groove.describe(text)
    sure = float(words["confidence"]) >= SURE
    if kind == "intent_classification":
        intent = next((name for name, signs in _INTENTS if any(sign in text.lower() for sign in signs)), "generate")
        return {"intent": intent, "fits": sure}, sure
    if kind == "genre_validation":
        return _genre(payload, words)
    if kind == "extraction":
        names = {name: words.get(name) or "" for name in ("genre", "style", "meter")}
        return {**names, "tempo": words.get("tempo") or 0, "bars": words.get("bars") or 0, "mood": ""}, sure
    if kind == "template_selection":
        feel = words.get("feel") or {}
        knobs = {name: float(feel.get(name, -1)) for name in ("complexity", "density", "swing", "humanize")}
        names = {name: words.get(name) or "" for name in ("genre", "style", "drummer")}
        return {"fits": sure, **names, **knobs}, sure
    if kind == "drummer_mapping":
        name = words.get("drummer") or ""
        return {"drummer": name, "changes": list(groove.habits(name)) if name else []}, bool(name)
    return _parameters(payload)


def _advice(kind: str, payload: Mapping[str, Any]) -> tuple[dict[str, Any], bool] | None:
    pattern = advice.read(str(payload.get("pattern") or ""))
    text = str(payload.get("text") or payload.get("question") or "")
    if pattern is None:
        return None
    if kind == "yes_no":
        yes = _holds(pattern, _SPOKEN.sub(" ", _ASKED.sub("", text.lower().strip(" ?"))))
        return None if yes is None else ({"yes": yes}, False)
    if kind == "pattern_analysis":
        names = {name: str(payload.get(name) or "") for name in ("genre", "style")}
        return {**advice.character(pattern), **names}, False
    if kind == "music_theory":
        return {"answer": advice.theory(pattern, text, payload.get("swing"))}, False
    if kind == "creative_suggestions":
        return {"suggestions": advice.ideas(pattern)}, False
    return {"suggestions": advice.suggestions(pattern)}, False


def _holds(pattern: Pattern, words: str) -> bool | None:
    """Say whether a rule holds, or whether a drum is played at all; None for words that are neither."""
    rule = read_rule(words)
    if rule is not None:
        return holds(pattern, rule)
    voices, rest = spoken_voices(words)
    if voices and set(rest.split()) <= {"a", "an", "any", "the", "in", "it", "some"}:
        return any(hit.voice in voices for hit in pattern.hits)
    return None


def _song(payload: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return the usual form, as `compose` would play it."""
    from router import form  # noqa: PLC0415  for whole songs only

    text = str(payload.get("text") or "")
    genre = groove.describe(text)["genre"]
    try:
        parts = form.usual(genre, text, COMMON_TIME)
    except InvalidRequest:  # a length that nobody plays
        parts = form.usual(genre, "", COMMON_TIME)
    return {
        "sections": [part.name for part in parts],
        "bars": [part.bars for part in parts],
        "energies": [part.energy for part in parts],
        "directions": ["" for _ in parts],
    }, False


def _genre(payload: Mapping[str, Any], words: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return a genre and style in their own spelling, or the names that are spelt most alike."""
    if words.get("read_as"):
        words = {}  # a slip of the finger is understood where music is asked for; a name to be checked it is not
    genre = str(payload.get("genre") or words.get("genre") or "")
    style = str(payload.get("style") or words.get("style") or "")
    unknown, known = genre or str(payload.get("text") or ""), names.GENRES
    try:
        if genre:
            genre = names.check_genre(genre)
            unknown, known = style, names.CATALOGUE[genre]
        if style:
            genre, style = names.check_style(genre or None, style)
    except InvalidRequest:
        genre = style = ""
    if genre:
        return {"valid": True, "genre": genre, "style": style, "suggestions": []}, True
    return {"valid": False, "genre": "", "style": "", "suggestions": names.nearest(unknown, known)}, False


def _parameters(payload: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    problems = []
    text = str(payload.get("text") or "").lower()
    payload = {**_said(text), **payload}
    for name, (low, high) in _RANGES.items():
        value = payload.get(name)
        if isinstance(value, int | float) and not low <= value <= high:
            problems.append(f"{name} {value:g} is outside {low} to {high}: try {min(high, max(low, value)):g}")
    given = {name: str(payload[name]) for name in ("genre", "style", "drummer") if payload.get(name)}
    for check in (lambda: groove.check_names(**given), lambda: Meter.parse(str(payload.get("meter") or COMMON_TIME))):
        try:
            check()
        except InvalidRequest as error:
            problems.append(str(error))
    read = [name for name in (*_RANGES, "genre", "style", "drummer", "meter") if payload.get(name) is not None]
    return {"valid": not problems, "problems": problems}, bool(read) or not text


def _said(text: str) -> dict[str, Any]:
    """Return the parameters that words give: "tempo 900, 3 bars, swing 60 %, genre funk, 7/8"."""
    out: dict[str, Any] = {}
    for found in _VALUE.finditer(text):
        name = found["name"] or ("tempo" if found["unit"] == "bpm" else "bars")
        out[name] = float(found["value"] or found["count"]) / (100 if found["percent"] else 1)
    out |= {found[1]: found[2] for found in _NAME.finditer(text)}
    return out | ({"meter": meter[0]} if (meter := _FRACTION.search(text)) else {})
