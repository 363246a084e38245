"""Patterns as rows, as MIDI files, and as a library on disk."""

import io
import json

import mido
import pytest

from bridge import drummaps
from bridge.compiling import compile_pattern
from bridge.drummaps import FALLBACK, DrumMap
from bridge.library import Library, UnknownPattern, file_name
from bridge.midifile import from_midi, to_midi
from router.errors import InvalidRequest
from router.pattern import VOICES, Hit, Meter, Pattern

GM = drummaps.load("gm")


def pattern(*hits: Hit, bars: int = 1, meter: str = "4/4", name: str = "test") -> Pattern:
    """A small pattern."""
    return Pattern(Meter.parse(meter), bars, hits, name)


def test_rows_come_in_the_order_of_leaving_kick_first():
    """At one instant the kick leaves before the snare, the snare before the hat."""
    rows = compile_pattern(pattern(Hit(0, "hat_closed", 70), Hit(0, "snare", 90), Hit(0, "kick", 100)), GM, 10)

    assert [(row.tick, row.status, row.data1, row.data2) for row in rows] == [
        (0, 0x99, 36, 100), (0, 0x99, 38, 90), (0, 0x99, 42, 70),
    ]  # fmt: skip


def test_no_row_lies_outside_its_pattern():
    """A hit pushed out of the pattern sounds at its edge: a loop loses nothing and begins on beat one."""
    rows = compile_pattern(pattern(Hit(0, "kick", 100, -300), Hit(3800, "snare", 100, 300)), GM, 10)

    assert [row.tick for row in rows] == [0, 3839]


def test_every_voice_sounds_on_every_kit():
    """What a kit lacks is played by its nearest relative, on the kits that have a kick, a snare and a hat."""
    for kit in map(drummaps.load, drummaps.names()):
        for voice in VOICES:
            assert kit.note(voice) is not None, (kit.id, voice)
    assert set(FALLBACK) <= set(VOICES)


@pytest.mark.parametrize("name", drummaps.names())
def test_a_kits_notes_are_notes_and_each_is_one_drum(name):
    """A note that two voices share could not be read back from a .mid file."""
    notes = list(drummaps.load(name).notes.values())

    assert all(0 <= note <= 127 for note in notes)
    assert [note for note in notes if notes.count(note) > 1] in ([], [39, 39])  # General MIDI's clap is its snap too


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("gm", (36, 38, 42, 46, 49)), ("ezdrummer3", (36, 38, 61, 26, 86)), ("addictive2", (36, 38, 51, 57, 77)),
        ("bfd3", (24, 26, 30, 54, 72)), ("ssd5", (36, 38, 42, 65, 55)), ("td17", (36, 38, 42, 46, 55)),
    ],
)  # fmt: skip
def test_kits_play_their_samplers_own_notes(name, notes):
    """Kick, snare, closed and open hat, crash, as the makers' default maps have them."""
    kit = drummaps.load(name)

    assert tuple(kit.note(voice) for voice in ("kick", "snare", "hat_closed", "hat_open", "crash")) == notes


def test_what_is_played_by_a_stand_in_is_reported():
    """A musician is told that the cowbell became a ride bell."""
    small = DrumMap("small", "Small", {"kick": 36, "snare": 38, "hat_closed": 42})

    assert small.lost(["kick", "clap", "ride"]) == {"clap": "snare", "ride": "hat_closed"}


@pytest.mark.parametrize("name", drummaps.names())
def test_a_hat_that_stands_further_open_never_sounds_more_closed(name):
    """The pedal chooses among a kit's open hi-hats in their order, end to end, and each is read back as an open hat."""
    kit = drummaps.load(name)
    heard = list(dict.fromkeys(kit.note("hat_open", openness) for openness in range(127, -1, -1)))

    assert heard == list(kit.hat_opens or (kit.note("hat_open"),))
    assert {kit.voices()[note] for note in heard} == {"hat_open"}
    assert kit.note("hat_closed", 20) == kit.note("hat_closed")


def test_a_half_open_hat_has_its_own_note():
    """A half-open stroke, a wide open one and one of which nothing is said sound from three of four open hats."""
    groove = pattern(Hit(0, "hat_open", 70, 0, 58), Hit(480, "hat_open", 70, 0, 5), Hit(960, "hat_open", 70))

    rows = compile_pattern(groove, drummaps.load("superior3"), 10)

    assert [row.data1 for row in rows] == [25, 60, 26]


def test_hat_openness_is_sent_before_its_stroke_in_the_kits_own_sense():
    """CC 4 leaves before the note, only when it changes, and upside down where the kit wants it so."""
    groove = pattern(Hit(0, "hat_closed", 70), Hit(480, "hat_closed", 70), Hit(960, "hat_open", 70, 0, 20))
    kit = DrumMap("e-kit", "E-kit", {"hat_closed": 42, "hat_open": 46}, hat_controller=4)
    upside_down = DrumMap("e-kit", "E-kit", kit.notes, hat_controller=4, hat_inverted=True)

    rows = [(row.tick, row.status & 0xF0, row.data1, row.data2) for row in compile_pattern(groove, kit, 10)]

    assert rows == [(0, 0xB0, 4, 90), (0, 0x90, 42, 70), (480, 0x90, 42, 70), (960, 0xB0, 4, 20), (960, 0x90, 46, 70)]
    assert compile_pattern(groove, upside_down, 10)[0].data2 == 37


