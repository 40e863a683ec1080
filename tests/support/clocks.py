"""Clocks that are wrong, by libfaketime.

The command `faketime` itself would stand between a test and the process that it starts.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

needs_faketime = pytest.mark.skipif(
    shutil.which("faketime") is None, reason="faketime is not installed"
)


def skewed(seconds: float) -> dict[str, str]:
    """The environment of a Python whose clock is so many seconds ahead; the monotonic is right."""
    library = subprocess.run(
        ["faketime", "-f", "+0s", "printenv", "LD_PRELOAD"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    return {
        "LD_PRELOAD": library,
        "FAKETIME": f"{seconds:+}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": str(Path(__file__).with_name("skewed")),
    }
