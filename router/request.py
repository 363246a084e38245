"""GrooveRequest: what a musician asks for, with every knob resolved to a value or to "not said".

Pure. Names of genres, styles and drummers are checked where they are known (groove/), numbers here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from router.errors import InvalidRequest, shown
from router.pattern import COMMON_TIME, MAX_BARS, Meter

Tier = Literal["auto", "local", "fast", "balanced", "advanced", "expert"]
TIERS: Final[tuple[str, ...]] = ("auto", "local", "fast", "balanced", "advanced", "expert")
PROVIDERS: Final[tuple[str, ...]] = ("anthropic", "openai", "groq", "cohere")
SECTIONS: Final[tuple[str, ...]] = (
    "intro", "verse", "pre-chorus", "chorus", "bridge", "breakdown", "build", "drop", "solo", "outro", "ending",
)  # fmt: skip
KNOBS: Final[tuple[str, ...]] = (
    "complexity", "density", "swing", "humanize", "intensity", "variation", "fill_amount", "lean", "ghosts",
    "hat_openness",
)  # fmt: skip
"""All run from 0 to 1."""
SWING_GRIDS: Final[tuple[str, ...]] = ("style", "8ths", "16ths")
MAX_SEED: Final = 2**53 - 1
"""What a JSON number of any client still holds exactly."""
LONGEST: Final = {"prompt": 2000, "instruction": 1000, "constraints": 200}
"""Characters of a text that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrooveRequest:
    """One wish for one pattern.

    Attributes:
        prompt: Free words, at most 2,000 characters; "" when only knobs speak.
        genre, style, drummer, section: Names the generator knows; None lets the prompt or chance decide.
        bars: 1..64. meter: the time signature. tempo: quarter notes per minute, 20..300.
        complexity, density, swing, humanize: 0..1; None takes the style's own. Density .5 is the style as written.
        intensity, variation, fill_amount, lean, ghosts: 0..1; .5 and None leave the style as it is. In that order: how
            hard it is struck, how far bars depart from each other, how often fills come, ahead of the beat or behind
            it, how many ghost notes.
        hat_openness: 0 closes every hi-hat, 1 opens it, None leaves each as the style has it.
        swing_grid: Which notes swing: "8ths", "16ths", or "style" for the style's own.
        seed: Same seed and knobs, same bytes.
        tier: "auto" lets the policy choose. provider: ask this one first.
        max_cost_usd: A ceiling for this request as a decimal string, or None.
        deadline_ms: When an answer must be there, counted from the request, or None for the tier's own.
        constraints: Rules in words, each held or reported ("no crash", "kick at most 6 a bar").
    """

    prompt: str = ""
    genre: str | None = None
    style: str | None = None
    drummer: str | None = None
    section: str | None = None
    bars: int = 2
    meter: Meter = COMMON_TIME
    tempo: float = 120.0
    complexity: float | None = None
    density: float | None = None
    swing: float | None = None
    humanize: float | None = None
    intensity: float | None = None
    variation: float | None = None
    fill_amount: float | None = None
    lean: float | None = None
    ghosts: float | None = None
    hat_openness: float | None = None
    swing_grid: str = "style"
    seed: int = 0
    tier: str = "auto"
    provider: str | None = None
    max_cost_usd: str | None = None
    deadline_ms: int | None = None
    workflow: str = "single"
    constraints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check every number and closed list.

        Raises:
            InvalidRequest: Naming the field, what it was, what it must be.
        """
        check_length("prompt", self.prompt)
        _between("bars", self.bars, 1, MAX_BARS, "bars")
        _between("tempo", self.tempo, 20, 300, "beats per minute")
        _between("seed", self.seed, 0, MAX_SEED, "")
        for name in KNOBS:
            value = getattr(self, name)
            if value is not None:
                _between(name, value, 0, 1, "")
        _one_of("swing_grid", self.swing_grid, SWING_GRIDS)
        _one_of("tier", self.tier, TIERS)
        _one_of("workflow", self.workflow, ("single", "refine"))
        if self.provider is not None:
            _one_of("provider", self.provider, (*PROVIDERS, "local"))
        if self.section is not None:
            _one_of("section", self.section, SECTIONS)
        for rule in self.constraints:
            check_length("constraints", rule)

    def as_dict(self) -> dict[str, Any]:
        """Return the plain JSON form, unset fields left out."""
        out: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if value not in (None, "", ()):
                out[item.name] = str(value) if isinstance(value, Meter) else value
        return out


def check_length(name: str, text: str) -> None:
    """Refuse a text that is longer than is read; to be asked before anything reads it, for reading takes time.

    Raises:
        InvalidRequest: With its length and the most.
    """
    if len(text) > (most := LONGEST[name]):
        raise InvalidRequest(name, f"{name} has {len(text)} characters; at most {most} are read", "say it shorter")


def _between(name: str, value: object, low: float, high: float, unit: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:  # NaN fails too
        words = f" {unit}" if unit else ""
        near = high if isinstance(value, int | float) and value > high else low
        raise InvalidRequest(name, f"{name} is {shown(value)}; it must be {low:g} to {high:g}{words}", f"try {near:g}")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidRequest(name, f"{name} is {shown(value)}; it must be one of {', '.join(known)}", f"try {known[0]}")
