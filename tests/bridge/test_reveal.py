"""The exports folder in the file manager: the desktop's own program, our own folder, and words where there is none."""

import asyncio
import subprocess

import pytest

from bridge import methods
from bridge.reveal import NoDesktop, program, reveal
from bridge.rpc import RpcError

run = asyncio.run


@pytest.mark.parametrize(
    ("platform", "environ", "found"),
    [
        ("linux", {"DISPLAY": ":0"}, "/bin/xdg-open"),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, "/bin/xdg-open"),
        ("linux", {}, None),
        ("darwin", {}, "/bin/open"),
        ("win32", {}, "/bin/explorer"),
    ],
)
def test_each_desktop_has_its_program(platform, environ, found):
    """Without a screen nothing is started, for it might be a text browser in the daemon's terminal."""
    assert program(platform, environ, lambda name: f"/bin/{name}") == found


def test_the_folder_is_given_to_that_program(tmp_path, monkeypatch):
    """It is started with the folder alone, and is not waited for."""
    opener = tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/seen.part && mv {tmp_path}/seen.part {tmp_path}/seen\n')
    opener.chmod(0o755)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    started, real = [], subprocess.Popen
    monkeypatch.setattr("bridge.reveal.subprocess.Popen", lambda *args, **more: started.append(real(*args, **more)))

    reveal(tmp_path / "exports")

    assert started[0].wait(10) == 0
    assert (tmp_path / "seen").read_text().strip() == str(tmp_path / "exports")


def test_the_method_tells_the_folder_either_way(stage, monkeypatch):
    """A client learns the path: as the result, or in the error where there is no desktop."""
    opened = []
    monkeypatch.setattr(methods, "reveal", opened.append)
    assert run(stage.call("patterns.reveal")) == {"path": str(stage.library.exports)}
    with pytest.raises(RpcError) as caught:
        run(stage.call("patterns.reveal"))
    assert caught.value.data["code"] == "busy"
    assert opened == [stage.library.exports]
    stage.now += 3

    def refuse(folder):
        raise NoDesktop(f"there is no file manager here; the folder is {folder}")

    monkeypatch.setattr(methods, "reveal", refuse)
    with pytest.raises(RpcError, match=str(stage.library.exports)) as caught:
        run(stage.call("patterns.reveal"))
    assert caught.value.data["code"] == "not_supported"
