"""Words about single strokes, times and silences: only what was asked for changes; what no stroke can say is said."""

import asyncio

import pytest

from router.errors import InvalidRequest
from router.pattern import Hit, Meter, Pattern
from router.refine import refine
from router.request import GrooveRequest
from router.revising import refine as revised

BAR = 3840
GROOVE = Pattern(
    Meter(4, 4),
    2,
    tuple(
        Hit(bar * BAR + tick, voice, velocity)
        for bar in range(2)
        for voice, velocity, ticks in (
            ("kick", 90, (0, 480, 1920)),
            ("snare", 80, (960, 2880)),
            ("snare", 30, (3600,)),
            ("hat_closed", 70, range(0, BAR, 480)),
        )
        for tick in ticks
    ),
    tempo=100.0,
)


def lost(words):
    """What is no longer as it was, as (voice, tick)."""
    found = refine(GROOVE, words)
    assert not found.unknown
    return {(hit.voice, hit.tick) for hit in set(GROOVE.hits) - set(found.pattern.hits)}


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ("remove the last snare", {("snare", BAR + 3600)}), ("remove the first kick", {("kick", 0)}),
        ("drop the first kick in bar 2", {("kick", BAR)}), ("no second kick", {("kick", 480)}),
        ("remove the last two snares", {("snare", BAR + 2880), ("snare", BAR + 3600)}),
        ("cut the first two kicks of bar 1", {("kick", 0), ("kick", 480)}),
        ("remove the last snare of every bar", {("snare", 3600), ("snare", BAR + 3600)}),
        ("remove the last ghost note", {("snare", BAR + 3600)}),
        ("remove the second to last snare", {("snare", BAR + 2880)}), ("no penultimate kick", {("kick", BAR + 480)}),
        ("remove the third last snare", {("snare", BAR + 960)}), ("no third to last kick", {("kick", BAR)}),
        ("remove the last snare, remove the last snare", {("snare", BAR + 2880), ("snare", BAR + 3600)}),
        ("the first snare ten milliseconds late", {("snare", 960)}),
        ("remove the first kick and the last snare", {("kick", 0), ("snare", BAR + 3600)}),
        ("remove the last hit", {("snare", BAR + 3600)}), ("make the last snare a clap", {("snare", BAR + 3600)}),
        ("accent the first snare", {("snare", 960)}), ("third kick in bar 2 softer", {("kick", BAR + 1920)}),
        ("set the last kick to 60", {("kick", BAR + 1920)}), ("flam on the first snare", set()),
        ("move the last kick a sixteenth later", {("kick", BAR + 1920)}),
        ("the last kick a thirty-second note late", {("kick", BAR + 1920)}),
        ("the first snare 10 ms late", {("snare", 960)}),
    ],
)  # fmt: skip
def test_one_stroke_is_meant_and_one_is_changed(words, gone):
    """The first, the last two, the second in a bar: every other stroke is as it was."""
    changed = lost(words)

    assert changed == gone or (not gone and changed <= {("snare", 960)})


def test_a_time_of_nothing_is_no_order():
    """It was taken for no time at all, and the snare came 14 ms late."""
    for words in ("snare 0 ms late", "snare 0.0 ms late", "hats 0 ticks early"):
        assert refine(GROOVE, words).pattern.hits == GROOVE.hits
    assert refine(GROOVE, "snare 0.9 ms late").pattern.hits != GROOVE.hits


def test_a_pick_that_no_act_can_use_is_not_done_to_all():
    """Nor is one of several drums, which would be a guess."""
    for words in ("busier last snare", "remove the last kick and snare", "swing the first hat"):
        found = refine(GROOVE, words)

        assert found.unknown
        assert found.pattern.hits == GROOVE.hits


@pytest.mark.parametrize(
    ("words", "bpm", "voices", "ticks"),
    [
        ("snare 10 ms late", None, {"snare"}, 16), ("snare 10ms later", 200.0, {"snare"}, 32),
        ("delay the hats by 15 milliseconds", None, {"hat_closed"}, 24), ("snare +10 ms", None, {"snare"}, 16),
        ("snare 10 ms early", None, {"snare"}, -16), ("push the snare 20 ms ahead", None, {"snare"}, -32),
        ("keep the kick, snare 10 ms behind the beat", None, {"snare"}, 16),
        ("snare 20 ticks late", None, {"snare"}, 20),
    ],
)  # fmt: skip
def test_a_time_in_milliseconds_is_that_time_at_the_tempo_it_sounds_at(words, bpm, voices, ticks):
    """Nothing but the timing of the drums named changes."""
    found = refine(GROOVE, words, tempo=bpm)

    assert not found.unknown
    assert (
        found.pattern.hits
        == GROOVE.with_hits(
            Hit(h.tick, h.voice, h.velocity, ticks) if h.voice in voices else h for h in GROOVE.hits
        ).hits
    )


