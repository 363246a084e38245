"""Several hands at once: pages, a script and a lost connection end at the same music."""

import json
import os
import signal

import pytest

from tests.support.browser import Panel, eventually, groove
from tests.support.daemon import RunningDaemon

pytestmark = pytest.mark.wire

BASE = groove(identity="shared", kick=[(0, 110)], snare=[(960, 110)], hat_closed=[(480, 80)])


def cells(hits):
    """Strokes as comparable cells."""
    return sorted((hit["tick"], hit["voice"], hit["velocity"], hit.get("shift", 0)) for hit in hits)


def drawn(panel):
    """What a page draws now."""
    return cells(
        json.loads(panel.page.evaluate("JSON.stringify(document.querySelector('drum-grid').now.pattern.hits)"))
    )


def held(client):
    """What the daemon plays now."""
    return cells(client.call("status")["player"]["pattern"]["hits"])


def click(panel, voice, tick, **options):
    """Click a cell of the grid."""
    place = panel.cell(voice, tick)
    panel.page.mouse.click(place["x"], place["y"], **options)


def test_two_pages_and_a_script_converge(open_panel):
    """Each changes other cells of one groove at the same time; all changes stay, and all three see the same."""
    one, two = open_panel(), open_panel()
    client = one.play(BASE)
    eventually(lambda: drawn(two) == cells(BASE["hits"]), "the groove on the other page")
    take = client.call("status")["player"]["take"]

    for index in range(4):
        click(one, "kick", 1920 + index * 240)
        click(two, "ride", index * 480)
        client.call("edit", take=take, hits=[{"tick": 2880 + index * 240, "voice": "crash", "velocity": 99}])

    wanted = 3 + 4 + 4 + 4
    eventually(lambda: len(held(client)) == wanted, "all changes on the daemon")
    eventually(lambda: drawn(one) == drawn(two) == held(client), "the same groove everywhere")
    assert client.call("status")["player"]["take"] == take


def test_undo_on_one_page_takes_back_what_the_other_did(open_panel):
    """There is one history, and it is the daemon's."""
    one, two = open_panel(), open_panel()
    client = one.play({**BASE, "id": "undone"})
    click(one, "ride", 1440)
    eventually(lambda: len(held(client)) == 4, "the edit")

    two.page.get_by_role("button", name="Undo").click()

    eventually(lambda: drawn(one) == drawn(two) == held(client) == cells(BASE["hits"]), "the groove before")


def test_an_edit_sounds_when_the_loop_comes_by_again(open_panel):
    """A painted stroke leaves the engine when the loop comes by, twice at most, in phase and without a restart."""
    panel = open_panel()
    client = panel.play({**BASE, "id": "heard"})
    origin = client.call("status")["player"]["origin"]
    client.call("subscribe", topics=["notes"], sub="ears")
    asked = client.call("ping")["t"]

    click(panel, "ride", 2400)

    event = client.until(lambda e: e["topic"] == "notes" and e["data"].get("voice") == "ride")
    client.call("unsubscribe", sub="ears")
    assert (event["data"]["tick"] - origin) % 3840 == pytest.approx(2400, abs=1)
    assert event["data"]["due"] - asked < 4.5
    assert client.call("status")["player"]["origin"] == origin


def test_a_lost_daemon_is_found_again(browser, tmp_path):
    """The daemon is killed: the page says so. Another takes its place: the page is with it, and plays, by itself."""
    home = tmp_path / "home"
    with RunningDaemon(home, "--midi", "none") as first:
        panel = Panel(browser, first).open()
        panel.play({**BASE, "id": "before"})
        first.process.kill()
        panel.page.locator(".link.lost, .link.away").wait_for()
    port = first.facts["url"].rstrip("/").rpartition(":")[2]
    with RunningDaemon(home, "--midi", "none", "--port", port) as second:
        panel.page.locator(".link.open").wait_for(state="attached")
        panel.daemon = second
        panel.play({**BASE, "id": "after"})
        click(panel, "ride", 720)
        client = second.client()
        eventually(lambda: len(held(client)) == 4, "the edit on the new daemon")
    panel.context.close()


def test_a_stalled_daemon_loses_nothing(open_panel, daemon):
    """Stopped for a second, the daemon answers late; clicks made meanwhile arrive, none is drawn and then lost."""
    panel = open_panel()
    client = panel.play({**BASE, "id": "stalled"})
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        click(panel, "ride", 720)
        click(panel, "ride", 1680)
        assert len(drawn(panel)) == 5
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)

    eventually(lambda: len(held(client)) == 5, "both edits on the daemon")
    assert drawn(panel) == held(client)


def test_a_wrong_token_is_said(open_panel, browser, daemon):
    """A page opened without its link says what to do, and shows nothing of the music."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{daemon.facts['url']}#t=wrong")
    page.get_by_role("heading", name="This link is not the right one").wait_for()
    context.close()


def test_a_knob_turned_elsewhere_turns_here(open_panel):
    """A controller's CC and a script move the page's knobs; what is being typed on the page is left alone."""
    panel = open_panel()
    client = panel.daemon.client()
    panel.page.locator("#tempo").focus()
    panel.page.keyboard.press("ControlOrMeta+a")
    panel.page.keyboard.type("13")

    client.call("set", density=0.25, tempo=77.0, genre="jazz")

    panel.page.wait_for_function("() => document.querySelector('#density').value === '0.25'")
    assert panel.page.locator("#genre").input_value() == "jazz"
    assert panel.page.locator("#tempo").input_value() == "13"
    panel.page.keyboard.type("1")
    panel.page.keyboard.press("Enter")
    eventually(lambda: client.call("status")["settings"]["tempo"] == 131, "the typed tempo")
    panel.page.locator(".song summary").click()
    bars = panel.page.locator("[aria-label='Bars of section 1']")
    bars.press("ControlOrMeta+a")
    panel.page.keyboard.type("1")
    client.call("set", density=0.5, tempo=120.0, genre=None)
    panel.page.wait_for_function("() => document.querySelector('#density').value === '0.5'")
    panel.page.keyboard.type("6")
    panel.page.keyboard.press("Enter")
    assert bars.input_value() == "16"
    assert panel.page.evaluate("document.querySelector('drum-ask').sections[0].bars") == 16


def test_what_waits_is_shown_and_can_be_cancelled(open_panel):
    """The next groove stands beside the playing one with its bar; cancel takes it away here and there."""
    panel = open_panel()
    client = panel.play(groove(4, identity="long-enough", kick=[(0, 110)]))
    client.call("play", pattern=groove(identity="comes-next", snare=[(0, 100)]), at="end")

    card = panel.page.locator("[aria-label=Next]")
    card.wait_for()
    assert "comes-next" in card.inner_text().lower()
    assert "bar" in card.inner_text()
    card.get_by_role("button", name="Cancel what waits").click()

    card.wait_for(state="detached")
    assert client.call("status")["player"]["queued"] == []
    assert client.call("status")["player"]["playing"] == "long-enough"


def test_a_finger_sets_and_removes(open_panel):
    """On a phone a tap paints a stroke and another takes it away."""
    panel = open_panel(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    client = panel.play({**BASE, "id": "touched"})
    panel.page.locator("drum-grid .check input").uncheck()
    panel.page.evaluate("document.querySelector('drum-grid').view.scrollIntoView()")
    for strokes in (4, 3):
        place = panel.cell("ride", 240)
        panel.page.touchscreen.tap(**place)
        eventually(lambda strokes=strokes: len(held(client)) == strokes, f"{strokes} strokes")
