"""The page opened in Chromium: fast, alone, within its policy, and open to everyone."""

from importlib import resources
from urllib.parse import urlsplit

import pytest

from tests.support.browser import eventually, groove, tell
from tests.support.playhead import load_ms

pytestmark = pytest.mark.wire

BEAT = groove(
    kick=[(0, 110), (1920, 100)],
    snare=[(960, 120), (2880, 118), (2640, 30)],
    hat_closed=[(t, 70) for t in range(0, 3840, 480)],
)
BUSY = """async () => {
    const { say, store } = await import(document.querySelector("script").src);
    store.hear({ topic: "alerts", data: { name: "slow", level: "warning", state: "raised", message: "late" } });
    say("That cannot be", "error", "try another");
}"""
"""An alert stands and an error is told."""
LANDSLIDE_MS = 3000
"""A shared machine is no stopwatch: scripts/bench.py measures the promised 150 ms, here only a landslide fails."""


def test_it_loads_at_once(open_panel):
    """From the request to the loaded page on loopback: the best of five, told, and not beyond all measure."""
    panel = open_panel()
    times = []
    for _ in range(5):
        panel.page.goto("about:blank")
        panel.open()
        times.append(load_ms(panel.page)["load"])

    tell(f"load: {sorted(round(t) for t in times)} ms")
    assert min(times) <= LANDSLIDE_MS


def test_it_asks_no_other_host(open_panel):
    """Everything comes from the daemon's own port, and the token never stands in an address."""
    panel = open_panel()
    panel.play(BEAT)
    here = panel.daemon.facts["url"].split("//")[1]

    assert {"/js/main.js", "/ws"} <= {urlsplit(url).path for url in panel.requests}
    assert not [url for url in panel.requests if url.split("//", 1)[1].split("/")[0] + "/" != here]
    assert not [url for url in panel.requests if panel.daemon.token in url.split("#")[0]]
    panel.page.wait_for_function("() => !location.hash")
    assert panel.page.evaluate("sessionStorage.getItem('drumbridge.token')") == panel.daemon.token


FRAMES = """() => new Promise((done) => {
    const ask = window.requestAnimationFrame;
    let asked = 0;
    window.requestAnimationFrame = (draw) => ((asked += 1), ask.call(window, draw));
    setTimeout(() => ((window.requestAnimationFrame = ask), done(asked)), 300);
})"""
"""How many frames the page asks for in 300 ms."""


def test_it_rests_while_nothing_moves(open_panel):
    """No frame is drawn while the music stands; it moves as soon as something plays, and rests again."""
    panel = open_panel()
    client = panel.daemon.client()
    client.call("stop", at="now")
    eventually(lambda: panel.page.evaluate(FRAMES) == 0, "rest")

    panel.play(BEAT)
    eventually(lambda: panel.page.evaluate(FRAMES) > 0, "motion")
    client.call("stop", at="now")
    eventually(lambda: panel.page.evaluate(FRAMES) == 0, "rest again")
    assert panel.page.locator(".playhead").is_hidden()


def test_the_policy_and_the_console_stay_silent(open_panel):
    """No inline script or style is tried, no error is thrown, in both themes and all tabs."""
    panel = open_panel()
    panel.page.evaluate(
        """() => {
            window.broken = [];
            document.addEventListener("securitypolicyviolation", (e) => window.broken.push(e.violatedDirective));
        }"""
    )
    panel.play(BEAT)
    for name in ("library", "money", "midi", "answers"):
        panel.page.locator(f"#tab-{name}").click()
    panel.page.get_by_role("button", name="Dark or light").click()

    assert panel.page.evaluate("window.broken") == []
    assert panel.complaints == []


def test_a_chosen_theme_is_there_from_the_first_frame_on(open_panel):
    """Who chose light on a dark machine never sees a dark page again, and needs no script for it."""
    page = open_panel(color_scheme="dark").page
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_role("button", name="Dark or light").click()

    assert 'data-theme="light"' in page.reload().text()
    page.locator(".link.open").wait_for(state="attached")
    assert page.locator("html").get_attribute("data-theme") == "light"


def test_it_plays_within_two_clicks(open_panel):
    """A first visit: the page is open, one click, music."""
    panel = open_panel()
    client = panel.daemon.client()
    client.call("stop")

    panel.page.get_by_role("button", name="Play", exact=True).click()

    assert eventually(lambda: client.call("status")["player"]["playing"], "music")


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_serious(open_panel, scheme, width):
    """Names, roles, contrast and order hold in both themes, on a phone and on a desk, in every tab and the help."""
    panel = open_panel(color_scheme=scheme, viewport={"width": width, "height": 900})
    panel.play(BEAT)
    panel.page.evaluate(BUSY)
    panel.page.locator(".song summary").click()
    panel.page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text())
    found = {}
    for name in ("answers", "library", "money", "midi", "help"):
        if name == "help":
            panel.page.keyboard.press("?")
        else:
            panel.page.locator(f"#tab-{name}").click()
        if name == "midi":
            panel.page.get_by_role("button", name="Start", exact=True).click()
            panel.page.locator(".learning").wait_for()
        result = panel.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        for flaw in result["violations"]:
            if flaw["impact"] in {"serious", "critical"}:
                found[f"{name}: {flaw['id']}"] = [node["html"][:160] for node in flaw["nodes"]][:3]

    panel.daemon.client().call("learn.cancel")
    assert found == {}
