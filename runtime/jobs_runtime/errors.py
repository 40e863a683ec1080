"""Every error this package raises on purpose.

All derive from `JobsError`, and each message is one line that says what is wrong and what to do.
"""

from __future__ import annotations

from datetime import timedelta


class JobsError(Exception):
    """The base of every error raised on purpose by jobs-runtime."""


class DeclarationError(JobsError, ValueError):
    """A job is declared in a way that cannot work, such as twice under one name."""


class OptionError(JobsError, ValueError):
    """An option is unknown, of the wrong type or out of range."""


class ScheduleError(JobsError, ValueError):
    """A schedule cannot be used, written or run as asked."""


class PayloadError(JobsError, ValueError):
    """An argument or result cannot be turned into JSON, or JSON does not fit the declared type."""


class ConfigurationError(JobsError, ValueError):
    """A setting is missing or wrong: no DSN, a DSN that does not parse, an unknown key."""


class SchemaError(JobsError):
    """The tables in the database do not fit this version of the code."""


class SchemaMissing(SchemaError):
    """The database has no `jobs` schema."""


class SchemaOutdated(SchemaError):
    """The `jobs` schema is older than this code needs."""


class SchemaTooNew(SchemaError):
    """The `jobs` schema was changed by newer code in a way this code cannot work with."""


class DatabaseUnavailable(JobsError):
    """The database cannot be reached, or went away and did not come back in time."""


class JobNotFound(JobsError, LookupError):
    """No job has this id, neither waiting nor finished.

    It may have passed its retention, or the transaction that submits it may still be open.
    """


class JobFailed(JobsError):
    """The job that was waited for ended without a result: failed, expired or cancelled.

    Attributes:
        state: the job's final state.
        output: what the last attempt left, usually `{"name", "message", "stack"}`.
    """

    def __init__(self, message: str, state: str, output: object) -> None:
        super().__init__(message, state, output)
        self.state = state
        self.output = output

    def __str__(self) -> str:
        return str(self.args[0])


class ResultTimeout(JobsError, TimeoutError):
    """`result(timeout=...)` ran out of time; the job itself goes on."""


class Discard(JobsError):
    """Raise it in a perform function to fail the job at once, without another attempt."""


class RetryAfter(JobsError):
    """Raise it in a perform function to fail the attempt and choose when the next one is made.

    Args:
        seconds: until the next attempt, if `retry_limit` allows one; or a `timedelta`.
        message: why.

    Raises:
        OptionError: negative, or longer than a hundred years.
    """

    def __init__(self, seconds: float | timedelta, message: str = "") -> None:
        self.seconds = _checked("RetryAfter", seconds)
        super().__init__(self.seconds, message)

    def __str__(self) -> str:
        return self.args[1] or f"again after {self.seconds:g} s"


class Snooze(JobsError):
    """Raise it in a perform function to be performed again later; the attempt does not count.

    Args:
        seconds: until then; or a `timedelta`.

    Raises:
        OptionError: negative, or longer than a hundred years.
    """

    def __init__(self, seconds: float | timedelta) -> None:
        self.seconds = _checked("Snooze", seconds)
        super().__init__(self.seconds)

    def __str__(self) -> str:
        return f"snoozed for {self.seconds:g} s"


class Cancelled(JobsError):
    """Raised by `Context.raise_if_cancelled()` in a job that was cancelled or is out of time."""


def _checked(what: str, duration: float | timedelta) -> float:
    from jobs_runtime.options import seconds  # which needs the errors of this file

    return seconds(what, duration)
