"""Twins for coroutines of what is submitted, looked after and published."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import psycopg
import pytest

from jobs_runtime import JobRecord, JobState, PayloadError, SubmittedJob
from tests.contract.house import House


class Undo(Exception):
    """Raised in a block that is to be rolled back."""


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.EXPIRED])
def test_one_that_failed_is_performed_anew(house: House, state: JobState) -> None:
    submitted = house.eager.submit({"n": 1})
    worker = house.worker()
    worker.end(worker.claim_one("eager"), state)

    async def anew() -> tuple[bool, bool, JobRecord]:
        answers = await submitted.aretry(), await submitted.aretry()
        record = await submitted.adetails()
        await house.jobs.aclose()
        return *answers, record

    first, second, record = asyncio.run(anew())
    assert (first, second) == (True, False)
    assert (record.state.finished, record.attempt) == (False, 0)
    assert worker.claim_one("eager").attempt == 1


def test_one_is_found_by_its_id(house: House) -> None:
    submitted = house.work.submit({"n": 7})

    async def find() -> SubmittedJob[Any] | None:
        found = await house.jobs.aget(submitted.job_id)
        assert found is not None
        assert (await found.adetails()).args == {"n": 7}
        await submitted.acancel()
        nobody = await house.jobs.aget("0")
        await house.jobs.aclose()
        return nobody or found

    found = asyncio.run(find())
    assert found is not None
    assert (found.job_id, found.job) == (submitted.job_id, house.work)


class TestPgBoss:
    def test_one_is_sent_to_a_queue_that_only_node_performs(self, boss: House) -> None:
        async def send() -> list[SubmittedJob[Any]]:
            one = await boss.jobs.pg_boss.asend("email", {"to": "a@b"}, singleton_key="a@b")
            again = await boss.jobs.pg_boss.asend("email", {"to": "a@b"}, singleton_key="a@b")
            with pytest.raises(PayloadError, match="pg-boss keeps an object"):
                await boss.jobs.pg_boss.asend("email", "text")
            await boss.jobs.aclose()
            return [one, again]

        one, again = asyncio.run(send())
        assert (one.duplicate, again.duplicate, again.job_id) == (False, True, one.job_id)
        assert (one.job_name, one.job, one.details().args) == ("email", None, {"to": "a@b"})
        assert boss.waiting() == 1

    def test_one_is_sent_in_the_callers_transaction(self, boss: House, dsn: str) -> None:
        async def send() -> None:
            async with await psycopg.AsyncConnection.connect(dsn) as own:
                with suppress(Undo):
                    async with own.transaction():
                        await boss.jobs.pg_boss.asend("email", connection=own)
                        raise Undo
                await boss.jobs.pg_boss.asend("email", {"kept": True}, connection=own)
                assert boss.waiting() == 0

        asyncio.run(send())
        (sent,) = boss.submitted()
        assert sent.details().args == {"kept": True}

    def test_subscribers_get_what_is_published(self, boss: House) -> None:
        pg_boss = boss.jobs.pg_boss

        async def publish() -> list[SubmittedJob[Any]]:
            await pg_boss.asubscribe("ordered", boss.work)
            await pg_boss.asubscribe("ordered", "email")
            sent = await pg_boss.apublish("ordered", {"n": 7}, priority=2)
            assert await pg_boss.aunsubscribe("ordered", "email")
            assert not await pg_boss.aunsubscribe("ordered", "email")
            assert len(await pg_boss.apublish("ordered", {"n": 8})) == 1
            assert await pg_boss.apublish("nothing") == []
            await boss.jobs.aclose()
            return sent

        sent = asyncio.run(publish())
        assert sorted(each.job_name for each in sent) == ["email", "work"]
        assert {each.details().options.priority for each in sent} == {2}
        assert boss.waiting() == 3

    def test_what_is_published_in_the_callers_transaction_goes_with_it(
        self, boss: House, dsn: str
    ) -> None:
        async def publish() -> None:
            await boss.jobs.pg_boss.asubscribe("ordered", boss.work)
            async with await psycopg.AsyncConnection.connect(dsn) as own:
                assert await boss.jobs.pg_boss.apublish("ordered", connection=own)
                await own.rollback()
            await boss.jobs.aclose()

        asyncio.run(publish())
        assert boss.waiting() == 0

    def test_cancel_and_resume_answer_as_node_does(self, boss: House) -> None:
        async def answers() -> list[Any]:
            submitted = (await boss.work.asubmit({"n": 1})).pg_boss
            row = await submitted.adetails()
            assert row is not None
            given = [
                await submitted.acancel(),
                await submitted.acancel(),
                await submitted.aresume(),
                await submitted.aresume(),
            ]
            await boss.jobs.aclose()
            assert {tuple(each["jobs"]) for each in given} == {(row["id"],)}
            return [row["data"], *(each["updated"] for each in given)]

        assert asyncio.run(answers()) == [{"n": 1}, 1, 0, 1, 0]
