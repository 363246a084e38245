"""Keys of the cache: equal wishes give equal keys, any musical difference gives another.

Pure. Words are folded in white space, case and Unicode form only, never by likeness: "faster" and "slower" are near
in meaning and must not meet.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Final
from unicodedata import normalize

from router.request import KNOBS, GrooveRequest

_EDITION: Final = "p1"
"""Part of every key: a change of what is stored under a key changes it, and old entries are simply not found."""


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
        extra: Whatever else decides the answer (the model list's edition, the kind of plan); compared by `repr`.
    """
    meter = request.meter
    parts = (
        _EDITION, fold(request.prompt), request.genre, request.style, request.drummer, request.section, request.bars,
        meter.numerator, meter.denominator, meter.groups, float(request.tempo), _real(request.complexity),
        _real(request.density), _real(request.swing), _real(request.humanize), request.seed, request.tier,
        request.provider, request.workflow, sorted(map(fold, request.constraints)) if request.constraints else (),
        sorted(extra.items()) if extra else (),
    )  # fmt: skip
    text = repr(parts)
    turned = [(name, value) for name in KNOBS[4:] if (value := _real(getattr(request, name))) is not None]
    if turned or request.swing_grid != "style":  # most requests leave them alone, and keep the key they had
        text += repr((turned, request.swing_grid))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def task_key(kind: str, payload: object) -> str:
    """Return the key of a task that is not a pattern; `payload` is plain JSON, its order of keys does not matter.

    Texts are compared exactly, for a pattern's text tells accents by capitals; `fold` what a person typed.

    Raises:
        TypeError: If the payload is not plain JSON.
    """
    body = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    return blake2b(f"{_EDITION} {kind} {body}".encode(), digest_size=16).hexdigest()


def _real(value: float | None) -> float | None:
    return None if value is None else float(value)
