"""What drums are called."""

from __future__ import annotations

import pytest

from router.kit import spoken_voices, usual_name
from tests.support.grooves import drawn


@pytest.mark.parametrize(
    ("name", "usual", "voice"),
    [
        ("hi-hats", "hats", "hat_closed"),
        ("open hihat", "open hat", "hat_open"),
        ("crash cymbals", "crashes", "crash"),
        ("bassdrum", "kick", "kick"),
        ("crosstick", "rim", "rim"),
        ("ghost notes", "ghost notes", "snare"),
        ("bell of the ride", "bell", "ride_bell"),
    ],
)
def test_each_drum_has_one_usual_name(name: str, usual: str, voice: str) -> None:
    """However it is written, it is read as one drum, and one or many as it was."""
    assert usual_name(name) == usual
    assert voice in spoken_voices(name)[0]


@pytest.mark.parametrize(
    ("words", "there"),
    [
        ("only kick, pedal hat and shaker", {"kick", "hat_pedal", "shaker"}),
        ("bassdrum on 1 and nothing else", {"kick"}),
        ("just ride bell, tambourine and cross-stick", {"ride_bell", "tambourine", "rim"}),
    ],
)
def test_any_drum_may_stand_in_a_list(words: str, there: set[str]) -> None:
    """After "only" each of them is meant, whatever it is called."""
    assert {hit.voice for hit in drawn(words).hits} == there
