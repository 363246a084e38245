"""A real Chromium on a real daemon: the page as a musician opens it, and the truth to hold it against."""

import contextlib
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from tests.support.daemon import RunningDaemon

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
WITHIN_S = 30.0


def _need(found, what):
    """Skip without the tool; under CI a missing tool is a failure."""
    if not found:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{what} is not installed")
    return found


@contextlib.contextmanager
def chromium():
    """A Chromium of its own."""
    _need(shutil.which("chromium"), "chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _need(None, "playwright")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def browser():
    """One Chromium for a file's tests; ended with it, so that no event loop outlives it."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """A daemon without MIDI; notes reach the socket and the page."""
    with RunningDaemon(tmp_path_factory.mktemp("home"), "--midi", "none") as running:
        yield running


class Panel:
    """One open page, with what it asked for and what it complained about."""

    def __init__(self, browser, daemon, **options):
        self.daemon = daemon
        self.context = browser.new_context(**{"viewport": {"width": 1440, "height": 1000}, **options})
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("console", lambda line: line.type in {"error", "warning"} and self.complaints.append(line.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @property
    def link(self):
        """The link that `run` prints."""
        return f"{self.daemon.facts['url']}#t={self.daemon.token}"

    def open(self):
        """Go to the link; return when the page is connected and drawn."""
        self.page.goto(self.link)
        self.page.locator(".link.open").wait_for(state="attached")
        self.page.locator("#genre option").nth(3).wait_for(state="attached")
        return self

    def play(self, pattern, at="bar"):
        """Play a whole pattern by the socket; return when the page draws this very take as the one that plays."""
        client = self.daemon.client()
        before = client.call("status")["player"]["take"]
        client.call("play", pattern=pattern, at=at)
        self.page.wait_for_function(
            """([id, before]) => {
                const { now } = document.querySelector("drum-grid");
                return now?.sounding && now.base.id === id && now.take !== before;
            }""",
            arg=[pattern["id"], before],
        )
        return client

    def cell(self, voice, tick):
        """Return the place of a grid cell in the window."""
        return self.page.evaluate(
            """([voice, tick]) => {
                const grid = document.querySelector("drum-grid"), { scene } = grid;
                const box = grid.view.getBoundingClientRect();
                const x = (tick / scene.step + 0.5) * scene.stepW - grid.view.scrollLeft;
                return { x: box.left + x, y: box.top + 20 + (scene.rows.indexOf(voice) + 0.5) * scene.rowH };
            }""",
            [voice, tick],
        )

    def monotonic_less_page_s(self):
        """Return this process's monotonic clock less the page's performance.now(), by the least round trip of many."""
        best = (float("inf"), 0.0)
        for _ in range(30):
            sent = time.monotonic()
            there = self.page.evaluate("performance.now() / 1000")
            received = time.monotonic()
            best = min(best, (received - sent, (sent + received) / 2 - there))
        return best[1]


@pytest.fixture
def open_panel(browser, daemon):
    """Opens pages, and closes them."""
    with contextlib.ExitStack() as stack:

        def start(**options):
            panel = Panel(browser, daemon, **options)
            stack.callback(panel.context.close)
            return panel.open()

        yield start


def tell(text):
    """Show a measured figure where the run's output is read."""
    sys.stdout.write(f"{text}\n")


def eventually(look, what="it", within_s=WITHIN_S):
    """Return the first true answer of `look`; fail after `within_s` seconds."""
    end = time.monotonic() + within_s
    while not (answer := look()):
        if time.monotonic() > end:
            pytest.fail(f"{what} did not come to be")
    return answer


def groove(bars=1, meter="4/4", identity="test-groove", **voices):
    """A pattern of lanes: voice=[(tick, velocity) ...]."""
    hits = [{"tick": tick, "voice": v, "velocity": level} for v, row in voices.items() for tick, level in row]
    return {"id": identity, "name": identity, "meter": meter, "bars": bars, "resolution": 960, "hits": hits, "meta": {}}


PANEL = Path(__file__).resolve().parents[2] / "bridge" / "panel"
