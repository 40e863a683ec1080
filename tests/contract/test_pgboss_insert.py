"""Many jobs of several queues at once, as Node's `insert`."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import psycopg
import pytest

from jobs_runtime import Jobs, OptionError, PayloadError, SchemaMissing
from jobs_runtime.pgboss import Insertion
from tests.contract.house import House, id_of

MIXED: list[Insertion] = [
    {"name": "work", "data": {"n": 1}, "priority": 2},
    {"name": "email", "data": {"to": "a@b"}, "singleton_key": "a@b"},
    {"name": "work", "start_after": 60.0, "keep_for": 120},
    {"name": "email", "data": {"to": "a@b"}, "singleton_key": "a@b"},
    {"name": "work", "data": {"n": 2}, "retry_limit": 3, "on_complete": True},
]


def test_each_is_what_it_says_in_the_order_given(boss: House) -> None:
    inserted = boss.jobs.pg_boss.insert(MIXED)
    assert [each.job_name for each in inserted] == ["work", "email", "work", "email", "work"]
    assert [each.duplicate for each in inserted] == [False, False, False, True, False]
    assert inserted[1].job_id == inserted[3].job_id
    rows = [each.pg_boss.details() or {} for each in inserted]
    assert [row["data"] for row in rows] == [each.get("data") for each in MIXED]
    assert (rows[0]["priority"], rows[4]["retrylimit"], rows[4]["on_complete"]) == (2, 3, True)
    assert (rows[2]["startafter"] - rows[2]["createdon"]).total_seconds() == pytest.approx(60, 1)
    claims = boss.worker().claim()
    assert [id_of(claim) for claim in claims] == [inserted[0].job_id, inserted[4].job_id]


def test_nothing_at_all(boss: House) -> None:
    assert boss.jobs.pg_boss.insert([]) == []


def test_from_a_coroutine(boss: House) -> None:
    async def insert() -> int:
        inserted = await boss.jobs.pg_boss.ainsert(MIXED)
        await boss.jobs.aclose()
        return len({each.job_id for each in inserted})

    assert asyncio.run(insert()) == boss.waiting() == 4


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"data": {"n": 1}}, OptionError, "at index 1: the name of a queue is a text, not None"),
        (
            {"name": "email", "data": 7},
            PayloadError,
            "at index 1: the data for email is 7; pg-boss",
        ),
        ({"name": "email", "expire": 1}, OptionError, "at index 1: unknown option"),
    ],
)
def test_of_one_that_is_wrong_nothing_is_stored(
    boss: House, wrong: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        boss.jobs.pg_boss.insert([MIXED[0], cast("Insertion", wrong)])
    assert boss.waiting() == 0


def test_in_the_callers_transaction(boss: House, dsn: str) -> None:
    with psycopg.connect(dsn) as own:
        boss.jobs.pg_boss.insert(MIXED, connection=own)
        assert boss.waiting() == 0
    assert boss.waiting() == 4


def test_a_database_without_pg_bosss_tables_says_how_to_make_them(dsn: str) -> None:
    jobs = Jobs(dsn)
    jobs.pg_boss.executor.schema = "elsewhere"
    wanted = (
        r"no pg-boss tables in the schema 'elsewhere'; .* `jobs-supervisor migrate --app \.\.\.`"
    )
    with pytest.raises(SchemaMissing, match=wanted):
        jobs.pg_boss.insert(MIXED)
    with psycopg.connect(dsn) as own, pytest.raises(SchemaMissing, match=wanted):
        jobs.pg_boss.send("work", connection=own)
    jobs.close()
