"""RtMidi behind the five methods: ALSA, JACK, CoreMIDI, WinMM. python-rtmidi, or from Python 3.13 on supriya-midi.

A message leaves the moment it is handed over and is stamped when it is seen; nothing here waits. Refuses a library
built without any MIDI system ("Dummy"), which would swallow every note without a word.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import Any, Final

from bridge.ports.base import Incoming, Listing, Parcel, PortError, Unusable, Wish, legal, match_name

_API_NAMES: Final = {"alsa": "LINUX_ALSA", "jack": "UNIX_JACK", "coremidi": "MACOSX_CORE", "winmm": "WINDOWS_MM"}
_LOOPBACK: Final = ("Default App Loopback (A)", "Default App Loopback (B)")
_FIXES: Final = {
    "alsa": "load ALSA's sequencer (modprobe snd-seq), or start JACK",
    "jack": "start JACK; --midi jack uses the system's own libjack, where this library's may be too old for the server",
}
DUMMY_FIX: Final = (
    "reinstall it with its wheel (pip install --only-binary=:all: python-rtmidi, or supriya-midi on Python 3.13+)"
)


class RtMidiPort:
    """An output and an input of one RtMidi API; both virtual, or named."""

    def __init__(self, api: str) -> None:
        self.api = api
        self.backend = "jack-rtmidi" if api == "jack" else api
        self.out = ""
        self.in_ = ""
        self.lookahead = 0.0
        self.loop_delay = 0.0
        self.pending: deque[Parcel] = deque()
        self.gone: deque[Parcel] = deque(maxlen=65_536)
        self._out: Any = None
        self._in: Any = None
        self._probe: Any = None
        self._fault = ""
        self._last = 0.0

    def __repr__(self) -> str:
        return f"<RtMidiPort {self.backend} {self.out!r}>"

    def open(self, wish: Wish, incoming: Incoming) -> None:
        """Open both. Raises PortError, or Unusable for a Dummy build."""
        library = _Library.find()
        number = library.number(self.api)
        try:
            self._out = library.output(number, wish.client)
            self.out = self._open(self._out, wish.out, wish.client, "out")
            self._in = library.input(number, wish.client if self.api == "alsa" else f"{wish.client}-in")
            self._hear(incoming)
            self.in_ = self._open(self._in, wish.in_, wish.client, "in")
        except PortError:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise PortError(f"{self.backend}: {str(error).rstrip('.')}", _FIXES.get(self.api, "")) from error

    def _open(self, end: Any, name: str, client: str, way: str) -> str:
        names = list(end.get_ports())
        if name == "virtual" and self.api != "winmm":
            end.open_virtual_port(way if self.api in {"jack", "alsa"} else f"{client} {way}")
            return f"{client}:{way}" if self.api in {"jack", "alsa"} else f"{client} {way}"
        wanted = (f"{client} {way}", _LOOPBACK[way == "in"], "loopMIDI Port") if name == "virtual" else (name,)
        for candidate in wanted:
            found = match_name(candidate, names)
            if found is not None:
                end.open_port(names.index(found))
                return found
        raise PortError(
            f"no MIDI port called {name!r}; there are: {', '.join(names) or 'none'}",
            "Windows has no virtual ports: make a loopback pair in Windows MIDI Settings or loopMIDI"
            if self.api == "winmm"
            else "see `drumbridge ports`",
        )

    def _hear(self, incoming: Incoming) -> None:
        def heard(message: Any, _data: Any = None) -> None:
            at = time.monotonic()
            incoming(((at, bytes(message[0])),))

        self._in.ignore_types(sysex=True, timing=False, active_sense=True)
        self._in.set_callback(heard)

    def send(self, parcel: Parcel) -> None:
        """Send at once."""
        if not legal(parcel.data) or self._out is None:
            return
        try:
            self._out.send_message(parcel.data)
        except Exception as error:  # noqa: BLE001 -- a vanished port must not stop the music; alive() tells
            self._fault = str(error) or repr(error)
        parcel.left = max(time.monotonic(), self._last)
        self._last = parcel.left
        self.gone.append(parcel)

    def clock(self, monotonic: float) -> float:
        """Return the monotonic clock itself: RtMidi has no better one."""
        return monotonic

    def alive(self) -> str:
        """Ask the system; RtMidi itself never says that a port or a server has gone."""
        if self._fault:
            return self._fault
        try:
            if self.api == "jack":
                return _jack_gone(self.out)
            names = list(self._out.get_ports()), list(self._in.get_ports())
        except Exception as error:  # noqa: BLE001 -- whatever it is, the ports do not work
            return str(error) or repr(error)
        if self.api in {"alsa", "coremidi"} and ":" in self.out:
            return ""
        return "" if self.out in names[0] and self.in_ in names[1] else "the port has gone"

    def ports(self) -> Listing:
        """Return the names of the system's ports, ours left out."""
        try:
            ours = (self.out, self.in_)
            outs = tuple(name for name in self._out.get_ports() if not name.startswith(ours))
            return Listing(outs, tuple(name for name in self._in.get_ports() if not name.startswith(ours)))
        except Exception:  # noqa: BLE001 -- alive() tells
            return Listing()

    def close(self) -> None:
        """Close and free both; RtMidi keeps a virtual port until its object is deleted."""
        for end in (self._in, self._out):
            if end is not None:
                try:
                    end.close_port()
                    end.delete()
                except Exception:  # noqa: BLE001, S110 -- it is gone already
                    pass
        self._in = self._out = None


