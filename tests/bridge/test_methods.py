"""The control channel's methods, as a client sees them, without a socket."""

import asyncio

import pytest

from bridge import protocol
from bridge.document import asyncapi
from bridge.mapping import DEFAULT
from bridge.rpc import RpcError
from router import groove
from router.pattern import Pattern
from tests.support.refusal import refused
from tests.support.routers import SlowRouter

run = asyncio.run


def test_a_generated_groove_plays_and_says_how_it_was_made(stage):
    """The job answers at once, the pattern is whole, the route names the embedded drummer at no cost."""
    done = run(stage.finished(prompt="funk", bars=2, seed=7))

    assert done["state"] == "done"
    assert done["starts_at"]["beat"] == 1
    assert Pattern.from_dict(done["pattern"]).bars == 2
    assert done["route"]["tier"] == "local"
    assert float(done["route"]["cost_usd"]) == 0
    assert stage.session.player()["playing"] == done["pattern"]["id"]


def test_the_same_seed_gives_the_same_groove_and_another_seed_another(stage):
    """A take can be asked for again, and a new one is new."""

    async def three():
        return [(await stage.finished(genre="funk", seed=seed))["pattern"] for seed in (7, 7, 8)]

    first, same, other = run(three())

    assert first["hits"] == same["hits"]
    assert first["hits"] != other["hits"]


def test_every_state_of_a_job_is_told_in_order(stage):
    """A page can follow a job from running over draft to done."""

    async def watch():
        await stage.call("subscribe", topics=["jobs"], sub="me")
        result = await stage.methods.call("subscribe", {"topics": ["jobs"], "sub": "me"}, stage.client)
        result.after()
        await stage.finished(genre="rock")

    run(watch())

    states = [item["data"]["state"] for item in stage.heard if "state" in item["data"]]
    assert states == ["running", "draft", "done"]


def test_a_groove_that_is_never_to_sound_does_not(stage):
    """at=never makes a pattern and leaves the timeline alone."""
    done = run(stage.finished(genre="rock", at="never"))

    assert done["state"] == "done"
    assert "starts_at" not in done
    assert stage.engine.commands("queue") == []


def test_a_tempo_in_the_words_is_taken_when_the_groove_sounds(stage):
    """Ours changes with the groove's bar line; what may never sound, or late, has its own and changes none."""
    run(stage.finished(prompt="funk at 95 bpm", at="bar"))
    unheard = run(stage.finished(prompt="punk, tempo 180", at="never"))
    run(stage.finished(prompt="jazz at 140 bpm", at="4bars"))

    assert [(one["bpm"], one["at"]) for one in stage.engine.commands("tempo")] == [(95.0, "bar")]
    assert stage.session.live["tempo"] == 95
    assert unheard["pattern"]["tempo"] == 180


def test_a_tempo_in_the_words_is_not_taken_from_a_clock(stage):
    """Who follows a DAW plays at its tempo, whatever the words say."""
    stage.session.transport |= {"source": "clock", "state": "playing", "bpm": 133.0}

    done = run(stage.finished(prompt="funk at 95 bpm"))

    assert stage.engine.commands("tempo") == []
    assert done["pattern"]["tempo"] == 133


def test_one_reference_is_one_job(stage):
    """A client that repeats itself after a lost answer gets the same job, not a second bill."""

    async def repeat():
        return [await stage.call("generate", genre="rock", client_ref="abc") for _ in range(100)]

    assert len({item["job"] for item in run(repeat())}) == 1


def test_a_job_under_way_is_never_forgotten_and_old_ones_are(stage):
    """Of 1,000 at once each is found afterwards, the first press is still one job; a minute later 500 are kept."""

    async def play():
        go = asyncio.Event()

        async def work(_job):
            await go.wait()

        first, *rest = [stage.jobs.begin(work, f"r{number}") for number in range(1000)]
        assert len(stage.jobs) == 1000
        assert stage.jobs.begin(work, "r0") is first
        go.set()
        found = [await stage.call("job.wait", job=job.id, timeout_s=60.0) for job in (first, *rest)]
        stage.now += 61
        await stage.jobs.begin(work).ended.wait()
        return first, rest, found

    first, rest, found = run(play())

    assert len(found) == 1000
    assert len(stage.jobs) == 0
    assert all(stage.jobs.get(job.id) is job for job in rest[-500:])
    for job in (first, *rest[:-500]):
        with pytest.raises(KeyError):
            stage.jobs.get(job.id)


