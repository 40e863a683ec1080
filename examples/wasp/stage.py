"""What the demonstration runs: the web server, the pool, the measurements."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psycopg
from psycopg import conninfo

from benchmarks.environments import node_programs
from jobs_supervisor.settings import unset_environment

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]

PAUSE = 0.01
"""Seconds from one visitor to the next."""

DONE = "SELECT count(*) FROM pgboss.job WHERE name = 'renderReport' AND state = 'completed'"


class Stage:
    """A database, and what runs on it.

    Args:
        server_dsn: a server on which databases may be made.
        name: of the database.
    """

    def __init__(self, server_dsn: str, name: str) -> None:
        with psycopg.connect(server_dsn, autocommit=True) as administrator:
            administrator.execute(f"CREATE DATABASE {name}".encode())
        self._dsn = conninfo.make_conninfo(server_dsn, dbname=name)
        parts = conninfo.conninfo_to_dict(self._dsn)
        self._url = f"postgresql://{parts['user']}@/{name}?host={parts['host']}"
        self.supervisor("migrate", "--app", "examples.wasp.jobs")
        self.supervisor("pgboss", "tune")

    def supervisor(self, *arguments: str) -> None:
        """Run a command of `jobs-supervisor` to its end."""
        done = subprocess.run(
            self._command(*arguments), cwd=ROOT, env=self._environment(), capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(done.stderr.strip())

    @contextmanager
    def pool(self, workers: int) -> Generator[None]:
        """Run a pool of Python workers for a block."""
        command = self._command(
            *("--app", "examples.wasp.jobs", "--workers", str(workers)),
            *("--metrics-address", "127.0.0.1:0"),
        )
        with subprocess.Popen(
            command, cwd=ROOT, env=self._environment(), stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if "ready: " in line:
                    break
            else:
                raise SystemExit("the pool did not start: jobs-supervisor check says why")
            yield
            process.terminate()
            process.communicate(timeout=30)

    @contextmanager
    def web_server(self, *, performs: bool) -> Generator[int]:
        """Run the web server for a block; gives its port."""
        environment = self._environment()
        if performs:
            environment["PERFORM_IN_NODE"] = "1"
        command = [str(node_programs() / "node"), "server.mjs"]
        with subprocess.Popen(
            command, cwd=FOLDER, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            port = process.stdout.readline()
            if not port:
                raise SystemExit("the web server did not start")
            yield int(port)
            process.kill()

    def done(self) -> int:
        """How many reports are rendered."""
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute(DONE).fetchone()
        return row[0] if row else 0

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", "from jobs_supervisor.cli import main; main()", *arguments]

    def _environment(self) -> dict[str, str]:
        return {**unset_environment(), "DATABASE_URL": self._url, "JOBS_LOG_FORMAT": "text"}


class Visitors:
    """Ask a web server for its page, one after the other at a steady pace.

    Attributes:
        waits: milliseconds from the moment at which each came until it had the page: while the
            server does not answer, they queue up.
    """

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.waits: list[float] = []

    def order(self, reports: int) -> None:
        """Have the web server send jobs."""
        for _ in range(reports):
            self._connection.request("POST", "/")
            self._connection.getresponse().read()

    def browse(self, seconds: float) -> None:
        """Ask for the page."""
        began = time.perf_counter()
        for number in range(int(seconds / PAUSE)):
            came = began + number * PAUSE
            time.sleep(max(0.0, came - time.perf_counter()))
            self._connection.request("GET", "/")
            self._connection.getresponse().read()
            self.waits.append((time.perf_counter() - came) * 1000)

    def summary(self) -> list[float]:
        """The median, the 99th percentile and the longest."""
        ordered = sorted(self.waits)
        return [median(ordered), ordered[int(len(ordered) * 0.99)], ordered[-1]]
