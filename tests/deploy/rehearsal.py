"""Three minutes of load and faults, and the overview's picture of them: `make picture`."""

from __future__ import annotations

import math
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from grafana.overview import DASHBOARD
from grafana.picture import Source, picture
from jobs_runtime.database import connect
from jobs_runtime.executors.postgres.migrate import migrate
from jobs_supervisor.embedded import EmbeddedDatabase
from tests.apps import busy
from tests.deploy.prometheus import Prometheus
from tests.support.outage import outage
from tests.support.pool import Pool, Running

SECONDS = 180.0
BASE = "postgres"

FORGOTTEN = """
INSERT INTO jobs.job (queue, name, args) SELECT 'old_report', 'old_report', '1'
FROM generate_series(1, 12)
"""


class Rehearsal:
    """Load on two hosts, and what happens to them."""

    def __init__(self, dsn: str, hosts: list[Running]) -> None:
        self._dsn = dsn
        self._hosts = hosts
        self._faults: list[tuple[float, Callable[[], None]]] = [
            (35, self._backlog),
            (55, self._crashes),
            (75, self._forgotten),
            (90, self._kill_workers),
            (100, self._outage),
            (120, self._found),
            (125, self._slow_rates),
            (140, self._lead_away),
        ]

    def run(self, seconds: float) -> None:
        """Submit jobs every half second, and cause the faults when they are due."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            if self._faults and passed >= self._faults[0][0]:
                self._faults.pop(0)[1]()
            wave = 1 + 0.6 * math.sin(passed / 14)
            busy.send_mail.submit_many([random.uniform(0.01, 0.05) for _ in range(int(20 * wave))])
            busy.render_invoice.submit_many(
                [random.uniform(0.1, 0.4) for _ in range(int(5 * wave))]
            )
            busy.resize_image.submit_many([random.uniform(0.3, 1.2) for _ in range(2)])
            busy.fetch_rates.submit(random.uniform(0.05, 0.2))
            busy.send_mail.submit(0.02, start_after=random.uniform(20, 60))
            time.sleep(0.5)

    def _backlog(self) -> None:
        busy.resize_image.submit_many([random.uniform(0.3, 0.9) for _ in range(250)])

    def _crashes(self) -> None:
        busy.parse_upload.submit_many([False] * 40 + [True])

    def _forgotten(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(FORGOTTEN)

    def _found(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute("DELETE FROM jobs.job WHERE name = 'old_report'")

    def _kill_workers(self) -> None:
        for slot in self._hosts[1].slots.workers:
            if slot.pid and slot.job_id:
                os.kill(slot.pid, signal.SIGKILL)

    def _outage(self) -> None:
        busy.jobs.close()
        with outage(make_conninfo(self._dsn, dbname=BASE), self._dsn):
            time.sleep(8)

    def _slow_rates(self) -> None:
        busy.fetch_rates.submit_many([10.0] * 4)

    def _lead_away(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name IN ('jobs: leadership')"
            )


def main(target: Path) -> None:
    directory = Path(tempfile.mkdtemp(prefix="jobs-rehearsal-"))
    database = EmbeddedDatabase(directory / "postgres")
    with psycopg.connect(database.dsn, autocommit=True) as server:
        server.execute("CREATE DATABASE rehearsal")
    dsn = make_conninfo(database.dsn, dbname="rehearsal")
    with connect(dsn, "rehearsal") as connection:
        migrate(connection)
    pool = Pool(dsn)
    busy.jobs.database.given_dsn = dsn
    try:
        hosts = [pool.start(app="tests.apps.busy", workers=workers) for workers in (6, 4)]
        prometheus = Prometheus(directory, hosts)
        try:
            Rehearsal(dsn, hosts).run(SECONDS)
            source = Source(prometheus.address, time.time(), SECONDS - 10, interval=10)
            target.write_text(picture(DASHBOARD, source))
        finally:
            prometheus.stop()
    finally:
        busy.jobs.close()
        pool.stop_all()
        database.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
