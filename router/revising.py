"""Revising: a groove changed as words say, or checked against rules and mended, at most three rounds, the best kept.

Awaits the router and nothing else. Lanes that were not spoken of are put back by construction, whatever a model wrote.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from router import drummer, groove, policy, receipts
from router import refine as by_rules
from router.constraints import hold, read_rule
from router.dispatch import Router
from router.errors import AttemptFailed, BudgetRefused, InvalidRequest, NoAnswer
from router.notation import write
from router.pattern import MAX_BARS, Pattern
from router.policy import SURE, UNSURE
from router.receipts import may_pay, music_tier
from router.request import MAX_SEED, GrooveRequest, check_length
from router.route import LOCAL, Answer, Route

ROUNDS: Final = 3
"""How often a groove is sent back to be mended, as the routing document says."""

_SHOWN_CHARS: Final = 1500
"""How much of a groove's text goes into a prompt."""


_SETTING: Final = re.compile(
    r"(?:(?:please|can you|make|play|set|turn|it|the|groove|tempo|a bit|much|a little|to|at|in|into) )*"
    r"(?:faster|slower|speed(?: it)? up|slow(?: it)? down|\d{2,3} ?bpm|\d{1,2}/\d{1,2}|longer|shorter"
    r"|tempo(?: (?:\d+|up|down))?|(?:twice|half) as (?:fast|slow)|(?:double|half|halve) the (?:tempo|speed)"
    r"|(?:\d+|two|four|eight) bars(?: long)?)[.! ]*",
    re.IGNORECASE,
)
"""What no stroke can answer: no model is paid to try."""
_BACK: Final = re.compile(
    r"(?:please )?(?:undo|redo|revert|go back|take (?:it|that) back)(?: (?:it|that|this))?[.! ]*", re.IGNORECASE
)


async def refine(
    router: Router,
    pattern: Pattern,
    instruction: str,
    request: GrooveRequest,
    *,
    source: str = "api",
) -> Answer:
    """Return a groove changed as the words say, and only so: what they do not speak of stays to the tick.

    Rules first, at no cost. What they do not understand goes to a model, at most three rounds, the best of them kept.

    Args:
        router: Whom to ask.
        pattern: The groove as it is.
        instruction: The musician's words.
        request: Tier, provider, ceilings, seed and constraints.
        source: Who asks.

    Raises:
        InvalidRequest: If the words say nothing that can be done without a model, and none can be asked.
    """
    began = _now()
    text = instruction.strip()
    if not text:
        raise InvalidRequest("instruction", "instruction is empty", 'try "busier hats, keep the kick"')
    check_length("instruction", text)
    if _BACK.fullmatch(text):
        raise InvalidRequest("instruction", f"{text[:60]!r}: nothing is changed by words for that", "undo is a command")
    if _SETTING.fullmatch(text):
        raise InvalidRequest(
            "instruction",
            f"{text[:60]!r}: tempo, metre and length are settings, not strokes to be changed",
            "set the tempo (set tempo=140), or generate anew with meter or bars",
        )
    ruled = by_rules.refine(pattern, text, seed=request.seed, constraints=request.constraints, tempo=request.tempo)
    if ruled.beyond and not ruled.done and not ruled.unknown:
        raise InvalidRequest("instruction", ruled.beyond[0], ruled.hint)
    bpm = float(pattern.tempo or request.tempo)
    asked = may_pay(router.config, request) and (ruled.sure < SURE or request.tier != "auto" or request.provider)
    if not asked:
        if not ruled.done and ruled.astray:
            raise InvalidRequest(
                "instruction", next(iter(ruled.astray.values())), "ask while that section plays, or name its pattern"
            )
        if not ruled.done and ruled.unknown:
            raise InvalidRequest(
                "instruction",
                f"nothing in {text[:60]!r} is understood without a model",
                'try "busier hats, keep the kick", "no crash", "swing more", "half time"',
            )
        made, given_up = by_rules.managed(pattern, ruled.pattern, ruled, bpm)
        notes = (*ruled.done, *_left(ruled), *given_up) or ("nothing to change",)
        return Answer(made, Route(LOCAL, LOCAL, "rules", "refine", latency_ms=_ms_since(began), notes=notes))
    window = _window(pattern)
    wish = replace(
        request, prompt=_refine_words(window, text), bars=window.bars, meter=pattern.meter, workflow="single",
        tempo=pattern.tempo or request.tempo, tier=music_tier(router.config, request), genre=None, style=None,
        section=None, density=None, constraints=(),
    )  # fmt: skip

    def finished(answer: Pattern) -> Pattern:
        return by_rules.managed(pattern, by_rules.merge(pattern, answer, ruled), ruled, bpm)[0]

    best = await _rounds(router, wish, request.constraints, finished, source)
    if best is None:
        if not ruled.done:
            notes = ("no model answered, and the rules did not understand it: nothing was changed",)
            return Answer(pattern, Route(LOCAL, LOCAL, "rules", "refine", degraded=True, notes=notes))
        made, given_up = by_rules.managed(pattern, ruled.pattern, ruled, bpm)
        notes = (*ruled.done, *_left(ruled), *given_up, "no model answered")
        return Answer(made, Route(LOCAL, LOCAL, "rules", "refine", degraded=True, notes=notes))
    notes = (*best.route.notes, *ruled.beyond)
    return best._replace(route=replace(best.route, latency_ms=_ms_since(began), notes=notes))


