"""A pg-boss 11 or 12 and Python workers on one database, for a module of tests."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.pgboss.examining import examine
from tests.interop import app
from tests.interop.node import Node
from tests.support.pool import Pool, eventually

APP = "tests.interop.app"
SOON = 10.0
"""Seconds in which a job is performed."""

VERSIONS = {"pg-boss-11": 26, "pg-boss-12.27": 37, "pg-boss-12": 46}
"""Folders of packages, and the versions of the tables that they make."""

EVERY_SECOND = dict.fromkeys(
    ("superviseIntervalSeconds", "maintenanceIntervalSeconds", "monitorIntervalSeconds"), 1
)
"""Node looks after the tables as often as it can, from start to end."""

QUEUES: dict[str, dict[str, object]] = {
    "buried": {"retryLimit": 4, "expireInSeconds": 77, "retentionSeconds": 7777},
    "shared": {"deadLetter": "buried", "retryLimit": 1, "retryDelay": 0, "expireInSeconds": 55},
    "of_node": {"deadLetter": "buried", "retryLimit": 1, "expireInSeconds": 55},
    "counted": {"partition": True},
    "fancy": {"policy": "short"},
}


class QueueHouse:
    """A Node process, and the pool that a test starts.

    Attributes:
        notifies: whether its queue `shared` has Node notify.
    """

    def __init__(self, version: str, dsn: str, connection: Connection) -> None:
        self.version = version
        self.dsn = dsn
        self.connection = connection
        self.pool = Pool(dsn)
        self.nodes: list[Node] = []
        self.notifies = version.startswith("pg-boss-12")
        self.node = self.start_node()
        for name, options in QUEUES.items():
            notify = {"notify": True} if self.notifies and name == "shared" else {}
            self.node.call("createQueue", name, {**notify, **options})

    def start_node(self) -> Node:
        """One more Node."""
        node = Node(self.version, self.dsn, **EVERY_SECOND, schedule=False)
        self.nodes.append(node)
        return node

    def has(self, column: str) -> bool:
        """Whether its version has a column, `table.column`."""
        return examine(self.connection, "pgboss", []).fitness.layout.has(column)

    def job(self, name: str, job_id: str) -> dict[str, Any]:
        """A job as Node sees it."""
        return self.node.call("getJobById", name, job_id)

    def ended(self, name: str, job_id: str, within: float = SOON) -> dict[str, Any]:
        """Wait until Node sees that a job has ended; gives the job as Node sees it."""
        job: dict[str, Any] = {}

        def has_ended() -> bool:
            job.update(self.job(name, job_id))
            return job["state"] in ("completed", "failed", "cancelled")

        eventually(has_ended, within, f"{job} ends")
        return job

    def row(self, table_and_condition: str, *parameters: object) -> dict[str, Any]:
        """The only row of a query, by column."""
        sql = f"SELECT * FROM pgboss.{table_and_condition}".encode()
        cursor = self.connection.execute(sql, parameters, prepare=False)
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        (found,) = cursor.fetchall()
        return dict(zip(names, found, strict=True))

    def count(self, condition: str) -> int:
        """How many jobs there are."""
        sql = f"SELECT count(*) FROM pgboss.job WHERE {condition}".encode()
        row = self.connection.execute(sql, prepare=False).fetchone()
        assert row is not None
        return row[0]


@contextmanager
def queue_house(version: str, dsn: str) -> Generator[QueueHouse]:
    """One for a block, in which the application's jobs are kept there."""
    before, app.jobs.database.given_dsn = app.jobs.database.given_dsn, dsn
    app.jobs.close()
    with connect(dsn, "tests") as connection:
        house = QueueHouse(version, dsn, connection)
        yield house
        house.pool.stop_all()
        for node in house.nodes:
            node.close()
    app.jobs.database.given_dsn = before
    app.jobs.close()