class _Library:
    """python-rtmidi and supriya-midi under one set of names."""

    def __init__(self, module: Any, compiled: list[int], names: dict[str, int], name: str) -> None:
        self._module, self._compiled, self._names, self.name = module, compiled, names, name

    @classmethod
    def find(cls) -> _Library:
        """Load whichever is installed. Raises PortError or Unusable."""
        try:
            import rtmidi  # noqa: PLC0415 -- only who opens such a port pays for loading it

            names = {key: getattr(rtmidi, f"API_{value}") for key, value in _API_NAMES.items()}
            library = cls(rtmidi, [int(api) for api in rtmidi.get_compiled_api()], names, "python-rtmidi")
        except ImportError:
            library = cls._find_supriya()
        if not library.usable:
            raise Unusable(f"{library.name} was built without a MIDI system (Dummy)", DUMMY_FIX)
        return library

    @classmethod
    def _find_supriya(cls) -> _Library:
        try:
            import supriya_midi  # noqa: PLC0415 -- likewise
        except ImportError as error:
            package = "supriya-midi" if sys.version_info >= (3, 13) else "python-rtmidi"
            raise PortError(f"{package} is not installed", f"pip install {package}") from error
        names = {key: int(supriya_midi.RtMidiAPI[value]) for key, value in _API_NAMES.items()}
        return cls(supriya_midi, [int(api) for api in supriya_midi.get_compiled_apis()], names, "supriya-midi")

    @property
    def usable(self) -> bool:
        """Whether any MIDI system is built in."""
        return bool(set(self._compiled) & set(self._names.values()))

    def number(self, api: str) -> int:
        """Return the API's number. Raises PortError when it is not built in."""
        number = self._names[api]
        if number not in self._compiled:
            raise PortError(f"{self.name} here has no {api}", "choose another --midi, see `drumbridge doctor`")
        return number

    def output(self, number: int, client: str) -> Any:
        """Return a new output."""
        return self._module.MidiOut(self._api(number), client)

    def input(self, number: int, client: str) -> Any:
        """Return a new input."""
        return self._module.MidiIn(self._api(number), client)

    def _api(self, number: int) -> Any:
        return self._module.RtMidiAPI(number) if hasattr(self._module, "RtMidiAPI") else number


def _jack_gone(name: str) -> str:
    """Ask the JACK server through a client of our own, because RtMidi's would not notice its death."""
    try:
        import jack  # noqa: PLC0415 -- likewise
    except (ImportError, OSError):
        return ""
    try:
        client = jack.Client("drumbridge-probe", no_start_server=True)
    except jack.JackOpenError:
        return "the JACK server has gone"
    try:
        wanted = name.partition(":")[0]
        return (
            ""
            if any(port.name.startswith(wanted) for port in client.get_ports(is_midi=True, is_output=True))
            else "our port has gone"
        )
    finally:
        client.close()
