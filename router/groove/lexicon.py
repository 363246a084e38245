"""What names and words of feel mean to the drummer.

Data only; `words.py` reads with it, `unread.py` says what is left over.
"""

from __future__ import annotations

from typing import Final

from router.groove.idioms import IDIOMS, MANNERS
from router.groove.names import ALIASES, CATALOGUE, DRUMMER_ALIASES, DRUMMERS, GENRES, plain
from router.request import SECTIONS

FEEL: Final[dict[str, dict[str, float]]] = {
    "lazy": {"humanize": 0.7, "late": 1}, "laid-back": {"humanize": 0.65, "late": 1}, "loose": {"humanize": 0.8},
    "tight": {"humanize": 0.25}, "robotic": {"humanize": 0.0}, "quantized": {"humanize": 0.0},
    "mechanical": {"humanize": 0.05},
    "human": {"humanize": 0.8}, "sloppy": {"humanize": 1.0}, "drunk": {"humanize": 1.0, "late": 1},
    "swung": {"swing": 0.6},
    "swinging": {"swing": 0.62}, "swing": {"swing": 0.62}, "shuffle": {"swing": 0.66}, "shuffled": {"swing": 0.66},
    "straight": {"swing": 0.0}, "triplet-feel": {"swing": 0.6},
    "busy": {"density": 0.75, "complexity": 0.75}, "complex": {"complexity": 0.8},
    "intricate": {"complexity": 0.85, "density": 0.6},
    "simple": {"complexity": 0.2}, "basic": {"complexity": 0.15}, "sparse": {"density": 0.25},
    "minimal": {"density": 0.25, "complexity": 0.2},
    "dense": {"density": 0.8}, "full": {"density": 0.65}, "hard": {"energy": 0.7}, "loud": {"energy": 0.75},
    "heavy": {"energy": 0.7},
    "aggressive": {"energy": 0.8}, "soft": {"energy": 0.3}, "light": {"energy": 0.35},
    "quiet": {"energy": 0.25}, "gentle": {"energy": 0.3},
    "mellow": {"energy": 0.35},
    "energetic": {"energy": 0.7, "density": 0.6}, "driving": {"energy": 0.62}, "ghost": {"ghosts": 0.8},
    "ghosty": {"ghosts": 0.8},
    "funky": {"ghosts": 0.65, "complexity": 0.6}, "groovy": {"ghosts": 0.6}, "tasteful": {"complexity": 0.4},
    "ahead-of-the-beat": {"lean": 0.3}, "pushing": {"lean": 0.35}, "behind-the-beat": {"lean": 0.7},
    "open-hats": {"hat_openness": 0.7}, "closed-hats": {"hat_openness": 0.0}, "no-fills": {"fill_amount": 0.0},
    "many-fills": {"fill_amount": 0.9}, "no-ghosts": {"ghosts": 0.0}, "no-ghost-notes": {"ghosts": 0.0},
    "more-fills": {"fill_amount": 0.8}, "lots-of-fills": {"fill_amount": 0.9}, "few-fills": {"fill_amount": 0.2},
    "fewer-fills": {"fill_amount": 0.2}, "less-fills": {"fill_amount": 0.2},
    "hypnotic": {"variation": 0.1}, "repetitive": {"variation": 0.1},
    "powerful": {"energy": 0.75}, "intense": {"energy": 0.75}, "massive": {"energy": 0.75}, "epic": {"energy": 0.75},
    "punchy": {"energy": 0.7}, "calm": {"energy": 0.3}, "delicate": {"energy": 0.3}, "subtle": {"energy": 0.35},
    "chill": {"energy": 0.35, "humanize": 0.65}, "relaxed": {"energy": 0.35, "humanize": 0.65},
    "dragging": {"lean": 0.7}, "behind-the-click": {"lean": 0.7}, "on-top-of-the-beat": {"lean": 0.3},
    "ahead-of-the-click": {"lean": 0.3}, "rushing": {"lean": 0.3}, "rushed": {"lean": 0.3},
}  # fmt: skip
COMPARED: Final[dict[str, dict[str, float]]] = {
    "busier": {"density": 0.7, "complexity": 0.65}, "denser": {"density": 0.7}, "fuller": {"density": 0.65},
    "sparser": {"density": 0.3}, "simpler": {"complexity": 0.25}, "louder": {"energy": 0.7}, "harder": {"energy": 0.7},
    "heavier": {"energy": 0.7}, "softer": {"energy": 0.3}, "quieter": {"energy": 0.3}, "lighter": {"energy": 0.35},
    "tighter": {"humanize": 0.3}, "looser": {"humanize": 0.7}, "lazier": {"humanize": 0.7, "late": 1},
}  # fmt: skip
"""Said of all of it where they stand alone; of a drum they are an order."""
GENRE_WORDS: Final = {plain(g): g for g in GENRES} | ALIASES
STYLE_WORDS: Final[dict[str, list[tuple[str, str]]]] = {}
for _genre, _names in CATALOGUE.items():
    for _name in _names:
        STYLE_WORDS.setdefault(plain(_name), []).append((_genre, _name))
