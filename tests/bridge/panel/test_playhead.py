"""The playhead against the engine's own notes: within 5 ms of the truth though the server stalls, and smooth."""

import os
import signal
import statistics
import threading

import pytest

from tests.support.browser import groove, tell

pytestmark = pytest.mark.wire

STALL_S, REST_S = 0.08, 0.4
P95_MS = 5.0
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
FRAMES = """(ms) => new Promise((done) => {
    const gaps = [], begun = performance.now();
    let last = begun;
    const frame = (at) => {
        gaps.push(at - last);
        last = at;
        at - begun < ms ? requestAnimationFrame(frame) : done(gaps.slice(1));
    };
    requestAnimationFrame(frame);
})"""
CLICKS = groove(2, identity="clicks", rim=[(tick, 100) for tick in range(0, 7680, 240)])


def stalls(pid, until):
    """Stop the daemon for 80 ms, again and again."""
    while not until.wait(REST_S):
        os.kill(pid, signal.SIGSTOP)
        try:
            until.wait(STALL_S)
        finally:
            os.kill(pid, signal.SIGCONT)


def errors_ms(seen, notes, offset_s, loop_ticks, origin):
    """How far each drawn frame was from where the engine's notes say the song was, in milliseconds."""
    times = [note["due"] for note in notes]
    ticks = [note["tick"] for note in notes]
    slope, start = statistics.linear_regression(times, ticks)
    out = []
    for at, shown in seen:
        truth = (start + slope * (at + offset_s) - origin) % loop_ticks
        off = (shown - truth + loop_ticks / 2) % loop_ticks - loop_ticks / 2
        out.append(off / slope * 1000)
    return out


def look(panel, client):
    """One look of four seconds at the playhead while the daemon stalls: errors in ms."""
    client.call("subscribe", topics=["notes"], sub="truth")
    offset = panel.monotonic_less_page_s()
    heard = len(client.notes())
    over = threading.Event()
    thread = threading.Thread(target=stalls, args=(panel.daemon.process.pid, over))
    thread.start()
    try:
        seen = panel.page.evaluate(WATCH, 4000)
    finally:
        over.set()
        thread.join()
    client.call("unsubscribe", sub="truth")
    origin = client.call("status")["player"]["origin"]
    return errors_ms(seen, client.notes()[heard:], offset, 7680, origin)


def bare_frame_s(browser):
    """How long an empty page takes for a frame in this run: the median, 17 ms where nothing holds it up."""
    context = browser.new_context()
    try:
        gaps = context.new_page().evaluate(FRAMES, 1000)
    finally:
        context.close()
    return statistics.median(gaps) / 1000


def test_the_playhead_is_within_5_ms_at_p95_while_the_server_stalls(browser, open_panel):
    """The truth is the due times of the notes that the engine sent; the page hears of them late, and need not care.

    The best of three looks: what else the machine does makes a look worse, never better.
    """
    panel = open_panel()
    client = panel.play(CLICKS)
    best = []
    for _ in range(3):
        errors = look(panel, client)
        sizes = sorted(map(abs, errors))
        p95 = sizes[int(len(sizes) * 0.95)]
        best.append((p95, len(errors)))
        tell(f"playhead: {len(errors)} frames, median {statistics.median(errors):+.2f} ms, p95 {p95:.2f} ms")
        if p95 <= P95_MS and len(errors) > 60:
            break

    p95, frames = min(best)
    slow = max(1.0, bare_frame_s(browser) / 0.017)
    assert frames > 60 / slow
    assert p95 <= P95_MS * slow


def test_64_bars_play_at_60_frames_a_second(browser, open_panel):
    """A long, full pattern keeps the pace of an empty page; the best of three looks, as the machine is shared."""
    panel = open_panel()
    lanes = {
        "hat_closed": [(t, 70) for t in range(0, 64 * 3840, 240)],
        "snare": [(t + 960, 110) for t in range(0, 64 * 3840, 1920)],
        "kick": [(t, 110) for t in range(0, 64 * 3840, 960)],
    }
    panel.play(groove(64, identity="long", **lanes))
    rates = []
    for _ in range(3):
        seen = panel.page.evaluate(WATCH, 2000)
        rates.append((len(seen) - 1) / (seen[-1][0] - seen[0][0]))
        if rates[-1] >= 59:
            break

    tell(f"frames a second: {[round(rate, 1) for rate in rates]}")
    assert max(rates) >= min(57, 0.85 / bare_frame_s(browser))
