"""What can be wrong with the jobs and those who perform them, brought about; and a sound
installation, of which the doctor finds nothing."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import conninfo

from jobs_runtime import Job
from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import PostgresExecutor, gauges
from jobs_runtime.model import Pause
from jobs_supervisor import watching
from jobs_supervisor.doctor import thresholds
from jobs_supervisor.doctor.collecting import collect
from jobs_supervisor.doctor.diagnosis import examine
from jobs_supervisor.doctor.slots import look_at_slots
from jobs_supervisor.finding import Level
from tests.apps import basic
from tests.processes.doctor.examined import texts, wrong
from tests.processes.test_bad_input import call
from tests.support.grants import granted, playing
from tests.support.outage import outage
from tests.support.pool import Pool, eventually

SUPERVISOR = """
INSERT INTO jobs.supervisor (id, host, place, pid, workers, names, schedules, beat_at)
VALUES ('away-1', 'away', 'away', 1, 2, '{noop}', '{}', now() - %s * interval '1 second')
"""


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
    ("busy", "workers", "waiting", "key", "why"),
    [
        (basic.deep_sleep, 3, basic.deep_sleep, None, "every worker is busy"),
        (basic.deep_sleep, 3, basic.two_at_a_time, "", "every worker is busy"),
        (basic.two_at_a_time, 2, basic.two_at_a_time, "", "its limits hold them back (2 run)"),
    ],
    ids=["workers", "workers, beside limits", "limits"],
)
def test_jobs_that_wait_for_long(
    dsn: str,
    busy: Job[float, Any],
    workers: int,
    waiting: Job[float, Any],
    key: str | None,
    why: str,
) -> None:
    napping = [busy.submit(0.8) for _ in range(workers)]
    with connect(dsn, "tests") as connection:

        def begun() -> bool:
            row = connection.execute("SELECT count(*) FROM jobs.job WHERE claimed_by > 0")
            return row.fetchone() == (len(napping),)

        eventually(begun, 10, "they run")
        connection.execute(OLD, [waiting.queue, waiting.name, key, "2026-01-01"])
        (text,) = texts(dsn)
        assert text.startswith(f"1 of {waiting.name} are ready, the oldest for ")
        assert text.endswith(why)
        eventually(lambda: gauges_of(connection) == [], 15, "all are performed")


def test_jobs_that_cannot_be_looked_at_in_time(
    lonely: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thresholds, "STATEMENT", 0.2)
    lonely.execute(SUPERVISOR, [0])
    monkeypatch.setattr(thresholds, "LEADERLESS", 0.2)
    with lonely.transaction():
        lonely.execute("LOCK TABLE jobs.job")
        leaderless, slow = texts(lonely)
    assert leaderless.startswith("no scheduler leads")
    assert slow == "the waiting jobs take too long to look at"


def test_a_session_is_left_as_it_was(lonely: Connection) -> None:
    collect(lonely)
    assert lonely.execute("SHOW statement_timeout").fetchone() == ("0",)


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
