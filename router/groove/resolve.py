"""Turns a request into a decision: every name found, every knob a number, before a note is drawn. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from router.groove.drummers import Drummer, find_drummer
from router.groove.lanes import Groove
from router.groove.library import find_style, genre_styles
from router.groove.names import check_drummer, check_genre, check_style
from router.groove.noise import spread_out
from router.groove.sheets import Entry, Style
from router.groove.words import describe
from router.pattern import COMMON_TIME, MAX_BARS, Meter
from router.request import GrooveRequest


@dataclass(frozen=True, slots=True)
class Choice:
    """What will be played: the request with nothing left open."""

    style: Style
    groove: Groove
    second: tuple[Style, Groove] | None
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


def _pick(styles: Sequence[Style], meter: Meter, seed: int, tempo: float) -> tuple[Style, Entry]:
    """Choose a groove by weight; one in the metre asked for, and near the tempo, comes up more often."""
    pool = [(style, groove) for style in styles for groove in style.grooves]
    beats = meter.beats
    native = [pair for pair in pool if pair[1].meter.beats == beats]
    if native and (meter == COMMON_TIME or len(styles) == 1):
        pool = native
    weights = []
    for style, groove in pool:
        weight = groove.weight
        own = groove.tempo
        if own:
            weight *= 1 / (1 + (abs(tempo - own) / own * 3) ** 2)
        elif not style.tempo[0] * 0.9 <= tempo <= style.tempo[1] * 1.1:
            weight *= 0.4
        if meter != COMMON_TIME:
            weight *= 6 if groove.meter.beats == beats else 0.2 if groove.meter != COMMON_TIME else 1
        weights.append(weight)
    at = spread_out(seed, 0) * sum(weights)
    for pair, weight in zip(pool, weights, strict=True):
        at -= weight
        if at < 0:
            return pair
    return pool[-1]


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
    styles = (find_style(genre, style_name),) if style_name else genre_styles(genre)
    style, entry = _pick(styles, meter, request.seed, request.tempo)
    groove = entry.read()
    second, share = None, 0.0
    if len(words["blend"]) > 1 and not request.genre:
        total = sum(part for _, part in words["blend"])
        other, share = words["blend"][1][0], words["blend"][1][1] / total
        other_style, other_entry = _pick(genre_styles(other), meter, request.seed, request.tempo)
        second = other_style, other_entry.read()

    own_swing, sixteenths = style.swing, style.sixteenths
    if "takes" in groove.options:
        sixteenths = "swing16" in groove.options
        own_swing = groove.number("swing16" if sixteenths else "swing", 0)

    def knob(name: str, own: float) -> float:
        value = getattr(request, name)
        return float(feel.get(name, own) if value is None else value)

    return Choice(
        style=style,
        groove=groove,
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
        swing=knob("swing", own_swing),
        sixteenths=sixteenths,
        humanize=knob("humanize", 0.5),
        energy=feel.get("energy", 0.5),
        ghosts=feel.get("ghosts", 1.0),
        seed=request.seed,
        time=words["time"],
        polyrhythm=words["polyrhythm"],
        evolve=words["evolve"],
    )
