"""The demo's application, as anybody would write one."""

from __future__ import annotations

from pathlib import Path

from jobs_runtime import Context, Jobs, Schedule
from jobs_supervisor.demo.measuring import FileMeasures, measure

jobs = Jobs()


@jobs.job(retry_limit=1)
def measure_file(path: str) -> FileMeasures:
    """Measure one source file; one that does not parse fails, and is tried once more."""
    return measure(Path(path).read_bytes())


@jobs.job(schedule=Schedule("*/2 * * * * *"))
def summarize(_args: None, context: Context) -> dict[str, int]:
    """Count every other second what has been measured so far."""
    rows = context.connection.execute(
        "SELECT state::text, count(*) FROM jobs.finished WHERE name = %s GROUP BY state",
        [measure_file.name],
    )
    return dict(rows.fetchall())
