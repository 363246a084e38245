"""Names, legality, choice of backend, and RtMidi behind its wrapper, without any MIDI system."""

import sys
import types

import pytest

from bridge.ports import opening
from bridge.ports.base import Parcel, PortError, Unusable, Wish, legal, match_name, normal_name
from bridge.ports.jackclient import Unheard
from bridge.ports.rtmidi import RtMidiPort
from bridge.ports.scripted import ScriptedPort


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("2- USB MIDI", "usb midi"), ("loopMIDI Port 1", "loopmidi port"), ("nanoKONTROL2 (2)", "nanokontrol"),
        ("Midi Through:Midi Through Port-0 14:0", "midi through:midi through port"),
        ("drumbridge-01:out", "drumbridge:out"), ("IAC Driver  Bus 1", "iac driver bus"),
    ],
)  # fmt: skip
def test_names_lose_what_systems_add(name, normal):
    """Numbers, client ids and suffixes come and go between two starts; the rest is the name."""
    assert normal_name(name) == normal


def test_a_port_is_found_by_what_the_user_calls_it():
    """Exactly, by its normal name, or by a part that only one port has; never by a guess between two."""
    names = ["2- USB MIDI", "Launchpad Mini 28:0", "Launchkey 30:0"]

    assert match_name("USB MIDI", names) == "2- USB MIDI"
    assert match_name("launchpad mini", names) == "Launchpad Mini 28:0"
    assert match_name("key", names) == "Launchkey 30:0"
    assert match_name("Launch", names) is None
    assert match_name("nothing", names) is None


@pytest.mark.parametrize("data", ["992464", "c005", "f8", "f20102", "f07d01f7", "e00040"])
def test_whole_messages_are_legal(data):
    """What MIDI allows may leave."""
    assert legal(bytes.fromhex(data))


@pytest.mark.parametrize(
    "data", ["", "90", "9024", "992480", "24", "f4", "f5", "f07d01", "f07d80f7", "99246400", "f9", "ff00"]
)
def test_anything_else_never_leaves(data):
    """Cut, padded, undefined and data bytes above 127: the port swallows them."""
    port = ScriptedPort()
    port.send(Parcel(0.0, bytes.fromhex(data)))

    assert not legal(bytes.fromhex(data))
    assert not port.sent


def _library(monkeypatch, *, apis, names=(), fail=None):
    """Put a python-rtmidi of our own in the place of the real one."""
    module = types.ModuleType("rtmidi")
    sent = []

    class End:
        def __init__(self, api, name):
            if fail is not None:
                raise fail

        def get_ports(self):
            return list(names)

        def open_virtual_port(self, name):
            self.opened = name

        def open_port(self, number):
            self.opened = names[number]

        def ignore_types(self, **kinds):
            pass

        def set_callback(self, heard):
            module.heard = heard

        def send_message(self, data):
            if module.broken:
                raise RuntimeError("gone")
            sent.append(data)

        def close_port(self):
            pass

        def delete(self):
            pass

    module.MidiIn = module.MidiOut = End
    module.broken = False
    module.get_compiled_api = lambda: apis
    for number, name in enumerate(["MACOSX_CORE", "LINUX_ALSA", "UNIX_JACK", "WINDOWS_MM", "RTMIDI_DUMMY"], 1):
        setattr(module, f"API_{name}", number)
    monkeypatch.setitem(sys.modules, "rtmidi", module)
    return module, sent


def test_a_dummy_build_is_refused_with_the_fix(monkeypatch):
    """A library without any MIDI system would swallow every note: that is exit 7 and what to install."""
    _library(monkeypatch, apis=[5])

    with pytest.raises(Unusable, match="Dummy") as caught:
        opening.open_port("alsa", Wish(), lambda _: None)
    assert "pip install" in caught.value.fix


def test_a_message_leaves_and_comes_in(monkeypatch):
    """Bytes go to the library as they are; what it hears comes with the time it was heard."""
    module, sent = _library(monkeypatch, apis=[2])
    heard = []
    port = RtMidiPort("alsa")
    port.open(Wish(), heard.extend)
    port.send(Parcel(0.0, b"\x99\x24\x64"))
    port.send(Parcel(0.0, b"\x99\xff\x64"))
    module.heard(([0xFA], 0.0))

    assert sent == [b"\x99\x24\x64"]
    assert [data for _, data in heard] == [b"\xfa"]
    assert len(port.gone) == 1


