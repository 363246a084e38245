"""Turns a request into a decision: every name found, every knob a number, before a note is drawn. Pure."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from router.groove.drummers import Drummer, find_drummer
from router.groove.lanes import Groove
from router.groove.library import find_style, genre_styles
from router.groove.names import check_drummer, check_genre, check_style
from router.groove.noise import spread_out
from router.groove.sheets import Entry, Style
from router.groove.words import describe
from router.pattern import COMMON_TIME, MAX_BARS, Meter
from router.request import GrooveRequest

TEMPO_PULL: Final = 3.0
NAMED_SHARE: Final = 0.6


class Lent(NamedTuple):
    """A style that is blended in: with which share of what is there by then, and of the whole."""

    style: Style
    groove: Groove
    share: float
    of_all: float


class Choice(NamedTuple):
    """What will be played: the request with nothing left open."""

    style: Style
    groove: Groove
    others: tuple[Lent, ...]
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
    intensity: float
    variation: float
    fill_amount: float
    lean: float
    ghosts: float
    hat_openness: float | None
    seed: int
    time: str
    polyrhythm: tuple[int, int] | None
    evolve: bool
    late: bool


@lru_cache(maxsize=256)
def _pool(genre: str, style: str | None, meter: Meter) -> tuple[tuple[Style, Entry, float], ...]:
    """The grooves a request may get, each with a weight; those written in its metre come first."""
    styles = (find_style(genre, style),) if style else genre_styles(genre)
    beats = meter.beats
    pool = [(s, g, g.meter == meter or g.meter.beats == beats) for s in styles for g in s.grooves]
    if any(native for _, _, native in pool) and (meter == COMMON_TIME or style):
        pool = [row for row in pool if row[2]]
    if style:
        # Asked for by name, a style is first of all what its name says; what was fitted to it is its dialects.
        written = sum(g.weight for _, g, _ in pool if not g.tempo) or 1.0
        fitted = sum(g.weight for _, g, _ in pool if g.tempo) or 1.0
        share = {True: (1 - NAMED_SHARE) / fitted, False: NAMED_SHARE / written}
        pool = [(s, replace(g, weight=g.weight * share[g.tempo > 0]), native) for s, g, native in pool]
    if meter == COMMON_TIME:
        return tuple((s, g, g.weight) for s, g, _ in pool)
    # A waltz asked for as 7/8 is further from home than a rock beat is.
    return tuple((s, g, g.weight * (6 if native else 1 if g.meter == COMMON_TIME else 0.2)) for s, g, native in pool)


def _pick(genre: str, style: str | None, meter: Meter, seed: int, tempo: float) -> tuple[Style, Entry]:
    """Choose a groove by weight; one that was played near the tempo comes up more often."""
    pool = _pool(genre, style, meter)
    weights = []
    for home, entry, weight in pool:
        if entry.tempo:
            away = (tempo / entry.tempo - 1) * TEMPO_PULL
            weights.append(weight / (1 + away * away))
        else:
            weights.append(weight if home.tempo[0] * 0.9 <= tempo <= home.tempo[1] * 1.1 else weight * 0.4)
    at = spread_out(seed, 0) * sum(weights)
    for (home, entry, _), weight in zip(pool, weights, strict=True):
        at -= weight
        if at < 0:
            return home, entry
    return pool[-1][:2]


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


def length(request: GrooveRequest) -> int:
    """Return how many bars will be played: two unless a field or the words say otherwise."""
    said = describe(request.prompt, request.genre)["bars"] if request.bars == 2 else None
    return min(MAX_BARS, said) if said else request.bars


def resolve(request: GrooveRequest) -> Choice:
    """Decide everything: fields win over words, words over the style's own, and chance has the rest.

    Raises:
        InvalidRequest: If a field names a genre, style or drummer that is not known.
    """
    words = describe(request.prompt, request.genre)
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
    style, entry = _pick(genre, style_name, meter, request.seed, request.tempo)
    groove = entry.read()
    others: list[Lent] = []
    if len(words["blend"]) > 1 and not request.genre:
        total, so_far = sum(part for _, part in words["blend"]), words["blend"][0][1]
        for other, part in words["blend"][1:]:
            so_far += part
            other_style, other_entry = _pick(other, None, meter, request.seed, request.tempo)
            others.append(Lent(other_style, other_entry.read(), part / so_far, part / total))

    own_swing, sixteenths = style.swing, style.sixteenths
    if "takes" in groove.options:
        sixteenths = "swing16" in groove.options
        own_swing = groove.number("swing16" if sixteenths else "swing", 0)

    if request.swing_grid != "style":
        sixteenths = request.swing_grid == "16ths"
    if own_swing > 0.3 and not words["exact"]:
        feel.pop("swing", None)  # "a jazz swing" asks for what the style does already

    def knob(name: str, own: float) -> float:
        value = getattr(request, name)
        return float(feel.get(name, own) if value is None else value)

    return Choice(
        style=style,
        groove=groove,
        others=tuple(others),
        drummer_name=drummer_name,
        drummer=find_drummer(drummer_name),
        section=request.section or words["section"],
        meter=meter,
        bars=length(request),
        tempo=float(request.tempo),
        complexity=knob("complexity", 0.5),
        density=knob("density", 0.5),
        swing=knob("swing", own_swing),
        sixteenths=sixteenths,
        humanize=knob("humanize", 0.5),
        intensity=knob("intensity", feel.get("energy", 0.5)),
        variation=knob("variation", 0.5),
        fill_amount=knob("fill_amount", 0.5),
        lean=knob("lean", 0.5),
        ghosts=knob("ghosts", 0.5),
        hat_openness=feel.get("hat_openness") if request.hat_openness is None else request.hat_openness,
        seed=request.seed,
        time=words["time"],
        polyrhythm=words["polyrhythm"],
        evolve=words["evolve"],
        late="late" in feel,
    )
