"""All knobs on a pattern that cannot be drawn again: a model's, an imported one, a part of a song. Pure.

Every knob in its middle leaves the pattern as it is. The same pattern and knobs give the same result, so a knob turned
back undoes itself as long as it is turned from the same source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from router.groove.feel import apply_feel, take_off
from router.groove.filling import fill
from router.groove.hands import repair
from router.groove.knobs import shape, thin, vary
from router.groove.noise import mix, uniform
from router.groove.timing import lean_ticks
from router.pattern import RESOLUTION, VOICE_INDEX, Hit, Pattern
from router.request import GrooveRequest

_FEEL: Final = ("swing", "humanize", "swing_grid")


def turn(pattern: Pattern, knobs: Mapping[str, Any], *, tempo: float) -> Pattern:
    """Return the pattern as it sounds under the knobs that are given.

    Args:
        pattern: Any pattern; feel it wears is kept where no knob speaks of it.
        knobs: Any of `router.request.KNOBS` and swing_grid; None, "style" and what is left out change nothing.
            Complexity is a matter of drawing and does nothing here.
        tempo: Quarter notes per minute.
    """
    said = {name: value for name, value in knobs.items() if value is not None and value != "style"}
    worn = pattern.meta.get("feel")
    worn = dict(worn) if isinstance(worn, dict) else None
    bare = pattern if worn is None else take_off(pattern)
    seed = int(worn["seed"]) if worn else mix(len(pattern.hits), pattern.ticks) >> 32
    changed = thin(bare, density=said.get("density", 0.5))
    changed = _departing(changed, said.get("variation", 0.5), seed)
    changed = _filled(changed, said.get("fill_amount", 0.5), seed)
    changed = shape(
        changed,
        intensity=said.get("intensity", 0.5),
        ghosts=said.get("ghosts", 0.5),
        openness=said.get("hat_openness"),
    )
    changed, _ = repair(changed, tempo=tempo)
    changed = _on_grid(changed, said.get("swing_grid", "style"))
    if worn is None and not any(name in said for name in _FEEL):
        return _leant(changed, said.get("lean", 0.5), tempo)
    worn = worn or {}
    return apply_feel(
        changed,
        tempo=tempo,
        swing=said.get("swing", worn.get("swing")),
        humanize=said.get("humanize", worn.get("humanize")),
        seed=int(worn.get("seed", 0)),
        drummer=worn.get("drummer"),
        lean=said.get("lean", worn.get("lean", 0.5)),
    )


def wear(pattern: Pattern, request: GrooveRequest) -> Pattern:
    """Return what somebody wrote as the request's hand plays it: loudness, ghosts, hi-hat, playability and feel.

    How much is written (density, variation, fills) was the writer's part.
    """

    def said(name: str) -> float:
        value: float | None = getattr(request, name)
        return 0.5 if value is None else value

    pattern = shape(pattern, intensity=said("intensity"), ghosts=said("ghosts"), openness=request.hat_openness)
    pattern, _ = repair(pattern, tempo=request.tempo)
    return apply_feel(
        _on_grid(pattern, request.swing_grid),
        tempo=request.tempo,
        swing=request.swing,
        humanize=request.humanize,
        seed=request.seed,
        drummer=request.drummer,
        lean=said("lean"),
    )


def _on_grid(pattern: Pattern, grid: str) -> Pattern:
    """Let a pattern's eighths or sixteenths swing."""
    if grid == "style":
        return pattern
    return replace(pattern, meta={**pattern.meta, "swing_of": 16 if grid == "16ths" else 8}, id="")


def _leant(pattern: Pattern, lean: float, tempo: float) -> Pattern:
    """Move a hand that was recorded as a whole: its own timing stays."""
    more = lean_ticks(lean, tempo)
    if not more:
        return pattern
    hits = (replace(h, shift=_inside(h, h.shift + more, pattern.ticks)) for h in pattern.hits)
    return pattern.with_hits(hits)


def _inside(hit: Hit, shift: int, ticks: int) -> int:
    return max(-hit.tick, -RESOLUTION, min(shift, ticks - 1 - hit.tick, RESOLUTION))


def _fills(pattern: Pattern) -> set[int]:
    """Bars, from 0, that the pattern says are fills."""
    said = pattern.meta.get("fills")
    return {bar - 1 for bar in said if isinstance(bar, int)} if isinstance(said, list | tuple) else set()


def _by_bar(pattern: Pattern) -> list[dict[tuple[int, str], Hit]]:
    bars: list[dict[tuple[int, str], Hit]] = [{} for _ in range(pattern.bars)]
    for hit in pattern.hits:
        bar, place = divmod(hit.tick, pattern.meter.bar_ticks)
        bars[bar][place, hit.voice] = replace(hit, tick=place)
    return bars


def _from_bars(pattern: Pattern, bars: list[dict[tuple[int, str], Hit]], **meta: Any) -> Pattern:
    bar_ticks = pattern.meter.bar_ticks
    hits = [
        replace(h, tick=h.tick + index * bar_ticks, shift=max(h.shift, -h.tick - index * bar_ticks))
        for index, bar in enumerate(bars)
        for h in bar.values()
    ]
    return pattern.with_hits(hits, **meta)


def _departing(pattern: Pattern, variation: float, seed: int) -> Pattern:
    """Bring the bars nearer to the first (below .5), or vary them all (above)."""
    if variation > 0.5:
        return vary(pattern, seed=seed & 0xFFFF, amount=(variation - 0.5) * 2)
    if variation == 0.5 or pattern.bars == 1:
        return pattern
    fills, bars = _fills(pattern), _by_bar(pattern)
    model = next((bar for index, bar in enumerate(bars) if index not in fills), bars[0])
    alike = 1 - variation * 2
    for index, bar in enumerate(bars):
        if index in fills or bar is model:
            continue
        for key in sorted(model.keys() ^ bar.keys()):
            if uniform(75, index, key[0], VOICE_INDEX[key[1]]) < alike:
                if key in model:
                    bar[key] = model[key]
                else:
                    del bar[key]
    return _from_bars(pattern, bars)


def _filled(pattern: Pattern, amount: float, seed: int) -> Pattern:
    """Take fills out, the bar before taking their place (below .5), or add some where phrases end (above)."""
    if amount == 0.5 or pattern.bars == 1:
        return pattern
    fills, bars = _fills(pattern), _by_bar(pattern)
    if amount < 0.5:
        plain = [index for index in range(pattern.bars) if index not in fills]
        for index in sorted(fills) if plain else ():
            if uniform(76, index) >= amount * 2:
                bars[index] = dict(bars[max((p for p in plain if p < index), default=plain[0])])
                fills.discard(index)
    else:
        bar_ticks, beats = pattern.meter.bar_ticks, pattern.meter.beats
        half = sum(beats[: len(beats) // 2])
        for index in range(pattern.bars):
            ends = index == pattern.bars - 1 or index % 4 == 3
            if ends and index not in fills and uniform(77, index) < (amount - 0.5) * 2:
                made = fill(pattern, seed=(seed + index) & 0xFFFFFFFF, start_tick=index * bar_ticks + half)
                bars[index] = {(h.tick, h.voice): h for h in made.hits}
                fills.add(index)
    return _from_bars(pattern, bars, fills=sorted(bar + 1 for bar in fills))
