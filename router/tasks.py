"""Task kinds: every use case of the routing document, with its tier, its token budget and its cache.

Pure data and one table. A kind never rises above its tier by itself; escalation is a matter of quality.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Task(NamedTuple):
    """One kind of work.

    Attributes:
        tier: Where the document puts it.
        max_tokens: The strict cap of an answer. typical_tokens: What it usually takes, for expected cost.
        cache: The cache's class, or "" for answers that are not kept.
        music: The answer is a pattern, not data.
        question: What a model is asked to return, for kinds whose answer is data.
        fields: Names and JSON types of that data.
    """

    kind: str
    tier: str
    max_tokens: int
    typical_tokens: int
    cache: str = ""
    music: bool = False
    question: str = ""
    fields: Mapping[str, str] | None = None

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the data; every field is required, for strict modes demand it."""
        fields = self.fields or {"answer": "string"}
        return {
            "type": "object",
            "properties": {name: _typed(kind) for name, kind in fields.items()},
            "required": list(fields),
            "additionalProperties": False,
        }


def _typed(kind: str) -> dict[str, Any]:
    if kind.endswith("[]"):
        return {"type": "array", "items": {"type": kind[:-2]}}
    return {"type": kind}


def _fast(kind: str, question: str, **fields: str) -> Task:
    return Task(kind, "fast", 256, 75, "", question=question, fields=fields)


CHOICE_FIELDS: Final[Mapping[str, str]] = {
    "fits": "boolean",
    "genre": "string",
    "style": "string",
    "drummer": "string",
    "complexity": "number",
    "density": "number",
    "swing": "number",
    "humanize": "number",
}
"""What a small model decides instead of writing notes: presets and knobs of the embedded drummer."""

_TASKS: Final = (
    _fast(
        "intent_classification",
        "What does the musician want? intent is one of generate, vary, fill, song, refine, analyze, other; fits says"
        " whether a preset of the drum machine meets it fully.",
        intent="string", fits="boolean",
    ),
    _fast("parameter_validation", "Are the parameters sensible together? Name each problem.",
          valid="boolean", problems="string[]"),
    _fast("genre_validation",
          "Which known genre and style are meant? Empty strings when none; suggestions are the nearest known names.",
          valid="boolean", genre="string", style="string", suggestions="string[]"),
    _fast("yes_no", "Answer the question with yes or no.", yes="boolean"),
    _fast("extraction", "Extract what is said about the drums; empty or 0 when not said.",
          genre="string", style="string", tempo="number", bars="number", meter="string", mood="string"),
    Task("pattern_analysis", "balanced", 1024, 300, "pattern_analysis",
         question="Describe the pattern's character: its feel, how busy it is, what leads it, what it suits.",
         fields={"genre": "string", "style": "string", "feel": "string", "busyness": "number", "traits": "string[]"}),
    Task("pattern_generation", "balanced", 1024, 500, "pattern", music=True),
    Task("template_selection", "balanced", 1024, 120, "template_selection",
         question="Choose the preset and knobs of the drum machine that come nearest.", fields=CHOICE_FIELDS),
    Task("drummer_mapping", "balanced", 1024, 150, "modification_map",
         question="Which of the known drummers plays like that, and what would they change?",
         fields={"drummer": "string", "changes": "string[]"}),
    Task("modification_suggestions", "balanced", 1024, 250, "modification_map",
         question="Suggest changes that would serve the music, each one short sentence.",
         fields={"suggestions": "string[]"}),
    Task("song_composition", "advanced", 2048, 1400,
         question="Plan the song: its sections in order, bars, energy 0 to 1 and a drum direction for each.",
         fields={"sections": "string[]", "bars": "number[]", "energies": "number[]", "directions": "string[]"}),
    Task("pattern_variation", "advanced", 2048, 600, "pattern", music=True),
    Task("style_blending", "advanced", 2048, 600, "pattern", music=True),
    Task("fill_sequence", "advanced", 2048, 600, "pattern", music=True),
    Task("creative_suggestions", "advanced", 2048, 400,
         question="Suggest three directions that the musician may not have thought of.",
         fields={"suggestions": "string[]"}),
    Task("audio_analysis", "expert", 4096, 2500, "pattern_analysis",
         question="From the measured tempo, bars and onsets: what is played, and what should the drums be like?",
         fields={"genre": "string", "style": "string", "feel": "string", "directions": "string[]"}),
    Task("pattern_evolution", "expert", 4096, 1500, "pattern", music=True),
    Task("multi_genre_blending", "expert", 4096, 1200, "pattern", music=True),
    Task("polyrhythm", "expert", 4096, 1200, "pattern", music=True),
    Task("music_theory", "expert", 4096, 800,
         question="Answer the question about rhythm, precisely and briefly.", fields={"answer": "string"}),
)  # fmt: skip

TASKS: Final[Mapping[str, Task]] = {task.kind: task for task in _TASKS}
"""By kind. Twenty, as the document lists them: five for each tier."""


def kind_of(words: Mapping[str, Any]) -> str:
    """Return the task kind of a wish for a pattern, by what the rules read in its words; costs nothing."""
    if words.get("polyrhythm"):
        return "polyrhythm"
    if len(words.get("blend") or ()) > 1:
        return "multi_genre_blending" if len(words["blend"]) > 2 else "style_blending"
    if words.get("evolve"):
        return "pattern_evolution"
    return "pattern_generation"