def _left(ruled: by_rules.Refined) -> list[str]:
    """Return a sentence for each clause that was not done."""
    return [*(ruled.astray.get(one, f"not understood: {one}") for one in ruled.unknown), *ruled.beyond]


async def make(router: Router, request: GrooveRequest, *, source: str = "api", **hooks: Any) -> Answer:
    """Return a pattern by the request's own workflow: one answer, or one that is checked and mended.

    Where the drummer plays, the notes say what it could not follow.

    Raises:
        As `Router.route` does.
    """
    answer = await _made_of(router, request, source, hooks)
    if answer.route.tier != LOCAL or not (unread := drummer.unread(request.prompt, request.genre, single=True)):
        return answer
    return answer._replace(route=replace(answer.route, notes=(*answer.route.notes, *unread)))


async def _made_of(router: Router, request: GrooveRequest, source: str, hooks: dict[str, Any]) -> Answer:
    if request.workflow != "refine" or not may_pay(router.config, request) or not request.constraints:
        return await router.route(request, source=source, **hooks)
    if request.tier == "auto" and policy.plan(request, drummer.describe(request.prompt), router.config).tier == LOCAL:
        return await router.route(request, source=source, **hooks)
    rules = "; ".join(request.constraints)
    wish = replace(
        request, prompt=f"{request.prompt} (rules: {rules})"[:2000], workflow="single", constraints=(),
        tier=music_tier(router.config, request),
    )  # fmt: skip
    best = await _rounds(router, wish, request.constraints, lambda answer: answer, source)
    return best if best is not None else await router.route(replace(request, tier=LOCAL, provider=None), source=source)


_AS_WORDS: Final = {"polyrhythm": "polyrhythm", "pattern_evolution": "that evolves"}
_MADE_OF: Final = {
    "pattern_variation": "a variation of this groove", "fill_sequence": "a complex fill sequence for this groove",
    "pattern_evolution": "this groove, developing from bar to bar",
    "polyrhythm": "this groove with a polyrhythm over it",
}  # fmt: skip


async def music(
    router: Router, kind: str, request: GrooveRequest, pattern: Pattern | None, *, source: str = "api"
) -> Answer:
    """Return the answer of a task kind that is a pattern: made of a groove where the kind works on one, else of words.

    Args:
        router: Whom to ask.
        kind: A kind of `router.tasks` whose answer is a pattern.
        request: Words, length, tier, ceilings and seed.
        pattern: The groove that is varied, filled, developed or crossed; None to make one first.
        source: Who asks.

    Raises:
        As `Router.route` does.
    """
    words = groove.describe(request.prompt)
    if kind not in _MADE_OF or (pattern is None and kind not in {"pattern_variation", "fill_sequence"}):
        extra = _AS_WORDS.get(kind, "")
        if extra and not words["polyrhythm" if kind == "polyrhythm" else "evolve"]:
            request = replace(request, prompt=f"{request.prompt} {extra}".strip())
        return await router.route(request, source=source, kind=kind)
    if pattern is None:
        pattern = drummer.draw(replace(request, tier=LOCAL))
    made = _made(kind, pattern, request, words["polyrhythm"])
    exact = kind == "polyrhythm" and words["polyrhythm"] and words["confidence"] >= UNSURE  # a ratio and little else
    told = request.prompt.strip() and words["confidence"] < SURE and not exact
    if not may_pay(router.config, request) or not (told or request.tier != "auto" or request.provider):
        return Answer(made, Route(LOCAL, LOCAL, "rules", "single"))
    window = _window(pattern)
    prompt = f"{_MADE_OF[kind]}. {request.prompt[:400]}\nIt is now:\n{_shown(window)}"
    wish = replace(
        request, prompt=prompt, bars=made.bars if kind == "pattern_evolution" else window.bars, meter=pattern.meter,
        workflow="single", tempo=pattern.tempo or request.tempo, tier=music_tier(router.config, request), genre=None,
        style=None,
    )  # fmt: skip
    answer = await router.route(wish, source=source, kind=kind)
    if answer.route.tier == LOCAL:
        return answer._replace(pattern=made)
    name = f"{kind.replace('_', ' ')}, {pattern.name}"[:200]  # its own would be the whole question
    return answer._replace(pattern=replace(answer.pattern, name=name))


