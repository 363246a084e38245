"""`drumbridge service`: start with the session, through systemd (Linux) or launchd (macOS).

Writes one file of the user's. Never needs root, never starts anything that was not asked for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

import click

from bridge.cli import command
from bridge.cli.common import FAILURE, USAGE, OneOf, errors, fail, find_home, home_option, json_option, print_json
from bridge.home import write_whole

_UNIT = """\
[Unit]
Description=drumbridge, a drummer for every DAW
After=pipewire.service jack.service

[Service]
ExecStart={command}
Restart=on-failure
LimitRTPRIO=80

[Install]
WantedBy=default.target
"""
_PLIST = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>drumbridge</string>
<key>ProgramArguments</key><array>{arguments}</array>
<key>RunAtLoad</key><true/>
</dict></plist>
"""


def description(arguments: list[str], platform: str) -> tuple[Path, str, list[str]]:
    """Return the service file's place, its text, and the command that turns it on.

    Raises:
        NotImplementedError: Where there is no such service manager.
    """
    if platform == "linux":
        quoted = " ".join(
            '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"' for word in arguments
        )
        place = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd/user/drumbridge.service"
        return place, _UNIT.format(command=quoted), ["systemctl", "--user", "enable", "--now", "drumbridge.service"]
    if platform == "darwin":
        place = Path.home() / "Library/LaunchAgents/drumbridge.plist"
        words = "".join(f"<string>{escape(word)}</string>" for word in arguments)
        return place, _PLIST.format(arguments=words), ["launchctl", "load", "-w", str(place)]
    raise NotImplementedError(platform)


@command("service")
@home_option
@click.argument("action", type=OneOf(["show", "install", "remove"]), default="show")
@json_option
def service_command(home: str | None, action: str, *, as_json: bool) -> None:
    """Show, install or remove the service that starts drumbridge when you log in."""
    with errors():
        arguments = [sys.executable, "-P", "-m", "bridge.entry", "--home", str(find_home(home).path)]
        try:
            place, text, enable = description(arguments, sys.platform)
        except NotImplementedError:
            fail(
                FAILURE, "there is no user service here", "put `drumbridge run` into the Startup folder (shell:startup)"
            )
        if action == "show" and as_json:
            print_json({"path": str(place), "text": text, "installed": place.exists()})
        elif action == "show":
            click.echo(f"# {place}\n{text}", nl=False)
        elif action == "install":
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, text.encode())
            click.echo(f"written: {place}", err=True)
            _turn(enable)
        elif not place.exists():
            fail(USAGE, f"{place} is not there; nothing was installed")
        else:
            try:
                _turn(
                    ["systemctl", "--user", "disable", "--now", place.name]
                    if sys.platform == "linux"
                    else ["launchctl", "unload", str(place)]
                )
            finally:  # without a session to ask it must not come back with the next one
                place.unlink()
                click.echo(f"removed: {place}", err=True)


def _turn(arguments: list[str]) -> None:
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - fixed words
    except OSError as error:
        fail(FAILURE, f"{arguments[0]} could not be run: {error.strerror}", f"run it yourself: {' '.join(arguments)}")
    if done.returncode:
        said = " ".join(done.stderr.split())[-200:]
        fail(FAILURE, f"{arguments[0]} said: {said}", f"run it in your own session: {' '.join(arguments)}")
