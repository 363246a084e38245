"""What people ask the embedded drummer for is done, or it is said what is not."""

from __future__ import annotations

import pytest

from router.drummer import describe, details, unread
from router.policy import SURE
from tests.support.grooves import BEAT, drawn, ticks


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("I don't want jazz", "without jazz: rock is played"),
        ("rock polyrhythm 17:16", '"17:16" is no polyrhythm'),
        ("slow rock", '"slow" sets no tempo'),
        ("verse with closed hats, chorus with open hats", "chorus left out: one section at a time"),
        ("claps on 2 and 4 and purple stuff", 'not understood: "purple"'),
        ("ska punk", "punk left out"),
        ("first half sparse, second half busy", '"first half": style, feel and time are those of all bars'),
        ("bpm 5", '"bpm 5" is beyond 20 to 300'),
        ("thrash metal, double kick", "thrash left out"),
        ("rock like Bonham and Porcaro", "porcaro left out"),
        ("slow blues with brushes", '"brushes": that is the sound of the kit'),
        ("trap with an 808", '"808": that is the sound of the kit'),
    ],
)
def test_what_one_groove_cannot_be_is_said(words: str, told: str) -> None:
    """A refusal that leaves the genre open, a second section, a pace without figures: none passes in silence."""
    assert any(told in one for one in unread(words, single=True))


def test_a_song_has_many_sections() -> None:
    """Where the words are a song's, its sections are no contradiction."""
    assert unread("intro 4, verse 8, chorus 8") == ()


def test_words_are_read_beside_the_genre_that_is_set() -> None:
    """A slip is not said to be read as what is not played, and a genre that gives way is told of."""
    assert unread("jazz", "rock") == ("jazz is left out: the genre is set to rock",)
    assert unread("jaazz", "rock") == ("jazz is left out: the genre is set to rock",)
    assert unread("jazz", "jazz") == ()


def test_to_keep_a_drum_is_to_have_it() -> None:
    """Nothing is there yet that could stay as it is; what is kept out is not put in."""
    assert "asked" not in drawn("rock, but keep the hats").meta
    assert drawn("keep the kick on 1 and 3").hits == drawn("kick on 1 and 3").hits
    assert not ticks(drawn("keep the claps out"), "clap")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("808 kick and snare", 'not done: "808 kick"'),
        ("paradiddle between hats and snare", 'not done: "paradiddle between hats"'),
        ("rock, hats in 16ths and purple kick", 'not done: "purple kick"'),
    ],
)
def test_the_half_that_was_not_understood_is_said(words: str, told: str) -> None:
    """A clause of which only a part is known is not taken for done, nor for understood."""
    assert told in drawn(words).meta["asked"]
    assert describe(words)["confidence"] < SURE


def test_jazz_keeps_its_hats_with_the_foot() -> None:
    """Where the ride has the time, hats on 2 and 4 are the pedal's, and the ride stays where it was."""
    plain, asked = (drawn(words, genre="jazz", style="swing") for words in ("", "hats on 2 and 4"))

    assert set(ticks(asked, "hat_pedal")) >= {BEAT, 3 * BEAT, 5 * BEAT, 7 * BEAT}
    assert not ticks(asked, "hat_closed")
    assert ticks(asked, "ride") == ticks(plain, "ride")


def test_a_heavy_stroke_is_one_more_and_louder() -> None:
    """`heavy kick on 1` takes no other kick away."""
    plain, asked = drawn(""), drawn("heavy kick on 1")

    assert set(ticks(asked, "kick")) == {*ticks(plain, "kick"), 0, 4 * BEAT}


def test_a_place_is_no_word_of_feel() -> None:
    """`rim on 2 and 4 straight rock` puts the rim there."""
    assert ticks(drawn("rim on 2 and 4 straight rock"), "rim") == [BEAT, 3 * BEAT, 5 * BEAT, 7 * BEAT]


