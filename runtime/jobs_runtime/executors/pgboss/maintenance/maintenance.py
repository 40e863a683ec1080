"""One round of maintenance, in steps."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import load_sql
from jobs_runtime.executors.pgboss.defaults import ARCHIVE_AFTER, DELETE_AFTER
from jobs_runtime.executors.pgboss.schema import bind

PAGES = 256
"""Pages of the table looked at in one step: 2 MB, at most some 15,000 jobs. What jobs carry may lie
elsewhere and be much more: after a step that took too long the next ones are half as large."""

STATEMENT_TIMEOUT = "SET LOCAL statement_timeout = '3s'"
"""Three such statements are within what a scheduler may take to answer."""

PURGED = 5_000
"""The most archived jobs deleted in one step."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long finished jobs are kept, in seconds, as pg-boss has it by default.

    Attributes:
        finished: from the end until it is archived.
        failed: the same of failed ones.
        archived: from there until it is deleted.
    """

    finished: float = ARCHIVE_AFTER
    failed: float = ARCHIVE_AFTER
    archived: float = DELETE_AFTER


class Step(Enum):
    """How a step ended."""

    MORE = "more"
    """The round goes on."""
    DONE = "done"
    """That was the last of the round."""
    LOCKED = "locked"
    """Some pg-boss is at it: the same step is to be tried again later."""


class Maintenance:
    """Rounds of maintenance.

    Args:
        schema: of pg-boss, at version 20.
        keeping: how long finished jobs are kept.
    """

    def __init__(self, schema: str, keeping: Keeping) -> None:
        self._schema = schema
        self._keeping = keeping
        self._page = 0
        self._pages = PAGES

    def step(self, connection: Connection) -> Step:
        """Do a little.

        Args:
            connection: in autocommit mode.

        Raises:
            QueryCanceled: even a little took too long.
        """
        try:
            return self._step(connection)
        except psycopg.errors.QueryCanceled:
            if self._pages == 1:
                raise
            self._pages //= 2
            return Step.MORE

    def _step(self, connection: Connection) -> Step:
        with self._locked(connection) as locked:
            if not locked:
                return Step.LOCKED
            if self._page < self._scalar(connection, "pages"):
                self._look_through(connection)
                self._page += self._pages
                self._pages = min(2 * self._pages, PAGES)
                return Step.MORE
            limits = {"archived": self._keeping.archived, "limit": PURGED}
            if self._scalar(connection, "purge", limits) == PURGED:
                return Step.MORE
            connection.execute(self._load("maintained"))
        self._page = 0
        return Step.DONE

    def _look_through(self, connection: Connection) -> None:
        window = {"from": f"({self._page},0)", "to": f"({self._page + self._pages},0)"}
        ids = [row[0] for row in connection.execute(self._load("overdue"), window)]
        if ids:
            self._expire(connection, ids)
        kept = {"finished": self._keeping.finished, "failed": self._keeping.failed}
        connection.execute(self._load("archive"), {**window, **kept})

    def _expire(self, connection: Connection, ids: list[Any]) -> None:
        """All at once, or if one cannot go back to its queue, one by one."""
        try:
            with connection.transaction():
                self._end(connection, ids)
        except psycopg.errors.UniqueViolation:
            for job_id in ids:
                self._expire_one(connection, job_id)

    def _expire_one(self, connection: Connection, job_id: object) -> None:
        try:
            with connection.transaction():
                self._end(connection, [job_id])
        except psycopg.errors.UniqueViolation:
            self._end(connection, [job_id], displaced=True)

    def _end(self, connection: Connection, ids: list[Any], *, displaced: bool = False) -> None:
        connection.execute(self._load("expire"), {"ids": ids, "displaced": displaced})

    @contextmanager
    def _locked(self, connection: Connection) -> Generator[bool]:
        with connection.transaction():
            connection.execute(STATEMENT_TIMEOUT)
            yield self._scalar(connection, "try_lock")

    def _scalar(
        self, connection: Connection, name: str, parameters: dict[str, Any] | None = None
    ) -> Any:
        row = connection.execute(self._load(name), parameters).fetchone()
        assert row is not None, f"{name} gives one row"
        return row[0]

    def _load(self, name: str) -> bytes:
        return bind(load_sql(__package__ or "", name), self._schema)
