"""Plain grooves and names of their drums, for tests that ask for them or change them by words."""

from router.drummer import draw
from router.pattern import Hit, Meter, Pattern
from router.request import GrooveRequest

BEAT = 960
HATS = frozenset({"hat_closed", "hat_open", "hat_pedal"})
RIDE = frozenset({"ride", "ride_bell"})
CRASH = frozenset({"crash", "crash2"})
KICK, SNARE = frozenset({"kick"}), frozenset({"snare"})


def lane(voice, cells, bars=4, velocity=80):
    """Strokes of one voice, a character a sixteenth."""
    return [
        Hit(bar * 3840 + place * 240, voice, 30 if cell == "g" else velocity)
        for bar in range(bars)
        for place, cell in enumerate(cells)
        if cell != "."
    ]


GROOVE = Pattern(
    Meter(4, 4),
    4,
    (
        *lane("kick", "x.x..x..x.x..x.."),
        *lane("snare", "....x..g.g..x..g"),
        *lane("hat_closed", "x.x.x.x.x.x.x..."),
        *lane("hat_open", "..............x."),
        *lane("crash", "x..............."),
    ),
    tempo=100.0,
)


def drawn(words: str, **more: object) -> Pattern:
    """Return the groove of some words, straight rock without fills unless they say otherwise."""
    fields: dict[str, object] = {"genre": "rock", "style": "straight", "seed": 5, "fill_amount": 0.0} | more
    return draw(GrooveRequest(prompt=words, **fields))  # type: ignore[arg-type] - fields by name


def ticks(pattern: Pattern, *voices: str) -> list[int]:
    """Return where these voices are struck."""
    return [hit.tick for hit in pattern.hits if hit.voice in voices]
