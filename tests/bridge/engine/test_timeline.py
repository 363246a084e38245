"""What sounds when, as whole lists."""

import pytest

from bridge.engine.link import Row
from bridge.engine.timeline import Loaded, Timeline
from tests.support.rig import BAR, pattern

KICKS = pattern("kicks", [(0, 36), (1920, 36)])
SNARES = pattern("snares", [(0, 38), (960, 38)])
SEVEN = pattern("seven", [(0, 41)], bar_ticks=3360, beats=(960, 960, 1440))


def play(timeline, until):
    """Return (tick, message) of all that leaves before `until`."""
    out = []
    while (tick := timeline.next_tick()) is not None and tick < until:
        out += [(message.tick, message.data.hex()) for message in timeline.take(tick)]
    return out


def ready(*patterns, base=None):
    """Return a timeline with patterns on its shelf and one playing from tick 0."""
    timeline = Timeline()
    for loaded in patterns:
        timeline.load(loaded)
    if base is not None:
        timeline.enqueue(base, "bar")
    return timeline


def test_a_loop_plays_each_hit_with_its_off():
    """Two bars of one bar looped: every on and every off, in order, nothing else."""
    assert play(ready(base=KICKS), 2 * BAR) == [
        (0, "992464"), (100, "892400"), (1920, "992464"), (2020, "892400"),
        (3840, "992464"), (3940, "892400"), (5760, "992464"), (5860, "892400"),
    ]  # fmt: skip


def test_a_switch_happens_at_the_bar_and_its_first_hit_sounds_once():
    """Queued in the middle of a bar, the new groove begins with its own first hit at the bar line."""
    timeline = ready(base=KICKS)
    play(timeline, 1000)
    timeline.enqueue(SNARES, "bar")

    assert [e for e in play(timeline, BAR + 1500) if e[1][:2] == "99"] == [
        (1920, "992464"),
        (3840, "992664"),
        (4800, "992664"),
    ]


def test_a_switch_releases_what_sounds_of_the_old_groove():
    """A long note of the old pattern ends where the new one begins, after the new hits."""
    long = Loaded.build("long", BAR, BAR, (960,) * 4, [Row(3800, 900, 0x99, 49, 100, 0)])
    timeline = ready(base=long)
    play(timeline, 3801)
    timeline.enqueue(KICKS, "bar")

    assert play(timeline, 3841) == [(3840, "992464"), (3840, "893100")]


def test_a_struck_note_that_still_sounds_gets_its_off_first():
    """A re-strike is off then on, at the same instant, and the old off does not cut the new note."""
    roll = Loaded.build("roll", BAR, BAR, (960,) * 4, [Row(0, 500, 0x99, 38, 90, 1), Row(300, 500, 0x99, 38, 80, 1)])

    assert play(ready(base=roll), 1000) == [(0, "99265a"), (300, "892600"), (300, "992650"), (800, "892600")]


def test_hits_of_one_instant_leave_in_their_order_before_offs():
    """Kick, then snare, then hat, and only then what ends there."""
    rows = [
        Row(0, 960, 0x99, 49, 90, 13),
        Row(960, 50, 0x99, 36, 90, 0),
        Row(960, 50, 0x99, 38, 90, 1),
        Row(960, 50, 0xB9, 4, 90, 4),
    ]
    timeline = ready(base=Loaded.build("p", BAR, BAR, (960,) * 4, rows))
    play(timeline, 960)

    assert play(timeline, 961) == [(960, "b9045a"), (960, "99245a"), (960, "99265a"), (960, "893100")]


def test_a_fill_plays_once_and_the_groove_goes_on_in_phase():
    """A fill of one bar over a two-bar groove: the groove's own next bar follows, not its first."""
    two = pattern("two", [(0, 36), (BAR, 40)], bars=2)
    timeline = ready(base=two)
    play(timeline, 10)
    timeline.enqueue(SNARES, "bar", once=True)

    assert [e for e in play(timeline, 4 * BAR) if e[1][:2] == "99"] == [
        (0 + 3840, "992664"), (4800, "992664"), (7680, "992464"), (11520, "992864"),
    ]  # fmt: skip


TWO = pattern("two", [(0, 36), (BAR, 40)], bars=2)


