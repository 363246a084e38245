"""The notation in which a musician's idioms are written, and the tables that are written in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from router.sayings import Rule, reworded, rules
from router.spellings import OF_GROOVES, SHORT, SPELLINGS, WISHED

WORDS = {"drum": "kick|snare", "any": r"\w+"}
CHANGES = {"loud": str.upper}


@pytest.mark.parametrize(
    ("line", "said", "meant"),
    [
        ("{drum} (on|at) top => {drum} first", "kick at top", "kick first"),
        ("{drum} over {drum2} => {drum2} under {drum}", "kick over snare", "snare under kick"),
        ("{way=up|down} it => go {way}", "up it, down it", "go up, go down"),
        ("big {drum} => {drum:loud}", "big snare", "SNARE"),
        ("{drum} and {any} => {drum}", "kick and snare", "kick"),
        ("hats? => hat", "hats, chats, hat", "hat, chats, hat"),
        ("sd => snare", "sd, sdx, xsd", "snare, sdx, xsd"),
        ("just(?= on\\b) => only", "just on 1, just one", "only on 1, just one"),
        ("^so (?=\\w) => and_", "so it is", "and it is"),
        ("please =>", "kick, please", "kick"),
        ("# a remark => x", "a remark", "a remark"),
    ],
)
def test_a_line_says_what_stands_for_what(line: str, said: str, meant: str) -> None:
    """Names, choices, changes, ends of words, spaces, nothing at all, and remarks."""
    assert reworded(said, rules(line, WORDS, CHANGES)) == meant


def test_the_order_of_the_lines_counts() -> None:
    """A later line reads what the earlier ones left."""
    assert reworded("a", rules("a => b\nb => c", WORDS, CHANGES)) == "c"


SAID = (
    "kick on one, three and snare at beat two", "no kick on 3 but on 4", "a crash at the start and the end",
    "ride the crash just once", "4-on-the-floor, handclaps & rimshots", "take the kick off beat 1",
    "pull the hats back by ten ms", "snare isnt loud enough", "everything but the hats", "with a big fat snare on 2",
    "two kicks per bar and a drum fill", "more syncopated kick", "finish with a china, 70 % softer", "hats swung 16ths",
)  # fmt: skip


@pytest.mark.parametrize("table", [SHORT, SPELLINGS, WISHED, OF_GROOVES])
def test_each_idiom_can_be_looked_for(table: Callable[[], tuple[Rule, ...]]) -> None:
    """They are compiled when they are first used, so that a wrong one would be met by a player."""
    for letters, said, _ in table():
        for text in SAID:
            assert letters in text or said.search(text) is None  # the quick look hides nothing
