"""Every control, once by mouse and once by keyboard: what it asks of the daemon, and that the daemon agreed."""

import json
import math
import struct
import wave

import pytest

from tests.support.browser import Panel, eventually, groove

pytestmark = pytest.mark.wire

BEAT = groove(2, identity="controls", kick=[(0, 110), (3840, 110)], snare=[(960, 110)], hat_closed=[(480, 80)])

KNOBS = (
    "complexity", "density", "swing", "humanize", "intensity", "variation", "fill_amount", "lean", "ghosts",
    "hat_openness",
)  # fmt: skip
SECTIONS = "JSON.stringify(document.querySelector('drum-ask').sections)"

# Name, selector, kind of control, what it does: a method of the daemon, or an expression that changes on the page.
TOP = [
    ("tempo down", "[aria-keyshortcuts='-']", "button", "set"),
    ("tempo up", "[aria-keyshortcuts='+']", "button", "set"),
    ("tempo", "#tempo", "text:97.5", "set"),
    ("tap", "[aria-keyshortcuts=T]", "button", "tap"),
    ("clock", "#sync", "select:internal", "set"),
    ("panic", ".panic", "button", "panic"),
    ("theme", "[aria-label='Dark or light']", "button", "document.documentElement.dataset.theme"),
]
NOW = [
    ("swap A and B", "drum-now [aria-keyshortcuts=A]", "button", "document.querySelector('drum-now').side"),
    ("favourite", "drum-now .heart", "button", "patterns.favourite"),
]
GRID = [
    ("length", "#length", "select:4", "edit"),
    ("undo", "drum-grid [aria-label=Undo]", "button", "undo"),
    ("redo", "drum-grid [aria-label=Redo]", "button", "redo"),
    ("brush", "input[value=ghost]", "radio", "document.querySelector('drum-grid').brush"),
    ("step", "#step", "select:1/8T", "document.querySelector('drum-grid').step"),
    ("add a drum", "#drum", "select:cowbell", "document.querySelector('drum-grid').rows.length"),
    ("follow", "drum-grid .check input", "check", "document.querySelector('drum-grid').follow"),
    ("mute", "[aria-label='mute kick']", "button", "mix"),
    ("solo", "[aria-label='solo snare']", "button", "mix"),
]
ASK = [
    ("prompt", "#prompt", "text:funk", "generate"),
    ("generate", ".prompt .primary", "button", "generate"),
    ("refine", "[aria-keyshortcuts=R]", "button", "refine"),
    ("vary", "[aria-keyshortcuts=V]", "button", "vary"),
    ("fill", "[aria-keyshortcuts=F]", "button", "fill"),
    ("next", "[aria-keyshortcuts=N]", "button", "next"),
    ("AI", ".quick .check input", "check", "set"),
    ("genre", "#genre", "select:rock", "set"),
    ("style", "#style", "select:straight", "set"),
    ("drummer", "#drummer", "select:silk", "set"),
    ("section", "#section", "select:verse", "document.querySelector('drum-ask').section"),
    ("bars", "#bars", "select:4", "set"),
    ("metre", "#meter", "select:7/8", "set"),
    ("tier", "#tier", "select:local", "document.querySelector('drum-ask').tier"),
    ("break", "[aria-keyshortcuts=X]", "button", "break"),
    ("hold", "[aria-keyshortcuts=H]", "button", "hold"),
    ("build", "[aria-keyshortcuts=J]", "button", "build"),
    ("swing grid", "#swing_grid", "select:16ths", "set"),
    *((name, f"#{name}", "range", "set") for name in KNOBS),
    ("song builder", ".song summary", "button", "document.querySelector('.song').open"),
    ("compose", "[title='Compose the song']", "button", "compose"),
    ("add a section", "[title='Add a section']", "button", "document.querySelectorAll('.song li').length"),
    ("remove a section", "[aria-label='Remove section 1']", "button", "document.querySelectorAll('.song li').length"),
    ("section's name", "[aria-label='Section 1']", "select:solo", SECTIONS),
    ("section's bars", "[aria-label='Bars of section 1']", "text:12", SECTIONS),
    ("section's energy", "[aria-label='Energy of section 1']", "range", SECTIONS),
]  # fmt: skip
LIBRARY = [
    ("library", "#tab-library", "tab", "document.querySelector('drum-panel').tab"),
    ("play one", ".list [aria-label='Play controls']", "button", "play"),
    ("love one", ".list .heart", "button", "patterns.favourite"),
    ("download one", ".list [aria-label^=Download]", "button", "patterns.export"),
    ("more", ".more summary", "button", "document.querySelector('.more').open"),
    ("search", "#search", "text:contr", "document.querySelector('drum-library').search"),
    ("favourites only", "drum-library .line .check input", "check", "document.querySelector('drum-library').loved"),
]
MIDI = [
    ("midi", "#tab-midi", "tab", "document.querySelector('drum-panel').tab"),
    ("sound here", "drum-midi .line .check input", "check", "subscribe|unsubscribe"),
    ("kit", "#kit", "select:*", "set"),
    ("channel", "#channel", "text:9", "set"),
    ("offset", "#offset", "text:-5", "set"),
    ("send clock", "drum-midi .fields .check input", "check", "set"),
    ("learn which", "#learn", "select:fill", "document.querySelector('drum-midi').action"),
    ("learn", "drum-midi .line button", "button", "learn.start"),
    ("stop learning", ".learning button", "button", "learn.cancel"),
    ("forget a control", "drum-midi tbody button", "button", "mappings.set"),
    ("bring it back", ".toast button:text-is('Bring it back')", "button", "mappings.set"),
    ("default mapping", "[title^='Go back to the mapping']", "button", "mappings.set"),
]


