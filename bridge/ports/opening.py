"""Which MIDI system to use: tries what the user allows, in order, and says why when nothing works.

Never starts a server and never falls back silently to a library that only pretends ("Dummy").
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from bridge.ports.base import Incoming, Port, PortError, Unusable, Wish
from bridge.ports.scripted import ScriptedPort

CHOICES: Final = ("auto", "alsa", "jack", "jack-rtmidi", "coremidi", "winmm", "none")


def _jack() -> Port:
    from bridge.ports.jackclient import JackPort  # noqa: PLC0415 -- only who wants JACK pays for loading it

    return JackPort()


def _any_jack() -> Port:
    """JACK by name: frame-exact, or through RtMidi (which brings a libjack of its own) where that cannot be loaded."""
    try:
        import jack  # noqa: F401, PLC0415 -- likewise
    except (ImportError, OSError):
        return _rtmidi("jack")()
    return _jack()


def _rtmidi(api: str) -> Callable[[], Port]:
    def make() -> Port:
        from bridge.ports.rtmidi import RtMidiPort  # noqa: PLC0415 -- likewise

        return RtMidiPort(api)

    return make


def candidates(midi: str, platform: str = sys.platform) -> list[Callable[[], Port]]:
    """Return what to try for `--midi`, best first."""
    if midi == "jack":
        return [_any_jack]
    if midi == "jack-rtmidi":
        return [_rtmidi("jack")]
    if midi in {"alsa", "coremidi", "winmm"}:
        return [_rtmidi(midi)]
    if midi == "none":
        return []
    if platform == "darwin":
        return [_rtmidi("coremidi")]
    if platform == "win32":
        return [_rtmidi("winmm")]
    return [_jack, _rtmidi("alsa")]


def open_port(midi: str, wish: Wish, incoming: Incoming) -> Port:
    """Open the first that works. `auto` and `none` always give a port: at worst one without wires that says why.

    Raises:
        PortError: When a system was asked for by name and does not work.
        Unusable: When the MIDI library itself is a dummy.
    """
    failures: list[PortError] = []
    for make in candidates(midi):
        port = make()
        try:
            port.open(wish, incoming)
        except Unusable:
            raise
        except PortError as error:
            failures.append(error)
        else:
            return port
    if midi not in {"auto", "none"}:
        raise failures[0]
    why = "; ".join(f"{error} ({error.fix})" if error.fix else str(error) for error in failures)
    port = ScriptedPort(why=why or "no MIDI asked for (--midi none)")
    port.open(wish, incoming)
    return port
