"""Every wrong start is one clear line and an exit code, soon."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs_runtime.database import connect
from tests.support.pool import ROOT, Pool, eventually

COMMAND = [sys.executable, "-c", "from jobs_supervisor.cli import main; main()"]


def call(
    *arguments: str, dsn: str | None = None, cwd: Path = ROOT, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end; it must come within ten seconds."""
    inherited = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    if dsn is not None:
        env["DATABASE_URL"] = dsn
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=10,
    )


def assert_one_line(ended: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    assert ended.returncode == code, ended.stderr
    last = ended.stderr.strip().splitlines()[-1]
    for part in parts:
        assert part in last, ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_an_application(dsn: str) -> None:
    assert_one_line(call(dsn=dsn), 2, "--app MODULE[:ATTRIBUTE]")


def test_no_workers(dsn: str) -> None:
    ended = call("--app", "tests.apps.basic", "--workers", "0", dsn=dsn)
    assert_one_line(ended, 2, "--workers", "0 is not in the range x>=1")


def test_an_unknown_flag(dsn: str) -> None:
    assert_one_line(call("--app", "x", "--worker", "2", dsn=dsn), 2, "--workers")


def test_a_bad_environment_variable(dsn: str) -> None:
    ended = call("--app", "tests.apps.basic", dsn=dsn, JOBS_DRAIN="soon")
    assert_one_line(ended, 2, "'soon' is not a valid float")


def test_an_unknown_key_in_pyproject(dsn: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.jobs-supervisor]\nworker = 2\n")
    ended = call(dsn=dsn, cwd=tmp_path)
    assert_one_line(ended, 2, "unknown key 'worker'", "did you mean 'workers'?")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool]\njobs-supervisor = 3\n", "is to be a table"),
        ("[tool.jobs-supervisor]\nworkers = [1]\n", "workers in [tool.jobs-supervisor]"),
        ('[tool.jobs-supervisor]\nworkers = "three"\n', "is not a valid integer"),
    ],
)
def test_a_value_in_pyproject_that_is_none(dsn: str, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert_one_line(call(dsn=dsn, cwd=tmp_path), 2, says)


def test_no_database() -> None:
    ended = call("--app", "tests.apps.basic")
    assert_one_line(ended, 2, "DATABASE_URL=postgresql://", "`jobs-supervisor dev`")


def test_a_dsn_that_does_not_parse() -> None:
    ended = call("--app", "tests.apps.basic", dsn="postgresql://host/x?speed=high")
    assert_one_line(ended, 2, "does not parse", "speed")


def test_a_direct_dsn_that_does_not_parse(dsn: str) -> None:
    theirs = "postgresql+asyncpg://someone:secret@host/shop"
    ended = call("--app", "tests.apps.basic", "--direct-dsn", theirs, dsn=dsn)
    assert_one_line(ended, 2, "does not parse", "write postgresql://")
    assert "secret" not in ended.stderr


def test_a_dsn_that_can_never_work() -> None:
    ended = call("--app", "tests.apps.basic", dsn="postgresql://host:port/x")
    assert_one_line(ended, 1, "refuses", "host:port")


def test_an_application_that_cannot_be_imported(dsn: str) -> None:
    began = time.monotonic()
    ended = call("--app", "tests.apps.broken", dsn=dsn)
    assert time.monotonic() - began < 5
    assert ended.returncode == 1
    assert ended.stderr.count("Traceback") == 1
    assert ended.stderr.count("File ") == 1  # its own line, not those that import it
    assert "RuntimeError: this module is broken" in ended.stderr


@pytest.mark.parametrize(
    ("app", "says"),
    [
        ("tests.conftest", "has no Jobs object"),
        ("tests.apps.basic:noop", "is not a Jobs object"),
        ("tests.apps.basic:job", "has no job; did you mean 'jobs'?"),
        ("tests.apps.nothing_here", "there is no module tests.apps.nothing_here in "),
        ("nothing.here", "there is no module nothing in "),
        ("a/b", "takes module or module:attribute"),
    ],
)
def test_an_application_that_is_none(app: str, says: str, dsn: str) -> None:
    assert_one_line(call("--app", app, dsn=dsn), 2, says)


def test_a_schedule_whose_argument_does_not_fit(dsn: str, tmp_path: Path) -> None:
    (tmp_path / "misfit.py").write_text(
        "from jobs_runtime import Jobs, Schedule\n"
        "jobs = Jobs()\n"
        "@jobs.job(schedule=Schedule('@hourly', args='21'))\n"
        "def double(number: int) -> int: return number * 2\n"
    )
    ended = call("--app", "misfit", dsn=dsn, cwd=tmp_path)
    assert_one_line(ended, 2, "the argument of double does not fit int")


def test_an_unreachable_database() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    dsn = f"postgresql://someone:secret@127.0.0.1:{port}/shop"
    began = time.monotonic()
    ended = call("--app", "tests.apps.basic", "--startup-timeout", "1", dsn=dsn)
    assert 1 <= time.monotonic() - began < 6
    assert_one_line(ended, 1, "was not reached within 1 s: ")
    assert "(--startup-timeout waits longer)" in ended.stderr
    assert "waiting for the database" in ended.stderr
    assert "secret" not in ended.stderr


def test_a_schema_that_is_missing(empty_dsn: str) -> None:
    ended = call("--app", "tests.apps.basic", dsn=empty_dsn)
    assert_one_line(ended, 1, "jobs-supervisor migrate")


@pytest.mark.parametrize(
    ("change", "says"), [("version - 1", "migrate"), ("version + 1000", "upgrade")]
)
def test_a_schema_of_another_version(change: str, says: str, dsn: str) -> None:
    with connect(dsn, "tests") as connection:
        connection.execute(
            f"UPDATE jobs.migration SET version = {change}, readable_by = {change}".encode()
        )
    assert_one_line(call("--app", "tests.apps.basic", dsn=dsn), 1, says)


def test_a_metrics_address_that_is_taken(pool: Pool) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = "{}:{}".format(*listener.getsockname())
        running = pool.start("--metrics-address", address, app="tests.apps.basic", workers=1)
        eventually(lambda: "ready: 1 workers" in running.log, 10, "the pool works without metrics")
        assert running.log.count("choose another --metrics-address") == 1
        assert running.stop() == 0
