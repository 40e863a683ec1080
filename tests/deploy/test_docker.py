"""The image: small, not root, and the supervisor is process 1."""

from __future__ import annotations

import json
import re
from pathlib import Path

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
    copied = [rest.split()[:-1] for name, rest in instructions() if name == "COPY"]
    sources = {source for words in copied for source in words if "--from" not in words[0]}
    assert sources == allowed
    assert all((ROOT / source).exists() for source in sources)


def test_its_environment_is_what_the_supervisor_reads() -> None:
    known = {f"JOBS_{parameter.name}".upper() for parameter in cli.params if parameter.name}
    assert set(re.findall(r"(JOBS_\w+)=", last("ENV"))) <= known | {"JOBS_RUN_DIR"}
