"""Controls to actions."""

import pytest

from bridge.mapping import ACTIONS, DEFAULT, Control, Mapping, Trigger, read_triggers, steps
from bridge.settings import ROWS


def names(actions):
    """The actions' names, for short comparisons."""
    return [action.name for action in actions]


def test_a_held_button_asks_once():
    """Controllers repeat a held value; only the press itself counts."""
    mapping = Mapping()
    values = (127, 127, 100, 0, 127)

    asked = [len(mapping.handle(bytes([0xB0, 20, value]), 1.0)) for value in values]

    assert asked == [1, 0, 0, 0, 1]


def test_a_knob_that_trembles_on_a_buttons_edge_asks_once():
    """A knob resting at 64 jitters by one; that is no hand pressing."""
    mapping = Mapping()

    asked = [mapping.handle(bytes([0xB0, 20, 63 + n % 2]), n * 0.01) for n in range(1, 200)]

    assert sum(map(len, asked)) == 1
    assert len(mapping.handle(bytes([0xB0, 20, 0]), 2.0) + mapping.handle(bytes([0xB0, 20, 127]), 2.05)) == 1


def test_every_default_trigger_does_what_the_contract_says():
    """The table of the contract, row by row."""
    wanted = {
        20: "generate", 21: "vary", 22: "fill", 23: "play_stop", 24: "next", 25: "complexity", 26: "density",
        27: "swing", 28: "humanize", 29: "genre", 30: "drummer", 31: "bars", 85: "undo", 86: "ai", 87: "favourite",
        120: "panic", 123: "panic",
    }  # fmt: skip

    found = {row.control.number: row.action for row in DEFAULT}

    assert {number: found[number] for number in wanted} == wanted
    assert set(found) - set(wanted) <= set(range(102, 120)), "additions keep to the controllers that MIDI leaves free"


def test_every_knob_of_the_table_has_its_controller_by_default():
    """A setting with a CC is turned by that CC, and by no other."""
    found = {row.control.number: row.action for row in DEFAULT}

    for row in ROWS:
        if row.cc is not None:
            assert found[row.cc] == row.name
            assert row.name in ACTIONS


@pytest.mark.parametrize("channel", range(16))
def test_default_triggers_listen_on_every_channel(channel):
    """Nobody has to know which channel a controller sends on."""
    assert names(Mapping().handle(bytes([0xB0 | channel, 22, 127]), 0.0)) == ["fill"]


def test_panic_needs_no_value():
    """All-notes-off is sent with value 0 and is obeyed each time."""
    mapping = Mapping()

    assert names(mapping.handle(bytes([0xB0, 123, 0]), 0.0)) == ["panic"]
    assert names(mapping.handle(bytes([0xB0, 123, 0]), 0.1)) == ["panic"]


@pytest.mark.parametrize(
    "message", [b"", b"\x90", b"\x14\x7f\x00", b"\xb0\x14", b"\xb0\x14\xff", b"\xf8", b"\xf0\x01\xf7", b"\xb0\x63\x7f"]
)
def test_what_is_no_trigger_does_nothing(message):
    """Clock, sysex, broken bytes and unmapped controls ask for nothing."""
    assert Mapping().handle(message, 0.0) == []


def test_a_note_with_velocity_zero_is_a_release():
    """Pads that send note-on 0 for release fire once a hit."""
    mapping = Mapping([Trigger(Control("note", 36), "fill")])

    asked = [names(mapping.handle(bytes([0x99, 36, velocity]), 0.0)) for velocity in (10, 0, 127, 0)]

    assert asked == [["fill"], [], ["fill"], []]


def test_a_trigger_on_one_channel_ignores_the_others():
    """A row with a channel belongs to that controller alone."""
    mapping = Mapping([Trigger(Control("cc", 20, 3), "fill")])

    assert names(mapping.handle(b"\xb2\x14\x7f", 0.0)) == ["fill"]
    assert mapping.handle(b"\xb3\x14\x7f", 0.0) == []


@pytest.mark.parametrize(
    ("encoding", "value", "moved"),
    [("twos", 1, 1), ("twos", 127, -1), ("offset", 65, 1), ("offset", 63, -1), ("signed", 1, 1), ("signed", 65, -1)],
)
def test_relative_encoders_of_three_makes_turn_both_ways(encoding, value, moved):
    """The same byte means forward on one make and back on another."""
    assert steps(value, encoding) == moved


@pytest.mark.parametrize(
    "row",
    [
        {"number": 200, "action": "fill"},
        {"number": 1, "action": "explode"},
        {"number": 1, "action": "fill", "at": "never"},
        {"number": 1, "action": "fill", "channel": 17},
        {"number": True, "action": "fill"},
        {"number": 1, "action": "fill", "colour": "red"},
        "fill",
    ],
)
def test_a_bad_row_of_a_mapping_is_named(row):
    """The message says which row and what it must be."""
    with pytest.raises(ValueError, match="mapping row 1"):
        read_triggers([row])
