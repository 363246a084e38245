"""RouterConfig: the routing document's variables, read once into plain values.

Reads any mapping of strings (an environment, a merged config) and nothing else. Keys never reach a repr, a message or
a log; a bad value is refused with the variable's own name, never silently replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import MappingProxyType
from typing import Final, TypeVar
from urllib.parse import SplitResult, urlsplit

from router import catalog
from router.budget import PICO, Price, parse_usd
from router.errors import InvalidSetting
from router.request import PROVIDERS
from router.windows import Window, read_windows

PAID_TIERS: Final = ("fast", "balanced", "advanced", "expert")
"""From cheap to dear; the order is the order of escalation."""

MAX_TIMEOUT_S: Final = 600.0
MAX_TTL_S: Final = 30 * 86400

KEY_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "groq": ("GROQ_API_KEY",),
    "cohere": ("CO_API_KEY", "COHERE_API_KEY"),
}
BASE_URL_NAMES: Final = {
    "anthropic": "ANTHROPIC_BASE_URL",
    "openai": "OPENAI_BASE_URL",
    "groq": "GROQ_BASE_URL",
    "cohere": "CO_API_URL",
}

VALVES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType({"cc": (6, 60), "socket": (600, 6000), "page": (6, 60)})
"""Paid calls a minute and an hour that one source may cause; a source without a row has no valve of its own.

