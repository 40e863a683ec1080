"""A job submitted in Python has the row that it has when Node sends it, column by column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs_runtime import Jobs
from jobs_runtime.database import Connection
from tests.interop.node import Node

pytestmark = pytest.mark.interop

ROW = """
SELECT name, priority, data, state::text, retrylimit, retrycount, retrydelay, retrybackoff,
       startedon, singletonkey, expirein, completedon, on_complete, output,
       round(extract(epoch FROM startafter - createdon)) AS delay,
       keepuntil - startafter AS keep,
       singletonon - date_trunc('minute', createdon AT TIME ZONE 'UTC') AS slot
FROM pgboss.job
WHERE id = %s
"""
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)

OPTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"priority": 7}, {"priority": 7}),
    ({"priority": -7}, {"priority": -7}),
    ({"retryLimit": 3}, {"retry_limit": 3}),
    ({"retryDelay": 9}, {"retry_delay": 9}),
    ({"retryDelay": 9, "retryLimit": 2}, {"retry_delay": 9, "retry_limit": 2}),
    ({"retryBackoff": True}, {"retry_backoff": True}),
    ({"expireInSeconds": 30}, {"expire_in": 30}),
    ({"expireInMinutes": 3}, {"expire_in": timedelta(minutes=3)}),
    ({"expireInHours": 30}, {"expire_in": timedelta(hours=30)}),
    ({"retentionSeconds": 90}, {"keep_for": 90}),
    ({"retentionMinutes": 9}, {"keep_for": timedelta(minutes=9)}),
    ({"retentionHours": 9}, {"keep_for": timedelta(hours=9)}),
    ({"retentionDays": 40}, {"keep_for": timedelta(days=40)}),
    ({"startAfter": 600}, {"start_after": 600}),
    ({"startAfter": {"$date": LATER.isoformat()}}, {"start_after": LATER}),
    ({"startAfter": "2190-01-01T00:00:00Z"}, {"start_after": "2190-01-01T00:00:00Z"}),
    ({"singletonKey": "k"}, {"singleton_key": "k"}),
    (
        {"singletonKey": "k", "useSingletonQueue": True},
        {"singleton_key": "k", "singleton_queue": True},
    ),
    ({"singletonSeconds": 86400 / 2}, {"singleton_seconds": 86400 / 2}),
    ({"singletonMinutes": 120}, {"singleton_seconds": 7200}),
    ({"singletonHours": 1}, {"singleton_seconds": 3600}),
    ({"singletonHours": 1, "singletonKey": "k"}, {"singleton_seconds": 3600, "singleton_key": "k"}),
    ({"onComplete": True}, {"on_complete": True}),
]


def row(connection: Connection, job_id: str) -> dict[str, Any]:
    cursor = connection.execute(ROW, [job_id])
    found = cursor.fetchone()
    assert found is not None
    assert cursor.description is not None
    read = dict(zip((column.name for column in cursor.description), found, strict=True))
    read["delay"] = round(float(read["delay"]) / 5)  # seconds go by between the two
    return read


def test_every_option_of_send(boss: Connection, node: Node, dsn: str) -> None:
    jobs = Jobs(dsn)

    @jobs.job(executor="PgBoss")
    def print_label(args: dict[str, int]) -> None:
        """Never performed."""

    for theirs, ours in OPTIONS:
        boss.execute("DELETE FROM pgboss.job")
        by_node = row(boss, node.send("print_label", {"n": 1}, theirs))
        boss.execute("DELETE FROM pgboss.job")
        by_python = row(boss, print_label.submit({"n": 1}, **ours).job_id)
        assert by_python == by_node, theirs
    jobs.close()


def test_duplicates_of_each_other_are_suppressed(boss: Connection, node: Node, dsn: str) -> None:
    jobs = Jobs(dsn)

    @jobs.job(executor="PgBoss")
    def print_label(args: dict[str, int] | None) -> None:
        """Never performed."""

    for theirs, ours in (each for each in OPTIONS if any("singleton" in key for key in each[0])):
        boss.execute("DELETE FROM pgboss.job")
        first = node.send("print_label", None, theirs)
        second = print_label.submit(None, **ours)
        assert (second.duplicate, second.job_id) == (True, first), theirs
        boss.execute("DELETE FROM pgboss.job")
        assert not print_label.submit(None, **ours).duplicate
        assert node.send("print_label", None, theirs) is None, theirs
    jobs.close()


def test_the_next_slot_is_the_same(boss: Connection, node: Node, dsn: str) -> None:
    jobs = Jobs(dsn)

    @jobs.job(executor="PgBoss")
    def print_label(args: dict[str, int] | None) -> None:
        """Never performed."""

    theirs = {"singletonSeconds": 3600, "singletonNextSlot": True}
    node.send("print_label", None, theirs)
    by_node = node.send("print_label", None, theirs)
    slot = "SELECT singletonon, startafter FROM pgboss.job WHERE id = %s"
    [(node_slot, node_start)] = boss.execute(slot, [by_node]).fetchall()
    boss.execute("DELETE FROM pgboss.job WHERE id = %s", [by_node])
    ours = print_label.submit(None, singleton_seconds=3600, singleton_next_slot=True)
    [(slot_here, start_here)] = boss.execute(slot, [ours.job_id]).fetchall()
    assert slot_here == node_slot
    assert abs(start_here - node_start) < timedelta(seconds=3)
    assert node.send("print_label", None, theirs) is None
    jobs.close()
