"""Section lists, usual forms, and what a model may say about them."""

import pytest

from router.errors import InvalidRequest
from router.form import directed, parts, read_sections, section_of, usual
from router.pattern import COMMON_TIME, Meter


def test_a_list_in_words_is_read_as_it_is_meant():
    """Names may have spaces and numbers; a metre may follow; commas and white space part them."""
    found = read_sections("intro:4 verse 1:8@7/8, chorus = 8\nguitar solo:4 end:2")

    assert [(row["name"], row["bars"]) for row in found] == [
        ("intro", 4), ("verse 1", 8), ("chorus", 8), ("guitar solo", 4), ("end", 2)
    ]  # fmt: skip
    assert found[1]["meter"] == "7/8"


@pytest.mark.parametrize("text", ["", "x", "intro:a", "intro:4 foo", ":4", "verse:8x", "verse:4@4", "🥁:4"])
def test_what_is_no_list_is_refused(text):
    """Nothing is guessed: the word at fault is named."""
    with pytest.raises(InvalidRequest) as caught:
        read_sections(text)
    assert caught.value.field == "sections"
    assert "intro:4" in caught.value.hint


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ([], "sections"),
        ([{"name": "a", "bars": 4}] * 500, "sections"),
        ([{"name": "a", "bars": 64}] * 17, "sections"),
        ([{"name": "a", "bars": 0}], "sections[0].bars"),
        ([{"name": "a", "bars": 65}], "sections[0].bars"),
        ([{"name": "a", "bars": True}], "sections[0].bars"),
        ([{"name": "", "bars": 4}], "sections[0].name"),
        ([{"bars": 4}], "sections[0].name"),
        ([{"name": "a", "bars": 4, "energy": 1.5}], "sections[0].energy"),
        ([{"name": "a", "bars": 4, "energy": float("nan")}], "sections[0].energy"),
        ([{"name": "a", "bars": 4, "meter": "5/9"}], "meter"),
    ],
)
def test_sections_that_cannot_be_are_refused(asked, field):
    """The field at fault is named."""
    with pytest.raises(InvalidRequest) as caught:
        parts(asked, COMMON_TIME)
    assert caught.value.field == field


def test_energy_follows_the_form():
    """A chorus gives more than a verse, and each return a little more than the one before."""
    found = parts([{"name": name} for name in ("verse", "chorus", "verse", "chorus")], COMMON_TIME)
    energies = [part.energy for part in found]

    assert energies[1] > energies[0]
    assert energies[2] > energies[0]
    assert energies[3] > energies[1]


def test_energy_that_was_given_stays():
    """The musician's figure is not grown."""
    found = parts([{"name": "verse", "energy": 0.2}, {"name": "verse", "energy": 0.2}], COMMON_TIME)

    assert [part.energy for part in found] == [0.2, 0.2]


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("Verse 2", "verse"),
        ("Pre-Chorus", "pre-chorus"),
        ("guitar solo", "solo"),
        ("refrain", "chorus"),
        ("zebra", None),
    ],
)
def test_names_lead_to_the_drummers_words(name, section):
    """Numbers and other words around a known name do not hide it."""
    assert section_of(name) == section


def test_a_song_without_sections_has_the_usual_form_of_its_genre():
    """Clubs build and drop, jazz has a head, rock has verses; words that name sections win."""
    club = [part.name for part in usual("house", "", COMMON_TIME)]
    rock = [part.name for part in usual("rock", "", COMMON_TIME)]
    said = [part.name for part in usual("rock", "an intro, two verses, a chorus and an outro", COMMON_TIME)]
    exact = [(part.name, part.bars) for part in usual(None, "rock intro:2 verse:6", Meter(3, 4))]

    assert "drop" in club
    assert rock[:3] == ["intro", "verse", "chorus"]
    assert said == ["intro", "verse", "chorus", "outro"]
    assert exact == [("intro", 2), ("verse", 6)]


