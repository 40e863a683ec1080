"""The command line."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import psycopg

from jobs_runtime.dsn import resolve_dsn
from jobs_runtime.errors import DatabaseUnavailable, JobsError, SchemaError
from jobs_runtime.executors.operation import run as run_operation
from jobs_runtime.executors.postgres import PostgresExecutor
from jobs_runtime.model import Pause
from jobs_runtime.suggestions import nearest
from jobs_supervisor import logs
from jobs_supervisor.examining import check, doctor
from jobs_supervisor.flags import app_option, connected, dsn_options, queue_options, setting_option
from jobs_supervisor.performed import performed_jobs
from jobs_supervisor.pgboss.commands import pgboss
from jobs_supervisor.settings import DEFAULTS, ENVIRONMENT, Settings, from_pyproject
from jobs_supervisor.signals import end_when_told

FAILED, USAGE, INTERRUPTED = 1, 2, 130


def pool_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add everything else that a pool can be told."""
    file = click.Path(exists=True, dir_okay=False)
    seconds, positive = click.FloatRange(min=0), click.FloatRange(min=0, min_open=True)
    formats = click.Choice(["auto", "text", "json"])
    keepers = click.Choice(["python", "node"])
    for name, kind, text in (
        ("--log-format", formats, "Auto: text on a terminal, JSON elsewhere."),
        ("--max-memory", positive, "Replace a worker with more MB resident than this."),
        ("--max-age", positive, "Replace a worker after so many seconds."),
        ("--max-jobs", click.IntRange(min=1), "Replace a worker after so many attempts."),
        ("--pgboss-maintenance", keepers, "Who does pg-boss's cron and clean-up: or only Node."),
        ("--retention-days", click.IntRange(min=1), "How long finished jobs are kept."),
        ("--metrics-key", file, "PEM file of its key, if that is not in the same file."),
        ("--metrics-certificate", file, "PEM file: serve metrics and probes over TLS."),
        ("--metrics-token", str, "Bearer token without which /metrics is refused."),
        ("--metrics-address", str, "host:port of /metrics, /livez and /readyz."),
        ("--startup-timeout", seconds, "Seconds to wait for the database at start."),
        ("--boot-timeout", seconds, "Seconds that a process may take to boot."),
        ("--kill-after", seconds, "Seconds from a cancel or a time limit to a kill."),
        ("--drain", seconds, "Seconds that running jobs may go on after SIGTERM."),
    ):
        command = setting_option(name, kind, text)(command)
    command = queue_options(command)
    command = setting_option(
        "--workers", click.IntRange(min=1), "Worker processes; default the number of CPUs."
    )(command)
    preload = click.option(
        "--preload/--no-preload",
        default=DEFAULTS["preload"],
        show_default=True,
        help="Import the application once and share its memory, or once in each worker.",
    )
    return preload(command)


@click.group(
    invoke_without_command=True,
    context_settings={"auto_envvar_prefix": ENVIRONMENT, "help_option_names": ["-h", "--help"]},
)
@app_option
@dsn_options
@pool_options
@click.version_option(package_name="jobs-runtime")
@click.pass_context
def cli(context: click.Context, **options: Any) -> None:
    """Perform background jobs: fork worker processes and a scheduler, and keep them alive.

    \b
    jobs-supervisor --app shop.jobs --workers 8     run a pool
    jobs-supervisor dev --app shop.jobs             run one on a database of its own
    jobs-supervisor demo                            see it work

    Every option has an environment variable JOBS_… and a key in [tool.jobs-supervisor] of
    pyproject.toml.
    """  # noqa: D301
    if context.invoked_subcommand is None:
        sys.exit(_run(Settings(**options)))


@cli.command()
@app_option
@pool_options
def dev(**options: Any) -> None:
    """Run a pool on an embedded Postgres, kept in .jobs/ of this directory."""
    from jobs_supervisor.embedded import EmbeddedDatabase

    logs.configure(options["log_format"])
    database = EmbeddedDatabase(Path(".jobs/postgres").resolve())
    click.echo(f"for your application: export DATABASE_URL='{database.dsn}'", err=True)
    settings = Settings(**options, dsn=database.dsn, direct_dsn=None)
    sys.exit(_run(settings, migrates=True))


@cli.command()
@setting_option("--workers", click.IntRange(min=1), "Worker processes.")
@click.option("--chaos", is_flag=True, help="Kill a worker on the way.")
@click.option("--keep-running", is_flag=True, help="Leave it up until Ctrl-C.")
@click.option("--limit", type=click.IntRange(min=1), help="Measure so many files at most.")
def demo(workers: int, chaos: bool, keep_running: bool, limit: int | None) -> None:
    """Measure Python's standard library with a pool on a Postgres of its own."""
    from rich.console import Console

    from jobs_supervisor.demo.demo import Demo

    Demo(Console(), workers, chaos, keep_running, limit).run()


