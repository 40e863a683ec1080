"""A supervisor that is told to stop before there is a pool: it may be process 1 by then."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.session import is_alive
from tests.processes.test_orphans import CONTAINER, may_make_containers
from tests.support.pool import Pool, Running, eventually

containers = pytest.mark.skipif(not may_make_containers(), reason="needs unshare(1) and root")


@pytest.fixture
def nowhere() -> Iterator[Pool]:
    """Starts supervisors that wait for a database."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        pool = Pool(f"postgresql://127.0.0.1:{listener.getsockname()[1]}/shop")
        yield pool
        pool.stop_all()


def supervisor_of(running: Running, prefix: tuple[str, ...]) -> psutil.Process:
    process = psutil.Process(running.process.pid)
    return process.children()[0] if prefix else process


def assert_ends(running: Running, supervisor: psutil.Process, number: signal.Signals) -> int:
    """It ends within two seconds, and nothing of it is left; gives the exit code."""
    tree = [supervisor, *supervisor.children(recursive=True)]
    began = time.monotonic()
    supervisor.send_signal(number)
    code = running.wait_exit(10)
    assert time.monotonic() - began < 2
    eventually(lambda: not any(map(is_alive, tree)), 2, "nothing is left")
    return code


@pytest.mark.parametrize(
    ("prefix", "number", "code"),
    [
        pytest.param((), signal.SIGQUIT, 131, id="ordinary"),
        pytest.param(CONTAINER, signal.SIGTERM, 0, id="process 1", marks=containers),
    ],
)
def test_while_it_waits_for_the_database(
    nowhere: Pool, prefix: tuple[str, ...], number: signal.Signals, code: int
) -> None:
    running = nowhere.start(app="tests.apps.basic", wait=False, prefix=prefix)
    eventually(lambda: "waiting for the database" in running.log, 15, "it waits")
    supervisor = supervisor_of(running, prefix)
    for harmless in (signal.SIGHUP, signal.SIGTTIN, signal.SIGUSR1, signal.SIGUSR2):
        supervisor.send_signal(harmless)
    lines = running.log.count("waiting")
    eventually(lambda: running.log.count("waiting") >= lines + 2, 15, "it waits on")
    assert assert_ends(running, supervisor, number) == code


@pytest.mark.parametrize(
    ("prefix", "how"),
    [
        pytest.param((), "--no-preload", id="ordinary"),
        pytest.param(CONTAINER, "--preload", id="process 1", marks=containers),
    ],
)
def test_while_the_application_is_imported(
    pool: Pool, tmp_path: Path, prefix: tuple[str, ...], how: str
) -> None:
    mood = tmp_path / "mood"
    mood.write_text("hang aloud")
    running = pool.start(how, app="tests.apps.moody", wait=False, prefix=prefix, MOOD=str(mood))
    eventually(lambda: "hanging" in running.log, 15, "the import hangs")
    assert assert_ends(running, supervisor_of(running, prefix), signal.SIGINT) == 0
