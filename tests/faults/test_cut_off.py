"""A host whose cable is pulled: others take over, it does nothing, its late results are refused."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from jobs_runtime.database import Connection, connect
from jobs_supervisor.slot_state import SlotState
from tests.apps import hosts
from tests.faults.ledger import assert_each_tick_once, ticks
from tests.faults.network import Network, network, why_not
from tests.support.leaders import change, holder
from tests.support.pool import Pool, Running, eventually
from tests.support.server import Server, servers

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]


@pytest.fixture
def wires() -> Iterator[Network]:
    if reason := why_not():
        pytest.skip(reason)
    with network(2) as made:
        yield made


@pytest.fixture
def server(wires: Network) -> Iterator[Server]:
    with servers(1, listen_addresses=wires.address) as (server,):
        server.create()
        yield server


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    with connect(server.dsn, "tests") as connection:
        yield connection


@pytest.fixture
def pool(server: Server) -> Iterator[Pool]:
    pool = Pool(server.dsn)
    hosts.jobs.database.given_dsn = server.dsn
    yield pool
    hosts.jobs.close()
    pool.stop_all()


def busy(running: Running) -> int:
    return sum(slot.state is SlotState.BUSY for slot in running.slots.workers)


def test_a_leader_that_is_cut_off_is_replaced_and_its_jobs_run_elsewhere(
    wires: Network, pool: Pool, connection: Connection
) -> None:
    cut, other = wires.hosts
    first = pool.start(app="tests.apps.hosts", workers=2, prefix=cut.prefix)
    eventually(lambda: holder(connection) is not None, 10, "the first leads")
    submitted = [hosts.work.submit(15.0) for _ in range(2)]
    eventually(lambda: busy(first) == 2, 10, "it performs both jobs")
    second = pool.start(app="tests.apps.hosts", workers=3, prefix=other.prefix)
    eventually(lambda: len(ticks(connection)) > 3, 10, "it ticks")

    began = time.monotonic()
    changed = change(connection, cut.cut_off, 15)
    assert "no longer leads" in first.log
    assert changed.taken < 15

    def elsewhere() -> bool:
        return [each.details().attempt for each in submitted] == [2, 2]

    eventually(elsewhere, 30, "both are performed elsewhere")
    assert time.monotonic() - began < 30
    processes = {slot.pid for slot in second.slots.workers}
    assert "1 jobs run again" in second.log

    cut.plug_in()
    results = [each.result(40) for each in submitted]
    assert set(results) <= processes
    assert [each.details().attempt for each in submitted] == [2, 2]
    eventually(lambda: "given up for dead" in first.log, 30, "it hears of it")
    eventually(
        lambda: (
            sum(slot.state is SlotState.IDLE for slot in first.slots.workers) == 2
            and sum(slot.restarts for slot in first.slots.workers) >= 2
        ),
        20,
        "it has new workers",
    )
    refused = "outcomes refused: the jobs were given to others"
    eventually(lambda: refused in first.log, 30, "what it had done comes too late")
    for running in (first, second):
        assert running.stop() == 0
    assert_each_tick_once(connection, 20)
