"""Background jobs for Python web apps: rows in Postgres, performed by supervised workers.

from jobs_runtime import Context, Jobs, Schedule

jobs = Jobs()

@jobs.job(retry_limit=2, expire_in=600)
def render_invoice(args: Invoice, context: Context) -> Rendered: ...

submitted = render_invoice.submit(Invoice(7))
"""

from jobs_runtime.app import Jobs
from jobs_runtime.context import Context
from jobs_runtime.errors import (
    Cancelled,
    ConfigurationError,
    DatabaseUnavailable,
    DeclarationError,
    Discard,
    JobFailed,
    JobNotFound,
    JobsError,
    OptionError,
    PayloadError,
    ResultTimeout,
    RetryAfter,
    ScheduleError,
    SchemaError,
    SchemaMissing,
    Snooze,
)
from jobs_runtime.executors.protocol import PG_BOSS_EXECUTOR_NAME
from jobs_runtime.job import Job
from jobs_runtime.model import Cancellation, JobRecord, JobState, Progress
from jobs_runtime.schedule import Schedule
from jobs_runtime.submitted import SubmittedJob

__all__ = [
    "PG_BOSS_EXECUTOR_NAME",
    "Cancellation",
    "Cancelled",
    "ConfigurationError",
    "Context",
    "DatabaseUnavailable",
    "DeclarationError",
    "Discard",
    "Job",
    "JobFailed",
    "JobNotFound",
    "JobRecord",
    "JobState",
    "Jobs",
    "JobsError",
    "OptionError",
    "PayloadError",
    "Progress",
    "ResultTimeout",
    "RetryAfter",
    "Schedule",
    "ScheduleError",
    "SchemaError",
    "SchemaMissing",
    "Snooze",
    "SubmittedJob",
]