A hand on a knob or a page can ask without meaning to, and is held back early. A script that carries the token means
what it asks for a thousand times; its wall is the budget.
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RouterConfig:
    """Everything the router is told, already parsed.

    Attributes:
        provider: "auto" (cheap first among those with a key) or the one to ask first.
        keys, base_urls: By provider; keys are never printed.
        models: Tier to the user's own model.
        max_cost_picousd, monthly_budget_picousd: Ceilings, None for none.
        timeouts_s: Tier to seconds for the whole request.
        prices: The user's prices for models whose price is not agreed.
        windows: Time-of-day routing, empty for off.
        hedge: Ask a second provider when the first is slow to speak.
        batch: Wishes of one moment go out as one call for several patterns.
        offline: Never call a provider.
        local: Whether the embedded drummer may answer when nobody else does.
        valves: Source to (calls a minute, calls an hour).
    """

    provider: str = "auto"
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    base_urls: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    default_tier: str = "balanced"
    max_tier: str = "expert"
    max_cost_picousd: int | None = PICO // 10
    monthly_budget_picousd: int | None = 100 * PICO
    cache_enabled: bool = True
    cache_ttl_s: float = 3600.0
    timeouts_s: Mapping[str, float] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    hedge: bool = False
    batch: bool = True
    offline: bool = False
    local: bool = True
    valves: Mapping[str, tuple[int, int]] = field(default_factory=lambda: VALVES)

    @property
    def providers(self) -> tuple[str, ...]:
        """Return the providers that have a key, in the catalogue's order."""
        return () if self.offline else tuple(name for name in PROVIDERS if self.keys.get(name))

    def timeout_s(self, tier: str) -> float:
        """Return the tier's total deadline in seconds."""
        return self.timeouts_s.get(tier) or catalog.load().tiers[tier].timeout_s

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> RouterConfig:
        """Read the variables of the routing document and our own; what is unset or blank takes its default.

        Raises:
            InvalidSetting: Naming the variable, what it was and what it must be.
        """
        read = _Reader(environ)
        keys = {name: key for name, names in KEY_NAMES.items() if (key := read.first(*names))}
        clear = read.switch("DRUMBRIDGE_ALLOW_HTTP", default=False)
        urls = {
            name: read.url(variable, clear=clear) for name, variable in BASE_URL_NAMES.items() if read.text(variable)
        }
        read.store("DRUMBRIDGE_SHARED_URL")
        provider = read.one_of("AI_PROVIDER", ("auto", *PROVIDERS), "auto")
        if provider != "auto" and provider not in keys:
            wanted = KEY_NAMES[provider][0]
            raise InvalidSetting(
                "AI_PROVIDER",
                f"AI_PROVIDER is {provider}, but {wanted} is not set",
                f"set {wanted}, or AI_PROVIDER=auto",
            )
        default_tier = read.one_of("AI_DEFAULT_TIER", PAID_TIERS, "balanced")
        max_tier = read.one_of("AI_MAX_TIER", PAID_TIERS, "expert")
        if PAID_TIERS.index(max_tier) < PAID_TIERS.index(default_tier):
            if read.text("AI_DEFAULT_TIER"):
                raise InvalidSetting(
                    "AI_MAX_TIER",
                    f"AI_MAX_TIER is {max_tier}, below AI_DEFAULT_TIER, which is {default_tier}",
                    f"set AI_MAX_TIER={default_tier} or AI_DEFAULT_TIER={max_tier}",
                )
            default_tier = max_tier  # the default was ours, not the user's: a cap alone is a clear wish
        no_prices: dict[str, Price] = {}
        prices = read.parsed("DRUMBRIDGE_PRICES", catalog.read_prices, no_prices, "try gpt-6-astra=5.00/20.00")
        return cls(
            provider=provider,
            keys=keys,
            base_urls=urls,
            models=_models(read, provider, prices),
            default_tier=default_tier,
            max_tier=max_tier,
            max_cost_picousd=read.parsed("AI_MAX_COST_PER_REQUEST", parse_usd, PICO // 10, "try 0.10"),
            monthly_budget_picousd=read.parsed("AI_MONTHLY_BUDGET", parse_usd, 100 * PICO, "try 100.00"),
            cache_enabled=read.switch("AI_CACHE_ENABLED", default=True),
            cache_ttl_s=read.seconds("AI_CACHE_TTL", 3600.0, MAX_TTL_S),
            timeouts_s={
                tier: read.seconds(f"AI_TIMEOUT_{tier.upper()}", spec.timeout_s, MAX_TIMEOUT_S)
                for tier, spec in catalog.load().tiers.items()
            },
            prices=prices,
            windows=read.parsed("DRUMBRIDGE_WINDOWS", read_windows, (), "see the routing page of the manual"),
            hedge=read.switch("DRUMBRIDGE_HEDGE", default=False),
            batch=read.switch("DRUMBRIDGE_BATCH", default=True),
            offline=read.switch("DRUMBRIDGE_OFFLINE", default=False),
            local=read.switch("DRUMBRIDGE_LOCAL", default=True),
            valves=_valves(read),
        )


class _Reader:
    """Reads one variable at a time and words every refusal the same way."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str:
        return self._environ.get(name, "").strip()

    def first(self, *names: str) -> str:
        return next(filter(None, map(self.text, names)), "")

    def one_of(self, name: str, known: tuple[str, ...], default: str) -> str:
        value = self.text(name).lower() or default
        if value not in known:
            raise InvalidSetting(
                name, f"{name} is {value!r:.40}; it must be one of {', '.join(known)}", f"try {default}"
            )
        return value

    def switch(self, name: str, *, default: bool) -> bool:
        value = self.text(name).lower()
        if value in {"", "true", "1", "yes", "on"}:
            return default if not value else True
        if value in {"false", "0", "no", "off"}:
            return False
        raise InvalidSetting(name, f"{name} is {value!r:.40}; it must be true or false", f"try {str(default).lower()}")

    def seconds(self, name: str, default: float, most: float) -> float:
        value = self.text(name)
        if not value:
            return default
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 < number <= most:  # NaN fails too
            raise InvalidSetting(
                name, f"{name} is {value!r:.40}; it must be above 0 and at most {most:.0f} seconds", f"try {default:g}"
            )
        return number

    def count(self, name: str, default: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if not value.isascii() or not value.isdecimal() or int(value[:9]) != int(value):
            raise InvalidSetting(name, f"{name} is {value!r:.40}; it must be a whole number", f"try {default}")
        return int(value)

    def url(self, name: str, *, clear: bool) -> str:
        """Read a provider's address; `clear`: a key may leave this machine unencrypted."""
        value = self.text(name)
        parts = _address(value, "http", "https")
        if parts is None or not parts.hostname or "@" in value:
            raise InvalidSetting(
                name, f"{name} is no address; it must start with https:// and hold no credentials", f"unset {name}"
            )
        if parts.scheme == "http" and not clear and not _is_this_machine(parts.hostname):
            raise InvalidSetting(
                name,
                f"{name} is http://{parts.netloc:.60}: the key would cross the network for everybody to read",
                "start it with https://, or set DRUMBRIDGE_ALLOW_HTTP=true if you trust all of that network",
            )
        return value.rstrip("/")

    def store(self, name: str) -> None:
        """Check a store's address; it is never repeated, for it may hold a password."""
        value = self.text(name)
        if value and _address(value, "redis", "rediss", "unix") is None:
            words = f"{name} is no address of a Redis; it must start with redis://, rediss:// or unix://"
            raise InvalidSetting(name, words, "try redis://HOST:6379/0")

    def parsed(self, name: str, parse: Callable[[str], T], default: T, hint: str) -> T:
        value = self.text(name)
        if not value:
            return default
        try:
            return parse(value)
        except ValueError as flaw:
            raise InvalidSetting(name, f"{name}: {flaw}", hint) from None


def _address(value: str, *schemes: str) -> SplitResult | None:
    """Return an address's parts; None if it is none, or of another scheme."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:  # a port that is no number, half a bracket
        return None
    whole = "://" in value and value.isprintable() and " " not in value and port != 0
    return parts if whole and parts.scheme in schemes and parts.netloc + parts.path else None


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _models(read: _Reader, provider: str, prices: Mapping[str, Price]) -> dict[str, str]:
    """Read AI_MODEL_*; a model that nobody is known to serve needs AI_PROVIDER to say who does."""
    models: dict[str, str] = {}
    table = catalog.load().with_prices(prices)
    for tier in PAID_TIERS:
        name = f"AI_MODEL_{tier.upper()}"
        model = read.text(name)
        if not model:
            continue
        if len(model) > 200 or not model.isprintable() or " " in model:
            raise InvalidSetting(name, f"{name} is {model!r:.60}, which is no model's name", f"unset {name}")
        if provider == "auto" and table.provider_of(model) is None:
            raise InvalidSetting(
                name, f"{name} is {model!r:.60}; no provider is known to serve it", "set AI_PROVIDER to say who does"
            )
        models[tier] = model
    return models


def _valves(read: _Reader) -> Mapping[str, tuple[int, int]]:
    return {
        source: (read.count("DRUMBRIDGE_PAID_PER_MINUTE", minute), read.count("DRUMBRIDGE_PAID_PER_HOUR", hour))
        for source, (minute, hour) in VALVES.items()
    }
