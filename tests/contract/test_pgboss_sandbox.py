"""A sandbox of an application that keeps jobs in both places."""

from __future__ import annotations

from typing import Any

from jobs_runtime import Context
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