class Driver:
    """A page whose messages are watched."""

    def __init__(self, browser, daemon):
        self.panel = Panel(browser, daemon)
        self.page = self.panel.page
        self.sent, self.refused = [], []
        self.page.on("websocket", self._watch)
        self.panel.open()
        self.client = self.panel.daemon.client()
        self.fresh()

    def _watch(self, socket):
        socket.on("framesent", lambda text: self.sent.append(json.loads(text)["method"]))
        socket.on(
            "framereceived", lambda text: '"error"' in text and self.refused.append(json.loads(text).get("error"))
        )

    def fresh(self):
        """Put everything where a control can be driven."""
        self.client.call("patterns.put", pattern=BEAT)
        self.panel.play(BEAT, at="now")
        self.page.evaluate(
            """() => {
                document.querySelector(".song").open = false;
                const library = document.querySelector("drum-library");
                if (library) Object.assign(library, { search: "", loved: false, renaming: null }).update();
                const grid = { brush: "normal", step: "", extra: [], follow: true, cursor: { row: 0, tick: 0 } };
                Object.assign(document.querySelector("drum-grid"), grid).update();
                scrollTo(0, 0);
            }"""
        )
        self.client.call("set", tempo=120.0, genre="rock", style=None, drummer=None, bars=2, meter="4/4", sync="auto")

    def state(self, effect):
        """Return what a control changes."""
        if effect.startswith(("document", "JSON")):
            return self.page.evaluate(effect)
        return sum(method in effect.split("|") for method in self.sent)

    def until_changed(self, before, effect, what):
        """Wait until a control has had its effect; the page's messages are read meanwhile."""
        eventually(lambda: self.page.evaluate("1") and self.state(effect) != before, what)

    def mouse(self, selector, kind):
        """Drive a control as a hand with a mouse does."""
        control = self.page.locator(selector).first
        kind, _, value = kind.partition(":")
        if kind == "select":
            self._choose(control, value)
        elif kind == "text":
            control.fill(value)
            control.press("Enter")
        elif kind == "range":
            box = control.bounding_box()
            here = float(control.input_value()) / float(control.get_attribute("max") or 1)
            self.page.mouse.click(box["x"] + box["width"] * (0.2 if here > 0.5 else 0.8), box["y"] + box["height"] / 2)
        elif kind == "radio":
            control.locator("xpath=..").click()
        else:
            control.click()

    @staticmethod
    def _choose(control, value):
        options = control.locator("option").evaluate_all("all => all.map((one) => one.value)")
        control.select_option(value if value in options and value != control.input_value() else options[-1])

    def keyboard(self, selector, kind):
        """Drive a control with keys alone."""
        control = self.page.locator(selector).first
        control.focus()
        kind, _, value = kind.partition(":")
        if kind == "select":
            options = control.locator("option").evaluate_all("all => all.map((one) => one.value)")
            at_end = control.input_value() == options[-1]
            control.press("ArrowUp" if at_end else "ArrowDown")
        elif kind == "text":
            control.press("ControlOrMeta+a")
            self.page.keyboard.type(value[:-1] + ("4" if value[-1] != "4" else "3"))
            control.press("Enter")
        elif kind == "range":
            control.press("ArrowLeft")
        elif kind == "radio":  # keys move on from the one that is chosen
            control.evaluate("one => document.querySelector(`[name=${one.name}]:checked`).focus()")
            self.page.keyboard.press("ArrowRight")
        else:
            control.press("Space" if kind == "check" else "Enter")


