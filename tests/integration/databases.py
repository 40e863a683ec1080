"""Databases for tests: copies of the migrated template, and the emptying of one."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg import conninfo, sql

from jobs_runtime.database import Connection

TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'jobs'::regnamespace AND relkind IN ('r', 'p')
  AND NOT relispartition AND relname <> 'migration'
"""


@contextmanager
def copied(server_dsn: str, template: str) -> Generator[str]:
    """A database of its own for a block; gives how to connect to it."""
    name = f"jobs_copy_{uuid4().hex[:12]}"
    identifier = sql.Identifier(name)
    with psycopg.connect(server_dsn, autocommit=True) as administrator:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        administrator.execute(create.format(identifier, sql.Identifier(template)))
        yield conninfo.make_conninfo(server_dsn, dbname=name)
        administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@contextmanager
def emptied(connection: Connection) -> Generator[None]:
    """Delete every row that a block leaves."""
    tables = [row[0] for row in connection.execute(TABLES)]
    delete = sql.SQL("DELETE FROM {}")
    yield
    with connection.transaction():
        for table in tables:
            connection.execute(delete.format(sql.Identifier("jobs", table)))


@contextmanager
def imposed(connection: Connection, **settings: str) -> Generator[None]:
    """Settings that every new session of the database begins with, for a block."""
    database = sql.Identifier(connection.info.dbname)
    change = sql.SQL("ALTER DATABASE {} SET {} = {}")
    for name, value in settings.items():
        connection.execute(change.format(database, sql.Identifier(name), sql.Literal(value)))
    try:
        yield
    finally:
        connection.execute(sql.SQL("ALTER DATABASE {} RESET ALL").format(database))
