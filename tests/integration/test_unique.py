from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jobs_runtime import JobState, SubmittedJob
from jobs_runtime.database import Connection
from jobs_runtime.model import Outcome
from tests.integration.shop import Shop, Worker, details, ids, number, waiting

KEYS = "SELECT count(*) FROM jobs.job WHERE singleton_key IS NOT NULL"


def assert_duplicate(submitted: SubmittedJob[Any], holder: SubmittedJob[Any]) -> None:
    assert not submitted
    assert submitted.duplicate
    assert submitted.job_id == holder.job_id


class TestKey:
    def test_a_second_one_is_the_first(self, shop: Shop, connection: Connection) -> None:
        first = shop.double.submit(1, singleton_key="a")
        assert first
        assert not first.duplicate
        assert_duplicate(shop.double.submit(2, singleton_key="a"), first)
        assert waiting(connection) == 1
        assert first.details().args == 1

    def test_from_coroutines(self, shop: Shop, connection: Connection) -> None:
        async def submit() -> list[SubmittedJob[int]]:
            submits = [shop.double.asubmit(arg, singleton_key="a") for arg in range(8)]
            submitted = await asyncio.gather(*submits)
            await shop.jobs.aclose()
            return submitted

        submitted = asyncio.run(submit())
        assert len([each for each in submitted if each]) == waiting(connection) == 1
        assert len({each.job_id for each in submitted}) == 1

    def test_another_key_another_job_or_none_is_no_duplicate(
        self, shop: Shop, connection: Connection
    ) -> None:
        assert shop.double.submit(1, singleton_key="a")
        assert shop.double.submit(1, singleton_key="A")
        assert shop.mixed.submit(1, singleton_key="a")
        assert shop.double.submit(1)
        assert shop.double.submit(1)
        assert waiting(connection) == 5

    def test_an_active_one_holds_the_key(self, shop: Shop, worker: Worker) -> None:
        first = shop.double.submit(1, singleton_key="a")
        worker.claim_one()
        assert_duplicate(shop.double.submit(2, singleton_key="a"), first)

    def test_one_that_waits_for_its_time_or_its_retry_holds_the_key(
        self, shop: Shop, worker: Worker
    ) -> None:
        later = shop.double.delay(3600).submit(1, singleton_key="later")
        assert_duplicate(shop.double.submit(2, singleton_key="later"), later)
        failed = shop.double.submit(1, singleton_key="failed")
        worker.retry(worker.claim_one().job_id, delay=3600)
        assert_duplicate(shop.double.submit(2, singleton_key="failed"), failed)

    @pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.EXPIRED, JobState.FAILED])
    def test_a_finished_one_gives_the_key_back(
        self, shop: Shop, worker: Worker, state: JobState
    ) -> None:
        first = shop.double.submit(1, singleton_key="a")
        worker.finish(worker.claim_one().job_id, state=state)
        second = shop.double.submit(2, singleton_key="a")
        assert second
        assert second.job_id != first.job_id

    def test_a_cancelled_one_gives_the_key_back(self, shop: Shop, worker: Worker) -> None:
        waits = shop.double.submit(1, singleton_key="a")
        assert waits.cancel()
        runs = shop.double.submit(2, singleton_key="a")
        assert runs
        worker.claim_one()
        assert runs.cancel()
        assert shop.double.submit(3, singleton_key="a")

    def test_a_released_one_keeps_the_key(self, shop: Shop, worker: Worker) -> None:
        first = shop.double.submit(1, singleton_key="a")
        worker.release(worker.claim_one().job_id)
        assert_duplicate(shop.double.submit(2, singleton_key="a"), first)

    def test_a_cancelled_one_is_resumed_only_while_the_key_is_free(self, shop: Shop) -> None:
        first = shop.double.submit(1, singleton_key="a")
        first.cancel()
        second = shop.double.submit(2, singleton_key="a")
        assert not first.resume()
        assert first.details().state is JobState.CANCELLED
        second.cancel()
        assert first.resume()
        assert_duplicate(shop.double.submit(3, singleton_key="a"), first)


