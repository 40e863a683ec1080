"""Background jobs for Python web apps: rows in Postgres, performed by supervised workers.

Declare jobs where the application and its workers can import them:

    from jobs_runtime import Context, Jobs

    jobs = Jobs()  # on DATABASE_URL

    @jobs.job(retry_limit=2, expire_in=600)
    def render_invoice(invoice: Invoice, context: Context) -> Rendered: ...

Submit them in the web server, inside a transaction of its own if it likes:

    submitted = render_invoice.submit(Invoice(7))
    submitted = render_invoice.delay(3600).submit(Invoice(7), connection=session)
    submitted.result(timeout=30)

Perform them elsewhere:

    jobs-supervisor --app shop.jobs --workers 8

Start with `help(Jobs)`, `help(jobs.job)`, `help(Job.submit)` and `help(OptionValues)`. Every error
raised on purpose is a `JobsError`. A method that has a twin for coroutines names it with an `a`:
`submit` and `asubmit`. What an application's own tests need is in `jobs_runtime.testing`.
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
    SchemaOutdated,
    SchemaTooNew,
    Snooze,
)
from jobs_runtime.executors.protocol import PG_BOSS_EXECUTOR_NAME
from jobs_runtime.job import Job
from jobs_runtime.model import Cancellation, JobRecord, JobState, Pause, Progress
from jobs_runtime.options import Options, OptionValues, Seconds, When
from jobs_runtime.pausing import Queue
from jobs_runtime.schedule import Schedule
from jobs_runtime.submission import Submitter
from jobs_runtime.submitted import SubmittedJob
from jobs_runtime.timetable import ScheduleRecord, StoredSchedule

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
    "OptionValues",
    "Options",
    "Pause",
    "PayloadError",
    "Progress",
    "Queue",
    "ResultTimeout",
    "RetryAfter",
    "Schedule",
    "ScheduleError",
    "ScheduleRecord",
    "SchemaError",
    "SchemaMissing",
    "SchemaOutdated",
    "SchemaTooNew",
    "Seconds",
    "Snooze",
    "StoredSchedule",
    "SubmittedJob",
    "Submitter",
    "When",
]
