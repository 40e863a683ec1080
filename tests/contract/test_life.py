"""A job's life from submit to end: what holds whichever executor keeps it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from jobs_runtime import JobFailed, JobState, PayloadError, Progress
from jobs_runtime.database import connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.protocol import START
from jobs_runtime.model import Outcome
from tests.contract.house import House, id_of, number_in
from tests.support.clocks import needs_faketime, skewed

WAITERS = """
SELECT (SELECT count(*) FROM jobs.waiter) + (SELECT count(*) FROM jobs.pgboss_waiter)
"""

SUBMITS_LATER = """
import sys, time, psycopg
from jobs_runtime import Jobs

dsn, executor = sys.argv[1:]
work = Jobs(dsn).job(executor=executor, name="work")(lambda args: None)
with psycopg.connect(dsn) as own:  # a pool's threads do not stand libfaketime
    work.delay(60).submit({"n": 1}, connection=own)
    own.commit()
    work.delay(60).submit_many([{"n": 2}, {"n": 3}], connection=own)
print(time.time())
"""


class TestSubmit:
    def test_it_is_there_when_submit_returns(self, house: House) -> None:
        submitted = house.eager.submit({"n": 1})
        record = submitted.details()
        assert (record.name, record.queue, record.state) == ("eager", "eager", JobState.CREATED)
        assert (record.args, record.priority, record.attempt) == ({"n": 1}, 5, 0)
        assert (record.options.retry_limit, record.options.expire_in) == (2, 60.0)
        assert (record.output, record.started_at, record.finished_at) == (None, None, None)
        assert datetime.now(UTC) - record.created_at < timedelta(seconds=10)
        assert submitted.executor_name == house.name
        found = house.jobs.get(submitted.job_id)
        assert found is not None
        assert (found.job, found.executor_name) == (house.eager, house.name)

    def test_many_at_once(self, house: House) -> None:
        many = house.work.submit_many({"n": number} for number in range(300))
        claims = house.worker().claim(limit=1000)
        assert sorted(map(id_of, claims)) == sorted(each.job_id for each in many)
        assert {number_in(claim) for claim in claims} == {str(number) for number in range(300)}

    def test_many_at_once_for_later(self, house: House) -> None:
        first, *_ = house.work.submit_many([{"n": 1}, {"n": 2}], start_after=60)
        assert house.worker().claim() == []
        record = first.details()
        assert record.start_after is not None
        assert record.start_after - record.created_at == timedelta(seconds=60)

    @needs_faketime
    @pytest.mark.parametrize("skew", [90, -90])
    def test_a_delay_counts_on_the_databases_clock(self, house: House, dsn: str, skew: int) -> None:
        script = [sys.executable, "-c", SUBMITS_LATER, dsn, house.name]
        env = {**os.environ, **skewed(skew)}
        ended = subprocess.run(script, env=env, check=True, capture_output=True, text=True)
        assert float(ended.stdout) - time.time() == pytest.approx(skew, abs=20)
        records = [house.record(each) for each in house.submitted()]
        assert len(records) == 3
        for record in records:
            assert record.start_after == record.created_at + timedelta(seconds=60)

    def test_of_an_argument_that_does_not_fit_nothing_is_stored(self, house: House) -> None:
        with pytest.raises(PayloadError):
            house.work.submit({"n": "one"})  # pyright: ignore[reportArgumentType]
        assert house.waiting() == 0

    @pytest.mark.parametrize("commits", [True, False])
    def test_in_the_callers_transaction(self, house: House, dsn: str, commits: bool) -> None:
        with psycopg.connect(dsn) as own, own.transaction(force_rollback=not commits):
            house.work.submit({"n": 1}, connection=own)
            assert house.worker().claim() == []
        assert house.waiting() == int(commits)

    def test_from_a_coroutine(self, house: House) -> None:
        async def submit() -> None:
            submitted = await house.work.asubmit({"n": 1})
            assert (await submitted.adetails()).state is JobState.CREATED
            assert len(await house.work.asubmit_many([{"n": 1}] * 3)) == 3
            await house.jobs.aclose()

        asyncio.run(submit())
        assert house.waiting() == 4

    def test_a_job_that_is_not_there_is_not_found(self, house: House) -> None:
        assert house.jobs.get("0") is None
        assert house.jobs.get("00000000-0000-0000-0000-000000000000") is None
        assert house.jobs.get("nonsense") is None


class TestClaim:
    def test_what_a_worker_is_told(self, house: House) -> None:
        submitted = house.eager.submit({"n": 1})
        claim = house.worker().claim_one("eager")
        assert (id_of(claim), claim.name, claim.rank) == (submitted.job_id, "eager", -5)
        assert (claim.attempt, claim.deaths, claim.args) in [(1, 0, '{"n":1}'), (1, 0, '{"n": 1}')]
        assert (claim.options.retry_limit, claim.options.expire_in) == (2, 60.0)
        assert 0 <= claim.waited < 10
        record = submitted.details()
        assert (record.state, record.attempt) == (JobState.ACTIVE, 1)
        assert record.started_at is not None

    def test_the_urgent_first_then_the_old(self, house: House) -> None:
        for number, priority in enumerate([0, -1, 7, 0, 7]):
            house.work.submit({"n": number}, priority=priority)
        claims = house.worker().claim()
        assert [number_in(claim) for claim in claims] == ["2", "4", "0", "3", "1"]

    def test_a_limit_takes_the_first_ones_and_nobody_takes_them_again(self, house: House) -> None:
        house.work.submit_many({"n": number} for number in range(5))
        first, second = house.worker(), house.worker()
        assert len(first.claim(limit=3)) == 3
        assert len(second.claim(limit=3)) == 2
        assert first.claim() == second.claim() == []
        assert len(first.held()) == 3

    def test_a_delayed_one_waits_for_its_time(self, house: House) -> None:
        house.work.delay(60).submit({"n": 1})
        house.work.submit({"n": 2}, start_after=datetime.now(UTC) + timedelta(hours=1))
        worker = house.worker()
        assert worker.claim() == []
        assert worker.probe(["work", "eager"]) == []
        house.make_due()
        assert worker.probe(["work", "eager"]) == ["work"]
        assert len(worker.claim()) == 2

    def test_eight_workers_take_each_once(self, house: House, dsn: str) -> None:
        many = house.work.submit_many([{"n": 1}] * 400)
        workers = [house.worker() for _ in range(8)]
        together = threading.Barrier(8)

        def work(place: int) -> list[str]:
            worker, taken = workers[place], list[str]()
            with connect(dsn, "tests") as connection:
                together.wait(10)
                while True:
                    claim = worker.executor.claim("work", ["work"], START, 7, worker.incarnation)
                    if not (claims := run(connection, claim)):
                        return taken
                    taken += map(id_of, claims)

        with ThreadPoolExecutor(8) as threads:
            taken = [job_id for ids in threads.map(work, range(8)) for job_id in ids]
        assert sorted(taken) == sorted(each.job_id for each in many)

    def test_of_what_is_paused_nothing_is_taken(self, house: House) -> None:
        house.work.submit({"n": 1})
        worker = house.worker()
        house.work.pause()
        assert worker.claim() == []
        assert house.work.resume()
        assert len(worker.claim()) == 1


class TestEnd:
    @pytest.mark.parametrize("output", ["42", '"text"', "[1,2]", '{"a":{"b":1}}', None])
    def test_a_result_comes_back_as_it_was(self, house: House, output: str | None) -> None:
        submitted = house.jobs.job(executor=house.name, name="free")(lambda: None).submit()
        worker = house.worker()
        assert worker.finish(worker.claim_one("free"), output)
        record = submitted.details()
        assert record.state is JobState.COMPLETED
        assert (
            record.output
            == {
                "42": 42,
                '"text"': "text",
                "[1,2]": [1, 2],
                '{"a":{"b":1}}': {"a": {"b": 1}},
                None: None,
            }[output]
        )
        assert record.finished_at is not None
        assert house.waiting() == 0

    def test_the_result_is_typed(self, house: House) -> None:
        submitted = house.work.submit({"n": 21})
        worker = house.worker()
        worker.finish(worker.claim_one(), "21")
        assert submitted.result(1) == 21

    @pytest.mark.parametrize("state", [JobState.FAILED, JobState.EXPIRED])
    def test_without_a_result(self, house: House, state: JobState) -> None:
        submitted = house.work.submit({"n": 1})
        worker = house.worker()
        output = '{"name":"ValueError","message":"bad","stack":"Traceback ..."}'
        assert worker.end(worker.claim_one(), state, output)
        with pytest.raises(JobFailed, match=f"{state} after attempt 1: ValueError: bad") as caught:
            submitted.result(1)
        assert caught.value.state == state
        assert worker.claim() == []

    def test_several_endings_at_once(self, house: House) -> None:
        many = house.work.submit_many([{"n": 1}] * 30)
        worker = house.worker()
        claims = {id_of(claim): claim for claim in worker.claim()}
        states = [JobState.COMPLETED, JobState.FAILED, JobState.RETRY]
        ordered = [claims[each.job_id] for each in many]
        outcomes = [
            Outcome(claim.job_id, states[place % 3], 0.1, f'{{"place":{place}}}')
            for place, claim in enumerate(ordered)
        ]
        assert worker.settle(*outcomes) == sorted(claim.job_id for claim in ordered)
        for place, each in enumerate(many):
            record = each.details()
            assert (record.state, record.output) == (states[place % 3], {"place": place})

    def test_who_waits_is_told(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("jobs_runtime.waiting.LOOK", 60.0)
        submitted = house.work.submit({"n": 1})
        worker = house.worker()
        claim = worker.claim_one()
        with ThreadPoolExecutor(1) as threads:
            waits = threads.submit(submitted.result, 60)
            while house.connection.execute(WAITERS).fetchone() != (1,):
                time.sleep(0.005)
            time.sleep(0.1)  # it looks once more before it waits
            worker.finish(claim, "1")
            assert waits.result(timeout=10) == 1

    def test_how_far_it_has_come(self, house: House) -> None:
        submitted = house.work.submit({"n": 1})
        worker = house.worker()
        claim = worker.claim_one()
        worker.progress(claim, Progress(3.0, 10.0, "pages"))
        assert submitted.details().progress == Progress(3.0, 10.0, "pages")


class TestRetry:
    def test_at_once(self, house: House) -> None:
        submitted = house.eager.submit({"n": 1})
        worker = house.worker()
        assert worker.end(worker.claim_one("eager"), JobState.RETRY, '{"name":"ValueError"}')
        record = submitted.details()
        assert (record.state, record.attempt) == (JobState.RETRY, 1)
        assert record.output == {"name": "ValueError"}
        assert record.finished_at is None
        assert worker.claim_one("eager").attempt == 2

    def test_after_a_delay(self, house: House) -> None:
        submitted = house.eager.submit({"n": 1})
        worker = house.worker()
        worker.end(worker.claim_one("eager"), JobState.RETRY, delay=3600)
        record = submitted.details()
        assert record.start_after is not None
        assert timedelta(seconds=3590) < record.start_after - record.created_at
        assert worker.claim("eager") == []
        house.make_due()
        assert worker.claim_one("eager").attempt == 2

    def test_one_that_does_not_count(self, house: House) -> None:
        submitted = house.eager.submit({"n": 1})
        worker = house.worker()
        snoozed = Outcome(worker.claim_one("eager").job_id, JobState.RETRY, 0.1, refund=True)
        assert worker.settle(snoozed) == [snoozed.job_id]
        assert submitted.details().attempt == 0
        assert worker.claim_one("eager").attempt == 1

    @pytest.mark.parametrize("state", [JobState.FAILED, JobState.EXPIRED])
    def test_anew_with_all_its_attempts(self, house: House, state: JobState) -> None:
        submitted = house.eager.submit({"n": 1})
        worker = house.worker()
        worker.end(worker.claim_one("eager"), JobState.RETRY)
        worker.end(worker.claim_one("eager"), state)
        assert submitted.retry()
        assert worker.claim_one("eager").attempt == 1
        assert not submitted.retry()
