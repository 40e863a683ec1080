"""What a worker is given to work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs_runtime.executors.protocol import WorkerExecutor
from jobs_runtime.job import Job
from jobs_supervisor.pulse import Pulse
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.wake import WakePipe
from jobs_supervisor.worker.recycling import Recycling


@dataclass(frozen=True, slots=True)
class WorkerAssignment:
    """What a worker is given to work with.

    Attributes:
        dsn: where its jobs are kept.
        supervisor_id: whose worker it is.
        jobs: the declared jobs by name.
        pulse: whether the supervisor is heard: if not, others may soon perform its jobs.
        slots: what the others of the pool are doing.
        recycling: when to be replaced though nothing is wrong.
    """

    dsn: str
    supervisor_id: str
    jobs: Mapping[str, Job[Any, Any]]
    executor: WorkerExecutor
    wake_pipe: WakePipe
    pulse: Pulse
    slots: SlotMap
    recycling: Recycling = field(default_factory=Recycling)

    def names_by_queue(self) -> dict[str, list[str]]:
        """The names of the jobs in each queue, in the order of their declaration."""
        names: dict[str, list[str]] = {}
        for job in self.jobs.values():
            names.setdefault(job.queue, []).append(job.name)
        return names
