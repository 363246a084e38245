"""Policy: which tier a wish needs, and whom to ask in which order. Cheap first, and never above the cap.

Pure. Rules read the words at no cost; the fast tier is asked only where they are unsure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from router.budget import Price, worst_case_picousd
from router.catalog import Catalog, Choice
from router.config import PAID_TIERS, RouterConfig
from router.constraints import read_rule
from router.request import GrooveRequest
from router.route import LOCAL
from router.tasks import TASKS, Task, kind_of
from router.windows import Window

SURE: Final = 0.75
"""From this share of understood words on, the embedded drummer meets the wish by itself."""

UNSURE: Final = 0.5
"""Between this and `SURE` the fast tier is asked whether a preset fits; below, words ask for notes."""

_PROMPT_TOKENS: Final = 600
"""A usual prompt with its notation guide, for comparing expected costs only."""


class Plan(NamedTuple):
    """What a wish needs.

    Attributes:
        tier: "local" or the paid tier to start in.
        classify: The fast tier may be asked first whether a preset fits.
        kind: The task kind, for the ledger.
        notes: Plain sentences for the route.
    """

    tier: str
    classify: bool = False
    kind: str = "pattern_generation"
    notes: tuple[str, ...] = ()


class Candidate(NamedTuple):
    """One model that may be asked."""

    provider: str
    model: str
    tier: str
    price: Price
    max_tokens: int
    temperature: float | None
    effort: str
    tokens_per_minute: int
    usual_picousd: float
    notice: str = ""

    def worst_picousd(self, prompt_tokens: int) -> int:
        """Return the most that asking it can cost."""
        return worst_case_picousd(self.price, prompt_tokens, self.max_tokens)


def plan(request: GrooveRequest, words: Mapping[str, Any], config: RouterConfig) -> Plan:
    """Return what a request needs, by rules alone."""
    kind = kind_of(words)
    if LOCAL in {request.tier, request.provider}:
        return Plan(LOCAL, kind=kind)
    if not config.providers:
        why = "offline" if config.offline else "no key is set"
        note = () if request.tier == "auto" and request.provider is None else (f"{why}: the embedded drummer plays",)
        return Plan(LOCAL, kind=kind, notes=note)
    if request.provider is not None and request.provider not in config.providers:
        absent = f"{request.provider} was asked for, but has no key; another provider stands in"
        start = config.default_tier if request.tier == "auto" else request.tier
        capped_plan = _capped(start, config, kind)
        return Plan(capped_plan.tier, kind=kind, notes=(absent, *capped_plan.notes))
    if request.tier != "auto":
        return _capped(request.tier, config, kind)
    if request.provider is not None:  # naming a provider is asking for a model
        return _capped(config.default_tier, config, kind)
    confidence = float(words.get("confidence", 0.0))
    understood = not request.prompt.strip() or confidence >= SURE
    if understood and all(read_rule(rule) is not None for rule in request.constraints):
        return Plan(LOCAL, kind=kind)
    unsure = UNSURE <= confidence < SURE and config.default_tier != "fast"
    return Plan(config.default_tier, unsure, kind)


def capped(tier: str, config: RouterConfig) -> str:
    """Return the tier, or the highest that AI_MAX_TIER allows."""
    return min(tier, config.max_tier, key=PAID_TIERS.index)


def _capped(tier: str, config: RouterConfig, kind: str) -> Plan:
    if PAID_TIERS.index(tier) > PAID_TIERS.index(config.max_tier):
        note = f"{tier} was asked, AI_MAX_TIER allows {config.max_tier}"
        return Plan(config.max_tier, kind=kind, notes=(note,))
    return Plan(tier, kind=kind)


def ladder_up(tier: str, config: RouterConfig) -> tuple[str, ...]:
    """Return the tiers above `tier` up to the cap, nearest first: where poor quality goes."""
    return PAID_TIERS[PAID_TIERS.index(tier) + 1 : PAID_TIERS.index(config.max_tier) + 1]


def ladder_aside(tier: str, config: RouterConfig) -> tuple[str, ...]:
    """Return the other tiers that may stand in when nobody in `tier` answers: the cheaper ones first."""
    return (*reversed(PAID_TIERS[: PAID_TIERS.index(tier)]), *ladder_up(tier, config))


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """What the choice of candidates looks at, beside the request: the world as it is now.

    Attributes:
        today: ISO date, UTC. gone: Models never to be asked.
        success: (provider, model) to the measured share of usable answers, 0..1.
        window: The time-of-day window that holds now, or None.
        memo: Who serves a tier changes with the day and with what is gone, not with each request.
    """

    config: RouterConfig
    catalog: Catalog
    today: str
    gone: Collection[str]
    success: Callable[[str, str], float]
    window: Window | None = None
    memo: dict[Any, Any] = field(default_factory=dict)


def candidates(
    desk: Desk, tier: str, task: Task, *, provider: str | None = None
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """Return whom to ask in a tier, in order, and the sentences about those who are not asked.

    A named provider comes first and its fallback chain after it; else the cheapest by expected cost, price x tokens /
    measured success. A user's own model for the tier comes before all.
    """
    config = desk.config
    own = config.models.get(tier)
    own_provider = (desk.catalog.provider_of(own) or config.provider) if own else None
    key = (tier, task.kind, desk.today, frozenset(desk.gone))
    known = desk.memo.get(key)
    if known is None:
        known = desk.memo[key] = _served(desk, tier, task, own, own_provider)
    found, notes = known
    order = _order(desk, found, provider, own_provider if own and provider is None else None)
    return tuple(order), notes


def asked_first(desk: Desk, request: GrooveRequest, words: Mapping[str, Any], names: Collection[str]) -> str | None:
    """Return the provider that a wish would ask first, of those named, or None where the drummer meets it."""
    wanted = plan(request, words, desk.config)
    if wanted.tier == LOCAL:
        return None
    kind = "intent_classification" if wanted.classify else wanted.kind
    found, _ = candidates(desk, "fast" if wanted.classify else wanted.tier, TASKS[kind], provider=request.provider)
    return next((one.provider for one in found if one.provider in names), None)


def _served(
    desk: Desk, tier: str, task: Task, own: str | None, own_provider: str | None
) -> tuple[list[Candidate], tuple[str, ...]]:
    """Return who serves a tier today, in no order, and who does not and why."""
    found: list[Candidate] = []
    notes: list[str] = []
    for name in desk.config.providers:
        if own is not None and name == own_provider:
            choice = desk.catalog.live(own, name, tier, today=desk.today, gone=desk.gone)
        else:
            choice = desk.catalog.row_model(tier, name, today=desk.today, gone=desk.gone)
        if choice.model.id in desk.gone:
            notes.append(f"{choice.model.id} is gone and has no known successor")
        elif choice.model.price is None:
            notes.append(f"{choice.model.id} has no known price and is not asked; set DRUMBRIDGE_PRICES to use it")
        else:
            found.append(_candidate(desk, tier, name, choice, task))
    return found, tuple(notes)


def _candidate(desk: Desk, tier: str, provider: str, choice: Choice, task: Task) -> Candidate:
    spec, model = desk.catalog.tiers[tier], choice.model
    price = model.price_for(_PROMPT_TOKENS)
    assert price is not None  # noqa: S101  looked at by the caller
    warm = model.sampling in {"temperature", "both"}
    effort = model.quiet if model.sampling in {"effort", "both"} else ""
    expected = price.input_picousd * _PROMPT_TOKENS + price.output_picousd * min(task.typical_tokens, spec.max_tokens)
    return Candidate(
        provider,
        model.id,
        tier,
        price,
        min(spec.max_tokens, max(task.max_tokens, 256)),
        spec.temperature if warm else None,
        effort,
        desk.catalog.rows[tier, provider].tokens_per_minute,
        expected,
        choice.notice,
    )


def _order(desk: Desk, found: list[Candidate], provider: str | None, own: str | None) -> list[Candidate]:
    if len(found) < 2:
        return found

    def expected(one: Candidate) -> float:
        factor = desk.window.price_factor.get(one.provider, 1.0) if desk.window else 1.0
        return one.usual_picousd * factor / max(0.05, desk.success(one.provider, one.model))

    by_cost = sorted(found, key=expected)
    first = [own] if own else []
    if provider is None and desk.window:
        # Before AI_PROVIDER: an hour of its own is said more exactly than a rule for all.
        first += desk.window.providers
    named = provider or desk.config.provider
    if named != "auto":
        first += [named, *desk.catalog.chains.get(named, ())]
    rank = {name: index for index, name in reversed(list(enumerate(first)))}
    return sorted(by_cost, key=lambda one: rank.get(one.provider, len(rank)))
