"""The control channel's methods as models: what validates a request is what documents it.

Strict and closed: no text is read as a number, no unknown member passes. Ranges come from the settings' rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from bridge.events import TOPICS
from bridge.refusals import refusal
from bridge.settings import BY_NAME, LIVE, Setting
from router.pattern import VOICES
from router.request import LONGEST

At = Literal["now", "beat", "bar", "2bars", "4bars", "end", "never"]
Boundary = Literal["now", "beat", "bar", "2bars", "4bars", "end"]
Tier = Literal["auto", "local", "fast", "balanced", "advanced", "expert"]
Provider = Literal["anthropic", "openai", "groq", "cohere", "local"]
Section = Literal[
    "intro", "verse", "pre-chorus", "chorus", "bridge", "breakdown", "build", "drop", "solo", "outro", "ending"
]
Knob = Annotated[float, Field(ge=0, le=1)]
Bars = Annotated[int, Field(ge=1, le=64)]
SwingGrid = Literal["style", "8ths", "16ths"]
Tempo = Annotated[float, Field(ge=20, le=300)]
Name = Annotated[str, Field(max_length=80)]
_PLAIN_NAME: Final = r"^[a-z0-9_-]{1,64}$"
_PLAIN: Final = "1 to 64 of a-z, 0-9, _ and -"
PatternId = Annotated[str, Field(pattern=_PLAIN_NAME, description=f"an id of patterns.list: {_PLAIN}")]
FileName = Annotated[str, Field(pattern=_PLAIN_NAME, description=f"a name: {_PLAIN}", examples=["my-groove"])]
AnyPattern = PatternId | dict[str, Any]
Prompt = Annotated[str, Field(max_length=LONGEST["prompt"])]
Constraints = Annotated[list[Annotated[str, Field(max_length=LONGEST["constraints"])]], Field(max_length=32)]
MeterText = Annotated[str, Field(max_length=8)]
Voice = Annotated[
    str, Field(pattern=f"^({'|'.join(VOICES)})$", description=f"one of {', '.join(VOICES)}", examples=["kick"])
]
JobId = Annotated[str, Field(max_length=40)]
Topic = Literal["transport", "player", "patterns", "jobs", "notes", "midi", "settings", "route", "metrics", "alerts"]
if get_args(Topic) != TOPICS:
    raise AssertionError("the topics of the protocol are those of the hub")


class Params(BaseModel):
    """The base of all parameters."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    def given(self) -> dict[str, Any]:
        """Return only what the client said."""
        return self.model_dump(exclude_unset=True)


class Nothing(Params):
    """No parameters."""


class AtOnly(Params):
    """When it takes effect."""

    at: Boundary | None = None


class Paying(Params):
    """Which class of model may answer, whom to ask first, what it may cost."""

    tier: Tier = "auto"
    provider: Provider | None = None
    max_cost_usd: Annotated[str, Field(max_length=20, examples=["0.05"])] | float | None = None


class Wish(Paying):
    """A wish for something that is to sound: when, and by which name the client knows it."""

    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    at: At = "bar"
    client_ref: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class Manner(Wish):
    """How it should be played; what is not said comes from the present settings."""

    prompt: Prompt = ""
    genre: Name | None = None
    style: Name | None = None
    drummer: Name | None = None
    meter: MeterText | None = None
    tempo: Tempo | None = None
    complexity: Knob | None = None
    density: Knob | None = None
    swing: Knob | None = None
    humanize: Knob | None = None
    intensity: Knob | None = None
    variation: Knob | None = None
    fill_amount: Knob | None = None
    lean: Knob | None = None
    ghosts: Knob | None = None
    hat_openness: Knob | None = None
    swing_grid: SwingGrid | None = None
    constraints: Constraints = []


class Generate(Manner):
    """A wish for one pattern."""

    section: Section | None = None
    bars: Bars | None = None
    deadline_ms: Annotated[int, Field(ge=1, le=600_000)] | None = None
    workflow: Literal["single", "refine"] = "single"


