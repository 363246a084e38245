"""Every setting is one row: name, unit, range, default, environment, flag, CC. All who need one read it here.

Pure: takes mappings, gives values with their origin. Precedence: flag > environment > config.toml > default.
A secret is never a setting; keys live in the environment or in their own file.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final, Literal

from router.errors import InvalidSetting, shown
from router.request import SWING_GRIDS

Kind = Literal["float", "int", "bool", "text", "choice", "meter"]
SYNCS: Final = ("auto", "internal", "clock", "link")
BACKENDS: Final = ("auto", "alsa", "jack", "jack-rtmidi", "coremidi", "winmm", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row. `default` None means "the style's own" or "not said"; `live` ones change while it plays.

    `longest` is in characters.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    env: str = ""
    live: bool = False
    cc: int | None = None
    optional: bool = False
    longest: int = 200

    @property
    def flag(self) -> str:
        """The command line's spelling."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment's spelling."""
        return self.env or "DRUMBRIDGE_" + self.name.upper()

    def facts(self) -> dict[str, Any]:
        """Return the row as clients see it; `low` and `high` only where there is such an end."""
        names = ("name", "kind", "default", "unit", "low", "high", "choices", "cc", "optional", "help")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if not (isinstance(value, float) and math.isinf(value))}

    def check(self, value: Any) -> Any:
        """Return `value` if the setting can take it as it is (no text is read as a number).

        Raises:
            InvalidSetting: Saying what it was and what it must be.
        """
        if value is None and self.optional:
            return None
        if self.kind == "bool":
            if isinstance(value, bool):
                return value
            raise self._refuse(value, "must be true or false", "true")
        if self.kind in {"float", "int"}:
            return self._check_number(value)
        if not isinstance(value, str) or len(value) > self.longest:
            raise self._refuse(value, f"must be a text of {self.longest} characters at most", self.default or "another")
        if self.choices and value not in self.choices:
            near = difflib.get_close_matches(value.lower(), self.choices, 1) or [self.choices[0]]
            raise self._refuse(value, f"must be one of {', '.join(self.choices)}", near[0])
        return value

    def _check_number(self, value: Any) -> float | int:
        whole = self.kind == "int"
        right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right or not self.low <= value <= self.high:  # NaN fails too
            kind = "" if right else "a whole number from " if whole else "a number from "
            wanted = f"must be {kind}{self.low:g} to {self.high:.16g} {self.unit}".rstrip()
            raise self._refuse(value, wanted, f"{self.low if self.default is None else self.default:g}")
        return int(value) if whole else float(value)

    def read(self, text: str) -> Any:
        """Read what stands in an environment variable or behind a flag.

        Raises:
            InvalidSetting: As `check`.
        """
        word = text.strip()
        if self.optional and word.lower() in {"", "none", "auto"}:
            return None
        if self.kind == "bool":
            known = {
                "1": True,
                "true": True,
                "yes": True,
                "on": True,
                "0": False,
                "false": False,
                "no": False,
                "off": False,
            }
            return self.check(known.get(word.lower(), word))
        if self.kind in {"float", "int"}:
            try:
                return self.check(int(word) if self.kind == "int" else float(word))
            except ValueError as error:
                if isinstance(error, InvalidSetting):
                    raise
                return self.check(word)
        return self.check(word)

    def _refuse(self, value: Any, wanted: str, example: str) -> InvalidSetting:
        return InvalidSetting(self.name, f"{self.name} is {shown(value)}; it {wanted}", f"try {example}")


def _knob(name: str, cc: int, default: float | None, words: str) -> Setting:
    return Setting(
        name=name, kind="float", default=default, low=0, high=1, live=True, cc=cc, optional=default is None, help=words
    )


ROWS: Final[tuple[Setting, ...]] = (
    # Music, live: the socket's `set`, the page's knobs and the CCs all turn these.
    Setting(name="tempo", kind="float", default=120.0, low=20, high=300, unit="beats per minute", live=True, help="the internal tempo"),
    Setting(name="sync", kind="choice", default="auto", choices=SYNCS, live=True, help="who leads: an external clock when one runs, or one source"),
    _knob("complexity", 25, None, "how much the groove moves; unset is the style's own"),
    _knob("density", 26, 0.5, "how many strokes; .5 is the style as written"),
    _knob("swing", 27, None, "how late the offbeats lie; unset is the style's own"),
    _knob("humanize", 28, 0.5, "how loosely the hands play; 0 is on the grid, 1 a human's full drift"),
    _knob("intensity", 102, 0.5, "how hard everything is struck; .5 is the style as written"),
    _knob("variation", 103, 0.5, "how far bars depart from each other; 0 makes them alike, .5 is as people do"),
    _knob("fill_amount", 104, 0.5, "how often fills come by themselves; 0 never, 1 at the end of every phrase"),
    _knob("lean", 105, 0.5, "the whole kit against the beat: 0 is 30 ms ahead, .5 on it, 1 is 30 ms behind"),
    _knob("ghosts", 106, 0.5, "how many ghost notes on the snare; 0 none, .5 the style's own"),
    _knob("hat_openness", 107, None, "how far the hi-hat stands open; unset leaves each stroke as written"),
    Setting(name="swing_grid", kind="choice", default="style", choices=SWING_GRIDS, live=True, cc=108, help="which notes swing: 8ths, 16ths, or the style's own"),
    Setting(name="genre", kind="text", default=None, optional=True, live=True, cc=29, help="the genre of the next groove"),
    Setting(name="style", kind="text", default=None, optional=True, live=True, help="the style within the genre"),
    Setting(name="drummer", kind="text", default=None, optional=True, live=True, cc=30, help="whose hands"),
    Setting(name="bars", kind="int", default=2, low=1, high=64, unit="bars", live=True, cc=31, help="length of the next groove"),
    Setting(name="meter", kind="meter", default="4/4", live=True, help="metre of the next groove, as 7/8"),
    Setting(name="ai", kind="bool", default=True, live=True, cc=86, help="off: the embedded generator only, nothing is paid"),
    Setting(name="drum_map", kind="text", default="gm", live=True, help="which notes the kit answers to"),
    Setting(name="channel", kind="int", default=10, low=1, high=16, live=True, help="MIDI channel of the notes"),
    Setting(name="offset_ms", kind="float", default=0.0, low=-500, high=500, unit="milliseconds", live=True, help="negative plays earlier, to make up for a slow synth"),
    Setting(name="clock_out", kind="bool", default=True, live=True, help="send MIDI clock while the internal tempo leads"),
    # Where it listens and plays.
    Setting(name="host", kind="text", default="127.0.0.1", help="address of the page and the socket"),
    Setting(name="port", kind="int", default=8765, low=0, high=65535, help="port of the page and the socket; 0 picks a free one"),
    Setting(name="midi", kind="choice", default="auto", choices=BACKENDS, help="MIDI system"),
    Setting(name="out", kind="text", default="virtual", help="output port: virtual, or the name of a port"),
    Setting(name="in", kind="text", default="virtual", help="input port: virtual, or the name of a port"),
    Setting(name="json_logs", kind="bool", default=False, help="log as JSON lines"),
    Setting(name="log_level", kind="choice", default="info", choices=("debug", "info", "warning", "error"), help="how much is logged"),
    Setting(name="allow_lan", kind="bool", default=False, help="listen beyond this machine; needs TLS"),
    Setting(name="tls_cert", kind="text", default=None, optional=True, help="certificate file (PEM) for allow_lan"),
    Setting(name="tls_key", kind="text", default=None, optional=True, help="key file (PEM) for allow_lan"),
    Setting(name="analyze_folders", kind="text", default=None, optional=True, help="folders that analyze may read, joined by the system's path separator; unset: home and temporary files"),
    Setting(name="shared_url", kind="text", default=None, optional=True, help="redis://, rediss:// or unix:// for cache, budget and limits shared by several daemons"),
    # The routing document's variables and our own beside them; the router reads and checks them in one place.
    *(
        Setting(name=env.lower().removeprefix("drumbridge_"), kind="text", default=None, optional=True, env=env, help=words, longest=4000)
        for env, words in (
            ("AI_PROVIDER", "auto, anthropic, openai, groq or cohere"),
            ("AI_MODEL_FAST", "model of the fast tier"),
            ("AI_MODEL_BALANCED", "model of the balanced tier"),
            ("AI_MODEL_ADVANCED", "model of the advanced tier"),
            ("AI_MODEL_EXPERT", "model of the expert tier"),
            ("AI_DEFAULT_TIER", "tier of a request that names none"),
            ("AI_MAX_TIER", "never above this tier"),
            ("AI_MAX_COST_PER_REQUEST", "dollars one request may cost"),
            ("AI_MONTHLY_BUDGET", "dollars a month may cost"),
            ("AI_CACHE_ENABLED", "answer the same request from the cache"),
            ("AI_CACHE_TTL", "seconds a pattern stays in the cache"),
            ("AI_TIMEOUT_FAST", "seconds the fast tier may take"),
            ("AI_TIMEOUT_BALANCED", "seconds the balanced tier may take"),
            ("AI_TIMEOUT_ADVANCED", "seconds the advanced tier may take"),
            ("AI_TIMEOUT_EXPERT", "seconds the expert tier may take"),
            ("ANTHROPIC_BASE_URL", "another address for Anthropic's API"),
            ("OPENAI_BASE_URL", "another address for OpenAI's API, with /v1"),
            ("GROQ_BASE_URL", "another address for Groq's API"),
            ("CO_API_URL", "another address for Cohere's API"),
            ("DRUMBRIDGE_ALLOW_HTTP", "true: a key may cross the network unencrypted, to a base URL of http://"),
            ("DRUMBRIDGE_PRICES", "prices of models that have none here: model=in/out, ... in dollars per million tokens"),
            ("DRUMBRIDGE_WINDOWS", "time-of-day routing: a list in JSON"),
            ("DRUMBRIDGE_HEDGE", "ask a second provider when the first is slow to speak; both are paid"),
            ("DRUMBRIDGE_BATCH", "send requests that come at once as one call"),
            ("DRUMBRIDGE_LOCAL", "false: no embedded drummer when providers fail"),
            ("DRUMBRIDGE_OFFLINE", "true: no provider is ever called"),
            ("DRUMBRIDGE_PAID_PER_MINUTE", "paid calls a minute that one source may cause"),
            ("DRUMBRIDGE_PAID_PER_HOUR", "paid calls an hour that one source may cause"),
        )
    ),
)  # fmt: skip
BY_NAME: Final[Mapping[str, Setting]] = {row.name: row for row in ROWS}
LIVE: Final = tuple(row.name for row in ROWS if row.live)
SECRETS: Final = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GROQ_API_KEY", "CO_API_KEY", "COHERE_API_KEY")
TABLES: Final = ("mapping",)
"""Tables of config.toml that are no single setting; their readers check them."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value and where it came from: "flag", "environment", "config.toml" or "default"."""

    value: Any
    origin: str


