"""What a supervisor can be told, with every default; durations are seconds."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, cast

from jobs_runtime.errors import ConfigurationError
from jobs_runtime.suggestions import nearest
from jobs_supervisor.exporter.access import Access
from jobs_supervisor.logs import Format
from jobs_supervisor.serving import Serving
from jobs_supervisor.worker.recycling import Recycling

ENVIRONMENT = "JOBS"
"""What the environment variable of an option begins with."""


def unset_environment() -> dict[str, str]:
    """The environment without what is set there: for a pool that is to be as its caller says."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(f"{ENVIRONMENT}_")
    }


def cpu_count() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run.

    Attributes:
        app: where the application's `Jobs` is: `module` or `module:attribute`.
        workers: worker processes; default the number of CPUs.
        only_queues: perform the jobs of these alone, with commas between; None for all.
        exclude_queues: perform all but the jobs of these; None for no exception.
        dsn: where the jobs are; default `DATABASE_URL`.
        direct_dsn: the server itself, if `dsn` leads through a pooler.
        drain: how long running jobs may go on after SIGTERM.
        kill_after: from a cancel or a time limit until the process is killed.
        boot_timeout: how long a process may take to boot.
        startup_timeout: how long to wait for the database at start.
        metrics_address: host:port of /metrics, /livez and /readyz.
        metrics_token: bearer token without which /metrics is refused; None for none.
        metrics_certificate: PEM file; with it all three are served over TLS.
        metrics_key: PEM file of its key; None if the certificate's file has it too.
        retention_days: how long finished jobs are kept.
        pgboss_maintenance: who keeps pg-boss's schedules and old jobs, beside Node: `python`, or
            `node` to leave both to it.
        log_format: `text`, `json`, or `auto` for text on a terminal and JSON elsewhere.
        preload: whether the application is imported once, before the workers are forked, so that
            they share its memory.
        max_jobs: attempts after which a worker is replaced; None for never.
        max_age: seconds after which it is; None for never.
        max_memory: resident memory, in MB, above which it is; None for never.
    """

    app: str
    workers: int
    only_queues: str | None
    exclude_queues: str | None
    dsn: str | None
    direct_dsn: str | None
    drain: float
    kill_after: float
    boot_timeout: float
    startup_timeout: float
    metrics_address: str
    metrics_token: str | None
    metrics_certificate: str | None
    metrics_key: str | None
    retention_days: int
    pgboss_maintenance: Literal["python", "node"]
    log_format: Format
    preload: bool
    max_jobs: int | None
    max_age: float | None
    max_memory: float | None

    @property
    def access(self) -> Access:
        """How the exporter is protected."""
        return Access(self.metrics_token, self.metrics_certificate, self.metrics_key)

    @property
    def serving(self) -> Serving:
        """Which of the declared jobs are performed."""
        return Serving(self.only_queues, self.exclude_queues)

    @property
    def recycling(self) -> Recycling:
        """When a worker is replaced though nothing is wrong."""
        return Recycling(self.max_jobs, self.max_age, self.max_memory)


DEFAULTS: dict[str, Any] = {
    "workers": cpu_count(),
    "only_queues": None,
    "exclude_queues": None,
    "drain": 25.0,
    "kill_after": 5.0,
    "boot_timeout": 30.0,
    "startup_timeout": 60.0,
    "metrics_address": "127.0.0.1:9464",
    "metrics_token": None,
    "metrics_certificate": None,
    "metrics_key": None,
    "retention_days": 7,
    "pgboss_maintenance": "python",
    "log_format": "auto",
    "preload": True,
    "max_jobs": None,
    "max_age": None,
    "max_memory": None,
}


def from_pyproject(directory: Path) -> dict[str, Any]:
    """Settings in `[tool.jobs-supervisor]` of the directory's pyproject.toml, if there are any.

    Raises:
        ConfigurationError: the file does not parse, a key is unknown, or a value is none.
    """
    path = directory / "pyproject.toml"
    if not path.is_file():
        return {}
    try:
        tools = tomllib.loads(path.read_text()).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} does not parse: {error}") from None
    section: Any = tools.get("jobs-supervisor", {})
    if not isinstance(section, dict):
        raise ConfigurationError(f"[tool.jobs-supervisor] of {path} is to be a table")
    known = [field.name.replace("_", "-") for field in fields(Settings)]
    values = cast("dict[str, Any]", section)
    for key, value in values.items():
        if key not in known:
            raise ConfigurationError(
                f"unknown key {key!r} in [tool.jobs-supervisor] of {path}{nearest(key, known)}"
            )
        if not isinstance(value, str | int | float):
            raise ConfigurationError(
                f"{key} in [tool.jobs-supervisor] of {path} takes a number, a string, true or false"
            )
    return {key.replace("-", "_"): value for key, value in values.items()}
