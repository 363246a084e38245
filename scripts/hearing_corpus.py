"""Makes songs whose truth is known: generated grooves and an accompaniment, rendered by fluidsynth, and drum machines.

What the drum net is fitted to (`fit_hearing.py`) and what hearing is measured on (`bench_hearing.py`), with seeds
that never meet. Writes only into the folder it is given.
"""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import mido
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bridge import drummaps
from router import groove
from router.groove.names import CATALOGUE
from router.pattern import Meter, Pattern
from router.request import GrooveRequest
from tests.support import drum_machine

FLUID = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
# Drum programs of the fonts: standard, room, power, electronic, 808, jazz, brush; Fluid has variants of some.
KITS = {
    "FluidR3_GM": (0, 1, 2, 3, 4, 8, 9, 10, 16, 17, 24, 25, 32, 33, 40),
    "TimGM6mb": (0, 8, 16, 24, 25, 32, 40),
    "MuseScore_General": (0, 8, 16, 24, 25, 32, 40, 48),
}
OTHER_FONTS = (Path("/usr/share/sounds/sf2/TimGM6mb.sf2"), Path("/usr/share/sounds/sf3/MuseScore_General.sf3"))
"""Of the packages timgm6mb-soundfont and musescore-general-soundfont-small."""
# Claps and side-sticks stand where the snare stands in the music, so they count as one: the backbeat.
CLASSES = {
    "kick": "kick", "snare": "snare", "rim": "snare", "clap": "snare", "snap": "snare",
    "hat_closed": "hat", "hat_open": "hat", "hat_pedal": "hat",
    "tom_high": "tom", "tom_mid": "tom", "tom_low": "tom", "tom_floor": "tom",
    "bongo_high": "tom", "bongo_low": "tom", "conga_high": "tom", "conga_low": "tom", "conga_mute": "tom",
    "timbale_high": "tom", "timbale_low": "tom",
    "ride": "cymbal", "ride_bell": "cymbal", "crash": "cymbal", "crash2": "cymbal", "china": "cymbal",
    "splash": "cymbal", "shaker": "shaken", "tambourine": "shaken", "cabasa": "shaken", "maracas": "shaken",
    "cowbell": "shaken", "triangle": "shaken", "guiro": "shaken", "claves": "shaken", "wood_block": "shaken",
    "agogo_high": "shaken", "agogo_low": "shaken",
}  # fmt: skip
GENRES = tuple(CATALOGUE)
CHORDS = ((0, 3, 7), (0, 4, 7), (0, 3, 7, 10), (0, 4, 7, 11), (0, 4, 7, 10))
BASSES = (32, 33, 34, 35, 36, 38, 39)
KEYS = (0, 1, 2, 4, 5, 16, 17, 18, 24, 25, 26, 27, 29, 48, 50, 61, 81, 88, 89)


@dataclass(frozen=True)
class Song:
    """A groove as it will be rendered. Strokes are (seconds, voice, velocity), `notes` the accompaniment."""

    name: str
    bpm: float
    meter: Meter
    pattern: Pattern
    strokes: tuple[tuple[float, str, int], ...]
    notes: tuple[tuple[float, float, int, int, int], ...]
    kit: int
    programs: tuple[tuple[int, int], ...]
    levels: tuple[int, int]
    font: Path = FLUID
    rate: int = 44100
    lead_s: float = 0.0
    take: drum_machine.Take | None = None
    """What sounds in place of a font."""

    def truth(self, kind: str) -> list[float]:
        """Return the onsets of kick, snare, hat, tom or cymbal in seconds; two notes at one instant count once."""
        out: list[float] = []
        for at, voice, _ in sorted(self.strokes):
            if CLASSES.get(voice) == kind and (not out or at - out[-1] > 0.003):
                out.append(at)
        return out