def test_what_cannot_be_thinned_is_said() -> None:
    """`less hats` where only one stroke of a foot is there says that none can be spared."""
    asked = [drawn("jazz swing, less hats", genre=None, style=None, seed=seed).meta.get("asked") for seed in range(6)]

    assert all(asked)


@pytest.mark.parametrize(
    "words",
    [
        "garage rock", "slow blues", "jazz swing", "deep house", "half-time shuffle like Porcaro", "soul ballad",
        "jazz with brushes", "lazy funk", "70 % funk 30 % afrobeat", "waltz", "latin jazz", "hip hop, jazzy",
        "not jazz, rock", "drum and bass", "heavy metal", "reggaeton for dance", "funk rock", "bebop at 280",
    ],
)  # fmt: skip
def test_no_name_that_is_played_is_said_to_be_left_out(words: str) -> None:
    """Nor is one that turns a knob or says a time."""
    assert not any("left out" in one for one in unread(words, single=True))


def test_what_hangs_on_a_name_is_no_strange_word() -> None:
    """`Bonham-style` is Bonham's."""
    assert unread("Bonham-style rock, funk-ish") == ("funk left out: one style and one drummer play at a time (rock)",)


def test_nothing_else_means_it() -> None:
    """`and nothing else` leaves the drums that were named, and only those."""
    pattern = drawn("kick on 1 and 3, snare on 2 and 4, hats in eighths, and nothing else", bars=2)

    assert {hit.voice for hit in pattern.hits} <= {"kick", "snare", "hat_closed", "hat_open"}
    assert ticks(pattern, "kick") == [0, 2 * BEAT, 4 * BEAT, 6 * BEAT]
    assert describe("kick on 1, snare on 3, nothing else")["confidence"] >= SURE


@pytest.mark.parametrize(
    ("words", "voice", "places"),
    [
        ("kick plays 1, 1a, 2&", "kick", (0, 720, 1440)),
        ("snare at beat two and four", "snare", (BEAT, 3 * BEAT)),
        ("hihat every eighth, kick one and three, snare two four", "kick", (0, 2 * BEAT)),
        ("kick on all quarters snare on 2 4", "snare", (BEAT, 3 * BEAT)),
        ("bass drum on every beat and hats between", "hat_closed", (480, 1440, 2400, 3360)),
        ("open hat on the last eighth", "hat_open", (3360,)),
        ("hihat eight notes", "hat_closed", tuple(range(0, 3840, 480))),
        ('the kick should hit on 1, the "and" of 2, and 3', "kick", (0, 1440, 1920)),
    ],
)
def test_places_are_heard_however_they_are_said(words: str, voice: str, places: tuple[int, ...]) -> None:
    """Counted in words, without commas, by those who write no English: the drum is there and nowhere else."""
    voices = ("hat_closed", "hat_open") if voice == "hat_closed" else (voice,)

    assert {tick % 3840 for tick in ticks(drawn(words, bars=1), *voices)} == set(places)


@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("lazy snare", "played 14 ms behind the beat"),
        ("drag on 4", "a drag on"),
        ("with 16th notes", "hat closed on sixteenths"),
        ("hats swung 16ths", "hat closed on sixteenths"),
        ("double kicks and chinas", "china on 1"),
        ("four on floor", "left out elsewhere"),
        ("handclaps on the backbeat", "claps on the backbeat"),
        ("finger snaps on 2 and 4", "snaps on 2 and 4"),
        ("one snare per bar", "exactly one snare per bar"),
        ("open hats at end of each bar", "open hats on the last beat"),
        ("leave space on beat 1", "strokes left out"),
        ("fill with snare and toms in the last bar", "bar 2: a fill at the end"),
        ("no drums, just percussion", "left out: only percussion"),
        ("half time in the last bar", "bar 2: half time"),
        ("buzz roll at the end", "a fill at the end"),
        ("cross-stick on 2 and 4", "rim on 2 and 4"),
        ("outro that fades out", "everything softer and softer"),
        ("claps doubled with the snare", "clap with every snare"),
        ("driving eighth notes on the ride", "ride on eighths"),
    ],
)
def test_what_drummers_say_of_strokes_is_done(words: str, done: str) -> None:
    """None of these passes in silence or is taken for something else."""
    assert any(done in one for one in drawn(words).meta["asked"])


