"""A database that nobody can reach for a while."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import conninfo, sql

from tests.support.pool import eventually

END_SESSIONS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s
"""


@contextmanager
def outage(server_dsn: str, dsn: str) -> Generator[None]:
    """End every connection to a database, and refuse new ones for as long as the block lasts."""
    name = str(conninfo.conninfo_to_dict(dsn)["dbname"])
    command = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(command.format(sql.Identifier(name), sql.Literal(False)))
        try:
            eventually(
                lambda: server.execute(END_SESSIONS, [name]).fetchone() == (0,),
                10,
                "every session has ended",
            )
            yield
        finally:
            server.execute(command.format(sql.Identifier(name), sql.Literal(True)))
