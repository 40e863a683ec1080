"""Reading, checking and making the tables of pg-boss."""

from __future__ import annotations

import psycopg
from psycopg import sql

from jobs_runtime.database import Connection
from jobs_runtime.errors import SchemaError
from jobs_runtime.executors.operation import load_sql, run
from jobs_runtime.executors.pgboss.schema.fitness import Fitness
from jobs_runtime.executors.pgboss.schema.looking import look
from jobs_runtime.executors.pgboss.schema.name import bind, checked


def read(connection: Connection, schema: str) -> int | None:
    """The version of the tables, None if there are none.

    Raises:
        SchemaError: this role may not look.
        ConfigurationError: pg-boss takes no such name.
    """
    name = checked(schema).lower()
    try:
        row = connection.execute("SELECT to_regclass(%s)::text", [f"{name}.version"]).fetchone()
        if row is None or row[0] is None:
            return None
        query = sql.SQL("SELECT version FROM {}").format(sql.Identifier(name, "version"))
        row = connection.execute(query, prepare=False).fetchone()
    except psycopg.errors.InsufficientPrivilege as error:
        raise _forbidden(schema, error) from error
    return None if row is None else int(row[0])


def check(connection: Connection, schema: str) -> Fitness:
    """Read what is there, and decide what can be done on it.

    Raises:
        SchemaMissing, SchemaOutdated, SchemaTooNew, SchemaError: nothing can; with what to do.
    """
    try:
        return run(connection, look(schema, lambda fitness: fitness))
    except psycopg.errors.InsufficientPrivilege as error:
        raise _forbidden(schema, error) from error


def create(connection: Connection, schema: str) -> bool:
    """Make the tables of version 20 where there are none; gives whether there were none.

    A pg-boss that starts at the same time waits, and then finds them.

    Raises:
        SchemaError: the role may not, or a part of them is there already.
    """
    try:
        with connection.transaction():
            connection.execute("SET LOCAL statement_timeout = '30s'")
            connection.execute(bind(_load("lock"), schema), prepare=False)
            if read(connection, schema) is not None:
                return False
            connection.execute(bind(_load("create"), schema), prepare=False)
    except psycopg.errors.InsufficientPrivilege as error:
        raise SchemaError(
            f"this role may not make the schema {schema!r}: {str(error).strip()}; run"
            " `jobs-supervisor migrate` as the owner of the database, or start your Node server"
            " once as one who may"
        ) from error
    except (psycopg.errors.DuplicateTable, psycopg.errors.DuplicateObject) as error:
        raise SchemaError(
            f"the schema {schema!r} has some of pg-boss's tables but no row in its table `version`:"
            f" {str(error).strip()}; restore it, or drop it if its jobs are not needed"
        ) from error
    return True


def as_script(schema: str) -> str:
    """What `create` would do, as a script for psql."""
    parts = [bind(_load(name), schema).decode().strip() for name in ("lock", "create")]
    return "\n\n".join(["BEGIN;", f"{parts[0]};", parts[1], "COMMIT;"])


def _forbidden(schema: str, error: psycopg.Error) -> SchemaError:
    return SchemaError(
        f"this role may not use the schema {schema!r} of pg-boss: {str(error).strip()}; grant"
        " it USAGE on the schema, and SELECT, INSERT, UPDATE and DELETE on its tables"
    )


def _load(name: str) -> bytes:
    return load_sql(__package__ or "", name)