def resolve(flags: Mapping[str, Any], environ: Mapping[str, str], config: Mapping[str, Any]) -> dict[str, Value]:
    """Return every setting's value with its origin.

    Args:
        flags: Values given on the command line; None is "not given".
        environ: The process's environment.
        config: The parsed config.toml.

    Raises:
        InvalidSetting: For a value out of range, or a key of config.toml that no setting has (with the nearest name).
    """
    for key in config:
        if key not in BY_NAME and key not in TABLES:
            raise InvalidSetting(key, f"config.toml has {key!r}, which is no setting", did_you_mean(key))
    return {row.name: _resolved(row, flags, environ, config) for row in ROWS}


def _resolved(row: Setting, flags: Mapping[str, Any], environ: Mapping[str, str], config: Mapping[str, Any]) -> Value:
    if (given := flags.get(row.name)) is not None:
        return Value(row.read(given) if isinstance(given, str) else row.check(given), "flag")
    origin = "environment" if environ.get(row.variable) else "config.toml" if row.name in config else "default"
    try:
        if origin == "environment":
            return Value(row.read(environ[row.variable]), origin)
        if origin == "config.toml":
            given = config[row.name]
            return Value(row.check(_as_text(given) if row.kind == "text" else given), origin)
    except InvalidSetting as error:
        raise InvalidSetting(error.name, placed(str(error), row.name, origin), error.hint) from None
    return Value(row.default, origin)


