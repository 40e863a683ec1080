"""Finding out what the tables are: operations, so that they run on whatever connection there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from jobs_runtime.executors.operation import Operation, Row, load_sql
from jobs_runtime.executors.pgboss.schema.fitness import Fitness, judge
from jobs_runtime.executors.pgboss.schema.name import bind, checked

Result = TypeVar("Result")


def look(schema: str, then: Callable[[Fitness], Result | Operation[Result]]) -> Operation[Result]:
    """Read what is there and decide what can be done on it, and go on with `then`.

    Running it raises what `judge` does.
    """

    def with_columns(rows: list[Row]) -> Result | Operation[Result]:
        columns = {(table, column) for table, column in rows}
        if ("version", "version") not in columns:
            return then(judge(schema, None, columns))

        def with_version(rows: list[Row]) -> Result | Operation[Result]:
            return then(judge(schema, rows[0][0] if rows else None, columns))

        return Operation(bind(_load("version"), schema), {}, with_version)

    return Operation(_load("columns"), {"schema": checked(schema).lower()}, with_columns)


def _load(name: str) -> bytes:
    return load_sql(__package__ or "", name)
