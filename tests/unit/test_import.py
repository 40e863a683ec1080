"""What `import jobs_runtime` costs a web server."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

ROUNDS = 5

MOST = 0.15
"""Seconds of CPU, on a machine that has its processor to itself."""

MOST_ASYNCIOS = 5.5
"""The same in terms of a part of it, `import asyncio`, for a machine that has not; 4.2 measured."""

PROGRAM = """
import sys, threading, time
before = set(sys.modules)
began = time.process_time()
import asyncio
asyncio_seconds = time.process_time() - began
import jobs_runtime
jobs = jobs_runtime.Jobs()
seconds = time.process_time() - began
import json
print(json.dumps({
    "seconds": seconds,
    "asyncio_seconds": asyncio_seconds,
    "threads": threading.active_count(),
    "modules": sorted(set(sys.modules) - before),
}))
"""


class Imported(msgspec.Struct):
    seconds: float
    asyncio_seconds: float
    threads: int
    modules: list[str]


def import_freshly() -> Imported:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, timeout=60, check=True
    )
    return msgspec.json.decode(run.stdout, type=Imported)


@pytest.fixture(scope="module")
def rounds() -> list[Imported]:
    return [import_freshly() for _ in range(ROUNDS)]


def test_it_is_cheap(rounds: list[Imported]) -> None:
    least = min(each.seconds for each in rounds)
    least_ratio = min(each.seconds / each.asyncio_seconds for each in rounds)
    assert least < MOST or least_ratio < MOST_ASYNCIOS


def test_it_starts_no_thread(rounds: list[Imported]) -> None:
    assert {each.threads for each in rounds} == {1}


@pytest.mark.parametrize(
    "package",
    [
        "jobs_supervisor",
        "click",
        "django",
        "fastapi",
        "opentelemetry",
        "pydantic",
        "pytest",
        "rich",
        "sqlalchemy",
    ],
)
def test_it_leaves_alone_what_an_application_may_not_use(
    rounds: list[Imported], package: str
) -> None:
    modules = {module.partition(".")[0] for module in rounds[0].modules}
    assert "jobs_runtime" in modules
    assert package not in modules
