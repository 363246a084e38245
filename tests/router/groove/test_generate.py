"""The promises of `generate`: same request same bytes, feel apart from notes, nothing outside the pattern."""

from __future__ import annotations

from itertools import pairwise

import pytest

from router import groove
from router.errors import InvalidRequest
from router.pattern import Meter, Pattern
from router.request import SECTIONS, GrooveRequest

METERS = ("2/4", "3/4", "4/4", "5/4", "6/4", "7/4", "3/8", "5/8", "6/8", "7/8", "9/8", "10/8", "11/8", "12/8", "13/8")


def ask(**fields: object) -> Pattern:
    """Generate from the fields of a request."""
    return groove.generate(GrooveRequest(**fields))  # type: ignore[arg-type]


def notes(pattern: Pattern) -> list[tuple[int, str]]:
    """What is struck and where, without how."""
    return [(hit.tick, hit.voice) for hit in pattern.hits]


def test_the_same_request_gives_the_same_bytes() -> None:
    """A seed and its knobs name a take for ever."""
    request = GrooveRequest(prompt="greasy funk", bars=8, seed=42, humanize=1.0)

    assert groove.generate(request).as_dict() == groove.generate(request).as_dict()


def test_another_seed_is_another_take() -> None:
    """Ten seeds in a row give ten different grooves: whoever presses again wants something else."""
    assert len({ask(genre="rock", bars=2, seed=seed).id for seed in range(10)}) == 10


@pytest.mark.parametrize("genre", ["jazz", "funk", "house", "blues", "new-orleans"])
def test_feel_does_not_change_the_notes(genre: str) -> None:
    """Swing and humanize move strokes and their force; which strokes are played is drawn elsewhere."""
    stiff = ask(genre=genre, bars=8, seed=3, swing=0.0, humanize=0.0)
    loose = ask(genre=genre, bars=8, seed=3, swing=0.8, humanize=1.0)

    assert notes(stiff) == notes(loose)
    assert {hit.shift for hit in stiff.hits} == {0}
    assert len({hit.shift for hit in loose.hits}) > 10


