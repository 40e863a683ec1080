"""`jobs-supervisor migrate`: our own schema, and pg-boss's tables for who keeps jobs in them."""

from __future__ import annotations

from jobs_runtime.database import Connection
from jobs_runtime.executors.pgboss import schema
from jobs_runtime.executors.postgres import migrate
from jobs_supervisor.application import load_or_complain


def needs(app: str | None) -> tuple[str | None, str | None]:
    """What an application says: its DSN, and where its jobs of pg-boss are kept.

    Raises:
        SystemExit: it cannot be imported; the log says why.
    """
    if app is None:
        return None, None
    jobs = load_or_complain(app)
    if jobs is None:
        raise SystemExit(1)
    return jobs.database.given_dsn, jobs.pg_boss_schema


def pending(connection: Connection, pg_boss_schema: str | None) -> list[str]:
    """What there is to do."""
    steps = [step.name for step in migrate.pending(connection)]
    missing = pg_boss_schema and schema.read(connection, pg_boss_schema) is None
    return [*steps, _named(pg_boss_schema)] if missing else steps


def apply(connection: Connection, pg_boss_schema: str | None) -> list[str]:
    """Bring the tables up to date; gives the names of the steps.

    Raises:
        SchemaError: the tables there cannot be used, or the role may not make them.
    """
    steps = [step.name for step in migrate.migrate(connection)]
    if pg_boss_schema and schema.create(connection, pg_boss_schema):
        steps.append(_named(pg_boss_schema))
    if pg_boss_schema:
        schema.check(connection, pg_boss_schema)
    return steps


def as_script(connection: Connection, pg_boss_schema: str | None) -> str:
    """What there is to do, for psql."""
    script = migrate.as_script(migrate.pending(connection))
    if pg_boss_schema is None or schema.read(connection, pg_boss_schema) is not None:
        return script
    return f"{script}\n\n{schema.as_script(pg_boss_schema)}"


def _named(pg_boss_schema: str | None) -> str:
    return f"pg-boss's tables of version {schema.FULL_VERSION} in {pg_boss_schema}"
