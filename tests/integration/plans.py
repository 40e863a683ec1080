"""The plans that Postgres really made, as it logs them to the session that asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from psycopg.errors import Diagnostic

from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import Operation, run

LOG_PLANS = """
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_format = 'json';
SET client_min_messages = 'log'
"""

PARTITION_INDEXES = """
SELECT child.relname, parent.relname
FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
JOIN pg_class AS parent ON parent.oid = inhparent
WHERE child.relkind = 'i'
"""

FOUND_EMPTY = b"""
UPDATE pg_class SET reltuples = 0
WHERE relkind IN ('r', 'p', 'i', 'I')
  AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('jobs', 'pgboss'))
"""
"""Has the planner believe that vacuum found every page of the tables empty."""

INDEXES = "SELECT indexname::text FROM pg_indexes WHERE schemaname IN ('jobs', 'pgboss')"

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a statement did.

    Attributes:
        indexes: those read, and those that decided a conflict; a partition's by its parent's name.
        scanned: tables that were read from end to end.
        conditions: what each index was asked for.
        unconditioned: indexes that were asked for nothing, and read until enough was found.
    """

    indexes: frozenset[str]
    scanned: frozenset[str]
    conditions: dict[str, str]
    unconditioned: frozenset[str]


class Planner:
    """Runs operations on one connection and tells their plans; nothing is kept.

    Attributes:
        existing: every index there is.
        version: that of the server, such as 150012.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.version = connection.info.server_version
        rows = connection.execute(PARTITION_INDEXES).fetchall()
        self._parents: dict[str, str] = dict(rows)
        self.existing = frozenset(row[0] for row in connection.execute(INDEXES))
        self._logged: list[str] = []
        connection.execute(LOG_PLANS, prepare=False)
        connection.add_notice_handler(self._keep)

    def plan(self, operation: Operation[Any]) -> Plan:
        """The plan of one operation, by the way in which the application runs it."""
        self._logged.clear()
        with self._connection.transaction(force_rollback=True):
            run(self._connection, operation)
        nodes = [node for text in self._logged for node in _nodes(_plan_in(text))]
        assert nodes, "no plan was logged"
        indexes = {name for node in nodes for name in _indexes_of(node)}
        scanned = {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}
        conditions = {
            self._parent_of(node["Index Name"]): node["Index Cond"]
            for node in nodes
            if "Index Cond" in node
        }
        unconditioned = {
            self._parent_of(node["Index Name"])
            for node in nodes
            if "Index Name" in node and "Index Cond" not in node
        }
        return Plan(
            frozenset(map(self._parent_of, indexes)),
            frozenset(scanned),
            conditions,
            frozenset(unconditioned),
        )

    def _parent_of(self, index: str) -> str:
        return self._parents.get(index, index)

    def _keep(self, diagnostic: Diagnostic) -> None:
        message = diagnostic.message_primary or ""
        if message.startswith("duration:") and "plan:" in message:
            self._logged.append(message)


def declared_indexes(sql: bytes) -> frozenset[str]:
    """The indexes that the header of a statement names; empty if it says `none`.

    What follows a semicolon or a full stop is remarks.
    """
    header = re.search(rb"^-- Index: ([^;.\n]+)", sql, re.MULTILINE)
    assert header, "the statement names no index: -- Index: ..."
    names = re.split(r",\s*", header[1].decode().strip())
    return frozenset() if names[0].startswith("none") else frozenset(names)


def _plan_in(message: str) -> Node:
    text = message[message.index("{") :]
    return msgspec.json.decode(text, type=dict[str, Any])["Plan"]


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in cast("list[Node]", node.get("Plans", [])):
        yield from _nodes(child)


def _indexes_of(node: Node) -> list[str]:
    arbiters = cast("list[str]", node.get("Conflict Arbiter Indexes", []))
    return [node["Index Name"], *arbiters] if "Index Name" in node else arbiters
