"""Slots are as long as a century where a test must not meet the end of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs_runtime import JobState, SubmittedJob
from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from tests.integration.shop import Shop, Worker, number, waiting

LONG = 3_000_000_000.0
"""Seconds: the first slot ends in 2065."""

ENDS = datetime.fromtimestamp(LONG, UTC)
SLOTS = "SELECT count(*) FROM jobs.slot"


def throttled(shop: Shop, arg: int, key: str | None = None) -> SubmittedJob[int]:
    return shop.double.submit(arg, singleton_seconds=LONG, singleton_key=key)


def debounced(shop: Shop, arg: int) -> SubmittedJob[int]:
    return shop.double.submit(arg, singleton_seconds=LONG, singleton_next_slot=True)


class TestThrottle:
    def test_a_slot_takes_one(self, shop: Shop, connection: Connection) -> None:
        first = throttled(shop, 1)
        second = throttled(shop, 2)
        assert first
        assert not second
        assert second.job_id == first.job_id
        assert first.details().start_after is None
        assert waiting(connection) == number(connection, SLOTS) == 1

    def test_each_key_and_each_job_has_slots_of_its_own(
        self, shop: Shop, connection: Connection
    ) -> None:
        assert throttled(shop, 1)
        assert throttled(shop, 1, "a")
        assert throttled(shop, 1, "b")
        assert shop.mixed.submit(1, singleton_seconds=LONG)
        assert not throttled(shop, 2, "a")
        assert waiting(connection) == 4

    def test_slots_are_aligned_to_the_epoch(self, shop: Shop, connection: Connection) -> None:
        throttled(shop, 1)
        rows = connection.execute("SELECT starts_at, ends_at FROM jobs.slot").fetchall()
        assert rows == [(datetime.fromtimestamp(0, UTC), ENDS)]

    def test_the_next_slot_takes_the_next(self, shop: Shop, connection: Connection) -> None:
        first = throttled(shop, 1)
        connection.execute("UPDATE jobs.slot SET starts_at = starts_at - interval '1 century'")
        second = throttled(shop, 2)
        assert second
        assert second.job_id != first.job_id
        assert waiting(connection) == 2

    def test_a_completed_one_has_used_its_slot(self, shop: Shop, worker: Worker) -> None:
        first = throttled(shop, 1)
        worker.finish(worker.claim_one().job_id)
        second = throttled(shop, 2)
        assert not second
        assert second.job_id == first.job_id
        assert second.details().state is JobState.COMPLETED

    @pytest.mark.parametrize("state", [JobState.FAILED, JobState.EXPIRED])
    def test_one_that_failed_gives_its_slot_back(
        self, shop: Shop, worker: Worker, state: JobState
    ) -> None:
        first = throttled(shop, 1)
        worker.finish(worker.claim_one().job_id, state=state)
        second = throttled(shop, 2)
        assert second
        assert second.job_id != first.job_id
        assert not throttled(shop, 3)

    def test_one_that_is_to_be_tried_again_keeps_its_slot(self, shop: Shop, worker: Worker) -> None:
        throttled(shop, 1)
        worker.retry(worker.claim_one().job_id)
        assert not throttled(shop, 2)

    def test_a_cancelled_one_gives_its_slot_back(self, shop: Shop, connection: Connection) -> None:
        assert throttled(shop, 1).cancel()
        assert number(connection, SLOTS) == 0
        assert throttled(shop, 2)

    def test_a_cancelled_one_can_be_resumed_beside_another(self, shop: Shop) -> None:
        first = throttled(shop, 1, "a")
        first.cancel()
        assert throttled(shop, 2, "a")
        assert first.resume()
        assert first.details().state is JobState.CREATED

    def test_many_that_fail_together_free_only_their_own_slots(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        for key in ("a", "b", "c"):
            throttled(shop, 1, key)
        claims = worker.claim()
        worker.finish(claims[0].job_id, claims[1].job_id, state=JobState.FAILED)
        worker.finish(claims[2].job_id)
        assert connection.execute("SELECT key FROM jobs.slot").fetchall() == [("c",)]

    def test_slots_that_have_ended_are_forgotten(self, shop: Shop, connection: Connection) -> None:
        throttled(shop, 1, "present")
        throttled(shop, 1, "past")
        connection.execute("UPDATE jobs.slot SET ends_at = now() WHERE key = 'past'")
        assert run(connection, upkeep.forget_slots(10)) == 1
        assert connection.execute("SELECT key FROM jobs.slot").fetchall() == [("present",)]


class TestNextSlot:
    def test_the_second_waits_for_the_next_slot_and_a_third_is_a_duplicate(
        self, shop: Shop, connection: Connection
    ) -> None:
        first, second, third = (debounced(shop, arg) for arg in range(3))
        assert first
        assert second
        assert not third
        assert third.job_id == second.job_id
        assert first.details().start_after is None
        assert second.details().start_after == ENDS
        assert waiting(connection) == number(connection, SLOTS) == 2

    def test_nobody_claims_it_before_its_slot(self, shop: Shop, worker: Worker) -> None:
        first = debounced(shop, 1)
        debounced(shop, 2)
        assert [claim.job_id for claim in worker.claim()] == [int(first.job_id)]

    def test_a_longer_delay_than_the_slot_holds(self, shop: Shop) -> None:
        debounced(shop, 1)
        later = ENDS + timedelta(days=1)
        second = shop.double.delay(later).submit(
            2, singleton_seconds=LONG, singleton_next_slot=True
        )
        assert second.details().start_after == later

    def test_the_second_begins_at_a_multiple_of_the_slot(
        self, shop: Shop, connection: Connection
    ) -> None:
        submitted = [
            shop.double.submit(arg, singleton_seconds=3600, singleton_next_slot=True)
            for arg in range(2)
        ]
        stamp = submitted[1].details()
        assert stamp.start_after is not None
        assert stamp.start_after.timestamp() % 3600 == 0
        waits = stamp.start_after - submitted[0].details().created_at
        assert timedelta(0) < waits <= timedelta(seconds=3601)
        assert waiting(connection) == 2

    def test_cancelling_the_second_lets_another_have_its_slot(self, shop: Shop) -> None:
        debounced(shop, 1)
        debounced(shop, 2).cancel()
        again = debounced(shop, 3)
        assert again
        assert again.details().start_after == ENDS
        assert not debounced(shop, 4)
