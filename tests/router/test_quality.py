"""Quality without a judge, at its edges: choices of presets, JSON patterns, density, and what rules answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import quality, rules
from router.errors import Unusable
from router.pattern import Meter
from router.request import GrooveRequest

ASKED = GrooveRequest(prompt="x", bars=1)


def judged(text, request=ASKED):
    """Judge a whole answer."""
    reader = quality.reader(request)
    reader.feed(text)
    return quality.judge(reader.close(), text, request, "scripted/model")()


def beats(*ticks, **more):
    """Return a JSON pattern of kicks."""
    hits = [{"tick": tick, "voice": "kick", "velocity": 100} for tick in ticks]
    return json.dumps({"meter": "4/4", "bars": 1, "resolution": 960, "hits": hits, **more})


def test_swing_of_the_header_is_played_and_the_requests_own_wins():
    """57 % on sixteenths is .28 of the knob; a knob that was set is kept."""
    text = "@ 4/4 grid=16 swing=57@16\n1 h xxxx xxxx xxxx xxxx"

    assert judged(text).pattern.meta["swing"] == 0.28
    assert judged(text).pattern.meta["swing_of"] == 16
    assert judged(text, GrooveRequest(prompt="x", bars=1, swing=0.0)).pattern.meta["swing"] == 0.0


def test_no_stroke_leaves_the_pattern():
    """Feel never pushes the first stroke before beat one or the last beyond the end."""
    pattern = judged("1 h xxxx xxxx xxxx xxxx|s f... .... .... ...f").pattern

    assert all(0 <= hit.tick + hit.shift < pattern.ticks for hit in pattern.hits)
    assert all(hit.shift == 0 for hit in pattern.hits if hit.tick == 0)


def test_two_hands_are_enough():
    """What no drummer can play is mended, and the mend is named."""
    text = "1 " + "|".join(f"{lane} xxxx .... .... ...." for lane in "hrstc")
    result = judged(text)

    assert result.mends
    assert result.pattern.meta["mends"]
    at_once = [hit for hit in result.pattern.hits if hit.tick == 0 and hit.voice != "kick"]
    assert len(at_once) <= 2


def test_a_low_density_thins_what_a_model_overfilled():
    """The knob holds for models too."""
    full = "1 h xxxx xxxx xxxx xxxx|s gggg gggg gggg gggg|k xxxx xxxx xxxx xxxx"
    thin = judged(full, GrooveRequest(prompt="x", bars=1, density=0.1))

    assert len(thin.pattern.hits) < len(judged(full).pattern.hits) * 0.7
    assert any("thinned" in mend for mend in thin.mends)


def test_a_high_density_refuses_what_is_nearly_empty():
    """One kick is not dense."""
    with pytest.raises(Unusable, match="sparse"):
        judged("1 k x... .... .... ....", GrooveRequest(prompt="x", bars=1, density=0.9))


@pytest.mark.parametrize(
    "text",
    [
        beats(-1), beats(4000), beats("0"), beats(0, bars=1_000_000), beats(0, resolution="tpq"), beats(0, meter="4"),
        json.dumps({"meter": "4/4", "bars": 1, "hits": [{"tick": 0, "voice": "gong", "velocity": 1}]}),
        json.dumps({"meter": "4/4", "bars": 1, "hits": [{"tick": 0, "voice": "kick", "velocity": True}]}),
        json.dumps({"hits": "many"}), '{"hits": [', '{"hits": [{"tick": NaN}]}', "{" * 5000 + '"hits"',
    ],
)  # fmt: skip
def test_json_that_is_no_pattern_is_a_complaint(text):
    """No numbers, strangers, floods, depth: refused in words, never an exception of another kind."""
    with pytest.raises(Unusable):
        judged(text)


STROKES = [{"tick": 960 * beat, "voice": "kick" if beat % 2 == 0 else "snare", "velocity": 100} for beat in range(4)]
WHOLE = [(0, "kick"), (960, "snare"), (1920, "kick"), (2880, "snare")]


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (json.dumps({"hits": STROKES}), None),
        (json.dumps(STROKES), None),
        ("Here:\n```json\n" + json.dumps({"groove": {"hits": STROKES}}, indent=1) + "\n```\nEnjoy!", None),
        (json.dumps({"patterns": [{"bars": 1, "events": STROKES}]}), None),
        (json.dumps({"hits": [{**hit, "tick": float(hit["tick"]), "velocity": 0.8} for hit in STROKES]}), None),
        (json.dumps({"resolution": 480, "hits": [{**hit, "tick": hit["tick"] // 2} for hit in STROKES]}), None),
        (json.dumps({"hits": [{**hit, "tick": hit["tick"] + 0.4} for hit in STROKES]}), "rounded (4 of 4 strokes)"),
        (json.dumps({"hits": [{**hit, "velocity": 300} for hit in STROKES]}), "level-clamped (4 of 4 strokes)"),
        (
            json.dumps({"hits": [*STROKES, {"tick": 0, "voice": "gong", "velocity": 9}]}),
            "unknown-voice (1 of 5 strokes)",
        ),
        (json.dumps({"hits": [*STROKES, {"tick": 3840, "voice": "kick", "velocity": 9}]}), "outside (1 of 5 strokes)"),
        (json.dumps({"hits": [*STROKES, {"tick": 0, "voice": "ride", "velocity": 0}]}), "silent (1 of 5 strokes)"),
        (json.dumps({"kick": "O---|----|O---|----", "snare": "----|O---|----|O---"}), "lane-tab (bar 1)"),
        (
            json.dumps({"pattern": {"Kick": [1, *[0] * 7] * 2, "Snare": [*[0] * 4, 0.9, *[0] * 3] * 2}}),
            "lane-tab (bar 1)",
        ),
        (json.dumps({"pattern": "1 k x... .... x... ....|s .... x... .... x..."}), None),
        (json.dumps({"bars": ["1 k x... .... x... ....|s .... x... .... x..."]}), None),
    ],
)
def test_a_pattern_that_came_as_json_is_read_as_it_was_meant(text, mend):
    """Wrapped, fenced, in floats, at another resolution, as lanes or lines: the strokes are there, mends named."""
    found = judged(text)

    assert [(hit.tick, hit.voice) for hit in found.pattern.hits] == WHOLE
    assert mend is None or mend in found.mends


SCALARS = st.none() | st.booleans() | st.integers(-5, 5000) | st.floats() | st.sampled_from(["kick", "x-x-", "1 k x"])
NAMES = st.sampled_from(
    ["hits", "notes", "events", "pattern", "bars", "tick", "voice", "velocity", "kick", "resolution"]
)
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5))


@given(TREES)
def test_no_json_breaks_the_judge(tree):
    """Whatever a model nests into what, it is a pattern of one bar or a complaint."""
    try:
        pattern = judged(json.dumps(tree)).pattern
    except Unusable:
        return

    assert pattern.bars == 1
    assert pattern.hits


def test_ten_thousand_hits_are_no_groove_of_one_bar():
    """They collapse onto the grid's places or are refused; the answer stays bounded."""
    text = json.dumps({"meter": "4/4", "bars": 1, "hits": [{"tick": 0, "voice": "kick", "velocity": 9}] * 10_000})

    assert len(judged(text).pattern.hits) <= 10_000


