"""Tap tempo, the hub of events, redaction: small machines, whole behaviour."""

import logging

import pytest

from bridge.doctor import examine, money, timing
from bridge.events import Events
from bridge.home import Home
from bridge.redact import HIDDEN, Redactor
from bridge.settings import live_values, resolve
from bridge.tap import Tap
from bridge.wishes import spoken_tempo, whole_request


def test_one_tap_is_no_tempo_and_two_are():
    """The first tap only starts the count."""
    tap = Tap()

    assert [tap.tap(10.0), tap.tap(10.5), tap.tap(11.0)] == [None, 120.0, 120.0]


def test_a_wrong_tap_does_not_move_the_tempo():
    """The median of the gaps forgives one slip of the foot."""
    tap = Tap()
    times = (0.0, 0.5, 1.0, 1.62, 2.0, 2.5, 3.0)

    assert [tap.tap(at) for at in times][-1] == 120.0


def test_a_pause_starts_a_new_count():
    """Taps of the song before must not be averaged into this one."""
    tap = Tap()
    for at in (0.0, 0.5, 1.0):
        tap.tap(at)

    assert tap.tap(60.0) is None
    assert tap.tap(60.25) == 240.0


def test_a_bouncing_switch_is_one_tap():
    """Two contacts within a tenth of a second are no 600 bpm."""
    tap = Tap()

    assert [tap.tap(at) for at in (0.0, 0.02, 0.5, 0.52, 1.0)][-1] == 120.0


@pytest.mark.parametrize(("gap", "bpm"), [(2.99, 20.07), (0.11, 300.0)])
def test_taps_stay_within_the_tempo_range(gap, bpm):
    """Whatever the foot does, the tempo is one the transport can take."""
    tap = Tap()
    tap.tap(0.0)

    assert tap.tap(gap) == bpm


def test_a_subscription_begins_with_a_snapshot_and_goes_on_with_events():
    """A page knows the state from its first message and misses nothing after it."""
    events, got = Events(lambda: 7.0), []
    events.source("player", lambda: {"state": "stopped"})

    events.subscribe(1, "me", ["player"], got.append)
    events.publish("transport", {"bar": 1})
    events.publish("player", {"state": "playing"})

    assert [(item["topic"], item["data"]["state"]) for item in got] == [("player", "stopped"), ("player", "playing")]
    assert got[0]["sub"] == "me"
    assert got[1]["rev"] > got[0]["rev"]
    assert got[1]["t"] == 7.0


def test_the_same_name_again_replaces_and_a_leaver_hears_no_more():
    """A thousand subscribes under one name are one subscription, and a closed socket is forgotten."""
    events, got = Events(lambda: 0.0), []
    for _ in range(1000):
        events.subscribe(1, "me", ["jobs"], got.append)
    got.clear()
    events.publish("jobs", 1)
    events.drop(1)
    events.publish("jobs", 2)

    assert [item["data"] for item in got] == [1]
    assert not events.wanted("jobs")


def test_secrets_leave_neither_by_value_nor_by_shape():
    """The keys that are set, the token, and anything that looks like a key."""
    redactor = Redactor(["canary-key-0123456789"])
    shapes = ("canary-key-0123456789", "sk-ant-api03-abcdefghijklmnop", "gsk_abcdefghijklmnop1234",
              "drumbridge.auth.abcdefghijklmnopqrstuvw")  # fmt: skip
    text = "".join(f"{letter} {shape} " for letter, shape in zip("abcd", shapes, strict=True))

    cleaned = redactor.clean(text)

    assert cleaned == f"a {HIDDEN} b {HIDDEN} c {HIDDEN} d {HIDDEN} "


def test_a_log_record_is_cleaned_with_its_arguments_and_its_traceback(caplog):
    """A provider that echoes the key puts it into the exception; the log must not carry it on."""
    redactor = Redactor(["canary-key-0123456789"])
    error = ValueError("bad key canary-key-0123456789")
    record = logging.getLogger().makeRecord(
        "x", logging.ERROR, "f", 1, "failed with %s", ("canary-key-0123456789",), (ValueError, error, None)
    )
    redactor.filter(record)

    assert "canary" not in logging.Formatter().format(record)
    assert HIDDEN in logging.Formatter().format(record)


