"""The tables of pg-boss, as far as a scheduler looks after them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss import PgBossClient, cron
from jobs_runtime.executors.pgboss.maintenance import Keeping
from jobs_runtime.executors.pgboss.schema import FULL_VERSION, read
from jobs_runtime.job import Job

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SharedTables:
    """What there is to look after.

    Attributes:
        schema: where the tables are.
        client: what submits to them.
        owner: the application, which owns the schedules that it declares.
        jobs: those of the application that are kept there.
        defaults: options that are weaker than all others.
        keeping: how long finished jobs are kept.
        maintained: whether cron and maintenance are done here, beside Node.
    """

    schema: str
    client: PgBossClient
    owner: str
    jobs: Sequence[Job[Any, Any]]
    defaults: Mapping[str, object]
    keeping: Keeping
    maintained: bool

    def are_ours(self, connection: Connection) -> bool:
        """Whether we know all about them; those of pg-boss 11 and 12 are left to Node."""
        return read(connection, self.schema) == FULL_VERSION

    def announce(self, connection: Connection) -> None:
        """Write the schedules that are declared, and remove those that are declared no more."""
        scheduled = {job.name: job for job in self.jobs if job.schedules}
        if not self.are_ours(connection):
            if self.maintained:
                logger.info("schedules and maintenance are left to Node: its pg-boss is 11 or 12")
            return
        for job in scheduled.values():
            run(connection, cron.write(self.schema, job, job.schedules[0], self.owner))
        for name in run(connection, cron.forget(self.schema, self.owner, list(scheduled))):
            logger.info("the schedule of %s is declared no more, and removed", name)
