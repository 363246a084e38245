"""The browser's drum kit, rendered offline: strokes sound where the pattern says, and a muted render is silent."""

import itertools
import statistics

import pytest

from tests.support.browser import groove, tell

pytestmark = pytest.mark.wire

BPM = 120
SECONDS_A_TICK = 1 / (BPM * 16)
GROOVE = groove(
    kick=[(0, 120), (1920, 110)], snare=[(960, 120), (2880, 60)], hat_closed=[(480, 100), (1440, 40), (3360, 127)]
)
ONSETS = sorted(hit["tick"] * SECONDS_A_TICK for hit in GROOVE["hits"])
RENDER = """async ([pattern, bpm, muted]) => {
    const { perform } = await import(document.querySelector("script").src);
    const rate = 44100, context = new OfflineAudioContext(1, rate * 2.5, rate);
    perform(context, context.destination, pattern, bpm, { silent: (voice) => muted.includes(voice) });
    const data = (await context.startRendering()).getChannelData(0);
    const found = [], peak = new Float32Array(Math.ceil(data.length / 44));
    data.forEach((value, i) => (peak[Math.floor(i / 44)] = Math.max(peak[Math.floor(i / 44)], Math.abs(value))));
    for (let i = 0; i < peak.length; i += 1) {
        const before = Math.max(...peak.slice(Math.max(0, i - 12), i), 0.002);
        if (peak[i] > before * 2 && (!found.length || i - found.at(-1) > 60)) found.push(i);
    }
    return { onsets: found.map((i) => (i * 44) / rate), loudest: Math.max(...peak) };
}"""


def rendered(open_panel, muted=()):
    """What the page's kit makes of the groove."""
    return open_panel().page.evaluate(RENDER, [GROOVE, BPM, list(muted)])


def test_onsets_are_where_the_pattern_says(open_panel):
    """Each stroke begins within 3 ms of its tick, and there is no other."""
    heard = rendered(open_panel)["onsets"]

    assert heard == pytest.approx(ONSETS, abs=0.003)


def test_a_muted_render_fails_that_test(open_panel):
    """With every voice muted there is no onset at all, and with the kick muted its two are missing."""
    assert rendered(open_panel, ["kick", "snare", "hat_closed"]) == {"onsets": [], "loudest": 0}
    assert rendered(open_panel, ["kick"])["onsets"] == pytest.approx(
        [t for t in ONSETS if t not in {0, 1.0}], abs=0.003
    )


def test_a_harder_stroke_is_louder(open_panel):
    """Velocity is heard."""
    page = open_panel().page
    loud = [page.evaluate(RENDER, [groove(snare=[(0, velocity)]), BPM, []])["loudest"] for velocity in (30, 80, 127)]

    assert loud == sorted(loud)
    assert loud[0] < loud[2] / 3


def test_the_page_sounds_what_the_engine_sends(open_panel):
    """While a groove plays, each note that left the engine is struck once, a constant moment after its due time."""
    panel = open_panel()
    page = panel.page
    page.evaluate(
        """async () => {
            const { store } = await import(document.querySelector("script").src);
            window.struck = [];
            const real = AudioContext.prototype.createGain;
            AudioContext.prototype.createGain = function () {
                const gain = real.call(this), set = gain.gain.setValueAtTime.bind(gain.gain);
                gain.gain.setValueAtTime = (value, at) => { window.struck.push(at); return set(value, at); };
                return gain;
            };
            window.due = [];
            store.addEventListener("note", ({ detail }) => detail.voice && window.due.push(detail.due));
            await store.audition.start();
        }"""
    )
    panel.play(groove(identity="ticking", rim=[(t, 100) for t in range(0, 3840, 480)]))
    page.wait_for_function("() => window.struck.length >= 24")
    struck, due = page.evaluate("[window.struck.slice(8, 24), window.due.slice(8, 24)]")
    gaps = [
        (a2 - a1) - (b2 - b1)
        for (a1, a2), (b1, b2) in zip(itertools.pairwise(struck), itertools.pairwise(due), strict=True)
    ]

    tell(f"browser sound: gaps off by at most {max(map(abs, gaps)) * 1000:.2f} ms")
    assert len(struck) == len(due) == 16
    assert statistics.median(map(abs, gaps)) < 0.006


def test_the_browser_is_silent_once_something_listens(open_panel):
    """A synth on the port ends the audition that began by itself; one that was asked for by hand goes on."""
    page = open_panel().page
    states = page.evaluate(
        """async () => {
            const { store } = await import(document.querySelector("script").src), { audition } = store, seen = [];
            const port = (connections) => store.hear({ topic: "midi", data: { messages: [], connections } });
            const connect = (out) => port({ out, in: [] });
            await audition.start(false);
            seen.push(audition.on, audition.latencyMs >= 40);
            connect(["synth"]);
            seen.push(audition.on);
            await audition.start(false);
            seen.push(audition.on);
            await audition.start(true);
            connect(["synth", "another"]);
            seen.push(audition.on);
            return seen;
        }"""
    )
    assert states == [True, True, False, False, True]
