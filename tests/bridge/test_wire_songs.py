"""Songs in the whole daemon without MIDI: what is heard is what the song says, from the first bar to the last."""

import os
import signal

import pytest

from tests.support.daemon import RunningDaemon

pytestmark = pytest.mark.wire

FORM = [
    {"name": "intro", "bars": 1},
    {"name": "verse", "bars": 2, "meter": "7/8"},
    {"name": "ending", "bars": 1},
]


@pytest.fixture
def daemon(tmp_path):
    """A daemon without MIDI and without a key, on the grid."""
    env = {"DRUMBRIDGE_HUMANIZE": "0", "DRUMBRIDGE_SWING": "0"}
    with RunningDaemon(tmp_path / "home", "--midi", "none", env=env) as daemon:
        yield daemon


def test_a_song_is_heard_from_its_first_stroke_to_its_last(daemon):
    """Sections follow each other in order, metres change at their bar lines, and the transport stops at the end."""
    client = daemon.client()
    client.call("set", tempo=300)
    client.call("subscribe", topics=["notes", "player", "transport"], sub="n")
    done = client.call(
        "job.wait", job=client.call("compose", genre="rock", seed=3, sections=FORM)["job"], timeout_s=20.0
    )
    assert done["state"] == "done", done
    states = []

    def stopped_again(event):
        if event["topic"] == "transport":
            states.append(event["data"]["state"])
        return states[-1:] == ["stopped"] and "playing" in states

    client.until(stopped_again, timeout=15)

    expected, start = set(), 0
    for section in done["song"]["sections"]:
        unit = 3840 if section["pattern"]["meter"] == "4/4" else 3360
        expected |= {(start + hit["tick"], hit["voice"]) for hit in section["pattern"]["hits"]}
        start += section["bars"] * unit
    heard = {(note["tick"], note["voice"]) for note in client.notes()}
    missing = {(tick, voice) for tick, voice in expected - heard}
    assert heard <= expected
    assert len(missing) <= len(expected) * 0.02, missing  # two strokes of one note at once are one
    bars = {note["tick"]: note["bar"] for note in client.notes()}
    assert bars[3840] == 2
    if 3840 + 3360 in bars:
        assert bars[3840 + 3360] == 3
    assert bars[3840 + 2 * 3360] == 4
    sections = [event["data"]["song"]["section"] for event in client.events
                if event["topic"] == "player" and event["data"].get("song") and event["data"]["playing"]]  # fmt: skip
    assert list(dict.fromkeys(sections)) == [0, 1, 2]


def test_a_song_survives_the_playing_process(daemon):
    """After a kill the successor goes on in the song, not in a loop of one section."""
    client = daemon.client()
    client.call("set", tempo=240)
    client.call("subscribe", topics=["notes", "player", "midi"], sub="n")
    form = [{"name": "verse", "bars": 2}, {"name": "chorus", "bars": 2}] * 4
    job = client.call("compose", genre="rock", seed=3, sections=form)["job"]
    client.call("job.wait", job=job, timeout_s=20.0)
    client.until(lambda event: "voice" in event["data"])
    engine = client.call("status")["engine"]["pid"]
    os.kill(engine, signal.SIGKILL)
    client.until(
        lambda event: (
            event["topic"] == "player"
            and (event["data"].get("song") or {}).get("section") == 1
            and event["data"]["playing"]
        ),
        timeout=15,
    )