def placed(said: str, name: str, origin: str) -> str:
    """Return what is said of a setting's value so that its owner finds the place where it stands."""
    if origin == "environment":
        return said.replace(name, BY_NAME[name].variable, 1)
    return f"config.toml: {said}" if origin == "config.toml" else said


def did_you_mean(key: str) -> str:
    """Return a hint for a name that no setting has: a setting's variable leads to it, a secret's to where it belongs."""
    if key.upper() in SECRETS:
        return "keys are kept apart: `drumbridge keys set`"
    near = difflib.get_close_matches(key.lower().removeprefix("drumbridge_"), [*BY_NAME, *TABLES], 1)
    return f"did you mean {near[0]}?" if near else "`drumbridge config show` lists them"


def _as_text(given: Any) -> Any:
    """Return a value of TOML as an environment variable would say it; what cannot be said so stays as it is."""
    if isinstance(given, list):
        return json.dumps(given, default=str)
    return str(given).lower() if isinstance(given, bool | int | float | date | time) else given


def live_values(values: Mapping[str, Value]) -> dict[str, Any]:
    """Return the live settings' bare values."""
    return {name: values[name].value for name in LIVE}


def zones(names: Iterable[str], value: int) -> str:
    """Return the name whose equal zone of 0..127 holds `value`."""
    known = tuple(names)
    return known[min(value * len(known) // 128, len(known) - 1)]
