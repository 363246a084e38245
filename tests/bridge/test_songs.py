"""Songs over the control channel: they play at once, take better sections in, and leave as one file."""

import asyncio
import io
import json
import re

import mido
import pytest

from bridge import drummaps
from bridge.songfile import song_to_midi
from router import groove
from router.budget import Usage
from router.call import FINISHED, Done
from router.config import RouterConfig
from router.dispatch import Router
from router.notation import write
from router.pattern import Hit, Meter, Pattern
from router.providers.scripted import Scripted
from router.request import GrooveRequest
from router.song import Section, Song, SongWish, assemble, draft
from tests.support.refusal import refused

run = asyncio.run
FORM = [{"name": "intro", "bars": 2}, {"name": "verse", "bars": 4}, {"name": "chorus", "bars": 4}]


async def composed(stage, **params):
    """Compose, wait for the end, return the job."""
    job = await stage.call("compose", **params)
    return await stage.call("job.wait", job=job["job"], timeout_s=30.0)


def test_a_song_plays_at_once_and_holds_its_sections(stage):
    """Without a key the whole song is there: names, lengths, places, costs nothing, and its first section plays."""
    done = run(composed(stage, prompt="punk rock", sections=FORM, seed=3))

    assert done["state"] == "done", done
    song = done["song"]
    assert [(row["name"], row["bars"], row["starts_at_bar"]) for row in song["sections"]] == [
        ("intro", 2, 1), ("verse", 4, 3), ("chorus", 4, 7)
    ]  # fmt: skip
    assert [Pattern.from_dict(row["pattern"]).bars for row in song["sections"]] == [2, 4, 4]
    assert float(done["route"]["cost_usd"]) == 0
    assert done["route"]["workflow"] == "song"
    assert done["starts_at"]["bar"] == 1
    player = stage.session.player()
    assert player["playing"] == song["sections"][0]["pattern"]["id"]
    assert player["song"]["section"] == 0
    (queue,) = stage.engine.commands("queue")
    assert len(queue["parts"]) == 3


def test_sections_can_be_said_in_words_with_their_own_metres(stage):
    """The command line's form works on the socket too, and a song may change its metre."""
    done = run(composed(stage, genre="rock", sections="intro:2 verse:4@7/8 outro:2"))

    assert done["song"]["meters"] == ["4/4", "7/8"]
    assert done["song"]["sections"][1]["pattern"]["meter"] == "7/8"


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ([], "0 sections"),
        ([{"name": "verse", "bars": 1}] * 500, "500 sections"),
        ("verse", "name:bars"),
        ([{"name": "verse", "bars": 64}] * 20, "1280 bars"),
        ([{"name": "verse", "bars": 4, "meter": "5/9"}], "meter"),
    ],
)
def test_songs_that_cannot_be_are_refused_with_the_reason(stage, sections, words):
    """The message says what was wrong; no job begins."""
    error = refused(stage.call("compose", prompt="rock", sections=sections))

    assert words in str(error)
    assert error.as_dict()["data"]["code"] == "invalid_params"
    assert len(stage.jobs) == 0


def test_a_song_that_is_never_to_sound_does_not(stage):
    """at=never writes a song and leaves the timeline alone."""
    done = run(composed(stage, prompt="funk", sections=FORM, at="never"))

    assert done["state"] == "done"
    assert stage.engine.commands("queue") == []


def test_undo_leads_from_a_song_back_to_the_groove(stage):
    """A song is one step of the history, whatever its number of parts."""

    async def play():
        groove_job = await stage.finished(genre="funk", seed=1)
        await composed(stage, genre="rock", sections=FORM, seed=2)
        await stage.call("undo")
        return groove_job["pattern"]["id"]

    assert run(play()) == stage.session.player()["playing"]


def test_knobs_reach_every_part_of_a_song(stage):
    """Turning swing while a song plays changes all of its sections."""

    async def turn():
        await composed(stage, genre="rock", sections=FORM, seed=2)
        before = len(stage.engine.commands("load"))
        await stage.call("set", swing=0.6)
        return [row["id"] for row in stage.engine.commands("load")[before:]]

    assert len(run(turn())) == 3


def test_a_song_is_exported_as_one_file_with_markers(stage):
    """The .mid holds tempo, markers at the sections, both metres, and as many ticks as bars."""

    async def export():
        done = await composed(stage, genre="rock", tempo=96, sections="intro:2 verse:4@7/8 outro:2")
        return done["song"], await stage.call("patterns.export", id=done["song"]["id"])

    song, answer = run(export())
    with open(answer["path"], "rb") as file:  # noqa: PTH123 - as a DAW does
        midi = mido.MidiFile(file=io.BytesIO(file.read()))
    now, found = 0, []
    for message in mido.merge_tracks(midi.tracks):
        now += message.time
        if message.type in {"marker", "time_signature", "set_tempo"}:
            found.append((now, message.type))
    markers = [tick for tick, kind in found if kind == "marker"]
    assert markers == [0, 2 * 3840, 2 * 3840 + 4 * 3360]
    assert [tick for tick, kind in found if kind == "time_signature"] == markers
    assert now == 4 * 3840 + 4 * 3360
    assert song["tempo"] == 96


