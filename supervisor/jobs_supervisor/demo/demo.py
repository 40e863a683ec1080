"""The demo from its beginning to its end."""

from __future__ import annotations

import signal
import sysconfig
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psycopg
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from jobs_runtime.database import Connection
from jobs_supervisor import metrics
from jobs_supervisor.demo.application import measure_file, summarize
from jobs_supervisor.demo.chaos import LARGE, kill_a_worker
from jobs_supervisor.demo.measuring import FileMeasures, measure
from jobs_supervisor.demo.pool import DemoFailed, DemoPool
from jobs_supervisor.demo.report import Report
from jobs_supervisor.demo.screen import Screen, Standing
from jobs_supervisor.demo.sources import standard_library

LOOK = 0.1
"""Seconds between two looks at how far the work is."""

PATIENCE = 300.0
"""Seconds after which the demo gives up."""

EVERY = 10
"""One process alone measures every so manyth file, for comparison."""

STANDING = """
SELECT count(*) FILTER (WHERE state = 'completed'), count(*) FILTER (WHERE state <> 'completed')
FROM jobs.finished
WHERE name = %s
"""

FINISHED = """
SELECT id, state::text, args #>> '{}', output
FROM jobs.finished
WHERE name = %s
"""


@dataclass(frozen=True, slots=True)
class Demo:
    """What was asked for.

    Attributes:
        workers: how many worker processes.
        chaos: whether one of them is killed on the way.
        keep_running: whether the pool stays up afterwards, until Ctrl-C.
        limit: the most files to measure; None for all.
    """

    console: Console
    workers: int
    chaos: bool
    keep_running: bool
    limit: int | None

    def run(self) -> None:
        """Run it, from the server to the report.

        Raises:
            DemoFailed: a job was lost, or the pool did not start or end as it should.
            ConfigurationError: the embedded Postgres is not installed.
        """
        files = standard_library()[: self.limit]
        self.console.print(
            f"Python {sysconfig.get_python_version()} has {len(files):,} source files. One process"
            f" alone measures every {EVERY}th of them first …"
        )
        alone = _alone(files[::EVERY]) * _size(files) / _size(files[::EVERY])
        pool = DemoPool(self.workers)
        complete = False
        try:
            pool.start()
            self.console.print(
                f"… now {self.workers} workers measure all of them, on a Postgres of their own."
            )
            with psycopg.connect(pool.dsn, autocommit=True) as connection:
                report = self._work(pool, connection, files, alone)
                if self.keep_running:
                    self._keep(pool)
            code = pool.stop()
            if code != 0:
                raise DemoFailed(f"the supervisor ended with {code}; see {pool.log_path}")
            self.console.print(report.shown())
            self.console.print("the supervisor drained and ended with exit code 0", style="dim")
            complete = True
        finally:
            pool.close(keep_log=not complete)

    def _work(
        self, pool: DemoPool, connection: Connection, files: Sequence[Path], alone: float
    ) -> Report:
        root = Path(sysconfig.get_path("stdlib"))
        began = time.monotonic()
        submitted = measure_file.submit_many(str(path) for path in files)
        names = {
            int(job.job_id): str(path.relative_to(root))
            for job, path in zip(submitted, files, strict=True)
        }
        large = {
            job_id: name for job_id, name in names.items() if (root / name).stat().st_size >= LARGE
        }
        screen = Screen(self.console, len(files), names)
        with screen.shown():
            seconds = self._watch(pool, connection, screen, large, began)
        measured, failed = _outcomes(connection, set(names))
        return Report(
            root=root,
            measured=measured,
            failed=failed,
            seconds=seconds,
            alone=alone,
            workers=self.workers,
            ticks=_count(connection, summarize.name),
            metrics=pool.record.metrics,
            scraped=_scrape(pool.record.metrics),
        )

    def _watch(
        self,
        pool: DemoPool,
        connection: Connection,
        screen: Screen,
        large: dict[int, str],
        began: float,
    ) -> float:
        """Show the work until it is done; gives how long it took."""
        to_kill = self.chaos
        while True:
            completed, failed = connection.execute(STANDING, [measure_file.name]).fetchall()[0]
            seconds = time.monotonic() - began
            standing = Standing(completed, failed, (completed + failed) / seconds)
            screen.update(standing, pool.slots)
            if standing.done >= screen.total:
                return seconds
            if seconds > PATIENCE:
                raise DemoFailed(f"{standing.done} of {screen.total} jobs; see {pool.log_path}")
            looks_again = time.monotonic() + LOOK
            if to_kill and standing.done * 3 >= screen.total:
                to_kill = not kill_a_worker(pool, screen, large, looks_again)
            time.sleep(max(0.0, looks_again - time.monotonic()))

    def _keep(self, pool: DemoPool) -> None:
        try:
            self.console.print(
                f"\nIt goes on until Ctrl-C:\n  DATABASE_URL='{pool.dsn}'\n"
                f"  http://{pool.record.metrics}/metrics\n"
                f"  JOBS_RUN_DIR={pool.directory} jobs-supervisor status --watch",
                soft_wrap=True,
            )
            signal.pause()
        except KeyboardInterrupt:
            self.console.print("stopping")


def _alone(files: Sequence[Path]) -> float:
    began = time.perf_counter()
    for path in files:
        try:
            msgspec.json.encode(measure(path.read_bytes()))
        except (SyntaxError, ValueError):
            continue
    return time.perf_counter() - began


def _size(files: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in files)


def _outcomes(
    connection: Connection, expected: set[int]
) -> tuple[list[tuple[str, FileMeasures]], list[tuple[str, str]]]:
    """The measured and the failed files.

    Raises:
        DemoFailed: a job is missing, or is there twice.
    """
    rows = connection.execute(FINISHED, [measure_file.name]).fetchall()
    if len(rows) != len(expected) or {row[0] for row in rows} != expected:
        raise DemoFailed(f"{len(expected)} jobs were submitted and {len(rows)} have an outcome")
    measured = [
        (path, measure_file.output.convert(output))
        for _, state, path, output in rows
        if state == "completed"
    ]
    failed = [(path, output["message"]) for _, state, path, output in rows if state != "completed"]
    return measured, failed


def _count(connection: Connection, name: str) -> int:
    completed, _ = connection.execute(STANDING, [name]).fetchall()[0]
    return completed


def _scrape(address: str) -> int:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return int(
        sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == metrics.ATTEMPTS.name
            and sample.labels["job_name"] == measure_file.name
        )
    )
