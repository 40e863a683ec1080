"""What a scheduler is given to work with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_runtime.executors.protocol import WorkerExecutor
from jobs_runtime.job import Job
from jobs_supervisor.obituary import ObituaryPipe
from jobs_supervisor.pulse import Pulse
from jobs_supervisor.scheduler.shared_tables import SharedTables
from jobs_supervisor.slots import Slot
from jobs_supervisor.wake import WakePipe


@dataclass(frozen=True, slots=True)
class SchedulerAssignment:
    """What a scheduler is given to work with.

    Attributes:
        app: where the application is.
        dsn: must reach the server itself, not a pooler in transaction mode.
        jobs: the declared jobs by name, those included that only other pools perform.
        queues: where this host's workers look for work.
        retention_days: whole days of history to keep.
        drain: seconds that workers have to end if the supervisor was killed.
        shared: the tables of a pg-boss; None if no job is kept there.
    """

    app: str
    dsn: str
    record: SupervisorRecord
    jobs: Mapping[str, Job[Any, Any]]
    queues: Collection[str]
    executor: WorkerExecutor
    workers: Sequence[Slot]
    wake_pipe: WakePipe
    pulse: Pulse
    obituaries: ObituaryPipe
    retention_days: int
    drain: float
    shared: SharedTables | None = None