def test_of_a_flood_of_wishes_the_last_plays_and_the_overtaken_get_no_draft(stage):
    """200 wishes while the engine is slow: each ends with its pattern, a few are drafted, the newest is what plays."""
    ready, answer = asyncio.Event(), stage.engine.call

    async def slow(command, rows=(), **params):
        await ready.wait()
        return await answer(command, rows, **params)

    async def flood():
        stage.engine.call = slow
        jobs = [(await stage.call("generate", genre="rock", bars=1, seed=seed))["job"] for seed in range(200)]
        await asyncio.sleep(0)  # each has begun
        ready.set()
        return [await stage.call("job.wait", job=job) for job in jobs]

    ended = run(flood())

    assert all(one["state"] == "done" and one["pattern"]["bars"] == 1 for one in ended)
    assert len(stage.engine.commands("queue")) <= 16
    assert stage.session.player()["playing"] == ended[-1]["pattern"]["id"]


def test_the_draft_plays_while_the_model_thinks_and_the_answer_takes_over(make_stage):
    """The wait is never silence, and undo does not lead back to the draft."""

    async def play():
        router = SlowRouter()
        stage = make_stage(router)
        job = (await stage.call("generate", genre="jazz"))["job"]
        waited = await stage.call("job.wait", job=job, timeout_s=0.05)
        drafts = len(stage.engine.commands("queue"))
        router.go.set()
        done = await stage.call("job.wait", job=job, timeout_s=5.0)
        return stage, waited, drafts, done

    stage, waited, drafts, done = run(play())

    assert waited["state"] == "draft"
    assert drafts == 1
    assert len(stage.engine.commands("queue")) == 2
    assert stage.session.player()["playing"] == done["pattern"]["id"] != waited["pattern"]["id"]
    assert not stage.session.player()["can_undo"]


@pytest.mark.parametrize("wish", ["stop", "play", "vary", "undo"])
def test_a_late_answer_never_takes_the_stage_from_a_newer_wish(make_stage, wish):
    """Who pressed stop, or something else, is not overruled by a model that took its time."""

    async def play():
        router = SlowRouter()
        stage = make_stage(router)
        await stage.call("play", pattern=groove.generate(stage.session.request({"genre": "rock"})).as_dict())
        job = (await stage.call("generate", genre="jazz"))["job"]
        await stage.call("job.wait", job=job, timeout_s=0.05)
        await stage.call(wish)
        before = len(stage.engine.commands("queue"))
        router.go.set()
        done = await stage.call("job.wait", job=job, timeout_s=5.0)
        return done["state"], before, len(stage.engine.commands("queue"))

    state, before, after = run(play())

    assert state == "done"
    assert after == before


def test_cancel_ends_a_job_and_leaves_the_draft_playing(make_stage):
    """The upstream call ends with the job; the music does not."""

    async def play():
        router = SlowRouter()
        stage = make_stage(router)
        job = (await stage.call("generate", genre="jazz"))["job"]
        await stage.call("job.wait", job=job, timeout_s=0.05)
        return stage, await stage.call("job.cancel", job=job)

    stage, cancelled = run(play())

    assert cancelled["state"] == "cancelled"
    assert stage.session.player()["playing"] == cancelled["pattern"]["id"]


def test_undo_and_redo_walk_through_what_was_played(stage):
    """Three grooves, back twice, forth once; a new groove ends the way forth."""

    async def walk():
        ids = [(await stage.finished(genre="rock", seed=seed))["pattern"]["id"] for seed in (1, 2, 3)]
        seen = [(await stage.call(step))["pattern"] for step in ("undo", "undo", "redo")]
        assert seen == [ids[1], ids[0], ids[1]]
        await stage.finished(genre="rock", seed=4)

    run(walk())

    assert refused(stage.call("redo")).data["code"] == "nothing_to_undo"