@pytest.mark.parametrize("genre", groove.GENRES)
def test_every_style_plays_every_metre_inside_its_bars(genre: str) -> None:
    """No bar is silent, no stroke sounds before beat one or after the end, and two hands and feet can play it."""
    for index, style in enumerate(groove.styles(genre)):
        for meter in METERS:
            pattern = ask(genre=genre, style=style, meter=Meter.parse(meter), bars=2, seed=index, humanize=1.0)
            bars = {hit.tick // pattern.meter.bar_ticks for hit in pattern.hits}

            assert bars == {0, 1}, (style, meter)
            assert all(0 <= hit.tick + hit.shift < pattern.ticks for hit in pattern.hits), (style, meter)
            assert not groove.flaws(pattern, 120.0), (style, meter)
            assert pattern.meta["style"] == style
            assert str(pattern.meter) == meter


def test_the_first_beat_lies_on_the_bar_line() -> None:
    """After a switch the first stroke sounds exactly on the bar line, however loose the hand."""
    for seed in range(30):
        pattern = ask(genre="hip-hop", prompt="drunk", bars=4, seed=seed, humanize=1.0)

        assert {hit.shift for hit in pattern.hits if hit.tick == 0} <= {0}


@pytest.mark.parametrize("section", SECTIONS)
def test_sections_are_told_apart(section: str) -> None:
    """A section changes the groove of the same seed, and says so."""
    plain = ask(genre="rock", bars=4, seed=5)
    part = ask(genre="rock", bars=4, seed=5, section=section)

    assert part.hits != plain.hits
    assert part.meta["section"] == section


def test_a_build_grows_and_an_ending_ends() -> None:
    """The last bar of a build is the loudest and fullest; after an ending's last stroke there is silence."""
    build = ask(genre="house", section="build", bars=8, seed=1, humanize=0.0)
    ending = ask(genre="rock", section="ending", bars=4, seed=1)
    snares = [sum(h.voice == "snare" and h.tick // 3840 == bar for h in build.hits) for bar in range(8)]

    assert snares[7] > snares[0]
    assert {hit.tick for hit in ending.hits if hit.tick >= 3 * 3840} == {3 * 3840}


def test_complexity_and_density_do_what_they_say() -> None:
    """Over many takes more complexity and more density mean more strokes, each step of the way."""

    def strokes(**knobs: float) -> int:
        return sum(len(ask(genre="funk", bars=4, seed=seed, **knobs).hits) for seed in range(20))

    by_complexity = [strokes(complexity=c) for c in (0.0, 0.5, 1.0)]
    by_density = [strokes(density=d) for d in (0.0, 0.25, 0.5, 0.75, 1.0)]

    assert by_complexity == sorted(set(by_complexity))
    assert by_density == sorted(set(by_density))


def test_half_time_puts_the_backbeat_on_three() -> None:
    """`half-time` in words moves rock's backbeat from 2 and 4 to 3."""
    loud = [0] * 4
    for seed in range(12):
        pattern = ask(prompt="half-time rock", bars=4, seed=seed)
        for hit in pattern.hits:
            if hit.tick // 3840 + 1 in pattern.meta["fills"]:
                continue  # a fill lays its strokes where it likes
            if hit.voice in {"snare", "rim"} and hit.velocity > 70 and hit.tick % 960 == 0:
                loud[hit.tick // 960 % 4] += 1

    assert loud[2] > 3 * max(loud[1], loud[3])


def test_phrases_end_in_fills() -> None:
    """Of many takes of 16 bars the fills fall mostly on every fourth bar, and on 5 to 20 % of all bars."""
    bars = [bar for seed in range(60) for bar in ask(genre="rock", bars=16, seed=seed).meta["fills"]]

    assert 0.05 < len(bars) / (60 * 16) < 0.20
    assert sum(bar % 4 == 0 for bar in bars) > 0.7 * len(bars)


def test_bars_are_alike_but_not_copies() -> None:
    """From bar to bar about half to four fifths of the strokes return: a groove, not a tile and not a wander."""
    shares = []
    for seed in range(60):
        pattern = ask(genre=("rock", "funk", "hip-hop")[seed % 3], bars=8, seed=seed)
        bars = [{(h.tick % 3840, h.voice) for h in pattern.hits if h.tick // 3840 == bar} for bar in range(8)]
        shares += [len(a & b) / len(a | b) for a, b in pairwise(bars)]

    assert 0.5 <= sum(shares) / len(shares) <= 0.8
    assert sum(share == 1 for share in shares) < 0.25 * len(shares)


def test_a_prompt_is_obeyed_where_fields_are_silent() -> None:
    """Genre, metre, section, bars and drummer come out of the words; a field wins over them."""
    pattern = ask(prompt="4 bars of 7/8 funk for the chorus after Weckl", seed=2)
    field = ask(prompt="funk in 7/8", genre="jazz", meter=Meter.parse("5/4"), seed=2)

    assert (pattern.meta["genre"], str(pattern.meter), pattern.bars) == ("funk", "7/8", 4)
    assert (pattern.meta["section"], pattern.meta["drummer"]) == ("chorus", "architect")
    assert (field.meta["genre"], str(field.meter)) == ("jazz", "5/4")


def test_a_blend_takes_from_both_and_a_ratio_adds_its_pulse() -> None:
    """`70 % funk 30 % afrobeat` names both; `3:4` lays three even strokes over the bar."""
    blend = ask(prompt="70 % funk 30 % afrobeat", bars=4, seed=4)
    poly = ask(prompt="rock with a 3:4 polyrhythm", bars=1, seed=4, humanize=0.0)

    assert (blend.meta["genre"], blend.meta["blend"]["genre"], blend.meta["blend"]["share"]) == (
        "funk",
        "afrobeat",
        0.3,
    )
    assert {0, 1280, 2560} >= {hit.tick for hit in poly.hits if hit.voice == "cowbell"} > {1280}


def test_unknown_names_are_refused_with_the_nearest() -> None:
    """A wrong genre, style or drummer says what was meant."""
    for fields, near in (
        ({"genre": "fnuk"}, "funk"),
        ({"style": "shufle"}, "shuffle"),
        ({"drummer": "thunda"}, "thunder"),
    ):
        with pytest.raises(InvalidRequest, match=near):
            ask(**fields)
        with pytest.raises(InvalidRequest, match=near):
            groove.check_names(**fields)
    groove.check_names(genre="Hip Hop", style="boom bap", drummer="Bonham")


def test_a_long_take_has_a_form() -> None:
    """Over 24 bars the first eight come back in the last eight more nearly than the eight between do."""
    back = between = 0.0
    for seed in range(40):
        pattern = ask(genre="rock", bars=24, seed=seed)
        parts: list[dict[tuple[int, str], int]] = [{}, {}, {}]
        for hit in pattern.hits:
            part, key = parts[hit.tick // (8 * 3840)], (hit.tick % 3840, hit.voice)
            part[key] = part.get(key, 0) + 1
        cells = set().union(*parts)
        back += sum(abs(parts[0].get(cell, 0) - parts[2].get(cell, 0)) for cell in cells)
        between += sum(abs(parts[0].get(cell, 0) - parts[1].get(cell, 0)) for cell in cells)

    assert back < 0.9 * between


@pytest.mark.parametrize("meter", ["2/4", "5/8", "6/8"])
@pytest.mark.parametrize(
    ("genre", "style"),
    [("reggae", "one-drop"), ("rock", "half-time-shuffle"), ("metal", "half-time"), ("dubstep", "half-time")],
)
def test_a_short_bar_keeps_the_body_of_its_style(genre: str, style: str, meter: str) -> None:
    """Styles whose backbeat lies on the third beat have it in bars of two beats too, and a kick."""
    made = groove.generate(
        GrooveRequest(genre=genre, style=style, meter=Meter.parse(meter), bars=4, seed=3, humanize=0.0)
    )
    firm = {hit.voice for hit in made.hits if hit.velocity >= 60}

    assert firm & {"snare", "rim", "clap"}
    assert "kick" in firm
