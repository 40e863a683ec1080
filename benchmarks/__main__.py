"""The command line of the benchmarks."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from benchmarks import report
from benchmarks.ending import end_when_told
from benchmarks.environments import CannotInstall, install
from benchmarks.peer import OURS, all_peers
from benchmarks.redis import redis
from benchmarks.server import postgres, version
from benchmarks.session import Servers
from benchmarks.suite import WORKLOADS, Results, ServerGone, measure
from jobs_supervisor.settings import cpu_count

RESULTS = Path(__file__).with_name("results")


def listed(known: list[str], given: str | None) -> list[str]:
    """The names in a list with commas; all of them if nothing is given.

    Raises:
        click.BadParameter: one is unknown.
    """
    names = [name.strip() for name in given.split(",")] if given else known
    for name in names:
        if name not in known:
            raise click.BadParameter(f"{name!r} is none of {', '.join(known)}")
    return names


@click.command()
@click.option("--peers", help="Names with commas; default all.")
@click.option("--workload", help="Names with commas; default all.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="The share of each workload's jobs; figures of a small share only say that it works.",
)
def main(peers: str | None, workload: str | None, rounds: int, scale: float) -> None:
    """Measure jobs-runtime and its peers beside each other, on throw-away servers."""
    console = Console()
    end_when_told()
    known = all_peers()
    names = listed(list(WORKLOADS), workload)
    wanted = [name for name in listed(list(known), peers) if name != OURS]
    with ExitStack() as stack, console.status("installing"):
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        dsn = stack.enter_context(postgres())
        servers = {"postgres": Servers(dsn, None, scratch)}
        results = Results()
        contestants = [known[OURS]]
        for name in wanted:
            try:
                install(known[name])
                if known[name].store == "redis" and "redis" not in servers:
                    servers["redis"] = Servers(dsn, stack.enter_context(redis()), scratch)
            except CannotInstall as error:
                results.skipped[name] = str(error)
            else:
                contestants.append(known[name])
        circumstances = report.Circumstances(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            where=f"{version(dsn)}, Python {platform.python_version()}, {cpu_count()} cores",
            scale=scale,
            settings={peer.name: peer.settings for peer in contestants},
        )

        def keep() -> None:
            report.write(results, circumstances, RESULTS)

        report.set_aside(RESULTS)
        try:
            measure(results, contestants, names, rounds, scale, servers, console.log, keep)
        except ServerGone as error:
            raise click.ClickException(str(error)) from None
    show(console, results, circumstances)
    sys.exit(1 if results.failed else 0)


def show(console: Console, results: Results, circumstances: report.Circumstances) -> None:
    """Print the tables, and what is missing in them and why."""
    console.print(f"\n{circumstances.where}; results are in {os.path.relpath(RESULTS)}/")
    for name, runs in results.runs.items():
        console.print(report.table(name, runs))
    for what, reasons in (("skipped", results.skipped), ("failed", results.failed)):
        for who, reason in reasons.items():
            console.print(f"{what}: {who}: {reason}", markup=False)


if __name__ == "__main__":
    main()
