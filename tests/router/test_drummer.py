"""What a wish says of single drums is done by the embedded drummer, and nothing else is."""

from __future__ import annotations

import pytest

from router import groove
from router.drummer import LONGEST, describe, details, draw
from router.pattern import Pattern
from router.policy import SURE
from router.request import GrooveRequest

BEAT = 960


def drawn(words: str, **more: object) -> Pattern:
    """Return the groove of some words, straight rock without fills unless they say otherwise."""
    fields: dict[str, object] = {"genre": "rock", "style": "straight", "seed": 5, "fill_amount": 0.0} | more
    return draw(GrooveRequest(prompt=words, **fields))  # type: ignore[arg-type] - fields by name


def ticks(pattern: Pattern, *voices: str) -> list[int]:
    """Return where these voices are struck."""
    return [hit.tick for hit in pattern.hits if hit.voice in voices]


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
