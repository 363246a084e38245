"""What a musician sees at a glance: health, faults, fills, a song's next part, on any screen."""

import base64
import json

import pytest

from tests.support.browser import Panel, eventually, groove
from tests.support.daemon import RunningDaemon

pytestmark = pytest.mark.wire

BEAT = groove(2, identity="glance", kick=[(0, 110), (3840, 110)], snare=[(960, 110), (4800, 110)])
STROKES = """() => document.querySelector("drum-grid").scene.hits.map((hit) => [hit.voice, Boolean(hit.out)])"""


def test_providers_stand_there_with_their_models_and_health(browser, tmp_path):
    """Every model in use is named with its tiers and how it is; what the catalogue says of old names is folded."""
    nobody = "http://127.0.0.1:9"
    env = {
        "OPENAI_API_KEY": "canary",
        "OPENAI_BASE_URL": f"{nobody}/v1",
        "GROQ_API_KEY": "canary",
        "GROQ_BASE_URL": nobody,
    }
    with RunningDaemon(tmp_path / "home", "--midi", "none", env=env) as running:
        client = running.client()
        providers = eventually(lambda: client.call("status")["providers"], "the router", within_s=60)
        panel = Panel(browser, running).open()
        rows = panel.page.locator(".providers li")
        rows.nth(1).wait_for()
        told = rows.all_inner_texts()
        panel.context.close()

    assert len(told) == len(providers) == 2
    for text, (name, one) in zip(told, providers.items(), strict=True):
        assert name in text
        for model in filter(None, one["models"].values()):
            assert model in text
        assert "well" in text
        assert "undefined" not in text


def test_of_each_step_its_time_is_seen(open_panel):
    """How long a model took stands in figures and as a bar beside the others', whatever it came to."""
    page = open_panel().page
    page.evaluate(
        """async () => {
            const { store } = await import(document.querySelector("script").src);
            const attempt = { provider: "groq", model: "m", tier: "fast", outcome: "ok", ms: 400, cost_usd: "0.01" };
            const attempts = [{ ...attempt, outcome: "timeout", ms: 200, note: "too slow" }, attempt];
            const route = { job: "j-x", provider: "groq", model: "m", tier: "fast", cache: "miss", cost_usd: "0.02" };
            store.hear({ topic: "route", data: { ...route, attempts, latency_ms: 800, done: true } });
        }"""
    )
    steps = page.locator(".route").first.locator(".took")
    steps.nth(1).wait_for()
    boxes = [(step.bounding_box(), step.locator("i").bounding_box()) for step in steps.all()]
    shares = [round(inner["width"] / outer["width"], 2) for outer, inner in boxes]

    assert shares == [0.25, 0.5]
    assert all(2 <= inner["height"] <= 4 for _, inner in boxes)


def test_what_is_under_way_and_what_waits_say_who_and_since_when(open_panel):
    """Of a running answer the seconds go on; of what waits it is said who made it, how fast, and what it cost."""
    page = open_panel().page
    page.evaluate(
        """async (pattern) => {
            const { store } = await import(document.querySelector("script").src);
            const route = { provider: "groq", model: "m", tier: "fast", cache: "miss", attempts: [], cost_usd: "0.02" };
            const done = { job: "j-1", state: "done", pattern, route: { ...route, latency_ms: 800 } };
            store.hear({ topic: "jobs", data: { jobs: [done, { job: "j-2", state: "running", progress: {} }] } });
            store.hear({ topic: "route", data: { ...route, job: "j-3", latency_ms: 3000, done: false } });
            const now = { ...pattern, id: "now" }, waits = { pattern, take: "t-2", bar: 9, beat: 1, tick: 30720 };
            const player = { state: "stopped", pattern: now, take: "t-1", origin: 0, queued: [waits], mix: {} };
            store.hear({ topic: "player", data: player });
        }""",
        BEAT,
    )
    waits = page.locator("[aria-label=Next]").inner_text()
    page.locator("[aria-label='In the making']").wait_for()
    seconds = page.locator(".route.running .elapsed")

    assert all(word in waits for word in ("bar 9", "Groq · m", "800 ms", "$0.02"))
    assert "an audio file" in page.locator("[aria-label='In the making']").inner_text()
    begun = float(seconds.inner_text().split()[0])
    assert begun >= 3
    eventually(lambda: float(seconds.inner_text().split()[0]) > begun, "the time to go on")


