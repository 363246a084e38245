"""The commands that make songs, change grooves and hear files, without a daemon."""

import io
import json

import mido
import pytest

from bridge.cli import making
from router import studio
from router.errors import RouterError


def markers(data):
    """The names of a file's markers."""
    messages = mido.merge_tracks(mido.MidiFile(file=io.BytesIO(data)).tracks)
    return [message.text for message in messages if message.type == "marker"]


def test_compose_writes_one_file_with_its_sections(cli, tmp_path):
    """The .mid has a marker for each section; what is said goes to stderr."""
    file = tmp_path / "song.mid"
    result = cli("compose", "punk rock", "--sections", "intro:2 verse:4 chorus:4@7/8 outro:2", "-o", str(file))

    assert result.exit_code == 0, result.output
    assert markers(file.read_bytes()) == ["intro", "verse", "chorus", "outro"]
    assert result.stdout == ""
    assert "12 bars" in result.stderr


def test_compose_prints_json_and_writes_to_a_pipe(cli):
    """Without -o the song is JSON on stdout; with - it is the file."""
    song = json.loads(cli("compose", "--genre", "blues", "--sections", "verse:4 ending:2").stdout)["song"]

    assert [row["starts_at_bar"] for row in song["sections"]] == [1, 5]
    assert cli("compose", "blues", "--sections", "verse:4", "-o", "-").stdout_bytes[:4] == b"MThd"


def test_compose_takes_what_is_not_said_from_the_settings(cli):
    """As generate does: genre and tempo of config.toml, until a flag or a word says otherwise."""
    cli("config", "set", "genre", "reggae")
    cli("config", "set", "tempo", "77")

    song = json.loads(cli("compose", "--sections", "verse:2").stdout)["song"]
    said = json.loads(cli("compose", "punk at 190 bpm", "--sections", "verse:2").stdout)["song"]

    assert (song["tempo"], song["meta"]["genre"]) == (77, "reggae")
    assert (said["tempo"], said["meta"]["genre"]) == (190, "punk")


def test_compose_is_the_same_song_for_the_same_seed(cli):
    """Bytes and all."""
    one, same, other = (cli("compose", "funk", "--seed", seed, "-o", "-").stdout_bytes for seed in ("1", "1", "2"))

    assert one == same != other


@pytest.mark.parametrize("sections", ["", "verse", "verse:0", "verse:65", "a:1 " * 70])
def test_compose_refuses_sections_that_cannot_be(cli, sections):
    """A usage error in one sentence."""
    result = cli("compose", "rock", "--sections", sections)

    assert result.exit_code == 2
    assert result.stderr.startswith("drumbridge: ")


def test_refine_changes_a_file(cli, tmp_path):
    """A .mid goes in, a .mid comes out, with what was done on stderr."""
    before, after = tmp_path / "a.mid", tmp_path / "b.mid"
    cli("generate", "rock", "-o", str(before))
    result = cli("refine", "no crash, busier hats", "--pattern", str(before), "-o", str(after))

    assert result.exit_code == 0, result.output
    assert after.stat().st_size > before.stat().st_size
    assert "added" in result.stderr


@pytest.mark.parametrize(("command", "most"), [("generate", 2000), ("compose", 2000), ("refine", 1000)])
def test_too_long_a_text_is_refused_before_it_is_read(cli, monkeypatch, command, most):
    """As long as the socket takes, and nobody waits for the refusal: reading it took seconds."""
    monkeypatch.setattr("router.groove.words._describe", None)  # whoever reads it fails
    result = cli(command, "kick and " * 6000)

    assert result.exit_code == 2
    assert f"at most {most} are read" in result.stderr


@pytest.mark.parametrize("command", ["generate", "compose"])
def test_what_the_drummer_could_not_follow_is_said(cli, command, tmp_path):
    """Among the notes, and the music is made."""
    result = cli(command, "funk in 0/0, ohne Becken", "-o", str(tmp_path / "a.mid"))

    assert result.exit_code == 0
    assert '"0/0" is no metre' in result.stderr
    assert 'not understood: "ohne becken"' in result.stderr


def test_refine_without_a_daemon_needs_a_pattern(cli):
    """Exit code 4, and how to start one."""
    result = cli("refine", "busier")

    assert result.exit_code == 4
    assert "drumbridge run" in result.stderr


@pytest.mark.parametrize("content", ["[1]", '"x"', "null", "{}", '{"pattern": 3}'])
def test_refine_refuses_a_file_that_holds_no_pattern(cli, tmp_path, content):
    """JSON of something else is no empty groove."""
    file = tmp_path / "a.json"
    file.write_text(content)
    result = cli("refine", "busier", "--pattern", str(file))

    assert result.exit_code == 2
    assert "holds no pattern" in result.stderr


def test_refine_says_what_it_does_not_understand(cli, tmp_path):
    """Exit code 2, with words that work."""
    file = tmp_path / "a.mid"
    cli("generate", "rock", "-o", str(file))
    result = cli("refine", "like a waterfall", "--pattern", str(file))

    assert result.exit_code == 2
    assert "busier hats" in result.stderr


def test_analyze_says_what_is_wrong_with_a_file(cli, tmp_path):
    """A file that is no audio is a usage error in words."""
    pytest.importorskip("soundfile")
    file = tmp_path / "a.wav"
    file.write_bytes(b"no audio")
    result = cli("analyze", str(file))

    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("drumbridge: ")  # on a slow machine after the progress


def test_one_failure_costs_one_file_and_the_others_keep_their_numbers(cli, tmp_path, monkeypatch):
    """The second of three cannot be made: it is said, has its line of JSON, and no other takes its number."""
    real = studio.many

    async def two_of_three(*given, **more):
        made = await real(*given, **more)
        return [made[0], RouterError("no answer"), made[2]]

    monkeypatch.setattr(studio, "many", two_of_three)
    result = cli("generate", "funk", "--count", "3", "--json", "-o", str(tmp_path / "g.mid"))

    assert result.exit_code == 1
    assert sorted(file.name for file in tmp_path.glob("g*.mid")) == ["g-1.mid", "g-3.mid"]
    assert ["error" in json.loads(line) for line in result.stdout.splitlines()] == [False, True, False]
    assert "groove 2: no answer" in result.stderr


def test_generate_makes_many(cli, tmp_path):
    """--count writes numbered files, each with the next seed."""
    result = cli("generate", "funk", "--count", "5", "-o", str(tmp_path / "g.mid"))

    assert result.exit_code == 0, result.output
    files = sorted(tmp_path.glob("g-*.mid"))
    assert len(files) == 5
    assert len({file.read_bytes() for file in files}) == 5


def test_progress_is_told_in_lines_where_nobody_looks(capsys):
    """A line a second at most, none for what is quick."""
    now = [0.0]
    show = making._lines(4.0, lambda: now[0])
    for second, done in ((0.5, 1), (1.1, 2), (1.6, 3), (2.3, 4)):
        now[0] = second
        show("listening", done)

    assert capsys.readouterr().err.splitlines() == ["listening: 50%", "listening: 100%"]


def test_constraints_that_contradict_each_other_are_said(cli):
    """The groove comes, and the note says which rule does not hold against which."""
    result = cli("generate", "rock", "--constraint", "only kick", "--constraint", "at least 2 snares a bar", "--json")
    song = cli("compose", "rock", "--sections", "verse:2", "--constraint", "make it purple", "--json")

    notes = json.loads(result.stdout)["route"]["notes"]
    assert notes == ['constraint not held: only kick (against "at least 2 snares a bar")']
    assert json.loads(song.stdout)["route"]["notes"] == ["constraint not checked: make it purple"]
