"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from router.regex import regex


def test_it_does_what_a_compiled_one_does() -> None:
    """Whoever uses one need not know that it was compiled a moment ago."""
    late, made = regex(r"(k)ick", re.IGNORECASE), re.compile(r"(k)ick", re.IGNORECASE)

    for _ in range(2):
        assert late.sub("snare", "Kick kick") == made.sub("snare", "Kick kick")
        assert (late.findall("Kick kick"), late.pattern) == (made.findall("Kick kick"), made.pattern)
        assert late.match("a kick", 2) is not None


def test_a_wrong_one_says_so_when_it_is_used() -> None:
    """The error is the compiler's own, each time."""
    late = regex("(")
    for _ in range(2):
        with pytest.raises(re.error):
            late.search("")


def test_importing_the_drummer_compiles_no_words() -> None:
    """Hundreds of expressions would be 40 ms of every start, most of them for words that nobody says."""
    code = (
        "import re, asyncio, json, random, dataclasses, datetime, pathlib\n"
        "told = []\n"
        "kept = re._compiler.compile\n"
        "re._compiler.compile = lambda text, flags=0: told.append(text) or kept(text, flags)\n"
        "import router.drummer, router.phrases, router.forms, router.spans\n"
        "print(len(told))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert int(run.stdout) <= 20
