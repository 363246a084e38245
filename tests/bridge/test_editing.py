"""Changes by hand: what a page, a controller's undo and a script do to one groove at once."""

import asyncio
import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.editing import audible, edited
from bridge.engine.link import Row
from bridge.rpc import RpcError
from router.errors import InvalidRequest
from router.pattern import VOICE_INDEX, Hit, Meter, Pattern

run = asyncio.run
GROOVE = Pattern(Meter(4, 4), 1, (Hit(0, "kick", 100), Hit(960, "snare", 90, 12), Hit(0, "hat_closed", 70)))


def change(tick, voice, velocity, shift=None):
    """One cell's wish."""
    return {"tick": tick, "voice": voice, "velocity": velocity, "shift": shift}


def test_a_stroke_is_set_changed_and_removed():
    """Each cell does what it was told and every other stroke stays; the change has another id."""
    new = edited(GROOVE, [change(480, "kick", 80), change(960, "snare", 40), change(0, "hat_closed", 0)])

    assert new.hits == (Hit(0, "kick", 100), Hit(480, "kick", 80), Hit(960, "snare", 40, 12))
    assert new.id != GROOVE.id
    assert new.meta["edited"] is True


def test_nothing_changed_is_the_same_pattern():
    """A change to what is there already makes no new take."""
    assert edited(GROOVE, [change(0, "kick", 100), change(480, "kick", 0)]) is GROOVE


def test_a_longer_groove_repeats_and_a_shorter_one_is_cut():
    """Two bars hold the one twice; back to one bar is what was."""
    two = edited(GROOVE, [], 2)

    assert [hit.tick for hit in two.hits if hit.voice == "kick"] == [0, 3840]
    assert edited(two, [], 1).hits == GROOVE.hits


def test_no_stroke_leaves_before_the_first_beat():
    """A loop's first stroke cannot be early: there is nothing before it."""
    assert Hit(0, "crash", 90, 0) in edited(GROOVE, [change(0, "crash", 90, -30)]).hits


@pytest.mark.parametrize(("tick", "voice"), [(3840, "kick"), (0, "gong")])
def test_a_stroke_that_cannot_be_is_refused_by_name(tick, voice):
    """The error names the stroke, and nothing was changed."""
    with pytest.raises(InvalidRequest, match=r"hits|gong|outside"):
        edited(GROOVE, [change(tick, voice, 90)])


TICKS, DRUMS = st.integers(0, 15).map(lambda n: n * 240), st.sampled_from(["kick", "snare", "ride"])
CELLS = st.lists(
    st.builds(change, TICKS, DRUMS, st.integers(0, 127)),
    max_size=6,
    unique_by=lambda cell: (cell["tick"], cell["voice"]),
)


@given(CELLS, CELLS)
def test_changes_to_different_cells_meet_in_any_order(one, other):
    """Two pages that edit at once end at the same groove, whoever came first."""
    taken = {(cell["tick"], cell["voice"]) for cell in one}
    other = [cell for cell in other if (cell["tick"], cell["voice"]) not in taken]

    assert edited(edited(GROOVE, one), other).hits == edited(edited(GROOVE, other), one).hits


def test_solo_silences_the_others_and_mute_only_itself():
    """A soloed voice is heard alone, whatever is muted."""
    rows = [Row(0, 10, 0x99, 36, 100, VOICE_INDEX[voice]) for voice in ("kick", "snare", "ride")]

    def voices(mute, solo):
        return [list(VOICE_INDEX)[row.voice] for row in audible(rows, mute, solo)]

    assert voices(["kick"], []) == ["snare", "ride"]
    assert voices(["kick"], ["kick"]) == ["kick"]
    assert voices([], []) == ["kick", "snare", "ride"]


def heard(stage, topic):
    """What a topic told last."""
    return [item["data"] for item in stage.heard if item["topic"] == topic][-1]


async def playing(stage):
    """A page that hears the player while a groove plays."""
    result = await stage.methods.call("subscribe", {"topics": ["player"], "sub": "me"}, stage.client)
    result.after()
    await stage.call("play", pattern=GROOVE.as_dict())
    return heard(stage, "player")["take"]


def test_an_edit_is_loaded_in_place_and_told_to_all(stage):
    """The engine gets the changed rows under the take that plays: no switch, no jump of the playhead."""

    async def script():
        take = await playing(stage)
        queued = len(stage.engine.commands("queue"))
        await stage.call("edit", take=take, hits=[{"tick": 480, "voice": "clap", "velocity": 100}])
        assert len(stage.engine.commands("queue")) == queued
        assert stage.engine.commands("load")[-1]["id"] == take
        return take

    take = run(script())
    now = heard(stage, "player")
    assert (now["take"], now["can_undo"]) == (take, True)
    assert {"tick": 480, "voice": "clap", "velocity": 100} in now["pattern"]["hits"]


