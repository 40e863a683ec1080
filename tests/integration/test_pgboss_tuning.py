from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.errors import SchemaError
from jobs_runtime.executors.pgboss.schema import create
from jobs_runtime.executors.pgboss.tuning import Tuning, look, tune, undo

NODE = "node_of_pgboss"


@pytest.fixture
def boss(connection: Connection) -> Iterator[Connection]:
    """A connection to a database with pg-boss's tables."""
    create(connection, "pgboss")
    yield connection
    connection.execute("DROP SCHEMA pgboss CASCADE", prepare=False)


@pytest.fixture
def idle(boss: Connection) -> None:
    """Some worker waits."""
    boss.execute(
        "INSERT INTO jobs.supervisor (id, host, place, pid, workers, names, schedules)"
        " VALUES ('s', 'h', 'p', 1, 1, '{}', '{}')"
    )


def send(connection: Connection, name: str, count: int = 1, delay: int = 0) -> None:
    connection.execute(
        "INSERT INTO pgboss.job (name, startafter)"
        " SELECT %s, now() + %s * interval '1 second' FROM generate_series(1, %s)",
        [name, delay, count],
    )


def heard(connection: Connection) -> list[str]:
    return sorted(each.payload for each in connection.notifies(timeout=0, stop_after=100))


def plan(connection: Connection) -> str:
    rows = connection.execute(
        "EXPLAIN SELECT id FROM pgboss.job WHERE name = 'a' AND state < 'active'"
        " AND startafter < now() ORDER BY priority DESC, createdon, id LIMIT 1"
        " FOR UPDATE SKIP LOCKED",
        prepare=False,
    )
    return "\n".join(row[0] for row in rows)


def test_it_comes_and_goes_by_name(boss: Connection) -> None:
    assert look(boss, "pgboss") == Tuning(index=False, trigger=False)
    tune(boss, "pgboss")
    tune(boss, "pgboss")
    assert look(boss, "pgboss") == Tuning(index=True, trigger=True)
    undo(boss, "pgboss")
    undo(boss, "pgboss")
    assert look(boss, "pgboss") == Tuning(index=False, trigger=False)


def test_an_interrupted_index_is_built_anew(boss: Connection) -> None:
    tune(boss, "pgboss")
    boss.execute(
        "UPDATE pg_index SET indisvalid = false"
        " WHERE indexrelid = 'pgboss.jobs_runtime_claim'::regclass"
    )
    assert not look(boss, "pgboss").index
    tune(boss, "pgboss")
    assert look(boss, "pgboss").index


def test_a_claim_reads_the_index_in_order(boss: Connection) -> None:
    send(boss, "a", 2000)
    assert "Sort" in plan(boss)
    tune(boss, "pgboss")
    boss.execute("ANALYZE pgboss.job")
    tuned = plan(boss)
    assert "Sort" not in tuned
    assert "Index Scan using jobs_runtime_claim" in tuned
    assert "Index Cond: ((name = 'a'::text) AND (startafter < now()))" in tuned


@pytest.mark.usefixtures("idle")
def test_waiting_workers_are_told_of_what_they_may_take(boss: Connection) -> None:
    tune(boss, "pgboss")
    boss.execute("LISTEN jobs")
    send(boss, "a", 3)
    send(boss, "later", delay=60)
    send(boss, "__pgboss__maintenance")
    send(boss, "n" * 2000)
    assert heard(boss) == ["wake 3 a"]
    boss.execute("UPDATE jobs.supervisor SET idle = false")
    send(boss, "a")
    assert heard(boss) == []
    boss.execute("UNLISTEN jobs")


@pytest.mark.usefixtures("idle")
def test_nodes_role_needs_nothing_of_ours(boss: Connection) -> None:
    tune(boss, "pgboss")
    boss.execute("LISTEN jobs")
    boss.execute(f"CREATE ROLE {NODE}")
    boss.execute(f"GRANT USAGE ON SCHEMA pgboss TO {NODE}")
    boss.execute(f"GRANT INSERT ON pgboss.job TO {NODE}")
    boss.execute(f"SET ROLE {NODE}")
    send(boss, "a")
    with pytest.raises(SchemaError, match="this role may not"):
        tune(boss, "pgboss")
    boss.execute("RESET ROLE")
    assert heard(boss) == ["wake 1 a"]
    boss.execute(f"DROP OWNED BY {NODE}")
    boss.execute(f"DROP ROLE {NODE}")
    boss.execute("UNLISTEN jobs")


def test_only_the_tables_of_twenty_are_tuned(boss: Connection, empty_dsn: str) -> None:
    boss.execute("UPDATE pgboss.version SET version = 23")
    with pytest.raises(SchemaError, match="pg-boss 10"):
        tune(boss, "pgboss")
    with connect(empty_dsn, "tests") as nothing, pytest.raises(SchemaError, match="migrate"):
        tune(nothing, "pgboss")