@pytest.mark.parametrize(("limit", "told"), [("0.0003", "$0.0003"), ("0.005", "$0.005"), ("100.00", "$100")])
def test_a_budget_of_any_size_is_told_right(open_panel, limit, told):
    """A budget far below a cent is not turned into hundreds of dollars."""
    page = open_panel().page
    shown = """async (limit) => {
        const { store } = await import(document.querySelector("script").src);
        store.put("about", { ...store.state.about, budget: { spent_usd: "0.0001", limit_usd: limit } });
        await document.querySelector("drum-transport").update();
        return document.querySelector(".gauge b").innerText;
    }"""

    # The daemon's own word, which the page asks for whenever it likes, may come in between.
    eventually(lambda: page.evaluate(shown, limit) == f"$0.0001 of {told}", "the budget")


def test_a_job_that_fails_says_why(open_panel):
    """A file that is no audio: the page tells what is wrong, wherever the job came from."""
    panel = open_panel()
    panel.daemon.client().call("analyze", audio=base64.b64encode(b"no music at all" * 20).decode())

    toast = panel.page.locator(".toast.error")
    toast.wait_for()
    assert "Not done:" in toast.inner_text()


def test_an_alert_stands_above_everything_until_it_ends(open_panel):
    """Whatever tab is open, the alert is seen; when it is over it goes."""
    page = open_panel().page
    page.locator("#tab-midi").click()
    tell = """async (state) => {
        const { store } = await import(document.querySelector("script").src);
        const alert = { name: "latency_p95", level: "warning", state, message: "answers are slow" };
        store.hear({ topic: "alerts", data: alert });
    }"""
    page.evaluate(tell, "raised")
    alert = page.locator(".alert")
    alert.wait_for()
    assert "warning" in alert.inner_text().lower()
    assert "answers are slow" in alert.inner_text()
    page.evaluate(tell, "cleared")
    alert.wait_for(state="detached")


def test_a_fill_is_drawn_where_it_sounds(open_panel):
    """Its strokes take the groove's place while it sounds, and afterwards the groove is back."""
    panel = open_panel()
    page = panel.page
    panel.play(BEAT)
    before = page.evaluate(STROKES)
    page.get_by_role("button", name="Fill", exact=True).click()

    sounding = "document.querySelector('drum-grid').scene.fills.some((fill) => fill.sounding)"
    during = page.wait_for_function(f"() => {sounding} && ({STROKES})()").json_value()
    page.wait_for_function("() => !document.querySelector('drum-grid').scene.fills.length")

    assert len(during) > len(before)
    assert any(out for _, out in during)
    assert page.evaluate(STROKES) == before
    assert {voice for voice, _ in during} <= set(page.evaluate("document.querySelector('drum-grid').rows"))


NEXT = """async (pattern) => {
    const { store } = await import(document.querySelector("script").src), now = document.querySelector("drum-now");
    const meter = [3840, [960, 960, 960, 960]];
    const sections = [{ name: "verse", bars: 2, starts_at_bar: 1 }, { name: "outro", bars: 2, starts_at_bar: 3 }];
    const song = { id: "s-1", name: "song", sections };
    const tell = async (section, bar) => {
        const origin = (bar - 1) * 3840, beat = 1 + 10 / 960;
        const at = { state: "playing", source: "internal", bpm: 120, bar, beat, meter };
        store.hear({ topic: "transport", data: { ...at, tick: origin + 10.6, t: store.link.now() } });
        const player = { pattern, take: `t-${section}`, origin, queued: [], song: { ...song, section } };
        store.hear({ topic: "player", data: { ...player, mix: { mute: [], solo: [] } } });
        await now.update();
        const words = (name) => now.querySelector(`[aria-label=${name}]`).innerText.replaceAll("\\n", " ");
        return [words("Next"), words("Song")];
    };
    return [await tell(0, 5), await tell(1, 7)];
}"""


def test_of_a_song_the_next_part_is_shown_with_its_bar(open_panel):
    """Which part comes by itself, at which bar, and that after the last one it ends."""
    (first, parts), (last, later) = open_panel().page.evaluate(NEXT, BEAT)

    assert "bar 7 " in first
    assert "outro" in first.lower()
    assert "bar 9 " in last
    assert "the end" in last.lower()
    assert parts == later == "verse 5 outro 7"


