"""MIDI learn and the mapping's file."""

import asyncio
import json

import pytest

from bridge.controls import Controls
from bridge.learning import Learner, learned
from bridge.mapping import DEFAULT, Control, Trigger
from bridge.rpc import RpcError
from router.errors import InvalidSetting


def hear(action, *messages):
    """What a learner makes of messages, one after the other."""
    learner = Learner(action, 0.0)
    return [learner.hear(bytes(message)) for message in messages], learner.question


@pytest.mark.parametrize(
    ("message", "control"),
    [
        ((0xB2, 50, 127), Control("cc", 50, 3)),
        ((0x99, 36, 1), Control("note", 36, 10)),
        ((0xC0, 5), Control("program", 5, 1)),
    ],
)
def test_a_button_is_learned_from_its_first_press(message, control):
    """CC, pad or program: what is pressed is meant."""
    assert hear("fill", message)[0] == [Trigger(control, "fill")]


@pytest.mark.parametrize("message", [(0xB0, 50, 0), (0x90, 36, 0), (0x80, 36, 64), (0xF8,), (0xE0, 0, 64)])
def test_releases_and_the_clock_teach_nothing(message):
    """Letting go of something, or a running clock, is not a choice."""
    assert hear("fill", message)[0] == [None]


def test_a_fader_is_told_from_an_encoder_by_its_values():
    """Three values that no encoder sends are a fader."""
    assert hear("density", (0xB0, 7, 20), (0xB0, 7, 22), (0xB0, 7, 25))[0][-1] == Trigger(
        Control("cc", 7, 1), "density"
    )


@pytest.mark.parametrize(("forth", "back", "encoding"), [(1, 127, "twos"), (65, 63, "offset"), (1, 65, "signed")])
def test_an_encoder_is_known_after_a_turn_each_way(forth, back, encoding):
    """One way alone is ambiguous and asks for the other."""
    first, question = hear("swing", (0xB0, 16, forth))
    both, _ = hear("swing", (0xB0, 16, forth), (0xB0, 16, back))

    assert first == [None]
    assert question == "turn it one step the other way"
    assert both[-1] == Trigger(Control("cc", 16, 1), "swing", "bar", encoding)


def test_a_control_means_one_thing_afterwards():
    """CC 20 learned as fill no longer generates, on that channel or on any."""
    rows = learned(DEFAULT, Trigger(Control("cc", 20, 1), "fill"))

    assert [row.action for row in rows if row.control.number == 20] == ["fill"]
    assert len(rows) == len(DEFAULT)


def test_what_was_learned_lasts_and_can_be_taken_back(tmp_path):
    """A restart keeps it; null restores the contract's table."""
    file = tmp_path / "mapping.json"
    controls = Controls(file, None)
    controls.learn("tap", "now", 1.0)

    assert controls.hear(b"\x90\x30\x40", 2.0)
    assert not controls.hear(b"\x90\x30\x40", 2.1)
    again = Controls(file, None)
    assert {"kind": "note", "number": 48, "channel": 1, "action": "tap", "at": "now"} in again.rows()
    again.set(None)
    assert Controls(file, None).mapping.triggers == DEFAULT


def test_learning_ends_by_itself(tmp_path):
    """Nobody moved anything for half a minute: the next press is a press again."""
    controls = Controls(tmp_path / "mapping.json", None)
    controls.learn("tap", "now", 1.0)

    assert not controls.hear(b"\x90\x30\x40", 40.0)
    assert controls.learner is None


@pytest.mark.parametrize("text", ["", "[]", '{"triggers": [{"number": 999}]}', '{"triggers": 5}'])
def test_a_broken_mapping_file_leaves_the_defaults(tmp_path, text):
    """The controller works, the log says why it is not the user's mapping, the file stays."""
    file = tmp_path / "mapping.json"
    file.write_text(text)

    assert Controls(file, None).mapping.triggers == DEFAULT
    assert file.read_text() == text


def test_learning_over_the_socket_is_told_and_keeps_its_hands_off_the_music(stage):
    """While it waits a press teaches and does not play; the page sees each step."""

    async def teach():
        result = await stage.methods.call("subscribe", {"topics": ["midi"], "sub": "m"}, stage.client)
        result.after()
        await stage.call("learn.start", action="generate")
        stage.triggers.hear([(1.0, "b0147f")])
        return await stage.call("mappings.get")

    rows = asyncio.run(teach())["triggers"]

    assert {"kind": "cc", "number": 20, "channel": 1, "action": "generate", "at": "bar"} in rows
    assert stage.engine.commands("queue") == []
    steps = [item["data"]["learn"]["state"] for item in stage.heard if "learn" in item["data"]]
    assert steps == ["waiting", "learned"]


def test_a_bad_mapping_over_the_socket_changes_nothing(stage):
    """The row at fault is named; the mapping in use stays."""
    before = json.dumps(stage.triggers.controls.rows())

    with pytest.raises(RpcError, match="row 1"):
        asyncio.run(stage.call("mappings.set", triggers=[{"number": 500, "action": "fill"}]))
    with pytest.raises(RpcError, match="action"):
        asyncio.run(stage.call("learn.start", action="explode"))

    assert json.dumps(stage.triggers.controls.rows()) == before


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (3, "mapping is 3; it must hold one list, triggers"),
        ({"trigers": []}, 'mapping is {"trigers": []}; it must'),
        ({"triggers": 3}, "must hold one list"),
        ({"triggers": [{"number": 20, "action": ["fill"]}]}, 'row 1: action is ["fill"]; it must be one of'),
        ({"triggers": [{"number": 20, "action": "fill", "kind": []}]}, "row 1: kind is []; it must be cc, note or"),
    ],
)
def test_a_table_of_config_toml_that_is_no_mapping_is_refused_by_its_name(tmp_path, table, says):
    """A slip in its name is not a mapping without triggers, and never a traceback."""
    with pytest.raises(InvalidSetting, match=r"^config\.toml: mapping") as refused:
        Controls(tmp_path / "mapping.json", table)

    assert says in str(refused.value)


def test_a_table_of_config_toml_is_what_reset_leads_back_to(tmp_path):
    """Its triggers are in force until something is learned; an empty table changes nothing."""
    row = {"kind": "cc", "number": 7, "action": "fill"}

    assert [one.action for one in Controls(tmp_path / "mapping.json", {"triggers": [row]}).mapping.triggers] == ["fill"]
    assert Controls(tmp_path / "mapping.json", {}).mapping.triggers == DEFAULT
