"""What a child has open: its own and what it shares with others; nothing of the supervisor's."""

from __future__ import annotations

import os
import signal
import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
import pytest

from jobs_supervisor.slot_state import SlotState
from tests.support.descriptors import opened
from tests.support.outage import outage
from tests.support.pool import Pool, eventually

MEMORY = "/memfd:jobs-supervisor (deleted)"


def kinds(names: Iterable[str]) -> Counter[str]:
    return Counter(name.split(":[")[0] for name in names)


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[str]:
    """The socket on which systemd would listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        yield str(tmp_path / "notify")


def test_a_worker_has_its_own_channels_and_its_connection(
    pool: Pool, server_dsn: str, systemd: str
) -> None:
    running = pool.start(app="tests.apps.basic", workers=1, NOTIFY_SOCKET=systemd)
    parent, slot = running.process.pid, running.slots.workers[0]
    first = slot.pid
    with outage(server_dsn, pool.dsn):
        os.kill(first, signal.SIGKILL)
        eventually(
            lambda: slot.pid not in (0, first) and slot.state is SlotState.CONNECTING,
            10,
            "another looks for the database",
        )
        before: dict[int, str] = {}

        def between_two_tries() -> bool:
            before.clear()
            before.update(opened(slot.pid))
            return "socket" not in kinds(before.values())

        eventually(between_two_tries, 10, "it has no socket")
    eventually(lambda: slot.state is SlotState.IDLE, 15, "it has found it")
    after = opened(slot.pid)

    assert {before.pop(number) for number in (0, 1, 2)} == {
        after.pop(number) for number in (0, 1, 2)
    }
    inherited = set(opened(parent).values())
    shared = {number: name for number, name in before.items() if name in inherited}
    # The slot map and the counters, each with its mapping; the pipe on which workers wait.
    assert kinds(shared.values()) == {MEMORY: 4, "pipe": 2}
    assert len({name for name in shared.values() if name != MEMORY}) == 1
    # The pipe by which its signal handler ends the wait.
    own = {number: name for number, name in before.items() if number not in shared}
    assert kinds(own.values()) == {"pipe": 2}
    assert len(set(own.values())) == 1
    connection = {number: name for number, name in after.items() if before.get(number) != name}
    assert kinds(connection.values()) == {"socket": 1}
    assert len(after) == len(before) + 1


def test_the_others_have_what_they_need(pool: Pool, systemd: str) -> None:
    running = pool.start(app="tests.apps.basic", workers=1, NOTIFY_SOCKET=systemd)
    inherited = opened(running.process.pid)
    for number in (0, 1, 2):
        del inherited[number]
    exporter = set(opened(running.slots.one("exporter").pid).values()) & set(inherited.values())
    assert kinds(exporter) == {MEMORY: 1, "socket": 1}
    scheduler = set(opened(running.slots.one("scheduler").pid).values()) & set(inherited.values())
    assert kinds(scheduler) == {MEMORY: 1, "pipe": 2}


def test_the_supervisor_has_one_thread_and_no_connection_whenever_it_forks(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=2)
    supervisor = psutil.Process(running.process.pid)
    before = opened(supervisor.pid)
    for restarts in range(1, 4):
        for slot in running.slots.workers:
            if slot.pid:
                os.kill(slot.pid, signal.SIGKILL)
        eventually(
            lambda least=restarts: all(
                slot.restarts >= least and slot.pid for slot in running.slots.workers[:2]
            ),
            10,
            "both are replaced",
        )
        assert supervisor.num_threads() == 1
        assert opened(supervisor.pid) == before
    listening = [each.status for each in supervisor.net_connections("all")]
    assert listening == [psutil.CONN_LISTEN]
