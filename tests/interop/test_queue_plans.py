"""What the planner makes of our statements on the tables of a real pg-boss 11 or 12."""

from __future__ import annotations

import pytest

from jobs_runtime.database import connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss import PgBossLeases
from jobs_runtime.executors.pgboss.gauges import depths
from jobs_runtime.executors.postgres import PostgresExecutor, upkeep
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_runtime.model import JobState, Outcome
from tests.integration.plans import FOUND_EMPTY, Planner
from tests.interop.queues import QueueHouse

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

ENDED = 200
WAITING = 20_000

HISTORY = """
INSERT INTO pgboss.job (name, state, completed_on, start_after)
SELECT name, state::pgboss.job_state, CASE state WHEN 'completed' THEN now() END,
       now() + (n %% 2 - 0.5) * interval '1 hour'
FROM unnest(%s::text[]) AS name, unnest(ARRAY['created', 'completed']) AS state,
     generate_series(1, %s) AS n
"""


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


@pytest.mark.parametrize("found_empty", [False, True])
def test_what_waits_is_counted_by_its_index(house: QueueHouse, found_empty: bool) -> None:
    queues = ["of_node", "counted"]
    leases = PgBossLeases("pgboss")
    with connect(house.dsn, "tests") as connection:
        connection.execute("DELETE FROM pgboss.job")
        connection.execute(HISTORY, [queues, WAITING])
        connection.execute("VACUUM ANALYZE")
        if found_empty:
            connection.execute(FOUND_EMPTY)
        record = SupervisorRecord("s", "host", "place", 1, 8, queues, [])
        run(connection, upkeep.register_supervisor(record))
        incarnation = run(connection, PostgresExecutor().register_worker("s", 1, 1))
        run(connection, leases.look(None))
        run(connection, leases.claim("of_node", ENDED, incarnation))
        counting = depths(leases.layout, ENDED)
        assert {each.jobs for each in run(connection, counting)} <= set(range(1, ENDED + 1))
        plan = Planner(connection).plan(counting)
    fetch = {name for name in plan.indexes if name.endswith(("_i5", "_i11"))}
    assert len(fetch) == len(queues)
    assert plan.indexes == {"queue_pkey", "job_pkey", *fetch}
    assert not plan.unconditioned, "these are read from end to end"
    assert not plan.scanned - {"supervisor", "pgboss_lease"}
