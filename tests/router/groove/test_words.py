"""What the rules read out of a musician's words, and what they leave alone."""

from __future__ import annotations

import time

import pytest

from router.groove import describe, styles
from router.groove.idioms import IDIOMS, MANNERS


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("lazy half-time shuffle", {"style": "half-time-shuffle", "genre": "rock"}),
        ("funk 7/8", {"genre": "funk", "meter": "7/8"}),
        ("Bossa nova for the verse", {"genre": "brazilian", "style": "bossa", "section": "verse"}),
        ("a jazz waltz with brushes", {"genre": "jazz", "meter": "3/4"}),
        ("drum and bass at 174 bpm, 8 bars", {"genre": "drum-and-bass", "tempo": 174, "bars": 8}),
        ("rock like Bonham", {"genre": "rock", "drummer": "thunder"}),
        ("70 % funk 30 % afrobeat", {"genre": "funk", "blend": [("funk", 0.7), ("afrobeat", 0.3)]}),
        ("afro-cuban 3:4", {"genre": "afro-cuban", "polyrhythm": (3, 4), "meter": None}),
        ("2+2+3 in 7/8", {"meter": "7/8", "groups": "2+2+3"}),
        ("double time punk", {"genre": "punk", "time": "double"}),
        ("a samba that evolves over sixteen bars", {"style": "samba", "bars": 16, "evolve": True}),
        ("pre-chorus in a Motown style", {"genre": "soul", "style": "motown", "section": "pre-chorus"}),
        ("boom bap", {"genre": "hip-hop", "style": "boom-bap"}),
        ("garage rock", {"genre": "rock", "style": "garage"}),
        ("a ballad with brushes", {"genre": "jazz", "style": "brushes"}),
        ("trap", {"genre": "trap", "style": None}),
        ("second line", {"genre": "new-orleans", "style": "second-line"}),
        ("quiet ballad", {"genre": "rock", "style": "ballad"}),
        ("soul ballad", {"genre": "soul", "style": "ballad"}),
        ("country train beat with brushes", {"genre": "country", "style": "train"}),
        ("double bass metal", {"genre": "metal", "style": "double-kick"}),
        ("lo-fi hip hop beat to study", {"genre": "hip-hop", "style": "lazy"}),
        ("rock 'n' roll", {"genre": "rock", "style": "rockabilly"}),
        ("prog in seven", {"meter": "7/8"}),
        ("jazz in five", {"meter": "5/4"}),
        ("twelve-eight blues", {"meter": "12/8", "style": "twelve-eight"}),
        ("rock in 5 bars", {"meter": None, "bars": 5}),
        ("rock at 95", {"tempo": 95}),
        ("rock at 96.5 bpm", {"tempo": 96.5}),
        ("bpm: 95, rock", {"tempo": 95}),
        ("rock, snare at 120", {"tempo": None}),
        ("funk, swing at 60", {"tempo": None}),
        ("rock, not at 140", {"tempo": None}),
        ("three four-bar phrases of rock", {"meter": None}),
        ("one two three four, rock", {"meter": None}),
        ("rock in five minutes", {"meter": None}),
        ("hats in 1/8", {"meter": None}),
        ("metal, no double kick", {"style": None}),
        ("not jazz, rock", {"genre": "rock"}),
        ("funk, no ghost notes on the snare", {"feel": {"ghosts": 0.0}}),
        ("a 4 bar funk at 95 in 7/8", {"tempo": 95}),
        ("rock at 140 with claps", {"tempo": 140}),
        ("techno, tempo 140", {"tempo": 140}),
        ("drum and bass, 174 beats per minute", {"tempo": 174}),
        ("I don't want jazz", {"genre": None, "denied": ("jazz",)}),
        ("rock, I do not like jazz", {"genre": "rock", "denied": ("jazz",)}),
        ("anything but a jazz beat, funk please", {"genre": "funk", "denied": ("jazz",)}),
        ("rock, don't make it sound like jazz", {"genre": "rock"}),
        ("don't want swing", {"genre": None, "feel": {"swing": 0.0}}),
        ("hip hop, humanize 0", {"feel": {"humanize": 0.0}}),
        ("rock swing 0", {"genre": "rock", "feel": {"swing": 0.0}}),
        ("boom bap 90 bpm swing 60", {"style": "boom-bap", "tempo": 90, "feel": {"swing": 0.6}}),
        ("jazz swing 140", {"genre": "jazz", "tempo": 140}),
        ("rock, complexity 8/10", {"meter": None, "feel": {"complexity": 0.8}}),
        ("hip hop @ 95", {"genre": "hip-hop", "tempo": 95}),
        ("110 rock", {"tempo": 110}),
        ("80 bars of rock", {"tempo": None}),
        ("five bars rock", {"bars": 5}),
        ("thirty-two bars of funk", {"bars": 32}),
        ("rock at a hundred and twenty bpm", {"tempo": 120}),
        ("twelve bar blues", {"bars": 12, "style": "shuffle"}),
        ("funk in nine", {"meter": "9/8"}),
        ("prog in 11", {"meter": "11/8"}),
        ("rock in ten minutes", {"meter": None}),
        ("rock, snare on 1+3", {"groups": ""}),
        ("verse, then a chorus", {"section": "verse", "sections": ("verse", "chorus")}),
        ("rock, a fill into the chorus", {"section": None}),
        ("the amen break", {"style": "amen"}),
        ("rock, more fills", {"feel": {"fill_amount": 0.8}}),
        ("rock, few ghost notes", {"feel": {"ghosts": 0.32}}),
        ("rock, a few ghost notes", {"feel": {"ghosts": 0.8}}),
        ("rock, a bit busier", {"feel": {"density": 0.7, "complexity": 0.65}}),
        ("rock, hats busier", {"feel": {}}),
        ("rock, hats busy and loud", {"feel": {}}),
        ("rock, snare is very tight", {"feel": {}}),
        ("kein jazz", {"genre": None}),
        ("pop punk 180 bpm", {"genre": "punk", "style": "pop-punk"}),
        ("techno 132: kick on every beat", {"genre": "techno", "tempo": 132}),
        ("latin, no snare? 110", {"tempo": 110}),
        ("chorus with open hats, verse with closed hats", {"section": "chorus", "feel": {"hat_openness": 0.7}}),
        ("verse with closed hats and chorus with open hats", {"section": "verse", "feel": {"hat_openness": 0.0}}),
        ("loud verse and chorus, busy", {"feel": {"energy": 0.75, "density": 0.75, "complexity": 0.75}}),
        ("quiet verse then loud chorus", {"feel": {"energy": 0.25}}),
        ("accent every third sixteenth", {"genre": None}),
        ("sixteenth funk", {"style": "sixteenth"}),
        ("rock with open hats at the end of each bar", {"feel": {}}),
        ("trip hop, heavy swing", {"style": "trip-hop", "feel": {"swing": 0.62, "energy": 0.7}}),
        ("swing", {"genre": "jazz", "style": "swing"}),
        ("not straight, swung", {"feel": {"swing": 0.6}}),
        ("rock, half time in the last bar", {"style": None, "time": ""}),
        ("rock, low complexity, humanize off", {"feel": {"complexity": 0.2, "humanize": 0.0}}),
        ("lazy hats", {"genre": None, "style": None}),
        ("doom metal, half time", {"style": "doom", "time": "half"}),
        ("half time metal", {"style": "half-time", "time": ""}),
        ("crash on the one of every four bars", {"genre": None, "bars": 4}),
        ("funk on the one", {"style": "on-the-one"}),
        ("snare two four", {"meter": None}),
        ("rock, break in bar 4", {"bars": 4}),
        ("rock, no kick in bars 1 and 3", {"bars": 4}),
        ("rock, pause after bar 2", {"bars": 4}),
        ("rock, crash on bar 2", {"bars": None}),
        ("energy 70%, funk", {"feel": {"energy": 0.7}}),
        ("blast beats at 220 bpm", {"style": "blast-beat"}),
        ("a jazz and funk blend", {"blend": [("jazz", 0.5), ("funk", 0.5)]}),
    ],
)
def test_words_are_understood(prompt: str, found: dict[str, object]) -> None:
    """Each of these prompts means what a drummer would take it to mean."""
    said = describe(prompt)

    assert {key: said[key] for key in found} == found


