"""Cancels, releases, late outcomes, deaths: what holds whichever executor keeps the job."""

from __future__ import annotations

import math

import pytest

from jobs_runtime import Cancellation, JobState
from jobs_runtime.database import connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.postgres import upkeep
from jobs_runtime.executors.protocol import START
from jobs_runtime.model import Claim
from jobs_supervisor.counters import Counters, Layout
from jobs_supervisor.obituary import Obituary, Verdict
from jobs_supervisor.scheduler.rescue import MAX_LOSSES, Rescue
from jobs_supervisor.scheduler.strays import LOOKS, Strays
from jobs_supervisor.shared import SharedMemory
from tests.contract.house import House, Worker, id_of


class TestFence:
    def test_another_incarnation_changes_nothing(self, house: House) -> None:
        submitted = house.work.submit({"n": 1})
        worker, other = house.worker(), house.worker()
        claim = worker.claim_one()
        for state in (JobState.COMPLETED, JobState.FAILED, JobState.RETRY):
            assert not other.end(claim, state)
        assert other.release(claim) == []
        assert submitted.details().state is JobState.ACTIVE
        assert worker.finish(claim, "1")

    def test_a_late_outcome_is_refused_once_another_has_the_job(self, house: House) -> None:
        submitted = house.work.submit({"n": 1})
        worker, other = house.worker(), house.worker()
        late = worker.claim_one()
        worker.release(late)
        claim = other.claim_one()
        assert not worker.finish(late, "1")
        assert submitted.details().state is JobState.ACTIVE
        assert other.finish(claim, "2")
        assert not other.finish(claim, "3")
        assert submitted.result(1) == 2

    def test_only_what_it_still_has_is_settled(self, house: House) -> None:
        house.work.submit_many([{"n": 1}] * 3)
        worker = house.worker()
        first, second, third = worker.claim()
        worker.release(second)
        ids = [claim.job_id for claim in (first, third)]
        assert worker.finish(first)
        assert [claim.job_id for claim in worker.held()] == ids[1:]
        assert not worker.finish(second)
        assert worker.finish(third)

    def test_a_forgotten_incarnation_takes_nothing(self, house: House) -> None:
        house.work.submit({"n": 1})
        worker = house.worker()
        run(house.connection, upkeep.forget_worker(worker.incarnation))
        assert worker.claim() == []


class TestRelease:
    def test_the_attempt_is_refunded(self, house: House) -> None:
        submitted = house.work.submit({"n": 1})
        worker = house.worker()
        claim = worker.claim_one()
        assert worker.release(claim) == [claim.job_id]
        record = submitted.details()
        assert (record.state, record.attempt) == (JobState.CREATED, 0)
        assert record.started_at is None
        again = worker.claim_one()
        assert (id_of(again), again.attempt) == (submitted.job_id, 1)

    def test_a_repeated_one_is_still_a_retry(self, house: House) -> None:
        submitted = house.eager.submit({"n": 1})
        worker = house.worker()
        worker.end(worker.claim_one("eager"), JobState.RETRY)
        claim = worker.claim_one("eager")
        assert claim.attempt == 2
        worker.release(claim)
        record = submitted.details()
        assert (record.state, record.attempt) == (JobState.RETRY, 1)
        assert worker.claim_one("eager").attempt == 2


