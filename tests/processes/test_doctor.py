"""Whatever the doctor can find wrong, brought about; and a sound installation, of which it finds
nothing."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import conninfo

from jobs_runtime import Job
from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import PostgresExecutor, gauges
from jobs_runtime.executors.postgres.migrate import migrate
from jobs_runtime.executors.postgres.partitions import attached, create_partitions
from jobs_runtime.model import Pause
from jobs_supervisor import watching
from jobs_supervisor.doctor import thresholds
from jobs_supervisor.doctor.diagnosis import examine
from jobs_supervisor.doctor.slots import look_at_slots
from jobs_supervisor.finding import Finding, Level
from tests.apps import basic
from tests.processes.test_bad_input import call
from tests.support.grants import granted, playing
from tests.support.outage import outage
from tests.support.pool import Pool, Running, eventually
from tests.support.server import Server

SUPERVISOR = """
INSERT INTO jobs.supervisor (id, host, place, pid, workers, names, schedules, beat_at)
VALUES ('away-1', 'away', 'away', 1, 2, '{noop}', '{}', now() - %s * interval '1 second')
"""


@pytest.fixture(scope="module")
def sound(tcp_server: Server) -> Iterator[tuple[Pool, Running]]:
    """A pool of three workers with nothing to do."""
    pool = Pool(tcp_server.dsn)
    basic.jobs.database.given_dsn = tcp_server.dsn
    running = pool.start(app="tests.apps.basic", workers=3)
    eventually(lambda: "this scheduler leads" in running.log, 10, "it leads")
    yield pool, running
    basic.jobs.close()
    pool.stop_all()


@pytest.fixture
def dsn(tcp_server: Server, sound: tuple[Pool, Running], monkeypatch: pytest.MonkeyPatch) -> str:
    """The database of the sound pool, which is this user's only one."""
    monkeypatch.setenv("JOBS_RUN_DIR", str(sound[0].directory))
    return tcp_server.dsn


@pytest.fixture
def lonely(
    tcp_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connection]:
    """A migrated database on which nothing runs."""
    monkeypatch.setenv("JOBS_RUN_DIR", str(tmp_path))
    with psycopg.connect(tcp_server.dsn, autocommit=True) as administrator:
        administrator.execute("CREATE DATABASE lonely")
        with connect(
            conninfo.make_conninfo(tcp_server.dsn, dbname="lonely"), "tests"
        ) as connection:
            migrate(connection)
            yield connection
        administrator.execute("DROP DATABASE lonely WITH (FORCE)")


def wrong(where: str | Connection) -> list[Finding]:
    """What is wrong with an installation."""
    dsn = where if isinstance(where, str) else where.info.dsn
    return [finding for finding in examine(dsn) if finding.level is not Level.OK]


def texts(where: str | Connection) -> list[str]:
    return [finding.text for finding in wrong(where)]


