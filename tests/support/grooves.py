"""A plain groove and names of its drums, for tests that change it by words."""

from router.pattern import Hit, Meter, Pattern

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
