"""The sixteen scenarios of the public FailoverBench v0.1, by its names and with its checks, against real sockets.

Primary openai, one fallback (groq), the embedded drummer forbidden: only a provider's whole answer counts as rescue.
Waits are the bench's own where they are short, scaled with the tier's timeout where they are long; S15 runs its full
sequence in clockwork time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from router.config import RouterConfig
from router.dispatch import Router
from router.errors import Busy, NoAnswer
from router.providers.scripted import Scripted, says
from router.request import GrooveRequest
from router.route import Answer
from tests.support import clockwork
from tests.support.faultserver import GROOVE, OK, Fault, FaultServer
from tests.support.timing import own_s

WISH = GrooveRequest(prompt="gravel rolling down a long staircase, then somebody remembers the tune", seed=3)


@dataclass
class Outcome:
    """What the caller and the provider saw."""

    answer: Answer | None
    error: Exception | None
    seconds: float
    server: FaultServer
    after: Answer

    @property
    def primary(self) -> list[float]:
        """When the primary was asked, before the probe that followed."""
        times = [seen.at for seen in self.server.asked("openai")]
        return times[: self.server.mark] if hasattr(self.server, "mark") else times


def play(faults: list[Fault], *, timeout_s: float = 30, fallback: list[Fault] | None = None) -> Outcome:
    """Route one request through a misbehaving primary, then one healthy request to see that the router lives."""

    async def main() -> Outcome:
        async with FaultServer({"openai": faults, "groq": fallback or [OK]}) as server:
            env = server.env("openai", "groq") | {
                "AI_PROVIDER": "openai", "AI_CACHE_ENABLED": "false", "DRUMBRIDGE_LOCAL": "false",
                "AI_TIMEOUT_BALANCED": str(timeout_s),
            }  # fmt: skip
            router = Router(RouterConfig.from_env(env))
            await router.start()
            answer, error = None, None
            began = own_s()
            try:
                answer = await router.route(WISH)
            except NoAnswer as refusal:
                error = refusal
            seconds = own_s() - began
            server.mark = len(server.asked("openai"))
            server.plan = {}
            after = await router.route(GrooveRequest(prompt=WISH.prompt, seed=4))
            await router.aclose()
            return Outcome(answer, error, seconds, server, after)

    return asyncio.run(main())


def rescued(outcome: Outcome, by: str) -> Answer:
    """Check that the caller got the whole answer, who gave it, and that the router lives on; return the answer."""
    assert outcome.error is None
    assert outcome.answer is not None
    assert outcome.answer.route.provider == by
    assert outcome.answer.pattern.bars == 2
    assert len(outcome.answer.pattern.hits) > 30
    assert outcome.answer.route.output_tokens > 0
    assert outcome.after.pattern.bars == 2
    return outcome.answer


pytestmark = pytest.mark.wire


def test_s01_429_with_retry_after():
    """The header is honoured: one wait of about two seconds, then the same provider answers; no tight loop."""
    outcome = play([Fault("status", 429, {"retry-after": "2"}), OK])

    rescued(outcome, "openai")
    assert len(outcome.primary) == 2
    assert outcome.primary[1] - outcome.primary[0] >= 1.8


def test_s02_429_without_retry_after_persistent():
    """A provider that only says no is asked a bounded number of times, then somebody else."""
    outcome = play([Fault("status", 429)])

    rescued(outcome, "groq")
    assert len([at for at in outcome.primary if at - outcome.primary[0] < 3]) <= 4
    assert len(outcome.primary) <= 6


def test_s03_500_once_then_healthy():
    """One 500 is a hiccup: the same provider is asked once more and answers."""
    outcome = play([Fault("status", 500), OK])

    rescued(outcome, "openai")
    assert len(outcome.primary) == 2


def test_s04_503_persistent():
    """An overloaded provider is given up within the retry budget."""
    outcome = play([Fault("status", 503)])

    rescued(outcome, "groq")
    assert len(outcome.primary) <= 6


def test_s05_tcp_reset_before_headers():
    """A reset connection is tried again."""
    outcome = play([Fault("reset"), OK])

    rescued(outcome, "openai")


def test_s06_no_response_at_all():
    """A silent provider is not asked twice: the next one answers within the budget."""
    outcome = play([Fault("silence", seconds=60)], timeout_s=6)

    rescued(outcome, "groq")
    assert outcome.seconds < 6
    assert len(outcome.primary) == 1


def test_s07_slow_first_token():
    """A first word that does not come in time makes the next provider answer (bench: 15 s of a 30 s budget)."""
    outcome = play([Fault("slow", seconds=20)], timeout_s=6)

    rescued(outcome, "groq")
    assert outcome.seconds < 3


def test_s08_stream_cut_mid_answer():
    """A stream that dies in its middle is never a success; the whole answer comes from the next provider."""
    outcome = play([Fault("cut", after=5)])

    answer = rescued(outcome, "groq")
    assert answer.route.attempts[0].outcome == "cut"


def test_s09_stream_stalls():
    """A stalled stream is noticed within its window; the router stays healthy."""
    outcome = play([Fault("stall", seconds=30, after=3)], timeout_s=6)

    answer = rescued(outcome, "groq")
    assert outcome.seconds < 5
    assert answer.route.attempts[0].outcome == "timeout"


def test_s10_malformed_chunk_in_the_stream():
    """A chunk that is no JSON spoils that answer only; nothing partial reaches the caller."""
    outcome = play([Fault("malformed", after=3)])

    answer = rescued(outcome, "groq")
    assert answer.route.attempts[0].outcome == "garbled"


@pytest.mark.parametrize("kind", ["no_done", "open"])
def test_s11_stream_ends_without_done(kind):
    """The finish reason ends an answer: nobody waits for a sentinel, whether the connection closes or not."""
    outcome = play([Fault(kind, seconds=20)])

    answer = rescued(outcome, "openai")
    assert outcome.seconds < 8
    assert answer.route.input_tokens == 400


def test_s12_context_length_exceeded():
    """A prompt that a model cannot hold is not sent to it again."""
    body = '{"error": {"message": "This model\'s maximum context length is 8", "code": "context_length_exceeded"}}'
    outcome = play([Fault("status", 400, body=body)])

    rescued(outcome, "groq")
    assert len(outcome.primary) == 1


def test_s13_content_filter_rejection():
    """A refusal by content is not retried and not routed around; the caller hears the reason."""
    body = '{"error": {"message": "Rejected by the safety system", "code": "content_policy_violation"}}'
    outcome = play([Fault("status", 400, body=body)])

    assert isinstance(outcome.error, NoAnswer)
    assert "content filter" in str(outcome.error)
    assert len(outcome.primary) == 1
    assert len(outcome.server.asked("groq")) == 0


def test_s14_fallback_target_rejects_prefill():
    """After a cut stream the fallback starts afresh: no request ends with an answer begun for the model."""
    outcome = play([Fault("cut", after=5)])

    rescued(outcome, "groq")
    assert all(seen.body["messages"][-1]["role"] == "user" for seen in outcome.server.seen)


def test_s15_primary_flaps_down_then_healthy():
    """Twenty requests, one every 4 s, the primary down for 60: all are answered, few ask it, it is back within 30 s."""
    down_until, asked = 1060.0, list[float]()

    def primary(_call):
        now = asyncio.get_running_loop().time()
        asked.append(now)
        return [Busy("openai", 0.0, "in trouble (HTTP 503)")] if now < down_until else says(GROOVE)

    async def main() -> list[tuple[float, str]]:
        loop = asyncio.get_running_loop()
        twins = {"openai": Scripted("openai", [primary]), "groq": Scripted("groq", [says(GROOVE)])}
        config = RouterConfig(provider="openai", keys={"openai": "k", "groq": "k"}, cache_enabled=False, local=False)
        router = Router(config, providers=twins, jitter=lambda: 0.5)
        served = []
        for index in range(20):
            await asyncio.sleep(1000 + 4 * index - loop.time())
            answer = await router.route(GrooveRequest(prompt=WISH.prompt, seed=index))
            served.append((loop.time(), answer.route.provider))
        return served

    served = clockwork.run(main())

    outage = [who for at, who in served if at < down_until]
    assert len(served) == 20
    assert set(outage) == {"groq"}
    back = [at for at, who in served if who == "openai"]
    assert back
    assert back[0] - down_until <= 30
    assert served[-1][1] == "openai"
    assert len([at for at in asked if at < down_until]) <= 12


def test_s16_fail_over_accounting():
    """The caller sees the fallback's model and usage; what failed before it wrote costs nothing."""
    outcome = play([Fault("status", 503)])

    answer = rescued(outcome, "groq")
    failed = [one for one in answer.route.attempts if one.provider == "openai"]
    assert answer.route.model == "openai/gpt-oss-120b"
    assert failed
    assert all(one.cost_picousd == 0 and one.output_tokens == 0 for one in failed)
    assert answer.route.cost_picousd == answer.route.attempts[-1].cost_picousd > 0