def test_a_midi_file_holds_metre_tempo_and_every_note_with_its_off():
    """Any DAW shows the bars as they are and no note hangs."""
    hits = [Hit(tick, "hat_closed", 80) for tick in range(0, 6720, 60)] + [Hit(0, "kick", 100)]
    data = to_midi(pattern(*hits, bars=2, meter="7/8"), GM, tempo=96)
    file = mido.MidiFile(file=io.BytesIO(data))
    messages = list(file.tracks[0])

    assert data == to_midi(pattern(*hits, bars=2, meter="7/8"), GM, tempo=96)
    assert round(mido.tempo2bpm(next(m.tempo for m in messages if m.type == "set_tempo"))) == 96
    assert [(m.numerator, m.denominator) for m in messages if m.type == "time_signature"] == [(7, 8)]
    assert sum(m.time for m in messages) == 2 * 7 * 480
    sounding: set[int] = set()
    for message in messages:
        if message.type == "note_on":
            assert message.note not in sounding
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.remove(message.note)
    assert not sounding
    assert sum(m.type == "note_on" for m in messages) == len(hits)


def test_an_export_read_back_is_the_same_groove():
    """Where each hit sounds, how loud and on what survives the file."""
    groove = pattern(
        Hit(0, "kick", 100), Hit(960, "snare", 90, 17), Hit(1680, "hat_open", 60, -9), Hit(2880, "snare", 31)
    )

    back = from_midi(to_midi(groove, GM), GM)

    assert [(h.tick + h.shift, h.voice, h.velocity) for h in back.hits] == [
        (h.tick + h.shift, h.voice, h.velocity) for h in groove.hits
    ]


@pytest.mark.parametrize(
    "data", [b"", b"MThd", b"not midi at all", b"MThd\0\0\0\6\0\0\0\1\3\xc0MTrk\0\0\0\4\0\xff\x2f\0"]
)
def test_a_file_that_is_no_drumming_is_refused_in_words(data):
    """Empty, cut, foreign or without notes: a clear error each time."""
    with pytest.raises(InvalidRequest):
        from_midi(data, GM)


@pytest.mark.parametrize("data", [b"", b"no MIDI at all", b"MThd"])
def test_what_is_no_midi_is_refused_with_a_whole_sentence(data: bytes):
    """An end of file has no words of its own; nothing hangs on a colon."""
    with pytest.raises(InvalidRequest) as caught:
        from_midi(data, GM)

    assert not str(caught.value).rstrip(" .").endswith(":")


@pytest.fixture
def library(tmp_path):
    """An empty library."""
    (tmp_path / "patterns").mkdir()
    (tmp_path / "exports").mkdir()
    return Library(tmp_path / "patterns", tmp_path / "exports")


def test_a_kept_pattern_is_there_after_a_restart(library, tmp_path):
    """Pattern, name and favourite mark come back as they were."""
    kept = pattern(Hit(0, "kick", 100), name="Four on the floor")
    library.put(kept)
    library.favourite(kept.id, value=True)

    again = Library(tmp_path / "patterns", tmp_path / "exports")
    again.open()

    assert again.get(kept.id) == kept
    assert again.list(favourites=True)[0]["name"] == "Four on the floor"
    assert again.list("floor four")
    assert not again.list("waltz")


def test_a_broken_file_is_passed_over_and_left_alone(library, tmp_path):
    """One bad file must cost neither the others nor itself."""
    library.put(pattern(Hit(0, "kick", 100)))
    bad = tmp_path / "patterns" / "bad.json"
    bad.write_text('{"pattern": {"hits": "many"}}')
    (tmp_path / "patterns" / "list.json").write_text("[1]")

    again = Library(tmp_path / "patterns", tmp_path / "exports")
    again.open()

    assert len(again) == 1
    assert len(again.broken) == 2
    assert json.loads(bad.read_text())


def test_next_goes_around_the_library(library):
    """After the last pattern comes the first; an empty library has none."""
    assert library.after(None) is None
    first, second = pattern(Hit(0, "kick", 100)), pattern(Hit(0, "snare", 100))
    library.put(first)
    library.put(second)

    assert library.after(first.id) == second
    assert library.after(second.id) == first
    assert library.after("p-unknown") == first


@pytest.mark.parametrize("name", ["../x", "a/b", "", "A", "a.b", "x" * 65, "..", "a\0b"])
def test_an_export_is_a_name_and_never_a_path(library, name):
    """Nothing a client sends can point outside the exports folder."""
    with pytest.raises(InvalidRequest):
        library.export(name, b"")
    assert library.exported(name) is None


def test_an_unknown_id_is_said_to_be_unknown(library):
    """Get, delete and favourite of a pattern that is not there say so."""
    for act in (library.get, library.delete, lambda name: library.favourite(name, value=True)):
        with pytest.raises(UnknownPattern):
            act("p-none")


@pytest.mark.parametrize(
    ("words", "name"), [("Half-time Shuffle!", "half-time-shuffle"), ("", "p-1"), ("ü" * 9, "p-1")]
)
def test_titles_become_plain_file_names(words, name):
    """A DAW's browser shows names people can read."""
    assert file_name(words, "p-1") == name
