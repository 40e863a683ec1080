"""What the planner makes of our statements on the tables of a real pg-boss 11 or 12."""

from __future__ import annotations

import pytest

from jobs_runtime.database import connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss import PgBossLeases
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.model import JobState, Outcome
from tests.integration.plans import FOUND_EMPTY, Planner
from tests.interop.queues import QueueHouse

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

ENDED = 200
WAITING = 20_000


@pytest.mark.parametrize("queue", ["of_node", "counted"], ids=["shared table", "table of its own"])
def test_jobs_held_are_looked_up_one_by_one_though_vacuum_found_their_table_empty(
    house: QueueHouse, queue: str
) -> None:
    leases = PgBossLeases("pgboss")
    with connect(house.dsn, "tests") as connection:
        connection.execute(
            "INSERT INTO pgboss.job (name) SELECT %s FROM generate_series(1, %s)", [queue, WAITING]
        )
        connection.execute("VACUUM ANALYZE")
        connection.execute(FOUND_EMPTY)
        incarnation = run(connection, PostgresExecutor().register_worker("here", 0, 1))
        run(connection, leases.look(None))
        claims = run(connection, leases.claim(queue, ENDED, incarnation))
        outcomes = [Outcome(each.job_id, JobState.COMPLETED, 0.1) for each in claims]
        planner = Planner(connection)
        operations = [leases.held(incarnation), leases.settle(outcomes, incarnation)]
        plans = [planner.plan(operation) for operation in operations]
    assert len(outcomes) == ENDED
    for plan in plans:
        assert plan.unconditioned <= {"queue_pkey"}, "these are read from end to end"
        assert not plan.scanned & {"job", "job_common"}
