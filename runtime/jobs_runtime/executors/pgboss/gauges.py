"""What waits and runs in the tables of a pg-boss, for metrics."""

from __future__ import annotations

from psycopg.errors import InsufficientPrivilege

from jobs_runtime.database import Connection
from jobs_runtime.errors import SchemaError
from jobs_runtime.executors.operation import Operation, run
from jobs_runtime.executors.pgboss.schema import Layout, look
from jobs_runtime.executors.pgboss.statements import statement
from jobs_runtime.executors.postgres.gauges import Depth


def queue_depths(connection: Connection, schema: str, limit: int) -> list[Depth]:
    """Count the jobs of every name that a living supervisor performs, up to `limit` of each.

    Nothing where there are no tables that can be used, or for a role that may not look.
    """
    try:
        with connection.transaction():  # which a caller's outlives, if this may not look
            return run(connection, look(schema, lambda fitness: depths(fitness.layout, limit)))
    except (SchemaError, InsufficientPrivilege):
        return []


def depths(layout: Layout, limit: int) -> Operation[list[Depth]]:
    """The count itself, on tables that are known."""
    parameters = {"limit": limit}
    return Operation(
        statement("depths", layout), parameters, lambda rows: [Depth(*row) for row in rows]
    )
