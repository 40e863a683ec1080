"""`jobs-supervisor pgboss ...`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from jobs_runtime.executors.pgboss.new_options import VARIABLE, from_environment
from jobs_runtime.executors.pgboss.schema import DEFAULT_SCHEMA
from jobs_supervisor.flags import app_option, connected, dsn_options


def schema_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--schema`."""
    return click.option(
        "--schema",
        default=lambda: from_environment().schema,
        show_default=f"that of {VARIABLE}, else {DEFAULT_SCHEMA}",
        help="Where pg-boss's tables are.",
    )(command)


def _where(dsn: str | None, direct_dsn: str | None, declared: str | None = None) -> str | None:
    """The database, of what the command line, the variable and an application say."""
    from jobs_supervisor.application import chosen_dsn

    options = from_environment()
    return direct_dsn or chosen_dsn(dsn, options.dsn or declared, options.schema)


@click.group()
def pgboss() -> None:
    """Look after the tables of a Node pg-boss."""


@pgboss.command()
@dsn_options
@schema_option
@click.option("--undo", is_flag=True, help="Remove both again.")
def tune(dsn: str | None, direct_dsn: str | None, schema: str, undo: bool) -> None:
    """Add an index and a trigger to pg-boss's table, so that jobs are found and begun at once.

    Node works on unharmed, and needs no change. The index is built without locking the table.
    """
    from jobs_runtime.executors.pgboss import tuning

    with connected(_where(dsn, direct_dsn)) as connection:
        if undo:
            tuning.undo(connection, schema)
            click.echo(f"{schema}.job has neither our index nor our trigger")
            return
        found = tuning.look(connection, schema)
        if not found.index:
            click.echo(f"building the index jobs_runtime_claim on {schema}.job ...", err=True)
        tuning.tune(connection, schema)
    click.echo(f"{schema}.job has the index jobs_runtime_claim and the trigger jobs_runtime_wake")


@pgboss.command("import")
@app_option
@dsn_options
@schema_option
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=5_000,
    show_default=True,
    help="Jobs moved in one transaction.",
)
def import_(
    app: str | None, dsn: str | None, direct_dsn: str | None, schema: str, batch: int
) -> None:
    """Move waiting jobs and schedules from pg-boss's tables into our own.

    Of jobs that the application keeps in our own tables. It may be interrupted and run again: each
    batch is moved wholly or not at all.
    """
    from rich.console import Console

    from jobs_supervisor.application import load_application
    from jobs_supervisor.pgboss.importing import Import

    if not app:
        raise click.UsageError("which application? give --app MODULE[:ATTRIBUTE]")
    jobs = load_application(app)
    with connected(_where(dsn, direct_dsn, jobs.database.given_dsn)) as connection:
        Import(connection, schema, jobs, Console()).run(batch)
