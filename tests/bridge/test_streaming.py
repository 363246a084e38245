"""A model's first bars sound while it writes the rest."""

import asyncio
from dataclasses import replace

import pytest

from bridge.streaming import begins_with, graft
from router import groove
from router.pattern import Hit, Meter, Pattern
from tests.support.routers import Answer, Route, SlowRouter


def bars(count, voice="snare", meter="4/4", **meta):
    """A pattern with one stroke of a voice on each bar's first beat."""
    metre = Meter.parse(meter)
    return Pattern(metre, count, tuple(Hit(bar * metre.bar_ticks, voice, 100) for bar in range(count)), meta=meta)


def voices(pattern):
    """The voice of each bar, in order."""
    return [hit.voice for hit in pattern.hits]


def test_the_first_bars_are_the_models_and_the_rest_is_the_drafts():
    """Two bars that arrived, two that stand behind them."""
    assert voices(graft(bars(2), bars(4, "kick"))) == ["snare", "snare", "kick", "kick"]


def test_bars_of_another_metre_are_not_grafted():
    """A waltz bar does not fit into four quarters."""
    assert graft(bars(1, meter="3/4"), bars(4, "kick")) is None


def test_an_answer_is_known_by_its_first_bars():
    """The same strokes, whatever velocity and feel they got since; another groove is another answer."""
    whole = bars(4)
    louder = replace(bars(2), hits=tuple(replace(hit, velocity=40) for hit in bars(2).hits), id="")

    assert begins_with(whole, louder)
    assert not begins_with(bars(4, "kick"), bars(2))


class StreamingRouter:
    """Tells one bar, waits, tells two, waits, then answers with `last`, or as the embedded drummer drafted."""

    def __init__(self, last):
        self.steps = [asyncio.Event(), asyncio.Event(), asyncio.Event()]
        self.last = last

    async def route(self, request, *, on_bars=None, **_):
        """Stream, then answer."""
        for count, step in zip((1, 2), self.steps, strict=False):
            if on_bars is not None:
                on_bars(bars(count, draft=True))
            await step.wait()
        await self.steps[2].wait()
        return Answer(self.last or groove.generate(request), Route())


def play(make_stage, last, between=None):
    """Let a stream run its course; return (stage, job, what the session played after each step)."""

    async def run():
        router = StreamingRouter(last)
        stage = make_stage(router)
        job = (await stage.call("generate", genre="rock", bars=4))["job"]
        seen = []
        for step in router.steps:
            await stage.call("job.wait", job=job, timeout_s=0.03)
            seen.append(voices(stage.session.history.current().pattern)[:2])
            if between is not None:
                await between(stage)
            step.set()
        done = await stage.call("job.wait", job=job, timeout_s=5.0)
        return stage, done, seen

    return asyncio.run(run())


def test_bars_play_as_they_arrive_and_the_whole_answer_goes_on_in_phase(make_stage):
    """One switch at a bar line, then the take grows under the running transport; undo does not lead to halves."""
    stage, done, seen = play(make_stage, bars(4))

    assert seen[0][0] == "snare"
    assert len(stage.engine.commands("queue")) == 2
    assert stage.session.player()["playing"] == done["pattern"]["id"] == bars(4).id
    assert not stage.session.player()["can_undo"]
    assert done["state"] == "done"


def test_another_answer_than_the_one_that_streamed_takes_over_at_a_bar_line(make_stage):
    """A stream that died leaves a draft; the fallback delivers the whole."""
    stage, done, _ = play(make_stage, bars(4, "clap"))

    assert len(stage.engine.commands("queue")) == 3
    assert stage.session.player()["playing"] == done["pattern"]["id"]
    assert not stage.session.player()["can_undo"]


def test_bars_of_no_use_give_way_to_the_embedded_drummers_own(make_stage):
    """Where every model failed after its first bars, what the job tells is what plays, not the failed bars."""
    stage, done, seen = play(make_stage, None)

    assert seen[-1] == ["snare", "snare"]
    assert stage.session.player()["playing"] == done["pattern"]["id"]
    assert stage.session.player()["route"] == done["route"]
    assert not stage.session.player()["can_undo"]


def test_the_embedded_drummer_goes_on_in_the_phrase_of_the_failed_bars(make_stage):
    """Its take follows the draft and the failed one in phase; another model's answer begins with its own first bar."""
    local, *_ = play(make_stage, None)
    other, *_ = play(make_stage, bars(4, "clap"))

    draft, failed = (sent["id"] for sent in local.engine.commands("queue")[:2])
    assert local.engine.commands("queue")[2]["goes_on"] == [draft, failed]
    assert other.engine.commands("queue")[2]["goes_on"] == []


def test_a_draft_that_was_turned_meanwhile_is_not_started_again(make_stage):
    """Nobody did better and no bar streamed: the draft goes on as the knobs have it, and tells what was tried."""

    async def run():
        router = SlowRouter()
        router.route = lambda request, **_: local(request, router.go)
        stage = make_stage(router)
        job = (await stage.call("generate", genre="rock", bars=4))["job"]
        await stage.call("job.wait", job=job, timeout_s=0.03)
        await stage.call("set", complexity=0.9)
        router.go.set()
        return stage, await stage.call("job.wait", job=job, timeout_s=5.0)

    async def local(request, go):
        await go.wait()
        return Answer(groove.generate(request), Route())

    stage, done = asyncio.run(run())

    assert len(stage.engine.commands("queue")) == 1
    assert stage.session.player()["route"] == done["route"]


@pytest.mark.parametrize("wish", ["stop", "vary"])
def test_a_newer_wish_ends_the_stream(make_stage, wish):
    """What the musician asked for since is not painted over by bars that arrive late."""

    async def between(stage):
        if not stage.wished:
            stage.wished = True
            await stage.call(wish)

    def staged(router):
        stage = make_stage(router)
        stage.wished = False
        return stage

    stage, done, _ = play(staged, bars(4), between)

    assert done["state"] == "done"
    assert stage.session.history.current().pattern.id != bars(4).id


def test_local_answers_do_not_stream(stage):
    """The embedded drummer's answer is whole at once: one switch."""
    asyncio.run(stage.finished(genre="rock", bars=4))

    assert len(stage.engine.commands("queue")) == 1
    assert groove.flaws(stage.session.history.current().pattern, 120.0) == ()
