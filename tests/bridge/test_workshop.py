"""Refinement, hearing, batches and questions over the control channel, without a key."""

import asyncio
import base64
import os
import struct
import wave

import pytest

from bridge.rpc import RpcError
from bridge.workshop import Workshop, allowed
from router.errors import InvalidRequest
from router.pattern import Pattern

run = asyncio.run


async def ended(stage, method, **params):
    """Call a method that begins a job, wait for its end, return the job."""
    job = await stage.call(method, **params)
    return await stage.call("job.wait", job=job["job"], timeout_s=60.0)


def lane(pattern, *voices):
    """The strokes of some voices as they are on the wire."""
    return [hit for hit in pattern["hits"] if hit["voice"] in voices]


def clicks(path, *, rate=44100, beats=16, bpm=120.0):
    """Write a drum-like file: noise bursts on each beat, low ones on 1 and 3."""
    state, samples = 1, []
    step = int(rate * 60 / bpm / 2)
    for half in range(beats * 2):
        for index in range(step):
            state = (state * 1103515245 + 12345) % (1 << 31)
            noise = state / (1 << 30) - 1
            body = (1 if index // 400 % 2 else -1) if half % 4 == 0 else noise
            samples.append(int(24000 * body * max(0.0, 1 - index / 2500)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


def test_refine_changes_what_was_asked_and_keeps_the_rest_to_the_tick(stage):
    """Busier hats: more hats; every other lane is exactly what it was, and the new groove plays."""

    async def refine():
        before = (await stage.finished(genre="rock", seed=5))["pattern"]
        return before, await ended(stage, "refine", instruction="busier hats, keep the kick")

    before, done = run(refine())
    after = done["pattern"]
    assert done["state"] == "done", done
    assert len(lane(after, "hat_closed", "hat_open")) > len(lane(before, "hat_closed", "hat_open"))
    others = {hit["voice"] for hit in before["hits"]} - {"hat_closed", "hat_open", "hat_pedal"}
    assert lane(after, *others) == lane(before, *others)
    assert stage.session.player()["playing"] == after["id"]
    assert done["route"]["workflow"] == "refine"


def test_refine_of_a_song_changes_the_section_that_plays(stage):
    """The song goes on; only the section that is heard is another one."""

    async def refine():
        await stage.call("compose", genre="rock", sections="intro:2 verse:2", at="bar", client_ref="s")
        job = await stage.call("compose", genre="rock", sections="intro:2 verse:2", client_ref="s")
        await stage.call("job.wait", job=job["job"], timeout_s=30.0)
        queued = len(stage.engine.commands("queue"))
        done = await ended(stage, "refine", instruction="no crash, louder snare")
        return queued, done

    queued, done = run(refine())
    assert done["state"] == "done", done
    assert len(stage.engine.commands("queue")) == queued
    player = stage.session.player()
    assert player["song"]["section"] == 0
    assert player["playing"] == done["pattern"]["id"]


@pytest.mark.parametrize("words", ["paint it like a waterfall", " "])
def test_words_that_nobody_understands_fail_the_job_in_words(stage, words):
    """Without a model the job says so and what would work; the groove stays."""

    async def refine():
        await stage.finished(genre="rock", seed=5)
        return await ended(stage, "refine", instruction=words)

    done = run(refine())
    assert done["state"] == "failed"
    assert "busier hats" in done["error"]["data"]["hint"]


def test_refine_needs_something_to_refine(stage):
    """Nothing plays and nothing was given: a clear error."""
    with pytest.raises(RpcError, match="nothing plays"):
        run(stage.call("refine", instruction="busier"))


def test_a_batch_gives_a_job_for_each_and_one_bad_item_costs_itself(stage):
    """Good items are made, the bad one says what was wrong; nothing sounds unless asked."""

    async def batch():
        requests = [{"genre": "funk", "seed": 1}, {"genre": "polka"}, {"bars": 99}, {"genre": "jazz", "bars": 4}]
        jobs = (await stage.call("batch", requests=requests))["jobs"]
        return [await stage.call("job.wait", job=job, timeout_s=30.0) for job in jobs]

    done = run(batch())
    assert [job["state"] for job in done] == ["done", "failed", "failed", "done"]
    assert "genre" in done[1]["error"]["message"]
    assert "bars" in done[2]["error"]["message"]
    assert stage.engine.commands("queue") == []


def test_questions_that_rules_can_answer_cost_nothing(stage):
    """Intent and names are read without a key."""

    async def ask():
        intent = await ended(stage, "ask", task="intent_classification", text="give me a fill")
        genre = await ended(stage, "ask", task="genre_validation", text="half-time shuffle")
        return intent, genre

    intent, genre = run(ask())
    assert intent["answer"]["intent"] == "fill"
    assert genre["state"] == "done"
    assert float(intent["route"]["cost_usd"]) == 0


def test_a_question_of_no_kind_is_refused_with_the_kinds(stage):
    """The error names all that can be asked, grooves too."""
    with pytest.raises(RpcError, match=r"pattern_variation.*music_theory"):
        run(stage.call("ask", task="weather"))


def test_a_question_about_no_groove_says_so(stage):
    """While nothing plays and nobody can be asked, what lacks is the groove, not a provider."""
    job = run(ended(stage, "ask", task="yes_no", text="does it have at most 4 kicks a bar?"))

    assert job["state"] == "failed"
    assert "no groove plays" in job["error"]["message"]


def test_only_regular_files_under_allowed_folders_are_read(tmp_path):
    """Links that lead out, devices, folders and relative paths are refused; what lies inside is found."""
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (inside / "a.wav").write_bytes(b"x")
    (outside / "b.wav").write_bytes(b"x")
    (inside / "link.wav").symlink_to(outside / "b.wav")
    os.mkfifo(inside / "pipe.wav")

    assert allowed(str(inside / "a.wav"), str(inside)) == (inside / "a.wav").resolve()
    assert allowed(str(inside / "a.wav"), f"{outside}{os.pathsep}{inside}").name == "a.wav"
    for path in (
        outside / "b.wav", inside / "link.wav", inside / "pipe.wav", inside, inside / "none.wav",
        inside / ".." / "out" / "b.wav", "a.wav", "/dev/zero", "/etc/passwd", f"{inside}/a.wav\0",
    ):  # fmt: skip
        with pytest.raises(InvalidRequest) as caught:
            allowed(str(path), str(inside))
        assert caught.value.field == "path"


@pytest.mark.parametrize("params", [{}, {"path": "/a", "audio": "eA=="}, {"audio": "***"}])
def test_hearing_needs_one_file(stage, params):
    """Neither or both, or what is no base64, is refused at once."""
    with pytest.raises(RpcError):
        run(stage.call("analyze", **params))


def hears(stage, tmp_path, **params):
    """Analyze within the test's own folder."""
    pytest.importorskip("soundfile")
    stage.methods._workshop = Workshop(stage.session, stage.jobs, str(tmp_path))
    return run(ended(stage, "analyze", **params))


def test_a_file_becomes_a_groove_without_a_key(stage, tmp_path):
    """Tempo and strokes are heard, progress is told, the transcription plays."""
    done = hears(stage, tmp_path, path=str(clicks(tmp_path / "loop.wav")), bars=2)

    assert done["state"] == "done", done
    assert done["analysis"]["tempo_bpm"] == pytest.approx(120, rel=0.02) or done["analysis"]["tempo_bpm"] in {60, 240}
    assert Pattern.from_dict(done["pattern"]).hits
    assert stage.session.player()["playing"] == done["pattern"]["id"]
    assert done["progress"]["done"] == 1.0


def test_audio_over_the_socket_is_heard_and_leaves_nothing_behind(stage, tmp_path, monkeypatch):
    """The temporary file is gone afterwards."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    data = clicks(tmp_path / "loop.wav", beats=8).read_bytes()
    done = hears(stage, tmp_path, audio=base64.b64encode(data).decode(), at="never")

    assert done["state"] == "done", done
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"RIFF", b"not audio at all" * 100, "silent"])
def test_files_that_cannot_be_heard_fail_in_words(stage, tmp_path, data):
    """0 bytes, cut, wrong type, silence: the job fails and says why."""
    file = tmp_path / "bad.wav"
    if data == "silent":
        with wave.open(str(file), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(44100)
            out.writeframes(bytes(44100 * 8))
    else:
        file.write_bytes(data)
    done = hears(stage, tmp_path, path=str(file))

    assert done["state"] == "failed"
    assert done["error"]["data"]["code"] == "invalid_params"
    assert done["error"]["message"]


def taps(stage, bpm, notes, start=100.0):
    """Play notes into the port: (beat, note)."""
    stage.triggers.hear([(start + beat * 60 / bpm, bytes((0x90, note, 100)).hex()) for beat, note in notes])


def test_a_rhythm_that_is_played_becomes_a_groove(stage):
    """Kick and snare by hand: the tempo is found, hats are added, and it plays."""
    rhythm = [(beat, 36 if beat % 2 == 0 else 38) for beat in range(8)]

    async def play():
        await stage.call("record.start")
        taps(stage, 100, rhythm)
        return await stage.call("record.stop")

    done = run(play())
    pattern = done["pattern"]
    assert pattern["tempo"] == pytest.approx(100, rel=0.02)
    assert {(hit["tick"] % 3840) // 960 for hit in lane(pattern, "snare")} == {1, 3}
    assert lane(pattern, "hat_closed")
    assert stage.session.player()["playing"] == pattern["id"]
    assert stage.session.live["tempo"] == pytest.approx(100, rel=0.02)  # what was tapped is what plays


def test_what_is_played_over_a_running_groove_keeps_its_bar_lines(stage):
    """While the transport runs at 120, a backbeat played late in the bar is a backbeat."""

    async def play():
        await stage.finished(genre="rock", seed=1)
        await stage.call("record.start")
        start = stage.session.transport["t"]
        taps(stage, 120, [(5, 38), (7, 38), (9, 38), (11, 38)], start)
        return await stage.call("record.stop", fit=False, at="never")

    pattern = run(play())["pattern"]
    assert {hit["tick"] % 3840 // 960 for hit in pattern["hits"]} == {1, 3}
    assert stage.session.live["tempo"] == 120


def test_recording_needs_a_beginning_and_strokes(stage):
    """Nothing recorded, or too little: said in words."""
    with pytest.raises(RpcError, match="nothing is being recorded"):
        run(stage.call("record.stop"))
    run(stage.call("record.start"))
    with pytest.raises(RpcError, match="too few"):
        run(stage.call("record.stop"))


@pytest.mark.parametrize(
    ("task", "text", "holds"),
    [
        ("pattern_generation", "half-time shuffle", lambda p: p["meta"]["style"] == "half-time-shuffle"),
        ("pattern_variation", "", lambda p: p["meta"]["varied"] is not None),
        ("style_blending", "70 % funk 30 % afrobeat", lambda p: p["meta"]["blend"]["genre"] == "afrobeat"),
        ("multi_genre_blending", "a mix of house, latin and jazz", lambda p: p["meta"]["blend"]["also"]),
        ("fill_sequence", "", lambda p: p["meta"]["fills"] == [1, 2]),
        ("pattern_evolution", "", lambda p: p["bars"] == 8),
        ("polyrhythm", "5:4", lambda p: len(lane(p, "cowbell")) == 5 * p["bars"]),
    ],
)
def test_a_task_kind_whose_answer_is_a_groove_makes_one(stage, task, text, holds):
    """Of what plays where the kind works on a groove; it waits to be played."""

    async def ask():
        playing = (await stage.finished(genre="rock", seed=5))["pattern"]
        return playing, await ended(stage, "ask", task=task, text=text)

    playing, done = run(ask())
    assert done["state"] == "done", done
    assert holds(done["pattern"]), done["pattern"]
    assert done["pattern"]["id"] != playing["id"]
    assert stage.session.player()["playing"] == playing["id"]


@pytest.mark.parametrize(
    ("task", "text", "field"),
    [
        ("music_theory", "what division is this?", "answer"), ("creative_suggestions", "", "suggestions"),
        ("modification_suggestions", "", "suggestions"), ("pattern_analysis", "", "traits"),
        ("yes_no", "does it have at most 9 kicks a bar?", "yes"), ("song_composition", "a punk song", "sections"),
    ],
)  # fmt: skip
def test_questions_about_what_plays_are_answered_without_a_key(stage, task, text, field):
    """By counting; nothing is asked of anybody."""

    async def ask():
        await stage.finished(genre="rock", seed=5)
        return await ended(stage, "ask", task=task, text=text)

    done = run(ask())
    assert done["state"] == "done", done
    assert done["answer"][field]
    assert done["route"]["cost_usd"] == "0.00"


def test_audio_that_cannot_be_heard_is_called_the_audio(stage):
    """The temporary file's name is nobody's business."""
    done = run(ended(stage, "analyze", audio=base64.b64encode(b"no sound at all").decode()))

    assert done["state"] == "failed"
    assert done["error"]["message"].startswith("the audio ")


def test_files_for_a_moment_may_be_read_too(tmp_path, monkeypatch):
    """Unless folders are set, home and the system's place for temporary files are open, and nothing else."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "a.wav").write_bytes(b"x")

    assert allowed(str(tmp_path / "a.wav"), None).name == "a.wav"
    with pytest.raises(InvalidRequest):
        allowed("/etc/passwd", None)


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ([{"bars": 4}], "sections[0].name is missing"),
        ([{"name": "a", "bars": 4}, {"name": "verse", "bars": 0}], "sections[1].bars is 0"),
        ([{"name": "a", "bars": 4, "colour": "red"}], "sections[0].colour is not known"),
    ],
)
def test_a_section_at_fault_is_named(stage, sections, words):
    """Where it stands in the list, not what the checker tried."""
    with pytest.raises(RpcError) as caught:
        run(stage.call("compose", prompt="rock", sections=sections))

    assert words in str(caught.value)
