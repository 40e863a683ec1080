from __future__ import annotations

import pytest

from jobs_runtime.executors.pgboss.schema import Layout
from jobs_runtime.executors.pgboss.statements import names, statement

FLAT = Layout("MyBoss")
EARLY = Layout("MyBoss", "v25")
LATE = Layout("MyBoss", "v25", frozenset({"job.blocked", "queue.notify"}))

CONDITIONAL = b"""SELECT id
       , blocked -- if job.blocked
       , false AS blocked -- unless job.blocked
FROM job -- not conditional"""


def test_lines_are_for_versions_that_have_the_column() -> None:
    rest = b"FROM job -- not conditional"
    late = b"SELECT id\n       , blocked -- if job.blocked\n" + rest
    early = b"SELECT id\n       , false AS blocked -- unless job.blocked\n" + rest
    assert LATE.fitted(CONDITIONAL) == late
    assert EARLY.fitted(CONDITIONAL) == early


def test_each_version_has_its_statements() -> None:
    assert b"startafter < now()" in statement("claim", FLAT)
    assert b"start_after <= now()" in statement("claim", EARLY)
    assert b"NOT blocked" in statement("claim", LATE)
    assert b"NOT blocked" not in statement("claim", EARLY)
    assert statement("watch", FLAT) == statement("watch", LATE)


@pytest.mark.parametrize("layout", [FLAT, EARLY, LATE])
def test_nothing_is_left_to_fill_in(layout: Layout) -> None:
    for name in names(layout):
        text = statement(name, layout)
        assert b"-- Index: " in text, name
        for left in (b"{schema}", b"{channel}"):
            assert left not in text, name


def test_the_channel_is_nodes() -> None:
    assert Layout("pgboss").channel == "pgboss_454650302e472074f72063fd"
    assert LATE.channel.encode() in statement("submit", LATE)
