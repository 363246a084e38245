"""The knobs, turned while a groove plays, as a client sees them."""

import asyncio
import time
from dataclasses import replace

import pytest

from bridge.mapping import Action, Control
from bridge.redrawing import Redrawing
from router import groove
from router.request import GrooveRequest
from tests.support.routers import SlowRouter

run = asyncio.run


async def drawn(stage, knob, value):
    """Wait until what plays has a knob's last value: after a drawing that was held up the pause is longer."""

    def now():
        take = stage.session.history.current()
        return take.turned.get(knob) if take.request is None else getattr(take.request, knob)

    async with asyncio.timeout(30):
        while now() != value:
            await asyncio.sleep(0.001)


def test_knobs_change_the_playing_groove_and_feel_never_changes_its_notes(stage):
    """Humanize moves hands, not strokes; the engine gets the new rows under the same name."""

    async def turn():
        await stage.finished(genre="funk", seed=5, humanize=0.0)
        before = stage.session.history.current().pattern
        await stage.call("set", humanize=1.0)
        return before, stage.session.history.current().pattern

    before, after = run(turn())

    def strokes(pattern):
        return [(hit.tick, hit.voice) for hit in pattern.hits]

    assert strokes(before) == strokes(after)
    assert before.hits != after.hits
    loads = stage.engine.commands("load")
    assert loads[-1]["id"] == loads[0]["id"]


def test_a_knob_leaves_alone_what_was_asked_for_by_another(stage):
    """Turning density does not take back the humanize that the groove was asked with."""

    async def turn():
        await stage.finished(genre="funk", seed=5, humanize=1.0, swing=0.3)
        await stage.call("set", density=0.2)
        return stage.session.history.current().request

    request = run(turn())

    assert (request.density, request.humanize, request.swing) == (0.2, 1.0, 0.3)


def test_words_that_speak_of_a_knob_win_over_the_knob(stage):
    """Sparse and robotic mean it, though the knobs stand in the middle; a given field wins over both."""

    async def ask():
        words = [await stage.finished(prompt=f"{word} funk", seed=5, bars=4) for word in ("busy", "sparse", "robotic")]
        given = await stage.finished(prompt="robotic funk", seed=5, bars=4, humanize=0.9)
        return [job["pattern"] for job in (*words, given)]

    busy, sparse, robotic, given = run(ask())

    assert len(sparse["hits"]) < 0.8 * len(busy["hits"])
    assert robotic["meta"]["humanize"] == 0.0
    assert given["meta"]["humanize"] == 0.9


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("intensity", 0.9), ("variation", 0.0), ("fill_amount", 1.0), ("lean", 0.9), ("ghosts", 0.0),
        ("hat_openness", 1.0), ("swing_grid", "16ths"), ("complexity", 1.0), ("density", 0.1),
    ],
)  # fmt: skip
def test_every_knob_is_heard_in_what_plays_at_the_next_beat(stage, name, value):
    """No new request is needed; the engine gets the groove again, to change at the beat, under the same name."""

    async def turn():
        await stage.finished(genre="funk", seed=5, bars=8, swing=0.4)
        before = stage.session.history.current().pattern
        await stage.call("set", **{name: value})
        return before, stage.session.history.current().pattern

    before, after = run(turn())

    loads = stage.engine.commands("load")
    assert before.hits != after.hits
    assert (loads[-1]["id"], loads[-1]["at"]) == (loads[0]["id"], "beat")


def test_a_knob_turned_while_a_model_thinks_holds_for_its_answer(make_stage):
    """The answer was asked for before the turn; the hand on the knob wins."""
    written = groove.generate(GrooveRequest(genre="rock", bars=2, seed=77, humanize=0.0))
    router = SlowRouter(replace(written, meta={}, id="p-model"))
    stage = make_stage(router)

    async def ask():
        job = await stage.call("generate", bars=2, tier="balanced")
        await asyncio.sleep(0)
        await stage.call("set", density=0.0)
        router.go.set()
        await stage.call("job.wait", job=job["job"], timeout_s=5.0)
        return stage.session.history.current()

    take = run(ask())

    assert take.source.id == "p-model"
    assert len(take.pattern.hits) < len(written.hits)


