from __future__ import annotations

import subprocess
import sys

from test_transcribe import bars_of, heard

from router.hearing import numbers_for_model
from router.pattern import Meter, Pattern


def test_a_model_is_shown_numbers() -> None:
    """Tempo, metre, swing, form, the mean bar of each drum and the typical bars: nothing else."""
    assert numbers_for_model(heard(bars_of(4), 118)).splitlines() == [
        "length 8 s, 4 bars",
        "tempo 118.0 bpm (quarter notes), confidence 0.90",
        "metre 4/4",
        "swing 0.50 of 8ths (0.50 straight, 0.67 triplets)",
        "energy 0-8s:1.00",
        "share of bars with a stroke, per sixteenth, in tenths; mean velocity; lateness in ms, mean and spread",
        "k 9000 0009 9000 0000 vel 101, late +0 +- 0",
        "s 0000 9000 0009 9000 vel 86, late +0 +- 0",
        "h 9090 9090 9090 9090 vel 70, late +0 +- 0",
        "ghost share of snare strokes 0.33",
        "strokes a bar: kick 3.0, snare 3.0, hat 8.0",
        "most typical 2 bars (o soft, x, X loud)",
        "k X... ...x x... .... X... ...x x... ....",
        "s .... X... ...o X... .... X... ...o X...",
        "h x.x. x.x. x.x. x.x. x.x. x.x. x.x. x.x.",
    ]


def test_music_without_drums_is_said_to_have_none() -> None:
    """No lanes are made up."""
    assert "drums: none heard" in numbers_for_model(heard(Pattern(Meter(4, 4), 4, ()), 100))


def test_importing_hearing_loads_no_signal_work() -> None:
    """The daemon imports this room at its start: numpy and soundfile must not come with it."""
    code = "import sys, router.hearing; sys.exit(bool({'numpy', 'soundfile', 'scipy', 'librosa'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