DRUMMER_WORDS: Final = {
    plain(d): d for d in DRUMMERS if d not in {"lazy", "sparse", "minimal", "linear", "garage", "jungle", "clave"}
} | dict(DRUMMER_ALIASES)
VAGUE: Final = frozenset((
    "straight", "fast", "slow", "soft", "modern", "classic", "deep", "rock", "funk", "funky", "dance", "disco",
    "groove", "heavy", "hard", "latin", "jazzy", "bounce", "folk", "ballad", "minimal", "chops", "shout", "club",
    "broken", "future", "speed", "train", "tom", "dub", "driving", "linear", "lazy", "sparse",
    "sixteenth",
))  # fmt: skip
"""Style names that are plain words: they choose a style inside a genre, never the genre itself."""
LOOSE: Final = frozenset({"dance", "groove", "hard", "heavy", "soft", "straight", "tom"})
"""So plain that they choose none unless the genre is said beside them."""


TINTS: Final = {
    "jazzy": "jazz", "bluesy": "blues", "soulful": "soul", "rocky": "rock", "rockin": "rock", "punky": "punk",
    "poppy": "pop", "housey": "house", "trappy": "trap",
}  # fmt: skip
"""Where nothing else says the genre."""
NAMES: Final = frozenset(
    {*GENRE_WORDS, *STYLE_WORDS, *DRUMMER_WORDS, *IDIOMS, *MANNERS, *map(plain, SECTIONS), *map(plain, FEEL)}
    | {
        "hat",
        "hats",
        "hihat",
        "hihats",
        "kick",
        "kicks",
        "snare",
        "snares",
        "ride",
        "crash",
        "toms",
        "fill",
        "fills",
        "ghosts",
        "roll",
        "rolls",
        "prechorus",
        "step",
        *TINTS,
    }
)
"""Every name that means something, as `names.plain` leaves it."""
TITLES: Final = {
    *GENRE_WORDS, *STYLE_WORDS, *DRUMMER_WORDS, *IDIOMS, *MANNERS,
    *(plain(style + genre) for genre, names in CATALOGUE.items() for style in names),
} - ({"tom", "fast", "hard"} | FEEL.keys() - {"swing", "shuffle"})  # fmt: skip
"""What names a style; a heavy kick or a fast roll does not."""
STYLED: Final = frozenset(
    name for name in {*GENRE_WORDS, *STYLE_WORDS, *IDIOMS} - LOOSE if len(name) > 3 and name.isalpha()
)
REFUSED: Final = (GENRE_WORDS.keys() | STYLED) - FEEL.keys()
"""What "no jazz" can refuse."""
_TIMES: Final = frozenset(
    {"halftime", "waltz", "sixeight", "twelveeight", "fourfour", "fouronthefloor", "twostep", "amen"}
)
"""Names of styles that say a metre or a time as well."""
HOMES: Final[dict[str, set[tuple[str, str | None]]]] = {}
"""Where a name that asks for a genre or a style leads to: any of them will do."""
for _word, _genre in GENRE_WORDS.items():
    HOMES.setdefault(_word, set()).add((_genre, None))
for _word, _home in (*IDIOMS.items(), *MANNERS.items()):
    HOMES.setdefault(_word, set()).add(_home)
for _word, _homes in STYLE_WORDS.items():
    if _word in HOMES or _word not in VAGUE | FEEL.keys() | _TIMES:
        HOMES.setdefault(_word, set()).update(_homes)
for _word in ("swing", "funky", "dance", "folk", "ballad", "medium", "brush", "brushes"):
    HOMES.pop(_word, None)  # said of any genre, or of the kit
