"""The names a musician may ask for, in an order that never changes: a controller picks genre and drummer by zone.

Names only; what they mean is in the style sheets and `drummers.py`. A test holds this list against the sheets.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from router.errors import InvalidRequest

CATALOGUE: Final[dict[str, tuple[str, ...]]] = {
    "rock": (
        "straight",
        "driving",
        "ballad",
        "half-time",
        "shuffle",
        "indie",
        "prog",
        "folk",
        "rockabilly",
        "stadium",
        "surf",
        "garage",
        "waltz",
        "slow-six",
        "half-time-shuffle",
    ),
    "metal": ("heavy", "thrash", "double-kick", "blast-beat", "groove", "doom", "djent", "half-time", "gallop"),
    "punk": ("straight", "d-beat", "skate", "pop-punk", "tom"),
    "pop": ("straight", "soft", "four-on-the-floor", "half-time", "synth", "six-eight", "tropical"),
    "funk": ("sixteenth", "linear", "purdie-shuffle", "fast", "latin", "rock", "new-jack", "on-the-one"),
    "soul": ("motown", "memphis", "neo", "ballad", "sixteenth"),
    "rnb": ("slow-jam", "modern", "new-jack-swing", "half-time", "contemporary"),
    "hip-hop": ("boom-bap", "lazy", "jazzy", "club", "west-coast", "east-coast", "bounce"),
    "trap": ("modern", "half-time", "drill", "bounce"),
    "jazz": (
        "swing",
        "medium",
        "fast",
        "bebop",
        "ballad",
        "brushes",
        "waltz",
        "funk",
        "fusion",
        "linear",
        "march",
        "klezmer",
        "modal",
    ),
    "blues": ("shuffle", "slow", "texas", "chicago", "straight", "twelve-eight"),
    "country": ("train", "two-step", "ballad", "rock", "shuffle", "waltz", "bluegrass"),
    "gospel": ("shout", "groove", "chops", "worship", "six-eight"),
    "reggae": ("one-drop", "rockers", "steppers", "slow", "ska", "dub", "roots"),
    "latin": (
        "songo",
        "salsa",
        "cha-cha",
        "merengue",
        "reggaeton",
        "cumbia",
        "bolero",
        "tango",
        "chacarera",
        "bounce",
        "rock",
        "bachata",
    ),
    "afro-cuban": ("mambo", "rumba", "bembe", "songo", "cha-cha", "calypso", "nanigo", "guaguanco"),
    "brazilian": ("bossa", "samba", "baiao", "maracatu", "ijexa", "samba-reggae", "partido-alto", "frevo"),
    "afrobeat": ("lagos", "slow", "modern", "jazzy"),
    "highlife": ("classic", "palm-wine", "dance"),
    "new-orleans": ("second-line", "funk", "shuffle", "cha-cha", "mardi-gras"),
    "middle-eastern": ("maqsum", "baladi", "malfuf", "ayoub", "saidi"),
    "house": ("classic", "deep", "tech", "afro", "french", "progressive"),
    "techno": ("peak", "minimal", "acid", "dub", "hard", "broken", "trance"),
    "drum-and-bass": ("two-step", "jungle", "liquid", "half-time", "neurofunk", "amen"),
    "uk-garage": ("two-step", "four-four", "speed", "grime", "future"),
    "dubstep": ("half-time", "deep", "brostep", "riddim"),
    "disco": ("classic", "nu", "philly", "funky"),
    "dance": ("breakbeat", "big-beat", "disco", "electro", "trip-hop", "synthwave"),
}

GENRES: Final[tuple[str, ...]] = tuple(CATALOGUE)

ALIASES: Final = {
    "hiphop": "hip-hop", "rap": "hip-hop", "neworleans": "new-orleans", "afrocuban": "afro-cuban",
    "cuban": "afro-cuban",
    "middleeastern": "middle-eastern", "arabic": "middle-eastern", "randb": "rnb", "rb": "rnb", "dnb": "drum-and-bass",
    "drumnbass": "drum-and-bass", "drumbass": "drum-and-bass", "jungle": "drum-and-bass", "ukg": "uk-garage",
    "brazil": "brazilian", "breakbeat": "dance", "edm": "dance", "electronic": "dance", "electronica": "dance",
    "trance": "techno", "funky": "funk", "swing": "jazz", "bossa": "brazilian", "bossanova": "brazilian",
    "samba": "brazilian", "salsa": "latin", "reggaeton": "latin", "ska": "reggae", "dub": "reggae",
    "garage": "uk-garage",
    "secondline": "new-orleans", "motown": "soul", "bluegrass": "country", "arab": "middle-eastern",
    "african": "afrobeat",
}  # fmt: skip

DRUMMERS: Final[tuple[str, ...]] = (
    "thunder", "silk", "clockwork", "pocket", "sparse", "fire", "machine", "whisper", "swinger", "linear",
    "garage", "lazy",
    "driver", "marcher", "jungle", "clave", "preacher", "dancer", "storm", "architect", "wanderer", "sticks", "minimal",
    "human-metronome",
)  # fmt: skip


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Return a name without case, spaces, hyphens and the like, for comparing."""
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("&", "n"))


