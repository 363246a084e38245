"""Fills, made from a vocabulary: rhythms of one beat, ways around the kit, and shapes of loudness.

A fill is a walk over beats; nothing here is a list of finished fills. Pure, drawn from the stream it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from router.pattern import RESOLUTION, Hit, Meter

RHYTHMS: Final[dict[str, tuple[str, ...]]] = {
    "plain": ("xxxx", "xxxx", "x.xx", "xx.x", "xxx.", "x.x.", ".xxx"),
    "space": ("x...", "..xx", "x..x", ".x.x", "..x.", "x.x."),
    "short": ("xxxx", "..xx", "x.xx", "xx.x"),
    "triplets": ("xxx", "xxx", "x.x", "xx."),
    "sextuplets": ("xxxxxx", "xxxxxx", "x.xxxx", "xxx.xx"),
    "linear": ("xkxx", "xxkx", "xxkk", "kxxk", "xkkx"),
    "feet": ("xxkk", "xxk", "xkk", "xxkk"),
    "rudiments": ("xxxx", "xxxxx.x.", "x.xxx.xx", "xxxx"),
    "snare": ("xxxx", "x.x.", "xxxx", "X.xx"),
    "down": ("xxxx", "xxxx", "xx.x"),
    "toms": ("x.xx", "xxxx", "x..x", "xxx."),
    "rush": ("x.x.", "xxxx", "x.x.", "xxxxxxxx"),
    "wild": ("xxxxxx", "xxkk", "xxxx", "xkxk", "xxx"),
}
"""One beat each: `x` a hand, `X` an accent, `k` the foot; as many cells as letters."""

_MACHINE_WORDS: Final = ("rush", "snare", "space", "rush")
GENRE_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "jazz": ("triplets", "rudiments", "space", "toms"), "blues": ("triplets", "down", "short"),
    "metal": ("down", "feet", "plain", "sextuplets"), "punk": ("snare", "plain", "down"),
    "reggae": ("space", "triplets", "toms"), "new-orleans": ("rudiments", "snare", "space"),
    "country": ("snare", "short", "down"), "gospel": ("linear", "sextuplets", "feet"),
    "funk": ("linear", "short", "snare", "space"), "latin": ("toms", "triplets", "rudiments"),
    "afro-cuban": ("toms", "triplets", "space"), "brazilian": ("rudiments", "snare", "toms"),
    "afrobeat": ("space", "toms", "short"), "hip-hop": ("short", "space", "snare"),
} | dict.fromkeys(
    ("trap", "house", "techno", "drum-and-bass", "uk-garage", "dubstep", "disco", "dance"), _MACHINE_WORDS
)  # fmt: skip
"""What a fill is made of in a genre, where the drummer has no habits."""

FILL_KINDS: Final = ("fill", "break", "hold", "build")

_TOMS: Final = ("tom_high", "tom_mid", "tom_floor")


def _around(step: int, count: int, _rng: Random) -> str:
    """Down the kit: snare, high, mid, floor."""
    return ("snare", *_TOMS)[min(3, step * 4 // max(1, count))]


def _snare(_step: int, _count: int, _rng: Random) -> str:
    return "snare"


def _snare_then_floor(step: int, count: int, _rng: Random) -> str:
    return "snare" if step * 2 < count else "tom_floor"


def _answer(step: int, _count: int, _rng: Random) -> str:
    return "snare" if step % 4 < 2 else _TOMS[step // 4 % 3]


def _scatter(_step: int, _count: int, rng: Random) -> str:
    return ("snare", "snare", "snare", "tom_high", "tom_mid", "tom_floor", "tom_floor")[int(rng.random() * 7)]


def _floor_and_snare(step: int, _count: int, _rng: Random) -> str:
    return "snare" if step % 2 == 0 else "tom_floor"


WAYS: Final[dict[str, Callable[[int, int, Random], str]]] = {
    "around": _around,
    "snare": _snare,
    "snare-floor": _snare_then_floor,
    "answer": _answer,
    "scatter": _scatter,
    "alternate": _floor_and_snare,
}
_FAVOURITE: Final = {
    "snare": "snare",
    "down": "around",
    "toms": "scatter",
    "rudiments": "snare",
    "short": "snare",
    "rush": "snare",
}


def _beats(meter: Meter, start: int) -> list[tuple[int, int]]:
    """Return (tick, length) of the beats, and the rest of a beat, from `start` to the bar's end."""
    out, at = [], 0
    for beat in meter.beats:
        if at + beat > start:
            low = max(at, start)
            out.append((low, at + beat - low))
        at += beat
    return out


