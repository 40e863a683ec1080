"""The tables of pg-boss: making those of version 20, and telling which versions can be used."""

from jobs_runtime.executors.pgboss.schema.fitness import FULL_VERSION, Fitness, Mode, judge
from jobs_runtime.executors.pgboss.schema.layout import Layout
from jobs_runtime.executors.pgboss.schema.looking import look
from jobs_runtime.executors.pgboss.schema.name import DEFAULT_SCHEMA, bind, checked
from jobs_runtime.executors.pgboss.schema.tables import as_script, check, create, read

__all__ = [
    "DEFAULT_SCHEMA",
    "FULL_VERSION",
    "Fitness",
    "Layout",
    "Mode",
    "as_script",
    "bind",
    "check",
    "checked",
    "create",
    "judge",
    "look",
    "read",
]