def test_a_fill_is_one_bar_over_the_groove_and_no_two_are_alike(stage):
    """It plays once, it is not in the history, and pressing again gives another."""

    async def fills():
        base = await stage.finished(genre="funk", bars=4)
        made = [await stage.call("fill") for _ in range(4)]
        return base, made

    base, made = run(fills())

    queued = stage.engine.commands("queue")
    assert [item.get("once") for item in queued] == [False, True, True, True, True]
    assert len({item["fill"] for item in made}) == 4
    assert stage.session.history.current().pattern.id == base["pattern"]["id"]
    assert {params["ticks"] for params in stage.engine.commands("load")[1:]} == {3840}


@pytest.mark.parametrize("method", ["fill", "vary"])
def test_without_a_groove_there_is_nothing_to_change(stage, method):
    """A clear word and a way on, no exception."""
    error = refused(stage.call(method))

    assert error.data["code"] == "nothing_playing"
    assert error.data["hint"]


@pytest.mark.parametrize("method", ["fill", "break", "hold", "build"])
def test_what_stands_in_for_a_fill_is_a_method_and_a_button(stage, method):
    """Each by socket and by controller, over the groove, once."""

    async def press():
        await stage.finished(genre="funk", bars=4)
        made = await stage.call(method, at="bar")
        number = next(row.control.number for row in DEFAULT if row.action == method)
        stage.triggers.hear([(1.0, bytes([0xB0, number, 127]).hex())])
        while len(stage.engine.commands("queue")) < 3:
            await asyncio.sleep(0)
        return made

    made = run(press())

    names = [take.pattern.name for take in stage.session.history.takes.values() if take.pattern.id == made["fill"]]
    assert names[0].startswith(f"{method}, ")
    assert [item.get("once") for item in stage.engine.commands("queue")] == [False, True, True]


def test_fill_now_completes_the_bar_that_sounds(stage):
    """By button and by method: from the next beat to the bar's end, and the groove is not lengthened."""

    async def press():
        await stage.finished(genre="funk", bars=4)
        stage.session.hear({**stage.engine.transport(6), "tick": 5 * 3840 + 1000, "t": stage.now, "state": "playing"})
        await stage.call("fill", at="now")
        stage.triggers.hear([(1.0, bytes([0xB0, 109, 127]).hex())])
        while len(stage.engine.commands("queue")) < 3:
            await asyncio.sleep(0)

    run(press())

    assert [item["at"] for item in stage.engine.commands("queue")[1:]] == ["now", "beat"]
    for take in list(stage.session.history.takes.values())[-2:]:
        assert take.pattern.bars == 1
        assert [h.tick for h in take.pattern.hits if h.tick >= 1920]


def test_a_build_grows_over_bars_and_a_fill_follows_the_knob(stage):
    """`bars` is a build's alone; a loud knob makes a loud fill."""

    async def press():
        await stage.finished(genre="rock", bars=4)
        await stage.call("build", bars=4)
        await stage.call("set", intensity=1.0)
        await stage.call("fill")
        return list(stage.session.history.takes.values())

    build, fill = run(press())[-2:]

    assert build.pattern.bars == 4
    assert fill.pattern.bars == 1
    assert "bars" in refused(stage.call("build", bars=17)).data["field"]
    assert refused(stage.call("fill", kind="encore")).data["field"] == "kind"


def test_a_pattern_without_strokes_plays_and_is_said_to_be_silent(stage):
    """It may be meant, a canvas to draw on; it may be a slip, too."""

    async def both():
        struck = {"hits": [{"tick": 0, "voice": "kick", "velocity": 90}]}
        return [await stage.call("play", pattern=pattern) for pattern in ({"hits": []}, struck)]

    empty, struck = run(both())

    assert "plays silence" in empty["notes"][0]
    assert "notes" not in struck


