"""Refinement by rules: what was asked changes, everything else stays to the tick."""

import time

import pytest

from router import groove
from router.constraints import holds, read_rule
from router.orders import orders
from router.pattern import Hit, Pattern
from router.refine import merge, refine
from router.request import GrooveRequest
from router.whole import is_whole

HATS = {"hat_closed", "hat_open", "hat_pedal"}


@pytest.fixture
def rock():
    """A rock groove as the embedded drummer plays it, feel and all."""
    return groove.generate(GrooveRequest(genre="rock", style="straight", bars=4, seed=11))


def changed(before, after):
    """The voices whose strokes are not exactly the same."""
    return {hit.voice for hit in set(before.hits) ^ set(after.hits)}


def count(pattern, voices):
    """How many strokes of these voices there are."""
    return sum(hit.voice in voices for hit in pattern.hits)


@pytest.mark.parametrize(
    ("words", "voices", "more"),
    [
        ("busier hats, keep the kick", HATS, 1),
        ("more kick", {"kick"}, 1),
        ("more ghost notes", {"snare"}, 1),
        ("less kick", {"kick"}, -1),
        ("no crash", {"crash", "crash2"}, -1),
        ("remove the hats", HATS, -1),
        ("add a cowbell on every beat", {"cowbell"}, 1),
        ("add claps on 2 and 4", {"clap"}, 1),
        ("fewer hats please", HATS, -1),
    ],
)
def test_only_the_lanes_that_were_named_change(rock, words, voices, more):
    """Their number goes the way that was asked; the others keep tick, shift and velocity."""
    found = refine(rock, words)

    assert changed(rock, found.pattern) <= voices
    if more > 0:
        assert count(found.pattern, voices) > count(rock, voices)
    else:
        assert count(found.pattern, voices) <= count(rock, voices)
    assert found.sure == 1
    assert not found.unknown


def test_a_lane_that_is_to_stay_stays(rock):
    """Keep wins over what is said of the whole."""
    found = refine(rock, "make it much busier but leave the snare alone, keep the kick")

    assert changed(rock, found.pattern)
    assert not changed(rock, found.pattern) & {"kick", "snare"}


def test_louder_and_softer_move_velocity_only(rock):
    """No stroke comes or goes."""
    loud, soft = refine(rock, "louder snare").pattern, refine(rock, "softer hats").pattern

    def places(one):
        return {(hit.tick, hit.voice, hit.shift) for hit in one.hits}

    assert places(loud) == places(soft) == places(rock)
    assert sum(hit.velocity for hit in loud.hits) > sum(hit.velocity for hit in rock.hits)
    assert sum(hit.velocity for hit in soft.hits) < sum(hit.velocity for hit in rock.hits)


def test_one_drum_instead_of_another(rock):
    """The strokes stay where they are and sound on the other."""
    for words in ("ride instead of hats", "replace the hats with ride"):
        found = refine(rock, words).pattern
        assert count(found, HATS) == 0
        assert count(found, {"ride"}) >= count(rock, HATS) * 0.8
        assert changed(rock, found) <= HATS | {"ride"}


def test_swing_is_more_swing_and_the_same_notes(rock):
    """Feel moves, notes do not."""
    found = refine(rock, "swing more").pattern

    assert {(hit.tick, hit.voice) for hit in found.hits} == {(hit.tick, hit.voice) for hit in rock.hits}
    assert found.meta["swing"] > rock.meta.get("swing", 0)


def test_half_time_puts_the_backbeat_in_the_middle(rock):
    """Loud snares lie on beat three of each bar; kick and hats elsewhere stay."""
    found = refine(rock, "half time").pattern
    loud = {hit.tick % 3840 for hit in found.hits if hit.voice == "snare" and hit.velocity >= 60}

    assert loud == {1920}


def test_a_fill_is_added_at_the_end_only(rock):
    """What comes before it is untouched."""
    found = refine(rock, "add a fill").pattern
    start = 3 * 3840

    before = {hit for hit in rock.hits if hit.tick < start}
    assert before == {hit for hit in found.hits if hit.tick < start}
    assert found.meta["fills"][-1] == 4


def test_rules_are_held_afterwards(rock):
    """Constraints given beside the words hold in what comes out."""
    found = refine(rock, "busier kick", constraints=("kick at most 3 a bar", "playable at 180 bpm"))

    assert holds(found.pattern, read_rule("kick at most 3 a bar"))
    assert holds(found.pattern, read_rule("playable at 180 bpm"))


def test_added_strokes_never_take_a_hand_from_what_is_there():
    """Where both hands are busy nothing is added, and nothing gives way."""
    hits = [Hit(tick, voice, 90) for tick in range(0, 3840, 120) for voice in ("snare", "ride")]
    full = Pattern(GrooveRequest().meter, 1, tuple(hits), tempo=60.0)
    found = refine(full, "add claps")

    assert set(full.hits) <= set(found.pattern.hits)


@pytest.mark.parametrize("words", ["paint it like a waterfall", "make the snare tell a story", "?", "x" * 1000])
def test_what_is_not_understood_changes_nothing(rock, words):
    """It is said, and the groove stays."""
    found = refine(rock, words)

    assert found.pattern.hits == rock.hits
    assert found.sure == 0
    assert found.unknown