@pytest.mark.parametrize(("playing", "first"), [("failed", "992864"), ("other", "992464")])
def test_what_goes_on_takes_its_place_in_the_phrase(playing, first):
    """One bar of the failed take has sounded: the second bar follows. After anything else it begins with its first."""
    failed = pattern(playing, [(0, 45), (BAR, 45)], bars=2)
    timeline = ready(base=failed)
    play(timeline, 1000)
    timeline.enqueue(TWO, "bar", goes_on=frozenset({"draft", "failed"}))

    assert [e for e in play(timeline, 2 * BAR) if e[1][:2] == "99"] == [(BAR, first)]


def test_what_goes_on_keeps_its_place_when_what_it_follows_was_still_waiting():
    """The draft plays, the failed take waits for the bar line: the draft is what goes on there, at its own place."""
    draft = pattern("draft", [(0, 36), (BAR, 40)], bars=2)
    timeline = ready(base=draft)
    play(timeline, 1000)
    timeline.enqueue(pattern("failed", [(0, 45)]), "bar", tag="base")
    timeline.enqueue(TWO, "bar", tag="base", goes_on=frozenset({"draft", "failed"}))

    assert [e for e in play(timeline, 3 * BAR) if e[1][:2] == "99"] == [(BAR, "992864"), (2 * BAR, "992464")]


def test_what_goes_on_does_so_after_a_jump():
    """A DAW that jumps meanwhile finds the phrase where the song is."""
    timeline = ready(base=pattern("failed", [(0, 45), (BAR, 45)], bars=2))
    play(timeline, 1000)
    timeline.enqueue(TWO, "bar", goes_on=frozenset({"failed"}))
    timeline.jump(3 * BAR - 100)

    assert [e for e in play(timeline, 4 * BAR) if e[1][:2] == "99"] == [(3 * BAR, "992864")]


def test_a_fill_now_completes_the_bar_that_sounds():
    """Asked for in beat two, it takes over at beat three with its own second half, and ends at the bar line."""
    fill = pattern("fill", [(tick, 45) for tick in range(0, BAR, 480)])
    timeline = ready(base=KICKS)
    play(timeline, 1000)
    timeline.enqueue(fill, "now", once=True, after=1000)

    assert [e[0] for e in play(timeline, BAR) if e[1][:4] == "992d"] == [1920, 2400, 2880, 3360]
    assert [e for e in play(timeline, BAR + 50) if e[1][:2] == "99"] == [(3840, "992464")]


@pytest.mark.parametrize(
    ("at", "tick"), [("now", 5001), ("beat", 5760), ("bar", 7680), ("2bars", 7680), ("4bars", 15360), ("end", 11520)]
)
def test_each_boundary_lies_where_it_says(at, tick):
    """Asked for at tick 5001 over a loop of three bars."""
    timeline = ready(base=pattern("three", [(0, 36)], bars=3))
    play(timeline, 4000)

    assert timeline.enqueue(KICKS, at, after=5001).tick == tick


def test_a_later_wish_for_the_same_boundary_replaces_the_earlier():
    """The draft gives way to the better answer; only one of them sounds."""
    timeline = ready(base=KICKS)
    play(timeline, 10)
    timeline.enqueue(pattern("draft", [(0, 50)]), "bar", tag="j-1")
    timeline.enqueue(pattern("final", [(0, 51)]), "bar", tag="j-1")

    assert [e[1] for e in play(timeline, BAR + 10) if e[0] == BAR] == ["993364"]


def test_a_cancelled_wish_does_not_sound():
    """What was queued under a tag is taken back."""
    timeline = ready(base=KICKS)
    play(timeline, 10)
    timeline.enqueue(SNARES, "bar", tag="t")

    assert timeline.cancel("t") == 1
    assert [e[1] for e in play(timeline, BAR + 10) if e[0] == BAR] == ["992464"]


def test_another_metre_takes_over_at_the_bar_line_and_bars_count_on():
    """From 4/4 to 7/8: bar 2 begins where 4/4's bar ends, bar 3 seven eighths later."""
    timeline = ready(base=KICKS)
    play(timeline, 10)
    timeline.enqueue(SEVEN, "bar")

    assert [e[0] for e in play(timeline, 15000) if e[1][:4] == "9929"] == [3840, 7200, 10560, 13920]
    assert timeline.meters.locate(7200) == (3, 1)
    assert timeline.meters.locate(8640) == (3, 2.5)
    assert timeline.meters.next_bar(7201) == 10560


