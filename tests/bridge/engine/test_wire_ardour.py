"""Ardour 7 itself drives the engine, headless: start, stop, continue, late start, a locate while rolling."""

import shutil
import subprocess

import pytest

from bridge.engine.link import Row
from tests.support.engine import EngineProcess
from tests.support.jack import Midilab, jack_server, midilab  # noqa: F401 - fixtures

pytestmark = [pytest.mark.wire, pytest.mark.lab]

SCRIPT = """
AudioEngine:set_backend ("JACK", "ardour", "")
AudioEngine:start (true)
ARDOUR.config ():set_send_midi_clock (true)
s = create_session ("FOLDER", "t", 48000)
assert (s)
sleep (1)
AudioEngine:connect ("ardour:MIDI Clock out", "drumbridge:in")
print ("connected")
io.stdout:flush ()
sleep (1)
local ui = ARDOUR.TransportRequestSource.TRS_UI
local how = ARDOUR.LocateTransportDisposition
s:request_roll (ui); sleep (5)
s:request_stop (false, false, ui); sleep (1)
s:request_roll (ui); sleep (2)
s:request_stop (false, false, ui); sleep (1)
s:request_locate (192000, false, how.MustStop, ui); sleep (1)
s:request_roll (ui); sleep (3)
s:request_locate (0, false, how.MustRoll, ui); sleep (2)
s:request_stop (false, false, ui); sleep (1)
close_session ()
quit ()
"""


def test_ardour_is_followed_through_all_its_orders(jack_server, midilab, tmp_path):  # noqa: F811 - the fixtures
    """After each Start and Continue the hits are those of the song's position (read at a sixth), each on its beat."""
    if shutil.which("ardour7-lua") is None:
        pytest.skip("ardour is not installed (apt install ardour)")
    script = tmp_path / "go.lua"
    script.write_text(SCRIPT.replace("FOLDER", str(tmp_path / "session")))
    with EngineProcess(tmp_path / "sounding", "--midi", "jack", "--sync", "clock", env=jack_server.env) as engine:
        engine.wait("ready")
        engine.load("p", [Row(beat * 960, 60, 0x99, 36 + beat, 100, 0) for beat in range(4)])
        engine.ask("queue", id="p", at="bar")
        command = ["timeout", "-k", "2", "60", "ardour7-lua", str(script)]
        env = {**jack_server.env, "HOME": str(tmp_path)}
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as ardour:
            if not any("connected" in line for line in ardour.stdout):
                pytest.skip("Ardour made no session on this JACK server, as it sometimes does")
            take = midilab.start([], 19, source="(drumbridge.*:out|ardour:MIDI Clock out)")
            ardour.wait(60)
        _, recorded = midilab.finish(take)
        engine.end()

    runs, position = [], 0
    for t, data in recorded:
        if data[0] == 0xF2:
            position = (data[1] | data[2] << 7) // 6 // 4
        elif data[0] in {0xFA, 0xFB}:
            runs.append((t, 0 if data[0] == 0xFA else position, []))
        elif data[0] == 0xFC and runs:
            runs.append((t, -1, []))
        elif data[0] == 0x99:
            runs[-1][2].append((t, data[1]))

    playing = [run for run in runs if run[1] >= 0]
    assert [run[1] for run in playing][:1] == [0]
    assert len(playing) == 4
    assert not [notes for _, first, notes in runs if first < 0 and notes]
    for start, first, notes in playing:
        assert len(notes) >= 4
        assert [note for _, note in notes] == [36 + (first + n) % 4 for n in range(len(notes))]
        assert max(abs(t - start - n * 0.5) for n, (t, _) in enumerate(notes)) < 0.004
