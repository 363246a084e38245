"""Songs by rules: form, transitions, one hand throughout, and the same bytes for the same seed."""

from statistics import fmean

import pytest

from router import groove
from router.constraints import holds, read_rule
from router.errors import InvalidRequest
from router.form import read_sections
from router.request import GrooveRequest
from router.song import Song, SongWish, assemble, draft

CRASHES = {"crash", "crash2"}


def song(prompt="rock", sections="intro:4 verse:8 chorus:8 verse:8 chorus:8 bridge:4 outro:4", **knobs):
    """Compose by rules."""
    wish = SongWish(GrooveRequest(prompt=prompt, **knobs), read_sections(sections))
    plan = wish.plan()
    return assemble(wish, plan, draft(wish, plan))


def loudness(section):
    """Mean velocity of a section's loud strokes."""
    loud = [hit.velocity for hit in section.pattern.hits if hit.velocity > 60]
    return sum(loud) / len(loud)


def test_sections_lie_one_after_another():
    """Each section has its bars and begins where the one before ends."""
    found = song(seed=1)

    assert found.bars == 44
    assert [section.starts_at_bar for section in found.sections] == [1, 5, 13, 21, 29, 37, 41]
    for section in found.sections:
        assert section.pattern.bars == section.bars
        assert all(0 <= hit.tick < section.pattern.ticks for hit in section.pattern.hits)


def test_every_change_is_led_into():
    """The last bar before a change is no copy of the groove: a fill stands in it; the last section closes instead."""
    found = song(seed=1)

    for section in found.sections[:-1]:
        assert section.bars in section.pattern.meta["fills"]
    last = found.sections[-1].pattern
    end = (last.bars - 1) * last.meter.bar_ticks
    assert {hit.tick for hit in last.hits if hit.tick >= end} == {end}


def test_fills_do_not_repeat_themselves():
    """No two transitions of a song share their last bar."""
    bars = []
    for section in song(seed=1).sections[:-1]:
        start = (section.bars - 1) * section.pattern.meter.bar_ticks
        bars.append(frozenset((hit.tick - start, hit.voice) for hit in section.pattern.hits if hit.tick >= start))

    assert len(set(bars)) >= len(bars) - 1


def test_intensity_follows_the_form():
    """A chorus is louder than a verse and opens with a crash."""
    found = song(seed=1)
    by_name = {section.name: section for section in found.sections}

    assert loudness(by_name["chorus"]) > loudness(by_name["verse"])
    assert any(hit.tick == 0 and hit.voice in CRASHES for hit in by_name["chorus"].pattern.hits)


@pytest.mark.parametrize("genre", ["rock", "pop", "jazz", "house", "afrobeat"])
def test_each_return_of_a_part_is_played_louder(genre):
    """The last chorus is the largest: its strokes are those of the first, and not one velocity softer on the mean."""
    first, _, last = (
        s for s in song(genre, "chorus:4 verse:4 chorus:4 verse:4 chorus:4").sections if s.name == "chorus"
    )
    was = {(hit.tick, hit.voice): hit.velocity for hit in first.pattern.hits if hit.tick < 3 * 3840}
    now = {(hit.tick, hit.voice): hit.velocity for hit in last.pattern.hits if hit.tick < 3 * 3840}
    both = was.keys() & now.keys()

    assert len(both) > len(was) / 2
    assert sum(now[place] - was[place] for place in both) / len(both) > 0


@pytest.mark.parametrize("seed", range(8))
def test_given_energy_is_heard(seed):
    """The same section at energy 1 is louder than at 0 by 25, stroke for stroke."""
    wishes = [
        SongWish(GrooveRequest(genre="rock", seed=seed), ({"name": "verse", "bars": 4, "energy": e},))
        for e in (0.0, 1.0)
    ]
    soft, loud = (assemble(wish, wish.plan(), draft(wish, wish.plan())).sections[0].pattern for wish in wishes)

    assert len(soft.hits) == len(loud.hits)
    assert fmean(hit.velocity for hit in loud.hits) > fmean(hit.velocity for hit in soft.hits) + 25


def test_a_part_that_returns_is_known_again():
    """The second verse shares most of the first's strokes, and is not the same."""
    found = song(seed=1)
    first, second = found.sections[1].pattern, found.sections[3].pattern
    ours, theirs = ({(hit.tick, hit.voice) for hit in one.hits} for one in (first, second))

    assert len(ours & theirs) / len(ours | theirs) > 0.5
    assert ours != theirs


def test_one_hand_plays_all_of_it():
    """Every section wears the same feel: seed, swing, humanize and drummer."""
    found = song("jazz", drummer="swinger", seed=9)
    worn = [section.pattern.meta["feel"] for section in found.sections]

    assert all(one == worn[0] for one in worn)
    assert worn[0]["drummer"] == "swinger"


def test_metres_may_change():
    """A song map in 4/4 and 7/8 gives each section its own."""
    found = song("rock", "intro:2 verse:4@7/8 outro:2", seed=2)

    assert found.meters == ("4/4", "7/8")
    assert found.sections[1].pattern.meter.bar_ticks == 3360


def test_every_section_can_be_played():
    """Two hands and two feet manage fills and crashes as well."""
    found = song("metal", tempo=190, seed=4)

    for section in found.sections:
        assert groove.flaws(section.pattern, 190) == ()


def test_rules_hold_in_every_section():
    """No crash means none, not even at a change."""
    found = song("rock", constraints=("no crash", "kick at most 6 a bar"), seed=1)

    for section in found.sections:
        assert all(holds(section.pattern, read_rule(rule)) for rule in ("no crash", "kick at most 6 a bar"))


def test_rules_in_the_words_hold_in_every_section():
    """`No crash` leaves out the crash that opens a part, too."""
    wish = SongWish(GrooveRequest(prompt="rock, no crash", genre="rock", seed=4), read_sections("verse:4 chorus:4"))
    plan = wish.plan()

    song = assemble(wish, plan, draft(wish, plan))

    assert not any(hit.voice in {"crash", "crash2"} for part in song.sections for hit in part.pattern.hits)


def test_the_same_seed_is_the_same_song():
    """Bytes and all; another seed is another song."""
    one, same, other = song(seed=1), song(seed=1), song(seed=2)

    assert one.as_dict() == same.as_dict()
    assert one.id == same.id != other.id


def test_the_wire_form_comes_back_whole():
    """What goes out can be read again."""
    found = song(seed=1)

    assert Song.from_dict(found.as_dict()).as_dict() == found.as_dict()


@pytest.mark.parametrize("data", [{}, {"sections": []}, {"sections": [3]}, {"sections": [{"pattern": {"bars": 99}}]}])
def test_what_is_no_song_is_refused(data):
    """Naming the field."""
    with pytest.raises(InvalidRequest):
        Song.from_dict(data)


def test_changes_are_taken_from_the_plan():
    """A combined song may leave a fill out or make it long."""
    wish = SongWish(GrooveRequest(genre="rock", seed=1), read_sections("verse:4 chorus:4 outro:2"))
    plan = wish.plan()
    written = draft(wish, plan)
    long, none = (assemble(wish, plan, written, (change, "", "")).sections[0].pattern for change in ("long", "none"))

    def toms(pattern):
        start = 3 * pattern.meter.bar_ticks
        return [
            hit for hit in pattern.hits if hit.tick >= start and hit.voice not in {"kick", "hat_closed", "hat_open"}
        ]

    assert len(toms(long)) > len(toms(none))
