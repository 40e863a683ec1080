"""Adding the objects, looking whether they are there, and removing them."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.errors import SchemaError
from jobs_runtime.executors.operation import load_sql
from jobs_runtime.executors.pgboss.schema import Mode, bind, check


@dataclass(frozen=True, slots=True)
class Tuning:
    """Which of the objects are there and work."""

    index: bool
    trigger: bool


def look(connection: Connection, schema: str) -> Tuning:
    """See what is there."""
    row = connection.execute(_load("look"), {"schema": schema.lower()}).fetchone()
    return Tuning(*row) if row else Tuning(index=False, trigger=False)


def tune(connection: Connection, schema: str) -> None:
    """Add what is missing; jobs are sent and performed meanwhile.

    The index is built concurrently, which waits for transactions that are open now.

    Args:
        connection: in autocommit mode.
        schema: of pg-boss, at version 20.

    Raises:
        SchemaError: the tables are of another pg-boss, or not this role's to change.
    """
    if check(connection, schema).mode is not Mode.FULL:
        raise SchemaError(
            f"the schema {schema!r} belongs to pg-boss 11 or 12, which has such an index and such"
            " notifications of its own (`notify: true` when a queue is created); nothing to tune"
        )
    try:
        if not look(connection, schema).index:
            connection.execute(bind(_load("drop_index"), schema), prepare=False)
            connection.execute(bind(_load("create_index"), schema), prepare=False)
        connection.execute(_load("create_function"), prepare=False)
        connection.execute(bind(_load("create_trigger"), schema), prepare=False)
    except psycopg.errors.InsufficientPrivilege as error:
        raise _not_the_owner(schema, error) from error


def undo(connection: Connection, schema: str) -> None:
    """Remove both; nothing happens to what is not there.

    Args:
        connection: in autocommit mode.
        schema: of pg-boss.

    Raises:
        SchemaError: they are not this role's to remove.
    """
    try:
        connection.execute(bind(_load("drop_trigger"), schema), prepare=False)
        connection.execute(bind(_load("drop_index"), schema), prepare=False)
    except psycopg.errors.InsufficientPrivilege as error:
        raise _not_the_owner(schema, error) from error


def _not_the_owner(schema: str, error: psycopg.Error) -> SchemaError:
    return SchemaError(
        f"this role may not tune the table job of the schema {schema!r}: {str(error).strip()};"
        " run `jobs-supervisor pgboss tune` as the role that migrates, made a member of the owner"
        " of the table, the role of your Node server"
    )


def _load(name: str) -> bytes:
    return load_sql(__package__ or "", name)
