"""Words that server, documents and clients share: the API's version and the stable error codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

API: Final = "1.0"
ERROR_CODES: Final[Mapping[str, str]] = {
    "parse_error": "the message is not strict JSON",
    "invalid_request": "the message is no JSON-RPC 2.0 request",
    "unknown_method": "no method has that name",
    "invalid_params": "a parameter cannot be; `field` names it",
    "unknown_pattern": "no pattern has that id",
    "unknown_job": "no job has that id",
    "nothing_playing": "the method needs a playing pattern",
    "nothing_to_undo": "there is no earlier or later pattern",
    "budget_exceeded": "no money is left for it",
    "provider_failed": "every provider failed and local was forbidden",
    "rate_limited": "too many messages; `retry_after_s` says when",
    "too_large": "the message or the pattern is too large",
    "not_supported": "this daemon cannot do that",
    "busy": "too much is under way; try again",
    "midi_unavailable": "no MIDI system can be used",
    "engine_unavailable": "the playing process is being restarted",
    "storage_failed": "a file could not be written; `hint` says what to do",
    "internal": "a fault of ours; the log has more",
}
