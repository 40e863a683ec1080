from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg

from jobs_runtime.database import connect
from jobs_runtime.executors.pgboss.schema import create
from jobs_runtime.executors.postgres.migrate import migrations
from jobs_supervisor.slot_state import SlotState
from tests.apps import basic
from tests.processes.test_bad_input import COMMAND, call
from tests.processes.test_deaths import slot_on
from tests.support.pool import ROOT, Pool, eventually


def test_migrate_brings_an_empty_database_up_to_date(empty_dsn: str) -> None:
    pending = call("migrate", "--check", dsn=empty_dsn)
    steps = [step.name for step in migrations()]
    assert pending.returncode == 1
    assert pending.stdout.splitlines() == [f"pending {step}" for step in steps]
    script = call("migrate", "--sql", dsn=empty_dsn)
    assert script.returncode == 0
    assert "CREATE TABLE jobs.job" in script.stdout
    applied = call("migrate", dsn=empty_dsn)
    assert applied.stdout.splitlines() == [f"applied {step}" for step in steps]
    again = call("migrate", "--check", dsn=empty_dsn)
    assert (again.returncode, again.stdout) == (0, "up to date\n")


def test_migrate_says_why_an_application_cannot_be_imported(dsn: str) -> None:
    ended = call("migrate", "--app", "tests.apps.broken", dsn=dsn)
    assert ended.returncode == 1
    assert ended.stderr.count("Traceback") == 1
    assert ended.stderr.endswith("RuntimeError: this module is broken\n\n")


def test_the_printed_sql_makes_what_migrate_makes(empty_dsn: str) -> None:
    script = call("migrate", "--sql", dsn=empty_dsn).stdout
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute(script.encode())
    assert call("migrate", "--check", dsn=empty_dsn).stdout == "up to date\n"


def test_pg_bosss_tables_are_made_only_for_who_keeps_jobs_in_them(empty_dsn: str) -> None:
    made = "pg-boss's tables of version 20 in pgboss"
    assert made not in call("migrate", "--app", "tests.apps.basic", dsn=empty_dsn).stdout
    started = call("--app", "tests.apps.bossy", "--metrics-address", "127.0.0.1:0", dsn=empty_dsn)
    assert started.returncode == 1
    assert "no pg-boss tables in the schema 'pgboss'; start your Node" in started.stderr
    pending = call("migrate", "--check", "--app", "tests.apps.bossy", dsn=empty_dsn)
    assert (pending.returncode, pending.stdout) == (1, f"pending {made}\n")
    script = call("migrate", "--sql", "--app", "tests.apps.bossy", dsn=empty_dsn).stdout
    assert "CREATE TABLE pgboss.job" in script
    applied = call("migrate", "--app", "tests.apps.bossy", dsn=empty_dsn)
    assert (applied.returncode, applied.stdout) == (0, f"applied {made}\n")
    again = call("migrate", "--check", "--app", "tests.apps.bossy", dsn=empty_dsn)
    assert (again.returncode, again.stdout) == (0, "up to date\n")
    fit = call("check", "--app", "tests.apps.bossy", dsn=empty_dsn).stdout
    assert "pg-boss's tables in pgboss are of version 20, used in full mode" in fit


def test_pg_bosss_tables_are_where_the_variable_says(dsn: str) -> None:
    options = json.dumps({"connectionString": dsn, "schema": "other_boss"})
    nowhere = "postgresql://nowhere.invalid/nothing"
    with psycopg.connect(dsn, autocommit=True) as connection, connect(dsn, "tests") as own:
        create(own, "other_boss")
        tuned = call("pgboss", "tune", dsn=nowhere, PG_BOSS_NEW_OPTIONS=options)
        assert (tuned.returncode, tuned.stderr[:8]) == (0, "building")
        assert tuned.stdout.startswith("other_boss.job has the index")
        connection.execute("INSERT INTO other_boss.job (name, data) VALUES ('add', '{}')")
        imported = call(
            *("pgboss", "import", "--app", "tests.apps.basic"),
            dsn=nowhere,
            PG_BOSS_NEW_OPTIONS=options,
        )
        assert "left: 1 of add, no job of our own tables" in imported.stdout
        undone = call("pgboss", "tune", "--undo", "--schema", "other_boss", dsn=dsn)
        assert undone.stdout == "other_boss.job has neither our index nor our trigger\n"
    wrong = call("pgboss", "tune", dsn=dsn, PG_BOSS_NEW_OPTIONS="{")
    assert wrong.returncode == 2
    assert "PG_BOSS_NEW_OPTIONS is not JSON" in wrong.stderr


