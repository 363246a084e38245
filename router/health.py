"""Health of providers and models: open, probing, closed; and the tombstones of models that are gone.

A pure machine: `now` is an argument, in seconds of any monotonic clock. A provider that is down costs one probe at a
time, not one timeout for each request; a model that is gone is never asked again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from router.errors import AttemptFailed, Busy, ModelGone, ProviderOff, Silent

OPENS_AT: Final = 5
"""Failures in a row that open a record. Silence counts for all of them: it cost somebody a whole timeout; in a hurry of
the request's own it counts for one."""

COOLDOWNS_S: Final = (5.0, 10.0, 15.0)
"""Waits before the first, second and later probes: a provider that is back is found within seconds, not minutes."""

OFF_S: Final = 300.0
"""How long an account that refuses us is left alone."""

GONE_AFTER: Final = 2
"""Distinct requests that must meet a bare 404 before the model counts as gone; a plain word does it at once."""

_NOBODY: Final[frozenset[str]] = frozenset()

_MEMORY: Final = 0.9
"""Weight of the past in the measured success, for each new outcome."""


@dataclass(slots=True, eq=False)
class Record:
    """What is known of one model at one provider."""

    failures: int = 0
    opened: int = 0
    retry_at: float = 0.0
    open: bool = False
    probing: bool = False
    success: float = 0.9
    ms: float = 0.0
    strangers: set[str] = field(default_factory=set)

    @property
    def state(self) -> str:
        """Return "closed" (asked freely), "open" (left alone) or "probing"."""
        return "probing" if self.probing else "open" if self.open else "closed"


class Health:
    """The records of all models, and the providers that are off. One event loop only."""

    def __init__(self, gone: dict[tuple[str, str], str] | None = None) -> None:
        self._records: dict[tuple[str, str], Record] = {}
        self._off: dict[str, tuple[float, str]] = {}
        self.gone: dict[tuple[str, str], str] = dict(gone or {})

    def __repr__(self) -> str:
        states = [f"{provider}/{model} {record.state}" for (provider, model), record in self._records.items()]
        return f"<Health {', '.join(states) or 'new'}>"

    def record(self, provider: str, model: str) -> Record:
        """Return the record of a model, a fresh one for a model never asked."""
        return self._records.setdefault((provider, model), Record())

    def wait_s(self, provider: str, model: str, now: float) -> float:
        """Return how long the model is not to be asked: 0 for now, infinity when it is gone or being probed."""
        if (provider, model) in self.gone:
            return float("inf")
        record = self.record(provider, model)
        off_until = self._off.get(provider, (0.0, ""))[0]
        if record.probing:
            return float("inf")
        return max(0.0, off_until - now, record.retry_at - now if record.open else 0.0)

    def begin(self, provider: str, model: str) -> None:
        """Note that the model is being asked; of an open record that is its probe."""
        record = self.record(provider, model)
        record.probing = record.open

    def leave(self, provider: str, model: str) -> None:
        """Note that the call was ended by us: nothing was learnt, the next may probe."""
        self.record(provider, model).probing = False

    def succeeded(self, provider: str, model: str, ms: float) -> None:
        """Note an answer that could be used; it closes the record."""
        record = self.record(provider, model)
        record.failures = record.opened = 0
        record.open = record.probing = False
        record.strangers.clear()
        record.success = record.success * _MEMORY + (1 - _MEMORY)
        record.ms = ms if not record.ms else record.ms * _MEMORY + ms * (1 - _MEMORY)
        self._off.pop(provider, None)

    def poor(self, provider: str, model: str) -> None:
        """Note an answer that came but was no pattern: the provider is well, the model is worth less."""
        record = self.record(provider, model)
        record.failures = 0
        record.open = record.probing = False
        record.success *= _MEMORY

    def failed(self, provider: str, model: str, error: AttemptFailed, now: float, *, request: str) -> None:
        """Note a failure and decide how long the model, or the whole provider, is left alone."""
        record = self.record(provider, model)
        record.success *= _MEMORY
        was_probe, record.probing = record.probing, False
        if isinstance(error, ModelGone):
            record.strangers.add(request)
            if error.certain or len(record.strangers) >= GONE_AFTER:
                self.gone[provider, model] = "said to be gone" if error.certain else "not found, twice"
        elif isinstance(error, ProviderOff):
            self._off[provider] = (now + OFF_S, str(error))
        elif isinstance(error, Busy):
            record.failures += OPENS_AT if isinstance(error, Silent) and not error.hurried else 1
            if error.retry_after > 0:
                record.open, record.retry_at = True, max(record.retry_at, now + error.retry_after)
            elif record.failures >= OPENS_AT or was_probe:
                wait = COOLDOWNS_S[min(record.opened, len(COOLDOWNS_S) - 1)]
                record.opened += 1
                record.open, record.retry_at = True, now + wait

    def learn(self, provider: str, lifecycle: dict[str, str]) -> None:
        """Take in a provider's own list: what it calls retired is gone."""
        for model, state in lifecycle.items():
            if state == "retired":
                self.gone[provider, model] = "retired by the provider's own list"

    def gone_models(self) -> frozenset[str]:
        """Return the models that are never asked again."""
        return frozenset(model for _, model in self.gone) if self.gone else _NOBODY

    def as_dict(self, now: float) -> dict[str, Any]:
        """Return the state of everything asked so far, by provider; waits in seconds."""
        out: dict[str, Any] = {}
        for (provider, model), record in sorted(self._records.items()):
            wait = self.wait_s(provider, model, now)
            out.setdefault(provider, {})[model] = {
                "state": "gone" if (provider, model) in self.gone else record.state,
                "failures": record.failures,
                "success": round(record.success, 3),
                "ms": round(record.ms),
                "wait_s": round(wait, 1) if wait != float("inf") else None,
            }
        for provider, (until, why) in self._off.items():
            if until > now:
                out.setdefault(provider, {})["off"] = why
        return out
