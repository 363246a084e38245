"""Keys of the cache: equal wishes give equal keys, any musical difference gives another.

Pure. Words are folded in white space, case and Unicode form only, never by likeness: "faster" and "slower" are near
in meaning and must not meet.
"""

from __future__ import annotations

import json
import marshal
from hashlib import blake2b
from typing import Any, Final
from unicodedata import normalize

from router.request import GrooveRequest

_EDITION: Final = "p2"
"""Part of every key: a change of what is stored under a key changes it, and old entries are simply not found."""


_BYTES_FORMAT: Final = 2
"""The last one without references, which would tell two equal texts from one that is there twice."""


def fold(text: str) -> str:
    """Return words as they are compared: single spaces, folded case, NFC."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(normalize("NFC", normalize("NFC", text).casefold()).split())


def pattern_key(request: GrooveRequest, **extra: object) -> str:
    """Return the key of a request: every musical parameter, the exact prompt and what was asked of the router.

    Deadline and cost ceiling are left out: they say what an answer may take, not what it is.

    Args:
        request: The wish, with its seed, so that another seed is another key.
        extra: Whatever else decides the answer (the edition of the model list, the kind of plan), as plain values.
    """
    meter = request.meter
    knobs = (
        request.tempo, request.complexity, request.density, request.swing, request.humanize, request.intensity,
        request.variation, request.fill_amount, request.lean, request.ghosts, request.hat_openness,
    )  # fmt: skip
    parts: tuple[Any, ...] = (
        _EDITION, fold(request.prompt), request.genre, request.style, request.drummer, request.section, request.bars,
        meter.numerator, meter.denominator, meter.groups, *[None if knob is None else float(knob) for knob in knobs],
        request.swing_grid, request.seed, request.tier, request.provider, request.workflow,
        tuple(sorted(map(fold, request.constraints))) if request.constraints else (),
        tuple(sorted(extra.items())),
    )  # fmt: skip
    try:
        # Bytes that say each value and its type, the same in every process; `repr` takes ten times as long.
        told = marshal.dumps(parts, _BYTES_FORMAT)
    except ValueError:  # a kind of text or number of somebody's own
        told = repr(parts).encode("utf-8", "surrogatepass")
    return blake2b(told, digest_size=16).hexdigest()


def task_key(kind: str, payload: object) -> str:
    """Return the key of a task that is not a pattern; `payload` is plain JSON, its order of keys does not matter.

    Texts are compared exactly, for a pattern's text tells accents by capitals; `fold` what a person typed.

    Raises:
        TypeError: If the payload is not plain JSON.
    """
    body = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    return blake2b(f"{_EDITION} {kind} {body}".encode(), digest_size=16).hexdigest()
