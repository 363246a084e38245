"""Logging: one line a record on stderr, or one JSON object, each cleaned of secrets first."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Final

from bridge.redact import Redactor

_QUIET: Final = (
    "websockets",
    "drumbridge.websockets",
    "httpx",
    "httpx2",
    "httpcore",
    "anthropic",
    "openai",
    "groq",
    "cohere",
)
"""Libraries that would log requests, addresses or more; only their warnings are ours to show."""


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return one JSON object."""
        out = {
            "t": round(record.created, 3),
            "level": record.levelname.lower(),
            "from": record.name,
            "text": record.getMessage(),
        }
        if record.exc_text:
            out["trace"] = record.exc_text
        return json.dumps(out)


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
        self.converter = time.localtime


def configure(redactor: Redactor, *, level: str, as_json: bool) -> None:
    """Set up the root logger of this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if as_json else _Text())
    handler.addFilter(redactor)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.raiseExceptions = False  # a closed stderr must not end the music
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR if "websockets" in name else logging.WARNING)