class SongSection(Params):
    """One section of a song; `meter` may differ from the song's."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    bars: Bars = 8
    energy: Knob | None = None
    meter: MeterText | None = None


class Compose(Manner):
    """A wish for a whole song; without sections it gets a usual form."""

    sections: Annotated[list[SongSection], Field(max_length=1000)] | Annotated[str, Field(max_length=4000)] | None = (
        None
    )


class Refine(Wish):
    """Words that change a groove, and only what they speak of; without a pattern the playing one is meant."""

    instruction: Annotated[str, Field(max_length=LONGEST["instruction"])]
    pattern: AnyPattern | None = None
    constraints: Constraints = []


class Analyze(Wish):
    """An audio file to hear: its path, under a folder that may be read, or its bytes in base64."""

    path: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    audio: str | None = None
    prompt: Prompt = ""
    bars: Bars | None = None


class Batch(Params):
    """Several wishes at once, each as for generate; they do not sound unless their own `at` says so."""

    requests: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=256)]


class Ask(Paying):
    """A question about music or about a groove, or a wish for one; `task` is a kind of the routing document."""

    task: Annotated[str, Field(max_length=40)]
    text: Prompt = ""
    pattern: AnyPattern | None = None
    facts: dict[str, Any] = {}


class RecordStop(Params):
    """What becomes of what was played: how long, whether the missing drums are added, when it sounds."""

    bars: Bars | None = None
    fit: bool = True
    at: At = "bar"


class Fill(AtOnly):
    """When it begins, what stands in for a fill, and how full and loud it is."""

    kind: Literal["fill", "break", "hold", "build"] = "fill"
    intensity: Knob | None = None


class Build(AtOnly):
    """When it begins, over how many bars it grows, and how loud it gets."""

    bars: Annotated[int, Field(ge=1, le=16)] = 1
    intensity: Knob | None = None


class JobOnly(Params):
    """Which job."""

    job: JobId


class JobWait(JobOnly):
    """Which job, and how long to wait for its end."""

    timeout_s: Annotated[float, Field(ge=0, le=600)] = 60.0


class Play(Params):
    """What to play: an id of the library, a whole pattern, or nothing for what was playing."""

    pattern: AnyPattern | None = None
    at: At | None = None
    loop: bool = True


class EditHit(Params):
    """One stroke as it shall be; velocity 0 removes it. `shift` left out keeps what was there."""

    tick: Annotated[int, Field(ge=0, le=2**24)]
    voice: Annotated[str, Field(max_length=20)]
    velocity: Annotated[int, Field(ge=0, le=127)]
    shift: Annotated[int, Field(ge=-960, le=960)] | None = None


class Edit(Params):
    """Strokes to change in a groove that plays or waits; `take` is the player's word for it, else the current one."""

    take: Annotated[str, Field(max_length=40)] | None = None
    hits: Annotated[list[EditHit], Field(max_length=20_000)] = []
    bars: Bars | None = None


class Mix(Params):
    """Voices that are silent, and voices that alone are heard; a list left out stays as it is."""

    mute: Annotated[list[Voice], Field(max_length=len(VOICES))] | None = None
    solo: Annotated[list[Voice], Field(max_length=len(VOICES))] | None = None


def _field(row: Setting) -> Any:
    """Return a live setting as pydantic has it: its row says kind, range and help."""
    kinds: dict[str, Any] = {
        "float": Annotated[float, Field(ge=row.low, le=row.high)],
        "int": Annotated[int, Field(ge=row.low, le=row.high)],
        "bool": bool,
    }
    literal: Any = Literal  # of a tuple that is known when this runs
    kind = literal[row.choices] if row.choices else kinds.get(row.kind, Annotated[str, Field(max_length=row.longest)])
    return (kind | None if row.optional else kind, Field(default_factory=lambda: None, description=row.help))


_fields: dict[str, Any] = {name: _field(BY_NAME[name]) for name in LIVE} | {"at": (Literal["now", "bar"] | None, None)}
Set = create_model("Set", __base__=Params, __doc__="New values of live settings; what is not named stays.", **_fields)


class PatternsList(Params):
    """Which patterns to list."""

    search: Annotated[str, Field(max_length=100)] = ""
    favourites: bool = False


class PatternOnly(Params):
    """Which pattern."""

    id: PatternId


class PatternPut(Params):
    """A whole pattern to keep."""

    pattern: dict[str, Any]


class Import(Params):
    """A .mid file, base64, and what to call it."""

    midi: Annotated[str, Field(min_length=1, max_length=3 << 20)]
    name: Name = ""


class Favourite(PatternOnly):
    """Which pattern, and whether it is a favourite now."""

    favourite: bool = True


class Export(PatternOnly):
    """Which pattern to write as a .mid file, under which name and at which tempo."""

    name: FileName | None = None
    tempo: Tempo | None = None


class MappingsSet(Params):
    """All rows of the new mapping; null goes back to the defaults."""

    triggers: Annotated[list[dict[str, Any]], Field(max_length=500)] | None


class Learn(Params):
    """Which action the next control that moves shall have, and when it sounds."""

    action: Name
    at: Boundary = "bar"


