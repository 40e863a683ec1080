"""Moving what waits in the tables of pg-boss into our own, for good."""

from jobs_runtime.executors.pgboss.moving.moving import (
    Moved,
    Refused,
    Waiting,
    move_jobs,
    move_schedule,
    schedule_names,
    waiting,
)

__all__ = ["Moved", "Refused", "Waiting", "move_jobs", "move_schedule", "schedule_names", "waiting"]
