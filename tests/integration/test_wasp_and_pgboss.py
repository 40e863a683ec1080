"""What those who come from Wasp or pg-boss know, and find here under another name."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from jobs_runtime import JobState
from jobs_runtime.database import Connection
from tests.integration.shop import Shop, Worker, waiting


@pytest.mark.parametrize("commits", [True, False])
def test_db_is_the_callers_connection(
    shop: Shop, dsn: str, connection: Connection, commits: bool
) -> None:
    with psycopg.connect(dsn) as own, own.transaction(force_rollback=not commits):
        shop.double.submit(1, connection=own)
        assert waiting(connection) == 0
    assert waiting(connection) == int(commits)


def test_publish_is_a_submit_for_each_subscriber_in_one_transaction(
    shop: Shop, dsn: str, connection: Connection
) -> None:
    subscribers = (shop.double, shop.urgent)
    with psycopg.connect(dsn) as own, own.transaction():
        for job in subscribers:
            job.submit(1, connection=own)
        assert waiting(connection) == 0
    assert waiting(connection) == 2


def test_the_units_are_one_and_the_stronger_layer_wins(shop: Shop) -> None:
    """Theirs: an `expireInHours` of the job beats an `expireInSeconds` of the submit."""
    job = shop.jobs.job(name="work", expire_in=timedelta(hours=1))(lambda: None)
    assert job.submit(expire_in=30).details().options.expire_in == 30.0


def test_any_json_is_an_argument(shop: Shop, worker: Worker) -> None:
    def work(args: object) -> None: ...

    job = shop.jobs.job(work)
    for args in ("text", 7, True, [1, 2], {"a": 1}, None):
        assert job.submit(args).details().args == args


def test_a_late_result_is_refused(shop: Shop, worker: Worker, connection: Connection) -> None:
    submitted = shop.double.submit(1)
    job_id = worker.claim_one().job_id
    worker.release(job_id)
    assert Worker(connection).claim_one().job_id == job_id
    assert worker.finish(job_id) == []
    assert submitted.details().state is JobState.ACTIVE
