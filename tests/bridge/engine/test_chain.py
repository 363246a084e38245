"""Songs in the playing process: parts one after another, and the position that chooses among them."""

from collections import Counter

import pytest

from bridge.engine.chain import Chain
from bridge.engine.link import Row
from bridge.engine.player import CommandError, Player
from bridge.engine.timeline import Loaded, Timeline

BAR = 3840
SEVEN = 3360


def part(identity, note, bars=1, bar=BAR):
    """A part with one stroke at the start of each bar."""
    beats = (960,) * 4 if bar == BAR else (960, 960, 1440)
    rows = [Row(index * bar, 120, 0x99, note, 100, 0) for index in range(bars)]
    return Loaded.build(identity, bars * bar, bar, beats, rows)


def song(timeline, *parts, at="bar", **options):
    """Load the parts and queue them as a song."""
    for one in parts:
        timeline.load(one)
    return timeline.enqueue(parts[0], at, chain=Chain(parts, **options))


def strokes(timeline, end):
    """(tick, note) of every stroke before `end`."""
    out = []
    while (tick := timeline.next_tick()) is not None and tick < end:
        out += [(message.tick, message.data[1]) for message in timeline.take(tick) if message.data[0] == 0x99]
    return out


def test_parts_follow_each_other_and_then_there_is_silence():
    """Each part plays once, in order, from its own bar line; after the last one nothing sounds."""
    timeline = Timeline()
    song(timeline, part("a", 36, 2), part("b", 38), part("c", 40))

    assert strokes(timeline, 20 * BAR) == [(0, 36), (BAR, 36), (2 * BAR, 38), (3 * BAR, 40)]
    assert timeline.base is None
    assert timeline.finished
    assert timeline.sounding == 0


def test_a_looping_song_begins_again():
    """With loop the first part follows the last."""
    timeline = Timeline()
    song(timeline, part("a", 36), part("b", 38), loop=True)

    assert strokes(timeline, 5 * BAR) == [(0, 36), (BAR, 38), (2 * BAR, 36), (3 * BAR, 38), (4 * BAR, 36)]


def test_a_song_that_joins_late_brings_its_metre():
    """Its bar line was 30 ticks ago: the bars are counted in the song's metre from that line on."""
    timeline = Timeline()
    before = part("before", 36)
    timeline.load(before)
    timeline.enqueue(before, "bar")
    strokes(timeline, BAR + 30)
    timeline.cursor = BAR + 30
    verse = part("verse", 38, 2, SEVEN)

    timeline.join_late(timeline.enqueue(verse, "bar", after=BAR, chain=Chain([verse])))

    assert timeline.meters.locate(BAR + SEVEN) == (3, 1)
    assert timeline.meters.at(BAR + 30).bar_ticks == SEVEN


@pytest.mark.parametrize(("bar", "note"), [(0, 36), (1, 36), (2, 38), (3, 40)])
def test_the_position_chooses_the_part(bar, note):
    """After a jump the part that lies at the position plays, from its right bar."""
    timeline = Timeline()
    timeline.anchored = True
    song(timeline, part("a", 36, 2), part("b", 38), part("c", 40))
    strokes(timeline, BAR)

    timeline.jump(bar * BAR)

    assert strokes(timeline, (bar + 1) * BAR) == [(bar * BAR, note)]


def test_a_position_beyond_the_song_is_silent_and_the_way_back_is_not():
    """A DAW that plays on past the song hears nothing, and the song again when it returns."""
    timeline = Timeline()
    timeline.anchored = True
    song(timeline, part("a", 36), part("b", 38))
    strokes(timeline, BAR)

    timeline.jump(9 * BAR)
    assert strokes(timeline, 12 * BAR) == []
    timeline.jump(BAR)
    assert strokes(timeline, 2 * BAR) == [(BAR, 38)]


def test_a_song_that_joins_a_running_daw_lies_at_its_beginning():
    """While following, the song starts in the part that belongs to the DAW's bar."""
    timeline = Timeline()
    timeline.anchored = True
    timeline.cursor = 2 * BAR + 10
    song(timeline, part("a", 36, 3), part("b", 38, 3))

    assert strokes(timeline, 5 * BAR) == [(3 * BAR, 38), (4 * BAR, 38)]


def test_a_song_of_our_own_moves_to_the_daws_beginning():
    """Begun at bar 5 by our own tempo, it lies at the DAW's bar 1 once a DAW leads."""
    timeline = Timeline()
    timeline.cursor = 4 * BAR
    song(timeline, part("a", 36), part("b", 38))
    assert strokes(timeline, 5 * BAR) == [(4 * BAR, 36)]

    timeline.anchored = True
    timeline.jump(BAR)

    assert strokes(timeline, 2 * BAR) == [(BAR, 38)]


