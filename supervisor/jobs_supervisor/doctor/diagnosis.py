"""Everything that the doctor looks at, in order."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from jobs_runtime.dsn import resolve_dsn
from jobs_runtime.errors import JobsError
from jobs_runtime.executors.pgboss.new_options import from_environment
from jobs_supervisor import watching
from jobs_supervisor.doctor import database, performing
from jobs_supervisor.doctor.collecting import collect
from jobs_supervisor.doctor.facts import Facts
from jobs_supervisor.doctor.slots import look_at_slots
from jobs_supervisor.finding import Finding, Level
from jobs_supervisor.flags import connected

RULES = (
    performing.look_at_supervisors,
    performing.look_at_leader,
    performing.look_at_waiting,
    performing.look_at_quarantined,
    database.look_at_history,
    database.look_at_indexes,
    database.look_at_vacuum,
    database.look_at_transactions,
    database.look_at_replication,
    database.look_at_connections,
)


def diagnose(facts: Facts) -> Iterator[Finding]:
    """What the facts say."""
    for look in RULES:
        yield from look(facts)


def examine(dsn: str | None) -> Iterator[Finding]:
    """Look at this host's supervisors, then at the database, which may be away.

    Raises:
        ConfigurationError: the DSN is missing or does not parse.
    """
    for report in watching.reports():
        yield from look_at_slots(report.record, report.slots)
    dsn = resolve_dsn(dsn)
    try:
        with connected(dsn) as connection:
            facts = collect(connection, from_environment().schema)
    except psycopg.errors.InsufficientPrivilege as error:
        yield Finding(
            Level.WRONG, str(error), "connect as a member of jobs_reader (deploy/sql/roles.sql)"
        )
    except (JobsError, psycopg.Error) as error:
        yield Finding(Level.WRONG, " ".join(str(error).split()))
    else:
        yield from diagnose(facts)
