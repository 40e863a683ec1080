"""Options that several commands take, and the connection that they ask for."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import click

from jobs_runtime.database import Connection
from jobs_runtime.dsn import resolve_dsn
from jobs_supervisor.settings import DEFAULTS


def app_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--app`."""
    return click.option("--app", metavar="MODULE[:ATTRIBUTE]", help="Where your Jobs object is.")(
        command
    )


def dsn_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--dsn` and `--direct-dsn`."""
    for decorate in (
        click.option("--direct-dsn", help="The server itself, if --dsn leads through a pooler."),
        click.option(
            "--dsn",
            envvar=["JOBS_DSN", "DATABASE_URL"],
            show_envvar=True,
            help="Where the jobs are: postgresql://user:password@host/name",
        ),
    ):
        command = decorate(command)
    return command


def setting_option(
    name: str, kind: Any, text: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option that has the default of the setting with its name."""
    default = DEFAULTS[name[2:].replace("-", "_")]
    return click.option(name, type=kind, default=default, show_default=True, help=text)


def queue_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the choice of what a pool performs."""
    for name, text in (
        ("--exclude-queues", "Perform the jobs of all queues but these."),
        ("--only-queues", "Perform the jobs of these queues alone, such as mail,video."),
    ):
        command = setting_option(name, str, text)(command)
    return command


@contextmanager
def connected(dsn: str | None) -> Generator[Connection]:
    """A connection to a database whose schema fits this code."""
    from jobs_runtime.executors.postgres import migrate as migrations
    from jobs_supervisor.preflight import wait_for_database

    with wait_for_database(resolve_dsn(dsn), timeout=5, quietly=True) as connection:
        migrations.check(connection)
        yield connection