def test_a_plan_may_choose_the_form_only_when_it_is_open():
    """Sections that the musician gave stay; energies and directions are taken."""
    base = parts([{"name": "verse", "bars": 4}, {"name": "chorus", "bars": 4}], COMMON_TIME)
    data = {"sections": ["a", "b", "c"], "bars": [2, 2, 2.0], "energies": [0.1, 0.9], "directions": ["soft", "loud"]}

    fixed, said = directed(base, data, fixed=True)
    free, _ = directed(base, {**data, "energies": [0.1, 0.2, 0.3]}, fixed=False)

    assert [(part.name, part.energy, part.direction) for part in fixed] == [
        ("verse", 0.1, "soft"),
        ("chorus", 0.9, "loud"),
    ]
    assert said == ""
    assert [(part.name, part.bars) for part in free] == [("a", 2), ("b", 2), ("c", 2)]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"sections": ["a"], "bars": [4]},
        {"sections": ["a", "b"], "bars": [4]},
        {"sections": ["a", "b"], "bars": [4, 99]},
        {"sections": ["a", "b"], "bars": [4, "x"]},
    ],
)
def test_a_plan_that_cannot_be_leaves_the_usual_form(data):
    """A model's nonsense is said and not played."""
    base = parts([{"name": "verse", "bars": 4}], COMMON_TIME)
    found, said = directed(base, data, fixed=False)

    assert found == base
    assert said


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("funk at 100 bpm: intro 2, verse 4, chorus 4, outro 2", "intro:2 verse:4 chorus:4 outro:2"),
        ("a 4 bar intro, an 8-bar verse and a 16 bar chorus", "intro:4 verse:8 chorus:16"),
        ("8 bars of verse, then a chorus (4 bars)", "verse:8 chorus:4"),
        ("verse 1, verse 2, chorus", "verse:8 verse:8 chorus:8"),
        ("chorus 2, verse 1, chorus 2, bridge 8", "chorus:2 verse:1 chorus:2 bridge:8"),
        ("verse 120 bpm, chorus 7/8, bridge", "verse:8 chorus:8 bridge:8"),
    ],
)
def test_lengths_beside_the_names_of_sections_are_read(words: str, form: str) -> None:
    """Before or behind the name, but neither a number of the section, nor a tempo or a metre."""
    named = [(part.name, part.bars) for part in usual("rock", words, COMMON_TIME)]

    assert named == [(one["name"], one["bars"]) for one in read_sections(form)]


@pytest.mark.parametrize(
    "words",
    [
        "intro 1000 bars",
        "intro 8, verse 100 bars, chorus 8",
        "intro:65 verse:8 chorus:8",
        "song with a verse of 100 bars",
        "verse: 100 bars",
    ],
)
def test_a_length_that_nobody_plays_is_refused_in_words_too(words: str) -> None:
    """The section and the limit are named; nothing is cut short or left out in silence."""
    with pytest.raises(InvalidRequest, match=r"\((intro|verse)\) is (1000|100|65); it must be 1 to 64"):
        usual(None, words, COMMON_TIME)


@pytest.mark.parametrize(
    ("words", "name", "bars"),
    [
        ("blues with a 2 bar intro", "intro", 2),
        ("16 bar solos", "solo", 16),
        ("blues song, verse 8 bars", "verse", 8),
        ("blues, solo of 6 bars", "solo", 6),
    ],
)
def test_one_length_changes_the_usual_form(words: str, name: str, bars: int) -> None:
    """Whoever says how long one section is wants the others as they usually are."""
    found, plain = (usual("blues", text, COMMON_TIME) for text in (words, ""))
    assert [part.name for part in found] == [part.name for part in plain]
    assert {part.bars for part in found if part.name == name} == {bars}
    assert [part.bars for part in found if part.name != name] == [part.bars for part in plain if part.name != name]
