"""Two real peers of an Ableton Link session: the engine, and one here."""

import time

import pytest

from tests.support.engine import EngineProcess, groove

pytestmark = [pytest.mark.wire, pytest.mark.lab]

link = pytest.importorskip("link", reason="the extra [link] is not installed")


@pytest.fixture
def peer():
    """A peer of ours at 100 bpm."""
    other = link.Link(100)
    other.startStopSyncEnabled = True
    other.enabled = True
    yield other
    other.enabled = False


def wait_for(question, seconds=5.0):
    """Ask again and again what the network has to answer, with a bound."""
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def meet(peer):
    """Wait until the two know each other."""
    if not wait_for(lambda: peer.numPeers() == 1):
        pytest.skip("no multicast on this machine: peers do not find each other")


def test_tempo_phase_start_and_stop_are_shared(peer, tmp_path):
    """The engine takes the session's tempo, starts and stops with it, and its beats lie on the session's bars."""
    with EngineProcess(tmp_path / "s", "--midi", "none", "--sync", "link") as engine:
        engine.wait("ready")
        engine.load("p", groove(step=960))
        meet(peer)

        def agreed():  # two sessions that have just met may still be making up whose tempo it is
            state = peer.captureSessionState()
            state.setTempo(133, peer.clock().micros())
            peer.commitSessionState(state)
            return abs(engine.ask("status")["transport"]["bpm"] - 133) < 0.01

        assert wait_for(agreed)
        engine.ask("queue", id="p", at="bar")
        rows = []
        while len(rows) < 6:
            rows += engine.wait("notes")["rows"]
        status = engine.ask("status")["transport"]
        offset = time.monotonic() - peer.clock().micros() / 1e6
        state = peer.captureSessionState()
        phases = [state.phaseAtTime(int((row[0] - offset) * 1e6), 4) - row[2] / 960 % 4 for row in rows]

        assert (status["source"], status["bpm"]) == ("link", pytest.approx(133, abs=0.01))
        assert max(abs((phase + 2) % 4 - 2) for phase in phases[1:]) * 60 / 133 < 0.003

        state.setIsPlaying(False, peer.clock().micros())  # noqa: FBT003 - Link's own signature
        peer.commitSessionState(state)
        engine.wait(lambda e: e["e"] == "transport" and e["state"] == "stopped")
        assert engine.ask("status")["sounding"] == 0


def test_our_play_and_tempo_reach_the_others_and_their_start_reaches_us(peer, tmp_path):
    """Play and a tempo asked of the engine are the session's; a peer's stop and start are ours."""
    with EngineProcess(tmp_path / "s", "--midi", "none", "--sync", "link") as engine:
        engine.wait("ready")
        engine.load("p", groove(step=960))
        meet(peer)
        engine.ask("queue", id="p", at="bar")
        engine.ask("tempo", bpm=87)

        assert wait_for(lambda: peer.captureSessionState().isPlaying())
        assert wait_for(lambda: abs(peer.captureSessionState().tempo() - 87) < 0.01)
        engine.wait("notes")
        engine.ask("stop")
        engine.wait(lambda e: e["e"] == "transport" and e["state"] == "stopped")
        assert wait_for(lambda: not peer.captureSessionState().isPlaying())
        state = peer.captureSessionState()
        state.setIsPlayingAndRequestBeatAtTime(True, peer.clock().micros(), 0, 4)  # noqa: FBT003 - Link's own signature
        peer.commitSessionState(state)
        # Of a start that is a moment old, the first hit is told before the transport.
        assert engine.wait("notes")["rows"][0][2] == 0
        assert engine.ask("status")["transport"]["state"] == "playing"