def song(
    seed: int,
    *,
    seconds: float = 25.0,
    bpm: float | None = None,
    genre: str | None = None,
    meter: str = "4/4",
    band: bool | None = None,
    kit: int | None = None,
    font: Path = FLUID,
) -> Song:
    """Return the song of this seed; what is not given is drawn from it."""
    rng = random.Random(f"song {seed}")
    tempo = bpm or round(rng.uniform(70, 180), 1)
    genre = genre or rng.choice(GENRES)
    chosen = Meter.parse(meter)
    bar_s = chosen.bar_ticks / 960 * 60 / tempo
    wanted = max(2, round(seconds / bar_s))
    loops = -(-wanted // 64)
    bars = wanted // loops
    pattern = groove.generate(
        GrooveRequest(
            genre=genre,
            style=rng.choice(CATALOGUE[genre]),
            bars=bars,
            meter=chosen,
            tempo=tempo,
            seed=rng.randrange(1 << 30),
            humanize=rng.choice((0.2, 0.5, 0.5, 0.8)),
            complexity=rng.uniform(0.2, 0.8),
            density=rng.uniform(0.35, 0.7),
        )
    )
    tick_s = 60 / tempo / 960
    lead = rng.uniform(0.05, 0.8)
    strokes = tuple(
        (max(0.0, lead + (loop * pattern.ticks + hit.tick + hit.shift) * tick_s), hit.voice, hit.velocity)
        for loop in range(loops)
        for hit in pattern.hits
    )
    plays = rng.random() < 0.6 if band is None else band
    notes, programs = _accompany(rng, chosen, bars * loops, tick_s, lead) if plays else ((), ())
    fonts = KITS.get(font.stem, (0,))
    return Song(
        f"{seed}-{genre}-{pattern.meta.get('style')}-{tempo:g}",
        tempo,
        chosen,
        pattern,
        strokes,
        notes,
        rng.choice(fonts) if kit is None else kit,
        programs,
        (rng.randrange(50, 100), rng.randrange(40, 90)),
        font,
        rng.choice((44100, 48000)),
        lead,
    )


def plain_song(seed: int, *, seconds: float = 25.0, bpm: float | None = None, font: Path = FLUID) -> Song:
    """Return drums alone as a step sequencer has them: on the grid, one or two levels for each voice, bars repeated."""
    rng = random.Random(f"plain {seed}")
    tempo = bpm or round(rng.uniform(70, 180), 1)
    parts = rng.choice((4, 4, 4, 3))  # of a beat
    steps, step_s = 4 * parts, 60 / tempo / parts
    lanes = {voice: _lane(rng, voice, steps, parts) for voice in _kit_of_steps(rng)}
    levels = {voice: rng.randrange(60, 127) for voice in lanes}
    quiet = {voice: rng.choice((1.0, 0.7)) for voice in lanes}
    lead = rng.choice((0.0, rng.uniform(0, 1.5)))
    strokes = tuple(
        (lead + (bar * steps + step) * step_s, voice, round(levels[voice] * (quiet[voice] if step % parts else 1)))
        for bar in range(max(2, round(seconds / steps / step_s)))
        for voice, lane in lanes.items()
        for step in lane
    )
    pattern = Pattern(Meter(4, 4), 1, ())
    kit, rate = rng.choice((0, rng.choice(KITS.get(font.stem, (0,))))), rng.choice((44100, 48000))
    return Song(
        f"plain-{seed}-{tempo:g}", tempo, Meter(4, 4), pattern, strokes, (), kit, (), (100, 100), font, rate, lead
    )


VOICES_OF_MACHINE = {"hat": "hat_closed", "tom": "tom_low", "cymbal": "ride", "shaken": "shaker"}


def machine_song(seed: int) -> Song:
    """Return a take of a drum machine that no font has; see `tests/support/drum_machine.py`."""
    take = drum_machine.take(seed)
    strokes = tuple(
        (at, VOICES_OF_MACHINE.get(voice, voice), max(1, round(127 * hard))) for at, voice, hard in take.strokes
    )
    meter = Meter.parse(take.meter)
    return Song(
        f"machine-{seed}-{take.feel}-{take.bpm:g}", take.bpm, meter, Pattern(meter, 1, ()), strokes, (), 0, (),
        (100, 100), rate=take.rate, lead_s=take.lead_s, take=take,
    )  # fmt: skip


def _kit_of_steps(rng: random.Random) -> list[str]:
    time = rng.choice(("hat_closed", "hat_closed", "hat_closed", "ride", "shaker"))
    more = [voice for voice in ("hat_open", "crash", "clap", "tom_high", "tom_floor", "rim") if rng.random() < 0.15]
    return ["kick", "snare", *([time] if rng.random() < 0.95 else []), *more]


def _lane(rng: random.Random, voice: str, steps: int, parts: int) -> list[int]:
    """Return the steps of a bar on which a voice sounds."""
    beats, eighths = range(0, steps, parts), range(0, steps, max(1, parts // 2))
    if voice == "kick":
        extra = [step for step in rng.choice((eighths, range(steps))) if rng.random() < rng.choice((0.05, 0.3))]
        return sorted({*rng.choice(([0], [0, steps // 2], list(beats))), *extra})
    if voice == "snare":
        main = rng.choice(([parts, 3 * parts], [parts, 3 * parts], [steps // 2], list(beats), list(eighths)[1::2]))
        return sorted({*main, *(step for step in range(steps) if rng.random() < rng.choice((0, 0, 0.15)))})
    if voice in {"hat_closed", "ride", "shaker"}:
        return list(rng.choice((beats, eighths, eighths, range(steps), list(eighths)[1::2])))
    return [step for step in eighths if rng.random() < 0.12]


def _accompany(
    rng: random.Random, meter: Meter, bars: int, tick_s: float, lead: float
) -> tuple[tuple[tuple[float, float, int, int, int], ...], tuple[tuple[int, int], ...]]:
    """Return bass and keys as (start, end, channel, note, velocity), a chord a bar, and their programs."""
    notes: list[tuple[float, float, int, int, int]] = []
    root = rng.randrange(28, 40)
    bass_unit = rng.choice((240, 480, 480, 960)) if meter.denominator == 4 else 480
    often = rng.uniform(0.4, 0.95)
    stabs = rng.choice(("pad", "quarters", "offbeats", "sparse"))
    turn = [rng.choice((0, 3, 5, 7, 8, 10)) for _ in range(4)]
    rhythm = [rng.random() < often for _ in range(meter.bar_ticks // bass_unit)]
    rhythm[0] = rhythm[0] or rng.random() < 0.8
    for bar in range(bars):
        base = root + turn[bar % 4]
        start = bar * meter.bar_ticks
        for step, sounds in enumerate(rhythm):
            if sounds:
                at = lead + (start + step * bass_unit) * tick_s + rng.gauss(0, 0.006)
                note = base + rng.choice((0, 0, 0, 7, 12))
                notes.append((at, at + bass_unit * tick_s * rng.uniform(0.5, 1.0), 0, note, rng.randrange(70, 115)))
        chord = rng.choice(CHORDS)
        steps = {
            "pad": [(0, meter.bar_ticks)],
            "quarters": [(t, 700) for t in range(0, meter.bar_ticks, 960)],
            "offbeats": [(t + 480, 300) for t in range(0, meter.bar_ticks - 480, 960)],
            "sparse": [(0, 1400), (meter.bar_ticks // 2 + 480, 900)],
        }[stabs]
        for tick, length in steps:
            for interval in chord:
                at = lead + (start + tick) * tick_s + rng.gauss(0, 0.008)
                notes.append((at, at + length * tick_s, 1, base + 24 + interval, rng.randrange(50, 100)))
    clean = tuple((max(0.0, a), max(0.02, b), c, n, v) for a, b, c, n, v in notes)
    return clean, ((0, rng.choice(BASSES)), (1, rng.choice(KEYS)))


def midi_of(piece: Song, path: Path) -> Path:
    """Write the song as a file with seconds as its time: 1,000 ticks a second."""
    kit = drummaps.load("gm")
    file = mido.MidiFile(type=0, ticks_per_beat=500)
    track = mido.MidiTrack()
    file.tracks.append(track)
    events: list[tuple[float, int, mido.Message]] = [
        (0, 0, mido.Message("program_change", channel=9, program=piece.kit))
    ]
    for channel, program in piece.programs:
        events += [
            (0, 0, mido.Message("program_change", channel=channel, program=program)),
            (0, 0, mido.Message("control_change", channel=channel, control=7, value=piece.levels[channel])),
        ]
    for at, voice, velocity in piece.strokes:
        note = kit.note(voice)
        if note is not None:
            events += [
                (at, 2, mido.Message("note_on", channel=9, note=note, velocity=velocity)),
                (at + 0.2, 1, mido.Message("note_off", channel=9, note=note)),
            ]
    for start, end, channel, note, velocity in piece.notes:
        events += [
            (start, 2, mido.Message("note_on", channel=channel, note=note, velocity=velocity)),
            (end, 1, mido.Message("note_off", channel=channel, note=note)),
        ]
    now = 0
    for seconds, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(seconds * 1000)
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=300))
    file.save(path)
    return path


def render(piece: Song, folder: Path) -> Path:
    """Render the song to a wav in `folder` and return its path.

    Raises:
        CalledProcessError: If fluidsynth fails.
    """
    out = folder / f"{piece.name}.wav"
    if piece.take is not None:
        soundfile.write(out, piece.take.samples(), piece.rate)
        return out
    source = midi_of(piece, folder / f"{piece.name}.mid")
    command = [
        "fluidsynth",
        "-ni",
        "-q",
        "-g",
        "0.5",
        "-o",
        "synth.dynamic-sample-loading=1",  # only what sounds: halves the time of a packed font
        "-r",
        str(piece.rate),
        "-F",
        str(out),
        str(piece.font),
        str(source),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return out