CostGroup = Literal["tier", "provider", "model", "day", "month", "task"]


class Costs(Params):
    """Since which day (UTC, as 2026-11-01, or 7d for the last seven days), by what; a single name needs no list."""

    since: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    by: CostGroup | Annotated[list[CostGroup], Field(min_length=1, max_length=6)] = "tier"


class Subscribe(Params):
    """What to hear, under a name of the client's choice."""

    topics: Annotated[list[Topic], Field(min_length=1, max_length=len(TOPICS))]
    sub: Annotated[str, Field(min_length=1, max_length=64)]


class Unsubscribe(Params):
    """Which subscription ends."""

    sub: Annotated[str, Field(min_length=1, max_length=64)]


METHODS: Final[Mapping[str, tuple[type[Params], str]]] = {
    "generate": (Generate, "make a groove; a draft plays at once, the answer takes over at a bar line"),
    "compose": (Compose, "make a song; it plays from its first section while the rest is being written"),
    "refine": (Refine, "change a groove as words say, and nothing else of it"),
    "analyze": (Analyze, "hear an audio file; what is heard becomes a groove"),
    "batch": (Batch, "make several grooves; one failure costs one of them"),
    "ask": (
        Ask,
        "ask by task kind: intent, validation, suggestions, theory about what plays; or for a groove to play later",
    ),
    "record.start": (Nothing, "listen to the notes that come in: play a rhythm"),
    "record.stop": (RecordStop, "make a groove of what was played since, with the drums that fit"),
    "job.wait": (JobWait, "wait for a job's end, or for the time-out, and return its state"),
    "job.get": (JobOnly, "return a job's state"),
    "job.cancel": (JobOnly, "stop a job; what already plays goes on"),
    "play": (Play, "play a pattern, or go on with the present one"),
    "edit": (Edit, "change strokes where they lie: heard at once and in phase, two hands' changes both stay"),
    "mix": (Mix, "mute and solo voices"),
    "cancel": (Nothing, "take back what waits for its bar line"),
    "stop": (AtOnly, "stop the transport and release every note"),
    "panic": (AtOnly, "release every note; the transport stays as it is"),
    "fill": (Fill, "play a fill in the next bar, or from the next beat to this bar's end (at now or beat)"),
    "break": (AtOnly, "stop the time for a bar but for a few stabs; at as for fill"),
    "hold": (AtOnly, "one crash, and silence to the bar's end; at as for fill"),
    "build": (Build, "a roll that grows to the bar's end, or over several bars; at as for fill"),
    "vary": (AtOnly, "vary the playing pattern"),
    "next": (AtOnly, "play the next pattern of the library"),
    "undo": (AtOnly, "go back to what played before"),
    "redo": (AtOnly, "take the last undo back"),
    "tap": (AtOnly, "tap the tempo"),
    "set": (Set, "change live settings"),
    "catalog": (Nothing, "every name that may be asked for: genres with styles, drummers, sections, voices, kits"),
    "status": (Nothing, "everything there is to know, in one object"),
    "patterns.list": (PatternsList, "list the library"),
    "patterns.get": (PatternOnly, "return a pattern"),
    "patterns.put": (PatternPut, "keep a pattern"),
    "patterns.import": (Import, "keep the drums of a .mid file"),
    "patterns.delete": (PatternOnly, "forget a pattern"),
    "patterns.favourite": (Favourite, "mark a pattern as a favourite"),
    "patterns.export": (Export, "write a pattern as a .mid file"),
    "patterns.reveal": (Nothing, "show the exports folder in the file manager of the daemon's machine"),
    "mappings.get": (Nothing, "which control means what"),
    "mappings.set": (MappingsSet, "use and keep another mapping"),
    "learn.start": (Learn, "bind the next control that moves; the midi topic tells how it goes"),
    "learn.cancel": (Nothing, "stop waiting for a control"),
    "ports": (Nothing, "list the MIDI ports"),
    "costs": (Costs, "what was paid, grouped"),
    "metrics": (Nothing, "cost, tokens, latency, cache and fallback rates, alerts"),
    "subscribe": (Subscribe, "hear topics; the first event of each is a snapshot"),
    "unsubscribe": (Unsubscribe, "stop hearing"),
    "ping": (Nothing, "return the server's clock"),
}


def read_params(method: str, params: Mapping[str, Any]) -> Params:
    """Return the checked parameters of `method`, one of `METHODS`.

    Raises:
        BadParams: For the first member at fault.
    """
    model = METHODS[method][0]
    try:
        return model.model_validate(params)
    except ValidationError as error:
        raise refusal(model, error) from None
