"""The commands that look and change nothing: `check` before a start, `doctor` afterwards."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from jobs_supervisor.flags import app_option, dsn_options, queue_options, setting_option


@click.command()
@app_option
@dsn_options
@setting_option(
    "--workers", click.IntRange(min=1), "Worker processes of the pool that is to be started."
)
@setting_option(
    "--drain", click.FloatRange(min=0), "Seconds that its running jobs may go on after SIGTERM."
)
@queue_options
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    help="Seconds after which a stop is cut off: terminationGracePeriodSeconds.",
)
def check(only_queues: str | None, exclude_queues: str | None, **intent: Any) -> None:
    """Look whether application, database, schema and grace are fit for a pool; exit 1 if not."""
    from rich.console import Console

    from jobs_supervisor.checks.checks import Intent, all_checks
    from jobs_supervisor.finding import Level, show
    from jobs_supervisor.serving import Serving

    serving = Serving(only_queues, exclude_queues)
    console, fit = Console(), True
    for finding in all_checks(Intent(serving=serving, **intent)):
        fit = fit and finding.level is not Level.WRONG
        show(console, finding)
    sys.exit(0 if fit else 1)


@click.command()
@dsn_options
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def doctor(dsn: str | None, direct_dsn: str | None, as_json: bool) -> None:
    """Say what is wrong with a running installation, and what to do; exit 1 if anything is."""
    from rich.console import Console

    from jobs_supervisor.doctor.diagnosis import examine
    from jobs_supervisor.finding import Level, show

    console, findings = Console(), list(examine(direct_dsn or dsn))
    wrong = sum(finding.level is not Level.OK for finding in findings)
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        for finding in findings:
            show(console, finding)
        need = f"{wrong} of these need{'s' * (wrong == 1)} you"
        if any("(Jobs" in finding.remedy for finding in findings):
            need += "; names in brackets are sections of docs/runbook.md"
        click.echo(f"\n{need}" if wrong else "\nnothing is wrong")
    sys.exit(1 if wrong else 0)
