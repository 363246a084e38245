"""Rhythms that are written down, one drum after the other or as a grid, and whole families of drums."""

from __future__ import annotations

import pytest

from router.constraints import hold
from router.drummer import describe, rules, unread
from router.orders import spelled
from router.pattern import Meter
from router.refine import refine
from router.rhythms import in_steps, in_turn
from tests.support.grooves import BEAT, GROOVE, drawn, ticks

BAR = 4 * BEAT


def beats(pattern, *voices, bars=(0, 1, 2, 3)):
    """Return the beats of some bars on which voices are struck, from 1."""
    return {(tick % BAR) / BEAT + 1 for tick in ticks(pattern, *voices) if tick // BAR in bars}


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("kick snare kick snare", {"kick": {1, 3}, "snare": {2, 4}}),
        ("kick kick snare kick kick kick snare kick", {"kick": {1, 1.5, 2.5, 3, 3.5, 4.5}, "snare": {2, 4}}),
        ("hat x.x.x.x.", {"hat_closed": {1, 2, 3, 4}}),
        ("kick: x..x..x.........", {"kick": {1, 1.75, 2.5}}),
        ("snare |----|x---|----|x---|, kick x--- ---- x--- ----", {"snare": {2, 4}, "kick": {1, 3}}),
        ("snare: . . x . , kick only on 1", {"snare": {3}, "kick": {1}}),
        ("hats ....", {"hat_closed": set(), "hat_open": set()}),
        ("open hats .x.x.x.x", {"hat_open": {1.5, 2.5, 3.5, 4.5}}),
    ],
)
def test_a_rhythm_is_played_as_it_is_written(words: str, places: dict[str, set[float]]) -> None:
    """In a new groove and in one that is there, and nowhere else; fills are the drummer's own."""
    for made in (drawn(words, bars=4), refine(GROOVE, words).pattern):
        fills = made.meta.get("fills", ())
        for voice, at in places.items():
            assert beats(made, voice, bars=[bar for bar in range(4) if bar + 1 not in fills]) == at
    assert (describe(words)["confidence"], unread(words)) == (1.0, ())


@pytest.mark.parametrize("words", ["kick snare", "kick snare ride crash"])
def test_drums_that_are_named_once_each_are_a_list(words: str) -> None:
    """Nobody says in which order they are to be struck."""
    assert in_turn(words) == words


@pytest.mark.parametrize("words", ["drum roll kick snare kick snare", "no kick snare kick snare kick"])
def test_a_rhythm_is_not_read_out_of_other_words(words: str) -> None:
    """What is half understood is not half done."""
    assert "x-" not in spelled(words)


@pytest.mark.parametrize("words", ["kick x", "kick ... louder", "kick -", "kick"])
def test_a_sign_alone_is_no_grid(words: str) -> None:
    """A dash or a few dots are how people write."""
    assert in_steps(words) == words


@pytest.mark.parametrize(
    ("meter", "words", "steps", "fit"),
    [
        ("4/4", "kick snare kick snare kick", 5, "4, 8 or 16"),
        ("4/4", "kick x..x..x.x", 9, "4, 8 or 16"),
        ("3/4", "kick: x...x...", 8, "3, 6 or 12"),
        ("3/4", "kick hat hat hat", 4, "3, 6 or 12"),
        ("5/4", "kick snare kick snare", 4, "5, 10 or 20"),
        ("6/8", "hat xxxxxxxx", 8, "6 or 12"),
        ("7/8", "snare x.x.x.x.", 8, "7 or 14"),
        ("12/8", "hat xxxxxxxx", 8, "12 or 24"),
    ],
)
def test_steps_that_fill_no_bar_are_told_of(meter: str, words: str, steps: int, fit: str) -> None:
    """With those that would, and no stroke is changed, nor left out of a song for it."""
    told = f"{steps} steps do not fill a bar of {meter}; {fit} do"
    plain, made = drawn(meter, bars=2), drawn(f"{meter} {words}", bars=2)
    assert any(told in one for one in made.meta["asked"])
    assert not describe(f"{meter} {words}")["confidence"]
    changed = refine(plain, words)
    assert told in changed.beyond[0]
    assert changed.pattern.hits == plain.hits
    held = hold(plain, [spelled(words).partition(",")[0]])
    assert (held.pattern.hits, len(held.broken)) == (plain.hits, 1)


