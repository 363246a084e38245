"""How a wish for a groove is cut into orders about single drums and the words beside them."""

from __future__ import annotations

import pytest

from router.clauses import parted
from router.constraints import places_of


@pytest.mark.parametrize(
    ("words", "clauses", "rest"),
    [
        ("rock with claps on 2 and 4 and a lazy feel", ("with claps on 2 and 4",), "a lazy feel"),
        ("claps on 2 and 4 and purple stuff", ("claps on 2 and 4",), "purple stuff"),
        ("rock, hats busy and loud", ("hats busy and loud",), ""),
        ("rock, heavy kick on 1", ("add kick on 1", "louder kick on 1"), ""),
        ("rock, kick on 1 and 3 and a shaker", ("kick on 1 and 3 and a shaker",), ""),
    ],
)
def test_what_is_joined_to_an_order_is_no_part_of_it(words: str, clauses: tuple[str, ...], rest: str) -> None:
    """Words of feel go to the whole groove, strange ones are told of, and what is said of the drum stays with it."""
    mine, others = parted(words)

    assert mine == clauses
    assert rest in others


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("3+3+2", ("1", "2&", "4")),
        ("3+3+4+2+4", ("1", "1a", "2&", "3&", "4")),
        ("2+2+3", ("beat",)),
        ("2+4", ("2", "4")),
        ("1+3", ("1", "3")),
    ],
)
def test_groups_add_up_and_beats_are_counted(words: str, places: tuple[str, ...]) -> None:
    """`3+3+2` is the tresillo in eighths; `2+4` are two beats."""
    assert places_of(words) == places