@pytest.mark.parametrize(
    "words",
    [
        "in three, 8 bars", "7 bars", "low complexity", "not straight, swung", "humanize 0.2", "4:3", "after Weckl",
        "hey can you do a chill lofi beat around 75 bpm for 8 bars", "trap, no crash, chorus",
    ],
)  # fmt: skip
def test_no_model_is_paid_for_what_is_understood_to_the_last_word(words: str) -> None:
    """With a genre or without one."""
    assert describe(words)["confidence"] >= SURE


@pytest.mark.parametrize("words", ["surprise me", "something cool", "slow", "verse, then a chorus", "like rain in May"])
def test_words_that_leave_something_open_are_not_sure(words: str) -> None:
    """Words that ask for nothing, or for what the drummer says it did not do, are for whoever can do more."""
    assert describe(words)["confidence"] < SURE


def test_ten_orders_in_one_breath_are_all_done() -> None:
    """As many as a player may spell out; what is more, or longer, is said not to be."""
    ten = (
        "kick on 1, snare on 2, hats on 3, ride on 4, claps on 4, cowbell on every beat, crash on 1 in bar 1, "
        "toms on 3, rim on 2, shaker in 16ths"
    )

    assert {"cowbell", "crash", "shaker", "clap"} <= {hit.voice for hit in drawn(ten).hits}
    assert unread(ten) == ()
    assert unread(", ".join(["kick on 1"] * 30)) == (
        "not done: 30 orders about drums, of which 24 can be given at a time",
    )
    assert "401 characters" in unread("x" * 401)[0]


@pytest.mark.parametrize(
    ("words", "there", "gone"),
    [
        ("straight eighths on the ride", "ride", "hat_closed"),
        ("ride on every eighth", "ride", "hat_closed"),
        ("ride in eighths, hats on 2 and 4", "hat_closed", ""),
        ("add a ride on every beat", "hat_closed", ""),
    ],
)
def test_one_hand_keeps_the_time(words: str, there: str, gone: str) -> None:
    """A ride that is to keep it takes it from the hats, unless they are spoken of or it is one more."""
    voices = {hit.voice for hit in drawn(words).hits}

    assert there in voices
    assert gone not in voices


@pytest.mark.parametrize(
    ("words", "first", "second"),
    [
        ("first bar: kick on 1 and 3; second bar: kick on 1, 2& and 3", (0, 1920), (0, 1440, 1920)),
        ("kick in bar 1 on 1 and 3, kick in bar 2 on 2&", (0, 1920), (1440,)),
        ("kick on 1 and 3, kick on 4 in bar 2", (0, 1920), (0, 1920, 2880)),
    ],
)
def test_each_bar_has_its_drum_where_it_was_said(words: str, first: tuple[int, ...], second: tuple[int, ...]) -> None:
    """What is said of one bar holds there, beside what is said of all."""
    kicks = ticks(drawn(words, bars=2), "kick")

    assert tuple(tick for tick in kicks if tick < 3840) == first
    assert tuple(tick - 3840 for tick in kicks if tick >= 3840) == second


@pytest.mark.parametrize(
    ("words", "clauses"),
    [
        ("techno 132: kick on every beat", ("kick on every beat",)),
        ("latin with congas but no snare? 110", ("with congas", "no snare")),
        ("metal, snare on 3 (half time)", ("snare on 3",)),
        ("hats: open on 4", ("hats: open on 4",)),
    ],
)
def test_signs_part_what_they_part(words: str, clauses: tuple[str, ...]) -> None:
    """A label, a question, a remark in brackets end a clause; a drum's name before a colon is part of it."""
    assert details(words) == clauses
