"""What the doctor finds wrong with an installation."""

from __future__ import annotations

from jobs_runtime.database import Connection
from jobs_supervisor.doctor.diagnosis import examine
from jobs_supervisor.finding import Finding, Level


def wrong(where: str | Connection) -> list[Finding]:
    """What is wrong with an installation."""
    dsn = where if isinstance(where, str) else where.info.dsn
    return [finding for finding in examine(dsn) if finding.level is not Level.OK]


def texts(where: str | Connection) -> list[str]:
    """The same, without what to do."""
    return [finding.text for finding in wrong(where)]
