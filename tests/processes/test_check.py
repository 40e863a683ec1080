"""`jobs-supervisor check` on real servers: clocks, keepalives, connections, and who stops it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess

import psycopg
import pytest

from jobs_runtime.database import connect
from jobs_supervisor.checks import checks, keepalives
from jobs_supervisor.finding import Level
from tests.processes.test_bad_input import COMMAND, call
from tests.support.pool import ROOT
from tests.support.server import Server


def test_a_pool_that_fits(tcp_server: Server) -> None:
    said = call("check", "--app", "tests.apps.basic", "--workers", "2", dsn=tcp_server.dsn)
    assert said.returncode == 0
    assert "warn" not in said.stdout
    assert "the server notices within 11 s if this host vanishes" in said.stdout
    assert "this host's clock and the database's agree to 0.0" in said.stdout
    assert "this pool takes 5 connections, 7 if its jobs use context.connection; " in said.stdout
    assert " of 27 are free" in said.stdout
    assert "may run for longer than --drain 25 s" in said.stdout


def test_the_environment_of_the_pool_is_that_of_the_check(tcp_server: Server) -> None:
    said = call(
        "check",
        dsn=tcp_server.dsn,
        JOBS_APP="tests.apps.basic",
        JOBS_WORKERS="25",
        JOBS_DRAIN="60",
        JOBS_GRACE="35",
        JOBS_DIRECT_DSN=f"{tcp_server.dsn}?application_name=direct",
    )
    assert said.returncode == 0, said.stdout
    assert "tests.apps.basic declares noop" in said.stdout
    assert "workers reach the server directly" in said.stdout
    warnings = [line for line in said.stdout.splitlines() if line.startswith("warn")]
    assert len(warnings) == 2
    assert "(terminationGracePeriodSeconds) is 35 s, but a stop takes up to 62 s" in warnings[0]
    assert "this pool takes 28 connections" in warnings[1]


@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
@pytest.mark.parametrize(("shift", "says"), [("+90s", "ahead of"), ("-90s", "behind")])
def test_a_clock_that_is_wrong_is_told(tcp_server: Server, shift: str, says: str) -> None:
    said = subprocess.run(
        ["faketime", "-f", shift, *COMMAND, "check"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": tcp_server.dsn},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert said.returncode == 0, said.stderr
    assert re.search(rf"^warn  this host's clock is 1 min (29|30) s {says} the", said.stdout, re.M)


def test_a_session_like_any_other_would_not_be_missed_for_hours(tcp_server: Server) -> None:
    with psycopg.connect(tcp_server.dsn) as ordinary:
        found = keepalives.judge(keepalives.read(ordinary))
    assert found.level is Level.WARNING
    assert "the server would notice only after 7,875 s" in found.text


def test_a_unix_socket_needs_no_keepalives(dsn: str) -> None:
    with connect(dsn, "tests") as connection:
        session = keepalives.read(connection)
        if not session.local:
            pytest.skip("the server of the tests is reached by TCP")
        assert keepalives.judge(session).level is Level.OK


def test_a_server_that_is_away_is_told_without_a_flag_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checks, "CONNECT_TIMEOUT", 0.1)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        dsn = f"postgresql://nobody@127.0.0.1:{bound.getsockname()[1]}/shop"
        *_, last = checks.all_checks(checks.Intent(None, dsn, None, 1, 25.0, None))
    assert last.level is Level.WRONG
    assert "was not reached within 0.1 s: " in last.text
    assert "--startup-timeout" not in last.text