def test_every_note_of_a_song_file_ends_before_it_is_struck_again():
    """Two note-ons without an off between hang in some hosts."""
    wish = SongWish(GrooveRequest(prompt="metal double bass", seed=4, humanize=1.0))
    plan = wish.plan()
    data = song_to_midi(assemble(wish, plan, draft(wish, plan)), drummaps.load("gm"))
    sounding = set()
    for message in mido.merge_tracks(mido.MidiFile(file=io.BytesIO(data)).tracks):
        if message.type == "note_on" and message.velocity:
            assert message.note not in sounding
            sounding.add(message.note)
        elif message.type in {"note_on", "note_off"}:
            sounding.discard(message.note)
    assert not sounding


def writes(call):
    """A model that plans three sections and writes what is asked."""
    user = call.turns[-1][1]
    if call.schema:
        text = json.dumps({"sections": ["intro", "verse", "chorus"], "bars": [2, 4, 4], "energies": [0.3, 0.5, 0.9],
                           "directions": ["none", "short", "long"]})  # fmt: skip
        return (text, Done(FINISHED, Usage(300, 80)))
    counts = [int(found) for found in re.findall(r"^bars: (\d+)", user, re.MULTILINE)]
    texts = [write(groove.generate(GrooveRequest(genre="funk", bars=bars, seed=5))) for bars in counts]
    text = texts[0] if len(texts) == 1 else "".join(f"# {n}\n{one}" for n, one in enumerate(texts, 1))
    return (text, Done(FINISHED, Usage(400, len(text) // 3)))


def test_a_song_by_models_takes_the_drafts_place_where_it_is(make_stage):
    """The draft plays from the first moment; each better version is queued in its place, at its origin."""

    async def play():
        provider = Scripted("anthropic", [writes])
        router = Router(RouterConfig.from_env({"ANTHROPIC_API_KEY": "k"}), providers={"anthropic": provider})
        stage = make_stage(router)
        done = await composed(stage, prompt="rain on a tin roof at dawn", sections=FORM)
        await router.aclose()
        return stage, done

    stage, done = run(play())
    assert done["state"] == "done", done
    assert {attempt["tier"] for attempt in done["route"]["attempts"]} == {"advanced", "balanced"}
    makers = {row["pattern"]["meta"]["generator"].split("/")[0] for row in done["song"]["sections"]}
    assert makers == {"anthropic"}
    queued = stage.engine.commands("queue")
    assert len(queued) > 1
    assert stage.session.player()["song"]["id"] == done["song"]["id"]
    assert not stage.session.player()["can_undo"]


def test_a_late_section_does_not_take_the_stage_from_something_else(make_stage):
    """Whoever plays another groove meanwhile hears that one to the end; the song is finished all the same."""

    def slowly(call):
        text, done = writes(call)
        return (0.05, text, done)

    async def play():
        router = Router(
            RouterConfig.from_env({"ANTHROPIC_API_KEY": "k"}), providers={"anthropic": Scripted("anthropic", [slowly])}
        )
        stage = make_stage(router)
        job = await stage.call("compose", prompt="rain on a tin roof at dawn", sections=FORM)
        while stage.session.history.current() is None:
            await asyncio.sleep(0)
        other = groove.generate(GrooveRequest(genre="jazz", seed=8))
        await stage.call("play", pattern=other.as_dict())
        done = await stage.call("job.wait", job=job["job"], timeout_s=30.0)
        await router.aclose()
        return stage, other, done

    stage, other, done = run(play())
    assert done["state"] == "done"
    assert stage.session.player()["playing"] == other.id


def test_a_stroke_right_after_another_cuts_it_short_in_the_file():
    """A buzz of one drum is on, off, on, off."""
    hits = tuple(Hit(tick, "snare", 80) for tick in (0, 60, 120, 3839))
    section = Section("roll", 1, Pattern(Meter(4, 4), 1, hits), 1, 0.5)
    data = song_to_midi(Song("roll", (section,), 120.0), drummaps.load("gm"))
    kinds = [
        message.type
        for message in mido.merge_tracks(mido.MidiFile(file=io.BytesIO(data)).tracks)
        if not message.is_meta
    ]
    assert kinds == ["note_on", "note_off"] * 4
