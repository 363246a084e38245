"""Turns a request into a decision: every name found, every knob a number, before a note is drawn. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from router.groove.drummers import Drummer, find_drummer
from router.groove.lanes import Style
from router.groove.library import find_style, genre_styles
from router.groove.names import check_drummer, check_genre, check_style
from router.groove.noise import stream
from router.groove.words import describe
from router.pattern import COMMON_TIME, MAX_BARS, Meter
from router.request import GrooveRequest


@dataclass(frozen=True, slots=True)
class Choice:
    """What will be played: the request with nothing left open."""

    style: Style
    second: Style | None
    share: float
    drummer_name: str | None
    drummer: Drummer
    section: str | None
    meter: Meter
    bars: int
    tempo: float
    complexity: float
    density: float
    swing: float
    sixteenths: bool
    humanize: float
    energy: float
    ghosts: float
    seed: int
    time: str
    polyrhythm: tuple[int, int] | None
    evolve: bool


def _pick_style(genre: str, meter: Meter, seed: int, tempo: float) -> Style:
    """Choose a style by weight; one that has the metre of its own, and fits the tempo, comes up more often."""
    styles = genre_styles(genre)
    weights = []
    for style in styles:
        weight = style.weight
        native = any(groove.meter.beats == meter.beats for groove in style.grooves)
        if not native and meter == COMMON_TIME:
            weight = 0.0
        elif native and meter != COMMON_TIME:
            weight *= 6
        low, high = style.tempo
        if not low * 0.9 <= tempo <= high * 1.1:
            weight *= 0.4
        weights.append(weight)
    return stream(seed, "style", genre).choices(styles, weights)[0]


def _meter(request: GrooveRequest, words: dict[str, Any]) -> Meter:
    if request.meter != COMMON_TIME or words["meter"] is None:
        if (
            words["groups"]
            and not request.meter.groups
            and sum(map(int, words["groups"].split("+"))) == request.meter.numerator
        ):
            return Meter.parse(str(request.meter), words["groups"])
        return request.meter
    fits = words["groups"] and sum(map(int, words["groups"].split("+"))) == int(words["meter"].split("/")[0])
    return Meter.parse(words["meter"], words["groups"] if fits else "")


def resolve(request: GrooveRequest) -> Choice:
    """Decide everything: fields win over words, words over the style's own, and chance has the rest.

    Raises:
        InvalidRequest: If a field names a genre, style or drummer that is not known.
    """
    words = describe(request.prompt)
    feel = words["feel"]
    genre = check_genre(request.genre) if request.genre else words["genre"]
    style_name = request.style
    if style_name is not None:
        genre, style_name = check_style(genre, style_name)
    elif words["style"] and (genre is None or words["genre"] == genre):
        genre, style_name = words["genre"], words["style"]
    drummer_name = check_drummer(request.drummer) if request.drummer else words["drummer"]
    genre = genre or "rock"
    meter = _meter(request, words)
    style = find_style(genre, style_name) if style_name else _pick_style(genre, meter, request.seed, request.tempo)
    second, share = None, 0.0
    if len(words["blend"]) > 1 and not request.genre:
        total = sum(part for _, part in words["blend"])
        other, share = words["blend"][1][0], words["blend"][1][1] / total
        second = _pick_style(other, meter, request.seed, request.tempo)

    def knob(name: str, own: float) -> float:
        value = getattr(request, name)
        return float(feel.get(name, own) if value is None else value)

    return Choice(
        style=style,
        second=second,
        share=share,
        drummer_name=drummer_name,
        drummer=find_drummer(drummer_name),
        section=request.section or words["section"],
        meter=meter,
        bars=min(MAX_BARS, words["bars"]) if request.bars == 2 and words["bars"] else request.bars,
        tempo=float(request.tempo),
        complexity=knob("complexity", 0.5),
        density=knob("density", 0.5),
        swing=knob("swing", style.swing),
        sixteenths=style.sixteenths,
        humanize=knob("humanize", 0.5),
        energy=feel.get("energy", 0.5),
        ghosts=feel.get("ghosts", 1.0),
        seed=request.seed,
        time=words["time"],
        polyrhythm=words["polyrhythm"],
        evolve=words["evolve"],
    )
