"""What jobs in pg-boss's tables cannot have: pure."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from jobs_runtime.errors import DeclarationError, OptionError
from jobs_runtime.executors.pgboss.cron.ticks import FIELDS
from jobs_runtime.executors.pgboss.defaults import ARCHIVE_AFTER
from jobs_runtime.options import Options

if TYPE_CHECKING:
    from jobs_runtime.job import Job

INTERNAL = "__pgboss__"
"""Begins the names of queues that Node's pg-boss keeps for itself."""

COMPLETION = "__state__completed__"
"""Begins the names of queues in which completion jobs wait."""

LARGEST = 2**31 - 1
"""The largest integer of pg-boss's columns."""


def check_job(job: Job[Any, Any], archived_after: float = ARCHIVE_AFTER) -> None:
    """Refuse a declaration that pg-boss's tables cannot keep.

    Raises:
        DeclarationError: with what is in the way.
        OptionError: likewise, of its options.
    """
    refuse = _refusal(job.name)
    if job.name.startswith(INTERNAL):
        raise DeclarationError(f"job {job.name}: names in {INTERNAL!r} are pg-boss's own")
    if job.queue != job.name:
        raise refuse(f"a queue= other than its name ({job.queue!r}): there, the name is the queue")
    if job.limits is not None:
        raise refuse("concurrency= or rate=")
    if len(job.schedules) > 1 or any(schedule.name for schedule in job.schedules):
        raise refuse("several schedules, or one with a name: there, a job has one or none")
    if any(schedule.overlap != "allow" for schedule in job.schedules):
        raise refuse("overlap='skip'; give the job a singleton_key=")
    for schedule in job.schedules:
        if len(schedule.cron.split()) > FIELDS:
            raise refuse(
                f"a schedule with seconds ({schedule.cron!r}): there, it fires once a minute at"
                " most; leave the first field out"
            )
    # What excludes what is known when the options of the submit are, too.
    options = dict(chain.from_iterable(layer.items() for layer in job.layers))
    check_options(job.name, msgspec.convert(options, Options), archived_after)


def check_options(name: str, options: Options, archived_after: float = ARCHIVE_AFTER) -> None:
    """Refuse options that pg-boss's tables cannot keep.

    Raises:
        OptionError: with the first of them.
    """
    refuse = _refusal(name, OptionError)
    for key in ("retry_max_delay", "limit_key", "dead_letter", "keep_finished_for"):
        if getattr(options, key) is not None:
            raise refuse(f"{key}; leave it out, or declare {key}=None over a default of Jobs(...)")
    if options.on_complete not in (None, True):
        raise refuse(
            "an on_complete that names a job: declare on_complete=True, and a job with"
            f" name={COMPLETION + name!r} to perform what is reported"
        )
    for key in ("retry_delay", "singleton_seconds"):
        value: float | None = getattr(options, key)
        if value is not None and (value != int(value) or value > LARGEST):
            raise refuse(f"a {key} of {value:g} s: it takes whole seconds")
    for key in ("expire_in", "keep_for"):
        value = getattr(options, key)
        if value is not None and value < 1:
            raise refuse(f"a {key} of {value:g} s: it takes 1 s or more")
    if (options.singleton_seconds or 0) > archived_after:
        raise refuse(
            f"a singleton_seconds of more than {archived_after / 3600:g} hours, after which Node"
            " forgets the slot (archiveCompletedAfter)"
        )


def _refusal(name: str, kind: type[DeclarationError | OptionError] = DeclarationError) -> Any:
    def refuse(what: str) -> DeclarationError | OptionError:
        return kind(f"job {name}: the executor PgBoss cannot keep {what}")

    return refuse
