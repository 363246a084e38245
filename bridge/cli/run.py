"""`drumbridge run`: resolve settings, claim the home, become the daemon."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from bridge.cli import command
from bridge.cli.common import (
    CONFIGURATION,
    FAILURE,
    MIDI,
    USAGE,
    errors,
    fail,
    find_home,
    home_option,
    setting_options,
    settings,
)

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@command("run")
@home_option
@setting_options("host", "port", "midi", "out", "in", "sync", "tempo", "log_level", "tls_cert", "tls_key")
@click.option("--json-logs", "json_logs", is_flag=True, default=None, help="Log as JSON lines.")
@click.option("--allow-lan", "allow_lan", is_flag=True, default=None, help="Listen beyond this machine; needs TLS.")
def run_command(home: str | None, **flags: Any) -> None:
    """Start the daemon: MIDI ports, the page and the control channel.

    When it is ready, one line of JSON on stdout says where. Ctrl-C ends it; every note is released first.
    """
    with errors():
        place = find_home(home)
        values = settings(place, flags)
        _check_reach(values["host"].value, allowed=values["allow_lan"].value, tls=values["tls_cert"].value is not None)
        place.create()
        place.claim()
        from bridge import daemon, keys, options, supervisor  # noqa: PLC0415 - after the cheap refusals

        told = options.Options(place, values, place.config(), keys.with_keys(place, os.environ))
        try:
            daemon.run(told)
        except supervisor.MidiUnusable as error:
            fail(MIDI, str(error))
        except supervisor.EngineDown as error:
            fail(FAILURE, str(error))
        except PermissionError as error:
            fail(CONFIGURATION, f"port {values['port'].value} cannot be opened: {error.strerror}", "try --port 8765")
        except OSError as error:
            where = f"{values['host'].value}:{values['port'].value}"
            owner = _who_owns(values["host"].value, values["port"].value)
            fail(CONFIGURATION, f"{where} cannot be opened: {error.strerror or error}", owner)
        except ValueError as error:
            fail(CONFIGURATION, str(error))


def _who_owns(host: str, port: int) -> str:
    from urllib.request import urlopen  # noqa: PLC0415 - 30 ms that only a port in use should pay

    way_on = "choose another with --port, or --port 0 for any free one"
    try:
        with urlopen(f"http://{host}:{port}/healthz", timeout=1) as answer:
            found = json.loads(answer.read(4096))
        if found.get("server") == "drumbridge":
            return f"a drumbridge listens there, process {found.get('pid')}; {way_on}"
    except (OSError, ValueError, AttributeError):
        pass
    return f"another program listens there; {way_on}"


def _check_reach(host: str, *, allowed: bool, tls: bool) -> None:
    if not host:
        fail(USAGE, "host is empty", "try 127.0.0.1")
    if host in _LOOPBACK:
        return
    if not allowed:
        fail(
            USAGE, f"--host {host} can be reached from other machines", "add --allow-lan with --tls-cert and --tls-key"
        )
    if not tls:
        fail(USAGE, "--allow-lan needs --tls-cert and --tls-key: the token would cross the network in the clear")
