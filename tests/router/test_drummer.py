"""What a wish says of single drums is done by the embedded drummer, and nothing else is."""

from __future__ import annotations

import pytest

from router import groove
from router.clauses import LONGEST
from router.drummer import describe, details, draw, unread
from router.pattern import Meter
from router.policy import SURE
from router.request import GrooveRequest
from tests.support.grooves import BEAT, drawn, ticks


@pytest.mark.parametrize(
    ("words", "clauses"),
    [
        ("rock with cowbell and no crash", ("with cowbell", "no crash")),
        ("kick and snare only", ("kick and snare only",)),
        ("disco, open hats only on the offbeats", ("open hats only on the offbeats",)),
        ("funk with busy hats and ghost notes", ("with busy hats",)),
        ("rock ending with a fill", ("rock ending", "with a fill")[1:]),
        ("dnb with ghost snares", ()),
        ("trap with hi-hat rolls", ()),
        ("lazy half-time shuffle", ()),
        ("pop with open hats, many fills, no ghost notes", ()),
        ("", ()),
    ],
)
def test_clauses_about_single_drums_are_told_from_the_rest(words: str, clauses: tuple[str, ...]) -> None:
    """Style, feel and what the knobs answer are no orders; a drum that is named, or a fill's place, is one."""
    assert details(words) == clauses


def test_claps_come_where_they_were_asked() -> None:
    """On 2 and 4 of each bar, and nowhere else."""
    assert ticks(drawn("rock with claps on 2 and 4"), "clap") == [BEAT, 3 * BEAT, 5 * BEAT, 7 * BEAT]


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ("rock without hats", ("hat_closed", "hat_open", "hat_pedal")),
        ("rock beat with no kick", ("kick",)),
        ("a rock beat on the ride", ("hat_closed", "hat_open")),
        ("rock, cross stick", ("snare",)),
        ("nothing but kick and snare, rock", ("hat_closed", "hat_open", "hat_pedal", "ride", "crash")),
    ],
)
def test_what_was_ruled_out_is_not_played(words: str, gone: tuple[str, ...]) -> None:
    """Not once, where the same groove without the words has it somewhere."""
    seeds = range(6)

    assert any(ticks(drawn("", seed=seed), *gone) for seed in seeds)
    assert not any(ticks(drawn(words, seed=seed), *gone) for seed in seeds)


def test_two_instruments_in_one_breath_both_come() -> None:
    """`and` joins drums here, places elsewhere."""
    pattern = drawn("rock with congas and a cowbell")

    assert ticks(pattern, "cowbell")
    assert ticks(pattern, "conga_high")
    assert len(pattern.meta["asked"]) == 2  # type: ignore[arg-type] - a list


def test_other_strokes_stay_as_the_drummer_plays_them() -> None:
    """A cowbell changes neither feet nor snare."""
    plain, told = drawn(""), drawn("with cowbell")
    backbone = {"kick", "snare"}

    assert [hit for hit in told.hits if hit.voice in backbone] == [hit for hit in plain.hits if hit.voice in backbone]


@pytest.mark.parametrize("words", ["", "funk", "a beat like rain on hats of tin", "x" * LONGEST + ", no kick"])
def test_words_that_order_nothing_change_nothing(words: str) -> None:
    """Poetry, style names and a model's whole question leave the drummer alone."""
    request = GrooveRequest(prompt=words, genre="rock", seed=2)

    assert draw(request).hits == groove.generate(request).hits


def test_same_words_and_seed_give_the_same_groove() -> None:
    """Orders add no chance of their own."""
    assert drawn("busy hats, a shaker, louder snare") == drawn("busy hats, a shaker, louder snare")


@pytest.mark.parametrize("words", ["with congas and a shaker", "china on every beat, busy hats", "with flams, cowbell"])
def test_two_hands_can_still_play_it(words: str) -> None:
    """What is asked for takes a hand from something else."""
    for seed in range(8):
        assert groove.flaws(drawn(f"rock, {words}", seed=seed), 120.0) == ()


@pytest.mark.parametrize(
    "words",
    [
        "rock with cowbell, no crash, claps on 2 and 4",
        "no crash, only kick and snare",
        "a slow soul ballad with cross stick",
    ],
)
def test_what_can_be_followed_is_understood(words: str) -> None:
    """No model need be paid for an order that the rules can carry out."""
    assert groove.describe(words)["confidence"] < SURE <= describe(words)["confidence"]