class TestCancel:
    def test_a_waiting_one_is_not_performed(self, house: House) -> None:
        submitted = house.work.submit({"n": 1})
        assert submitted.cancel() is Cancellation.UNQUEUED
        assert submitted.details().state is JobState.CANCELLED
        assert house.worker().claim() == []
        assert submitted.cancel() is Cancellation.NOTHING

    def test_of_a_running_one_the_outcome_is_refused(self, house: House) -> None:
        submitted = house.work.submit({"n": 1})
        worker = house.worker()
        claim = worker.claim_one()
        assert submitted.cancel() is Cancellation.INTERRUPTED
        assert not worker.finish(claim, "1")
        assert submitted.details().state is JobState.CANCELLED

    def test_its_worker_is_told(self, house: House, dsn: str) -> None:
        submitted = house.work.submit({"n": 1})
        worker = house.worker()
        claim = worker.claim_one()
        house.connection.execute("LISTEN jobs")
        submitted.cancel()
        heard = [each.payload for each in house.connection.notifies(timeout=5, stop_after=1)]
        house.connection.execute("UNLISTEN jobs")
        assert f"cancel {claim.job_id} {worker.incarnation}" in heard

    def test_resume_puts_it_back(self, house: House) -> None:
        submitted = house.work.submit({"n": 1})
        assert not submitted.resume()
        submitted.cancel()
        assert submitted.resume()
        assert submitted.details().state is JobState.CREATED
        assert id_of(house.worker().claim_one()) == submitted.job_id

    def test_resume_waits_for_the_attempt_to_stop(self, house: House) -> None:
        submitted = house.work.submit({"n": 1})
        worker = house.worker()
        claim = worker.claim_one()
        submitted.cancel()
        assert not submitted.resume()
        worker.stopped(claim)
        assert submitted.resume()
        assert len(worker.claim()) == 1

    def test_a_finished_one_stays_as_it_is(self, house: House) -> None:
        submitted = house.work.submit({"n": 1})
        worker = house.worker()
        worker.finish(worker.claim_one(), "1")
        assert submitted.cancel() is Cancellation.NOTHING
        assert not submitted.resume()
        assert not submitted.retry()
        assert submitted.result(1) == 1


