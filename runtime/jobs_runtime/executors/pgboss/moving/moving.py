"""A batch, or a schedule, in one transaction: it is in their tables or in ours, never in both."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from msgspec.structs import replace

from jobs_runtime.database import Connection
from jobs_runtime.errors import OptionError
from jobs_runtime.executors.operation import Row, copy, load_sql, run
from jobs_runtime.executors.pgboss.cron import as_schedule
from jobs_runtime.executors.pgboss.schema import bind
from jobs_runtime.executors.pgboss.send_options import from_node, key_from_node
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.job import Job
from jobs_runtime.model import Submission
from jobs_runtime.options import MOST_RETRIES, Options, merge
from jobs_runtime.schedule import Schedule

SCHEDULE_NAME = "pgboss"
"""What a schedule from there is called beside its job's name."""

LEAST = 1.0
"""Seconds that a job may still wait when its time to do so is over."""


class Waiting(NamedTuple):
    """The jobs of one name in pg-boss's table."""

    name: str
    waiting: int
    active: int


class Refused(Exception):
    """A job cannot be kept here.

    Attributes:
        job_id: which.
    """

    def __init__(self, job_id: str, why: OptionError) -> None:
        super().__init__(str(why))
        self.job_id = job_id


class Moved(NamedTuple):
    """What became of a batch.

    Attributes:
        jobs: how many were taken; 0 once none waits.
        duplicates: of these, jobs whose singleton key is held in our tables already: they are gone,
            as if they had been submitted to these.
    """

    jobs: int
    duplicates: int


def waiting(connection: Connection, schema: str) -> list[Waiting]:
    """How many jobs there are, by name and state."""
    return [Waiting(*row) for row in connection.execute(_load("waiting", schema))]


def move_jobs(
    connection: Connection,
    schema: str,
    job: Job[Any, Any],
    limit: int,
    left: Collection[str] = (),
) -> Moved:
    """Move up to `limit` waiting jobs, with the attempts and the time that are left to each.

    Options that pg-boss does not know are those of the declaration.

    Args:
        connection: in autocommit mode.
        schema: of pg-boss, at version 20.
        job: of our own tables.
        limit: the size of the batch.
        left: ids of jobs that are to stay there.

    Raises:
        Refused: one cannot be kept here; nothing was moved.
    """
    declared = job.options_for(*job.layers)
    with connection.transaction():
        given = {"name": job.name, "limit": limit, "left": list(left)}
        rows = connection.execute(_load("take", schema), given)
        submissions = [_submission(job, declared, row) for row in rows]
        plain = [each for each in submissions if not each.options.unique]
        executor = PostgresExecutor()
        if plain:
            reserved = run(connection, executor.reserve(len(plain)))
            copy(connection, executor.copy(reserved, plain))
            run(connection, executor.wake(job.queue, len(plain)))
        duplicates = sum(
            _submit(connection, executor, each) for each in submissions if each.options.unique
        )
    return Moved(len(submissions), duplicates)


def schedule_names(connection: Connection, schema: str) -> list[str]:
    """The jobs that have a schedule there."""
    return [row[0] for row in connection.execute(_load("schedule_names", schema))]


def move_schedule(connection: Connection, schema: str, job: Job[Any, Any]) -> bool:
    """Move a job's schedule; gives False if the job declares the same: theirs is just removed.

    Raises:
        ScheduleError, OptionError, PayloadError: it cannot be kept here, and stays there.
    """
    with connection.transaction():
        row = connection.execute(_load("take_schedule", schema), {"name": job.name}).fetchone()
        if row is None:
            return False
        cron, time_zone, data, options = row
        found = as_schedule(cron, time_zone, missed="latest", missed_limit=1)
        if any((each.cron, each.time_zone) == (found.cron, time_zone) for each in job.schedules):
            return False
        schedule = Schedule(
            found.cron,
            time_zone=time_zone,
            args=data,
            options=from_node(options),
            name=SCHEDULE_NAME,
        )
        return run(connection, PostgresExecutor.timetable.write(job, schedule))


def _submission(job: Job[Any, Any], declared: Options, row: Row) -> Submission:
    (priority, data, retries_left, retry_delay, retry_backoff, expire_in, key) = row[:7]
    start_after, keep_for, job_id = row[7:]
    try:
        given = merge(
            {
                "priority": priority,
                "retry_limit": min(max(0, retries_left), MOST_RETRIES),
                "retry_delay": retry_delay,
                "retry_backoff": retry_backoff,
                "expire_in": expire_in,
                "start_after": start_after,
                "keep_for": max(LEAST, keep_for),
                **key_from_node(key),
            }
        )
    except OptionError as error:
        raise Refused(job_id, error) from error
    options = replace(
        given,
        retry_max_delay=declared.retry_max_delay,
        keep_finished_for=declared.keep_finished_for,
        limit_key=declared.limit_key,
        on_complete=declared.on_complete,
        dead_letter=declared.dead_letter,
    )
    return Submission(job.name, job.queue, data, options)


def _submit(connection: Connection, executor: PostgresExecutor, submission: Submission) -> bool:
    """Store one that has a key; gives whether it was a duplicate."""
    while (stored := run(connection, executor.submit(submission))) is None:
        pass  # the holder of the key came or went at this moment
    return stored.duplicate


def _load(name: str, schema: str) -> bytes:
    return bind(load_sql(__package__ or "", name), schema)
