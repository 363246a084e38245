"""Twenty-four drummers: sets of figures over one engine, each named by its feel.

No drummer is imitated note by note; `after` says in whose spirit the figures were set. Data only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from router.groove.names import check_drummer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drummer:
    """How somebody plays, whatever is played.

    Attributes:
        lean: Milliseconds late (+) or early (-) by limb: kick, snare, cymbals.
        loose: Factor on all timing noise. dynamic: factor on velocity noise. hard: added to every velocity.
        ghosts: Factor on the chance of ghost notes. busy: factor on the chance of optional strokes.
        accent: Added to accents. hats: "closed", "open", "ride", "sixteenths" or "": what the right hand prefers.
        fills: Words of the fill vocabulary that come first. flams: chance of a flam on an accented snare.
        fill_rate: Factor on how often fills come. crash: factor on how often a crash answers.
    """

    after: str
    lean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    loose: float = 1.0
    dynamic: float = 1.0
    hard: int = 0
    ghosts: float = 1.0
    busy: float = 1.0
    accent: int = 0
    hats: str = ""
    fills: tuple[str, ...] = ()
    flams: float = 0.02
    fill_rate: float = 1.0
    crash: float = 1.0


_FIGURES: Final[dict[str, Drummer]] = {
    "thunder": Drummer(
        after="John Bonham",
        lean=(2, 9, 3),
        hard=10,
        accent=6,
        busy=1.25,
        hats="open",
        fills=("triplets", "feet"),
        flams=0.06,
    ),
    "silk": Drummer(after="Jeff Porcaro", lean=(0, 5, -1), loose=0.75, ghosts=1.5, hats="sixteenths", fills=("down",)),
    "clockwork": Drummer(
        after="Gene Hoglan", loose=0.4, dynamic=0.6, hard=12, busy=1.3, fills=("feet", "down"), flams=0.03
    ),
    "pocket": Drummer(
        after="Dennis Chambers",
        lean=(-1, 3, -2),
        loose=0.7,
        ghosts=1.5,
        busy=1.2,
        fills=("linear", "sextuplets"),
        flams=0.05,
    ),
    "sparse": Drummer(after="Charlie Watts", lean=(0, 8, 4), ghosts=0.3, busy=0.6, fills=("short",), fill_rate=0.6),
    "fire": Drummer(
        after="Keith Moon",
        lean=(-4, -5, -6),
        loose=1.3,
        hard=8,
        busy=1.5,
        hats="open",
        fills=("down", "wild"),
        fill_rate=2.0,
        crash=2.0,
    ),
    "machine": Drummer(
        after="Jaki Liebezeit", loose=0.25, dynamic=0.5, ghosts=0.6, busy=0.8, fills=("short",), fill_rate=0.4
    ),
    "whisper": Drummer(
        after="Paul Motian", lean=(3, 5, 0), loose=1.3, hard=-22, ghosts=1.4, hats="ride", fills=("space",), crash=0.4
    ),
    "swinger": Drummer(
        after="Philly Joe Jones",
        lean=(0, 0, -4),
        hard=-6,
        ghosts=1.3,
        hats="ride",
        fills=("triplets", "rudiments"),
        flams=0.05,
    ),
    "linear": Drummer(after="David Garibaldi", loose=0.7, ghosts=1.7, busy=1.3, fills=("linear",), hats="closed"),
    "garage": Drummer(
        after="Meg White",
        lean=(4, 8, 0),
        loose=1.4,
        hard=10,
        ghosts=0.1,
        busy=0.6,
        hats="open",
        fills=("snare",),
        crash=1.5,
    ),
    "lazy": Drummer(
        after="Questlove", lean=(6, 18, 2), loose=1.0, ghosts=1.1, busy=0.9, hats="closed", fills=("short", "space")
    ),
    "driver": Drummer(
        after="Mikkey Dee",
        lean=(-3, -6, -4),
        loose=0.7,
        hard=12,
        busy=1.2,
        hats="ride",
        fills=("down", "feet"),
        fill_rate=1.3,
        crash=1.5,
    ),
    "marcher": Drummer(after="Steve Gadd", lean=(0, 4, 0), loose=0.7, ghosts=1.5, fills=("rudiments",), flams=0.08),
    "jungle": Drummer(after="Gene Krupa", hard=6, busy=1.2, fills=("toms", "wild"), hats="", fill_rate=1.3),
    "clave": Drummer(after="Horacio Hernandez", loose=0.8, ghosts=1.2, busy=1.3, fills=("linear", "toms"), hats="ride"),
    "preacher": Drummer(
        after="Aaron Spears",
        loose=0.7,
        hard=4,
        ghosts=1.4,
        busy=1.4,
        fills=("sextuplets", "linear"),
        fill_rate=1.5,
        flams=0.05,
    ),
    "dancer": Drummer(after="Tony Thompson", loose=0.5, hard=6, ghosts=0.5, hats="open", fills=("snare", "short")),
    "storm": Drummer(
        after="Jason Roeder", lean=(3, 8, 2), hard=12, busy=1.1, hats="ride", fills=("toms", "wild"), crash=1.5
    ),
    "architect": Drummer(
        after="Dave Weckl", loose=0.55, ghosts=1.4, busy=1.3, fills=("linear", "sextuplets", "rudiments"), flams=0.05
    ),
    "wanderer": Drummer(
        after="Elvin Jones",
        lean=(6, 6, 2),
        loose=1.4,
        hard=2,
        busy=1.3,
        hats="ride",
        fills=("triplets", "toms"),
        dynamic=1.3,
    ),
    "sticks": Drummer(
        after="Stewart Copeland",
        lean=(-3, -3, -5),
        ghosts=0.8,
        busy=1.1,
        hats="sixteenths",
        fills=("space", "short"),
        accent=6,
    ),
    "minimal": Drummer(
        after="Phil Rudd",
        lean=(0, 6, 2),
        loose=0.6,
        dynamic=0.7,
        hard=6,
        ghosts=0.0,
        busy=0.4,
        fills=("short",),
        fill_rate=0.4,
    ),
    "human-metronome": Drummer(
        after="Bernard Purdie",
        lean=(0, 4, -1),
        loose=0.6,
        ghosts=1.7,
        accent=4,
        hats="sixteenths",
        fills=("short", "snare"),
    ),
}

NOBODY: Final = Drummer(after="no one in particular")


def habits(name: str) -> tuple[str, ...]:
    """Return in words what a drummer does to whatever is played, from the figures alone."""
    who = find_drummer(name)
    said = (
        (who.ghosts > 1.2, "more ghost notes"), (who.ghosts < 0.8, "fewer ghost notes"), (who.busy > 1.1, "busier"),
        (who.busy < 0.9, "sparser"), (who.hard > 3, "louder"), (who.hard < -3, "softer"), (who.loose < 0.8, "tighter"),
        (who.loose > 1.2, "looser"), (who.lean[1] > 4, "the snare behind the beat"),
        (who.lean[1] < -4, "the snare ahead of the beat"), (who.fill_rate > 1.2, "more fills"),
        (who.fill_rate < 0.8, "fewer fills"), (who.hats == "open", "open hats"),
        (who.hats == "ride", "time on the ride"),
    )  # fmt: skip
    return tuple(words for holds, words in said if holds)


def find_drummer(name: str | None) -> Drummer:
    """Return a drummer's figures; no name means nobody in particular.

    Raises:
        InvalidRequest: If nobody of that name is known.
    """
    return NOBODY if name is None else _FIGURES[check_drummer(name)]
