"""The page's pure modules, run in the page: clock, musical time, patterns, events to state."""

import pytest

pytestmark = pytest.mark.wire


@pytest.fixture
def js(open_panel):
    """What runs a few lines with one of the page's modules as `m` and an argument as `a`."""
    page = open_panel().page

    def run(module, body, argument=None):
        return page.evaluate(
            f"async (a) => {{ const m = await import('/js/{module}.js'); return ((m, a) => {{ {body} }})(m, a); }}",
            argument,
        )

    return run


def test_the_clock_believes_the_least_round_trip(js):
    """Eight pings through a stalled server and a quick one among them: the quick one's offset is taken."""
    body = """
        const clock = new m.ServerClock();
        for (let i = 0; i < 9; i += 1) {
            if (i === 4) clock.add(i, i + 0.001, i + 1000 + 0.0005);
            else clock.add(i, i + 0.08, i + 1000 + 0.075);
        }
        return [clock.offset, clock.trip];
    """
    offset, trip = js("time", body)

    assert offset == pytest.approx(1000)
    assert trip == pytest.approx(0.001)


def test_a_position_is_worked_out_and_stands_still_when_stopped(js):
    """At 120 bpm a second is 1920 ticks; a stopped song does not move; a tick's time is the way back."""
    body = """
        const at = { state: "playing", tick: 960, t: 10, bpm: 120 };
        const still = m.tickAt({ ...at, state: "stopped" }, 11);
        return [m.tickAt(at, 11), still, m.timeOf(at, 2880), m.inLoop(100, 3840, 7680)];
    """
    assert js("time", body) == [2880, 960, 11, 3940]


def test_bars_and_beats_follow_any_metre(js):
    """A message in the middle of a 7/8 bar places every bar line after it."""
    body = """
        const at = { tick: 4320, bar: 2, beat: 2, meter: [3360, [960, 960, 1440]] };
        const place = (tick) => { const { bar, beat } = m.locate(at, tick); return [bar, beat]; };
        return [4320, 5279, 5280, 6719, 6720, 3360].map(place);
    """
    assert js("time", body) == [[2, 2], [2, 2], [2, 3], [2, 3], [3, 1], [2, 1]]


def test_the_page_reads_metres_as_the_server_does(js):
    """Beats and lengths are the router's own for every metre that is offered."""
    from router.pattern import Meter

    names = ["4/4", "3/4", "6/8", "12/8", "5/4", "7/8", "9/8", "2/4", "7/4", "11/8", "5/8", "3/8", "4/8"]
    seen = js("pattern", "return a.map((meter) => m.meterOf({ meter }).beats);", names)

    assert seen == [list(Meter.parse(name).beats) for name in names]


def test_an_edit_is_drawn_as_the_server_will_make_it(js):
    """Set, change, remove: the page's preview and the daemon's pattern are one."""
    from bridge.editing import edited
    from router.pattern import Pattern

    pattern = {
        "id": "p",
        "meter": "4/4",
        "bars": 1,
        "hits": [
            {"tick": 0, "voice": "kick", "velocity": 90},
            {"tick": 960, "voice": "snare", "velocity": 90, "shift": 9},
        ],
    }
    edits = [
        {"tick": 0, "voice": "kick", "velocity": 0},
        {"tick": 960, "voice": "snare", "velocity": 40},
        {"tick": 480, "voice": "clap", "velocity": 100},
    ]
    drawn = js("pattern", "return m.withEdits(a.pattern, a.edits).hits;", {"pattern": pattern, "edits": edits})
    made = edited(Pattern.from_dict(pattern), edits).as_dict()["hits"]

    assert sorted((h["tick"], h["voice"], h["velocity"], h.get("shift", 0)) for h in drawn) == sorted(
        (h["tick"], h["voice"], h["velocity"], h.get("shift", 0)) for h in made
    )


@pytest.mark.parametrize(
    ("ticks", "step"), [([0, 240, 720], 240), ([0, 320, 640], 320), ([0, 160, 480], 160), ([0, 120, 360], 120)]
)
def test_the_step_fits_the_groove(js, ticks, step):
    """Sixteenths, triplets, sixteenth triplets and 32nds are found without asking."""
    assert js("pattern", "return m.naturalStep({ hits: a.map((tick) => ({ tick })) });", ticks) == step


def test_events_become_state(js):
    """Snapshots replace, single events merge, a cleared alert goes, a finished route takes its live one's place."""
    body = """
        const s = m.blank();
        m.reduce(s, "alerts", { alerts: [{ name: "a", state: "raised" }] });
        m.reduce(s, "alerts", { name: "b", state: "raised" });
        m.reduce(s, "alerts", { name: "a", state: "cleared" });
        m.reduce(s, "route", { job: "j-1", done: false, attempts: [] });
        const live = s.live.job;
        m.reduce(s, "route", { job: "j-1", done: true, attempts: [] });
        m.reduce(s, "jobs", { jobs: [{ job: "j-1", state: "draft" }] });
        m.reduce(s, "jobs", { job: "j-1", state: "done" });
        m.reduce(s, "midi", { messages: [[1, "90"], [2, "91"]], out: "x" });
        const names = s.alerts.map((one) => one.name), job = s.jobs.get("j-1").state;
        return [names, live, s.live, s.routes.length, job, s.midi.messages[0][1], s.midi.out];
    """
    assert js("store", body) == [["b"], "j-1", None, 1, "done", "91", "x"]