def test_odd_groups_of_the_request_are_kept():
    """7/8 as 3+2+2 is read in threes and twos."""
    request = GrooveRequest(prompt="x", bars=1, meter=Meter.parse("7/8", "3+2+2"))
    pattern = judged("@ 7/8 grid=16\n1 k x..... x... x...", request).pattern

    assert pattern.meter.groups == (3, 2, 2)
    assert [hit.tick for hit in pattern.hits] == [0, 1440, 2400]


@pytest.mark.parametrize(
    ("text", "genre", "density"),
    [
        ('{"fits": true, "genre": "Funk", "density": 0.7}', "funk", 0.7),
        ('```json\n{"genre": "jazz", "style": "no such style", "density": 7}\n```', "jazz", None),
        ('Well {not json} but {"genre": "rock", "density": -1}', "rock", None),
    ],
)
def test_a_choice_keeps_what_is_known(text, genre, density):
    """Known names and knobs in range; the rest stays open."""
    _, chosen = quality.choice(text, ASKED)

    assert (chosen.genre, chosen.density) == (genre, density)


def test_a_choice_never_overrides_the_musician():
    """What was set by hand stays."""
    _, chosen = quality.choice('{"genre": "funk", "density": 0.9}', GrooveRequest(genre="jazz", density=0.2))

    assert (chosen.genre, chosen.density) == ("jazz", 0.2)


@pytest.mark.parametrize("text", ["", "no object", "[1, 2]", '{"genre": "polka-core"}', "{}"])
def test_a_choice_of_nothing_is_a_complaint(text):
    """Nothing known, nothing chosen."""
    with pytest.raises(Unusable):
        quality.choice(text, ASKED)


@pytest.mark.parametrize(
    ("kind", "payload", "field", "value"),
    [
        ("intent_classification", {"text": "a fill please"}, "intent", "fill"),
        ("intent_classification", {"text": "write a whole song with verse and chorus"}, "intent", "song"),
        ("intent_classification", {"text": "funk"}, "intent", "generate"),
        ("genre_validation", {"genre": "fnuk"}, "valid", False),
        ("genre_validation", {"genre": "fnuk"}, "suggestions", ["funk", "punk"]),
        ("genre_validation", {"text": "regae"}, "suggestions", ["reggae", "trap", "uk-garage"]),
        ("genre_validation", {"genre": "funk", "style": "bossa"}, "valid", False),
        ("genre_validation", {"genre": "bossa"}, "genre", "brazilian"),
        ("parameter_validation", {"genre": "fnuk"}, "valid", False),
        ("parameter_validation", {"tempo": 900}, "problems", ["tempo 900 is outside 20 to 300: try 300"]),
        ("extraction", {"text": "funk in 7/8 at 96 bpm"}, "tempo", 96),
        ("parameter_validation", {"tempo": 500, "bars": 0, "swing": 2}, "valid", False),
        ("parameter_validation", {"tempo": 100}, "problems", []),
        (
            "parameter_validation",
            {"text": "tempo 900, 3 bars"},
            "problems",
            ["tempo 900 is outside 20 to 300: try 300"],
        ),
        ("parameter_validation", {"text": "0 bars at 120 bpm"}, "problems", ["bars 0 is outside 1 to 64: try 1"]),
        ("parameter_validation", {"text": "swing 60 %, 7/8, genre funk, tempo is 104"}, "problems", []),
        ("parameter_validation", {"text": "genre regae in 9/17"}, "valid", False),
        ("template_selection", {"text": "funk"}, "genre", "funk"),
    ],
)
def test_rules_answer_small_questions(kind, payload, field, value):
    """At no cost."""
    data, _ = rules.answer(kind, payload)

    assert data[field] == value


def test_rules_know_what_they_do_not_know():
    """A task beyond them is left to a model."""
    assert rules.answer("parameter_validation", {"text": "is that sensible?"}) == (
        {"valid": True, "problems": []},
        False,
    )
    assert rules.answer("music_theory", {"text": "why"}) is None
