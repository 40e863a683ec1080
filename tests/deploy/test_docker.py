"""The image: small, not root, and the supervisor is process 1."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from jobs_supervisor.cli import cli

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"
IGNORED = ROOT / "deploy" / "docker" / "Dockerfile.dockerignore"


def instructions() -> list[tuple[str, str]]:
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def last(name: str) -> str:
    return [rest for each, rest in instructions() if each == name][-1]


def copied_sources() -> set[str]:
    copied = [rest.split()[:-1] for name, rest in instructions() if name == "COPY"]
    return {source for words in copied for source in words if "--from" not in words[0]}


def test_the_supervisor_is_process_1() -> None:
    assert json.loads(last("ENTRYPOINT")) == ["jobs-supervisor"]
    assert "CMD" not in [name for name, _ in instructions()]


def test_it_does_not_run_as_root() -> None:
    names = [name for name, _ in instructions()]
    assert last("USER") == "10001:10001"
    assert names.index("USER") > max(at for at, name in enumerate(names) if name == "RUN")


def test_nothing_of_the_build_is_left() -> None:
    froms = [rest for name, rest in instructions() if name == "FROM"]
    assert len(froms) == 2
    assert froms[1] == froms[0].removesuffix(" AS build")


def test_what_is_copied_exists_and_is_sent_to_the_builder() -> None:
    allowed = {line[1:] for line in IGNORED.read_text().splitlines() if line.startswith("!")}
    sources = copied_sources()
    assert sources == allowed
    assert all((ROOT / source).exists() for source in sources)


@pytest.mark.long
def test_what_is_copied_is_enough_to_install(tmp_path: Path) -> None:
    """The build stage, without a container: what it copies, and its pip."""
    context, wheels = tmp_path / "context", tmp_path / "wheels"
    context.mkdir()
    for word in copied_sources():
        source = ROOT / word
        if source.is_dir():
            shutil.copytree(source, context / word)
        else:
            shutil.copy(source, context / word)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", wheels, "."]
    done = subprocess.run(command, cwd=context, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    (wheel,) = wheels.iterdir()
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for package, root in (("jobs_runtime", "runtime"), ("jobs_supervisor", "supervisor")):
        files = [path for path in (ROOT / root / package).rglob("*") if path.is_file()]
        wanted = {str(path.relative_to(ROOT / root)) for path in files if path.suffix != ".pyc"}
        assert wanted <= names
    assert any(name.endswith("entry_points.txt") for name in names)


def test_its_environment_is_what_the_supervisor_reads() -> None:
    known = {f"JOBS_{parameter.name}".upper() for parameter in cli.params if parameter.name}
    assert set(re.findall(r"(JOBS_\w+)=", last("ENV"))) <= known | {"JOBS_RUN_DIR"}
