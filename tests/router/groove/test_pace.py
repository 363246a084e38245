"""Slow and fast as a tempo, where no figure says it."""

from __future__ import annotations

import pytest

from router.groove.library import find_style, genre_styles
from router.groove.names import GENRES
from router.groove.pace import spoken_pace
from router.groove.unread import unread


def bpm(words: str, **beside: str | None) -> float | None:
    """Return the tempo that words mean."""
    found = spoken_pace(words, **beside)
    return found.bpm if found else None


@pytest.mark.parametrize("genre", GENRES)
def test_slow_is_slower_than_fast_and_within_the_genre(genre: str) -> None:
    """Whatever is slow for a genre: a slow techno is faster than a fast ballad."""
    slow, middle, fast = (bpm(f"{word} beat", genre=genre) or 0 for word in ("slow", "mid-tempo", "uptempo"))
    styles = genre_styles(genre)
    assert min(one.tempo[0] for one in styles) < slow < middle < fast < max(one.tempo[1] for one in styles)


def test_a_style_that_is_named_has_a_range_of_its_own() -> None:
    """A slow ballad is a ballad, and the style "slow" is as slow as it usually is."""
    assert find_style("soul", "ballad").tempo[0] < (bpm("slow soul ballad") or 0) < 70
    assert bpm("slow blues") == sum(find_style("blues", "slow").tempo) / 2


@pytest.mark.parametrize(
    "words",
    ["slow rock at 70 bpm", "not too fast funk", "fast hats, rock", "kick fast", "slow build", "faster rock", "rock"],
)
def test_what_sets_no_tempo(words: str) -> None:
    """A figure wins, a refusal means nothing, a fast drum is no fast groove, and nobody knows faster than what."""
    assert bpm(words) is None


def test_the_genre_beside_the_words_counts() -> None:
    """What is set wins over what is named, and both over what is played."""
    assert bpm("slow rock", genre="techno") == bpm("slow", genre="techno") == bpm("slow", home="techno")
    assert bpm("slow rock", home="techno") == bpm("slow rock") == bpm("slow")


def test_what_was_taken_for_slow_is_said() -> None:
    """Whoever meant another tempo learns how to say it."""
    assert unread("slow rock", "") == ('"slow" is 72 bpm where no tempo is set: say it in figures ("90 bpm")',)
    assert "sets no tempo" in unread("faster rock", "")[0]