def _made(kind: str, pattern: Pattern, request: GrooveRequest, ratio: tuple[int, int] | None) -> Pattern:
    """Return what the embedded drummer makes of a groove."""
    if kind == "pattern_variation":
        return groove.vary(pattern, seed=request.seed)
    if kind == "fill_sequence":
        bars = [
            groove.fill(pattern, seed=request.seed + turn, intensity=0.6 + 0.1 * turn) for turn in range(request.bars)
        ]
        length = pattern.meter.bar_ticks
        hits = [replace(hit, tick=hit.tick + turn * length) for turn, one in enumerate(bars) for hit in one.hits]
        meta = {**bars[0].meta, "fills": list(range(1, len(bars) + 1))}
        return Pattern(pattern.meter, len(bars), tuple(hits), f"fills, {pattern.name}"[:200], pattern.tempo, meta)
    if kind == "polyrhythm":
        crossed = groove.across(pattern, ratio or (3, 4), tempo=pattern.tempo or request.tempo)
        return replace(crossed, meta={**crossed.meta, "polyrhythm": "{}:{}".format(*(ratio or (3, 4)))})
    times = max(1, -(-max(request.bars, 8) // pattern.bars))
    times = min(times, MAX_BARS // pattern.bars)
    hits = [replace(hit, tick=hit.tick + turn * pattern.ticks) for turn in range(times) for hit in pattern.hits]
    return groove.evolved(replace(pattern, bars=pattern.bars * times, hits=tuple(hits), id=""))


async def _rounds(
    router: Router,
    wish: GrooveRequest,
    constraints: Sequence[str],
    finished: Callable[[Pattern], Pattern],
    source: str,
) -> Answer | None:
    """Ask, check, have it mended at most `ROUNDS` times; None when no model answered at all."""
    best: tuple[int, Answer] | None = None
    routes: list[Route] = []
    complaint = shown = ""
    for turn in range(ROUNDS + 1):
        words = f"{wish.prompt[:480]}\nMend this: {complaint}\nIt is now:\n{shown}" if complaint else wish.prompt
        # Another seed is another wish: the same one again would be answered by the cache.
        seed = (wish.seed + turn) % (MAX_SEED + 1)
        own = replace(
            wish, prompt=words[:2000], seed=seed, max_cost_usd=receipts.left(router.config, wish.max_cost_usd, routes)
        )
        try:
            answer = await router.route(own, source=source if not turn else "refine")
        except (NoAnswer, BudgetRefused, AttemptFailed) as error:
            routes.append(receipts.failed(error))
            break
        routes.append(answer.route)
        if answer.route.tier == LOCAL:
            break  # nobody could: the embedded drummer knows nothing of these words
        pattern, problems = await _checked(router, finished(answer.pattern), constraints, routes)
        if best is None or len(problems) < best[0]:
            best = len(problems), Answer(pattern, answer.route)
        if not problems:
            break
        complaint, shown = "; ".join(problems), _shown(_window(pattern))
    if best is None:
        return None
    left, answer = best
    attempts = tuple(attempt for route in routes for attempt in route.attempts)
    notes = [note for route in routes for note in route.notes]
    notes += [f"after {len(routes)} calls {left} rules are not held: {complaint}"] if left else []
    route = replace(answer.route, workflow="refine", attempts=attempts, notes=tuple(dict.fromkeys(notes)))
    return Answer(answer.pattern, route)


async def _checked(
    router: Router, pattern: Pattern, constraints: Sequence[str], routes: list[Route]
) -> tuple[Pattern, list[str]]:
    """Hold what rules can hold; ask the fast tier about the rest. Returns the pattern and what is not right yet."""
    verdict = hold(pattern, [text for text in constraints if read_rule(text) is not None])
    problems = list(verdict.broken)
    for text in constraints:
        if read_rule(text) is not None:
            continue
        payload = {"question": f"Does this drum pattern keep the rule {text!r}?", "pattern": _shown(verdict.pattern)}
        try:
            reply = await router.ask("yes_no", payload, source="refine")
        except (NoAnswer, BudgetRefused, AttemptFailed) as error:
            routes.append(receipts.failed(error))
            continue
        routes.append(reply.route)
        if not reply.data["yes"]:
            problems.append(text)
    return verdict.pattern, problems


def _refine_words(pattern: Pattern, instruction: str) -> str:
    shown = _shown(pattern)
    return f"Change this groove as the musician says, and only so: {instruction[:400]}\nIt is now:\n{shown}"


def _shown(pattern: Pattern) -> str:
    return write(pattern)[:_SHOWN_CHARS]


def _window(pattern: Pattern) -> Pattern:
    """Return as many bars from the start as a prompt can show."""
    for bars in (pattern.bars, 8, 4, 2, 1):
        if bars <= pattern.bars:
            ticks = bars * pattern.meter.bar_ticks
            cut = replace(pattern, bars=bars, hits=tuple(hit for hit in pattern.hits if hit.tick < ticks), id="")
            if len(write(cut)) <= _SHOWN_CHARS:
                return cut
    return cut


def _now() -> float:
    return asyncio.get_running_loop().time()


def _ms_since(began: float) -> int:
    return round((_now() - began) * 1000)