@pytest.mark.parametrize(
    ("home", "prompt", "style"),
    [
        ("soul", "ballad", ("soul", "ballad")),
        ("blues", "shuffle", ("blues", "shuffle")),
        (None, "shuffle", ("rock", "shuffle")),
        ("trap", "ballad", ("rock", "ballad")),
        ("soul", "rock ballad", ("rock", "ballad")),
        ("jazz", "samba", ("brazilian", "samba")),
        ("metal", "a groove", (None, None)),
    ],
)
def test_a_style_is_looked_for_at_home_first(home: str | None, prompt: str, style: tuple[str, str]) -> None:
    """With the genre on blues, a shuffle is a blues shuffle; a genre in the words wins."""
    said = describe(prompt, home)

    assert (said["genre"], said["style"]) == style


def test_every_idiom_names_a_style_there_is() -> None:
    """A name never leads to a sheet that was renamed or taken out."""
    for genre, style in {*IDIOMS.values(), *MANNERS.values()}:
        assert style in styles(genre)


def test_open_hats_somewhere_are_no_open_hats_everywhere() -> None:
    """`Open hats on the offbeats` is an order about strokes, not the pedal's knob."""
    assert "hat_openness" not in describe("disco with open hats on the offbeats")["feel"]


def test_feel_words_become_knobs() -> None:
    """`lazy` is loose and late, `tight` is not, `swung` swings, `busy` is dense."""
    assert describe("lazy groove")["feel"] == {"humanize": 0.7, "late": 1}
    assert describe("tight")["feel"]["humanize"] < 0.4
    assert describe("swung sixteenths")["feel"]["swing"] > 0.5
    assert describe("busy")["feel"]["density"] > 0.5


