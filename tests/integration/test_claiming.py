from __future__ import annotations

import psycopg

from jobs_runtime import JobState
from jobs_runtime.database import Connection, connect
from jobs_runtime.executors.operation import run
from jobs_runtime.executors.protocol import START, Position, ReadyQueue
from jobs_runtime.executors.together import run_together
from jobs_runtime.model import Claim, Outcome
from tests.integration.shop import Shop, Worker, details, executor, ids, number

LOCKED = b"SELECT id FROM jobs.job ORDER BY id LIMIT 3 FOR UPDATE"


def args_of(claims: list[Claim]) -> list[str | None]:
    return [claim.args for claim in claims]


class TestOrder:
    def test_priority_first_then_age(self, shop: Shop, worker: Worker) -> None:
        for arg, priority in enumerate([0, -1, 7, 0, 7]):
            shop.double.submit(arg, priority=priority)
        assert args_of(worker.claim()) == ["2", "4", "0", "3", "1"]

    def test_a_limit_takes_the_first_ones(self, shop: Shop, worker: Worker) -> None:
        shop.double.submit_many(range(10))
        shop.double.submit(10, priority=1)
        assert args_of(worker.claim(limit=3)) == ["10", "0", "1"]
        assert args_of(worker.claim(limit=3)) == ["2", "3", "4"]

    def test_rows_stay_on_their_pages(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit_many(range(200))
        updated = "SELECT pg_stat_get_xact_tuples_{}updated('jobs.job'::regclass)"
        with connection.transaction():
            assert len(worker.claim(limit=200)) == 200
            assert number(connection, updated.format("")) == 200
            assert number(connection, updated.format("hot_")) > 150

    def test_one_queue_at_a_time(self, shop: Shop, worker: Worker) -> None:
        shop.double.submit(1)
        shop.urgent.submit(2)
        assert args_of(worker.claim("urgent")) == ["2"]
        assert worker.claim("urgent") == []
        assert args_of(worker.claim("double")) == ["1"]

    def test_a_name_that_this_worker_does_not_know_is_left_alone(
        self, shop: Shop, worker: Worker
    ) -> None:
        shop.mixed.submit(1, priority=9)
        shop.double.submit(2)
        assert args_of(worker.claim("double", ["double"])) == ["2"]
        assert [claim.name for claim in worker.claim("double", ["double", "mixed"])] == ["mixed"]

    def test_a_claim_is_all_that_a_worker_needs(self, shop: Shop, worker: Worker) -> None:
        submitted = shop.urgent.submit(21)
        claim = worker.claim_one("urgent")
        assert claim.job_id == int(submitted.job_id)
        assert (claim.name, claim.rank, claim.args) == ("urgent", -5, "21")
        assert (claim.attempt, claim.deaths, claim.options.retry_limit) == (1, 0, 2)
        assert 0 <= claim.waited < 10

    def test_waiting_counts_from_the_moment_it_could_be_claimed(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit(1)
        connection.execute("UPDATE jobs.job SET created_at = now() - interval '1 hour'")
        shop.double.submit(2)
        connection.execute(
            "UPDATE jobs.job SET created_at = now() - interval '1 hour',"
            " start_after = now() - interval '1 minute' WHERE args::text = '2'"
        )
        first, second = worker.claim()
        assert 3600 <= first.waited < 3610
        assert 60 <= second.waited < 70


class TestScanPosition:
    def test_it_goes_on_after_the_last_one_taken(self, shop: Shop, worker: Worker) -> None:
        job_ids = ids(shop.double.submit_many(range(6)))
        after = Position(0, job_ids[2])
        assert [claim.job_id for claim in worker.claim(after=after, limit=2)] == job_ids[3:5]
        assert [claim.job_id for claim in worker.claim(after=START)] == [*job_ids[:3], job_ids[5]]

    def test_what_is_more_urgent_than_the_position_waits_for_a_look_from_the_start(
        self, shop: Shop, worker: Worker
    ) -> None:
        (normal,) = ids(shop.double.submit_many([1]))
        shop.double.submit(2, priority=5)
        shop.double.submit(3, priority=-5)
        assert args_of(worker.claim(after=Position(0, normal))) == ["3"]
        assert args_of(worker.claim(after=START)) == ["2", "1"]

    def test_the_start_is_before_the_highest_priority(self, shop: Shop, worker: Worker) -> None:
        shop.double.submit(1, priority=2**31 - 1)
        shop.double.submit(2, priority=-(2**31) + 1)
        assert args_of(worker.claim()) == ["1", "2"]


class TestTogether:
    def test_two_connections_claim_disjoint_sets(self, shop: Shop, dsn: str) -> None:
        job_ids = ids(shop.double.submit_many(range(10)))
        with connect(dsn, "one") as one, connect(dsn, "two") as two:
            first, second = Worker(one), Worker(two)
            with one.transaction():
                mine = [claim.job_id for claim in first.claim(limit=4)]
                theirs = [claim.job_id for claim in second.claim(limit=4)]
            rest = [claim.job_id for claim in second.claim()]
        assert (mine, theirs, rest) == (job_ids[:4], job_ids[4:8], job_ids[8:])

    def test_rows_locked_by_somebody_are_passed_over_without_waiting(
        self, shop: Shop, dsn: str, worker: Worker
    ) -> None:
        job_ids = ids(shop.double.submit_many(range(5)))
        with psycopg.connect(dsn) as somebody:
            somebody.execute(LOCKED)
            assert [claim.job_id for claim in worker.claim()] == job_ids[3:]
        assert [claim.job_id for claim in worker.claim()] == job_ids[:3]

    def test_a_claim_that_is_rolled_back_takes_nothing(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit(1)
        with connection.transaction(force_rollback=True):
            assert len(worker.claim()) == 1
        assert worker.claim_one().attempt == 1

    def test_outcomes_and_the_next_claim_go_in_one_round_trip(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        first, second = ids(shop.double.submit_many([1, 2]))
        worker.claim_one()
        outcome = Outcome(first, JobState.COMPLETED, 0.1)
        *_, finished, claimed = run_together(
            connection,
            [
                *executor.settle([outcome], worker.incarnation),
                executor.claim("double", ["double"], START, 5, worker.incarnation),
            ],
        )
        assert finished == [first]
        assert [claim.job_id for claim in claimed] == [second]


class TestRegistration:
    def test_an_incarnation_that_is_not_registered_takes_nothing(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit(1)
        connection.execute("DELETE FROM jobs.worker")
        assert worker.claim() == []
        assert number(connection, "SELECT count(*) FROM jobs.job WHERE ready") == 1

    def test_incarnations_are_never_reused(self, connection: Connection) -> None:
        numbers: list[int] = []
        for _ in range(5):
            numbers.append(Worker(connection).incarnation)
            connection.execute("DELETE FROM jobs.worker")
        assert numbers == sorted(set(numbers))


class TestProbe:
    def test_it_names_the_queues_with_work_and_their_first_rank(
        self, shop: Shop, worker: Worker, connection: Connection
    ) -> None:
        shop.double.submit(1)
        shop.double.submit(2, priority=3)
        shop.urgent.submit(1)
        shop.noop.delay(60).submit()
        probe = executor.probe(["double", "urgent", "noop", "elsewhere"])
        assert sorted(run(connection, probe)) == [
            ReadyQueue("double", -3),
            ReadyQueue("urgent", -5),
        ]
        worker.claim("urgent")
        assert run(connection, probe) == [ReadyQueue("double", -3)]

    def test_it_waits_for_no_lock(self, shop: Shop, dsn: str, connection: Connection) -> None:
        shop.double.submit(1)
        with psycopg.connect(dsn) as somebody:
            somebody.execute(LOCKED)
            assert run(connection, executor.probe(["double"])) == [ReadyQueue("double", 0)]


def test_a_claimed_job_is_active(shop: Shop, worker: Worker, connection: Connection) -> None:
    shop.double.submit(1)
    record = details(connection, worker.claim_one().job_id)
    assert (record.state, record.attempt) == (JobState.ACTIVE, 1)
    assert record.started_at is not None
    assert record.started_at >= record.created_at
