"""`jobs-supervisor check`: everything that can be found wrong before a pool is started."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.dsn import redact, resolve_dsn
from jobs_runtime.errors import JobsError
from jobs_runtime.executors.pgboss import schema
from jobs_runtime.executors.postgres import migrate
from jobs_supervisor import queues
from jobs_supervisor.application import chosen_dsn, load_application
from jobs_supervisor.preflight import refuse_pooler, wait_for_database

CONNECT_TIMEOUT = 5.0
"""Seconds to wait for the database."""


class Finding(NamedTuple):
    """One thing that was looked at."""

    passed: bool
    text: str


def all_checks(app: str | None, dsn: str | None, direct_dsn: str | None) -> Iterator[Finding]:
    """Look at the application, if one is given, then at the database."""
    declared_dsn = pg_boss_schema = None
    if app:
        try:
            jobs = load_application(app)
            declared_dsn, pg_boss_schema = jobs.database.given_dsn, jobs.pg_boss_schema
            yield Finding(True, f"{app} declares {', '.join(jobs.declared)}")
        except Exception as error:
            yield Finding(False, f"{app}: {error or type(error).__name__}")
    try:
        where = resolve_dsn(direct_dsn or chosen_dsn(dsn, declared_dsn, pg_boss_schema))
        with wait_for_database(where, CONNECT_TIMEOUT) as connection:
            version = connection.info.server_version // 10_000
            yield Finding(version >= 14, f"{redact(where)} answers; it is PostgreSQL {version}")
            refuse_pooler(connection)
            yield Finding(True, "no pooler stands between the scheduler and the server")
            migrate.check(connection)
            yield Finding(True, "the schema fits this code")
            if pg_boss_schema:
                fitness = schema.check_performable(connection, pg_boss_schema)
                what = f"pg-boss's tables in {pg_boss_schema} are of version {fitness.version}"
                yield Finding(True, f"{what}, used in {fitness.mode.value} mode")
            yield from _look_at_queues(connection)
    except (JobsError, psycopg.Error) as error:
        yield Finding(False, str(error))


def _look_at_queues(connection: Connection) -> Iterator[Finding]:
    """What would wait for ever; a pool that is about to start may be the remedy, so no failure."""
    for each in queues.read(connection):
        if not each.handled:
            waiting = each.ready + each.delayed
            yield Finding(
                True, f"{waiting:,} of {each.job} wait, and no running supervisor performs it"
            )
        elif each.paused:
            yield Finding(True, f"{each.job} is paused")
