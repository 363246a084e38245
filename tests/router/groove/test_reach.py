"""The names a musician may ask for: how many, in what order, and that each of them means something."""

from __future__ import annotations

from router import groove
from router.groove.drummers import find_drummer
from router.groove.library import genre_styles
from router.groove.names import CATALOGUE
from router.request import GrooveRequest


def test_there_are_genres_styles_and_drummers_enough() -> None:
    """Twenty genres with eighty styles, and two dozen drummers, none named twice."""
    assert len(set(groove.GENRES)) == len(groove.GENRES) >= 20
    assert sum(len(groove.styles(genre)) for genre in groove.GENRES) >= 80
    assert len(set(groove.DRUMMERS)) == len(groove.DRUMMERS) == 24


def test_the_first_zones_of_a_controller_stay_where_they_are() -> None:
    """A CC picks by equal zones: names are added at the end or not at all."""
    assert groove.GENRES[:6] == ("rock", "metal", "punk", "pop", "funk", "soul")
    assert groove.DRUMMERS[:4] == ("thunder", "silk", "clockwork", "pocket")
    assert len(groove.GENRES) == 28


def test_the_catalogue_is_what_the_sheets_hold() -> None:
    """Every name leads to a style with a groove, and no sheet holds a style that cannot be asked for."""
    for genre in groove.GENRES:
        sheet = genre_styles(genre)

        assert tuple(style.name for style in sheet) == CATALOGUE[genre]
        assert all(entry.read().cells for style in sheet for entry in style.grooves)
        assert all(entry.weight > 0 for style in sheet for entry in style.grooves)


def test_a_fitted_groove_is_an_average_of_takes() -> None:
    """Nothing fitted stands for one person's take: each groove names how many takes it averages, two at least."""
    fitted = [e for genre in groove.GENRES for s in genre_styles(genre) for e in s.grooves if "takes" in e.options]

    assert len(fitted) > 100
    assert min(int(entry.options["takes"]) for entry in fitted) >= 2


def test_what_people_played_is_as_loose_as_people() -> None:
    """No fitted groove is at home in a style tighter than people are unless they called it that; none is tightened."""
    tight = [
        (style.name, entry.options["like"])
        for genre in groove.GENRES
        for style in genre_styles(genre)
        for entry in style.grooves
        if "takes" in entry.options and style.number("loose", 1) < 1
    ]
    takes = [groove.generate(GrooveRequest(genre="latin", style="reggaeton", bars=1, seed=seed)) for seed in range(20)]

    assert all(called.endswith(name) for name, called in tight)
    assert {take.meta["timing"]["size"] for take in takes} == {0.3, 1.0}


def test_every_drummer_changes_the_music() -> None:
    """Twenty-four drummers play one request in twenty-four ways."""
    ids = {
        groove.generate(GrooveRequest(genre="funk", bars=8, seed=9, drummer=name, humanize=1.0)).id
        for name in groove.DRUMMERS
    }

    assert len(ids) == 24
    assert all(find_drummer(name).after for name in groove.DRUMMERS)


def test_names_are_read_as_they_are_typed() -> None:
    """Capitals, spaces and the data set's spellings lead to the same genre."""
    for typed in ("Hip Hop", "hiphop", "HIP-HOP", "rap"):
        assert groove.generate(GrooveRequest(genre=typed)).meta["genre"] == "hip-hop"
    for typed in ("neworleans", "afrocuban", "middleeastern", "R&B", "dnb"):
        groove.check_names(genre=typed)
