"""Several patterns in one answer: each part stands or falls by itself."""

import pytest

from router import groove
from router.batching import Several, split
from router.budget import Price
from router.errors import Unusable
from router.notation import write
from router.policy import Candidate
from router.request import GrooveRequest

WHO = Candidate("groq", "m", "balanced", Price(1, 1), 1024, 0.7, "", 1000, 1.0)
REQUESTS = [GrooveRequest(genre="funk", bars=bars, seed=bars) for bars in (1, 2, 4)]


def text_of(request):
    """A good part."""
    return write(groove.generate(request))


def answer(*parts):
    """An answer as models write it."""
    return "".join(f"# {number}\n{part}\n" for number, part in enumerate(parts, 1))


def test_each_request_gets_its_own_part():
    """In order, with its own length."""
    found = Several(REQUESTS).judge(answer(*map(text_of, REQUESTS)), WHO)()

    assert [one.pattern.bars for one in found] == [1, 2, 4]


@pytest.mark.parametrize("bad", ["", "sorry, I cannot", "@ 3/4 grid=16\n1 k x... .... ....\n"])
def test_one_bad_part_does_not_spoil_the_others(bad):
    """It comes back as None, with what was wrong."""
    several = Several(REQUESTS)
    found = several.judge(answer(text_of(REQUESTS[0]), bad, text_of(REQUESTS[2])), WHO)()

    assert [one is not None for one in found] == [True, False, True]
    assert 1 in several.flaws


@pytest.mark.parametrize("text", ["", "no pattern at all", "# 1\n# 2\n# 3\n", "# 7\nx"])
def test_an_answer_without_one_good_part_is_unusable(text):
    """So that somebody else is asked."""
    with pytest.raises(Unusable):
        Several(REQUESTS).judge(text, WHO)


def test_heads_are_read_as_models_write_them():
    """With words behind the number, more hashes, or twice: the first of two counts."""
    assert split("prose\n## Pattern 1: funk\na\n# 2\nb\n#2\nc\n") == {1: "a\n", 2: "b\n"}
