"""A pool opens as many connections as the scaling guide says."""

from __future__ import annotations

from jobs_runtime.database import Connection
from tests.support.pool import Pool, eventually
from tests.support.scraping import samples

OPEN = """
SELECT application_name, count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'jobs: %' GROUP BY 1
"""


def test_a_pool_keeps_to_its_budget(pool: Pool, connection: Connection) -> None:
    both = [pool.start(app="tests.apps.basic", workers=2) for _ in range(2)]

    def watched() -> bool:
        return any(("jobs_cluster_supervisors",) in samples(running) for running in both)

    eventually(watched, 20, "the leader's exporter has connected")
    opened = dict(connection.execute(OPEN).fetchall())
    assert opened == {
        "jobs: worker 1": 2,
        "jobs: worker 2": 2,
        "jobs: scheduler": 2,
        "jobs: leadership": 2,
        "jobs: metrics": 1,
    }