class TestMany:
    @pytest.mark.parametrize("concurrent", [False, True])
    def test_the_first_is_stored_and_the_others_are_duplicates(
        self, shop: Shop, connection: Connection, concurrent: bool
    ) -> None:
        async def submit() -> list[SubmittedJob[int]]:
            submitted = await shop.double.asubmit_many([1, 2, 3], singleton_key="a")
            await shop.jobs.aclose()
            return submitted

        if concurrent:
            submitted = asyncio.run(submit())
        else:
            submitted = shop.double.submit_many([1, 2, 3], singleton_key="a")
        assert [each.duplicate for each in submitted] == [False, True, True]
        assert len(set(ids(submitted))) == waiting(connection) == 1
        assert submitted[0].details().args == 1

    def test_a_slot_takes_one_of_many_and_the_next_another(
        self, shop: Shop, connection: Connection
    ) -> None:
        submitted = shop.double.submit_many(
            [1, 2, 3, 4], singleton_seconds=3e9, singleton_next_slot=True
        )
        assert [each.duplicate for each in submitted] == [False, False, True, True]
        assert waiting(connection) == 2


class TestQueue:
    def submit(self, shop: Shop, arg: int) -> SubmittedJob[int]:
        return shop.double.submit(arg, singleton_key="a", singleton_queue=True)

    def test_one_waits(self, shop: Shop, connection: Connection) -> None:
        first = self.submit(shop, 1)
        assert_duplicate(self.submit(shop, 2), first)
        assert waiting(connection) == 1

    def test_active_ones_do_not_count(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        for arg in range(3):
            assert self.submit(shop, arg)
            worker.claim_one()
        last = self.submit(shop, 3)
        assert last
        assert_duplicate(self.submit(shop, 4), last)
        assert waiting(connection) == 4

    def test_a_retry_does_not_count(self, shop: Shop, worker: Worker) -> None:
        self.submit(shop, 1)
        worker.retry(worker.claim_one().job_id, delay=3600)
        second = self.submit(shop, 2)
        assert_duplicate(self.submit(shop, 3), second)

    def test_a_retry_gives_way_to_the_one_that_waits(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        first = self.submit(shop, 1)
        worker.claim_one()
        second = self.submit(shop, 2)
        assert worker.retry(int(first.job_id)) == ids([first])
        assert waiting(connection) == 2
        assert number(connection, KEYS) == 1
        assert {claim.job_id for claim in worker.claim()} == set(ids([first, second]))

    def test_a_released_one_keeps_its_place(self, shop: Shop, worker: Worker) -> None:
        first = self.submit(shop, 1)
        worker.release(worker.claim_one().job_id)
        assert_duplicate(self.submit(shop, 2), first)

    def test_a_released_one_gives_way_to_the_one_that_waits(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        first = self.submit(shop, 1)
        worker.claim_one()
        second = self.submit(shop, 2)
        assert worker.release(int(first.job_id)) == ids([first])
        assert number(connection, KEYS) == 1
        assert_duplicate(self.submit(shop, 3), second)

    def test_of_two_released_together_one_keeps_its_place(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        first = self.submit(shop, 1)
        worker.claim_one()
        second = self.submit(shop, 2)
        worker.claim_one()
        assert sorted(worker.release(*ids([first, second]))) == ids([first, second])
        assert number(connection, KEYS) == 1

    def test_the_key_with_and_without_the_queue_are_two(
        self, shop: Shop, connection: Connection
    ) -> None:
        assert shop.double.submit(1, singleton_key="a")
        assert self.submit(shop, 2)
        assert waiting(connection) == 2

    def test_a_cancelled_one_is_resumed_only_while_none_waits(
        self, shop: Shop, worker: Worker
    ) -> None:
        first = self.submit(shop, 1)
        first.cancel()
        self.submit(shop, 2)
        assert not first.resume()
        worker.claim_one()
        assert first.resume()
        assert_duplicate(self.submit(shop, 3), first)


def test_a_death_keeps_the_key(shop: Shop, worker: Worker, connection: Connection) -> None:
    first = shop.double.submit(1, singleton_key="a")
    claim = worker.claim_one()
    worker.settle(Outcome(claim.job_id, JobState.RETRY, 0.0, death=True))
    assert_duplicate(shop.double.submit(2, singleton_key="a"), first)
    assert details(connection, claim.job_id).deaths == 1