class TestDeath:
    @pytest.fixture
    def rescue(self) -> Rescue:
        layout = Layout(["work", "eager"])
        memory = SharedMemory.create(Counters.size_of(layout, 1))
        return Rescue(Counters(memory, layout, 1).row(0), ["work", "eager"])

    def test_the_guilty_one_is_charged_and_the_others_go_back(
        self, house: House, rescue: Rescue
    ) -> None:
        many = house.eager.submit_many([{"n": 1}] * 3)
        worker = house.worker()
        guilty, *others = worker.claim("eager")
        rescue.settle(house.connection, _obituary(worker, guilty, Verdict.DIED))
        by_id = {each.job_id: each.details() for each in many}
        # A pg-boss's own `retry` would count the attempt.
        again = JobState.RETRY if house.name == "postgres" else JobState.CREATED
        assert by_id[id_of(guilty)].state is again
        assert (by_id[id_of(guilty)].attempt, by_id[id_of(guilty)].deaths) == (1, 1)
        assert "killed" in str(by_id[id_of(guilty)].output)
        for claim in others:
            assert by_id[id_of(claim)].state is JobState.CREATED
            assert by_id[id_of(claim)].attempt == 0
        assert not worker.finish(guilty, "1")
        assert worker.claim("eager") == []
        attempts = {id_of(claim): claim.attempt for claim in house.worker().claim("eager")}
        assert attempts == {id_of(guilty): 2, **{id_of(claim): 1 for claim in others}}

    def test_it_costs_no_retry_and_the_third_time_it_is_quarantined(
        self, house: House, rescue: Rescue
    ) -> None:
        submitted = house.work.submit({"n": 1}, retry_limit=1)
        worker = house.worker()
        worker.end(worker.claim_one(), JobState.RETRY)
        for death in (1, 2, 3):
            worker = house.worker()
            claim = worker.claim_one()
            assert (claim.attempt, claim.deaths) == (1 + death, death - 1)
            rescue.settle(house.connection, _obituary(worker, claim, Verdict.DIED))
            assert submitted.details().deaths == death
        record = submitted.details()
        assert (record.state, record.attempt) == (JobState.FAILED, 4)
        assert "killed" in str(record.output)
        assert submitted.retry()
        claim = house.worker().claim_one()
        assert (claim.attempt, claim.deaths) == (1, 0)

    def test_one_that_outlasted_its_time_has_expired(self, house: House, rescue: Rescue) -> None:
        submitted = house.work.submit({"n": 1})
        worker = house.worker()
        claim = worker.claim_one()
        rescue.settle(house.connection, _obituary(worker, claim, Verdict.EXPIRED))
        assert submitted.details().state is JobState.EXPIRED

    def test_a_cancelled_one_stays_cancelled_and_may_be_resumed(
        self, house: House, rescue: Rescue
    ) -> None:
        submitted = house.work.submit({"n": 1})
        worker = house.worker()
        claim = worker.claim_one()
        submitted.cancel()
        assert not submitted.resume()
        rescue.settle(house.connection, _obituary(worker, claim, Verdict.CANCELLED))
        assert submitted.details().state is JobState.CANCELLED
        assert submitted.resume()

    def test_an_innocent_one_is_given_back_uncharged(self, house: House, rescue: Rescue) -> None:
        submitted = house.work.submit({"n": 1})
        worker = house.worker()
        claim = worker.claim_one()
        rescue.settle(house.connection, _obituary(worker, claim, Verdict.RELEASED))
        assert (submitted.details().state, submitted.details().attempt) == (JobState.CREATED, 0)

    def test_what_a_vanished_host_held_is_performed_again(
        self, house: House, rescue: Rescue
    ) -> None:
        house.eager.submit_many([{"n": 1}] * 2)
        worker = house.worker()
        worker.claim("eager")
        house.connection.execute("UPDATE jobs.worker SET started_at = now() - interval '1 minute'")
        assert run(house.connection, upkeep.orphans(20)) == [worker.incarnation]
        rescue.settle_unknown(house.connection, worker.incarnation)
        assert [claim.attempt for claim in house.worker().claim("eager")] == [2, 2]
        assert worker.held() == []

    def test_what_loses_its_host_again_and_again_is_quarantined(
        self, house: House, rescue: Rescue
    ) -> None:
        submitted = house.work.submit({"n": 1})
        for _ in range(MAX_LOSSES):
            assert submitted.details().state in (JobState.CREATED, JobState.RETRY)
            worker = house.worker()
            assert worker.claim_one().deaths < MAX_LOSSES
            rescue.settle_unknown(house.connection, worker.incarnation)
        details = submitted.details()
        assert (details.state, details.attempt) == (JobState.FAILED, MAX_LOSSES)
        assert "supervisor went away" in str(details.output)

    def test_a_claim_that_was_still_on_its_way_is_given_back_in_moments(
        self, house: House, rescue: Rescue, dsn: str
    ) -> None:
        submitted, strays = house.work.submit({"n": 1}), Strays(rescue)
        strays.due_at = math.inf
        worker = house.worker()
        claim = worker.executor.claim("work", ["work"], START, 1, worker.incarnation)
        with connect(dsn, "the dead worker's session") as late, late.transaction():
            assert len(run(late, claim)) == 1
            nothing = Obituary(0, worker.incarnation, 0, 0.1, Verdict.DIED, "killed by SIGKILL")
            rescue.settle(house.connection, nothing)
            strays.expect(worker.incarnation, now=100.0)
        assert strays.due_at == strays.perform(house.connection, 100.1) == 100.0 + LOOKS[0]
        assert submitted.details().state is JobState.ACTIVE
        assert strays.perform(house.connection, 100.3) == 100.0 + LOOKS[1]
        assert (submitted.details().state, submitted.details().attempt) == (JobState.CREATED, 0)
        assert worker.held() == []
        assert strays.perform(house.connection, 102.0) == math.inf

    def test_what_an_unregistered_incarnation_holds_is_found(self, house: House) -> None:
        house.work.submit({"n": 1})
        worker = house.worker()
        worker.claim()
        house.connection.execute("DELETE FROM jobs.worker")
        assert run(house.connection, upkeep.orphans(0)) == [worker.incarnation]


def _obituary(worker: Worker, claim: Claim, verdict: Verdict) -> Obituary:
    return Obituary(0, worker.incarnation, claim.job_id, 0.1, verdict, "killed by SIGKILL")
