"""The leader's: expires, archives and deletes jobs in the tables of pg-boss, beside its Nodes."""

from __future__ import annotations

import logging

import psycopg

from jobs_runtime.database import Connection
from jobs_runtime.executors.pgboss.maintenance import Maintenance, Step
from jobs_supervisor.scheduler.duty import Duty
from jobs_supervisor.scheduler.shared_tables import SharedTables

logger = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between two rounds."""

AGAIN = {Step.MORE: 0.02, Step.LOCKED: 1.0, Step.DONE: EVERY}
"""Seconds until the next step: other duties come in between."""


class PgBossMaintenance(Duty):
    """Goes through the table in short steps, and then rests.

    Args:
        tables: which.
    """

    def __init__(self, tables: SharedTables) -> None:
        super().__init__()
        self._tables = tables
        self._maintenance = Maintenance(tables.schema, tables.keeping)

    def perform(self, connection: Connection, now: float) -> float:
        """Do one step."""
        if not self._tables.are_ours(connection):
            return now + EVERY
        try:
            return now + AGAIN[self._maintenance.step(connection)]
        except psycopg.errors.QueryCanceled as error:
            logger.warning("maintenance of pg-boss's tables is slow: %s", str(error).strip())
            return now + EVERY