def test_confidence_tells_plain_words_from_poetry() -> None:
    """A known genre is sure, weather is not, and nothing at all is nothing."""
    assert describe("funk")["confidence"] > 0.9
    assert describe("like rain on a tin roof at dawn")["confidence"] < 0.3
    assert describe("")["confidence"] == 0


def test_a_word_inside_a_word_is_not_read() -> None:
    """`rocket` is no rock and `unfunky` no funk."""
    assert describe("rocket launch")["genre"] is None
    assert describe("unfunked")["genre"] is None


def test_what_was_read_may_be_changed_by_the_reader() -> None:
    """The answer is the caller's own: changing it does not change the next one."""
    describe("busy funk")["feel"]["density"] = 0

    assert describe("busy funk")["feel"]["density"] == 0.75


@pytest.mark.parametrize(
    ("words", "knob", "value"),
    [
        ("funk behind the beat", "lean", 0.7), ("punk, pushing", "lean", 0.35),
        ("rock with open hats", "hat_openness", 0.7),
        ("hypnotic techno", "variation", 0.1), ("soul, no fills", "fill_amount", 0.0),
        ("funk with no ghost notes", "ghosts", 0.0), ("funk with ghost notes", "ghosts", 0.8),
    ],
)  # fmt: skip
def test_words_turn_the_newer_knobs(words: str, knob: str, value: float) -> None:
    """What a musician says of the hand, the hat and the fills is heard."""
    assert describe(words)["feel"][knob] == value