@pytest.mark.parametrize("words", ["hats like falling rain", "rain on hats of tin, no kick", "like a tin roof"])
def test_poetry_about_drums_is_not_understood(words: str) -> None:
    """A drum that is named in words beyond the rules, or beside them, is for a model to read."""
    assert describe(words)["confidence"] < SURE


@pytest.mark.parametrize("words", ["only percussion", "no kick, no snare, no hats, no toms, no cymbals"])
def test_no_order_leaves_a_silent_bar(words: str) -> None:
    """The drummer keeps something to play."""
    for seed in range(6):
        pattern = drawn(words, seed=seed)
        assert {hit.tick // (4 * BEAT) for hit in pattern.hits} == {0, 1}


def test_what_was_asked_for_gives_way_last() -> None:
    """Where a third hand would be needed, the hat leaves the cowbell its beat: 64 of them in eight grooves, but one."""
    struck = sum(len(ticks(drawn("with cowbell", seed=seed), "cowbell")) for seed in range(8))

    assert struck >= 63


@pytest.mark.parametrize(
    "words",
    [
        "rock, no ghost notes on the snare", "rock, no fills on the toms", "rock not using crash", "all but the snare",
        "everything except snare", "rock, hats on \u00b2", "snare without reverb",
    ],
)  # fmt: skip
def test_no_order_becomes_its_opposite(words: str) -> None:
    """What is not to be played is not set, and odd digits are no places."""
    for seed in range(4):
        plain = drawn("", seed=seed)
        kept = {(hit.tick, hit.voice) for hit in plain.hits}
        ghostless = {(h.tick, h.voice) for h in drawn("no ghost notes", seed=seed).hits}
        assert {(hit.tick, hit.voice) for hit in drawn(words, seed=seed).hits} <= kept | ghostless


def test_what_was_not_done_is_said() -> None:
    """An order that would leave nothing is refused, and the answer says so."""
    said = drawn("no kick, no snare, no hats, no ride, no toms, no cymbals").meta["asked"]

    assert any(str(one).startswith("not done: ") for one in said)  # type: ignore[attr-defined] - a list


def test_a_heap_of_orders_is_some_other_text() -> None:
    """It would hold up everybody, and nobody speaks so."""
    assert details("kick on 1, " * 30) == ()


@pytest.mark.parametrize(
    ("words", "kick", "snare"),
    [
        ("kick on 1 and 3, snare on 2 and 4", (0, 2), (1, 3)), ("kick on 1 & 3 / snare on 2 & 4", (0, 2), (1, 3)),
        ("kick on 1 and 3 and snare on 2 and 4", (0, 2), (1, 3)), ("kick: 1, 3\nsnare: 2, 4", (0, 2), (1, 3)),
        ("hip hop kick on 1, snare on 3", (0,), (2,)), ("kick on 1, kick on 4, snare hits 2 and 4", (0, 3), (1, 3)),
        ("kick on all four beats, snare on 3", (0, 1, 2, 3), (2,)),
        ("kick on 1, 2& and 3, snare on 4", (0, 1.5, 2), (3,)),
        ("just kick on 1, snare on 2 and 4", (0,), (1, 3)),
        ("kick on 1 and 3, also on the and of 4, snare on 2", (0, 2, 3.5), (1,)),
        ("kick on 1, snare on 4, an extra kick on the and of 2", (0, 1.5), (3,)),
    ],
)  # fmt: skip
def test_a_drum_is_where_it_was_said_to_be_and_nowhere_else(
    words: str, kick: tuple[float, ...], snare: tuple[float, ...]
) -> None:
    """In every bar of a short loop, for every seed; what is one more is added to it."""
    for seed in range(4):
        pattern = drawn(words, genre=None, style=None, seed=seed, fill_amount=None)
        for voice, beats in (("kick", kick), ("snare", snare)):
            wanted = [round((bar * 4 + beat) * BEAT) for bar in (0, 1) for beat in beats]
            assert ticks(pattern, voice) == wanted


def test_ghost_notes_that_were_asked_for_stay_where_the_backbeat_is_said() -> None:
    """They are the touch between the strokes that were placed."""
    seeds = range(8)

    def soft(words: str) -> int:
        found = [drawn(words, genre="funk", style="sixteenth", seed=seed).hits for seed in seeds]
        return sum(hit.voice == "snare" and hit.velocity < 50 for hits in found for hit in hits)

    assert soft("snare on 2 and 4") == 0 < soft("snare on 2 and 4, ghost notes")


def test_longer_grooves_keep_their_fills_where_a_drum_is_placed() -> None:
    """A fill ends a phrase; in a loop of two bars it would be every other bar."""
    placed = {"genre": "rock", "style": "straight", "fill_amount": None}

    assert any(drawn("kick on 1", bars=8, seed=seed, **placed).meta.get("fills") for seed in range(4))
    assert not any(drawn("kick on 1", seed=seed, **placed).meta.get("fills") for seed in range(8))


@pytest.mark.parametrize(
    ("words", "voices"),
    [
        ("only kick and claps", {"kick", "clap"}), ("only a shaker", {"shaker"}),
        ("kick & snare only", {"kick", "snare"}),
        ("toms only", {"tom_high", "tom_mid", "tom_low", "tom_floor"}),
    ],
)  # fmt: skip
def test_only_some_drums_play_and_all_of_those(words: str, voices: set[str]) -> None:
    """A drum that the style has not comes in; none of the others stays."""
    for seed in range(6):
        there = {hit.voice for hit in drawn(words, seed=seed, fill_amount=None).hits}
        assert there <= voices
        assert there == voices or "toms" in words


def test_a_stick_on_the_rim_is_the_hand_of_the_snare() -> None:
    """Where the rim is struck the snare is not."""
    pattern = drawn("rimshot on 2 and 4")

    assert ticks(pattern, "rim") == [BEAT, 3 * BEAT, 5 * BEAT, 7 * BEAT]
    assert not {*ticks(pattern, "snare")} & {*ticks(pattern, "rim")}


def test_of_contradicting_wishes_the_later_is_done_and_the_other_named() -> None:
    """As `refine` does it."""
    pattern = drawn("without hihat, busy hats")

    assert len(ticks(pattern, "hat_closed")) > len(ticks(drawn(""), "hat_closed"))
    assert 'not done: "without hihat", for "busy hats" comes after it' in pattern.meta["asked"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("words", "tick"),
    [("crash at the end", 7 * BEAT), ("rock, ending with a crash", 7 * BEAT), ("crash every bar", 4 * BEAT)],
)
def test_a_crash_comes_where_it_was_asked_though_a_fill_is_there(words: str, tick: int) -> None:
    """A bar that is named is meant, whatever it holds."""
    assert tick in ticks(drawn(words, fill_amount=0.0), "crash")
    assert 7 * BEAT in ticks(drawn("crash at the end", fill_amount=1.0), "crash")


def test_whoever_counts_past_the_felt_beats_counts_eighths() -> None:
    """The backbeat of 6/8 is called its 4; in 12/8 the 2 and the 4 are felt beats."""
    six, twelve = Meter.parse("6/8"), Meter.parse("12/8")

    assert ticks(drawn("snare on 4", meter=six, bars=1), "snare") == [1440]
    assert ticks(drawn("snare on 2 and 4", meter=twelve, bars=1), "snare") == [1440, 4320]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("snare on 7", 'not done: "snare on 7": a bar of 4/4 has 4 beats'), ("ohne Snare", 'not done: "ohne snare"'),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_done_is_named(words: str, said: str) -> None:
    """With the reason, where there is one."""
    assert said in drawn(words).meta["asked"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("no drums", "for silence use stop"), ("silence", "for silence use stop"),
        ("ohne Becken, mit Besen", 'not understood: "ohne becken", "mit besen"'),
        ("sans caisse claire", 'not understood: "sans caisse claire"'), ("funk in 0/0", '"0/0" is no metre'),
        ("rock in 99/8", '"99/8" is no metre'), ("7/8 in 4/4", "one metre at a time, 7/8"),
        ("at 99999 bpm", "is taken as 300"), ("funk, -5 bpm", "is taken as 20"), ("100 bars of rock", "is taken as 64"),
        ("swing 500%", "beyond 100%"), ("like falling rain", 'not understood: "falling rain"'),
        ("fnuk", "is read as funk"),
        ("\U0001f525", "not understood"),
    ],
)  # fmt: skip
def test_what_was_not_understood_or_cannot_be_is_said(words: str, said: str) -> None:
    """In one sentence, and a groove is played all the same."""
    assert said in " ".join(unread(words))
    assert drawn(words).hits