@pytest.fixture(scope="module")
def driver(browser, daemon):
    """One page for all controls."""
    driven = Driver(browser, daemon)
    yield driven
    driven.panel.context.close()


PARTS = ("top", "now", "grid", "ask", "library", "midi")


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
@pytest.mark.parametrize("part", [TOP, NOW, GRID, ASK, LIBRARY, MIDI], ids=PARTS)
def test_every_control_does_what_it_says(driver, part, hand):
    """Each is driven once; the daemon hears the method or the page changes, and nothing is refused."""
    driver.fresh()
    driver.refused.clear()
    if part in (LIBRARY, MIDI):
        driver.page.locator("#tab-answers").click()
    for name, selector, kind, effect in part:
        if (name, hand) == ("kit", "keyboard") and driver.page.locator("#kit option").count() == 1:
            continue
        before = driver.state(effect)
        if kind == "tab" and hand == "keyboard":
            driver.page.locator("[role=tab][aria-selected=true]").focus()
            driver.page.keyboard.press("ArrowRight" if part is LIBRARY else "ArrowLeft")
        else:
            getattr(driver, hand)(selector, kind)
        driver.until_changed(before, effect, f"{name} by {hand}")
    assert [error for error in driver.refused if error] == []
    assert driver.panel.complaints == []


KEYS = {
    " ": "stop", "g": "generate", "r": "refine", "v": "vary", "f": "fill", "x": "break", "h": "hold", "j": "build",
    "n": "next", "c": "cancel", "b": "patterns.favourite", "t": "tap", "p": "panic", "+": "set", "-": "set",
}  # fmt: skip


def test_every_shortcut_works(driver):
    """One key each, wherever the focus is; space stops and starts again."""
    driver.fresh()
    driver.page.locator("h1").click()
    for key, method in KEYS.items():
        before = driver.state(method)
        driver.page.keyboard.press("Space" if key == " " else key)
        driver.until_changed(before, method, f"key {key!r}")
        if key == " ":
            driver.page.locator(".play:not(.running)").wait_for()
            driver.page.keyboard.press("Space")
            driver.page.locator(".play.running").wait_for()
    driver.page.keyboard.press("/")
    assert driver.page.evaluate("document.activeElement.id") == "prompt"
    driver.page.keyboard.press("v")
    assert driver.page.locator("#prompt").input_value().endswith("v")


def test_a_new_genre_offers_its_styles_before_the_daemon_answers(driver):
    """Who is quick chooses a style of the genre just chosen: the list changes in the same turn, no message between."""
    driver.fresh()
    offered = driver.page.evaluate(
        """async () => {
            const genre = document.querySelector("#genre");
            genre.value = "metal";
            genre.dispatchEvent(new Event("change"));
            for (let turn = 0; turn < 5; turn += 1) await null;
            return [...document.querySelectorAll("#style option")].map((one) => one.value);
        }"""
    )

    assert "blast-beat" in offered
    assert "straight" not in offered


