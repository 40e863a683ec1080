from __future__ import annotations

from jobs_runtime import Jobs, JobState
from tests.support.pool import Pool


def _nobody() -> None: ...


def test_a_pool_gives_up_what_nobody_performed_in_time(pool: Pool) -> None:
    jobs = Jobs(pool.dsn)
    submitted = jobs.job(name="unknown", keep_for=0.01, dead_letter="noop")(_nobody).submit()
    pool.start(app="tests.apps.basic", workers=1)
    assert submitted.wait(20).state is JobState.EXPIRED
    follower = jobs.get(str(int(submitted.job_id) + 1))
    assert follower is not None
    assert (follower.job_name, follower.wait(10).state) == ("noop", JobState.COMPLETED)
    jobs.close()
