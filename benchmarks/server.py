"""A throw-away Postgres with default durability: an installed one, else the embedded one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import conninfo

from jobs_supervisor.embedded import EmbeddedDatabase

SETTINGS = ("shared_buffers=512MB", "max_wal_size=2GB", "listen_addresses=127.0.0.1")


def installed() -> Path | None:
    """The folder of the newest installed server's programs, as Debian lays them out."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)
    return found[-1] if found else None


@contextmanager
def postgres() -> Generator[str]:
    """Start a server, give its DSN, and remove it afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="jobs-bench-"))
    programs = installed()
    try:
        if programs is None:
            database = EmbeddedDatabase(directory / "data")
            yield database.dsn
            database.stop()
        else:
            yield from _run(programs, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _run(programs: Path, directory: Path) -> Iterator[str]:
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(directory, user)
    data = str(directory / "data")
    port = _free_port()
    options = " ".join(f"-c {setting}" for setting in SETTINGS)

    def call(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments],
            check=True,
            user=user,
            cwd=directory,
            stdout=subprocess.DEVNULL,
        )

    call("initdb", "-D", data, "-A", "trust", "-U", "postgres")
    call(
        "pg_ctl", "-D", data, "-w", "-l", f"{directory}/log",
        "-o", f"-p {port} -k {directory} {options}", "start",
    )  # fmt: skip
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        call("pg_ctl", "-D", data, "-m", "fast", "-w", "stop")


def version(dsn: str) -> str:
    """What the server calls itself."""
    with psycopg.connect(dsn) as connection:
        return f"PostgreSQL {connection.info.server_version // 10_000}"


def fresh_database(server_dsn: str, name: str) -> str:
    """Make an empty database, dropping an old one of that name; gives its DSN."""
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return conninfo.make_conninfo(server_dsn, dbname=name)


def settle(dsn: str) -> None:
    """Give every measured run the same start: statistics fresh, nothing left to write."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
