"""The benchmarks are called as their help says: by name, with the named one's own options."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "scripts" / "bench.py"


@pytest.mark.parametrize(("name", "option"), [("timing", "--frames"), ("router", "--rounds")])
def test_a_named_benchmark_gets_its_own_options(name, option):
    """`bench.py timing --frames 128` is for timing: a wrong value is refused by timing, naming the option."""
    done = subprocess.run(
        [sys.executable, str(BENCH), name, option, "many"], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 2
    assert f"bench {name}: error: argument {option}: invalid int value: 'many'" in done.stderr