def test_a_sweep_of_a_knob_is_drawn_a_few_times_and_ends_where_the_knob_ends(stage):
    """A hundred values in a moment are one wish; the engine gets them at the next beat."""

    async def sweep():
        await stage.finished(genre="funk", seed=5)
        before = len(stage.engine.commands("load"))
        for n in range(100):
            await stage.call("set", swing=n / 100)
        await drawn(stage, "swing", 0.99)
        return stage.engine.commands("load")[before:]

    loads = run(sweep())

    assert 2 <= len(loads) <= 6
    assert {load["at"] for load in loads} == {"beat"}
    assert stage.session.history.current().request.swing == 0.99


def test_a_sweep_over_a_long_groove_leaves_the_loop_free():
    """However long a drawing takes, most of the time is left for everything else, and the last wish is drawn."""
    drawn = []

    def draw():
        drawn.append(wished)
        time.sleep(0.03)  # what 64 bars may cost

    async def sweep():
        nonlocal wished
        redrawing, loop = Redrawing(draw), asyncio.get_running_loop()
        began = loop.time()
        while loop.time() < began + 0.5:
            wished += 1
            redrawing.soon()
            await asyncio.sleep(0.001)
        while drawn[-1] != wished:
            await asyncio.sleep(0.01)
        return loop.time() - began

    wished = 0
    whole = run(sweep())

    assert len(drawn) > 1
    assert len(drawn) * 0.03 < 0.5 * whole


def test_thinning_a_given_pattern_can_be_taken_back(stage):
    """A model's groove thinned by the knob is whole again when the knob goes back."""

    async def turn():
        pattern = groove.generate(stage.session.request({"genre": "funk", "humanize": 0.0, "swing": 0.0}))
        await stage.call("play", pattern=pattern.as_dict())
        counts = []
        for density in (0.05, 0.5):
            await stage.call("set", density=density)
            await drawn(stage, "density", density)
            counts.append(len(stage.session.history.current().pattern.hits))
        return len(pattern.hits), counts

    whole, (thin, again) = run(turn())

    assert thin < whole
    assert again == whole


def test_the_ai_switch_is_told_at_once(stage):
    """Who pays hears of the switch each time it is turned, and only then."""
    heard = []
    stage.session.ai_turned = heard.append

    async def turn():
        for wanted in ({"ai": False}, {"ai": False, "tempo": 90.0}, {"ai": True}):
            await stage.call("set", **wanted)

    asyncio.run(turn())
    assert heard == [False, True]


def test_a_flood_of_presses_leaves_room_between_any_two(stage):
    """Each costs milliseconds: others are heard after one, not after sixty; panic waits for none."""
    turns, done = 0, []

    async def press(name, _at=None):
        done.append((name, turns))

    async def flood():
        nonlocal turns
        stage.session.fill = lambda at: press("fill", at)
        stage.session.panic = lambda: press("panic")
        for name in ["fill"] * 60 + ["panic"]:
            stage.triggers.act(Action(name, 127, "bar", Control("cc", 22), 1.0))
        while len(done) < 61:
            turns += 1
            await asyncio.sleep(0)

    run(flood())

    assert done[0][0] == "panic"
    assert len({turn for name, turn in done if name == "fill"}) == 60


def test_no_flood_of_presses_drowns_a_stop(stage):
    """Presses that come faster than any hand are dropped, but silence is not: it comes after those before it."""
    done = []

    async def press(name, _at=None):
        done.append(name)

    async def flood():
        stage.session.fill = lambda at: press("fill", at)
        stage.session.stop = lambda: press("stop")
        for name in ["fill"] * 200 + ["stop"]:
            stage.triggers.act(Action(name, 127, "bar", Control("cc", 22), 1.0))
        while "stop" not in done:
            await asyncio.sleep(0)

    run(asyncio.wait_for(flood(), 10))

    assert done == ["fill"] * 64 + ["stop"]
