"""The page's pure modules, run in the page: clock, musical time, patterns, events to state."""

import pytest

pytestmark = pytest.mark.wire


@pytest.fixture
def js(open_panel):
    """What runs a few lines with the page's modules as `m` and an argument as `a`."""
    page = open_panel().page

    def run(body, argument=None):
        return page.evaluate(
            f"""async (a) => {{
                const m = await import(document.querySelector("script").src);
                return ((m, a) => {{ {body} }})(m, a);
            }}""",
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
    offset, trip = js(body)

    assert offset == pytest.approx(1000)
    assert trip == pytest.approx(0.001)


def test_a_position_is_worked_out_and_stands_still_when_stopped(js):
    """At 120 bpm a second is 1920 ticks; a stopped song does not move; a tick's time is the way back."""
    body = """
        const at = { state: "playing", tick: 960, t: 10, bpm: 120 };
        const still = m.tickAt({ ...at, state: "stopped" }, 11);
        return [m.tickAt(at, 11), still, m.timeOf(at, 2880), m.inLoop(100, 3840, 7680)];
    """
    assert js(body) == [2880, 960, 11, 3940]


def test_bars_and_beats_follow_any_metre(js):
    """A message in the middle of a 7/8 bar places every bar line after it."""
    body = """
        const at = { tick: 4320, bar: 2, beat: 2, meter: [3360, [960, 960, 1440]] };
        const place = (tick) => { const { bar, beat } = m.locate(at, tick); return [bar, beat]; };
        return [4320, 5279, 5280, 6719, 6720, 3360].map(place);
    """
    assert js(body) == [[2, 2], [2, 2], [2, 3], [2, 3], [3, 1], [2, 1]]


def test_a_bar_line_ahead_is_on_the_bar_it_begins(js):
    """A message between two ticks tells its beat of the whole tick; the next part's bar is still beat 1 of it."""
    at = {"tick": 7681.96, "bar": 3, "beat": 1 + 1 / 960, "meter": [3840, [960, 960, 960, 960]]}
    body = "const { bar, beat, inside } = m.locate(a, 11520); return [bar, beat, inside < 0.01];"

    assert js(body, at) == [4, 1, True]


FILL = {"meter": "4/4", "bars": 1, "hits": [{"tick": t, "voice": "tom_low", "velocity": 90} for t in (0, 1920, 2880)]}
LOOP = {"meter": "4/4", "bars": 2, "hits": [{"tick": t, "voice": "kick", "velocity": 90} for t in (0, 4800, 6720)]}


def test_a_fill_lies_where_it_is_heard(js):
    """Half a bar of fill: the first half of its bar is the groove's, its strokes take the place of the rest."""
    filling = {"pattern": FILL, "origin": 11520, "tick": 13440, "end": 15360}
    body = """
        const fills = m.fillsIn(a.pattern, { filling: a.filling, queued: [], origin: 0 });
        const heard = m.heardWith(a.pattern.hits, fills);
        return [fills.map((one) => [one.from, one.to, one.sounding]), heard.map((one) => [one.tick, Boolean(one.out)])];
    """
    places, heard = js(body, {"pattern": LOOP, "filling": filling})

    assert places == [[5760, 7680, True]]
    assert heard == [[0, False], [4800, False], [6720, True], [5760, False], [6720, False]]


def test_a_fill_longer_than_the_loop_is_shown_round_by_round(js):
    """A build over three bars of a loop of two: its first two bars, then its last; told a moment early, its first."""
    filling = {"pattern": {**LOOP, "bars": 3, "hits": FILL["hits"]}, "origin": 11520, "tick": 11520, "end": 23040}
    filling["pattern"]["hits"] += [{"tick": t, "voice": "snare", "velocity": 90} for t in (3840, 7680, 9600)]
    body = """
        const at = (now) => m.fillsIn(a.pattern, { filling: a.filling, queued: [], origin: 0 }, now);
        const tell = ({ from, to, hits }) => [from, to, hits.map((hit) => hit.tick)];
        return [11500, 11520, 15360, 19300].map((now) => at(now).map(tell)[0]);
    """
    first = [3840, 7680, [3840, 5760, 6720]]

    assert js(body, {"pattern": LOOP, "filling": filling}) == [
        first,
        first,
        [0, 7680, [0, 3840, 5760]],
        [0, 7680, [0, 3840, 5760]],
    ]


def test_a_fill_behind_a_switch_is_not_in_this_groove(js):
    """What waits is shown, but for a fill that the next groove will have."""
    waits = {"pattern": FILL, "origin": 7680, "tick": 7680, "once": True}
    body = """
        const fills = (more) => m.fillsIn(a.pattern, { filling: null, queued: [a.waits, ...more], origin: 3840 });
        return [fills([]).map((one) => [one.from, one.to, one.sounding]), fills([{ tick: 7680 }]).length];
    """
    assert js(body, {"pattern": LOOP, "waits": waits}) == [[[3840, 7680, False]], 0]


def test_the_health_is_read_as_the_router_tells_it(js):
    """Each model in use is there once with its tiers, and whether it is well; a tier without a model is left out."""
    from router.errors import Busy
    from router.health import Health

    health = Health()
    health.succeeded("groq", "a", 120)
    health.failed("groq", "b", Busy("groq", 20.0), 10.0, request="r")
    models = {"fast": "a", "balanced": "b", "advanced": "b", "expert": None}
    one = {"models": models, "health": health.as_dict(11.0)["groq"]}
    rows = js("return m.healthOf(a);", one)

    assert [(row["model"], row["tiers"], row["good"]) for row in rows] == [
        ("a", "fast", True),
        ("b", "balanced, advanced", False),
    ]
    assert (rows[0]["text"], rows[0]["ms"]) == ("well", 120)
    assert rows[1]["text"] == "resting 19 s"


@pytest.mark.parametrize(
    ("meta", "who"),
    [
        ({"generator": "embedded"}, "Embedded drummer"),
        ({"generator": "hearing"}, "Heard in a file"),
        ({"generator": "played"}, "Played by hand"),
        ({"generator": "import"}, "Imported file"),
        ({"generator": "groq/openai/gpt-oss-120b"}, "Groq · openai/gpt-oss-120b"),
        ({"generator": "cohere/command-r7b with the embedded drummer"}, "Cohere · command-r7b"),
        ({}, "Painted by hand"),
        (None, "Painted by hand"),
    ],
)
def test_a_groove_says_what_it_comes_from(js, meta, who):
    """A model, a file, a hand or the embedded drummer: each by its own name, though its answer is long forgotten."""
    assert js("return m.sourceOf(a ?? undefined);", meta) == who


def test_what_was_heard_was_not_made_by_the_embedded_drummer(js):
    """This machine transcribed it; only a groove that was drawn is the drummer's."""
    heard = js("return m.makerOf(a);", {"provider": "local", "model": "transcription"})
    drawn = js("return m.makerOf(a);", {"provider": "local", "model": "embedded"})

    assert (heard, drawn) == ("Heard in a file", "Embedded drummer")


def test_the_hit_rate_is_of_those_who_asked_the_cache(js):
    """Oldest first; an answer that needed no cache is no miss."""
    routes = [{"cache": name} for name in ("hit", "off", "coalesced", "miss")]

    assert js("return m.hitRates(a);", routes) == [0, 0.5, pytest.approx(2 / 3)]


def test_the_page_reads_metres_as_the_server_does(js):
    """Beats and lengths are the router's own for every metre that is offered."""
    from router.pattern import Meter

    names = ["4/4", "3/4", "6/8", "12/8", "5/4", "7/8", "9/8", "2/4", "7/4", "11/8", "5/8", "3/8", "4/8"]
    seen = js("return a.map((meter) => m.meterOf({ meter }).beats);", names)

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
    drawn = js("return m.withEdits(a.pattern, a.edits).hits;", {"pattern": pattern, "edits": edits})
    made = edited(Pattern.from_dict(pattern), edits).as_dict()["hits"]

    assert sorted((h["tick"], h["voice"], h["velocity"], h.get("shift", 0)) for h in drawn) == sorted(
        (h["tick"], h["voice"], h["velocity"], h.get("shift", 0)) for h in made
    )


@pytest.mark.parametrize(
    ("ticks", "step"), [([0, 240, 720], 240), ([0, 320, 640], 320), ([0, 160, 480], 160), ([0, 120, 360], 120)]
)
def test_the_step_fits_the_groove(js, ticks, step):
    """Sixteenths, triplets, sixteenth triplets and 32nds are found without asking."""
    assert js("return m.naturalStep({ hits: a.map((tick) => ({ tick })) });", ticks) == step


def test_events_become_state(js):
    """Snapshots replace, single events merge, a cleared alert goes, an ended job is live no more."""
    body = """
        const s = m.blank();
        m.reduce(s, "alerts", { alerts: [{ name: "a", state: "raised" }] });
        m.reduce(s, "alerts", { name: "b", state: "raised" });
        m.reduce(s, "alerts", { name: "a", state: "cleared" });
        m.reduce(s, "route", { job: "j-1", done: false, attempts: [] });
        m.reduce(s, "route", { job: "j-2", done: false, attempts: [] });
        m.reduce(s, "route", { job: "j-3", done: false, attempts: [] });
        const live = [...s.live.keys()];
        m.reduce(s, "route", { job: "j-1", done: true, attempts: [] });
        m.reduce(s, "jobs", { jobs: [{ job: "j-1", state: "draft" }] });
        m.reduce(s, "jobs", { job: "j-1", state: "done" });
        m.reduce(s, "jobs", { job: "j-3", state: "cancelled" });
        m.reduce(s, "midi", { messages: [[1, "90"], [2, "91"]], out: "x" });
        const names = s.alerts.map((one) => one.name), job = s.jobs.get("j-1").state;
        return [names, live, [...s.live.keys()], s.routes.length, job, s.midi.messages[0][1], s.midi.out];
    """
    assert js(body) == [["b"], ["j-1", "j-2", "j-3"], ["j-2"], 1, "done", "91", "x"]