def _find(name: str, known: tuple[str, ...], aliases: dict[str, str]) -> str | None:
    wanted = plain(name)
    for candidate in known:
        if plain(candidate) == wanted:
            return candidate
    return aliases.get(wanted)


def nearest(name: str, known: tuple[str, ...]) -> list[str]:
    """Return at most three names that are spelt like one, the nearest first."""
    import difflib  # noqa: PLC0415  for mistakes only

    return difflib.get_close_matches(name.lower(), known, 3, 0.4)


def _refuse(field: str, name: str, known: tuple[str, ...], where: str = "") -> InvalidRequest:
    near = nearest(name, known) or list(known[:3])
    return InvalidRequest(
        field,
        f"{field} {name!r:.60} is not known{where}; nearest: {', '.join(near)}",
        f"try {near[0]}; all: {', '.join(known)}",
    )


def styles(genre: str) -> tuple[str, ...]:
    """Return the styles of a genre.

    Raises:
        InvalidRequest: If the genre is unknown; the message has the nearest names.
    """
    return CATALOGUE[check_genre(genre)]


def check_genre(name: str) -> str:
    """Return the genre's own spelling ("Hip Hop" is "hip-hop").

    Raises:
        InvalidRequest: If nothing of that name is known; the message has the nearest names.
    """
    found = _find(name, GENRES, ALIASES)
    if found is None:
        raise _refuse("genre", name, GENRES)
    return found


def check_style(genre: str | None, name: str) -> tuple[str, str]:
    """Return (genre, style); without a genre the first genre that has the style.

    Raises:
        InvalidRequest: If nothing of that name is known; the message has the nearest names.
    """
    for candidate in (genre,) if genre else GENRES:
        found = _find(name, CATALOGUE[candidate], {})
        if found is not None:
            return candidate, found
    known = CATALOGUE[genre] if genre else tuple(dict.fromkeys(s for row in CATALOGUE.values() for s in row))
    raise _refuse("style", name, known, f" in {genre}" if genre else "")


def check_drummer(name: str) -> str:
    """Return the drummer's own spelling.

    Raises:
        InvalidRequest: If nothing of that name is known; the message has the nearest names.
    """
    found = _find(name, DRUMMERS, DRUMMER_ALIASES)
    if found is None:
        raise _refuse("drummer", name, DRUMMERS)
    return found


def check_names(*, genre: str | None = None, style: str | None = None, drummer: str | None = None) -> None:
    """Refuse names that mean nothing.

    Raises:
        InvalidRequest: For the first unknown name, with the nearest known ones in the message and a hint.
    """
    known_genre = None if genre is None else check_genre(genre)
    if style is not None:
        check_style(known_genre, style)
    if drummer is not None:
        check_drummer(drummer)


DRUMMER_ALIASES: Final = {
    "bonham": "thunder", "porcaro": "silk", "weckl": "architect", "chambers": "pocket", "roeder": "storm",
    "dee": "driver",
    "hoglan": "clockwork", "johnbonham": "thunder", "jeffporcaro": "silk", "daveweckl": "architect",
    "dennischambers": "pocket", "jasonroeder": "storm", "mikkeydee": "driver", "genehoglan": "clockwork",
    "charliewatts": "sparse", "keithmoon": "fire", "liebezeit": "machine", "jakiliebezeit": "machine",
    "motian": "whisper", "paulmotian": "whisper", "phillyjoe": "swinger", "phillyjoejones": "swinger",
    "garibaldi": "linear", "davidgaribaldi": "linear", "megwhite": "garage", "questlove": "lazy", "gadd": "marcher",
    "stevegadd": "marcher", "krupa": "jungle", "genekrupa": "jungle", "horaciohernandez": "clave",
    "aaronspears": "preacher", "tonythompson": "dancer", "elvin": "wanderer", "elvinjones": "wanderer",
    "copeland": "sticks", "stewartcopeland": "sticks", "philrudd": "minimal", "purdie": "human-metronome",
    "bernardpurdie": "human-metronome",
}  # fmt: skip
"""The seven of the router's ancestor by surname, and all in whose spirit the figures were set, lead to their feel."""