def test_a_vanished_port_is_told_and_not_raised(monkeypatch):
    """The music goes on into nothing; the watcher hears why."""
    module, _ = _library(monkeypatch, apis=[2])
    port = RtMidiPort("alsa")
    port.open(Wish(), lambda _: None)
    module.broken = True
    port.send(Parcel(0.0, b"\x99\x24\x64"))

    assert "gone" in port.alive()


def test_windows_takes_its_loopback_pair(monkeypatch):
    """No virtual ports there: A is written, B is read; a missing pair is explained."""
    _library(monkeypatch, apis=[4], names=["Default App Loopback (A)", "Default App Loopback (B)"])
    port = RtMidiPort("winmm")
    port.open(Wish(), lambda _: None)
    assert (port.out, port.in_) == ("Default App Loopback (A)", "Default App Loopback (B)")

    _library(monkeypatch, apis=[4], names=["Microsoft GS Wavetable Synth"])
    with pytest.raises(PortError) as caught:
        RtMidiPort("winmm").open(Wish(), lambda _: None)
    assert "loopMIDI" in caught.value.fix


def test_a_named_port_that_is_not_there_is_named(monkeypatch):
    """The error lists what there is."""
    _library(monkeypatch, apis=[2], names=["Synth 20:0"])

    with pytest.raises(PortError, match=r"no MIDI port called 'Piano'.*Synth 20:0"):
        RtMidiPort("alsa").open(Wish(out="Piano"), lambda _: None)


def test_auto_goes_on_without_wires_and_says_why(monkeypatch):
    """When nothing works there is still a port, and its reason."""

    def broken():
        class Port:
            def open(self, wish, incoming):
                raise PortError("no server", "start one")

        return Port()

    monkeypatch.setattr(opening, "candidates", lambda _midi: [broken, broken])
    port = opening.open_port("auto", Wish(), lambda _: None)

    assert port.backend == "none"
    assert "no server (start one)" in port.why
    with pytest.raises(PortError, match="no server") as caught:
        opening.open_port("jack", Wish(), lambda _: None)
    assert caught.value.fix == "start one"


@pytest.mark.parametrize(("platform", "count"), [("linux", 2), ("darwin", 1), ("win32", 1)])
def test_each_system_has_its_own_order(platform, count):
    """JACK then ALSA on Linux; the system's own elsewhere; none means none."""
    assert len(opening.candidates("auto", platform)) == count
    assert opening.candidates("none", platform) == []


def test_the_scripted_port_plays_the_outside_world():
    """What is fed comes in while it is open, and not after."""
    port, heard = ScriptedPort(), []
    port.open(Wish(), heard.extend)
    port.feed((1.0, b"\xf8"))
    port.close()
    port.feed((2.0, b"\xf8"))

    assert heard == [(1.0, b"\xf8")]


OFF, OTHER_OFF, ON = b"\x89\x24\x00", b"\x89\x26\x00", b"\x99\x24\x64"


@pytest.mark.parametrize(
    ("first", "step", "repeated"),
    [(64, 64, []), (64, 0, [OFF, OTHER_OFF]), (64, 128, [OFF, OTHER_OFF]), ((1 << 32) - 64, 64, [])],
    ids=["regular", "the same cycle again", "a cycle skipped", "the counter turns over"],
)
def test_note_offs_that_an_xrun_may_have_swallowed_are_said_again(first, step, repeated):
    """When cycles do not follow each other nobody knows what was read: offs are repeated, and nothing that sounds."""
    unheard = Unheard()
    unheard.cycle(first, 64)
    unheard.wrote([ON, OFF, b"\xf8", OTHER_OFF])

    assert unheard.cycle((first + step) & 0xFFFFFFFF, 64) == repeated


def test_an_xrun_of_a_listener_puts_the_latest_cycles_in_doubt():
    """The server tells of it some cycles later; what is older was heard for sure."""
    unheard = Unheard()
    said = []
    for number in range(20):
        unheard.xrun = number in {5, 19}
        said.append(unheard.cycle(64 * number, 64))
        unheard.wrote([OFF] if number == 2 else [])

    assert [number for number, again in enumerate(said) if again] == [5]


def test_a_repeated_note_off_never_ends_the_next_stroke():
    """A note that was struck again in the same cycle keeps sounding; a second xrun repeats what the first did."""
    unheard = Unheard()
    unheard.cycle(0, 64)
    unheard.wrote([OFF, OTHER_OFF, ON])
    again = unheard.cycle(0, 64)
    unheard.wrote(again)

    assert again == [OTHER_OFF]
    assert unheard.cycle(192, 64) == [OTHER_OFF]
