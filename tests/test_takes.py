"""The rule by which a test on a JACK server is taken again, judged on runs with a server that only counts."""

import itertools
from pathlib import Path

import pytest

from tests import conftest

pytest_plugins = ["pytester"]

LOST = "[1] * 99"
"""Every take's server lost time."""
TEST = """
import time

import pytest

takes = []

@pytest.fixture
def jack_server():
    class Server:
        @staticmethod
        def xruns():
            return ({xruns})[len(takes) - 1]
    return Server()

def test_it({needs}):
    takes.append(1)
    time.sleep({lasts_s})
    assert len(takes) in {good}

def test_count():
    print("takes:", len(takes))
"""


@pytest.fixture
def run(pytester):
    """Runs one test by the suite's own rule; returns (passed, how often it was taken, the run's last lines)."""
    numbers = itertools.count()

    def go(*, xruns, good=(), needs="jack_server", lasts_s=0, take_s=conftest.TAKE_S):
        pytester.makeconftest(f"{Path(conftest.__file__).read_text()}\nTAKE_S = {take_s}\n")
        name = f"test_{next(numbers)}"  # a name of its own: bytecode is known by its file's name, size and second
        path = pytester.makepyfile(**{name: TEST.format(xruns=xruns, good=good, needs=needs, lasts_s=lasts_s)})
        done = pytester.runpytest_inprocess(path, "-s", "-p", "no:cacheprovider")
        text = done.stdout.str()
        return done.parseoutcomes().get("failed", 0) == 0, int(text.split("takes: ")[1].split()[0]), text

    return go


def test_what_is_wrong_with_us_fails_however_often_the_server_loses_time(run):
    """Six takes, none of them good: a failure, told once."""
    passed, takes, text = run(xruns=LOST)

    assert (passed, takes) == (False, conftest.TAKES)
    assert text.count("FAILED") == 1


def test_a_failure_without_a_lost_moment_is_not_taken_again(run):
    """A server that kept its time is no excuse, on the first take or on a later one."""
    assert run(xruns=[0] * 99, good=(2,))[:2] == (False, 1)
    assert run(xruns=[1, 0, 0], good=(3,))[:2] == (False, 2)
    assert run(xruns=LOST, good=(2,), needs="")[:2] == (False, 1)


def test_a_void_take_is_taken_again_and_told(run):
    """The first good take counts, the last that may be had too, and the run's end says how many were void."""
    for good in (1, 2, conftest.TAKES):
        passed, takes, text = run(xruns=LOST, good=(good,))

        assert (passed, takes) == (True, good)
        assert text.count("taken again, its JACK server had an xrun") == good - 1


def test_a_take_that_hangs_is_ended_like_the_first(run):
    """Each take has its own bound, the later ones too."""
    passed, takes, text = run(xruns=LOST, lasts_s=100, take_s=0.1)

    assert (passed, takes) == (False, conftest.TAKES)
    assert "Timeout" in text
