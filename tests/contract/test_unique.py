"""Jobs of which there is to be one: what holds whichever executor keeps them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from jobs_runtime import JobState
from tests.contract.house import House, id_of

LONG_SLOT = 12 * 3600
"""Seconds: no test begins in one slot and ends in the next, or nearly none."""


class TestKey:
    def test_a_second_one_is_the_first(self, house: House) -> None:
        first = house.work.submit({"n": 1}, singleton_key="a")
        second = house.work.submit({"n": 2}, singleton_key="a")
        assert first
        assert not second
        assert second.duplicate
        assert second.job_id == first.job_id
        assert house.work.submit({"n": 3}, singleton_key="b")
        assert house.eager.submit({"n": 4}, singleton_key="a")
        assert house.waiting() == 3

    def test_it_is_held_until_the_job_has_ended(self, house: House) -> None:
        first = house.work.submit({"n": 1}, singleton_key="a")
        worker = house.worker()
        claim = worker.claim_one()
        assert not house.work.submit({"n": 2}, singleton_key="a")
        worker.end(claim, JobState.RETRY)
        assert not house.work.submit({"n": 2}, singleton_key="a")
        worker.finish(worker.claim_one())
        assert house.work.submit({"n": 2}, singleton_key="a").job_id != first.job_id

    def test_a_cancelled_one_cannot_come_back_while_another_has_the_key(self, house: House) -> None:
        first = house.work.submit({"n": 1}, singleton_key="a")
        first.cancel()
        second = house.work.submit({"n": 2}, singleton_key="a")
        assert second
        assert not first.resume()
        second.cancel()
        assert first.resume()

    def test_of_twenty_at_once_one_is_stored(self, house: House) -> None:
        with ThreadPoolExecutor(8) as threads:
            submits = [
                threads.submit(house.work.submit, {"n": 1}, singleton_key="a") for _ in range(20)
            ]
            submitted = [each.result() for each in submits]
        assert sum(map(bool, submitted)) == 1
        assert len({each.job_id for each in submitted}) == 1


class TestQueue:
    def test_one_waits_however_many_run(self, house: House) -> None:
        unique = {"singleton_key": "a", "singleton_queue": True}
        first = house.work.submit({"n": 1}, **unique)  # pyright: ignore[reportArgumentType]
        assert not house.work.submit({"n": 2}, **unique)  # pyright: ignore[reportArgumentType]
        worker = house.worker()
        claim = worker.claim_one()
        second = house.work.submit({"n": 2}, **unique)  # pyright: ignore[reportArgumentType]
        assert second
        assert house.work.submit({"n": 3}, **unique).job_id == second.job_id  # pyright: ignore[reportArgumentType]
        assert first.details().options.singleton_queue
        assert worker.finish(claim)

    def test_one_that_goes_back_to_a_taken_place_is_not_lost(self, house: House) -> None:
        unique = {"singleton_key": "a", "singleton_queue": True}
        first = house.work.submit({"n": 1}, **unique)  # pyright: ignore[reportArgumentType]
        worker = house.worker()
        claim = worker.claim_one()
        second = house.work.submit({"n": 2}, **unique)  # pyright: ignore[reportArgumentType]
        assert worker.release(claim) == [claim.job_id]
        assert {id_of(each) for each in worker.claim()} == {first.job_id, second.job_id}


class TestSlot:
    def test_a_slot_takes_one(self, house: House) -> None:
        first = house.work.submit({"n": 1}, singleton_seconds=LONG_SLOT)
        second = house.work.submit({"n": 2}, singleton_seconds=LONG_SLOT)
        assert first
        assert not second
        assert second.job_id == first.job_id
        worker = house.worker()
        worker.finish(worker.claim_one())
        assert not house.work.submit({"n": 3}, singleton_seconds=LONG_SLOT)

    @pytest.mark.parametrize("state", [JobState.FAILED, JobState.EXPIRED])
    def test_it_is_freed_by_one_that_came_to_nothing(self, house: House, state: JobState) -> None:
        house.work.submit({"n": 1}, singleton_seconds=LONG_SLOT)
        worker = house.worker()
        worker.end(worker.claim_one(), state)
        assert house.work.submit({"n": 2}, singleton_seconds=LONG_SLOT)

    def test_each_key_has_its_own(self, house: House) -> None:
        for key in ("a", "b", None):
            assert house.work.submit({"n": 1}, singleton_seconds=LONG_SLOT, singleton_key=key)
            assert not house.work.submit({"n": 1}, singleton_seconds=LONG_SLOT, singleton_key=key)

    def test_slots_are_aligned_to_the_epoch(self, house: House) -> None:
        first = house.work.submit({"n": 1}, singleton_seconds=1)
        time.sleep(1 - time.time() % 1 + 0.05)
        second = house.work.submit({"n": 1}, singleton_seconds=1)
        assert second.job_id != first.job_id

    def test_the_next_slot_is_waited_for(self, house: House) -> None:
        later = {"singleton_seconds": LONG_SLOT, "singleton_next_slot": True}
        first = house.work.submit({"n": 1}, **later)  # pyright: ignore[reportArgumentType]
        second = house.work.submit({"n": 2}, **later)  # pyright: ignore[reportArgumentType]
        third = house.work.submit({"n": 3}, **later)  # pyright: ignore[reportArgumentType]
        assert first
        assert second
        assert not third
        assert third.job_id == second.job_id
        begins = second.details().start_after
        assert begins is not None
        left = LONG_SLOT - time.time() % LONG_SLOT
        assert -5 < begins.timestamp() - (time.time() + left) < 5
        assert [id_of(claim) for claim in house.worker().claim()] == [first.job_id]