@cli.command()
@app_option
@dsn_options
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if a migration is pending.")
@click.option("--sql", is_flag=True, help="Change nothing; print the pending SQL.")
def migrate(
    app: str | None, dsn: str | None, direct_dsn: str | None, check: bool, sql: bool
) -> None:
    """Bring the schema `jobs` to the version that this code needs.

    With --app, and if that declares jobs of pg-boss: make pg-boss's tables where there are none.
    """
    from jobs_supervisor import migrating
    from jobs_supervisor.application import chosen_dsn
    from jobs_supervisor.preflight import wait_for_database

    declared_dsn, pg_boss_schema = migrating.needs(app)
    where = resolve_dsn(direct_dsn or chosen_dsn(dsn, declared_dsn, pg_boss_schema))
    with wait_for_database(where, timeout=5) as connection:
        if sql:
            click.echo(migrating.as_script(connection, pg_boss_schema))
            return
        if check:
            steps = [f"pending {step}" for step in migrating.pending(connection, pg_boss_schema)]
        else:
            steps = [f"applied {step}" for step in migrating.apply(connection, pg_boss_schema)]
    click.echo("\n".join(steps) or "up to date")
    sys.exit(FAILED if steps and check else 0)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--watch", is_flag=True, help="Show it again every half second.")
def status(as_json: bool, watch: bool) -> None:
    """Show what every slot of this user's supervisors is doing; needs no database."""
    from jobs_supervisor import watching

    if watch:
        watching.watch()
    elif as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "pid": record.pid,
                        "app": record.app,
                        "database": record.database,
                        "metrics": record.metrics,
                        "up_seconds": round(time.time() - record.started_at, 3),
                        "unhandled": unhandled,
                        "slots": [asdict(slot) for slot in slots],
                    }
                    for record, slots, unhandled in watching.reports()
                ],
                indent=2,
            )
        )
    else:
        watching.show()


@cli.command()
@dsn_options
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def queues(dsn: str | None, direct_dsn: str | None, as_json: bool) -> None:
    """Show what waits and runs in every queue, and what nobody performs."""
    from rich.console import Console

    from jobs_runtime.executors.pgboss.new_options import from_environment
    from jobs_supervisor.queues import as_table, read

    with connected(direct_dsn or dsn) as connection:
        found = read(connection, from_environment().schema)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    else:
        Console().print(as_table(found) if found else "nothing waits or runs")


@cli.command()
@dsn_options
@click.option("--queue", "kind", flag_value="queue", help="NAME is a queue, not a job.")
@click.argument("name")
def pause(dsn: str | None, direct_dsn: str | None, kind: str | None, name: str) -> None:
    """Have nothing more claimed of a job (or a queue), on any host. What runs goes on."""
    with connected(direct_dsn or dsn) as connection:
        run_operation(connection, PostgresExecutor().pause(Pause(kind or "job", name)))
        performed = run_operation(connection, performed_jobs())
    click.echo(f"paused {name}")
    if kind is None and performed and name not in performed:
        click.echo(f"no supervisor performs a job {name}{nearest(name, performed)}", err=True)


@cli.command()
@dsn_options
@click.option("--queue", "kind", flag_value="queue", help="NAME is a queue, not a job.")
@click.argument("name")
def resume(dsn: str | None, direct_dsn: str | None, kind: str | None, name: str) -> None:
    """End a pause."""
    operation = PostgresExecutor().unpause(Pause(kind or "job", name), None)
    with connected(direct_dsn or dsn) as connection:
        ended = run_operation(connection, operation)
    click.echo(f"resumed {name}" if ended else f"{name} was not paused")
    sys.exit(0 if ended else FAILED)


def _run(settings: Settings, *, migrates: bool = False) -> int:
    end_when_told()
    from jobs_supervisor.run import run

    if not settings.app:
        raise click.UsageError("which application? give --app MODULE[:ATTRIBUTE] or set JOBS_APP")
    logs.configure(settings.log_format)
    return run(settings, migrates=migrates)


for command in (check, doctor, pgboss):
    cli.add_command(command)


def main() -> None:
    """Run the command line; what goes wrong is one line and an exit code (2 for usage)."""
    _share_environment(cli)
    try:
        cli(default_map=_for_each(cli, from_pyproject(Path.cwd())), standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except JobsError as error:
        click.echo(f"jobs-supervisor: {error}", err=True)
        sys.exit(FAILED if isinstance(error, SchemaError | DatabaseUnavailable) else USAGE)
    except psycopg.Error as error:
        click.echo(f"jobs-supervisor: the database: {' '.join(str(error).split())}", err=True)
        sys.exit(FAILED)


def _share_environment(group: click.Group) -> None:
    """Have every command read the variables that the pool reads, and not `JOBS_CHECK_WORKERS`."""
    for command in group.commands.values():
        command.context_settings["auto_envvar_prefix"] = ENVIRONMENT
        if isinstance(command, click.Group):
            _share_environment(command)


def _for_each(group: click.Group, defaults: dict[str, Any]) -> dict[str, Any]:
    """The same defaults for a group and for every command in it."""
    inner = {
        name: _for_each(command, defaults) if isinstance(command, click.Group) else defaults
        for name, command in group.commands.items()
    }
    return {**defaults, **inner}
