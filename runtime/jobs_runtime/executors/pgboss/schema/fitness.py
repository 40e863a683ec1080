"""What can be done on the tables of a version of pg-boss: a decision, apart from reading them."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import Enum

from jobs_runtime.errors import SchemaError, SchemaMissing, SchemaOutdated, SchemaTooNew
from jobs_runtime.executors.pgboss.schema.layout import FLAT, QUEUED, Layout
from jobs_runtime.unusable import NO_PG_BOSS_TABLES

FULL_VERSION = 20
"""The version of pg-boss 7.4 to 9.0, frozen since: no later pg-boss upgrades it."""

QUEUE_VERSIONS = range(25, 47)
"""The versions of pg-boss 11 and 12 that this was tried on (12.38 has the last)."""

FLOWS_OF_THE_WORKERS = (31, 32)
"""In these versions who completes a job of a flow has to release the jobs that wait for it."""


class Mode(Enum):
    """How far the tables are used.

    Attributes:
        FULL: everything, schedules and maintenance too.
        WORKER: performing and sending jobs of standard queues; the rest is left to Node.
    """

    FULL = "full"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Fitness:
    """That the tables can be used.

    Attributes:
        version: what `version` says.
        mode: how far.
        layout: which statements fit them.
        warning: what the operator should know; None for nothing.
    """

    version: int
    mode: Mode
    layout: Layout
    warning: str | None = None


FOLDERS = {Mode.FULL: FLAT, Mode.WORKER: QUEUED}
"""Where the statements of each mode are."""

NEEDED = {
    Mode.FULL: {
        "job": (
            "id name priority data state retrylimit retrycount retrydelay retrybackoff startafter"
            " startedon singletonkey singletonon expirein createdon completedon keepuntil"
            " on_complete output"
        ),
        "archive": "id name state archivedon",
        "schedule": "name cron timezone data options updated_on",
        "subscription": "event name",
        "version": "version maintained_on cron_on",
    },
    Mode.WORKER: {
        "job": (
            "id name priority data state retry_limit retry_count retry_delay retry_backoff"
            " retry_delay_max start_after started_on singleton_key singleton_on expire_seconds"
            " deletion_seconds created_on completed_on keep_until output dead_letter policy"
        ),
        "queue": (
            "name policy retry_limit retry_delay retry_backoff retry_delay_max expire_seconds"
            " retention_seconds deletion_seconds dead_letter"
        ),
        "subscription": "event name",
    },
}
"""The columns that our statements name in every version, by table."""


def judge(schema: str, version: int | None, columns: Set[tuple[str, str]]) -> Fitness:
    """Decide what can be done.

    Args:
        schema: for the messages.
        version: what its table `version` says, None if there is none.
        columns: (table, column) of everything in it.

    Raises:
        SchemaMissing: there are no tables.
        SchemaOutdated: they are older than pg-boss 7.4's, or of a version in between.
        SchemaError: columns are missing.
        SchemaTooNew: they are newer than what was tried, and columns are missing.
    """
    if version is None:
        raise SchemaMissing(NO_PG_BOSS_TABLES.format(schema=schema))
    if version < FULL_VERSION:
        raise SchemaOutdated(
            f"the schema {schema!r} is of version {version}, of a pg-boss before 7.4; start a"
            " pg-boss 8.4.2 or 9.0 on it once, which brings it to version 20"
        )
    if FULL_VERSION < version < QUEUE_VERSIONS.start:
        raise SchemaOutdated(
            f"the schema {schema!r} is of version {version}, of pg-boss 10, which keeps every queue"
            " in a table of its own and its jobs in an archive: neither our statements for 7.4 to"
            " 9.0 nor those for 11 and 12 fit it; leave its jobs to Node"
        )
    mode = Mode.FULL if version == FULL_VERSION else Mode.WORKER
    missing = _missing(mode, columns)
    layout = Layout(
        schema, FOLDERS[mode], frozenset(f"{table}.{column}" for table, column in columns)
    )
    if missing and version >= QUEUE_VERSIONS.stop:
        raise SchemaTooNew(
            f"the schema {schema!r} is of version {version}, newer than any this code was tried on"
            f" ({QUEUE_VERSIONS.stop - 1}), and lacks {missing}; upgrade jobs-runtime"
        )
    if missing:
        raise SchemaError(
            f"the schema {schema!r} says that it is of version {version} but lacks {missing};"
            " let pg-boss repair it, or restore it from a backup"
        )
    return Fitness(version, mode, layout, _warning(schema, version))


def _warning(schema: str, version: int) -> str | None:
    if version >= QUEUE_VERSIONS.stop:
        return (
            f"the schema {schema!r} is of version {version}, newer than any this code was tried on"
            f" ({QUEUE_VERSIONS.stop - 1}); every column it needs is there, so it goes on"
        )
    if version in FLOWS_OF_THE_WORKERS:
        return (
            f"the schema {schema!r} is of version {version}, in which who completes the parent of a"
            " flow releases its children, and Python does not: let Node perform such parents, or"
            " upgrade pg-boss to 12.22 or newer"
        )
    return None


def _missing(mode: Mode, columns: Set[tuple[str, str]]) -> str:
    return ", ".join(
        f"{table}.{column}"
        for table, names in NEEDED[mode].items()
        for column in names.split()
        if (table, column) not in columns
    )