def test_a_models_answer_reaches_only_the_lanes_that_were_meant(rock):
    """Whatever came back, lanes that were not spoken of are the original's; a short answer is repeated."""
    answer = groove.generate(GrooveRequest(genre="funk", bars=2, seed=3))
    merged = merge(rock, answer, refine(rock, "make the snare tell a story"))
    free = merge(rock, answer, refine(rock, "like a waterfall, keep the kick"))

    assert changed(rock, merged) <= {"snare"}
    assert merged.bars == rock.bars
    assert {h for h in free.hits if h.voice == "kick"} == {h for h in rock.hits if h.voice == "kick"}
    assert max(hit.tick for hit in free.hits if hit.voice == "snare") >= 2 * 3840


def test_the_same_words_give_the_same_groove(rock):
    """Bytes and all."""
    assert refine(rock, "busier hats", seed=3).pattern.id == refine(rock, "busier hats", seed=3).pattern.id


def test_what_is_to_stay_is_not_even_removed(rock):
    """Where the words contradict each other the groove is kept."""
    assert refine(rock, "remove the snare, keep the snare").pattern.hits == rock.hits


def test_a_groove_on_the_ride_is_not_taken_off_it(rock):
    """`Ride instead of hats` is done already there; it turned the ride into hats."""
    on_ride = refine(rock, "ride instead of hats").pattern

    found = refine(on_ride, "ride instead of hats")

    assert found.pattern == on_ride
    assert found.done[0].endswith("so it is already")


def test_only_what_is_not_there_leaves_no_empty_groove(rock):
    """`Only percussion` of a groove without any is answered with what can be asked."""
    found = refine(rock, "only percussion")

    assert found.pattern == rock
    assert "nothing would be left" in found.beyond[0]


@pytest.mark.parametrize(
    ("wish", "order"),
    [
        ("with cowbell", "add cowbell"),
        ("loud snare", "louder snare"),
        ("a soft kick", "softer kick"),
        ("8th note hats", "hats in 8ths"),
        ("cross stick", "rim instead of snare"),
        ("on the ride", "ride instead of hats"),
        ("ends with a fill", "a fill at the end"),
    ],
)
def test_a_wish_for_a_new_groove_is_an_order_to_one_that_is_there(rock, wish, order):
    """The words for making and for changing are the same to a player."""
    assert refine(rock, wish).pattern.hits == refine(rock, order).pattern.hits != rock.hits


@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("give me a big crash at the start", "1 stroke of crash added"),
        ("put a cowbell on it", "cowbell on every beat"),
        ("the snare is too late", "ahead of the beat"),
        ("the snare is too late, no crash", "ahead of the beat"),
        ("fill on the last two beats", "a fill at the end"),
        ("hats in quarters only", "on the beats"),
        ("build it up over the last 2 bars", "louder and louder"),
        ("add shaker and tambourine", "tambourine on the backbeat"),
        ("more aggressive", "louder"),
        ("hats loud and busy", "louder"),
        ("kick 3+3+2", "kick on 3+3+2"),
        ("1) louder snare 2) no crash", "snare louder"),
        ("- snare 10 louder", "snare louder"),
        ("snare a hair late", "behind the beat"),
        ("remove the kick from bar 2", "bar 2: "),
        ("drag before the backbeat", "a drag on"),
    ],
)
def test_what_people_say_of_a_groove_that_is_there_is_done(rock, words, done):
    """Each of these is understood whole, and said as it was done."""
    refined = refine(rock, words)

    assert not refined.unknown
    assert any(done in one for one in refined.done)


def test_a_bar_that_was_named_is_meant_though_a_fill_is_in_it():
    """A flam asked for in the bar of the fill is set there."""
    groove_with_fill = refine(groove.generate(GrooveRequest(genre="rock", bars=4, seed=5)), "fill in bar 4").pattern

    flammed = refine(groove_with_fill, "flam on beat 4 of bar 4").pattern

    assert any(hit.ornament == "flam" and hit.tick // 3840 == 3 for hit in flammed.hits)
    assert flammed.meta["fills"] == groove_with_fill.meta["fills"]


def test_all_but_some_are_left_as_they_are_wherever_but_stands(rock):
    """`everything quieter but the snare` leaves the snare alone."""
    refined = refine(rock, "everything quieter but the snare")

    assert "snare" not in changed(rock, refined.pattern)
    assert changed(rock, refined.pattern) == {hit.voice for hit in rock.hits} - {"snare"}


def test_a_drum_that_is_not_there_is_not_said_to_be_louder(rock):
    """No groove is called changed that is as it was."""
    refined = refine(rock, "louder cowbell")

    assert refined.done == ("there is no cowbell to be louder",)
    assert refined.pattern.hits == rock.hits


@pytest.mark.parametrize(
    "words", ["3 against 2 in the ride", "rim on 2 and 4 straight", "rush the fill", "less toms in the fill"]
)
def test_what_is_said_of_all_of_it_is_not_done_to_a_part(rock, words):
    """A polyrhythm on a drum of one's own, a feel at a place, a fill changed: not understood rather than half done."""
    assert refine(rock, words).unknown


def test_hostile_words_are_read_in_a_moment():
    """The time that "and" takes grows with the words, not with their square."""
    short, long = (min(_timed(f"kick on {'1 and ' * count}2") for _ in range(3)) for count in (20, 160))

    assert long < 40 * short


def _timed(words):
    began = time.process_time()  # what others do meanwhile does not count
    orders.__wrapped__(words, is_whole)
    return time.process_time() - began