@pytest.mark.parametrize(
    ("words", "voice", "eighths"),
    [
        ("3/4, kick x.....x.....", "kick", [0, 3]),
        ("3/4 kick hat hat", "hat_closed", [2, 4]),
        ("6/8 hat -x-xx-", "hat_closed", [1, 3, 4]),
        ("12/8 snare ...x.....x..", "snare", [3, 9]),
        ("5/4: kick x.x.x", "kick", [0, 4, 8]),
        ("7/8 kick: x.x.x..", "kick", [0, 2, 4]),
    ],
)
def test_as_many_steps_as_fill_it_are_a_bar_of_any_metre(words: str, voice: str, eighths: list[int]) -> None:
    """Its beats as written, their halves, and so on to sixteenths."""
    made = drawn(words, bars=2)
    bars = (bar * made.meter.bar_ticks for bar in range(2))
    assert ticks(made, voice) == [at + eighth * BEAT // 2 for at in bars for eighth in eighths]


def test_a_rhythm_is_sure_in_the_metre_that_is_set() -> None:
    """No model is asked for what the drummer can do; a metre that is set wins over one that is said, as in drawing."""
    sure = [describe(words, Meter(6, 8))["confidence"] for words in ("hat xxxxxx", "4/4 hat xxxxxx", "hat xxxxxxxx")]
    assert sure == [1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    "words",
    [
        "kick x..x..x. snare ..x...x. ride xxxxxxxx",
        "kick: x..x..x. snare: ..x...x. ride: xxxxxxxx",
        "kick x--x--x- and snare |--x-|--x-| with ride x x x x x x x x",
        "funk kick x..x..x.\nsnare ..x...x.\nride xxxxxxxx",
    ],
)
def test_rows_may_stand_side_by_side(words: str) -> None:
    """The name of a drum begins a new one."""
    for made in (drawn(words, bars=2), refine(GROOVE, words.removeprefix("funk ")).pattern):
        assert [beats(made, one, bars=[0]) for one in ("kick", "snare")] == [{1, 2.5, 4}, {2, 4}]
        assert len(beats(made, "ride", bars=[0])) == 8


@pytest.mark.parametrize(
    "words",
    [
        "funk kick snare kick snare",
        "metal kick snare kick snare",
        "kick snare kick snare groove",
        "kick snare kick snare with hats in 8ths",
        "rock kick snare kick snare and hats in 8ths",
        "kick snare kick snare with a ride",
        "kick x.x., snare .x.x",
        "kick x.x. | snare .x.x swung",
        "kick snare kick snare please",
        "no toms and kick snare kick snare",
    ],
)
def test_every_bar_of_a_loop_has_the_rhythm(words: str) -> None:
    """No fill takes the place of what was spelled out."""
    for bars in (2, 4):
        made = drawn(words, bars=bars, fill_amount=None, seed=1)
        struck = [beats(made, one, bars=[bar]) for bar in range(bars) for one in ("kick", "snare")]
        assert struck == [{1, 3}, {2, 4}] * bars


@pytest.mark.parametrize("words", ["no cymbals", "don't play any cymbals", "without any cymbals", "rock, no cymbals"])
def test_without_cymbals_there_are_no_hats(words: str) -> None:
    """To a drummer the hats are cymbals, and what went is said."""
    hats = ("hat_closed", "hat_open", "hat_pedal", "ride", "crash")
    made = drawn(words, bars=4)
    assert not ticks(made, *hats)
    assert any("hat closed" in one and "left out" in one for one in made.meta["asked"])
    assert not ticks(refine(GROOVE, words.removeprefix("rock, ")).pattern, *hats)
    assert not ticks(hold(GROOVE, ["no cymbals"]).pattern, *hats)


@pytest.mark.parametrize(
    "words",
    [
        "closed hats, no cymbals",
        "hats but no cymbals",
        "only kick, snare and hats, no cymbals",
        "disco with open hats on the offbeats, no cymbals",
        "no cymbals, hats only",
        "no cymbals, but keep the hats",
        "no cymbals but hats",
        "no cymbals, no open hats",
        "no cymbals only hats",
        "hats in eighths, remove the cymbals",
    ],
)
def test_hats_that_are_named_stay_without_cymbals(words: str) -> None:
    """In a new groove and in one that is there, whichever comes first; the others go."""
    for made in (drawn(words, bars=4), refine(drawn("rock, crash on 1", bars=4), words).pattern):
        assert len(ticks(made, "hat_closed", "hat_open")) >= 12
        assert not ticks(made, "crash", "crash2", "china", "splash", "ride", "ride_bell")


@pytest.mark.parametrize(
    ("constraints", "wish", "stay"),
    [
        (["no cymbals"], "funk", False),
        (["No Cymbals"], "Hats in 8ths", True),
        (["no cymbals", "hats at most 8 a bar"], "", True),
        (["no toms, crashes or cymbals"], "", False),
        (["no cymbals"], "keep the ride", True),
        (["no toms or cymbals"], "tight hats", True),
    ],
)
def test_a_constraint_knows_the_wish_beside_it(constraints: list[str], wish: str, stay: bool) -> None:
    """Hats that are asked for there are not refused here, and the constraint is told as it was written."""
    verdict = hold(GROOVE, constraints, wish)
    assert bool(ticks(verdict.pattern, "hat_closed")) == stay
    assert not ticks(verdict.pattern, "crash")
    assert verdict.mends[0].endswith(constraints[0])


@pytest.mark.parametrize(
    ("words", "voices"),
    [
        ("ride in eighths, no other cymbals", ("ride",)),
        ("crash on 1, no other cymbals", ("crash", "hat_closed")),
        ("no cymbals but a crash on 1", ("crash", "hat_closed")),
        ("no cymbals but crash on 1 in bar 1", ("crash", "hat_closed")),
        ("no hats on 1, no cymbals", ("hat_closed",)),
    ],
)
def test_who_names_one_of_the_cymbals_has_counted_them(words: str, voices: tuple[str, ...]) -> None:
    """What is asked for, or excepted, plays; the time stays where it is; and nobody said "proper"."""
    made = drawn(words, bars=4)
    assert all(ticks(made, voice) for voice in voices)
    assert "proper" not in str(made.meta.get("asked", "")) + str(rules(words))


@pytest.mark.parametrize("words", ["no cymbals except the ride", "no cymbals but ride", "the ride, no other cymbals"])
def test_the_ride_that_is_excepted_keeps_the_time(words: str) -> None:
    """Jazz goes on as it was."""
    ride = ticks(drawn("", bars=4, genre="jazz", style="swing"), "ride")
    assert ticks(drawn(words, bars=4, genre="jazz", style="swing"), "ride") == ride


@pytest.mark.parametrize(
    "words", ["no cymbals, keep the ride", "no cymbals but the ride", "no cymbals, the ride stays"]
)
def test_hats_stay_where_a_cymbal_is_excepted(words: str) -> None:
    """However it is said."""
    assert ticks(refine(GROOVE, words).pattern, "hat_closed") == ticks(GROOVE, "hat_closed")


def test_hats_take_the_time_from_the_ride() -> None:
    """Of jazz without cymbals, but with hats, more is left than the foot."""
    made = drawn("no cymbals but hats", bars=4, genre="jazz", style="swing")
    assert len(ticks(made, "hat_closed")) >= 12
    assert not ticks(made, "ride")


@pytest.mark.parametrize("words", ["no hats, no cymbals", "jazz, no cymbals or hats", "no kick or hats, no cymbals"])
def test_hats_that_are_refused_go_with_the_cymbals(words: str) -> None:
    """To be named is not to be wanted."""
    assert not ticks(drawn(words, bars=4), "hat_closed", "hat_open", "hat_pedal", "ride", "crash")


@pytest.mark.parametrize(
    "words", ["remove the cymbals", "drop all cymbals", "get rid of the cymbals", "without cymbals"]
)
def test_all_ways_to_refuse_cymbals_mean_the_same(words: str) -> None:
    """The musician has many words for it."""
    assert refine(GROOVE, words).pattern.hits == refine(GROOVE, "no cymbals").pattern.hits


def test_cymbals_at_a_place_are_no_hats() -> None:
    """The time goes on; and what is told is in the musician's words."""
    made = refine(GROOVE, "no cymbals on 1")
    assert ticks(made.pattern, "hat_closed") == ticks(GROOVE, "hat_closed")
    assert made.done == ("4 strokes left out to hold: no cymbals on 1",)
    assert refine(GROOVE, "busier ride, no cymbals").beyond == (
        '"busier ride" is not done: "no cymbals" comes after it',
    )


def test_crash_cymbals_are_not_all_of_them() -> None:
    """A kind of cymbal is that kind, and who excepts one does not mean the hats."""
    assert ticks(refine(GROOVE, "drop the cymbals except the ride").pattern, "hat_closed")
    assert ticks(refine(GROOVE, "no crash cymbals").pattern, "hat_closed")


@pytest.mark.parametrize(
    ("words", "voice", "bars"),
    [
        ("hats in bars 1 and 3", "hat_closed", {0, 2}),
        ("rock with kick in bars 2 and 4", "kick", {1, 3}),
        ("kick and snare in bar 2", "snare", {1}),
        ("kick in bars 2 and 4 and claps on 2", "kick", {1, 3}),
        ("claps in bar 4 only", "clap", {3}),
        ("tambourine only in bars 1 and 3", "tambourine", {0, 2}),
        ("splash only in bar 2", "splash", {1}),
    ],
)
def test_a_drum_is_in_the_bars_that_are_named(words: str, voice: str, bars: set[int]) -> None:
    """Wherever the clause stands, whatever is joined to it, and though it was not there before."""
    assert {tick // BAR for tick in ticks(drawn(words, bars=4), voice)} == bars
    assert {tick // BAR for tick in ticks(refine(GROOVE, words.removeprefix("rock with ")).pattern, voice)} == bars


@pytest.mark.parametrize("words", ["a crash at the end please", "can you crash at the end", "crash at the end, thanks"])
def test_politeness_changes_nothing(words: str) -> None:
    """A wish is read the same with it."""
    assert refine(GROOVE, words).pattern.hits == refine(GROOVE, "crash at the end").pattern.hits


@pytest.mark.parametrize(
    ("words", "voice"), [("rock, shaker in sixteenths", "shaker"), ("rock, congas in 16ths", "conga_high")]
)
def test_a_drum_that_was_named_wins_over_one_that_was_not(words: str, voice: str) -> None:
    """Hands go to what was asked for; what gives way is told, unless it was asked for as well."""
    told = "of hat closed left out: no hand is left for it"
    made, both = drawn(words, bars=4), drawn(f"{words}, hats in 8ths", bars=4)
    assert len(ticks(made, voice)) >= (4 - len(made.meta["fills"])) * 16 - 1
    assert len(ticks(made, "hat_closed")) < len(ticks(drawn("rock", bars=4), "hat_closed"))
    assert any(told in one for one in made.meta["asked"])
    assert not any(told in one for one in both.meta["asked"])


def test_a_grid_may_be_for_one_bar() -> None:
    """The bar is named behind it; the others stay as they are."""
    made = refine(GROOVE, "snare ..x. in bar 2").pattern
    assert beats(made, "snare", bars=[1]) == {3}
    assert beats(made, "snare", bars=[0, 2]) == beats(GROOVE, "snare", bars=[0, 2])


def test_what_is_left_out_elsewhere_is_not_put_in() -> None:
    """A refusal with an exception asks for nothing new."""
    assert refine(GROOVE, "no china except in bar 4").pattern.hits == GROOVE.hits