def test_after_a_jump_the_groove_is_in_phase_with_the_song():
    """At song position bar 4 a three-bar pattern plays its first bar again, at bar 5 its second."""
    timeline = ready(base=pattern("three", [(0, 36), (BAR, 37), (2 * BAR, 38)], bars=3))
    play(timeline, 100)
    timeline.jump(3 * BAR)

    assert [e for e in play(timeline, 5 * BAR) if e[1][:2] == "99"] == [(3 * BAR, "992464"), (4 * BAR, "992564")]


def test_a_jump_releases_once_and_plays_the_tick_it_lands_on():
    """What sounds is cut, and a hit exactly there sounds."""
    timeline = ready(base=KICKS)
    play(timeline, 50)

    assert [m.data.hex() for m in timeline.jump(1920)] == ["892400"]
    assert timeline.jump(1920) == []
    assert play(timeline, 1921) == [(1920, "992464")]


def test_joining_late_plays_what_has_passed_at_once():
    """The button's bar line was 30 ticks ago: its hits since then leave now, aligned to that line."""
    timeline = ready(base=KICKS)
    play(timeline, BAR + 30)
    timeline.cursor = BAR + 30
    entry = timeline.enqueue(pattern("new", [(0, 38), (20, 39), (960, 40)]), "bar", after=BAR)

    assert [(m.tick, m.data.hex()) for m in timeline.join_late(entry)] == [
        (3870, "992664"),
        (3870, "992764"),
        (3870, "892400"),
    ]
    assert [e for e in play(timeline, BAR + 1000) if e[1][:2] == "99"] == [(4800, "992864")]


def test_the_same_id_again_changes_the_groove_in_place():
    """Editing while it plays: the phase stays, the notes are the new ones."""
    timeline = ready(base=KICKS)
    play(timeline, 100)
    timeline.load(pattern("kicks", [(1920, 37)]))

    assert [e for e in play(timeline, BAR) if e[1][:2] == "99"] == [(1920, "992564")]


@pytest.mark.parametrize(
    "row",
    [
        Row(-1, 1, 0x99, 36, 1, 0),
        Row(BAR, 1, 0x99, 36, 1, 0),
        Row(0, 1, 0x99, 200, 1, 0),
        Row(0, 1, 0x99, 36, 0, 0),
        Row(0, 1, 0xC9, 36, 9, 0),
    ],
)
def test_a_row_that_cannot_be_is_refused(row):
    """Nothing outside the pattern, no illegal byte, no note-on that means off."""
    with pytest.raises(ValueError, match="Row"):
        Loaded.build("bad", BAR, BAR, (960,) * 4, [row])


def test_one_drum_struck_twice_at_once_is_one_stroke():
    """The louder counts."""
    loaded = Loaded.build("p", BAR, BAR, (960,) * 4, [Row(0, 9, 0x99, 36, 50, 0), Row(0, 9, 0x99, 36, 90, 0)])

    assert [row.data2 for row in loaded.rows] == [90]


def test_a_knob_swept_while_it_plays_moves_strokes_and_doubles_none():
    """A new version every few ticks, its offbeats later each time: each stroke is heard once, beats where they are."""

    def swung(shift):
        return pattern("swung", [(t + (shift if t % 960 else 0), 42) for t in range(0, BAR, 480)])

    timeline = ready(swung(0), base=swung(0))
    struck = []
    for now in range(0, 2 * BAR, 20):
        while (tick := timeline.next_tick()) is not None and tick <= now:
            struck += [message.tick for message in timeline.take(tick) if message.data[0] == 0x99]
        timeline.load(swung(now // 4 % 200), past=now + 1, at_beat=True)

    beats = [tick for tick in struck if tick % 960 == 0]
    assert beats == list(range(0, 2 * BAR, 960))
    assert len(struck) == 16


def test_an_edit_of_what_is_over_is_not_made_up_for():
    """A stroke painted where the playhead has just been waits for the next time round."""
    timeline = ready(base=KICKS)
    play(timeline, 1500)

    timeline.load(pattern("kicks", [(0, 36), (1000, 38), (1920, 36)]), past=1500)

    assert [tick for tick, data in play(timeline, 2 * BAR) if data[:2] == "99"] == [1920, 3840, 4840, 5760]
