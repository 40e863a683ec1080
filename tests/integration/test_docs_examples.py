"""The code in docs/testing.md is what it claims to be: an application with passing tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from jobs_runtime.database import Connection
from tests.integration.shop import waiting
from tests.support.pool import ROOT

BLOCK = re.compile(r"^```python\n# (?P<name>\S+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_tests_in_the_testing_guide_pass(
    tmp_path: Path, dsn: str, connection: Connection
) -> None:
    text = (ROOT / "docs/testing.md").read_text()
    blocks = {match["name"]: match["code"] for match in BLOCK.finditer(text)}
    assert len(blocks) == text.count("```python")
    for name, code in blocks.items():
        (tmp_path / name).write_text(code)
    tests = sum(code.count("\ndef test_") for code in blocks.values())
    assert tests >= 7
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "DATABASE_URL": dsn},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert f"{tests} passed" in finished.stdout
    assert waiting(connection) == 0