def test_the_grid_is_played_by_keys_alone(driver):
    """Move, set, make louder, shift, remove; each cell is said to a screen reader."""
    driver.fresh()
    page = driver.page
    page.locator("h1").click()
    page.keyboard.press("d")
    rows = page.evaluate("document.querySelector('drum-grid').rows")
    for _ in range(rows.index("snare")):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    for key in ("ArrowRight", "ArrowRight", "3"):
        page.keyboard.press(key)

    def stroke():
        hits = driver.client.call("status")["player"]["pattern"]["hits"]
        return next((hit for hit in hits if hit["voice"] == "snare" and hit["tick"] == 480), None)

    eventually(lambda: (stroke() or {}).get("velocity") == 118, "an accent")
    page.wait_for_function(
        "() => /snare, bar 1 beat 1, step 3: accent, 118/.test(document.querySelector('.cell').textContent)"
    )
    page.keyboard.press("-")
    eventually(lambda: stroke()["velocity"] == 112, "a softer stroke")
    page.keyboard.press(".")
    eventually(lambda: stroke().get("shift") == 10, "a late stroke")
    page.keyboard.press("Enter")
    eventually(lambda: stroke() is None, "a rest")


def test_the_grid_is_painted_by_the_mouse(driver):
    """A drag across empty cells sets them, a drag upwards makes one louder, a click removes it; each is one undo."""
    driver.fresh()
    panel, page = driver.panel, driver.page
    driver.client.call("mix", mute=[], solo=[])

    def rides():
        hits = driver.client.call("status")["player"]["pattern"]["hits"]
        return {hit["tick"]: hit["velocity"] for hit in hits if hit["voice"] == "ride"}

    start, end = panel.cell("ride", 240), panel.cell("ride", 960)
    page.mouse.move(**start)
    page.mouse.down()
    page.mouse.move(**end, steps=8)
    page.mouse.up()
    eventually(lambda: set(rides()) == {240, 480, 720, 960}, "four strokes")
    place = panel.cell("ride", 480)
    page.mouse.move(**place)
    page.mouse.down()
    page.mouse.move(place["x"], place["y"] - 20, steps=5)
    page.mouse.up()
    eventually(lambda: rides()[480] > 100, "a louder stroke")
    page.mouse.click(**panel.cell("ride", 720))
    eventually(lambda: 720 not in rides(), "a removed stroke")
    driver.client.call("undo")
    driver.client.call("undo")
    assert set(rides()) == {240, 480, 720, 960}
    driver.client.call("undo")
    assert rides() == {}


UNCLIPPED = """(all) => all.map((one) => {
    const { left, top, width, height } = one.getBoundingClientRect();
    return document.elementFromPoint(left + width / 2, top + height / 2) === one;
})"""
"""Which elements can be seen and clicked where they are."""


def test_the_library_renames_exports_deletes_and_brings_back(driver):
    """What is kept can be named, written as a .mid file, forgotten, and had again."""
    driver.fresh()
    page, client = driver.page, driver.client
    page.locator("#tab-library").click()
    page.locator("#search").fill("")
    row = page.locator(".list li").filter(has=page.locator("b", has_text="controls"))
    row.locator("summary").click()
    row.get_by_role("button", name="Rename").click()
    page.locator("#rename").fill("My groove")
    page.locator("#rename").press("Enter")
    page.locator(".list b", has_text="My groove").wait_for()
    row = page.locator(".list li").filter(has=page.locator("b", has_text="My groove"))
    with page.expect_download() as download:
        row.get_by_role("button", name="Download My groove as .mid").click()
    assert download.value.suggested_filename.endswith(".mid")
    page.locator("#search").fill("My groove")
    row.locator("summary").click()
    assert row.locator("details button").evaluate_all(UNCLIPPED) == [True] * 3
    row.get_by_role("button", name="Delete").click()
    eventually(lambda: "My groove" not in [one["name"] for one in client.call("patterns.list")["patterns"]], "deletion")
    page.get_by_role("button", name="Bring it back").click()
    eventually(lambda: "My groove" in [one["name"] for one in client.call("patterns.list")["patterns"]], "the groove")