def test_the_library_keeps_lists_exports_and_forgets(stage):
    """Put, list, favourite, export, delete: each does what it says."""

    async def use():
        pattern = (await stage.finished(genre="rock", at="never"))["pattern"]
        put = await stage.call("patterns.put", pattern=pattern)
        await stage.call("patterns.favourite", id=put["id"])
        listed = await stage.call("patterns.list", favourites=True)
        exported = await stage.call("patterns.export", id=put["id"], name="my-groove")
        await stage.call("patterns.delete", id=put["id"])
        return put, listed, exported, await stage.call("patterns.list")

    put, listed, exported, after = run(use())

    assert [item["id"] for item in listed["patterns"]] == [put["id"]]
    assert exported["url"] == "/exports/my-groove.mid"
    assert stage.library.exported("my-groove")[:4] == b"MThd"
    assert after == {"patterns": []}


def test_every_documented_method_has_a_handler_and_a_summary():
    """The API document is made from the same table that is called."""
    document = asyncapi()

    assert set(protocol.METHODS) <= set(document["components"]["messages"])
    assert all(words for _, words in protocol.METHODS.values())


def test_status_holds_everything_in_one_object(stage):
    """One call tells a script the whole state."""
    status = run(stage.call("status"))

    assert {"transport", "player", "settings", "midi", "version", "api", "t"} <= set(status)


def test_an_engine_that_dies_before_it_was_told_does_not_forget_the_song(stage):
    """Two deaths in a row: the third engine is told what the first one played."""

    async def die_twice():
        await stage.finished(genre="rock", seed=1)
        playing = stage.session.player()["take"]
        for _ in range(2):
            stage.session.hear({"e": "down", "why": "it ended"})
            stage.session.hear({"e": "player", "playing": None, "queued": []})
        await stage.session.restore()
        return playing

    playing = run(die_twice())

    assert [resume["playing"] for resume in stage.engine.commands("resume")] == [playing]


def test_stop_during_the_outage_is_kept(stage):
    """Who stops while the engine is away does not get the groove back with it."""

    async def stop():
        await stage.finished(genre="rock", seed=1)
        stage.session.hear({"e": "down", "why": "it ended"})
        await stage.call("stop")
        await stage.session.restore()

    run(stop())

    assert stage.engine.commands("resume") == []


def test_many_asked_for_at_once_leave_the_way_back(stage):
    """What waits for the engine's answer is not crowded out by what was asked for behind it."""

    async def work():
        await stage.finished(genre="funk", seed=1)
        answers, at_once = asyncio.Event(), stage.engine.call

        async def slow(command, rows=(), **params):
            await answers.wait()
            return await at_once(command, rows, **params)

        stage.engine.call = slow
        asked = [asyncio.create_task(stage.call("vary")) for _ in range(40)]
        await asyncio.sleep(0)
        answers.set()
        await asyncio.gather(*asked)
        loaded = {params["id"] for params in stage.engine.commands("load")}
        gone = {name for params in stage.engine.commands("forget") for name in params["ids"]}
        queued = {params["id"] for params in stage.engine.commands("queue")}
        return loaded, gone & queued, await stage.call("undo")

    loaded, lost, undone = asyncio.run(work())

    assert len(loaded) == 41
    assert not lost
    assert undone["pattern"]


def test_costs_take_a_day_or_the_last_days_and_say_what_else_is_none(stage):
    """The socket reads `since` as the command line does; the error has a field and a hint."""

    async def work():
        told = await stage.call("costs", since="7d", by=["tier", "tier"])
        assert (await stage.call("costs", by="month"))["by"] == ["month"]
        with pytest.raises(RpcError) as refused:
            await stage.call("costs", since="tomorrow")
        return told, refused.value.data

    told, data = asyncio.run(work())

    assert told["by"] == ["tier"]
    assert (data["code"], data["field"]) == ("invalid_params", "since")
    assert data["hint"]