def test_places_hold_for_a_time_too():
    """The snare on 4 is late, the one on 2 is not; where none is, that is said."""
    assert lost("snare on 4 10 ms late") == {("snare", 2880), ("snare", BAR + 2880)}
    assert lost("snare on 4 late") == {("snare", 2880), ("snare", BAR + 2880)}
    assert refine(GROOVE, "snare on 3 10 ms late").done == ("no stroke is there to be moved",)


def test_what_cannot_move_so_far_says_so():
    """The first stroke has nothing before it."""
    found = refine(GROOVE, "kick 5 ms early")

    assert "1 only as far as" in found.done[0]
    assert next(h for h in found.pattern.hits if h.voice == "kick").shift == 0


@pytest.mark.parametrize(
    ("words", "first", "bars"),
    [
        ("stop on beat 3", 1921, {0, 1}), ("stop on 3 in bar 2", 1921, {1}), ("stop before beat 3", 1920, {0, 1}),
        ("silence after beat 3", 2880, {0, 1}), ("everything stops on 3 in the last bar", 1921, {1}),
        ("remove everything after beat 3 in bar 1", 2880, {0}), ("silence from beat 4 on", 2880, {0, 1}),
    ],
)  # fmt: skip
def test_a_stop_is_silent_to_the_end_of_the_bar(words, first, bars):
    """What is struck on the place is the last stroke; before it all is as it was."""
    assert lost(words) == {(h.voice, h.tick) for h in GROOVE.hits if h.tick // BAR in bars and h.tick % BAR >= first}


def test_one_drum_can_stop_alone():
    """The others go on."""
    assert lost("stop the hats on beat 3") == lost("no hats after beat 3") | {
        ("hat_closed", at + bar * BAR) for at in (2400,) for bar in range(2)
    }


@pytest.mark.parametrize("words", ["offbeat hats", "off-beat hats only", "hats off the beat", "only offbeat hats"])
def test_offbeat_hats_play_on_the_offbeats_only(words):
    """Whatever else plays is as it was."""
    assert lost(words) == {("hat_closed", beat * 960) for beat in range(8)}


@pytest.mark.parametrize("words", ["brushes", "use brushes instead of sticks", "with mallets", "an 808 kit"])
def test_what_is_the_sound_of_a_kit_is_said_to_be(words):
    """No stroke changes, and nobody is paid to try."""
    found = refine(GROOVE, words)
    both = refine(GROOVE, f"{words}, softer snare")

    assert found.pattern.hits == GROOVE.hits
    assert "sound of the kit" in found.beyond[0]
    assert found.sure == 1.0
    assert both.beyond == found.beyond
    assert {h.voice for h in set(both.pattern.hits) - set(GROOVE.hits)} == {"snare"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("louder snare in bar 9", "the groove has 2 bars"),
        ("bar 4 like bar 1", "the groove has 2 bars"),
        ("copy bar 3", "the groove has 2 bars"),
        ("crash in bar 12", "the groove has 2 bars"),
        ("stop on beat 9", "a bar of 4/4 has 4 beats"),
        ("no hats after beat 5", "a bar of 4/4 has 4 beats"),
        ("kick on 9", "a bar of 4/4 has 4 beats"),
        ("move the snare from 7 to 3", "a bar of 4/4 has 4 beats"),
        ("kick before 9", "a bar of 4/4 has 4 beats"),
    ],
)
def test_what_lies_beyond_the_groove_is_said_once(words, why):
    """Nothing changes, no model is paid to try, and alone it is refused with what there is."""
    found = refine(GROOVE, words)

    assert (found.pattern, found.done, found.unknown, found.sure) == (GROOVE, (), (), 1.0)
    assert why in found.beyond[0]
    with pytest.raises(InvalidRequest, match=why):
        asyncio.run(revised(None, GROOVE, words, GrooveRequest(tier="local")))


def test_the_rest_is_done_beside_what_lies_beyond_the_groove():
    """One clause too far does not spoil the others."""
    found = refine(GROOVE, "softer snare, no kick in bar 7")

    assert {hit.voice for hit in set(found.pattern.hits) - set(GROOVE.hits)} == {"snare"}
    assert len(found.beyond) == 1


def test_an_offbeat_kick_comes_beside_what_it_plays():
    """A cymbal off the beat has one place; a foot has others as well."""
    found = refine(GROOVE, "offbeat kick")

    assert set(found.pattern.hits) > set(GROOVE.hits)
    assert {hit.tick % 960 for hit in set(found.pattern.hits) - set(GROOVE.hits)} == {480}


def test_a_sound_alone_is_refused_in_plain_words():
    """An answer that changes nothing would look like success."""
    with pytest.raises(InvalidRequest, match="sound of the kit"):
        asyncio.run(revised(None, GROOVE, "brushes", GrooveRequest(tier="local")))


def test_louder_than_loudest_is_said():
    """Nothing is called louder that is not."""
    full = GROOVE.with_hits(Hit(h.tick, h.voice, 127) for h in GROOVE.hits)

    assert refine(full, "louder snare").done == ("snare: at the limit already",)