def test_a_dropped_midi_file_is_kept_and_plays(driver):
    """A .mid file opened on the page is in the library under its name, and is what plays next."""
    driver.fresh()
    page, client = driver.page, driver.client
    path = client.call("patterns.export", id=BEAT["id"], name="dropped-beat")["path"]
    page.locator("#tab-library").click()
    page.locator(".file input").set_input_files(path)
    page.locator(".list b", has_text="dropped-beat").first.wait_for()
    eventually(lambda: client.call("status")["player"]["pattern"]["name"] == "dropped-beat", "the file's music")


def test_a_file_let_go_anywhere_on_the_page_is_taken(driver):
    """A drop on the grid does what opening the file does; what is neither music nor sound is refused in words."""
    driver.fresh()
    page, client = driver.page, driver.client
    url = client.call("patterns.export", id=BEAT["id"], name="let-go")["url"]
    drop = """async ([url, name]) => {
        const { link } = await import(document.querySelector("script").src);
        const answer = await fetch(url, { headers: { Authorization: `Bearer ${link.token}` } });
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([await answer.blob()], name));
        const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector("drum-grid .view").dispatchEvent(event);
        return event.defaultPrevented;
    }"""

    assert page.evaluate(drop, [url, "let-go.mid"])
    eventually(lambda: client.call("status")["player"]["pattern"]["name"] == "let-go", "the file's music")
    page.evaluate(drop, ["/healthz", "notes.txt"])
    page.locator(".toast.error").first.wait_for()


def test_audio_too_large_for_a_message_is_made_smaller(driver, tmp_path):
    """Twenty seconds in stereo are more than one message takes: the page sends what the ear needs of them."""
    driver.fresh()
    page, client = driver.page, driver.client
    rate = 44100
    beat = bytearray(rate * 2)  # half a second: a click and silence, two channels of 16 bits
    for n in range(1500):
        beat[4 * n : 4 * n + 4] = struct.pack("<hh", *[int(28000 * (1 - n / 1500) * math.sin(n / 4))] * 2)
    with wave.open(str(tmp_path / "clicks.wav"), "wb") as file:
        file.setparams((2, 2, rate, 0, "NONE", ""))
        file.writeframes(bytes(beat) * 40)
    before = client.call("status")["player"]["take"]
    page.locator("#tab-library").click()
    page.locator(".file input").set_input_files(tmp_path / "clicks.wav")

    eventually(lambda: client.call("status")["player"]["take"] != before, "what was heard", within_s=60)
    assert client.call("status")["player"]["pattern"]["hits"]


def test_tab_reaches_every_control(driver):
    """Going round with Tab, each enabled control of the page is focused once; hidden ones never are."""
    driver.fresh()
    page = driver.page
    page.locator("#tab-midi").click()
    page.locator("drum-midi table button").first.wait_for()  # the last to come: the daemon is asked for the mappings
    wanted = page.evaluate(
        """() => {
            const all = [...document.querySelectorAll("button, input, select, summary, [tabindex='0']")];
            window.open_now = (one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0;
            const seen = all.filter((one) => open_now(one) && one.type !== "radio");
            seen.forEach((one, index) => (one.dataset.tour = index));
            document.body.focus();
            document.activeElement.blur();
            return seen.length;
        }"""
    )
    visited = set()
    for _ in range(2 * wanted):
        page.keyboard.press("Tab")
        visited.add(page.evaluate("document.activeElement.dataset.tour ?? ''"))
        if len(visited - {""}) == wanted:
            break

    # What went away meanwhile (a notice whose time was up) need not be reached; what is still there must have been.
    there = page.evaluate(
        """() => [...document.querySelectorAll("[data-tour]")].filter(open_now)
            .map((one) => [one.dataset.tour, one.outerHTML.slice(0, 160)])"""
    )
    assert len(there) > wanted - 5
    assert [html for tour, html in there if tour not in visited] == []
