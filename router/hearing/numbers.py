"""An analysis as compact text: what a model is shown in place of the audio.

Pure, standard library only. Holds numbers and nothing of the file: no path, no name, no samples; at most about 700
tokens.
"""

from __future__ import annotations

from typing import Final

from router.hearing.analysis import VOICES, Analysis
from router.hearing.transcribe import SIXTEENTH, in_bars, quantised
from router.pattern import Hit

_SECTIONS: Final = 12
_BARS: Final = 2
_LANES: Final = {"kick": "k", "snare": "s", "hat_closed": "h"}


def numbers_for_model(analysis: Analysis) -> str:
    """Return tempo, metre, feel, form and the mean bar of each drum as lines of text.

    A mean bar has one digit a sixteenth: how many tenths of all bars have a stroke there (9 is nine tenths or more).
    """
    meter = analysis.signature
    rows = quantised(in_bars(analysis), meter, analysis.swing, analysis.swing_of)
    lines = [
        f"length {analysis.duration_s:.0f} s, {len(analysis.downbeats_s)} bars",
        f"tempo {analysis.tempo_bpm:.1f} bpm (quarter notes), confidence {analysis.tempo_confidence:.2f}",
        f"metre {analysis.meter}",
        f"swing {analysis.swing:.2f} of {analysis.swing_of}ths (0.50 straight, 0.67 triplets)",
        "energy " + " ".join(f"{s.start_s:.0f}-{s.end_s:.0f}s:{s.energy:.2f}" for s in analysis.energy[:_SECTIONS]),
    ]
    if not rows:
        return "\n".join([*lines, "drums: none heard", *_notes(analysis)])
    lines.append(
        "share of bars with a stroke, per sixteenth, in tenths; mean velocity; lateness in ms, mean and spread"
    )
    tick_ms = 60_000 / analysis.tempo_bpm / 960
    for voice, lane in _LANES.items():
        hits = [hit for row in rows.values() for hit in row if hit.voice == voice]
        if hits:
            lines.append(f"{lane} {_mean_bar(hits, meter.bar_ticks, len(rows))} {_feel(hits, tick_ms)}")
        else:
            lines.append(f"{lane} none")
    ghosts = [o for o in analysis.onsets if o.voice == "snare" and o.velocity < 50]
    snares = sum(o.voice == "snare" for o in analysis.onsets)
    if snares:
        lines.append(f"ghost share of snare strokes {len(ghosts) / snares:.2f}")
    per_bar = {voice: sum(o.voice == voice for o in analysis.onsets) / max(1, len(rows)) for voice in VOICES}
    lines.append("strokes a bar: " + ", ".join(f"{voice} {count:.1f}" for voice, count in per_bar.items()))
    lines += _typical(analysis)
    return "\n".join([*lines, *_notes(analysis)])


def _notes(analysis: Analysis) -> list[str]:
    return [f"note: {note}" for note in analysis.notes]


def _mean_bar(hits: list[Hit], bar_ticks: int, bars: int) -> str:
    slots = [0] * max(1, bar_ticks // SIXTEENTH)
    for slot, _ in {(hit.tick // SIXTEENTH, id(hit)) for hit in hits}:
        slots[min(slot, len(slots) - 1)] += 1
    digits = "".join(str(min(9, 10 * count // max(1, bars))) for count in slots)
    return " ".join(digits[n : n + 4] for n in range(0, len(digits), 4))


def _feel(hits: list[Hit], tick_ms: float) -> str:
    velocity = sum(hit.velocity for hit in hits) / len(hits)
    late = [hit.shift * tick_ms for hit in hits]
    mean = sum(late) / len(late)
    spread = (sum((value - mean) ** 2 for value in late) / len(late)) ** 0.5
    return f"vel {velocity:.0f}, late {mean:+.0f} +- {spread:.0f}"


def _typical(analysis: Analysis) -> list[str]:
    """Return the most typical bars, `o` a soft stroke, `x` a stroke, `X` an accent, one lane a line."""
    pattern = analysis.to_pattern(_BARS)
    slots = pattern.ticks // SIXTEENTH
    lines = [f"most typical {_BARS} bars (o soft, x, X loud)"]
    for voice, lane in _LANES.items():
        cells = ["."] * slots
        for hit in pattern.hits:
            if hit.voice == voice:
                cells[min(hit.tick // SIXTEENTH, slots - 1)] = (
                    "o" if hit.velocity < 50 else "X" if hit.velocity > 104 else "x"
                )
        text = "".join(cells)
        lines.append(f"{lane} " + " ".join(text[n : n + 4] for n in range(0, slots, 4)))
    return lines