def draw_fill(
    meter: Meter, start: int, rng: Random, *, intensity: float, words: Sequence[str] = (), complexity: float = 0.5
) -> list[Hit]:
    """Return a fill from `start` to the end of a bar, ticks from the bar's start.

    Args:
        meter: The bar's metre.
        start: Tick in the bar; before it nothing is written.
        rng: Stream the fill is drawn from.
        intensity: 0..1, how full and how loud.
        words: Vocabularies a drummer likes, of `RHYTHMS`.
        complexity: 0..1; above .6 sextuplets and linear figures come in.
    """
    known = list(words) if words and rng.random() < 0.7 else []
    if not known:
        known = ["plain", "down", "snare", "space", "short", "toms"]
        if complexity > 0.35:
            known += ["triplets", "linear", "feet"]
        if complexity > 0.6:
            known += ["sextuplets", "rudiments", "wild"]
    word = known[int(rng.random() * len(known))]
    ways = [_FAVOURITE[word]] if word in _FAVOURITE and rng.random() < 0.6 else list(WAYS)
    if word == "rush":
        ways = ["snare"]
    way = WAYS[ways[int(rng.random() * len(ways))]]
    places: list[tuple[int, str]] = []
    for at, length in _beats(meter, start):
        figure = RHYTHMS[word][int(rng.random() * len(RHYTHMS[word]))]
        if rng.random() > 0.45 + intensity * 0.6:
            figure = RHYTHMS["space"][int(rng.random() * 6)]
        if length < RESOLUTION:  # part of a beat: sixteenths, straight through
            figure = "xxxx"[: max(1, length * 4 // RESOLUTION)]
        cells = len(figure) * max(1, length // RESOLUTION) if length % RESOLUTION == 0 else len(figure)
        for cell in range(cells):
            sign = figure[cell % len(figure)]
            if sign != ".":
                places.append((at + cell * length // cells, sign))
    if not places:
        places = [(start, "X")]
    return _play(places, way, rng, meter, intensity)


def _play(
    places: list[tuple[int, str]], way: Callable[[int, int, Random], str], rng: Random, meter: Meter, intensity: float
) -> list[Hit]:
    hits: list[Hit] = []
    first, end = places[0][0], meter.bar_ticks
    rise = 10 + 18 * rng.random()
    for step, (tick, sign) in enumerate(places):
        along = (tick - first) / max(1, end - first)
        if sign == "k":
            hits.append(Hit(tick, "kick", round(84 + 16 * intensity)))
            continue
        velocity = 66 + 26 * intensity + rise * (along - 0.35) + (12 if sign == "X" or tick % RESOLUTION == 0 else 0)
        if tick % RESOLUTION and rng.random() < 0.15:
            velocity *= 0.6
        hits.append(Hit(tick, way(step, len(places), rng), max(24, min(127, round(velocity)))))
        if tick % RESOLUTION == 0 and rng.random() < 0.55:
            hits.append(Hit(tick, "kick", round(80 + 16 * intensity)))
    return hits


def roll(meter: Meter, start: int, strokes: int, *, quiet: float, loud: float) -> list[Hit]:
    """Return a snare roll from `start` to the end of a bar, `strokes` a beat, growing from `quiet` to `loud`."""
    step = max(1, meter.unit_ticks // strokes) if meter.denominator <= 4 else meter.unit_ticks
    bar = meter.bar_ticks
    return [
        Hit(tick, "snare", max(1, min(127, round(quiet + (loud - quiet) * tick / bar))))
        for tick in range(start, bar, step)
    ]


def draw_stop(meter: Meter, start: int, rng: Random, *, kind: str, intensity: float) -> list[Hit]:
    """Return what stands in for a fill from `start`: a "break", a "hold" or a "build".

    A break stops the time and leaves a few unison stabs, a hold lets one crash ring, a build is a roll that grows.
    """
    loud = max(1, min(127, round(84 + 40 * intensity)))
    if kind == "build":
        first, second = start, max(start, meter.bar_ticks // 2)
        early = [h for h in roll(meter, first, 2, quiet=50, loud=loud) if h.tick < second]
        return [*early, *roll(meter, second, 4, quiet=60, loud=loud)]
    stab = [Hit(start, "kick", loud), Hit(start, "crash", loud)]
    if kind == "hold":
        return stab
    for tick, length in _beats(meter, start)[1:]:
        if rng.random() < 0.4:
            at = tick + (length // 2 if rng.random() < 0.5 else 0)
            stab += [Hit(at, "kick", loud), Hit(at, "snare", loud)]
    return stab
