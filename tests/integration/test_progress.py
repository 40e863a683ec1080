"""How far a job has come: kept with it, and shown while it runs and afterwards."""

from __future__ import annotations

import pytest

from jobs_runtime import Context, Jobs, JobState, Progress
from jobs_runtime.database import Connection
from jobs_runtime.executors.operation import run
from jobs_runtime.testing import sandbox
from tests.integration.shop import Shop, Worker, executor


def test_the_last_word_is_kept_while_it_runs_and_afterwards(
    shop: Shop, worker: Worker, connection: Connection
) -> None:
    submitted = shop.double.submit(1)
    assert submitted.details().progress is None
    job_id = worker.claim_one().job_id
    for progress in (Progress(1.0, 3, "fonts"), Progress(2.0, 3, "pages")):
        run(connection, executor.progress(job_id, progress, worker.incarnation))
        assert submitted.details().progress == progress
    worker.finish(job_id)
    assert submitted.details().progress == Progress(2.0, 3, "pages")


def test_a_late_writer_changes_nothing(shop: Shop, worker: Worker, connection: Connection) -> None:
    submitted = shop.double.submit(1)
    job_id = worker.claim_one().job_id
    run(connection, executor.progress(job_id, Progress(1.0), worker.incarnation + 1))
    assert submitted.details().progress is None


def reported(jobs: Jobs, *said: object) -> tuple[JobState, Progress | None, object]:
    @jobs.job
    def work(args: None, context: Context) -> None:
        context.progress(*said)  # pyright: ignore[reportArgumentType]

    with sandbox(jobs) as submits:
        work.submit(None)
        (record,) = submits.drain()
    return record.state, record.progress, record.output


def test_any_text_can_be_kept(shop: Shop) -> None:
    state, progress, _ = reported(shop.jobs, 1, None, "half \ud800 of \x00 it")
    assert state is JobState.COMPLETED
    assert progress == Progress(1.0, None, "half ? of \N{REPLACEMENT CHARACTER} it")


@pytest.mark.parametrize("wrong", [(float("nan"),), (1, float("inf"))])
def test_a_number_that_is_none_is_told(shop: Shop, wrong: tuple[float, ...]) -> None:
    state, progress, output = reported(shop.jobs, *wrong)
    assert (state, progress) == (JobState.FAILED, None)
    assert "progress takes finite numbers" in str(output)