@pytest.mark.parametrize(
    "words",
    [
        "", "rock", "lazy half-time shuffle", "a nice funky beat please", "70% jazz 30% funk",
        "boom bap at 92 bpm, 4 bars",
        "funk, less busy than before", "verse of an indie rock song in 6/8", "3:4 polyrhythm over techno, evolving",
        "pop with open hats, many fills, no ghost notes", "something like Bonham", "house, swing 60%, density 0.8",
        "7/8 as 3+2+2", "1/16 hats", "kick on 1 and 3, no crash", "intro 4, verse 8, chorus 8",
    ],
)  # fmt: skip
def test_what_was_understood_is_not_complained_of(words: str) -> None:
    """Nor are words that ask for nothing by themselves."""
    assert unread(words) == ()


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ("BD on 1 and 3, SD on 2 and 4, HH on 8ths", "kick on 1 and 3, snare on 2 and 4, hats on 8ths"),
        ("1 and 3 kick, 2 and 4 snare", "kick on 1 and 3, snare on 2 and 4"), ("kick every beat", "kick on every beat"),
        ("bass drum 4 on the floor", "kick on every beat"), ("snare backbeat", "snare on the backbeat"),
        ("half note kick", "kick on 1 and 3"), ("fast hats", "hats in 16ths"), ("a little cowbell", "add a cowbell"),
        ("open hat on the upbeat of 4", "open hat on the and of 4"), ("kick 3 times a bar", "exactly 3 kicks per bar"),
        ("second bar without kick", "no kick in bar 2"), ("kick on 1.5, snare on 2", "kick on 1&, snare on 2"),
        ("kick not on 1", "no kick on 1"), ("2 bars with a crash in bar 2", "crash on 1 in bar 2"),
    ],
)  # fmt: skip
def test_short_forms_are_the_long_ones(words: str, plain: str) -> None:
    """What drummers and producers write is what the plain words do."""
    assert drawn(words, bars=2).hits == drawn(plain, bars=2).hits
    assert not any(str(one).startswith("not done") for one in drawn(words).meta.get("asked", ()))  # type: ignore[attr-defined]


