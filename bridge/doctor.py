"""The doctor's checks: each looks at one thing and says in plain words what it found and what to do.

Looks only: starts no daemon, opens no port for good, calls no provider, writes nothing but a probe it removes.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from bridge import keys
from bridge.client import Talk, Unreachable
from bridge.home import Home, HomeError
from bridge.mapping import read_table
from bridge.portlist import list_ports
from bridge.settings import resolve
from bridge.variables import check_names, router_config
from router.errors import InvalidSetting

_MISSED_SHARE: Final = 0.01
_LOW_DISK: Final = 100 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `state` is ok, note (works, could be better) or problem."""

    about: str
    state: str
    message: str
    remedy: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self)


def examine(home: Home) -> list[Finding]:
    """Return all findings, in the order in which a new user would want them mended."""
    checks: tuple[Callable[[Home], Iterator[Finding]], ...] = (
        _python, _home, _configuration, _midi, _realtime, _keys, _disk, _daemon, _extras,
    )  # fmt: skip
    found: list[Finding] = []
    for check in checks:
        found += check(home)
    return found


def _python(_: Home) -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.system()}")


def _home(home: Home) -> Iterator[Finding]:
    if not home.path.exists():
        yield Finding("Home", "note", f"{home.path} does not exist yet", "the first `drumbridge run` makes it")
        return
    try:
        home.create()
    except HomeError as error:
        yield Finding("Home", "problem", str(error))
        return
    mode = stat.S_IMODE(home.path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        yield Finding("Home", "problem", f"{home.path} can be read by others (mode {mode:o})", f"chmod 700 {home.path}")
    else:
        yield Finding("Home", "ok", str(home.path))
    if (home.path / "token").exists():
        try:
            home.read_token()
        except HomeError as error:
            yield Finding("Token", "problem", str(error))


def _configuration(home: Home) -> Iterator[Finding]:
    try:
        values = resolve({}, os.environ, home.config())
        router_config(values, keys.with_keys(home, os.environ))
        check_names(values)
        read_table(home.config().get("mapping"))
    except HomeError as error:
        yield Finding("Settings", "problem", str(error))
    except InvalidSetting as error:
        yield Finding("Settings", "problem", str(error), error.hint)
    else:
        changed = [name for name, value in values.items() if value.origin != "default"]
        yield Finding("Settings", "ok", f"{len(changed)} changed" + (f": {', '.join(changed)}" if changed else ""))


def _midi(_: Home) -> Iterator[Finding]:
    found = list_ports("auto")
    if found["backend"] == "none":
        why = found.get("why") or "no MIDI system can be used"
        yield Finding("MIDI", "problem", why, _midi_remedy())
    else:
        there = f"{len(found['outputs'])} outputs, {len(found['inputs'])} inputs"
        yield Finding("MIDI", "ok", f"{found['backend']} ({there})")


def _midi_remedy() -> str:
    if sys.platform == "linux":
        return (
            "start JACK or PipeWire (jackd -R -d alsa, or the desktop's own), or load ALSA's sequencer: "
            "modprobe snd-seq; until then notes reach the page and the socket"
        )
    if sys.platform == "win32":
        return "install a loopback port pair (Windows MIDI Services or loopMIDI) and name it with --out and --in"
    return "open Audio MIDI Setup once; until then notes reach the page and the socket"


def _realtime(_: Home) -> Iterator[Finding]:
    if sys.platform != "linux":
        yield Finding("Real time", "ok", "this system schedules the playing process by itself")
        return
    import resource  # noqa: PLC0415 - POSIX only

    limit = resource.getrlimit(getattr(resource, "RLIMIT_RTPRIO", 14))[0]
    if os.geteuid() == 0 or limit != 0:
        yield Finding("Real time", "ok", f"allowed (priority up to {'99' if os.geteuid() == 0 else limit})")
        return
    yield Finding(
        "Real time",
        "note",
        "not allowed for this user: notes may be a millisecond late while the machine is busy",
        "add yourself to the audio group, or put '@audio - rtprio 80' into /etc/security/limits.d/audio.conf, "
        "and log in again",
    )


def _keys(home: Home) -> Iterator[Finding]:
    try:
        held = [name for name, origin in keys.sources(home, os.environ).items() if origin]
    except HomeError as error:
        yield Finding("Keys", "problem", str(error))
        return
    if held:
        yield Finding("Keys", "ok", f"set for {', '.join(held)}")
    else:
        yield Finding("Keys", "ok", "none set: the embedded drummer plays, and nothing is ever paid")


def _disk(home: Home) -> Iterator[Finding]:
    there = home.path if home.path.exists() else next(path for path in home.path.parents if path.exists())
    free = shutil.disk_usage(there).free
    if free < _LOW_DISK:
        yield Finding("Disk", "problem", f"{free >> 20} MB free", "free some: a full disk closes the paid tiers")
    else:
        yield Finding("Disk", "ok", f"{free >> 30} GB free")


def _daemon(home: Home) -> Iterator[Finding]:
    try:
        line = Talk(home)
    except Unreachable as error:
        yield Finding("Daemon", "note", str(error))
        return
    status = line.ask("status", {})["result"]
    line.close()
    midi, transport = status["midi"], status["transport"]
    yield Finding(
        "Daemon",
        "ok",
        f"version {status['version']}, up {status['uptime_s']:g} s, {transport['state']} at {transport['bpm']:g} bpm, "
        f"MIDI {midi.get('backend')} {midi.get('state')}, engine restarted {status['engine']['restarts']} times",
    )
    if midi.get("why"):
        yield Finding("Daemon's MIDI", "note", str(midi["why"]))
    yield timing(midi.get("stats") or {})
    yield money(status["budget"])


def money(budget: Mapping[str, Any]) -> Finding:
    """Say whether anything may be paid, and what of the month's budget is left."""
    if budget.get("closed"):
        return Finding(
            "Money", "problem", f"nothing is paid: {budget['closed']}", "the embedded drummer plays meanwhile"
        )
    if budget.get("clock"):
        return Finding("Money", "note", str(budget["clock"]))
    limit = "without a limit" if budget["limit_usd"] is None else f"of ${budget['limit_usd']}"
    return Finding("Money", "ok", f"${budget['spent_usd']} spent in {budget['month']}, {limit}")


def timing(stats: dict[str, Any]) -> Finding:
    """Say what the playing process measured: how late notes left, and how the clock is."""
    late, clock = stats.get("lateness") or {}, stats.get("clock") or {}
    if not late.get("count"):
        return Finding("Timing", "note", "nothing has been played yet, so nothing is measured", "play, and ask again")
    said = (
        f"{late['count']} notes left {late['mean_ms']:.2f} ms late in the mean, p99 {late['p99_ms']:.2f}, "
        f"at most {late['max_ms']:.2f}; {late['missed']} missed their time by more than 5 ms; clock: "
    )
    if clock.get("pulses"):
        said += f"{clock['quality']} at {clock['bpm']:.2f} bpm, jitter {clock['jitter_ms']:.2f} ms"
    else:
        said += str(clock.get("quality", "internal"))
    if late["missed"] <= _MISSED_SHARE * late["count"]:
        return Finding("Timing", "ok", said)
    return Finding(
        "Timing", "note", said, "allow real-time priority (see Real time), or close what keeps the machine busy"
    )


def _extras(_: Home) -> Iterator[Finding]:
    for extra, module, use in (
        ("link", "link", "Ableton Link"),
        ("redis", "redis", "budget and cache shared by several machines"),
    ):
        if importlib.util.find_spec(module) is None:
            yield Finding(f"Extra [{extra}]", "note", f"not installed: no {use}", f'pip install "drumbridge[{extra}]"')
