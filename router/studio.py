"""The studio: batches and audio, workflows of several answers of the router.

Awaits the router and the listener, nothing else. Whatever fails inside a workflow costs its own part: a transcription
is there before any model is asked, and one failing item of a batch is one error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from router import receipts
from router.dispatch import Router
from router.errors import AttemptFailed, BudgetRefused, NoAnswer, RouterError
from router.hearing import Analysis, hear, numbers_for_model
from router.pattern import Pattern
from router.receipts import may_pay, music_tier
from router.request import GrooveRequest
from router.revising import make
from router.route import LOCAL, Answer, Route

OnStep = Callable[[str, float], None]
OnAnswer = Callable[[int, "Answer | RouterError"], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a file: the numbers, the patterns (the one to play first), and the receipt."""

    analysis: Analysis
    patterns: tuple[Pattern, ...]
    route: Route


async def many(
    router: Router, requests: Sequence[GrooveRequest], *, on_answer: OnAnswer | None = None, source: str = "api"
) -> list[Answer | RouterError]:
    """Return an answer, or the error, for each request, in order; the router groups what models must write into calls.

    Args:
        router: Whom to ask.
        requests: Any number; each with its own seed, tier and ceiling.
        on_answer: Called with the index and the answer as each is there.
        source: Who asks.
    """

    async def one(index: int, request: GrooveRequest) -> Answer | RouterError:
        result: Answer | RouterError
        try:
            result = await make(router, request, source=source)
        except RouterError as error:
            result = error
        if on_answer is not None:
            on_answer(index, result)
        return result

    return await asyncio.gather(*(one(index, request) for index, request in enumerate(requests)))


async def analyze(
    router: Router,
    path: Path,
    request: GrooveRequest,
    *,
    on_step: OnStep | None = None,
    on_heard: Callable[[Analysis, Pattern], None] | None = None,
    source: str = "api",
) -> Heard:
    """Return what a file holds and grooves that fit it. The audio stays here: a model sees numbers.

    Args:
        router: Whom to ask.
        path: A wav, flac, mp3, ogg or aiff file of at most ten minutes.
        request: Bars, tier, ceilings; tempo and metre come from the file.
        on_step: Gets the stage and how much is done, 0..1.
        on_heard: Gets the numbers and the transcription, which can play while a model writes.
        source: Who asks.

    Raises:
        InvalidRequest: If the file cannot be heard, with the reason.
    """
    began = _now()
    analysis = await hear(path, on_progress=on_step)
    transcription = replace(analysis.to_pattern(request.bars), name="what was heard", id="")
    if on_heard is not None:
        on_heard(analysis, transcription)
    if not may_pay(router.config, request):
        route = Route(LOCAL, LOCAL, "transcription", "audio", latency_ms=_ms_since(began), notes=analysis.notes)
        return Heard(analysis, (transcription,), route)
    if on_step is not None:
        on_step("asking", 0.0)
    routes: list[Route] = []
    written: Pattern | None = None
    best = Route(LOCAL, LOCAL, "transcription", degraded=True)
    try:
        reply = await router.ask(
            "audio_analysis",
            {"heard": numbers_for_model(analysis), **({"wish": request.prompt} if request.prompt else {})},
            tier=request.tier, provider=request.provider, max_cost_usd=request.max_cost_usd, source=source,
        )  # fmt: skip
        routes.append(reply.route)
        wish = _matching(router, analysis, reply.data, request, routes)
        answer = await router.route(wish, source="audio")
        routes.append(answer.route)
        if answer.route.tier != LOCAL:
            written, best = answer.pattern, answer.route
    except (NoAnswer, BudgetRefused, AttemptFailed) as error:
        routes.append(replace(receipts.failed(error), notes=(str(error), "the transcription is played")))
    route = receipts.whole(best, "audio", routes, analysis.notes, _ms_since(began))
    return Heard(analysis, (transcription,) if written is None else (written, transcription), route)


def _matching(
    router: Router, analysis: Analysis, data: Mapping[str, Any], request: GrooveRequest, routes: Sequence[Route]
) -> GrooveRequest:
    """Return the wish for a groove that fits what was heard."""
    said = " ".join(str(one) for one in data.get("directions", ())[:4])
    heard = f"{data.get('feel', '')} {data.get('genre', '')} {data.get('style', '')}".strip()
    swing = max(0.0, min(1.0, (analysis.swing - 0.5) * 4))
    return replace(
        request,
        prompt=f"drums that fit this recording: {heard}. {said} {request.prompt}"[:2000].strip(),
        tempo=min(300.0, max(20.0, round(analysis.tempo_bpm, 2))),
        meter=analysis.signature,
        swing=request.swing if request.swing is not None else round(swing, 3),
        tier=music_tier(router.config, request),
        max_cost_usd=receipts.left(router.config, request.max_cost_usd, routes),
    )


def _now() -> float:
    return asyncio.get_running_loop().time()


def _ms_since(began: float) -> int:
    return round((_now() - began) * 1000)
