"""Keys and tokens leave no trace: one filter for every log line and every error that goes out.

Knows exact values (the keys that are set, the token) and the shapes that keys have; never logs what it hid.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Final

HIDDEN: Final = "[hidden]"
# Bounded repeats only: these run on text from providers and clients.
_SHAPES: Final = re.compile(
    r"(?:sk-ant-|sk-proj-|sk-|gsk_|co_|Bearer )[A-Za-z0-9_\-.]{16,256}|drumbridge\.auth\.[A-Za-z0-9_\-]{20,128}"
)


class Redactor(logging.Filter):
    """Replaces secrets in text. Add it to every log handler."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets: list[str] = []
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Hide these exact values too (shorter than 8 characters they would hide innocent words)."""
        known = {*self._secrets, *(secret for secret in secrets if len(secret) >= 8)}
        self._secrets = sorted(known, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """Return `text` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _SHAPES.sub(HIDDEN, text)

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record, its traceback included, before any handler formats it."""
        record.msg = self.clean(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_text = self.clean(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True
