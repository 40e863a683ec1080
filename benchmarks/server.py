"""A throw-away Postgres with default durability: an installed one, else the embedded one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
from psycopg import conninfo

from jobs_supervisor.embedded import EmbeddedDatabase

SETTINGS = (
    "shared_buffers=512MB",
    "max_wal_size=2GB",
    "max_connections=300",
    "listen_addresses=127.0.0.1",
)


def installed() -> Path | None:
    """The folder of the newest installed server's programs, as Debian lays them out."""
    found = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))  # a client alone has none
    return max(found, key=lambda path: float(path.parts[-3])).parent if found else None


@contextmanager
def postgres() -> Generator[str]:
    """Start a server, give its DSN, and remove it afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="jobs-bench-"))
    programs = installed()
    try:
        if programs is None:
            database = EmbeddedDatabase(directory / "data")
            try:
                yield database.dsn
            finally:
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
    port = free_port()
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
        with suppress(subprocess.CalledProcessError):  # it is gone: there is something else to say
            call("pg_ctl", "-D", data, "-m", "fast", "-w", "stop")


def version(dsn: str) -> str:
    """What the server calls itself."""
    with psycopg.connect(dsn) as connection:
        return f"PostgreSQL {connection.info.server_version // 10_000}"


def process(dsn: str) -> psutil.Process:
    """The server's parent process."""
    with psycopg.connect(dsn) as connection:
        parent = psutil.Process(connection.info.backend_pid).parent()
    assert parent is not None
    return parent


def fresh_database(server_dsn: str, name: str) -> str:
    """Make an empty database, dropping an old one of that name; gives its DSN."""
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return uri(server_dsn, name)


def uri(server_dsn: str, name: str) -> str:
    """The same server's other database, in the form that every client library reads."""
    parts = conninfo.conninfo_to_dict(server_dsn)
    host, port = str(parts.get("host", "")), parts.get("port", 5432)
    user = parts.get("user", "postgres")
    if host.startswith("/"):
        return f"postgresql://{user}@/{name}?host={host}&port={port}"
    return f"postgresql://{user}@{host}:{port}/{name}"


@contextmanager
def setting(dsn: str, name: str, value: str) -> Generator[None]:
    """Run the block with another setting of the server."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        connection.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            connection.execute(f"ALTER SYSTEM RESET {name}".encode())
            connection.execute("SELECT pg_reload_conf()")


def settle(dsn: str) -> None:
    """Give every measured run the same start: statistics fresh, nothing left to write."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