def test_undo_and_redo_walk_through_edits_in_place(stage):
    """Two edits, two undos, two redos: each step is the groove as it was, under the same take."""

    async def script():
        take = await playing(stage)
        seen = [stage.session.player()["pattern"]["hits"]]
        for tick in (480, 720):
            await stage.call("edit", take=take, hits=[{"tick": tick, "voice": "clap", "velocity": 100}])
            seen.append(stage.session.player()["pattern"]["hits"])
        for wanted in (seen[1], seen[0]):
            await stage.call("undo")
            assert stage.session.player()["pattern"]["hits"] == wanted
        for wanted in (seen[1], seen[2]):
            await stage.call("redo")
            assert stage.session.player()["pattern"]["hits"] == wanted
        assert stage.session.player()["take"] == take
        assert not stage.session.player()["can_redo"]

    run(script())


def test_an_edit_after_an_undo_forgets_what_was_undone(stage):
    """There is one future only."""

    async def script():
        take = await playing(stage)
        await stage.call("edit", take=take, hits=[{"tick": 480, "voice": "clap", "velocity": 100}])
        await stage.call("undo")
        await stage.call("edit", take=take, hits=[{"tick": 720, "voice": "clap", "velocity": 100}])
        assert not stage.session.player()["can_redo"]
        await stage.call("undo")
        assert stage.session.player()["pattern"]["hits"] == GROOVE.as_dict()["hits"]

    run(script())


def test_an_edit_of_a_groove_that_is_gone_says_so(stage):
    """A page that was asleep learns that its groove is no more."""

    async def script():
        await playing(stage)
        with pytest.raises(RpcError) as caught:
            await stage.call("edit", take="t-999", hits=[])
        return caught.value

    assert run(script()).data["code"] == "nothing_playing"


def test_a_muted_voice_leaves_no_row(stage):
    """Mute is heard on the port too, not only drawn."""

    async def script():
        await playing(stage)
        await stage.call("mix", mute=["kick"])
        rows = [rows for command, _, rows in stage.engine.told if command == "load"][-1]
        assert VOICE_INDEX["kick"] not in {row.voice for row in rows}
        assert await stage.call("mix", mute=[]) == {"mute": [], "solo": []}

    run(script())


def test_a_stopped_session_still_shows_what_it_would_play(stage):
    """The page draws the groove that the next Play starts, though nothing sounds."""

    async def script():
        await playing(stage)
        stage.session.hear({"e": "player", "playing": None, "queued": []})

    run(script())

    now = heard(stage, "player")
    assert now["pattern"] is None
    assert now["ready"]["pattern"]["id"] == GROOVE.id


def test_the_catalogue_names_what_can_be_asked_for(stage):
    """A page can offer every genre with its styles, every drummer, section, voice and kit."""
    known = run(stage.call("catalog"))

    assert "straight" in known["genres"]["rock"]
    assert {"silk", "thunder"} <= set(known["drummers"])
    assert known["voices"][0] == "kick"
    assert known["kits"]
    assert "patterns.import" in known["methods"]
    live = {row["name"]: row for row in known["settings"]}
    assert live.keys() == set(stage.session.live)
    assert (live["swing"]["low"], live["swing"]["high"], live["swing"]["cc"], live["swing"]["default"]) == (
        0,
        1,
        27,
        None,
    )
    assert "low" not in live["genre"]
    assert json.dumps(known, allow_nan=False)


def test_a_fill_that_sounds_is_told_with_its_place(stage):
    """A page opened in the middle of a fill can draw it where it lies; afterwards it is gone."""

    async def script():
        await playing(stage)
        await stage.call("fill")
        fill = stage.engine.commands("queue")[-1]["id"]
        base = stage.session.history.current().id
        stage.session.hear({"e": "player", "playing": base, "queued": [], "fill": fill, "fill_at": [3840, 5760, 7680]})
        during = heard(stage, "player")
        stage.session.hear({"e": "player", "playing": base, "queued": [], "fill": None, "fill_at": None})
        return during["filling"], heard(stage, "player")["filling"]

    during, after = run(script())

    assert (during["origin"], during["tick"], during["end"]) == (3840, 5760, 7680)
    assert during["pattern"]["bars"] == 1
    assert after is None


def test_a_midi_file_comes_back_as_the_groove_it_was(stage):
    """What was exported can be dropped on the page again; nonsense is refused by the field's name."""

    async def script():
        await stage.call("patterns.put", pattern=GROOVE.as_dict())
        path = (await stage.call("patterns.export", id=GROOVE.id))["path"]
        data = base64.b64encode(await asyncio.to_thread(Path(path).read_bytes)).decode()
        again = await stage.call("patterns.import", midi=data, name="again")
        with pytest.raises(RpcError) as caught:
            await stage.call("patterns.import", midi="no file")
        return again["pattern"], caught.value.data["field"]

    pattern, field = run(script())

    assert pattern["hits"] == GROOVE.as_dict()["hits"]
    assert (pattern["name"], field) == ("again", "midi")
