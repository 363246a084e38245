"""The catalogue: the routing document's table, and beside each model its state and price today.

Reads `catalog.toml` once. Never counts a model as free: one without an agreed price has `price` None and is refused
until the user gives one. What is learnt at run time (a model gone) is kept by the caller and passed in as `gone`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from router.budget import Price, parse_usd

LONG_PROMPT_TOKENS: Final = 100_000
"""Above this many prompt tokens some models cost more (`long_input_usd`)."""

_PREFIXES: Final = {
    "claude": "anthropic",
    "gpt-": "openai",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "llama": "groq",
    "openai/": "groq",
    "qwen/": "groq",
    "meta-llama/": "groq",
    "command": "cohere",
}


class TierSpec(NamedTuple):
    """A tier as the document configures it: what it is for, its token cap, temperature and timeout in seconds."""

    name: str
    purpose: str
    max_tokens: int
    temperature: float
    timeout_s: float


class Documented(NamedTuple):
    """One row of the document's table, exactly as written; prices in dollars per million tokens, as text."""

    tier: str
    provider: str
    model: str
    tokens_per_minute: int
    input_usd: str
    output_usd: str


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model as it is today.

    Attributes:
        state: "active", "ending" (at `ends`), "retired" or "closed" (to new users).
        price: Per token, or None when no price is agreed.
        long_price: The price above `LONG_PROMPT_TOKENS`, when it differs.
        successors: Tier to the model that follows; key "" for all tiers.
        sampling: "temperature", "effort", "both" or "none": which of the two is sent.
        quiet: The reasoning effort that thinks least, "" when none is sent.
    """

    id: str
    provider: str
    state: str = "active"
    ends: str = ""
    price: Price | None = None
    long_price: Price | None = None
    successors: Mapping[str, str] = field(default_factory=dict)
    sampling: str = "none"
    quiet: str = ""

    def is_over(self, today: str) -> bool:
        """Say whether the model no longer answers on `today` (ISO date); closed to new users counts as over."""
        return self.state in {"retired", "closed"} or bool(self.ends and self.ends <= today)

    def price_for(self, prompt_tokens: int) -> Price | None:
        """Return the price that a prompt of this length is billed at."""
        return self.long_price if self.long_price and prompt_tokens > LONG_PROMPT_TOKENS else self.price


class Choice(NamedTuple):
    """The model that is really used for a wish, and the sentence that says so when it is another one."""

    model: Model
    notice: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """The table as data. `rows` is keyed by (tier, provider), `models` by model id."""

    edition: str
    tiers: Mapping[str, TierSpec]
    rows: Mapping[tuple[str, str], Documented]
    models: Mapping[str, Model]
    chains: Mapping[str, tuple[str, ...]]

    def with_prices(self, prices: Mapping[str, Price]) -> Catalog:
        """Return the catalogue with the user's own prices; an unknown model becomes known by its price."""
        models = dict(self.models)
        for name, price in prices.items():
            known = models.get(name) or Model(name, self.provider_of(name) or "")
            models[name] = replace(known, price=price, long_price=None)
        return replace(self, models=models)

    def provider_of(self, model: str) -> str | None:
        """Return who serves a model: by the catalogue, else by the shape of its name, else None."""
        known = self.models.get(model)
        if known is not None and known.provider:
            return known.provider
        name = model.lower()
        return next((provider for prefix, provider in _PREFIXES.items() if name.startswith(prefix)), None)

    def row_model(self, tier: str, provider: str, *, today: str, gone: Collection[str] = ()) -> Choice:
        """Return what the document's row means today: its model's live successor when it has one."""
        wanted = self.models[self.rows[tier, provider].model]
        # The table follows its successors even while the old model still answers: they are cheaper and stay.
        return self._follow(wanted, tier, today, gone, eager=True)

    def live(self, model: str, provider: str, tier: str, *, today: str, gone: Collection[str] = ()) -> Choice:
        """Return the model that a user's own wish means today; an unknown name is taken as it is, without a price."""
        return self._follow(self.models.get(model) or Model(model, provider), tier, today, gone, eager=False)

    def _follow(self, wanted: Model, tier: str, today: str, gone: Collection[str], *, eager: bool) -> Choice:
        model, seen = wanted, {wanted.id}
        while eager or model.is_over(today) or model.id in gone:
            following = model.successors.get(tier) or model.successors.get("") if model.successors else None
            if following is None or following in seen or following not in self.models:
                break
            seen.add(following)
            model = self.models[following]
        if model is wanted:
            return Choice(model)
        over = wanted.is_over(today) or wanted.id in gone
        why = "is no longer served" if over else f"ends on {wanted.ends}" if wanted.ends else "has a cheaper successor"
        return Choice(model, f"{wanted.id} {why}; {model.id} is used at its own price")


@cache
def load() -> Catalog:
    """Return the catalogue that ships with the program."""
    import tomllib  # noqa: PLC0415  with its expressions 4 ms of every start, and not every start needs the catalogue

    with Path(__file__).with_name("catalog.toml").open("rb") as file:
        data = tomllib.load(file)
    tiers = {name: TierSpec(name, **spec) for name, spec in data["tiers"].items()}
    rows = {
        (tier, provider): Documented(tier, provider, **row)
        for tier, providers in data["documented"].items()
        for provider, row in providers.items()
    }
    models = {name: _model(name, spec) for name, spec in data["models"].items()}
    chains = {name: tuple(chain) for name, chain in data["chains"].items()}
    return Catalog(data["edition"], tiers, rows, models, chains)


def _model(name: str, spec: dict[str, Any]) -> Model:
    successor = spec.get("successor", {})
    return Model(
        name,
        spec["provider"],
        spec["state"],
        spec.get("ends", ""),
        _price(spec, ""),
        _price(spec, "long_"),
        {"": successor} if isinstance(successor, str) else successor,
        spec.get("sampling", "none"),
        spec.get("quiet", ""),
    )


def _price(spec: dict[str, Any], prefix: str) -> Price | None:
    if f"{prefix}input_usd" not in spec:
        return None
    return Price.per_million(
        spec[f"{prefix}input_usd"],
        spec[f"{prefix}output_usd"],
        spec.get(f"{prefix}cached_input_usd"),
        spec.get(f"{prefix}cache_write_usd"),
    )


def read_prices(text: str) -> dict[str, Price]:
    """Read a user's prices, "model=in/out, model=in/out" in dollars per million tokens.

    Raises:
        ValueError: Saying which part is no price.
    """
    prices: dict[str, Price] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, sign, amounts = part.rpartition("=")
        into, slash, out = amounts.partition("/")
        if not (name and sign and slash):
            raise ValueError(f"{part!r:.60} is no price; write model=in/out in dollars per million tokens")
        if parse_usd(into) == 0 and parse_usd(out) == 0:
            raise ValueError(f"{part!r:.60} would make the model free; nothing is counted as free")
        prices[name.strip()] = Price.per_million(into.strip(), out.strip())
    return prices