@pytest.mark.parametrize(
    "text", ["funk" + " " * 1900 + "x", "and " * 500, "a and a and with with " * 90, "with a " * 280]
)
def test_no_text_takes_long_to_read(text: str) -> None:
    """A prompt is read on the loop that answers everybody; whole seconds went into runs of spaces and of "and"."""
    began = time.process_time()
    describe(text)

    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("words", "knob", "low", "high"),
    [
        ("rock, no swing", "swing", 0.0, 0.0), ("house, swing 40%", "swing", 0.4, 0.4),
        ("swing 500%", "swing", 1.0, 1.0),
        ("swing 0.3 house", "swing", 0.3, 0.3), ("50% swing", "swing", 0.5, 0.5), ("less busy", "density", 0.2, 0.45),
        ("not too loud", "energy", 0.2, 0.45), ("humanize 20%", "humanize", 0.2, 0.2), ("busy", "density", 0.6, 1.0),
    ],
)  # fmt: skip
def test_knobs_are_turned_by_numbers_and_the_other_way_by_a_denial(words, knob, low, high):
    """A word that is denied is never read as if it had been asked for."""
    assert low <= describe(words)["feel"][knob] <= high


@pytest.mark.parametrize("words", ["busy hats", "a loud snare", "heavy kick"])
def test_what_is_said_of_one_drum_turns_no_knob_of_all(words):
    """It is an order about that drum."""
    assert describe(words)["feel"] == {}


@pytest.mark.parametrize(
    ("words", "genre"),
    [
        ("swing 60%", None), ("drums with a bit of swing", None), ("swing", "jazz"),
        ("hip hop with some swing", "hip-hop"),
        ("jazzy", "jazz"), ("jazzy hip hop", "hip-hop"), ("fnuk", "funk"), ("reggeaton", "latin"), ("like rain", None),
        ("cross stick", None), ("funk or fnuk", "funk"), ("a groove for a rainy day", None),
    ],
)  # fmt: skip
def test_no_style_is_chosen_by_a_degree_and_one_by_a_slip(words, genre):
    """Swing in per cent is no jazz; letters in another order are the name they were meant to be."""
    assert describe(words)["genre"] == genre


@pytest.mark.parametrize(
    ("words", "tempo"),
    [
        ("dubstep 140", 140), ("drum and bass 174, dark", 174), ("bpm=128 techno", 128), ("120", 120),
        ("rock at 310 bpm", 300), ("at 10 bpm", 20), ("swing 66", None), ("take 5", None), ("hats at 100", None),
        ("tr 808", None), ("8 bars", None),
    ],
)  # fmt: skip
def test_a_number_at_the_end_is_a_tempo_and_none_is_out_of_reach(words, tempo):
    """Musicians write it behind the style; beyond 20 to 300 it is the nearest that can be."""
    assert describe(words)["tempo"] == tempo


def test_a_one_drop_is_a_style_and_no_section():
    """It shared a word with the drop of a club track, crash and all."""
    assert describe("reggae one drop")["section"] is None
    assert describe("house drop")["section"] == "drop"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("no rock please", {"genre": "pop"}), ("anything but techno", {"genre": None}),
        ("f\u00fcnk", {"genre": "funk"}),
        ("bai\u00e3o", {"style": "baiao"}), ("drop the kick", {"section": None}),
        ("drop out in bar 4", {"section": None}),
        ("genre: funk, bars: 4", {"bars": 4}), ("8 bars, crash every 4 bars", {"bars": 8}),
        ("crash every 4 bars, 8 bars", {"bars": 8}), ("fill every 4 bars", {"bars": 4}),
        ("start sparse, get busier", {"evolve": True}), ("0 bars", {"bars": 1}),
        ("4 on the floor", {"style": "four-on-the-floor"}), ("house at half speed", {"time": "half"}),
    ],
)  # fmt: skip
def test_what_is_denied_or_a_verb_is_no_name(words, found):
    """Nor do accents hide one."""
    said = describe(words)
    assert {key: said[key] for key in found} == found


@pytest.mark.parametrize(
    "words",
    ["a beat for my song", "break in bar 2", "rim shot on 2 and 4", "electric guitar", "like a boss", "a stronger beat",
     "counter rhythm", "trash can ending", "sing along", "root down", "drum part"],
)  # fmt: skip
def test_a_good_word_is_no_slip(words: str) -> None:
    """Only what a finger does is read as a name: neighbours changed places, one letter for two."""
    assert describe(words)["read_as"] == {}


def test_sixteen_bars_are_sixteen() -> None:
    """They were two bars of sixteenths once."""
    assert describe("sixteen bars")["bars"] == 16
