"""A sandbox of an application that keeps jobs in both places."""

from __future__ import annotations

from typing import Any

import pytest

from jobs_runtime import ConfigurationError, Context
from jobs_runtime.testing import sandbox
from tests.contract.house import House


def test_jobs_of_pg_boss_are_performed_and_undone(boss: House) -> None:
    performed: list[str] = []

    @boss.jobs.job
    def ours(number: int) -> int:
        performed.append("ours")
        return number

    @boss.jobs.job(executor="PgBoss", retry_limit=1, retry_delay=60)
    def theirs(args: dict[str, Any], context: Context) -> int:
        performed.append(f"theirs {context.attempt}")
        if context.attempt <= args["failures"]:
            raise ValueError("bad")
        with context.transaction() as own:
            own.execute("SELECT 1")
        ours.submit(args["n"])
        return args["n"]

    boss.work.submit({"n": 1})
    with sandbox(boss.jobs) as submits:
        theirs.submit({"n": 1, "failures": 0})
        records = submits.drain()
        assert [(each.name, each.state, each.output) for each in records] == [
            ("theirs", "completed", 1),
            ("ours", "completed", 1),
        ]
        later = theirs.submit({"n": 2, "failures": 1}, start_after=60)
        assert submits.drain() == []
        assert later.details().state == "created"
        records = submits.drain(delayed=True)
        assert [(each.name, each.attempt, each.output) for each in records] == [
            ("theirs", 2, 2),
            ("ours", 1, 2),
        ]
    assert performed == ["theirs 1", "ours", "theirs 1", "theirs 2", "ours"]
    assert boss.waiting() == 1
    assert boss.worker().claim("work") != []


def test_what_was_submitted_to_pg_boss_is_seen(boss: House) -> None:
    boss.work.submit({"n": 1})
    with sandbox(boss.jobs) as submits:
        submits.assert_nothing_submitted()
        boss.eager.submit({"n": 2})
        boss.work.submit_many([{"n": 3}, {"n": 4}])
        boss.jobs.pg_boss.send("email", {"to": "Ada"})
        assert [record.args for record in submits.submitted()] == [
            {"n": 2},
            {"n": 3},
            {"n": 4},
            {"to": "Ada"},
        ]
        (found,) = submits.assert_submitted(boss.work, {"n": 3}, times=1)
        assert found.details().state == "created"
        with pytest.raises(AssertionError, match=r"found 0; .*\n  eager\({'n': 2}\) is created"):
            submits.assert_submitted(boss.work, {"n": 2})
        with pytest.raises(AssertionError, match=r"expected no submit.*\n  eager"):
            submits.assert_nothing_submitted()
        submits.drain()
        assert len(submits.assert_submitted(boss.work)) == 2
    with sandbox(boss.jobs) as submits:
        submits.assert_nothing_submitted()


def test_tables_that_are_not_there_had_nothing_submitted(house: House) -> None:
    house.connection.execute("ALTER SCHEMA pgboss RENAME TO away")
    try:
        with sandbox(house.jobs) as submits:
            submits.assert_nothing_submitted()
    finally:
        house.connection.execute("ALTER SCHEMA away RENAME TO pgboss")


def test_not_every_option_can_be_asserted_of_them(boss: House) -> None:
    with (
        sandbox(boss.jobs) as submits,
        pytest.raises(ConfigurationError, match="work is kept by PgBoss, which does not keep"),
    ):
        submits.assert_submitted(boss.work, singleton_seconds=60)
