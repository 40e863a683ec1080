"""Schedules in the tables of pg-boss: which of their ticks are due, and firing each once.

A Node fires a tick by a row `__pgboss__send-it` that is unique for the schedule and the minute. We
insert that row, completed, together with the job: whoever comes second, Node or we, does nothing.
"""

from jobs_runtime.executors.pgboss.cron.operations import (
    SharedSchedule,
    dealt_with,
    fire,
    forget,
    owned,
    remember,
    schedules,
    write,
)
from jobs_runtime.executors.pgboss.cron.ticks import as_schedule, slot

__all__ = [
    "SharedSchedule",
    "as_schedule",
    "dealt_with",
    "fire",
    "forget",
    "owned",
    "remember",
    "schedules",
    "slot",
    "write",
]
