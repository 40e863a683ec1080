"""The tables of pg-boss, as far as a scheduler looks after them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.errors import SchemaError
from jobs_runtime.executors.mixed import MixedExecutor
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss import PgBossClient, cron
from jobs_runtime.executors.pgboss.maintenance import Keeping
from jobs_runtime.executors.pgboss.schema import FULL_VERSION, read
from jobs_runtime.executors.protocol import WorkerExecutor
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

    @property
    def title(self) -> str:
        """What whoever looks after them leads."""
        return f"pg-boss in {self.schema}"

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
        _forget(connection, self.schema, self.owner, list(scheduled))


def begin_with_pg_boss(
    connection: Connection, executor: WorkerExecutor, shared: SharedTables | None, app: str
) -> None:
    """Look at what there is of it, and bring the schedules of an application up to date.

    Tables that cannot be used for now are no reason to leave our own alone.
    """
    try:
        if isinstance(executor, MixedExecutor):
            run(connection, executor.look(None))
        if shared is not None:
            shared.announce(connection)
        else:
            _forget_all(connection, app)
    except (
        SchemaError,
        psycopg.ProgrammingError,
    ) as error:  # such as tables or rights that are gone
        logger.error("the tables of pg-boss cannot be used for now: %s", str(error).strip())


def _forget_all(connection: Connection, owner: str) -> None:
    """The application has no job of a pg-boss any more."""
    for schema in run(connection, cron.owned(owner)):
        try:
            if read(connection, schema) == FULL_VERSION:
                _forget(connection, schema, owner, [])
        except (SchemaError, psycopg.errors.InsufficientPrivilege) as error:
            logger.warning("its schedules in %s stay: %s", schema, str(error).strip())


def _forget(connection: Connection, schema: str, owner: str, kept: Sequence[str]) -> None:
    for name in run(connection, cron.forget(schema, owner, kept)):
        logger.info("the schedule of %s is declared no more, and removed", name)
