"""What can be wrong with the database, brought about."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import psycopg
import pytest

from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.postgres.partitions import attached, create_partitions
from jobs_supervisor.doctor import thresholds
from jobs_supervisor.doctor.collecting import collect
from jobs_supervisor.doctor.database import look_at_replication
from jobs_supervisor.doctor.facts import ReplicationSlot
from tests.processes.doctor.examined import texts, wrong
from tests.support.pool import eventually


def test_partitions_that_are_missing(lonely: Connection) -> None:
    days = sorted(attached(lonely) - {"finished_default"})
    for name in days[2:]:
        lonely.execute(f"DROP TABLE jobs.{name}".encode())
    assert "the history has partitions for 1 days ahead, instead of 7" in texts(lonely)
    for name in days[:2]:
        lonely.execute(f"DROP TABLE jobs.{name}".encode())
    lonely.execute(
        "INSERT INTO jobs.finished (id, created_at, rank, state, attempt, deaths, queue, name)"
        " VALUES (1, now(), 0, 'completed', 1, 0, 'noop', 'noop')"
    )
    lonely.execute("SELECT pg_stat_force_next_flush()")
    found = texts(lonely)
    assert "the history has partitions not even for today" in found
    assert "1 finished jobs are in no day's partition but in jobs.finished_default" in found
    lonely.execute("TRUNCATE jobs.finished")
    lonely.execute("SELECT pg_stat_force_next_flush()")
    assert create_partitions(lonely)
    assert "partition" not in str(texts(lonely))


def test_an_index_that_was_not_built_to_the_end(dsn: str) -> None:
    with connect(dsn, "tests") as connection:
        connection.execute("INSERT INTO jobs.beginning VALUES ('a', 'b'), ('a', 'b')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY spoilt ON jobs.beginning (queue)")
        (finding,) = wrong(dsn)
        assert finding.text.startswith("the index jobs.spoilt is invalid")
        connection.execute("DELETE FROM jobs.beginning")
        connection.execute(finding.remedy.encode())
        assert texts(dsn) == []
        connection.execute("DROP INDEX jobs.spoilt")


def test_autovacuum_off_for_a_table_and_dead_rows(lonely: Connection) -> None:
    lonely.execute("ALTER TABLE jobs.waiter SET (autovacuum_enabled = off)")
    lonely.execute("INSERT INTO jobs.waiter SELECT generate_series(1, 100001)")
    lonely.execute("DELETE FROM jobs.waiter")
    lonely.execute("SELECT pg_stat_force_next_flush()")
    lonely.execute("UPDATE jobs.migration SET applied_at = now() - interval '1 hour'")
    _, off, dead = wrong(lonely)
    assert off.text == "autovacuum is off for jobs.waiter"
    assert dead.text.startswith("jobs.waiter has 100,001 dead rows and was not vacuumed for 1 h")
    lonely.execute(off.remedy.encode())
    lonely.execute("VACUUM jobs.waiter")
    assert "vacuum" not in str(texts(lonely))


def test_autovacuum_off_for_all(dsn: str) -> None:
    with connect(dsn, "tests") as connection:
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")
        off = "autovacuum is off: dead rows stay, and claims become slow"
        eventually(lambda: texts(dsn) == [off], 5, "it is seen")
        connection.execute("ALTER SYSTEM RESET autovacuum")
        connection.execute("SELECT pg_reload_conf()")
        eventually(lambda: texts(dsn) == [], 5, "it is on again")


def test_transactions_left_open(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(dsn, application_name="psql") as holder:
        holder.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        holder.execute("SELECT count(*) FROM jobs.job")
        assert texts(dsn) == []
        # With no time at all, whatever else the server does at the moment may be named as well.
        session = f"session {holder.info.backend_pid} (postgres, 'psql') "
        monkeypatch.setattr(thresholds, "OPEN_FOR", 0.0)
        (held,) = (text for text in texts(dsn) if text.startswith(session))
        assert held.startswith(f"{session}has held back vacuum for ")
        monkeypatch.setattr(thresholds, "IDLE_FOR", 0.0)
        (idle,) = (text for text in texts(dsn) if text.startswith(session))
        assert idle.startswith(f"{session}left a transaction open")
    assert texts(dsn) == []


def test_a_prepared_transaction(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thresholds, "OPEN_FOR", 0.0)
    with connect(dsn, "tests") as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO jobs.waiter VALUES (1)")
        connection.execute("PREPARE TRANSACTION 'lost'")
        lost = "the prepared transaction 'lost' of postgres has held back vacuum"
        assert sum(text.startswith(lost) for text in texts(dsn)) == 1
        connection.execute("ROLLBACK PREPARED 'lost'")
    assert not any(text.startswith(lost) for text in texts(dsn))


def test_connections_run_out(dsn: str) -> None:
    with ExitStack() as stack:
        while not (found := texts(dsn)):
            stack.enter_context(psycopg.connect(dsn))
        (text,) = found
        assert text.startswith("25 of 27 connections are taken, ")


def test_a_replication_slot_that_nobody_reads(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(dsn, "tests") as connection:
        connection.execute("SELECT pg_create_physical_replication_slot('replica', true)")
        connection.execute("INSERT INTO jobs.waiter VALUES (1)")
        connection.execute("DELETE FROM jobs.waiter")
        assert texts(dsn) == []
        monkeypatch.setattr(thresholds, "LOG_KEPT", 0)
        (finding,) = wrong(dsn)
        assert finding.text.startswith("nobody reads the replication slot 'replica', for which ")
        statement, _, _ = finding.remedy.partition(" ")
        connection.execute(f"SELECT {statement}".encode())
    assert texts(dsn) == []


@pytest.mark.parametrize(
    ("active", "remedy"),
    [(True, "end the query that its standby"), (False, "pg_drop_replication_slot('replica') ")],
)
def test_a_replication_slot_that_holds_back_vacuum(
    lonely: Connection, active: bool, remedy: str
) -> None:
    slot = ReplicationSlot("replica", active, thresholds.HELD_BACK + 1, 0)
    facts = replace(collect(lonely), replication=[slot])
    (finding,) = look_at_replication(facts)
    assert (
        finding.text
        == "the replication slot 'replica' has held back vacuum for 1,000,001 transactions"
    )
    assert finding.remedy.startswith(remedy)
