"""The playhead held against the engine's own notes, while the daemon stalls: for the suite and for scripts/bench.py."""

from __future__ import annotations

import os
import signal
import statistics
import threading

from tests.support.browser import groove

STALL_S, REST_S = 0.08, 0.4
LOOP_TICKS = 7680
CLICKS = groove(2, identity="clicks", rim=[(tick, 100) for tick in range(0, LOOP_TICKS, 240)])
FULL = groove(
    64,
    identity="long",
    hat_closed=[(t, 70) for t in range(0, 64 * 3840, 240)],
    snare=[(t + 960, 110) for t in range(0, 64 * 3840, 1920)],
    kick=[(t, 110) for t in range(0, 64 * 3840, 960)],
)
"""64 bars, each with its sixteenths."""
WATCH = """(ms) => new Promise((done) => {
    const head = document.querySelector(".playhead"), grid = document.querySelector("drum-grid");
    const seen = [], begun = performance.now();
    const frame = () => {
        const x = new DOMMatrix(head.style.transform).m41;
        if (!head.hidden) seen.push([performance.now() / 1000, (x / grid.scene.stepW) * grid.scene.step]);
        performance.now() - begun < ms ? requestAnimationFrame(frame) : done(seen);
    };
    requestAnimationFrame(frame);
})"""
BARE = """(ms) => new Promise((done) => {
    const seen = [], begun = performance.now();
    const frame = (at) => {
        seen.push(at / 1000);
        performance.now() - begun < ms ? requestAnimationFrame(frame) : done(seen);
    };
    requestAnimationFrame(frame);
})"""
"""The frames of a page that draws nothing."""


def rate(times):
    """Frames a second."""
    return (len(times) - 1) / (times[-1] - times[0])


def frame_rates(panel, ms=1500):
    """Return frames a second of an empty page and of this one playing 64 full bars, looked at one after the other."""
    empty = panel.context.new_page()
    try:
        bare = rate(empty.evaluate(BARE, ms))
    finally:
        empty.close()
    panel.page.bring_to_front()
    return bare, rate([at for at, _ in panel.page.evaluate(WATCH, ms)])


def _stalls(pid, until):
    """Stop the daemon for 80 ms, again and again."""
    while not until.wait(REST_S):
        os.kill(pid, signal.SIGSTOP)
        try:
            until.wait(STALL_S)
        finally:
            os.kill(pid, signal.SIGCONT)


def playhead_errors_ms(panel, client, ms=4000):
    """While CLICKS play and the daemon stalls: how far each drawn frame was from the engine's notes."""
    heard = len(client.notes())
    client.call("subscribe", topics=["notes"], sub="truth")
    offset = panel.monotonic_less_page_s()
    over = threading.Event()
    thread = threading.Thread(target=_stalls, args=(panel.daemon.process.pid, over))
    thread.start()
    try:
        seen = panel.page.evaluate(WATCH, ms)
    finally:
        over.set()
        thread.join()
    client.call("unsubscribe", sub="truth")
    notes = client.notes()[heard:]
    origin = client.call("status")["player"]["origin"]
    slope, start = statistics.linear_regression([note["due"] for note in notes], [note["tick"] for note in notes])
    out = []
    for at, shown in seen:
        truth = (start + slope * (at + offset) - origin) % LOOP_TICKS
        off = (shown - truth + LOOP_TICKS / 2) % LOOP_TICKS - LOOP_TICKS / 2
        out.append(off / slope * 1000)
    return out


def load_ms(page):
    """Return milliseconds to the load event, to the first frame with content, and until all is there to be used."""
    return page.evaluate(
        """() => {
            const [page] = performance.getEntriesByType("navigation");
            const [frame] = performance.getEntriesByName("first-contentful-paint");
            const [ready] = performance.getEntriesByName("drumbridge.ready");
            return { load: page.loadEventEnd, frame: frame.startTime, ready: ready?.startTime };
        }"""
    )
