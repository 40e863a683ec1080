"""An application's operations on the tables of pg-boss 11 and 12: queues have options, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from jobs_runtime.executors.operation import Operation, Row
from jobs_runtime.executors.pgboss.queue_rows import read_record, read_row, submission_row
from jobs_runtime.executors.pgboss.queue_rules import (
    STANDARD,
    check_options,
    unknown_queue,
    unusable_policy,
)
from jobs_runtime.executors.pgboss.rows import key
from jobs_runtime.executors.pgboss.schema import Layout
from jobs_runtime.executors.pgboss.statements import statement
from jobs_runtime.executors.protocol import Reserved
from jobs_runtime.model import JobRecord, Stored, Submission


class QueueTables:
    """The operations that are other than on earlier tables.

    Args:
        layout: of the tables.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def submit(self, submission: Submission) -> Operation[Stored | None]:
        """Store one job; gives None if it is to be tried again at once.

        Running it raises `SchemaError` if there is no such queue, or none to send to from here.

        Raises:
            OptionError: an option is none that these tables know.
        """
        return self._store([str(uuid4())], [submission], in_next_slot=False)

    def copy(self, reserved: Reserved, submissions: Iterable[Submission]) -> Operation[None]:
        """Store many jobs of one queue under reserved ids; raises as `submit`."""
        alike: dict[tuple[object, ...], tuple[list[str], list[Submission]]] = {}
        for job_id, submission in zip(reserved.ids, submissions, strict=True):
            own_ids, own = alike.setdefault(tuple(submission_row(submission).values()), ([], []))
            own_ids.append(str(job_id))
            own.append(submission)
        return self._store_each(list(alike.values()))

    def details(self, job_id: str) -> Operation[JobRecord | None]:
        """Look a job up, finished or not."""
        read = partial(read_record, self.layout)
        return Operation(statement("details", self.layout), key(job_id), read)

    def row(self, job_id: str) -> Operation[dict[str, Any] | None]:
        """Look a job up, as Node's `getJobById` does."""
        read = partial(read_row, self.layout)
        return Operation(statement("details", self.layout), key(job_id), read)

    def subscribe(self, event: str, name: str) -> Operation[None]:
        """Have a queue subscribe to an event; running it raises `SchemaError` if there is none."""

        def check(rows: list[Row]) -> None:
            if not rows:
                raise unknown_queue(name, self.layout.schema)

        parameters = {"event": event, "name": name}
        return Operation(statement("subscribe", self.layout), parameters, check)

    def _store_each(self, groups: list[tuple[list[str], list[Submission]]]) -> Operation[None]:
        """Store jobs of the same options in one statement, then the others."""
        (ids, submissions), *rest = groups
        store = self._store(ids, submissions, in_next_slot=False)

        def read(rows: list[Row]) -> Operation[None] | None:
            if len(rows) < len(ids):
                return self._refuse(submissions[0].name)
            return self._store_each(rest) if rest else None

        return Operation(store.sql, store.parameters, read)

    def _store(
        self, ids: list[str], submissions: Sequence[Submission], *, in_next_slot: bool
    ) -> Operation[Stored | None]:
        first = submissions[0]
        check_options(first.name, first.options)
        parameters = {
            **submission_row(first),
            "ids": ids,
            "data": [submission.args for submission in submissions],
            "in_next_slot": in_next_slot,
        }

        def read(rows: list[Row]) -> Stored | Operation[Stored | None] | None:
            if len(rows) == len(ids):
                return Stored(ids[0])
            if first.options.singleton_next_slot and not in_next_slot:
                return self._store(ids, submissions, in_next_slot=True)
            return self._instead(first.name, parameters)

        return Operation(statement("submit", self.layout), parameters, read)

    def _refuse(self, name: str) -> Operation[None]:
        """Raise `SchemaError` with what is wrong with a queue."""

        def read(rows: list[Row]) -> None:
            policies = dict(rows)
            if policies.get(name) not in (None, STANDARD):
                raise unusable_policy(name, policies[name])
            raise unknown_queue(name, self.layout.schema)

        return Operation(statement("queues", self.layout), {"names": [name]}, read)

    def _instead(self, name: str, parameters: dict[str, Any]) -> Operation[Stored | None]:
        """Who holds the time slot; running it raises `SchemaError` if the queue is the reason."""

        def read(rows: list[Row]) -> Stored | None:
            if not rows:
                raise unknown_queue(name, self.layout.schema)
            ((policy, holder),) = rows
            if policy != STANDARD:
                raise unusable_policy(name, policy)
            return Stored(holder, duplicate=True) if holder else None

        return Operation(statement("instead", self.layout), parameters, read)