@pytest.mark.parametrize(
    ("words", "knob", "stands"),
    [("busy funk", "density", None), ("tight funk", "humanize", None), ("funk", "density", 0.5)],
)
def test_words_win_over_the_knobs_they_speak_of(words, knob, stands):
    """A knob in its middle must not undo "busy"; what the words leave open stays where the hand put it."""
    live = live_values(resolve({}, {}, {}))

    assert getattr(whole_request(live, 120.0, {"prompt": words}), knob) == stands
    assert getattr(whole_request(live, 120.0, {"prompt": words, knob: 0.9}), knob) == 0.9


@pytest.mark.parametrize(
    ("prompt", "bpm"),
    [
        ("slow rock at 95 bpm", 95.0),
        ("slow rock", None),
        ("a fast tom fill", None),
        ("not too fast", None),
        (None, None),
    ],
)
def test_words_say_the_tempo_in_figures_only(prompt, bpm):
    """The song goes on at its own: a fast fill or a slow end is no wish for another."""
    assert spoken_tempo(prompt) == bpm


def test_a_genre_that_words_refuse_is_not_played_because_the_knob_is_on_it():
    """`not jazz` with the knob on jazz leaves the genre open; a field beside the words is meant as it is."""
    live = live_values(resolve({}, {}, {})) | {"genre": "jazz", "style": "swing"}

    assert whole_request(live, 120.0, {"prompt": "not jazz"}).genre is None
    assert whole_request(live, 120.0, {"prompt": "not jazz"}).style is None
    assert whole_request(live, 120.0, {"prompt": "not too loud"}).genre == "jazz"
    assert whole_request(live, 120.0, {"prompt": "not jazz", "genre": "jazz"}).genre == "jazz"


def test_the_doctor_tells_of_a_setting_that_the_router_would_refuse(tmp_path, monkeypatch):
    """What ends `run` with a configuration error is a problem here, with the same way out."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://example.org/v1")

    found = next(finding for finding in examine(Home(tmp_path)) if finding.about == "Settings")

    assert found.state == "problem"
    assert "https://" in found.remedy


@pytest.mark.parametrize(
    ("more", "state", "says"),
    [
        ({}, "ok", "$0.50 spent in 2026-11, of $1.00"),
        ({"limit_usd": None}, "ok", "without a limit"),
        ({"closed": "the disk is full"}, "problem", "nothing is paid: the disk is full"),
        ({"clock": "the clock says 2026-10"}, "note", "the clock says 2026-10"),
    ],
)
def test_the_doctor_tells_whether_anything_may_be_paid(more, state, says):
    """Closed spending is what a user comes to the doctor with: no model answers any more."""
    budget = {"month": "2026-11", "limit_usd": "1.00", "spent_usd": "0.50", "closed": None, **more}
    found = money(budget)

    assert (found.about, found.state) == ("Money", state)
    assert says in found.message


def test_the_doctor_tells_what_was_measured():
    """Lateness, missed notes and the clock in one line; more than one in a hundred missed comes with advice."""
    late = {"count": 1000, "mean_ms": 0.01, "p99_ms": 0.08, "max_ms": 7.2, "missed": 3}
    clock = {"pulses": 400, "quality": "locked", "bpm": 119.98, "jitter_ms": 0.61}

    good = timing({"lateness": late, "clock": clock})
    bad = timing({"lateness": {**late, "missed": 30}, "clock": {"pulses": 0, "quality": "internal"}})

    assert good.state == "ok"
    for word in ("1000 notes", "p99 0.08", "7.20", "3 missed", "locked at 119.98 bpm, jitter 0.61 ms"):
        assert word in good.message
    assert (bad.state, bool(bad.remedy)) == ("note", True)
    assert timing({}).state == "note"
