"""`make demo-pgboss`: a web server's latency with a heavy job inside it, and with it moved out."""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.environments import CannotInstall, install_packages, node_programs
from examples.wasp.stage import FOLDER, Stage, Visitors
from jobs_supervisor.embedded import EmbeddedDatabase

SECONDS, REPORTS, WORKERS = 10, 40, 2


def perform(stage: Stage, *, in_node: bool) -> list[str]:
    """Order reports and browse meanwhile; gives a row of the table."""
    with (
        nullcontext() if in_node else stage.pool(WORKERS),
        stage.web_server(performs=in_node) as port,
    ):
        visitors = Visitors(port)
        visitors.order(REPORTS)
        visitors.browse(SECONDS)
        done = stage.done()
    where = "in Node" if in_node else f"in {WORKERS} Python workers"
    return [where, *(f"{wait:,.0f}" for wait in visitors.summary()), str(done)]


def main() -> None:
    console = Console()
    try:
        node_programs()
        install_packages(FOLDER)
    except CannotInstall as error:
        raise SystemExit(f"this demonstration needs Node, npm and pg-boss: {error}") from None
    table = Table(title=f"A web server while {REPORTS} reports of 0.5 s wait, for {SECONDS} s")
    table.add_column("reports are rendered")
    for column in ("page: median ms", "99 %", "longest", f"reports in {SECONDS} s"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory(prefix="jobs-wasp-") as directory:
        Path(directory).chmod(0o755)
        database = EmbeddedDatabase(Path(directory) / "postgres")
        try:
            for in_node in (True, False):
                where = "Node" if in_node else "Python"
                console.print(f"rendering in {where} ...")
                table.add_row(*perform(Stage(database.dsn, where.lower()), in_node=in_node))
        finally:
            database.stop()
    console.print(table)


if __name__ == "__main__":
    main()
