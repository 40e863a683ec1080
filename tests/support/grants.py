"""The roles of `deploy/sql`, made in a database and taken out of the server again."""

from __future__ import annotations

import fcntl
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

from tests.support.server import PROGRAMS

FOLDER = Path(__file__).parents[2] / "deploy" / "sql"
ROLES = ("jobs_submitter", "jobs_worker", "jobs_scheduler", "jobs_reader")


@contextmanager
def granted(dsn: str, migrator: str | None = None) -> Generator[None]:
    """What `roles.sql` grants, run twice, for a block; by the owner, or another role.

    Roles are the server's, and tests that run at the same time may share it: one after the other.
    """
    script = FOLDER / "roles.sql"
    with script.open() as turn, psycopg.connect(dsn, autocommit=True) as owner:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with psycopg.connect(playing(dsn, migrator) if migrator else dsn) as grantor:
            grantor.autocommit = True
            for _ in range(2):
                grantor.execute(script.read_bytes())
        yield
        for role in map(sql.Identifier, ROLES):
            owner.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
            owner.execute(sql.SQL("DROP OWNED BY {}").format(role))
        for role in map(sql.Identifier, ROLES):
            owner.execute(sql.SQL("DROP ROLE {}").format(role))


def grant_pgboss(dsn: str, schema: str) -> None:
    """What `pgboss_roles.sql` grants, run as its header says."""
    command = [PROGRAMS / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-v", f"pgboss={schema}"]
    subprocess.run([*command, "-d", dsn, "-f", FOLDER / "pgboss_roles.sql"], check=True, text=True)


def playing(dsn: str, role: str) -> str:
    """The same database, with the rights of a role alone."""
    return conninfo.make_conninfo(dsn, options=f"-c role={role}")
