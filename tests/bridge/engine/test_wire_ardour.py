"""Ardour 7 itself drives the engine, headless: starts, stops, continue, a locate while rolling, a loop, new tempi."""

import os
import shutil
import subprocess
from itertools import pairwise
from statistics import median

import pytest

from bridge.engine.link import Row
from tests.support.engine import EngineProcess
from tests.support.jack import Midilab, jack_server, midilab, need  # noqa: F401 - fixtures
from tests.support.timing import HELD_UP_MS

TWICE_S = 0.003
pytestmark = [pytest.mark.wire, pytest.mark.lab]

# The session is made without JACK: making one there upsets its server now and then.
MAKE = """
AudioEngine:set_backend ("None (Dummy)", "", "")
AudioEngine:start (true)
s = create_session ("FOLDER", "t", 48000)
assert (s)
s:locations ():add_range (Temporal.timepos_t (96000), Temporal.timepos_t (192000))
s:save_state ("")
close_session ()
quit ()
"""
DRIVE = """
AudioEngine:set_backend ("JACK", "ardour", "")
AudioEngine:start (true)
ARDOUR.config ():set_send_midi_clock (true)
s = load_session ("FOLDER", "t")
assert (s and s:locations ():auto_loop_location ())
sleep (1)
AudioEngine:connect ("ardour:MIDI Clock out", "drumbridge:in")
print ("connected")
io.stdout:flush ()
sleep (1)
local ui = ARDOUR.TransportRequestSource.TRS_UI
local how = ARDOUR.LocateTransportDisposition
function roll (seconds) s:request_roll (ui); sleep (seconds) end
function stop () s:request_stop (false, false, ui); sleep (0.7) end
function tempo (bpm)
  local map = Temporal.TempoMap.fetch_writable ()
  map:set_tempo (Temporal.Tempo (bpm, bpm, 4), Temporal.timepos_t (0))
  Temporal.TempoMap.update (map)
end
roll (3); stop ()
roll (2); stop ()
s:request_locate (192000, false, how.MustStop, ui); sleep (0.7)
roll (2.5)
s:request_locate (0, false, how.MustRoll, ui); sleep (2); stop ()
s:request_locate (96000, false, how.MustStop, ui); sleep (0.7)
s:request_play_loop (true, false); sleep (5.2); stop ()
s:request_play_loop (false, false); sleep (0.2)
s:request_locate (0, false, how.MustStop, ui); sleep (0.7)
roll (2.3); tempo (140); sleep (2.5); tempo (100); sleep (2.5); stop ()
close_session ()
quit ()
"""


def lua(name, script, folder, env):
    """Return the arguments of a Popen that runs a script of Ardour's."""
    path = folder / f"{name}.lua"
    path.write_text(script.replace("FOLDER", str(folder / "session")))
    return {"args": ["timeout", "-k", "2", "60", "ardour7-lua", str(path)], "env": {**env, "HOME": str(folder)}}


class Run:
    """What was heard from one order to the next, but for what JACK handed on twice. `first`: its beat, None: a rest."""

    def __init__(self, first):
        self.first, self.clocks, self.notes = first, [], []

    def hear(self, t, data):
        """Keep a clock or a hit."""
        if data[0] == 0xF8 and (not self.clocks or t > self.clocks[-1] + TWICE_S):
            self.clocks.append(t)
        elif data[0] == 0x99 and (not self.notes or data[1] != self.notes[-1][1] or t > self.notes[-1][0] + TWICE_S):
            self.notes.append((t, data[1]))

    def beats(self):
        """Return when the beats are, by the clocks that came: JACK may have lost some."""
        out, place, usual = self.clocks[:1], 0, 0.0
        for before, at in pairwise(self.clocks):
            steps = max(1, round((at - before) / usual)) if usual else 1
            usual = (at - before) / steps
            out += [at - (place + steps - beat) * usual for beat in range(place // 24 * 24 + 24, place + steps + 1, 24)]
            place += steps
        return out


def runs_of(recorded):
    """Cut a recording at the orders in it; Ardour 7.3 tells a position that is six times too big."""
    runs, beat = [Run(None)], 0
    for t, data in recorded:
        if data[0] == 0xF2:
            beat = (data[1] | data[2] << 7) // 6 // 4
        elif data[0] in {0xFA, 0xFB, 0xFC}:
            runs.append(Run({0xFA: 0, 0xFB: beat, 0xFC: None}[data[0]]))
        else:
            runs[-1].hear(t, data)
    return runs


def judge(recorded):
    """Hold that each hit is where it belongs; one in ten may be lost in the many xruns that Ardour causes."""
    runs = runs_of(recorded)
    playing = [run for run in runs if run.first is not None and run.clocks]
    off, missing, due = [], 0, 0
    for run in playing:
        heard = list(run.notes)
        for number, at in enumerate(run.beats()):
            found = min(heard, key=lambda note, at=at: abs(note[0] - at), default=None)
            due += 1
            if found is None or abs(found[0] - at) * 1000 > HELD_UP_MS:
                missing += at < run.clocks[-1] - 0.01  # a Stop in that moment may keep it from sounding
                continue
            assert found[1] == 36 + (run.first + number) % 4
            off.append(abs(found[0] - at) * 1000)
            heard.remove(found)
        assert not heard, "a hit that belongs nowhere"
    lengths = [median(b - a for a, b in pairwise(part)) for part in (playing[-1].clocks[:24], playing[-1].clocks[-24:])]

    assert not [run.notes for run in runs if run.first is None and run.notes]
    assert [run.first for run in playing[:1]] == [0]
    assert [run.first for run in playing].count(4) >= 2  # the loop went round
    assert lengths == [pytest.approx(60 / 120 / 24, rel=0.05), pytest.approx(60 / 100 / 24, rel=0.05)]
    assert due > 35
    assert missing <= due // 10
    assert sorted(off)[len(off) * 9 // 10] < 4.0


def test_ardour_is_followed_through_all_its_orders(jack_server, midilab, tmp_path):  # noqa: F811 - the fixtures
    """After each order, in each pass of a loop, at each tempo: the hits are those of the position, on the beat."""
    if shutil.which("ardour7-lua") is None:
        pytest.skip("ardour is not installed (apt install ardour)")
    subprocess.run(**lua("make", MAKE, tmp_path, os.environ), capture_output=True, check=False)
    session = tmp_path / "session" / "t.ardour"
    need(session.exists(), "Ardour makes no session here")
    session.write_text(session.read_text().replace('flags="IsRangeMarker"', 'flags="IsAutoLoop"'))
    with EngineProcess(tmp_path / "sounding", "--midi", "jack", "--sync", "clock", env=jack_server.env) as engine:
        engine.wait("ready")
        engine.load("p", [Row(beat * 960, 60, 0x99, 36 + beat, 100, 0) for beat in range(4)])
        engine.ask("queue", id="p", at="bar")
        drive = lua("drive", DRIVE, tmp_path, jack_server.env)
        with subprocess.Popen(**drive, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as ardour:
            if not any("connected" in line for line in ardour.stdout):
                pytest.skip("Ardour does not come up on this JACK server, as it sometimes does")
            take = midilab.start([], 36, source="(drumbridge.*:out|ardour:MIDI Clock out)")
            ardour.wait(60)
        _, recorded = midilab.finish(take)
        engine.end()
    judge(recorded)
