"""Before anything is forked to stay: is the database there, and do its tables fit this code?

It runs in a process of its own, because the supervisor never holds a connection.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable

import psycopg

from jobs_runtime import Jobs
from jobs_runtime.database import Connection, behind_pooler, connect
from jobs_runtime.dsn import redact
from jobs_runtime.errors import ConfigurationError, DatabaseUnavailable, JobsError
from jobs_runtime.executors.pgboss import schema
from jobs_runtime.executors.pgboss.examining import examine
from jobs_runtime.executors.postgres import migrate
from jobs_supervisor.errand import run_errand

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two tries to connect, doubling from the first to the last, with jitter."""

HOPELESS = (
    "authentication failed",
    "does not exist",
    "Servname not supported",
    "invalid integer value",
    "invalid sslmode",
)
"""What libpq says of a DSN that will never work."""


class Refused(DatabaseUnavailable):
    """The database answered, and trying again would not help."""


def preflight(
    dsn: str,
    direct_dsn: str,
    startup_timeout: float,
    *,
    migrates: bool,
    jobs: Callable[[], Jobs] | None = None,
) -> bool:
    """Look in a child process; gives whether all is well. What is not is logged.

    Args:
        dsn: where workers will connect.
        direct_dsn: where the scheduler will connect.
        startup_timeout: seconds to wait for the database.
        migrates: whether to bring the schema up to date instead of refusing it.
        jobs: gives the application, if it keeps jobs in pg-boss's tables.
    """

    def look() -> str:
        try:
            with wait_for_database(direct_dsn, startup_timeout) as connection:
                refuse_pooler(connection)
                if migrates:
                    migrate.migrate(connection)
                migrate.check(connection)
                if jobs is not None:
                    _look_at_pg_boss(connection, jobs(), migrates=migrates)
            if dsn != direct_dsn:
                wait_for_database(dsn, startup_timeout).close()
        except DatabaseUnavailable as error:
            hint = "" if isinstance(error, Refused) else " (--startup-timeout waits longer)"
            logger.error("%s%s", error, hint)
            raise SystemExit(1) from None
        except (JobsError, psycopg.Error) as error:
            logger.error("%s", " ".join(str(error).split()))
            raise SystemExit(1) from None
        return "fit"

    return run_errand(look) is not None


def _look_at_pg_boss(connection: Connection, jobs: Jobs, *, migrates: bool) -> None:
    if migrates:
        schema.create(connection, jobs.pg_boss.schema)
    for warning in examine(connection, jobs.pg_boss.schema, jobs.pg_boss_jobs).warnings:
        logger.warning("%s", warning)


def wait_for_database(dsn: str, timeout: float, *, quietly: bool = False) -> Connection:
    """Connect, trying again with back-off.

    Args:
        dsn: where to.
        timeout: seconds to go on trying.
        quietly: whether each failure stays out of the log.

    Raises:
        DatabaseUnavailable: it did not answer within `timeout` seconds.
        Refused: it answered, and trying again would not help.
    """
    ends, pause = time.monotonic() + timeout, FIRST_PAUSE
    while True:
        try:
            return connect(dsn, "jobs: preflight")
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            if not may_pass(error):
                raise Refused(f"{redact(dsn)} refuses: {reason}") from None
        left = ends - time.monotonic()
        if left <= 0:
            raise DatabaseUnavailable(
                f"{redact(dsn)} was not reached within {timeout:g} s: {reason}"
            )
        if not quietly:
            logger.warning("waiting for the database at %s: %s", redact(dsn), reason)
        time.sleep(min(left, pause * random.uniform(0.7, 1.3)))  # noqa: S311
        pause = min(pause * 2, LONGEST_PAUSE)


def may_pass(error: psycopg.Error) -> bool:
    """Whether waiting may cure a failed connection; a wrong password or name it does not."""
    text = str(error)
    return not any(sign in text for sign in HOPELESS)


def refuse_pooler(connection: Connection) -> None:
    """Refuse a scheduler's connection that leads through a pooler in transaction mode.

    Raises:
        ConfigurationError: it does.
    """
    if behind_pooler(connection):
        raise ConfigurationError(
            "the DSN leads through a pooler, which cannot hold the scheduler's lock or listen;"
            " give the server itself with --direct-dsn"
        )
