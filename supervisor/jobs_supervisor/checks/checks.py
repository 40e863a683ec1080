"""Everything that `check` looks at, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import psycopg

from jobs_runtime import Jobs
from jobs_runtime.database import Connection, behind_pooler
from jobs_runtime.dsn import redact, resolve_dsn
from jobs_runtime.errors import JobsError
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.pgboss.examining import examine
from jobs_runtime.executors.postgres import migrate
from jobs_runtime.options import merge
from jobs_supervisor import queues
from jobs_supervisor.application import chosen_dsn, load_application
from jobs_supervisor.checks import budget, clock, grace, keepalives
from jobs_supervisor.connections import connections
from jobs_supervisor.finding import Finding, Level
from jobs_supervisor.preflight import refuse_pooler, wait_for_database
from jobs_supervisor.serving import EVERY_QUEUE, Serving

CONNECT_TIMEOUT = 5.0
"""Seconds to wait for the database."""

OLDEST_SERVER = 14
"""The oldest major version of PostgreSQL that will do."""


class Intent(NamedTuple):
    """The pool that is to be started.

    Attributes:
        serving: which of the declared jobs it performs.
        drain: seconds that running jobs may go on after SIGTERM.
        grace: seconds after which whoever stops it kills it; None if nobody says so.
    """

    app: str | None
    dsn: str | None
    direct_dsn: str | None
    workers: int
    drain: float
    grace: float | None
    serving: Serving = EVERY_QUEUE


def all_checks(intent: Intent) -> Iterator[Finding]:
    """Look at the application, if one is given, at who stops the pool, then at the database."""
    declared_dsn = pg_boss_schema = jobs = None
    if intent.app:
        try:
            jobs = load_application(intent.app)
            declared_dsn, pg_boss_schema = jobs.database.given_dsn, jobs.pg_boss_schema
            yield Finding(Level.OK, f"{intent.app} declares {', '.join(jobs.declared)}")
            if intent.serving != EVERY_QUEUE:
                served = intent.serving.of(jobs.declared)
                yield Finding(Level.OK, f"of these the pool performs {', '.join(served)}")
            yield grace.judge_jobs(intent.drain, _limits(jobs))
        except Exception as error:
            yield Finding(Level.WRONG, f"{intent.app}: {error or type(error).__name__}")
    else:
        yield Finding(
            Level.WARNING, "no application was looked at", "give it with --app or JOBS_APP"
        )
    told = None if intent.grace is None else grace.given(intent.grace)
    graces = [each for each in (told, grace.of_systemd()) if each is not None]
    yield from grace.judge(intent.drain, graces)
    try:
        dsn = resolve_dsn(chosen_dsn(intent.dsn, declared_dsn, pg_boss_schema))
        direct_dsn = resolve_dsn(intent.direct_dsn or dsn)
        pooled = direct_dsn != dsn and _is_pooled(dsn)
        if direct_dsn != dsn:
            way = "through a pooler" if pooled else "directly"
            yield Finding(Level.OK, f"workers reach the server {way}, at {redact(dsn)}")
        yield from _look_at_database(direct_dsn, jobs, intent.workers, pooled=pooled)
    except (JobsError, psycopg.Error) as error:
        yield Finding(Level.WRONG, " ".join(str(error).split()))


def _limits(jobs: Jobs) -> list[tuple[str, float]]:
    return [(name, merge(*job.layers).expire_in) for name, job in jobs.declared.items()]


def _look_at_database(
    where: str, jobs: Jobs | None, workers: int, *, pooled: bool
) -> Iterator[Finding]:
    with wait_for_database(where, CONNECT_TIMEOUT, quietly=True) as connection:
        version = connection.info.server_version // 10_000
        yield Finding(
            Level.OK if version >= OLDEST_SERVER else Level.WRONG,
            f"{redact(where)} answers; it is PostgreSQL {version}",
        )
        refuse_pooler(connection)
        yield Finding(Level.OK, "no pooler stands between the scheduler and the server")
        yield keepalives.judge(keepalives.read(connection))
        yield clock.judge(clock.measure(connection))
        yield budget.judge(workers, run(connection, connections()), direct=not pooled)
        migrate.check(connection)
        yield Finding(Level.OK, "the schema fits this code")
        pg_boss_schema = None if jobs is None else jobs.pg_boss_schema
        if jobs is not None and pg_boss_schema is not None:
            yield from _look_at_pg_boss(connection, jobs, pg_boss_schema)
        yield from _look_at_queues(connection, pg_boss_schema)


def _look_at_pg_boss(connection: Connection, jobs: Jobs, schema: str) -> Iterator[Finding]:
    found = examine(connection, schema, jobs.pg_boss_jobs)
    what = f"pg-boss's tables in {schema} are of version {found.fitness.version}"
    yield Finding(Level.OK, f"{what}, used in {found.fitness.mode.value} mode")
    for warning in found.warnings:
        yield Finding(Level.WARNING, warning)


def _is_pooled(dsn: str) -> bool:
    with wait_for_database(dsn, CONNECT_TIMEOUT, quietly=True) as connection:
        return behind_pooler(connection)


def _look_at_queues(connection: Connection, pg_boss_schema: str | None) -> Iterator[Finding]:
    """What would wait for ever; a pool that is about to start may be the remedy, so no failure."""
    for each in queues.read(connection, pg_boss_schema):
        waiting = each.ready + each.delayed
        if waiting and not each.handled:
            yield Finding(
                Level.WARNING,
                f"{waiting:,} of {each.job} wait, and no running supervisor performs it",
            )
        elif each.paused:
            yield Finding(Level.WARNING, f"{each.job} is paused")
