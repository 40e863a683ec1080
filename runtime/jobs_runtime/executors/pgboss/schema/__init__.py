"""The tables of pg-boss: making those of version 20, and telling which versions can be used."""

from jobs_runtime.executors.pgboss.schema.fitness import FULL_VERSION, Fitness, Mode, judge
from jobs_runtime.executors.pgboss.schema.name import DEFAULT_SCHEMA, bind, checked
from jobs_runtime.executors.pgboss.schema.tables import (
    as_script,
    check,
    check_performable,
    create,
    read,
)

__all__ = [
    "DEFAULT_SCHEMA",
    "FULL_VERSION",
    "Fitness",
    "Mode",
    "as_script",
    "bind",
    "check",
    "check_performable",
    "checked",
    "create",
    "judge",
    "read",
]
