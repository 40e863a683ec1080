"""What each role may do, and that it may do nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import migrate
from jobs_runtime.executors.postgres.partitions import create_partitions
from jobs_runtime.executors.postgres.retiring import clear_retired, retire_partitions
from tests.integration.databases import copied
from tests.integration.test_plans import EXAMPLES
from tests.support.grants import granted

SUBMITTING = {
    "submit", "submit_alone", "submit_singleton", "submit_throttled", "reserve", "wake", "details",
    "watch", "unwatch", "cancel", "restore", "submitted_since", "pause", "unpause", "paused",
    "timetable", "write_schedule", "pause_schedule", "resume_schedule", "run_schedule",
    "remove_schedule",
}  # fmt: skip
CLAIMING = {
    "register_worker", "probe", "going_idle", "claim", "finish", "follow", "retry", "release",
    "progress",
    "stopped", "held", "claim_limited", "lock_limits", "given_away",
}  # fmt: skip
SCHEDULING = {
    "register_supervisor", "unregister_supervisor", "heartbeat", "dead_supervisors", "neighbours",
    "orphans", "workers_of", "forget_worker", "held", "finish", "follow", "retry", "release",
    "probe", "make_due", "next_due", "give_up", "declare_schedule", "schedules", "fire",
    "skip_ticks", "limit_waiting", "forget_beginnings", "forget_ticks", "forget_slots",
    "forget_claims", "forget_strays", "forget_waiters", "forget_pgboss_waiters", "forget_deaths",
    "forget_finished", "queue_depths", "cluster_health", "dead_rows", "leased_tables", "paused",
}  # fmt: skip
BY_THE_WAY = {
    "jobs_submitter": {
        "stopped", "lock_limits", "skip_ticks", "next_due", "probe", "held", "dead_rows", "finish",
        "forget_finished", "forget_slots", "forget_waiters", "forget_pgboss_waiters",
        "forget_deaths", "leased_tables", "given_away",
    },
    "jobs_worker": {
        "limit_waiting", "skip_ticks", "next_due", "due_now", "make_due", "workers_of", "orphans",
        "dead_rows", "give_up", "forget_finished", "forget_slots", "forget_waiters",
        "forget_pgboss_waiters", "forget_deaths", "leased_tables",
    },
    "jobs_scheduler": {
        "lock_limits", "timetable", "pause_schedule", "resume_schedule", "run_schedule",
        "remove_schedule", "write_schedule", "due_now", "reserve", "submit", "submit_alone",
        "submit_singleton", "wake", "progress", "details", "cancel", "unwatch", "restore",
        "submitted_since", "going_idle", "stopped", "given_away",
    },
    "jobs_reader": {
        "lock_limits", "paused", "timetable", "next_due", "probe", "workers_of", "neighbours",
        "dead_rows", "cluster_health", "queue_depths", "submitted_since", "orphans", "schedules",
        "wake", "leased_tables", "given_away",
    },
}  # fmt: skip
"""Statements of others that need nothing but what the role needs for its own."""

MAY = {
    "jobs_submitter": SUBMITTING,
    "jobs_worker": SUBMITTING | CLAIMING,
    "jobs_scheduler": SCHEDULING,
    "jobs_reader": set[str](),
}


@pytest.fixture(scope="module")
def granted_dsn(server_dsn: str, template: str) -> Iterator[str]:
    """A database on which the file was run, twice."""
    with copied(server_dsn, template) as dsn, granted(dsn):
        yield dsn


@pytest.fixture(params=MAY)
def role(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def playing(granted_dsn: str, role: str) -> Iterator[Connection]:
    """A connection with the rights of a role alone."""
    with connect(granted_dsn, "tests") as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        yield connection


def refused(connection: Connection, statement: str) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def test_a_role_runs_its_statements_and_no_others(playing: Connection, role: str) -> None:
    allowed: set[str] = set()
    for name, operations in EXAMPLES.items():
        try:
            for operation in operations:
                with playing.transaction(force_rollback=True):
                    run(playing, operation)
        except psycopg.errors.InsufficientPrivilege:
            continue
        allowed.add(name)
    assert MAY[role] - allowed == set(), "it needs these"
    assert allowed - MAY[role] - BY_THE_WAY[role] == set(), "it should not run these"


def test_no_role_changes_the_schema(playing: Connection, role: str) -> None:
    assert refused(playing, "ALTER TABLE jobs.job ADD COLUMN more int")
    assert refused(playing, "DROP TABLE jobs.supervisor")
    assert refused(playing, "TRUNCATE jobs.job")
    assert refused(playing, "INSERT INTO jobs.migration VALUES (99, 99)")
    assert refused(playing, "CREATE SCHEMA mine")
    assert refused(playing, "CREATE TABLE jobs.mine ()") == (role != "jobs_scheduler")


def test_a_reader_sees_jobs_but_not_what_they_carry(playing: Connection, role: str) -> None:
    for table in ("job", "finished"):
        assert not refused(
            playing, f"SELECT queue, name, state, count(*) FROM jobs.{table} GROUP BY 1, 2, 3"
        )
        for column in ("args", "output", "options", "progress"):
            assert refused(playing, f"SELECT {column} FROM jobs.{table}") == (role == "jobs_reader")


def test_a_reader_writes_nothing(playing: Connection, role: str) -> None:
    writes = (
        "INSERT INTO jobs.job (queue, name) VALUES ('a', 'b')",
        "DELETE FROM jobs.job",
        "DELETE FROM jobs.finished",
        "UPDATE jobs.job SET ready = true",
    )
    found = [refused(playing, statement) for statement in writes]
    expected = {
        "jobs_reader": [True, True, True, True],
        "jobs_submitter": [False, False, False, True],
    }
    assert found == expected.get(role, [False] * 4)


@pytest.mark.parametrize("role", ["jobs_scheduler"], indirect=True)
def test_a_scheduler_keeps_the_history(playing: Connection) -> None:
    today = datetime.now(UTC).date()
    later = today + timedelta(days=30)
    assert create_partitions(playing, later)
    retired = retire_partitions(playing, 1, later + timedelta(days=3))
    assert f"finished_{today:%Y%m%d}" in retired
    assert f"finished_{later:%Y%m%d}" in retired
    while clear_retired(playing, 1000):
        continue
    assert not refused(playing, "SELECT count(*) FROM jobs.finished")


@pytest.mark.parametrize("role", ["jobs_worker", "jobs_scheduler"], indirect=True)
def test_a_pool_may_check_the_schema(playing: Connection) -> None:
    migrate.check(playing)
