"""Behind PgBouncer in transaction mode: workers work, the scheduler wants the server itself."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from tests.apps import basic
from tests.processes.test_bad_input import call
from tests.support.pool import Pool, eventually

PROGRAM = shutil.which("pgbouncer")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed")

CONFIGURATION = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
logfile = {directory}/log
ignore_startup_parameters = extra_float_digits
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Pooler:
    """The test's database, as a pooler with four connections shows it.

    Attributes:
        dsn: where it is.
    """

    def __init__(self, dsn: str) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="jobs-pooler-"))
        self._directory.chmod(0o777)
        given = conninfo.conninfo_to_dict(dsn)
        kept = {key: given[key] for key in ("host", "port", "user", "password") if given.get(key)}
        port = free_port()
        (self._directory / "ini").write_text(
            CONFIGURATION.format(
                server=" ".join(f"{key}={value}" for key, value in kept.items()),
                port=port,
                directory=self._directory,
            )
        )
        self._user = _not_root(str(given["host"]))
        self.dsn = conninfo.make_conninfo(dsn, host="127.0.0.1", port=port)
        self.start()

    def start(self) -> None:
        assert PROGRAM is not None
        self._process = subprocess.Popen(
            [PROGRAM, "-q", str(self._directory / "ini")],
            user=self._user,
            stderr=subprocess.DEVNULL,
        )
        eventually(lambda: _answers(self.dsn), 10, "the pooler answers")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._directory, ignore_errors=True)


@pytest.fixture
def pooler(dsn: str) -> Iterator[Pooler]:
    pooler = Pooler(dsn)
    yield pooler
    pooler.remove()


def _not_root(host: str) -> int | None:
    """PgBouncer refuses to run as root; whose the server's socket is may use it."""
    if os.geteuid() != 0:
        return None
    owner = Path(host).stat().st_uid if Path(host).is_dir() else 0
    return owner or pwd.getpwnam("nobody").pw_uid


def _answers(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=1) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_workers_work_and_the_scheduler_goes_straight(pooler: Pooler, dsn: str, pool: Pool) -> None:
    pool.dsn = basic.jobs.database.given_dsn = pooler.dsn
    running = pool.start("--direct-dsn", dsn, app="tests.apps.basic", workers=6)
    submitted = [basic.double.submit(number) for number in range(50)]
    assert [each.result(20) for each in submitted] == [number * 2 for number in range(50)]
    assert basic.double.submit_many(range(500))[-1].result(20) == 998
    began = time.monotonic()
    assert basic.double.delay(0.3).submit(1).result(10) == 2
    assert time.monotonic() - began < 5
    basic.jobs.close()
    assert running.stop() == 0


def test_who_lost_a_connection_is_replaced_lest_a_claim_is_still_on_its_way(
    pooler: Pooler, dsn: str, pool: Pool
) -> None:
    pool.dsn = pooler.dsn
    basic.jobs.database.given_dsn = dsn
    running = pool.start("--direct-dsn", dsn, app="tests.apps.basic", workers=2)
    before = {slot.pid for slot in running.slots.workers if slot.pid}
    pooler.kill()
    pooler.start()
    assert basic.double.submit_many(range(100))[-1].result(20) == 198
    pids = lambda: {slot.pid for slot in running.slots.workers if slot.pid}  # noqa: E731
    eventually(lambda: not pids() & before and len(pids()) == 2, 20, "both are replaced")
    basic.jobs.close()
    assert running.stop() == 0
    assert "exited with code" not in running.log


def test_a_scheduler_behind_it_is_refused(pooler: Pooler) -> None:
    refused = call("--app", "tests.apps.basic", dsn=pooler.dsn)
    assert refused.returncode == 1
    lines = refused.stderr.strip().splitlines()
    assert len(lines) == 1
    assert "--direct-dsn" in lines[0]
    assert "pooler" in lines[0]
