"""What our own statements meet on a database that cannot be used, in words of ours."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

import psycopg

from jobs_runtime.errors import DatabaseUnavailable, SchemaError, SchemaMissing, SchemaOutdated

UNMIGRATED = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.UndefinedColumn,
)
"""What our own statements meet when the database has no tables, or those of an older version."""

WENT_AWAY = ("08", "57P")
"""What the SQLSTATE of an error begins with after which the connection is of no more use."""

DEMOTED = psycopg.errors.ReadOnlySqlTransaction
"""What a server says that was the primary, or never was: another one is, behind the same name."""

UNUSABLE = (psycopg.OperationalError, DEMOTED, *UNMIGRATED)
"""What they meet on a connection of our own, which may be lost as well."""

NO_PG_BOSS_TABLES = (
    "the database has no pg-boss tables in the schema {schema!r}; start your Node server once, or"
    " run `jobs-supervisor migrate --app ...` with the application that declares PgBoss jobs"
)


@contextmanager
def ours() -> Generator[None]:
    """Our own statements on a connection that is the caller's, and whose loss is its affair.

    Raises:
        SchemaMissing: the database has not been migrated, or has no tables of pg-boss.
        SchemaOutdated: it has been migrated by an older version.
    """
    try:
        yield
    except UNMIGRATED as error:
        raise unusable(error) from error


def unusable(error: Exception) -> DatabaseUnavailable | SchemaError:
    """The error to raise when one of `UNUSABLE` came."""
    if isinstance(error, psycopg.errors.UndefinedColumn):
        return SchemaOutdated(
            "the jobs tables are older than this code; run `jobs-supervisor migrate`"
        )
    if isinstance(error, UNMIGRATED):
        named = re.search(r'["«„]\s?(\w+)', str(error))  # a relation or a schema, quoted
        if named and named[1] != "jobs":
            return SchemaMissing(NO_PG_BOSS_TABLES.format(schema=named[1]))
        return SchemaMissing(
            "the database has no jobs tables; run `jobs-supervisor migrate` on it once"
        )
    if isinstance(error, psycopg.Error) and not (error.sqlstate or "08").startswith(WENT_AWAY):
        return DatabaseUnavailable(f"the database refused it: {str(error).strip()}")
    return DatabaseUnavailable(f"the database went away: {str(error).strip()}")
