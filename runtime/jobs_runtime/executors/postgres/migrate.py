"""Bring the schema `jobs` to the version this code needs, and say where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.errors import SchemaError, SchemaMissing, SchemaOutdated, SchemaTooNew
from jobs_runtime.executors.postgres.partitions import create_partitions

LOCK = 0x6A6F6273
"""The advisory lock under which migrations run, one process at a time ("jobs" in ASCII)."""

MIGRATION_TABLE = b"""
CREATE SCHEMA IF NOT EXISTS jobs;
CREATE TABLE IF NOT EXISTS jobs.migration (
    version     integer PRIMARY KEY,
    readable_by integer NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
)"""

RECORD = "INSERT INTO jobs.migration (version, readable_by) VALUES"


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step.

    Attributes:
        readable_by: the oldest code, by its newest migration, that works on the result; taken from
            a first line `-- readable by: N`, else the step itself.
    """

    version: int
    name: str
    sql: bytes
    readable_by: int


def migrations() -> list[Migration]:
    """Every step this code knows, in order."""
    folder = resources.files(__package__ or "").joinpath("migrations")
    found = [
        _read(file.name, file.read_bytes())
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda migration: migration.version)


def _read(file_name: str, sql: bytes) -> Migration:
    version = int(file_name[:4])
    declared = re.match(rb"-- readable by: (\d+)", sql)
    return Migration(version, file_name, sql, int(declared[1]) if declared else version)


def pending(connection: Connection) -> list[Migration]:
    """The steps that the database still needs.

    Raises:
        SchemaTooNew: the database was migrated by newer code.
    """
    applied = _applied(connection)
    known = migrations()
    if applied is not None and applied.version > known[-1].version:
        _check_readable(applied, known[-1].version)
        return []
    return [step for step in known if applied is None or step.version > applied.version]


def migrate(connection: Connection) -> list[Migration]:
    """Apply every pending step in one transaction; gives the steps applied.

    Raises:
        SchemaTooNew: the database was migrated by newer code.
        SchemaError: the role may not create what is missing.
    """
    try:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            steps = pending(connection)
            if steps:
                connection.execute(MIGRATION_TABLE, prepare=False)
            for step in steps:
                connection.execute(step.sql, prepare=False)
                connection.execute(f"{RECORD} (%s, %s)", [step.version, step.readable_by])
            create_partitions(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise SchemaError(
            f"this role may not migrate: {str(error).strip()}; run `jobs-supervisor migrate` as the"
            " owner of the database, or `jobs-supervisor migrate --sql` and give it to one"
        ) from error
    return steps


def check(connection: Connection) -> None:
    """Refuse to work on tables that do not fit this code.

    Raises:
        SchemaMissing, SchemaOutdated, SchemaTooNew: with what to do.
    """
    applied = _applied(connection)
    newest = migrations()[-1].version
    if applied is None:
        raise SchemaMissing("the database has no jobs schema yet; run `jobs-supervisor migrate`")
    if applied.version < newest:
        raise SchemaOutdated(
            f"the jobs schema is at version {applied.version} and this code needs {newest};"
            " run `jobs-supervisor migrate`"
        )
    _check_readable(applied, newest)


@dataclass(frozen=True, slots=True)
class _Applied:
    version: int
    readable_by: int


def _applied(connection: Connection) -> _Applied | None:
    exists = connection.execute("SELECT to_regclass('jobs.migration') IS NOT NULL").fetchone()
    if not exists or not exists[0]:
        return None
    row = connection.execute(
        "SELECT version, readable_by FROM jobs.migration ORDER BY version DESC LIMIT 1"
    ).fetchone()
    return None if row is None else _Applied(*row)


def _check_readable(applied: _Applied, newest: int) -> None:
    if applied.readable_by > newest:
        raise SchemaTooNew(
            f"the jobs schema is at version {applied.version}, which this code (version {newest})"
            " cannot work with; upgrade jobs-runtime on this host"
        )


def as_script(steps: list[Migration]) -> str:
    """The steps as one script for psql, for an owner who applies it by hand."""
    if not steps:
        return "-- up to date"
    parts = ["BEGIN;", MIGRATION_TABLE.decode().strip() + ";"]
    for step in steps:
        parts.append(step.sql.decode().strip())
        parts.append(f"{RECORD} ({step.version}, {step.readable_by});")
    return "\n\n".join([*parts, "COMMIT;"])