def test_check_says_what_is_fit(dsn: str, empty_dsn: str) -> None:
    fit = call("check", "--app", "tests.apps.basic", dsn=dsn)
    assert fit.returncode == 0, fit.stdout
    assert "ok    the schema fits this code" in fit.stdout
    unfit = call("check", "--app", "tests.apps.broken", dsn=empty_dsn)
    assert unfit.returncode == 1
    assert "FAIL  tests.apps.broken: this module is broken" in unfit.stdout
    assert "jobs-supervisor migrate" in unfit.stdout


def test_status_needs_no_database(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=2)
    submitted = basic.deep_sleep.submit(60)
    slot = slot_on(running, submitted.job_id)
    os.kill(slot.pid, signal.SIGKILL)
    eventually(lambda: slot.restarts == 1, 5, "it is gone")
    slot_on(running, submitted.job_id)
    workers = running.slots.workers
    eventually(lambda: any(each.state is SlotState.IDLE for each in workers), 5, "one waits")
    env = {"JOBS_RUN_DIR": str(pool.directory), "COLUMNS": "80"}
    shown = call("status", cwd=ROOT, **env)
    assert shown.returncode == 0
    assert "tests.apps.basic  2 workers: 1 busy, 1 idle" in shown.stdout
    assert f"deep_sleep #{submitted.job_id}, attempt 2" in shown.stdout
    assert "killed by SIGKILL" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80

    (report,) = json.loads(call("status", "--json", cwd=ROOT, **env).stdout)
    assert (report["pid"], report["app"]) == (running.process.pid, "tests.apps.basic")
    slots = {each["slot"]: each for each in report["slots"]}
    assert sorted(slots) == ["exporter", "scheduler", "worker 1", "worker 2"]
    (busy,) = (each for each in slots.values() if each["state"] == "busy")
    assert (busy["job"], busy["job_id"], busy["attempt"]) == ("deep_sleep", submitted.job_id, 2)
    assert 0 < busy["for_seconds"] < 60
    killed = slots[slot.title]
    assert killed["restarts"] == 1
    assert 0 < killed["ended_ago"] < 60


def test_status_without_a_supervisor(tmp_path: Path) -> None:
    shown = call("status", JOBS_RUN_DIR=str(tmp_path))
    assert (shown.returncode, shown.stdout) == (
        0,
        "no supervisor of this user is running on this host\n",
    )


def test_dev_runs_on_a_database_of_its_own(tmp_path: Path) -> None:
    if os.getuid() == 0:
        # The embedded server then runs as a user of its own, who must reach its data.
        for parent in (tmp_path, *tmp_path.parents[:2]):
            parent.chmod(0o755)
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, "dev", "--app", "tests.apps.basic", "--workers", "1",
             "--metrics-address", "127.0.0.1:0"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "JOBS_RUN_DIR": str(tmp_path)},
            stdout=output,
            stderr=output,
        )  # fmt: skip
    try:
        eventually(lambda: "ready: 1 workers" in log.read_text(), 30, "dev is ready")
        dsn = log.read_text().split("DATABASE_URL='")[1].split("'")[0]
        submitted = subprocess.run(
            [sys.executable, "-c",
             "from tests.apps.basic import double; print(double.submit(21).result(10))"],
            env={**os.environ, "DATABASE_URL": dsn},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )  # fmt: skip
        assert submitted.stdout == "42\n"
        assert (tmp_path / ".jobs").is_dir()
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
