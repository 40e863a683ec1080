"""What the roles may do to the tables of a pg-boss, beside what a pool on them does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psycopg import sql

from jobs_runtime.database import Connection, connect
from jobs_runtime.errors import SchemaError
from jobs_runtime.executors.pgboss.schema import create
from jobs_runtime.executors.pgboss.tuning import Tuning, look, tune, undo
from tests.integration.test_roles import refused
from tests.support.grants import ROLES, grant_pgboss, granted, playing

READS = "SELECT name, state, count(*) FROM {}.{} GROUP BY 1, 2"


@pytest.fixture
def boss(dsn: str, connection: Connection) -> Iterator[Connection]:
    """The owner of a database in which the roles are, twice granted."""
    create(connection, "node_jobs")
    with granted(dsn):
        for _ in range(2):
            grant_pgboss(dsn, "node_jobs")
        yield connection


def test_each_reads_and_none_does_more_than_its_part(boss: Connection, dsn: str) -> None:
    forbidden = {
        "jobs_submitter": ["DELETE FROM node_jobs.job", "UPDATE node_jobs.version SET version = 1"],
        "jobs_worker": ["DELETE FROM node_jobs.job", "DELETE FROM node_jobs.schedule"],
        "jobs_scheduler": ["TRUNCATE node_jobs.job", "UPDATE node_jobs.archive SET name = 'a'"],
        "jobs_reader": [
            "UPDATE node_jobs.job SET name = 'a'",
            "SELECT data FROM node_jobs.job",
            "SELECT output FROM node_jobs.archive",
        ],
    }
    assert forbidden.keys() == set(ROLES)
    for role, statements in forbidden.items():
        with connect(playing(dsn, role), "tests") as connection:
            for table in ("job", "archive"):
                assert not refused(connection, READS.format("node_jobs", table))
            for statement in [*statements, "CREATE TABLE node_jobs.mine ()"]:
                assert refused(connection, statement), (role, statement)


def test_who_migrates_may_tune_while_a_member_of_nodes_role(dsn: str, boss: Connection) -> None:
    roles = {name: sql.Identifier(name) for name in ("roles_test_node", "roles_test_migrator")}
    node, migrator = roles.values()
    for role in (node, migrator):
        boss.execute(sql.SQL("CREATE ROLE {}").format(role))
    boss.execute(sql.SQL("ALTER SCHEMA node_jobs OWNER TO {}").format(node))
    boss.execute(sql.SQL("ALTER TABLE node_jobs.job OWNER TO {}").format(node))
    boss.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA node_jobs TO {}").format(node))
    boss.execute(sql.SQL("GRANT INSERT ON node_jobs.job TO {}").format(node))
    boss.execute(sql.SQL("ALTER SCHEMA jobs OWNER TO {}").format(migrator))
    boss.execute(sql.SQL("ALTER TABLE jobs.supervisor OWNER TO {}").format(migrator))
    try:
        with (
            connect(playing(dsn, "roles_test_node"), "tests") as alone,
            pytest.raises(SchemaError, match="member of the owner of the table"),
        ):
            tune(alone, "node_jobs")
        boss.execute(sql.SQL("GRANT {} TO {}").format(node, migrator))
        with connect(playing(dsn, "roles_test_migrator"), "tests") as both:
            tune(both, "node_jobs")
            assert look(both, "node_jobs") == Tuning(index=True, trigger=True)
        boss.execute(sql.SQL("REVOKE {} FROM {}").format(node, migrator))
        boss.execute(
            "INSERT INTO jobs.supervisor (id, host, place, pid, workers, names, schedules)"
            " VALUES ('s', 'h', 'p', 1, 1, '{}', '{}')"
        )
        with connect(playing(dsn, "roles_test_node"), "tests") as sending:
            sending.execute("INSERT INTO node_jobs.job (name) VALUES ('a')")
        undo(boss, "node_jobs")
    finally:
        for role in (node, migrator):
            boss.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
            boss.execute(sql.SQL("DROP OWNED BY {}").format(role))
            boss.execute(sql.SQL("DROP ROLE {}").format(role))
