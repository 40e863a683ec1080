"""What type checkers say of an application, line by line.

A wrong line of a sample ends in `# error: <rules of basedpyright> | <codes of mypy>`.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tests.support.pool import ROOT

SAMPLES = sorted(Path(__file__).with_name("samples").glob("*.py.txt"))
MARK = re.compile(r"# error: (?P<basedpyright>[\w, ]+) \| (?P<mypy>[\w, -]+)$")
MYPY_ERROR = re.compile(r"(?P<file>[^:]+):(?P<line>\d+): error: .*\[(?P<code>[\w-]+)\]$")


class Error(NamedTuple):
    file: str
    line: int
    rule: str


class Position(msgspec.Struct):
    line: int


class Range(msgspec.Struct):
    start: Position


class Diagnostic(msgspec.Struct):
    file: str
    severity: str
    range: Range
    rule: str = "syntax"


class Report(msgspec.Struct):
    generalDiagnostics: list[Diagnostic]  # noqa: N815


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples as modules, in a directory of their own."""
    directory = tmp_path_factory.mktemp("samples")
    for sample in SAMPLES:
        shutil.copy(sample, directory / sample.name.removesuffix(".txt"))
    return directory


def expected(checker: str) -> set[Error]:
    found: set[Error] = set()
    for sample in SAMPLES:
        for number, line in enumerate(sample.read_text().splitlines(), 1):
            if "# error:" in line:
                mark = MARK.search(line)
                assert mark, f"{sample.name}:{number}: not readable: {line}"
                rules = mark[checker].split(",")
                name = sample.name.removesuffix(".txt")
                found |= {Error(name, number, rule.strip()) for rule in rules}
    return found


def test_every_sample_has_right_and_wrong_lines() -> None:
    assert SAMPLES
    wrong = Counter(error.file for error in expected("mypy"))
    assert set(wrong) == {sample.name.removesuffix(".txt") for sample in SAMPLES}
    assert min(wrong.values()) >= 10
    for checker in ("basedpyright", "mypy"):
        assert {error[:2] for error in expected(checker)} == {e[:2] for e in expected("mypy")}


def test_basedpyright_in_strict_mode_finds_just_the_wrong_lines(samples: Path) -> None:
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "extraPaths": [str(ROOT / "runtime")],
    }
    (samples / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "-p", str(samples), "--outputjson"]
    checked = subprocess.run(
        [*command, "--pythonpath", sys.executable], capture_output=True, timeout=60, check=False
    )
    report = msgspec.json.decode(checked.stdout, type=Report)
    found = {
        Error(Path(each.file).name, each.range.start.line + 1, each.rule)
        for each in report.generalDiagnostics
    }
    assert found == expected("basedpyright")


@pytest.mark.skipif(not importlib.util.find_spec("mypy"), reason="mypy is not installed")
def test_mypy_in_strict_mode_finds_just_the_wrong_lines(samples: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]
    command += ["--cache-dir", str(samples / "cache"), "--config-file", ""]
    files = sorted(path.name for path in samples.glob("*.py"))
    checked = subprocess.run(
        [*command, *files], cwd=samples, capture_output=True, text=True, timeout=100, check=False
    )
    assert checked.stderr == ""
    lines = [line for line in checked.stdout.splitlines() if ": note: " not in line]
    matches = [MYPY_ERROR.fullmatch(line) for line in lines]
    assert all(matches), checked.stdout
    found = {Error(match["file"], int(match["line"]), match["code"]) for match in matches if match}
    assert found == expected("mypy")