def test_nothing_is_wrong_with_a_sound_installation(dsn: str) -> None:
    said = call("doctor", dsn=dsn, JOBS_RUN_DIR=os.environ["JOBS_RUN_DIR"])
    assert (said.returncode, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert lines.pop() == "nothing is wrong"
    assert not [line for line in lines if line and not line.startswith("ok    ")]
    assert any("1 supervisor on 1 host with 3 workers" in line for line in lines)
    assert any("a scheduler leads: session" in line for line in lines)
    assert any("all 3 workers of the supervisor" in line for line in lines)


def test_it_speaks_to_machines(lonely: Connection) -> None:
    said = call("doctor", "--json", dsn=lonely.info.dsn, JOBS_RUN_DIR=os.environ["JOBS_RUN_DIR"])
    assert said.returncode == 1
    first = json.loads(said.stdout)[0]
    assert first["level"] == "wrong"
    assert first["text"] == "no supervisor runs on this database: no job is performed"
    assert first["remedy"].startswith("start one")


def test_a_supervisor_that_is_silent_and_a_leader_that_is_missing(
    lonely: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thresholds, "LEADERLESS", 0.2)
    lonely.execute(SUPERVISOR, [3600])
    lonely.execute(
        "INSERT INTO jobs.job (queue, name, ready, start_after)"
        " VALUES ('noop', 'noop', false, now() - interval '1 hour')"
    )
    silent, leaderless, overdue = texts(lonely)
    assert silent == "nothing was heard of away-1 for 1 h 0 min"
    assert leaderless.startswith("no scheduler leads")
    assert overdue.startswith("a delayed job has been due for 1 h 0 min")


def test_a_stranger_that_leads(lonely: Connection) -> None:
    lonely.execute(SUPERVISOR, [0])
    with psycopg.connect(lonely.info.dsn, autocommit=True, application_name="psql") as stranger:
        stranger.execute("SELECT pg_advisory_lock(hashtext('jobs-runtime'), hashtext('leader'))")
        (finding,) = wrong(lonely)
        assert "('psql' from 127.0.0.1, connected for" in finding.text
        assert f"pg_terminate_backend({stranger.info.backend_pid})" in finding.remedy


def test_jobs_that_nobody_performs(dsn: str) -> None:
    with connect(dsn, "tests") as connection:
        connection.execute("INSERT INTO jobs.job (queue, name) VALUES ('post', 'send')")
        assert texts(dsn) == ["1 of send in queue post wait, and no running supervisor performs it"]
        connection.execute("DELETE FROM jobs.job")
    assert texts(dsn) == []


def test_a_pause_with_a_backlog(dsn: str) -> None:
    executor, pause = PostgresExecutor(), Pause("job", "double")
    with connect(dsn, "tests") as connection:
        run(connection, executor.pause(pause))
        submitted = basic.double.submit(2)
        assert texts(dsn) == ["double is paused, and 1 wait"]
        run(connection, executor.unpause(pause, None))
    assert submitted.result(10) == 4


OLD = "INSERT INTO jobs.job (queue, name, args, limit_key, created_at) VALUES (%s, %s, '1', %s, %s)"


@pytest.mark.parametrize(
    ("busy", "key", "why"),
    [
        (basic.deep_sleep, None, "every worker is busy"),
        (basic.two_at_a_time, "", "its limits hold them back (2 run)"),
    ],
    ids=["workers", "limits"],
)
def test_jobs_that_wait_for_long(
    dsn: str, busy: Job[float, Any], key: str | None, why: str
) -> None:
    napping = [busy.submit(0.8) for _ in range(3 if key is None else 2)]
    with connect(dsn, "tests") as connection:

        def begun() -> bool:
            row = connection.execute("SELECT count(*) FROM jobs.job WHERE claimed_by > 0")
            return row.fetchone() == (len(napping),)

        eventually(begun, 10, "they run")
        connection.execute(OLD, [busy.queue, busy.name, key, "2026-01-01"])
        (text,) = texts(dsn)
        assert text.startswith(f"1 of {busy.name} are ready, the oldest for ")
        assert text.endswith(why)
        eventually(lambda: gauges_of(connection) == [], 15, "all are performed")


def gauges_of(connection: Connection) -> list[gauges.Depth]:
    return run(connection, gauges.queue_depths(10))


def test_a_job_that_kills_its_workers(dsn: str) -> None:
    submitted = basic.die.submit("SIGSEGV")
    submitted.wait(20)
    found = texts(dsn)
    with connect(dsn, "tests") as connection:
        connection.execute("DELETE FROM jobs.finished")
    # Its last worker's slot may still be given a rest.
    (text,) = [each for each in found if "took three workers down each within a day" in each]
    assert text.startswith("1 of die ")
    assert text.endswith(f"#{submitted.job_id}")
    eventually(lambda: texts(dsn) == [], 15, "its workers are replaced")


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


def test_a_slot_that_dies_again_and_again(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mood = tmp_path / "mood"
    mood.write_text("")
    pool = Pool(dsn)
    monkeypatch.setenv("JOBS_RUN_DIR", str(pool.directory))
    try:
        running = pool.start("--no-preload", app="tests.apps.moody", workers=1, MOOD=str(mood))
        mood.write_text("crash")
        slot = running.slots.workers[0]
        os.kill(slot.pid, signal.SIGKILL)
        eventually(lambda: slot.restarts >= 4 and slot.pid == 0, 15, "it is given a rest")
        (text,) = texts(dsn)
        assert text.startswith("worker 1 of the supervisor ")
        assert "dies again and again: exited with code 7; it starts again in" in text
        mood.write_text("")
        assert running.stop() == 0
    finally:
        pool.stop_all()


def test_a_database_that_is_away(dsn: str) -> None:
    nowhere = conninfo.make_conninfo(dsn, dbname="nowhere")
    (away,) = texts(nowhere)
    assert 'database "nowhere" does not exist' in away
    basic.jobs.close()
    administrators = conninfo.make_conninfo(dsn, dbname="template1")
    with outage(administrators, dsn):

        def cut_off() -> list[str]:
            (report,) = watching.reports()
            found = look_at_slots(report.record, report.slots)
            return [each.text for each in found if each.level is Level.WRONG]

        eventually(lambda: cut_off() != [], 10, "whoever looks for it says so")
        assert re.search(r"has not reached the database for \d+\.\d s$", cut_off()[0])
    eventually(lambda: texts(dsn) == [], 20, "all are back")


def test_a_schema_that_is_missing(dsn: str) -> None:
    (text,) = texts(conninfo.make_conninfo(dsn, dbname="template1"))
    assert "jobs-supervisor migrate" in text


def test_readers_may_ask_the_doctor_and_others_may_not(dsn: str) -> None:
    with granted(dsn), connect(dsn, "tests") as connection:
        findings = list(examine(playing(dsn, "jobs_reader")))
        connection.execute("CREATE ROLE stranger")
        (finding,) = wrong(playing(dsn, "stranger"))
        connection.execute("DROP ROLE stranger")
    assert {finding.level for finding in findings} == {Level.OK}
    assert "of those that this role may see" in str(findings)
    assert "permission denied" in finding.text
    assert "jobs_reader" in finding.remedy
