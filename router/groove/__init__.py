"""The embedded drummer: a request becomes a pattern with no key, no network and no wait.

Everything a caller needs is here; the modules below are its rooms. Same request, same bytes. Never reads a clock or the
network, never loads more than the standard library.
"""

from __future__ import annotations

from router.groove.course import across, evolved
from router.groove.draw import draw, section_density
from router.groove.drummers import habits
from router.groove.feel import apply_feel, take_off
from router.groove.filling import fill
from router.groove.fills import FILL_KINDS
from router.groove.hands import flaws, repair
from router.groove.knobs import shape, thin, vary
from router.groove.names import DRUMMERS, GENRES, check_names, styles
from router.groove.resolve import length, resolve
from router.groove.spell import NUMBERS, number, signed
from router.groove.turning import turn, wear
from router.groove.unread import unread
from router.groove.words import SOMEWHERE, TIME_IN_BARS, additive, describe, nameless
from router.pattern import Pattern
from router.request import GrooveRequest

__all__ = [
    "DRUMMERS",
    "FILL_KINDS",
    "GENRES",
    "NUMBERS",
    "SOMEWHERE",
    "TIME_IN_BARS",
    "across",
    "additive",
    "apply_feel",
    "check_names",
    "describe",
    "evolved",
    "fill",
    "flaws",
    "generate",
    "habits",
    "length",
    "nameless",
    "number",
    "repair",
    "shape",
    "signed",
    "styles",
    "take_off",
    "thin",
    "turn",
    "unread",
    "vary",
    "wear",
]


def generate(request: GrooveRequest) -> Pattern:
    """Return a complete, playable pattern.

    Names not given by field are read out of the prompt; what is still open is drawn from the seed. Density .5 is the
    style as written, humanize None is .5 (0.4 of human size), swing None the style's own.

    Raises:
        InvalidRequest: If a field names a genre, style or drummer that is not known, with the nearest names.
    """
    choice = resolve(request)
    pattern = draw(choice)
    density = section_density(choice)
    if density != 0.5:
        pattern = thin(pattern, density=density)
    if choice.ghosts != 0.5 or choice.hat_openness is not None:
        pattern = shape(pattern, ghosts=choice.ghosts, openness=choice.hat_openness)
    if choice.evolve:
        pattern = evolved(pattern)
    pattern, _ = repair(pattern, tempo=choice.tempo)
    if choice.polyrhythm is not None:
        pattern = across(pattern, choice.polyrhythm, tempo=choice.tempo)
    return apply_feel(
        pattern,
        tempo=choice.tempo,
        swing=choice.swing,
        humanize=choice.humanize,
        seed=choice.seed,
        drummer=choice.drummer_name,
        lean=choice.lean,
    )