def test_a_bar_is_silent_where_silence_was_asked_for() -> None:
    """There and nowhere else."""
    pattern = drawn("silence in bar 2", bars=4)

    assert {hit.tick // (4 * BEAT) for hit in pattern.hits} == {0, 2, 3}


def test_a_drum_that_is_there_does_not_stand_for_one_that_is_not() -> None:
    """Of two that were asked for both are played."""
    pattern = drawn("with cowbell and congas", genre="latin", style="salsa")

    assert ticks(drawn("", genre="latin", style="salsa"), "cowbell")
    assert ticks(pattern, "cowbell")
    assert ticks(pattern, "conga_high", "conga_low")


def test_open_hats_keep_their_places_beside_closed_ones() -> None:
    """One pair of cymbals: whichever was said first."""
    for words in ("open hat on the offbeats, closed hats on 16ths", "closed hats on 16ths, open hat on the offbeats"):
        pattern = drawn(words, bars=1)
        offbeats = [BEAT // 2 + beat * BEAT for beat in range(4)]
        assert ticks(pattern, "hat_open") == offbeats
        assert not set(ticks(pattern, "hat_closed")) & set(offbeats)
        assert len(ticks(pattern, "hat_closed")) >= 10


def test_places_are_judged_in_the_metre_of_the_words() -> None:
    """A bar of 7/8 has a 6; no model is paid for it."""
    assert describe("7/8, snare on 6")["confidence"] > describe("4/4, snare on 6")["confidence"]


@pytest.mark.parametrize(
    ("words", "kicks"),
    [("kick and crash on 1", None), ("kick on 1 and the a of 2", 4), ("kick on all quarters except 3", None)],
)
def test_what_is_said_of_one_place_is_not_said_of_all(words: str, kicks: int | None) -> None:
    """A crash is an event, "the a of 2" is a place, and an exception that is not understood is no order (None)."""
    made, plain = (draw(GrooveRequest(prompt=prompt, genre="rock")) for prompt in (words, ""))
    own = sum(hit.voice == "kick" for hit in plain.hits)
    assert sum(hit.voice == "kick" for hit in made.hits) == (own if kicks is None else kicks)
