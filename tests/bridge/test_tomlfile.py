"""config.toml as people write it: one key changes, every other word stays."""

import tomllib

import pytest

from bridge.tomlfile import changed

SET = [
    ("", "tempo = 96\n"),
    ("tempo = 99", "tempo = 96\n"),
    ('"tempo" = 99\n', '"tempo" = 96\n'),
    ("'tempo'=99\n", "'tempo'=96\n"),
    ("  tempo   =  99   # mine = yours\n", "  tempo   =  96   # mine = yours\n"),
    ('tempo = "a # b" # c # d\n', "tempo = 96 # c # d\n"),
    ("tempo = [\n  1, # one\n  2,\n] # behind\nbars = 2\n", "tempo = 96 # behind\nbars = 2\n"),
    ('tempo = """\nbars = 2\n[x]\n"""\nbars = 4\n', "tempo = 96\nbars = 4\n"),
    ("tempo = {a = 1, b = 2}\n", "tempo = 96\n"),
    ("tempo.a = 1 # a\ntempo.b = 2 # b\n", "# a\n# b\ntempo = 96\n"),
    ("# mine\r\ntempo = 99 # so\r\nbars = 2\r\n", "# mine\r\ntempo = 96 # so\r\nbars = 2\r\n"),
    ("bars = 2\r\n\r\n# map\r\n[mapping]\r\n", "bars = 2\r\ntempo = 96\r\n\r\n# map\r\n[mapping]\r\n"),
    ("\ufefftempo = 99\n", "\ufefftempo = 96\n"),
    ("# map\n[mapping]\ntempo = 1\n", "tempo = 96\n# map\n[mapping]\ntempo = 1\n"),
    ("# mine\n\n# map\n# of pads\n[mapping]\n", "# mine\n\ntempo = 96\n# map\n# of pads\n[mapping]\n"),
    ("# mine\n", "# mine\ntempo = 96\n"),
    ("bars = 2", "bars = 2\ntempo = 96\n"),
    ("a = nan\ntempo = inf\n", "a = nan\ntempo = 96\n"),
    ('genre = """\ntempo = 99\n"""\n', 'genre = """\ntempo = 99\n"""\ntempo = 96\n'),
]


@pytest.mark.parametrize(("before", "after"), SET)
def test_a_key_is_set_where_it_stands(before, after):
    """However it is written: quoted, dotted, over several lines, with a comment behind it, by any editor."""
    assert changed(before, "tempo", 96) == after
    assert tomllib.loads(after.removeprefix("\ufeff"))["tempo"] == 96


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"tempo" = 99\nbars = 2\n', "bars = 2\n"),
        ("bars = 2 # two\ntempo = 99 # why\n", "bars = 2 # two\n# why\n"),
        ("tempo.a = 1\n\ntempo.b = 2\nbars = 2\n", "\nbars = 2\n"),
        ("tempo = [\n1,\n]\r\nbars = 2\r\n", "bars = 2\r\n"),
        ("\ufefftempo = 99\n", "\ufeff"),
        ("tempo = 99\n[mapping]\n", "[mapping]\n"),
        ("bars = 2\n", "bars = 2\n"),
    ],
)
def test_a_key_is_taken_out_and_its_comment_stays(before, after):
    """What a person wrote behind it is the person's."""
    assert changed(before, "tempo") == after


@pytest.mark.parametrize("text", ["[tempo]\na = 1\n", "bars = 2\n[[tempo]]\na = 1\n"])
def test_a_table_of_that_name_is_left_to_its_owner(text):
    """Nothing comes back rather than a torn file."""
    assert changed(text, "tempo") is None
    assert changed(text, "tempo", 96) is None


def test_scattered_tables_keep_their_order():
    """What stands behind the first table is never written anew, only carried over."""
    tables = "[[a]]\n# one\n[b] # two\r\n[[a]]\ntempo = 1"

    assert changed(f"tempo = 99\n{tables}", "tempo", 96) == f"tempo = 96\n{tables}\r\n"
    assert changed(f"tempo = 99\n{tables}", "tempo") == f"{tables}\r\n"


def test_a_long_list_costs_no_more_than_its_length():
    """A list of 20,000 lines is read once, not once for each of its lines: the suite's time-out would end that."""
    long = "a = [\n" + "  1, # so\n" * 20_000 + "]\n"

    assert changed(f"{long}tempo = 99\n", "tempo", 96) == f"{long}tempo = 96\n"