@pytest.mark.parametrize("width", [320, 375, 820, 1120, 1440, 2560])
def test_every_screen_has_port_money_mute_and_solo_and_no_sideways_scroll(open_panel, width):
    """From a narrow phone to a wide wall, what is needed on stage is there."""
    panel = open_panel(viewport={"width": width, "height": 900})
    panel.play(BEAT)
    for selector in (".play", ".where", "#tempo", ".port", ".gauge", ".panic", "drum-grid .mute", "drum-grid .solo"):
        assert panel.page.locator(selector).first.is_visible(), selector
    assert panel.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize(("width", "height"), [(320, 640), (390, 844), (844, 390), (820, 1180)])
def test_stop_panic_and_the_beat_stay_in_reach(open_panel, width, height):
    """However far a hand-held screen is scrolled, they are in view, in a strip that leaves the screen to the rest."""
    panel = open_panel(viewport={"width": width, "height": height})
    panel.play(BEAT)
    panel.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    at_hand = panel.page.evaluate(
        """() => [".play", ".where", ".panic"].map((name) => {
            const { top, bottom, left, right } = document.querySelector(name).getBoundingClientRect();
            const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)?.closest(name);
            return there && right <= innerWidth ? bottom : Infinity;
        })"""
    )
    assert panel.page.evaluate("scrollY") > 0
    assert max(at_hand) <= min(120, height * 0.2)


def test_every_live_knob_of_the_daemon_is_on_the_page(open_panel):
    """The page offers what the settings table says, and Delete gives a knob its default again."""
    panel = open_panel()
    client = panel.daemon.client()
    live = client.call("catalog")["settings"]
    knobs = {row["name"] for row in live if row["kind"] == "float" and (row["low"], row["high"]) == (0, 1)}
    choices = {row["name"] for row in live if row["kind"] == "choice"}

    assert set(panel.page.locator(".knob input").evaluate_all("all => all.map((one) => one.id)")) == knobs
    for name in choices:
        assert panel.page.locator(f"select#{name}").count() == 1, name
    client.call("set", swing=0.7)
    panel.page.wait_for_function("() => document.querySelector('#swing').value === '0.7'")
    panel.page.locator("#swing").press("Delete")
    eventually(lambda: client.call("status")["settings"]["swing"] is None, "the style's own swing")


def test_what_was_chosen_to_be_learnt_stays_chosen(open_panel):
    """The page looks at the ports again and again; a choice made meanwhile is the one that is learnt."""
    panel = open_panel()
    page = panel.page
    page.locator("#tab-midi").click()
    page.locator("#learn").select_option("tempo")
    page.evaluate("document.querySelector('drum-midi').read()")
    page.get_by_role("button", name="Start", exact=True).click()

    learning = page.locator(".learning")
    learning.wait_for()
    assert "tempo" in learning.inner_text()
    assert "learning" in page.locator("#tab-midi").inner_text()
    learning.get_by_role("button").click()
    learning.wait_for(state="detached")


def test_the_exports_folder_is_asked_for(open_panel):
    """By mouse and by keyboard; nothing is opened on the machine that runs this test."""
    page = open_panel().page
    page.evaluate(
        """async () => {
            const { link } = await import(document.querySelector("script").src), real = link.call.bind(link);
            window.revealed = 0;
            const stub = () => ((window.revealed += 1), Promise.resolve({ path: "here" }));
            link.call = (method, params) => (method === "patterns.reveal" ? stub() : real(method, params));
        }"""
    )
    page.locator("#tab-library").click()
    button = page.get_by_role("button", name="Reveal folder")
    button.click()
    button.press("Enter")

    assert page.evaluate("window.revealed") == 2


def test_the_key_g_asks_as_the_button_does(open_panel):
    """The words and the chosen maker count, whichever way it is asked: a key must not spend what a click would not."""
    panel = open_panel()
    page, sent = panel.page, []
    page.on("websocket", lambda socket: socket.on("framesent", lambda text: sent.append(text)))  # noqa: PLW0108 - Playwright marks its handlers
    page.reload()
    page.locator(".link.open").wait_for(state="attached")
    page.locator("#prompt").fill("slow blues")
    page.locator("#tier").select_option("local")
    page.locator("h1").click()
    page.keyboard.press("g")

    def asked():
        page.evaluate("1")
        calls = [json.loads(text) for text in sent]
        return [call["params"] for call in calls if call["method"] == "generate"]

    (params,) = eventually(asked, "the request")
    assert (params["prompt"], params["tier"]) == ("slow blues", "local")