def test_a_song_that_waits_through_a_jump_is_still_a_song():
    """Queued before Start, it plays all of its parts after it."""
    timeline = Timeline()
    song(timeline, part("a", 36), part("b", 38))
    timeline.jump(0, top=True)

    assert strokes(timeline, 9 * BAR) == [(0, 36), (BAR, 38)]


def test_metres_change_with_the_parts():
    """Bars count on through a change of metre, and after a jump as well."""
    timeline = Timeline()
    song(timeline, part("a", 36, 2), part("b", 38, 2, SEVEN), part("c", 40, 1))

    heard = strokes(timeline, 99 * BAR)
    third = 2 * BAR
    assert heard == [(0, 36), (BAR, 36), (third, 38), (third + SEVEN, 38), (third + 2 * SEVEN, 40)]
    assert [timeline.meters.locate(tick) for tick, _ in heard] == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]
    timeline.anchored = True
    timeline.jump(third + SEVEN)
    assert timeline.meters.locate(third + SEVEN) == (4, 1)


def test_a_part_replaced_while_the_song_plays_is_heard_in_its_place():
    """The same id again takes over where it lies; a part of another length is not taken."""
    timeline = Timeline()
    song(timeline, part("a", 36), part("b", 38))
    strokes(timeline, 10)

    timeline.load(part("b", 50))
    timeline.load(part("b", 51, bars=3))

    assert strokes(timeline, 2 * BAR) == [(BAR, 50)]


def test_another_pattern_ends_the_song():
    """Whatever takes over at a bar line plays on by itself."""
    timeline = Timeline()
    song(timeline, part("a", 36, 2), part("b", 38))
    strokes(timeline, 10)
    other = part("x", 60)
    timeline.load(other)
    timeline.enqueue(other, "bar")

    assert {note for _, note in strokes(timeline, 6 * BAR)} == {60}


def commanded(player, identity, note, bars=1):
    """Load a part into a player by command."""
    rows = [Row(index * BAR, 120, 0x99, note, 100, 0) for index in range(bars)]
    head = {"c": "load", "id": identity, "ticks": bars * BAR, "bar_ticks": BAR, "beats": [960] * 4}
    player.command(head, rows, 0.0)


def test_the_internal_transport_stops_at_the_end_of_a_song():
    """Nobody has to press stop after the last bar; every note is released."""
    player = Player(120.0)
    commanded(player, "a", 36)
    commanded(player, "b", 38)
    player.command({"c": "queue", "id": "a", "at": "bar", "parts": ["a", "b"]}, (), 0.0)

    now = 0.0
    while now < 8:
        now += 0.05
        player.advance(now)

    notes = Counter(data[0] & 0xF0 for _, data, _ in player.out if data[0] < 0xF0)
    assert notes[0x90] == notes[0x80] == 2
    assert player.transport.state.value == "stopped"


def test_a_song_with_a_part_that_is_not_loaded_is_refused():
    """Nothing is queued by a command that cannot be carried out."""
    player = Player(120.0)
    commanded(player, "a", 36)

    with pytest.raises(CommandError, match="not loaded"):
        player.command({"c": "queue", "id": "a", "at": "bar", "parts": ["a", "b"]}, (), 0.0)
    assert player.timeline.queue == []


def clocked(player, start, bpm, beats, first=b"\xfa"):
    """Drive a player by an external clock from `start` seconds on; return when it ended."""
    pulse = 60 / bpm / 24
    now = start
    player.incoming(first, now, now)
    for index in range(beats * 24):
        now = start + 0.002 + index * pulse
        player.incoming(b"\xf8", now, now)
        player.advance(now)
    return now


@pytest.mark.parametrize(("bar", "note"), [(0, 36), (2, 38), (4, 40)])
def test_a_daws_song_position_chooses_the_section(bar, note):
    """Continue from a song position plays the part that lies there, and no stroke of another one."""
    player = Player(120.0)
    for identity, pitch, bars in (("a", 36, 2), ("b", 38, 1), ("c", 40, 2)):
        commanded(player, identity, pitch, bars)
    player.command({"c": "sync", "mode": "clock"}, (), 0.0)
    player.command({"c": "queue", "id": "a", "at": "bar", "parts": ["a", "b", "c"]}, (), 0.0)
    sixteenths = bar * 16
    end = clocked(player, 1.0, 120, 6)
    player.incoming(b"\xfc", end, end)
    player.advance(end)
    before = len(player.out)
    player.incoming(bytes((0xF2, sixteenths & 0x7F, sixteenths >> 7)), end + 0.5, end + 0.5)

    clocked(player, end + 1, 120, 3, first=b"\xfb")

    struck = [data[1] for _, data, _ in player.out[before:] if data[0] & 0xF0 == 0x90]
    assert struck == [note]
